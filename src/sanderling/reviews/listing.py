"""Lists of reviews and of what they decided; only with what the session may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sanderling.accounts.models import User
from sanderling.clients.queries import client_codes_by_id
from sanderling.core.reviews.agenda import BY_KEY
from sanderling.reviews.models import (
    Action,
    ActionState,
    Entry,
    EntryKind,
    Review,
    Series,
)
from sanderling.reviews.results import results_of

REVIEWS_SHOWN: Final = 26
ENDED_SHOWN: Final = 20
COLUMNS: Final = (
    *("review", "name", "clients", "is_whole_book", "as_of_date", "since_date", "state"),
    *("opening_cents", "closing_cents", "change_cents", "decisions", "actions"),
)
Row = dict[str, Any]


def series_rows() -> list[Row]:
    """Return the series that may be seen, those that are held first, with their latest review."""
    codes = client_codes_by_id()
    found = []
    for one in Series.objects.order_by("-is_active", "name", "pk"):
        latest = one.reviews.order_by("-as_of_date").first()
        found.append(
            {
                "series": one,
                "scope": scope_text(one.client_ids, codes, is_whole_book=one.is_whole_book),
                "latest": latest,
            }
        )
    return found


def scope_text(client_ids: Sequence[int], codes: dict[int, str], *, is_whole_book: bool) -> str:
    """Return over which clients it is, in short."""
    if is_whole_book:
        return f"the whole book, {len(client_ids)} clients"
    names = [codes[one] for one in client_ids if one in codes]
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")  # noqa: PLR2004


def review_rows(*, limit: int = REVIEWS_SHOWN) -> list[Row]:
    """Return the latest reviews with what moved and what was decided, the latest day first."""
    codes = client_codes_by_id()
    found = list(
        Review.objects.select_related("series").order_by("-as_of_date", "series__name", "pk")[
            :limit
        ]
    )
    entries = Entry.objects.filter(review__in=found, kind=EntryKind.DECISION, strike=None)
    decisions = _counts(list(entries.values_list("review_id", flat=True)))
    actions = _counts(
        list(Action.objects.filter(review__in=found).values_list("review_id", flat=True))
    )
    return [_row(one, codes, decisions, actions) for one in found]


def _counts(ids: Sequence[int]) -> dict[int, int]:
    return {one: ids.count(one) for one in set(ids)}


def _row(
    one: Review, codes: dict[int, str], decisions: dict[int, int], actions: dict[int, int]
) -> Row:
    moved = (one.pack or {}).get("movement", {})
    total = moved.get("total", {})
    opening, closing = total.get("opening_cents"), total.get("closing_cents")
    return {
        "review": one.pk,
        "name": one.series.name,
        "clients": [codes[pk] for pk in one.client_ids if pk in codes],
        "scope": scope_text(one.client_ids, codes, is_whole_book=one.is_whole_book),
        "is_whole_book": one.is_whole_book,
        "as_of_date": one.as_of_date,
        "since_date": one.since_date,
        "meets_at": one.meets_at,
        "state": one.state,
        "state_text": one.get_state_display(),
        "opening_cents": opening,
        "closing_cents": closing if total else moved.get("closing_cents"),
        "change_cents": closing - opening if total else None,
        "decisions": decisions.get(one.pk, 0),
        "actions": actions.get(one.pk, 0),
    }


def action_rows(actions: Sequence[Action], *, today: date) -> list[Row]:
    """Return actions with what insurers paid on their claims since."""
    results = results_of(actions)
    return [
        {
            "action": one,
            "item_title": BY_KEY[one.item].title,
            "is_overdue": one.state == ActionState.OPEN and one.due_date < today,
            "overdue_days": max((today - one.due_date).days, 0)
            if one.state == ActionState.OPEN
            else 0,
            "claims": len(one.claim_ids),
            "paid_cents": results[one.pk].paid_cents,
            "still_open_cents": results[one.pk].open_cents,
        }
        for one in actions
    ]


def open_actions() -> list[Action]:
    """Return the open actions of all reviews that may be seen, the earliest due first."""
    return list(
        Action.objects.filter(state=ActionState.OPEN)
        .select_related("owner", "review", "series")
        .order_by("due_date", "pk")
    )


def ended_actions() -> list[Action]:
    """Return the actions that ended last."""
    return list(
        Action.objects.exclude(state=ActionState.OPEN)
        .select_related("owner", "review", "series")
        .order_by("-ended_at", "-pk")[:ENDED_SHOWN]
    )


def record_of(review: Review, *, today: date) -> dict[str, Any]:
    """Return what a meeting recorded: decisions and notes in order, actions with their results."""
    entries: list[Row] = [
        {"entry": one, "item_title": BY_KEY[one.item].title}
        for one in review.entries.filter(strike=None).select_related("user").order_by("pk")
    ]
    actions = list(
        review.actions.select_related("owner", "review", "series").order_by("due_date", "pk")
    )
    return {
        "decisions": [one for one in entries if one["entry"].kind == EntryKind.DECISION],
        "notes": [one for one in entries if one["entry"].kind == EntryKind.NOTE],
        "actions": action_rows(actions, today=today),
    }


def people_of(user_ids: Sequence[int]) -> list[User]:
    """Return these people by name."""
    return list(User.objects.filter(pk__in=user_ids).order_by("name", "pk"))
