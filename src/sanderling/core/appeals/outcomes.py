"""What became of an appeal, as far as later remittances say it; and how often appeals win.

Source: DOMAIN 10.4 and PRODUCT: a rate without enough decided appeals is not shown as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

REVERSAL: Final = "22"
DENIED: Final = "4"
UPHELD: Final = "193"  # CARC: the original decision stands after review
DECIDED_MIN: Final = 10  # below, a rate would say more than we know


class Outcome(StrEnum):
    """How an appeal ended."""

    WON = "won"
    PARTLY = "partly"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class LaterPayment:
    """A claim payment of the appealed payer that came after the appeal was sent."""

    payment_id: int
    received_date: date
    status: str  # CLP02
    paid_cents: int  # of a reversal: negative, as sent
    reason_codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What later remittances say became of an appeal."""

    outcome: Outcome
    recovered_cents: int
    payment_id: int  # the latest that says it
    decided_date: date
    is_certain: bool  # paid in full what was asked, or said in words that it stands
    why: str


def propose(payments: Iterable[LaterPayment], *, asked_cents: int) -> Proposal | None:
    """Return what the payments since the appeal say of it, None while they say nothing.

    A reversal alone says nothing yet: the correction follows it. What a reversal takes back counts
    against what the correction pays: recovered is what the payer paid more than before.
    """
    known = sorted(payments, key=lambda one: (one.received_date, one.payment_id))
    decisions = [one for one in known if one.status != REVERSAL]
    if not decisions:
        return None
    latest = decisions[-1]
    recovered = sum(one.paid_cents for one in known)
    if recovered >= asked_cents > 0:
        return Proposal(
            Outcome.WON, recovered, latest.payment_id, latest.received_date, True,
            "The payer paid all that was asked for.",
        )  # fmt: skip
    if recovered > 0:
        return Proposal(
            Outcome.PARTLY, recovered, latest.payment_id, latest.received_date, False,
            "The payer paid a part of what was asked for.",
        )  # fmt: skip
    upheld = UPHELD in latest.reason_codes
    return Proposal(
        Outcome.LOST, 0, latest.payment_id, latest.received_date, upheld,
        "The payer says that its decision stands (193)."
        if upheld
        else "The payer decided again and paid nothing more.",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decided:
    """One appeal that ended, for a rate."""

    group: str
    outcome: Outcome
    asked_cents: int
    recovered_cents: int


@dataclass(frozen=True, slots=True)
class Overturn:
    """How appeals of one group ended."""

    group: str
    decided: int
    won: int
    partly: int
    asked_cents: int
    recovered_cents: int

    @property
    def rate(self) -> float | None:
        """Return the part of decided appeals that were won or partly won; None for too few."""
        return (self.won + self.partly) / self.decided if self.decided >= DECIDED_MIN else None

    @property
    def dollars_rate(self) -> float | None:
        """Return the part of the dollars asked for that was paid; None for too few."""
        if self.decided < DECIDED_MIN or not self.asked_cents:
            return None
        return self.recovered_cents / self.asked_cents


def overturns(decided: Iterable[Decided]) -> list[Overturn]:
    """Return how appeals ended by group, the one with most dollars first."""
    groups: dict[str, list[Decided]] = {}
    for one in decided:
        groups.setdefault(one.group, []).append(one)
    found = [
        Overturn(
            group=name,
            decided=len(rows),
            won=sum(row.outcome is Outcome.WON for row in rows),
            partly=sum(row.outcome is Outcome.PARTLY for row in rows),
            asked_cents=sum(row.asked_cents for row in rows),
            recovered_cents=sum(row.recovered_cents for row in rows),
        )
        for name, rows in groups.items()
    ]
    return sorted(found, key=lambda one: (-one.asked_cents, one.group))
