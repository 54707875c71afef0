"""What each adjustment of a remittance does to the balance: write it down, pass it on, or nothing.

A payer's normal reduction (contractual, sequestration, withheld, incentive) is written down; the
patient's share passes to the next party; a denial, a pend, information and anything unknown leaves
the money where it is, with the payer, for a person to work. Nothing is written off by itself that a
payer merely refused.

Source: DOMAIN 1.3 (posting table), 3.1 to 3.3.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.core.codes.carc import (
    ADD_BACK,
    COST_SHARE,
    REVIEWED_CATEGORIES,
    categories,
    natures,
)

WRITE_DOWN: Final = "write_down"
PASS_ON: Final = "pass_on"  # noqa: S105  (no password)
TO_PATIENT: Final = "to_patient"
NOTHING: Final = "nothing"

PAID_TO_PATIENT: Final = "100"
FULL_CHARGE_FORBIDDEN: Final = "45"  # CARC 45 never equals the full charge (DOMAIN 3.1)
WIPES_OUT_RATIO: Final = (9, 10)  # an X adjustment of at least 0.9 of the charge is a denial


def adjustment_effects(adjustments: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Return `adjustments` with `nature`, `category` and `effect`.

    `lines`: payment_id, line_index, charge_cents, paid_cents, one row per service payment and one
    per claim payment (line_index 0). Natures: N, D, P, I, W as in the code table, R a reduction for
    a person to review, U an unknown code.
    """
    looked_up = (
        adjustments.with_columns(
            lookup_group=pl.col("group_code").replace("CR", "CO"),  # CR: the 4010 correction group
        )
        .join(
            natures().drop("category"),
            left_on=["lookup_group", "reason_code"],
            right_on=["group_code", "reason_code"],
            how="left",
        )
        .join(categories(), on="reason_code", how="left")
        .join(_allowed(adjustments, lines), on=["payment_id", "line_index"], how="left")
    )
    return (
        looked_up.with_columns(nature=_nature())
        .with_columns(effect=_effect())
        .drop("lookup_group", "is_known")
    )


def _allowed(adjustments: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Return line_charge_cents, line_paid_cents, line_allowed_cents per service payment."""
    is_share = (pl.col("group_code") == "PR") & pl.col("reason_code").is_in(sorted(COST_SHARE))
    is_added_back = (pl.col("group_code") == "CO") & pl.col("reason_code").is_in(sorted(ADD_BACK))
    inside = (
        adjustments.filter(is_share | is_added_back)
        .group_by("payment_id", "line_index")
        .agg(inside_cents=pl.col("amount_cents").sum())
    )
    return lines.join(inside, on=["payment_id", "line_index"], how="left").select(
        "payment_id",
        "line_index",
        pl.col("charge_cents").alias("line_charge_cents"),
        pl.col("paid_cents").alias("line_paid_cents"),
        (pl.col("paid_cents") + pl.col("inside_cents").fill_null(0)).alias("line_allowed_cents"),
    )


def _nature() -> pl.Expr:
    nothing_allowed = (pl.col("line_paid_cents") == 0) & (pl.col("line_allowed_cents") == 0)
    times, of = WIPES_OUT_RATIO
    wipes_out = pl.col("amount_cents").abs() * of >= pl.col("line_charge_cents").abs() * times
    is_full_45 = (
        (pl.col("reason_code") == FULL_CHARGE_FORBIDDEN)
        & (pl.col("amount_cents") == pl.col("line_charge_cents"))
        & (pl.col("line_paid_cents") == 0)
        & (pl.col("amount_cents") > 0)
    )
    depends = (
        pl.when(nothing_allowed & wipes_out)
        .then(pl.lit("D"))
        .when(pl.col("category").is_in(sorted(REVIEWED_CATEGORIES)))
        .then(pl.lit("R"))
        .otherwise(pl.lit("N"))
    )
    is_unknown = pl.col("is_known").is_null()
    return (
        pl.when(is_full_45)
        .then(pl.lit("D"))
        .when(is_unknown & ~(nothing_allowed & wipes_out))
        .then(pl.lit("U"))
        .when(pl.col("nature").is_null() | (pl.col("nature") == "X"))
        .then(depends)
        .otherwise(pl.col("nature"))
    )


def _effect() -> pl.Expr:
    is_share = (pl.col("group_code") == "PR") & pl.col("reason_code").is_in(sorted(COST_SHARE))
    # PI is never written down by itself; OA only where the table lists it as a normal reduction.
    # What was paid to the patient instead of us (CARC 100) is owed by the patient, never given up.
    writes_down = (
        (pl.col("nature") == "N")
        & (pl.col("reason_code") != PAID_TO_PATIENT)
        & (
            pl.col("group_code").is_in(["CO", "CR"])
            | ((pl.col("group_code") == "OA") & pl.col("reason_code").is_in(_listed_oa()))
        )
    )
    return (
        pl.when((pl.col("nature") == "P") & (pl.col("reason_code") == PAID_TO_PATIENT))
        .then(pl.lit(TO_PATIENT))
        .when((pl.col("nature") == "P") & is_share)
        .then(pl.lit(PASS_ON))
        .when(writes_down)
        .then(pl.lit(WRITE_DOWN))
        .otherwise(pl.lit(NOTHING))
    )


def _listed_oa() -> list[str]:
    table = natures()
    listed = table.filter((pl.col("group_code") == "OA") & (pl.col("nature") == "N"))
    return sorted(listed["reason_code"].to_list())
