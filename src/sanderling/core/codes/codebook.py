"""Adjustments explained in bulk: category, next action, team, with overrides of payers and clients.

Hundreds of thousands of claims share a few hundred combinations of group, reason, nature and
remarks: each combination is explained once (`meaning`) and joined back. Source: DOMAIN 3.2 to 3.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import polars as pl

from sanderling.core.codes.carc import carcs, natures, retired
from sanderling.core.codes.meaning import Meaning, meaning_of
from sanderling.core.codes.names import (
    CATEGORY_OF_SUBCATEGORY,
    SUBCATEGORY_PRIORITY,
    Nature,
    subcategory_of,
)

# What a person decided that codes mean for a payer or a client. Null: any, or not overridden. A
# rule is about adjustments (reason, remark or both) or about claim statuses (status).
# `valid_from` and `valid_to` are days on which the remittance was received; the latter is the last.
RULES: Final = {
    "rule_id": pl.Int64,
    "payer_type": pl.String,
    "payer_id": pl.Int64,
    "client_id": pl.Int64,
    "group_code": pl.String,
    "reason_code": pl.String,
    "remark_code": pl.String,
    "status_code": pl.String,
    "category": pl.String,
    "nature": pl.String,
    "next_action": pl.String,
    "team": pl.String,
    "preventable": pl.String,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
}
SCOPE: Final = ("payer_id", "payer_type", "client_id")
OVERRIDDEN: Final = ("category", "nature", "next_action", "team", "preventable")

EXPLANATION: Final = {
    "category": pl.String,
    "subcategory": pl.String,
    "next_action": pl.String,
    "action_chain": pl.String,
    "team": pl.String,
    "preventable": pl.String,
    "recover_rate": pl.Float64,
    "remark_code": pl.String,
    "is_unknown": pl.Boolean,
    "is_unprocessable": pl.Boolean,
    "is_appeal_blocked": pl.Boolean,
    "is_resubmission_blocked": pl.Boolean,
}
_COMBINATION: Final = ("group_code", "reason_code", "nature", "claim_remarks", "line_remarks")


@dataclass(frozen=True, slots=True)
class CodeBook:
    """The tables as frames, and the overrides in force (columns RULES)."""

    reasons: pl.DataFrame  # reason_code, title, subcategory, action_chain, team, is_retired, ...
    natures: pl.DataFrame  # group_code, reason_code, nature
    rules: pl.DataFrame
    primary_reason_priority: pl.DataFrame  # subcategory, rank (1 first)


@cache
def default_book() -> CodeBook:
    """Return the book of our tables alone."""
    present = [
        (row.code, row.title, row.category, row.action, row.team, row.preventable, False)
        for row in carcs().values()
    ]
    gone = [(code, title, "", "", "", "", True) for code, (title, _) in retired().items()]
    schema = ["reason_code", "title", "subcategory", "action_chain", "team", "preventable"]
    return CodeBook(
        reasons=pl.DataFrame([*present, *gone], schema=[*schema, "is_retired"], orient="row"),
        natures=natures().drop("category"),
        rules=pl.DataFrame(schema=RULES),
        primary_reason_priority=pl.DataFrame(
            {
                "subcategory": SUBCATEGORY_PRIORITY,
                "rank": range(1, len(SUBCATEGORY_PRIORITY) + 1),
            },
            schema={"subcategory": pl.String, "rank": pl.Int64},
        ),
    )


def book_with(rules: pl.DataFrame) -> CodeBook:
    """Return the default book with overrides; `rules` has the columns of RULES.

    The most specific rule in force wins: payer before client before payer type, then the one that
    names a reason, then a remark, then a group, then the latest (highest rule_id).
    """
    book = default_book()
    return CodeBook(
        reasons=book.reasons,
        natures=book.natures,
        rules=rules.select(pl.col(name).cast(kind) for name, kind in RULES.items()),
        primary_reason_priority=book.primary_reason_priority,
    )


def explain(adjustments: pl.DataFrame, remarks: pl.DataFrame, book: CodeBook) -> pl.DataFrame:
    """Return `adjustments` in their order with what each means.

    `adjustments`: payment_id, line_index, group_code, reason_code, payer_id, payer_type, client_id,
    received_date and, when posting has judged the amounts already, nature. `remarks`: payment_id,
    line_index (0: the claim's, for all its lines), code, in the order of the remittance. Adds the
    columns of EXPLANATION, `nature`, `rule_id` (the override used or null) and
    `is_patient_liable`; a `category` that was there (the finer one of posting) is replaced.
    `next_action` is empty where posting is all there is to do.
    """
    rows = adjustments.drop("category", strict=False)
    if "nature" not in rows.columns:
        rows = rows.join(
            book.natures, on=["group_code", "reason_code"], how="left", maintain_order="left"
        )
    rows = _with_remarks(rows, remarks).with_columns(
        pl.col("nature").fill_null(Nature.BY_AMOUNT.value)
    )
    rows = _with_rules(rows, book.rules)
    explained = rows.join(
        _meanings(rows), on=list(_COMBINATION), how="left", nulls_equal=True, maintain_order="left"
    )
    return _overridden(explained).drop("claim_remarks", "line_remarks")


def _with_remarks(rows: pl.DataFrame, remarks: pl.DataFrame) -> pl.DataFrame:
    """Add claim_remarks and line_remarks: codes joined by spaces, null where there are none."""
    # Categorical: few distinct lists, and the joins below compare numbers.
    together = pl.col("code").str.join(" ").cast(pl.Categorical)
    is_claims = pl.col("line_index") == 0
    of_claims = remarks.filter(is_claims).group_by("payment_id").agg(claim_remarks=together)
    of_lines = (
        remarks.filter(~is_claims).group_by("payment_id", "line_index").agg(line_remarks=together)
    )
    return rows.join(of_claims, on="payment_id", how="left", maintain_order="left").join(
        of_lines, on=["payment_id", "line_index"], how="left", maintain_order="left"
    )


def _meanings(rows: pl.DataFrame) -> pl.DataFrame:
    combinations = rows.select(_COMBINATION).unique()
    answers = [
        _answer(meaning_of(group, reason, nature, tuple(f"{line or ''} {claim or ''}".split())))
        for group, reason, nature, claim, line in combinations.iter_rows()
    ]
    return combinations.hstack(pl.DataFrame(answers, schema=EXPLANATION, orient="row"))


def _answer(meaning: Meaning) -> tuple[str | float | bool, ...]:
    return (
        CATEGORY_OF_SUBCATEGORY[meaning.subcategory].value,
        meaning.subcategory,
        meaning.next_action,
        meaning.chain,
        meaning.team,
        meaning.preventable,
        meaning.recover_rate,
        meaning.remark,
        meaning.is_unknown,
        meaning.is_unprocessable,
        meaning.is_appeal_blocked,
        meaning.is_resubmission_blocked,
    )


def _with_rules(rows: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Add rule_id and what the rule sets (rule_category, ...); an overridden nature replaces."""
    of_adjustments = rules.filter(pl.col("status_code").is_null())
    if of_adjustments.is_empty():
        return rows.with_columns(no_rule())
    remarks = (pl.col("claim_remarks"), pl.col("line_remarks"))
    codes = pl.concat_str(
        pl.lit(" "), *(text.cast(pl.String).fill_null("") for text in remarks), pl.lit(" "),
        separator=" ",
    )  # fmt: skip
    wanted = pl.concat_str(pl.lit(" "), pl.col("remark_code"), pl.lit(" "))
    named = pl.col("remark_code").is_null() | codes.str.contains(wanted, literal=True)
    keys = ["group_code", "reason_code", *SCOPE, "received_date", "claim_remarks", "line_remarks"]
    joined = rows.join(
        chosen_rules(rows.select(keys), of_adjustments, on="reason_code", also=named),
        on=keys,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    return joined.with_columns(nature=pl.coalesce("rule_nature", "nature"))


def no_rule() -> list[pl.Expr]:
    """Return rule_id and what a rule sets, all null."""
    nothing = [pl.lit(None, pl.String).alias(f"rule_{name}") for name in OVERRIDDEN]
    return [pl.lit(None, pl.Int64).alias("rule_id"), *nothing]


def chosen_rules(
    cases: pl.DataFrame, rules: pl.DataFrame, *, on: str, also: pl.Expr
) -> pl.DataFrame:
    """Return the distinct `cases` that a rule is for, with rule_id and what the rule sets.

    `on`: the code column that rules and cases share; a rule that has none there is for all codes.
    `also`: what must hold besides scope and days.
    """
    keys = cases.columns
    of_code = rules.filter(pl.col(on).is_not_null())
    of_any = rules.filter(pl.col(on).is_null()).rename({on: f"{on}_of_rule"})
    distinct = cases.unique() if of_any.height else cases.join(of_code, on=on, how="semi").unique()
    pairs = [distinct.join(of_code, on=on, suffix="_of_rule")]
    if of_any.height:
        kept = of_any.drop(f"{on}_of_rule").rename(
            {name: f"{name}_of_rule" for name in keys if name in of_any.columns}
        )
        pairs.append(distinct.join(kept, how="cross").select(pairs[0].columns))
    set_by_rule = {f"rule_{name}": pl.col(name) for name in OVERRIDDEN}
    return (
        pl.concat([pair.with_columns(is_of_code=pl.lit(at == 0)) for at, pair in enumerate(pairs)])
        .filter(_in_scope(keys) & also)
        .sort(_specificity(keys), "rule_id", descending=True)
        .unique(subset=keys, keep="first", maintain_order=True)
        .select(*keys, "rule_id", **set_by_rule)
    )


def _in_scope(keys: list[str]) -> pl.Expr:
    def same(name: str) -> pl.Expr:
        wanted = pl.col(f"{name}_of_rule")
        return wanted.is_null() | (wanted == pl.col(name)).fill_null(value=False)

    day = pl.col("received_date")
    return pl.all_horizontal(
        *(same(name) for name in (*SCOPE, "group_code") if name in keys),
        pl.col("valid_from").is_null() | (day >= pl.col("valid_from")),
        pl.col("valid_to").is_null() | (day <= pl.col("valid_to")),
    )


def _specificity(keys: list[str]) -> pl.Expr:
    weights = {
        "payer_id_of_rule": 32,
        "client_id_of_rule": 16,
        "payer_type_of_rule": 8,
        "remark_code": 2,
        "group_code_of_rule": 1,
    }
    named = [
        pl.col(name).is_not_null().cast(pl.Int64) * weight
        for name, weight in weights.items()
        if name != "group_code_of_rule" or "group_code" in keys
    ]
    return pl.sum_horizontal(*named, pl.col("is_of_code").cast(pl.Int64) * 4)


def _overridden(explained: pl.DataFrame) -> pl.DataFrame:
    """Put what the rules say in place of the tables' answers."""
    stands_for = {name: subcategory_of(name) for name in set(CATEGORY_OF_SUBCATEGORY.values())}
    is_moved = pl.col("rule_category").is_not_null() & (
        pl.col("rule_category") != pl.col("category")
    )
    return explained.with_columns(
        subcategory=pl.when(is_moved)
        .then(pl.col("rule_category").replace(stands_for))
        .otherwise(pl.col("subcategory")),
        category=pl.coalesce("rule_category", "category"),
        next_action=pl.coalesce("rule_next_action", "next_action"),
        team=pl.coalesce("rule_team", "team"),
        preventable=pl.coalesce("rule_preventable", "preventable"),
        # A code whose meaning a person has told is no longer unknown.
        is_unknown=pl.col("is_unknown") & pl.col("rule_id").is_null(),
        is_patient_liable=(pl.col("group_code") == "PR")
        & (pl.col("nature") == Nature.DENIAL.value),
    ).drop(f"rule_{name}" for name in OVERRIDDEN)
