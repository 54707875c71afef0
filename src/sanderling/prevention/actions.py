"""What people do with preventive actions: make, change, step; each with its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.core.trends.effects import Verdict
from sanderling.prevention.models import (
    STEPS,
    ActionStep,
    EditRule,
    EditTrial,
    PreventiveAction,
    State,
    TrialState,
)

# What may change after an action is made, with the word for it in the history.
CHANGEABLE: Final[Mapping[str, str]] = {
    "title": "title",
    "problem": "problem",
    "root_cause": "root cause",
    "whys": "whys",
    "containment": "containment",
    "kind": "kind",
    "correction": "correction",
    "team": "team",
    "owner": "owner",
    "due_date": "due date",
    "window_weeks": "verification window",
}
_NOT_PROVEN: Final = {
    Verdict.TOO_EARLY: "too few weeks since the action are decided; it is measured every night",
    Verdict.TOO_FEW: "too little went wrong before the action to compare with",
    Verdict.UNCLEAR: "the interval holds no change: the fall may be chance",
    Verdict.ROSE: "the rate rose",
}


class ActionRefused(Refusal):
    """The action cannot be made or changed so."""


@transaction.atomic
def make_action(
    fields: Mapping[str, Any],
    *,
    client_ids: Sequence[int],
    user: User,
    at: datetime,
    key: str = "",
) -> PreventiveAction:
    """Make an action in state open; the same `key` again returns the one that was made.

    Raises:
        ActionRefused: no client, or due in the past.
    """
    if not client_ids:
        raise ActionRefused("choose at least one client whose claims are to be prevented")
    if fields["due_date"] < at.date():
        raise ActionRefused("the due date is past; choose today or a later day")
    made = PreventiveAction.objects.filter(made_by=user, key=key).first() if key else None
    if made is not None:
        return made
    try:
        with transaction.atomic():
            made = PreventiveAction.objects.create(
                **fields,
                client_ids=sorted(set(client_ids)),
                state=State.OPEN,
                state_at=at,
                made_by=user,
                made_at=at,
                key=key,
            )
    except IntegrityError:
        made = PreventiveAction.objects.filter(made_by=user, key=key).first() if key else None
        if made is None:
            raise
        return made
    ActionStep.objects.create(action=made, to_state=State.OPEN, user=user, at=at)
    _audit(made, "make", at=at, kind=made.kind, team=made.team)
    return made


@transaction.atomic
def change_action(
    action_id: int, fields: Mapping[str, Any], *, user: User, at: datetime
) -> list[str]:
    """Change what may be changed; return the words of what did."""
    action = PreventiveAction.objects.select_for_update().get(pk=action_id)
    changed = [
        name for name in CHANGEABLE if name in fields and getattr(action, name) != fields[name]
    ]
    if not changed:
        return []
    for name in changed:
        setattr(action, name, fields[name])
    action.save(update_fields=changed)
    words = [CHANGEABLE[name] for name in changed]
    ActionStep.objects.create(
        action=action,
        from_state=action.state,
        to_state=action.state,
        user=user,
        at=at,
        note=f"Changed: {', '.join(words)}",
    )
    _audit(action, "change", at=at, fields=changed)
    return words


@transaction.atomic
def take_step(
    action_id: int,
    to_state: str,
    *,
    from_state: str,
    user: User,
    note: str,
    at: datetime,
    effective_date: date | None = None,
) -> PreventiveAction:
    """Move an action from the state that the person saw; a second time it is refused.

    `effective_date`: with the step to verifying, the first day on which claims were prevented.

    Raises:
        ActionRefused: it has left that state, the step does not follow, no day is told, or it is
            called proven and the latest measurement does not show a fall.
    """
    action = PreventiveAction.objects.select_for_update().get(pk=action_id)
    if action.state != from_state:
        now = State(action.state).label.lower()
        raise ActionRefused(f"it is {now} by now, because somebody else moved it; look again")
    if to_state not in STEPS[from_state]:
        raise ActionRefused(f"from {from_state} an action does not become {to_state}")
    if to_state == State.CANCELLED and not note.strip():
        raise ActionRefused("say why it is cancelled")
    if to_state == State.VERIFYING and from_state == State.DOING:
        if effective_date is None or effective_date > at.date():
            raise ActionRefused("say since which day it is in effect, today at the latest")
        action.effective_date = effective_date
        action.save(update_fields=["effective_date"])
    if to_state == State.PROVEN:
        _check_proven(action)
    ActionStep.objects.create(
        action=action,
        from_state=from_state,
        to_state=to_state,
        user=user,
        at=at,
        note=note.strip(),
    )
    if to_state in (State.CANCELLED, State.FAILED):
        action.edits.filter(is_active=True).update(is_active=False)
    _audit(action, "step", at=at, to=to_state)
    action.refresh_from_db()
    return action


def _check_proven(action: PreventiveAction) -> None:
    latest = (
        action.effects.filter(effective_date=F("action__effective_date"))
        .order_by("-as_of_date")
        .first()
    )
    if latest is None:
        raise ActionRefused("nothing has been measured yet; the next measurement is tonight")
    if latest.verdict != Verdict.FELL:
        raise ActionRefused(f"it is not proven: {_NOT_PROVEN[Verdict(latest.verdict)]}")


@transaction.atomic
def ask_for_trial(action: PreventiveAction, *, user: User, at: datetime) -> EditTrial:
    """Ask the worker to search for edit rules; asked while one waits, return that one."""
    try:
        with transaction.atomic():
            trial = EditTrial.objects.create(action=action, asked_by=user, asked_at=at)
    except IntegrityError:
        return EditTrial.objects.get(action=action, state=TrialState.WAITING)
    _audit(action, "search_edits", at=at, trial=trial.pk)
    return trial


@transaction.atomic
def keep_rule(trial: EditTrial, place: int, *, user: User, at: datetime) -> EditRule:
    """Keep a candidate as a rule of the action, not active yet; a second time return it.

    Raises:
        ActionRefused: the trial has no such candidate.
    """
    if not 0 <= place < len(trial.candidates):
        raise ActionRefused("there is no such rule; look at the trial again")
    found = trial.candidates[place]
    rule, is_new = EditRule.objects.get_or_create(
        trial=trial,
        place=place,
        defaults={
            "action": trial.action,
            "conditions": found["conditions"],
            "back_test": {name: found[name] for name in ("train", "test", "before")},
            "made_by": user,
            "made_at": at,
        },
    )
    if is_new:
        _audit(trial.action, "keep_edit", at=at, rule=rule.pk)
    return rule


@transaction.atomic
def set_active(
    rule: EditRule, *, is_active: bool, makes_tasks: bool, user: User, at: datetime
) -> None:
    """Let a rule watch what is sent from today on, or stop it; with or without tasks.

    Raises:
        ActionRefused: its action is cancelled or failed.
    """
    if is_active and rule.action.state in (State.CANCELLED, State.FAILED):
        raise ActionRefused("its action is over; begin the action again first")
    if (rule.is_active, rule.makes_tasks) == (is_active, makes_tasks):
        return
    if is_active and not rule.is_active:
        rule.active_since_date = at.date()
    rule.is_active, rule.makes_tasks = is_active, makes_tasks
    rule.save(update_fields=["is_active", "makes_tasks", "active_since_date"])
    _audit(rule.action, "edit_active", at=at, rule=rule.pk, active=is_active, by=user.pk)


def _audit(action: PreventiveAction, what: str, *, at: datetime, **detail: object) -> None:
    record_event(
        action=f"prevention.{what}",
        at=at,
        client_id=action.client_ids[0] if len(action.client_ids) == 1 else None,
        subject=("preventive_action", action.pk),
        detail=detail,
    )
