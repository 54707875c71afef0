"""Which claim payments of a payer finally stand, and so are told to the next one.

The ledger's rule decides what is posted: reversals take back what they reverse, a later decision
takes the place of an earlier one of zero. For the next payer there is one thing more: the answer
to a claim sent twice, and a refusal that the same payer has said anew since, are told once.

Where it does not follow from the files what stands, nothing is told: `Finals.faults`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import polars as pl

from sanderling.core.ledger import reversals
from sanderling.core.ledger.facts import ClaimFacts
from sanderling.core.ledger.payments import ordered_payments, standing_payments

Track = tuple[int, int]  # claim, the payer's place: 1, 2, 3
SENT_TWICE: Final = frozenset({"18", "B13"})  # CARC: exact duplicate, paid already
_HELD: Final = (
    "a remittance of the payer before waits in suspense; settle it first, so that what it "
    "says can be told"
)
_OTHER_AMOUNTS: Final = (
    "the payer before took back other amounts than it had paid; ask it for a remittance of what "
    "stands, or bill on paper"
)


@dataclass(frozen=True, slots=True)
class Finals:
    """What stands, and where that is not known."""

    payments: dict[Track, tuple[int, ...]]  # ids in the order decided
    faults: dict[Track, str]  # a sentence, without capital and period


def final_payments(facts: ClaimFacts) -> Finals:
    """Return the claim payments of each payer of each claim that finally stand."""
    ordered = ordered_payments(facts)
    standing, _ = standing_payments(facts, ordered)
    taken_back = ordered.select(pl.col("reverses_payment_id").alias("payment_id")).drop_nulls()
    standing = standing.join(taken_back, on="payment_id", how="anti")
    twice = _answers_to_claims_sent_twice(facts, standing)
    faults = dict.fromkeys(_held(ordered), _HELD)
    found: dict[Track, tuple[int, ...]] = {}
    rows = standing.sort("claim_id", "sequence", "payment_order").to_dicts()
    for track, group in groupby(rows, key=lambda row: (row["claim_id"], row["sequence"])):
        members = list(group)
        if any(row["status"] == reversals.REVERSAL_STATUS for row in members):
            faults.setdefault(track, _OTHER_AMOUNTS)
            continue
        real = [row for row in members if row["payment_id"] not in twice] or members[-1:]
        found[track] = tuple(row["payment_id"] for row in _last_said(real))
    return Finals(found, faults)


def _last_said(members: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out decisions of zero on a charge that was decided on again later."""
    return [
        row
        for at, row in enumerate(members)
        if row["paid_cents"]
        or all(later["charge_cents"] != row["charge_cents"] for later in members[at + 1 :])
    ]


def _answers_to_claims_sent_twice(facts: ClaimFacts, standing: pl.DataFrame) -> set[int]:
    """Return the payments that paid nothing because the claim, or its only reason, came twice."""
    unpaid = standing.filter(pl.col("paid_cents") == 0).select("payment_id")
    reasons = (
        facts.adjustments.join(unpaid, on="payment_id", how="semi")
        .filter(pl.col("amount_cents") != 0)
        .group_by("payment_id")
        .agg(is_twice=pl.col("reason_code").is_in(sorted(SENT_TWICE)).all())
    )
    return set(reasons.filter("is_twice")["payment_id"])


def _held(ordered: pl.DataFrame) -> list[Track]:
    """Return where the payer's last word waits in suspense."""
    last = ordered.unique(["claim_id", "sequence"], keep="last", maintain_order=True)
    return list(last.filter("is_held").select("claim_id", "sequence").iter_rows())
