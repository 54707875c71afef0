"""What is done about prevention every night."""

from __future__ import annotations

import logging
from datetime import datetime

from sanderling.accounts.people import who_may
from sanderling.mirror.reading import MirrorMissing
from sanderling.news.actions import notify
from sanderling.prevention.catching import catch_all
from sanderling.prevention.measuring import measure_all
from sanderling.prevention.models import PreventiveAction, State
from sanderling.prevention.trials import finish_waiting

logger = logging.getLogger(__name__)


def run_nightly(*, at: datetime) -> int:
    """Measure, catch, search what waits, remind. Return how many actions were measured.

    Without a mirror nothing is measured, and what is overdue is told all the same.
    """
    remind_overdue(at=at)
    try:
        measured = measure_all()
    except MirrorMissing:  # the page says that nothing was measured
        logger.info("prevention: no mirror yet, nothing is measured")
        return 0
    catch_all(at=at)
    finish_waiting(at=at)
    return measured


def remind_overdue(*, at: datetime) -> int:
    """Tell the owner of each overdue action, else the leads of its clients, once a week."""
    year, week, _ = at.isocalendar()
    told = 0
    overdue = PreventiveAction.objects.filter(
        state__in=[State.OPEN, State.DOING], due_date__lt=at.date()
    ).order_by("pk")
    for action in overdue:
        days = (at.date() - action.due_date).days
        told += notify(
            user_ids=[action.owner_id] if action.owner_id else _leads(action),
            kind="prevention.overdue",
            key=f"prevention:{action.pk}:overdue:{year}-{week:02d}",
            text=f"Preventive action overdue for {days} day{'' if days == 1 else 's'}:"
            f" {action.title}",
            at=at,
            url=f"/prevention/{action.pk}/",
        )
    return told


def _leads(action: PreventiveAction) -> list[int]:
    """Return the leads and managers who see all clients of the action."""
    seeing = [
        {user.pk for user in who_may("issues.edit", client_id)} for client_id in action.client_ids
    ]
    return sorted(set.intersection(*seeing)) if seeing else []
