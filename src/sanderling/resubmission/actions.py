"""Sends claims again: drafts, asks for approval, decides, takes back.

Nothing is on its way before it is in the outbox, and there it stands in the transaction of its
approval. A form sent twice is one; of two people who correct the same version, the second is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.claims.models import Claim
from sanderling.core.resubmission.edits import from_json, to_json
from sanderling.core.resubmission.kinds import Kind
from sanderling.followup.actions import withdraw as withdraw_activity
from sanderling.outbox.actions import OutboxRefused, cancel
from sanderling.outbox.models import State as FileState
from sanderling.resubmission.models import OPEN, Resubmission, State
from sanderling.resubmission.policy import PERMISSION, needs_of, policy_of
from sanderling.resubmission.preparing import (
    Ready,
    ResubmissionRefused,
    Source,
    ready_from_edits,
    ready_from_typed,
    source_of,
    sources_of,
)
from sanderling.resubmission.sending import Outgoing, queue_all
from sanderling.resubmission.telling import tell_approvers, tell_asker
from sanderling.web.actor import current_actor

REASON_MAX: Final = 1_000
_TAKEN: Final = (
    "this version of the claim is being corrected already; open that correction, or withdraw it"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what: the same for one claim and for many."""

    reason: str
    user: User | None
    at: datetime
    actor: str = ""


def save_draft(
    *,
    claim: Claim,
    party: int,
    kind: Kind | None,
    typed: Mapping[str, str],
    asked: Asked,
    key: UUID,
) -> Resubmission:
    """Keep what was typed for later; what is wrong with it is told when it is sent.

    Raises:
        ResubmissionRefused: there is no version to correct, or somebody corrects it already.
    """
    source = source_of(claim.pk, party)
    ready = ready_from_typed(source, kind=kind, typed=typed, today=asked.at.date())
    return _keep(claim, ready, State.DRAFT, asked, key)


@transaction.atomic
def send(
    *,
    claim: Claim,
    party: int,
    kind: Kind | None,
    typed: Mapping[str, str],
    asked: Asked,
    key: UUID,
) -> Resubmission:
    """Send a claim again, or ask for the approval it needs. The same key does it once.

    Raises:
        ClaimFaulty: something in it is wrong.
        ResubmissionRefused: it cannot be sent again, no reason is given, or somebody did already.
    """
    done = Resubmission.objects.filter(form_key=key).exclude(state=State.DRAFT).first()
    if done is not None:
        return done
    _check_reason(asked.reason)
    source = source_of(claim.pk, party)
    ready = ready_from_typed(source, kind=kind, typed=typed, today=asked.at.date())
    ready.refuse()
    try:
        return _ask(claim, ready, asked, key)
    except ResubmissionRefused:
        done = Resubmission.objects.filter(form_key=key).exclude(state=State.DRAFT).first()
        if done is None:
            raise
        return done  # the other click of a double one was quicker


def _ask(claim: Claim, ready: Ready, asked: Asked, key: UUID) -> Resubmission:
    row = _keep(claim, ready, State.HELD, asked, key)
    _record(row, "ask", at=asked.at, kind=ready.kind.value, edits=len(ready.edits))
    if row.needs:
        tell_approvers(row, at=asked.at)
    else:
        queue_all([Outgoing(row, ready)], user=asked.user, at=asked.at)
    return row


