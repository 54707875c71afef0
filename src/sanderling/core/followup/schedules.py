"""When a client's balances are looked at, where that was agreed: the narrowest schedule holds.

Narrower is, in this order: one payer, one barrier, one type of payer, a higher amount, a greater
age. The first look comes `first_days` after the balance came to be open for its reason, each
further one `repeat_days` after the latest touch. A day that a person set, or a payer promised,
stands; and no schedule holds back what a deadline calls for.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

SCHEDULES: Final = {
    "schedule_id": pl.Int64,  # null: the client's usual days between touches
    "client_id": pl.Int64,
    "barrier": pl.String,  # empty: any under which an insurer owes
    "payer_id": pl.Int64,  # null: any
    "payer_type": pl.String,  # empty: any
    "from_age_days": pl.Int64,
    "min_cents": pl.Int64,
    "first_days": pl.Int64,  # null: as usual for the barrier
    "repeat_days": pl.Int64,
}
NO_SCHEDULES: Final = pl.DataFrame(schema=SCHEDULES)
PATIENT: Final = 14
_KEY: Final = ["claim_id", "party"]
_FOUND: Final = {
    "schedule_id": pl.Int64,
    "first_days": pl.Int64,
    "repeat_days": pl.Int64,
    "older_date": pl.Date,
}


def with_schedules(rows: pl.DataFrame, schedules: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Add schedule_id, first_days and repeat_days of the schedule that fits each row, else null.

    `rows`: claim_id, party, client_id, barrier, payer_id, payer_type, balance_cents, service_date.
    older_date: the day on which its age brings the row under another schedule, null when none.
    """
    if schedules.is_empty():
        return rows.with_columns(pl.lit(None, kind).alias(name) for name, kind in _FOUND.items())
    is_insurers = (pl.col("party") < PATIENT) & (pl.col("balance_cents") > 0)
    age = (pl.lit(as_of) - pl.col("service_date")).dt.total_days().fill_null(0)
    pairs = (
        rows.select(
            *(*_KEY, "client_id", "barrier", "payer_id", "payer_type", "balance_cents"),
            "service_date",
        )
        .join(schedules, on="client_id", suffix="_of")
        .filter(
            (pl.col("barrier_of") == pl.col("barrier"))
            | ((pl.col("barrier_of") == "") & is_insurers),
            pl.col("payer_id_of").is_null()
            | (pl.col("payer_id_of") == pl.col("payer_id")).fill_null(value=False),
            (pl.col("payer_type_of") == "")
            | (pl.col("payer_type_of") == pl.col("payer_type")).fill_null(value=False),
            pl.col("balance_cents").abs() >= pl.col("min_cents"),
        )
        .with_columns(age=age)
    )
    later = (
        pairs.filter(pl.col("from_age_days") > pl.col("age"))
        .group_by(_KEY)
        .agg(older_date=(pl.col("service_date") + pl.duration(days=pl.col("from_age_days"))).min())
    )
    fitting = (
        pairs.filter(pl.col("from_age_days") <= pl.col("age"))
        .sort(
            pl.col("payer_id_of").is_null(),
            pl.col("barrier_of") == "",
            pl.col("payer_type_of") == "",
            -pl.col("min_cents"),
            -pl.col("from_age_days"),
            pl.col("schedule_id").is_null(),
            "schedule_id",
        )
        .unique(_KEY, keep="first", maintain_order=True)
        .select(*_KEY, "schedule_id", "first_days", "repeat_days")
    )
    return rows.join(fitting, on=_KEY, how="left").join(later, on=_KEY, how="left")


def agreed_date() -> pl.Expr:
    """Return when to look by the schedule of a row; null where it has none, or says nothing.

    Of rows with first_days, repeat_days, since (the barrier holds since then), touch_date and
    touch_next_date (the claim's latest touch, and the day that it set).
    """
    is_touched = (pl.col("touch_date") >= pl.col("since")).fill_null(value=False)
    repeated = pl.col("touch_date") + pl.duration(days=pl.col("repeat_days"))
    return (
        pl.when(pl.col("repeat_days").is_null())
        .then(None)
        .when(is_touched)
        .then(pl.coalesce("touch_next_date", repeated))
        .otherwise(pl.col("since") + pl.duration(days=pl.col("first_days")))
    )
