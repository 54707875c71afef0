"""Pages of credits and refunds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

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
from sanderling.core.refusal import Refusal
from sanderling.refunds.actions import (
    decide_refund,
    make_refund,
    request_refund,
    undo_refund,
    withdraw_refund,
)
from sanderling.refunds.clock import identify, investigate
from sanderling.refunds.credits import (
    AGES,
    COLUMNS,
    REFUND_COLUMNS,
    Asked,
    credit_rows,
    narrowed,
    refund_rows,
    rows_of,
    summary,
)
from sanderling.refunds.forms import (
    DecisionForm,
    IdentifiedForm,
    InvestigationForm,
    MadeForm,
    RequestForm,
    cents_of,
)
from sanderling.refunds.letter import letter_pdf
from sanderling.refunds.models import Identified, Method, Refund, State
from sanderling.web.downloads import FORMS, export, pdf_file

UNPROCESSABLE: Final = 422
PAGE_ROWS: Final = 50


@require_GET
@requires("claims.work")
def credits_view(request: HttpRequest) -> HttpResponse:
    """List the credits by age, payer and cause, with their clocks; as a file, too."""
    today = timezone.localdate()
    every = credit_rows(today=today)
    asked = Asked(*(request.GET.get(name, "") for name in ("cause", "age", "payer")))
    rows = narrowed(every, asked)
    wanted = request.GET.get("format", "")
    action = "credits.export" if wanted in FORMS else "credits.list"
    record_listing(request, action=action, detail={"rows": len(rows)})
    if wanted in FORMS:
        return export(
            rows, columns=COLUMNS, as_of=today,
            totals={"credit_cents": sum(row["credit_cents"] for row in rows)},
            form=wanted, name="credits",
        )  # fmt: skip
    page = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
    ages = {one["key"]: one for one in summary(every, "age")}
    context = {
        "rows": list(page.object_list),
        "page": page,
        "asked": asked,
        "every_count": len(every),
        "every_cents": sum(row["credit_cents"] for row in every),
        "total_cents": sum(row["credit_cents"] for row in rows),
        "ages": [ages.get(name, {"key": name, "count": 0, "cents": 0}) for name, _ in AGES],
        "causes": summary(every, "cause"),
        "payers": summary(every, "payer_name"),
        "due_soon": sum(1 for row in every if (row["days_left"] or 0) <= 30 and row["due_date"]),  # noqa: PLR2004
        "open_refunds": refund_rows("open"),
        "forms": FORMS,
        "may_approve": person_of(request).may("refunds.approve"),
    }
    return render(request, "refunds/credits.html", context)


@require_GET
@requires("claims.work")
def refunds_view(request: HttpRequest) -> HttpResponse:
    """List all refunds; as a file, too."""
    rows = refund_rows()
    wanted = request.GET.get("format", "")
    action = "refunds.export" if wanted in FORMS else "refunds.list"
    record_listing(request, action=action, detail={"rows": len(rows)})
    if wanted in FORMS:
        return export(
            rows, columns=REFUND_COLUMNS, as_of=timezone.localdate(), totals=None, form=wanted,
            name="refunds",
        )  # fmt: skip
    page = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {"rows": list(page.object_list), "page": page, "forms": FORMS}
    return render(request, "refunds/refunds.html", context)


@require_http_methods(["GET", "POST"])
@requires("claims.work")
def credit(request: HttpRequest, claim_id: int, party: int) -> HttpResponse:
    """Show one credit with its evidence and clock; ask for its refund."""
    claim = get_object_or_404(Claim.objects.select_related("client"), pk=claim_id, has_facts=True)
    row = _credit_of(claim_id, party)
    record_view(request, claim_id=claim.pk, client_id=claim.client_id, action="credit.view")
    form = RequestForm(
        request.POST if request.method == "POST" else None,
        initial={
            "amount": f"{row['refundable_cents'] / 100:.2f}",
            "cause": row["cause"],
            "method": Method.TAKEBACK if row["is_payer_taking"] else Method.CHECK,
        },
    )
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = request_refund(
                claim=claim, party=party, amount_cents=cents_of(values["amount"]),
                method=values["method"], cause=values["cause"], note=values["note"],
                user=person_of(request), at=timezone.now(),
            )  # fmt: skip
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "Requested; somebody else approves it.")
            return redirect("refund", made.pk)
    context = {
        "row": row,
        "claim": claim,
        "form": form,
        "today": timezone.localdate(),
        "may_approve": person_of(request).may("refunds.approve"),
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "refunds/credit.html", context, status=status)


@require_POST
@requires("claims.work")
def identify_view(request: HttpRequest, claim_id: int, party: int) -> HttpResponse:
    """Start the clock of a credit."""
    claim = get_object_or_404(Claim, pk=claim_id, has_facts=True)
    form = IdentifiedForm(request.POST)
    return _do(
        request,
        form,
        lambda values: identify(
            claim=claim, party=party, user=person_of(request), at=timezone.now(),
            day=values["day"], note=values["note"],
        ),
        "The clock runs.",
        redirect("credit", claim_id, party),
    )  # fmt: skip


@require_POST
@requires("refunds.approve")
def investigate_view(request: HttpRequest, identified_id: int) -> HttpResponse:
    """Stop the clock while related overpayments are investigated."""
    found = get_object_or_404(Identified, pk=identified_id)
    return _do(
        request,
        InvestigationForm(request.POST),
        lambda values: investigate(
            found.pk, started=values["started"], ended=values["ended"], at=timezone.now()
        ),
        "Noted; the clock stands still meanwhile.",
        redirect("credit", found.claim_id, found.party),
    )


@require_GET
@requires("claims.work")
def refund(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Show a refund, its steps and what can be done."""
    return _refund_page(request, refund_id)


