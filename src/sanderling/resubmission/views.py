"""Pages of claims sent again: the list, the editor over the claim as sent, one, its decision."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing, record_view
from sanderling.claims.models import Claim
from sanderling.core.refusal import Refusal
from sanderling.core.resubmission.edits import from_json
from sanderling.core.resubmission.kinds import Kind
from sanderling.resubmission.actions import Asked, decide, open_of, save_draft, send, withdraw
from sanderling.resubmission.editing import editor, kind_of, panel, segments_of, typed_of
from sanderling.resubmission.models import Resubmission, State
from sanderling.resubmission.preparing import (
    Ready,
    ResubmissionRefused,
    Source,
    ready_from_edits,
    ready_from_typed,
    source_of,
)
from sanderling.resubmission.standing import COLUMNS, TABS, board, rows_of
from sanderling.web.downloads import FORMS, export

UNPROCESSABLE: Final = 422
PAGE_ROWS: Final = 50
PARTIES: Final = (11, 12, 13)
SHOWN_REFUSED: Final = 5


@require_GET
@requires("claims.work")
def resubmissions(request: HttpRequest) -> HttpResponse:
    """List what is drafted, waits, is on its way, or came back."""
    user = person_of(request)
    tabs = board(user, today=timezone.now().date())
    tab = request.GET.get("tab", "")
    if tab not in TABS:
        tab = next((one for one in TABS if tabs[one]), "drafts")
    rows = tabs[tab]
    wanted = request.GET.get("format", "")
    detail: dict[str, int | str] = {"rows": len(rows), "tab": tab}
    if wanted in FORMS:
        record_listing(request, action="resubmissions.export", detail=detail)
        return export(
            rows,
            columns=COLUMNS,
            as_of=timezone.now().date(),
            totals=None,
            form=wanted,
            name="claims-to-send",
        )
    record_listing(request, action="resubmissions.list", detail=detail)
    page = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "tab": tab,
        "tabs": [
            {"key": key, "title": title, "count": len(tabs[key])}
            for key, title in TABS.items()
            if key != "me" or user.may("resubmission.approve")
        ],
        "rows": list(page.object_list),
        "page": page,
        "forms": FORMS,
        "total": len(rows),
    }
    return render(request, "resubmission/resubmissions.html", context)


def _claim(claim_id: int) -> Claim:
    found = Claim.objects.select_related("client").filter(pk=claim_id, has_facts=True).first()
    if found is None:
        raise Http404
    return found


def _party(request: HttpRequest) -> int:
    text = request.POST.get("party") or request.GET.get("party") or ""
    return int(text) if text.isdecimal() and int(text) in PARTIES else PARTIES[0]


@require_http_methods(["GET", "POST"])
@requires("claims.work")
def edit(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Correct a claim as it was sent, and send it again."""
    claim, party = _claim(claim_id), _party(request)
    record_view(request, claim_id=claim.pk, client_id=claim.client_id, action="resubmission.edit")
    try:
        source = source_of(claim.pk, party)
    except Refusal as refusal:
        context = {"claim": claim, "refusal": refusal.sentence}
        return render(request, "resubmission/cannot.html", context, status=UNPROCESSABLE)
    if request.method == "GET":
        return _opened(request, claim, source)
    typed = typed_of(request.POST, source.original)
    kind = kind_of(request.POST.get("kind", ""))
    reason = request.POST.get("reason", "")
    ready = ready_from_typed(source, kind=kind, typed=typed, today=timezone.now().date())
    act = request.POST.get("act", "")
    refusal_text = ""
    if act in {"send", "save"}:
        try:
            return _done(request, claim, party, kind, typed, reason, act)
        except Refusal as refusal:
            refusal_text = refusal.sentence
    return _page(
        request, claim, source, ready, typed, reason=reason, refusal=refusal_text,
        status=UNPROCESSABLE if refusal_text else 200,
    )  # fmt: skip


def _opened(request: HttpRequest, claim: Claim, source: Source) -> HttpResponse:
    """Show the claim as it was sent, with the corrections of its draft."""
    today = timezone.now().date()
    draft = Resubmission.objects.filter(
        submission_id=source.version.submission_id, state=State.DRAFT
    ).first()
    if draft is None:
        ready = ready_from_typed(
            source, kind=kind_of(request.GET.get("kind", "")), typed={}, today=today
        )
        return _page(request, claim, source, ready, {})
    edits = from_json(draft.edits)
    typed = {one.path: one.new for one in edits}
    ready = ready_from_typed(source, kind=Kind(draft.kind), typed=typed, today=today)
    return _page(request, claim, source, ready, typed, reason=draft.reason)


def _done(
    request: HttpRequest,
    claim: Claim,
    party: int,
    kind: Kind | None,
    typed: dict[str, str],
    reason: str,
    act: str,
) -> HttpResponse:
    asked = Asked(reason, person_of(request), timezone.now())
    key = _key(request)
    if act == "save":
        save_draft(claim=claim, party=party, kind=kind, typed=typed, asked=asked, key=key)
        messages.success(request, "Kept as a draft; nothing was sent.")
        return redirect(f"{reverse('resubmissions')}?tab=drafts")
    made = send(claim=claim, party=party, kind=kind, typed=typed, asked=asked, key=key)
    if made.state == State.HELD:
        messages.success(request, "Asked for; another person must approve it.")
    else:
        messages.success(request, "In the outbox; it goes out in a moment.")
    return redirect("resubmission", made.pk)


