"""Refunds, credits' clocks and transfers: one client's own; nobody speaks for somebody else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from pytest_django.fixtures import Settings
from tests import builders
from tests.builders import Inbox, claims_file, paid, remittance_file, rows, sent
from tests.integration.pages import (
    FOREIGN_NPI,
    FOREIGN_TIN,
    People,
    Visitor,
    make_client,
    make_people,
)
from tests.remembered import remembered
from tests.security.test_isolation_of_writeoffs import as_web

from sanderling.claims.models import Claim
from sanderling.refunds.actions import request_refund
from sanderling.refunds.models import Identified, Refund
from sanderling.transfers.actions import request_transfer
from sanderling.transfers.models import Transfer

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
TABLES = ("refunds_identified", "refunds_refund", "transfers_transfer", "claims_decided")


@remembered
def filled(inbox: Inbox) -> People:
    """A credit and a patient's share of each of two clients, a request for each."""
    mine = make_client("MINE", "Maple", builders.NPI, builders.TIN)
    make_client("THEIRS", "Oak", FOREIGN_NPI, FOREIGN_TIN)
    for place, (npi, tin, name) in enumerate(
        ((builders.NPI, builders.TIN, "DOE*JANE"), (FOREIGN_NPI, FOREIGN_TIN, "ALIEN*ANN"))
    ):
        inbox.take(
            claims_file(
                sent("C1", 100, patient=name), sent("P1", 50, patient=name), npi=npi, tin=tin,
                control=100 + place,
            ),
            remittance_file(
                paid("C1", 100, 100), paid("P1", 50, 0, "PR*26*50", share=50), npi=npi, tin=tin,
                trace=f"T{place}", control=200 + place,
            ),
            remittance_file(
                paid("C1", 100, 100), npi=npi, tin=tin, trace=f"U{place}", control=300 + place
            ),
        )  # fmt: skip
    found = make_people(mine)
    for claim in Claim.objects.select_related("client").filter(number="C1"):
        request_refund(
            claim=claim, party=11, amount_cents=1_000, method="check", cause="above_charge",
            note="", user=found.admin, at=AT,
        )  # fmt: skip
    for claim in Claim.objects.select_related("client").filter(number="P1"):
        request_transfer(
            claim=claim, party=11, amount_cents=1_000, note="", user=found.admin, at=AT
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO claims_decided (kind, decision_id, is_reversal, claim_id, client_id,"
            " party, amount_cents, known_date, order_key)"
            " SELECT 'refund', id, false, id, client_id, 11, 1, now(), '' FROM claims_claim"
        )
    return found


@pytest.fixture
def people(tmp_path: Path, settings: Settings, db: None) -> People:
    settings.SANDERLING_HOME = tmp_path / "home"
    (tmp_path / "in").mkdir()
    return filled(Inbox(tmp_path / "in", at=AT))


def test_a_client_sees_its_own_rows_and_only_those(people: People) -> None:
    for client in Claim.objects.values_list("client_id", flat=True).distinct():
        for table in TABLES:
            with as_web(f"{{{client}}}"):
                seen = {one for (one,) in rows(f"SELECT client_id FROM {table}")}
            assert seen == {client}, table
    for table in TABLES:
        with as_web(""):
            assert rows(f"SELECT * FROM {table}") == []


@pytest.mark.parametrize(
    ("sql", "match"),
    [
        ("UPDATE claims_decided SET amount_cents = 2", "permission denied"),
        ("INSERT INTO claims_decided (id) VALUES (1)", "permission denied"),
        ("DELETE FROM refunds_refund", "permission denied"),
        ("DELETE FROM transfers_transfer", "permission denied"),
    ],
)
def test_the_web_writes_no_facts_and_deletes_nothing(people: People, sql: str, match: str) -> None:
    client = Claim.objects.filter(client__code="MINE").values_list("client_id", flat=True)[0]
    with (
        pytest.raises(DatabaseError, match=match),
        as_web(f"{{{client}}}"),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


@pytest.mark.parametrize("table", ["refunds_refund", "transfers_transfer"])
def test_a_session_approves_for_its_own_user_only(people: People, table: str) -> None:
    client = Claim.objects.filter(client__code="MINE").values_list("client_id", flat=True)[0]
    with (
        pytest.raises(DatabaseError, match="another person approves than acts"),
        as_web(f"{{{client}}}", people.specialist.pk),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"UPDATE {table} SET state = 'approved', decided_by_id = %s, decided_at = now()",
            [people.client_user.pk],
        )


def test_strangers_get_404_and_see_nobody_elses_patient(people: People) -> None:
    visitor = Visitor(people.specialist)
    refund = Refund.objects.get(client_id=_theirs()).pk
    transfer = Transfer.objects.get(client_id=_theirs()).pk
    claim = Claim.objects.get(client_id=_theirs(), number="C1").pk
    clock = Identified.objects.get(client_id=_theirs()).pk
    for address in (
        f"/credits/{claim}/11/", f"/credits/refunds/{refund}/",
        f"/credits/refunds/{refund}/letter/", f"/patient-share/transfers/{transfer}/",
        f"/patient-share/{claim}/11/",
    ):  # fmt: skip
        assert visitor.get(address).status_code == 404, address
    for address in (f"/credits/refunds/{refund}/made/", f"/credits/{claim}/11/identify/"):
        assert visitor.post(address, made_date="2026-03-05", reference="x").status_code == 404
    assert Visitor(people.admin).post(f"/credits/clocks/{clock}/", started="x").status_code == 302
    for address in ("/credits/", "/credits/refunds/", "/patient-share/", "/credits/?format=csv"):
        assert b"ALIEN" not in visitor.get(address).content, address
    for address in ("/credits/", "/credits/refunds/", "/patient-share/"):
        assert Visitor(people.client_user).get(address).status_code == 403


def _theirs() -> int:
    return Claim.objects.filter(client__code="THEIRS").values_list("client_id", flat=True)[0]
