"""What the page of one write-off shows beside the request itself."""

from __future__ import annotations

from datetime import date
from typing import Any

from sanderling.accounts.models import User
from sanderling.barriers.listing import rows_of_claim
from sanderling.barriers.telling import sentence_of
from sanderling.core.barriers.words import PARTIES, barrier_title
from sanderling.ledger.models import OpenBalance
from sanderling.writeoffs.actions import standing_warnings
from sanderling.writeoffs.limits import PERMISSION, limits_of
from sanderling.writeoffs.listing import rows_of
from sanderling.writeoffs.models import State, WriteOff
from sanderling.writeoffs.policy import requirement


def write_off_facts(found: WriteOff, *, user: User, today: date) -> dict[str, Any]:
    """Return its row, warnings as they are now, approvals, and what the user may do."""
    limits = limits_of(found.client_id)
    needed = requirement(found.amount_cents, limits)
    row = rows_of([found], today=today)[0]
    barrier = next(
        (one for one in rows_of_claim(found.claim_id) if one["party"] == found.party), None
    )
    approvals = list(found.approvals.select_related("user").order_by("at"))
    is_waiting = found.state == State.REQUESTED
    may_decide = user.may(PERMISSION) and user.role in needed.roles
    return {
        "row": row,
        "needed": needed,
        "approvals": approvals,
        "warnings": standing_warnings(found, today=today) if is_waiting else [],
        "barrier_text": barrier_title(barrier["barrier"]) if barrier else "",
        "sentence": sentence_of(barrier, payer_name=row["payer_name"], as_of=today)
        if barrier
        else "",
        "is_own": found.requested_by_id == user.pk,
        "may_decide": is_waiting
        and may_decide
        and found.requested_by_id != user.pk
        and all(one.user_id != user.pk for one in approvals),
        "may_undo": found.state in (State.APPROVED, State.POSTED)
        and user.may(PERMISSION)
        and user.role
        in requirement(max(found.amount_cents, limits.auto_below_cents), limits).roles,
        "may_withdraw": is_waiting and (found.requested_by_id == user.pk or may_decide),
    }


def open_parties(claim_id: int) -> list[dict[str, Any]]:
    """Return the parties of the claim that owe, insurers first."""
    return [
        {
            "party": row.party,
            "title": PARTIES.get(row.party, ""),
            "balance_cents": row.balance_cents,
        }
        for row in OpenBalance.objects.filter(claim_id=claim_id, balance_cents__gt=0).order_by(
            "party"
        )
    ]
