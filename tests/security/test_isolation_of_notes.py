"""Notes, promises, escalations, documents: one client's own, added and never changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from tests.integration.desk import AT, CALL, Desk, acting_as, make_desk

from sanderling.claims.models import Claim
from sanderling.followup.actions import withdraw
from sanderling.followup.escalations import escalate
from sanderling.followup.models import Note
from sanderling.followup.notes import record_note
from sanderling.followup.promises import check_promises

TABLES = ("note", "withdrawal", "promise", "promise_outcome", "escalation", "attachment")
# One row about a claim, hanging on a fact: {claim}, {client}, {activity}, {note}.
INSERTS = {
    "note": "INSERT INTO followup_note (claim_id, client_id, activity_id, scenario, result,"
    " disposition, next_action, channel, contact, representative, answers, narrative, minutes,"
    " is_avoidable, user_name, form_key, recorded_at) VALUES ({claim}, {client}, {activity},"
    " 'note', '', '', '', 'call', '', '', '{{}}', 'x', 1, false, '', gen_random_uuid(), now())",
    "addendum": "INSERT INTO followup_note (claim_id, client_id, addendum_of_id, scenario, result,"
    " disposition, next_action, channel, contact, representative, answers, narrative, minutes,"
    " is_avoidable, user_name, form_key, recorded_at) VALUES ({claim}, {client}, {note},"
    " 'addendum', '', '', '', 'call', '', '', '{{}}', 'x', 1, false, '', gen_random_uuid(), now())",
    "withdrawal": "INSERT INTO followup_withdrawal (activity_id, claim_id, client_id, reason,"
    " user_name, recorded_at) VALUES ({activity}, {claim}, {client}, 'x', '', now())",
    "promise": "INSERT INTO followup_promise (activity_id, claim_id, client_id, party, made_date,"
    " promised_date, recorded_at) VALUES ({activity}, {claim}, {client}, 11, '2026-03-05',"
    " '2026-03-09', now())",
    "escalation": "INSERT INTO followup_escalation (claim_id, client_id, party, level_before,"
    " level, reason, contact, reference, user_name, recorded_at) VALUES ({claim}, {client}, 11, 0,"
    " 1, 'x', '', '', '', now())",
    "attachment": "INSERT INTO followup_attachment (note_id, claim_id, client_id, name,"
    " content_type, size_bytes, sha256, is_encrypted, recorded_at) VALUES ({note}, {claim},"
    " {client}, 'x', 'x', 1, 'x', false, now())",
}


def run(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def work(claim: Claim) -> Note:
    """One of each about the claim, and a note that nothing hangs on."""
    kept = record_note(
        claim=claim,
        party=11,
        scenario="approved",
        answers={**CALL, "promised_date": "3/9"},
        user=None,
        at=AT,
    )
    gone = record_note(claim=claim, scenario="in_process", answers=CALL, user=None, at=AT)
    assert gone.activity is not None
    withdraw(gone.activity, user=None, at=AT, reason="x")
    escalate(claim=claim, party=11, level=1, reason="x", user=None, at=AT)
    values = {"claim": claim.pk, "client": claim.client_id, "note": kept.pk}
    run(INSERTS["attachment"].format(**values))
    return record_note(claim=claim, scenario="portal_down", answers={}, user=None, at=AT)


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def test_only_own_facts_are_there(desk: Desk) -> None:
    work(desk.claim)
    work(desk.foreign)
    late = AT + timedelta(days=30)
    check_promises(today=late.date(), at=late)
    for table in TABLES:
        query = f"SELECT DISTINCT client_id FROM followup_{table}"
        assert len(run(query)) == 2, table
        with acting_as(desk.specialist):
            assert run(query) == [(desk.claim.client_id,)], table
        with acting_as(desk.stranger):
            assert run(query) == [], table


@pytest.mark.parametrize("kind", INSERTS)
def test_a_fact_is_added_about_own_claims_and_their_facts_only(kind: str, desk: Desk) -> None:
    mine, theirs = work(desk.claim), work(desk.foreign)
    own = {
        "claim": desk.claim.pk,
        "client": desk.claim.client_id,
        "activity": mine.activity_id,
        "note": mine.pk,
    }
    foreign = {
        "claim": desk.foreign.pk,
        "client": desk.foreign.client_id,
        "activity": theirs.activity_id,
        "note": theirs.pk,
    }
    used = [name for name in own if f"{{{name}}}" in INSERTS[kind]]
    mixtures = [foreign, *({**own, name: foreign[name]} for name in used)]
    for values in mixtures:
        with (
            pytest.raises(DatabaseError, match=r"row-level security|addendum_of_the_same_claim"),
            acting_as(desk.specialist),
            transaction.atomic(),
        ):
            run(INSERTS[kind].format(**values))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {} SET claim_id = claim_id", "DELETE FROM {}"])
def test_history_stays(table: str, statement: str, desk: Desk) -> None:
    work(desk.claim)
    late = AT + timedelta(days=30)
    check_promises(today=late.date(), at=late)
    run("SET CONSTRAINTS ALL IMMEDIATE")
    change = statement.format(f"followup_{table}")
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        acting_as(desk.specialist),
        transaction.atomic(),
    ):
        run(change)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        run(change)


def test_the_web_decides_no_promise(desk: Desk) -> None:
    work(desk.claim)
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        acting_as(desk.specialist),
        transaction.atomic(),
    ):
        run(
            "INSERT INTO followup_promise_outcome (promise_id, claim_id, client_id, state,"
            " paid_cents, decided_date, recorded_at)"
            " SELECT id, claim_id, client_id, 'kept', 1, now(), now() FROM followup_promise"
        )
