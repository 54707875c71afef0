"""Yields and what-ifs over frames, worked by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
from tests.unit.core.contracts.priced import lines, rates

from sanderling.core.contracts.codesets import code_set
from sanderling.core.contracts.frames import References
from sanderling.core.contracts.terms_toml import parse_terms
from sanderling.core.contracts.what_if import Proposal, changed, compare, top_codes
from sanderling.core.contracts.worth import WORTH, Costs, code_group, with_reference, yields

COSTS = Costs(money_rate=Decimal("0.0730"), touch_cents=600)
_LINE: dict[str, Any] = {
    "client_id": 1, "payer_id": 1, "procedure": "99213", "modifiers": "", "revenue_code": "",
    "units": 1.0, "charge_cents": 15000, "allowed_cents": 9000, "paid_cents": 7000,
    "is_denied": False, "days": 10, "schedule_cents": None,
}  # fmt: skip


def _worth(*told: dict[str, Any]) -> pl.DataFrame:
    return with_reference(pl.DataFrame([_LINE | row for row in told], schema=dict(WORTH)))


def _yields(frame: pl.DataFrame, by: tuple[str, ...] = ("payer_id",)) -> list[dict[str, Any]]:
    touches = pl.DataFrame({"client_id": [1], "payer_id": [1], "touches": [2]})
    leakage = pl.DataFrame({"client_id": [1], "payer_id": [2], "leakage_cents": [1210]})
    return yields(frame, touches, leakage, COSTS, by).to_dicts()


def test_the_own_average_is_weighted_by_units_over_all_payers() -> None:
    frame = _worth({}, {"payer_id": 2, "allowed_cents": 24000, "units": 2.0})

    # 33,000 cents for 3 units: 11,000 a unit.
    assert frame["reference_cents"].to_list() == [11000, 22000]
    low, high = sorted(_yields(frame), key=lambda row: row["payer_id"])
    assert low["yield_rate"] == 9000 / 11000
    assert high["yield_rate"] == 24000 / 22000


def test_hospital_lines_without_a_code_compare_by_their_charge() -> None:
    room = {"procedure": "", "revenue_code": "0120", "units": 3.0}
    frame = _worth(
        room | {"charge_cents": 300_000, "allowed_cents": 120_000},
        room | {"charge_cents": 100_000, "allowed_cents": 80_000, "units": 9.0},
    )

    assert frame["reference_cents"].to_list() == [150_000, 50_000]  # half of what is charged


def test_a_schedule_comes_before_the_own_average() -> None:
    frame = _worth({"schedule_cents": 8000}, {"procedure": "99999"})
    (row,) = _yields(frame)

    assert frame["reference_cents"].to_list() == [8000, 9000]
    assert (row["scheduled_lines"], row["compared_lines"]) == (1, 2)


def test_refused_lines_lower_the_net_yield_but_not_the_yield() -> None:
    refused = {"allowed_cents": 0, "paid_cents": 0, "is_denied": True}
    (row,) = _yields(_worth({}, refused))

    assert row["yield_rate"] == 1.0
    assert (row["denied_lines"], row["denied_reference_cents"]) == (1, 9000)
    # 7,000 paid after 10 days at 7.3 percent a year: 14 cents; two touches of six dollars.
    assert (row["delay_cents"], row["touch_cents"]) == (14, 1200)
    assert row["net_yield_rate"] == (9000 - 14 - 1200) / 18000


def test_what_was_paid_short_counts_for_its_payer() -> None:
    found = {row["payer_id"]: row for row in _yields(_worth({}, {"payer_id": 2}))}

    assert [found[payer]["leakage_cents"] for payer in (1, 2)] == [0, 1210]


def test_codes_fall_into_groups() -> None:
    codes = ["99213", "29881", "70551", "80053", "J1885", "0120", "A0428", "99202", "0001U"]
    frame = pl.DataFrame({"procedure": codes}).select(code_group("procedure"))

    assert frame.to_series().to_list() == [
        "evaluation", "procedure", "imaging", "laboratory", "drug", "other", "other", "evaluation",
        "other",
    ]  # fmt: skip


def _now(terms: str = "lesser_of_charge = true\npercent_of_charge = 0.5") -> Proposal:
    return Proposal(parse_terms(terms), rates({"99213": 9210, "99214": 13001}))


LINES = lines(
    {"procedure": "99213", "charge_cents": 15000},
    {"procedure": "99213", "charge_cents": 9300},
    {"procedure": "99214", "charge_cents": 20000},
    {"procedure": "J1885", "charge_cents": 1001},
)


def test_five_percent_more_is_limited_to_the_charge() -> None:
    found = compare(LINES, _now(), changed(_now(), Decimal(5)), References())

    # 99213: 9,670.5 -> 9,671 and, for the second, its charge of 9,300; 99214: 13,651.05 -> 13,651;
    # J1885: 1,001 x 0.5 = 500.5 -> 501 and 1,001 x 0.525 = 525.525 -> 526.
    assert found.now_cents == 9210 + 9210 + 13001 + 501
    assert found.then_cents == 9671 + 9300 + 13651 + 526
    assert found.by_code.rows() == [
        ("99214", 1, 1.0, 13001, 13651, 650),
        ("99213", 2, 2.0, 18420, 18971, 551),
        ("J1885", 1, 1.0, 501, 526, 25),
    ]


def test_a_change_of_codes_leaves_the_others_as_they_are() -> None:
    found = compare(LINES, _now(), changed(_now(), Decimal(10), code_set(["99214"])), References())

    assert found.then_cents - found.now_cents == 14301 - 13001


def test_the_top_codes_are_those_that_bring_most() -> None:
    assert top_codes(LINES, _now(), References(), 2).texts == ("99213", "99214")


def test_lines_without_a_price_under_one_of_the_two_are_left_out_and_counted() -> None:
    then = Proposal(parse_terms(""), rates({"99213": 9210}))
    found = compare(LINES, _now(), then, References())

    assert (found.lines, found.unpriced_lines) == (4, 2)
    assert found.now_cents == found.then_cents == 18420
