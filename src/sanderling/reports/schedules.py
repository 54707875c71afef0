"""Schedules of reports: which are made by themselves, when, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.clients.models import Client
from sanderling.core import report_schedules
from sanderling.core.report_schedules import BadRhythm
from sanderling.reports.approving import ReportRefused
from sanderling.reports.delivery_models import Rhythm, Schedule
from sanderling.reports.models import Definition
from sanderling.reports.patients import OF_CLAIMS
from sanderling.reports.recipients import Choice, recipients

WEEKDAYS: Final = (*("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),)


@transaction.atomic
def schedule_reports(
    definition: Definition,
    *,
    clients: Sequence[Client],
    rhythm: str,
    day: int,
    choice: Choice,
    user: User,
    at: datetime,
) -> list[Schedule]:
    """Have a definition's reports of these clients made from now on; all of them or none.

    A client whose schedule stands gets this one instead: it is made on the new days.

    Raises:
        ReportRefused: no client, a day that not every month has, a definition of another client,
            addresses that may not have it, or a PDF that names claims.
        MailRefused: an address is none.
    """
    if not clients:
        raise ReportRefused("choose at least one client")
    try:
        report_schedules.check_day(report_schedules.Rhythm(rhythm), day)
    except BadRhythm:
        raise ReportRefused("choose a business day from 1 to 15, or a weekday") from None
    _check_definition(definition, clients, choice)
    first = report_schedules.next_due(
        report_schedules.Rhythm(rhythm), day, at.date() - timedelta(days=1)
    )
    made = []
    for client in clients:
        recipients(client.pk, choice)
        before = Schedule.objects.select_for_update().filter(
            definition=definition, client=client, rhythm=rhythm, is_active=True
        )
        before.update(is_active=False)
        made.append(
            Schedule.objects.create(
                definition=definition,
                client=client,
                rhythm=rhythm,
                day=day,
                to_client_users=choice.to_client_users,
                addresses=list(choice.addresses),
                attaches_pdf=choice.attaches_pdf,
                next_date=first,
                made_by=user,
                made_at=at,
            )
        )
        record_event(
            action="report_schedule.make", at=at, client_id=client.pk,
            subject=("report_schedule", made[-1].pk),
        )  # fmt: skip
    return made


def _check_definition(definition: Definition, clients: Sequence[Client], choice: Choice) -> None:
    if definition.is_archived:
        raise ReportRefused("this report is archived; choose another one")
    if definition.client_id is not None and {one.pk for one in clients} != {definition.client_id}:
        raise ReportRefused("this report is of one client alone; choose that one, or copy it")
    if choice.attaches_pdf and any(one.get("kind") in OF_CLAIMS for one in definition.blocks):
        raise ReportRefused(
            "this report names claims, so its PDF goes into no mail; send the link alone"
        )


@transaction.atomic
def end_schedule(schedule_id: int, *, at: datetime) -> Schedule:
    """Have no more reports made by it; those that are made stay. Twice is harmless."""
    schedule = Schedule.objects.select_for_update().get(pk=schedule_id)
    if schedule.is_active:
        schedule.is_active = False
        schedule.save(update_fields=["is_active"])
        record_event(
            action="report_schedule.end", at=at, client_id=schedule.client_id,
            subject=("report_schedule", schedule.pk),
        )  # fmt: skip
    return schedule


def when(schedule: Schedule) -> str:
    """Return "monthly, on business day 3" or "weekly, on Monday"."""
    if schedule.rhythm == Rhythm.WEEKLY:
        return f"weekly, on {WEEKDAYS[schedule.day]}"
    return f"monthly, on business day {schedule.day}"


def days_of(schedule: Schedule) -> tuple[date, date]:
    """Return the days that its next report is about."""
    return report_schedules.period_of(report_schedules.Rhythm(schedule.rhythm), schedule.next_date)
