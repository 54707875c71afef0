"""Claims up and down the ladder of escalation (`core.followup.ladder`)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.db import connection, transaction
from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.claims.models import Claim
from sanderling.core.followup.ladder import LEVEL_MAX, level_title
from sanderling.core.refusal import Refusal
from sanderling.followup.actions import author_of
from sanderling.followup.content import clean_text
from sanderling.followup.models import Escalation
from sanderling.followup.people import workers_of_client
from sanderling.followup.queries import escalation_level
from sanderling.followup.signals import work_recorded
from sanderling.news.actions import NewEvent, notify, record_events

TEXT_CHARACTERS_MAX: Final = 500
# One step of one claim and party at a time: two at once would each start from the same level.
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


class EscalationRefused(Refusal):
    """The step cannot be taken; `faults` has (field, what to do) for a form."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name} {message}" for name, message in faults))
        self.faults = faults


@transaction.atomic
def escalate(  # noqa: PLR0913 - the columns of an escalation
    *,
    claim: Claim,
    party: int,
    level: int,
    reason: str,
    user: User | None,
    at: datetime,
    contact: str = "",
    reference: str = "",
    due_date: date | None = None,
    to_user: User | None = None,
) -> Escalation:
    """Take a claim up the ladder and tell the leads of its client, or `to_user` only.

    Raises:
        EscalationRefused: not above where it is, no reason, a day that is past, a person who does
            not see the client; nothing was written.
    """
    faults = _faults(reason, contact, reference)
    if due_date is not None and due_date < at.date():
        faults.append(("due_date", "is past; choose a day to come"))
    told = workers_of_client(claim.client_id, "claims.assign" if to_user is None else "claims.work")
    if to_user is not None and to_user not in told:
        faults.append(("to_user", "does not work on this client's claims; choose somebody else"))
    step = _step(
        claim, party, level, faults, is_up=True, reason=reason, contact=contact,
        reference=reference, due_date=due_date, to_user=to_user, user=user, at=at,
    )  # fmt: skip
    by = author_of(user) if user else "a rule"
    notify(
        user_ids=[
            one.pk
            for one in (told if to_user is None else [to_user])
            if user is None or one.pk != user.pk
        ],
        kind="item.escalated",
        key=f"escalation:{step.pk}",
        text=f"{claim.client.code} {claim.number} was escalated by {by}: {level_title(level)}",
        at=at,
        url=reverse("claim", args=[claim.client.code, claim.number]),
        client_id=claim.client_id,
        claim_id=claim.pk,
    )
    return step


@transaction.atomic
def de_escalate(
    *, claim: Claim, party: int, level: int, reason: str, user: User | None, at: datetime
) -> Escalation:
    """Take a claim down the ladder; level 0: it is not escalated any more.

    Raises:
        EscalationRefused: not below where it is, or no reason; nothing was written.
    """
    faults = _faults(reason)
    return _step(claim, party, level, faults, is_up=False, reason=reason, user=user, at=at)


def _faults(reason: str, *others: str) -> list[tuple[str, str]]:
    faults = []
    if not clean_text(reason):
        faults.append(("reason", "must say why"))
    if any(len(text) > TEXT_CHARACTERS_MAX for text in (reason, *others)):
        faults.append(("reason", f"is longer than {TEXT_CHARACTERS_MAX} characters; shorten it"))
    return faults


def _step(  # noqa: PLR0913 - the columns of an escalation
    claim: Claim,
    party: int,
    level: int,
    faults: list[tuple[str, str]],
    *,
    is_up: bool,
    reason: str,
    user: User | None,
    at: datetime,
    contact: str = "",
    reference: str = "",
    due_date: date | None = None,
    to_user: User | None = None,
) -> Escalation:
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME, [f"escalation {claim.pk} {party}"])
    before = escalation_level(claim.pk, party)
    if is_up and not before < level <= LEVEL_MAX:
        faults.append(("level", f"must be above {before}, where it is, and at most {LEVEL_MAX}"))
    if not is_up and not 0 <= level < before:
        faults.append(("level", f"must be below {before}, where it is"))
    if faults:
        raise EscalationRefused(faults)
    step = Escalation.objects.create(
        claim=claim,
        client_id=claim.client_id,
        party=party,
        level_before=before,
        level=level,
        reason=clean_text(reason),
        contact=clean_text(contact),
        reference=clean_text(reference),
        due_date=due_date,
        to_user=to_user,
        user=user,
        user_name=author_of(user) if user else "",
        recorded_at=at,
    )
    record_event(
        action="claim.escalate" if is_up else "claim.de_escalate",
        at=at,
        client_id=claim.client_id,
        claim_id=claim.pk,
        subject=("escalation", step.pk),
        detail={"party": party, "level_before": before, "level": level},
    )
    if is_up:
        detail = {"level_before": before, "level": level}
        record_events(
            [NewEvent("item.escalated", claim.client_id, claim.pk, party, detail=detail)], at=at
        )
    work_recorded.send(sender=Escalation, claim_ids=[claim.pk])
    return step
