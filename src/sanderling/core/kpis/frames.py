"""The frames from which key figures are made: what the mirror has, and what it has not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

Schema = Mapping[str, Any]

UNKNOWN_PAYER: Final = 0
PATIENT: Final = -1  # in the place of a payer: what patients owe

# What a figure needs of the mirror's tables (mirror.tables has more of each).
CLAIMS: Final[Schema] = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "secondary_payer_id": pl.Int64,
    "rendering_npi": pl.String,
    "billing_npi": pl.String,
    "location": pl.String,
    "service_date": pl.Date,
    "first_billed_date": pl.Date,
    "received_date": pl.Date,
}
SUBMISSIONS: Final[Schema] = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "submission_id": pl.Int64,
    "sequence": pl.Int64,
    "submitted_date": pl.Date,
    "received_date": pl.Date,
    "accepted_date": pl.Date,
    "rejected_date": pl.Date,
    "answered_date": pl.Date,
    "forwarded_date": pl.Date,
}
PAYMENTS: Final[Schema] = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "payment_id": pl.Int64,
    "sequence": pl.Int64,
    "charge_cents": pl.Int64,
    "paid_cents": pl.Int64,
    "patient_share_cents": pl.Int64,
    "payment_date": pl.Date,
    "received_date": pl.Date,
    "payer_received_date": pl.Date,
    "sent_date": pl.Date,
    "is_first": pl.Boolean,
    "is_reversal": pl.Boolean,
    "is_taken_back": pl.Boolean,
    "is_held": pl.Boolean,
    "is_forwarded": pl.Boolean,
    "is_denied": pl.Boolean,
    "is_duplicate": pl.Boolean,
    "denied_cents": pl.Int64,
    "category": pl.String,
    "group_code": pl.String,
    "reason_code": pl.String,
    "preventable": pl.String,
}
LEDGER: Final[Schema] = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "entry_id": pl.Int64,
    "party": pl.Int64,
    "posted_date": pl.Date,
    "kind": pl.Int64,
    "debit": pl.Int64,
    "credit": pl.Int64,
    "amount_cents": pl.Int64,
}
TOUCHES: Final[Schema] = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "activity_id": pl.Int64,
    "user_id": pl.Int64,
    "activity_date": pl.Date,
    "action": pl.String,
    "outcome": pl.String,
}
# What the mirror has not.
PAYERS: Final[Schema] = {"payer_id": pl.Int64, "payer_type": pl.String, "jurisdiction": pl.String}
WRITE_OFFS: Final[Schema] = {  # as posted; taken back: negative
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "party": pl.Int64,
    "day": pl.Date,
    "reason": pl.String,
    "amount_cents": pl.Int64,
}
PROVIDER_ADJUSTMENTS: Final[Schema] = {  # PLB
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "code": pl.String,
    "received_date": pl.Date,
    "amount_cents": pl.Int64,  # as sent: positive reduces the payment
}
APPEALS: Final[Schema] = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "sent_date": pl.Date,
    "decided_date": pl.Date,
    "is_won": pl.Boolean,
}
NOTES: Final[Schema] = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "user_id": pl.Int64,
    "day": pl.Date,
    "minutes": pl.Int64,
}
FOLLOW_UPS: Final[Schema] = {  # activities that set a day
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "user_id": pl.Int64,
    "activity_id": pl.Int64,
    "activity_date": pl.Date,
    "next_date": pl.Date,
}
REVIEWS: Final[Schema] = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "user_id": pl.Int64,
    "day": pl.Date,
    "good": pl.Int64,
    "judged": pl.Int64,
}
KEPT_BARRIERS: Final[Schema] = {  # as they stood on Sundays
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "day": pl.Date,
    "barrier": pl.String,
    "balance_cents": pl.Int64,
}
VARIANCES: Final[Schema] = {  # remittance lines that depart from their price
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "received_date": pl.Date,
    "short_cents": pl.Int64,  # allowed too little, for somebody to look at; else 0
}


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that figures are made from, of the clients asked for; lazy, of any span."""

    claims: pl.LazyFrame
    submissions: pl.LazyFrame
    payments: pl.LazyFrame
    ledger: pl.LazyFrame
    touches: pl.LazyFrame
    payers: pl.LazyFrame
    write_offs: pl.LazyFrame
    provider_adjustments: pl.LazyFrame
    appeals: pl.LazyFrame
    notes: pl.LazyFrame
    follow_ups: pl.LazyFrame
    reviews: pl.LazyFrame
    kept_barriers: pl.LazyFrame
    variances: pl.LazyFrame


SCHEMAS: Final[Mapping[str, Schema]] = {
    "claims": CLAIMS,
    "submissions": SUBMISSIONS,
    "payments": PAYMENTS,
    "ledger": LEDGER,
    "touches": TOUCHES,
    "payers": PAYERS,
    "write_offs": WRITE_OFFS,
    "provider_adjustments": PROVIDER_ADJUSTMENTS,
    "appeals": APPEALS,
    "notes": NOTES,
    "follow_ups": FOLLOW_UPS,
    "reviews": REVIEWS,
    "kept_barriers": KEPT_BARRIERS,
    "variances": VARIANCES,
}


def book(**frames: pl.DataFrame | pl.LazyFrame) -> Book:
    """Return a book of these frames; what is not given is empty."""
    given = {name: frame.lazy() for name, frame in frames.items()}
    return Book(
        **{
            field.name: given.get(field.name, pl.LazyFrame(schema=dict(SCHEMAS[field.name])))
            for field in fields(Book)
        }
    )


@dataclass(frozen=True, slots=True)
class Period:
    """Days of which figures tell, both included; everything known by the end of the last counts."""

    from_date: date
    to_date: date

    def __post_init__(self) -> None:
        assert self.from_date <= self.to_date, (self.from_date, self.to_date)  # noqa: S101


def month_start(day: date) -> date:
    """Return the first day of the day's month."""
    return day.replace(day=1)


def add_months(day: date, count: int) -> date:
    """Return the same day of another month, or that month's last day."""
    number = day.year * 12 + day.month - 1 + count
    year, month = divmod(number, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(
        date(year, month + 1, 1) + timedelta(days=day.day - 1), following - timedelta(days=1)
    )


def months(first: date, last: date, *, as_of: date) -> list[Period]:
    """Return the months from that of `first` to that of `last`, cut at `as_of`; none after it."""
    found, start = [], month_start(first)
    while start <= min(last, as_of):
        following = add_months(start, 1)
        found.append(Period(start, min(following - timedelta(days=1), as_of)))
        start = following
    return found
