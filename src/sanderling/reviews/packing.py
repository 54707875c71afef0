"""Puts a pack together: every part of the agenda, asked of the rooms that know it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from sanderling.barriers.asking import kept_day_before
from sanderling.reviews import case_blocks, money_blocks, work_blocks
from sanderling.reviews.frame import Block, Frame
from sanderling.reviews.models import Action, ActionState, Entry, EntryKind, Review
from sanderling.reviews.movement import balances_on, compared_with
from sanderling.reviews.results import results_of
from sanderling.reviews.seeing import seeing_only

_BLOCKS: Final[Mapping[str, Callable[[Frame], Block]]] = {
    "scorecard": money_blocks.scorecard,
    "movement": money_blocks.movement_of,
    "cash": money_blocks.cash,
    "payers": money_blocks.payers,
    "stuck": work_blocks.stuck,
    "denials": case_blocks.new_denials,
    "deadlines": work_blocks.deadlines,
    "silence": work_blocks.silence,
    "underpayments": case_blocks.underpayments,
    "appeals": case_blocks.appeals,
    "clients": money_blocks.clients,
    "credits": case_blocks.credits_of,
    "write_offs": case_blocks.write_offs,
    "issues": case_blocks.issues,
    "team": work_blocks.team,
}


def make_pack(review: Review, *, today: date) -> tuple[Block, date | None]:
    """Return the pack of a review and the day that it compares with; writes nothing.

    All of it is asked as somebody who sees the review's clients and no other.
    """
    before = (
        Review.objects.filter(series=review.series_id, as_of_date__lt=review.as_of_date)
        .exclude(made_at=None)
        .order_by("-as_of_date")
        .first()
    )
    since = compared_with(review.as_of_date, last_as_of=before.as_of_date if before else None)
    days = [day for day in (since, review.as_of_date) if day is not None]
    # Days that are neither today nor kept are worked out with the rights of the installation.
    frames = {
        day: balances_on(day, today=today, client_ids=review.client_ids)
        for day in days
        if not _is_stored(day, today)
    }
    with seeing_only(review.client_ids):
        for day in days:
            if day not in frames:
                frames[day] = balances_on(day, today=today, client_ids=review.client_ids)
        frame = Frame(
            as_of=review.as_of_date,
            since=since,
            today=today,
            client_ids=tuple(review.client_ids),
            closing=frames[review.as_of_date],
            opening=frames[since] if since is not None else None,
        )
        pack: Block = {name: block(frame) for name, block in _BLOCKS.items()}
        pack["actions"] = actions_block(review, before, today=today)
    return pack, since


def _is_stored(day: date, today: date) -> bool:
    return day == today or kept_day_before(day) == day


def actions_block(review: Review, before: Review | None, *, today: date) -> Block:
    """Return what is still to be done of the series, what ended since, and what it brought."""
    mine = Action.objects.filter(series=review.series_id).select_related("owner", "review")
    still = list(mine.filter(state=ActionState.OPEN).order_by("due_date", "pk"))
    since = before.made_at if before is not None else None
    ended = list(
        mine.exclude(state=ActionState.OPEN).filter(ended_at__gt=since).order_by("-ended_at", "pk")
        if since
        else []
    )
    found = results_of([*still, *ended])
    decided = (
        Entry.objects.filter(review=before, kind=EntryKind.DECISION, strike=None).order_by("pk")
        if before is not None
        else []
    )
    rows = [_action(one, found[one.pk].paid_cents, today) for one in [*still, *ended]]
    return {
        "before": before.as_of_date if before else None,
        "rows": rows,
        "open_count": len(still),
        "overdue_count": sum(row["is_overdue"] for row in rows),
        "done_count": sum(one.state == ActionState.DONE for one in ended),
        "paid_cents": sum(row["paid_cents"] for row in rows),
        "decisions": [{"item": one.item, "text": one.text} for one in decided],
    }


def _action(one: Action, paid_cents: int, today: date) -> dict[str, Any]:
    return {
        "id": one.pk,
        "text": one.text,
        "item": one.item,
        "owner": one.owner.name,
        "due_date": one.due_date,
        "decided": one.review.as_of_date,
        "state": one.state,
        "state_text": one.get_state_display(),
        "is_overdue": one.state == ActionState.OPEN and one.due_date < today,
        "claims": len(one.claim_ids),
        "open_cents": one.open_cents,
        "paid_cents": paid_cents,
        "result": one.result,
    }


def last_sunday(today: date) -> date:
    """Return the Sunday before `today`: the end of the last whole week."""
    return today - timedelta(days=(today.weekday() + 1) % 7 or 7)
