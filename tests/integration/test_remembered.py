"""A world that is copied is the world that was made, and the database refuses what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction
from django.test import override_settings
from tests.builders import (
    NPI,
    TIN,
    Inbox,
    check_identities,
    claims_file,
    paid,
    remittance_file,
    rows,
    sent,
)
from tests.integration.pages import People, make_client, make_people
from tests.remembered import remembered

from sanderling.accounts.models import User
from sanderling.claims.models import Claim
from sanderling.payers.models import Payer

calls: list[str] = []


@remembered
def small(inbox: Inbox, number: str) -> People:
    calls.append(number)
    client = make_client("MINE", "Mine Clinic", NPI, TIN)
    inbox.take(claims_file(sent(number, 150)), received_date=date(2026, 1, 5))
    inbox.take(remittance_file(paid(number, 150, 90, "CO*45*60")), received_date=date(2026, 1, 20))
    return make_people(client)


def files() -> dict[str, bytes]:
    home = Path(settings.SANDERLING_HOME)
    return {str(p.relative_to(home)): p.read_bytes() for p in home.rglob("*") if p.is_file()}


def everything() -> dict[str, list[str]]:
    """Return all rows of the tables that anything is in."""
    tables = [
        name
        for (name,) in rows(
            "SELECT oid::regclass::text FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
    ]
    return {table: sorted(map(repr, rows(f"SELECT * FROM {table}"))) for table in tables}


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    calls.clear()


@contextmanager
def beginning(folder: Path) -> Iterator[Inbox]:
    """A new transaction, of another connection, with an empty inbox; taken back in the end."""
    (folder / "in").mkdir(parents=True)
    ours = connections["default"]
    connections["default"] = ours.copy()
    try:
        with override_settings(SANDERLING_HOME=folder / "home"), transaction.atomic():
            yield Inbox(folder / "in")
            transaction.set_rollback(True)
    finally:
        connections["default"].close()
        connections["default"] = ours


def test_what_is_copied_is_what_was_made(tmp_path: Path) -> None:
    found = []
    for place in ("first", "second"):
        with beginning(tmp_path / place) as inbox:
            people = small(inbox, "R1")
            assert User.objects.get(email="admin@x.test") == people.admin
            found.append(
                (
                    asdict(people),
                    everything(),
                    files(),
                    [report.status for report in inbox.reports],
                    {path.name for path in inbox.folder.iterdir()},
                )
            )
    assert calls == ["R1"]
    assert found[1] == found[0]
    _, tables, kept, reports, names = found[0]
    assert len(tables["claims_claim"]) == 1
    assert len(kept) == len(reports) == len(names) == 2


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE ledger_entry SET amount_cents = 1", "append-only"),
        ("UPDATE claims_claim SET client_id = 0", "foreign key"),
    ],
)
def test_guards_stand_after_copying(tmp_path: Path, statement: str, refusal: str) -> None:
    for place in ("first", "second"):
        with beginning(tmp_path / place) as inbox:
            small(inbox, "R2")
            check_identities()
            with pytest.raises(DatabaseError, match=refusal):
                executed(f"{statement}; SET CONSTRAINTS ALL IMMEDIATE")


def executed(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_other_arguments_and_a_transaction_that_wrote_are_made(tmp_path: Path) -> None:
    for number in ("R3", "R4"):
        with beginning(tmp_path / number) as inbox:
            small(inbox, number)
            assert [claim.number for claim in Claim.objects.all()] == [number]
    with beginning(tmp_path / "third") as inbox:
        Payer.objects.create(payer_id="P1", name="Earlier", created_at=inbox.at)
        small(inbox, "R3")
        assert Payer.objects.filter(payer_id="P1").exists()
    assert calls == ["R3", "R4", "R3"]
