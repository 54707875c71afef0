"""Status inquiries that wait to be written as a 276, once for each claim and payer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import connection

from sanderling.accounts.models import User
from sanderling.worklists.models import InquiryState, StatusInquiry
from sanderling.worklists.targets import Target

_QUEUE: Final = """
INSERT INTO worklists_status_inquiry
    (client_id, claim_id, party, payer_id, state, asked_by_id, asked_at)
SELECT client_id, claim_id, party, payer_id, 'queued', %s, %s
  FROM unnest(%s::int[], %s::bigint[], %s::smallint[], %s::int[])
       AS asked (client_id, claim_id, party, payer_id)
    ON CONFLICT (claim_id, party) WHERE state = 'queued' DO NOTHING
RETURNING claim_id, party, id
"""


def queue_inquiries(
    targets: Sequence[Target], *, user: User | None, at: datetime
) -> dict[int, int]:
    """Queue an inquiry for each item that has none waiting; return the new ones by item."""
    with connection.cursor() as cursor:
        cursor.execute(
            _QUEUE,
            [
                *(user.pk if user else None, at),
                [one.client_id for one in targets],
                [one.claim_id for one in targets],
                [one.party for one in targets],
                [one.payer_id for one in targets],
            ],
        )
        made = {(claim_id, party): pk for claim_id, party, pk in cursor.fetchall()}
    return {
        one.item_id: made[one.claim_id, one.party]
        for one in targets
        if (one.claim_id, one.party) in made
    }


def withdraw_inquiries(inquiry_ids: Sequence[int], *, at: datetime) -> set[int]:
    """Take back those that nobody has written yet; return which."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE worklists_status_inquiry SET state = %s, closed_at = %s"
            " WHERE id = ANY (%s) AND state = %s RETURNING id",
            [InquiryState.WITHDRAWN, at, list(inquiry_ids), InquiryState.QUEUED],
        )
        return {pk for (pk,) in cursor.fetchall()}


def mark_written(inquiry_ids: Sequence[int], *, at: datetime) -> int:
    """Say that these stand in a 276 that was written; return how many were waiting for it."""
    return StatusInquiry.objects.filter(pk__in=inquiry_ids, state=InquiryState.QUEUED).update(
        state=InquiryState.WRITTEN, closed_at=at
    )
