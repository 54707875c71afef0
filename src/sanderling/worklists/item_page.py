"""One item for the drawer: why it is open, what its rank says, whom to ask, what was done last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from django.urls import NoReverseMatch, reverse

from sanderling.accounts.models import User
from sanderling.barriers.deadline_bar import deadline_bar
from sanderling.barriers.listing import rows_of_claim
from sanderling.barriers.of_claim import told
from sanderling.core.barriers.rows import SILENT_DETAIL
from sanderling.core.barriers.words import (
    PARTIES,
    action_title,
    barrier_title,
    category_title,
    deadline_title,
    team_title,
)
from sanderling.core.codes.carc import title_of
from sanderling.flags.listing import standing_flag
from sanderling.followup.models import Activity
from sanderling.payers.models import Payer
from sanderling.worklists.list_page import age_days, deadline_mark
from sanderling.worklists.listing import Row
from sanderling.worklists.reasons import reason_sentences

ENTRIES_SHOWN: Final = 5


def item_context(row: Row, *, now: datetime) -> dict[str, Any]:
    """Return what the drawer of an item shows."""
    today = now.date()
    payer = Payer.objects.filter(pk=row["payer_id"]).first() if row["payer_id"] else None
    people = dict(
        User.objects.filter(
            pk__in={row["assignee_id"], row["last_touch_user_id"]} - {None}
        ).values_list("pk", "name")
    )
    return {
        "item": {
            **row,
            "age_days": age_days(row, today),
            "party_text": PARTIES.get(row["party"], ""),
            "barrier_text": barrier_title(row["barrier"]),
            "category_text": category_title(row["category"]),
            "reason_text": title_of(row["reason_code"]) if row["reason_code"] else "",
            "action_text": action_title(row["next_action"]),
            "team_text": team_title(row["team"]),
            "deadline_text": deadline_title(row["deadline_kind"], row["deadline_level"]),
            "deadline_mark": deadline_mark(row, today),
            "owner": people.get(row["assignee_id"], ""),
        },
        "why": _why(row, payer, today),
        "reasons": reason_sentences(row["reasons"], payer=payer.name if payer else ""),
        "payer": payer,
        "entries": latest_entries(row["claim_id"]),
        "links": _links(row),
        "flag": standing_flag(row["claim_id"], now=now),
        "today": today,
    }


def _why(row: Row, payer: Payer | None, today: date) -> Mapping[str, Any] | None:
    """Return the barrier in words with its deadline's bar, None while it is being worked out."""
    for barrier in rows_of_claim(row["claim_id"]):
        if barrier["party"] == row["party"]:
            found = told(
                barrier,
                payer_name=payer.name if payer else "",
                service_date=row["service_date"],
                as_of=today,
            )
            return {**found, "bar": deadline_bar(found, today)}
    if row["detail"] == SILENT_DETAIL:
        silent = {**row, "deadline_rule": "", "evidence": []}
        found = told(
            silent,
            payer_name=payer.name if payer else "",
            service_date=row["service_date"],
            as_of=today,
        )
        return {**found, "bar": deadline_bar(found, today)}
    return None


def latest_entries(claim_id: int) -> list[Activity]:
    """Return what was done about the claim last and stands, the newest first."""
    return list(
        Activity.standing.select_related("user")
        .filter(claim_id=claim_id)
        .order_by("-activity_date", "-pk")[:ENTRIES_SHOWN]
    )


def _links(row: Row) -> dict[str, str]:
    """Return the pages where one goes on from here; those that do not exist are left out."""
    party = f"?party={row['party']}"
    wanted = {
        "claim": ("claim", [row["client_code"], row["claim_number"]], ""),
        "note": ("note-form", [row["claim_id"]], party),
        "call_sheet": ("call-sheet", [row["claim_id"]], party),
        "flag": ("flag-form", [row["claim_id"]], ""),
        "focus": ("work-focus", [row["id"]], ""),
        "task": ("task-form", [], f"?claim={row['claim_id']}&party={row['party']}"),
    }
    found = {}
    for name, (url_name, values, query) in wanted.items():
        try:
            found[name] = reverse(url_name, args=values) + query
        except NoReverseMatch:
            continue
    return found
