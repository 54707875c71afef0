"""No one sees what is not theirs, even when a query forgets its filter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from sanderling.accounts.models import ClientAssignment, User
from sanderling.clients.models import Client, ClientIdentifier
from sanderling.web.actor import set_actor

AT = datetime(2026, 3, 5, tzinfo=UTC)
FEATURES = (
    *("clients", "payers", "files", "claims", "remits", "ledger"),
    *("followup", "audit", "codes", "barriers", "api", "tasks", "writeoffs"),
    *("automation", "worklists", "workload", "news", "contracts"),
    *("issues", "agreements", "keyaccounts", "mail"),
)


@contextmanager
def as_web(client_ids: str | None) -> Iterator[None]:
    """Work as the web application does, with these visible clients (None: setting never made)."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        if client_ids is not None:
            cursor.execute("SELECT set_config('sanderling.client_ids', %s, true)", [client_ids])
        yield
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT set_config('sanderling.client_ids', '', true)")


def rows(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


@pytest.fixture
def two_clients(db: None) -> tuple[Client, Client]:
    mine = Client.objects.create(code="MINE", name="Mine", created_at=AT)
    foreign = Client.objects.create(code="FOREIGN", name="Foreign", created_at=AT)
    for client, npi in ((mine, "1234567893"), (foreign, "1245319599")):
        ClientIdentifier.objects.create(client=client, kind="npi", value=npi)
    return mine, foreign


def test_a_forgotten_filter_shows_nothing_when_no_clients_were_set(
    two_clients: tuple[Client, Client],
) -> None:
    with as_web(None):
        assert rows("SELECT * FROM clients_client") == []
        assert rows("SELECT * FROM clients_client_identifier") == []
    with as_web(""):
        assert rows("SELECT * FROM clients_client") == []


def test_a_forgotten_filter_shows_own_clients_only(two_clients: tuple[Client, Client]) -> None:
    mine, _ = two_clients
    with as_web(f"{{{mine.pk}}}"):
        assert rows("SELECT code FROM clients_client") == [("MINE",)]
        assert rows("SELECT value FROM clients_client_identifier") == [("1234567893",)]


def test_a_stranger_changes_nothing(two_clients: tuple[Client, Client]) -> None:
    mine, foreign = two_clients
    with as_web(f"{{{mine.pk}}}"), connection.cursor() as cursor:
        cursor.execute("UPDATE clients_client SET name = 'x' WHERE id = %s", [foreign.pk])
        assert cursor.rowcount == 0
    foreign.refresh_from_db()
    assert foreign.name == "Foreign"


def test_the_web_role_cannot_grant_itself_more(two_clients: tuple[Client, Client]) -> None:
    for sql in (
        "ALTER TABLE clients_client DISABLE ROW LEVEL SECURITY",
        "DROP POLICY visible_clients ON clients_client",
        "CREATE TABLE copied AS SELECT 1",
        "DELETE FROM clients_client",
    ):
        with pytest.raises(DatabaseError), as_web("{}"), connection.cursor() as cursor:
            cursor.execute(sql)


def test_the_owner_sees_all(two_clients: tuple[Client, Client]) -> None:
    assert Client.objects.count() == 2


def test_assignments_decide_and_inactive_users_see_nothing(
    two_clients: tuple[Client, Client],
) -> None:
    mine, foreign = two_clients
    user = User.objects.create(email="a@x.test", name="A", role="specialist")
    ClientAssignment.objects.create(user=user, client=mine)
    asked = f"SELECT sanderling_clients_of({user.pk})"
    assert rows(asked) == [([mine.pk],)]
    with as_web(None):  # the function runs as the owner
        assert rows(asked) == [([mine.pk],)]
    User.objects.filter(pk=user.pk).update(sees_all_clients=True)
    assert rows(asked) == [([mine.pk, foreign.pk],)]
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert rows(asked) == [([],)]


@pytest.mark.django_db
def test_every_readable_table_of_a_feature_is_protected() -> None:
    """A table with patients or clients that someone forgot to protect would fail here."""
    # The same for all clients: payers and how fast they answer, hashes, how far the balance spans
    # go, which week ends are kept.
    shared = {"payers_payer", "payers_payer_alias", "audit_seal", "ledger_span_state"}
    shared |= {"barriers_response_time", "barriers_week_end", "tasks_team_rule"}
    # Names of rules, how many they matched, who is told: what they say and touch is protected.
    shared |= {"automation_rule", "automation_run", "automation_alert_rule"}
    shared |= {"automation_target", "automation_message"}
    # Orders that people like, projects by name, sums that values are learned from, hours.
    shared |= {"worklists_preference", "worklists_project", "worklists_learned_parameters"}
    shared |= {"workload_day_off", "workload_work_hours"}
    shared |= {"issues_search_run"}  # of which day and how long
    shared |= {"news_reader"}  # how far each reader has come, by kinds of events
    # How sheets are read, and public schedules.
    shared |= {"contracts_rate_mapping", "contracts_reference_schedule", "contracts_reference_fee"}
    shared |= {"contracts_relative_value", "contracts_geographic_factor"}
    open_tables = {
        str(name)
        for (name,) in rows(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relrowsecurity"
            " AND relnamespace = 'public'::regnamespace"
            " AND has_table_privilege('sanderling_app', oid, 'SELECT')"
        )
    }
    ours = {name for name in open_tables if name.split("_")[0] in FEATURES}
    assert ours <= shared


@pytest.mark.django_db
def test_every_table_with_a_client_is_protected() -> None:
    """Whether the web application may read it today or not."""
    unprotected = rows(
        "SELECT DISTINCT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE relkind IN ('r', 'p') AND NOT relrowsecurity AND NOT attisdropped"
        " AND relnamespace = 'public'::regnamespace AND attname IN ('client_id', 'client_ids')"
    )
    # Who sees whom is read before anything is visible; an OAuth client is none of ours.
    allowed = {"accounts_client_assignment", "socialaccount_socialapp"}
    assert {str(name) for (name,) in unprotected} <= allowed


@pytest.mark.django_db
def test_every_protected_table_binds_its_owner_too() -> None:
    unforced = rows(
        "SELECT relname FROM pg_class WHERE relrowsecurity AND NOT relforcerowsecurity"
        " AND relnamespace = 'public'::regnamespace"
    )
    assert unforced == []


@pytest.mark.django_db
def test_views_do_not_go_around_the_policies() -> None:
    """A view runs as its owner unless it says security_invoker."""
    around = rows(
        "SELECT relname FROM pg_class WHERE relkind = 'v'"
        " AND relnamespace = 'public'::regnamespace"
        " AND has_table_privilege('sanderling_app', oid, 'SELECT')"
        " AND NOT coalesce(reloptions::text LIKE '%security_invoker=true%', false)"
        " AND NOT coalesce(reloptions::text LIKE '%security_invoker=on%', false)"
    )
    assert around == []


@pytest.mark.django_db
def test_the_actor_is_a_setting_of_the_session() -> None:
    set_actor("cli:someone")
    assert rows("SELECT sanderling_actor()") == [("cli:someone",)]
