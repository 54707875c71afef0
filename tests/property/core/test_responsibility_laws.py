"""Every day of a claim's life is charged once, whatever happened, however it is told."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from sanderling.core.responsibility import (
    BEGINNINGS,
    OWED,
    TURNS,
    Holder,
    charge,
    days_by_holder,
)

FIRST = date(2026, 1, 1)
CLAIMS = (1, 2, 3)
HOLDERS = (Holder.PAYER, Holder.US, Holder.CLIENT_DOCUMENTS, Holder.CLIENT_CODING)
Debt = tuple[int, int, date, date, int]
Turn = tuple[int, date, int, str, date | None]

days = st.integers(0, 60).map(lambda number: FIRST + timedelta(days=number))


@st.composite
def debts(draw: st.DrawFn) -> Debt:
    """A party of a claim owes from one day to another."""
    begin = draw(days)
    party = draw(st.sampled_from([11, 12, 14]))
    end = begin + timedelta(days=draw(st.integers(1, 40)))
    return draw(st.sampled_from(CLAIMS)), party, begin, end, 100


@st.composite
def turns(draw: st.DrawFn) -> Turn:
    """It becomes somebody's turn, for some days or until the next."""
    day = draw(days)
    lasting = draw(st.none() | st.integers(0, 20))
    until = None if lasting is None else day + timedelta(days=lasting)
    holder = draw(st.sampled_from(HOLDERS)).value
    return draw(st.sampled_from(CLAIMS)), day, draw(st.integers(0, 3)), holder, until


def frame(rows: Sequence[tuple[Any, ...]], schema: Mapping[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(schema), orient="row")


@settings(max_examples=50, deadline=None)
@given(
    st.lists(debts(), max_size=8),
    st.lists(turns(), max_size=12),
    st.tuples(days, days, days),
    days,
    st.randoms(use_true_random=False),
)
def test_days_add_up_to_the_age_without_gaps_and_the_order_of_facts_does_not_matter(
    owed: list[Debt],
    said: list[Turn],
    begun: tuple[date, date, date],
    as_of: date,
    shuffler: random.Random,
) -> None:
    beginnings = frame(list(zip(CLAIMS, begun, strict=True)), BEGINNINGS)
    spans = charge(beginnings, frame(owed, OWED), frame(said, TURNS), as_of)
    total = days_by_holder(spans)
    for claim_id, begin in zip(CLAIMS, begun, strict=True):
        mine = [(first, last) for claim, _, first, last, _ in owed if claim == claim_id]
        mine = [(first, last) for first, last in mine if first < as_of]
        own = spans.filter(pl.col("claim_id") == claim_id)
        if not mine:
            assert own.is_empty()
            continue
        first = min([begin, *(first for first, _ in mine)])
        end = min(as_of, max(last for _, last in mine))
        assert total.filter(pl.col("claim_id") == claim_id)["days"].sum() == (end - first).days
        assert own["to_date"].to_list()[:-1] == own["from_date"].to_list()[1:]
        neighbors = zip(own["holder"], own["holder"][1:], strict=False)
        assert all(one != following for one, following in neighbors)
    owed_anew = frame(shuffler.sample(owed, len(owed)), OWED)
    said_anew = frame(shuffler.sample(said, len(said)), TURNS)
    again = charge(beginnings, owed_anew, said_anew, as_of)
    assert again.equals(spans)
    later = [*said, (1, as_of, 9, Holder.CLIENT_CODING.value, None)]
    assert charge(beginnings, frame(owed, OWED), frame(later, TURNS), as_of).equals(spans)
