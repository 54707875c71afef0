"""What people decide about a report: its note, approval by a second person, rejection.

A report is made by the worker or by a person; whoever made it or wrote its note does not approve
it, which the database refuses, too. A rejected report is withdrawn: what was wrong is put right,
and it is made anew.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.reports.delivery_models import Step, StepKind
from sanderling.reports.models import Report, State

NOTE_MAX: Final = 4_000
REASON_MAX: Final = 500
MADE_IT: Final = "you made this report; another person must approve it"
WROTE_ITS_NOTE: Final = "you wrote the note of this report; another person must approve it"


class ReportRefused(Refusal):
    """It cannot be done to the report."""


def locked(report_id: int) -> Report:
    """Return the report, held until the transaction ends: two people decide one after the other."""
    return Report.objects.select_for_update().get(pk=report_id)


def step(report: Report, kind: StepKind, user: User, at: datetime, text: str = "") -> None:
    """Note what a person did; the audit trail gets no text of people."""
    Step.objects.create(
        report=report, client_id=report.client_id, kind=kind, user=user, at=at, text=text
    )
    record_event(
        action=f"report.{kind.value}",
        at=at,
        client_id=report.client_id,
        subject=("report", report.pk),
    )


@transaction.atomic
def write_note(report_id: int, text: str, *, user: User, at: datetime) -> Report:
    """Set the words above the numbers; the same words again are no step.

    Raises:
        ReportRefused: it is no draft, or the note is too long.
    """
    report = locked(report_id)
    text = text.strip()
    if report.state != State.DRAFT:
        raise ReportRefused("the note changes only in a draft; take the approval back first")
    if len(text) > NOTE_MAX:
        raise ReportRefused(f"the note is longer than {NOTE_MAX} characters; shorten it")
    if text != report.note:
        report.note = text
        report.save(update_fields=["note"])
        step(report, StepKind.NOTE, user, at)
    return report


@transaction.atomic
def approve(report_id: int, *, user: User, at: datetime) -> Report:
    """Say that the report may go out.

    Raises:
        ReportRefused: it is no draft, or the user made it or wrote its note.
    """
    report = locked(report_id)
    if report.state != State.DRAFT:
        raise ReportRefused(f"the report waits for no approval: {_state(report)}")
    if why := cannot_approve(report, user):
        raise ReportRefused(why)
    report.state, report.approved_by, report.approved_at = State.APPROVED, user, at
    report.save(update_fields=["state", "approved_by", "approved_at"])
    step(report, StepKind.APPROVE, user, at)
    return report


def cannot_approve(report: Report, user: User) -> str:
    """Return why this person is not the second one; empty when he is."""
    if report.made_by_id == user.pk:
        return MADE_IT
    if report.steps.filter(kind=StepKind.NOTE, user=user).exists():
        return WROTE_ITS_NOTE
    return ""


@transaction.atomic
def take_approval_back(report_id: int, *, user: User, at: datetime) -> Report:
    """Make an approved report a draft again, as long as it was not sent.

    Raises:
        ReportRefused: it is not approved, or it is sent.
    """
    report = locked(report_id)
    if report.state != State.APPROVED:
        raise ReportRefused(f"there is no approval to take back: {_state(report)}")
    report.state, report.approved_by, report.approved_at = State.DRAFT, None, None
    report.save(update_fields=["state", "approved_by", "approved_at"])
    step(report, StepKind.TAKE_BACK, user, at)
    return report


@transaction.atomic
def reject(report_id: int, reason: str, *, user: User, at: datetime) -> Report:
    """Refuse a draft with a reason; it can be made anew when what was wrong is put right.

    Raises:
        ReportRefused: it is no draft, or there is no reason.
    """
    report = locked(report_id)
    if report.state != State.DRAFT:
        raise ReportRefused(f"only a draft is rejected: {_state(report)}")
    reason = checked_reason(reason)
    end(report, reason, user=user, at=at)
    step(report, StepKind.REJECT, user, at, reason)
    return report


def end(report: Report, reason: str, *, user: User, at: datetime) -> None:
    """Mark a report as withdrawn."""
    report.state, report.withdrawn_by, report.withdrawn_at = State.WITHDRAWN, user, at
    report.withdrawn_reason = reason
    report.save(update_fields=["state", "withdrawn_by", "withdrawn_at", "withdrawn_reason"])


def checked_reason(reason: str) -> str:
    """Return a reason as it is kept.

    Raises:
        ReportRefused: there is none, or it is too long.
    """
    reason = reason.strip()
    if not reason:
        raise ReportRefused("say why, so that it can be put right")
    if len(reason) > REASON_MAX:
        raise ReportRefused(f"the reason is longer than {REASON_MAX} characters; shorten it")
    return reason


def _state(report: Report) -> str:
    return f"it is {report.get_state_display().lower()}"
