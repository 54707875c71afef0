"""Contracts: one client's own, and never for the users of a client; nothing agreed is changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django.fixtures import Settings
from tests.builders import rows

from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.contracts.actions import Parties, VersionTerms
from sanderling.contracts.importing import RateSheet, import_contract
from sanderling.contracts.models import BilledCode, ContractUpload, ContractVersion, OwedByPayer
from sanderling.contracts.queries import contract_book
from sanderling.payers.models import Payer

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
CONFIDENTIAL = (
    *("contracts_contract", "contracts_version", "contracts_fee_schedule", "contracts_rate"),
)
TABLES = (*CONFIDENTIAL, "contracts_billed_code", "contracts_owed")


@contextmanager
def as_web(client_ids: str, role: str = "lead", actor: str = "user:1") -> Iterator[None]:
    """Work as the web application does, for a user of this role with these visible clients."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', %s, true),"
            " set_config('sanderling.role', %s, true), set_config('sanderling.actor', %s, true)",
            [client_ids, role, actor],
        )
        yield
        cursor.execute("RESET ROLE")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', '', true),"
            " set_config('sanderling.role', '', true), set_config('sanderling.actor', '', true)"
        )


@pytest.fixture(autouse=True)
def clients(db: None, tmp_path: Path, settings: Settings) -> list[Client]:
    """Two clients, each with a contract of its own with the same payer."""
    settings.SANDERLING_HOME = tmp_path / "home"
    payer = Payer.objects.create(payer_id="ACME1", name="Acme", created_at=AT)
    made = []
    for code, cents in (("MINE", 9210), ("THEIRS", 5555)):
        client = Client.objects.create(code=code, name=code, created_at=AT)
        import_contract(
            Parties(client, payer),
            sheet=RateSheet("fees.csv", f"code,allowed_cents\n99213,{cents}\n".encode()),
            says=VersionTerms(date(2026, 1, 1)),
            by=None,
            at=AT,
            source="cli",
        )
        BilledCode.objects.create(
            client_id=client.pk, payer_id=payer.pk, code="99213", line_count=1, units=1,
            charge_cents=1, counted_at=AT,
        )  # fmt: skip
        OwedByPayer.objects.create(
            client_id=client.pk, payer_id=payer.pk, claim_count=1, balance_cents=1, counted_at=AT
        )
        made.append(client)
    return made


def refused(sql: str, *, client: int, match: str) -> None:
    with (
        pytest.raises(DatabaseError, match=match),
        as_web(f"{{{client}}}"),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_a_client_sees_its_own_rows_and_only_those(clients: list[Client]) -> None:
    for client in clients:
        for table in TABLES:
            with as_web(f"{{{client.pk}}}"):
                seen = {found for (found,) in rows(f"SELECT client_id FROM {table}")}
            assert seen == {client.pk}, table
    for visible in ("", "{}"):
        with as_web(visible):
            for table in TABLES:
                assert rows(f"SELECT * FROM {table}") == []


def test_the_book_has_no_rate_of_a_stranger_even_when_asked_for_all(clients: list[Client]) -> None:
    mine, foreign = clients
    with as_web(f"{{{mine.pk}}}"):
        for asked in (None, [mine.pk, foreign.pk]):
            book = contract_book(asked)
            assert book.rates["allowed_cents"].to_list() == [9210]
            assert book.assignments["client_id"].to_list() == [mine.pk]
            assert len(book.terms) == 1


def test_users_of_the_client_itself_see_no_contract(clients: list[Client]) -> None:
    visible = f"{{{clients[0].pk}}}"
    with as_web(visible, role="client_user"):
        for table in CONFIDENTIAL:
            assert rows(f"SELECT * FROM {table}") == [], table


def test_nothing_is_written_for_a_stranger(clients: list[Client]) -> None:
    mine, foreign = clients
    theirs = ContractVersion.objects.get(client_id=foreign.pk)
    version = (
        "INSERT INTO contracts_version (contract_id, client_id, from_date, schedule_id, terms,"
        " note, source, made_at, withdrawn_note)"
        " VALUES ({}, {}, '2026-05-01', NULL, '', '', 'page', now(), '')"
    )
    refused(
        version.format(theirs.contract_id, foreign.pk), client=mine.pk, match="row-level|client"
    )
    refused(version.format(theirs.contract_id, mine.pk), client=mine.pk, match="another client")
    refused(
        "INSERT INTO contracts_rate (schedule_id, client_id, code, modifier, place_of_service,"
        f" allowed_cents, row) VALUES (1, {foreign.pk}, 'X', '', '', 1, 1)",
        client=mine.pk,
        match="row-level",
    )
    with as_web(f"{{{mine.pk}}}"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE contracts_contract SET note = 'x' WHERE client_id = %s", [foreign.pk]
        )
        assert cursor.rowcount == 0


def test_the_web_changes_nothing_that_was_agreed(clients: list[Client]) -> None:
    client = clients[0].pk
    for statement in (
        "UPDATE contracts_rate SET allowed_cents = 1",
        "DELETE FROM contracts_rate",
        "UPDATE contracts_fee_schedule SET rate_count = 0",
        "DELETE FROM contracts_version",
        "DELETE FROM contracts_contract",
        "UPDATE contracts_billed_code SET line_count = 0",
        "INSERT INTO contracts_owed SELECT * FROM contracts_owed",
        "UPDATE contracts_relative_value SET work = 1",
    ):
        refused(statement, client=client, match="permission denied")
    refused("UPDATE contracts_version SET terms = 'x'", client=client, match="does not change")
    refused("UPDATE contracts_contract SET plan = 'X'", client=client, match="does not change")


def test_an_upload_is_for_the_person_who_made_it(clients: list[Client]) -> None:
    user = User.objects.create(email="a@x.test", name="A", role="lead")
    ContractUpload.objects.create(
        user=user, client_id=clients[0].pk, payer=Payer.objects.get(), from_date=date(2026, 1, 1),
        name="x.csv", sha256="0", made_at=AT,
    )  # fmt: skip
    visible = f"{{{clients[0].pk}}}"
    with as_web(visible, actor=f"user:{user.pk}"):
        assert len(rows("SELECT token FROM contracts_upload")) == 1
    with as_web(visible, actor=f"user:{user.pk + 1}"):
        assert rows("SELECT token FROM contracts_upload") == []
