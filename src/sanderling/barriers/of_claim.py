"""Why one claim is open, party by party: stored for today, kept, or worked out for any day."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any, Final

from django.db import transaction

from sanderling.agreements.schedules import repeat_days
from sanderling.barriers.listing import Row, rows_of_claim, rows_of_claim_on
from sanderling.barriers.loading import open_balances_of
from sanderling.barriers.models import Barrier
from sanderling.barriers.queries import bring_up_to_date
from sanderling.barriers.telling import change_of, sentence_of
from sanderling.barriers.working import classified
from sanderling.core.barriers.words import PARTIES

# Deadlines that count from the service; all others count from what was decided or asked.
_FROM_SERVICE: Final = ("timely_filing", "corrected_claim")
_DECIDED: Final = ("remittance", "reversal", "status")
# ... and filing with the next payer from what the payer before it paid.
_PRIOR: Final = ("prior", "forwarded")
PROOF: Final = "accepted"  # the evidence that a claim was filed in time


def stored_barriers(claim_id: int, *, as_of: date, today: date) -> list[Row] | None:
    """Return what is stored of a claim: everything for today, barrier and category of a week end.

    None for a day that is not kept; row-level security applies.
    """
    if as_of == today:
        return rows_of_claim(claim_id)
    return rows_of_claim_on(claim_id, as_of)


def days_between_touches(claim_id: int, party: int) -> int | None:
    """Return the days between touches by the client's schedule; None: it has none for this."""
    found = Barrier.objects.filter(claim_id=claim_id, party=party)
    return repeat_days(found.values_list("schedule_id", flat=True).first())


def known_barriers(claim_id: int, *, as_of: date, today: date) -> list[Row]:
    """Return the barriers of a claim at the end of any day, by party, in full.

    Today's are brought up to date first, a past day's are worked out from its facts; both may
    write what they learn, so this is for commands, not for pages.
    """
    if as_of == today:
        bring_up_to_date(today)
        return rows_of_claim(claim_id)
    with transaction.atomic():  # the temporary tables of the loading live as long
        found = classified([claim_id], as_of, open_balances_of([claim_id], as_of)).barriers
    return list(found.sort("party").iter_rows(named=True))


def evidence_of(row: Row) -> list[tuple[str, int, int, date]]:
    """Return the facts behind a row: kind, transaction set or activity, segment, day."""
    evidence = row["evidence"]
    parts = json.loads(evidence) if isinstance(evidence, str) else evidence
    return [
        (str(kind), int(number), int(position), date.fromisoformat(day))
        for kind, number, position, day in parts or []
    ]


def told(row: Row, *, payer_name: str, service_date: date | None, as_of: date) -> dict[str, Any]:
    """Return a row with stable keys and in words; the evidence is left to who knows the files."""
    return {
        "party": PARTIES.get(row["party"], ""),
        "payer_name": payer_name,
        "balance_cents": row["balance_cents"],
        "barrier": row["barrier"],
        "category": row["category"],
        "subcategory": row["subcategory"],
        "sentence": sentence_of(row, payer_name=payer_name, as_of=as_of),
        "what_would_change": change_of(row),
        "next_action": row["next_action"],
        "team": row["team"],
        "since": row["since_date"],
        "next_date": row["next_date"],
        "due": row["due_date"],
        "deadline": row["deadline_date"],
        "deadline_kind": row["deadline_kind"],
        "deadline_level": row["deadline_level"],
        "deadline_rule": row["deadline_rule"],
        "deadline_from": clock_start(row, service_date),
        "is_deadline_met": row["is_deadline_met"],
        "cause": row["cause"],
    }


def clock_start(row: Row, service_date: date | None) -> date | None:
    """Return the day that the bar of a deadline begins: the service, or the latest decision.

    It only draws the bar; the deadline itself is the engine's.
    """
    deadline = row["deadline_date"]
    if not isinstance(deadline, date):
        return None
    if row["deadline_kind"] in _FROM_SERVICE:
        start = service_date
    else:
        kinds = _PRIOR if row["deadline_kind"] == "secondary_filing" else _DECIDED
        decided = [day for kind, _, _, day in evidence_of(row) if kind in kinds]
        start = max(decided, default=row["since_date"])
    return start if start is not None and start < deadline - timedelta(days=1) else None
