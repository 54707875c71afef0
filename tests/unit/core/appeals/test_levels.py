"""Levels of appeal: days for filing, amounts in controversy, days for the decision."""

from __future__ import annotations

from datetime import date

import pytest

from sanderling.core.appeals.levels import (
    confirm_date,
    decision_due,
    filing_limit,
    level_of,
    levels_of,
    minimum_cents,
)
from sanderling.core.deadlines.rules import PAYER_TYPES, rules_frame

DECIDED = date(2026, 1, 20)


@pytest.mark.parametrize(
    ("payer_type", "level", "last_day"),
    [
        ("medicare", 1, date(2026, 5, 25)),  # 120 days of receipt, presumed after 5
        ("medicare", 2, date(2026, 7, 19)),
        ("medicare", 3, date(2026, 3, 21)),
        ("commercial", 1, date(2026, 7, 19)),
        ("commercial", 2, date(2026, 3, 21)),
        ("medicare_advantage", 1, date(2026, 3, 21)),
        ("self_pay", 1, None),
    ],
)
def test_a_level_is_filed_by_its_rule(payer_type: str, level: int, last_day: date | None) -> None:
    found = filing_limit(
        rules_frame(), level=level, payer_id=1, payer_type=payer_type, client_id=1,
        decision_date=DECIDED,
    )  # fmt: skip
    assert found.deadline_date == last_day
    assert bool(found.rule) == (last_day is not None)


def test_without_a_decision_there_is_a_rule_but_no_day() -> None:
    found = filing_limit(
        rules_frame(), level=1, payer_id=None, payer_type="bcbs", client_id=1, decision_date=None
    )
    assert found.deadline_date is None
    assert found.rule == "180 days from the remittance, default of Blue plans"
    assert found.confidence == "L"


def test_medicare_asks_for_an_amount_at_the_third_and_fifth_level() -> None:
    day = date(2026, 3, 1)
    asked = [minimum_cents("medicare", level, filed_date=day) for level in range(1, 6)]
    assert asked == [None, None, 20_000, None, 196_000]
    assert minimum_cents("medicare", 3, filed_date=date(2024, 3, 1)) == 18_000
    assert minimum_cents("commercial", 3, filed_date=day) is None


def test_medicare_has_five_levels_and_every_insurer_one() -> None:
    names = [one.name for one in levels_of("medicare")]
    assert names == [
        *("Redetermination", "Reconsideration", "Hearing", "Council review", "Judicial review")
    ]
    for payer_type in PAYER_TYPES:
        assert bool(levels_of(payer_type)) == (payer_type != "self_pay")
    guess = level_of("bcbs", 1)
    assert guess is not None
    assert guess.is_guess


def test_receipt_is_asked_for_after_seven_to_ten_days_and_the_decision_when_due() -> None:
    sent = date(2026, 3, 2)
    assert confirm_date(sent, "fax") == date(2026, 3, 9)
    assert confirm_date(sent, "mail") == date(2026, 3, 12)
    assert decision_due(sent, payer_type="medicare", level=3, days=None) == date(2026, 5, 31)
    assert decision_due(sent, payer_type="medicare", level=5, days=None) is None
    assert decision_due(sent, payer_type="commercial", level=1, days=30) == date(2026, 4, 1)
