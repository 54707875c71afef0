"""Tells machines and people of transfers. Never patient data: client, claim number, amount."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from sanderling.accounts.people import who_may
from sanderling.news.actions import NewEvent, notify, record_events
from sanderling.transfers.models import Transfer
from sanderling.web.templatetags.sanderling import money


def event_of(kind: str, found: Transfer, *, at: datetime) -> None:
    """Record the event."""
    detail = {"transfer": found.pk, "amount_cents": found.amount_cents, "state": found.state}
    record_events(
        [
            NewEvent(
                kind, found.client_id, found.claim_id, found.party, found.payer_id, detail=detail
            )
        ],
        at=at,
    )


def tell_approvers(found: Transfer, *, at: datetime) -> None:
    """Tell those who may approve it and see the client, but not who asked."""
    may = who_may("refunds.approve", found.client_id)
    ids = [one.pk for one in may if one.pk != found.requested_by_id]
    _tell(found, ids, "waits for approval", at=at)


def tell_requester(found: Transfer, said: str, *, at: datetime, but: int) -> None:
    """Tell who asked, unless he did it himself."""
    if found.requested_by_id != but:
        _tell(found, [found.requested_by_id], said, at=at)


def _tell(found: Transfer, user_ids: list[int], said: str, *, at: datetime) -> None:
    name = f"{found.claim.client.code} {found.claim.number}"
    notify(
        user_ids=user_ids,
        kind="transfer",
        key=f"transfer:{found.pk}:{said}",
        text=f"{name}: transfer of {money(found.amount_cents)} to the patient {said}",
        at=at,
        url=reverse("transfer", args=[found.pk]),
        client_id=found.client_id,
        claim_id=found.claim_id,
        amount_cents=found.amount_cents,
    )
