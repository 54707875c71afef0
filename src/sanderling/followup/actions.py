"""Adds an activity, and takes one back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.claims.models import Claim
from sanderling.core.refusal import Refusal
from sanderling.followup.content import (
    REFERENCE_CHARACTERS_MAX,
    Content,
    clean_note,
    clean_text,
    faults_of,
    source_key,
)
from sanderling.followup.models import (
    ACTIONS,
    Activity,
    Channel,
    Outcome,
    Source,
    Withdrawal,
)
from sanderling.followup.signals import activities_recorded, work_recorded
from sanderling.news.actions import NewEvent, record_events

VOCABULARIES: Final = {
    "channel": Channel.values,
    "action": [value for value, _ in ACTIONS],
    "outcome": Outcome.values,
}


class InvalidActivity(Refusal):
    """The activity cannot be taken as it stands; `faults` has (field, what to do) for a form."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name} {message}" for name, message in faults))
        self.faults = faults


@transaction.atomic
def record(  # noqa: PLR0913 - the columns of an activity
    *,
    claim: Claim,
    activity_date: date,
    channel: str,
    action: str,
    outcome: str,
    at: datetime,
    user: User | None = None,
    reference: str = "",
    next_date: date | None = None,
    note: str = "",
) -> Activity:
    """Add what a person did about the claim; saying the same again adds nothing.

    What was taken back and is said again is a new activity.

    Raises:
        InvalidActivity: an unknown word, a day to come, too long a text.
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
    faults = [
        (name, f"must be one of {', '.join(known)}")
        for name, known in VOCABULARIES.items()
        if getattr(content, name) not in known
    ]
    faults += faults_of(content, latest_day=at.date())
    if faults:
        raise InvalidActivity(faults)
    activity, is_new = Activity.objects.get_or_create(
        claim_id=claim.pk,
        source_key=_key_that_stands(claim, content),
        defaults={
            "client_id": claim.client_id,
            "activity_date": content.activity_date,
            "user_name": content.user_name,
            "user_id": user.pk if user else None,
            "channel": content.channel,
            "action": content.action,
            "outcome": content.outcome,
            "reference": content.reference,
            "next_date": content.next_date,
            "note": content.note,
            "source": Source.PRODUCT,
            "recorded_at": at,
        },
    )
    if is_new:
        record_event(
            action="activity.record",
            at=at,
            client_id=claim.client_id,
            claim_id=claim.pk,
            subject=("activity", activity.pk),
            detail={"channel": channel, "action": action, "outcome": outcome},
        )
        detail: dict[str, Any] = {"channel": channel, "action": action, "outcome": outcome}
        record_events(
            [NewEvent("activity.recorded", claim.client_id, claim.pk, detail=detail)], at=at
        )
        _tell(claim.pk, content.activity_date)
    return activity


def author_of(user: User) -> str:
    """Return the name that stands on what the user writes."""
    return clean_text(user.name or user.email)


def _key_that_stands(claim: Claim, content: Content) -> UUID:
    """Return the content's key, or the first one after it whose activity was not taken back."""
    again = 0
    while Withdrawal.objects.filter(
        claim_id=claim.pk, activity__source_key=source_key(content, again=again)
    ).exists():
        again += 1
    return source_key(content, again=again)


@transaction.atomic
def withdraw(activity: Activity, *, user: User | None, at: datetime, reason: str) -> Withdrawal:
    """Take an activity back: barriers, counts and promises go as if it had never been.

    The activity stays to be read, with who took it back and why. Twice is once.

    Raises:
        InvalidActivity: no reason, or too long a one.
    """
    reason = clean_text(reason)
    if not 0 < len(reason) <= REFERENCE_CHARACTERS_MAX:
        message = f"must say why, in at most {REFERENCE_CHARACTERS_MAX} characters"
        raise InvalidActivity([("reason", message)])
    withdrawal, is_new = Withdrawal.objects.get_or_create(
        activity=activity,
        defaults={
            "claim_id": activity.claim_id,
            "client_id": activity.client_id,
            "reason": reason,
            "user": user,
            "user_name": author_of(user) if user else "",
            "recorded_at": at,
        },
    )
    if is_new:
        record_event(
            action="activity.withdraw",
            at=at,
            client_id=activity.client_id,
            claim_id=activity.claim_id,
            subject=("activity", activity.pk),
        )
        _tell(activity.claim_id, activity.activity_date)
    return withdrawal


def _tell(claim_id: int, known_date: date) -> None:
    activities_recorded.send(sender=Activity, claim_ids=[claim_id], known_date=known_date)
    work_recorded.send(sender=Activity, claim_ids=[claim_id])
