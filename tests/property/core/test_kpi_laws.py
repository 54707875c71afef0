"""Laws of key figures: sums over groups are the whole, and the order of rows does not matter."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.core.kpis.books import claim, entry, frame, payment

from sanderling.core.kpis.definitions import DEFINITIONS
from sanderling.core.kpis.formulas import CELL_KEYS, bases, cells
from sanderling.core.kpis.frames import book, months
from sanderling.core.ledger.accounts import Kind

START = date(2026, 1, 1)
AS_OF = date(2026, 4, 10)
day = st.integers(0, 99).map(lambda n: START + timedelta(days=n))
claims = st.integers(0, 5)
entries = st.builds(
    entry,
    claims,
    st.sampled_from([Kind.CHARGE, Kind.INSURANCE_PAYMENT, Kind.CONTRACTUAL, Kind.REFUND]),
    st.integers(1, 5_000),
    day,
)
payments = st.builds(
    lambda number, when, **more: payment(number, received_date=when, payment_date=when, **more),
    claims,
    day,
    is_denied=st.booleans(),
    is_duplicate=st.booleans(),
    is_first=st.booleans(),
    is_held=st.booleans(),
    paid_cents=st.integers(0, 500),
    denied_cents=st.integers(0, 500),
)
touches = st.builds(
    lambda number, when, user: {"claim_id": number, "activity_date": when, "user_id": user},
    claims,
    day,
    st.integers(1, 3),
)
OF_CLAIMS = [
    claim(n, client_id=n % 2 + 1, payer_id=n % 3, location=str(n % 2), billing_npi=str(n))
    for n in range(6)
]


def _numbered(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [row | {name: n} for n, row in enumerate(rows)]


@settings(max_examples=6, deadline=None)
@given(
    st.lists(entries, max_size=20),
    st.lists(payments, max_size=10),
    st.lists(touches, max_size=6),
    st.randoms(use_true_random=False),
)
def test_sums_are_of_one_whole_and_order_does_not_matter(
    posted: list[dict[str, Any]], paid: list[dict[str, Any]], done: list[dict[str, Any]], dice: Any
) -> None:
    rows = {
        "claims": OF_CLAIMS,
        "ledger": _numbered(posted, "entry_id"),
        "payments": _numbered(paid, "payment_id"),
        "touches": _numbered(done, "activity_id"),
    }
    found = _cells(rows)
    shuffled = {name: dice.sample(some, len(some)) for name, some in rows.items()}
    order = ["slot", *CELL_KEYS]
    assert found.sort(order).equals(_cells(shuffled).sort(order))
    whole = found.group_by("slot", "period").agg(pl.col("numerator", "denominator").sum())
    for client in (1, 2):
        alone = {
            name: [row for row in some if OF_CLAIMS[row["claim_id"]]["client_id"] == client]
            for name, some in rows.items()
        }
        part = (
            _cells(alone).group_by("slot", "period").agg(pl.col("numerator", "denominator").sum())
        )
        whole = (
            pl.concat([whole, part.with_columns(-pl.col("numerator", "denominator"))])
            .group_by("slot", "period")
            .agg(pl.col("numerator", "denominator").sum())
        )
    assert whole["numerator"].to_list() == [0] * whole.height
    assert whole["denominator"].to_list() == [0] * whole.height


@settings(max_examples=6, deadline=None)
@given(st.lists(payments, max_size=20))
def test_shares_lie_between_nothing_and_all(paid: list[dict[str, Any]]) -> None:
    found = _cells({"claims": OF_CLAIMS, "payments": _numbered(paid, "payment_id")})
    slots = [one.slot for one in DEFINITIONS if one.is_of_counts]
    shares = found.filter(pl.col("slot").is_in(slots))
    assert shares.filter(pl.col("numerator") > pl.col("denominator")).is_empty()
    assert shares.filter(pl.col("numerator") < 0).is_empty()


def _cells(rows: dict[str, list[dict[str, Any]]]) -> pl.DataFrame:
    of = book(**{name: frame(name, some) for name, some in rows.items()})
    return cells(bases(of, months(START, AS_OF, as_of=AS_OF)))
