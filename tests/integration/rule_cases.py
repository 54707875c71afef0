"""Rules for tests: made, tried and let run in one call."""

from __future__ import annotations

from typing import Any

from tests.integration.work_items import AT

from sanderling.accounts.models import User
from sanderling.automation.models import Rule, RuleState
from sanderling.automation.rules import Content, save_rule, start_rule
from sanderling.automation.trying import ask_for_dry_run, finish

DAILY = {"kind": "schedule", "every": "day", "hour": 13}  # an hour after AT
TAG = {"kind": "tag", "tags": "seen"}


def on(*events: str) -> dict[str, Any]:
    """Return the trigger of events."""
    return {"kind": "event", "events": sorted(events)}


def content(condition: str = "true", **more: Any) -> Content:
    """Return a content: daily, tags, unless a test says otherwise."""
    more.setdefault("trigger", DAILY)
    more.setdefault("acts", [TAG])
    return Content(condition=condition, **more)


def live_rule(name: str, by: User, condition: str = "true", **more: Any) -> Rule:
    """Save a rule, try it over history and let it run."""
    state = more.pop("state", RuleState.LIVE)
    rule = save_rule(rule=None, name=name, content=content(condition, **more), by=by, at=AT)
    finish(ask_for_dry_run(rule, by=by, at=AT).pk, at=AT)
    return start_rule(rule, state, by=by, at=AT)
