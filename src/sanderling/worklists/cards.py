"""The four numbers above the grid."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from sanderling.followup.models import Activity
from sanderling.worklists.asking import Question
from sanderling.worklists.list_page import short_money
from sanderling.worklists.tallying import Counts


def cards(question: Question, counts: Counts, *, user_id: int) -> list[dict[str, Any]]:
    """Return the cards: due, at risk, waiting for clients, done today of the day's target."""
    scope = "" if question.scope == "all" else f"&scope={question.scope}"

    def card(name: str, title: str, *, is_money: bool) -> dict[str, Any]:
        count = counts.of(name)
        items = f"{count.items:,} claim{'' if count.items == 1 else 's'}"
        dollars = short_money(count.balance_cents)
        return {
            "title": title,
            "url": f"?view={name}{scope}",
            "figure": dollars if is_money else f"{count.items:,}",
            "note": items if is_money else dollars,
        }

    done = done_today(question, user_id=user_id)
    target = settings.TOUCHES_A_DAY
    return [
        card("due", "Due today", is_money=False),
        card("risk", "Deadline within 14 days", is_money=True),
        card("client", "Waiting on client", is_money=True),
        {
            "title": "Done by you today",
            "figure": f"{done} of {target}",
            "note": "claims touched",
            "share": min(done, target),
            "target": target,
        },
    ]


def done_today(question: Question, *, user_id: int) -> int:
    """Return how many claims the user has touched today."""
    return (
        Activity.standing.filter(user_id=user_id, activity_date=question.today)
        .values("claim_id")
        .distinct()
        .count()
    )
