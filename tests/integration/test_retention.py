"""Retention: counted first, held back, deleted by a second person, written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.audit.models import AuditEvent
from sanderling.clients.models import Client
from sanderling.compliance.models import RetentionRun
from sanderling.compliance.retention import (
    RetentionRefused,
    ask_run,
    lift_hold,
    place_hold,
    run_waiting,
    set_years,
)
from sanderling.news.models import Notice

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
OLD = AT - timedelta(days=4 * 366)


@pytest.fixture
def people() -> tuple[User, User]:
    """Two officers; old notices of two clients and of none, and a young one."""
    first, second = (
        create_user(
            email=f"{name}@x.test", name=name, role="compliance",
            password="correct-horse-battery",
        )
        for name in ("first", "second")
    )  # fmt: skip
    held, free = (
        Client.objects.create(code=code, name=code, created_at=AT) for code in ("HELD", "FREE")
    )
    for key, (client_id, at) in enumerate(
        ((held.pk, OLD), (free.pk, OLD), (free.pk, OLD), (None, OLD), (free.pk, AT))
    ):
        Notice.objects.create(
            user=first, at=at, kind="x", key=str(key), text="t", client_id=client_id
        )
    return first, second


def counts(run: RetentionRun) -> tuple[int, int, int]:
    run.refresh_from_db()
    one = run.counts["notices"]
    return one["due"], one["held"], one["deleted"]


def test_a_count_deletes_nothing(people: tuple[User, User]) -> None:
    run = ask_run(is_dry=True, user=people[0], at=AT)
    assert run_waiting(at=AT) == 0
    assert counts(run) == (4, 0, 0)
    assert Notice.objects.count() == 5


def test_what_is_held_stays_and_what_was_deleted_is_written_down(
    people: tuple[User, User],
) -> None:
    first, second = people
    hold = place_hold(
        client_id=Client.objects.get(code="HELD").pk, reason="Case 7", user=first, at=AT
    )
    run = ask_run(is_dry=True, user=first, at=AT)
    run_waiting(at=AT)
    assert counts(run) == (2, 2, 0)  # a row of no client may be about any
    with pytest.raises(RetentionRefused, match="Somebody else"):
        ask_run(is_dry=False, user=first, at=AT)
    deletion = ask_run(is_dry=False, user=second, at=AT)
    assert run_waiting(at=AT) == 2
    assert counts(deletion) == (2, 2, 2)
    assert sorted(Notice.objects.values_list("key", flat=True)) == ["0", "3", "4"]
    event = AuditEvent.objects.get(action="retention.deleted", detail__kind="notices")
    assert event.detail["rows"] == 2
    with pytest.raises(RetentionRefused, match="Count first"):
        ask_run(is_dry=False, user=second, at=AT)
    lift_hold(hold.pk, user=first, at=AT)
    ask_run(is_dry=True, user=first, at=AT)
    run_waiting(at=AT)
    ask_run(is_dry=False, user=second, at=AT)
    assert run_waiting(at=AT) == 2


def test_an_old_count_or_other_years_allow_no_deletion(people: tuple[User, User]) -> None:
    first, second = people
    ask_run(is_dry=True, user=first, at=AT)
    with pytest.raises(RetentionRefused, match="worker is at it"):
        ask_run(is_dry=True, user=first, at=AT)
    run_waiting(at=AT)
    with pytest.raises(RetentionRefused, match="Count first"):
        ask_run(is_dry=False, user=second, at=AT + timedelta(days=8))
    set_years("notices", 5, user=first, at=AT)
    with pytest.raises(RetentionRefused, match="years were changed"):
        ask_run(is_dry=False, user=second, at=AT)
    assert Notice.objects.count() == 5


@pytest.mark.parametrize(("kind", "years"), [("notices", 0), ("notices", 31), ("ledger", 7)])
def test_years_below_what_is_needed_and_facts_are_refused(
    people: tuple[User, User], kind: str, years: int
) -> None:
    with pytest.raises(RetentionRefused):
        set_years(kind, years, user=people[0], at=AT)


def test_runs_and_holds_are_not_removed_or_changed(people: tuple[User, User]) -> None:
    ask_run(is_dry=True, user=people[0], at=AT)
    run_waiting(at=AT)
    place_hold(client_id=None, reason="Case 8", user=people[0], at=AT)
    for sql in (
        "DELETE FROM compliance_retention_run",
        "UPDATE compliance_retention_run SET counts = '{}'",
        "DELETE FROM compliance_legal_hold",
        "UPDATE compliance_legal_hold SET reason = 'x'",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_the_page_counts_holds_and_saves_years_as_the_web_application(
    people: tuple[User, User], client: Browser
) -> None:
    client.force_login(people[0])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
    assert client.post("/compliance/retention/notices/years/", {"years": "4"}).status_code == 302
    assert client.post("/compliance/retention/holds/", {"reason": ""}).status_code == 422
    assert client.post("/compliance/retention/holds/", {"reason": "Case 9"}).status_code == 302
    assert client.post("/compliance/retention/runs/", {"act": "count"}).status_code == 302
    page = client.get("/compliance/retention/").content.decode()
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    assert "Case 9" in page
    assert "The worker is at it" in page
    assert 'value="4"' in page
    assert client.get("/compliance/").status_code == 200
