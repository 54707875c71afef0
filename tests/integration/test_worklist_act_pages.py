"""Pages of bulk acts under the web's role: forms, toasts, undo, and what strangers get."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from pytest_django import DjangoDbBlocker
from tests.integration.pages import Visitor, text_of
from tests.integration.work_items import Workers, count, ids, item, kept_world, work_of

from sanderling.worklists.models import BulkAct, WorkItem

pytestmark = pytest.mark.django_db
ACTS = "/work/acts/"


@pytest.fixture(scope="module")
def workers(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    with django_db_blocker.unblock(), kept_world(tmp_path_factory.mktemp("pages")) as filled:
        yield filled


def send(visitor: Visitor, kind: str, *numbers: str, key: str = "k", **form: str) -> HttpResponse:
    return visitor.post(ACTS, kind=kind, ids=",".join(map(str, ids(*numbers))), key=key, **form)


def test_an_act_without_script_goes_by_a_page_and_ends_on_another(workers: Workers) -> None:
    sam = Visitor(workers.sam)
    chosen = {"kind": "defer", "item": str(item("A1").pk), "next": "/work/?view=mine"}
    asked = text_of(sam.post("/work/acts/prepare/", **chosen))
    assert "Follow up on: 1 claim" in asked
    assert 'value="/work/?view=mine"' in asked
    answer = send(sam, "defer", "A1", business_days="", date="2027-01-01")
    assert answer.status_code == 302
    done = BulkAct.objects.get()
    assert answer["Location"] == f"/work/acts/{done.pk}/"
    page = text_of(sam.get(answer["Location"]))
    assert "Put 1 claim to 2027-01-01" in page
    assert "MINE A1" in page
    assert "DOE" not in page
    sam.post(f"/work/acts/{done.pk}/undo/")
    assert work_of("A1")[0][2] is None
    assert "Put 1 claim to 2027-01-01" in text_of(sam.get(ACTS))
    claim = text_of(sam.get("/claims/MINE/A1/"))
    assert "Put 1 claim to 2027-01-01, by Sam; undone by Sam" in claim


def test_htmx_gets_a_toast_with_undo(workers: Workers) -> None:
    sam = Visitor(workers.sam, htmx=True)
    answer = send(sam, "tag", "A1", "A2", tags="one")
    assert answer["HX-Retarget"] == "#toasts"
    assert "work-acted" in answer["HX-Trigger"]
    assert "Tagged 2 claims: one." in text_of(answer)
    undone = text_of(sam.post(f"/work/acts/{BulkAct.objects.get().pk}/undo/"))
    assert "Undone: Tagged 2 claims: one." in undone
    assert item("A1").tags == []


@pytest.mark.parametrize(
    ("kind", "form", "text"),
    [
        ("defer", {"business_days": ""}, "Choose a day."),
        ("tag", {"tags": ""}, "This field is required."),
        ("unpend", {"ids": ""}, "Choose some claims first."),
        ("unpend", {}, "Nothing was done. Each of the claims is not pended."),
    ],
)
def test_what_cannot_be_done_comes_back_with_the_form(
    workers: Workers, kind: str, form: dict[str, str], text: str
) -> None:
    sam = Visitor(workers.sam)
    answer = sam.post(ACTS, **{"kind": kind, "ids": str(item("A1").pk), "key": "k"} | form)
    assert answer.status_code == 422
    assert text in text_of(answer)
    assert count("worklists_bulk_act") == 0


def test_the_form_says_who_is_left_out_before_anything_is_done(workers: Workers) -> None:
    WorkItem.objects.filter(claim_number="A2").update(balance_cents=-100)
    asked = text_of(
        Visitor(workers.sam).post(
            "/work/acts/prepare/", kind="status_inquiry", ids=",".join(map(str, ids("A1", "A2")))
        )
    )
    assert "1 is a credit balance: there is no payment to ask for" in asked
    assert "Ask for the status 1 of 2" in asked


def test_the_same_form_sent_twice_acts_once(workers: Workers) -> None:
    sam = Visitor(workers.sam)
    first, second = (send(sam, "note", "A1", key="once", note="Hello") for _ in range(2))
    assert first["Location"] == second["Location"]
    assert count("followup_activity") == 1


def test_foreign_items_are_refused_even_by_their_ids(workers: Workers) -> None:
    sam = Visitor(workers.sam)
    before = work_of("B1")
    assert send(sam, "tag", "B1", tags="x").status_code == 422
    assert send(sam, "tag", "A1", "B1", key="k2", tags="x").status_code == 302
    assert (work_of("B1"), item("A1").tags) == (before, ["x"])
    done = BulkAct.objects.get()
    page = text_of(sam.get(f"/work/acts/{done.pk}/"))
    assert "A claim that you do not see" in page
    assert "THEIRS" not in page


def test_strangers_see_and_undo_nothing(workers: Workers) -> None:
    send(Visitor(workers.sam), "tag", "A1", tags="x")
    done = BulkAct.objects.get()
    far = Visitor(workers.far)
    assert far.get(f"/work/acts/{done.pk}/").status_code == 404
    far.post(f"/work/acts/{done.pk}/undo/")
    assert item("A1").tags == ["x"]
    assert "Tagged 1 claim" not in text_of(far.get(ACTS))
    assert "Tagged 1 claim" in text_of(Visitor(workers.lead).get(ACTS))
