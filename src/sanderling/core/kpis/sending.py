"""How claims go out and how long each step takes: K16 to K19, K39, S10."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import polars as pl

from sanderling.core.kpis.bases import Bases

_OF: Final = ("period", "claim_id", "client_id", "payer_id")
_ONE: Final = pl.lit(1, pl.Int64)
CAPTURE_DAYS: Final = 7


def acceptance_rate(of: Bases) -> pl.LazyFrame:
    """K16: not rejected, of first submissions answered."""
    return _answered(of, ~pl.col("is_rejected"))


def rejection_rate(of: Bases) -> pl.LazyFrame:
    """K16: rejected, of first submissions answered."""
    return _answered(of, pl.col("is_rejected"))


def _answered(of: Bases, counted: pl.Expr) -> pl.LazyFrame:
    return (
        of.first_sent.lazy()
        .join(of.in_period, on="day")
        .select(*_OF, numerator=counted.cast(pl.Int64), denominator=_ONE)
    )


def first_pass_rate(of: Bases) -> pl.LazyFrame:
    """K17: decided without refusal with the first answer, sent once, never rejected."""
    sent = (
        of.book.submissions.filter(pl.col("sequence") == 1)
        .select(
            "claim_id",
            sent_day=pl.coalesce("received_date", "submitted_date"),
            rejected_date="rejected_date",
        )
        .join(
            of.decisions.lazy().filter(pl.col("sequence") == 1).select("claim_id", "day"),
            on="claim_id",
        )
        .filter(pl.col("sent_day") <= pl.col("day"))
        .group_by("claim_id")
        .agg(
            times=pl.len(),
            rejections=(pl.col("rejected_date") <= pl.col("day")).sum(),
        )
    )
    is_first = (
        ~pl.col("is_denied")
        & (pl.col("times").fill_null(1) <= 1)
        & (pl.col("rejections").fill_null(0) == 0)
    )
    return (
        of.decisions.lazy()
        .filter(pl.col("sequence") == 1)
        .join(sent, on="claim_id", how="left")
        .join(of.in_period, on="day")
        .select(*_OF, numerator=is_first.cast(pl.Int64), denominator=_ONE)
    )


def charge_lag_days(of: Bases) -> pl.LazyFrame:
    """K18: days from service to first bill, of claims first seen in the period."""
    days = (pl.col("first_billed_date") - pl.col("service_date")).dt.total_days()
    return (
        of.claims.lazy()
        .join(of.in_period, left_on="received_date", right_on="day")
        .with_columns(days=days)
        .filter(pl.col("days") >= 0)
        .select(
            "period", "claim_id", "client_id", payer_id="first_payer_id",
            numerator="days", denominator=_ONE,
        )
    )  # fmt: skip


def _between(first: str, last: str, *, seen: str) -> Callable[[Bases], pl.LazyFrame]:
    """Return the formula of days between two days of a submission, counted when `seen`."""

    def formula(of: Bases) -> pl.LazyFrame:
        return _span(of.book.submissions.with_columns(day=pl.col(seen)), of, first, last)

    return formula


def _span(events: pl.LazyFrame, of: Bases, first: str, last: str) -> pl.LazyFrame:
    days = (pl.col(last) - pl.col(first)).dt.total_days()
    return (
        events.with_columns(span_days=days)
        .filter(pl.col("span_days") >= 0)
        .join(of.in_period, on="day")
        .select(*_OF, numerator="span_days", denominator=_ONE)
    )


def remit_to_post_days(of: Bases) -> pl.LazyFrame:
    """K19: days from the payment's day to its posting here."""
    posted = of.book.payments.filter(~pl.col("is_held"), pl.col("claim_id").is_not_null())
    return _span(
        posted.with_columns(day=pl.col("received_date")), of, "payment_date", "received_date"
    )


def bill_to_pay_days(of: Bases) -> pl.LazyFrame:
    """K19: days from sending to the payment's day, of paid first decisions."""
    paid = of.decisions.lazy().filter(pl.col("paid_cents") > 0)
    return _span(paid, of, "sent_date", "payment_date")


def pay_days(of: Bases) -> pl.LazyFrame:
    """S10: days from when the payer had the claim to its decision."""
    return _span(of.decisions.lazy(), of, "payer_received_date", "payment_date")


def secondary_capture_rate(of: Bases) -> pl.LazyFrame:
    """K39: the next payer was sent the claim, or told by the payer before, within 7 days."""
    due = (
        of.decisions.lazy()
        .filter(pl.col("sequence") == 1, pl.col("patient_share_cents").fill_null(0) > 0)
        .join(
            of.claims.lazy().select("claim_id", "secondary_payer_id"), on="claim_id", how="inner"
        )
        .filter(pl.col("secondary_payer_id").is_not_null())
        .select("claim_id", "client_id", "is_forwarded", decided="day",
                payer_id="secondary_payer_id")
    )  # fmt: skip
    sent = (
        of.book.submissions.filter(pl.col("sequence") > 1)
        .group_by("claim_id")
        .agg(sent=pl.min_horizontal(pl.col("submitted_date").min(), pl.col("forwarded_date").min()))
    )
    limit = timedelta(days=CAPTURE_DAYS)
    in_time = pl.col("is_forwarded") | (pl.col("sent") <= pl.col("decided") + limit).fill_null(
        value=False
    )
    return (
        due.join(sent, on="claim_id", how="left")
        .with_columns(day=pl.col("decided") + limit)
        .join(of.in_period, on="day")
        .select(*_OF, numerator=in_time.cast(pl.Int64), denominator=_ONE)
    )


FORMULAS: Final = {
    "acceptance_rate": acceptance_rate,
    "rejection_rate": rejection_rate,
    "first_pass_rate": first_pass_rate,
    "charge_lag_days": charge_lag_days,
    "bill_to_accept_days": _between("submitted_date", "accepted_date", seen="accepted_date"),
    "accept_to_remit_days": _between("accepted_date", "answered_date", seen="answered_date"),
    "remit_to_post_days": remit_to_post_days,
    "bill_to_pay_days": bill_to_pay_days,
    "secondary_capture_rate": secondary_capture_rate,
    "pay_days": pay_days,
}
