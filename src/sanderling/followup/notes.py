"""Records touches by the form of their scenario: note, activity, promise, attachments, mentions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.claims.models import Claim
from sanderling.core.followup import questions as q
from sanderling.core.followup.mentions import find_mentions
from sanderling.core.followup.notes import About, Read, narrative, read_note
from sanderling.core.followup.questions import BadAnswer, read_answer
from sanderling.core.followup.scenarios import BY_KEY
from sanderling.core.refusal import Refusal
from sanderling.followup.actions import author_of, record
from sanderling.followup.attachments import NewFile, attach
from sanderling.followup.models import Activity, Channel, Note
from sanderling.followup.people import people_of_client
from sanderling.followup.promises import make_promise
from sanderling.followup.queries import about_claim, party_worked_on
from sanderling.news.actions import notify

ADDENDUM: Final = "addendum"
MINUTES_MAX: Final = 600


class InvalidNote(Refusal):
    """The note cannot be taken as it stands; `faults` says by field what to do."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name} {message}" for name, message in faults.items()))
        self.faults = dict(faults)


def record_note(  # noqa: PLR0913 - what a form carries
    *,
    claim: Claim,
    scenario: str,
    answers: Mapping[str, str],
    user: User | None,
    at: datetime,
    party: int | None = None,
    channel: str = "",
    contact: str = "",
    next_text: str = "",
    minutes: int | None = None,
    form_key: UUID | None = None,
    deadline: tuple[str, date] | None = None,
    files: Sequence[NewFile] = (),
    every_days: int | None = None,
) -> Note:
    """Record a touch of the claim: its activity, note, promise and attachments, and tell people.

    `answers`: by question, as typed; `next_text`: the next look as typed, empty for the scenario's
    default; `channel`, `minutes`: None or empty for the scenario's own; `deadline`: its name and
    day, for the narrative; `every_days`: of the client's schedule, where
    nobody says when. The same `form_key` again changes nothing and returns the first note.

    Raises:
        InvalidNote: an answer is missing or means nothing; nothing was written.
        FileRefused: an attachment cannot be taken; nothing was written.
    """
    form_key = form_key or uuid4()
    if (known := _known(form_key, claim)) is not None:
        return known
    read = read_form(
        scenario=scenario, channel=channel, answers=answers, next_text=next_text, today=at.date(),
        every_days=every_days,
    )  # fmt: skip
    if read.faults:
        raise InvalidNote(read.faults)
    party = party or party_worked_on(claim)
    text = narrative(
        read, _about(claim, party, contact, deadline), at=at, by=author_of(user) if user else ""
    )
    try:
        with transaction.atomic():
            note = _write(
                claim, party, read, text, contact=contact, minutes=minutes, form_key=form_key,
                user=user, at=at,
            )  # fmt: skip
            for file in files:
                attach(note, file, user=user, at=at)
            _tell_mentioned(note, claim, user=user, at=at)
    except IntegrityError:
        # The same form at the same moment, twice: the other one was first.
        if (known := _known(form_key, claim)) is None:
            raise
        return known
    return note


def read_form(
    *,
    scenario: str,
    channel: str,
    answers: Mapping[str, str],
    next_text: str,
    today: date,
    every_days: int | None = None,
) -> Read:
    """Return what a note's form means so far, with what is wrong in it.

    Raises:
        InvalidNote: there is no such scenario.
    """
    if scenario not in BY_KEY:
        raise InvalidNote({"scenario": "is none that is known; choose one"})
    kind = BY_KEY[scenario]
    return read_note(
        kind, channel=channel or kind.channel, texts=answers, next_text=next_text, today=today,
        every_days=every_days,
    )  # fmt: skip


def preview(
    read: Read,
    *,
    claim: Claim,
    party: int | None,
    contact: str,
    deadline: tuple[str, date] | None,
    user: User,
    at: datetime,
) -> str:
    """Return the narrative that a form would write now."""
    return narrative(read, _about(claim, party, contact, deadline), at=at, by=author_of(user))


