"""Pages of the patient's share: what may be moved, what was asked, what patients owe."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing, record_view
from sanderling.claims.models import Claim
from sanderling.core.barriers.rows import PATIENT
from sanderling.core.barriers.words import PARTIES
from sanderling.core.refusal import Refusal
from sanderling.transfers.actions import (
    PERMISSION,
    TEXT_MAX,
    decide_transfer,
    request_transfer,
    undo_transfer,
)
from sanderling.transfers.listing import candidates, rows_of, transfers
from sanderling.transfers.models import State, Transfer
from sanderling.transfers.share import SELF_PAY, Judged, judged, judged_self_pay
from sanderling.transfers.statements import COLUMNS, statements
from sanderling.web.downloads import FORMS, export

UNPROCESSABLE: Final = 422
PAGE_ROWS: Final = 50
DOLLARS_MAX: Final = Decimal(10_000_000)


class RequestForm(forms.Form):
    """A request to move what a payer left to the patient."""

    amount = forms.DecimalField(
        label="Amount in dollars",
        min_value=Decimal("0.01"),
        max_value=DOLLARS_MAX,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"}),
    )
    note = forms.CharField(
        label="Note",
        max_length=TEXT_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    self_pay = forms.BooleanField(required=False, widget=forms.HiddenInput)


@require_GET
@requires("claims.work")
def patient_share(request: HttpRequest) -> HttpResponse:
    """List what patients owe (as a file: ready for statements), and what could be moved to them."""
    today = timezone.localdate()
    wanted = request.GET.get("format", "")
    found = statements(with_addresses=wanted in FORMS)
    action = "statements.export" if wanted in FORMS else "statements.list"
    record_listing(request, action=action, detail={"rows": len(found.rows)})
    if wanted in FORMS:
        return export(
            found.rows, columns=COLUMNS, as_of=today, totals={"due_cents": found.due_cents},
            form=wanted, name="patient-statements",
        )  # fmt: skip
    page = Paginator(found.rows, PAGE_ROWS).get_page(request.GET.get("page"))
    asked = transfers()
    context = {
        "rows": list(page.object_list),
        "page": page,
        "count": len(found.rows),
        "due_cents": found.due_cents,
        "protected": found.protected,
        "candidates": candidates(),
        "waiting": rows_of([one for one in asked if one.state == State.REQUESTED]),
        "decided": rows_of([one for one in asked if one.state != State.REQUESTED][:20]),
        "forms": FORMS,
    }
    return render(request, "transfers/patient_share.html", context)


@require_http_methods(["GET", "POST"])
@requires("claims.work")
def new_transfer(request: HttpRequest, claim_id: int, party: int) -> HttpResponse:
    """Ask to move what a payer left to the patient; say why it cannot be."""
    claim = get_object_or_404(Claim.objects.select_related("client"), pk=claim_id, has_facts=True)
    record_view(request, claim_id=claim.pk, client_id=claim.client_id, action="transfer.view")
    if party not in PARTIES or party == PATIENT:
        raise Http404
    asked = request.POST if request.method == "POST" else request.GET
    is_self_pay = asked.get("self_pay", "") in ("1", "True", "on")
    share = (
        judged_self_pay(claim.pk, party)
        if is_self_pay
        else judged([(claim.pk, party)])[(claim.pk, party)]
    )
    form = RequestForm(
        request.POST if request.method == "POST" else None,
        initial={
            "amount": f"{share.due_cents / 100:.2f}",
            "self_pay": "1" if is_self_pay else "",
        },
    )
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = request_transfer(
                claim=claim, party=party, amount_cents=int(values["amount"].scaleb(2)),
                note=values["note"], user=person_of(request), at=timezone.now(),
                is_self_pay=is_self_pay,
            )  # fmt: skip
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            waits = made.state == State.REQUESTED
            said = "Requested; somebody else approves it." if waits else "Posted in a moment."
            messages.success(request, said)
            return redirect("transfer", made.pk)
    context = {
        "claim": claim,
        "share": share,
        "codes": " ".join(share.codes),
        "is_self_pay": is_self_pay,
        "may_self_pay": not is_self_pay
        and bool(share.refusal)
        and not judged_self_pay(claim.pk, party).refusal,
        "party_text": PARTIES.get(party, ""),
        "form": form,
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "transfers/new.html", context, status=status)


@require_GET
@requires("claims.work")
def transfer(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """Show a transfer, its steps and what can be done."""
    return _page(request, transfer_id)


@require_POST
@requires("refunds.approve")
def decide_view(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """Approve or reject."""
    approves = request.POST.get("act") == "approve"
    return _step(
        request, transfer_id,
        lambda: decide_transfer(
            transfer_id, approves=approves, user=person_of(request), at=timezone.now(),
            note=request.POST.get("note", ""),
        ),
        "Approved; it is posted in a moment." if approves else "Rejected.",
    )  # fmt: skip


@require_POST
@requires("claims.work")
def undo_view(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """Withdraw a request, or take a transfer back."""
    return _step(
        request, transfer_id,
        lambda: undo_transfer(transfer_id, user=person_of(request), at=timezone.now()),
        "Taken back; the payer owes again in a moment.",
    )  # fmt: skip


def _step(
    request: HttpRequest, transfer_id: int, act: Callable[[], object], done: str
) -> HttpResponse:
    get_object_or_404(Transfer, pk=transfer_id)
    try:
        act()
    except Refusal as refusal:
        return _page(request, transfer_id, refusal=refusal.sentence, status=UNPROCESSABLE)
    messages.success(request, done)
    return redirect("transfer", transfer_id)


def _now(found: Transfer) -> Judged:
    """Return what may be moved now, for the reason that was given."""
    if found.codes == SELF_PAY:
        return judged_self_pay(found.claim_id, found.party)
    key = (found.claim_id, found.party)
    return judged([key])[key]


def _page(
    request: HttpRequest, transfer_id: int, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    found = get_object_or_404(
        Transfer.objects.select_related(
            "claim", "claim__client", "requested_by", "decided_by", "undone_by"
        ),
        pk=transfer_id,
    )
    record_view(request, claim_id=found.claim_id, client_id=found.client_id, action="transfer.view")
    user = person_of(request)
    is_own, may = found.requested_by_id == user.pk, user.may(PERMISSION)
    is_waiting = found.state == State.REQUESTED
    context = {
        "transfer": found,
        "row": rows_of([found])[0],
        "refusal": refusal,
        "warnings": _now(found).warnings if is_waiting else (),
        "is_own": is_own,
        "may_decide": is_waiting and may and not is_own,
        "may_undo": (is_waiting and is_own)
        or (may and found.state in (State.REQUESTED, State.APPROVED, State.POSTED)),
    }
    return render(request, "transfers/transfer.html", context, status=status)
