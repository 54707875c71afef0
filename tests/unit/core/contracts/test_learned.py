"""Prices learned from what was allowed before, without a contract."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl

from sanderling.core.contracts.learned import HISTORY, learn, matter, priced_by_history

START = date(2025, 1, 6)


class Book:
    """Lines allowed over time, one a day unless said otherwise."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, count: int, cents: int, *, first: int = 0, every: int = 1, **line: Any) -> None:
        for number in range(count):
            day = START + timedelta(days=first + number * every)
            self.rows.append(
                {
                    "line_id": len(self.rows) + 1, "payer_id": 1, "client_id": 1, "kind": "P",
                    "code": "99214", "modifiers": "", "setting": "N", "units": 1.0,
                    "charge_cents": 40000, "allowed_cents": cents, "service_date": day,
                    "received_date": day + timedelta(days=14), "is_reduced": False,
                } | line
            )  # fmt: skip

    def departing(self) -> dict[int, int]:
        """Return allowed less expected of each line that departs, by line."""
        history = pl.DataFrame(self.rows, schema=HISTORY)
        learned, factors = learn(history)
        priced = priced_by_history(history, learned, factors)
        variance = pl.col("allowed_cents") - pl.col("expected_cents")
        found = history.join(priced, on="line_id").filter(variance.abs() > 2)
        return dict(found.select("line_id", variance).rows())

    def prices(self) -> dict[int, tuple[int, str]]:
        history = pl.DataFrame(self.rows, schema=HISTORY)
        priced = priced_by_history(history, *learn(history))
        return {
            line: (cents, confidence)
            for line, cents, confidence in priced.select(
                "line_id", "expected_cents", "confidence"
            ).rows()
        }


def test_a_single_line_below_the_usual_amount_departs() -> None:
    book = Book()
    book.add(30, 13000)
    book.add(1, 12100, first=12)
    assert book.departing() == {31: -900}
    assert book.prices()[1] == (13000, "high")


def test_nothing_is_said_where_amounts_do_not_repeat() -> None:
    book = Book()
    dice = Random(1)
    for day in range(40):
        book.add(1, dice.randrange(5000, 20000), first=day)
    assert book.prices() == {}


def test_few_lines_are_no_history() -> None:
    book = Book()
    book.add(2, 13000)
    book.add(1, 12000)
    assert book.departing() == {}


def test_what_went_away_again_was_no_rate() -> None:
    book = Book()
    book.add(60, 13000)
    book.add(30, 12220, first=60)
    book.add(60, 13000, first=90)
    assert book.departing() == dict.fromkeys(range(61, 91), -780)


def test_a_rise_that_lasts_is_a_new_rate() -> None:
    book = Book()
    book.add(60, 13000)
    book.add(60, 13390, first=60)
    assert book.departing() == {}


def test_a_rise_that_was_taken_back_was_paid_over() -> None:
    book = Book()
    book.add(60, 13000)
    book.add(20, 14000, first=60)
    book.add(60, 13000, first=80)
    assert book.departing() == dict.fromkeys(range(61, 81), 1000)


def test_a_fall_that_lasts_is_suspected_of_being_an_underpayment() -> None:
    book = Book()
    book.add(60, 13000)
    book.add(60, 12220, first=60)
    assert book.departing() == dict.fromkeys(range(61, 121), -780)


def test_prices_that_move_up_and_down_are_followed() -> None:
    book = Book()
    for quarter, cents in enumerate((1800, 1760, 1815, 1740, 1790)):
        book.add(30, cents, first=90 * quarter, every=3, code="J3301")
    assert book.departing() == {}


def test_two_amounts_side_by_side_are_both_right() -> None:
    book = Book()
    book.add(60, 13000)
    book.add(20, 11050, every=3)
    book.add(1, 12000, first=30)
    assert book.departing() == {81: -1000}


def test_a_charge_that_caps_the_price_is_no_departure() -> None:
    book = Book()
    book.add(30, 13000)
    book.add(20, 12000, charge_cents=12000, every=2)
    assert book.departing() == {}


def test_lines_reduced_as_further_procedures_teach_nothing() -> None:
    book = Book()
    book.add(10, 13000)
    book.add(30, 6500, is_reduced=True)
    assert book.prices()[1][0] == 13000
    assert {cents for cents, _ in book.prices().values()} == {13000}


def test_units_multiply_the_amount_of_one() -> None:
    book = Book()
    book.add(20, 3000, code="97110")
    book.add(5, 9000, code="97110", units=3.0)
    book.add(1, 8000, code="97110", units=3.0)
    assert book.departing() == {26: -1000}


def test_a_share_of_the_charge_is_recognized() -> None:
    book = Book()
    for number in range(20):
        charge = 30000 + 1700 * number
        book.add(1, round(charge * 0.62), first=number, charge_cents=charge)
    book.add(1, 18000, first=9, charge_cents=31000)
    assert book.departing() == {21: 18000 - 19220}


def test_a_client_with_few_lines_is_paid_like_the_others() -> None:
    book = Book()
    for code, cents in (("99213", 9200), ("99214", 13000), ("99203", 11300)):
        book.add(30, cents, code=code)
        book.add(3, cents, code=code, client_id=2, every=9)
    book.add(1, 10000, code="99203", client_id=2)
    assert book.departing() == {100: -1300}


def test_a_client_with_its_own_part_of_the_schedule_is_priced_by_it() -> None:
    book = Book()
    for code, cents in (("99213", 10000), ("99214", 14000), ("99203", 12000)):
        book.add(30, cents, code=code)
        book.add(3, cents * 11 // 10, code=code, client_id=2, every=9)
    book.add(1, 15000, code="99214", client_id=2)
    assert book.departing() == {100: -400}


def test_the_order_of_lines_does_not_matter() -> None:
    book = Book()
    book.add(60, 13000)
    book.add(30, 12220, first=60)
    book.add(60, 13000, first=90)
    forward = book.departing()
    book.rows.reverse()
    assert book.departing() == forward


def test_modifiers_that_change_no_price_are_left_out() -> None:
    given = pl.DataFrame({"modifiers": ["", "25", "59:RT", "50:LT", "TC:26", "GP"]})
    kept = given.select(matter(pl.col("modifiers"))).to_series().to_list()
    assert kept == ["", "", "", "50", "26:TC", ""]


def test_what_many_lines_show_explains_the_same_on_few() -> None:
    """The other client's lines begin in the middle of the episode: its amounts seem to rise."""
    book = Book()
    book.add(60, 13000)
    book.add(40, 12220, first=60)
    book.add(60, 13000, first=100)
    book.add(4, 9400, first=70, every=5, code="99213", client_id=2)
    book.add(9, 10000, first=110, every=5, code="99213", client_id=2)
    found = book.departing()
    assert {line: cents for line, cents in found.items() if line > 160} == dict.fromkeys(
        range(161, 165), -600
    )
