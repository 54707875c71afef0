"""Second and later procedures of a claim and day (DOMAIN 6.3): what they are paid less.

Surgery: ranked by amount, each rank its factor. Scopes of one family: the highest in full, of the
others what exceeds the base scope; the family then ranks as one. Imaging and its like: technical
and professional parts are ranked apart. Therapy: practice expense of all units but the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import polars as pl

from sanderling.core.contracts.amounts import big, times
from sanderling.core.contracts.base_prices import FACTOR_SCALE, HIGH, LOW, MEDIUM
from sanderling.core.contracts.code_rules import (
    CARDIOLOGY,
    IMAGING,
    OPHTHALMOLOGY,
    SURGERY,
    THERAPY,
)
from sanderling.core.contracts.keys import UNITS_SCALE
from sanderling.core.contracts.line_factors import flag_bit
from sanderling.core.contracts.terms import SURGERY_STEPS, ComponentReduction, Terms, Therapy

NEEDED: Final = (
    "row", "claim_id", "service_date", "contract_id", "amount", "scope_amount", "scope_base",
    "later_class", "is_exempt", "is_marked", "professional_share", "practice_share",
    "scaled_units", "has_units",
)  # fmt: skip
_DAY: Final = ("claim_id", "service_date")
_REDUCED: Final = flag_bit("MULTIPLE_PROCEDURE")
_BY_MEDICARE: Final = flag_bit("MEDICARE_DEFAULT")
_UNKNOWN: Final = flag_bit("NOT_STATED")

# What changes in a line: its row, the new amount, and why.
_SCHEMA: Final = {
    "row": pl.UInt32,
    "later_amount": pl.Int128,
    "later_rank": pl.Int64,
    "later_flags": pl.Int64,
    "later_confidence": pl.Int8,
    "later_words": pl.String,
    "has_units": pl.Boolean,  # the amount now is for all units
}
_COMPONENT_DEFAULTS: Final = {
    IMAGING: ComponentReduction(technical=Decimal("0.5"), professional=Decimal("0.95")),
    CARDIOLOGY: ComponentReduction(technical=Decimal("0.75")),
    OPHTHALMOLOGY: ComponentReduction(technical=Decimal("0.8")),
}


def later_procedures(lines: pl.DataFrame, terms: Mapping[int, Terms]) -> pl.DataFrame:
    """Return the lines that are reduced or ranked (_SCHEMA).

    `lines`: NEEDED, in their order; `is_marked`: modifier 51.
    """
    lines = _only_with_others(lines)
    if lines.is_empty():
        return pl.DataFrame(schema=_SCHEMA)
    scoped = _scopes(lines)
    parts = [
        _surgery(scoped, terms),
        *(_components(lines, terms, name) for name in _COMPONENT_DEFAULTS),
        _therapy(lines, terms),
    ]
    return pl.concat([part.select(_cast()) for part in parts])


def _cast() -> list[pl.Expr]:
    return [pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items()]


def _only_with_others(lines: pl.DataFrame) -> pl.DataFrame:
    """Keep lines that a rule may touch, on days with more than one of them (or more units)."""
    is_touched = (
        (pl.col("later_class") != "") | (pl.col("scope_base") != "") | pl.col("is_marked")
    ) & ~pl.col("is_exempt")
    touched = lines.filter(is_touched, pl.col("amount").is_not_null())
    is_alone = pl.len().over(_DAY) == 1
    is_kept = (
        ~is_alone
        | pl.col("is_marked")
        | ((pl.col("later_class") == THERAPY) & (pl.col("scaled_units") > UNITS_SCALE))
    )
    return touched.filter(is_kept)


def _scopes(lines: pl.DataFrame) -> pl.DataFrame:
    """Add what remains of each scope of a family, and the family as one entity to rank."""
    family = (*_DAY, "scope_base")
    is_scope = pl.col("scope_base") != ""
    place = _place("amount").over(family)
    is_later = is_scope & (place > 1)
    base = pl.col("scope_amount")
    above = pl.max_horizontal(big("amount") - base, big(0))
    half = times("amount", pl.lit(FACTOR_SCALE // 2))
    return lines.with_columns(
        scope_left=pl.when(is_later & base.is_not_null())
        .then(above)
        .when(is_later)
        .then(half)
        .otherwise(big("amount")),
        is_later_scope=is_later,
        entity=pl.when(is_scope).then(pl.col("row").min().over(family)).otherwise(pl.col("row")),
    )


def _place(amount: str) -> pl.Expr:
    """Return the place by amount, highest first; lines stand in their order, which breaks ties."""
    return pl.col(amount).rank("ordinal", descending=True).cast(pl.Int64)


def _surgery(lines: pl.DataFrame, terms: Mapping[int, Terms]) -> pl.DataFrame:
    """Return surgery and scopes: ranked, with the factor of the rank."""
    is_surgery = (pl.col("later_class") == SURGERY) | pl.col("is_marked")
    ranked = lines.filter(is_surgery)
    entities = (
        ranked.group_by(*_DAY, "contract_id", "entity")
        .agg(total=pl.col("scope_left").sum(), is_marked=pl.col("is_marked").all())
        .sort("entity")
        .with_columns(
            # A code that only modifier 51 shows to be secondary comes after the first.
            known=(~pl.col("is_marked")).any().over(_DAY),
        )
        .with_columns(rank=_place("total").over(_DAY) + (~pl.col("known")).cast(pl.Int64))
    )
    steps = _surgery_steps(terms)
    entities = (
        entities.join(steps.group_by("contract_id").agg(last=pl.col("step").max()), "contract_id")
        .with_columns(step=pl.min_horizontal("rank", "last"))
        .join(steps, on=["contract_id", "step"])
        .select(*_DAY, "entity", "rank", "factor", "default_flags", "factor_words")
    )
    found = lines.join(entities, on=[*_DAY, "entity"], how="left").filter(
        pl.col("rank").is_not_null() | pl.col("is_later_scope")
    )
    factor = pl.col("factor").fill_null(FACTOR_SCALE)
    is_reduced = (factor != FACTOR_SCALE) | pl.col("is_later_scope")
    is_doubtful = pl.col("is_later_scope") & pl.col("scope_amount").is_null()
    default_flags = pl.when(factor != FACTOR_SCALE).then("default_flags").otherwise(0).fill_null(0)
    scope_words = (
        pl.when(is_doubtful)
        .then(pl.lit("later scope of the family at 0.5"))
        .otherwise(pl.lit("later scope of the family: what exceeds the base scope"))
    )
    rank_words = pl.when(factor != FACTOR_SCALE).then(
        pl.format("procedure {} of the day at {}", "rank", "factor_words")
    )
    return found.with_columns(
        later_amount=times("scope_left", factor),
        later_rank=pl.col("rank"),
        later_flags=default_flags
        | pl.when(is_reduced).then(pl.lit(_REDUCED)).otherwise(0)
        | pl.when(is_doubtful).then(pl.lit(_UNKNOWN)).otherwise(0),
        later_confidence=pl.when(is_doubtful)
        .then(LOW)
        .when(default_flags != 0)
        .then(MEDIUM)
        .otherwise(HIGH),
        later_words=pl.concat_str(
            pl.when("is_later_scope").then(scope_words), rank_words, separator=", ",
            ignore_nulls=True,
        ),
    )  # fmt: skip


def _surgery_steps(terms: Mapping[int, Terms]) -> pl.DataFrame:
    rows = []
    for contract_id, said in terms.items():
        rule = said.multiple_procedure
        flags = 0 if rule else _BY_MEDICARE
        for rank, factor in enumerate(rule.steps if rule else SURGERY_STEPS, 1):
            rows.append((contract_id, rank, _scaled(factor), flags, _plain(factor)))
    schema = {
        "contract_id": pl.Int64, "step": pl.Int64, "factor": pl.Int64, "default_flags": pl.Int64,
        "factor_words": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _components(lines: pl.DataFrame, terms: Mapping[int, Terms], name: str) -> pl.DataFrame:
    """Return the lines of one class of imaging, their technical and professional part reduced."""
    default = _COMPONENT_DEFAULTS[name]
    stated = {contract_id: getattr(said, name) for contract_id, said in terms.items()}
    factors = pl.DataFrame(
        [
            (
                contract_id,
                _scaled((rule or default).technical),
                _scaled((rule or default).professional),
                0 if rule else _BY_MEDICARE,
            )
            for contract_id, rule in stated.items()
        ],
        schema={
            "contract_id": pl.Int64, "technical": pl.Int64, "professional": pl.Int64,
            "default_flags": pl.Int64,
        },
        orient="row",
    )  # fmt: skip
    share = pl.col("professional_share")
    parts = (
        lines.filter(pl.col("later_class") == name)
        .join(factors, on="contract_id", maintain_order="left")
        .with_columns(pro=times("amount", share.fill_null(0)))
        .with_columns(tech=big("amount") - pl.col("pro"))
        .with_columns(
            tech_rank=_place("tech").over(_DAY),
            pro_rank=_place("pro").over(_DAY),
        )
    )
    has_tech, has_pro = pl.col("tech") > 0, pl.col("pro") > 0
    tech_factor = _from_second("tech_rank", "technical")
    pro_factor = _from_second("pro_rank", "professional")
    is_unknown = share.is_null() & (tech_factor != FACTOR_SCALE)
    reduced = times("tech", tech_factor) + times("pro", pro_factor)
    is_reduced = (reduced != pl.col("amount")) & ~is_unknown
    rank = pl.when(has_tech).then("tech_rank").when(has_pro).then("pro_rank")
    return parts.with_columns(
        later_amount=pl.when(is_unknown).then(big("amount")).otherwise(reduced),
        later_rank=rank,
        later_flags=pl.when(is_reduced).then(_REDUCED | pl.col("default_flags")).otherwise(0)
        | pl.when(is_unknown).then(pl.lit(_UNKNOWN)).otherwise(0),
        later_confidence=pl.when(is_unknown)
        .then(LOW)
        .when(is_reduced & (pl.col("default_flags") != 0))
        .then(MEDIUM)
        .otherwise(HIGH),
        later_words=pl.when(is_reduced)
        .then(pl.format("{} service {} of the day, parts reduced", pl.lit(name), rank))
        .otherwise(pl.lit("")),
    )


def _from_second(rank: str, factor: str) -> pl.Expr:
    return pl.when(pl.col(rank) > 1).then(pl.col(factor)).otherwise(FACTOR_SCALE)


def _therapy(lines: pl.DataFrame, terms: Mapping[int, Terms]) -> pl.DataFrame:
    """Return therapy for all its units, practice expense of all but the first unit reduced."""
    rules = {contract_id: said.therapy or Therapy() for contract_id, said in terms.items()}
    factors = pl.DataFrame(
        [
            (contract_id, _scaled(1 - rule.practice_expense_factor))
            for contract_id, rule in rules.items()
        ],
        schema={"contract_id": pl.Int64, "cut": pl.Int64},
        orient="row",
    )
    share, units = pl.col("practice_share"), big("scaled_units")
    total = pl.when("has_units").then(big("amount")).otherwise(big("amount") * units // UNITS_SCALE)
    found = (
        lines.filter(pl.col("later_class") == THERAPY)
        .join(factors, on="contract_id", maintain_order="left")
        .with_columns(total=total)
        .with_columns(expense=times("total", share.fill_null(0)))
        .with_columns(by_unit=pl.col("expense") * UNITS_SCALE // units)
        .with_columns(rank=_place("by_unit").over(_DAY))
    )
    is_first = pl.col("rank") == 1
    later_units = pl.when(is_first).then(units - UNITS_SCALE).otherwise(units)
    cut = times("expense", "cut") * pl.max_horizontal(later_units, big(0)) // units
    is_unknown = share.is_null() & (later_units > 0)
    is_reduced = cut > 0
    return found.with_columns(
        later_amount=pl.col("total") - cut,
        later_rank=pl.col("rank"),
        later_flags=pl.when(is_reduced).then(pl.lit(_REDUCED)).otherwise(0)
        | pl.when(is_unknown).then(pl.lit(_UNKNOWN)).otherwise(0),
        later_confidence=pl.when(is_unknown).then(LOW).otherwise(HIGH),
        later_words=pl.when(is_reduced)
        .then(pl.lit("practice expense of later therapy units reduced"))
        .otherwise(pl.lit("")),
        has_units=pl.lit(value=True),
    )


def _scaled(factor: Decimal) -> int:
    return int(factor * FACTOR_SCALE)


def _plain(factor: Decimal) -> str:
    text = f"{factor:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