def _key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        return uuid4()


def _page(
    request: HttpRequest,
    claim: Claim,
    source: Source,
    ready: Ready,
    typed: dict[str, str],
    *,
    reason: str = "",
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        **editor(claim, source, ready, typed, today=timezone.now().date()),
        "others": [one for one in open_of(claim.pk) if one.state != State.DRAFT],
        "party": source.version.party,
        "reason": reason,
        "refusal": refusal,
        "key": request.POST.get("key") or uuid4(),
    }
    return render(request, "resubmission/editor.html", context, status=status)


@require_POST
@requires("claims.work")
def check(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Say what the corrections typed so far change, and what is wrong with them."""
    claim = _claim(claim_id)
    record_view(request, claim_id=claim.pk, client_id=claim.client_id, action="resubmission.check")
    try:
        source = source_of(claim.pk, _party(request))
    except Refusal as refusal:
        return HttpResponse(refusal.sentence, status=UNPROCESSABLE, content_type="text/plain")
    today = timezone.now().date()
    ready = ready_from_typed(
        source,
        kind=kind_of(request.POST.get("kind", "")),
        typed=typed_of(request.POST, source.original),
        today=today,
    )
    return render(request, "resubmission/panel.html", panel(claim, ready, today=today))


@require_GET
@requires("claims.work")
def resubmission(request: HttpRequest, resubmission_id: int) -> HttpResponse:
    """Show one: what was corrected and why, where it stands, what can be done."""
    return _one(request, resubmission_id)


def _one(
    request: HttpRequest, resubmission_id: int, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    found = get_object_or_404(
        Resubmission.objects.select_related("claim", "claim__client"), pk=resubmission_id
    )
    record_view(
        request, claim_id=found.claim_id, client_id=found.client_id, action="resubmission.view"
    )
    user = person_of(request)
    (row,) = rows_of(Resubmission.objects.filter(pk=found.pk))
    in_file = (
        Resubmission.objects.filter(file_id=found.file_id, state=State.QUEUED).count()
        if found.file_id
        else 0
    )
    context: dict[str, Any] = {
        "found": found,
        "row": row,
        "segments": _segments(found) if found.state in (State.HELD, State.DRAFT) else [],
        "refusal": refusal,
        "is_own": found.made_by_id == user.pk,
        "may_decide": found.state == State.HELD
        and found.made_by_id != user.pk
        and user.may("resubmission.approve"),
        "may_withdraw": row["place"] in {"drafts", "held", "outbox"},
        "in_file": in_file,
    }
    return render(request, "resubmission/resubmission.html", context, status=status)


def _segments(found: Resubmission) -> list[dict[str, Any]]:
    """Return what would go out; nothing when the claim has changed since."""
    try:
        source = source_of(found.claim_id, found.party)
        ready = ready_from_edits(
            source,
            kind=Kind(found.kind),
            edits=from_json(found.edits),
            today=timezone.now().date(),
        )
    except ResubmissionRefused:
        return []
    return segments_of(ready)


@require_POST
@requires("resubmission.approve")
def decide_view(request: HttpRequest, resubmission_id: int) -> HttpResponse:
    """Approve or decline."""
    get_object_or_404(Resubmission, pk=resubmission_id)
    approves = request.POST.get("act") == "approve"
    decided, refused = decide(
        [resubmission_id],
        approves=approves,
        user=person_of(request),
        at=timezone.now(),
        note=request.POST.get("note", ""),
    )
    if not decided:
        return _one(request, resubmission_id, refusal=" ".join(refused), status=UNPROCESSABLE)
    messages.success(request, "Approved; it is in the outbox." if approves else "Not approved.")
    return redirect("resubmissions")


@require_POST
@requires("resubmission.approve")
def bulk(request: HttpRequest) -> HttpResponse:
    """Approve or decline the chosen ones; each that is refused says why."""
    ids = [int(one) for one in request.POST.getlist("resubmission") if one.isdecimal()]
    approves = request.POST.get("act") == "approve"
    decided, refused = decide(
        ids,
        approves=approves,
        user=person_of(request),
        at=timezone.now(),
        note=request.POST.get("note", ""),
    )
    if not ids:
        messages.error(request, "Choose at least one claim.")
    if decided:
        what = "Approved and in the outbox" if approves else "Not approved"
        messages.success(request, f"{what}: {len(decided)}.")
    for sentence in refused[:SHOWN_REFUSED]:
        messages.error(request, sentence)
    if len(refused) > SHOWN_REFUSED:
        messages.error(request, f"{len(refused) - SHOWN_REFUSED} more were refused.")
    return redirect("resubmissions")


@require_POST
@requires("claims.work")
def withdraw_view(request: HttpRequest, resubmission_id: int) -> HttpResponse:
    """Take it back while it is not on its way."""
    get_object_or_404(Resubmission, pk=resubmission_id)
    try:
        taken = withdraw(resubmission_id, user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        many = f"; the {len(taken)} claims of its file with it" if len(taken) > 1 else ""
        messages.success(request, f"Taken back{many}.")
    return redirect("resubmission", resubmission_id)
