"""How money, days and rates look on pages."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sanderling.web.templatetags.sanderling import isodate, money, percent


@pytest.mark.parametrize(
    ("cents", "text"),
    [(123_456, "$1,234.56"), (-500, "-$5.00"), (0, "$0.00"), (7, "$0.07"), (None, "")],
)
def test_money(cents: int | None, text: str) -> None:
    assert money(cents) == text


def test_days_instants_and_rates() -> None:
    assert isodate(date(2026, 3, 5)) == "2026-03-05"
    assert isodate(datetime(2026, 3, 5, 14, 2, tzinfo=UTC)) == "2026-03-05 14:02 UTC"
    assert isodate(None) == ""
    assert percent(0.1234) == "12.3%"
    assert percent(None) == ""
