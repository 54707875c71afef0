"""Reminders that climb: the client, our leads, the account manager, then each week (DOMAIN 9.8).

Each step of a request is taken once, whenever the job runs; when it did not run for some days, the
client still gets one mail. Ten days before a time limit all hear that the money is at risk.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.agreements.queries import account_manager
from sanderling.clients.models import Client
from sanderling.document_requests.cycle import Days, days_of, people_of
from sanderling.document_requests.mailing import Stake, stakes_of, write
from sanderling.document_requests.models import Request, State, Step
from sanderling.document_requests.portal_news import ASKED, NOTICE, tell_in_portal
from sanderling.news.actions import notify
from sanderling.web.templatetags.sanderling import money

WEEK: Final = 7


def remind(today: date, *, at: datetime) -> int:
    """Take all steps that are due; return how many. Again on the same day it takes none."""
    waiting: dict[int, list[Request]] = {}
    for one in Request.objects.filter(state=State.OPEN).order_by("pk"):
        waiting.setdefault(one.client_id, []).append(one)
    return sum(_of_client(requests, today, at=at) for requests in waiting.values())


@transaction.atomic
def _of_client(requests: list[Request], today: date, *, at: datetime) -> int:
    client = Client.objects.get(pk=requests[0].client_id)
    days = days_of(client.pk)
    stakes = stakes_of([one.pk for one in requests], today)
    taken = _taken(requests)
    count = 0
    weekly: list[int] = []
    for one in requests:
        stake = stakes.get(one.pk)
        steps = taken[one.pk]
        if stake is None:
            continue
        due = _due_steps(one, stake, days, steps, today)
        for step in due:
            if step in {"lead", "manager", "risk"}:
                _tell(one, client, stake, step, at=at)
        mailed = [step for step in due if step in {"reminder", "risk"}]
        if mailed and "sent" in steps:
            # One mail for both when both are due.
            write([one.pk], step=mailed[-1], at=at, first_lines=_lines(mailed[-1], stake))
        if ASKED in steps:
            people = people_of(client.pk, [Role.CLIENT_USER])
            for step in (one_step for one_step in due if one_step not in {"lead", "manager"}):
                tell_in_portal(one, people, step=step, at=at)
        if "sent" in steps and any(step.startswith("week:") for step in due):
            weekly.append(one.pk)
        _note(one, due, at=at)
        count += len(due)
    if weekly:
        # One mail with all of the client's that wait, each with a link of its own.
        write(weekly, step=f"mail of {today}", at=at, first_lines=_lines("week", None))
    return count


def _taken(requests: Iterable[Request]) -> dict[int, dict[str, date]]:
    found: dict[int, dict[str, date]] = {one.pk: {} for one in requests}
    for request_id, step, when in Step.objects.filter(request_id__in=found).values_list(
        "request_id", "step", "at"
    ):
        found[request_id][step] = when.date()
    return found


def _due_steps(
    request: Request, stake: Stake, days: Days, taken: dict[str, date], today: date
) -> list[str]:
    """Return the steps that are due and not taken, in their order."""
    age = (today - taken.get("sent", request.asked_at.date())).days
    due = [
        step
        for step, since in (
            ("reminder", days.reminder),
            ("lead", days.lead),
            ("manager", days.manager),
        )
        if age >= since
    ]
    weeks = (age - days.manager) // WEEK
    if weeks >= 1:
        due.append(f"week:{weeks}")
    if stake.deadline_date is not None and (stake.deadline_date - today).days <= days.risk:
        due.append("risk")
    return [step for step in due if step not in taken]


def _note(request: Request, steps: Iterable[str], *, at: datetime) -> None:
    """Remember the steps; one that was taken in writing the mail is there already."""
    for step in steps:
        Step.objects.get_or_create(
            request=request, step=step, defaults={"client_id": request.client_id, "at": at}
        )


def _tell(request: Request, client: Client, stake: Stake, step: str, *, at: datetime) -> None:
    """Tell our people of a request that climbs; who asked hears each time."""
    users = {request.asked_by_id} if request.asked_by_id else set()
    users |= {user.pk for user in _heard(client.pk, step)}
    days = (at.date() - request.asked_at.date()).days
    text = (
        f"{client.code}: {stake.documents} document{'' if stake.documents == 1 else 's'} not here"
        f" after {days} days, {money(stake.open_cents)} waits"
    )
    if step == "risk":
        text = (
            f"{client.code}: {money(stake.open_cents)} is at risk, a time limit ends on"
            f" {stake.deadline_date} and the client's documents are not here"
        )
    notify(
        user_ids=sorted(users),
        kind=NOTICE,
        key=f"document_request:{request.pk}:{step}",
        text=text,
        at=at,
        url=reverse("document-request", args=[request.pk]),
        client_id=client.pk,
        is_urgent=step == "risk",
        amount_cents=stake.open_cents,
    )


def _heard(client_id: int, step: str) -> list[User]:
    leads = people_of(client_id, [Role.LEAD]) if step in {"lead", "risk"} else []
    if step == "lead":
        return leads
    manager = account_manager(client_id)
    return leads + ([manager] if manager else people_of(client_id, [Role.ACCOUNT_MANAGER]))


def _lines(step: str, stake: Stake | None) -> list[str]:
    if step == "risk" and stake is not None:
        return [
            "A time limit is near; without the documents the claims may have to be written off."
        ]
    if step == "week":
        return ["These requests still wait for your answer:"]
    return ["A reminder: we have not yet had all that we asked for."]
