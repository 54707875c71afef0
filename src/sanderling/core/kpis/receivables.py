"""What is owed and how old it is: K01, K03 to K05, K27, K34, K36, K38."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import polars as pl

from sanderling.core.kpis.bases import Bases
from sanderling.core.kpis.definitions import DAYS_OF_CHARGES
from sanderling.core.kpis.frames import PATIENT, UNKNOWN_PAYER, Period

_OF: Final = ("period", "claim_id", "client_id", "payer_id")
KEPT_DAYS: Final = 7  # a Sunday within a week before the period's end stands for the end


def days_in_ar(of: Bases) -> pl.LazyFrame:
    """K01: debits at the end; charges of 90 days."""
    return _against_charges(of, pl.col("balance_cents").clip(0))


def credit_balance_days(of: Bases) -> pl.LazyFrame:
    """K27: credits at the end; charges of 90 days."""
    return _against_charges(of, -pl.col("balance_cents").clip(upper_bound=0))


def _against_charges(of: Bases, amount: pl.Expr) -> pl.LazyFrame:
    owed = of.balances.lazy().select(*_OF, numerator=amount, denominator=pl.lit(0, pl.Int64))
    charged = (
        of.movements.lazy()
        .filter(pl.col("charges") != 0)
        .join(of.before_end, on="day")
        .select(*_OF, numerator=pl.lit(0, pl.Int64), denominator="charges")
    )
    return pl.concat([owed, charged])


def _aged(
    low: int, high: int | None, *, patients: bool | None = None
) -> Callable[..., pl.LazyFrame]:
    """Return the formula of a share of debits by age; `patients`: theirs, or insurers'."""

    def formula(of: Bases) -> pl.LazyFrame:
        age, cents = pl.col("age_days"), pl.col("balance_cents")
        is_within = age >= low if high is None else age.is_between(low, high)
        owed = of.balances.lazy().filter(cents > 0)
        if patients is not None:
            owed = owed.filter((pl.col("payer_id") == PATIENT) == patients)
        return owed.select(
            *_OF, numerator=pl.when(is_within).then(cents).otherwise(0), denominator=cents
        )

    return formula


def _kept(barrier: str) -> Callable[[Bases], pl.LazyFrame]:
    """Return the formula of a barrier's share of insurers' debits on the last kept Sunday."""

    def formula(of: Bases) -> pl.LazyFrame:
        kept = of.book.kept_barriers.filter(
            pl.col("balance_cents") > 0, pl.col("barrier") != "patient_responsibility"
        )
        days = (
            kept.select("day")
            .unique()
            .join(of.ends, how="cross")
            .filter((pl.col("end") - pl.col("day")).dt.total_days().is_between(0, KEPT_DAYS - 1))
            .group_by("period")
            .agg(pl.col("day").max())
        )
        cents = pl.col("balance_cents")
        return kept.join(days, on="day").select(
            *_OF,
            numerator=pl.when(pl.col("barrier") == barrier).then(cents).otherwise(0),
            denominator=cents,
        )

    return formula


def recovery_yield_rate(of: Bases) -> pl.LazyFrame:
    """K38: insurers' balances 90 days before the end, and what was paid on these claims since."""
    back = timedelta(days=DAYS_OF_CHARGES)
    starts = sorted({period.to_date - back for period in of.periods})
    then = Bases(of.book, tuple(Period(day, day) for day in starts), claims_of=of)
    numbers = pl.LazyFrame(
        [(starts.index(p.to_date - back), n) for n, p in enumerate(of.periods)],
        schema={"start": pl.Int32, "period": pl.Int32},
        orient="row",
    )
    owed = (
        then.balances.lazy()
        .filter(pl.col("balance_cents") > 0, pl.col("payer_id") != PATIENT)
        .rename({"period": "start"})
        .join(numbers, on="start")
        .group_by(*_OF)
        .agg(pl.col("balance_cents").sum())
    )
    paid = (
        of.movements.lazy()
        .filter(pl.col("payments") != 0)
        .with_columns(pl.col("payer_id").fill_null(UNKNOWN_PAYER))
        .join(of.before_end, on="day")
        .group_by("period", "claim_id", "payer_id")
        .agg(pl.col("payments").sum())
    )
    return owed.join(paid, on=["period", "claim_id", "payer_id"], how="left").select(
        *_OF, numerator=pl.col("payments").fill_null(0), denominator="balance_cents"
    )


FORMULAS: Final = {
    "days_in_ar": days_in_ar,
    "over_90_rate": _aged(91, None),
    "over_90_insurance_rate": _aged(91, None, patients=False),
    "over_90_patient_rate": _aged(91, None, patients=True),
    "over_120_rate": _aged(121, None),
    "aged_0_30_rate": _aged(0, 30),
    "aged_31_60_rate": _aged(31, 60),
    "aged_61_90_rate": _aged(61, 90),
    "aged_91_120_rate": _aged(91, 120),
    "credit_balance_days": credit_balance_days,
    "no_response_rate": _kept("no_response"),
    "client_pend_rate": _kept("awaiting_client"),
    "recovery_yield_rate": recovery_yield_rate,
}
