"""Laws of the capacity: what is everybody's sums to what is due, and nothing is done twice."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sanderling.core.deadlines.days import is_business_day
from sanderling.workload.capacity import Due, business_days, capacity
from sanderling.workload.people import Hours, Person

TODAY = date(2026, 3, 5)  # a Thursday

due_rows = st.lists(
    st.builds(
        Due,
        user_id=st.sampled_from([None, 1, 2, 3, 9]),
        team=st.just("ar"),
        day=st.sampled_from([TODAY + timedelta(days=day) for day in range(14)]),
        count=st.integers(1, 50),
        minutes=st.integers(0, 2_000).map(float),
        balance_cents=st.integers(-10_000, 10_000_000),
    )
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(due=due_rows, minutes=st.lists(st.integers(0, 600), min_size=7, max_size=7))
def test_what_is_everybodys_sums_to_what_is_due(due: list[Due], minutes: list[int]) -> None:
    days = business_days(TODAY)
    persons = [Person(number, f"P{number}", "specialist", ("ar", "coding")[number % 2 :][:1])
               for number in (1, 2, 3)]  # fmt: skip
    found = capacity(due, persons, Hours({1: minutes}, {}), days)
    rows = [*found.people, found.unowned, found.others]
    for number in range(len(days)):
        cells = [row.cells[number] for row in rows]
        whole = found.total.cells[number]
        assert sum(cell.count for cell in cells) == whole.count
        assert sum(cell.due_minutes for cell in cells) == pytest.approx(whole.due_minutes)
        assert sum(cell.capacity_minutes for cell in cells) == whole.capacity_minutes
        teams = [row.cells[number] for row in found.teams]
        of_people = [row.cells[number] for row in found.people]
        assert sum(cell.count for cell in teams) == sum(cell.count for cell in of_people)
        assert all(is_business_day(days[number]) or cell.count == 0 for cell in cells)
    assert sum(row.balance_cents for row in rows) == found.total.balance_cents
    assert found.total.count == sum(one.count for one in due)
    for row in rows:
        done = row.due_minutes - row.over_minutes
        assert -1e-6 <= done <= row.capacity_minutes + 1e-6
