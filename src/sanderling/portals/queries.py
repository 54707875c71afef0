"""The directory of payers, what is open with each, and the look-ups."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django.db import connection
from django.db.models import Count, QuerySet

from sanderling.accounts.secrets import is_there
from sanderling.core.barriers.words import barrier_title, category_title
from sanderling.core.followup.scripts import ALWAYS, call_script
from sanderling.payers.models import Payer
from sanderling.portals.adapters import adapters
from sanderling.portals.models import Lookup, Portal, State
from sanderling.portals.reading import WORDS

TABS: Final = {
    "waiting": ("Waiting", (State.QUEUED, State.LOOKING)),
    "person": ("Need a person", (State.UNCLEAR, State.FAILED)),
    "done": ("Looked up", (State.FOUND, State.NOT_FOUND)),
    "cancelled": ("Cancelled", (State.CANCELLED,)),
}
COLUMNS: Final = (
    *("look_up", "client", "claim", "party", "payer", "portal", "state", "shown", "paid_date"),
    *("paid_cents", "trace", "reason_code", "fault", "asked_by", "asked_at", "ended_at"),
)
PARTIES: Final = {11: "primary", 12: "secondary", 13: "tertiary"}
_OPEN: Final = """
SELECT payer_id, count(*), sum(balance_cents)::bigint
  FROM worklists_work_item WHERE balance_cents > 0 AND party < 14 AND payer_id IS NOT NULL
 GROUP BY payer_id
"""
_WHY: Final = """
SELECT barrier, category, count(*), sum(balance_cents)::bigint
  FROM worklists_work_item
 WHERE payer_id = %s AND balance_cents > 0 AND party < 14
 GROUP BY barrier, category ORDER BY 4 DESC
"""


def directory() -> list[dict[str, Any]]:
    """Return a row for each payer: how to reach it, its portal, what is open with it."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN)
        open_with = {payer_id: (count, cents) for payer_id, count, cents in cursor.fetchall()}
    rows = []
    for payer in Payer.objects.select_related("portal_entry__portal").order_by("name", "pk"):
        entry = getattr(payer, "portal_entry", None)
        claims, cents = open_with.get(payer.pk, (0, 0))
        rows.append(
            {
                "payer": payer,
                "portal": entry.portal if entry else None,
                "claims": claims,
                "open_cents": cents,
            }
        )
    return sorted(rows, key=lambda row: -row["open_cents"])


def what_to_ask(payer: Payer) -> list[dict[str, Any]]:
    """Return why balances are open with the payer, largest first, with the questions for each."""
    with connection.cursor() as cursor:
        cursor.execute(_WHY, [payer.pk])
        found = cursor.fetchall()
    return [
        {
            "barrier": barrier,
            "category": category,
            "title": barrier_title(barrier) + (f": {category_title(category)}" if category else ""),
            "claims": claims,
            "open_cents": cents,
            "questions": (*call_script(barrier, category), *ALWAYS),
        }
        for barrier, category, claims, cents in found
    ]


def portal_facts(portal: Portal, *, today: date) -> dict[str, Any]:
    """Return what a portal's page shows beside its form: whether it can work, and its numbers."""
    adapter = adapters().get(portal.adapter)
    counts = dict(
        Lookup.objects.filter(portal=portal).values_list("state").annotate(count=Count("pk"))
    )
    return {
        "adapter": adapter,
        "fault": adapter.fault() if adapter else "",
        "has_user": bool(portal.user_reference) and is_there(portal.user_reference),
        "has_password": bool(portal.password_reference) and is_there(portal.password_reference),
        "made_today": Lookup.objects.filter(portal=portal, begun_at__date=today).count(),
        "waiting": counts.get(State.QUEUED, 0) + counts.get(State.LOOKING, 0),
        "settled": counts.get(State.FOUND, 0) + counts.get(State.NOT_FOUND, 0),
        "unclear": counts.get(State.UNCLEAR, 0) + counts.get(State.FAILED, 0),
    }


def lookups(tab: str) -> QuerySet[Lookup]:
    """Return the look-ups of a tab, latest first."""
    return (
        Lookup.objects.filter(state__in=TABS[tab][1])
        .select_related("claim", "claim__client", "portal", "asked_by")
        .order_by("-asked_at", "-pk")
    )


def counts() -> dict[str, int]:
    """Return how many look-ups each tab has."""
    found = dict(Lookup.objects.values_list("state").annotate(count=Count("pk")))
    return {tab: sum(found.get(state, 0) for state in states) for tab, (_, states) in TABS.items()}


def rows_of(found: Iterable[Lookup]) -> list[dict[str, Any]]:
    """Return a row (COLUMNS, and what a page needs besides) for each look-up."""
    rows = []
    for one in found:
        reading = one.reading
        rows.append(
            {
                "look_up": one.pk,
                "client": one.claim.client.code,
                "claim": one.claim.number,
                "claim_id": one.claim_id,
                "party": PARTIES.get(one.party, ""),
                "party_number": one.party,
                "payer": _payer_name(one),
                "portal": one.portal.name,
                "portal_url": one.portal.url,
                "state": str(one.state),
                "state_text": one.get_state_display(),
                "shown": WORDS.get(reading.get("shown", ""), ""),
                "paid_date": reading.get("paid_date", ""),
                "paid_cents": reading.get("paid_cents"),
                "trace": reading.get("trace", ""),
                "reason_code": reading.get("reason_code", ""),
                "fault": one.fault,
                "asked_by": one.asked_by.name if one.asked_by else "",
                "asked_at": one.asked_at.isoformat(),
                "ended_at": one.ended_at.isoformat() if one.ended_at else "",
            }
        )
    return rows


def _payer_name(one: Lookup) -> str:
    claim = one.claim
    payer = {11: claim.payer, 12: claim.secondary_payer, 13: claim.tertiary_payer}.get(one.party)
    return payer.name if payer else ""
