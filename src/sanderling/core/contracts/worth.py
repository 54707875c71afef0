"""What contracts are worth: yield against a reference, with what it costs to be paid (DOMAIN 9.13).

The reference of a line is a schedule such as Medicare's where one is given and prices the line,
else the client's own average for a unit of the code, over all its payers, weighted by volume (for
hospital lines without a code: of a charged dollar). A payer that alone pays for a code is at 100 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import polars as pl

GROUPS: Final = {
    "evaluation": "Visits (E/M)",
    "procedure": "Procedures",
    "imaging": "Imaging",
    "laboratory": "Laboratory",
    "drug": "Drugs",
    "other": "Other",
}
DAYS_OF_YEAR: Final = 365

# One remittance line that stands, of the first payer.
WORTH: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = {
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "procedure": pl.String,
    "modifiers": pl.String,
    "revenue_code": pl.String,
    "units": pl.Float64,
    "charge_cents": pl.Int64,
    "allowed_cents": pl.Int64,  # what the payer allowed; 0 where it refused
    "paid_cents": pl.Int64,
    "is_denied": pl.Boolean,
    "days": pl.Int64,  # from sent to paid; null: not known
    "schedule_cents": pl.Int64,  # by the reference schedule; null: none
}


@dataclass(frozen=True, slots=True)
class Costs:
    """What waiting and working cost; the caller's own figures."""

    money_rate: Decimal  # a year
    touch_cents: int


def code_group(procedure: str) -> pl.Expr:
    """Return the key of GROUPS of each code of a column."""
    code = pl.col(procedure)
    is_number = code.str.contains(r"^\d{4}[0-9A-Z]$")
    visits = (code >= "99202") & (code <= "99499")
    return (
        pl.when(code.str.contains(r"^(J|Q)\d{4}$"))
        .then(pl.lit("drug"))
        .when(is_number & visits)
        .then(pl.lit("evaluation"))
        .when(is_number & (code >= "10004") & (code <= "69990"))
        .then(pl.lit("procedure"))
        .when(is_number & (code >= "70010") & (code <= "79999"))
        .then(pl.lit("imaging"))
        .when(is_number & (code >= "80047") & (code <= "89398"))
        .then(pl.lit("laboratory"))
        .otherwise(pl.lit("other"))
    )


def with_reference(lines: pl.DataFrame) -> pl.DataFrame:
    """Add `reference_cents` and `group` to lines (WORTH)."""
    same = ("client_id", "procedure", "modifiers", "revenue_code")
    is_paid = ~pl.col("is_denied")
    # Lines without a procedure are of hospitals: days, drugs and rooms compare by their charge.
    size = pl.when(pl.col("procedure") == "").then("charge_cents").otherwise("units")
    own = pl.col("allowed_cents").filter(is_paid).sum().over(same) / size.filter(
        is_paid
    ).sum().over(same)
    average = (own * size).round().cast(pl.Int64, strict=False)
    return lines.with_columns(
        group=code_group("procedure"),
        reference_cents=pl.coalesce("schedule_cents", pl.when(own.is_finite()).then(average)),
        is_by_schedule=pl.col("schedule_cents").is_not_null(),
    )


def yields(
    lines: pl.DataFrame,
    touches: pl.DataFrame,
    leakage: pl.DataFrame,
    costs: Costs,
    by: tuple[str, ...],
) -> pl.DataFrame:
    """Return one row for each value of `by`, the most allowed first.

    Columns, cents: charge, allowed and reference (of lines paid that have a reference), denied
    (charges that stand refused), denied_reference (what these would have brought), delay (paid by
    days by the cost of money), touch, leakage (paid short of contracts), and rates: `yield`,
    `net_yield` = (allowed - delay - touch) / (reference + denied_reference).

    Args:
        lines: from `with_reference`.
        touches: the columns of `by` and `touches`; may lack some of `by`, then it counts nowhere.
        leakage: the columns of `by` and `leakage_cents`, likewise.
        costs: what waiting and working cost.
        by: columns to group by.
    """
    is_paid = ~pl.col("is_denied")
    has_reference = is_paid & pl.col("reference_cents").is_not_null()
    cost = pl.col("paid_cents") * pl.col("days") * float(costs.money_rate) / DAYS_OF_YEAR
    found = lines.group_by(by).agg(
        lines=pl.len(),
        paid_lines=is_paid.sum(),
        denied_lines=pl.col("is_denied").sum(),
        charge_cents=pl.col("charge_cents").sum(),
        paid_charge_cents=pl.col("charge_cents").filter(is_paid).sum(),
        allowed_cents=pl.col("allowed_cents").filter(is_paid).sum(),
        compared_lines=has_reference.sum(),
        scheduled_lines=(has_reference & pl.col("is_by_schedule")).sum(),
        compared_cents=pl.col("allowed_cents").filter(has_reference).sum(),
        reference_cents=pl.col("reference_cents").filter(has_reference).sum(),
        denied_cents=pl.col("charge_cents").filter("is_denied").sum(),
        denied_reference_cents=pl.col("reference_cents").filter("is_denied").sum(),
        days=pl.col("days").filter(is_paid).mean(),
        delay_cents=cost.filter(is_paid).sum().round().cast(pl.Int64),
    )
    found = _joined(_joined(found, touches, by, "touches"), leakage, by, "leakage_cents")
    touch = pl.col("touches") * costs.touch_cents
    net = pl.col("compared_cents") - pl.col("delay_cents") - touch
    whole = pl.col("reference_cents") + pl.col("denied_reference_cents")
    return found.with_columns(
        touch_cents=touch,
        yield_rate=pl.when(pl.col("reference_cents") > 0).then(
            pl.col("compared_cents") / pl.col("reference_cents")
        ),
        net_cents=net,
        net_yield_rate=pl.when(whole > 0).then(net / whole),
        charge_rate=pl.when(pl.col("paid_charge_cents") > 0).then(
            pl.col("allowed_cents") / pl.col("paid_charge_cents")
        ),
    ).sort("allowed_cents", *by, descending=[True] + [False] * len(by))


def _joined(
    found: pl.DataFrame, more: pl.DataFrame, by: tuple[str, ...], column: str
) -> pl.DataFrame:
    if not set(by) <= set(more.columns):
        return found.with_columns(pl.lit(0, pl.Int64).alias(column))
    added = more.group_by(by).agg(pl.col(column).sum().cast(pl.Int64))
    return found.join(added, on=by, how="left", nulls_equal=True).with_columns(
        pl.col(column).fill_null(0)
    )


def changed_cents(cents: int, percent: Decimal) -> int:
    """Return an amount changed by a percentage (5 is 5 % more), rounded half up."""
    changed = cents * (1 + percent / 100)
    return int(changed.quantize(Decimal(1), rounding=ROUND_HALF_UP))
