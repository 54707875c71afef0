"""Tells machines and people of write-offs. Never patient data: client, claim number, amount."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.urls import reverse

from sanderling.news.actions import NewEvent, notify, record_events
from sanderling.web.templatetags.sanderling import money
from sanderling.writeoffs.limits import approvers
from sanderling.writeoffs.models import WriteOff


def event_of(kind: str, found: WriteOff, *, at: datetime) -> None:
    """Record the event."""
    detail = {
        "write_off": found.pk,
        "amount_cents": found.amount_cents,
        "reason": found.reason,
        "state": found.state,
    }
    record_events(
        [
            NewEvent(
                kind, found.client_id, found.claim_id, found.party, found.payer_id, detail=detail
            )
        ],
        at=at,
    )


def tell_approvers(found: WriteOff, *, at: datetime, but: Collection[int] = ()) -> None:
    """Tell those who may approve the amount, but who asked and who has approved already."""
    heard = [
        user.pk
        for user in approvers(found.client_id, found.amount_cents)
        if user.pk != found.requested_by_id and user.pk not in but
    ]
    _tell(found, heard, "waits for approval", f"waits:{len(but)}", at=at)


def tell_requester(found: WriteOff, said: str, *, at: datetime, but: int | None) -> None:
    """Tell who asked, unless he did it himself."""
    asker = found.requested_by_id
    if asker is not None and asker != but:
        _tell(found, [asker], said, said, at=at)


def _tell(found: WriteOff, user_ids: list[int], said: str, key: str, *, at: datetime) -> None:
    name = f"{found.claim.client.code} {found.claim.number}"
    notify(
        user_ids=user_ids,
        kind="write_off",
        key=f"write_off:{found.pk}:{key}",
        text=f"{name}: write-off of {money(found.amount_cents)} {said}",
        at=at,
        url=reverse("write-off", args=[found.pk]),
        client_id=found.client_id,
        claim_id=found.claim_id,
        amount_cents=found.amount_cents,
    )
