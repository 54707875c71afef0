"""Claims sent again: one client's own; the database refuses strangers' versions and approvals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django.fixtures import Settings
from tests.builders import Inbox, claims_file, paid, remittance_file, rows, sent
from tests.integration.pages import FOREIGN_NPI, FOREIGN_TIN, make_client, make_people
from tests.integration.resubmission_desk import NOW, NPI, TIN, send_again

from sanderling.barriers.actions import refresh_stale
from sanderling.claims.models import Submission
from sanderling.core.resubmission.kinds import Kind
from sanderling.resubmission.models import Resubmission
from sanderling.resubmission.policy import Policy, set_limits

pytestmark = pytest.mark.django_db
INSERT = (
    "INSERT INTO resubmission_resubmission (claim_id, client_id, party, submission_id, kind,"
    " reason, edits, charge_before_cents, charge_after_cents, state, needs, form_key, made_at,"
    " actor, decision_note) VALUES (%s, %s, 11, %s, 'first', '', '[]', 1, 1, 'draft', '',"
    " gen_random_uuid(), now(), '', '')"
)


@contextmanager
def as_web(client_ids: str, user_id: int = 0) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', %s, true),"
            " set_config('sanderling.actor', %s, true)",
            [client_ids, f"user:{user_id}"],
        )
        yield
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT set_config('sanderling.client_ids', '', true)")


@pytest.fixture
def held(tmp_path: Path, settings: Settings) -> list[Resubmission]:
    """A void that waits for approval, of each of two clients; limits of each."""
    settings.SANDERLING_HOME = tmp_path / "home"
    (tmp_path / "in").mkdir()
    inbox = Inbox(tmp_path / "in", at=NOW)
    mine = make_client("MINE", "Mine", NPI, TIN)
    other = make_client("THEIRS", "Theirs", FOREIGN_NPI, FOREIGN_TIN)
    found = []
    people = make_people(mine)
    for place, (client, number, npi, tin) in enumerate(
        ((mine, "A1", NPI, TIN), (other, "B1", FOREIGN_NPI, FOREIGN_TIN))
    ):
        inbox.take(claims_file(sent(number, 150), npi=npi, tin=tin, control=100 + place))
        inbox.take(
            remittance_file(
                paid(number, 150, 90, "CO*45*60"), npi=npi, tin=tin, control=600 + place,
                trace=f"EFT{place}",
            )
        )  # fmt: skip
        refresh_stale(NOW.date())
        found.append(send_again(number, people.specialist, kind=Kind.VOID))
        set_limits(client.pk, Policy())
    return found


def test_a_client_sees_its_own_and_only_those(held: list[Resubmission]) -> None:
    for one in held:
        for table in ("resubmission_resubmission", "resubmission_limits"):
            with as_web(f"{{{one.client_id}}}"):
                seen = {client for (client,) in rows(f"SELECT client_id FROM {table}")}
            assert seen == {one.client_id}, table
    for visible in ("", "{}"):
        with as_web(visible):
            assert rows("SELECT * FROM resubmission_resubmission") == []


def test_a_version_of_another_client_cannot_be_corrected(held: list[Resubmission]) -> None:
    mine, foreign = held
    version = Submission.objects.get(pk=foreign.submission_id)
    for client_id in (mine.client_id, foreign.client_id):
        with (
            pytest.raises(DatabaseError, match="row-level security"),
            as_web(f"{{{mine.client_id}}}"),
            connection.cursor() as cursor,
        ):
            cursor.execute(INSERT, [foreign.claim_id, client_id, version.pk])


def test_nobody_approves_his_own_nor_for_somebody_else(held: list[Resubmission]) -> None:
    mine = held[0]
    for approver, actor in ((mine.made_by_id, mine.made_by_id), (mine.made_by_id or 0, 0)):
        with (
            pytest.raises(DatabaseError),
            as_web(f"{{{mine.client_id}}}", actor or 0),
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "UPDATE resubmission_resubmission SET state = 'queued', decided_by_id = %s"
                " WHERE id = %s",
                [approver, mine.pk],
            )
    mine.refresh_from_db()
    assert mine.state == "held"
