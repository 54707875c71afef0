"""The barriers of a simulated world: right by the truth, all of the money, the same any way."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from bench.barriers_truth import START, compare, make_world, take_in
from django.conf import settings
from django.db import connection, transaction
from pytest_django.plugin import DjangoDbBlocker
from tests.builders import rows
from tests.integration.barrier_state import computed, denials, frozen, frozen_anew, stored
from tests.integration.worlds import joined_days

from sanderling.barriers.actions import freeze_week_ends, rebuild, refresh_due, refresh_stale
from sanderling.barriers.working import barriers_on
from sanderling.core.barriers.rows import BARRIERS
from sanderling.core.barriers.sentences import sentence
from sanderling.ledger.spans import extend_spans
from sanderling.receivables.aging import AgingQuestion, aging

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
SEED, CLAIMS, DAYS = 5, 400, 120
LAST_DAY = START + timedelta(days=DAYS - 1)


@dataclass(frozen=True)
class TakenIn:
    """A world that is in the database, its barriers not worked out yet."""

    truth: Path


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[TakenIn]:
    """Make a world and take it in once for all tests here; it is gone after them."""
    base = tmp_path_factory.mktemp("world")
    before, settings.SANDERLING_HOME = settings.SANDERLING_HOME, base / "home"
    try:
        with django_db_blocker.unblock(), transaction.atomic():
            make_world(SEED, CLAIMS, DAYS, base)
            take_in(_joined(base))
            yield TakenIn(base / "truth" / "barriers.csv")
            transaction.set_rollback(True)
    finally:
        settings.SANDERLING_HOME = before


@pytest.fixture
def today(world: TakenIn, db: None) -> date:
    """Work off what waits as of the world's last day; what a test changes is taken back."""
    refresh_stale(LAST_DAY)
    return LAST_DAY


def _joined(base: Path) -> Path:
    """Return a copy of the world with one file for each day."""
    joined = base / "joined"
    joined_days(base / "out" / "days", joined / "days")
    for name in ("clients.csv", "payers.csv", "activities.csv"):
        (joined / name).write_bytes((base / "out" / name).read_bytes())
    return joined


def test_the_truth_is_reached(world: TakenIn, tmp_path: Path) -> None:
    found = compare(world.truth, LAST_DAY, differences=tmp_path / "differences.csv")

    assert (found["only_ours"], found["only_truth"], found["balance_differs"]) == (0, 0, 0)
    assert found["rows"] > 250
    assert found["barrier_rate"] >= 0.99, found["matrix"]
    assert found["barrier_dollar_rate"] >= 0.995, found["matrix"]
    assert found["category_rate"] >= 0.97
    assert found["deadline_rate"] >= 0.98
    assert found["unbilled_recall"] == 1
    assert found["unbilled_precision"] >= 0.99
    assert len(found["matrix"]) >= 12, "a world where little goes wrong proves little"


def test_the_sum_of_the_barriers_is_all_that_is_owed_on_any_day(world: TakenIn) -> None:
    dice = random.Random(8)
    days = [*sorted(dice.sample(range(DAYS + 60), 28)), DAYS - 1, DAYS + 400]
    seen: set[str] = set()
    for number in days:
        as_of = START + timedelta(days=number)
        parts = pl.concat([*barriers_on(as_of)])
        owed = aging(AgingQuestion(as_of=as_of, party="all")).totals
        entries = {
            (claim, party): cents
            for claim, party, cents in rows(
                "SELECT e.claim_id, side.party, sum(side.cents)::bigint FROM ledger_entry e,"
                " LATERAL (VALUES (e.debit, e.amount_cents), (e.credit, -e.amount_cents))"
                " AS side(party, cents)"
                " WHERE e.posted_date <= %s AND side.party BETWEEN 11 AND 14"
                " GROUP BY 1, 2 HAVING sum(side.cents) <> 0",
                [str(as_of)],
            )
        }
        pairs = parts.select("claim_id", "party", "balance_cents").rows()
        assert parts["balance_cents"].sum() == owed["total_cents"] + owed["credits_cents"], as_of
        assert {(claim, party): cents for claim, party, cents in pairs} == entries, as_of
        assert len(pairs) == len(entries), as_of
        seen |= set(parts["barrier"])
        for name in ("barrier", "next_action", "team", "since_date", "next_date"):
            assert not parts[name].is_null().any(), (as_of, name)
            assert not (parts[name].cast(pl.String) == "").any(), (as_of, name)
        assert parts.filter(pl.col("since_date") > as_of).is_empty(), as_of
    assert seen <= set(BARRIERS)
    assert len(seen) >= 12


def test_what_is_kept_is_what_is_worked_out_and_what_is_made_anew(today: date) -> None:
    kept, refused = stored(), denials()
    assert len(kept) > 250
    assert len(refused) > 30
    assert kept == computed(today)
    rebuild(today)
    assert stored() == kept
    assert denials() == refused


def test_time_passing_is_the_same_as_making_anew(today: date) -> None:
    before = stored()
    later = today
    for ahead in (1, 9, 40, 41):
        later = today + timedelta(days=ahead)
        refresh_due(later)
        assert stored() == computed(later), ahead
    assert stored() != before
    after = stored()
    rebuild(later)
    assert stored() == after


def test_week_ends_are_what_the_day_was(today: date) -> None:
    days = freeze_week_ends(today)

    assert len(days) == 9
    assert {day.weekday() for day in days} == {6}
    kept = frozen()
    assert len(kept) > 9 * 100
    assert kept == frozen_anew()
    assert freeze_week_ends(today) == []


def test_every_row_has_a_sentence_to_its_end(world: TakenIn) -> None:
    told: dict[tuple[str, str], str] = {}
    for number in range(30, DAYS + 90, 20):
        as_of = START + timedelta(days=number)
        for row in pl.concat([*barriers_on(as_of)]).to_dicts():
            text = sentence(row, payer_name="ACME HEALTH", as_of=as_of)
            assert re.fullmatch(r"[A-Z].*[.]", text), text
            assert not re.search(r"None|unknown day|some days|_|  ", text), text
            told[row["barrier"], row["detail"]] = text
    assert len(told) >= 20


def test_past_days_are_the_same_with_and_without_spans(today: date) -> None:
    day = today - timedelta(days=33)
    extend_spans()
    with_spans = computed(day)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ledger_balance_span")
        cursor.execute("DELETE FROM ledger_span_state")
    assert computed(day) == with_spans
