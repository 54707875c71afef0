"""A simulated world goes in; the ledger says what the world knows to be true, to the cent."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests import builders
from tests.builders import Inbox, check_identities, rows
from tests.integration.worlds import MadeWorld, make_world
from tests.seeds import seeds

from sanderling.clients.actions import import_clients
from sanderling.payers.actions import import_payers

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PARTIES = {"primary": 11, "secondary": 12, "tertiary": 13, "patient": 14}
CLAIMS, DAYS = 70, 110
# Answers and acknowledgments move no money; test_order_and_crash takes them in too.
MONEY = ("837p", "837i", "837d", "835")


def true_balances(truth: Path) -> dict[tuple[str, str], dict[int, int]]:
    """Return what is open by client and claim, as the simulator knows it."""
    found: dict[tuple[str, str], dict[int, int]] = {}
    for text in (truth / "claims.jsonl").read_text("utf-8").splitlines():
        claim = json.loads(text)
        if claim["changes"]:
            latest = claim["changes"][-1]
            owed = {code: latest[f"{party}_cents"] for party, code in PARTIES.items()}
            found[claim["client"], claim["claim"]] = {p: c for p, c in owed.items() if c}
    return {key: owed for key, owed in found.items() if owed}


def known_balances() -> dict[tuple[str, str], dict[int, int]]:
    """Return what is open by client and claim, as the ledger says."""
    found: dict[tuple[str, str], dict[int, int]] = {}
    for client, number, party, cents, _ in rows(builders.OPEN_BALANCES):
        found.setdefault((client, number), {})[party] = cents
    return found


def import_parties(world: MadeWorld) -> None:
    """Import the clients and payers of a world."""
    import_clients(text=(world.folder / "clients.csv").read_text("utf-8"), at=builders.AT)
    import_payers(text=(world.folder / "payers.csv").read_text("utf-8"), at=builders.AT)


@pytest.mark.parametrize("seed", seeds(21, 22))
def test_open_balances_agree_with_the_truth_claim_by_claim_and_party_by_party(
    seed: int, inbox: Inbox
) -> None:
    world = make_world(seed, CLAIMS, DAYS)
    import_parties(world)
    paths = world.paths(*MONEY)

    reports = inbox.take_paths(paths)

    assert {report.status for report in reports} == {"posted"}
    check_identities()
    truth = true_balances(world.truth)
    known = known_balances()
    wrong = {key: (truth.get(key), known.get(key)) for key in truth.keys() | known.keys()
             if truth.get(key) != known.get(key)}  # fmt: skip
    assert wrong == {}
    assert truth, "a world in which nothing is open proves nothing"
    assert_files_agree(world)


def assert_files_agree(world: MadeWorld) -> None:
    """Compare every file's totals with the simulator's, in the facts and in the ledger."""
    known = {
        path: (transactions, claims, charge, paid)
        for path, transactions, claims, charge, paid in rows(
            "SELECT f.name, f.transaction_count, f.claim_count, sum(t.charge_cents)::bigint,"
            " sum(t.paid_cents)::bigint FROM files_stored_file f"
            " JOIN files_transaction_set t ON t.file_id = f.id GROUP BY f.id"
        )
    }
    cash = dict(
        rows(
            "SELECT f.name, sum(CASE WHEN debit = 30 THEN amount_cents ELSE -amount_cents END)"
            "::bigint FROM ledger_entry e JOIN files_transaction_set t ON t.id = e.transaction_id"
            " JOIN files_stored_file f ON f.id = t.file_id WHERE 30 IN (e.debit, e.credit)"
            " GROUP BY 1"
        )
    )
    with (world.truth / "files.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["kind"] not in MONEY:
                continue
            name = row["file"].partition("/")[2]
            told = ("transactions", "claims", "charge_cents", "paid_cents")
            assert known[name] == tuple(int(row[column]) for column in told), name
            assert cash.get(name, 0) == int(row["payment_cents"]), name
