"""Makes the reports that are due: each once, also when it is killed or asked twice.

First it is written down what is due, then it is made: what is written down and not made is made by
the next turn. One report of a client, definition and period exists once (`reports.making`).
"""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import UTC, date, datetime, time
from typing import Final

from django.db import transaction
from django.urls import reverse

from sanderling.accounts.people import who_may
from sanderling.agreements.clocks import start_clock
from sanderling.agreements.queries import account_manager
from sanderling.core import report_schedules
from sanderling.core.refusal import Refusal
from sanderling.mail.models import State as MailState
from sanderling.mirror.actions import MirrorBusy
from sanderling.news.actions import notify
from sanderling.postgres.locks import Lock, session_lock
from sanderling.reports.book import Book
from sanderling.reports.delivery_models import Delivery, Due, DueState, Schedule
from sanderling.reports.making import make_reports, new_book, span_of
from sanderling.reports.sending import CLOCK

logger = logging.getLogger(__name__)

# The night's work (mirror, key figures) is done by then.
FROM_HOUR: Final = 6
_NOON: Final = time(17, tzinfo=UTC)  # business hours in all of the United States


def make_due(*, at: datetime) -> int:
    """Make what is due; return how many reports there are now that were not before."""
    if at.hour < FROM_HOUR:
        return 0
    with session_lock(Lock.REPORTS_DUE) as is_ours:
        if not is_ours:
            return 0
        _call_for(at=at)
        periods: dict[tuple[date, date], list[Due]] = defaultdict(list)
        waiting = Due.objects.filter(state=DueState.WAITING).select_related("schedule__definition")
        for due in waiting.order_by("due_date", "pk"):
            periods[due.from_date, due.to_date].append(due)
        return sum(_make_period(*days, dues, at=at) for days, dues in periods.items())


def _make_period(first: date, last: date, dues: list[Due], *, at: datetime) -> int:
    """Make all reports of one period out of one book; the next turn does it when that is busy."""
    try:
        span = span_of(from_date=first, to_date=last, as_of=last, today=at.date())
        book = new_book(span, sorted({due.client_id for due in dues}), at=at)
    except MirrorBusy:
        logger.info("the mirror is busy; %s reports wait for the next turn", len(dues))
        return 0
    definitions: dict[int, list[Due]] = defaultdict(list)
    for due in dues:
        definitions[due.schedule.definition_id].append(due)
    return sum(_make(same, book, at=at) for same in definitions.values())


def try_again(due_id: int) -> None:
    """Have a report made by the next turn that could not be made before."""
    Due.objects.filter(pk=due_id, state=DueState.FAILED).update(state=DueState.WAITING)


@transaction.atomic
def _call_for(*, at: datetime) -> None:
    """Write down what schedules call for until today, those of days that were missed too."""
    today = at.date()
    schedules = Schedule.objects.select_for_update().filter(
        is_active=True, next_date__lte=today, definition__is_archived=False
    )
    for schedule in schedules.order_by("pk"):
        rhythm = report_schedules.Rhythm(schedule.rhythm)
        while schedule.next_date <= today:
            first, last = report_schedules.period_of(rhythm, schedule.next_date)
            due, _ = Due.objects.get_or_create(
                schedule=schedule,
                due_date=schedule.next_date,
                defaults={
                    "client_id": schedule.client_id,
                    "from_date": first,
                    "to_date": last,
                },
            )
            start_clock(
                kind=CLOCK,
                client_id=schedule.client_id,
                subject=f"report-due:{due.pk}",
                at=datetime.combine(report_schedules.clock_start(last), _NOON),
            )
            schedule.next_date = report_schedules.next_due(rhythm, schedule.day, schedule.next_date)
        schedule.save(update_fields=["next_date"])


def _make(dues: list[Due], book: Book, *, at: datetime) -> int:
    """Make one definition's reports of one period, all clients together."""
    try:
        return _make_together(dues, book, at=at)
    except Refusal as refusal:
        if len(dues) > 1:  # one client's trouble is not the others'
            return sum(_make([due], book, at=at) for due in dues)
        logger.warning("due report %s could not be made", dues[0].pk)
        Due.objects.filter(pk=dues[0].pk).update(state=DueState.FAILED, problem=refusal.sentence)
        return 0


def _make_together(dues: list[Due], book: Book, *, at: datetime) -> int:
    first = dues[0]
    made = make_reports(
        first.schedule.definition,
        client_ids=[due.client_id for due in dues],
        from_date=first.from_date,
        to_date=first.to_date,
        as_of=first.to_date,
        by=None,
        at=at,
        book=book,
    )
    of_client = {report.client_id: report for report in made}
    with transaction.atomic():
        for due in dues:
            due.state, due.report, due.made_at = DueState.MADE, of_client[due.client_id], at
            due.problem = ""
            due.save(update_fields=["state", "report", "made_at", "problem"])
        _tell_approvers(dues, at=at)
    return len(dues)


def _tell_approvers(dues: list[Due], *, at: datetime) -> None:
    """Tell each client's account manager, or who else may approve, once a day that some wait."""
    people: set[int] = set()
    for due in dues:
        manager = account_manager(due.client_id)
        if manager is not None and manager.may("reports.approve"):
            people.add(manager.pk)
        else:
            people |= {user.pk for user in who_may("reports.approve", due.client_id)}
    notify(
        user_ids=people,
        kind="report",
        key=f"reports-to-approve:{at.date().isoformat()}",
        text="Reports that were due are made and wait for approval",
        at=at,
        url=reverse("report-approvals"),
    )


def tell_undelivered(*, at: datetime) -> int:
    """Tell who sent a report, and the account manager, that its mail was given up; once each."""
    failed = list(
        Delivery.objects.filter(mail__state=MailState.FAILED, told_at=None, ended_at=None)
        .select_related("report")
        .order_by("pk")
    )
    for delivery in failed:
        manager = account_manager(delivery.client_id)
        people = {delivery.sent_by_id, manager.pk if manager else None} - {None}
        with transaction.atomic():
            notify(
                user_ids=[one for one in people if one is not None],
                kind="report",
                key=f"report-undelivered:{delivery.pk}",
                text=f"A report was not delivered: {delivery.report.title}",
                at=at,
                url=reverse("report-approval", args=[delivery.report_id]),
                client_id=delivery.client_id,
                is_urgent=True,
            )
            Delivery.objects.filter(pk=delivery.pk).update(told_at=at)
    return len(failed)
