"""Reports of a demonstration: one that was sent, one that waits for approval, and a schedule."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.clients.models import Client
from sanderling.core.report_schedules import Rhythm
from sanderling.reports.making import make_reports
from sanderling.reports.models import Audience, Definition, Report
from sanderling.reports.recipients import Choice
from sanderling.reports.schedules import schedule_reports
from sanderling.reports.sending import approve_and_send


def ensure_demo_reports(*, at: datetime) -> int:
    """Make last month's and the month before's report of the client user's client.

    Last month's of all of the account manager's clients: they wait to be approved together.

    Return how many; where there are reports already, nothing is done.
    """
    cleo = User.objects.filter(role=Role.CLIENT_USER, is_active=True).order_by("pk").first()
    mia = User.objects.filter(role=Role.ACCOUNT_MANAGER, is_active=True).order_by("pk").first()
    if cleo is None or mia is None or Report.objects.exists():
        return 0
    clients = list(Client.objects.filter(assignments__user=cleo).order_by("code"))
    definition = Definition.objects.get(preset=Audience.PRACTICE_MANAGER)
    own_people = Choice(to_client_users=True)
    schedule_reports(
        definition, clients=clients, rhythm=Rhythm.MONTHLY, day=3, choice=own_people, user=mia,
        at=at,
    )  # fmt: skip
    last_day = at.date().replace(day=1) - timedelta(days=1)
    made = 0
    all_of_mia = list(Client.objects.filter(assignments__user=mia).order_by("code"))
    for to_date, is_sent, of in (
        (_month_before(last_day), True, clients),
        (last_day, False, sorted({*clients, *all_of_mia}, key=lambda one: one.code)),
    ):
        found = make_reports(
            definition,
            client_ids=[client.pk for client in of],
            from_date=to_date.replace(day=1),
            to_date=to_date,
            as_of=to_date,
            by=None,
            at=at,
        )
        made += len(found)
        for report in found if is_sent else []:
            approve_and_send(report.pk, own_people, user=mia, at=at)
    return made


def _month_before(last_day: date) -> date:
    """Return the last day of the month before."""
    return last_day.replace(day=1) - timedelta(days=1)