def add_addendum(
    *, note: Note, text: str, user: User, at: datetime, form_key: UUID | None = None
) -> Note:
    """Add to a note what was missing or wrong in it; the note itself stays as it is.

    Raises:
        InvalidNote: no text, too long a text, or an addendum to an addendum.
    """
    form_key = form_key or uuid4()
    claim = note.claim
    if (known := _known(form_key, claim)) is not None:
        return known
    try:
        said = read_answer(q.REMARKS, text, today=at.date())
    except BadAnswer as error:
        raise InvalidNote({"text": str(error)}) from None
    if not said:
        raise InvalidNote({"text": "is empty; write what is to be added"})
    if note.addendum_of_id is not None:
        raise InvalidNote({"text": "cannot be added to an addendum; add it to the note"})
    with transaction.atomic():
        addendum = Note.objects.create(
            claim=claim,
            client_id=note.client_id,
            party=note.party,
            addendum_of=note,
            scenario=ADDENDUM,
            channel=Channel.INTERNAL,
            narrative=str(said),
            user=user,
            user_name=author_of(user),
            form_key=form_key,
            recorded_at=at,
        )
        record_event(
            action="note.addendum",
            at=at,
            client_id=note.client_id,
            claim_id=claim.pk,
            subject=("note", note.pk),
        )
        _tell_mentioned(addendum, claim, user=user, at=at)
    return addendum


def _known(form_key: UUID, claim: Claim) -> Note | None:
    return Note.objects.filter(form_key=form_key, claim_id=claim.pk).first()


def _about(
    claim: Claim, party: int | None, contact: str, deadline: tuple[str, date] | None
) -> About:
    title, day = deadline or ("", None)
    return about_claim(claim, party, contact=contact, deadline=title, deadline_date=day)


def _write(  # noqa: PLR0913 - see record_note
    claim: Claim,
    party: int | None,
    read: Read,
    text: str,
    *,
    contact: str,
    minutes: int | None,
    form_key: UUID,
    user: User | None,
    at: datetime,
) -> Note:
    result = read.result
    activity = record(
        claim=claim,
        activity_date=at.date(),
        channel=read.channel,
        action=result.action,
        outcome=result.outcome,
        at=at,
        user=user,
        reference=str(read.answers.get(q.REFERENCE.key, "")),
        next_date=read.next_date,
        note=text,
    )
    if (same := Note.objects.filter(activity=activity).first()) is not None:
        return same  # word for word, in the same minute
    note = Note.objects.create(
        claim=claim,
        client_id=claim.client_id,
        party=party,
        activity=activity,
        scenario=read.scenario.key,
        result=str(read.answers.get("result", "")),
        disposition=result.disposition,
        next_action=result.next_action,
        channel=read.channel,
        contact=contact,
        representative=str(read.answers.get(q.REPRESENTATIVE.key, "")),
        answers={
            name: answer.isoformat() if isinstance(answer, date) else answer
            for name, answer in read.answers.items()
        },
        narrative=text,
        minutes=min(read.scenario.minutes if minutes is None else minutes, MINUTES_MAX),
        is_avoidable=result.is_avoidable,
        user=user,
        user_name=author_of(user) if user else "",
        form_key=form_key,
        recorded_at=at,
    )
    _promise(claim, party, read, activity, at=at)
    return note


def _promise(
    claim: Claim, party: int | None, read: Read, activity: Activity, *, at: datetime
) -> None:
    promised = read.answers.get(q.PROMISED.key)
    if read.scenario.is_promise and isinstance(promised, date):
        amount = read.answers.get(q.PROMISED_AMOUNT.key)
        make_promise(
            claim=claim,
            party=party,
            activity=activity,
            promised_date=promised,
            amount_cents=amount if isinstance(amount, int) and amount else None,
            at=at,
        )


def _tell_mentioned(note: Note, claim: Claim, *, user: User | None, at: datetime) -> None:
    if "@" not in note.narrative:
        return
    found = find_mentions(note.narrative, people_of_client(claim.client_id))
    by = author_of(user) if user else "A rule"
    notify(
        user_ids=[one for one in found.user_ids if user is None or one != user.pk],
        kind="note.mention",
        key=f"note:{note.pk}",
        text=f"{by} mentioned you on {claim.client.code} {claim.number}",
        at=at,
        url=f"{reverse('claim', args=[claim.client.code, claim.number])}#timeline",
        client_id=claim.client_id,
        claim_id=claim.pk,
    )
