"""Flags: one client's own, about its own claims only; what is for us alone is not for clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection, transaction
from tests.builders import rows
from tests.integration.desk import AT, Desk, make_desk

from sanderling.accounts.models import User
from sanderling.flags.actions import flag_claim
from sanderling.flags.answering import write_to_client
from sanderling.flags.models import Flag

INSERT = (
    "INSERT INTO flags_flag (claim_id, client_id, reason, urgency, text, flagged_by_id, flagged_at,"
    " state, turn_at, due_at, level) VALUES (%s, %s, 'paid', 'normal', '', %s, now(), 'received',"
    " now(), now(), 0)"
)


@contextmanager
def as_web(user: User, client_id: int | None) -> Iterator[None]:
    """Work as the web application does for the user, with one visible client or none."""
    visible = "" if client_id is None else f"{{{client_id}}}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', %s, true),"
            " set_config('sanderling.actor', %s, true), set_config('sanderling.role', %s, true)",
            [visible, f"user:{user.pk}", user.role],
        )
        yield
        cursor.execute("RESET ROLE")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', '', true),"
            " set_config('sanderling.actor', '', true), set_config('sanderling.role', '', true)"
        )


@pytest.fixture
def desk(db: None) -> Desk:
    """A flag for each of two clients, with a note for us alone."""
    desk = make_desk()
    for claim in (desk.claim, desk.foreign):
        flag = flag_claim(
            claim.pk, reason="paid", urgency="normal", text=claim.number, user=desk.admin, at=AT
        )
        write_to_client(flag.pk, text="secret", user=desk.admin, at=AT, is_internal=True)
    return desk


def test_without_clients_there_is_nothing(desk: Desk) -> None:
    with as_web(desk.client_user, None):
        assert rows("SELECT * FROM flags_flag") == []
        assert rows("SELECT * FROM flags_flag_event") == []


def test_a_forgotten_filter_shows_own_flags_only(desk: Desk) -> None:
    with as_web(desk.specialist, desk.claim.client_id):
        assert rows("SELECT text FROM flags_flag") == [("A1",)]
        assert ("secret",) in rows("SELECT text FROM flags_flag_event")
        assert ("B1",) not in rows("SELECT text FROM flags_flag_event")


def test_what_is_for_us_alone_does_not_exist_for_the_client(desk: Desk) -> None:
    with as_web(desk.client_user, desk.claim.client_id):
        assert ("secret",) not in rows("SELECT text FROM flags_flag_event")
        assert rows("SELECT count(*) FROM flags_flag_event WHERE is_internal") == [(0,)]


def test_the_web_role_flags_its_own_claims_only_and_for_itself(desk: Desk) -> None:
    Flag.objects.all().update(state="withdrawn", closed_at=AT, turn_at=None, due_at=None)
    mine, foreign, me = desk.claim, desk.foreign, desk.client_user
    for values, match in (
        ((foreign.pk, foreign.client_id, me.pk), "row-level security"),
        ((foreign.pk, mine.client_id, me.pk), "row-level security"),
        ((mine.pk, foreign.client_id, me.pk), "row-level security"),
        ((mine.pk, mine.client_id, desk.lead.pk), "another person"),
    ):
        with (
            pytest.raises(DatabaseError, match=match),
            as_web(me, mine.client_id),
            connection.cursor() as cursor,
        ):
            cursor.execute(INSERT, values)
    assert Flag.objects.count() == 2
    with as_web(me, mine.client_id), connection.cursor() as cursor:
        cursor.execute(INSERT, (mine.pk, mine.client_id, me.pk))


@pytest.mark.parametrize(
    ("statement", "refused"),
    [
        ("UPDATE flags_flag SET text = 'x'", "cannot be changed so"),
        (("UPDATE flags_flag SET state = 'closed', closed_at = now(), due_at = NULL,"
         " turn_at = NULL"), "does not go from"),
        ("UPDATE flags_flag SET state = 'answered', due_at = NULL, turn_at = NULL",
         "does not answer"),
        ("UPDATE flags_flag SET owner_id = NULL", "does not answer"),
        ("DELETE FROM flags_flag", "permission denied"),
        ("UPDATE flags_flag_event SET text = 'x'", "permission denied"),
        ("DELETE FROM flags_flag_event", "permission denied"),
        (("INSERT INTO flags_flag_event (flag_id, client_id, at, kind, text, is_internal)"
         " SELECT id, client_id, now(), 'note', 'x', true FROM flags_flag"), "row-level security"),
    ],
)  # fmt: skip
def test_a_client_changes_neither_history_nor_answers(
    statement: str, refused: str, desk: Desk
) -> None:
    with (
        pytest.raises(DatabaseError, match=refused),
        as_web(desk.client_user, desk.claim.client_id),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
