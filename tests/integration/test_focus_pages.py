"""Focus mode under the web's role: one claim, held, the next one, skipped, lost, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker
from tests.builders import rows
from tests.integration.pages import Visitor, text_of
from tests.integration.work_items import Workers, count, item, kept_world

from sanderling.worklists.models import BulkAct, ItemLock, WorkItem

pytestmark = pytest.mark.django_db
NEXT = "/work/next/"


@pytest.fixture(scope="module")
def filled(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    with django_db_blocker.unblock(), kept_world(tmp_path_factory.mktemp("focus")) as workers:
        today = timezone.now().date()
        for number, score in {"A1": 4.0, "A2": 3.0, "A3": 2.0, "A4": 1.0, "B1": 9.0}.items():
            WorkItem.objects.filter(claim_number=number).update(
                score=score, team="ar", follow_up_date=today, not_before_date=None,
                deadline_date=None,
            )  # fmt: skip
        yield workers


@pytest.fixture
def workers(filled: Workers, db: None) -> Workers:
    return filled


def address(number: str) -> str:
    return f"/work/focus/{item(number).pk}/"


def test_the_next_claim_is_shown_with_what_one_needs_and_the_look_is_recorded(
    workers: Workers,
) -> None:
    sam = Visitor(workers.sam)
    answer = sam.post(NEXT)
    assert answer["Location"] == address("A1")
    page = text_of(sam.get(answer["Location"]))
    for text in (
        "MINE A1", "$150.00", "DOE, JANE", "ACME HEALTH", "Why it ranks here", "Nobody has touched",
        "While you are on the phone", "A2", "Skip", "0 of", "skip this claim",
    ):  # fmt: skip
        assert text in page, text
    claim_id = item("A1").claim_id
    assert rows(
        "SELECT actor FROM audit_event WHERE action = 'claim.view' AND claim_id = "
        f"{claim_id} ORDER BY id DESC LIMIT 1"
    ) == [(f"user:{workers.sam.pk}",)]
    assert sam.post(NEXT)["Location"] == address("A2")
    assert list(ItemLock.objects.values_list("item__claim_number", flat=True)) == ["A2"]


def test_a_view_narrows_what_comes_next(workers: Workers) -> None:
    WorkItem.objects.filter(claim_number="A3").update(tags=["batch"])
    sam = Visitor(workers.sam)
    assert sam.post(NEXT, query="view=all&tag=batch")["Location"] == (
        f"{address('A3')}?view=all&tag=batch"
    )
    assert "Nothing is due for you now" in text_of(sam.post(NEXT, query="view=all&tag=none"))
    assert count("worklists_item_lock") == 0


def test_who_comes_second_reads_and_cannot_act(workers: Workers) -> None:
    Visitor(workers.sam).get(address("A1"))
    kim = Visitor(workers.kim)
    page = text_of(kim.get(address("A1")))
    assert "Sam is working on this claim" in page
    assert "focus-skip" not in page
    sent = {"kind": "tag", "tags": "x", "ids": str(item("A1").pk), "key": "k"}
    assert kim.post("/work/acts/", **sent).status_code == 422
    assert item("A1").tags == []
    assert Visitor(workers.sam).post("/work/acts/", **sent).status_code == 302


def test_a_held_claim_stays_held_and_a_lost_one_is_said_to_be(workers: Workers) -> None:
    sam, kim = Visitor(workers.sam), Visitor(workers.kim)
    sam.get(address("A1"))
    assert text_of(sam.post(f"{address('A1')}hold/")) == ""
    ItemLock.objects.update(until_at=timezone.now() - timedelta(minutes=1))
    kim.get(address("A1"))
    assert "Kim is working on this claim" in text_of(sam.post(f"{address('A1')}hold/"))
    gone = address("A2")
    sam.get(gone)
    ItemLock.objects.all().delete()
    WorkItem.objects.filter(claim_number="A2").delete()
    assert "just left the worklist" in text_of(sam.post(f"{gone}hold/"))
    page = sam.get(gone)
    assert page.status_code == 404
    assert "not on your worklist any more" in text_of(page)


def test_a_skip_needs_a_reason_and_brings_the_next(workers: Workers) -> None:
    sam = Visitor(workers.sam)
    sam.get(address("A1"))
    assert sam.post(f"{address('A1')}skip/", reason="")["Location"] == address("A1")
    assert count("worklists_skip") == 0
    assert sam.post(f"{address('A1')}skip/", reason="help")["Location"] == address("A2")
    assert rows("SELECT claim_id, user_id, reason FROM worklists_skip") == [
        (item("A1").claim_id, workers.sam.pk, "help")
    ]
    assert item("A1").touches == 0


def test_leaving_lets_go_but_not_what_was_taken_again(workers: Workers) -> None:
    sam = Visitor(workers.sam)
    page = text_of(sam.get(address("A1")))
    taken = page.split('name="taken" value="')[1].split('"')[0]
    sam.get(address("A1"))  # reloaded: the page that was closed says so too late
    sam.post(f"{address('A1')}leave/", taken=taken)
    assert count("worklists_item_lock") == 1
    assert sam.post(f"{address('A1')}leave/")["Location"] == "/work/"
    assert count("worklists_item_lock") == 0


def test_the_latest_thing_is_taken_back_whatever_it_was(workers: Workers) -> None:
    sam = Visitor(workers.sam)
    sam.post("/work/acts/", kind="tag", tags="x", ids=str(item("A1").pk), key="k1")
    sam.post("/work/acts/", kind="note", ids=str(item("A2").pk), key="k2", note="Called.")
    page = text_of(sam.get(address("A2")))
    assert "1 of" in page  # a claim was touched today
    for number, table_left in (("A2", 1), ("A1", 0)):
        answer = sam.post("/work/undo/", item=str(item("A3").pk))
        assert answer["Location"] == address(number)
        assert BulkAct.objects.filter(undone_at__isnull=True).count() == table_left
    assert (item("A1").tags, item("A2").touches) == ([], 0)
    assert sam.post("/work/undo/", item=str(item("A3").pk))["Location"] == address("A3")


def test_foreign_claims_cannot_be_looked_at_held_or_skipped(workers: Workers) -> None:
    sam = Visitor(workers.sam)
    foreign = address("B1")
    assert sam.get(foreign).status_code == 404
    assert b"THEIRS" not in sam.get(foreign).content
    assert sam.post(f"{foreign}skip/", reason="help").status_code == 404
    sam.post(f"{foreign}hold/")
    sam.post(f"{foreign}leave/")
    assert (count("worklists_item_lock"), count("worklists_skip")) == (0, 0)
    Visitor(workers.far).get(foreign)
    sam.post(f"{foreign}leave/")
    assert count("worklists_item_lock") == 1
    stranger = Visitor(workers.sam)
    workers.sam.role = "client_user"
    workers.sam.save()
    assert stranger.get(address("A1")).status_code == 403
    assert stranger.post(NEXT).status_code == 403
