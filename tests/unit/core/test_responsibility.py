"""Worked examples of the responsibility clock."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from sanderling.core.responsibility import (
    BEGINNINGS,
    OWED,
    TURNS,
    Holder,
    charge,
    turn_of_act,
    turn_of_team,
)

FOREVER = date(9999, 12, 31)


def spans(
    owed: list[tuple[int, int, int | None]],
    turns: list[tuple[int, str, int | None]],
    *,
    until: int = 41,
) -> list[tuple[int, int, str]]:
    """Return (first day, days, holder) of one claim served on day 0; days count from Jan 1."""
    day = {number: date(2026, 1, 1) + (date(2026, 1, 2) - date(2026, 1, 1)) * number
           for number in range(200)}  # fmt: skip
    found = charge(
        pl.DataFrame([(1, day[0])], schema=BEGINNINGS, orient="row"),
        pl.DataFrame(
            [(1, party, day[a], FOREVER if b is None else day[b], 100) for party, a, b in owed],
            schema=OWED,
            orient="row",
        ),
        pl.DataFrame(
            [(1, day[a], place, who, None if b is None else day[b])
             for place, (a, who, b) in enumerate(turns)],
            schema=TURNS,
            orient="row",
        ),
        day[until],
    )  # fmt: skip
    return [
        ((row["from_date"] - day[0]).days, (row["to_date"] - row["from_date"]).days, row["holder"])
        for row in found.iter_rows(named=True)
    ]


def test_of_41_days_19_waited_for_records_from_the_client() -> None:
    assert spans(
        [(11, 3, None)],
        [(3, "payer", 33), (12, "us", None), (14, "client_documents", None), (33, "us", None),
         (35, "payer", 60)],
    ) == [
        (0, 3, "before"), (3, 9, "payer"), (12, 2, "us"), (14, 19, "client_documents"),
        (33, 2, "us"), (35, 6, "payer"),
    ]  # fmt: skip


def test_a_payers_silence_is_ours_once_it_is_late_until_somebody_asks() -> None:
    assert spans([(11, 0, None)], [(0, "payer", 20), (30, "payer", 44)]) == [
        (0, 21, "payer"), (21, 9, "us"), (30, 11, "payer"),
    ]  # fmt: skip


def test_what_the_patient_alone_owes_is_the_patients() -> None:
    assert spans([(11, 0, 10), (14, 10, 30)], [(0, "payer", 25), (10, "us", None)]) == [
        (0, 10, "payer"), (10, 20, "patient"),
    ]  # fmt: skip


def test_a_claim_that_opens_again_was_settled_between() -> None:
    assert spans([(11, 0, 10), (11, 25, None)], [(0, "payer", 30), (25, "us", None)]) == [
        (0, 10, "payer"), (10, 15, "settled"), (25, 16, "us"),
    ]  # fmt: skip


def test_of_two_things_on_one_day_the_later_decides() -> None:
    assert spans([(11, 0, None)], [(0, "payer", None), (5, "us", None), (5, "payer", None)]) == [
        (0, 41, "payer")
    ]


def test_nothing_owed_is_no_life() -> None:
    assert spans([], [(0, "payer", None)]) == []


@pytest.mark.parametrize(
    ("act", "holder"),
    [
        (("appeal", "sent", "mail"), Holder.PAYER),
        (("request_documents", "sent", "mail"), Holder.CLIENT_DOCUMENTS),
        (("request_documents", "received", "mail"), Holder.US),
        (("request_documents", "sent", "internal"), Holder.CLIENT_DOCUMENTS),
        (("correct_and_rebill", "sent", "internal"), None),
        (("call_payer", "in_process", "call"), Holder.PAYER),
        (("call_payer", "denied", "call"), Holder.US),
        (("call_payer", "no_answer", "call"), None),
        (("wait", "other", "internal"), None),
    ],
)
def test_whose_turn_an_act_makes_it(act: tuple[str, str, str], holder: Holder | None) -> None:
    assert turn_of_act(*act) == holder


def test_a_team_holds_what_it_was_asked() -> None:
    assert turn_of_team("client") == Holder.CLIENT_DOCUMENTS
    assert turn_of_team("coding") == Holder.CLIENT_CODING
    assert turn_of_team("billing") == Holder.US
