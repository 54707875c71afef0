"""Hospital claims priced as a whole (DOMAIN 6.4), and the rarer terms of lines."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from tests.unit.core.contracts.priced import expected, lines, priced, rates

from sanderling.core.contracts.explain import explain_claim
from sanderling.core.contracts.frames import RVUS, References
from sanderling.core.contracts.terms_toml import parse_terms

STAY: dict[str, Any] = {"kind": "I", "place_of_service": "11", "procedure": ""}
ROOM = STAY | {"revenue_code": "0120", "units": 3.0, "charge_cents": 600_000}
DRUGS = STAY | {"revenue_code": "0250", "charge_cents": 300_000}


def test_a_per_diem_is_laid_on_the_lines_by_charge() -> None:
    terms = "[inpatient]\nper_diem_cents = 100001"

    assert expected([ROOM | {"days": 3}, DRUGS], {}, terms) == [200002, 100001]


def test_days_that_nobody_states_are_those_of_the_rooms() -> None:
    assert expected([ROOM, DRUGS], {}, "[inpatient]\nper_diem_cents = 100000") == [200000, 100000]


def test_a_stay_without_days_is_unpriced() -> None:
    answer = priced([DRUGS], {}, "[inpatient]\nper_diem_cents = 100000")

    assert answer["expected_cents"].to_list() == [None]
    assert answer["term"].to_list() == ["days of the stay not known"]


def test_tiers_by_revenue_code_and_by_day() -> None:
    terms = (
        "[[inpatient.per_diems]]\nrevenue_codes = ['0200']\ncents = 300000\n"
        "[[inpatient.per_diems]]\ncents = 150000\n"
        "[[inpatient.per_diems]]\ncents = 100000\nfrom_day = 3\n"
    )
    intensive = STAY | {"revenue_code": "0200", "units": 2.0, "charge_cents": 600_000}
    told = [intensive | {"days": 5}, ROOM]

    # Two days of intensive care; of the three others two at the first tier, one at the second.
    assert sum(expected(told, {}, terms)) == 2 * 300_000 + 2 * 150_000 + 100_000  # type: ignore[arg-type]


DRG = (
    "[inpatient]\ndrg_base_cents = 650000\ntransfer_statuses = ['02']\n"
    "[inpatient.drgs.470]\nweight = 1.9\nmean_days = 4.0\n"
)


def test_a_group_is_base_rate_by_weight() -> None:
    assert expected([ROOM | {"drg": "470", "charge_cents": 9_000_000}], {}, DRG) == [1_235_000]


def test_a_transfer_is_paid_by_the_day_up_to_the_whole() -> None:
    told = ROOM | {"drg": "470", "charge_cents": 9_000_000, "discharge_status": "02"}

    # 12,350.00 / 4 x (1 + 1), and in full from the third day on.
    assert expected([told | {"days": 1}], {}, DRG) == [617_500]
    assert expected([told | {"days": 3}], {}, DRG) == [1_235_000]


def test_a_group_without_weight_is_unpriced() -> None:
    assert expected([ROOM | {"drg": "999"}], {}, DRG) == [None]


@pytest.mark.parametrize(
    ("kind", "cents"),
    [("first_dollar", 5_400_000), ("second_dollar", 1_000_000 + 600_000)],
)
def test_stop_loss(kind: str, cents: int) -> None:
    terms = (
        "[inpatient]\ncase_rate_cents = 1000000\n[inpatient.stop_loss]\n"
        f"threshold_cents = 8000000\npercent_of_charge = 0.6\nkind = '{kind}'"
    )
    answer = priced([ROOM | {"charge_cents": 9_000_000}], {}, terms)

    assert answer["expected_cents"].to_list() == [cents]
    assert answer["flags"].to_list() == ["OUTLIER"]


def test_an_outlier_adds_a_share_of_the_cost_above_price_and_fixed_loss() -> None:
    terms = (
        "[inpatient]\ncase_rate_cents = 1000000\n[inpatient.outlier]\n"
        "fixed_loss_cents = 2000000\ncost_to_charge = 0.5"
    )

    # Cost 45,000; above 10,000 + 20,000: 15,000, of which 80 percent.
    assert expected([ROOM | {"charge_cents": 9_000_000}], {}, terms) == [2_200_000]


def test_a_case_rate_leaves_carved_out_implants_their_own_price() -> None:
    terms = (
        "[[inpatient.case_rates]]\nname = 'delivery'\ncents = 800000\nrevenue_codes = ['0722']\n"
        "[[carve_outs]]\nname = 'implants'\nrevenue_codes = ['0278']\npercent_of_charge = 0.4\n"
        "above_cents = 100000\n"
    )
    labor = STAY | {"revenue_code": "0722", "charge_cents": 1_000_000}
    implant = STAY | {"revenue_code": "0278", "charge_cents": 250_000}

    assert expected([labor, implant], {}, terms) == [800_000, 100_000]
    # A cheap implant is part of the case.
    cheap = implant | {"charge_cents": 100_000}
    assert sum(expected([labor, cheap], {}, terms)) == 800_000  # type: ignore[arg-type]


def test_the_limit_of_a_stay_is_its_charge() -> None:
    terms = "lesser_of_charge = true\n[inpatient]\ncase_rate_cents = 1000000"
    answer = priced([ROOM, DRUGS], {}, terms)

    assert answer["expected_cents"].to_list() == [600_000, 300_000]
    assert set(answer["flags"].to_list()) == {"CHARGE_BELOW_CONTRACT:LESSER_OF"}


def test_the_shares_of_a_stay_add_up_and_are_explained() -> None:
    told = lines(*(ROOM | {"charge_cents": cents, "days": 3} for cents in (333, 333, 334, 7)))
    said = {1: parse_terms("[inpatient]\nper_diem_cents = 33")}
    found = explain_claim(told, rates({}), said)

    assert sum(line.expected_cents or 0 for line in found) == 99
    assert found[0].steps[0].words == "3 days at 0.33 (0.99); this line's share by its charge"


def test_inpatient_percent_of_charge_is_by_line() -> None:
    terms = "percent_of_charge = 0.62\n[inpatient]\npercent_of_charge = 0.45"

    assert expected([ROOM | {"charge_cents": 101}, {"charge_cents": 101}], {}, terms) == [45, 63]


def test_capitation_is_nothing_and_said() -> None:
    answer = priced([{}], {"99213": 9210}, "[capitation]\ncodes = ['99213']")

    assert answer.select("expected_cents", "method", "flags").row(0) == (
        0,
        "capitation",
        "CAPITATED",
    )


def test_without_any_term_a_line_is_unpriced() -> None:
    answer = priced([{"procedure": "99999"}, {"contract_id": None}], {"99213": 9210})

    assert answer["expected_cents"].to_list() == [None, None]
    assert answer["term"].to_list() == ["no term applies", "no contract"]
    assert answer["confidence"].to_list() == ["none", "none"]


def test_the_most_specific_rate_counts() -> None:
    cents = {"99213": 100, "99213--22": 200, "99213-25": 300, "99213-25-22": 400}
    told = [
        {"modifiers": modifiers, "place_of_service": place}
        for modifiers in ("", "25")
        for place in ("11", "22")
    ]

    assert expected(told, cents) == [100, 200, 300, 400]


def test_a_rate_for_a_modifier_is_not_multiplied_by_it_again() -> None:
    assert expected([{"modifiers": "50"}], {"99213": 1000, "99213-50": 1400}) == [1400]


def test_anesthesia_is_base_and_time_units() -> None:
    row = {"schedule": "asa", "code": "00740", "modifier": "", "anesthesia_base": Decimal(5)}
    known = References(rvus=pl.DataFrame([row], schema=dict(RVUS)))
    terms = "[anesthesia]\nschedule = 'asa'\nconversion_factor = 20.3178"
    told = {"procedure": "00740", "units": 50.0}

    # 50 minutes are 3.3 units: 8.3 x 20.3178 = 168.63774; medically directed: half.
    assert expected([told, told | {"modifiers": "QK"}], {}, terms, known) == [16864, 8432]


def test_therapy_reduces_the_practice_expense_of_all_units_but_the_first() -> None:
    terms = "[therapy]\ncodes = ['97110', '97140']\npractice_expense_share = 0.4"
    told: list[dict[str, Any]] = [{"procedure": "97110", "units": 2.0}, {"procedure": "97140"}]

    # 30.00 with 12.00 expense: one unit in full, one less 6.00; 28.00 less half of 11.20.
    assert expected(told, {"97110": 3000, "97140": 2800}, terms) == [5400, 2240]


def test_add_on_codes_are_neither_reduced_nor_counted() -> None:
    terms = "[multiple_procedure]\nsteps = [1.0, 0.5]\ncodes = ['10000-69999']\nexempt = ['11045']"
    told = [{"procedure": code} for code in ("11045", "11042", "20610")]

    assert expected(told, {"11042": 1000, "11045": 5000, "20610": 800}, terms) == [5000, 1000, 400]


def test_an_escalator_compounds_from_its_day_unless_the_rate_is_newer() -> None:
    terms = (
        "[[escalators]]\ndate = 2025-01-01\nrate = 0.03\n"
        "[[escalators]]\ndate = 2026-01-01\nrate = 0.03\n"
    )

    assert expected([{}, {"service_date": date(2025, 6, 1)}], {"99213": 10_000}, terms) == [
        10_609,
        10_300,
    ]


def test_a_second_procedure_marked_by_51_is_halved_where_no_rule_names_codes() -> None:
    told = [{"procedure": "29881"}, {"procedure": "20610", "modifiers": "51"}]

    assert expected(told, {"29881": 100_000, "20610": 10_000}) == [100_000, 5_000]
