"""Tells people of promises that payers did not keep."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from sanderling.followup.promises import Decided
from sanderling.news.actions import notify
from sanderling.worklists.models import WorkItem


def tell_of_broken(broken: list[Decided], *, at: datetime) -> None:
    """Tell the owner of each item; who took the promise where nobody owns it."""
    claims = [one.claim_id for one in broken]
    items = {
        (item.claim_id, item.party): item for item in WorkItem.objects.filter(claim_id__in=claims)
    }
    for one in broken:
        item = items.get((one.claim_id, one.party))
        told = (item.assignee_id if item else None) or one.made_by_id
        if item is None or told is None:
            continue  # settled otherwise, or taken over by an import
        day = one.promised_date.isoformat()
        name = f"{item.client_code} {item.claim_number}"
        notify(
            user_ids=[told],
            kind="promise.broken",
            key=f"promise:{one.claim_id}:{one.party}:{day}",
            text=f"{name}: the payment promised by {day} did not come",
            at=at,
            url=reverse("claim", args=[item.client_code, item.claim_number]),
            client_id=one.client_id,
            claim_id=one.claim_id,
            amount_cents=one.amount_cents,
        )
