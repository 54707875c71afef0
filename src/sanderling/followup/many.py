"""Adds one and the same activity to many claims at once: what a bulk act does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_claim_events
from sanderling.followup.actions import InvalidActivity
from sanderling.followup.content import Content, clean_note, clean_text, faults_of, source_key
from sanderling.followup.models import Activity, Source
from sanderling.followup.signals import activities_recorded, work_recorded

_INSERT: Final = """
INSERT INTO followup_activity
    (claim_id, client_id, activity_date, user_name, user_id, channel, action, outcome, reference,
     next_date, note, source_key, source, recorded_at)
SELECT claim_id, client_id, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s
  FROM unnest(%s::bigint[], %s::int[]) AS named (claim_id, client_id)
    ON CONFLICT (claim_id, source_key) DO NOTHING
RETURNING claim_id, id
"""


@transaction.atomic
def record_many(  # noqa: PLR0913 - the columns of an activity
    *,
    claims: Sequence[tuple[int, int]],
    activity_date: date,
    channel: str,
    action: str,
    outcome: str,
    at: datetime,
    user: User | None = None,
    next_date: date | None = None,
    note: str = "",
) -> dict[int, int]:
    """Add what was done about each claim (id, client's id); return the new activities by claim.

    A claim about which the same was said already is not among them.

    Raises:
        InvalidActivity: a day to come, too long a text.
    """
    content = Content(
        activity_date=activity_date,
        user_name=clean_text(user.name or user.email) if user else "",
        channel=channel,
        action=action,
        outcome=outcome,
        next_date=next_date,
        note=clean_note(note),
    )
    faults = faults_of(content, latest_day=at.date())
    if faults:
        raise InvalidActivity(faults)
    named = dict(claims)
    claim_ids = sorted(named)
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                *(activity_date, content.user_name, user.pk if user else None, channel, action),
                *(outcome, content.reference, next_date, content.note, source_key(content)),
                *(Source.PRODUCT.value, at, claim_ids, [named[one] for one in claim_ids]),
            ],
        )
        added = dict(cursor.fetchall())
    if not added:
        return {}
    record_claim_events(
        action="activity.record",
        at=at,
        claims=[(named[claim_id], claim_id, pk) for claim_id, pk in sorted(added.items())],
        subject_kind="activity",
        detail={"channel": channel, "action": action, "outcome": outcome},
    )
    activities_recorded.send(sender=Activity, claim_ids=sorted(added), known_date=activity_date)
    work_recorded.send(sender=Activity, claim_ids=sorted(added))
    return added
