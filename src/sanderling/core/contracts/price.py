"""What lines should bring under their contracts: many claims at once (DOMAIN 6).

The answer is exact: a price is rounded once, half up, at its end (`amounts`). Rules are looked up
once for each distinct key (`keys`); the lines themselves are joined, multiplied and ranked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from sanderling.core.contracts.amounts import CENT, big, cents, times
from sanderling.core.contracts.base_prices import (
    FACTOR_SCALE,
    HIGH,
    LOW,
    MEDIUM,
    NONE,
    base_prices,
)
from sanderling.core.contracts.carve_outs import with_carve_outs
from sanderling.core.contracts.code_rules import code_rules
from sanderling.core.contracts.frames import PRICED, References
from sanderling.core.contracts.keys import UNITS_SCALE, with_keys
from sanderling.core.contracts.later_procedures import NEEDED, later_procedures
from sanderling.core.contracts.line_factors import (
    FACTOR_COLUMNS,
    FACTOR_STEPS,
    FLAG_BITS,
    flag_bit,
    with_factors,
)
from sanderling.core.contracts.parts import with_parts
from sanderling.core.contracts.reference_rates import Indicators, ReferenceBook
from sanderling.core.contracts.stays import price_stays
from sanderling.core.contracts.terms import Terms, effective_steps

_CONFIDENCE_NAMES: Final = {HIGH: "high", MEDIUM: "medium", LOW: "low", NONE: "none"}
_FIXED_METHODS: Final = ("capitation", "not_covered", "unpriced", "carve_out")
_KEY_COLUMNS: Final = (
    "key", "method", "rate_cents", "percent", "base_units", "unit_dollars", "minutes_per_unit",
    "scope_cents", "scope_base", "term", "confidence", "later_class", "is_exempt", "is_marked",
    "professional_share", "practice_share", "factor_flags", "factor_confidence", "factor_term",
    *FACTOR_COLUMNS,
)  # fmt: skip


@dataclass
class Trace:
    """What every step made of every line, for explanations: only asked for with few lines."""

    keys: pl.DataFrame = field(default_factory=pl.DataFrame)
    steps: list[tuple[str, pl.DataFrame]] = field(default_factory=list)
    stays: dict[int, list[tuple[str, int]]] = field(default_factory=dict)  # words and cents
    lines: pl.DataFrame = field(default_factory=pl.DataFrame)

    def note(self, step: str, lines: pl.DataFrame) -> None:
        """Keep the amounts after a step."""
        self.steps.append((step, lines.select("row", amount=cents("amount"))))


def price(
    lines: pl.DataFrame,
    rates: pl.DataFrame,
    terms: Mapping[int, Terms],
    references: References | None = None,
    trace: Trace | None = None,
) -> pl.DataFrame:
    """Return what each line should be allowed (frames.PRICED), in the order of the lines.

    A line without contract, day of service or any term that applies is unpriced: its
    `expected_cents` is null and it takes no part in a variance.

    Args:
        lines: `frames.LINES`; all lines of a claim together.
        rates: `frames.RATES`.
        terms: by contract version.
        references: the reference schedules that terms name.
        trace: filled with what each step did.
    """
    book = ReferenceBook(references or References())
    used = {key: terms[key] for key in _used(lines, terms)}
    rates = rates.filter(pl.col("contract_id").is_in(list(used)))
    work, keys = with_keys(lines, rates, used, references or References())
    indicators = Indicators(book)
    keys = keys.join(
        code_rules(keys, used, indicators), on=["contract_id", "procedure", "revenue_code"]
    )
    keys = keys.join(base_prices(keys, rates, used, book), on="key")
    keys = with_factors(with_parts(keys, used, indicators, book), used, indicators)
    priced = _steps(_with_base(work, keys, used), used, trace)
    priced = price_stays(priced, used, trace.stays if trace is not None else None)
    if trace is not None:
        trace.keys, trace.lines = keys, priced
    return _answer(priced)


def _used(lines: pl.DataFrame, terms: Mapping[int, Terms]) -> list[int]:
    return [key for key in lines["contract_id"].unique().drop_nulls().to_list() if key in terms]


def _with_base(work: pl.DataFrame, keys: pl.DataFrame, terms: Mapping[int, Terms]) -> pl.DataFrame:
    """Give each line its base: `amount` for one unit, or for all where `has_units`."""
    with_key = work.join(keys.select(_KEY_COLUMNS), on="key", how="left", maintain_order="left")
    carved = with_carve_outs(with_key, keys, terms)
    method = pl.col("method")
    tenths = (pl.col("scaled_units") * 10 * 2 + pl.col("minutes_per_unit") * UNITS_SCALE) // (
        2 * UNITS_SCALE * pl.col("minutes_per_unit")
    )
    anesthesia = (
        (big("base_units") + big(tenths) * 1_000) * big("unit_dollars") * (CENT // 10**6)
    )  # both in ten-thousandths, dollars to cents
    by_charge = big("charge_cents") * big("percent") * CENT // FACTOR_SCALE
    return carved.with_columns(
        method=method.fill_null("unpriced"),
        term=pl.col("term").fill_null("no contract"),
        confidence=pl.col("confidence").fill_null(NONE),
        flags=pl.col("factor_flags").fill_null(0)
        | pl.when(method == "capitation").then(flag_bit("CAPITATED")).otherwise(0),
        amount=pl.when(method.is_in(["rate", "reference"]))
        .then(big("rate_cents") * CENT)
        .when(method == "percent_of_charge")
        .then(by_charge)
        .when(method == "anesthesia")
        .then(anesthesia)
        .when(method == "carve_out")
        .then("carved_amount")
        .when(method.is_in(["capitation", "not_covered"]))
        .then(big(0)),
        has_units=method.is_in(["percent_of_charge", "anesthesia", *_FIXED_METHODS]),
        is_fixed=method.fill_null("unpriced").is_in(_FIXED_METHODS),
        scope_amount=big("scope_cents") * CENT,
        later_rank=pl.lit(None, pl.Int64),
        later_words=pl.lit(""),
    )


def _steps(lines: pl.DataFrame, terms: Mapping[int, Terms], trace: Trace | None) -> pl.DataFrame:
    """Do the steps of each contract in its order; contracts with the same order together."""
    if trace is not None:
        trace.note("rate", lines)
    orders: dict[tuple[str, ...], list[int]] = {}
    for contract_id, said in terms.items():
        orders.setdefault(effective_steps(said), []).append(contract_id)
    limits = _limits(terms)
    lines = lines.join(limits, on="contract_id", how="left", maintain_order="left")
    if len(orders) <= 1:
        return _in_order(lines, next(iter(orders), ()), terms, trace)
    parts = [lines.filter(pl.col("lesser_of").is_null())]
    for order, contract_ids in orders.items():
        of_order = lines.filter(pl.col("contract_id").is_in(contract_ids))
        parts.append(_in_order(of_order, order, terms, trace))
    return pl.concat(parts, how="diagonal").sort("row")


def _limits(terms: Mapping[int, Terms]) -> pl.DataFrame:
    rows = [(contract_id, said.lesser_of) for contract_id, said in terms.items()]
    schema = {"contract_id": pl.Int64, "lesser_of": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _in_order(
    lines: pl.DataFrame, order: tuple[str, ...], terms: Mapping[int, Terms], trace: Trace | None
) -> pl.DataFrame:
    for step in order:
        if step == "rate":
            continue
        if step in FACTOR_STEPS:
            lines = _by_factor(lines, step)
        elif step == "multiple_procedure":
            lines = _by_rank(lines, terms)
        elif step == "units":
            lines = _by_units(lines)
        elif step == "lesser_of_charge":
            lines = _lesser(lines)
        if trace is not None:
            trace.note(step, lines)
    if "lesser_of_charge" not in order:
        lines = _below_contract(lines)
    return lines


def _by_factor(lines: pl.DataFrame, step: str) -> pl.DataFrame:
    factor = pl.col(f"by_{step}").fill_null(FACTOR_SCALE)
    if lines.select((factor != FACTOR_SCALE).any()).item() is not True:
        return lines
    is_changed = (factor != FACTOR_SCALE) & ~pl.col("is_fixed")
    return lines.with_columns(
        pl.when(is_changed).then(times(name, factor)).otherwise(name).alias(name)
        for name in ("amount", "scope_amount")
    )


def _by_units(lines: pl.DataFrame) -> pl.DataFrame:
    by_units = big("amount") * big("scaled_units") // UNITS_SCALE
    return lines.with_columns(
        amount=pl.when("has_units").then("amount").otherwise(by_units),
        has_units=pl.lit(value=True),
    )


def _by_rank(lines: pl.DataFrame, terms: Mapping[int, Terms]) -> pl.DataFrame:
    found = later_procedures(lines.filter(~pl.col("is_fixed")).select(NEEDED), terms)
    if found.is_empty():
        return lines
    found = found.rename({"has_units": "has_all_units"})
    joined = lines.drop("later_rank", "later_words").join(
        found, on="row", how="left", maintain_order="left"
    )
    return joined.with_columns(
        amount=pl.coalesce("later_amount", "amount"),
        flags=pl.col("flags") | pl.col("later_flags").fill_null(0),
        confidence=pl.min_horizontal("confidence", "later_confidence"),
        later_words=pl.col("later_words").fill_null(""),
        has_units=pl.coalesce("has_all_units", "has_units"),
    ).drop("later_amount", "later_flags", "later_confidence", "has_all_units")


def _lesser(lines: pl.DataFrame) -> pl.DataFrame:
    """Limit to the charge of the line, or the claim to the sum of its charges."""
    lines = _below_contract(lines)
    charge = big("charge_cents") * CENT
    is_open = ~pl.col("is_fixed") & pl.col("amount").is_not_null()
    by_line = (pl.col("lesser_of") == "line") & (pl.col("amount") > charge)
    is_limited = by_line
    if lines.select((pl.col("lesser_of") == "claim").any()).item():
        total = pl.when(is_open).then("amount").sum().over("claim_id")
        charged = pl.when(is_open).then(charge).sum().over("claim_id")
        is_limited |= (pl.col("lesser_of") == "claim") & (total > charged)
    is_limited &= is_open
    return lines.with_columns(
        amount=pl.when(is_limited).then(charge).otherwise("amount"),
        flags=pl.col("flags") | pl.when(is_limited).then(flag_bit("LESSER_OF")).otherwise(0),
    )


def _below_contract(lines: pl.DataFrame) -> pl.DataFrame:
    is_below = ~pl.col("is_fixed") & (pl.col("amount") > big("charge_cents") * CENT)
    below = pl.when(is_below).then(flag_bit("CHARGE_BELOW_CONTRACT")).otherwise(0)
    return lines.with_columns(flags=pl.col("flags") | below)


def _answer(lines: pl.DataFrame) -> pl.DataFrame:
    flags = _flag_names(lines)
    is_priced = pl.col("amount").is_not_null()
    confidence = pl.min_horizontal("confidence", "factor_confidence")
    named = pl.when(is_priced).then(confidence).otherwise(NONE)
    term = pl.concat_str(
        "term",
        pl.when((pl.col("factor_term") != "") & ~pl.col("is_fixed")).then("factor_term"),
        pl.when(pl.col("later_words") != "").then("later_words"),
        separator="; ",
        ignore_nulls=True,
    )
    return (
        lines.join(flags, on="flags", how="left", maintain_order="left")
        .with_columns(
            expected_cents=cents("amount"),
            term=pl.when(is_priced).then(term).otherwise("term"),
            rank="later_rank",
            confidence=named.replace_strict(_CONFIDENCE_NAMES, return_dtype=pl.String),
            flags="flag_names",
        )
        .select(pl.col(name).cast(dtype) for name, dtype in PRICED.items())
    )


def _flag_names(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the words of each combination of flags that occurs."""
    found = lines["flags"].unique().to_list()
    rows = [
        (mask, ":".join(name for bit, name in enumerate(FLAG_BITS) if mask & (1 << bit)))
        for mask in found
    ]
    names = pl.DataFrame(rows, schema={"flags": pl.Int64, "flag_names": pl.String}, orient="row")
    return names.cast({"flags": lines.schema["flags"]})
