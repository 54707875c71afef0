"""Sums of key figures for reports, and the claims behind them: by the formulas of `kpis`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from sanderling.core.kpis.definitions import BY_KEY, Definition
from sanderling.core.kpis.formulas import bases, rows
from sanderling.core.kpis.frames import Period
from sanderling.kpis.sources import batches, held, the_book
from sanderling.mirror.reading import manifest

# What a report can show. Left out is what is only known as of today (kpis.nightly.UNSTEADY): a
# report could not say it again.
KEYS: Final = (
    *("days_in_ar", "over_90_insurance_rate", "net_collection_rate", "denial_rate"),
    *("denial_dollar_rate", "overturn_rate", "preventable_rate", "denial_rework_rate"),
    *("appeal_success_rate", "first_pass_rate", "acceptance_rate", "charge_lag_days"),
    *("bill_to_pay_days", "recoupment_rate"),
)
DENIALS: Final = {
    "client_id": pl.Int64, "claim_id": pl.Int64, "payer_id": pl.Int64, "category": pl.String,
    "preventable": pl.String, "cents": pl.Int64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class KpiRows:
    """What figures sum: of the period before (0) and the period itself (1)."""

    sums: pl.DataFrame  # client_id, provider, period, key, numerator, denominator
    rows: pl.DataFrame  # of period 1: client_id, provider, key, claim_id, payer_id, num., denom.
    denials: pl.DataFrame  # DENIALS: what was denied at first in period 1


def definitions(keys: Sequence[str]) -> list[Definition]:
    """Return the figures of these keys, in the order of KEYS."""
    return [BY_KEY[key] for key in KEYS if key in keys]


def kpi_rows(periods: tuple[Period, Period], client_ids: Collection[int] | None) -> KpiRows:
    """Work the figures out from the mirror, some clients at a time, which bounds memory.

    Raises:
        MirrorMissing: the mirror was never made.
    """
    of = manifest()
    sums, behind, denials = [], [], []
    for some_clients in batches(of, client_ids):
        base = bases(held(the_book(some_clients, of)), periods)
        for key in KEYS:
            found = rows(base, key).drop("location", "user_id").collect()
            named = found.with_columns(key=pl.lit(key))
            sums.append(
                named.group_by("client_id", "provider", "period", "key").agg(
                    pl.col("numerator", "denominator").sum()
                )
            )
            behind.append(named.filter(pl.col("period") == 1).drop("period"))
        denials.append(
            base.denials.lazy()
            .join(base.in_period, on="day")
            .filter(pl.col("period") == 1)
            .select(
                "client_id",
                "claim_id",
                pl.col("payer_id").fill_null(0),
                pl.col("category", "preventable").fill_null(""),
                cents="denied_cents",
            )
            .collect()
            .cast(dict(DENIALS))  # type: ignore[arg-type]  # the stubs want one kind of type
        )
    return KpiRows(pl.concat(sums), pl.concat(behind), pl.concat(denials))
