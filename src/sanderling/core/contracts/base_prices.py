"""The base price of each key: which method, which rate for one unit, before every factor.

In this order: paid by the month, carved out, the contract's fee schedule (most specific selector,
then latest day), a reference schedule, anesthesia, a percentage of the charge, else unpriced.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import polars as pl

from sanderling.core.contracts.keys import INPATIENT, OUTPATIENT
from sanderling.core.contracts.reference_rates import (
    PRACTICE_FACILITY,
    PRACTICE_NONFACILITY,
    ReferenceBook,
    plain,
    rounded_cents,
)
from sanderling.core.contracts.terms import Escalator, Terms

FACTOR_SCALE: Final = 10**12  # factors as whole numbers: twelve decimals

HIGH, MEDIUM, LOW, NONE = 3, 2, 1, 0

_SCHEMA: Final = {
    "key": pl.UInt32,
    "method": pl.String,
    "rate_cents": pl.Int64,
    "percent": pl.Int64,  # of the charge, by FACTOR_SCALE
    "base_units": pl.Int64,  # anesthesia, in ten-thousandths
    "unit_dollars": pl.Int64,  # anesthesia, in ten-thousandths of a dollar
    "minutes_per_unit": pl.Int64,
    "own_modifier": pl.String,  # that chose the rate: its factor does not apply
    "scope_cents": pl.Int64,  # rate of the base scope
    "term": pl.String,
    "detail": pl.String,
    "confidence": pl.Int8,
}


def base_prices(
    keys: pl.DataFrame, rates: pl.DataFrame, terms: Mapping[int, Terms], book: ReferenceBook
) -> pl.DataFrame:
    """Return the base price of each key (_SCHEMA).

    `keys` has the columns of `keys.with_keys` and `code_rules.code_rules`.
    """
    chosen = _chosen_rates(keys, rates)
    scopes = _chosen_rates(
        keys.filter(pl.col("scope_base") != "").with_columns(procedure="scope_base"), rates
    )
    wanted = keys.join(chosen, on="key", how="left").join(
        scopes.select("key", scope_cents="allowed_cents", scope_from="from_date"),
        on="key",
        how="left",
    )
    rows = [_base_price(row, terms[row["contract_id"]], book) for row in _rows(wanted)]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return frame.to_dicts()


def _chosen_rates(keys: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """Return the row of the fee schedule that counts, for each key that has one."""
    wanted = keys.select("key", "contract_id", "day", "modifiers", "place", "procedure")
    by_procedure = _matching(wanted, rates)
    by_revenue = _matching(
        keys.filter(pl.col("revenue_code") != "")
        .select("key", "contract_id", "day", "modifiers", "place", procedure="revenue_code")
        .join(by_procedure, on="key", how="anti"),
        rates,
    )
    return pl.concat([by_procedure, by_revenue])


def _matching(wanted: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    selectors = wanted.with_columns(
        modifier=pl.concat_list(pl.lit(""), pl.col("modifiers").str.split(":")).list.unique()
    ).explode("modifier")
    day, begins, ends = pl.col("day"), pl.col("from_date"), pl.col("to_date")
    of_place = pl.col("place_of_service")
    return (
        selectors.join(
            rates.with_columns(pl.col("modifier", "place_of_service").fill_null("")),
            left_on=["contract_id", "procedure", "modifier"],
            right_on=["contract_id", "code", "modifier"],
        )
        .filter(
            (of_place == "") | (of_place == pl.col("place")),
            begins.is_null() | (begins <= day),
            ends.is_null() | (day <= ends),
        )
        .sort(
            pl.col("modifier") != "",
            of_place != "",
            begins.fill_null(date(1, 1, 1)),
            "allowed_cents",
            descending=True,
        )
        .unique("key", keep="first", maintain_order=True)
        .select(
            "key",
            "allowed_cents",
            "from_date",
            own_modifier="modifier",
            own_place="place_of_service",
            own_code="procedure",
        )
    )


def _base_price(row: dict[str, Any], said: Terms, book: ReferenceBook) -> tuple[Any, ...]:
    """Return a row of _SCHEMA."""
    scope = row["scope_cents"]
    if scope is not None:
        scope = escalated(scope, said.escalators, row["scope_from"], row["day"])[0]
    answer: dict[str, Any] = dict.fromkeys(_SCHEMA) | {
        "key": row["key"], "own_modifier": "", "scope_cents": scope, "detail": "",
        "confidence": HIGH,
    }  # fmt: skip
    if row["is_capitated"]:
        answer |= {"method": "capitation", "term": "paid by the month"}
    elif row["allowed_cents"] is not None:
        answer |= _by_rate(row, said)
    else:
        answer |= _without_rate(row, said, book)
    return tuple(answer.values())


def _by_rate(row: dict[str, Any], said: Terms) -> dict[str, Any]:
    cents, steps = escalated(row["allowed_cents"], said.escalators, row["from_date"], row["day"])
    selector = row["own_code"]
    if row["own_modifier"]:
        selector += f" with modifier {row['own_modifier']}"
    if row["own_place"]:
        selector += f" at place {row['own_place']}"
    detail = f"rate of {selector}"
    if row["from_date"]:
        detail += f" from {row['from_date'].isoformat()}"
    for step in steps:
        detail += f", {plain(step.rate * 100)} % more from {step.date.isoformat()}"
    return {
        "method": "rate",
        "rate_cents": cents,
        "own_modifier": row["own_modifier"],
        "term": "fee schedule" + (", escalated" if steps else ""),
        "detail": detail,
    }


def _without_rate(row: dict[str, Any], said: Terms, book: ReferenceBook) -> dict[str, Any]:
    modifiers = [modifier for modifier in row["modifiers"].split(":") if modifier]
    if row["reference"] is not None and row["procedure"]:
        rule = said.percent_of_reference[row["reference"]]
        practice = PRACTICE_FACILITY if row["is_facility"] else PRACTICE_NONFACILITY
        found = book.price(rule, row["procedure"], modifiers, practice, row["day"])
        if found is not None:
            stated = () if rule.conversion_factor is None else said.escalators
            cents, steps = escalated(found.cents, stated, None, row["day"])
            return {
                "method": "reference",
                "rate_cents": cents,
                "own_modifier": found.modifier,
                "term": found.term + (", escalated" if steps else ""),
                "detail": found.detail,
            }
    if said.anesthesia is not None:
        units = book.anesthesia(said.anesthesia, row["procedure"], row["day"])
        if units is not None:
            return {
                "method": "anesthesia",
                "base_units": int(units[0] * 10_000),
                "unit_dollars": int(units[1] * 10_000),
                "minutes_per_unit": said.anesthesia.minutes_per_unit,
                "term": "anesthesia units",
                "detail": f"{plain(units[0])} base units at {plain(units[1])} dollars",
            }
    return _default(row, said)


def _default(row: dict[str, Any], said: Terms) -> dict[str, Any]:
    own = {INPATIENT: said.inpatient, OUTPATIENT: said.outpatient}.get(row["setting"])
    if own is not None and own.percent_of_charge is not None:
        return _percent(own.percent_of_charge, HIGH)
    if said.default_rule == "not_covered":
        return {"method": "not_covered", "term": "not covered: no rate", "confidence": MEDIUM}
    if said.percent_of_charge is not None and said.default_rule != "unpriced":
        return _percent(said.percent_of_charge, MEDIUM)
    return {"method": "unpriced", "term": "no term applies", "confidence": NONE}


def _percent(share: Decimal, confidence: int) -> dict[str, Any]:
    return {
        "method": "percent_of_charge",
        "percent": int(share * FACTOR_SCALE),
        "term": f"{plain(share * 100)} % of charge",
        "confidence": confidence,
    }


def escalated(
    cents: int, escalators: tuple[Escalator, ...], since: date | None, day: date
) -> tuple[int, tuple[Escalator, ...]]:
    """Return a stated amount on a day, and the escalators that raised it, compounded.

    A rate that begins on or after the day of an escalator already contains it.
    """
    steps = tuple(
        step for step in escalators if step.date <= day and (since is None or since < step.date)
    )
    raised = Decimal(cents)
    for step in steps:
        raised *= 1 + step.rate
    return rounded_cents(raised), steps
