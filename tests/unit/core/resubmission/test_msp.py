"""Why Medicare is not first: DOMAIN 5.2."""

from __future__ import annotations

from datetime import date

import pytest

from sanderling.core.resubmission.msp import MspAnswer, msp_type


def asked(
    *, stated: str = "", first: str = "CI", birth_date: date | None = date(1950, 6, 1)
) -> MspAnswer:
    return msp_type(
        stated=stated,
        first_indicator=first,
        birth_date=birth_date,
        service_date=date(2026, 1, 4),
    )


@pytest.mark.parametrize(
    ("first", "known"), [("WC", "15"), ("AM", "14"), ("LM", "47"), ("VA", "42"), ("OF", "16")]
)
def test_some_first_payers_leave_one_answer(first: str, known: str) -> None:
    assert asked(first=first).known == known


def test_what_the_claim_as_sent_says_goes_before_what_follows() -> None:
    assert asked(stated="13", first="WC").known == "13"


def test_a_type_that_does_not_exist_is_not_taken_over() -> None:
    assert asked(stated="99").known == ""


@pytest.mark.parametrize(
    ("birth_date", "likely"),
    [
        (date(1961, 1, 4), "12"),  # 65 on the day
        (date(1961, 1, 5), "43"),  # a day short of it
        (None, ""),
    ],
)
def test_behind_an_employers_plan_the_age_only_makes_an_offer(
    birth_date: date | None, likely: str
) -> None:
    answer = asked(birth_date=birth_date)

    assert (answer.known, answer.likely) == ("", likely)
