"""Tasks: one client's own, about its own claims only; what was asked and what happened stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from tests.builders import rows

from sanderling.accounts.actions import create_user
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.tasks.actions import answer_task, create_task
from sanderling.tasks.models import Task

AT = datetime(2026, 3, 5, tzinfo=UTC)
INSERT = (
    "INSERT INTO tasks_task (claim_id, party, client_id, team, kind, question, asked_at, due_date,"
    " state, result, result_value, answer, held_by)"
    " VALUES (%s, 11, %s, 'coding', 'coding_review', 'q', now(), now(), 'open', '', '', '', '')"
)


@contextmanager
def as_web(client_ids: str) -> Iterator[None]:
    """Work as the web application does, with these visible clients."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute("SELECT set_config('sanderling.client_ids', %s, true)", [client_ids])
        yield
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT set_config('sanderling.client_ids', '', true)")


@pytest.fixture
def claims(db: None) -> tuple[Claim, Claim]:
    """A claim with a task for each of two clients."""
    asker = create_user(
        email="a@x.test", name="A", role="admin", password="correct-horse-battery",
        sees_all_clients=True,
    )  # fmt: skip
    made = []
    for code in ("MINE", "FOREIGN"):
        client = Client.objects.create(code=code, name=code, created_at=AT)
        claim = Claim.objects.create(client=client, number="C1", number_key="C1")
        create_task(
            claim=claim, party=11, team="coding", kind="coding_review", question=code,
            due_date=None, asked_by=asker, at=AT,
        )  # fmt: skip
        made.append(claim)
    return made[0], made[1]


@pytest.mark.parametrize("visible", ["", "{}"])
def test_without_clients_there_is_nothing(visible: str, claims: tuple[Claim, Claim]) -> None:
    with as_web(visible):
        assert rows("SELECT * FROM tasks_task") == []
        assert rows("SELECT * FROM tasks_task_event") == []


def test_a_forgotten_filter_shows_own_tasks_only(claims: tuple[Claim, Claim]) -> None:
    with as_web(f"{{{claims[0].client_id}}}"):
        assert rows("SELECT question FROM tasks_task") == [("MINE",)]
        assert rows("SELECT text FROM tasks_task_event") == [("MINE",)]


def test_the_web_role_asks_about_its_own_claims_only(claims: tuple[Claim, Claim]) -> None:
    mine, foreign = claims
    for pair in (
        (foreign.pk, foreign.client_id),
        (foreign.pk, mine.client_id),
        (mine.pk, foreign.client_id),
    ):
        with (
            pytest.raises(DatabaseError, match="row-level security"),
            as_web(f"{{{mine.client_id}}}"),
            connection.cursor() as cursor,
        ):
            cursor.execute(INSERT, pair)
    assert Task.objects.count() == 2


@pytest.mark.parametrize(
    ("statement", "refused"),
    [
        ("UPDATE tasks_task SET question = 'x'", "cannot be changed so"),
        ("UPDATE tasks_task SET asked_by_id = NULL", "cannot be changed so"),
        ("DELETE FROM tasks_task", "permission denied"),
        ("UPDATE tasks_task_event SET text = 'x'", "permission denied"),
        ("DELETE FROM tasks_task_event", "permission denied"),
    ],
)
def test_history_stays(statement: str, refused: str, claims: tuple[Claim, Claim]) -> None:
    with (
        pytest.raises(DatabaseError, match=refused),
        as_web(f"{{{claims[0].client_id}}}"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_an_answer_stays(claims: tuple[Claim, Claim]) -> None:
    task = Task.objects.get(claim=claims[0])
    assert task.asked_by is not None
    answer_task(task.pk, result="stands", user=task.asked_by, at=AT)
    with (
        pytest.raises(DatabaseError, match="cannot be changed so"),
        as_web(f"{{{claims[0].client_id}}}"),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE tasks_task SET answer = 'x'")
