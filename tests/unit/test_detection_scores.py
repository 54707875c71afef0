"""The scores of the detection benchmark: each can be lost, and counts what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import polars as pl
import pytest
from bench.detection_facts import Facts, evidence
from bench.detection_forecast import mean_of, origins, score_naive, season_before, weekly
from bench.detection_issues import Said, belongs, naive_issues, score
from bench.detection_lines import naive_lines
from bench.detection_lines import score as score_lines
from bench.planted_worlds import START, PlantedWorld

WORLD = PlantedWorld(1, 100, 240)
ONSET = START + timedelta(days=120)
PROBLEM: dict[str, Any] = {
    "name": "P01-payer_edit", "kind": "payer_edit", "family": "denial", "payer": "UNH05",
    "client": "", "codes": [], "modifiers": [], "providers": [], "carc": "97",
    "from_date": ONSET, "until_date": ONSET + timedelta(days=300), "by_service": False,
    "claims": 0, "expected_cents": 500_000, "variance_cents": 0,
}  # fmt: skip


def day(offset: int) -> date:
    return START + timedelta(days=offset)


class MadeFacts(Facts):
    """Facts of a small made-up world: a decision a day at UNH05; from day 120 on, half denied."""

    def __init__(self, tables: dict[str, pl.DataFrame]) -> None:
        super().__init__(WORLD)
        object.__setattr__(self, "tables", tables)

    def table(self, name: str) -> pl.DataFrame:
        tables: dict[str, pl.DataFrame] = self.__dict__["tables"]
        return tables[name]

    @cached_property
    def problems(self) -> list[dict[str, Any]]:
        return [PROBLEM]

    @cached_property
    def struck(self) -> pl.DataFrame:
        numbers = [f"C{n}" for n in range(120, 230) if n % 2]
        days = pl.Series([day(int(number[1:])) for number in numbers])
        return pl.DataFrame(
            {"problem": PROBLEM["name"], "client": "MAPLE", "claim": numbers}
        ).with_columns(
            received_date=days,
            service_date=days - timedelta(days=3),
            seen_date=days + timedelta(days=9),
        )

    @cached_property
    def variances(self) -> pl.DataFrame:
        return pl.DataFrame(
            [
                ("MAPLE", "C10", 1, -700, "random"),
                ("MAPLE", "C11", 1, -40, "random"),
                ("MAPLE", "C12", 1, -900, "P11-wrong_fee_year"),
                ("MAPLE", "C13", 1, 300, "overpaid"),
            ],
            schema=["client", "claim", "line", "variance_cents", "cause"],
            orient="row",
        )


@pytest.fixture(scope="module")
def facts() -> MadeFacts:
    days = range(230)
    claims = pl.DataFrame(
        {
            "claim_id": list(days), "client": "MAPLE", "claim": [f"C{n}" for n in days],
            "payer": "UNH05",
        }
    )  # fmt: skip
    payments = claims.with_columns(
        is_first=True, sequence=1, is_held=False, is_duplicate=False, is_reversal=False,
        payer_received_date=pl.Series([day(n) for n in days]),
        sent_date=pl.Series([day(n) for n in days]),
        received_date=pl.Series([day(n + 9) for n in days]),
        service_date=pl.Series([day(n - 3) for n in days]),
        reason_code=pl.Series(["97" if n >= 120 and n % 2 else "" for n in days]),
        paid_cents=pl.Series([0 if n >= 120 and n % 2 else 7_000 for n in days], dtype=pl.Int64),
    )  # fmt: skip
    lines = claims.with_columns(procedure=pl.lit("99213"), modifiers=pl.lit(""), line=1)
    remit_lines = payments.with_columns(
        is_denied=pl.col("reason_code") != "", is_taken_back=False, line=1,
        procedure=pl.lit("99213"), modifiers=pl.lit(""), charge_cents=10_000,
        patient_cents=pl.when(pl.col("claim") == "C60").then(-1000).otherwise(0),
        sequestration_cents=0,
    )  # fmt: skip
    submissions = claims.with_columns(
        submission_id=pl.col("claim_id"), sequence=1, frequency=pl.lit("1"),
        submitted_date=pl.Series([day(n) for n in days]), status_category=pl.lit(""),
        status_code=pl.lit(""),
    )  # fmt: skip
    return MadeFacts(
        {
            "claims": claims, "payments": payments, "lines": lines, "remit_lines": remit_lines,
            "submissions": submissions,
        }
    )  # fmt: skip


def said(claims: list[int], found: date, **changes: Any) -> Said:
    keys = frozenset(("MAPLE", f"C{n}") for n in claims)
    plain = Said("1", "denial", found, ONSET + timedelta(days=2), 0, "CO-97 at UNH05", keys)
    return replace(plain, **changes)


def test_evidence_is_enough_on_the_day_the_third_denial_came_in(facts: MadeFacts) -> None:
    found = evidence(facts, PROBLEM)

    # Denials of days 121, 123 and 125, here nine days later; none in 120 decisions before.
    assert found.enough_date == day(125 + 9)
    assert found.events == sum(1 for n in range(120, 230) if n % 2)
    assert found.rate_before < 0.05


def test_an_issue_is_right_only_of_its_kind_after_the_onset_and_about_the_same_claims() -> None:
    touched = frozenset(("MAPLE", f"C{n}") for n in range(121, 221, 2))
    right = said(list(range(121, 151)), ONSET + timedelta(days=20))

    assert belongs(right, PROBLEM, touched)
    assert not belongs(replace(right, kind="rejection"), PROBLEM, touched)
    assert not belongs(replace(right, found_date=ONSET - timedelta(days=1)), PROBLEM, touched)
    assert not belongs(said(list(range(60)), right.found_date), PROBLEM, touched)
    assert not belongs(said([121, 123], right.found_date), PROBLEM, touched)
    assert not belongs(said([], right.found_date), PROBLEM, touched)


def test_delay_onset_error_and_false_issues_are_counted(facts: MadeFacts) -> None:
    enough = day(134)
    right = said(list(range(121, 160)), enough + timedelta(days=4))
    wrong = said(list(range(40)), enough, id="2")
    steady = said(list(range(40)), enough, id="3", basis="steady")

    part = said([121, 123], enough, id="4")
    scored = score(facts, [right, wrong, steady, part])

    row = scored.row([0, 600_000])
    assert row["recall"] == {"0": [1, 1], "600000": [0, 0]}
    assert (row["false"], row["steady"], row["parts"]) == (1, 1, 1)
    assert (row["delays"], row["onset_errors"], row["onset_within"]) == ([4], [2], 1)
    assert scored.client_months == pytest.approx((240 - 90) / 30.4)


def test_an_onset_is_judged_on_the_axis_that_the_issue_states(facts: MadeFacts) -> None:
    found = day(150)
    told = said(list(range(121, 160)), found, onset_date=day(132), onset_axis="day")
    sent = said(list(range(121, 160)), found, onset_date=day(132), onset_axis="sent_date")

    # Claims that the payer had from day 120 on; the first of them came back denied on day 130.
    assert abs(score(facts, [told]).outcomes[0].onset_error_days or 99) <= 3
    assert score(facts, [sent]).outcomes[0].onset_error_days == 12


def test_a_problem_that_nobody_named_is_not_found(facts: MadeFacts) -> None:
    row = score(facts, []).row([0])

    assert row["recall"] == {"0": [0, 1]}
    assert row["delay_median"] is None


def test_the_naive_rule_says_payer_and_reason_at_the_end_of_the_month(facts: MadeFacts) -> None:
    issues = naive_issues(facts)

    assert [(issue.title, issue.kind) for issue in issues] == [("UNH05 97", "denial")]
    assert issues[0].found_date.day >= 28
    assert day(130) <= issues[0].found_date <= day(165)
    assert score(facts, issues).outcomes[0].issues == issues


def test_lines_count_beyond_the_tolerance_and_wrong_ones_are_shown(facts: MadeFacts) -> None:
    listed = pl.DataFrame(
        [("MAPLE", "C10", 1), ("MAPLE", "C11", 1), ("MAPLE", "C99", 1), ("MAPLE", "C13", 1)],
        schema=["client", "claim", "line"],
        orient="row",
    )

    scored = score_lines(facts, listed)

    assert (scored.true, scored.found, scored.listed, scored.right) == (2, 1, 4, 2)
    assert sorted(scored.wrong["claim"]) == ["C13", "C99"]
    assert scored.missed["claim"].to_list() == ["C12"]
    assert (scored.true_cents, scored.found_cents) == (1600, 700)
    assert scored.by_cause == {"random": (1, 1), "P11-wrong_fee_year": (0, 1)}
    assert score_lines(facts, listed, learned_only=True).true == 1
    assert score_lines(facts, listed, sign=1).found == 1
    assert score_lines(facts, listed, days=(day(20), day(21))).true == 1  # C12 only


def test_a_claim_paid_without_lines_stands_for_its_lines(facts: MadeFacts) -> None:
    listed = pl.DataFrame(
        [("MAPLE", "C10", 0), ("MAPLE", "C99", 0)], schema=["client", "claim", "line"], orient="row"
    )

    scored = score_lines(facts, listed)

    assert (scored.found, scored.right, scored.listed) == (1, 1, 2)


def test_naive_lines_are_those_below_the_median_of_three_months(facts: MadeFacts) -> None:
    careful = naive_lines(facts, careful=True)

    assert careful["claim"].to_list() == ["C60"]
    assert naive_lines(facts, careful=False).is_empty()


def test_weeks_of_cash_and_naive_forecasts(facts: MadeFacts) -> None:
    sunday = origins(WORLD)[0]

    assert sunday.weekday() == 6
    assert weekly(facts, START + timedelta(days=30), -2) == [49_000, 49_000]
    assert weekly(facts, START + timedelta(days=30), 1) == [49_000]
    assert mean_of(2)([1, 10, 20]) == [15.0] * 4
    assert season_before([1, 2, 3, 4, 5, 6, 7, 8]) == [5.0, 6.0, 7.0, 8.0]
    scored = score_naive(facts, "mean of the last 8 weeks")
    assert scored.covered is None
    assert scored.origins == len(origins(WORLD))
    assert 0.2 < scored.wape_whole < 1.0  # cash halves at the onset
