"""Projects of underpaid lines and adverse payments: one client's own, never a client user's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django.fixtures import Settings
from tests.builders import Inbox, claims_file, rows, sent

from sanderling.claims.models import Claim
from sanderling.underpayments.models import AdversePayment, DisputedLine, UnderpaymentProject
from sanderling.worklists.models import Project

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
TABLES = ("underpayments_project", "underpayments_line", "underpayments_adverse")
COUNTS = " UNION ALL ".join(f"SELECT count(*) FROM {table}" for table in TABLES)
MOVE = "UPDATE underpayments_line SET client_id = %s"


@contextmanager
def as_web(client_ids: str, role: str = "specialist") -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', %s, true),"
            " set_config('sanderling.role', %s, true)",
            [client_ids, role],
        )
        yield
        cursor.execute("RESET ROLE")


@pytest.fixture
def claim(tmp_path: Path, settings: Settings, db: None) -> Claim:
    settings.SANDERLING_HOME = tmp_path / "home"
    folder = tmp_path / "in"
    folder.mkdir()
    inbox = Inbox(folder)
    inbox.take(claims_file(sent("A1", 100)), received_date=date(2026, 1, 20))
    claim = Claim.objects.get()
    project = UnderpaymentProject.objects.create(
        project=Project.objects.create(name="P", created_at=AT),
        client_id=claim.client_id,
        made_at=AT,
    )
    DisputedLine.objects.create(
        project=project, client_id=claim.client_id, claim_id=claim.pk, payment_id=1, line_index=1,
        line=1, code="99213", charge_cents=10000, paid_cents=5000, allowed_cents=5000,
        expected_cents=6000, sought_cents=1000,
    )  # fmt: skip
    AdversePayment.objects.create(
        kind="bundled", client_id=claim.client_id, claim_id=claim.pk, on_date=AT.date(), cents=5
    )
    return claim


def test_only_the_own_clients_rows_are_seen(claim: Claim) -> None:
    with as_web(f"{{{claim.client_id}}}"):
        assert rows(COUNTS) == [(1,)] * 3
    with as_web(f"{{{claim.client_id + 1}}}"):
        assert rows(COUNTS) == [(0,)] * 3
    with as_web("{}"):
        assert rows(COUNTS) == [(0,)] * 3


def test_a_clients_own_user_sees_none(claim: Claim) -> None:
    with as_web(f"{{{claim.client_id}}}", role="client_user"):
        assert rows(COUNTS) == [(0,)] * 3


def test_a_line_stays_its_projects_clients(claim: Claim) -> None:
    both = f"{{{claim.client_id},{claim.client_id + 1}}}"
    with pytest.raises(DatabaseError), as_web(both), connection.cursor() as cursor:
        cursor.execute(MOVE, [claim.client_id + 1])
    assert DisputedLine.objects.get().client_id == claim.client_id


def test_the_web_writes_no_adverse_payments(claim: Claim) -> None:
    with pytest.raises(DatabaseError), as_web(f"{{{claim.client_id}}}"):
        AdversePayment.objects.all().delete()
