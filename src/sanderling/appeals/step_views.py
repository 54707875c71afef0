"""The steps of one appeal: facts, evidence, finishing, sending, deciding. POST, then its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.appeals.actions import (
    acknowledge,
    approve,
    finish,
    mark_sent,
    queue_packet,
    reopen,
    take_back_sent,
    withdraw_appeal,
)
from sanderling.appeals.asking import ask_client
from sanderling.appeals.deciding import decide, dismiss_proposal, undo_decision
from sanderling.appeals.evidence import (
    BYTES_MAX,
    add_evidence,
    bytes_of,
    remove_evidence,
    take_attachment,
)
from sanderling.appeals.forms import (
    AskForm,
    ChangeForm,
    FactForm,
    OutcomeForm,
    ReceivedForm,
    SentForm,
    cents_of,
)
from sanderling.appeals.models import Evidence
from sanderling.appeals.views import find_appeal, show_appeal
from sanderling.appeals.writing import AppealRefused, change_draft, mark_item, state_facts
from sanderling.audit.looks import record_view
from sanderling.core.refusal import Refusal

UNPROCESSABLE: Final = 422
Values = Mapping[str, object]


def _act(request: HttpRequest, appeal_id: int, do: Callable[[], object], done: str) -> HttpResponse:
    """Do one step; show the page again, with what was refused."""
    find_appeal(appeal_id)
    try:
        do()
    except Refusal as refusal:
        return show_appeal(request, appeal_id, refusal=refusal.sentence, status=UNPROCESSABLE)
    if done:
        messages.success(request, done)
    return redirect("appeal", appeal_id)


def _read(form: forms.Form) -> dict[str, object]:
    """Return what a form says.

    Raises:
        AppealRefused: a field is missing or no value; the text names it.
    """
    if not form.is_valid():
        name, faults = next(iter(form.errors.items()))
        label = form.fields[name].label if name in form.fields else ""
        said = str(next(iter(faults))).removesuffix(".")
        raise AppealRefused(f"{label or name}: {said[:1].lower()}{said[1:]}")
    return form.cleaned_data


@require_POST
@requires("claims.work")
def facts(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """State a fact, or take it back with an empty text."""

    def do() -> None:
        values = _read(FactForm(request.POST))
        state_facts(
            appeal_id,
            [(str(values["name"]), str(values["value"]))],
            source_text=str(values["source_text"]),
            user=person_of(request),
            at=timezone.now(),
        )

    return _act(request, appeal_id, do, "")


@require_POST
@requires("claims.work")
def change(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Choose case, amount and letter."""

    def do() -> None:
        form = ChangeForm(request.POST)
        _read(form)
        values = form.cleaned_data
        change_draft(
            appeal_id,
            case=values["case"],
            asked_cents=cents_of(values["amount"]),
            template=values["letter"],
            with_proof=values["with_proof"],
            at=timezone.now(),
        )

    return _act(request, appeal_id, do, "Changed.")


