"""Document requests: one client's own; what came stays; nothing is bent to another claim."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from pytest_django.plugin import DjangoDbBlocker
from tests.builders import rows
from tests.integration.work_items import AT, Workers, ids, shared_world, workers_of
from tests.security.test_isolation_of_writeoffs import as_web

from sanderling.document_requests.cycle import add_contact, set_days
from sanderling.document_requests.models import Answer, Item, Request, Step, Upload
from sanderling.worklists.acting import act

pytestmark = pytest.mark.django_db
TABLES = tuple(
    f"document_requests_{name}"
    for name in ("request", "item", "upload", "answer", "step", "contact", "cycle")
)
DAYS = {"reminder": 3, "lead": 5, "manager": 7, "risk": 10, "link": 30}


@pytest.fixture(scope="module")
def filled(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """A request, a file and an answer of each of two clients."""
    with django_db_blocker.unblock(), shared_world(tmp_path_factory):
        people = workers_of()
        act(
            "request_documents", ids("A1", "B1"), {"question": "x"}, user=people.lead,
            actor="user:1", at=AT,
        )  # fmt: skip
        for item in Item.objects.all():
            upload = Upload.objects.create(
                request_id=item.request_id, client_id=item.client_id, name="a.pdf",
                content_type="application/pdf", size_bytes=1, sha256="0", key_name="k", at=AT,
            )  # fmt: skip
            Answer.objects.create(upload=upload, item=item, client_id=item.client_id)
            Step.objects.create(
                request_id=item.request_id, client_id=item.client_id, step="sent", at=AT
            )
            add_contact(item.client_id, name="x", email=f"x{item.client_id}@x.test", at=AT)
            set_days(item.client_id, DAYS, at=AT)
        yield


@pytest.fixture
def workers(filled: None, db: None) -> Workers:
    return workers_of()


def refused(sql: str, params: Sequence[int | str], *, match: str, client: int) -> None:
    with (
        pytest.raises(DatabaseError, match=match),
        as_web(f"{{{client}}}"),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, params)


def test_a_client_sees_its_own_rows_and_only_those(workers: Workers) -> None:
    for client in (workers.mine, workers.theirs):
        for table in TABLES:
            with as_web(f"{{{client.pk}}}"):
                seen = {pk for (pk,) in rows(f"SELECT client_id FROM {table}")}
            assert seen == {client.pk}, table
    for visible in ("", "{}"):
        with as_web(visible):
            for table in TABLES:
                assert rows(f"SELECT * FROM {table}") == [], table


@pytest.mark.parametrize(
    "statement",
    [
        *("UPDATE document_requests_upload SET name = 'x'", "DELETE FROM document_requests_upload"),
        *("UPDATE document_requests_answer SET item_id = 1", "DELETE FROM document_requests_item"),
        *("DELETE FROM document_requests_request", "DELETE FROM document_requests_step"),
    ],
)
def test_the_web_role_forgets_nothing(workers: Workers, statement: str) -> None:
    refused(statement, [], match="permission denied", client=workers.mine.pk)


def test_what_was_asked_does_not_change(workers: Workers) -> None:
    mine = workers.mine.pk
    for change in ("question = 'y'", f"asked_at = '{AT + timedelta(days=1)}'"):
        sql = f"UPDATE document_requests_request SET {change}"
        refused(sql, [], match="what was asked does not change", client=mine)
    refused(
        "UPDATE document_requests_item SET claim_id = claim_id + 1", [], match="does not change",
        client=mine,
    )  # fmt: skip


def test_nothing_is_tied_to_another_client(workers: Workers) -> None:
    mine, theirs = workers.mine.pk, workers.theirs.pk
    own, foreign = (Request.objects.get(client_id=pk) for pk in (mine, theirs))
    item = (
        "INSERT INTO document_requests_item (request_id, client_id, claim_id, party, task_id,"
        " kind, text, origin, state, reason, handed_to)"
        " VALUES (%s, %s, %s, 11, 1, 'other', '', '{}', 'wanted', '', '')"
    )
    claim, strange = (Item.objects.get(client_id=pk).claim_id for pk in (mine, theirs))
    refused(item, [own.pk, mine, strange], match="is not of the client", client=mine)
    refused(item, [foreign.pk, mine, claim], match="row-level security", client=mine)
    refused(item, [foreign.pk, theirs, claim], match="row-level|not of the client", client=mine)
    answer = (
        "INSERT INTO document_requests_answer (upload_id, item_id, client_id) VALUES (%s, %s, %s)"
    )
    upload = Upload.objects.get(client_id=mine)
    target = Item.objects.get(client_id=theirs)
    refused(answer, [upload.pk, target.pk, mine], match="does not belong", client=mine)
