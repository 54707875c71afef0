"""What was agreed with a client moves its work items: days, owners, marks, places."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django import DjangoDbBlocker
from tests.integration.work_items import AT, TODAY, Workers, item, kept_world

from sanderling.agreements.actions import HighDollarTerms, ScheduleTerms, Terms, set_agreement
from sanderling.barriers.actions import refresh_stale
from sanderling.barriers.models import Barrier
from sanderling.barriers.stale import mark_open_claims
from sanderling.claims.models import Claim
from sanderling.core.priority import Settings
from sanderling.followup.actions import record
from sanderling.worklists import valuing
from sanderling.worklists.learning import Learned, learned_on
from sanderling.worklists.models import WorkItem


@pytest.fixture(scope="module")
def filled(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    with django_db_blocker.unblock(), kept_world(tmp_path_factory.mktemp("agreed")) as workers:
        yield workers


@pytest.fixture
def workers(filled: Workers, db: None) -> Workers:
    return filled


def agree(terms: Terms, *, base: int = 0) -> None:
    set_agreement(item("A1").client_id, terms, user=None, at=AT, base=base)
    refresh_stale(TODAY)


def test_a_schedule_and_its_change_move_the_day_of_barrier_and_item(workers: Workers) -> None:
    before = item("A1").next_date
    agree(Terms(schedules=(ScheduleTerms(2, 9), ScheduleTerms(50, 50, payer_type="medicare"))))
    first = item("A1")
    assert first.next_date == first.work_date == first.since_date + timedelta(days=2) != before
    assert Barrier.objects.get(claim_id=first.claim_id).schedule_id == first.schedule_id
    agree(Terms(schedules=(ScheduleTerms(4, 9),)), base=1)
    assert item("A1").next_date == first.since_date + timedelta(days=4)
    agree(Terms(), base=2)
    assert (item("A1").next_date, item("A1").schedule_id) == (before, None)


def test_a_touch_without_a_day_is_followed_by_the_schedule(workers: Workers) -> None:
    agree(Terms(schedules=(ScheduleTerms(2, 9),)))
    record(
        claim=Claim.objects.get(number="A1"), activity_date=TODAY, channel="call",
        action="call_payer", outcome="no_answer", at=AT, user=workers.sam,
    )  # fmt: skip
    refresh_stale(TODAY)
    assert item("A1").work_date == TODAY + timedelta(days=9)


def test_a_schedule_lifts_what_is_due_by_it_and_says_so(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = learned_on(TODAY)
    busy = Learned(
        learned.parameters, Settings(tenth_score=5e7, quarter_score=3e7), learned.calls, None
    )
    monkeypatch.setattr(valuing, "learned_on", lambda _day: busy)
    agree(Terms(schedules=(ScheduleTerms(2, 9, floor="quarter"),)))
    one = item("A1")
    said = {"days": 9, "date": one.work_date.isoformat(), "floor": "quarter"}
    assert ["schedule", said] in one.reasons
    assert (one.score, one.not_before_date) == (3e7, None)
    assert WorkItem.objects.get(claim_number="B1").score < 3e7
    agree(Terms(schedules=(ScheduleTerms(300, 9, floor="tenth"),)), base=1)
    assert item("A1").score < 3e7  # not due by it yet


def test_high_dollar_is_what_was_agreed_by_payer_and_has_its_owner(workers: Workers) -> None:
    payer_id = item("A1").payer_id
    rules = (
        HighDollarTerms(15_000, payer_id, owner_id=workers.sam.pk), HighDollarTerms(9_999_999),
    )  # fmt: skip
    agree(Terms(tier="key", high_dollar_cents=100, high_dollar=rules))
    assert (item("A1").is_high_dollar, item("A1").is_key_client) == (True, True)
    assert item("A1").assignee_id is None  # it had come before
    WorkItem.objects.filter(claim_number="A1").delete()
    refresh_all()
    assert (item("A1").assignee, item("A2").assignee) == (workers.sam, None)
    agree(Terms(high_dollar=(HighDollarTerms(15_001),)), base=1)
    assert not WorkItem.objects.filter(is_high_dollar=True).exists()


def refresh_all() -> None:
    mark_open_claims(payer_id=None, payer_type=None, client_id=None, known_date=TODAY)
    refresh_stale(TODAY)
