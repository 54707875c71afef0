"""Which claim payments stand: reversals find what they reverse, later answers replace denials.

A reversal (CLP02 22) takes back one earlier claim payment: the one with the same amounts, the
payer's claim number deciding among several. With a known claim number but other amounts it is
posted as it says. Without anything to reverse it waits in suspense.

Payers seldom reverse a claim payment of zero before they decide again. So a later decision on the
same charge that has any effect takes the place of an earlier one that paid nothing; otherwise
reductions and patient shares would count twice.

Source: DOMAIN 2.7; the second rule is ours (ADR 0006).
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final

import polars as pl

REVERSAL_STATUS: Final = "22"
PRICING_ONLY_STATUS: Final = "25"

_PAIRED_BY: Final = [
    "claim_id",
    "payment_id",
    "payment_order",
    "status",
    "charge_cents",
    "paid_cents",
    "payer_claim_number",
    "original_reference",
]
_RESULT: Final = {
    "payment_id": pl.Int64,
    "reverses_payment_id": pl.Int64,  # the claim payment whose entries it takes back
    "is_orphan": pl.Boolean,  # a reversal with nothing to reverse
}


def pair_reversals(payments: pl.DataFrame) -> pl.DataFrame:
    """Return payment_id, reverses_payment_id, is_orphan for every reversal.

    `payments` is sorted as the payers sent them (payment_order). A reversal of other amounts under
    a known claim number has neither: it is posted by its own figures.
    """
    affected = payments.filter(
        (pl.col("status") == REVERSAL_STATUS).any().over("claim_id"),
        pl.col("status") != PRICING_ONLY_STATUS,
    )
    rows: list[tuple[int, int | None, bool]] = []
    in_order = affected.select(_PAIRED_BY).sort("claim_id", "payment_order").to_dicts()
    for _, of_claim in groupby(in_order, key=lambda row: row["claim_id"]):
        rows.extend(_pair(list(of_claim)))
    return pl.DataFrame(rows, schema=_RESULT, orient="row")


def _pair(payments: list[dict[str, Any]]) -> list[tuple[int, int | None, bool]]:
    originals = [p for p in payments if p["status"] != REVERSAL_STATUS]
    taken: set[int] = set()
    pairs: list[tuple[int, int | None, bool]] = []
    for reversal in (p for p in payments if p["status"] == REVERSAL_STATUS):
        open_ones = [p for p in originals if p["payment_id"] not in taken]
        exact = [p for p in open_ones if _undoes(reversal, p)]
        if exact:
            found = max(exact, key=lambda p: _closeness(reversal, p))
            taken.add(found["payment_id"])
            pairs.append((reversal["payment_id"], found["payment_id"], False))
            continue
        pairs.append(
            (reversal["payment_id"], None, not any(_names(reversal, p) for p in originals))
        )
    return pairs


def _undoes(reversal: dict[str, Any], payment: dict[str, Any]) -> bool:
    return bool(
        reversal["paid_cents"] == -payment["paid_cents"]
        and abs(reversal["charge_cents"]) == abs(payment["charge_cents"])
    )


def _names(reversal: dict[str, Any], payment: dict[str, Any]) -> bool:
    numbers = {reversal["payer_claim_number"], reversal["original_reference"]} - {None, ""}
    return payment["payer_claim_number"] in numbers


def _closeness(reversal: dict[str, Any], payment: dict[str, Any]) -> tuple[bool, bool, int]:
    """Prefer the payer's own number, then what came before the reversal, then the latest of it."""
    comes_before = payment["payment_order"] < reversal["payment_order"]
    order = payment["payment_order"]
    return (_names(reversal, payment), comes_before, order if comes_before else -order)


def replaced_payments(payments: pl.DataFrame, effects: pl.DataFrame) -> pl.DataFrame:
    """Return payment_id of claim payments of zero that a later decision replaced.

    `payments`: standing claim payments with payment_order and sequence; `effects`: payment_id of
    those that change any balance.
    """
    effective = payments.join(effects.select("payment_id").unique(), on="payment_id", how="semi")
    nothing_paid = payments.filter(pl.col("paid_cents") == 0)
    later = nothing_paid.join(
        effective.select(
            "claim_id",
            "sequence",
            pl.col("charge_cents").abs().alias("later_charge"),
            pl.col("payment_order").alias("later_order"),
        ),
        on=["claim_id", "sequence"],
    )
    return later.filter(
        pl.col("later_order") > pl.col("payment_order"),
        pl.col("later_charge") == pl.col("charge_cents").abs(),
    ).select(pl.col("payment_id").unique())
