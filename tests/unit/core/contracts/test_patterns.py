"""Departures that repeat: one part of the price, the same codes, since a day (B4 10)."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl

from sanderling.core.contracts.patterns import OBSERVED, code_set, find_patterns

START = date(2026, 1, 5)


class Lines:
    """Compared lines, one a day."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, count: int, ratio: float, *, first: int = 0, **line: Any) -> None:
        for number in range(count):
            day = START + timedelta(days=first + number)
            self.rows.append(
                {
                    "line_id": len(self.rows) + 1, "client_id": 1, "payer_id": 1,
                    "contract_id": 1, "code": "99213", "modifiers": "",
                    "place_of_service": "11", "provider_class": "", "service_date": day,
                    "received_date": day + timedelta(days=14), "ratio": ratio,
                    "variance_cents": round((ratio - 1) * 9200), "is_explained": False,
                } | line
            )  # fmt: skip

    def patterns(self) -> list[dict[str, Any]]:
        patterns, members = find_patterns(pl.DataFrame(self.rows, schema=OBSERVED))
        assert members.height == patterns["lines"].sum()
        assert members["line_id"].is_unique().all()
        return patterns.to_dicts()


def test_twelve_lines_at_ninety_four_percent_are_systemic() -> None:
    lines = Lines()
    for number in range(12):
        lines.add(1, 0.940 + 0.0002 * number, first=number)
    (found,) = lines.patterns()
    assert (found["lines"], round(found["ratio"], 2)) == (12, 0.94)


def test_nine_small_lines_are_not() -> None:
    lines = Lines()
    lines.add(9, 0.94)
    assert lines.patterns() == []


def test_a_pattern_begins_and_ends_with_its_lines_and_says_so() -> None:
    lines = Lines()
    lines.add(40, 1.0)
    lines.add(30, 0.92, first=40)
    lines.add(40, 1.0, first=70)
    lines.add(1, 0.921, first=5)  # chance
    (found,) = lines.patterns()
    first = START + timedelta(days=40)
    assert (found["first_service_date"], found["lines"]) == (first, 30)
    assert found["last_service_date"] == START + timedelta(days=69)
    assert not found["is_ongoing"]
    assert found["sentence"] == (
        "-8 % on 99213 from February 14, 2026 to March 15, 2026, 30 lines, $221"
    )


def test_errors_scattered_over_a_year_are_no_pattern() -> None:
    lines = Lines()
    dice = Random(3)
    for day in range(2000):
        is_error = dice.random() < 0.02
        lines.add(1, 0.85 + 0.13 * dice.random() if is_error else 1.0, first=day // 6)
    assert lines.patterns() == []


def test_neighboring_codes_with_the_same_part_are_one_pattern() -> None:
    lines = Lines()
    lines.add(20, 0.92, code="99214")
    lines.add(20, 0.921, code="99215", first=3)
    lines.add(20, 0.80, code="20610")
    found = {tuple(row["codes"]): row for row in lines.patterns()}
    assert set(found) == {("99214", "99215"), ("20610",)}
    assert found["99214", "99215"]["sentence"].startswith("-8 % on 99214-99215 since January")
    assert found["99214", "99215"]["is_ongoing"]


def test_clients_and_payers_have_patterns_of_their_own() -> None:
    lines = Lines()
    lines.add(20, 0.92)
    lines.add(20, 0.92, client_id=2)
    lines.add(20, 0.92, payer_id=2)
    assert len(lines.patterns()) == 3


def test_what_was_explained_belongs_to_no_pattern() -> None:
    lines = Lines()
    lines.add(30, 0.85, is_explained=True)
    assert lines.patterns() == []


def test_learned_lines_have_patterns_too() -> None:
    lines = Lines()
    lines.add(20, 0.92, contract_id=None)
    (found,) = lines.patterns()
    assert found["contract_id"] is None


def test_codes_are_told_in_short() -> None:
    assert code_set(["99214", "99213", "20610"]) == "20610, 99213-99214"
    assert code_set(["J0129", "J0130"]) == "J0129, J0130"
