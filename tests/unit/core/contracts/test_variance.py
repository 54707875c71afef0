"""Departures from the price: what they are, and which of them are none (DOMAIN 6.6, B4 7 to 11)."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sanderling.core.contracts.variance import (
    ALTERNATIVES,
    COMPARED,
    FINDINGS,
    departures,
    judge,
    secondary_expected_cents,
)

USUAL = {
    "line_id": 1,
    "charge_cents": 30000,
    "allowed_cents": 9000,
    "share_cents": 0,
    "sequestration_cents": 0,
    "misplaced_share_cents": 0,
    "multiple_cents": 0,
    "own_cut_cents": 0,
    "has_unit_reason": False,
    "code": "99213",
    "modifiers": "",
    "paid_code": "99213",
    "paid_modifiers": "",
    "units": 1.0,
    "paid_units": 1.0,
    "expected_cents": 9210,
    "rank": None,
    "flags": "",
    "confidence": "high",
    "basis": "contract",
    "is_practitioner": False,
    "is_sequestered": False,
    "tolerance_cents": 100,
    "tolerance_rate": 0.01,
}


def judged(otherwise: dict[str, int] | None = None, **line: Any) -> dict[str, Any] | None:
    """Return what one line is, None when it does not depart."""
    compared = pl.DataFrame([USUAL | line], schema=COMPARED)
    alternatives = pl.DataFrame(
        [{"line_id": 1} | (otherwise or {})] if otherwise else [], schema=ALTERNATIVES
    )
    found = judge(departures(compared), alternatives)
    return found.row(0, named=True) if found.height else None


def kind(otherwise: dict[str, int] | None = None, **line: Any) -> str:
    row = judged(otherwise, **line)
    assert row is not None
    return str(row["finding"])


def test_two_dollars_ten_below_ninety_two_ten_is_paid_short() -> None:
    row = judged()
    assert row is not None
    assert (row["variance_cents"], row["finding"], row["is_queued"]) == (-210, "short", True)


def test_a_price_that_was_met_is_no_departure() -> None:
    assert judged(allowed_cents=9210) is None
    assert judged(allowed_cents=9208) is None  # rounding
    assert judged(expected_cents=None) is None


def test_what_lies_within_the_tolerance_is_kept_but_not_queued() -> None:
    row = judged(allowed_cents=9115)
    assert row is not None
    assert (row["finding"], row["is_queued"], row["is_beyond_tolerance"]) == ("small", False, False)
    large = judged(allowed_cents=99100, expected_cents=100000, charge_cents=200000)
    assert large is not None
    assert large["finding"] == "small"


def test_paid_over_is_said_so() -> None:
    row = judged(allowed_cents=9800)
    assert row is not None
    assert (row["variance_cents"], row["finding"], row["is_queued"]) == (590, "over", True)


def test_a_charge_below_the_price_is_no_underpayment() -> None:
    assert kind(charge_cents=8000, allowed_cents=8000, expected_cents=9500) == "charge_below_price"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"misplaced_share_cents": 1800, "allowed_cents": 7410}, "misplaced_share"),
        ({"has_unit_reason": True, "units": 2.0, "allowed_cents": 4605}, "units_refused"),
        ({"units": 2.0, "paid_units": 1.0, "allowed_cents": 4605}, "units_cut"),
        ({"multiple_cents": 4605, "allowed_cents": 4605}, "multiple_procedure"),
        ({"multiple_cents": 6000, "allowed_cents": 2302, "rank": 2}, "steps_beyond_contract"),
        ({"modifiers": "80", "flags": "NOT_STATED", "allowed_cents": 1474}, "assistant"),
        ({"allowed_cents": 7829, "is_practitioner": True}, "practitioner"),
        ({"allowed_cents": 7829}, "paid_as_practitioner"),
        ({"allowed_cents": 9026, "is_sequestered": True}, "sequestration"),
        ({"allowed_cents": 9026}, "wrong_sequestration"),
        ({"own_cut_cents": 2000, "allowed_cents": 7210}, "own_reduction"),
        ({"flags": "BY_REPORT", "allowed_cents": 5000}, "uncertain_price"),
        ({"allowed_cents": 18000, "rank": 2}, "steps_not_taken"),
    ],
)
def test_a_departure_is_explained(line: dict[str, Any], expected: str) -> None:
    assert kind(**line) == expected


@pytest.mark.parametrize(
    ("otherwise", "line", "expected"),
    [
        ({"earlier_cents": 9000}, {}, "old_rate"),
        ({"later_cents": 9500}, {"allowed_cents": 9500}, "later_rate"),
        ({"other_site_cents": 7001}, {"allowed_cents": 7000}, "other_site"),
        ({"as_paid_cents": 6150}, {"allowed_cents": 6150, "modifiers": "50"}, "modifier_dropped"),
        ({"as_paid_cents": 5700}, {"allowed_cents": 5700, "paid_code": "99212"}, "recoded"),
        ({"unranked_cents": 9000}, {}, "denied_beside"),
    ],
)
def test_a_departure_is_explained_by_another_price(
    otherwise: dict[str, int], line: dict[str, Any], expected: str
) -> None:
    assert kind(otherwise, **line) == expected


def test_only_real_departures_wait_for_somebody() -> None:
    set_aside = {name for name, one in FINDINGS.items() if not one.is_queued}
    assert set_aside == {
        "units_refused", "multiple_procedure", "assistant", "practitioner", "charge_below_price",
        "sequestration", "misplaced_share", "denied_beside", "uncertain_price", "small",
    }  # fmt: skip


def test_a_secondary_payer_owes_the_rest_of_its_price_at_most_the_patients_share() -> None:
    row = pl.DataFrame(
        {
            "secondary_allowed_cents": [9000, 9000, 7000],
            "primary_paid_cents": [7200, 7200, 7200],
            "primary_share_cents": [1800, 1000, 1800],
            "secondary_benefit_cents": [7200, 9000, 7000],
        }
    )
    standard = row.select(secondary_expected_cents("standard")).to_series().to_list()
    carved = row.select(secondary_expected_cents("carve_out")).to_series().to_list()
    assert standard == [1800, 1000, 0]
    assert carved == [0, 1800, 0]
