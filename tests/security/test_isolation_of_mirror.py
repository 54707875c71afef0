"""The mirror: its files know no clients, so pages filter by those that the session sees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import polars as pl
import pytest
from django.db import DatabaseError, transaction
from pytest_django.plugin import DjangoDbBlocker
from tests import builders
from tests.builders import claims_file, rows, sent, standing_inbox
from tests.security.test_isolation_of_writeoffs import OTHER_NPI, OTHER_TIN, as_web

from sanderling.barriers.stale import mark_stale
from sanderling.mirror.actions import refresh
from sanderling.mirror.models import ChangedClaim
from sanderling.mirror.reading import scan, visible_client_ids

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def clients(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[int]]:
    """A claim of each of two clients, mirrored."""
    with django_db_blocker.unblock(), standing_inbox(tmp_path_factory.mktemp("two"), AT) as inbox:
        inbox.take(
            claims_file(sent("A1"), npi=builders.NPI, tin=builders.TIN),
            claims_file(sent("B1"), npi=OTHER_NPI, tin=OTHER_TIN, control=102),
        )
        refresh(AT.date(), AT)
        yield [client_id for (client_id,) in rows("SELECT id FROM clients_client ORDER BY id")]


def test_a_page_reads_the_rows_of_its_clients_only(clients: list[int]) -> None:
    mine, theirs = clients
    with as_web(f"{{{mine}}}"):
        seen = visible_client_ids()
    assert seen == [mine]
    assert scan("claims", seen).collect()["client_id"].unique().to_list() == [mine]
    everyone = scan("claims", None).select(pl.col("client_id").unique().sort()).collect()
    assert everyone["client_id"].to_list() == [mine, theirs]


def test_who_sees_no_client_reads_nothing(clients: list[int]) -> None:
    with as_web("{}"):
        seen = visible_client_ids()
    assert scan("ledger", seen).collect().is_empty()


def test_a_web_session_notes_changes_and_reads_nobody_elses(clients: list[int]) -> None:
    mine, theirs = clients
    for client_id in clients:
        found = rows("SELECT id FROM claims_claim WHERE client_id = %s", [str(client_id)])
        with as_web(f"{{{client_id}}}"):
            mark_stale([int(found[0][0])], AT.date())
    with as_web(f"{{{mine}}}"):
        assert rows("SELECT client_id FROM mirror_changed_claim") == [(mine,)]
    assert set(ChangedClaim.objects.values_list("client_id", flat=True)) == {mine, theirs}


@pytest.mark.parametrize("table", ["mirror_state", "mirror_check"])
def test_the_web_does_not_read_the_state_of_the_mirror(clients: list[int], table: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), as_web(f"{{{clients[0]}}}"):
        rows(f"SELECT * FROM {table}")
