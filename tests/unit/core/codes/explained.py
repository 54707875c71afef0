"""One line of a remittance, posted and explained: what the tests of codes share."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from sanderling.core.codes.codebook import RULES, CodeBook, book_with, default_book, explain
from sanderling.core.ledger.effects import adjustment_effects

RECEIVED = date(2026, 3, 5)
PAYER, CLIENT = 7, 3


def adjustments_of(*codes: tuple[str, str, int], line_index: int = 1) -> pl.DataFrame:
    """Adjustments of payment 1, given as group, reason, cents."""
    return pl.DataFrame(
        [(1, line_index, group, reason, cents) for group, reason, cents in codes],
        schema=["payment_id", "line_index", "group_code", "reason_code", "amount_cents"],
        orient="row",
    ).with_columns(
        payer_id=pl.lit(PAYER, pl.Int64),
        payer_type=pl.lit("commercial"),
        client_id=pl.lit(CLIENT, pl.Int64),
        received_date=pl.lit(RECEIVED),
    )


def remarks_of(*codes: str, line_index: int = 1) -> pl.DataFrame:
    """Remarks of payment 1."""
    return pl.DataFrame(
        [(1, line_index, code) for code in codes],
        schema={"payment_id": pl.Int64, "line_index": pl.Int64, "code": pl.String},
        orient="row",
    )


def rules_of(*rules: dict[str, Any]) -> CodeBook:
    """A book with these overrides, numbered in their order."""
    rows = [dict.fromkeys(RULES) | {"rule_id": at} | rule for at, rule in enumerate(rules, 1)]
    return book_with(pl.DataFrame(rows, schema=RULES))


def explained(
    charge_cents: int,
    paid_cents: int,
    *codes: tuple[str, str, int],
    remarks: pl.DataFrame | None = None,
    book: CodeBook | None = None,
) -> list[dict[str, Any]]:
    """One service line judged by posting and then explained, in the order of its adjustments."""
    lines = pl.DataFrame(
        {
            "payment_id": [1],
            "line_index": [1],
            "charge_cents": [charge_cents],
            "paid_cents": paid_cents,
        }
    )
    posted = adjustment_effects(adjustments_of(*codes), lines)
    found = remarks_of() if remarks is None else remarks
    return explain(posted, found, book or default_book()).to_dicts()
