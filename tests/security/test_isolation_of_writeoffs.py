"""Write-offs: one client's own; the database refuses one's own approval and steps out of order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django.plugin import DjangoDbBlocker
from tests import builders
from tests.builders import claims_file, rows, sent, standing_inbox

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.claims.models import Claim
from sanderling.writeoffs.actions import decide, request_write_off
from sanderling.writeoffs.limits import set_limits
from sanderling.writeoffs.models import WriteOff
from sanderling.writeoffs.policy import Limits
from sanderling.writeoffs.posting import post_decided

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
OTHER_NPI, OTHER_TIN = "1245319599", "749999999"
TABLES = (*("writeoffs_write_off", "writeoffs_approval", "writeoffs_limits", "claims_write_off"),)
APPROVE = (
    "INSERT INTO writeoffs_approval (write_off_id, client_id, user_id, at, note)"
    " VALUES (%s, %s, %s, now(), '')"
)
REQUEST = (
    "INSERT INTO writeoffs_write_off (claim_id, party, client_id, amount_cents, reason, note,"
    " evidence, requested_by_id, requested_at, actor, state, approvals_needed, warnings,"
    " client_yes, decision_note)"
    " VALUES (%s, 11, %s, %s, 'bundled', '', '', %s, now(), 'user', %s, %s, '[]', '', '')"
)


@contextmanager
def as_web(client_ids: str, user_id: int = 0) -> Iterator[None]:
    """Work as the web application does, for this user with these visible clients."""
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


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[User, User]]:
    """A waiting, an approved and a posted write-off of each of two clients; limits of each."""
    with django_db_blocker.unblock(), standing_inbox(tmp_path_factory.mktemp("two"), AT) as inbox:
        asker, decider = (
            create_user(
                email=f"{name}@x.test", name=name, role="admin", password="correct-horse-battery",
                sees_all_clients=True,
            )
            for name in ("asker", "decider")
        )  # fmt: skip
        for place, (npi, tin) in enumerate(((builders.NPI, builders.TIN), (OTHER_NPI, OTHER_TIN))):
            inbox.take(
                claims_file(sent("A1", 150), sent("A2", 150), npi=npi, tin=tin, control=100 + place)
            )
        for claim in Claim.objects.select_related("client").order_by("client_id", "number"):
            one = request_write_off(
                claim=claim, party=11, amount_cents=15_000, reason="bundled", note="", user=asker,
                at=AT, despite_warnings=True,
            )  # fmt: skip
            if claim.number == "A1":
                set_limits(claim.client_id, Limits(), needs_second=None)
            else:
                decide(one.pk, approves=True, user=decider, at=AT, despite_warnings=True)
        post_decided(at=AT)
        yield asker, decider


@pytest.fixture
def users(world: tuple[User, User], db: None) -> tuple[User, User]:
    """Who asks and who decides."""
    return world


@pytest.fixture
def waiting(users: tuple[User, User]) -> list[WriteOff]:
    """The waiting write-offs, one of each client; what a test changes is taken back."""
    return list(WriteOff.objects.filter(state="requested").order_by("client_id"))


def refused(
    sql: str, params: Sequence[int | str], *, match: str, client: int, user: int = 0
) -> None:
    with (
        pytest.raises(DatabaseError, match=match),
        as_web(f"{{{client}}}", user),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, params)


def test_a_client_sees_its_own_rows_and_only_those(waiting: list[WriteOff]) -> None:
    for one in waiting:
        for table in TABLES:
            with as_web(f"{{{one.client_id}}}"):
                seen = {client for (client,) in rows(f"SELECT client_id FROM {table}")}
            assert seen == {one.client_id}, table
    for visible in ("", "{}"):
        with as_web(visible):
            for table in TABLES:
                assert rows(f"SELECT * FROM {table}") == []


def test_nobody_approves_his_own_request_nor_for_somebody_else(
    waiting: list[WriteOff], users: tuple[User, User]
) -> None:
    asker, decider = users
    mine, foreign = waiting
    own: Sequence[int | str] = [mine.pk, mine.client_id, asker.pk]
    client = mine.client_id
    refused(APPROVE, own, match="his own request", client=client, user=asker.pk)
    other: Sequence[int | str] = [mine.pk, mine.client_id, decider.pk]
    refused(APPROVE, other, match="another person approves", client=client, user=asker.pk)
    strange: Sequence[int | str] = [foreign.pk, mine.client_id, decider.pk]
    refused(APPROVE, strange, match="there is none", client=client, user=decider.pk)
    # The owner of the tables is refused, too.
    with (
        pytest.raises(DatabaseError, match="his own request"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(APPROVE, own)
    assert mine.approvals.count() == 0


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("state = 'approved'", "approvals are missing"),
        ("state = 'posted'", "does not follow"),
        ("amount_cents = 1", "what was requested does not change"),
        ("requested_by_id = NULL", "what was requested does not change"),
        ("approvals_needed = 0", "what was requested does not change"),
    ],
)
def test_steps_come_in_order(waiting: list[WriteOff], change: str, match: str) -> None:
    one = waiting[0]
    statement = f"UPDATE writeoffs_write_off SET {change} WHERE id = {one.pk}"
    refused(statement, [], match=match, client=one.client_id)


def test_a_request_is_no_more_than_is_owed_and_skips_no_approval(
    waiting: list[WriteOff], users: tuple[User, User]
) -> None:
    mine, foreign = waiting
    asker = users[0].pk
    mine.state = "withdrawn"
    mine.save(update_fields=["state"])
    client = mine.client_id
    cases: tuple[tuple[Sequence[int | str], str], ...] = (
        ([mine.claim_id, client, 15_001, asker, "requested", 1], "more than is owed"),
        ([mine.claim_id, client, 15_000, asker, "approved", 1], "begins as a request"),
        ([mine.claim_id, client, 15_000, asker, "requested", 0], "somebody must approve"),
        ([foreign.claim_id, client, 15_000, asker, "requested", 1], "more than is owed|row-level"),
    )
    for params, match in cases:
        refused(REQUEST, params, match=match, client=client, user=asker)


def test_the_web_role_writes_no_facts_and_forgets_no_approval(waiting: list[WriteOff]) -> None:
    client = waiting[0].client_id
    for statement in (
        "INSERT INTO claims_write_off SELECT * FROM claims_write_off",
        "UPDATE claims_write_off SET amount_cents = 1",
        "DELETE FROM claims_write_off",
        "UPDATE writeoffs_approval SET note = 'x'",
        "DELETE FROM writeoffs_approval",
        "DELETE FROM writeoffs_write_off",
        "INSERT INTO ledger_entry SELECT * FROM ledger_entry",
    ):
        refused(statement, [], match="permission denied", client=client)
