"""Adds one and the same activity to many claims at once: what a bulk act does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_claim_events
from sanderling.followup.actions import InvalidActivity, author_of
from sanderling.followup.content import Content, clean_note, clean_text, faults_of, source_key
from sanderling.followup.models import Activity, Source, Withdrawal
from sanderling.followup.signals import activities_recorded, work_recorded
from sanderling.news.actions import NewEvent, record_events

_INSERT: Final = """
INSERT INTO followup_activity
    (claim_id, client_id, activity_date, user_name, user_id, channel, action, outcome, reference,
     next_date, note, source_key, source, recorded_at)
SELECT claim_id, client_id, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s
  FROM unnest(%s::bigint[], %s::int[]) AS named (claim_id, client_id)
    ON CONFLICT (claim_id, source_key) DO NOTHING
RETURNING claim_id, id
"""
_WITHDRAW: Final = """
INSERT INTO followup_withdrawal
    (activity_id, claim_id, client_id, reason, user_id, user_name, recorded_at)
SELECT a.id, a.claim_id, a.client_id, %s, %s, %s, %s
  FROM followup_activity a WHERE a.id = ANY (%s)
    ON CONFLICT (activity_id) DO NOTHING
RETURNING activity_id, claim_id, client_id
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
    reference: str = "",
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
        user_name=author_of(user) if user else "",
        channel=channel,
        action=action,
        outcome=outcome,
        reference=clean_text(reference),
        next_date=next_date,
        note=clean_note(note),
    )
    faults = faults_of(content, latest_day=at.date())
    if faults:
        raise InvalidActivity(faults)
    named = dict(claims)
    added: dict[int, int] = {}
    for key, claim_ids in _keys_that_stand(content, set(named)):
        with connection.cursor() as cursor:
            cursor.execute(
                _INSERT,
                [
                    *(activity_date, content.user_name, user.pk if user else None, channel),
                    *(action, outcome, content.reference, next_date, content.note, key),
                    *(Source.PRODUCT.value, at, claim_ids, [named[one] for one in claim_ids]),
                ],
            )
            added |= dict(cursor.fetchall())
    if not added:
        return {}
    detail = {"channel": channel, "action": action, "outcome": outcome}
    record_claim_events(
        action="activity.record",
        at=at,
        claims=[(named[claim_id], claim_id, pk) for claim_id, pk in sorted(added.items())],
        subject_kind="activity",
        detail=detail,
    )
    record_events(
        [
            NewEvent("activity.recorded", named[claim_id], claim_id, detail=detail)
            for claim_id in sorted(added)
        ],
        at=at,
    )
    _tell(sorted(added), activity_date)
    return added


@transaction.atomic
def withdraw_many(
    *, activity_ids: Sequence[int], user: User | None, at: datetime, reason: str
) -> int:
    """Take activities back, as `followup.actions.withdraw` does one; return how many were new."""
    with connection.cursor() as cursor:
        cursor.execute(
            _WITHDRAW, [reason, user.pk if user else None, author_of(user) if user else "", at,
                        list(activity_ids)],
        )  # fmt: skip
        gone = cursor.fetchall()
    if not gone:
        return 0
    record_claim_events(
        action="activity.withdraw",
        at=at,
        claims=[(client_id, claim_id, pk) for pk, claim_id, client_id in sorted(gone)],
        subject_kind="activity",
        detail={},
    )
    dates = Activity.objects.filter(pk__in=[pk for pk, _, _ in gone])
    _tell(
        sorted({claim_id for _, claim_id, _ in gone}),
        min(dates.values_list("activity_date", flat=True)),
    )
    return len(gone)


def _keys_that_stand(content: Content, claim_ids: set[int]) -> list[tuple[UUID, list[int]]]:
    """Return the content's key for these claims; another where the same was taken back before."""
    found, again = [], 0
    while claim_ids:
        key = source_key(content, again=again)
        taken_back = set(
            Withdrawal.objects.filter(claim_id__in=claim_ids, activity__source_key=key).values_list(
                "claim_id", flat=True
            )
        )
        found.append((key, sorted(claim_ids - taken_back)))
        claim_ids, again = taken_back, again + 1
    return found


def _tell(claim_ids: list[int], known_date: date) -> None:
    activities_recorded.send(sender=Activity, claim_ids=claim_ids, known_date=known_date)
    work_recorded.send(sender=Activity, claim_ids=claim_ids)
