"""What the people of a demonstration wrote on claims in the last two weeks, and who does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.claims.models import Claim
from sanderling.core.barriers.rows import PATIENT
from sanderling.core.codes.names import Team
from sanderling.core.ledger.accounts import Account
from sanderling.followup.notes import record_note
from sanderling.intake.demo_touches import (
    PAID_AFTER,
    PROMISE,
    REMARKS,
    REPRESENTATIVES,
    TOUCHES,
    Touch,
)
from sanderling.ledger.models import Entry
from sanderling.web.actor import current_actor, set_actor
from sanderling.worklists.models import WorkItem

NOTE_DAYS: Final = 14
NOTES: Final = {Role.SPECIALIST: 26, Role.CODER: 6, Role.LEAD: 5}
DUE_NOTES: Final = 6  # at most so many of a person are about what is due: the rest is his day
BROKEN_DAYS_AGO: Final = 20
PAID_NOTES: Final = 8
_FIRST_HOUR: Final = 13  # UTC: the morning of an American office


@contextmanager
def acting_as(user: User) -> Iterator[None]:
    """Let the audit trail name the user."""
    actor, role = current_actor()
    set_actor(f"user:{user.pk}", role=user.role)
    try:
        yield
    finally:
        set_actor(actor, role=role)


def items_of(user: User) -> list[WorkItem]:
    """Return what insurers owe to the user's clients, in an order that is always the same."""
    items = WorkItem.objects.exclude(party=PATIENT).filter(balance_cents__gt=0)
    if not user.sees_all_clients:
        items = items.filter(client_id__in=user.assignments.values("client_id"))
    return sorted(items, key=lambda one: (one.claim_number[::-1], one.client_code, one.party))


def is_due(item: WorkItem, today: date) -> bool:
    """Say whether it can be worked on this day."""
    not_yet = item.not_before_date is not None and item.not_before_date > today
    return not not_yet and item.work_date <= today and not item.is_pended


def claim_of(item: WorkItem) -> Claim:
    """Return the item's claim with its client."""
    return Claim.objects.select_related("client").get(pk=item.claim_id)


def write_notes(*, specialist: User, coder: User, lead: User, at: datetime) -> None:
    """Let the three have worked for the last two weeks."""
    days = _working_days(at.date())
    used: set[int] = set()  # claims
    _write_broken_promise(specialist, at, used)
    _write_paid(specialist, at, used)
    for user in (coder, specialist, lead):
        turns = dict.fromkeys(TOUCHES, 0)
        left, due_left = NOTES[Role(user.role)], DUE_NOTES
        for item in items_of(user):
            if left == 0:
                break
            due = is_due(item, at.date())
            is_coding = item.team == Team.CODING
            if (
                item.claim_id in used
                or item.barrier not in TOUCHES
                or (due and due_left == 0)
                or (user == coder) != is_coding
            ):
                continue
            of_kind = TOUCHES[item.barrier]
            day = days[left % len(days)]
            if not _was_open(item, day):
                continue
            touch = of_kind[turns[item.barrier] % len(of_kind)]
            turns[item.barrier] += 1
            _note_item(item, touch, user, _moment(day, left), number=left)
            used.add(item.claim_id)
            left -= 1
            due_left -= due


def _write_broken_promise(user: User, at: datetime, used: set[int]) -> None:
    """Note a promise that the payer has not kept since."""
    day = at.date() - timedelta(days=BROKEN_DAYS_AGO)
    for item in items_of(user):
        if item.barrier in ("awaiting_payer", "no_response") and _was_open(item, day):
            _note_item(item, PROMISE, user, _moment(day, 3), number=99)
            used.add(item.claim_id)
            return


def _was_open(item: WorkItem, day: date) -> bool:
    """Say whether the claim stood on this day as it stands now."""
    billed = item.first_billed_date
    return billed is not None and billed + timedelta(days=3) < day and item.since_date <= day


def _working_days(today: date) -> list[date]:
    """Return the working days of the last two weeks, the latest first."""
    days = (today - timedelta(days=back) for back in range(1, NOTE_DAYS + 1))
    return [day for day in days if day.weekday() < 5]  # noqa: PLR2004 - Monday to Friday


def _moment(day: date, turn: int) -> datetime:
    hour, minute = divmod(turn * 47 % 480, 60)
    return datetime.combine(day, time(_FIRST_HOUR + hour, minute), UTC)


def _write_paid(user: User, at: datetime, used: set[int]) -> None:
    """Note what was said of claims that insurance has paid since: work that brought something."""
    today, turn = at.date(), 0
    paid = Entry.objects.filter(
        debit=Account.CASH,
        credit__range=(Account.PRIMARY, Account.TERTIARY),
        posted_date__range=(today - timedelta(days=9), today),
        claim_id__isnull=False,
        amount_cents__gt=0,
    ).order_by("posted_date", "claim_id", "pk")
    clients = set(user.assignments.values_list("client_id", flat=True))
    for entry in paid:
        day = entry.posted_date - timedelta(days=4)
        day -= timedelta(days=max(day.weekday() - 4, 0))
        claim = Claim.objects.select_related("client").get(pk=entry.claim_id or 0)
        billed = claim.first_billed_date
        if claim.pk in used or claim.client_id not in clients or billed is None or billed >= day:
            continue
        _note(
            claim,
            entry.credit,
            PAID_AFTER[turn % len(PAID_AFTER)],
            user,
            _moment(day, turn),
            number=turn,
            cents=entry.amount_cents,
        )
        used.add(claim.pk)
        turn += 1
        if turn == PAID_NOTES:
            return


def _note(
    claim: Claim,
    party: int,
    touch: Touch,
    user: User,
    at: datetime,
    *,
    number: int,
    cents: int,
) -> None:
    billed = claim.first_billed_date or at.date()
    values = {
        "received": min(billed + timedelta(days=2), at.date()).isoformat(),
        "balance": f"{cents / 100:.2f}",
    }
    answers = {name: text.format(**values) for name, text in touch.answers.items()}
    answers["remarks"] = REMARKS[number % len(REMARKS)]
    if touch.scenario not in ("claim_sent", "records_sent", "no_answer"):
        answers["representative"] = REPRESENTATIVES[number % len(REPRESENTATIVES)]
        answers["reference"] = f"REF-{4100 + 37 * number}"
    with acting_as(user):
        record_note(
            claim=claim,
            party=party,
            scenario=touch.scenario,
            answers=answers,
            channel=touch.channel,
            minutes=touch.minutes,
            user=user,
            at=at,
        )


def _note_item(item: WorkItem, touch: Touch, user: User, at: datetime, *, number: int) -> None:
    _note(claim_of(item), item.party, touch, user, at, number=number, cents=item.balance_cents)
