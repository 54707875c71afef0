"""One claim as its client reads it: what is owed, where it stands, whose days, what happened."""

from __future__ import annotations

from datetime import date
from typing import Any

from sanderling.barriers.of_claim import stored_barriers
from sanderling.claims.models import Claim
from sanderling.client_portal.words import EVENTS, HOLDERS, stands, what_next
from sanderling.core.barriers.words import deadline_title
from sanderling.receivables.claim import claim_detail
from sanderling.receivables.clock_page import clock_context
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
        "clock": clock_context(clock_of_claim(claim.pk, as_of=today), HOLDERS),
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
