"""Aging: DOMAIN B3 number 6, conventions of DOMAIN 8, and any past day against the plain sum."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from tests.builders import AT, claims_file, line, paid, remittance_file, sent
from tests.integration.worlds import joined_days, made_world

from sanderling.claims.models import Claim
from sanderling.core.ages import bucket_columns
from sanderling.intake.actions import ingest
from sanderling.ledger.models import BalanceSpan, Entry, SpanState
from sanderling.ledger.spans import extend_spans
from sanderling.payers.models import Payer
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


def test_a_claim_that_two_parties_owe_counts_once(tmp_path: Path) -> None:
    """Once in all and once with each party; without balance spans as with them."""
    take(tmp_path, "claims.837p", claims_file(sent("TWICE", 150)), date(2026, 1, 5))
    answer = paid("TWICE", 150, 72, "CO*16*60", "PR*2*18")
    take(tmp_path, "paid.835", remittance_file(answer), date(2026, 1, 19))
    take(tmp_path, "next.837p", claims_file(sent("NEXT", 10), batch="B2"), date(2026, 2, 5))

    for is_extended in (False, True):
        if is_extended:
            assert extend_spans() == 2
        for day, claims in ((date(2026, 1, 20), 1), (date(2026, 2, 5), 2)):
            question = AgingQuestion(as_of=day, by=("responsibility",), party="all")
            counts = {row["responsibility"]: row["count"] for row in aging(question).rows}
            assert counts == {"patient": 1, "primary": claims}
            assert aging(question).totals["count"] == claims
            ungrouped = aging(AgingQuestion(as_of=day, party="all")).totals
            assert (ungrouped["count"], ungrouped["total_cents"]) == (claims, 6800 + 1000 * claims)


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


@dataclass(frozen=True)
class Held:
    """What the plain sum says of one party of one claim on a day."""

    claim_id: int
    payer: str
    cents: int
    age_days: int


def plainly_held(day: date, basis: str) -> list[Held]:
    """The plain balances with payer and age, by rules written a second time."""
    claims = {claim.pk: claim for claim in Claim.objects.all()}
    payers = dict(Payer.objects.values_list("pk", "payer_id"))
    held = []
    for (claim_id, party), cents in plain_balances(day).items():
        claim = claims[claim_id]
        of_party = (claim.payer_id, claim.secondary_payer_id, claim.tertiary_payer_id, None)
        payer = "PATIENT" if party == 14 else payers.get(of_party[party - 11] or 0, "UNKNOWN")
        began = claim.service_from_date or claim.first_billed_date
        if basis == "responsibility":
            moved: dict[date, int] = {}
            for entry in Entry.objects.filter(claim_id=claim_id, posted_date__lte=day):
                signed = ((entry.debit == party) - (entry.credit == party)) * entry.amount_cents
                moved[entry.posted_date] = moved.get(entry.posted_date, 0) + signed
            began = min(moved_date for moved_date, signed in moved.items() if signed)
        assert began is not None
        held.append(Held(claim_id, payer, cents, max((day - began).days, 0)))
    return held


def plain_row(held: Iterable[Held]) -> dict[str, int]:
    """A row of the answer from what its group holds, bucket bounds 30, 60, 90, 120."""
    held = list(held)
    owed = [one for one in held if one.cents > 0]
    row = {"count": len({one.claim_id for one in owed})}
    names = bucket_columns((30, 60, 90, 120))
    for name, low, high in zip(names, (-1, 30, 60, 90, 120), (30, 60, 90, 120, 9999), strict=True):
        row[name] = sum(one.cents for one in owed if low < one.age_days <= high)
    row["total_cents"] = sum(one.cents for one in owed)
    row["credits_cents"] = sum(one.cents for one in held if one.cents < 0)
    return row


def assert_plain(day: date, *, basis: str = "service") -> None:
    """The answer by payer, and its totals, are those of the plain sum over the ledger."""
    held = plainly_held(day, basis)
    answer = aging(AgingQuestion(as_of=day, by=("payer",), party="all", basis=basis))
    assert answer.totals == plain_row(held)
    assert {row["payer"]: row for row in answer.rows} == {
        payer: {"payer": payer, **plain_row(one for one in held if one.payer == payer)}
        for payer in {one.payer for one in held}
    }
    assert len(answer.rows) == len({one.payer for one in held})


@pytest.mark.slow
def test_every_past_day_equals_the_plain_sum_over_the_ledger(tmp_path: Path) -> None:
    """Random days of a small world: without spans, with spans up to some file, with all of them."""
    world = made_world(31, claims=80, days=80)
    folders = joined_days(world.folder / "days", tmp_path / "days")
    dice = random.Random(3)
    # The files of every seventh day come in at the end, known from their own day: late files.
    late = folders[3::7]
    extended = 0
    for place, folder in enumerate([*(f for f in folders if f not in late), *late]):
        day = date.fromisoformat(folder.name)
        reports = ingest(sorted(folder.iterdir()), received_date=day, source="test", recorded_at=AT)
        assert {report.status for report in reports} <= {"posted", "partly"}
        if place % 18 == 10:
            assert extend_spans() > 0
            extended += 1
    assert extended > 2
    first, last = first_and_last_day()
    days = [first + timedelta(days=dice.randrange(-2, (last - first).days + 3)) for _ in range(16)]
    days += [first, last]
    for day in days:  # the spans do not know the late files
        assert_plain(day)
    assert_plain(days[0], basis="responsibility")
    assert extend_spans() > 0
    for day in days:
        assert_plain(day)
        assert_plain(day, basis="responsibility")
    assert_spans_are_exact()
    SpanState.objects.all().delete()
    BalanceSpan.objects.all().delete()
    for day in days[:6]:
        assert_plain(day)
    moved = roll_forward(from_date=days[0], to_date=last)
    assert moved.difference_cents == 0
    assert moved.closing_cents == sum(plain_balances(last).values())


def first_and_last_day() -> tuple[date, date]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(posted_date), max(posted_date) FROM ledger_entry")
        first, last = cursor.fetchone()
    return first, last


def assert_spans_are_exact() -> None:
    """On each day of the ledger the spans are the plain balances, and say who shares a claim."""
    spans = list(BalanceSpan.objects.all())
    assert any(span.is_shared for span in spans)
    assert not all(span.is_shared for span in spans)
    first, last = first_and_last_day()
    shared: set[Any] = set()
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        of_day = [span for span in spans if span.from_date <= day < span.to_date]
        found = {(span.claim_id, span.party): span.balance_cents for span in of_day}
        assert len(found) == len(of_day)
        assert found == plain_balances(day)
        parties = Counter(span.claim_id for span in of_day)
        shared |= {span.pk for span in of_day if parties[span.claim_id] > 1}
    assert {span.pk for span in spans if span.is_shared} == shared


def test_spans_cost_what_was_added(tmp_path: Path) -> None:
    take(tmp_path, "a.837p", claims_file(sent("EARLY", 150)), date(2026, 1, 5))
    take(tmp_path, "b.837p", claims_file(sent("LATER", 70), batch="B2"), date(2026, 3, 5))
    assert extend_spans() == 2
    assert extend_spans() == 0

    take(tmp_path, "c.835", remittance_file(paid("LATER", 70, 70)), date(2026, 3, 20))

    assert extend_spans() == 1
    assert [
        (span.from_date, span.to_date, span.balance_cents)
        for span in BalanceSpan.objects.order_by("from_date")
    ] == [
        (date(2026, 1, 5), date(9999, 12, 31), 15000),
        (date(2026, 3, 5), date(2026, 3, 20), 7000),
    ]


def test_a_late_file_changes_the_past_at_once(tmp_path: Path) -> None:
    take(tmp_path, "a.837p", claims_file(sent("EARLY", 150)), date(2026, 1, 5))
    take(tmp_path, "b.837p", claims_file(sent("LATER", 70), batch="B2"), date(2026, 3, 5))
    extend_spans()

    take(tmp_path, "c.837p", claims_file(sent("LATE", 30), batch="B3"), date(2026, 2, 10))
    take(tmp_path, "d.835", remittance_file(paid("EARLY", 150, 100, "CO*45*50")), date(2026, 2, 12))

    def owed(day: date) -> int:
        return int(aging(AgingQuestion(as_of=day)).totals["total_cents"])

    for _ in range(2):
        assert owed(date(2026, 2, 9)) == 15000
        assert owed(date(2026, 2, 10)) == 18000
        assert owed(date(2026, 2, 28)) == 3000
        assert owed(date(2026, 3, 5)) == 10000
        extend_spans()  # says the same of all days


def test_days_in_receivables_is_the_worked_figure(tmp_path: Path) -> None:
    """DOMAIN B5: receivables over the average daily charges of 90 days; here 100 / (300 / 90)."""
    claims = claims_file(sent("ONE", 100), sent("TWO", 200))
    take(tmp_path, "claims.837p", claims, date(2026, 1, 5))
    take(tmp_path, "paid.835", remittance_file(paid("TWO", 200, 200)), date(2026, 1, 20))

    figures = indicators(AgingQuestion(as_of=date(2026, 2, 1)))

    assert figures.days_in_ar == pytest.approx(30.0)
    assert figures.over_90_rate == 0
