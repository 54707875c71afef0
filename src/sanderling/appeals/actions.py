"""Steps of an appeal that is written: finished, approved, sent, received, decided; and their undo.

Every step locks the appeal first: of two people at once, the second is told. A step that is
repeated changes nothing. What is sent is recorded as an activity, so that the claim's barrier
becomes `appeal_pending`; taking the step back withdraws it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.appeals.approval import PERMISSION, approvers, policy_of
from sanderling.appeals.models import WITH_PAYER, Appeal, AppealWay, Channel, State
from sanderling.appeals.packets import about_words, build, keep_packet, packet_bytes, prepare
from sanderling.appeals.telling import record_step, tell, tell_items
from sanderling.appeals.writing import AppealRefused, locked
from sanderling.core.appeals.cases import VEHICLE_TITLES, Vehicle
from sanderling.core.appeals.levels import confirm_date, decision_due
from sanderling.core.codes.names import NextAction
from sanderling.followup.actions import record, withdraw
from sanderling.followup.models import Activity, Outcome
from sanderling.outbox.actions import Draft, queue_file
from sanderling.outbox.models import OutboundFile, Purpose
from sanderling.outbox.models import State as FileState

TEXT_MAX: Final = 500
PACKET: Final = "packet"
_ACTION: Final = {
    Vehicle.UNDERPAYMENT_DISPUTE: NextAction.DISPUTE_UNDERPAYMENT,
    Vehicle.RECORDS_SUBMISSION: NextAction.SEND_RECORDS,
    Vehicle.COMPLAINT: NextAction.ESCALATE,
}


def action_of(appeal: Appeal) -> str:
    """Return what sending the appeal is called among activities."""
    return _ACTION.get(Vehicle(appeal.vehicle), NextAction.APPEAL).value


@transaction.atomic
def finish(appeal_id: int, *, user: User | None, at: datetime) -> Appeal:
    """Make the packet; then it is ready to send, or waits for another person's approval.

    Raises:
        NotComplete: a fact or a piece of evidence is missing; nothing was made.
        AppealRefused: it cannot be finished now.
    """
    found = locked(appeal_id)
    if found.state in (State.READY, State.APPROVED):
        return found
    if found.state != State.DRAFT:
        raise AppealRefused("only a draft can be finished")
    (prepared,) = prepare([found])
    joined = build(
        [prepared], made_date=at.date(), control=found.control_number, about=about_words(found)
    )
    packet = keep_packet(
        joined, client_id=found.client_id, claim_id=found.claim_id, user=user, at=at
    )
    found.packet, found.finished_by, found.finished_at = packet, user, at
    found.approval_reason = policy_of(found.client_id).reason(
        level=found.level, asked_cents=found.asked_cents
    )
    found.state = State.READY if found.approval_reason else State.APPROVED
    found.save(update_fields=["packet", "finished_by", "finished_at", "approval_reason", "state"])
    record_step(found, "finish", at=at, sha256=packet.sha256, pages=packet.pages)
    if found.approval_reason:
        who = approvers(found.client_id, but=user.pk if user else None)
        waits = f"waits for approval: {found.approval_reason}"
        tell(found, [one.pk for one in who], waits, f"waits:{packet.pk}", at=at)
    return found


@transaction.atomic
def reopen(appeal_id: int, *, user: User | None, at: datetime, note: str = "") -> Appeal:
    """Open a finished appeal again, to change it; its packet is made anew later.

    For who may approve, this is the no: `note` says why, and who wrote it is told.

    Raises:
        AppealRefused: it is sent.
    """
    found = locked(appeal_id)
    if found.state == State.DRAFT:
        return found
    if found.state not in (State.READY, State.APPROVED) or found.outbound_file_id:
        raise AppealRefused("it is sent; begin the next level, or withdraw it")
    writer = found.finished_by_id
    found.state, found.packet = State.DRAFT, None
    found.approved_by, found.approved_at = None, None
    found.save(update_fields=["state", "packet", "approved_by", "approved_at"])
    record_step(found, "reopen", at=at)
    if writer is not None and (user is None or writer != user.pk):
        said = f"was given back: {note.strip()}" if note.strip() else "was given back"
        tell(found, [writer], said[:TEXT_MAX], f"back:{at.isoformat()}", at=at)
    return found


@transaction.atomic
def approve(appeal_id: int, *, user: User, at: datetime) -> Appeal:
    """Let an appeal be sent.

    Raises:
        AppealRefused: it waits for no approval, the user finished it, or his role may not.
    """
    found = locked(appeal_id)
    if found.state == State.APPROVED and found.approved_by_id == user.pk:
        return found
    if found.state != State.READY:
        raise AppealRefused("it waits for no approval")
    if found.finished_by_id == user.pk:
        raise AppealRefused("you finished it yourself; another person must approve it")
    if not user.may(PERMISSION):
        raise AppealRefused("your role may not approve appeals")
    found.state, found.approved_by, found.approved_at = State.APPROVED, user, at
    found.save(update_fields=["state", "approved_by", "approved_at"])
    record_step(found, "approve", at=at)
    tell(found, [found.finished_by_id], "is approved", f"approved:{found.packet_id}", at=at)
    return found


@transaction.atomic
def mark_sent(
    appeal_id: int,
    *,
    channel: str,
    sent_date: date,
    tracking: str,
    user: User | None,
    at: datetime,
) -> Appeal:
    """Say that the packet was sent: by portal, fax or mail, with what proves it.

    Raises:
        AppealRefused: it is not ready, a day to come, or nothing that proves a mailing.
    """
    found = locked(appeal_id)
    if found.state == State.SENT and found.sent_date == sent_date:
        return found
    tracking = " ".join(tracking.split())
    if found.state != State.APPROVED:
        raise AppealRefused("only what is ready can be sent")
    if channel not in Channel.values:
        raise AppealRefused("choose how it was sent")
    if sent_date > at.date() or (found.finished_at and sent_date < found.finished_at.date()):
        raise AppealRefused("it was sent on a day from its making until today")
    if len(tracking) > TEXT_MAX:
        raise AppealRefused(f"write at most {TEXT_MAX} characters")
    if channel != Channel.ELECTRONIC and not tracking:
        raise AppealRefused(
            "note what proves it: tracking number, fax confirmation or portal receipt"
        )
    return _sent(found, channel, sent_date, tracking, user=user, at=at)


def _sent(
    found: Appeal,
    channel: str,
    sent_date: date,
    tracking: str,
    *,
    user: User | None,
    at: datetime,
) -> Appeal:
    kind = found.payer.type if found.payer else "other"
    way = (
        AppealWay.objects.filter(payer=found.payer, level=found.level).first()
        if found.payer
        else None
    )
    found.state, found.channel, found.sent_date = State.SENT, channel, sent_date
    found.sent_by, found.tracking = user, tracking
    found.confirm_date = confirm_date(sent_date, channel)
    found.decision_due_date = decision_due(
        sent_date, payer_type=kind, level=found.level, days=way.decision_days if way else None
    )
    activity = record(
        claim=found.claim,
        activity_date=sent_date,
        channel=channel,
        action=action_of(found),
        outcome=Outcome.SENT,
        at=at,
        user=user,
        reference=tracking[:100] or found.control_number,
        next_date=found.confirm_date,
        note=f"{VEHICLE_TITLES[found.vehicle]}, level {found.level}, sent"
        f" ({found.control_number}).",
    )
    found.activity_id = activity.pk
    found.save()
    record_step(found, "send", at=at, channel=channel, level=found.level)
    return found


@transaction.atomic
def queue_packet(appeal_id: int, *, user: User | None, at: datetime) -> OutboundFile:
    """Put the packet into the outbox, to go by a mailbox; the appeal is sent when the file is.

    Asked again, the file that waits is returned.

    Raises:
        AppealRefused: it is not ready.
    """
    found = locked(appeal_id)
    if found.state != State.APPROVED or found.packet is None:
        raise AppealRefused("only what is ready can be sent")
    if found.outbound_file_id:
        return OutboundFile.objects.get(pk=found.outbound_file_id)
    data = packet_bytes(found.packet)
    file = queue_file(
        kind=PACKET,
        purpose=Purpose.APPEAL,
        client_id=found.client_id,
        payer_id=found.payer_id,
        sender_id="",
        receiver_id=found.payer.payer_id if found.payer else "",
        claims=[Draft(found.claim_id, found.party, found.control_number)],
        make=lambda _: data,
        user=user,
        at=at,
    )
    found.outbound_file_id, found.channel = file.pk, Channel.ELECTRONIC
    found.save(update_fields=["outbound_file_id", "channel"])
    record_step(found, "queue", at=at, outbound_file=file.pk)
    return file


def follow_files(*, at: datetime) -> int:
    """Move on the appeals whose file was sent, cancelled or is waiting; return how many moved.

    Run again it moves none twice.
    """
    waiting = Appeal.objects.filter(state=State.APPROVED, outbound_file_id__isnull=False)
    moved = 0
    for appeal_id in list(waiting.values_list("pk", flat=True)):
        with transaction.atomic():
            moved += _follow(locked(appeal_id), at)
    return moved


def _follow(found: Appeal, at: datetime) -> int:
    if found.state != State.APPROVED or not found.outbound_file_id:
        return 0
    file = OutboundFile.objects.filter(pk=found.outbound_file_id).first()
    if file is None or file.state == FileState.CANCELLED:
        found.outbound_file_id, found.channel = None, ""
        found.save(update_fields=["outbound_file_id", "channel"])
        return 1
    if file.state != FileState.SENT or file.sent_at is None:
        return 0
    _sent(found, Channel.ELECTRONIC, file.sent_at.date(), file.name, user=file.queued_by, at=at)
    return 1


@transaction.atomic
def take_back_sent(appeal_id: int, *, user: User | None, at: datetime) -> Appeal:
    """Undo that it was sent: it is ready again, and the activity is taken back.

    Raises:
        AppealRefused: it is not sent, or a mailbox has delivered it.
    """
    found = locked(appeal_id)
    if found.state == State.APPROVED:
        return found
    if found.state != State.SENT:
        raise AppealRefused("only what is sent, and not yet received, can be taken back")
    if found.outbound_file_id:
        raise AppealRefused("a mailbox has delivered it; it cannot be called back")
    _withdraw_activity(found, user=user, at=at, reason="the appeal was not sent")
    found.state, found.channel, found.tracking = State.APPROVED, "", ""
    found.sent_date = found.confirm_date = found.decision_due_date = None
    found.activity_id, found.sent_by = None, None
    found.save()
    record_step(found, "take_back", at=at)
    return found


def _withdraw_activity(found: Appeal, *, user: User | None, at: datetime, reason: str) -> None:
    if found.activity_id is not None:
        activity = Activity.objects.get(pk=found.activity_id)
        withdraw(activity, user=user, at=at, reason=reason)


@transaction.atomic
def acknowledge(
    appeal_id: int, *, received_date: date, reference: str, user: User | None, at: datetime
) -> Appeal:
    """Say that the payer has it, and by which number it calls it.

    Raises:
        AppealRefused: it is not sent, or the day is before it was sent or to come.
    """
    found = locked(appeal_id)
    if found.state == State.ACKNOWLEDGED and found.acknowledged_date == received_date:
        return found
    if found.state not in WITH_PAYER or found.sent_date is None:
        raise AppealRefused("only what is sent can be received")
    if not found.sent_date <= received_date <= at.date():
        raise AppealRefused("it was received on a day from its sending until today")
    found.state, found.acknowledged_date = State.ACKNOWLEDGED, received_date
    found.reference = " ".join(reference.split())[:TEXT_MAX]
    found.save(update_fields=["state", "acknowledged_date", "reference"])
    record(
        claim=found.claim,
        activity_date=received_date,
        channel=found.channel or Channel.PORTAL,
        action=NextAction.CHECK_STATUS,
        outcome=Outcome.IN_PROCESS,
        at=at,
        user=user,
        reference=found.reference[:100],
        next_date=max(found.decision_due_date, received_date) if found.decision_due_date else None,
        note=f"The payer has the appeal ({found.control_number}).",
    )
    record_step(found, "acknowledge", at=at)
    return found


@transaction.atomic
def withdraw_appeal(appeal_id: int, *, note: str, user: User | None, at: datetime) -> Appeal:
    """Give an appeal up: a draft, what is ready, or what is with the payer.

    Raises:
        AppealRefused: it is decided, on its way, or nobody says why.
    """
    found = locked(appeal_id)
    if found.state == State.WITHDRAWN:
        return found
    note = " ".join(note.split())
    if found.state not in (State.DRAFT, State.READY, State.APPROVED, *WITH_PAYER):
        raise AppealRefused("it is decided")
    if found.outbound_file_id and found.state == State.APPROVED:
        raise AppealRefused("its file waits in the outbox; cancel that first")
    if not 0 < len(note) <= TEXT_MAX:
        raise AppealRefused(f"say why, in at most {TEXT_MAX} characters")
    was_sent = found.state in WITH_PAYER
    found.state, found.closing_note = State.WITHDRAWN, note
    found.save(update_fields=["state", "closing_note"])
    if was_sent:
        _withdraw_activity(found, user=user, at=at, reason="the appeal was given up")
    record_step(found, "withdraw", at=at)
    tell_items(found)
    return found
