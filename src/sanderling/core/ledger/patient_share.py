"""What of a payer's open balance may be moved to the patient: what the payer left to him, no more.

Cost share passes on by itself (core.ledger.effects). What is left with a payer under group PR is a
denial that the payer calls the patient's; a person verifies it first. Contractual reductions (CO),
the payer's own (PI) and anything else never go to the patient.

The last payer that answered has the last word: of what a payer before it left to the patient no
more is his than that one's PR says, less what has passed to him already; and never more than all
insurers of the claim owe together, what they stand in credit taken off.

Source: DOMAIN 1.3 (posting table), 5.4: patient_due = min(PR of the last payer, open balance).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from sanderling.core.codes.carc import COST_SHARE
from sanderling.core.ledger import effects
from sanderling.core.ledger.accounts import INSURANCE_RECEIVABLES, Account, Kind
from sanderling.core.ledger.facts import ClaimFacts
from sanderling.core.ledger.offsets import party_balances
from sanderling.core.ledger.payments import ordered_payments, standing_payments
from sanderling.core.ledger.rules import claim_entries

PATIENT_GROUP: Final = "PR"
_BASE: Final = int(Account.PRIMARY) - 1  # a party is this and the payer's place
_LAST_PLACE: Final = 3
# The patient is a Qualified Medicare Beneficiary, or an agreement forbids it: nobody bills him.
PROTECTED_REASONS: Final = ("209", "303")
_PASSING: Final = [int(Kind.TRANSFER), int(Kind.TO_PATIENT), int(Kind.OPENING_BALANCE)]
PROTECTED_REMARKS: Final = ("N192", "N781", "N782", "N783")


@dataclass(frozen=True, slots=True)
class Share:
    """What the last decision of a payer says of its open balance."""

    is_decided: bool
    left_cents: int  # left to the patient (PR) and still with the payer
    codes: tuple[str, ...]  # by which: PR-26, ...
    other_codes: tuple[str, ...]  # by which the rest was refused: CO-45, ...
    later_payer: str  # "", "unbilled", "undecided": a payer of the claim comes before the patient
    last_word_cents: int  # what the last payer's PR leaves, less what has passed to the patient
    insurers_cents: int  # what all insurers of the claim owe, net

    @property
    def is_cost_share(self) -> bool:
        """Say whether only deductible, coinsurance and the like were left."""
        return bool(self.codes) and all(code.split("-")[1] in COST_SHARE for code in self.codes)

    def due_cents(self, balance_cents: int) -> int:
        """Return what may be moved of a balance."""
        return max(
            0, min(self.left_cents, balance_cents, self.last_word_cents, self.insurers_cents)
        )

    def self_pay_cents(self, balance_cents: int) -> int:
        """Return what may be moved of a balance that no payer covers."""
        return max(0, min(balance_cents, self.insurers_cents))


def shares_of(facts: ClaimFacts, parties: list[tuple[int, int]]) -> dict[tuple[int, int], Share]:
    """Return the share of each (claim, party); `facts` holds whole claims."""
    payments = ordered_payments(facts)
    standing, effect_rows = standing_payments(facts, payments)
    undone = payments.select(pl.col("reverses_payment_id").alias("payment_id")).drop_nulls()
    answers = standing.join(undone, on="payment_id", how="anti")
    last = (
        answers.sort("payment_order")
        .unique(["claim_id", "sequence"], keep="last", maintain_order=True)
        .select("claim_id", "sequence", "payment_id")
    )
    left = effect_rows.filter(pl.col("effect") == effects.NOTHING, pl.col("amount_cents") > 0)
    rows = last.join(
        left.select("payment_id", "group_code", "reason_code", "amount_cents"), on="payment_id"
    )
    decided = set(last.select("claim_id", "sequence").iter_rows())
    entries = claim_entries(facts)
    last_words = _last_words(facts, answers, entries)
    insurers = _insurers_owe(entries)
    later = _later_payers(facts, payments, decided)
    found = {}
    for claim_id, party in parties:
        place = party - _BASE
        mine = rows.filter(pl.col("claim_id") == claim_id, pl.col("sequence") == place)
        to_patient = mine.filter(pl.col("group_code") == PATIENT_GROUP)
        others = mine.filter(pl.col("group_code") != PATIENT_GROUP)
        after = [told for at, told in later.get(claim_id, []) if at > place]
        found[(claim_id, party)] = Share(
            # A payer before one that has answered is through with the claim.
            is_decided=any((claim_id, at) in decided for at in range(place, _LAST_PLACE + 1)),
            left_cents=int(to_patient["amount_cents"].sum()),
            codes=_codes(to_patient),
            other_codes=_codes(others),
            later_payer=next((told for told in after if told), ""),
            last_word_cents=last_words.get(claim_id, 0),
            insurers_cents=insurers.get(claim_id, 0),
        )
    return found


def _last_words(facts: ClaimFacts, answers: pl.DataFrame, entries: pl.DataFrame) -> dict[int, int]:
    """Return by claim what the PR of the last payer leaves that has not passed to the patient."""
    last = answers.filter(pl.col("sequence") == pl.col("sequence").max().over("claim_id"))
    said = (
        facts.adjustments.filter(pl.col("group_code") == PATIENT_GROUP)
        .join(last.select("payment_id", "claim_id"), on="payment_id")
        .group_by("claim_id")
        .agg(pl.col("amount_cents").sum())
    )
    patient = int(Account.PATIENT)
    signed = (
        pl.when(pl.col("debit") == patient)
        .then("amount_cents")
        .when(pl.col("credit") == patient)
        .then(-pl.col("amount_cents"))
        .otherwise(0)
    )
    passed = (
        entries.filter(pl.col("kind").is_in(_PASSING))
        .group_by("claim_id")
        .agg(signed.sum().alias("cents"))
    )
    before = dict(passed.iter_rows())
    return {claim_id: cents - before.get(claim_id, 0) for claim_id, cents in said.iter_rows()}


def _insurers_owe(entries: pl.DataFrame) -> dict[int, int]:
    insurers = [int(account) for account in INSURANCE_RECEIVABLES]
    owed = party_balances(entries).filter(pl.col("party").is_in(insurers))
    return dict(owed.group_by("claim_id").agg(pl.col("balance_cents").sum()).iter_rows())


def _later_payers(
    facts: ClaimFacts, payments: pl.DataFrame, decided: set[tuple[int, ...]]
) -> dict[int, list[tuple[int, str]]]:
    """Return the places of each claim's payers with "", "unbilled" or "undecided", in order."""
    places = ["claim_id", "sequence"]
    billed = set(facts.submissions.select(places).iter_rows())
    forwarded = {
        (claim_id, place + 1)
        for claim_id, place in payments.filter("is_forwarded", ~pl.col("is_held"))
        .select(places)
        .iter_rows()
    }
    known = set(facts.coverages.select(places).iter_rows()) | billed | forwarded
    found: dict[int, list[tuple[int, str]]] = {}
    for claim_id, place in sorted(known):
        is_out = (claim_id, place) in billed | forwarded
        told = "undecided" if is_out else "unbilled"
        found.setdefault(claim_id, []).append((place, "" if (claim_id, place) in decided else told))
    return found


def _codes(rows: pl.DataFrame) -> tuple[str, ...]:
    pairs = rows.select("group_code", "reason_code").unique().sort("group_code", "reason_code")
    return tuple(f"{group}-{reason}" for group, reason in pairs.iter_rows())
