"""Nobody acts on foreign clients' items: not by id, not by what an act left, not beneath."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoDbBlocker
from tests.builders import rows
from tests.integration.work_items import AT, Workers, ids, item, kept_world, work_of
from tests.security.test_isolation_of_barriers import as_web

from sanderling.accounts.models import User
from sanderling.worklists.acting import NothingToDo, act
from sanderling.worklists.claiming import claim_next, hold
from sanderling.worklists.models import ItemLock, Skip, StatusInquiry

pytestmark = pytest.mark.django_db
OWN = ("worklists_bulk_change", "worklists_status_inquiry", "worklists_skip", "worklists_item_lock")
KINDS = {
    "pend": {},
    "note": {"note": "x"},
    "tag": {"tags": "x"},
    "status_inquiry": {},
    "request_documents": {"question": "x"},
    "escalate": {"reason": "x"},
}


@pytest.fixture(scope="module")
def workers(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    with django_db_blocker.unblock(), kept_world(tmp_path_factory.mktemp("acts")) as filled:
        for number in ("A1", "B1"):
            one = item(number)
            act(
                "status_inquiry", [one.pk], {}, user=filled.lead, actor="user:1", at=AT
            )  # leaves a change and an inquiry of each client
            Skip.objects.create(
                client_id=one.client_id, claim_id=one.claim_id, party=one.party,
                user=filled.lead, reason="help", skipped_at=AT,
            )  # fmt: skip
        for number, user in (("A1", filled.kim), ("B1", filled.far)):
            one = item(number)
            ItemLock.objects.create(
                item=one, client_id=one.client_id, user=user, taken_at=AT,
                until_at=AT + timedelta(minutes=15),
            )  # fmt: skip
        yield filled


def things() -> list[tuple[object, ...]]:
    return rows(
        "SELECT (SELECT count(*) FROM followup_activity), (SELECT count(*) FROM tasks_task),"
        " (SELECT count(*) FROM followup_escalation), (SELECT count(*) FROM worklists_bulk_act),"
        " (SELECT count(*) FROM worklists_status_inquiry)"
    )


@pytest.mark.parametrize("role", ["web", "owner"])
def test_no_act_reaches_a_foreign_item_by_its_id(workers: Workers, role: str) -> None:
    """Neither under the web's role, nor where a program acts for a person under the owner's."""
    ItemLock.objects.all().delete()
    before, counts, foreign = work_of("B1"), things(), ids("B1")
    for kind, parameters in KINDS.items():
        with (
            pytest.raises(NothingToDo, match="another client's"),
            as_web(f"{{{workers.mine.pk}}}") if role == "web" else transaction.atomic(),
        ):
            as_two(kind, foreign, parameters, workers.sam)
    assert (work_of("B1"), things()) == (before, counts)


def test_no_foreign_item_is_given_out_or_held(workers: Workers) -> None:
    ItemLock.objects.all().delete()
    rows("UPDATE worklists_work_item SET follow_up_date = '2026-03-05', team = 'ar',"
         " not_before_date = NULL RETURNING id")  # fmt: skip
    foreign = item("B1")
    with as_web(f"{{{workers.mine.pk}}}"):
        assert hold(foreign.pk, user=workers.sam, at=AT) is None
        found = {claim_next(user=workers.sam, at=AT + timedelta(hours=n)) for n in range(9)}
    assert foreign.pk not in found
    assert hold(foreign.pk, user=workers.sam, at=AT) is None  # also under the owner's role


def test_what_acts_leave_is_seen_by_who_sees_the_client(workers: Workers) -> None:
    for client in (workers.mine, workers.theirs):
        for table in OWN:
            with as_web(f"{{{client.pk}}}"):
                seen = rows(f"SELECT DISTINCT client_id FROM {table}")
            assert seen == [(client.pk,)], table
    for table in OWN:
        with as_web(None):
            assert rows(f"SELECT * FROM {table}") == [], table


def test_the_web_role_adds_nothing_about_foreign_claims(workers: Workers) -> None:
    foreign = item("B1")
    inquiry = (
        "INSERT INTO worklists_status_inquiry (client_id, claim_id, party, payer_id, state,"
        f" asked_at) VALUES ({workers.mine.pk}, {foreign.claim_id}, 12, 1, 'queued', now())"
    )
    skip = (
        "INSERT INTO worklists_skip (client_id, claim_id, party, user_id, reason, skipped_at)"
        f" VALUES ({workers.mine.pk}, {foreign.claim_id}, 11, {workers.sam.pk}, 'help', now())"
    )
    for statement in (inquiry, skip):
        with (
            pytest.raises(DatabaseError, match="row-level security"),
            as_web(f"{{{workers.mine.pk}}}"),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert StatusInquiry.objects.filter(party=12).count() == 0
    for statement in ("UPDATE worklists_skip SET reason = 'later'", "DELETE FROM worklists_skip"):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            as_web(f"{{{workers.mine.pk}}}"),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def as_two(kind: str, items: list[int], parameters: Any, user: User) -> None:
    """Act in a session of user 2."""
    rows("SELECT set_config('sanderling.actor', 'user:2', true)")
    act(kind, items, parameters, user=user, actor="user:2", at=AT)


def test_acts_of_others_on_foreign_claims_are_not_seen(workers: Workers) -> None:
    """Neither words nor counts; who did it, and who sees one of the claims, see the act."""

    def seen(user: User, client_ids: str) -> int:
        with as_web(client_ids):
            rows(f"SELECT set_config('sanderling.actor', 'user:{user.pk}', true)")
            return int(rows("SELECT count(*) FROM worklists_bulk_act")[0][0])

    before = seen(workers.kim, f"{{{workers.mine.pk}}}"), seen(workers.far, "{}")
    act(
        "tag",
        ids("B1"),
        {"tags": "seen"},
        user=workers.far,
        actor=f"user:{workers.far.pk}",
        at=AT,
    )
    assert seen(workers.kim, f"{{{workers.mine.pk}}}") == before[0]
    assert seen(workers.far, "{}") == before[1] + 1
    assert seen(workers.kim, f"{{{workers.theirs.pk}}}") > 0
