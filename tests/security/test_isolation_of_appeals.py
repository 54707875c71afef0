"""Appeals: one client's own; the database refuses steps out of order and one's own approval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from tests.builders import rows

from sanderling.accounts.models import User
from sanderling.appeals.letters import version_for
from sanderling.appeals.models import (
    Appeal,
    AppealProject,
    ApprovalRule,
    ChecklistMark,
    Evidence,
    Letterhead,
    Packet,
    StatedFact,
)
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.worklists.models import Project

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
TABLES = (
    *("appeals_appeal", "appeals_packet", "appeals_project", "appeals_stated_fact"),
    *("appeals_evidence", "appeals_checklist_mark", "appeals_letterhead"),
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


@pytest.fixture
def users(db: None) -> tuple[User, User]:
    """Who finishes and who approves."""
    writer, lead = (
        User.objects.create(email=f"{name}@x.test", name=name, role="lead") for name in "ab"
    )
    return writer, lead


@pytest.fixture
def appeals(users: tuple[User, User]) -> list[Appeal]:
    """A draft with all that belongs to it, of each of two clients."""
    made = []
    version = version_for("general", at=AT)
    for code in ("MINE", "FOREIGN"):
        client = Client.objects.create(code=code, name=code, created_at=AT)
        claim = Claim.objects.create(client=client, number="C1", number_key="C1")
        common = {"client_id": client.pk}
        one = Appeal.objects.create(
            claim=claim, party=11, case="general", vehicle="reconsideration", asked_cents=100,
            template_version=version, created_at=AT, actor="x", **common,
        )  # fmt: skip
        part = {"appeal": one, "at": AT, **common}
        StatedFact.objects.create(name="facts", value="x", **part)
        Evidence.objects.create(
            title="t", name="n", content_type="application/pdf", size_bytes=1, pages=1,
            sha256="0" * 64, is_encrypted=False, **part,
        )  # fmt: skip
        ChecklistMark.objects.create(item="records", is_there=True, **part)
        Packet.objects.create(
            claim_id=claim.pk, sha256="0" * 64, is_encrypted=False, size_bytes=1, pages=1,
            made_at=AT, **common,
        )  # fmt: skip
        Letterhead.objects.create(changed_at=AT, **common)
        ApprovalRule.objects.create(from_level=2, above_cents=0, **common)
        project = Project.objects.create(name=code, created_at=AT)
        AppealProject.objects.create(
            project=project, case="general", template_version=version, made_at=AT, **common
        )
        made.append(one)
    return made


def refused(
    sql: str, params: Sequence[int | str | None] = (), *, match: str, client: int, user: int = 0
) -> None:
    with (
        pytest.raises(DatabaseError, match=match),
        as_web(f"{{{client}}}", user),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, list(params))


def test_a_client_sees_its_own_rows_and_only_those(appeals: list[Appeal]) -> None:
    for one in appeals:
        for table in (*TABLES, "appeals_approval_rule"):
            with as_web(f"{{{one.client_id}}}"):
                seen = {client for (client,) in rows(f"SELECT client_id FROM {table}")}
            assert seen == {one.client_id}, table
    for visible in ("", "{}"):
        with as_web(visible):
            for table in TABLES:
                assert rows(f"SELECT * FROM {table}") == []


def test_an_appeal_is_of_its_own_clients_claim_and_so_are_its_parts(
    appeals: list[Appeal],
) -> None:
    mine, foreign = appeals
    insert = (
        'INSERT INTO appeals_appeal (claim_id, client_id, party, "case", vehicle, level, state,'
        " why, asked_cents, reason_code, deadline_rule, template_version_id, with_proof,"
        " created_at, actor, approval_reason, channel, tracking, reference, proposed,"
        " proposed_cents, proposed_why, is_automatic, recovered_cents, closing_note)"
        ' SELECT %s, %s, 12, "case", vehicle, level, %s, why, asked_cents, reason_code,'
        " deadline_rule, template_version_id, with_proof, created_at, actor, '', '', '', '', '', 0,"
        " '', false, 0, '' FROM appeals_appeal WHERE id = %s"
    ).replace('\\"', '"')
    client = mine.client_id
    strange: list[int | str | None] = [foreign.claim_id, client, "draft", mine.pk]
    refused(insert, strange, match="row-level", client=client)
    sent: list[int | str | None] = [mine.claim_id, client, "sent", mine.pk]
    refused(insert, sent, match="begins as a draft", client=client)
    fact = (
        "INSERT INTO appeals_stated_fact (appeal_id, client_id, name, value, source_text, at)"
        " VALUES (%s, %s, 'facts', 'x', '', now())"
    )
    refused(fact, [foreign.pk, client], match="there is none|row-level", client=client)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("state = 'sent'", "does not follow"),
        ("state = 'won'", "does not follow"),
        ("state = 'approved'", "there is no packet"),
        ("level = 2", "what it is about does not change"),
        ("claim_id = claim_id + 1", "what it is about does not change|row-level|foreign key"),
    ],
)
def test_steps_come_in_order(appeals: list[Appeal], change: str, match: str) -> None:
    one = appeals[0]
    statement = f"UPDATE appeals_appeal SET {change} WHERE id = {one.pk}"
    refused(statement, match=match, client=one.client_id)


def test_nobody_approves_what_he_finished_nor_for_somebody_else(
    appeals: list[Appeal], users: tuple[User, User]
) -> None:
    one, (writer, lead) = appeals[0], users
    packet = Packet.objects.get(client_id=one.client_id)
    ready = (
        "UPDATE appeals_appeal SET state = 'ready', approval_reason = 'level 2', packet_id = %s,"
        " finished_by_id = %s WHERE id = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(ready, [packet.pk, writer.pk, one.pk])
    approve = "UPDATE appeals_appeal SET state = 'approved', approved_by_id = %s WHERE id = %s"
    client = one.client_id
    refused(approve, [None, one.pk], match="another person must", client=client, user=lead.pk)
    own: list[int | str | None] = [writer.pk, one.pk]
    refused(approve, own, match="approved_by_another", client=client, user=writer.pk)
    other: list[int | str | None] = [lead.pk, one.pk]
    refused(approve, other, match="another person approves", client=client, user=writer.pk)
    with as_web(f"{{{client}}}", lead.pk), connection.cursor() as cursor:
        cursor.execute(approve, [lead.pk, one.pk])
    assert Appeal.objects.get(pk=one.pk).state == "approved"
    # What is finished rests: no fact, no document, no mark changes under it.
    for statement in (
        f"DELETE FROM appeals_evidence WHERE appeal_id = {one.pk}",
        f"UPDATE appeals_checklist_mark SET note = 'y' WHERE appeal_id = {one.pk}",
    ):
        refused(statement, match="it is finished", client=client)


def test_what_was_sent_or_said_stays(appeals: list[Appeal]) -> None:
    client = appeals[0].client_id
    for statement in (
        "UPDATE appeals_stated_fact SET value = 'y'",
        "DELETE FROM appeals_stated_fact",
        "UPDATE appeals_packet SET sha256 = 'y'",
        "DELETE FROM appeals_packet",
        "DELETE FROM appeals_appeal",
        "UPDATE appeals_template_version SET text = 'y'",
        "UPDATE appeals_evidence SET sha256 = 'y'",
        "DELETE FROM appeals_letterhead",
    ):
        refused(statement, match="permission denied", client=client)
