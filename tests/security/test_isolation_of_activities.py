"""Activities: one client's own, added and never changed, about its own claims only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.followup.importing import import_activities

AT = datetime(2026, 3, 5, tzinfo=UTC)
INSERT = (
    "INSERT INTO followup_activity (claim_id, client_id, activity_date, user_name, channel, action,"
    " outcome, reference, note, source, source_key, recorded_at) VALUES"
    " (%s, %s, '2026-02-02', '', 'call', 'wait', 'done', '', '', 'product', %s, now())"
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


def rows(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


@pytest.fixture
def claims(db: None) -> tuple[Claim, Claim]:
    """A claim with an activity for each of two clients."""
    made = []
    for code in ("MINE", "FOREIGN"):
        client = Client.objects.create(code=code, name=code, created_at=AT)
        made.append(Claim.objects.create(client=client, number="C1", number_key="C1"))
    result = import_activities(
        text="client,claim,date,channel,action,outcome,note\n"
        "MINE,C1,2026-02-01,call,wait,done,mine\nFOREIGN,C1,2026-02-01,call,wait,done,foreign\n",
        at=AT,
    )
    assert result.created == 2
    return made[0], made[1]


@pytest.mark.parametrize("visible", ["", "{}"])
def test_without_clients_there_is_nothing(visible: str, claims: tuple[Claim, Claim]) -> None:
    with as_web(visible):
        assert rows("SELECT * FROM followup_activity") == []


def test_a_forgotten_filter_shows_own_activities_only(claims: tuple[Claim, Claim]) -> None:
    mine, _ = claims
    with as_web(f"{{{mine.client_id}}}"):
        assert rows("SELECT note FROM followup_activity") == [("mine",)]


def test_the_web_role_adds_about_its_own_claims_only(claims: tuple[Claim, Claim]) -> None:
    mine, foreign = claims
    pairs = {
        "a foreign client": (foreign.pk, foreign.client_id),
        "a foreign claim under the own client": (foreign.pk, mine.client_id),
        "the own claim under a foreign client": (mine.pk, foreign.client_id),
    }
    for pair in pairs.values():
        with (
            pytest.raises(DatabaseError, match="row-level security"),
            as_web(f"{{{mine.client_id}}}"),
            connection.cursor() as cursor,
        ):
            cursor.execute(INSERT, [*pair, uuid4()])
    with as_web(f"{{{mine.client_id}}}"), connection.cursor() as cursor:
        cursor.execute(INSERT, [mine.pk, mine.client_id, uuid4()])
    assert rows("SELECT count(*) FROM followup_activity") == [(3,)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE followup_activity SET note = note",
        "DELETE FROM followup_activity",
        "TRUNCATE followup_activity CASCADE",
    ],
)
def test_history_stays(statement: str, claims: tuple[Claim, Claim]) -> None:
    mine, _ = claims
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        as_web(f"{{{mine.client_id}}}"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    with (  # noqa: PT012 - no check is left waiting
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)
    assert rows("SELECT count(*) FROM followup_activity") == [(2,)]
