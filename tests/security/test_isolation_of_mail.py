"""Mail: the log is of one's own clients; what mails say is read by the worker alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from tests.builders import rows
from tests.integration.pages import Visitor

from sanderling.accounts.actions import create_user
from sanderling.accounts.roles import Role
from sanderling.clients.models import Client
from sanderling.mail.actions import File, cancel_mail, queue_mail
from sanderling.mail.models import Mail

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
INSERT_SENT = (
    "INSERT INTO mail_mail (kind, key, to_address, subject, message_id, attachment_names,"
    " actor, state, attempts, queued_at, due_at, may_be_double, result, changed_at)"
    " VALUES ('x', 'z', 'a@x.test', 's', 'm', '[]', 'a', 'sent', 0, now(), now(), false,"
    " '', now())"
)


@contextmanager
def as_web(client_ids: str, *, role: str = "admin", user: int = 1) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', %s, true),"
            " set_config('sanderling.role', %s, true), set_config('sanderling.actor', %s, true)",
            [client_ids, role, f"user:{user}"],
        )
        yield
        cursor.execute("RESET ROLE")


def put(key: str, client_id: int | None) -> Mail:
    return queue_mail(
        kind="report", to="ann@practice.test", subject="S", body="secret link", key=key, at=AT,
        client_id=client_id, attachments=[File("a.pdf", "application/pdf", b"x")],
    )  # fmt: skip


@pytest.fixture
def clients(db: None) -> tuple[int, int]:
    """Two clients, and a mail about each and one about none."""
    mine, foreign = (
        Client.objects.create(code=code, name=code, created_at=AT).pk for code in ("MINE", "FOR")
    )
    for key, client_id in (("mine", mine), ("foreign", foreign), ("none", None)):
        put(key, client_id)
    return mine, foreign


def test_the_log_has_ones_own_clients_and_the_mails_about_none(clients: tuple[int, int]) -> None:
    mine, _ = clients
    with as_web(f"{{{mine}}}"):
        assert rows("SELECT key FROM mail_mail ORDER BY key") == [("mine",), ("none",)]
    with as_web("{}"):
        assert rows("SELECT key FROM mail_mail") == [("none",)]


def test_a_clients_person_sees_only_what_his_own_acts_sent(clients: tuple[int, int]) -> None:
    mine, foreign = clients
    with as_web(f"{{{mine}}}", role="client_user", user=7):
        assert rows("SELECT key FROM mail_mail") == []
        put("his", mine)
        assert rows("SELECT key FROM mail_mail") == [("his",)]
    with as_web(f"{{{mine}}}", role="client_user", user=8):
        assert rows("SELECT key FROM mail_mail") == []
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        as_web(f"{{{mine}}}", role="client_user", user=7),
    ):
        put("other", foreign)
    assert not Mail.objects.filter(key="other").exists()


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("SELECT * FROM mail_content", "permission denied"),
        ("SELECT * FROM mail_attachment", "permission denied"),
        ("UPDATE mail_content SET text = 'x'", "permission denied"),
        ("DELETE FROM mail_mail", "permission denied"),
        ("UPDATE mail_mail SET to_address = 'a@x.test'", "permission denied"),
        ("UPDATE mail_mail SET sent_at = now()", "permission denied"),
        ("UPDATE mail_mail SET state = 'sent'", "does not follow"),
        ("UPDATE mail_mail SET state = 'sending'", "does not follow"),
        (INSERT_SENT, "begins as one that waits"),
    ],
)
def test_the_web_queues_stops_and_retries_and_nothing_else(
    clients: tuple[int, int], statement: str, match: str
) -> None:
    with (
        pytest.raises(DatabaseError, match=match),
        as_web(f"{{{clients[0]}}}"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_what_is_queued_stays_and_a_cancelled_mail_does_too(clients: tuple[int, int]) -> None:
    mail = Mail.objects.get(key="mine")
    cancel_mail(mail.pk, at=AT)
    for change, match in (
        ("to_address = 'a@x.test'", "does not change"),
        ("client_id = NULL", "does not change"),
        ("state = 'waiting'", "does not follow"),
    ):
        with (
            pytest.raises(DatabaseError, match=match),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE mail_mail SET {change} WHERE id = {mail.pk}")


def test_a_stranger_stops_no_mail_and_only_admins_see_the_page(clients: tuple[int, int]) -> None:
    mine, _ = clients
    foreign = Mail.objects.get(key="foreign")
    admin = create_user(email="a@x.test", name="A", role="admin", password="long-enough-pass",
                        client_ids=[mine])  # fmt: skip
    assert "ann@practice.test" in Visitor(admin).get("/mail/").content.decode()
    for step in ("cancel", "retry"):
        assert Visitor(admin).post(f"/mail/{foreign.pk}/{step}/").status_code == 404
    foreign.refresh_from_db()
    assert foreign.state == "waiting"
    for role in set(Role.values) - {"admin"}:
        user = create_user(email=f"{role}@x.test", name=role, role=role,
                           password="long-enough-pass", client_ids=[mine])  # fmt: skip
        assert Visitor(user).get("/mail/").status_code == 403, role
        assert Visitor(user).post(f"/mail/{foreign.pk}/cancel/").status_code == 403, role
