"""Barriers follow the facts: file by file, day by day, late files, changed rules, interruptions."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from tests.builders import Inbox, claims_file, paid, remittance_file, rows, sent
from tests.integration.barrier_state import computed, denials, frozen, frozen_anew, stored
from tests.integration.test_ingest_truth import import_parties
from tests.integration.worlds import MadeWorld, make_world

from sanderling.barriers import actions
from sanderling.barriers.actions import (
    freeze_week_ends,
    rebuild,
    refresh_due,
    refresh_stale,
)
from sanderling.barriers.models import Barrier, Denial, FrozenBarrier, StaleClaim, WeekEnd
from sanderling.barriers.stale import mark_open_claims, mark_stale
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.codes.actions import RuleCodes, RuleMeaning, RuleScope, add_code_rule
from sanderling.core.codes.names import Category
from sanderling.core.deadlines.rules import Clock, Confidence, Kind, Unit
from sanderling.followup.importing import import_activities
from sanderling.payers.actions import import_payers
from sanderling.payers.deadline_rules import Limit, Reason, Scope, set_deadline_rule
from sanderling.payers.models import Payer

pytestmark = pytest.mark.django_db
KINDS = ("837p", "837i", "837d", "835", "999", "277ca", "277", "ta1", "276")


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def days_of(world: MadeWorld) -> list[tuple[date, list[Any]]]:
    paths = world.paths(*KINDS)
    grouped = itertools.groupby(paths, key=lambda path: path.parent.name)
    return [(date.fromisoformat(name), list(files)) for name, files in grouped]


@pytest.mark.slow
def test_file_by_file_and_day_by_day_as_if_made_anew(inbox: Inbox) -> None:
    """Files of a day in any order, each with its refresh; time passes; some days' files are late.

    After every tenth day what is kept is what is worked out for that day from all facts, kept week
    ends included, and at the end `rebuild` changes nothing.
    """
    world = make_world(41, 30, 60)
    import_parties(world)
    dice = random.Random(3)
    late: list[tuple[date, Any]] = []
    seen: set[str] = set()
    days = days_of(world)
    for number, (day, files) in enumerate(days):
        inbox.at = noon(day)
        dice.shuffle(files)
        for path in files:
            if dice.random() < 0.1 and number < len(days) - 5:
                late.append((day, path))
                continue
            inbox.take_paths([path], received_date=day)
            assert not StaleClaim.objects.exists()
        if number % 7 == 6:
            # Somebody finds files of earlier days: received then, read now.
            for received, path in late:
                inbox.take_paths([path], received_date=received)
            late.clear()
        refresh_stale(day)
        refresh_due(day)
        freeze_week_ends(day)
        if number % 10 == 9 or number == len(days) - 1:
            kept = stored()
            assert kept == computed(day), day
            assert frozen() == frozen_anew(), day
            seen |= {row[5] for row in kept}
    last = days[-1][0]
    kept, refused, weeks = stored(), denials(), frozen()
    assert len(kept) > 20
    assert len(seen) >= 6
    assert len({row[0] for row in weeks}) >= 6

    rebuild(last)

    assert (stored(), denials(), frozen()) == (kept, refused, weeks)


def by_number() -> dict[str, str]:
    return dict(
        rows(
            "SELECT c.number, b.barrier FROM barriers_barrier b"
            " JOIN claims_claim c ON c.id = b.claim_id"
        )
    )


def test_a_balance_gone_takes_its_row_along(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("C1", 150), sent("C2", 150)))
    assert by_number() == {"C1": "no_response", "C2": "no_response"}
    inbox.take(remittance_file(paid("C1", 150, 150)))
    assert by_number() == {"C2": "no_response"}
    assert Barrier.objects.count() == 1


def test_denials_are_kept_and_follow_what_became_of_them(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("C1", 150)))
    inbox.take(remittance_file(paid("C1", 150, 0, "CO*197*150")))
    denial = Denial.objects.get()
    assert (denial.category, denial.denied_cents, denial.is_standing, denial.is_initial) == (
        "authorization", 15000, True, True,
    )  # fmt: skip

    inbox.take(remittance_file(paid("C1", 150, 150), trace="T2", control=602))

    assert not Denial.objects.get().is_standing
    assert by_number() == {}


class Crash(Exception):
    """Stands for a process that dies."""


def test_a_crash_before_the_refresh_loses_nothing(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.take(claims_file(sent("C1", 150)))

    def die(*_: object) -> None:
        raise Crash

    monkeypatch.setattr(actions, "_replace", die)
    with pytest.raises(Crash), transaction.atomic():
        inbox.take(remittance_file(paid("C1", 150, 0, "CO*197*150")))
    monkeypatch.undo()
    # What was posted before the crash stays posted in real life: here the file comes once more.
    assert by_number() == {"C1": "no_response"}
    inbox.take(remittance_file(paid("C1", 150, 0, "CO*197*150")))
    assert by_number() == {"C1": "denied"}


def test_what_an_interruption_left_stale_is_worked_off_by_the_next_call(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.take(claims_file(sent("C1", 150), sent("C2", 150)))
    monkeypatch.setattr("sanderling.intake.actions.refresh_stale", lambda _day: None)
    inbox.take(remittance_file(paid("C1", 150, 0, "CO*197*150")))
    monkeypatch.undo()
    assert stale_numbers() == {"C1"}
    assert by_number() == {"C1": "no_response", "C2": "no_response"}

    def die(*_: object) -> None:
        raise Crash

    monkeypatch.setattr(actions, "_append", die)
    with pytest.raises(Crash), transaction.atomic():
        refresh_stale(inbox.at.date())
    monkeypatch.undo()
    assert StaleClaim.objects.exists(), "what was not worked off is still waiting"
    assert by_number() == {"C1": "no_response", "C2": "no_response"}

    assert refresh_stale(inbox.at.date()) == 1
    assert by_number() == {"C1": "denied", "C2": "no_response"}
    assert refresh_stale(inbox.at.date()) == 0


def test_a_late_file_changes_the_week_ends_it_was_known_on(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("C1", 150), sent("C2", 150)), received_date=date(2026, 1, 6))
    today = inbox.at.date()
    freeze_week_ends(today)
    before = frozen()

    inbox.take(remittance_file(paid("C1", 150, 0, "CO*197*150")), received_date=date(2026, 2, 4))

    assert frozen() == frozen_anew()
    changed = {row[0] for row in set(frozen()) - set(before)}
    assert changed == {date(2026, 2, 8), date(2026, 2, 15), date(2026, 2, 22), date(2026, 3, 1)}


def test_only_the_latest_week_ends_are_kept(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("C1", 150)), received_date=date(2026, 1, 6))
    freeze_week_ends(date(2026, 3, 5))
    freeze_week_ends(date(2026, 4, 30))
    days = sorted(WeekEnd.objects.values_list("as_of_date", flat=True))
    assert len(days) == actions.WEEKS_KEPT
    assert days[-1] == date(2026, 4, 26)
    assert set(FrozenBarrier.objects.values_list("as_of_date", flat=True)) == set(days)


def test_a_sunday_is_kept_when_it_is_over(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("C1", 150)), received_date=date(2026, 1, 6))
    sunday = date(2026, 2, 8)
    assert sunday not in freeze_week_ends(sunday)
    assert sunday in freeze_week_ends(sunday + timedelta(days=1))


# What other rooms tell.


def test_an_activity_changes_the_barrier(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("C1", 150)))
    inbox.take(remittance_file(paid("C1", 150, 0, "CO*197*150")))
    client = Client.objects.get()
    import_activities(
        text="client,claim,date,channel,action,outcome,note\n"
        f"{client.code},C1,2026-02-20,fax,appeal,sent,\n",
        at=inbox.at,
    )
    assert StaleClaim.objects.count() == 1
    refresh_stale(inbox.at.date())
    assert by_number() == {"C1": "appeal_pending"}


def test_a_code_that_means_something_else_from_now_on(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("C1", 150), sent("C2", 150)))
    inbox.take(remittance_file(paid("C1", 150, 0, "CO*197*150")))
    assert Barrier.objects.get(barrier="denied").category == "authorization"

    add_code_rule(
        scope=RuleScope(),
        codes=RuleCodes(reason="197"),
        meaning=RuleMeaning(category=Category.DOCUMENTATION),
        note="our payers say so",
        by=None,
        at=inbox.at,
    )
    refresh_stale(inbox.at.date())

    assert Barrier.objects.get(barrier="denied").category == "documentation"
    assert stored() == computed(inbox.at.date())


def stale_numbers() -> set[str]:
    waiting = StaleClaim.objects.values("claim_id")
    return set(Claim.objects.filter(pk__in=waiting).values_list("number", flat=True))


def test_a_payers_days_change_its_open_claims_only(inbox: Inbox) -> None:
    inbox.take(
        claims_file(sent("C1", 150), sent("C2", 150, payer_id="OTHER", payer_name="OTHER PLAN"))
    )
    import_payers(
        text="payer_id,name,type,response_days\nACME1,ACME HEALTH,commercial,300\n", at=inbox.at
    )
    assert stale_numbers() == {"C1"}
    refresh_stale(inbox.at.date())
    assert by_number() == {"C1": "awaiting_payer", "C2": "no_response"}


def test_a_deadline_rule_changes_the_day(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("C1", 150)))
    set_deadline_rule(
        scope=Scope(payer_id=Payer.objects.get(payer_id="ACME1").pk),
        limit=Limit(Kind.TIMELY_FILING, 0, 45, Unit.CALENDAR_DAYS, Clock.SERVICE_FROM),
        reason=Reason("contract of 2026", Confidence.HIGH),
        by=None,
        at=inbox.at,
    )
    assert stale_numbers() == {"C1"}
    refresh_stale(inbox.at.date())
    assert Barrier.objects.get().deadline_date == date(2026, 2, 16)


@pytest.mark.parametrize(
    ("narrow", "expected"),
    [
        (dict, 2),
        (lambda: {"client_id": Client.objects.get().pk}, 2),
        (lambda: {"client_id": 0}, 0),
        (lambda: {"payer_type": "other"}, None),
    ],
)
def test_which_open_claims_a_rule_concerns(
    narrow: Callable[[], dict[str, Any]], expected: int | None, inbox: Inbox
) -> None:
    inbox.take(claims_file(sent("C1", 150), sent("C2", 150), sent("C3", 150)))
    inbox.take(remittance_file(paid("C3", 150, 150)))
    scope = {"payer_id": None, "payer_type": None, "client_id": None} | narrow()
    found = mark_open_claims(known_date=inbox.at.date(), **scope)
    if expected is None:
        kind = Payer.objects.get(payer_id="ACME1").type
        expected = 2 if kind == "other" else 0
    assert found == expected


def test_marking_nothing_is_no_work(inbox: Inbox) -> None:
    mark_stale([], inbox.at.date())
    assert refresh_stale(inbox.at.date()) == 0
    assert refresh_due(inbox.at.date()) == 0
    assert freeze_week_ends(inbox.at.date()) == []
    assert rebuild(inbox.at.date()) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM barriers_barrier")
        assert cursor.fetchone() == (0,)


# What a payer's history teaches.


def history(inbox: Inbox) -> str:
    """Take in forty claims sent on January 5, one sent on February 12; return their remittance."""
    numbers = [f"H{number}" for number in range(40)]
    inbox.take(
        claims_file(*(sent(number, 150) for number in numbers)), received_date=date(2026, 1, 5)
    )
    inbox.take(
        claims_file(sent("OPEN", 150), batch="B2", control=102, made="20260212"),
        received_date=date(2026, 2, 12),
    )
    return remittance_file(
        *(paid(number, 150, 150, payer_number=f"ICN{number}") for number in numbers)
    )


def due_date() -> date | None:
    return Barrier.objects.get().due_date


def test_a_month_later_the_days_are_those_that_history_teaches(inbox: Inbox) -> None:
    """Forty answers after ten days; the usual 25 weigh as much as thirty answers."""
    inbox.at = noon(date(2026, 2, 13))
    inbox.take(history(inbox), received_date=date(2026, 1, 15))
    assert due_date() == date(2026, 2, 12) + timedelta(days=16)

    for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 4)):
        refresh_stale(day)
        refresh_due(day)
        assert stored() == computed(day), day
    assert Barrier.objects.get().barrier == "no_response"


def test_what_a_month_taught_begins_with_the_next(inbox: Inbox) -> None:
    inbox.at = noon(date(2026, 2, 13))
    inbox.take(history(inbox), received_date=date(2026, 2, 13))
    assert due_date() == date(2026, 2, 12) + timedelta(days=25)

    refresh_stale(date(2026, 3, 1))

    assert due_date() == date(2026, 2, 12) + timedelta(days=33)  # forty answers after 39 days
    assert stored() == computed(date(2026, 3, 1))


def test_a_question_about_a_day_ahead_teaches_nothing(inbox: Inbox) -> None:
    """What was learned for a month that has not come is learned again when facts come in."""
    inbox.at = noon(date(2026, 2, 13))
    remittance = history(inbox)
    assert len(computed(date(2026, 3, 10))) == 41
    inbox.take(remittance, received_date=date(2026, 2, 13))

    for day in (date(2026, 3, 1), date(2026, 3, 10)):
        refresh_stale(day)
        refresh_due(day)
    kept = stored()
    rebuild(date(2026, 3, 10))

    assert stored() == kept
    assert due_date() == date(2026, 2, 12) + timedelta(days=33)


@pytest.mark.slow
def test_late_answers_teach_the_months_they_belong_to(inbox: Inbox) -> None:
    """Also the week ends of those months, for the claims that the late file does not speak of."""
    today = date(2026, 3, 4)
    inbox.at = noon(today)
    remittance = history(inbox)
    freeze_week_ends(today)
    before = frozen()
    inbox.take(remittance, received_date=date(2026, 1, 15))
    freeze_week_ends(today)
    kept, weeks = stored(), frozen()

    assert kept == computed(today)
    assert weeks == frozen_anew()
    claim_id = Claim.objects.get(number="OPEN").pk
    assert {row[0]: row[6] for row in before if row[1] == claim_id}[date(2026, 3, 1)] == (
        "awaiting_payer"
    )
    assert {row[0]: row[6] for row in weeks if row[1] == claim_id}[date(2026, 3, 1)] == (
        "no_response"
    )
    rebuild(today)
    assert (stored(), frozen()) == (kept, weeks)
