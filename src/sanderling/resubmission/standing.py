"""Where claims that are sent again stand: with us, in the outbox, with the payer. Lists of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Q, QuerySet

from sanderling.accounts.models import User
from sanderling.core.barriers.words import PARTIES
from sanderling.core.resubmission.kinds import TITLES, Kind
from sanderling.outbox.models import OutboundClaim, Standing
from sanderling.outbox.models import State as FileState
from sanderling.payers.models import Payer
from sanderling.resubmission.models import Resubmission, State
from sanderling.resubmission.policy import PERMISSION

TABS: Final[Mapping[str, str]] = {
    "me": "Waiting for me",
    "drafts": "Drafts",
    "held": "Wait for approval",
    "outbox": "In the outbox",
    "sent": "Sent, no decision",
    "back": "Came back",
}
_SHOWN_DAYS: Final = 183
COLUMNS: Final = (
    "resubmission", "client", "claim", "payer_name", "responsibility", "kind", "reason", "changes",
    "charge_before_cents", "charge_after_cents", "state", "needs", "made_by", "made_at",
    "decided_by", "decided_at", "decision_note", "file",
)  # fmt: skip
# Words and color of what the outbox, and then the other side, says of a queued one.
_FILE_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    FileState.QUEUED: ("In the outbox", "azure"),
    FileState.HELD: ("In the outbox", "azure"),
    FileState.WAITING: ("Ready to be taken", "azure"),
    FileState.SENDING: ("Being sent", "azure"),
    FileState.SENT: ("Sent", "blue"),
    FileState.FAILED: ("Not delivered", "red"),
    FileState.CANCELLED: ("Withdrawn", "secondary"),
}
_CLAIM_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    Standing.RECEIVED: ("Received", "blue"),
    Standing.ACCEPTED: ("Accepted", "blue"),
    Standing.PARTLY: ("Accepted", "blue"),
    Standing.REJECTED: ("Rejected", "red"),
}
_OWN_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    State.DRAFT: ("Draft", "secondary"),
    State.HELD: ("Waits for approval", "yellow"),
    State.DECLINED: ("Not approved", "secondary"),
    State.WITHDRAWN: ("Withdrawn", "secondary"),
}
# The payer's first decision after it went out: paid in cents, or null.
_DECISIONS: Final = """
SELECT r.id, (SELECT p.paid_cents FROM remits_claim_payment p
               WHERE p.claim_id = r.claim_id AND coalesce(p.sequence, 1) = r.party - 10
                 AND NOT p.is_held AND p.status <> '22' AND p.received_date > r.queued_at::date
               ORDER BY p.received_date, p.order_key, p.position LIMIT 1)
  FROM resubmission_resubmission r WHERE r.id = ANY (%s) AND r.queued_at IS NOT NULL
"""


def board(user: User, *, today: date) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each tab that the session may see, what waits longest first.

    What left us is shown for half a year; each claim keeps its own for good.
    """
    since = today - timedelta(days=_SHOWN_DAYS)
    found = Resubmission.objects.filter(
        Q(state__in=[State.DRAFT, State.HELD]) | Q(made_at__date__gte=since)
    )
    tabs: dict[str, list[dict[str, Any]]] = {key: [] for key in TABS}
    may_approve = user.may(PERMISSION)
    for row in rows_of(found.order_by("-made_at", "-pk")):
        tabs[row["place"]].append(row)
        if row["place"] == "held" and row["made_by_id"] != user.pk and may_approve:
            tabs["me"].append(row)
    for key in ("me", "drafts", "held"):
        tabs[key].reverse()
    return tabs


def rows_of_claim(claim_id: int) -> list[dict[str, Any]]:
    """Return how a claim was sent again, the latest first."""
    return rows_of(Resubmission.objects.filter(claim_id=claim_id).order_by("-pk"))


def rows_of(found: QuerySet[Resubmission]) -> list[dict[str, Any]]:
    """Return resubmissions with where they stand, in their order."""
    chosen = list(found.select_related("claim", "claim__client", "made_by", "decided_by", "file"))
    said = {
        (claim.file_id, claim.claim_id): claim.standing
        for claim in OutboundClaim.objects.filter(
            file_id__in={one.file_id for one in chosen if one.file_id}
        )
    }
    payers = Payer.objects.in_bulk({one.payer_id for one in chosen if one.payer_id})
    decisions = _decisions([one.pk for one in chosen])
    return [
        _row(
            one,
            said.get((one.file_id or 0, one.claim_id), ""),
            decisions.get(one.pk),
            payers[one.payer_id].name if one.payer_id in payers else "",
        )
        for one in chosen
    ]


def _decisions(ids: list[int]) -> dict[int, int | None]:
    with connection.cursor() as cursor:
        cursor.execute(_DECISIONS, [ids])
        return dict(cursor.fetchall())


def _row(one: Resubmission, said: str, paid_cents: int | None, payer: str) -> dict[str, Any]:
    place, text, color = _standing(one, said, paid_cents)
    return {
        "resubmission": one.pk,
        "claim_id": one.claim_id,
        "client": one.claim.client.code,
        "claim": one.claim.number,
        "payer_name": payer,
        "party": one.party,
        "responsibility": PARTIES.get(one.party, ""),
        "kind": TITLES[Kind(one.kind)],
        "reason": one.reason,
        "edits": one.edits,
        "changes": "; ".join(
            f"{edit['label']}: {edit['old'] or 'nothing'} -> {edit['new'] or 'nothing'}"
            for edit in one.edits
        ),
        "charge_before_cents": one.charge_before_cents,
        "charge_after_cents": one.charge_after_cents,
        "place": place,
        "state": text,
        "color": color,
        "paid_cents": paid_cents,
        "needs": one.needs,
        "made_by": one.made_by.name if one.made_by else one.actor,
        "made_by_id": one.made_by_id,
        "made_at": one.made_at,
        "decided_by": one.decided_by.name if one.decided_by else "",
        "decided_at": one.decided_at,
        "decision_note": one.decision_note,
        "file": one.file.name if one.file else "",
        "file_id": one.file_id,
    }


def _standing(one: Resubmission, said: str, paid_cents: int | None) -> tuple[str, str, str]:
    """Return the tab, the words and the color."""
    if one.state != State.QUEUED or one.file is None:
        place = {State.DRAFT: "drafts", State.HELD: "held"}.get(State(one.state), "back")
        return (place, *_OWN_WORDS[one.state])
    if paid_cents is not None:
        return ("back", "Paid", "green") if paid_cents > 0 else ("back", "Decided", "orange")
    if said in _CLAIM_WORDS:
        return ("back" if said == Standing.REJECTED else "sent", *_CLAIM_WORDS[said])
    words = _FILE_WORDS[one.file.state]
    if one.file.state == FileState.CANCELLED:
        return ("back", *words)
    is_out = one.file.state == FileState.SENT
    return ("sent" if is_out else "outbox", *words)
