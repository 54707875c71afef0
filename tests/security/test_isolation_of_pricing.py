"""Variances, patterns and learned rates: own clients only, no users of clients, decisions stay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from tests.builders import rows

from sanderling.clients.models import Client
from sanderling.pricing.models import (
    ClaimVariance,
    Decision,
    LearnedFactor,
    LearnedRate,
    LineVariance,
    Pattern,
    Practitioner,
    StalePrice,
)

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
DAY = date(2026, 1, 20)
TABLES = (
    "pricing_line_variance", "pricing_claim_variance", "pricing_pattern", "pricing_decision",
    "pricing_learned_rate", "pricing_learned_factor", "pricing_practitioner", "pricing_stale",
)  # fmt: skip
DERIVED = TABLES[:3] + TABLES[4:7]
DECIDE = (
    "INSERT INTO pricing_decision (claim_id, client_id, payment_id, line_index, is_set_aside,"
    " reason, at) VALUES (%s, %s, %s, 1, true, 'x', now())"
)


@contextmanager
def as_web(client_ids: str, role: str = "specialist") -> Iterator[None]:
    """Work as the web application does, with these visible clients."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', %s, true),"
            " set_config('sanderling.role', %s, true)",
            [client_ids, role],
        )
        yield
        cursor.execute("RESET ROLE")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', '', true),"
            " set_config('sanderling.role', '', true)"
        )


@pytest.fixture
def clients() -> list[int]:
    """Two clients, each with a row of everything; and rates of all clients together."""
    found = []
    for number, code in enumerate("AB", start=1):
        client_id = Client.objects.create(code=code, name=code, created_at=AT).pk
        found.append(client_id)
        LineVariance.objects.create(
            claim_id=number,
            client_id=client_id,
            payment_id=number,
            line_index=1,
            line=1,
            code="99213",
            received_date=DAY,
            units=1,
            charge_cents=15000,
            paid_cents=8000,
            allowed_cents=8000,
            expected_cents=9210,
            variance_cents=-1210,
            basis="contract",
            confidence="high",
            finding="short",
            is_beyond_tolerance=True,
            is_queued=True,
        )
        ClaimVariance.objects.create(
            claim_id=number,
            party=11,
            client_id=client_id,
            variance_cents=-1210,
            lines=1,
            since_date=DAY,
            finding="short",
        )
        Pattern.objects.create(
            pattern_key=code,
            client_id=client_id,
            codes=["99213"],
            ratio=0.9,
            ratio_spread=0.0,
            first_service_date=DAY,
            last_service_date=DAY,
            first_received_date=DAY,
            last_received_date=DAY,
            axis="service",
            lines=12,
            lines_within=12,
            variance_cents=-5000,
            is_ongoing=True,
            sentence="-10 % on 99213",
        )
        Decision.objects.create(
            claim_id=number,
            client_id=client_id,
            payment_id=number,
            line_index=1,
            is_set_aside=True,
            reason="x",
            at=AT,
        )
        for one in (client_id, 0):
            LearnedRate.objects.create(
                payer_id=1,
                client_id=one,
                kind_of_claim="P",
                code="99213",
                model="amount",
                kind="rate",
                axis="service",
                amount=9210,
                lines=20,
                cell_lines=20,
                explained=1.0,
            )
        LearnedFactor.objects.create(payer_id=1, client_id=client_id, lines=9, agreeing=9)
        Practitioner.objects.create(client_id=client_id, npi="1", lines=9, agreeing=9)
        StalePrice.objects.create(client_id=client_id, payer_id=1)
    return found  # fmt: skip


def test_a_client_sees_its_own_rows_and_only_those(clients: list[int]) -> None:
    for client_id in clients:
        for table in TABLES:
            with as_web(f"{{{client_id}}}"):
                seen = {one for (one,) in rows(f"SELECT client_id FROM {table}")}
            assert seen == {client_id}, table


def test_without_clients_nothing_is_visible(clients: list[int]) -> None:
    for visible in ("", "{}"):
        with as_web(visible):
            for table in TABLES:
                assert rows(f"SELECT * FROM {table}") == [], table


def test_users_of_clients_do_not_see_what_contracts_say(clients: list[int]) -> None:
    with as_web(f"{{{clients[0]}}}", role="client_user"):
        for table in TABLES:
            assert rows(f"SELECT * FROM {table}") == [], table


def test_the_web_changes_nothing_that_is_derived(clients: list[int]) -> None:
    for table in DERIVED:
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET client_id = client_id"):
            with (
                pytest.raises(DatabaseError, match="permission denied"),
                as_web(f"{{{clients[0]}}}"),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)


def test_a_decision_is_about_a_variance_of_its_own_client(clients: list[int]) -> None:
    own, other = clients
    with as_web(f"{{{own}}}"), connection.cursor() as cursor:
        cursor.execute(DECIDE, [1, own, 1])
    for params in ([2, other, 2], [2, own, 2], [1, own, 99]):
        with (
            pytest.raises(DatabaseError, match="row-level security"),
            as_web(f"{{{own}}}"),
            connection.cursor() as cursor,
        ):
            cursor.execute(DECIDE, params)


def test_a_decision_stays(clients: list[int]) -> None:
    for statement in ("DELETE FROM pricing_decision", "UPDATE pricing_decision SET reason = 'y'"):
        with (
            pytest.raises(DatabaseError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert Decision.objects.filter(reason="x").count() == 2
