"""Reports: one client's own, a client's people see what was sent; nothing frozen is changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from tests.builders import rows

from sanderling.accounts.actions import create_user
from sanderling.clients.models import Client
from sanderling.reports.models import Behind, Definition, Making, Report, Rerun, State

pytestmark = pytest.mark.django_db
AT = datetime(2026, 4, 2, 12, tzinfo=UTC)


@contextmanager
def as_web(client_id: int, role: str = "lead") -> Iterator[None]:
    """Work as the web application does for somebody of this role who sees one client."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', %s, true),"
            " set_config('sanderling.role', %s, true)",
            [f"{{{client_id}}}", role],
        )
        yield
        cursor.execute("RESET ROLE")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', '', true),"
            " set_config('sanderling.role', '', true)"
        )


@pytest.fixture
def reports(db: None) -> list[Report]:
    """A draft with rows, a rerun and a making of each of two clients; a composition of each."""
    found = []
    for code in ("MINE", "THEIRS"):
        client = Client.objects.create(code=code, name=code, created_at=AT)
        definition = Definition.objects.create(
            name=code, audience="executive", blocks=[{"kind": "headline"}], client=client,
            made_at=AT,
        )  # fmt: skip
        days = {"from_date": date(2026, 3, 1), "to_date": date(2026, 3, 31),
                "as_of_date": date(2026, 3, 31)}  # fmt: skip
        report = Report.objects.create(
            definition=definition, client=client, title=code, audience="executive",
            blocks=definition.blocks, numbers={"layout": 1, "blocks": []}, numbers_hash="x",
            made_at=AT, **days,
        )  # fmt: skip
        Behind.objects.create(report=report, client_id=client.pk, place=0, row_count=0, rows=b"")
        Rerun.objects.create(report=report, client_id=client.pk, is_same=True, made_at=AT)
        Making.objects.create(definition=definition, client_ids=[client.pk], asked_at=AT, **days)
        found.append(report)
    return found


TABLES = ("reports_report", "reports_behind", "reports_rerun", "reports_making")


@pytest.mark.parametrize("table", [*TABLES, "reports_definition"])
def test_one_sees_what_is_of_ones_clients(reports: list[Report], table: str) -> None:
    column = {"reports_making": "client_ids[1]"}.get(table, "client_id")
    mine = reports[0].client_id
    with as_web(mine):
        found = rows(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")
    assert found == [(mine,)]
    with as_web(0):
        assert rows(f"SELECT 1 FROM {table} WHERE {column} IS NOT NULL") == []


@pytest.mark.parametrize("table", [*TABLES, "reports_definition"])
def test_a_clients_own_people_see_no_draft(reports: list[Report], table: str) -> None:
    with as_web(reports[0].client_id, "client_user"):
        assert rows(f"SELECT 1 FROM {table}") == []


def test_a_clients_own_people_see_what_was_sent(reports: list[Report]) -> None:
    lea = create_user(email="lea@x.test", name="Lea", role="lead", password="long-enough-pass",
                      sees_all_clients=True)  # fmt: skip
    both = Report.objects.filter(pk__in=[one.pk for one in reports])
    both.update(state=State.APPROVED, approved_by=lea, approved_at=AT)
    both.update(state=State.SENT, sent_at=AT)
    with as_web(reports[0].client_id, "client_user"):
        assert rows("SELECT client_id FROM reports_report") == [(reports[0].client_id,)]
        assert rows("SELECT client_id FROM reports_behind") == [(reports[0].client_id,)]
        assert rows("SELECT 1 FROM reports_rerun") == []
    Report.objects.filter(pk=reports[0].pk).update(state=State.WITHDRAWN)
    with as_web(reports[0].client_id, "client_user"):
        assert rows("SELECT 1 FROM reports_report") == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO reports_report SELECT * FROM reports_report",
        "INSERT INTO reports_behind SELECT * FROM reports_behind",
        "UPDATE reports_behind SET row_count = 7",
        "DELETE FROM reports_report",
        "UPDATE reports_making SET state = 'done'",
        "UPDATE reports_report SET numbers = '{}'",
        "UPDATE reports_report SET state = 'sent'",
    ],
)
def test_the_web_writes_no_report_and_changes_no_number(
    reports: list[Report], statement: str
) -> None:
    with pytest.raises(DatabaseError), as_web(reports[0].client_id):
        rows(f"{statement} RETURNING 1")


def test_the_web_asks_for_nothing_of_a_foreign_client(reports: list[Report]) -> None:
    insert = (
        "INSERT INTO reports_making (definition_id, client_ids, provider, from_date, to_date,"
        " as_of_date, state, problem, progress, asked_at) VALUES (%s, %s, '', '2026-03-01',"
        " '2026-03-31', '2026-03-31', 'waiting', '', '', now())"
    )
    mine, theirs = reports[0].client_id, reports[1].client_id
    for wrong in (f"{{{theirs}}}", f"{{{mine},{theirs}}}", "{}"):
        with pytest.raises(DatabaseError), as_web(mine), connection.cursor() as cursor:
            cursor.execute(insert, [reports[0].definition_id, wrong])
    with as_web(mine), connection.cursor() as cursor:
        cursor.execute(insert, [reports[0].definition_id, f"{{{mine}}}"])


def test_rows_and_reruns_are_never_changed(reports: list[Report]) -> None:
    for table in ("reports_behind", "reports_rerun"):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows(f"UPDATE {table} SET client_id = 0 RETURNING 1")
