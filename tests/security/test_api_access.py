"""The API: every operation as every role and as a stranger; tokens that are good no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import DjangoDbBlocker
from tests.builders import rows
from tests.integration.api_calls import Caller, data, refused
from tests.integration.pages import (
    PASSWORD,
    People,
    Visitor,
    people_of,
    standing_world,
    text_of,
    web_role,
)

from sanderling.accounts.actions import assign_clients, change_user, create_user
from sanderling.accounts.roles import Role, role_may
from sanderling.api.models import ApiToken, KeptAnswer
from sanderling.api.tokens import TokenRefused, make_token, revoke_token
from sanderling.api.v1 import operations, permission_of
from sanderling.audit.models import AuditEvent
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.followup.models import Activity
from sanderling.news.models import Notice
from sanderling.tasks.models import Task
from sanderling.worklists.models import BulkChange, WorkItem
from sanderling.writeoffs.actions import withdraw_write_off
from sanderling.writeoffs.models import WriteOff

WRITE_OFF = {
    "party": 11,
    "amount_cents": 7_500,
    "reason": "non_covered",
    "note": "Not covered",
    "despite_warnings": True,
}
ACT = {"date": "2026-03-05", "channel": "call", "action": "call_payer", "outcome": "in_process"}
# What names a foreign claim or its patient; ids and sums are compared apart.
FOREIGN = ("THEIRS", "Their Clinic", "FOREIGNER", "FRANK", '"B1"')


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


def calls(claim_id: int) -> dict[str, tuple[str, str, Any]]:
    """Return one call of each operation, about this claim where it is about one."""
    item_id = WorkItem.objects.get(claim_id=claim_id, party=11).pk
    task = Task.objects.filter(claim_id=claim_id).first()
    act = BulkChange.objects.filter(claim_id=claim_id).first()
    gone = WriteOff.objects.filter(claim_id=claim_id).first()
    question = {"claim_id": claim_id, "team": "coding", "kind": "coding_review", "question": "?"}
    return {
        "list_items": ("get", "/items", {"view": "all"}),
        "search_items": ("post", "/items/search", {"view": "all", "text": "FOREIGNER"}),
        "list_views": ("get", "/items/views", {}),
        "show_item": ("get", f"/items/{item_id}", {}),
        "do_act": ("post", "/acts", {"kind": "pend", "item_ids": [item_id]}),
        "undo_act": ("post", f"/acts/{act.act_id if act else 0}/undo", {}),
        "list_tasks": ("get", "/tasks", {}),
        "ask_team": ("post", "/tasks", question),
        "list_write_offs": ("get", "/write-offs", {}),
        "ask_write_off": ("post", "/write-offs", WRITE_OFF | {"claim_id": claim_id}),
        "decide_write_off": (
            "post",
            f"/write-offs/{gone.pk if gone else 0}/decide",
            {"approves": False, "note": "Appeal it"},
        ),
        "answer": ("post", f"/tasks/{task.pk if task else 0}/answer", {"result": "stands"}),
        "list_claims": ("get", "/claims", {}),
        "search": ("post", "/claims/search", {"text": "FOREIGNER"}),
        "show_claim": ("get", f"/claims/{claim_id}", {}),
        "list_activities": ("get", "/activities", {}),
        "record_activity": ("post", f"/claims/{claim_id}/activities", ACT),
        "list_barriers": ("get", "/barriers", {}),
        "aging": ("get", "/aging", {"by": "client,payer"}),
        "list_clients": ("get", "/clients", {}),
        "list_payers": ("get", "/payers", {}),
        "openapi": ("get", "/openapi.json", {}),
    }


# About one thing: foreign ones are not there, or (bulk) nothing can have it.
OF_ONE = {
    "show_claim": 404,
    "record_activity": 404,
    "show_item": 404,
    "do_act": 422,
    "undo_act": 404,
    "ask_team": 404,
    "answer": 404,
    "ask_write_off": 404,
    "decide_write_off": 404,
}
MADE = {"record_activity", "do_act", "ask_team", "ask_write_off"}  # answered with 201
PERMISSIONS = {
    operation.view_func.__name__: permission_of(operation) for _, operation in operations()
}


def call(caller: Caller, method: str, path: str, body: Any) -> Any:
    return caller.get(path, **body) if method == "get" else caller.post(path, body)


def test_every_operation_is_tried_here(people: People) -> None:
    assert set(calls(Claim.objects.get(number="A2").pk)) == set(PERMISSIONS)


@pytest.mark.parametrize("role", Role.values)
def test_a_role_calls_what_it_may_and_sees_nothing_foreign(role: str, people: People) -> None:
    mine, theirs = (Client.objects.get(code=code) for code in ("MINE", "THEIRS"))
    user = create_user(
        email=f"{role}@y.test", name=role, role=role, password=PASSWORD, client_ids=[mine.pk]
    )
    caller = Caller(user)
    own, foreign = Claim.objects.get(number="A2"), Claim.objects.get(client=theirs)
    others = Caller(people.admin)
    for name in ("do_act", "ask_team", "ask_write_off"):
        data(call(others, *calls(foreign.pk)[name]))
    theirs_before = {foreign.pk}
    before = [model.objects.count() for model in (Activity, Task, BulkChange, WriteOff)]
    for name, (method, path, body) in calls(foreign.pk).items():
        answer = call(caller, method, path, body)
        if not role_may(role, PERMISSIONS[name]):
            assert PERMISSIONS[name] in refused(answer, 403)["detail"], name
            continue
        if name in OF_ONE:
            refused(answer, OF_ONE[name])
        else:
            assert answer.status_code == 200, (name, answer.content)
        text = answer.content.decode()
        assert not [word for word in FOREIGN if word in text], name
    assert [model.objects.count() for model in (Activity, Task, BulkChange, WriteOff)] == before
    data(call(others, *calls(own.pk)["ask_write_off"]))
    for name in ("decide_write_off", *(name for name in OF_ONE if name != "decide_write_off")):
        for waiting in WriteOff.objects.filter(claim_id=own.pk, state="requested"):
            if name == "ask_write_off":  # one at a time
                withdraw_write_off(waiting.pk, user=None, at=timezone.now())
        method, path, body = calls(own.pk)[name]
        allowed = role_may(role, PERMISSIONS[name])
        expected = (201 if name in MADE else 200) if allowed else 403
        assert call(caller, method, path, body).status_code == expected, name
    for model in (Activity, Task, BulkChange, WriteOff):
        touched = set(model.objects.values_list("claim_id", flat=True)) - theirs_before
        assert touched <= {own.pk}


def test_not_even_counts_are_foreign(people: People) -> None:
    def told(caller: Caller) -> list[Any]:
        barriers = data(caller.get("/barriers"))
        totals = data(caller.get("/aging", party="all"))["totals"]
        items = data(caller.get("/items", view="all"))
        return [
            *(barriers["count"], barriers["balance_cents"]),
            *(totals["count"], totals["total_cents"]),
            *(items["count"], items["balance_cents"]),
        ]

    before = told(Caller(people.specialist))
    assert told(Caller(people.stranger)) == [0] * 6
    assign_clients(user=people.specialist, client_ids=[Client.objects.get(code="THEIRS").pk])
    theirs = told(Caller(people.specialist))
    assert [a + b for a, b in zip(before, theirs, strict=True)] == told(Caller(people.admin))


def test_a_token_of_some_clients_sees_only_these(people: People) -> None:
    mine = Client.objects.get(code="MINE")
    foreign = Claim.objects.get(number="B1")
    assert data(Caller(people.admin).get(f"/claims/{foreign.pk}"))["client"] == "THEIRS"
    narrow = Caller(people.admin, clients=[mine.pk])
    assert [row["client"] for row in data(narrow.get("/clients"))] == ["MINE"]
    refused(narrow.get(f"/claims/{foreign.pk}"), 404)
    refused(narrow.post(f"/claims/{foreign.pk}/activities", ACT), 404)
    # And never more than its owner.
    wide = Caller(people.specialist, clients=[mine.pk, foreign.client_id])
    assert [row["client"] for row in data(wide.get("/clients"))] == ["MINE"]
    with connection.cursor() as cursor:  # nothing is left on the connection
        cursor.execute("SELECT current_setting('sanderling.client_ids', true)")
        assert cursor.fetchone() == ("",)


def test_users_of_a_client_read_no_notes(people: People) -> None:
    claim = Claim.objects.get(number="A2")
    said = ACT | {"note": "Spoke with Pat", "reference": "R17"}
    data(Caller(people.specialist).post(f"/claims/{claim.pk}/activities", said))
    for user, is_told in ((people.specialist, True), (people.client_user, False)):
        for path in ("/activities", f"/claims/{claim.pk}"):
            text = Caller(user).get(path).content.decode()
            assert "call_payer" in text
            assert ("Spoke with Pat" in text) is is_told
            assert ("R17" in text) is is_told


def test_a_token_for_reading_writes_nothing(people: People) -> None:
    reader = Caller(people.specialist, scope="read")
    claim = Claim.objects.get(number="A2")
    found = refused(reader.post(f"/claims/{claim.pk}/activities", ACT), 403)
    assert "read only" in found["detail"]
    assert Activity.objects.count() == 0


@pytest.mark.parametrize(
    "header", ["Bearer snd_wrong", "Bearer ", "Basic c25kOng=", "snd_wrong", "Bearer \udcff", ""]
)
def test_what_is_no_token_is_refused(header: str, people: People) -> None:
    browser = Browser(headers={"Authorization": header})
    browser.force_login(people.admin)  # a session does not make up for a wrong token
    with web_role():
        answer = browser.get("/api/v1/clients")
    refused(answer, 401)  # type: ignore[arg-type]  # the test client's own response
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_nobody_is_refused(people: People) -> None:
    with web_role():
        refused(Browser().get("/api/v1/clients"), 401)  # type: ignore[arg-type]  # as above
        refused(Browser().get("/api/v1/openapi.json"), 401)  # type: ignore[arg-type]


def test_revoked_and_expired_tokens_are_refused(people: People) -> None:
    caller = Caller(people.specialist)
    assert caller.token is not None
    data(caller.get("/clients"))
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "expired" in refused(caller.get("/clients"), 401)["detail"]
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
    data(caller.get("/clients"))
    assert revoke_token(token=caller.token, at=timezone.now())
    assert not revoke_token(token=caller.token, at=timezone.now())
    assert "revoked" in refused(caller.get("/clients"), 401)["detail"]


def test_a_locked_or_lesser_owner_takes_the_token_along(people: People) -> None:
    caller = Caller(people.specialist)
    user = people.specialist
    change_user(user=user, name="S", role="client_user", is_active=True, sees_all_clients=False)
    refused(caller.get("/clients"), 403)
    change_user(user=user, name="S", role="specialist", is_active=False, sees_all_clients=False)
    refused(caller.get("/clients"), 401)
    assert data(Caller(people.admin).get("/clients"))


def test_a_session_reads_and_writes_with_its_csrf_token_only(people: People) -> None:
    caller = Caller(people.specialist, by_session=True)
    assert [row["client"] for row in data(caller.get("/clients"))] == ["MINE"]
    claim = Claim.objects.get(number="A2")
    path = f"/claims/{claim.pk}/activities"
    assert "CSRF" in refused(caller.post(path, ACT), 403)["detail"]
    assert Activity.objects.count() == 0
    caller.browser.cookies["csrftoken"] = "a" * 32
    data(caller.post(path, ACT, X_CSRFToken="a" * 32))
    assert Activity.objects.count() == 1


def test_only_the_hash_of_a_secret_is_kept(people: People) -> None:
    token, secret = make_token(
        name="n", owner=people.admin, scope="read", client_ids=None, expires_at=None,
        by=people.admin, at=datetime(2026, 3, 5, tzinfo=UTC),
    )  # fmt: skip
    stored = rows(f"SELECT to_jsonb(t)::text FROM api_token t WHERE id = {token.pk}")[0][0]
    assert secret not in stored
    assert len(secret) > 40
    assert json.loads(stored)["prefix"] == secret[:12]


def test_the_trail_knows_tokens_and_calls_without_patients(people: People) -> None:
    caller = Caller(people.specialist)
    data(caller.post("/claims/search", {"text": "DOE"}))
    event = AuditEvent.objects.get(action="claims.search")
    assert event.detail == {"api_token": caller.token and caller.token.pk, "rows": 3}
    made = AuditEvent.objects.get(action="api_token.make")
    assert made.detail == {"owner": people.specialist.pk, "scope": "write", "clients": 0}
    assert "DOE" not in str(rows("SELECT to_jsonb(e)::text FROM audit_event e"))


def test_the_web_role_sees_its_own_tokens_and_answers_only(people: People) -> None:
    caller = Caller(people.specialist)
    data(
        caller.post(
            f"/claims/{Claim.objects.get(number='A2').pk}/activities", ACT, Idempotency_Key="k"
        )
    )
    assert KeptAnswer.objects.count() == 1
    for actor, role, tokens, answers in (
        (f"user:{people.specialist.pk}", "specialist", 1, 1),
        (f"user:{people.stranger.pk}", "specialist", 0, 0),
        (f"user:{people.admin.pk}", "admin", 1, 0),
        ("", "", 0, 0),
    ):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('sanderling.actor', %s, true),"
                " set_config('sanderling.role', %s, true)",
                [actor, role],
            )
            cursor.execute("SET LOCAL ROLE sanderling_app")
            assert (ApiToken.objects.count(), KeptAnswer.objects.count()) == (tokens, answers)
            cursor.execute("RESET ROLE")
    for statement in ("DELETE FROM api_token", "DELETE FROM api_kept_answer"):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"SET LOCAL ROLE sanderling_app; {statement}")


FORM = {"name": "Export", "scope": "read", "last_date": ""}


def test_an_administrator_makes_a_token_that_is_shown_once(people: People) -> None:
    visitor = Visitor(people.admin)
    assert "No tokens yet" in text_of(visitor.get("/api-access/"))
    page = visitor.post("/api-access/tokens/", **FORM, owner=str(people.specialist.pk))
    secret = text_of(page).split('value="snd_')[1].split('"')[0]
    assert page.headers["Cache-Control"] == "no-store"
    token = ApiToken.objects.get()
    assert (token.owner_id, token.scope, token.client_ids) == (people.specialist.pk, "read", None)
    listed = text_of(visitor.get("/api-access/"))
    assert token.prefix in listed
    assert secret not in listed
    notice = Notice.objects.get(user=people.specialist)
    assert notice.kind == "api.token"
    browser = Browser(headers={"Authorization": f"Bearer snd_{secret}"})
    with web_role():
        assert browser.get("/api/v1/clients").status_code == 200
    visitor.post(f"/api-access/tokens/{token.pk}/revoke/")
    with web_role():
        assert browser.get("/api/v1/clients").status_code == 401


def test_a_token_that_cannot_be_is_refused_and_nothing_is_made(people: People) -> None:
    visitor = Visitor(people.admin)
    for wrong in ({"owner": "0"}, {"name": ""}, {"last_date": "2020-01-01"}, {"clients": "77"}):
        form = FORM | {"owner": str(people.specialist.pk)} | wrong
        assert visitor.post("/api-access/tokens/", **form).status_code == 422
    with pytest.raises(TokenRefused, match="at least one client"):
        make_token(
            name="n", owner=people.admin, scope="read", client_ids=[], expires_at=None,
            by=people.admin, at=timezone.now(),
        )  # fmt: skip
    assert ApiToken.objects.count() == 0


def test_others_do_not_reach_the_page(people: People) -> None:
    for user in (people.specialist, people.client_user):
        assert Visitor(user).get("/api-access/").status_code == 403
        form = FORM | {"owner": str(people.admin.pk)}
        assert Visitor(user).post("/api-access/tokens/", **form).status_code == 403
    assert ApiToken.objects.count() == 0
