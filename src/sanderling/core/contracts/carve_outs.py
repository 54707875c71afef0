"""Carve-outs: codes with a rule of their own, outside of every other rule of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from sanderling.core.contracts.amounts import CENT, big
from sanderling.core.contracts.base_prices import FACTOR_SCALE, HIGH, escalated
from sanderling.core.contracts.keys import UNITS_SCALE
from sanderling.core.contracts.reference_rates import plain
from sanderling.core.contracts.terms import Terms

_SCHEMA: Final = {
    "key": pl.UInt32,
    "carved_cents": pl.Int64,
    "carved_percent": pl.Int64,
    "carved_above": pl.Int64,
    "carved_term": pl.String,
}


def with_carve_outs(
    lines: pl.DataFrame, keys: pl.DataFrame, terms: Mapping[int, Terms]
) -> pl.DataFrame:
    """Give carved lines their method, term and `carved_amount` (null: not carved out)."""
    named = keys.filter(pl.col("carve_out").is_not_null(), ~pl.col("is_capitated"))
    if named.is_empty():
        return lines.with_columns(carved_amount=pl.lit(None, pl.Int128))
    rows = [_rule(row, terms[row["contract_id"]]) for row in named.to_dicts()]
    rules = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    lines = lines.join(rules, on="key", how="left", maintain_order="left")
    is_carved = pl.col("charge_cents") > pl.col("carved_above")
    by_units = big("carved_cents") * big("scaled_units") * CENT // UNITS_SCALE
    by_charge = big("charge_cents") * big("carved_percent") * CENT // FACTOR_SCALE
    return lines.with_columns(
        carved_amount=pl.when(is_carved).then(pl.coalesce(by_units, by_charge, big(0))),
        method=pl.when(is_carved).then(pl.lit("carve_out")).otherwise("method"),
        rate_cents=pl.when(is_carved).then("carved_cents").otherwise("rate_cents"),
        term=pl.when(is_carved).then("carved_term").otherwise("term"),
        confidence=pl.when(is_carved).then(HIGH).otherwise("confidence"),
        factor_flags=pl.when(is_carved).then(0).otherwise("factor_flags"),
        factor_confidence=pl.when(is_carved).then(HIGH).otherwise("factor_confidence"),
    ).drop("carved_cents", "carved_percent", "carved_above", "carved_term")


def _rule(row: dict[str, Any], said: Terms) -> tuple[Any, ...]:
    rule = said.carve_outs[row["carve_out"]]
    name = f"carve-out {rule.name}" if rule.name else "carve-out"
    cents = percent = None
    if rule.cents is not None:
        cents = escalated(rule.cents, said.escalators, None, row["day"])[0]
    elif rule.percent_of_charge is not None:
        percent = int(rule.percent_of_charge * FACTOR_SCALE)
        name += f": {plain(rule.percent_of_charge * 100)} % of charge"
    else:
        name += ": not covered"
    # Without a limit a carved line may be charged nothing at all.
    above = rule.above_cents or -1
    return (row["key"], cents, percent, above, name)
