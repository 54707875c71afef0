"""Status requests: one client's own; the web asks about its clients only and answers nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoDbBlocker
from tests.builders import rows
from tests.integration.work_items import AT, Workers, item, shared_world, workers_of

from sanderling.files.models import TransactionSet
from sanderling.inquiries.actions import plan_requests
from sanderling.inquiries.asking import AskRefused, ask_one
from sanderling.inquiries.models import StatusRequest

pytestmark = pytest.mark.django_db


@contextmanager
def as_web(*client_ids: int) -> Iterator[None]:
    """Work as the web application does with these visible clients."""
    shown = "{" + ",".join(map(str, client_ids)) + "}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute("SELECT set_config('sanderling.client_ids', %s, true)", [shown])
        yield
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT set_config('sanderling.client_ids', '', true)")


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    with django_db_blocker.unblock(), shared_world(tmp_path_factory) as folder:
        yield folder


@pytest.fixture
def workers(world: Path, db: None) -> Workers:
    return workers_of()


def test_the_web_sees_requests_of_its_own_clients_only(workers: Workers) -> None:
    plan_requests(at=AT)
    with as_web(workers.mine.pk):
        assert rows("SELECT DISTINCT client_id FROM inquiries_status_request") == [
            (workers.mine.pk,)
        ]
    with as_web():
        assert rows("SELECT count(*) FROM inquiries_status_request") == [(0,)]


def test_nobody_asks_about_another_clients_claim(workers: Workers) -> None:
    foreign = item("B1").claim_id
    with as_web(workers.mine.pk), pytest.raises(AskRefused, match="no such payer"):
        ask_one(foreign, 11, user=workers.sam, at=AT)
    assert StatusRequest.objects.count() == 0


def test_the_web_asks_about_its_own_claim(workers: Workers) -> None:
    own = item("A1").claim_id
    with as_web(workers.mine.pk):
        asked = ask_one(own, 11, user=workers.sam, at=AT)
    assert StatusRequest.objects.get().pk == asked.pk


def test_it_speaks_as_who_sent_the_claim_though_the_file_held_other_clients_claims_too(
    workers: Workers,
) -> None:
    TransactionSet.objects.update(client_ids=[workers.mine.pk, workers.theirs.pk])
    own = item("A1").claim_id
    with as_web(workers.mine.pk):
        assert TransactionSet.objects.count() == 0
        asked = ask_one(own, 11, user=workers.sam, at=AT)
    assert (asked.file.sender_id, asked.file.receiver_id) == ("CLEARHOUSE", "BILLCO")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE inquiries_status_request SET state = 'answered'",
        "DELETE FROM inquiries_status_request",
        "DELETE FROM inquiries_payer_limits",
    ],
)
def test_the_web_changes_nothing_of_what_was_asked(workers: Workers, statement: str) -> None:
    plan_requests(at=AT)
    with pytest.raises(DatabaseError, match="permission denied"), as_web(workers.mine.pk):
        rows(statement)
    assert set(StatusRequest.objects.values_list("state", flat=True)) == {"asked"}
