"""What payers refuse and what becomes of it: K08 to K10, K12 to K14, K40, K41, S01, S05, S06."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Final

import polars as pl

from sanderling.core.kpis.bases import Bases

_OF: Final = ("period", "claim_id", "client_id", "payer_id")
_ONE: Final = pl.lit(1, pl.Int64)
REWORK_DAYS: Final = 30
PREVENTABLE: Final = ("Y", "P")  # DOMAIN 3.4: yes, partly
RECORDS: Final = ("documentation", "missing_information")
AUTHORIZATION: Final = ("authorization",)


def _decided(of: Bases) -> pl.LazyFrame:
    return of.decisions.lazy().join(of.in_period, on="day")


def denial_rate(of: Bases) -> pl.LazyFrame:
    """K08: denied over decided for the first time."""
    return _decided(of).select(*_OF, numerator="denied", denominator=_ONE)


def denial_dollar_rate(of: Bases) -> pl.LazyFrame:
    """K09: charges refused over charges decided."""
    refused = pl.when(pl.col("denied") == 1).then("denied_cents").otherwise(0)
    return _decided(of).select(*_OF, numerator=refused, denominator="charge_cents")


def zero_pay_rate(of: Bases) -> pl.LazyFrame:
    """K10: remitted by a primary payer and paid nothing."""
    return (
        of.book.payments.filter(
            pl.col("sequence") == 1,
            pl.col("claim_id").is_not_null(),
            ~pl.col("is_reversal"),
            ~pl.col("is_held"),
            ~pl.col("is_duplicate"),
        )
        .join(of.in_period, left_on="received_date", right_on="day")
        # A reversal and what it takes back drop out together, once the reversal is known.
        .filter(~pl.col("is_taken_back"))
        .select(*_OF, numerator=(pl.col("paid_cents") == 0).cast(pl.Int64), denominator=_ONE)
    )


def _settled(of: Bases) -> pl.LazyFrame:
    return of.settled_denials.lazy().join(of.in_period, on="day")


def overturn_rate(of: Bases) -> pl.LazyFrame:
    """K12: paid later over settled."""
    return _settled(of).select(*_OF, numerator=pl.col("is_won").cast(pl.Int64), denominator=_ONE)


def denial_to_resolution_days(of: Bases) -> pl.LazyFrame:
    """K14: days from denial to settlement."""
    return _settled(of).select(*_OF, numerator="days", denominator=_ONE)


def _first_touches(of: Bases, touches: pl.DataFrame) -> pl.DataFrame:
    """Return each denial with the first of `touches` since: denied_day, day, days."""
    return (
        of.denials.select("claim_id", "client_id", "payer_id", denied_day="day")
        .sort("denied_day")
        .join_asof(
            touches.select("claim_id", touched_day="day").sort("touched_day"),
            left_on="denied_day",
            right_on="touched_day",
            by="claim_id",
            strategy="forward",
            check_sortedness=False,
        )
        .with_columns(
            day=pl.col("touched_day"),
            days=(pl.col("touched_day") - pl.col("denied_day")).dt.total_days(),
        )
    )


def denial_to_action_days(of: Bases) -> pl.LazyFrame:
    """K14: days from denial to the first touch."""
    return (
        _first_touches(of, of.touches)
        .lazy()
        .join(of.in_period, on="day")
        .select(*_OF, numerator="days", denominator=_ONE)
    )


def denial_to_appeal_days(of: Bases) -> pl.LazyFrame:
    """K14: days from denial to the first appeal sent."""
    sent = of.touches.filter(pl.col("action") == "appeal", pl.col("outcome") == "sent")
    return (
        _first_touches(of, sent)
        .lazy()
        .join(of.in_period, on="day")
        .select(*_OF, numerator="days", denominator=_ONE)
    )


def denial_rework_rate(of: Bases) -> pl.LazyFrame:
    """K41: of denials 30 days old, those touched or sent again within them."""
    sent_again = (
        of.book.submissions.filter(pl.col("submitted_date").is_not_null())
        .select("claim_id", day="submitted_date")
        .collect()
    )
    done = pl.concat([of.touches.select("claim_id", "day"), sent_again])
    worked = _first_touches(of, done).with_columns(
        day=pl.col("denied_day") + timedelta(days=REWORK_DAYS)
    )
    is_worked = (pl.col("days") <= REWORK_DAYS).fill_null(value=False)
    return (
        worked.lazy()
        .join(of.in_period, on="day")
        .select(*_OF, numerator=is_worked.cast(pl.Int64), denominator=_ONE)
    )


def preventable_rate(of: Bases) -> pl.LazyFrame:
    """K40: denials that care before sending prevents."""
    is_preventable = pl.col("preventable").is_in(PREVENTABLE).fill_null(value=False)
    return (
        of.denials.lazy()
        .join(of.in_period, on="day")
        .select(*_OF, numerator=is_preventable.cast(pl.Int64), denominator=_ONE)
    )


def appeal_success_rate(of: Bases) -> pl.LazyFrame:
    """K13: won over decided."""
    return _appeals(of).select(*_OF, numerator=pl.col("is_won").cast(pl.Int64), denominator=_ONE)


def appeal_days(of: Bases) -> pl.LazyFrame:
    """S09: days from sending to decision."""
    days = (pl.col("decided_date") - pl.col("sent_date")).dt.total_days()
    return (
        _appeals(of)
        .filter(pl.col("sent_date").is_not_null())
        .select(*_OF, numerator=days, denominator=_ONE)
    )


def _appeals(of: Bases) -> pl.LazyFrame:
    return of.book.appeals.with_columns(day=pl.col("decided_date")).join(of.in_period, on="day")


def _refused_for(categories: Collection[str]) -> Callable[[Bases], pl.LazyFrame]:
    """Return the formula of first decisions refused for these categories."""

    def formula(of: Bases) -> pl.LazyFrame:
        is_it = (pl.col("denied") == 1) & pl.col("category").is_in(list(categories))
        return _decided(of).select(*_OF, numerator=is_it.cast(pl.Int64), denominator=_ONE)

    return formula


def claims_decided(of: Bases) -> pl.LazyFrame:
    """S01: a count."""
    return _decided(of).select(*_OF, numerator=_ONE, denominator=pl.lit(0, pl.Int64))


FORMULAS: Final = {
    "denial_rate": denial_rate,
    "denial_dollar_rate": denial_dollar_rate,
    "zero_pay_rate": zero_pay_rate,
    "overturn_rate": overturn_rate,
    "appeal_success_rate": appeal_success_rate,
    "denial_to_action_days": denial_to_action_days,
    "denial_to_appeal_days": denial_to_appeal_days,
    "denial_to_resolution_days": denial_to_resolution_days,
    "preventable_rate": preventable_rate,
    "denial_rework_rate": denial_rework_rate,
    "claims_decided": claims_decided,
    "records_request_rate": _refused_for(RECORDS),
    "authorization_denial_rate": _refused_for(AUTHORIZATION),
    "appeal_days": appeal_days,
}
