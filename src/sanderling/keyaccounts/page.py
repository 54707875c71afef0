"""Shapes the account page and the list of key accounts: words, links, charts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sanderling.accounts.models import User
from sanderling.agreements.models import Agreement
from sanderling.clients.models import Client, Tier
from sanderling.core.barriers.words import barrier_title
from sanderling.core.service_levels import KIND_WORDS, Level
from sanderling.keyaccounts.attainment import FEW, Attained
from sanderling.keyaccounts.models import Picture
from sanderling.workload.links import items_url

SINCE: Final = timedelta(days=90)
LIST_COLUMNS: Final = (
    *("client", "name", "tier", "account_manager", "cash_cents", "should_cents", "gap_cents"),
    *("late", "nearly_late", "met", "decided"),
)
LEVEL_COLUMNS: Final = (
    *("kind", "level", "is_agreed", "goal_percent", "met", "decided", "running", "nearly_late"),
    "late",
)


def account_rows(clients: Sequence[Client], found: Sequence[Attained]) -> list[dict[str, Any]]:
    """Return a row for each key account, what is late first."""
    managers = _managers()
    pictures = {one.client_id: one for one in Picture.objects.all()}
    rows = []
    for client in clients:
        mine = [one for one in found if one.client_id == client.pk]
        numbers = pictures[client.pk].numbers if client.pk in pictures else {}
        met, decided = sum(one.met for one in mine), sum(one.decided for one in mine)
        rows.append(
            {
                "client": client.code,
                "name": client.name,
                "tier": client.tier,
                "account_manager": managers.get(client.pk, ""),
                "has_agreement": client.pk in managers,
                "cash_cents": numbers.get("cash_cents"),
                "should_cents": numbers.get("should_cents"),
                "gap_cents": numbers.get("gap_cents"),
                "late": sum(one.late for one in mine),
                "nearly_late": sum(one.warned for one in mine),
                "met": met,
                "decided": decided,
                "rate": met / decided if decided >= FEW else None,
            }
        )
    return sorted(rows, key=lambda row: (-row["late"], -(row["gap_cents"] or 0), row["client"]))


def key_clients() -> list[Client]:
    """Return the clients of the key tier, and those with an agreement."""
    agreed = Agreement.objects.values_list("client_id", flat=True)
    return list(
        Client.objects.filter(tier=Tier.KEY).union(Client.objects.filter(pk__in=agreed))
    )  # fmt: skip


def level_rows(levels: dict[str, Level], found: Sequence[Attained]) -> list[dict[str, Any]]:
    """Return what was agreed of each kind, how it was kept, and what runs."""
    by_kind = {one.kind: one for one in found}
    rows = []
    for kind, level in levels.items():
        one = by_kind.get(kind)
        decided, met = (one.decided, one.met) if one else (0, 0)
        rate = one.rate if one else None
        rows.append(
            {
                "kind": kind,
                "title": KIND_WORDS[kind],
                "level": level.words,
                "is_agreed": level.is_agreed,
                "goal_percent": level.goal_percent,
                "met": met,
                "decided": decided,
                "rate": rate,
                "is_below": rate is not None and rate < level.goal_percent / 100,
                "running": one.open if one else 0,
                "nearly_late": one.warned if one else 0,
                "late": one.late if one else 0,
            }
        )
    return rows


def answers(client: Client, picture: Picture) -> dict[str, Any]:
    """Return the four answers with their links."""
    numbers = picture.numbers
    before = numbers["cash_before_cents"]
    return {
        **numbers,
        "change": (numbers["cash_cents"] - before) / before if before > 0 else None,
        "change_abs": abs(numbers["cash_cents"] - before) / before if before > 0 else None,
        "reasons": [
            {
                **one,
                "title": barrier_title(one["barrier"]),
                "share": one["expected_cents"] / numbers["gap_cents"]
                if numbers["gap_cents"] > 0
                else None,
                "url": items_url(client=client.code, barrier=one["barrier"]),
            }
            for one in numbers["reasons"]
        ],
        "expected_cents": sum(week[0] for week in numbers["coming"]["weeks"])
        if numbers["coming"]
        else None,
    }


def cash_chart(numbers: dict[str, Any]) -> dict[str, Any]:
    """Return the cash of past weeks, and what is expected of the next, with its band."""
    past, coming = numbers["weeks"], numbers["coming"]
    weeks = coming["weeks"] if coming else []
    gap: list[int | None] = [None] * len(past)
    first = date.fromisoformat(coming["as_of"]) + timedelta(days=1) if coming else date.min
    ahead = [first + timedelta(days=7 * place) for place in range(len(weeks))]
    return {
        "kind": "lines",
        "unit": "cents",
        "categories": [
            f"{day:%b} {day.day}" for day in [*(date.fromisoformat(day) for day, _ in past), *ahead]
        ],
        "series": [
            {"name": "Expected", "values": gap + [one[0] for one in weeks], "dashed": True},
            {
                "name": "Came",
                "values": [cents for _, cents in past] + [None] * len(weeks),
                "as": "bars",
            },
        ],
        "band": {
            "name": "Four of five weeks",
            "low": gap + [one[1] for one in weeks],
            "high": gap + [one[2] for one in weeks],
        },
    }


def gap_chart(reasons: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the gap by why it is open."""
    return {
        "kind": "bars",
        "unit": "cents",
        "horizontal": True,
        "categories": [one["title"] for one in reasons],
        "series": [{"name": "Expected", "values": [one["expected_cents"] for one in reasons]}],
    }


def window(at: datetime) -> datetime:
    """Return since when decided clocks are counted."""
    return at - SINCE


def _managers() -> dict[int, str]:
    """Return the manager's name, perhaps none, of each client with an agreement."""
    latest = Agreement.objects.order_by("client_id", "-number").distinct("client_id")
    rows = dict(latest.values_list("client_id", "account_manager_id"))
    names = dict(User.objects.filter(pk__in=rows.values()).values_list("pk", "name"))
    return {client_id: names.get(user_id, "") for client_id, user_id in rows.items()}
