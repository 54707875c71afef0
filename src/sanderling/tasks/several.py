"""Acts on several tasks, and the days each team has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.tasks.actions import assign_task
from sanderling.tasks.checking import TaskRefused
from sanderling.tasks.models import TeamRule
from sanderling.tasks.people import due_days_of_teams

DAYS_MAX: Final = 90


def assign_tasks(
    task_ids: Iterable[int], *, assignee: User | None, user: User, at: datetime
) -> tuple[int, list[str]]:
    """Give each task to somebody (None: to its team); one that is refused stops no other.

    Return how many are his now, and a sentence for each that was refused.
    """
    done = 0
    refused = []
    for task_id in sorted(set(task_ids)):
        try:
            assign_task(task_id, assignee=assignee, user=user, at=at)
        except TaskRefused as refusal:
            refused.append(str(refusal))
        else:
            done += 1
    return done, refused


@transaction.atomic
def set_due_days(days: Mapping[str, str], *, at: datetime) -> int:
    """Set how many days teams have for an answer; return how many were changed.

    Raises:
        TaskRefused: an unknown team, or no number from 0 to 90; nothing is changed then.
    """
    standing = due_days_of_teams()
    changed = {}
    for team, text in days.items():
        if team not in standing:
            raise TaskRefused(f"there is no team {team}")
        if not text.strip().isdecimal() or int(text) > DAYS_MAX:
            raise TaskRefused(f"the days of a team are a number from 0 to {DAYS_MAX}")
        if int(text) != standing[team]:
            changed[team] = int(text)
    for team, number in changed.items():
        TeamRule.objects.update_or_create(team=team, defaults={"due_days": number})
        record_event(
            action="team_rule.change",
            at=at,
            subject=("team", team),
            detail={"due_days": [standing[team], number]},
        )
    return len(changed)
