"""Events reach each reader that wants them once; notices reach each person once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.news.actions import (
    NewEvent,
    UnknownKind,
    notify,
    record_events,
    register_reader,
    take_events,
)
from sanderling.news.models import Event, Notice, Pending

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture
def clients() -> tuple[int, int]:
    return tuple(
        Client.objects.create(code=code, name=code.title(), created_at=AT).pk
        for code in ("MINE", "FOREIGN")
    )  # type: ignore[return-value]  # two of them


@pytest.fixture
def people(clients: tuple[int, int]) -> tuple[User, User]:
    return tuple(
        create_user(
            email=f"{name}@x.test",
            name=name,
            role="specialist",
            password="correct-horse-battery",
            client_ids=[clients[0]],
        )
        for name in ("ann", "bob")
    )  # type: ignore[return-value]  # two of them


@pytest.fixture
def as_ann(clients: tuple[int, int], people: tuple[User, User]) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', %s, true),"
            " set_config('sanderling.actor', %s, true)",
            [f"{{{clients[0]}}}", f"user:{people[0].pk}"],
        )
        yield
        cursor.execute("RESET ROLE")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', '', true),"
            " set_config('sanderling.actor', '', true)"
        )


def test_an_event_that_nobody_wants_is_not_kept(clients: tuple[int, int]) -> None:
    register_reader("rules", ["item.left"])
    assert record_events([NewEvent("item.arrived", clients[0])], at=AT) == 0
    assert Event.objects.count() == 0


def test_each_reader_takes_an_event_once_and_in_order(clients: tuple[int, int]) -> None:
    register_reader("rules", ["item.left", "item.changed"])
    register_reader("webhooks", ["item.left"])
    events = [NewEvent("item.changed", clients[0], 7), NewEvent("item.left", clients[0], 7, 11)]
    assert record_events(events, at=AT) == 2
    assert [one.kind for one in take_events("rules")] == ["item.changed", "item.left"]
    assert take_events("rules") == []
    (left,) = take_events("webhooks")
    assert (left.kind, left.claim_id, left.party) == ("item.left", 7, 11)
    assert Pending.objects.count() == 0


def test_what_was_taken_in_a_failed_transaction_comes_back(clients: tuple[int, int]) -> None:
    register_reader("rules", ["item.left"])
    record_events([NewEvent("item.left", clients[0])], at=AT)
    taken = []

    def take_and_fail() -> None:
        with transaction.atomic():
            taken.extend(take_events("rules"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        take_and_fail()
    assert len(taken) == 1
    assert len(take_events("rules")) == 1


def test_an_unknown_kind_is_a_slip_of_ours(clients: tuple[int, int]) -> None:
    with pytest.raises(UnknownKind):
        record_events([NewEvent("item.exploded", clients[0])], at=AT)
    with pytest.raises(UnknownKind):
        register_reader("rules", ["item.exploded"])


def test_events_are_never_changed(clients: tuple[int, int]) -> None:
    register_reader("rules", ["item.left"])
    record_events([NewEvent("item.left", clients[0])], at=AT)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Event.objects.update(kind="item.arrived")


def test_the_web_records_events_of_its_own_clients_only(
    clients: tuple[int, int], as_ann: None
) -> None:
    register_reader("rules", ["item.assigned"])
    assert record_events([NewEvent("item.assigned", clients[0])], at=AT) == 1
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        record_events([NewEvent("item.assigned", clients[1])], at=AT)


def told(user: User, client_id: int | None, key: str = "k") -> None:
    notify(user_ids=[user.pk], kind="note.mention", key=key, text="x", at=AT, client_id=client_id)


def test_the_same_notice_is_told_once(people: tuple[User, User]) -> None:
    told(people[0], None)
    told(people[0], None)
    told(people[1], None)
    assert sorted(Notice.objects.values_list("user_id", flat=True)) == [
        people[0].pk,
        people[1].pk,
    ]


def test_a_person_reads_only_notices_for_that_person(
    clients: tuple[int, int], people: tuple[User, User], as_ann: None
) -> None:
    told(people[0], clients[0])
    told(people[1], clients[0])
    assert list(Notice.objects.values_list("user_id", flat=True)) == [people[0].pk]
    assert Notice.objects.update(read_at=AT) == 1
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        told(people[0], clients[1], key="foreign")
