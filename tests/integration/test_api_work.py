"""The worklist, acts and tasks by the API: the same answers as the pages', writes done once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from pytest_django import DjangoDbBlocker
from tests.integration.api_calls import Caller, data, refused
from tests.integration.pages import People, people_of, standing_world

from sanderling.accounts.actions import create_user
from sanderling.audit.models import AuditEvent
from sanderling.clients.models import Client
from sanderling.followup.models import Activity
from sanderling.tasks.models import Task
from sanderling.worklists.models import BulkAct, WorkItem

EVERYTHING = {"view": "all", "limit": 500}


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    with django_db_blocker.unblock(), standing_world(tmp_path_factory):
        yield


@pytest.fixture
def people(world: None, db: None) -> People:
    return people_of()


@pytest.fixture
def caller(people: People) -> Caller:
    return Caller(people.specialist)


def item_of(number: str, party: int = 11) -> WorkItem:
    return WorkItem.objects.get(claim_number=number, party=party)


def test_items_are_listed_in_order_a_page_at_a_time(caller: Caller) -> None:
    whole = data(caller.get("/items", **EVERYTHING, sort="-balance"))
    numbers = [(row["claim"], row["balance_cents"]) for row in whole["rows"]]
    assert numbers == [("A2", 17_500), ("A3", 9_000), ("A/1 1", 2_000)]
    assert (whole["count"], whole["balance_cents"]) == (3, 28_500)
    found, cursor = [], ""
    for _ in range(3):
        page = data(caller.get("/items", view="all", sort="-balance", limit=1, cursor=cursor))
        found += page["rows"]
        cursor = page["next_cursor"]
    assert (found, cursor) == (whole["rows"], "")
    event = AuditEvent.objects.filter(action="items.list").order_by("pk")[0]
    assert event.detail["rows"] == 3


def test_items_are_narrowed_as_on_the_page(caller: Caller) -> None:
    def numbers(**asked: object) -> list[str]:
        return sorted(
            row["claim"] for row in data(caller.get("/items", view="all", **asked))["rows"]
        )

    assert numbers(client="MINE", payer="ACME1") == ["A2", "A3"]
    assert numbers(client="THEIRS") == []
    assert numbers(owner="none") == ["A/1 1", "A2", "A3"]
    item = item_of("A2")
    assert numbers(barrier=item.barrier, late_min=-3650) == sorted(
        WorkItem.objects.filter(barrier=item.barrier, client_code="MINE").values_list(
            "claim_number", flat=True
        )
    )
    found = data(caller.post("/items/search", {"view": "all", "text": "doe jane", "sort": "claim"}))
    assert [row["claim"] for row in found["rows"]] == ["A/1 1", "A2", "A3"]
    assert data(caller.post("/items/search", {"view": "all", "text": "foreigner"}))["count"] == 0
    for wrong in ({"view": "x"}, {"sort": "-colour"}, {"scope": "ours"}, {"view": "due:x"}):
        assert "there are" in refused(caller.get("/items", **wrong), 422)["detail"]


def test_views_are_counted_as_they_list(caller: Caller) -> None:
    views = {row["view"]: row for row in data(caller.get("/items/views"))["rows"]}
    assert (views["all"]["count"], views["all"]["balance_cents"]) == (3, 28_500)
    for name, row in views.items():
        assert data(caller.get("/items", view=name))["count"] == row["count"], name


def test_one_item_is_told_and_looked_at(caller: Caller) -> None:
    item = item_of("A2")
    told = data(caller.get(f"/items/{item.pk}"))
    assert (told["claim"], told["payer_id"], told["owner"]) == ("A2", "ACME1", "")
    assert told["deadline"] == (item.deadline_date and item.deadline_date.isoformat())
    event = AuditEvent.objects.get(action="claim.view")
    assert event.claim_id == item.claim_id
    refused(caller.get("/items/999999999"), 404)
    refused(caller.get(f"/items/{item_of('B1').pk}"), 404)


def test_an_act_is_done_once_and_undone(caller: Caller) -> None:
    mine, foreign = item_of("A2"), item_of("B1")
    body = {
        "kind": "assign",
        "item_ids": [mine.pk, foreign.pk],
        "parameters": {"assignee": caller.user.pk},
    }
    done = data(caller.post("/acts", body, Idempotency_Key="a1"))
    assert (done["kind"], done["items"]) == ("assign", 1)
    assert [one["item_id"] for one in done["refused"]] == [foreign.pk]
    assert "not on your worklist" in done["refused"][0]["reason"]
    assert data(caller.post("/acts", body, Idempotency_Key="a1")) == done
    assert BulkAct.objects.count() == 1
    assert item_of("A2").assignee_id == caller.user.pk
    assert data(caller.get("/items", view="all", scope="mine"))["count"] == 1
    undone = data(caller.post(f"/acts/{done['act_id']}/undo", {}))
    assert undone == {"act_id": done["act_id"], "restored": 1, "kept": []}
    assert item_of("A2").assignee_id is None
    assert (
        "cannot be undone"
        in refused(caller.post(f"/acts/{done['act_id']}/undo", {}), 409)["detail"]
    )


def test_acts_of_every_simple_kind(caller: Caller) -> None:
    item = item_of("A2")
    day = (date.today() + timedelta(days=20)).isoformat()  # noqa: DTZ011 - as the clock says
    for kind, parameters in (
        ("defer", {"date": day}),
        ("tag", {"tags": ["big"]}),
        ("pend", {"date": day}),
    ):
        done = data(
            caller.post("/acts", {"kind": kind, "item_ids": [item.pk], "parameters": parameters})
        )
        assert done["items"] == 1, kind
    item.refresh_from_db()
    assert (item.tags, item.is_pended) == (["big"], True)
    assert item.follow_up_date is not None
    assert item.follow_up_date.isoformat() == day


def test_an_act_that_nothing_can_have_changes_nothing(caller: Caller) -> None:
    item, foreign = item_of("A2"), item_of("B1")
    found = refused(caller.post("/acts", {"kind": "unpend", "item_ids": [item.pk]}), 422)
    assert found["errors"] == [{"field": f"item_ids.{item.pk}", "message": "is not pended"}]
    refused(caller.post("/acts", {"kind": "status_inquiry", "item_ids": [foreign.pk]}), 422)
    refused(caller.post("/acts", {"kind": "eat", "item_ids": [item.pk]}), 422)
    refused(caller.post("/acts", {"kind": "flag", "item_ids": [item.pk]}), 422)
    refused(caller.post("/acts", {"kind": "pend", "item_ids": []}), 422)
    mine = Client.objects.get(code="MINE")
    other = create_user(
        email="o@x.test", name="O", role="specialist", password="correct-horse-battery",
        client_ids=[mine.pk],
    )  # fmt: skip
    body = {"kind": "assign", "item_ids": [item.pk], "parameters": {"assignee": other.pk}}
    assert "only leads" in refused(caller.post("/acts", body), 403)["detail"].lower()
    assert BulkAct.objects.count() == 0
    assert item_of("B1").is_pended is False


def test_a_foreign_act_is_not_undone(people: People, caller: Caller) -> None:
    foreign = item_of("B1")
    body = {"kind": "tag", "item_ids": [foreign.pk], "parameters": {"tags": ["x"]}}
    done = data(Caller(people.admin).post("/acts", body))
    refused(caller.post(f"/acts/{done['act_id']}/undo", {}), 404)
    refused(caller.post("/acts/99999999/undo", {}), 404)
    assert item_of("B1").tags == ["x"]


def test_a_team_is_asked_and_answers(caller: Caller) -> None:
    item = item_of("A2")
    body = {
        "claim_id": item.claim_id,
        "party": 11,
        "team": "coding",
        "kind": "coding_review",
        "question": "Is 99213 right?",
    }
    made = data(caller.post("/tasks", body, Idempotency_Key="t1"))
    assert data(caller.post("/tasks", body, Idempotency_Key="t1")) == made
    assert Task.objects.count() == 1
    (row,) = data(caller.get("/tasks", state="open", team="coding"))["rows"]
    assert (row["task_id"], row["question"], row["claim"]) == (
        made["task_id"],
        "Is 99213 right?",
        "A2",
    )
    path = f"/tasks/{made['task_id']}/answer"
    refused(caller.post(path, {"result": "eaten"}), 422)
    answered = data(caller.post(path, {"result": "stands", "text": "Yes"}))
    assert answered == {"task_id": made["task_id"], "state": "answered"}
    assert data(caller.get("/tasks", state="open"))["rows"] == []
    assert Activity.objects.filter(claim_id=item.claim_id).count() == 2
    refused(caller.post("/tasks/99999999/answer", {"result": "stands"}), 404)
    refused(caller.post("/tasks", body | {"claim_id": item_of("B1").claim_id}), 404)


def test_a_write_off_is_asked_for_by_one_and_decided_by_another(
    people: People, caller: Caller
) -> None:
    item = item_of("A2")
    body = {
        "claim_id": item.claim_id,
        "amount_cents": 7_500,
        "reason": "non_covered",
        "note": "Not covered",
        "despite_warnings": True,
    }
    made = data(caller.post("/write-offs", body, Idempotency_Key="w1"))
    assert data(caller.post("/write-offs", body, Idempotency_Key="w1")) == made
    (row,) = data(caller.get("/write-offs", state="requested"))["rows"]
    assert (row["write_off_id"], row["amount_cents"]) == (made["write_off_id"], 7_500)
    path = f"/write-offs/{made['write_off_id']}/decide"
    refused(caller.post(path, {"approves": True}), 403)
    admin = Caller(people.admin)
    refused(admin.post(path, {"approves": False}), 422)  # a no says why
    decided = data(admin.post(path, {"approves": False, "note": "Appeal it"}))
    assert decided == {"write_off_id": made["write_off_id"], "state": "rejected"}
    refused(admin.post("/write-offs/99999999999/decide", {"approves": True}), 404)
    refused(caller.post("/write-offs", body | {"amount_cents": 10**9}), 422)
    assert data(caller.get("/write-offs", state="requested"))["rows"] == []
