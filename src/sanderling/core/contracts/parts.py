"""The parts of a code's price that later services of a day are reduced by."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import polars as pl

from sanderling.core.contracts.base_prices import FACTOR_SCALE
from sanderling.core.contracts.code_rules import (
    CARDIOLOGY,
    IMAGING,
    NO_CLASS,
    OPHTHALMOLOGY,
    SURGERY,
    THERAPY,
)
from sanderling.core.contracts.reference_rates import Indicators, ReferenceBook, indicator_schedule
from sanderling.core.contracts.terms import Terms

_SCHEMA: Final = {
    "key": pl.UInt32,
    "professional_share": pl.Int64,  # of an imaging service, by FACTOR_SCALE; null: not known
    "practice_share": pl.Int64,  # practice expense of therapy, likewise
    "is_marked": pl.Boolean,  # secondary by modifier 51, where no rule knows the code
}


def with_parts(
    keys: pl.DataFrame, terms: Mapping[int, Terms], indicators: Indicators, book: ReferenceBook
) -> pl.DataFrame:
    """Return the keys with the columns of _SCHEMA."""
    has_part = (pl.col("later_class") != NO_CLASS) & (pl.col("later_class") != SURGERY)
    has_51 = pl.col("modifiers").str.split(":").list.contains("51")
    needed = keys.filter(has_part | has_51)
    rows = [
        (
            row["key"],
            _professional_share(row, terms[row["contract_id"]], book),
            _practice_share(row, terms[row["contract_id"]], indicators),
            row["later_class"] == NO_CLASS and "51" in row["modifiers"].split(":"),
        )
        for row in needed.to_dicts()
    ]
    parts = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    return keys.join(parts, on="key", how="left").with_columns(
        pl.col("is_marked").fill_null(value=False)
    )


def _professional_share(row: dict[str, Any], said: Terms, book: ReferenceBook) -> int | None:
    if row["later_class"] not in (IMAGING, CARDIOLOGY, OPHTHALMOLOGY):
        return None
    modifiers = row["modifiers"].split(":")
    if "26" in modifiers:
        return FACTOR_SCALE
    if "TC" in modifiers:
        return 0
    if said.professional is not None:
        return _scaled(said.professional)
    schedule = indicator_schedule(said)
    share = book.professional_share(schedule, row["procedure"], row["day"]) if schedule else None
    return None if share is None else _scaled(share)


def _practice_share(row: dict[str, Any], said: Terms, indicators: Indicators) -> int | None:
    if row["later_class"] != THERAPY:
        return None
    stated = said.therapy.practice_expense_share if said.therapy else None
    if stated is None:
        stated = indicators.of(said, row["procedure"], row["day"]).practice_expense_share
    return None if stated is None else _scaled(stated)


def _scaled(share: Decimal) -> int:
    return int(share * FACTOR_SCALE)
