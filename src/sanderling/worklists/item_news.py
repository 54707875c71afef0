"""Tells people and machines what became of work items."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from sanderling.core.barriers.words import barrier_title
from sanderling.news.actions import NewEvent, notify, record_events, wanted_kinds

# More changes than these at once are told as one notice for each person, and raise no events: a
# rebuild or a first load is no news about single claims.
NEWS_MAX: Final = 2_000
NEWS_OF_ONE_MAX: Final = 20
# Causes that are the payer's word, not ours: a date that a person set gives way to them.
PAYER_SAID: Final = (
    *("remittance", "reversal", "rejection", "acceptance", "status", "claim_sent", "snapshot"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """What was and what becomes of one item; `barrier` empty: it left."""

    claim_id: int
    party: int
    client_id: int
    payer_id: int | None
    claim_number: str
    client_code: str
    assignee_id: int | None
    holder_id: int | None  # who works on it at this moment
    barrier_before: str
    barrier: str
    cause: str
    balance_before_cents: int
    balance_cents: int
    left_by: str  # why it left
    paid_cents: int  # by insurance, while it was here

    @property
    def is_gone(self) -> bool:
        """Say whether it left."""
        return not self.barrier

    @property
    def is_news(self) -> bool:
        """Say whether its owner does not know it from his own work."""
        is_other = self.barrier != self.barrier_before
        return self.is_gone or (is_other and self.cause in PAYER_SAID)

    @property
    def is_news_at_hand(self) -> bool:
        """Say whether who works on it must know: also of a part of the balance."""
        return self.is_gone or self.cause in PAYER_SAID


def raise_events(changes: list[Change], arrived: list[Any], *, at: datetime) -> None:
    """Record what rules and webhooks may want to know."""
    wanted = wanted_kinds()
    if not wanted & {"item.arrived", "item.changed", "item.left"}:
        return
    events = [
        NewEvent(
            "item.left" if one.is_gone else "item.changed",
            one.client_id,
            one.claim_id,
            one.party,
            one.payer_id,
            {
                "was": one.barrier_before,
                "is": one.barrier,
                "cause": one.left_by or one.cause,
                "balance_before_cents": one.balance_before_cents,
                "balance_cents": one.balance_cents,
                "paid_cents": one.paid_cents,
            },
        )
        for one in changes
        if one.is_gone or one.barrier != one.barrier_before
    ]
    events += [
        NewEvent(
            "item.arrived",
            client_id,
            claim_id,
            party,
            payer_id,
            {"is": barrier, "balance_cents": balance_cents},
        )
        for claim_id, party, client_id, payer_id, balance_cents, barrier in arrived
    ]
    record_events(events, at=at)


def tell_people(changes: list[Change], *, at: datetime) -> None:
    """Tell each owner what left his list or changed by the payer's word, singly or as a sum.

    Who works on an item at this moment is told at once, be it his or not.
    """
    of_user: dict[int, list[Change]] = defaultdict(list)
    for one in changes:
        if one.holder_id is not None and one.is_news_at_hand:
            _tell_of_one(one.holder_id, one, at=at)
        if one.assignee_id not in (None, one.holder_id) and one.is_news:
            of_user[one.assignee_id].append(one)
    for user_id, theirs in of_user.items():
        if len(theirs) > NEWS_OF_ONE_MAX:
            _tell_of_many(user_id, theirs, at=at)
            continue
        for one in theirs:
            _tell_of_one(user_id, one, at=at)


def _tell_of_many(user_id: int, theirs: list[Change], *, at: datetime) -> None:
    gone = [one for one in theirs if one.is_gone]
    paid = sum(one.paid_cents for one in gone)
    notify(
        user_ids=[user_id],
        kind="item.left",
        key=f"items:{at.isoformat()}",
        text=f"{len(gone)} claims left your list: paid {_dollars(paid)}"
        f"; {len(theirs) - len(gone)} changed",
        at=at,
        url=reverse("worklist"),
        amount_cents=paid,
    )


def _tell_of_one(user_id: int, one: Change, *, at: datetime) -> None:
    notify(
        user_ids=[user_id],
        kind="item.left" if one.is_gone else "item.changed",
        key=f"item:{one.claim_id}:{one.party}:{at.isoformat()}",
        text=text_of(one),
        at=at,
        url=reverse("claim", args=[one.client_code, one.claim_number]),
        client_id=one.client_id,
        claim_id=one.claim_id,
        amount_cents=one.paid_cents if one.is_gone else one.balance_cents,
        is_urgent=user_id == one.holder_id,
    )


_LEFT_BY: Final = {"write_off": "written off", "transfer": "the patient owes it now"}


def text_of(one: Change) -> str:
    """Return what became of it: MAPLE A1 left your list: paid $412.00."""
    name = f"{one.client_code} {one.claim_number}"
    if one.is_gone and one.paid_cents > 0:
        return f"{name} left your list: paid {_dollars(one.paid_cents)}"
    if one.is_gone:
        how = _LEFT_BY.get(one.left_by, "nothing is owed any more")
        return f"{name} left your list: {how} ({_dollars(one.balance_before_cents)} before)"
    open_text = f"{_dollars(one.balance_cents)} open"
    if one.balance_cents != one.balance_before_cents:
        open_text += f", {_dollars(one.balance_before_cents)} before"
    return f"{name} is now: {barrier_title(one.barrier)}, {open_text}"


def _dollars(cents: int) -> str:
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    return f"{sign}${cents // 100:,}.{cents % 100:02}"
