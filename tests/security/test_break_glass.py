"""Break-glass: one client, one person, a reason, an end; every look marked; never for clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser
from django.utils import timezone

from sanderling.accounts.actions import create_user
from sanderling.accounts.break_glass import GlassRefused, break_glass, end_glass, review_glass
from sanderling.accounts.models import BreakGlass, User
from sanderling.accounts.people import who_may
from sanderling.api.tokens import make_token
from sanderling.audit.models import AuditEvent
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.compliance.glass import looks_under
from sanderling.news.models import Notice
from sanderling.web.actor import set_actor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, tzinfo=UTC)
REASON = "The client's director is on the phone and nobody else is here."
FORM = {"client": "FOREIGN", "reason": REASON, "minutes": "30"}


@pytest.fixture
def people() -> dict[str, User]:
    mine = Client.objects.create(code="MINE", name="Mine", created_at=AT)
    foreign = Client.objects.create(code="FOREIGN", name="Foreign Clinic", created_at=AT)
    for client in (mine, foreign):
        Claim.objects.create(client=client, number="K1", number_key="K1")
    return {
        role: create_user(
            email=f"{role}@x.test", name=role, role=role, password="correct-horse-battery",
            client_ids=[mine.pk], sees_all_clients=role == "compliance",
        )
        for role in ("specialist", "client_user", "compliance", "lead")
    }  # fmt: skip


@contextmanager
def as_web() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


@pytest.fixture
def opened(people: dict[str, User], client: Browser) -> BreakGlass:
    """The specialist has opened the foreign client."""
    client.force_login(people["specialist"])
    with as_web():
        assert client.post("/break-glass/", FORM).status_code == 302
    return BreakGlass.objects.get()


def test_an_opened_client_is_seen_marked_told_and_closed_by_time(
    people: dict[str, User], client: Browser, opened: BreakGlass
) -> None:
    with as_web():
        page = client.get("/claims/FOREIGN/K1/")
    assert page.status_code == 200
    assert b"you see client FOREIGN until" in page.content
    look = AuditEvent.objects.get(action="claim.view")
    assert look.detail["break_glass"] == [opened.pk]
    assert look in looks_under(opened)
    notice = Notice.objects.get(user=people["compliance"], kind="break_glass.open")
    assert notice.is_urgent
    assert "FOREIGN" in notice.text
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_break_glass SET ends_at = now() - interval '1 second'")
    with as_web():
        closed = client.get("/claims/FOREIGN/K1/")
        own = client.get("/claims/MINE/K1/")
    assert closed.status_code == 404
    assert b"Break-glass:" not in own.content
    assert "break_glass" not in AuditEvent.objects.filter(action="claim.view").latest("pk").detail


def test_own_clients_looks_are_not_marked_while_another_is_open(
    client: Browser, opened: BreakGlass
) -> None:
    with as_web():
        client.get("/claims/MINE/K1/")
    assert "break_glass" not in AuditEvent.objects.get(action="claim.view").detail


def test_a_client_user_never_opens_anything(people: dict[str, User], client: Browser) -> None:
    client.force_login(people["client_user"])
    with as_web():
        assert client.post("/break-glass/", FORM).status_code == 403
    with pytest.raises(GlassRefused):
        break_glass(
            user=people["client_user"], client_code="FOREIGN", reason=REASON, minutes=30, at=AT
        )
    set_actor(f"user:{people['client_user'].pk}", role="client_user")
    with (
        pytest.raises(DatabaseError, match="staff only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT sanderling_break_glass('FOREIGN', %s, 30)", [REASON])
    set_actor("", role="")
    assert not BreakGlass.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"client": "NOBODY"}, "No client has this code"),
        ({"client": "MINE"}, "You see this client already"),
        ({"reason": "because"}, "at least 20 characters"),
        ({"minutes": "9999"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_opened_is_refused_and_nothing_is_open(
    people: dict[str, User], client: Browser, change: dict[str, str], words: str
) -> None:
    client.force_login(people["specialist"])
    with as_web():
        answer = client.post("/break-glass/", FORM | change)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not BreakGlass.objects.exists()


def test_a_second_opening_of_the_same_client_is_refused(
    client: Browser, opened: BreakGlass
) -> None:
    with as_web():
        assert client.post("/break-glass/", FORM).status_code == 422
    assert BreakGlass.objects.count() == 1


def test_it_gives_no_work_no_alerts_and_nothing_to_tokens(
    people: dict[str, User], client: Browser, opened: BreakGlass
) -> None:
    foreign = Client.objects.get(code="FOREIGN")
    assert people["specialist"] not in who_may("claims.work", foreign.pk)
    _, secret = make_token(
        name="t", owner=people["specialist"], scope="read", client_ids=None, expires_at=None,
        by=people["specialist"], at=timezone.now(),
    )  # fmt: skip
    with as_web():
        answer = Browser().get("/api/v1/clients", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200
    assert b"FOREIGN" not in answer.content


def test_the_database_lets_nobody_prolong_change_or_remove_it(opened: BreakGlass) -> None:
    for change in (
        "UPDATE accounts_break_glass SET ends_at = ends_at + interval '1 hour'",
        "UPDATE accounts_break_glass SET reason = 'another'",
        "DELETE FROM accounts_break_glass",
    ):
        with (
            pytest.raises(DatabaseError, match="does not change"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change)


def test_it_is_reviewed_once_by_somebody_else_after_its_end(
    people: dict[str, User], client: Browser, opened: BreakGlass
) -> None:
    officer, now = people["compliance"], timezone.now()
    with pytest.raises(GlassRefused, match="goes on"):
        review_glass(opened.pk, user=officer, was_right=True, note="", at=now)
    with pytest.raises(GlassRefused, match="Only who opened"):
        end_glass(opened.pk, user=people["lead"], at=now)
    with as_web():
        client.post(f"/break-glass/{opened.pk}/end/")
    later = timezone.now() + timedelta(seconds=1)
    with pytest.raises(GlassRefused, match="your own"):
        review_glass(opened.pk, user=people["specialist"], was_right=True, note="", at=later)
    with pytest.raises(GlassRefused, match="Say what"):
        review_glass(opened.pk, user=officer, was_right=False, note=" ", at=later)
    client.force_login(officer)
    with as_web():
        page = client.get("/compliance/break-glass/")
        assert b"specialist" in page.content
        done = client.post(
            f"/compliance/break-glass/{opened.pk}/", {"was_right": "no", "note": "Ask the lead."}
        )
    assert done.status_code == 302
    opened.refresh_from_db()
    assert (opened.was_right, opened.reviewed_by_id) == (False, officer.pk)
    with pytest.raises(GlassRefused, match="already"):
        review_glass(opened.pk, user=officer, was_right=True, note="", at=later)


def test_log_ins_and_failed_ones_are_in_the_trail_without_what_was_typed(
    people: dict[str, User], client: Browser
) -> None:
    form = {"login": "lead@x.test", "password": "wrong-wrong-wrong"}
    with as_web():
        client.post("/account/login/", form)
        client.post("/account/login/", form | {"password": "correct-horse-battery"})
        client.post("/account/logout/")
    rows = AuditEvent.objects.filter(action__startswith="user.log").order_by("pk")
    lead = people["lead"].pk
    assert [(row.action, row.actor, row.subject_id) for row in rows] == [
        ("user.log_in_failed", "unknown", str(lead)),
        ("user.log_in", f"user:{lead}", str(lead)),
        ("user.log_out", f"user:{lead}", str(lead)),
    ]
    assert all("wrong-wrong" not in str(row.detail) for row in rows)
