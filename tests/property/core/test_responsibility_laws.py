"""Every day of a claim's life is charged once, whatever happened, however it is told."""

from __future__ import annotations

import random
from datetime import date, timedelta

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
days = st.integers(0, 60).map(lambda number: FIRST + timedelta(days=number))
debts = st.tuples(
    st.integers(1, 3), st.sampled_from([11, 12, 14]), days, st.integers(1, 40), st.just(100)
).map(lambda one: (*one[:3], one[2] + timedelta(days=one[3]), one[4]))
holders = st.sampled_from([Holder.PAYER, Holder.US, Holder.CLIENT_DOCUMENTS, Holder.CLIENT_CODING])
turns = st.tuples(
    st.integers(1, 3), days, st.integers(0, 3), holders.map(str), st.none() | st.integers(0, 20)
).map(lambda one: (*one[:4], None if one[4] is None else one[1] + timedelta(days=one[4])))


def frame(rows: list[tuple[object, ...]], schema: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(debts, max_size=8),
    st.lists(turns, max_size=12),
    st.lists(days, min_size=3, max_size=3),
    days,
    st.randoms(use_true_random=False),
)
def test_days_add_up_to_the_age_without_gaps_and_the_order_of_facts_does_not_matter(
    owed: list[tuple[object, ...]],
    said: list[tuple[object, ...]],
    begun: list[date],
    as_of: date,
    shuffler: random.Random,
) -> None:
    beginnings = frame([(number + 1, day) for number, day in enumerate(begun)], BEGINNINGS)
    spans = charge(beginnings, frame(owed, OWED), frame(said, TURNS), as_of)
    total = days_by_holder(spans)
    for claim_id in (1, 2, 3):
        mine = [one for one in owed if one[0] == claim_id and one[2] < as_of]  # type: ignore[operator]
        own = spans.filter(pl.col("claim_id") == claim_id)
        if not mine:
            assert own.is_empty()
            continue
        begin = min(begun[claim_id - 1], *(one[2] for one in mine), begun[claim_id - 1])  # type: ignore[type-var]
        end = min(as_of, max(one[3] for one in mine))  # type: ignore[type-var]
        age = max((end - begin).days, 0)  # type: ignore[operator]
        assert total.filter(pl.col("claim_id") == claim_id)["days"].sum() == age
        places = own.sort("from_date")
        assert places["to_date"].to_list()[:-1] == places["from_date"].to_list()[1:]
        pairs = list(zip(places["holder"], places["holder"][1:], strict=False))
        assert all(one != next_ for one, next_ in pairs)
    shuffled = [shuffler.sample(rows, len(rows)) for rows in (owed, said)]
    again = charge(beginnings, frame(shuffled[0], OWED), frame(shuffled[1], TURNS), as_of)
    assert again.equals(spans)
    later = [*said, (1, as_of, 9, str(Holder.CLIENT_CODING), None)]
    assert charge(beginnings, frame(owed, OWED), frame(later, TURNS), as_of).equals(spans)
