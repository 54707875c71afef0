"""Pages of claims to next payers: the list, one claim, a batch, and what is done to them."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing, record_view
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.resubmission.secondary_actions import (
    BATCH_MAX,
    Billed,
    SecondaryRefused,
    answer,
    bill_next_payers,
    undo_file,
)
from sanderling.resubmission.secondary_building import Key, Prepared, prepare
from sanderling.resubmission.secondary_forms import CoverageForm, MspForm
from sanderling.resubmission.secondary_listing import (
    COLUMNS,
    READY,
    TABS,
    Narrowed,
    counts,
    listed,
    payers_listed,
)
from sanderling.resubmission.secondary_models import (
    NEXT_PARTIES,
    SecondaryClaim,
    SecondaryState,
)
from sanderling.resubmission.secondary_page import (
    SENT_COLUMNS,
    keys_of_items,
    may_undo,
    parse_keys,
    priors_shown,
    reviewed,
    segments_shown,
    sent_claims,
    sent_rows,
    state_text,
    sum_sent,
    warnings_before,
)
from sanderling.web.downloads import FORMS, export
from sanderling.web.templatetags.sanderling import money
from sanderling.worklists.chosen import chosen_items

UNPROCESSABLE: Final = 422
PAGE_ROWS: Final = 50
SENT: Final = "sent"
SHOWN_REFUSED: Final = 5


@require_GET
@requires("claims.work")
def secondary_claims(request: HttpRequest) -> HttpResponse:
    """List what can be billed to a next payer, what waits, what is asked, and what was billed."""
    today = timezone.now().date()
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS or tab == SENT else READY
    narrowed = _narrowed(request)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return _exported(request, tab, narrowed, form=wanted)
    billed = sent_claims(narrowed)
    sums = counts(narrowed) | {SENT: sum_sent(billed)}
    # Undone ones are listed, too, and counted in no sum.
    count = billed.count() if tab == SENT else sums[tab].count
    # Only the page is read: the paginator needs no more than how many there are.
    page = Paginator(range(count), PAGE_ROWS).get_page(request.GET.get("page"))
    offset = (page.number - 1) * PAGE_ROWS
    rows = (
        sent_rows(billed[offset : offset + PAGE_ROWS])
        if tab == SENT
        else listed(tab, narrowed, today=today, offset=offset, limit=PAGE_ROWS)
    )
    record_listing(request, action="secondary.list", detail={"rows": len(rows), "tab": tab})
    titles = {**TABS, SENT: "Billed"}
    tabs = [{"key": key, "title": title, "sum": sums[key]} for key, title in titles.items()]
    context = {
        "tab": tab,
        "tabs": tabs,
        "rows": rows,
        "page": page,
        "forms": FORMS,
        "total": sums[tab],
        "clients": Client.objects.order_by("code"),
        "payers": payers_listed(Narrowed(client_id=narrowed.client_id)),
        "narrowed": narrowed,
        "batch_max": BATCH_MAX,
    }
    return render(request, "resubmission/secondary_claims.html", context)


def _narrowed(request: HttpRequest) -> Narrowed:
    code, payer = request.GET.get("client", ""), request.GET.get("payer", "")
    client = Client.objects.filter(code=code).first() if code else None
    return Narrowed(
        client_id=client.pk if client else None,
        payer_id=int(payer) if payer.isdecimal() and len(payer) < 10 else None,  # noqa: PLR2004
    )


def _exported(request: HttpRequest, tab: str, narrowed: Narrowed, *, form: str) -> HttpResponse:
    today = timezone.now().date()
    rows = sent_rows(sent_claims(narrowed)) if tab == SENT else listed(tab, narrowed, today=today)
    record_listing(request, action="secondary.export", detail={"rows": len(rows), "tab": tab})
    return export(
        rows,
        columns=SENT_COLUMNS if tab == SENT else COLUMNS,
        as_of=today,
        totals=None,
        form=form,
        name="next-payers",
    )


# --- one claim ------------------------------------------------------------------------------------


@require_GET
@requires("claims.work")
def secondary_claim(request: HttpRequest, claim_id: int, party: int) -> HttpResponse:
    """Show what the payers before did, what the next one is told, and what can be done."""
    return _page(request, claim_id, party)


def _page(
    request: HttpRequest,
    claim_id: int,
    party: int,
    *,
    coverage: CoverageForm | None = None,
    msp: MspForm | None = None,
    status: int = 200,
) -> HttpResponse:
    claim = _claim(claim_id, party)
    one = prepare([(claim.pk, party)], today=timezone.now().date())[claim.pk, party]
    record_view(request, claim_id=claim.pk, client_id=claim.client_id, action="secondary.view")
    billed = (
        SecondaryClaim.objects.select_related("file", "made_by")
        .filter(claim_id=claim.pk, party=party, state=SecondaryState.SENT)
        .first()
    )
    reason = one.row["reason"] if one.row else ""
    asks_coverage = bool(one.lacking) or bool(one.answer and one.answer.supplied)
    context = {
        "claim": claim,
        "one": one,
        "priors": priors_shown(one),
        "segments": segments_shown(one.document) if one.document else [],
        "warnings": warnings_before(one),
        "billed": billed,
        "billed_state": state_text(billed) if billed else "",
        "may_undo": bool(billed and may_undo(billed)),
        "may_go_now": reason in {"crossover_late", "before_refused"},
        "msp_form": msp or MspForm(initial={"msp_type": one.msp_type or one.msp.likely}),
        "coverage_form": (coverage or CoverageForm(initial=_coverage(one)))
        if asks_coverage and one.row is not None
        else None,
        "key": f"{claim.pk}-{party}",
    }
    return render(request, "resubmission/secondary_claim.html", context, status=status)


def _claim(claim_id: int, party: int) -> Claim:
    if party not in NEXT_PARTIES:
        raise Http404
    return get_object_or_404(Claim.objects.select_related("client"), pk=claim_id, has_facts=True)


def _coverage(one: Prepared) -> dict[str, Any]:
    """Return what is known of the coverage, for the form."""
    if one.answer and one.answer.supplied:
        return dict(one.answer.supplied)
    known: dict[str, Any] = {"payer_name": one.payer_name, "relationship": "18"}
    seat = one.seat
    if seat is not None:
        known |= {
            "payer_id": seat.payer_id,
            "member_id": seat.member_id,
            "filing_indicator": seat.filing_indicator,
            "group_number": seat.group_number,
            "relationship": seat.relationship,
        }
    return known


@require_POST
@requires("claims.work")
def answer_view(request: HttpRequest, claim_id: int, party: int) -> HttpResponse:
    """Keep what a person tells about the claim: MSP type, coverage, or that it goes now."""
    claim = _claim(claim_id, party)
    what = request.POST.get("what", "")
    coverage = CoverageForm(request.POST) if what == "coverage" else None
    msp = MspForm(request.POST) if what == "msp" else None
    form = coverage or msp
    if form is not None and not form.is_valid():
        return _page(request, claim_id, party, coverage=coverage, msp=msp, status=UNPROCESSABLE)
    try:
        answer(
            claim,
            party,
            user=person_of(request),
            at=timezone.now(),
            msp_type=msp.cleaned_data["msp_type"] if msp else None,
            supplied=coverage.supplied() if coverage else None,
            goes_now={"now": True, "wait": False}.get(what),
        )
    except SecondaryRefused as refusal:
        if form is None:
            messages.error(request, refusal.sentence)
            return redirect("secondary-claim", claim_id, party)
        form.add_error(None, refusal.sentence)
        return _page(request, claim_id, party, coverage=coverage, msp=msp, status=UNPROCESSABLE)
    messages.success(request, "Noted.")
    return redirect("secondary-claim", claim_id, party)


# --- several --------------------------------------------------------------------------------------


@require_POST
@requires("claims.work")
def review(request: HttpRequest) -> HttpResponse:
    """Show what billing the chosen claims would do, before anything is written."""
    today = timezone.now().date()
    try:
        keys = _chosen(request)
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
        return redirect("secondary-claims")
    if not keys:
        messages.error(request, "Choose at least one claim.")
        return redirect("secondary-claims")
    found = prepare(keys[:BATCH_MAX], today=today)
    record_listing(request, action="secondary.review", detail={"rows": len(found)})
    context = reviewed(found.values(), today=today) | {
        "left": max(0, len(keys) - BATCH_MAX),
        "batch_max": BATCH_MAX,
    }
    return render(request, "resubmission/secondary_review.html", context)


def _chosen(request: HttpRequest) -> list[Key]:
    """Return the claims and parties of a form: of this page, or work items of a worklist."""
    if request.POST.get("whole") == "1":
        rows = listed(
            READY, _narrowed_post(request), today=timezone.now().date(), limit=BATCH_MAX + 1
        )
        return [(row["claim_id"], row["party"]) for row in rows]
    keys = parse_keys(request.POST.getlist("claim"))
    if keys or ("item" not in request.POST and "all" not in request.POST):
        return keys
    return keys_of_items(chosen_items(request))


def _narrowed_post(request: HttpRequest) -> Narrowed:
    client, payer = request.POST.get("client_id", ""), request.POST.get("payer_id", "")
    return Narrowed(
        client_id=int(client) if client.isdecimal() else None,
        payer_id=int(payer) if payer.isdecimal() else None,
    )


@require_POST
@requires("claims.work")
def bill(request: HttpRequest) -> HttpResponse:
    """Put the chosen claims into files to their next payers."""
    keys = parse_keys(request.POST.getlist("claim"))
    try:
        billed = bill_next_payers(keys, user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
        return redirect("secondary-claims")
    _say(request, billed)
    if len(keys) == 1:
        return redirect("secondary-claim", *keys[0])
    response = redirect("secondary-claims")
    if billed.files:
        response["Location"] += f"?tab={SENT}"
    return response


def _say(request: HttpRequest, billed: Billed) -> None:
    count, files = len(billed.claims), len(billed.files)
    if count:
        claims = "1 claim" if count == 1 else f"{count:,} claims"
        where = "1 file" if files == 1 else f"{files:,} files"
        messages.success(request, f"{claims} billed, {money(billed.due_cents)}, in {where}.")
    for one, sentence in billed.refused[:SHOWN_REFUSED]:
        messages.error(request, f"{one.claim.number}: {sentence}")
    if len(billed.refused) > SHOWN_REFUSED:
        messages.error(request, f"{len(billed.refused) - SHOWN_REFUSED:,} more were refused.")


@require_POST
@requires("claims.work")
def undo(request: HttpRequest, file_id: int) -> HttpResponse:
    """Take a file of claims to next payers back while it has not gone out."""
    try:
        count = undo_file(file_id, user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        if count:
            claims = "1 claim" if count == 1 else f"{count:,} claims"
            messages.success(request, f"Taken back: {claims} can be billed again in a moment.")
        else:
            messages.info(request, "It was taken back already.")
    return redirect("secondary-claims")
