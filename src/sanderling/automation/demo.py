"""Example rules of a demonstration: two that run, one that watches, the others to be tried."""

from __future__ import annotations

from datetime import datetime, timedelta

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.automation.engine import run_due
from sanderling.automation.evaluating import evaluate
from sanderling.automation.models import Rule, RuleState
from sanderling.automation.rules import Content, save_rule, start_rule
from sanderling.automation.trying import ask_for_dry_run, finish

_DAILY = {"kind": "schedule", "every": "day", "hour": 6}


def ensure_demo_rules(*, at: datetime) -> int:
    """Make the example rules that are missing, a day old, run them and look for alerts.

    Return how many were made. The demo users must be there already. Doing it again makes nothing.
    """
    lead = User.objects.filter(role=Role.LEAD, sees_all_clients=True).order_by("pk").first()
    if lead is None:
        return 0
    made = 0
    since = at - timedelta(days=1)
    for name, content, state in _examples(lead):
        if Rule.objects.filter(name=name).exists():
            continue
        rule = save_rule(rule=None, name=name, content=content, by=lead, at=since)
        finish(ask_for_dry_run(rule, by=lead, at=since).pk, at=since)
        if state is not None:
            start_rule(rule, state, by=lead, at=since)
        made += 1
    run_due(at=at)
    evaluate(at=at)
    return made


def _examples(lead: User) -> list[tuple[str, Content, RuleState | None]]:
    people = User.objects.filter(role=Role.SPECIALIST, is_active=True).order_by("pk")
    specialists = list(people.values_list("pk", flat=True)) or [lead.pk]
    told = {"kind": "notify", "owner": True, "roles": [], "users": []}
    return [
        (
            "Deadline within ten days",
            Content(
                trigger=_DAILY,
                condition="days_to_deadline >= 0 && days_to_deadline <= 10 && balance > 0",
                acts=[{"kind": "tag", "tags": "deadline"}, told],
                rest_days=10,
            ),
            RuleState.LIVE,
        ),
        (
            "Ask by 276 before anybody calls",
            Content(
                trigger=_DAILY,
                condition='barrier == "no_response" && touches == 0 && balance < 5000',
                acts=[{"kind": "status_inquiry"}],
                rest_days=14,
            ),
            RuleState.WATCHING,
        ),
        (
            "Share out new claims",
            Content(
                trigger={"kind": "event", "events": ["item.arrived"]},
                condition='unassigned && party != "patient" && balance > 50',
                acts=[{"kind": "assign", "how": "least", "users": specialists}],
                rest_days=1,
            ),
            None,
        ),
    ]
