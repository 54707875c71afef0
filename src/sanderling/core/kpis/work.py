"""What people do and what comes of it: K30 to K33, K42, S07, S08."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import polars as pl

from sanderling.core.kpis.bases import Bases

_OF: Final = ("period", "claim_id", "client_id", "payer_id")
_ONE: Final = pl.lit(1, pl.Int64)
_NOTHING: Final = pl.lit(0, pl.Int64)
EFFECT_DAYS: Final = 30


def touches_per_resolved_claim(of: Bases) -> pl.LazyFrame:
    """K30: touches until a claim was first settled, over claims first settled."""
    settled = of.closings.sort("day").unique("claim_id", keep="first", maintain_order=True)
    touches = (
        of.touches.lazy()
        .join(settled.lazy().select("claim_id", settled="day"), on="claim_id")
        .filter(pl.col("day") <= pl.col("settled"))
        .group_by("claim_id")
        .agg(touches=pl.len().cast(pl.Int64))
    )
    return (
        settled.lazy()
        .join(touches, on="claim_id", how="left")
        .join(of.in_period, on="day")
        .select("period", "claim_id", "client_id",
                numerator=pl.col("touches").fill_null(0), denominator=_ONE)
    )  # fmt: skip


def touches_per_hour(of: Bases) -> pl.LazyFrame:
    """K31: notes with minutes, over their minutes."""
    return (
        of.book.notes.filter(pl.col("minutes") > 0)
        .join(of.in_period, on="day")
        .select("period", "claim_id", "client_id", "user_id",
                numerator=_ONE, denominator="minutes")
    )  # fmt: skip


def paid_per_touch(of: Bases) -> pl.LazyFrame:
    """K32: payments within 30 days, each given to the last touch before it; touches."""
    effect = timedelta(days=EFFECT_DAYS)
    touched = of.touches.select(
        "claim_id", "client_id", "payer_id", "user_id", "activity_id", touched="day"
    ).sort("touched", "activity_id")
    paid = (
        of.movements.lazy()
        .filter(pl.col("payments") != 0)
        .group_by("claim_id", "day")
        .agg(pl.col("payments").sum())
        .collect()
        .sort("day")
        .join_asof(
            touched.select("claim_id", "activity_id", "touched"),
            left_on="day",
            right_on="touched",
            by="claim_id",
            strategy="backward",
            tolerance=effect,
            check_sortedness=False,
        )
        .drop_nulls("activity_id")
        .group_by("activity_id")
        .agg(pl.col("payments").sum())
    )
    return (
        touched.lazy()
        .join(paid.lazy(), on="activity_id", how="left")
        .with_columns(day=pl.col("touched") + effect)
        .join(of.in_period, on="day")
        .select(*_OF, "user_id", numerator=pl.col("payments").fill_null(0), denominator=_ONE)
    )


def follow_up_rate(of: Bases) -> pl.LazyFrame:
    """K33: follow-up days kept, of those set on claims that insurers still owed on."""
    due = of.book.follow_ups.collect().sort("next_date")
    owed = of.insurance_days.select("claim_id", "left", moved="day").sort("moved")
    last = (
        of.touches.group_by("claim_id", maintain_order=True)
        .agg(pl.col("day"), pl.col("activity_id"))
        .explode("day", "activity_id")
        .sort("day", "activity_id")
        .select("claim_id", latest="activity_id", latest_day="day")
    )
    is_later = pl.col("latest_day").is_not_null() & (pl.col("latest") != pl.col("activity_id"))
    is_kept = is_later & (pl.col("latest_day") >= pl.col("activity_date"))
    return (
        due.join_asof(owed, left_on="next_date", right_on="moved", by="claim_id",
                      strategy="backward", check_sortedness=False)
        .filter(pl.col("left") > 0)
        .sort("next_date")
        .join_asof(last, left_on="next_date", right_on="latest_day", by="claim_id",
                   strategy="backward", check_sortedness=False, coalesce=False)
        .lazy()
        .join(of.in_period, left_on="next_date", right_on="day")
        .select("period", "claim_id", "client_id", "user_id",
                numerator=is_kept.fill_null(value=False).cast(pl.Int64), denominator=_ONE)
    )  # fmt: skip


def qa_score_rate(of: Bases) -> pl.LazyFrame:
    """K42: questions answered yes, of those answered yes or no."""
    return of.book.reviews.join(of.in_period, on="day").select(
        "period", "claim_id", "client_id", "user_id", numerator="good", denominator="judged"
    )


def touches_per_claim(of: Bases) -> pl.LazyFrame:
    """S07: touches and decisions of the same period."""
    decided = of.decisions.lazy().join(of.in_period, on="day")
    return pl.concat([_touched(of), decided.select(*_OF, numerator=_NOTHING, denominator=_ONE)])


def touches_per_1000_dollars(of: Bases) -> pl.LazyFrame:
    """S08: touches and payments of the same period."""
    paid = of.movements.lazy().join(of.in_period, on="day")
    return pl.concat([_touched(of), paid.select(*_OF, numerator=_NOTHING, denominator="payments")])


def _touched(of: Bases) -> pl.LazyFrame:
    return (
        of.touches.lazy()
        .join(of.in_period, on="day")
        .select(*_OF, numerator=_ONE, denominator=_NOTHING)
    )


FORMULAS: Final = {
    "touches_per_resolved_claim": touches_per_resolved_claim,
    "touches_per_hour": touches_per_hour,
    "paid_per_touch": paid_per_touch,
    "follow_up_rate": follow_up_rate,
    "qa_score_rate": qa_score_rate,
    "touches_per_claim": touches_per_claim,
    "touches_per_1000_dollars": touches_per_1000_dollars,
}
