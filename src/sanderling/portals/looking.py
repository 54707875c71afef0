"""Looks the waiting claims up in a portal, one after another, politely.

One process at a time works a portal (a lock of the database's session, gone with the process). A
look-up is marked before it is made and settled in one transaction with its note, whose key follows
from the look-up: killed in between, it is made again and tells the same once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.urls import reverse

from sanderling.accounts.secrets import SecretMissing, read_secret
from sanderling.audit.actions import record_event
from sanderling.claims.models import Claim, ClaimNumber, Submission
from sanderling.core.codes.names import NextAction
from sanderling.core.followup import questions as q
from sanderling.core.followup.scenarios import BY_KEY
from sanderling.followup.actions import record
from sanderling.followup.models import Activity, Channel, Outcome
from sanderling.followup.notes import InvalidNote, record_note
from sanderling.news.actions import notify
from sanderling.portals.adapters import (
    Adapter,
    Credentials,
    PortalAway,
    PortalStopped,
    Question,
    Session,
    Unreadable,
    adapters,
)
from sanderling.portals.models import Lookup, Portal, State
from sanderling.portals.reading import Reading, note_of
from sanderling.postgres.locks import Lock, session_lock

TRIES_MAX: Final = 3
_KEY: Final = uuid5(NAMESPACE_URL, "sanderling/portal-lookup")


@dataclass(slots=True)
class Ran:
    """What a run did; `rest` says why it ended before the queue did, empty when it did not."""

    found: int = 0
    not_found: int = 0
    unclear: int = 0
    rest: str = ""


def run_portal(
    portal: Portal,
    *,
    now: Callable[[], datetime],
    pause: Callable[[float], None],
    limit: int | None = None,
) -> Ran:
    """Look up what waits for the portal, within its pace, hours and day's number.

    `now`, `pause`: the clock and how to wait some seconds; `limit`: at most so many this time.
    """
    ran = Ran()
    with session_lock(Lock.PORTALS, portal.pk) as is_alone:
        if not is_alone:
            ran.rest = "another process works this portal now"
            return ran
        Lookup.objects.filter(portal=portal, state=State.LOOKING).update(state=State.QUEUED)
        if not Lookup.objects.filter(portal=portal, state=State.QUEUED).exists():
            return ran
        ran.rest = _why_not_now(portal, now())
        if ran.rest:
            return ran
        adapter = adapters()[portal.adapter]
        try:
            credentials = Credentials(
                read_secret(portal.user_reference), read_secret(portal.password_reference)
            )
            _work(portal, adapter, credentials, ran, now=now, pause=pause, limit=limit)
        except (PortalStopped, SecretMissing) as stopped:
            _stop(portal, stopped.sentence, at=now())
            ran.rest = stopped.sentence
        except PortalAway as away:
            ran.rest = away.sentence
            _put_back(portal, away.sentence, at=now())
    return ran


def _why_not_now(portal: Portal, at: datetime) -> str:
    if not portal.is_on or portal.stopped_at is not None:
        return "look-ups are switched off or stopped; see the portal's page"
    if not portal.hours_from <= at.hour < portal.hours_to:
        return f"outside the hours {portal.hours_from} to {portal.hours_to} (UTC)"
    if _left_today(portal, at) <= 0:
        return f"the day's {portal.looks_per_day:,} look-ups are made"
    return adapters()[portal.adapter].fault() if portal.adapter in adapters() else "worked by hand"


def _left_today(portal: Portal, at: datetime) -> int:
    begun = at.replace(hour=0, minute=0, second=0, microsecond=0)
    made = Lookup.objects.filter(portal=portal, begun_at__gte=begun).count()
    return portal.looks_per_day - made


def _work(
    portal: Portal,
    adapter: Adapter,
    credentials: Credentials,
    ran: Ran,
    *,
    now: Callable[[], datetime],
    pause: Callable[[float], None],
    limit: int | None,
) -> None:
    pace = timedelta(seconds=60 / portal.looks_per_minute)
    last: datetime | None = None
    made = 0
    with adapter.log_in(portal.url, credentials) as session:
        waiting = Lookup.objects.filter(portal=portal, state=State.QUEUED)
        while (limit is None or made < limit) and waiting.exists():
            if last is not None and (wait := last + pace - now()) > timedelta(0):
                pause(wait.total_seconds())
            if ran_out := _why_not_now(Portal.objects.get(pk=portal.pk), now()):
                ran.rest = ran_out
                return
            lookup = _next(portal, at=now())
            if lookup is None:
                return
            last = now()
            made += 1
            _look(portal, session, lookup, ran, now=now)


@transaction.atomic
def _next(portal: Portal, *, at: datetime) -> Lookup | None:
    lookup = (
        Lookup.objects.select_for_update(skip_locked=True)
        .filter(portal=portal, state=State.QUEUED)
        .order_by("asked_at", "pk")
        .first()
    )
    if lookup is not None:
        lookup.state, lookup.begun_at = State.LOOKING, at
        lookup.tries += 1
        lookup.save(update_fields=["state", "begun_at", "tries"])
    return lookup


def _look(
    portal: Portal, session: Session, lookup: Lookup, ran: Ran, *, now: Callable[[], datetime]
) -> None:
    claim = Claim.objects.get(pk=lookup.claim_id)
    try:
        reading = session.look_up(_question(claim, lookup.party))
    except Unreadable as unreadable:
        _settle(lookup, State.UNCLEAR, fault=unreadable.sentence, at=now())
        ran.unclear += 1
        return
    if reading is None:
        _not_found(portal, lookup, claim, at=now())
        ran.not_found += 1
    elif _found(portal, lookup, claim, reading, at=now()):
        ran.found += 1
    else:
        ran.unclear += 1


def _question(claim: Claim, party: int) -> Question:
    """Return what to look for: the version sent last to the payer that owes, else the claim's."""
    sent = (
        Submission.objects.filter(claim=claim, sequence=party - 10)
        .order_by("-received_date", "-order_key", "-pk")
        .first()
    )
    number = (
        ClaimNumber.objects.filter(claim_id=claim.pk, kind="payer")
        .order_by("-pk")
        .values_list("key", flat=True)
        .first()
    )
    return Question(
        payer_claim_number=number or "",
        claim_number=sent.claim_number if sent else claim.number,
        member_id=sent.member_id if sent else claim.member_id,
        patient_birth_date=sent.patient_birth_date if sent else claim.patient_birth_date,
        service_from_date=sent.service_from_date if sent else claim.service_from_date,
        charge_cents=sent.charge_cents if sent else claim.charge_cents,
    )


