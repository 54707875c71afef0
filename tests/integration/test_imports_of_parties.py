"""`clients import` and `payers import`: what they take, refuse, and leave alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sanderling.clients.actions import ensure_client, import_clients
from sanderling.clients.models import Client, ClientIdentifier
from sanderling.clients.queries import client_ids_by_identifier, find_client
from sanderling.payers.actions import ensure_payer, import_payers
from sanderling.payers.models import Payer
from sanderling.payers.queries import find_payer

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, tzinfo=UTC)

CLIENTS = """\
code,name,npis,tins,tier,follow_up_days,high_dollar_cents
MER,Meridian Clinic,1234567893;1245319599,12-3456789,key,14,500000
HARBOR,"Harbor Group, LLC",,987654321,,,
"""
PAYERS = """\
payer_id,name,aliases,type,timely_filing_days,corrected_claim_days,appeal_days,response_days,phone,portal_url
60054,Aetna,1066033492;Aetna U.S. Healthcare;id:00060,commercial,120,,180,30,800-555-0100,https://example.test
00882,Medicare Part B,,medicare,,,,,,
"""


def test_clients_are_created_once() -> None:
    first = import_clients(text=CLIENTS, at=AT)
    again = import_clients(text=CLIENTS, at=AT)
    assert (first.created, first.problems) == (2, [])
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)
    client = Client.objects.get(code="MER")
    assert (client.tier, client.follow_up_days, client.high_dollar_cents) == ("key", 14, 500_000)
    assert find_client(npi="1245319599") == client
    assert find_client(tin="123456789") == client
    assert Client.objects.get(code="HARBOR").tier == "standard"
    assert len(client_ids_by_identifier()) == 4


def test_a_changed_cell_changes_the_client() -> None:
    import_clients(text=CLIENTS, at=AT)
    result = import_clients(text="code,name,tier\nMER,Meridian Medical,standard\n", at=AT)
    assert result.updated == 1
    client = Client.objects.get(code="MER")
    assert (client.name, client.tier) == ("Meridian Medical", "standard")
    assert client.follow_up_days == 14  # the file had no such column


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("X,Ex,1234567890,,,,", "npis", "no NPI"),
        ("X,Ex,,12345,,,", "tins", "no tax number"),
        ("X,Ex,,,vip,,", "tier", "standard, key"),
        ("X,Ex,,,,soon,", "follow_up_days", "whole number from 1 to 365"),
        ("X,Ex,,,,,-1", "high_dollar_cents", "whole number"),
        ("X,,,,,,", "name", "required"),
        ("X,Ex,1234567893,,,,", "npis", "belongs to client MER"),
        ("MER,Again,,,,,", "code", "is in row 2 already"),
        ("X,Ex, Inc,,,,,", "", "quote commas"),
    ],
)
def test_a_faulty_row_is_refused_and_its_neighbors_are_taken(
    row: str, column: str, words: str
) -> None:
    result = import_clients(text=CLIENTS + row + "\n", at=AT)
    assert result.created == 2
    (problem,) = result.problems
    assert (problem.row, problem.column) == (4, column)
    assert words in problem.message
    assert not Client.objects.filter(code="X").exists()


def test_a_file_without_a_required_column_is_refused_whole() -> None:
    result = import_clients(text="code,npis\nA,\n", at=AT)
    assert [(p.row, p.column) for p in result.problems] == [(1, "name")]
    assert Client.objects.count() == 0


def test_an_unknown_column_is_said() -> None:
    result = import_clients(text="code,name,npi\nA,Ay,1234567893\n", at=AT)
    assert [(p.row, p.column) for p in result.problems] == [(1, "npi")]
    assert result.created == 1


def test_a_provisional_client_becomes_the_imported_one() -> None:
    born = ensure_client(npi="1234567893", tin="", name="MERIDIAN", at=AT)
    assert (born.code, born.is_provisional) == ("NPI1234567893", True)
    assert ensure_client(npi="1234567893", tin="", name="OTHER", at=AT) == born
    result = import_clients(text=CLIENTS, at=AT)
    assert (result.created, result.updated) == (1, 1)
    born.refresh_from_db()
    assert (born.code, born.name, born.is_provisional) == ("MER", "Meridian Clinic", False)
    assert ClientIdentifier.objects.filter(client=born).count() == 3


def test_payers_are_created_once_and_found_by_every_name() -> None:
    assert import_payers(text=PAYERS, at=AT).created == 2
    again = import_payers(text=PAYERS, at=AT)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)
    aetna = Payer.objects.get(payer_id="60054")
    assert (aetna.timely_filing_days, aetna.corrected_claim_days) == (120, None)
    for asked in (
        {"payer_id": "60054"},
        {"payer_id": "00060"},
        {"trn": "1066033492"},
        {"name": "AETNA  US-HEALTHCARE"},
        {"name": "aetna u.s. healthcare"},
        {"name": "aetna"},
    ):
        expected = None if asked == {"name": "AETNA  US-HEALTHCARE"} else aetna
        assert find_payer(**asked) == expected, asked
    assert find_payer(name="Nobody") is None


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("9,Nine,,insurer,,,,,,", "type", "must be one of"),
        ("9,Nine,,commercial,0,,,,,", "timely_filing_days", "whole number"),
        ("9,Nine,60054,,,,,,,", "aliases", "means payer 60054"),
        ("00060,Nine,,,,,,,,", "payer_id", "means payer 60054"),
    ],
)
def test_a_faulty_payer_row_is_refused(row: str, column: str, words: str) -> None:
    result = import_payers(text=PAYERS + row + "\n", at=AT)
    assert result.created == 2
    (problem,) = result.problems
    assert (problem.row, problem.column) == (4, column)
    assert words in problem.message


def test_a_provisional_payer_becomes_the_imported_one() -> None:
    born = ensure_payer(payer_id="60054", name="AETNA", trn="1066033492", at=AT)
    assert born.is_provisional
    assert ensure_payer(payer_id="", name="", trn="1066033492", at=AT) == born
    result = import_payers(text=PAYERS, at=AT)
    assert (result.created, result.updated, result.problems) == (1, 1, [])
    born.refresh_from_db()
    assert (born.name, born.is_provisional) == ("Aetna", False)


def test_a_semicolon_file_with_a_byte_order_mark_is_read() -> None:
    result = import_clients(text="\ufeffCode;Name\nA;Ay\n", at=AT)
    assert (result.created, result.problems) == (1, [])