@require_POST
@requires("claims.work")
def item(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Say why a piece of evidence is not there, or that the letter says it."""
    return _act(
        request,
        appeal_id,
        lambda: mark_item(
            appeal_id,
            request.POST.get("item", ""),
            is_there=request.POST.get("is_there") == "1",
            note=request.POST.get("note", ""),
            user=person_of(request),
            at=timezone.now(),
        ),
        "",
    )


@require_POST
@requires("claims.work")
def evidence(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Attach a document, from the computer or from a note of the claim."""

    def do() -> None:
        user, now = person_of(request), timezone.now()
        taken = request.POST.get("attachment", "")
        wanted = request.POST.get("item", "")
        if taken.isdecimal():
            take_attachment(appeal_id, int(taken), item=wanted, user=user, at=now)
            return
        upload = request.FILES.get("file")
        if upload is None:
            raise AppealRefused("choose a file to attach")
        if (upload.size or 0) > BYTES_MAX:
            raise AppealRefused(f"a file may have {BYTES_MAX // 2**20} MB; attach a smaller one")
        add_evidence(
            appeal_id,
            data=upload.read(),
            name=upload.name or "",
            title=request.POST.get("title", ""),
            item=wanted,
            user=user,
            at=now,
        )

    return _act(request, appeal_id, do, "Attached.")


@require_POST
@requires("claims.work")
def ask(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Ask the client for pieces of the checklist."""

    def do() -> None:
        ask_client(
            appeal_id,
            request.POST.getlist("item"),
            due_date=_read(AskForm(request.POST)).get("date"),  # type: ignore[arg-type]  # a day
            user=person_of(request),
            at=timezone.now(),
        )

    return _act(request, appeal_id, do, "The client is asked; what comes is put into the packet.")


@require_GET
@requires("claims.work")
def evidence_file(request: HttpRequest, appeal_id: int, evidence_id: int) -> HttpResponse:
    """Hand out a document of a packet; its name says nothing of the patient."""
    found = get_object_or_404(Evidence, pk=evidence_id, appeal_id=appeal_id)
    about = find_appeal(appeal_id)
    record_view(
        request, claim_id=about.claim_id, client_id=about.client_id, action="appeal.document"
    )
    ending = {"application/pdf": "pdf", "image/png": "png"}.get(found.content_type, "jpg")
    return HttpResponse(
        bytes_of(found),
        content_type=found.content_type,
        headers={
            "Content-Disposition": f'attachment; filename="document-{found.pk}.{ending}"',
            "Cache-Control": "no-store",
        },
    )


@require_POST
@requires("claims.work")
def remove(request: HttpRequest, appeal_id: int, evidence_id: int) -> HttpResponse:
    """Take a document out of a draft."""
    return _act(
        request,
        appeal_id,
        lambda: remove_evidence(appeal_id, evidence_id, at=timezone.now()),
        "Taken out.",
    )


@require_POST
@requires("claims.work")
def step(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Move an appeal on or back; `act` says how."""
    user, now, note = person_of(request), timezone.now(), request.POST.get("note", "")
    acts: dict[str, tuple[Callable[[], object], str]] = {
        "finish": (lambda: finish(appeal_id, user=user, at=now), "The packet is made."),
        "reopen": (
            lambda: reopen(appeal_id, user=user, at=now, note=note),
            "It can be changed again.",
        ),
        "approve": (lambda: approve(appeal_id, user=user, at=now), "Approved; it can be sent."),
        "queue": (
            lambda: queue_packet(appeal_id, user=user, at=now),
            "It is in the outbox, and counts as sent when a mailbox has delivered it.",
        ),
        "take_back": (
            lambda: take_back_sent(appeal_id, user=user, at=now),
            "It counts as not sent.",
        ),
        "dismiss": (
            lambda: dismiss_proposal(appeal_id, at=now),
            "The appeal goes on waiting.",
        ),
        "undo_decision": (
            lambda: undo_decision(appeal_id, at=now),
            "It is with the payer again.",
        ),
        "withdraw": (
            lambda: withdraw_appeal(appeal_id, note=note, user=user, at=now),
            "Withdrawn.",
        ),
    }
    act = acts.get(request.POST.get("act", ""))
    if act is None:
        return show_appeal(request, appeal_id, refusal="Choose what to do.", status=UNPROCESSABLE)
    return _act(request, appeal_id, *act)


@require_POST
@requires("claims.work")
def sent(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Say how and when it was sent."""

    def do() -> None:
        form = SentForm(request.POST)
        _read(form)
        mark_sent(appeal_id, **form.cleaned_data, user=person_of(request), at=timezone.now())

    return _act(request, appeal_id, do, "Sent; the claim waits for the payer.")


@require_POST
@requires("claims.work")
def received(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Say that the payer has it."""

    def do() -> None:
        form = ReceivedForm(request.POST)
        _read(form)
        acknowledge(appeal_id, **form.cleaned_data, user=person_of(request), at=timezone.now())

    return _act(request, appeal_id, do, "Noted.")


@require_POST
@requires("claims.work")
def outcome(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Say how it ended."""

    def do() -> None:
        form = OutcomeForm(request.POST)
        _read(form)
        values = form.cleaned_data
        decide(
            appeal_id,
            outcome=values["outcome"],
            decided_date=values["decided_date"],
            recovered_cents=cents_of(values["recovered"]),
            note=values["note"],
            user=person_of(request),
            at=timezone.now(),
        )

    return _act(request, appeal_id, do, "Decided.")
