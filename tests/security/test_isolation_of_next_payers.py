"""Claims to next payers and answers about them: one client's own, under no other client's name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.outbox.models import OutboundFile
from sanderling.resubmission.secondary_models import SecondaryAnswer, SecondaryClaim

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
CLAIM = (
    "INSERT INTO resubmission_secondary_claim (claim_id, client_id, party, file_id, payment_ids,"
    " charge_cents, prior_paid_cents, due_cents, msp_type, state, made_at)"
    " VALUES (%s, %s, 13, %s, '{}', 0, 0, 0, '', 'sent', now())"
)
ANSWER = (
    "INSERT INTO resubmission_secondary_answer (claim_id, client_id, party, msp_type, goes_now,"
    " supplied, at) VALUES (%s, %s, 13, '12', false, '{}', now())"
)


@contextmanager
def as_web(client_ids: str) -> Iterator[None]:
    """Work as the web application does with these visible clients."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute("SELECT set_config('sanderling.client_ids', %s, true)", [client_ids])
        yield
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT set_config('sanderling.client_ids', '', true)")


@pytest.fixture
def made(db: None) -> list[SecondaryClaim]:
    """A claim of each of two clients, billed to its second payer, and an answer about it."""
    found = []
    for code in ("MINE", "THEIRS"):
        client = Client.objects.create(code=code, name=code, created_at=AT)
        claim = Claim.objects.create(client=client, number="A1", number_key="A1")
        file = OutboundFile.objects.create(
            kind="837P", purpose="secondary", client_id=client.pk, claim_count=1, state="queued",
            queued_at=AT, actor="test",
        )  # fmt: skip
        found.append(
            SecondaryClaim.objects.create(
                claim=claim, client_id=client.pk, party=12, file=file, payment_ids=[],
                charge_cents=1, prior_paid_cents=0, due_cents=1, made_at=AT,
            )
        )  # fmt: skip
        SecondaryAnswer.objects.create(claim=claim, client_id=client.pk, party=12, at=AT)
    return found


def test_each_client_sees_its_own_and_nobody_sees_without_a_client(
    made: list[SecondaryClaim],
) -> None:
    mine = made[0]
    with as_web(f"{{{mine.client_id}}}"):
        assert list(SecondaryClaim.objects.values_list("pk", flat=True)) == [mine.pk]
        assert SecondaryAnswer.objects.get().client_id == mine.client_id
    with as_web("{}"):
        assert not SecondaryClaim.objects.exists()
        assert not SecondaryAnswer.objects.exists()


def test_nothing_is_written_for_another_client_or_about_its_claim(
    made: list[SecondaryClaim],
) -> None:
    mine, theirs = made
    for client_id in (mine.client_id, theirs.client_id):
        for statement, values in (
            (CLAIM, [theirs.claim_id, client_id, mine.file_id]),
            (ANSWER, [theirs.claim_id, client_id]),
        ):
            with (
                pytest.raises(DatabaseError, match="row-level security"),
                as_web(f"{{{mine.client_id}}}"),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement, values)


def test_nothing_of_another_client_is_changed_and_nothing_is_deleted(
    made: list[SecondaryClaim],
) -> None:
    mine, theirs = made
    with as_web(f"{{{mine.client_id}}}"):
        assert SecondaryClaim.objects.filter(pk=theirs.pk).update(state="undone") == 0
    for table in ("resubmission_secondary_claim", "resubmission_secondary_answer"):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            as_web(f"{{{mine.client_id}}}"),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {table}")


def test_what_was_undone_stays_undone(made: list[SecondaryClaim]) -> None:
    SecondaryClaim.objects.filter(pk=made[0].pk).update(state="undone")

    with pytest.raises(DatabaseError, match="it was undone"), transaction.atomic():
        SecondaryClaim.objects.filter(pk=made[0].pk).update(state="sent")
