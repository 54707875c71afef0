"""What a forecast learns from, out of the mirror: waits and cash (core.forecast.frames)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final

import polars as pl

from sanderling.core.forecast.frames import (
    ANSWER,
    CASH,
    NEXT_PAYER,
    RECOVERY,
    WAITS,
    History,
)
from sanderling.core.ledger.accounts import Account, Kind
from sanderling.mirror.reading import scan

HISTORY_DAYS: Final = 730
_INSURERS: Final = (Account.PRIMARY, Account.SECONDARY, Account.TERTIARY)
_FIRST: Final = ("", "1")  # frequencies of a claim sent for the first time
Rows = Callable[[str], pl.LazyFrame]  # a table of the mirror, of the claims asked about
_WAIT: Final = [
    *("claim_id", "client_id", "payer_id", "payer_type", "kind", "start_date", "exposure_cents"),
]


def history(
    as_of: date,
    client_ids: Sequence[int] | None = None,
    claim_ids: pl.Series | None = None,
) -> History:
    """Return what was known at the end of a day; `client_ids` None: of all clients.

    `claim_ids`: of these claims alone.
    """
    since = as_of - timedelta(days=HISTORY_DAYS)

    def rows(name: str) -> pl.LazyFrame:
        found = scan(name, client_ids)
        if claim_ids is None:
            return found
        return found.filter(pl.col("claim_id").is_in(claim_ids.implode()))

    paid = _paid(rows)
    waits = pl.concat(
        [
            _ended(_answers(rows), paid.filter(pl.col("sequence") == 1), ANSWER),
            _ended(_refusals(rows), paid.filter(pl.col("cents") > 0).drop("sequence"), RECOVERY),
            _ended(_shares(rows), paid.filter(pl.col("sequence") > 1), NEXT_PAYER),
        ]
    ).filter(pl.col("start_date") >= since)
    return History(waits.collect(), _cash(rows, since).collect()).known_on(as_of)


def _paid(rows: Rows) -> pl.LazyFrame:
    """Return claim_id, sequence, day, cents: what each place's payer paid on each day, net."""
    return (
        rows("payments")
        .filter(~pl.col("is_held"), ~pl.col("is_duplicate"))
        .group_by(
            "claim_id",
            pl.col("sequence").fill_null(1),
            day=pl.col("received_date"),
        )
        .agg(cents=pl.col("paid_cents").sum())
    )


def _ended(begun: pl.LazyFrame, paid: pl.LazyFrame, process: str) -> pl.LazyFrame:
    """Add the first day on or after the start (of refusals: after it) on which there was an end."""
    is_later = pl.col("day") > pl.col("start_date") if process == RECOVERY else pl.lit(value=True)
    ends = (
        begun.select("claim_id", "start_date")
        .join(paid, on="claim_id")
        .filter(is_later, pl.col("day") >= pl.col("start_date"))
        .group_by("claim_id")
        .agg(
            event_date=pl.col("day").min(),
            cash_cents=pl.col("cents").sort_by("day", "cents").first(),
        )
    )
    return (
        begun.join(ends, on="claim_id", how="left")
        .with_columns(
            process=pl.lit(process),
            cash_cents=pl.col("cash_cents").fill_null(0),
            payer_id=pl.col("payer_id").fill_null(0),
            payer_type=pl.col("payer_type").fill_null(""),
        )
        .select(WAITS.keys())
    )


def _answers(rows: Rows) -> pl.LazyFrame:
    return (
        rows("submissions")
        .filter(pl.col("sequence") == 1, pl.col("frequency").is_in(_FIRST))
        .with_columns(
            start_date=pl.coalesce("submitted_date", "received_date"),
            exposure_cents=pl.col("charge_cents"),
        )
        .sort("start_date", "submission_id")
        .unique("claim_id", keep="first", maintain_order=True)
        .select(_WAIT)
    )


def _refusals(rows: Rows) -> pl.LazyFrame:
    return (
        rows("payments")
        .filter(
            ~pl.col("is_held"),
            ~pl.col("is_duplicate"),
            ~pl.col("is_reversal"),
            pl.col("is_denied"),
            pl.col("denied_cents") > 0,
            pl.col("sequence").fill_null(1) == 1,
        )
        .with_columns(start_date="received_date", exposure_cents="denied_cents")
        .sort("start_date", "payment_id")
        .unique("claim_id", keep="first", maintain_order=True)
        .select(_WAIT)
    )


def _shares(rows: Rows) -> pl.LazyFrame:
    further = rows("claims").select("claim_id", "secondary_payer_id")
    return (
        rows("payments")
        .filter(
            ~pl.col("is_held"),
            ~pl.col("is_duplicate"),
            ~pl.col("is_reversal"),
            pl.col("patient_share_cents") > 0,
            pl.col("sequence").fill_null(1) == 1,
        )
        .join(further, on="claim_id")
        .filter(pl.col("secondary_payer_id").is_not_null())
        .with_columns(
            start_date="received_date",
            exposure_cents="patient_share_cents",
            payer_id="secondary_payer_id",
        )
        .sort("start_date", "payment_id")
        .unique("claim_id", keep="first", maintain_order=True)
        .select(_WAIT)
    )


def _cash(rows: Rows, since: date) -> pl.LazyFrame:
    """Return what insurers paid on claims by posted day, taken back again subtracted."""
    return (
        rows("ledger")
        .filter(
            pl.col("kind") == Kind.INSURANCE_PAYMENT.value,
            pl.col("debit") == Account.CASH.value,
            pl.col("credit").is_in([account.value for account in _INSURERS]),
            pl.col("posted_date") >= since,
        )
        .group_by("client_id", day=pl.col("posted_date"))
        .agg(cents=pl.col("amount_cents").sum())
        .select(CASH.keys())
    )
