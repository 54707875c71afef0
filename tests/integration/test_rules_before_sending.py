"""Edit rules look at claims made here before they go out: as warnings, by what goes out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from pytest_django import DjangoDbBlocker
from tests.integration.pages import People, Visitor, people_of, text_of
from tests.integration.resubmission_desk import NOW, TODAY, claim, person, send_again, standing_desk

from sanderling.claims.as_sent import documents_of
from sanderling.claims.models import Claim, Submission
from sanderling.clients.models import Client
from sanderling.core.resubmission.kinds import Kind
from sanderling.core.trends.document_facts import facts_of_document, holds
from sanderling.payers.models import Payer
from sanderling.prevention.actions import make_action
from sanderling.prevention.as_sent import facts_of_claims, sent_claims
from sanderling.prevention.models import EditCatch, EditRule, EditTrial
from sanderling.resubmission.models import State
from sanderling.resubmission.preparing import Ready, ready_from_typed, source_of

LACKS = [["missing", "authorization"]]


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    with django_db_blocker.unblock(), standing_desk(tmp_path_factory):
        yield


@pytest.fixture
def people(world: None, db: None) -> People:
    return people_of()


def rule_of(conditions: list[list[str]], *, is_active: bool = True, **action: object) -> EditRule:
    """Make a rule of an action of MINE: right in 34 of 40 claims it had not seen."""
    boss = person(f"boss{EditRule.objects.count()}", "lead")
    made = make_action(
        {
            "title": "Authorizations on the claim", "problem": "p", "root_cause": "billing",
            "kind": "edit_rule", "correction": "c", "team": "billing",
            "due_date": date(2026, 4, 1), "metric": "denial", "scope": {}, **action,
        },
        client_ids=[Client.objects.get(code="MINE").pk], user=boss, at=NOW,
    )  # fmt: skip
    trial = EditTrial.objects.create(action=made, asked_at=NOW, state="done")
    tried = {"held": 40, "right": 34, "precision": 0.85}
    return EditRule.objects.create(
        action=made, trial=trial, place=0, conditions=conditions, back_test={"test": tried},
        is_active=is_active, active_since_date=TODAY if is_active else None, made_at=NOW,
    )  # fmt: skip


def looked_at(number: str, *, kind: Kind | None = None, **typed: str) -> Ready:
    source = source_of(claim(number).pk, 11)
    return ready_from_typed(source, kind=kind, typed=typed, today=TODAY)


def warned(ready: Ready) -> list[tuple[str, str]]:
    return [
        (one.path, one.text)
        for one in ready.findings
        if one.text.startswith("An edit rule") and not one.is_error
    ]


def test_facts_before_sending_are_those_of_the_claim_as_it_was_sent(people: People) -> None:
    client = Client.objects.get(code="MINE")
    sent = sent_claims([client.pk], None, from_date=date(2026, 1, 1))
    facts = facts_of_claims(sent)
    documents = documents_of(sent["submission_id"].to_list())
    assert len(documents) == sent.height > 5
    for submission in Submission.objects.filter(pk__in=documents):
        of = Claim.objects.get(pk=submission.claim_id)
        mine = facts.filter(facts["claim_id"] == of.pk).select("field", "value").rows()
        assert set(mine) == facts_of_document(
            documents[submission.pk], client_id=client.pk, payer_id=submission.payer_id,
            plan=of.plan, location=of.location, provider=of.rendering_npi,
        )  # fmt: skip


def test_a_rule_warns_with_its_reason_and_how_often_it_is_right(people: People) -> None:
    rule = rule_of(LACKS)
    ((path, text),) = warned(looked_at("DENIED", member_id="NEW999"))
    assert path == "authorization"
    assert "no authorization number (REF G1)" in text
    assert "34 of 40 such claims were denied when it was tried (85% right)" in text
    assert "Why: Authorizations on the claim." in text
    for place, outcome in enumerate(("bad", "good", "bad", "")):
        EditCatch.objects.create(
            rule=rule, client_id=rule.action.client_ids[0], claim_id=1, submission_id=place,
            charge_cents=1, caught_date=TODAY, outcome=outcome,
        )  # fmt: skip
    assert "when it was tried, 2 of 3 since" in warned(looked_at("DENIED"))[0][1]


def test_what_is_corrected_is_not_warned_of(people: People) -> None:
    rule_of(LACKS)
    assert warned(looked_at("DENIED", authorization="AUTH77")) == []
    assert warned(looked_at("PAID", kind=Kind.VOID)) == []


def test_only_rules_that_are_on_and_about_the_claim_warn(people: People) -> None:
    rule_of(LACKS, is_active=False)
    rule_of([*LACKS, ["procedure", "00000"]])
    other = Payer.objects.create(payer_id="OTHERPAYER", name="Another", created_at=NOW)
    rule_of(LACKS, payer_id=other.pk)
    rule_of([])
    assert warned(looked_at("DENIED")) == []
    rule_of([*LACKS, ["form", "P"]])
    assert len(warned(looked_at("DENIED"))) == 1


def test_a_warning_keeps_nothing_here_and_the_editor_shows_it(people: People) -> None:
    rule_of(LACKS)
    page = text_of(Visitor(people.specialist).get(f"/resubmissions/claim/{claim('DENIED').pk}/"))
    assert "An edit rule would hold this claim" in page
    assert "85% right" in page
    sent = send_again("DENIED", people.specialist, {"member_id": "NEW999"})
    assert sent.state == State.QUEUED


def test_a_rule_without_conditions_holds_nothing() -> None:
    assert holds([("form", "P")], {("form", "P"), ("payer", "1")})
    assert not holds([("form", "P"), ("payer", "2")], {("form", "P"), ("payer", "1")})
    assert not holds([], {("form", "P")})
