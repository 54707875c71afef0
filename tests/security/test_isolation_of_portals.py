"""Look-ups: one client's own, also beneath the pages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from tests.integration.desk import Desk, acting_as, make_desk

from sanderling.accounts.models import User
from sanderling.portals.models import Lookup, Portal, State

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 15, tzinfo=UTC)
INSERT = (
    "INSERT INTO portals_lookup (portal_id, claim_id, client_id, party, state, asked_at, tries,"
    " reading, fault) VALUES (%s, %s, %s, 11, 'queued', now(), 0, '{}', '')"
)


@pytest.fixture
def desk() -> Desk:
    made = make_desk()
    portal = Portal.objects.create(name="ACME portal", url="https://portal.acme.example/")
    for claim in (made.claim, made.foreign):
        Lookup.objects.create(
            portal=portal, claim=claim, client_id=claim.client_id, party=11, asked_at=AT
        )
    return made


def test_one_sees_the_look_ups_of_ones_own_clients(desk: Desk) -> None:
    with acting_as(desk.specialist):
        assert [one.claim_id for one in Lookup.objects.all()] == [desk.claim.pk]
    with acting_as(desk.stranger):
        assert not Lookup.objects.exists()


def refused_as(user: User, sql: str, values: list[int]) -> None:
    """Do it as the web would; what the database refuses leaves the session usable."""
    with acting_as(user), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.mark.parametrize("is_disguised", [False, True])
def test_no_look_up_of_a_foreign_claim_is_asked_for(desk: Desk, *, is_disguised: bool) -> None:
    Lookup.objects.filter(claim=desk.foreign).update(state=State.CANCELLED)
    client_id = desk.claim.client_id if is_disguised else desk.foreign.client_id
    values = [Portal.objects.get().pk, desk.foreign.pk, client_id]

    with pytest.raises(DatabaseError, match="row-level security"):
        refused_as(desk.specialist, INSERT, values)


def test_the_web_forgets_no_look_up(desk: Desk) -> None:
    with pytest.raises(DatabaseError, match="permission denied"):
        refused_as(desk.specialist, "DELETE FROM portals_lookup", [])
