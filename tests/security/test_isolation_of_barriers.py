"""Barriers, denials and week ends: one client's own, derived by the worker and by nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django.plugin import DjangoDbBlocker
from tests import builders
from tests.builders import claims_file, paid, remittance_file, rows, sent, standing_inbox

from sanderling.barriers.actions import freeze_week_ends, refresh_stale
from sanderling.barriers.stale import mark_stale
from sanderling.claims.models import Claim
from sanderling.codes.signals import code_rules_changed
from sanderling.followup.signals import activities_recorded
from sanderling.payers.signals import payer_rules_changed

pytestmark = pytest.mark.django_db
OTHER_NPI, OTHER_TIN = "1245319599", "749999999"
OWN = ("barriers_barrier", "barriers_frozen_barrier", "barriers_denial", "barriers_stale_claim")
SHARED = ("barriers_week_end", "barriers_response_time")
TODAY = date(2026, 3, 5)
STALE = "INSERT INTO barriers_stale_claim (claim_id, client_id, known_date) VALUES (%s, %s, %s)"
OnCommit = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]


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


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Claim, Claim]]:
    """Two clients, each with a denied claim, kept week ends and a claim that is stale."""
    at = datetime(2026, 3, 5, 12, tzinfo=UTC)
    with django_db_blocker.unblock(), standing_inbox(tmp_path_factory.mktemp("two"), at) as inbox:
        for place, (npi, tin) in enumerate(((builders.NPI, builders.TIN), (OTHER_NPI, OTHER_TIN))):
            control = 100 + place
            inbox.take(
                claims_file(sent("A1", 150), npi=npi, tin=tin, control=control),
                remittance_file(
                    paid("A1", 150, 0, "CO*197*150"),
                    npi=npi, tin=tin, trace=f"T{place}", control=control + 50,
                ),
            )  # fmt: skip
        freeze_week_ends(TODAY)
        mine, foreign = Claim.objects.order_by("client_id")
        mark_stale([mine.pk, foreign.pk], TODAY)
        yield mine, foreign


@pytest.fixture
def claims(world: tuple[Claim, Claim], db: None) -> tuple[Claim, Claim]:
    """The same for each test; what a test changes is taken back."""
    return world


def test_a_client_sees_its_own_rows_and_only_those(claims: tuple[Claim, Claim]) -> None:
    for claim in claims:
        for table in OWN:
            total = rows(f"SELECT count(*) FROM {table}")[0][0]
            with as_web(f"{{{claim.client_id}}}"):
                seen = rows(f"SELECT client_id, claim_id FROM {table}")
            assert seen, f"nothing to see in {table}"
            assert set(seen) == {(claim.client_id, claim.pk)}, table
            assert len(seen) < total, table


@pytest.mark.parametrize("setting", [None, "", "{}"])
def test_without_clients_there_is_nothing(setting: str | None, claims: tuple[Claim, Claim]) -> None:
    with as_web(setting):
        for table in OWN:
            assert rows(f"SELECT * FROM {table}") == [], table


def test_the_web_role_writes_no_barriers(claims: tuple[Claim, Claim]) -> None:
    visible = f"{{{claims[0].client_id},{claims[1].client_id}}}"
    for table in (*OWN, *SHARED):
        column = rows(
            "SELECT column_name FROM information_schema.columns"
            f" WHERE table_name = '{table}' ORDER BY ordinal_position DESC LIMIT 1"
        )[0][0]
        statements = [
            f"DELETE FROM {table}",
            f"UPDATE {table} SET {column} = {column}",
            f"TRUNCATE {table}",
        ]
        if table != "barriers_stale_claim":
            statements.append(f"INSERT INTO {table} SELECT * FROM {table}")
        for statement in statements:
            with (
                pytest.raises(DatabaseError, match="permission denied"),
                as_web(visible),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)


def test_the_web_role_notes_its_own_claims_as_stale(claims: tuple[Claim, Claim]) -> None:
    mine, foreign = claims
    before = rows("SELECT count(*) FROM barriers_stale_claim")[0][0]
    with as_web(f"{{{mine.client_id}}}"), connection.cursor() as cursor:
        cursor.execute(STALE, [mine.pk, mine.client_id, TODAY])
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        as_web(f"{{{mine.client_id}}}"),
        connection.cursor() as cursor,
    ):
        cursor.execute(STALE, [foreign.pk, foreign.client_id, TODAY])
    assert rows("SELECT count(*) FROM barriers_stale_claim")[0][0] == before + 1


def test_marking_reaches_visible_claims_only(claims: tuple[Claim, Claim]) -> None:
    mine, foreign = claims
    refresh_stale(TODAY)
    with as_web(f"{{{mine.client_id}}}"):
        mark_stale([mine.pk, foreign.pk], TODAY)
    assert rows("SELECT claim_id FROM barriers_stale_claim") == [(mine.pk,)]


def jobs() -> list[tuple[str, dict[str, Any]]]:
    found = rows(
        "SELECT task_name, args::text FROM procrastinate_jobs WHERE task_name ~ '^barriers'"
    )
    return [(name, json.loads(arguments)) for name, arguments in found]


def test_people_of_the_web_tell_what_they_did(
    claims: tuple[Claim, Claim], django_capture_on_commit_callbacks: OnCommit
) -> None:
    mine, foreign = claims
    refresh_stale(TODAY)
    with django_capture_on_commit_callbacks() as after_commit, as_web(f"{{{mine.client_id}}}"):
        activities_recorded.send(sender=None, claim_ids=[mine.pk, foreign.pk], known_date=TODAY)
    with as_web(f"{{{mine.client_id}}}"):  # the session goes on with its own rights
        for callback in after_commit:
            callback()
    assert rows("SELECT claim_id FROM barriers_stale_claim") == [(mine.pk,)]
    assert [name for name, _ in jobs()] == ["barriers.refresh"]


@pytest.mark.parametrize("signal", [code_rules_changed, payer_rules_changed])
def test_a_rule_set_on_the_web_reaches_clients_that_its_maker_does_not_see(
    signal: Any, claims: tuple[Claim, Claim], django_capture_on_commit_callbacks: OnCommit
) -> None:
    """The session marks nothing itself; the worker, who sees all clients, is asked to."""
    mine, _ = claims
    refresh_stale(TODAY)
    scope = {"payer_id": mine.payer_id, "payer_type": None, "client_id": None}
    with django_capture_on_commit_callbacks() as after_commit, as_web(f"{{{mine.client_id}}}"):
        signal.send(sender=None, **scope)
    with as_web(f"{{{mine.client_id}}}"):  # the session goes on with its own rights
        for callback in after_commit:
            callback()
    assert rows("SELECT claim_id FROM barriers_stale_claim") == []
    assert jobs() == [("barriers.rules_changed", scope)]


def test_a_rule_set_by_the_installation_marks_all_open_claims_at_once(
    claims: tuple[Claim, Claim], django_capture_on_commit_callbacks: OnCommit
) -> None:
    refresh_stale(TODAY)
    with django_capture_on_commit_callbacks(execute=True):
        payer_rules_changed.send(
            sender=None, payer_id=claims[0].payer_id, payer_type=None, client_id=None
        )
    assert sorted(rows("SELECT claim_id FROM barriers_stale_claim")) == [
        (claims[0].pk,), (claims[1].pk,),
    ]  # fmt: skip
    assert [name for name, _ in jobs()] == ["barriers.refresh"]
