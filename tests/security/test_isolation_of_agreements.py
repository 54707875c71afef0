"""Agreements and clocks: one client's own; the web changes no history and turns back no clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from tests.builders import rows
from tests.security.test_isolation_of_writeoffs import as_web

from sanderling.agreements.actions import HighDollarTerms, ScheduleTerms, Terms, set_agreement
from sanderling.agreements.clocks import start_clock, stop_clock
from sanderling.clients.models import Client
from sanderling.core.service_levels import Level
from sanderling.keyaccounts.models import Picture

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
TABLES = (
    *("agreements_agreement", "agreements_service_level", "agreements_schedule"),
    *("agreements_high_dollar_rule", "agreements_clock", "keyaccounts_picture"),
)


@pytest.fixture
def clients(db: None) -> list[int]:
    """Two clients, each with all there is."""
    made = []
    for code in ("MINE", "FOREIGN"):
        client = Client.objects.create(code=code, name=code, created_at=AT)
        set_agreement(
            client.pk,
            Terms(
                levels=(Level("report", 1, "days"),),
                schedules=(ScheduleTerms(1, 2),),
                high_dollar=(HighDollarTerms(5),),
            ),
            user=None, at=AT, base=0,
        )  # fmt: skip
        start_clock(kind="report", client_id=client.pk, subject=f"report:{code}", at=AT)
        Picture.objects.create(
            client_id=client.pk, as_of_date=AT.date(), made_at=AT, numbers={"cash_cents": 1}
        )
        made.append(client.pk)
    return made


def refused(sql: str, *, client: int, match: str, user: int = 7) -> None:
    with (
        pytest.raises(DatabaseError, match=match),
        as_web(f"{{{client}}}", user),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_a_client_sees_its_own_rows_and_only_those(clients: list[int]) -> None:
    for client in clients:
        for table in TABLES:
            with as_web(f"{{{client}}}"):
                assert rows(f"SELECT client_id FROM {table}") == [(client,)], table
    for visible in ("", "{}"):
        with as_web(visible):
            for table in TABLES:
                assert rows(f"SELECT * FROM {table}") == []


def test_the_web_writes_no_other_clients_rows_and_changes_no_history(clients: list[int]) -> None:
    mine, foreign = clients
    new = "INSERT INTO agreements_agreement (client_id, number, zone, note, made_at) VALUES"
    refused(f"{new} ({foreign}, 1, 'UTC', '', now())", client=mine, match="row-level", user=0)
    refused(f"{new} ({mine}, 2, 'UTC', '', now())", client=mine, match="another person")
    refused(f"{new} ({mine}, 9, 'UTC', '', now())", client=mine, match="not the next")
    for table in TABLES[:4]:
        refused(f"UPDATE {table} SET client_id = client_id", client=mine, match="permission denied")
        refused(f"DELETE FROM {table}", client=mine, match="permission denied")
    refused("DELETE FROM agreements_clock", client=mine, match="permission denied")
    refused("UPDATE keyaccounts_picture SET numbers = '{}'", client=mine, match="permission denied")


def test_the_web_stops_a_clock_and_turns_none_back(clients: list[int]) -> None:
    mine = clients[0]
    for change in (
        "due_at = due_at + interval '1 day'", "started_at = started_at - interval '1 day'",
        f"client_id = {clients[1]}", "kind = 'flag_answer'",
    ):  # fmt: skip
        refused(f"UPDATE agreements_clock SET {change}", client=mine, match="not change|row-level")
    with as_web(f"{{{mine}}}"):
        assert stop_clock(kind="report", subject="report:MINE", at=AT + timedelta(hours=1))
        assert not stop_clock(kind="report", subject="report:FOREIGN", at=AT)
    refused("UPDATE agreements_clock SET ended_at = NULL", client=mine, match="has stopped")
    with transaction.atomic():  # the worker may: facts change
        assert rows("UPDATE agreements_clock SET ended_at = NULL RETURNING 1") == [(1,), (1,)]