def _found(portal: Portal, lookup: Lookup, claim: Claim, reading: Reading, *, at: datetime) -> bool:
    """Keep the reading and write its note; False where the note lacks what a person must supply."""
    draft = note_of(reading)
    lookup.reading = reading.kept()
    try:
        with transaction.atomic():
            note = record_note(
                claim=claim,
                party=lookup.party,
                scenario=draft.scenario,
                answers=draft.answers | {q.REMARKS.key: "Read by Sanderling in the portal."},
                channel=Channel.PORTAL,
                contact=portal.name,
                user=None,
                minutes=0,
                form_key=_form_key(lookup),
                at=at,
            )
            _settle(lookup, State.FOUND, note_id=note.pk, at=at)
    except InvalidNote as lacking:
        asked = BY_KEY[draft.scenario].questions
        labels = [asked[name].label if name in asked else name for name in lacking.faults]
        _settle(
            lookup,
            State.UNCLEAR,
            fault=f"The portal does not show what the note needs: {', '.join(labels)}.",
            at=at,
        )
        return False
    return True


@transaction.atomic
def _not_found(portal: Portal, lookup: Lookup, claim: Claim, *, at: datetime) -> None:
    """Say that no claim is on file there. No form asks less than a person would have verified."""
    activity: Activity = record(
        claim=claim,
        activity_date=at.date(),
        channel=Channel.PORTAL,
        action=NextAction.CHECK_STATUS.value,
        outcome=Outcome.NOT_ON_FILE,
        next_date=at.date(),
        note=f"{portal.name}: no claim found by number, member and day of service.",
        at=at,
    )
    lookup.reading = {"activity": activity.pk}
    _settle(lookup, State.NOT_FOUND, at=at)


@transaction.atomic
def _settle(
    lookup: Lookup, state: State, *, at: datetime, fault: str = "", note_id: int | None = None
) -> None:
    lookup.state, lookup.ended_at, lookup.fault, lookup.note_id = state, at, fault, note_id
    lookup.save(update_fields=["state", "ended_at", "fault", "note_id", "reading"])
    record_event(
        action="portal_lookup.settle",
        at=at,
        client_id=lookup.client_id,
        claim_id=lookup.claim_id,
        subject=("portal_lookup", lookup.pk),
        detail={"state": str(state)},
    )


def _form_key(lookup: Lookup) -> UUID:
    return uuid5(_KEY, str(lookup.pk))


def _put_back(portal: Portal, why: str, *, at: datetime) -> None:
    """Let what was being looked up wait again; after some tries it is a person's."""
    for lookup in Lookup.objects.filter(portal=portal, state=State.LOOKING):
        if lookup.tries >= TRIES_MAX:
            _settle(lookup, State.FAILED, fault=why, at=at)
        else:
            lookup.state, lookup.fault = State.QUEUED, why
            lookup.save(update_fields=["state", "fault"])


@transaction.atomic
def _stop(portal: Portal, why: str, *, at: datetime) -> None:
    Lookup.objects.filter(portal=portal, state=State.LOOKING).update(state=State.QUEUED)
    Portal.objects.filter(pk=portal.pk).update(stopped_at=at, stopped_reason=why)
    record_event(action="portal.stop", at=at, subject=("portal", portal.pk))
    askers = Lookup.objects.filter(
        portal=portal, state=State.QUEUED, asked_by__isnull=False
    ).values_list("asked_by_id", flat=True)
    notify(
        user_ids=sorted(set(askers)),
        kind="portal.stopped",
        key=f"portal:{portal.pk}:{at.isoformat()}",
        text=f"Look-ups in {portal.name} have stopped: {why}",
        at=at,
        url=reverse("payer-portal", args=[portal.pk]),
    )


def run_portals(
    *, now: Callable[[], datetime], pause: Callable[[float], None], limit: int | None = None
) -> int:
    """Work every portal in which something waits; return how many look-ups were settled."""
    waiting = Portal.objects.filter(lookups__state__in=[State.QUEUED, State.LOOKING], is_on=True)
    settled = 0
    for portal in waiting.exclude(adapter="").distinct().order_by("pk"):
        ran = run_portal(portal, now=now, pause=pause, limit=limit)
        settled += ran.found + ran.not_found + ran.unclear
    return settled
