"""Lists of preventive actions with their latest measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.db.models import Count

from sanderling.clients.queries import client_codes_by_id
from sanderling.prevention.models import (
    UNDONE,
    ActionEffect,
    PreventiveAction,
    State,
)
from sanderling.prevention.words import VERDICTS, effect_sentence

TABS: Final[Mapping[str, str]] = {
    "undone": "All under way",
    **{state.value: str(state.label) for state in State},
}
COLUMNS: Final = (
    *("id", "title", "clients", "kind", "team", "owner", "due_date", "overdue_days", "state"),
    *("effective_date", "verdict", "bad_before", "count_before", "bad_after", "count_after"),
    *("saved_low_cents", "saved_cents", "saved_high_cents", "as_of"),
)
Row = dict[str, Any]


def latest_effects(actions: Sequence[PreventiveAction]) -> dict[int, ActionEffect]:
    """Return the latest measurement of each action since its present day of effect."""
    found: dict[int, ActionEffect] = {}
    days = {action.pk: action.effective_date for action in actions}
    for effect in ActionEffect.objects.filter(action__in=list(days)).order_by("as_of_date"):
        if effect.effective_date == days[effect.action_id]:
            found[effect.action_id] = effect
    return found


def found_actions(tab: str) -> list[PreventiveAction]:
    """Return the actions of a tab that the session may see, the earliest due first."""
    states = UNDONE if tab == "undone" else [tab]
    return list(
        PreventiveAction.objects.filter(state__in=states)
        .select_related("owner", "issue")
        .order_by("due_date", "pk")
    )


def tabs() -> list[Row]:
    """Return each tab with how many actions it has."""
    counts = dict(PreventiveAction.objects.order_by().values_list("state").annotate(Count("pk")))
    counts["undone"] = sum(counts.get(state, 0) for state in UNDONE)
    return [{"key": key, "title": text, "count": counts.get(key, 0)} for key, text in TABS.items()]


def rows_of(actions: Sequence[PreventiveAction], *, today: date) -> list[Row]:
    """Return the rows of a list, in its order."""
    codes = client_codes_by_id()
    effects = latest_effects(actions)
    return [_row(one, effects.get(one.pk), codes, today) for one in actions]


def _row(
    action: PreventiveAction, effect: ActionEffect | None, codes: Mapping[int, str], today: date
) -> Row:
    is_due = action.state in (State.OPEN, State.DOING)
    row: Row = {
        "id": action.pk,
        "title": action.title,
        "issue": action.issue_id,
        "clients": [codes[one] for one in action.client_ids if one in codes],
        "kind": action.kind,
        "kind_text": action.get_kind_display(),
        "team": action.team,
        "team_text": action.get_team_display(),
        "owner": action.owner.name if action.owner else "",
        "due_date": action.due_date,
        "overdue_days": max((today - action.due_date).days, 0) if is_due else 0,
        "state": action.state,
        "state_text": action.get_state_display(),
        "effective_date": action.effective_date,
        "sentence": "",
        "verdict": "",
        "verdict_text": "",
    }
    if effect is not None:
        row |= {
            name: getattr(effect, name)
            for name in (
                *("verdict", "bad_before", "count_before", "bad_after", "count_after"),
                *("saved_low_cents", "saved_cents", "saved_high_cents"),
            )
        }
        row["as_of"] = effect.as_of_date
        row["verdict_text"] = VERDICTS.get(effect.verdict, effect.verdict)  # type: ignore[call-overload]  # a StrEnum's key
        row["sentence"] = effect_sentence(effect, what=action.get_metric_display())
    return row


def totals(rows: Sequence[Row]) -> Row:
    """Return what the proven ones of the rows saved."""
    proven = [row for row in rows if row["state"] == State.PROVEN]
    return {
        name: sum(row.get(name) or 0 for row in proven)
        for name in ("saved_low_cents", "saved_cents", "saved_high_cents")
    }