@transaction.atomic
def send_many(
    readies: Sequence[Ready], *, asked: Asked, batch: UUID
) -> tuple[list[Resubmission], list[tuple[Ready, str]]]:
    """Send many claims for one reason: one file for each client, payer and way.

    Returns what was asked for, and what was refused with the sentence. The same batch does it once.
    """
    done = list(Resubmission.objects.filter(batch=batch).select_related("claim").order_by("pk"))
    if done:
        return done, []
    _check_reason(asked.reason)
    claims = Claim.objects.in_bulk([ready.source.version.claim_id for ready in readies])
    made: list[Resubmission] = []
    going: list[Outgoing] = []
    refused: list[tuple[Ready, str]] = []
    for place, ready in enumerate(readies):
        try:
            ready.refuse()
            claim = claims[ready.source.version.claim_id]
            key = UUID(int=(batch.int + place + 1) % (1 << 128))
            row = _keep(claim, ready, State.HELD, asked, key, batch=batch)
        except ResubmissionRefused as refusal:
            refused.append((ready, refusal.sentence))
            continue
        made.append(row)
        _record(row, "ask", at=asked.at, kind=ready.kind.value, edits=len(ready.edits))
        if not row.needs:
            going.append(Outgoing(row, ready))
    queue_all(going, user=asked.user, at=asked.at)
    held = [row for row in made if row.needs]
    if held:
        tell_approvers(held[0], at=asked.at, count=len(held))
    return made, refused


def _keep(
    claim: Claim,
    ready: Ready,
    state: State,
    asked: Asked,
    key: UUID,
    batch: UUID | None = None,
) -> Resubmission:
    """Write the row: a new one, or the draft of the same version."""
    version = ready.source.version
    _free_undelivered(version.submission_id, at=asked.at)
    before, after = ready.source.original.charge_cents, ready.document.charge_cents
    values = {
        "kind": ready.kind.value,
        "reason": asked.reason.strip()[:REASON_MAX],
        "edits": to_json(ready.edits),
        "charge_before_cents": before,
        "charge_after_cents": after,
        "state": state,
        "needs": needs_of(ready.kind, before, after, policy_of(claim.client_id)),
        "batch": batch,
        "form_key": key,
        "made_by": asked.user,
        "made_at": asked.at,
        "actor": asked.actor or (f"user:{asked.user.pk}" if asked.user else current_actor()[0]),
    }
    try:
        with transaction.atomic():
            draft = (
                Resubmission.objects.select_for_update(of=("self",))
                .filter(submission_id=version.submission_id, state=State.DRAFT)
                .first()
            )
            if draft is not None:
                Resubmission.objects.filter(pk=draft.pk).update(**values)
                row = Resubmission.objects.get(pk=draft.pk)
            else:
                row = Resubmission.objects.create(
                    claim=claim,
                    client_id=claim.client_id,
                    party=version.party,
                    payer_id=version.payer_id,
                    submission_id=version.submission_id,
                    **values,
                )
    except IntegrityError as error:
        raise ResubmissionRefused(_TAKEN) from error
    row.claim = claim
    return row


def _free_undelivered(submission_id: int, *, at: datetime) -> None:
    """Let go of a correction whose file is cancelled, or is none that our own reader takes."""
    stuck = Resubmission.objects.filter(
        Q(file__state=FileState.CANCELLED)
        | Q(file__state=FileState.FAILED, file__mailbox_id__isnull=True),
        submission_id=submission_id,
        state=State.QUEUED,
    )
    _take_back(_locked(list(stuck.values_list("pk", flat=True))), user=None, at=at)


@transaction.atomic
def decide(
    ids: Sequence[int], *, approves: bool, user: User, at: datetime, note: str = ""
) -> tuple[list[Resubmission], list[str]]:
    """Approve or decline what waits; return what was decided, and a sentence for each refusal.

    What is approved goes out as few files as can be. A claim that has changed since is refused.
    """
    rows = _locked(ids)
    sources = sources_of((row.claim_id, row.party) for row in rows) if approves else {}
    decided: list[Resubmission] = []
    going: list[Outgoing] = []
    refused: list[str] = []
    for row in rows:
        try:
            _check_decider(row, user, approves=approves, note=note)
            ready = _still_ready(row, sources[row.claim_id, row.party], at) if approves else None
        except ResubmissionRefused as refusal:
            refused.append(f"{row.claim.number}: {refusal.sentence}")
            continue
        row.decided_by, row.decided_at, row.decision_note = user, at, note.strip()[:REASON_MAX]
        decided.append(row)
        if ready is not None:
            going.append(Outgoing(row, ready))
        else:
            row.state = State.DECLINED
            row.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
        _record(row, "approve" if approves else "decline", at=at)
        tell_asker(row, "is approved" if approves else "is not approved", at=at, but=user.pk)
    queue_all(going, user=user, at=at)
    return decided, refused


