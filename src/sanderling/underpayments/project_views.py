"""Pages of projects: what is disputed with a payer, what was sent, what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.models import User
from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.claims.models import Claim
from sanderling.core.refusal import Refusal
from sanderling.files.storage import OriginalDamaged, open_original
from sanderling.pricing.models import LineVariance, Pattern
from sanderling.underpayments.asking import names, project_rows
from sanderling.underpayments.forms import NameForm, NoteForm, SentForm
from sanderling.underpayments.letter import letter_pdf, sheet_xlsx
from sanderling.underpayments.models import LineState, State, UnderpaymentProject
from sanderling.underpayments.projects import (
    absorb,
    begin,
    close,
    leave_out,
    reopen,
    send,
    sums,
)
from sanderling.underpayments.views import asked
from sanderling.web.downloads import FORMS

UNPROCESSABLE: Final = 422
PAGE_ROWS: Final = 100


@require_GET
@requires("claims.work")
def projects(request: HttpRequest) -> HttpResponse:
    """List the projects with what they sought and recovered."""
    narrow, frame = asked(request, "projects")
    return render(request, "underpayments/projects.html", {**frame, "rows": project_rows(narrow)})


@require_POST
@requires("claims.work")
def begin_project(request: HttpRequest) -> HttpResponse:
    """Begin a project of a pattern or of ticked lines; the first POST asks for its name."""
    pattern = (
        get_object_or_404(Pattern, pk=request.POST["pattern"])
        if request.POST.get("pattern", "").isdecimal()
        else None
    )
    ids = [int(text) for text in request.POST.getlist("variance") if text.isdecimal()]
    if pattern:
        ids = list(
            LineVariance.objects.filter(pattern_key=pattern.pattern_key).values_list(
                "pk", flat=True
            )
        )
    now = timezone.now()
    is_answer = "begin" in request.POST
    form = NameForm(request.POST if is_answer else None, initial={"name": _name(ids, pattern, now)})
    if is_answer and form.is_valid():
        try:
            begun = begin(
                ids, name=form.cleaned_data["name"], user=person_of(request), at=now,
                pattern=pattern,
            )  # fmt: skip
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, f"Begun with {begun.lines} lines.")
            return redirect("underpayment-project", begun.project.pk)
    found = LineVariance.objects.filter(pk__in=ids, variance_cents__lt=0)
    context = {
        "form": form,
        "ids": ids if not pattern else [],
        "pattern": pattern,
        "count": found.count(),
        "cents": -sum(found.values_list("variance_cents", flat=True)),
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "underpayments/new.html", context, status=status)


def _name(ids: list[int], pattern: Pattern | None, now: datetime) -> str:
    first = LineVariance.objects.filter(pk__in=ids).order_by("pk").first()
    if first is None:
        return ""
    clients, payers = names()
    what = ", ".join(pattern.codes[:3]) if pattern else f"{len(ids)} lines"
    place = f"{payers.get(first.payer_id or 0, 'Payer')}, {clients.get(first.client_id, '')}"
    return f"{place}: {what}, {now:%Y-%m-%d %H:%M}"


@require_GET
@requires("claims.work")
def project(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a project: its lines, what was sent, what remittances have brought since."""
    return _page(request, _found(pk))


def _found(pk: int) -> UnderpaymentProject:
    return get_object_or_404(
        UnderpaymentProject.objects.select_related("project__owner", "sent_by", "closed_by"), pk=pk
    )


def _page(
    request: HttpRequest, found: UnderpaymentProject, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    page = Paginator(found.lines.order_by("service_date", "pk"), PAGE_ROWS).get_page(
        request.GET.get("page")
    )
    claims = Claim.objects.in_bulk({line.claim_id for line in page.object_list})
    record_listing(
        request,
        action="underpayment_project.view",
        detail={"project": found.pk, "rows": len(page.object_list)},
    )
    clients, payers = names()
    today = timezone.localdate()
    context = {
        "project": found,
        "client": clients.get(found.client_id, ""),
        "payer": payers.get(found.payer_id or 0, ""),
        "sums": sums(found),
        "days": (today - found.sent_date).days if found.sent_date else None,
        "is_late": found.answer_due_date is not None
        and found.state == State.SENT
        and found.answer_due_date < today,
        "page": page,
        "rows": [
            {"line": line, "claim": claims[line.claim_id].number, "state": LineState(line.state)}
            for line in page.object_list
            if line.claim_id in claims
        ],
        "sent_form": SentForm(initial={"sent_date": today}),
        "note_form": NoteForm(),
        "refusal": refusal,
        "forms": FORMS,
    }
    return render(request, "underpayments/project.html", context, status=status)


@require_GET
@requires("claims.work")
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the letter: what was sent, or of a draft what would be sent today."""
    found = _found(pk)
    content = _kept(found, found.letter_sha256) or letter_pdf(found, as_of=timezone.localdate())
    return _file(request, found, content, "application/pdf", "pdf")


@require_GET
@requires("claims.work")
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the spreadsheet: what was sent, or of a draft what would be sent today."""
    found = _found(pk)
    content = _kept(found, found.sheet_sha256) or sheet_xlsx(found)
    return _file(request, found, content, FORMS["xlsx"], "xlsx")


def _kept(found: UnderpaymentProject, sha256: str) -> bytes | None:
    if not sha256:
        return None
    try:
        with open_original(sha256, is_encrypted=found.is_encrypted) as stream:
            return stream.read()
    except (FileNotFoundError, OriginalDamaged):
        raise Http404("what was sent cannot be read any more; restore it from a backup") from None


def _file(
    request: HttpRequest, found: UnderpaymentProject, content: bytes, kind: str, end: str
) -> HttpResponse:
    record_listing(
        request, action="underpayment_project.file", detail={"project": found.pk, "form": end}
    )
    return HttpResponse(
        content,
        content_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="dispute-U{found.pk}.{end}"',
            "Cache-Control": "no-store",
        },
    )


@require_POST
@requires("claims.work")
def step(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a step: send, close, reopen, take in what the pattern found, leave lines out."""
    found = _found(pk)
    user, now = person_of(request), timezone.now()
    try:
        said = _do(request, found, user, now)
    except Refusal as refusal:
        return _page(request, found, refusal=refusal.sentence, status=UNPROCESSABLE)
    messages.success(request, said)
    return redirect("underpayment-project", pk)


def _do(request: HttpRequest, found: UnderpaymentProject, user: User, now: datetime) -> str:
    note = request.POST.get("note", "")
    match request.POST.get("step", ""):
        case "send":
            form = SentForm(request.POST)
            if not form.is_valid():
                raise Refusal("say how and on which day it was sent")
            values: dict[str, Any] = form.cleaned_data
            send(found.pk, **values, user=user, at=now)
            return "Sent: letter and spreadsheet are kept, and each claim has it as a touch."
        case "close":
            close(found.pk, note=note, user=user, at=now)
            return "Closed."
        case "reopen":
            reopen(found.pk, at=now)
            return "Taken up again."
        case "absorb":
            return f"Added {absorb(found.pk, at=now)} lines of the pattern."
        case "leave_out":
            ids = [int(text) for text in request.POST.getlist("line") if text.isdecimal()]
            count = leave_out(found.pk, ids, note=note, at=now)
            return f"Left out: {count} line{'' if count == 1 else 's'}."
    raise Refusal("choose what to do")
