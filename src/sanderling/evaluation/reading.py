"""What the mirror holds of some clients' year, as core.contracts.worth and what_if want it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from sanderling.contracts.queries import references
from sanderling.core.contracts.frames import LINES, RATES, empty
from sanderling.core.contracts.price import price
from sanderling.core.contracts.terms import PercentOfReference, Terms
from sanderling.core.contracts.worth import WORTH
from sanderling.mirror.reading import manifest, scan
from sanderling.pricing.models import LineVariance, Practitioner

YEAR: Final = timedelta(days=364)
MID_LEVEL: Final = "np"
_DAY_OF_BILLING: Final = timedelta(days=365)  # claims of a year may be billed that much later


@dataclass(frozen=True)
class Year:
    """The lines that payers decided in a year, the touches and what was paid short."""

    lines: pl.DataFrame  # WORTH, with claim_id, service_date
    touches: pl.DataFrame  # client_id, payer_id, touches
    leakage: pl.DataFrame  # client_id, payer_id, procedure, leakage_cents
    schedule: str  # of the reference; "": own averages


def year_of(client_ids: Collection[int], *, today: date) -> Year:
    """Return the year up to today of these clients.

    Raises:
        MirrorMissing: there is no mirror yet.
    """
    begins = today - YEAR
    state = manifest()
    stands = (
        ~pl.col("is_reversal") & ~pl.col("is_taken_back") & ~pl.col("is_held")
        & ~pl.col("is_duplicate") & (pl.col("sequence") == 1) & pl.col("claim_id").is_not_null()
    )  # fmt: skip
    payments = scan("payments", client_ids, from_date=begins, to_date=today, of=state).select(
        "payment_id",
        days=(pl.col("payment_date") - pl.col("sent_date")).dt.total_days(),
    )
    allowed = pl.sum_horizontal(
        "paid_cents", "patient_cents", "sequestration_cents", "withhold_cents"
    )
    decided = (
        scan("remit_lines", client_ids, from_date=begins, to_date=today, of=state)
        .filter(stands, pl.col("charge_cents") > 0)
        # The last decision of the payer on the line counts.
        .sort("received_date", "payment_id")
        .unique(["claim_id", "payer_id", "line_index"], keep="last", maintain_order=True)
        .join(payments, on="payment_id", how="left")
        .select(
            "claim_id", "client_id", "payer_id", "procedure", "modifiers", "revenue_code", "kind",
            "place_of_service", "service_date", "charge_cents", "paid_cents", "is_denied",
            days=pl.when(pl.col("days") >= 0).then("days"),
            units=pl.coalesce(
                pl.when(pl.col("units_paid") > 0).then("units_paid"),
                pl.when(pl.col("units_billed") > 0).then("units_billed"),
                pl.lit(1.0),
            ),
            allowed_cents=pl.when("is_denied").then(0).otherwise(allowed),
        )
        .collect()
    )  # fmt: skip
    touches = (
        scan("touches", client_ids, from_date=begins, to_date=today, of=state)
        .group_by("client_id", "payer_id")
        .agg(touches=pl.len().cast(pl.Int64))
        .collect()
    )
    schedule, by_schedule = _by_schedule(decided)
    lines = decided.with_columns(schedule_cents=by_schedule)
    return Year(
        lines=lines.select(
            "claim_id", "service_date", *(pl.col(k).cast(dtype) for k, dtype in WORTH.items())
        ),
        touches=touches,
        leakage=_leakage(client_ids, begins, today),
        schedule=schedule,
    )


def _by_schedule(decided: pl.DataFrame) -> tuple[str, pl.Series]:
    """Price the lines by the reference schedule with relative value units, when one is loaded."""
    known = references()
    names = sorted(known.rvus["schedule"].unique().to_list())
    if not names:
        return "", pl.Series([None] * len(decided), dtype=pl.Int64)
    terms = Terms(percent_of_reference=(PercentOfReference(names[0]),))
    lines = _as_lines(decided.with_row_index("line_id")).with_columns(contract_id=pl.lit(1))
    priced = price(lines, empty(RATES), {1: terms}, known)
    return names[0], priced["expected_cents"]


def _as_lines(frame: pl.DataFrame) -> pl.DataFrame:
    """Return frames.LINES of rows of the mirror: what it does not know is empty."""
    missing = [
        (pl.lit("") if dtype == pl.String else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in LINES.items()
        if name not in frame.columns
    ]
    return frame.with_columns(missing).select(
        pl.col(name).cast(dtype) for name, dtype in LINES.items()
    )


def _leakage(client_ids: Collection[int], begins: date, today: date) -> pl.DataFrame:
    short = LineVariance.objects.filter(
        client_id__in=client_ids,
        is_queued=True,
        is_set_aside=False,
        variance_cents__lt=0,
        received_date__range=(begins, today),
    ).values_list("client_id", "payer_id", "code", "variance_cents")
    rows = [(client, payer, code, -cents) for client, payer, code, cents in short]
    schema = {
        "client_id": pl.Int64, "payer_id": pl.Int64, "procedure": pl.String,
        "leakage_cents": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def billed_lines(
    client_id: int, payer_id: int, plan: str, *, from_date: date, to_date: date
) -> pl.DataFrame:
    """Return the lines billed to a payer as the first one, by their days of service (LINES)."""
    practitioners = Practitioner.objects.filter(client_id=client_id).values_list("npi", flat=True)
    found = (
        scan("lines", [client_id], from_date=from_date, to_date=to_date + _DAY_OF_BILLING)
        .filter(
            pl.col("payer_id") == payer_id,
            pl.col("service_date").is_between(from_date, to_date),
            (pl.col("plan").str.to_uppercase() == plan) | pl.lit(plan == ""),
        )
        .sort("claim_id", "line")
        .collect()
    )
    return _as_lines(
        found.with_row_index("line_id").with_columns(
            provider_class=pl.when(pl.col("rendering_npi").is_in(list(practitioners)))
            .then(pl.lit(MID_LEVEL))
            .otherwise(pl.lit(""))
        )
    )
