"""`sanderling barriers`: the contract of columns, rows, totals, days and exit codes."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests import builders
from tests.builders import Inbox, claims_file, paid, remittance_file, rows, sent

from sanderling.barriers.models import Barrier
from sanderling.barriers.queries import barrier_rows
from sanderling.cli.barriers import command
from sanderling.clients.actions import import_clients
from sanderling.core.barriers.rows import BARRIERS

OTHER_NPI, OTHER_TIN = "1245319599", "749999999"
COLUMNS = [
    "client", "claim", "payer_id", "balance_cents", "barrier", "category", "team", "owner",
    "next_action", "next_date", "deadline", "deadline_kind", "expected_cents", "since",
]  # fmt: skip


@pytest.fixture
def inbox(inbox: Inbox) -> Inbox:
    """Take in claims of two clients: MINE (four, one paid) and THEIRS (one).

    C1 150.00 denied; C2 250.00, a line of 100.00 denied and 18.00 left to the patient; C3 150.00
    without an answer; C4 paid in full; D1 310.00 without an answer.
    """
    inbox.at = datetime(2026, 3, 5, 12, tzinfo=UTC)
    import_clients(
        text="code,name,npis,tins\n"
        f"MINE,Mine,{builders.NPI},{builders.TIN}\nTHEIRS,Theirs,{OTHER_NPI},{OTHER_TIN}\n",
        at=inbox.at,
    )
    two_lines = (
        builders.line("99213", 150, control="C2L1"),
        builders.line("87880", 100, control="C2L2"),
    )
    inbox.take(
        claims_file(sent("C1"), sent("C2", 250, lines=two_lines), sent("C3"), sent("C4")),
        claims_file(sent("D1", 310), npi=OTHER_NPI, tin=OTHER_TIN, control=102, batch="B2"),
        received_date=date(2026, 1, 5),
    )
    body = (
        builders.patient()
        + builders.service("HC:99213", 150, 72, "CO*45*60", "PR*2*18", control="C2L1")
        + builders.service("HC:87880", 100, 0, "CO*97*100", control="C2L2")
    )
    inbox.take(
        remittance_file(
            paid("C1", 150, 0, "CO*197*150"),
            builders.Paid("C2", 250, 72, share=18, body=body, payer_number="ICN2"),
            paid("C4", 150, 150, payer_number="ICN4"),
        ),
        received_date=date(2026, 1, 20),
    )
    return inbox


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def document(*arguments: str) -> dict[str, Any]:
    answer = run("--format", "json", *arguments)
    assert answer.exit_code == 0, answer.output
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def ordered(found: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in found["rows"]]


def test_one_row_for_every_claim_that_owes(inbox: Inbox) -> None:
    found = document("--as-of", "2026-02-01")

    assert list(found) == ["as_of", "rows", "totals"]
    assert found["as_of"] == "2026-02-01"
    assert {tuple(row) for row in found["rows"]} == {tuple(COLUMNS)}
    assert ordered(found, "client", "claim", "balance_cents", "barrier", "category") == [
        ("MINE", "C1", 15000, "denied", "authorization"),
        ("MINE", "C2", 11800, "denied", "bundling"),
        ("MINE", "C3", 15000, "no_response", ""),
        ("THEIRS", "D1", 31000, "no_response", ""),
    ]
    assert found["totals"] == {"claims": 4, "balance_cents": 72800}
    (first, *_) = found["rows"]
    assert (first["payer_id"], first["team"], first["owner"]) == ("ACME1",) + ("authorization",) * 2
    assert (first["since"], first["deadline"], first["deadline_kind"]) == (
        "2026-01-20", "2026-07-19", "appeal",
    )  # fmt: skip
    assert first["expected_cents"] is None
    for row in found["rows"]:
        assert row["barrier"] in BARRIERS
        assert date.fromisoformat(row["next_date"]) >= date.fromisoformat(row["since"])


def test_by_party_every_party_that_owes_has_a_row(inbox: Inbox) -> None:
    found = document("--as-of", "2026-02-01", "--by-party", "--client", "MINE")

    assert {tuple(row) for row in found["rows"]} == {
        (*COLUMNS, "party", "subcategory", "detail", "reason")
    }
    names = ("claim", "party", "balance_cents", "barrier", "detail", "reason")
    assert ordered(found, *names) == [
        ("C1", "primary", 15000, "denied", "claim", "CO-197"),
        ("C2", "primary", 10000, "denied", "line", "CO-97"),
        ("C2", "patient", 1800, "patient_responsibility", "", ""),
        ("C3", "primary", 15000, "no_response", "sent", ""),
    ]
    assert found["totals"] == {"parties": 4, "balance_cents": 41800}


def test_the_sum_is_what_the_ledger_says(inbox: Inbox) -> None:
    for as_of in ("2026-01-04", "2026-01-05", "2026-01-19", "2026-01-20", "2030-01-01"):
        ((owed,),) = rows(
            "SELECT coalesce(sum(CASE WHEN debit BETWEEN 11 AND 14 THEN amount_cents ELSE 0 END"
            " - CASE WHEN credit BETWEEN 11 AND 14 THEN amount_cents ELSE 0 END), 0)::bigint"
            " FROM ledger_entry WHERE posted_date <= %s",
            [as_of],
        )
        for by_party in ((), ("--by-party",)):
            found = document("--as-of", as_of, *by_party)
            assert found["totals"]["balance_cents"] == owed
            assert sum(row["balance_cents"] for row in found["rows"]) == owed


def test_a_past_day_knows_nothing_of_later_days(inbox: Inbox) -> None:
    found = document("--as-of", "2026-01-19", "--client", "MINE")
    assert ordered(found, "claim", "barrier") == [
        ("C1", "awaiting_payer"), ("C2", "awaiting_payer"), ("C3", "awaiting_payer"),
        ("C4", "awaiting_payer"),
    ]  # fmt: skip
    assert document("--as-of", "2026-01-19", "--client", "MINE") == found


def test_today_is_the_default_and_is_kept_as_it_is_worked_out(inbox: Inbox) -> None:
    today = datetime.now(UTC).date()
    stored = document()
    assert stored["as_of"] == today.isoformat()
    assert stored == document("--as-of", today.isoformat())
    assert document("--rebuild") == stored
    # The same day asked for as a past one.
    tomorrow = today + timedelta(days=1)
    asked = list(barrier_rows(today, today=tomorrow))
    assert [row["claim"] for row in asked] == [row["claim"] for row in stored["rows"]]
    assert [str(row["deadline"]) for row in asked] == [row["deadline"] for row in stored["rows"]]
    assert Barrier.objects.count() == 5


def test_a_day_ahead_tells_what_time_alone_will_do(inbox: Inbox) -> None:
    inbox.take(
        claims_file(sent("C5"), control=105, batch="B5", made="20991201"),
        received_date=date(2099, 12, 1),
    )
    ahead = {row["claim"]: row["barrier"] for row in document("--as-of", "2099-12-20")["rows"]}
    later = {row["claim"]: row["barrier"] for row in document("--as-of", "2100-01-20")["rows"]}
    assert (ahead["C5"], later["C5"]) == ("awaiting_payer", "no_response")


def test_several_clients_and_a_wrong_one(inbox: Inbox) -> None:
    assert document("--client", "THEIRS")["totals"] == {"claims": 1, "balance_cents": 31000}
    both = document("--client", "THEIRS", "--client", "MINE")
    assert both == document()
    wrong = run("--client", "NOBODY")
    assert wrong.exit_code == 2
    assert "there is no client NOBODY" in wrong.stderr
    assert wrong.stdout == ""


def test_wrong_usage(inbox: Inbox) -> None:
    for arguments in (("--as-of", "March"), ("--format", "xml"), ("--what",)):
        answer = run(*arguments)
        assert (answer.exit_code, answer.stdout) == (2, "")


def test_csv_and_a_table_say_the_same(inbox: Inbox) -> None:
    found = document("--as-of", "2026-02-01")
    in_csv = list(
        csv.DictReader(io.StringIO(run("--format", "csv", "--as-of", "2026-02-01").stdout))
    )
    assert list(in_csv[0]) == COLUMNS
    assert [row["balance_cents"] for row in in_csv] == ["15000", "11800", "15000", "31000"]
    assert [row["claim"] for row in in_csv] == [row["claim"] for row in found["rows"]]
    table = run("--format", "table", "--as-of", "2026-02-01").stdout
    assert "728.00" in table
    assert "no_response" in table


def test_nothing_owed_is_an_empty_answer(inbox: Inbox) -> None:
    assert document("--as-of", "2025-12-31") == {
        "as_of": "2025-12-31", "rows": [], "totals": {"claims": 0, "balance_cents": 0},
    }  # fmt: skip
