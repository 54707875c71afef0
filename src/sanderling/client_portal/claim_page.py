"""One claim as its client reads it: what is owed, where it stands, whose days, what happened."""

from __future__ import annotations

from datetime import date
from typing import Any

from sanderling.barriers.of_claim import stored_barriers
from sanderling.claims.models import Claim
from sanderling.client_portal.words import COLORS, EVENTS, HOLDERS, stands, what_next
from sanderling.core.barriers.words import deadline_title
from sanderling.core.responsibility import CHARGED
from sanderling.receivables.claim import claim_detail
from sanderling.receivables.on_hand import on_hand
from sanderling.receivables.responsibility import clock_of_claim
from sanderling.receivables.work_done import work_done


def claim_facts(claim: Claim, *, today: date) -> dict[str, Any]:
    """Return what the client's page of a claim shows; nothing of what people of the house wrote."""
    there = on_hand(claim.pk)
    work = work_done(claim.pk, as_of=today, sees_notes=False, there=there)
    detail = claim_detail(
        claim,
        as_of=today,
        barriers=stored_barriers(claim.pk, as_of=today, today=today),
        work=work,
        there=there,
    )
    return {
        "claim": claim,
        "detail": detail,
        "parts": [_part(row) for row in detail["barrier"] or []],
        "clock": _clock(claim.pk, today=today),
        "timeline": [
            {
                "date": event["date"],
                "what": EVENTS.get(event["event"], event["event"].capitalize()),
                # How we followed up is the house's way of working; that we did is told.
                "text": "" if event["event"] == "followed up" else event["text"],
                "amount_cents": event["amount_cents"],
            }
            for event in reversed(detail["timeline"])
        ],
    }


def _part(row: dict[str, Any]) -> dict[str, Any]:
    """Return where one party's balance stands."""
    is_patient = row["party"] == "patient"
    has_deadline = row["deadline"] and not row["is_deadline_met"] and not is_patient
    return {
        "party": row["party"],
        "payer_name": row["payer_name"],
        "balance_cents": row["balance_cents"],
        "title": stands(row["barrier"]),
        "text": what_next(row["barrier"]),
        "sentence": row["sentence"],
        "since": row["since"],
        "is_waiting": row["barrier"] == "awaiting_client",
        "deadline": row["deadline"] if has_deadline else None,
        "deadline_text": deadline_title(row["deadline_kind"], row["deadline_level"])
        if has_deadline
        else "",
    }


def _clock(claim_id: int, *, today: date) -> dict[str, Any]:
    """Return the spans with their part of the life, and the days of each holder."""
    clock = clock_of_claim(claim_id, as_of=today)
    first = clock.spans[0].from_date if clock.spans else today
    return {
        "age_days": clock.age_days,
        "holder": HOLDERS[clock.holder] if clock.holder else "",
        "spans": [
            {
                "title": HOLDERS[span.holder],
                "color": COLORS[span.holder],
                "from_date": span.from_date,
                "to_date": span.to_date,
                "x": (span.from_date - first).days,
                "days": span.days,
            }
            for span in clock.spans
        ],
        "days": [
            {
                "title": HOLDERS[holder],
                "color": COLORS[holder],
                "days": days,
                "is_charged": holder in CHARGED,
            }
            for holder, days in sorted(clock.days.items(), key=lambda one: -one[1])
        ],
    }
