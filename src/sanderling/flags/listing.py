"""Lists of flags with what the claim owes now, and one with its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from sanderling.flags.models import Flag, FlagEvent
from sanderling.flags.queries import flag_of_claim
from sanderling.flags.words import (
    COLORS,
    EVENTS,
    FOR_CLIENT,
    LEVELS,
    OURS,
    State,
    Urgency,
    reason_title,
)

TABS: Final[Mapping[str, str]] = {
    "mine": "Mine",
    "ours": "To answer",
    "waiting": "Waits for client",
    "answered": "Answered",
    "done": "Closed",
    "all": "All",
}
COLUMNS: Final = (
    "flag",
    "client",
    "claim",
    "payer_name",
    "balance_cents",
    "reason",
    "urgency",
    "flagged_by",
    "flagged_at",
    "state",
    "owner",
    "due_at",
    "is_late",
    "level",
    "answered_at",
    "closed_at",
)
_OURS: Final = ", ".join(f"'{state.value}'" for state in OURS)
_CONDITIONS: Final[Mapping[str, str]] = {
    "mine": "f.owner_id = %(user)s AND f.state NOT IN ('closed', 'withdrawn')",
    "ours": f"f.state IN ({_OURS})",
    "waiting": "f.state = 'waiting'",
    "answered": "f.state = 'answered'",
    "done": "f.state IN ('closed', 'withdrawn')",
    "open": "f.state NOT IN ('closed', 'withdrawn')",
    "all": "true",
}
_ROWS: Final = """
SELECT f.id AS flag, k.code AS client, f.client_id, c.number AS claim, f.claim_id,
       coalesce(p.name, '') AS payer_name, coalesce(b.cents, 0)::bigint AS balance_cents,
       f.reason, f.urgency, asker.name AS flagged_by, f.flagged_at, f.state,
       coalesce(o.name, '') AS owner, f.due_at,
       coalesce(f.due_at < %(now)s, false) AS is_late, f.level, f.answered_at, f.closed_at,
       f.late_at IS NOT NULL OR coalesce(f.due_at < %(now)s, false) AS was_late
  FROM flags_flag f
  JOIN claims_claim c ON c.id = f.claim_id
  JOIN clients_client k ON k.id = f.client_id
  JOIN accounts_user asker ON asker.id = f.flagged_by_id
  LEFT JOIN accounts_user o ON o.id = f.owner_id
  LEFT JOIN payers_payer p ON p.id = c.payer_id
  LEFT JOIN LATERAL (SELECT sum(balance_cents) AS cents FROM ledger_open_balance l
                      WHERE l.claim_id = f.claim_id) b ON true
"""
# What is late first, then by what is due next; then the newest.
_ORDER: Final = "ORDER BY f.due_at ASC NULLS LAST, f.flagged_at DESC, f.id DESC"
_COUNTS: Final = ", ".join(
    f"count(*) FILTER (WHERE {_CONDITIONS[name]}) AS {name}_n" for name in TABS
)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Attainment:
    """Of the flags answered in some days: how many, and how many of them never late."""

    answered: int
    in_time: int


def flag_rows(
    tab: str, *, user_id: int, now: datetime, client: str = "", claim_id: int | None = None
) -> list[dict[str, Any]]:
    """Return the flags of a tab that the session may see, what is due first."""
    where = [_CONDITIONS[tab]]
    if client:
        where.append("k.code = %(client)s")
    if claim_id is not None:
        where.append("f.claim_id = %(claim)s")
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_ROWS} WHERE {' AND '.join(where)} {_ORDER}",
            {"user": user_id, "now": now, "client": client, "claim": claim_id},
        )
        names = [column.name for column in cursor.description or ()]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [_worded(row, now=now) for row in found]


def tab_counts(*, user_id: int, client: str = "") -> dict[str, int]:
    """Return how many flags each tab holds."""
    where = "k.code = %(client)s" if client else "true"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COUNTS} FROM flags_flag f"  # noqa: S608 - text of ours
            f" JOIN clients_client k ON k.id = f.client_id WHERE {where}",
            {"user": user_id, "client": client},
        )
        (row,) = cursor.fetchall()
    return dict(zip(TABS, map(int, row), strict=True))


def _worded(row: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    return {
        **row,
        "reason_text": reason_title(row["reason"]),
        "urgency_text": Urgency(row["urgency"]).label,
        "state_text": State(row["state"]).label,
        "client_state_text": FOR_CLIENT[row["state"]],
        "color": COLORS[row["state"]],
        "left_text": left_text(row["due_at"], now=now),
        "level_text": LEVELS[row["level"]],
    }


def left_text(due_at: datetime | None, *, now: datetime) -> str:
    """Return how long there is: "in 3 hours", "2 days late"; empty without a clock."""
    if due_at is None:
        return ""
    left = due_at - now
    span = abs(left)
    for size, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        count = int(span / size)
        if count:
            words = f"{count} {name}{'' if count == 1 else 's'}"
            return f"in {words}" if left > timedelta() else f"{words} late"
    return "now"


def standing_flag(claim_id: int, *, now: datetime) -> dict[str, Any] | None:
    """Return the claim's open flag as `flags/banner.html` shows it wherever a claim is worked."""
    flag = flag_of_claim(claim_id)
    if flag is None:
        return None
    return {
        "id": flag.pk,
        "reason": reason_title(flag.reason),
        "is_urgent": flag.urgency == Urgency.URGENT,
        "owner": flag.owner.name if flag.owner else "",
        "state": flag.get_state_display().lower(),
        "due_at": flag.due_at,
        "left": left_text(flag.due_at, now=now),
        "is_late": flag.due_at is not None and flag.due_at < now,
        "level": LEVELS[flag.level],
    }


def history(flag: Flag) -> list[dict[str, Any]]:
    """Return what happened, the oldest first; what is internal only for those who may see it."""
    events = FlagEvent.objects.filter(flag=flag).select_related("user").order_by("at", "pk")
    return [
        {
            "kind": event.kind,
            "at": event.at,
            "name": event.user.name if event.user else "",
            "is_client": event.user is not None and event.user.role == "client_user",
            "did": EVENTS.get(event.kind, event.kind),
            "text": event.text,
            "is_internal": event.is_internal,
            "is_speech": event.kind
            in ("flagged", "message", "note", "asked", "replied", "answered", "reopened"),
        }
        for event in events
    ]


def attainment(client_ids: Sequence[int], *, since: datetime, until: datetime) -> Attainment:
    """Return how the flags of these clients that were first answered in a time fared."""
    found = Flag.objects.filter(
        client_id__in=client_ids, answered_at__gte=since, answered_at__lt=until
    )
    return Attainment(found.count(), found.filter(late_at__isnull=True).count())
