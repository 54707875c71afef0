"""The minutes of a review as PDF: who, what moved, what was decided, who does what by when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sanderling.core.reviews.agenda import AGENDA
from sanderling.documents import render
from sanderling.reviews.listing import people_of, record_of
from sanderling.reviews.models import Review, State
from sanderling.reviews.page import section


def minutes_pdf(review: Review, *, scope: str, day: date) -> bytes:
    """Return the minutes, dated `day`; of a meeting that is not closed marked as a draft.

    Equal records and numbers give equal bytes.
    """
    return render("reviews/minutes", minutes_data(review, scope=scope, day=day))


def minutes_data(review: Review, *, scope: str, day: date) -> dict[str, Any]:
    """Return what the minutes say, as the template reads it."""
    record = record_of(review, today=day)
    pack: Mapping[str, Any] = review.pack or {}
    shaped = {item.key: section(item, pack)["part"] for item in AGENDA}
    zone = ZoneInfo(review.series.time_zone)
    return {
        "title": review.series.name,
        "scope": scope,
        "day": day.isoformat(),
        "as_of": review.as_of_date.isoformat(),
        "since": review.since_date.isoformat() if review.since_date else None,
        "is_draft": review.state != State.CLOSED,
        "begun": _clock(review.begun_at, zone),
        "closed": _clock(review.closed_at, zone),
        "zone": review.series.get_time_zone_display(),
        "closed_by": review.closed_by.name if review.closed_by else "",
        "present": [one.name for one in people_of(review.present)],
        "points": _points(record),
        "actions": [
            {
                "text": row["action"].text,
                "owner": row["action"].owner.name,
                "due": row["action"].due_date.isoformat(),
                "claims": row["claims"],
                "open": row["action"].open_cents,
                "paid": row["paid_cents"],
                "state": row["action"].get_state_display(),
            }
            for row in record["actions"]
        ],
        "before": [
            {name: row[name] for name in ("text", "owner", "due_date", "state_text", "paid_cents")}
            for row in shaped["actions"].get("rows", [])
        ],
        "bridge": _bridge(shaped["movement"]),
        "cash": _cash(shaped["cash"]),
        "figures": [
            {name: row[name] for name in ("title", "value", "of", "before")}
            for row in shaped["scorecard"].get("figures", [])
            if row["is_known"]
        ],
        "sums": _sums(pack),
    }


def _clock(at: Any, zone: ZoneInfo) -> str:  # noqa: ANN401 - an instant or none
    return at.astimezone(zone).strftime("%H:%M") if at else ""


def _points(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return decisions and notes by point of the agenda, points without any left out."""
    found = []
    for item in AGENDA:
        texts = {
            kind: [one["entry"].text for one in record[kind] if one["entry"].item == item.key]
            for kind in ("decisions", "notes")
        }
        if texts["decisions"] or texts["notes"]:
            found.append({"title": item.title, **texts})
    return found


def _bridge(part: Mapping[str, Any]) -> dict[str, Any] | None:
    if not part.get("has_bridge"):
        return None
    table = part["tables"][0]
    return {
        "columns": part["columns"],
        "rows": [
            {name: row[name] for name in ("title", "opening", "cells", "moved", "closing")}
            for row in (*table["rows"], table["total"])
        ],
        "is_tied": part["tie"]["is_tied"],
    }


def _cash(part: Mapping[str, Any]) -> dict[str, Any] | None:
    if not part.get("run"):
        return None
    said = part["forecast"]
    return {
        "from": part["week_from"],
        "to": part["week_to"],
        "came": part["came_cents"],
        "expected": said["expected_cents"] if said else None,
        "low": said["low_cents"] if said else None,
        "high": said["high_cents"] if said else None,
    }


def _sums(pack: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the sums that the meeting saw beside the bridge: what, how many, how much."""
    if not pack:
        return []
    appeals = {one["key"]: one for one in pack["appeals"]["tabs"]}
    rows = (
        ("Over 90 days, insurers", None, pack["payers"]["over_90_cents"]),
        ("Stuck claims", pack["stuck"]["count"], pack["stuck"]["cents"]),
        ("Denied in the last week", pack["denials"]["count"], pack["denials"]["cents"]),
        ("Deadlines within 30 days", pack["deadlines"]["count"], pack["deadlines"]["cents"]),
        ("Without an answer", pack["silence"]["count"], pack["silence"]["cents"]),
        ("Broken promises", pack["silence"]["broken_count"], pack["silence"]["broken_cents"]),
        ("Appeals with payers", appeals["payer"]["count"], appeals["payer"]["cents"]),
        ("Credits", pack["credits"]["count"], pack["credits"]["cents"]),
        ("Write-offs that wait", pack["write_offs"]["count"], pack["write_offs"]["cents"]),
        ("Open issues, at stake", pack["issues"]["count"], pack["issues"]["cents"]),
    )
    return [{"title": title, "count": count, "cents": cents} for title, count, cents in rows]