@require_POST
@requires("refunds.approve")
def decide_view(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Approve or reject."""
    approves = request.POST.get("act") == "approve"
    return _step(
        request, refund_id, DecisionForm(request.POST),
        lambda values: decide_refund(
            refund_id, approves=approves, user=person_of(request), at=timezone.now(),
            note=values["note"],
        ),
        "Approved." if approves else "Rejected.",
    )  # fmt: skip


@require_POST
@requires("claims.work")
def made_view(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Say that the money went out."""
    return _step(
        request, refund_id, MadeForm(request.POST),
        lambda values: make_refund(
            refund_id, made_date=values["made_date"], reference=values["reference"],
            user=person_of(request), at=timezone.now(),
        ),
        "Noted; it is posted in a moment.",
    )  # fmt: skip


@require_POST
@requires("claims.work")
def withdraw_view(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Take a request or an approval back."""
    return _step(
        request, refund_id, DecisionForm({}),
        lambda _: withdraw_refund(refund_id, user=person_of(request), at=timezone.now()),
        "Withdrawn.",
    )  # fmt: skip


@require_POST
@requires("refunds.approve")
def undo_view(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Undo a refund said to be made."""
    return _step(
        request, refund_id, DecisionForm({}),
        lambda _: undo_refund(refund_id, user=person_of(request), at=timezone.now()),
        "Undone; the credit is there again in a moment.",
    )  # fmt: skip


@require_GET
@requires("claims.work")
def letter(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Send the letter of a refund as a PDF."""
    found = get_object_or_404(Refund.objects.select_related("claim", "claim__client"), pk=refund_id)
    try:
        content = letter_pdf(found, day=timezone.localdate())
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
        return redirect("refund", refund_id)
    record_view(request, claim_id=found.claim_id, client_id=found.client_id, action="refund.letter")
    return pdf_file(content, name=f"refund-{found.pk}.pdf")


def _credit_of(claim_id: int, party: int) -> dict[str, Any]:
    rows = credit_rows(today=timezone.localdate(), claim_ids=[claim_id])
    found = next((row for row in rows if row["party"] == party), None)
    if found is None:
        raise Http404("no such credit")
    return found


def _do(
    request: HttpRequest, form: forms.Form, act: Callable[[dict[str, Any]], object], done: str,
    answer: HttpResponse,
) -> HttpResponse:  # fmt: skip
    if not form.is_valid():
        messages.error(request, "The day is missing or no day.")
        return answer
    try:
        act(form.cleaned_data)
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, done)
    return answer


def _step(
    request: HttpRequest, refund_id: int, form: forms.Form,
    act: Callable[[dict[str, Any]], object], done: str,
) -> HttpResponse:  # fmt: skip
    get_object_or_404(Refund, pk=refund_id)
    if not form.is_valid():
        return _refund_page(request, refund_id, form=form, status=UNPROCESSABLE)
    try:
        act(form.cleaned_data)
    except Refusal as refusal:
        return _refund_page(
            request, refund_id, refusal=refusal.sentence, form=form, status=UNPROCESSABLE
        )
    messages.success(request, done)
    return redirect("refund", refund_id)


def _refund_page(
    request: HttpRequest, refund_id: int, *, refusal: str = "", form: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    found = get_object_or_404(
        Refund.objects.select_related(
            "claim", "claim__client", "requested_by", "decided_by", "made_by", "undone_by"
        ),
        pk=refund_id,
    )
    record_view(request, claim_id=found.claim_id, client_id=found.client_id, action="refund.view")
    user = person_of(request)
    is_own, may = found.requested_by_id == user.pk, user.may("refunds.approve")
    credit_left = [
        row
        for row in credit_rows(today=timezone.localdate(), claim_ids=[found.claim_id])
        if row["party"] == found.party
    ]
    context = {
        "refund": found,
        "row": rows_of([found])[0],
        "credit": credit_left[0] if credit_left else None,
        "refusal": refusal,
        "made_form": form if isinstance(form, MadeForm) else MadeForm(
            initial={"made_date": timezone.localdate().isoformat()}
        ),
        "is_own": is_own,
        "may_decide": found.state == State.REQUESTED and may and not is_own,
        "may_make": found.state == State.APPROVED and found.method != Method.TAKEBACK,
        "may_withdraw": found.state in (State.REQUESTED, State.APPROVED) and (is_own or may),
        "may_undo": found.state in (State.MADE, State.POSTED) and may,
        "has_letter": found.state
        in (State.APPROVED, State.MADE, State.POSTED, State.SETTLED),
    }  # fmt: skip
    return render(request, "refunds/refund.html", context, status=status)
