"""Nothing happens unseen, and what was seen cannot be unmade."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event, seal_events
from sanderling.audit.models import AuditEvent, AuditSeal
from sanderling.audit.queries import verify_chain
from sanderling.clients.models import Client
from sanderling.web.actor import set_actor

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


def tamper(sql: str, *parameters: int) -> None:
    """Change a row as an attacker would who is the owner and switches the trigger off."""
    with connection.cursor() as cursor:
        for table in ("audit_event", "audit_seal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql, parameters)
        for table in ("audit_event", "audit_seal"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def events(db: None) -> list[AuditEvent]:
    set_actor("cli:tester", role="administrator")
    made = [
        record_event(action="file.ingest", at=AT, subject=("file", number), detail={"n": number})
        for number in range(5)
    ]
    assert seal_events(at=AT) == 5
    return made


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_event SET actor = 'x'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "UPDATE audit_seal SET hash = ''",
        "DELETE FROM audit_seal",
        "TRUNCATE audit_seal",
    ],
)
def test_the_trail_refuses_changes_also_from_its_owner(events: list[AuditEvent], sql: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():  # noqa: SIM117
        with connection.cursor() as cursor:
            cursor.execute(sql)
    assert AuditEvent.objects.count() == 5


def test_an_intact_chain_is_found_intact(events: list[AuditEvent]) -> None:
    report = verify_chain()
    assert report.is_intact
    assert (report.sealed, report.unsealed) == (5, 0)


def test_a_changed_event_is_named(events: list[AuditEvent]) -> None:
    tamper("UPDATE audit_event SET actor = 'someone else' WHERE id = %s", events[2].pk)
    report = verify_chain()
    assert report.bad_event_id == events[2].pk
    assert report.fault == "the event was changed"


def test_a_removed_event_is_named(events: list[AuditEvent]) -> None:
    tamper("DELETE FROM audit_event WHERE id = %s", events[3].pk)
    report = verify_chain()
    assert report.bad_event_id == events[3].pk
    assert report.fault == "the event was removed"


def test_a_removed_link_is_named_by_the_next(events: list[AuditEvent]) -> None:
    tamper("DELETE FROM audit_seal WHERE event_id = %s", events[1].pk)
    report = verify_chain()
    assert report.bad_event_id == events[2].pk
    assert report.fault == "a link before it was removed or changed"


def test_sealing_goes_on_where_it_ended(events: list[AuditEvent]) -> None:
    record_event(action="claim.view", at=AT, claim_id=7)
    assert verify_chain().unsealed == 1
    assert seal_events(at=AT) == 1
    assert verify_chain().is_intact
    assert AuditSeal.objects.count() == 6


def test_changes_of_configuration_are_recorded_also_in_bulk(db: None) -> None:
    set_actor("user:17", role="admin")
    Client.objects.bulk_create(
        Client(code=f"C{number}", name="Name", created_at=AT) for number in range(3)
    )
    Client.objects.update(name="Other")
    Client.objects.update(name="Other")  # changes nothing: not recorded
    found = AuditEvent.objects.order_by("pk").values_list("action", "actor", "role", "detail")
    assert [row[:3] for row in found] == [("client.insert", "user:17", "admin")] * 3 + [
        ("client.update", "user:17", "admin")
    ] * 3
    assert found[3][3] == {"name": ["Name", "Other"]}


def test_passwords_are_not_recorded(db: None) -> None:
    user = User.objects.create(email="a@x.test", name="A", role="admin", password="hash-of-it")
    User.objects.filter(pk=user.pk).update(password="another hash")
    recorded = AuditEvent.objects.filter(subject_kind="user")
    assert recorded.count() == 1
    assert "password" not in recorded[0].detail
