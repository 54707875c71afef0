"""Aging: DOMAIN B3 number 6, conventions of DOMAIN 8, and any past day against the plain sum."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from tests.builders import AT, claims_file, line, paid, remittance_file, sent
from tests.integration.worlds import made_world

from sanderling.core.ages import bucket_columns
from sanderling.intake.actions import ingest
from sanderling.ledger.actions import freeze_month_ends
from sanderling.ledger.models import MonthEnd
from sanderling.receivables.aging import (
    AgingQuestion,
    WrongQuestion,
    aging,
    claims_in_cell,
    indicators,
    roll_forward,
)

pytestmark = pytest.mark.django_db


def take(folder: Path, name: str, text: str, received: date) -> None:
    path = folder / name
    path.write_text(text)
    reports = list(ingest([path], received_date=received, source="test", recorded_at=AT))
    assert [report.status for report in reports] == ["posted"]


def test_ages_fall_into_the_buckets_of_the_worked_example(tmp_path: Path) -> None:
    """As of 2026-03-31, ages 30/31/60/61/90/120/121: a boundary day is in the lower bucket."""
    days = ["20260301", "20260228", "20260130", "20260129", "20251231", "20251201", "20251130"]
    claims = [
        sent(f"AGE{place}", 1, lines=(line("99213", 1, day=day),)) for place, day in enumerate(days)
    ]
    take(tmp_path, "claims.837p", claims_file(*claims), date(2026, 3, 2))

    totals = aging(AgingQuestion(as_of=date(2026, 3, 31))).totals

    assert [totals[name] for name in bucket_columns((30, 60, 90, 120))] == [100, 200, 200, 100, 100]
    assert totals["count"] == 7
    assert totals["total_cents"] == 700


def test_a_service_date_ahead_is_age_zero(tmp_path: Path) -> None:
    claim = sent("AHEAD", 10, lines=(line("99213", 10, day="20260401"),))
    take(tmp_path, "claims.837p", claims_file(claim), date(2026, 3, 2))

    (row,) = claims_in_cell(AgingQuestion(as_of=date(2026, 3, 31)))

    assert row["age_days"] == 0


def test_credits_stand_apart_and_are_never_netted(tmp_path: Path) -> None:
    claims = claims_file(sent("OWED", 150), sent("OVER", 100))
    take(tmp_path, "claims.837p", claims, date(2026, 1, 5))
    twice = [paid("OVER", 100, 100), paid("OVER", 100, 100)]
    take(tmp_path, "paid.835", remittance_file(*twice), date(2026, 1, 20))

    totals = aging(AgingQuestion(as_of=date(2026, 2, 1), party="all")).totals

    assert totals["total_cents"] == 15000
    assert totals["credits_cents"] == -10000
    (credit,) = claims_in_cell(
        AgingQuestion(as_of=date(2026, 2, 1), party="all"), credits_only=True
    )
    assert (credit["claim"], credit["balance_cents"]) == ("OVER", -10000)


def test_an_answer_is_what_was_known_that_day(tmp_path: Path) -> None:
    take(tmp_path, "claims.837p", claims_file(sent("KNOWN", 150)), date(2026, 1, 5))
    answer = paid("KNOWN", 150, 72, "CO*45*60", "PR*2*18")
    take(tmp_path, "paid.835", remittance_file(answer), date(2026, 1, 19))

    def owed(day: date, party: str) -> int:
        return int(aging(AgingQuestion(as_of=day, party=party)).totals["total_cents"])

    assert owed(date(2026, 1, 4), "all") == 0
    assert owed(date(2026, 1, 5), "insurance") == 15000
    assert owed(date(2026, 1, 18), "insurance") == 15000
    assert owed(date(2026, 1, 19), "insurance") == 0
    assert owed(date(2026, 1, 19), "patient") == 1800


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": ("moon",)},
        {"basis": "whim"},
        {"party": "nobody"},
        {"buckets": ()},
        {"buckets": (60, 30)},
        {"filters": {"1=1": "x"}},
    ],
)
def test_a_wrong_question_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(WrongQuestion):
        AgingQuestion(as_of=date(2026, 1, 1), **wrong)


def plain_balances(day: date) -> dict[tuple[int, int], int]:
    """The sum over every entry known by `day`, by claim and party: slow and simple."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT claim_id, party, sum(cents)::bigint FROM ("
            " SELECT claim_id, debit AS party, amount_cents AS cents, posted_date FROM ledger_entry"
            " UNION ALL"
            " SELECT claim_id, credit, -amount_cents, posted_date FROM ledger_entry) AS side"
            " WHERE party BETWEEN 11 AND 14 AND claim_id IS NOT NULL AND posted_date <= %s"
            " GROUP BY 1, 2 HAVING sum(cents) <> 0",
            [day],
        )
        return {(claim, party): cents for claim, party, cents in cursor.fetchall()}


def test_every_past_day_equals_the_plain_sum_over_the_ledger(tmp_path: Path) -> None:
    """30 random days of a small world: over frozen month ends as over all entries."""
    world = made_world(31, claims=120, days=120)
    for folder in sorted((world.folder / "days").iterdir()):
        day = date.fromisoformat(folder.name)
        reports = ingest(sorted(folder.iterdir()), received_date=day, source="test", recorded_at=AT)
        assert {report.status for report in reports} <= {"posted", "partly"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(posted_date), max(posted_date) FROM ledger_entry")
        first, last = cursor.fetchone()
    dice = random.Random(3)
    days = [first + timedelta(days=dice.randrange(-2, (last - first).days + 3)) for _ in range(30)]
    assert freeze_month_ends(today=last)
    for day in days:
        plain = plain_balances(day)
        answer = aging(AgingQuestion(as_of=day, by=("client", "payer"), party="all"))
        assert answer.totals["total_cents"] == sum(c for c in plain.values() if c > 0)
        assert answer.totals["credits_cents"] == sum(c for c in plain.values() if c < 0)
        assert answer.totals["count"] == len({claim for (claim, _), c in plain.items() if c > 0})
    moved = roll_forward(from_date=days[0], to_date=last)
    assert moved.difference_cents == 0
    assert moved.closing_cents == sum(plain_balances(last).values())


def test_a_late_file_takes_frozen_months_away(tmp_path: Path) -> None:
    take(tmp_path, "a.837p", claims_file(sent("EARLY", 150)), date(2026, 1, 5))
    take(tmp_path, "b.837p", claims_file(sent("LATER", 70), batch="B2"), date(2026, 3, 5))
    assert freeze_month_ends(today=date(2026, 3, 31)) == [date(2026, 1, 31), date(2026, 2, 28)]

    take(tmp_path, "c.837p", claims_file(sent("LATE", 30), batch="B3"), date(2026, 2, 10))

    assert list(MonthEnd.objects.values_list("as_of_date", flat=True)) == [date(2026, 1, 31)]
    assert aging(AgingQuestion(as_of=date(2026, 2, 28))).totals["total_cents"] == 18000


def test_days_in_receivables_is_the_worked_figure(tmp_path: Path) -> None:
    """DOMAIN B5: receivables over the average daily charges of 90 days; here 100 / (300 / 90)."""
    claims = claims_file(sent("ONE", 100), sent("TWO", 200))
    take(tmp_path, "claims.837p", claims, date(2026, 1, 5))
    take(tmp_path, "paid.835", remittance_file(paid("TWO", 200, 200)), date(2026, 1, 20))

    figures = indicators(AgingQuestion(as_of=date(2026, 2, 1)))

    assert figures.days_in_ar == pytest.approx(30.0)
    assert figures.over_90_rate == 0
