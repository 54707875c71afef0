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

_RAISE_SCALE: Final = 10**18

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
    wanted = keys.join(_chosen_rates(keys, rates), on="key", how="left", maintain_order="left")
    is_by_rate = pl.col("allowed_cents").is_not_null() & ~pl.col("is_capitated")
    priced = pl.concat(
        [
            _by_rate(wanted.filter(is_by_rate), terms),
            _without_rate(wanted.filter(~is_by_rate), terms, book),
        ]
    )
    return priced.join(_scopes(keys, rates, terms), on="key", how="left").select(*_SCHEMA)


def _scopes(keys: pl.DataFrame, rates: pl.DataFrame, terms: Mapping[int, Terms]) -> pl.DataFrame:
    """Return the rate of the base scope of the keys that are scopes."""
    scopes = keys.filter(pl.col("scope_base") != "").with_columns(procedure="scope_base")
    chosen = scopes.join(_chosen_rates(scopes, rates), on="key")
    return _escalated(chosen, terms).select("key", scope_cents="raised_cents")


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


def _by_rate(keys: pl.DataFrame, terms: Mapping[int, Terms]) -> pl.DataFrame:
    raised = _escalated(keys, terms)
    detail = pl.concat_str(
        pl.format("rate of {}", "own_code"),
        pl.when(pl.col("own_modifier") != "").then(pl.format(" with modifier {}", "own_modifier")),
        pl.when(pl.col("own_place") != "").then(pl.format(" at place {}", "own_place")),
        pl.format(" from {}", pl.col("from_date").dt.to_string("%Y-%m-%d")),
        "raised_words",
        ignore_nulls=True,
    )
    is_raised = pl.col("raised_words") != ""
    return _completed(
        raised.select(
            "key",
            "own_modifier",
            method=pl.lit("rate"),
            rate_cents="raised_cents",
            term=pl.when(is_raised)
            .then(pl.lit("fee schedule, escalated"))
            .otherwise(pl.lit("fee schedule")),
            detail=detail,
            confidence=pl.lit(HIGH),
        )
    )


def _completed(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with all columns of _SCHEMA but the scope's."""
    missing = [
        pl.lit(None, dtype).alias(name)
        for name, dtype in _SCHEMA.items()
        if name not in frame.columns
    ]
    return frame.with_columns(missing).select(
        pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items() if name != "scope_cents"
    )


def _escalated(chosen: pl.DataFrame, terms: Mapping[int, Terms]) -> pl.DataFrame:
    """Add `raised_cents` and `raised_words` to chosen rates."""
    found = chosen.select("contract_id", "from_date", "day").unique()
    rows = []
    for contract_id, since, day in found.iter_rows():
        steps = _escalators_of(terms[contract_id].escalators, since, day)
        words = "".join(
            f", {plain(step.rate * 100)} % more from {step.date.isoformat()}" for step in steps
        )
        rows.append((contract_id, since, day, int(_raise(steps) * _RAISE_SCALE), words))
    schema = {
        "contract_id": pl.Int64, "from_date": pl.Date, "day": pl.Date, "raise": pl.Int64,
        "raised_words": pl.String,
    }  # fmt: skip
    raises = pl.DataFrame(rows, schema=schema, orient="row")
    cents = pl.col("allowed_cents").cast(pl.Int128) * pl.col("raise").cast(pl.Int128)
    half = pl.lit(_RAISE_SCALE // 2, dtype=pl.Int128)
    return chosen.join(
        raises,
        on=["contract_id", "from_date", "day"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    ).with_columns(raised_cents=((cents + half) // _RAISE_SCALE).cast(pl.Int64))


_OF_CONTRACT: Final = ("contract_id", "setting", "is_capitated")
_OF_CODE: Final = ("procedure", "modifiers", "is_facility", "day", "reference")


def _without_rate(
    keys: pl.DataFrame, terms: Mapping[int, Terms], book: ReferenceBook
) -> pl.DataFrame:
    """Price keys without a rate; the code only matters to contracts paid by a reference."""
    by_code = [key for key, said in terms.items() if said.percent_of_reference or said.anesthesia]
    is_by_code = pl.col("contract_id").is_in(by_code)
    told = keys.with_columns(pl.when(is_by_code).then(name).alias(name) for name in _OF_CODE)
    found = told.select(*_OF_CONTRACT, *_OF_CODE).unique()
    rows = [_answer(row, terms[row["contract_id"]], book) for row in found.to_dicts()]
    schema = {name: dtype for name, dtype in _SCHEMA.items() if name not in ("key", "scope_cents")}
    answers = pl.concat([found, pl.DataFrame(rows, schema=schema, orient="row")], how="horizontal")
    return _completed(
        told.select("key", *_OF_CONTRACT, *_OF_CODE).join(
            answers, on=[*_OF_CONTRACT, *_OF_CODE], how="left", nulls_equal=True
        )
    )


def _answer(row: dict[str, Any], said: Terms, book: ReferenceBook) -> tuple[Any, ...]:
    """Return a row of _SCHEMA, without the key and the scope."""
    answer: dict[str, Any] = {
        name: None for name in _SCHEMA if name not in ("key", "scope_cents")
    } | {"own_modifier": "", "detail": "", "confidence": HIGH}
    if row["is_capitated"]:
        answer |= {"method": "capitation", "term": "paid by the month"}
    else:
        found = None
        if row["procedure"]:
            found = _by_reference(row, said, book) or _by_anesthesia(row, said, book)
        answer |= found or _default(row, said)
    return tuple(answer.values())


def _by_reference(row: dict[str, Any], said: Terms, book: ReferenceBook) -> dict[str, Any] | None:
    if row["reference"] is None:
        return None
    modifiers = [modifier for modifier in row["modifiers"].split(":") if modifier]
    rule = said.percent_of_reference[row["reference"]]
    practice = PRACTICE_FACILITY if row["is_facility"] else PRACTICE_NONFACILITY
    found = book.price(rule, row["procedure"], modifiers, practice, row["day"])
    if found is None:
        return None
    stated = () if rule.conversion_factor is None else said.escalators
    cents, steps = escalated(found.cents, stated, None, row["day"])
    return {
        "method": "reference",
        "rate_cents": cents,
        "own_modifier": found.modifier,
        "term": found.term + (", escalated" if steps else ""),
        "detail": found.detail,
    }


def _by_anesthesia(row: dict[str, Any], said: Terms, book: ReferenceBook) -> dict[str, Any] | None:
    if said.anesthesia is None:
        return None
    units = book.anesthesia(said.anesthesia, row["procedure"], row["day"])
    if units is None:
        return None
    return {
        "method": "anesthesia",
        "base_units": int(units[0] * 10_000),
        "unit_dollars": int(units[1] * 10_000),
        "minutes_per_unit": said.anesthesia.minutes_per_unit,
        "term": "anesthesia units",
        "detail": f"{plain(units[0])} base units at {plain(units[1])} dollars",
    }


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
    steps = _escalators_of(escalators, since, day)
    return rounded_cents(cents * _raise(steps)), steps


def _escalators_of(
    escalators: tuple[Escalator, ...], since: date | None, day: date
) -> tuple[Escalator, ...]:
    return tuple(
        step for step in escalators if step.date <= day and (since is None or since < step.date)
    )


def _raise(steps: tuple[Escalator, ...]) -> Decimal:
    factor = Decimal(1)
    for step in steps:
        factor *= 1 + step.rate
    return factor
