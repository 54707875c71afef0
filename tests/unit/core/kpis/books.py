"""A book of key figures from a few rows, for tests."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from sanderling.core.kpis.bases import Bases
from sanderling.core.kpis.definitions import BY_KEY
from sanderling.core.kpis.formulas import bases, cells
from sanderling.core.kpis.frames import SCHEMAS, Book, Period, book
from sanderling.core.ledger.accounts import Account, Kind

MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
DAY = date(2026, 3, 10)
_DEFAULTS: dict[str, Any] = {"client_id": 1, "payer_id": 7}
_FLAGS = {
    **dict.fromkeys(("is_reversal", "is_taken_back", "is_held", "is_forwarded"), False),
    **dict.fromkeys(("is_denied", "is_duplicate"), False),
    "is_first": True,
}


def frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = dict(SCHEMAS[name])
    full = [{key: row.get(key, _DEFAULTS.get(key)) for key in schema} for row in rows]
    return pl.DataFrame(full, schema=schema)


def claim(claim_id: int, **more: Any) -> dict[str, Any]:
    day = more.get("service_date", date(2026, 3, 1))
    start = {"service_date": day, "first_billed_date": day, "received_date": day}
    return {"claim_id": claim_id, "billing_npi": "1", "location": "Main", **start, **more}


def payment(claim_id: int, **more: Any) -> dict[str, Any]:
    start = {"claim_id": claim_id, "payment_id": claim_id, "sequence": 1, "received_date": DAY}
    return {**start, "payment_date": DAY, "charge_cents": 100, "paid_cents": 50, **_FLAGS, **more}


def denied(claim_id: int, **more: Any) -> dict[str, Any]:
    return payment(claim_id, is_denied=True, denied_cents=100, paid_cents=0, **more)


def entry(claim_id: int, kind: Kind, cents: int, day: date = DAY, **more: Any) -> dict[str, Any]:
    """Return an entry on the first payer's account as the ledger posts this kind."""
    owed = int(more.pop("party", Account.PRIMARY))
    other = int(Account.REVENUE if kind == Kind.CHARGE else Account.CASH)
    debit, credit = (owed, other) if kind in {Kind.CHARGE, Kind.REFUND} else (other, owed)
    row = {"claim_id": claim_id, "kind": int(kind), "debit": debit, "credit": credit}
    return {**row, "amount_cents": cents, "posted_date": day, "party": owed, **more}


def book_of(**rows: list[dict[str, Any]]) -> Book:
    return book(**{name: frame(name, some) for name, some in rows.items()})


def asked(of: Book, *periods: Period) -> Bases:
    return bases(of, periods or (MARCH,))


def sums(of: Book, key: str, period: Period = MARCH) -> tuple[int, int]:
    """Return numerator and denominator of a figure over everything."""
    found = cells(asked(of, period), [key])
    return int(found["numerator"].sum()), int(found["denominator"].sum())


def value(of: Book, key: str, period: Period = MARCH) -> float | None:
    return BY_KEY[key].value(*sums(of, key, period))
