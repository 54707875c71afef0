"""From files to edit rules: claims as sent, what the payer decided, what a rule catches of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings
from tests.builders import claims_file, line, paid, remittance_file, rows, sent, standing_inbox

from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.mirror.actions import refresh
from sanderling.prevention import actions as doing
from sanderling.prevention.as_sent import facts_of_claims, sent_claims
from sanderling.prevention.catching import catch_all
from sanderling.prevention.models import EditTrial
from sanderling.prevention.outcomes import decisions
from sanderling.prevention.trials import outcomes_of
from sanderling.tasks.models import Task

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


def test_a_rule_catches_what_was_sent_like_what_is_denied(
    tmp_path: Path, settings: Settings
) -> None:
    settings.SANDERLING_HOME = tmp_path / "home"
    lines = (line("99213", 150, modifiers="25"),)
    with standing_inbox(tmp_path, AT) as inbox:
        inbox.take(
            claims_file(sent("A1", 150), sent("A2", 150, lines=lines), sent("A3", 150)),
            received_date=date(2026, 1, 5),
        )
        inbox.take(
            remittance_file(paid("A1", 150, 0, "CO*197*150"), paid("A2", 150, 100, "CO*45*50")),
            received_date=date(2026, 1, 20),
        )
        refresh(AT.date(), AT)
        client = Client.objects.get()
        numbers = {number: pk for pk, number in rows("SELECT id, number FROM claims_claim")}
        found = decisions("denial", [client.pk], None, from_date=date(2026, 1, 1))
        by_claim = {row["claim_id"]: row for row in found.iter_rows(named=True) if row["procedure"]}
        denied = by_claim.get(numbers["A1"]) or next(
            row for row in found.iter_rows(named=True) if row["claim_id"] == numbers["A1"]
        )
        assert (denied["is_bad"], denied["cents"], denied["carc"]) == (True, 15_000, "CO-197")
        assert denied["decided_date"] == date(2026, 1, 20)
        assert numbers["A3"] not in set(found["claim_id"])
        claims = sent_claims([client.pk], None, from_date=date(2026, 1, 1))
        facts = set(facts_of_claims(claims).rows())
        assert (numbers["A1"], "procedure_bare", "99213") in facts
        assert (numbers["A2"], "procedure_modifier", "99213 25") in facts
        assert (numbers["A1"], "missing", "authorization") in facts
        _catch(client, numbers)


def _catch(client: Client, numbers: dict[str, int]) -> None:
    lead = User.objects.create(email="l@x.test", name="l", role="lead", sees_all_clients=True)
    action = doing.make_action(
        {
            "title": "t", "problem": "p", "root_cause": "coding", "kind": "edit_rule",
            "correction": "c", "team": "coding", "due_date": date(2026, 4, 1), "metric": "denial",
            "scope": {"carc": "CO-197"},
        },
        client_ids=[client.pk], user=lead, at=AT,
    )  # fmt: skip
    told = outcomes_of(action, from_date=date(2026, 1, 1))
    assert dict(told.select("claim_id", "is_bad").iter_rows()) == {
        numbers["A1"]: True,
        numbers["A2"]: False,
    }
    found: dict[str, object] = {
        "conditions": [["procedure_bare", "99213"]],
        "train": {},
        "test": {},
        "before": None,
    }
    trial = EditTrial.objects.create(action=action, asked_at=AT, state="done", candidates=[found])
    rule = doing.keep_rule(trial, 0, user=lead, at=AT)
    doing.set_active(rule, is_active=True, makes_tasks=True, user=lead, at=AT)
    assert catch_all(at=AT) == 0  # what was sent before it watches is not its own
    rule.active_since_date = date(2026, 1, 1)
    rule.save(update_fields=["active_since_date"])
    assert catch_all(at=AT) == 2
    assert catch_all(at=AT) == 0
    caught = dict(rule.catches.values_list("claim_id", "outcome"))
    assert caught == {numbers["A1"]: "bad", numbers["A3"]: ""}
    assert Task.objects.filter(team="coding", kind="coding_review").count() == 2
