"""Claims given out one at a time: in order, to one user each, and free again when he is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from pytest_django import DjangoDbBlocker
from tests.integration.work_items import AT, TODAY, Workers, count, item, kept_world

from sanderling.accounts.models import User
from sanderling.worklists.claiming import (
    LOCK_FOR,
    InvalidSkip,
    claim_next,
    hold,
    holder,
    release,
    renew,
    skip,
)
from sanderling.worklists.models import ItemLock, WorkItem

SCORES = {"A1": 4.0, "A2": 3.0, "A3": 2.0, "A4": 1.0, "B1": 9.0}


@pytest.fixture(scope="module")
def filled(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    with django_db_blocker.unblock(), kept_world(tmp_path_factory.mktemp("claiming")) as workers:
        make_due()
        yield workers


@pytest.fixture
def workers(filled: Workers, db: None) -> Workers:
    return filled


def make_due() -> None:
    """All items are due, of the AR team, and ordered by SCORES."""
    for number, score in SCORES.items():
        WorkItem.objects.filter(claim_number=number).update(
            score=score, team="ar", follow_up_date=TODAY, not_before_date=None
        )


def got(user: User, minutes: int = 0) -> str | None:
    """Claim the next item; return its claim's number."""
    item_id = claim_next(user=user, at=AT + timedelta(minutes=minutes))
    return None if item_id is None else WorkItem.objects.get(pk=item_id).claim_number


def test_one_s_own_come_first_then_what_nobody_has_by_score(workers: Workers) -> None:
    WorkItem.objects.filter(claim_number="A4").update(assignee=workers.sam)
    WorkItem.objects.filter(claim_number="A1").update(assignee=workers.kim)
    assert [got(workers.sam, minutes) for minutes in (0, 1)] == ["A4", "A2"]
    assert ItemLock.objects.get(user=workers.sam).item.claim_number == "A2"  # A4 was let go


def test_two_users_never_get_the_same_and_foreign_clients_stay_foreign(workers: Workers) -> None:
    assert [got(workers.sam), got(workers.kim), got(workers.far)] == ["A1", "A2", "B1"]
    assert set(ItemLock.objects.values_list("user_id", "item__claim_number")) == {
        (workers.sam.pk, "A1"), (workers.kim.pk, "A2"), (workers.far.pk, "B1"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"follow_up_date": date(2026, 3, 6)}, "it is due tomorrow"),
        ({"is_pended": True, "follow_up_date": date(2026, 3, 10)}, "it is put aside"),
        ({"not_before_date": date(2026, 3, 6)}, "no touch is worth it yet"),
        ({"team": "coding"}, "it is another team's"),
        ({"last_touch_date": TODAY, "follow_up_date": None, "next_date": TODAY}, "worked today"),
    ],
)
def test_what_is_not_to_be_worked_now_is_not_given_out(
    workers: Workers, change: dict[str, object], why: str
) -> None:
    WorkItem.objects.filter(claim_number="A1").update(**change)
    assert got(workers.sam) == "A2", why


def test_nothing_due_is_nothing_and_lets_go(workers: Workers) -> None:
    assert got(workers.sam) == "A1"
    WorkItem.objects.update(follow_up_date=date(2026, 4, 1))
    assert got(workers.sam) is None
    assert count("worklists_item_lock") == 0


def test_what_one_holds_comes_again_only_when_nothing_else_is_left(workers: Workers) -> None:
    WorkItem.objects.filter(claim_number__in=["A3", "A4"]).update(follow_up_date=date(2026, 4, 1))
    assert [got(workers.sam, minutes) for minutes in range(3)] == ["A1", "A2", "A1"]
    WorkItem.objects.filter(claim_number="A2").update(follow_up_date=date(2026, 4, 1))
    assert got(workers.sam, minutes=3) == "A1"


def test_a_lock_ends_and_is_renewed_only_by_its_holder(workers: Workers) -> None:
    first = item("A1").pk
    assert got(workers.sam) == "A1"
    assert not renew(first, user=workers.kim, at=AT)
    assert got(workers.kim, minutes=14) == "A2"
    assert renew(first, user=workers.sam, at=AT + timedelta(minutes=14))
    assert got(workers.kim, minutes=28) == "A3"  # its own is offered to nobody while it is held
    assert got(workers.lead, minutes=29) == "B1"
    release(item("B1").pk, user=workers.lead)
    WorkItem.objects.filter(claim_number="B1").update(follow_up_date=date(2026, 4, 1))
    assert got(workers.lead, minutes=30) == "A1"  # Sam's time is over
    assert not renew(first, user=workers.sam, at=AT + timedelta(minutes=31))
    assert not release(first, user=workers.sam)


def test_an_item_is_held_by_one_and_shown_to_others_as_his(workers: Workers) -> None:
    first = item("A1").pk
    mine = hold(first, user=workers.sam, at=AT)
    assert mine is not None
    assert (mine.is_own, mine.until_at) == (True, AT + LOCK_FOR)
    hold(item("A2").pk, user=workers.kim, at=AT)
    other = hold(first, user=workers.kim, at=AT)
    assert other is not None
    assert (other.is_own, other.user_name) == (False, "Sam")
    kims = holder(item("A2").pk, user=workers.kim, at=AT)
    assert kims is not None  # what he held stays his
    assert kims.is_own
    assert hold(first, user=workers.far, at=AT) is None
    assert hold(999_999, user=workers.sam, at=AT) is None
    again = hold(first, user=workers.kim, at=AT + LOCK_FOR)
    assert again is not None
    assert again.is_own


def test_what_is_skipped_comes_to_others_today_and_to_oneself_tomorrow(workers: Workers) -> None:
    assert got(workers.sam) == "A1"
    with pytest.raises(InvalidSkip, match="choose why"):
        skip(item("A1"), reason="because", user=workers.sam, at=AT)
    assert count("worklists_skip") == 0
    skip(item("A1"), reason="help", user=workers.sam, at=AT)
    assert item("A1").touches == 0
    assert got(workers.sam) == "A2"
    assert got(workers.kim) == "A1"
    release(item("A1").pk, user=workers.kim)
    WorkItem.objects.update(follow_up_date=date(2026, 3, 6))
    assert got(workers.sam, minutes=24 * 60) == "A1"