def _still_ready(row: Resubmission, source: Source | str, at: datetime) -> Ready:
    if isinstance(source, str):
        raise ResubmissionRefused(source)
    if source.version.submission_id != row.submission_id:
        raise ResubmissionRefused("the claim has been sent again since; decline this")
    ready = ready_from_edits(
        source, kind=Kind(row.kind), edits=from_json(row.edits), today=at.date()
    )
    ready.refuse()
    return ready


@transaction.atomic
def withdraw(resubmission_id: int, *, user: User | None, at: datetime) -> list[Resubmission]:
    """Take it back while it is not on its way; return all that were in the same file.

    Doing so twice changes nothing.

    Raises:
        ResubmissionRefused: its file is on its way, or sent.
    """
    found = _locked([resubmission_id])
    if not found:
        raise ResubmissionRefused("there is no such correction that you may see")
    row = found[0]
    if row.state in (State.WITHDRAWN, State.DECLINED):
        return []
    rows = [row]
    file = row.file if row.state == State.QUEUED else None
    if file is not None:
        in_file = Resubmission.objects.filter(file_id=file.pk, state=State.QUEUED)
        rows = _locked(list(in_file.values_list("pk", flat=True)))
    _take_back(rows, user=user, at=at)
    if file is not None and not (file.state == FileState.FAILED and file.mailbox_id is None):
        try:
            cancel(file.pk, at=at)
        except OutboxRefused as refusal:
            raise ResubmissionRefused(str(refusal)) from refusal
    return rows


@transaction.atomic
def take_back_of_file(file_id: int, *, at: datetime) -> None:
    """Take back what a file that was cancelled held; what is taken back already stays so."""
    rows = Resubmission.objects.filter(file_id=file_id, state=State.QUEUED)
    _take_back(_locked(list(rows.values_list("pk", flat=True))), user=None, at=at)


def _take_back(rows: Sequence[Resubmission], *, user: User | None, at: datetime) -> None:
    for one in rows:
        if one.activity is not None:
            withdraw_activity(one.activity, user=user, at=at, reason="The file was taken back.")
        one.state = State.WITHDRAWN
        one.save(update_fields=["state"])
        _record(one, "withdraw", at=at)


def _locked(ids: Sequence[int]) -> list[Resubmission]:
    return list(
        Resubmission.objects.select_for_update(of=("self",))
        .select_related("claim", "claim__client", "activity", "file")
        .filter(pk__in=list(ids))
        .order_by("pk")
    )


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise ResubmissionRefused("say why it is sent again")
    if len(reason) > REASON_MAX:
        raise ResubmissionRefused(f"the reason has at most {REASON_MAX} characters; shorten it")


def _check_decider(row: Resubmission, user: User, *, approves: bool, note: str) -> None:
    if row.state != State.HELD:
        raise ResubmissionRefused(
            f"it waits for no approval ({State(row.state).label.lower()}); reload the page"
        )
    if row.made_by_id == user.pk:
        raise ResubmissionRefused("nobody decides his own request; withdraw it, or wait")
    if not user.may(PERMISSION):
        raise ResubmissionRefused("your role does not approve claims that are sent again")
    if not approves and not note.strip():
        raise ResubmissionRefused("say why it is not approved, so that the claim is worked on")


def open_of(claim_id: int) -> list[Resubmission]:
    """Return what is being corrected of a claim, or waits to go out, the latest first."""
    return list(
        Resubmission.objects.filter(claim_id=claim_id, state__in=OPEN)
        .select_related("made_by")
        .order_by("-pk")
    )


def _record(row: Resubmission, verb: str, *, at: datetime, **detail: object) -> None:
    record_event(
        action=f"resubmission.{verb}",
        at=at,
        client_id=row.client_id,
        claim_id=row.claim_id,
        subject=("resubmission", row.pk),
        detail=dict(detail),
    )
