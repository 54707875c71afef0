"""What of a payer's open balance may be moved to the patient: what the payer left to him, no more.

Cost share passes on by itself (core.ledger.effects). What is left with a payer under group PR is a
denial that the payer calls the patient's; a person verifies it first. Contractual reductions (CO),
the payer's own (PI) and anything else never go to the patient.

Source: DOMAIN 1.3 (posting table), 5.4: patient_due = min(PR of the last payer, open balance).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from sanderling.core.codes.carc import COST_SHARE
from sanderling.core.ledger import effects
from sanderling.core.ledger.facts import ClaimFacts
from sanderling.core.ledger.payments import ordered_payments, standing_payments

PATIENT_GROUP: Final = "PR"
# The patient is a Qualified Medicare Beneficiary, or an agreement forbids it: nobody bills him.
PROTECTED_REASONS: Final = ("209", "303")
PROTECTED_REMARKS: Final = ("N192", "N781", "N782", "N783")


@dataclass(frozen=True, slots=True)
class Share:
    """What the last decision of a payer says of its open balance."""

    is_decided: bool
    left_cents: int  # left to the patient (PR) and still with the payer
    codes: tuple[str, ...]  # by which: PR-26, ...
    other_codes: tuple[str, ...]  # by which the rest was refused: CO-45, ...
    later_payer: str  # "", "unbilled", "undecided": a payer of the claim comes before the patient

    @property
    def is_cost_share(self) -> bool:
        """Say whether only deductible, coinsurance and the like were left."""
        return bool(self.codes) and all(code.split("-")[1] in COST_SHARE for code in self.codes)

    def due_cents(self, balance_cents: int) -> int:
        """Return what may be moved of a balance."""
        return max(0, min(self.left_cents, balance_cents))


def shares_of(facts: ClaimFacts, parties: list[tuple[int, int]]) -> dict[tuple[int, int], Share]:
    """Return the share of each (claim, party); `facts` holds whole claims."""
    payments = ordered_payments(facts)
    standing, effect_rows = standing_payments(facts, payments)
    undone = payments.select(pl.col("reverses_payment_id").alias("payment_id")).drop_nulls()
    last = (
        standing.join(undone, on="payment_id", how="anti")
        .sort("payment_order")
        .unique(["claim_id", "sequence"], keep="last", maintain_order=True)
        .select("claim_id", "sequence", "payment_id")
    )
    left = effect_rows.filter(pl.col("effect") == effects.NOTHING, pl.col("amount_cents") > 0)
    rows = last.join(
        left.select("payment_id", "group_code", "reason_code", "amount_cents"), on="payment_id"
    )
    decided = set(last.select("claim_id", "sequence").iter_rows())
    return {
        (claim_id, party): _share(claim_id, party - 10, rows, decided, facts)
        for claim_id, party in parties
    }


def _share(
    claim_id: int, place: int, rows: pl.DataFrame, decided: set[tuple[int, ...]], facts: ClaimFacts
) -> Share:
    mine = rows.filter(pl.col("claim_id") == claim_id, pl.col("sequence") == place)
    to_patient = mine.filter(pl.col("group_code") == PATIENT_GROUP)
    others = mine.filter(pl.col("group_code") != PATIENT_GROUP)
    return Share(
        is_decided=(claim_id, place) in decided,
        left_cents=int(to_patient["amount_cents"].sum()),
        codes=_codes(to_patient),
        other_codes=_codes(others),
        later_payer=_later_payer(claim_id, place, decided, facts),
    )


def _later_payer(
    claim_id: int, place: int, decided: set[tuple[int, ...]], facts: ClaimFacts
) -> str:
    mine = pl.col("claim_id") == claim_id
    known = set(facts.coverages.filter(mine)["sequence"]) | set(
        facts.submissions.filter(mine)["sequence"]
    )
    later = sorted(one for one in known if one > place)
    if not later or (claim_id, later[0]) in decided:
        return ""
    billed = set(facts.submissions.filter(mine)["sequence"])
    crossed = bool(facts.payments.filter(mine)["is_forwarded"].any())
    return "undecided" if later[0] in billed or crossed else "unbilled"


def _codes(rows: pl.DataFrame) -> tuple[str, ...]:
    pairs = rows.select("group_code", "reason_code").unique().sort("group_code", "reason_code")
    return tuple(f"{group}-{reason}" for group, reason in pairs.iter_rows())
