"""The worked prices of DOMAIN, Appendix B4, and the formula of 6.2."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from tests.unit.core.contracts.priced import expected, priced

from sanderling.core.contracts.frames import CONVERSION_FACTORS, GPCIS, RVUS, References

SURGERY = '[multiple_procedure]\nsteps = [1.0, 0.5, 0.5]\ncodes = ["11042", "11043", "11044"]'


def test_b4_1_three_surgeries_are_paid_100_50_50() -> None:
    told = [{"procedure": "11044"}, {"procedure": "11042"}, {"procedure": "11043"}]
    cents = {"11042": 100_000, "11043": 80_000, "11044": 40_000}

    assert expected(told, cents, SURGERY) == [20_000, 100_000, 40_000]


def test_b4_2_bilateral_comes_before_the_rank() -> None:
    told = [{"procedure": "11042", "modifiers": "50"}, {"procedure": "11043"}]
    cents = {"11042": 60_000, "11043": 70_000}

    assert expected(told, cents, SURGERY) == [90_000, 35_000]


@pytest.mark.parametrize(("modifier", "cents"), [("80", 16_000), ("AS", 13_600), ("62", 62_500)])
def test_b4_3_assistants_and_co_surgeons(modifier: str, cents: int) -> None:
    assert expected([{"procedure": "27447", "modifiers": modifier}], {"27447": 100_000}) == [cents]


def test_b4_4_a_nurse_practitioner_at_85_percent_rounds_half_up() -> None:
    assert expected([{"provider_class": "np"}], {"99213": 9210}, "np_pa = 0.85") == [7829]


def test_b4_5_a_second_scope_brings_what_exceeds_the_base_scope() -> None:
    terms = '[[endoscopy]]\nbase = "45378"\ncodes = ["45380", "45385"]'
    told = [{"procedure": "45380"}, {"procedure": "45385"}]

    assert expected(told, {"45378": 30_000, "45380": 42_000, "45385": 50_000}, terms) == [
        12_000,
        50_000,
    ]


def test_b4_6_imaging_reduces_each_part_by_itself() -> None:
    terms = '[imaging]\ncodes = ["70010-79999"]'
    told = [
        {"procedure": code, "modifiers": part}
        for part in ("TC", "26")
        for code in ("70551", "72141")
    ]
    cents = {"70551-TC": 20_000, "72141-TC": 15_000, "70551-26": 6_000, "72141-26": 5_000}

    assert expected(told, cents, terms) == [20_000, 7_500, 6_000, 4_750]


def test_b4_7_a_charge_below_the_contract_is_the_price_and_flagged() -> None:
    answer = priced([{"charge_cents": 8000}], {"99213": 9500}, "lesser_of_charge = true")

    assert answer["expected_cents"].to_list() == [8000]
    assert answer["flags"].to_list() == ["CHARGE_BELOW_CONTRACT:LESSER_OF"]


def _references(**more: Any) -> References:
    row = {
        "schedule": "medicare", "code": "99213", "modifier": "", "work": Decimal("1.30"),
        "practice_nonfacility": Decimal("1.45"), "practice_facility": Decimal("0.55"),
        "malpractice": Decimal("0.10"), **more,
    }  # fmt: skip
    return References(
        rvus=pl.DataFrame([row], schema=dict(RVUS)),
        gpcis=pl.DataFrame(
            [("medicare", "01", Decimal(1), Decimal("0.95"), Decimal("0.8"), None, None)],
            schema=dict(GPCIS),
            orient="row",
        ),
        conversion_factors=pl.DataFrame(
            [
                ("medicare", "", Decimal("32.3465"), date(2025, 1, 1), date(2025, 12, 31)),
                ("medicare", "", Decimal("33.4009"), date(2026, 1, 1), None),
            ],
            schema=dict(CONVERSION_FACTORS),
            orient="row",
        ),
    )


MEDICARE = '[[percent_of_reference]]\nschedule = "medicare"\nlocality = "01"\n'


@pytest.mark.parametrize(("percent", "cents"), [("1.0", 9210), ("1.25", 11513)])
def test_the_formula_of_relative_value_units(percent: str, cents: int) -> None:
    terms = f"{MEDICARE}percent = {percent}"

    assert expected([{}], {}, terms, _references()) == [cents]


def test_a_facility_has_its_own_practice_expense() -> None:
    # (1.30 + 0.55 x 0.95 + 0.10 x 0.8) x 33.4009 = 1.9025 x 33.4009 = 63.5452...
    assert expected([{"place_of_service": "22"}], {}, MEDICARE, _references()) == [6355]


def test_the_conversion_factor_is_that_of_the_day_or_of_the_year_agreed() -> None:
    old = {"service_date": date(2025, 12, 31)}

    assert expected([{}, old], {}, MEDICARE, _references()) == [9210, 8920]
    assert expected([{}, old], {}, f"{MEDICARE}year = 2025", _references()) == [8920, 8920]


def test_an_unknown_locality_leaves_the_line_unpriced() -> None:
    terms = MEDICARE.replace('"01"', '"99"')

    assert priced([{}], {}, terms, _references())["method"].to_list() == ["unpriced"]
