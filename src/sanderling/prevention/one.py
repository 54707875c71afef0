"""What the page of one preventive action shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sanderling.claims.models import Claim
from sanderling.core.trends.effects import Verdict
from sanderling.issues.listing import RATE_MIN
from sanderling.issues.models import Issue
from sanderling.prevention.listing import latest_effects, rows_of
from sanderling.prevention.models import (
    STEPS,
    ActionEffect,
    EditRule,
    PreventiveAction,
    State,
    TrialState,
)
from sanderling.prevention.trials import GIVEN_UP_AFTER
from sanderling.prevention.words import condition_words, scope_words

CATCHES_SHOWN: Final = 25
OF_LINES: Final = ("procedure", "code_family", "modifier", "category", "rarc")
STEP_WORDS: Final = {
    ("open", "doing"): "Begin",
    ("doing", "verifying"): "It is in effect: verify",
    ("doing", "open"): "Undo: back to open",
    ("verifying", "proven"): "It is proven",
    ("verifying", "failed"): "It did not help",
    ("verifying", "doing"): "Not in effect after all",
    ("proven", "verifying"): "Undo: verify again",
    ("failed", "verifying"): "Undo: verify again",
    ("failed", "doing"): "Try something else",
    ("cancelled", "open"): "Take the cancellation back",
}


def action_page(action: PreventiveAction, *, at: datetime) -> dict[str, Any]:
    """Return everything that the page shows."""
    effect = latest_effects([action]).get(action.pk)
    weeks = _weeks(effect)
    trial = action.trials.order_by("-pk").first()
    is_fallen = effect is not None and effect.verdict == Verdict.FELL
    return {
        "row": rows_of([action], today=at.date())[0],
        "effect": effect,
        "is_fallen": is_fallen,
        "weeks": weeks,
        "chart": _chart(action, effect, weeks) if weeks else None,
        "scope": scope_words(action),
        "history": list(action.history.select_related("user").order_by("-pk")),
        "steps": [
            {"to": to, "words": STEP_WORDS[action.state, to], "is_forward": at_place == 0}
            for at_place, to in enumerate(STEPS[action.state])
            if to != State.CANCELLED and (to != State.PROVEN or is_fallen)
        ],
        "may_cancel": State.CANCELLED in STEPS[action.state],
        "asks_day": action.state == State.DOING,
        "trial": trial,
        "is_searching": trial is not None
        and trial.state == TrialState.WAITING
        and at - trial.asked_at < GIVEN_UP_AFTER,
        "candidates": _candidates(trial.candidates) if trial else [],
        "edits": [_edit(rule) for rule in action.edits.order_by("pk")],
    }


def _weeks(effect: ActionEffect | None) -> list[dict[str, Any]]:
    if effect is None:
        return []
    rows = []
    for text, count, bad, cents in effect.weeks:
        day = date.fromisoformat(text)
        is_ripe = day + timedelta(days=6 + effect.ripe_days) <= effect.as_of_date
        is_after = day >= effect.effective_date
        is_mixed = day < effect.effective_date < day + timedelta(days=7)
        rows.append(
            {
                "week_date": day,
                "count": count,
                "bad": bad,
                "cents": cents,
                "rate": bad / count if count >= RATE_MIN else None,
                "is_ripe": is_ripe,
                "part": "mixed" if is_mixed else "after" if is_after else "before",
            }
        )
    return rows


def _chart(
    action: PreventiveAction, effect: ActionEffect | None, weeks: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    assert effect is not None  # noqa: S101 - there are weeks
    shown = [week["rate"] if week["is_ripe"] else None for week in weeks]
    young = [week["rate"] if not week["is_ripe"] else None for week in weeks]
    monday = effect.effective_date - timedelta(days=effect.effective_date.weekday())
    series: list[dict[str, Any]] = [
        {"name": action.get_metric_display(), "values": shown, "as": "lines"},
    ]
    if any(value is not None for value in young):
        series.append({"name": "Not all decided yet", "values": young, "as": "points"})
    levels = []
    if effect.expected_rate is not None:
        series.append(
            {
                "name": "Expected without the action",
                "values": [
                    effect.expected_rate if week["part"] == "after" else None for week in weeks
                ],
                "as": "lines",
                "dashed": True,
            }
        )
    if effect.count_before:
        levels.append({"value": effect.bad_before / effect.count_before, "text": "before"})
    return {
        "kind": "lines",
        "unit": "rate",
        "categories": [_title(week["week_date"]) for week in weeks],
        "series": series,
        "levels": levels,
        "marks": [{"at": _title(monday), "text": "action"}]
        if any(week["week_date"] == monday for week in weeks)
        else [],
    }


def _title(day: date) -> str:
    return f"{day:%b} {day.day}, {day:%y}"


def _candidates(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "words": condition_words(one["conditions"])} for one in found]


def _edit(rule: EditRule) -> dict[str, Any]:
    outcomes = list(rule.catches.values_list("outcome", flat=True))
    decided = [outcome for outcome in outcomes if outcome]
    shown = list(rule.catches.order_by("-caught_date", "-pk")[:CATCHES_SHOWN])
    claims = Claim.objects.select_related("client").in_bulk([one.claim_id for one in shown])
    return {
        "rule": rule,
        "words": condition_words(rule.conditions),
        "test": rule.back_test["test"],
        "before": rule.back_test["before"],
        "caught": len(outcomes),
        "decided": len(decided),
        "right": decided.count("bad"),
        "catches": [
            {"catch": one, "claim": claims[one.claim_id]} for one in shown if one.claim_id in claims
        ],
    }


def initial_of(issue: Issue, *, today: date) -> dict[str, object]:
    """Return the values of a form for an issue: what it says of itself."""
    parts = issue.parts.filter(is_hit=True).order_by("client_id")
    since = f" since {issue.onset_date}" if issue.onset_date else ""
    is_rejection = issue.kind == "rejection"
    of_claim = ("carc", "provider", "location", "plan")
    names = of_claim if is_rejection else (*OF_LINES, *of_claim)
    scope = {name: issue.dimensions[name] for name in names if issue.dimensions.get(name)}
    return {
        "title": f"Prevent: {issue.title}",
        "problem": f"{issue.title}{since}. {issue.cause_hypothesis}",
        "clients": list(parts.values_list("client_id", flat=True)),
        "payer": issue.payer_id,
        "metric": "rejection" if is_rejection else "denial",
        "since_date": issue.onset_date,
        "team": issue.team,
        "owner": issue.owner_id,
        "root_cause": "payer" if issue.caused_by == "payer" else "billing",
        "due_date": today + timedelta(days=14),
        **scope,
    }
