"""Nothing happens unseen, and what was seen cannot be unmade."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import override_settings

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event, seal_events
from sanderling.audit.chain import Head, verify_chain
from sanderling.audit.heads import keep_head, known_heads
from sanderling.audit.models import AuditEvent, AuditSeal
from sanderling.clients.models import Client
from sanderling.web.actor import set_actor

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


def tamper(sql: str, *parameters: int | str | None) -> None:
    """Change a row as an attacker would who is the owner and switches the trigger off."""
    with connection.cursor() as cursor:
        for table in ("audit_event", "audit_seal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql, parameters)
        for table in ("audit_event", "audit_seal"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def events(db: None) -> list[AuditEvent]:
    tamper("DELETE FROM audit_event")  # what the installation itself has recorded
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


def faults(heads: tuple[Head, ...] = ()) -> list[tuple[int, str]]:
    return [(one.event_id, one.kind) for one in verify_chain(heads=heads).findings]


def test_a_changed_event_is_named(events: list[AuditEvent]) -> None:
    tamper("UPDATE audit_event SET actor = 'someone else' WHERE id = %s", events[2].pk)
    assert faults() == [(events[2].pk, "changed")]
    report = verify_chain()
    assert (report.bad_event_id, report.fault) == (events[2].pk, "the event was changed")


def test_a_changed_seal_is_named(events: list[AuditEvent]) -> None:
    tamper("UPDATE audit_seal SET hash = repeat('a', 64) WHERE event_id = %s", events[2].pk)
    assert faults() == [(events[2].pk, "seal_changed")]


def test_a_removed_event_is_named_and_so_is_a_second_one(events: list[AuditEvent]) -> None:
    tamper("DELETE FROM audit_event WHERE id = %s", events[1].pk)
    tamper("DELETE FROM audit_event WHERE id = %s", events[3].pk)
    assert faults() == [(events[1].pk, "removed"), (events[3].pk, "removed")]


def test_a_removed_seal_is_named_by_its_event(events: list[AuditEvent]) -> None:
    tamper("DELETE FROM audit_seal WHERE event_id = %s", events[1].pk)
    assert faults() == [(events[1].pk, "seal_removed")]


def test_an_event_removed_with_its_seal_leaves_a_gap_before_the_next(
    events: list[AuditEvent],
) -> None:
    tamper("DELETE FROM audit_event WHERE id = %s", events[1].pk)
    tamper("DELETE FROM audit_seal WHERE event_id = %s", events[1].pk)
    assert faults() == [(events[2].pk, "gap")]
    assert verify_chain().fault == (
        f"what was sealed between event {events[0].pk} and this one was removed"
        " (1 seals are missing)"
    )


def slip_in(recorded: str | None) -> AuditEvent:
    """Insert an event into the past as an owner does who switches the triggers off."""
    tamper(
        "INSERT INTO audit_event (at, actor, role, action, subject_kind, subject_id, detail,"
        " recorded_at) VALUES ('2026-01-01', 'user:9', '', 'claim.view', '', '', '{}', %s)",
        recorded,
    )
    return AuditEvent.objects.get(actor="user:9")


@pytest.mark.parametrize("recorded", ["2026-01-01T00:00:00Z", None])
@pytest.mark.parametrize("sealed", [0, 1])
def test_an_event_slipped_into_the_past_is_named_sealed_or_not(
    events: list[AuditEvent], recorded: str | None, sealed: int
) -> None:
    slipped = slip_in(recorded)
    assert sealed == 0 or seal_events(at=AT + timedelta(hours=1)) == sealed
    assert faults() == [(slipped.pk, "slipped_in")]


def test_an_event_dated_back_is_counted_but_no_fault(events: list[AuditEvent]) -> None:
    old = record_event(action="activities.import", at=datetime(2020, 1, 1, tzinfo=UTC))
    seal_events(at=AT + timedelta(days=900))
    report = verify_chain()
    assert report.is_intact
    assert AuditEvent.objects.get(pk=old.pk).recorded_at is not None
    assert (report.dated_back, report.first_dated_back) == (6, events[0].pk)  # all of these tests


def test_an_end_that_was_cut_off_is_named_by_the_head_kept_elsewhere(
    events: list[AuditEvent],
) -> None:
    head = verify_chain().head
    assert head is not None
    for table, column in (("audit_seal", "event_id"), ("audit_event", "id")):
        tamper(f"DELETE FROM {table} WHERE {column} > %s", events[2].pk)
    assert faults() == []  # a chain without its end is a chain
    assert faults((head,)) == [(events[4].pk, "cut")]
    record_event(action="claim.view", at=AT)
    seal_events(at=AT)
    assert faults((head,)) == [(events[4].pk, "cut")]


def test_a_chain_written_anew_is_found_by_the_head_kept_elsewhere(
    events: list[AuditEvent],
) -> None:
    head = verify_chain().head
    assert head is not None
    tamper("UPDATE audit_event SET actor = 'x' WHERE id = %s", events[0].pk)
    tamper("TRUNCATE audit_seal RESTART IDENTITY")
    seal_events(at=AT)
    assert faults() == []
    rewritten = AuditSeal.objects.order_by("-pk")[0].pk
    assert faults((replace(head, seal_id=rewritten),)) == [(events[4].pk, "rewritten")]


def test_the_end_is_kept_in_a_file_and_a_cut_one_stays_there(
    events: list[AuditEvent], tmp_path: Path
) -> None:
    with override_settings(SANDERLING_HOME=tmp_path):
        assert keep_head()
        assert [head.event_id for head in known_heads()] == [events[4].pk]
        tamper("DELETE FROM audit_seal WHERE event_id = %s", events[4].pk)
        tamper("DELETE FROM audit_event WHERE id = %s", events[4].pk)
        later = record_event(action="claim.view", at=AT)
        seal_events(at=AT)
        keep_head()
        assert [head.event_id for head in known_heads()] == [events[4].pk, later.pk]
        assert faults(known_heads()) == [(events[4].pk, "cut")]


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
    events = AuditEvent.objects.filter(subject_kind="client").order_by("pk")
    found = events.values_list("action", "actor", "role", "detail")
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
