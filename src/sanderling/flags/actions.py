"""What a client does with a flag. Each change is one transaction, with its event and its notices.

Our turn: received, working. The client's: waiting (for a reply), answered (content or not). Closed
and withdrawn stay so. What the house does is in `answering`.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from sanderling.accounts.models import User
from sanderling.claims.models import Claim
from sanderling.flags.checking import FlagRefused, check_flag, text_of
from sanderling.flags.clock import end_turn, start_turn
from sanderling.flags.models import Flag
from sanderling.flags.owners import usual_owner
from sanderling.flags.steps import audit, locked, note, said_already
from sanderling.flags.telling import event_of, tell_client, tell_items, tell_owner, tell_us
from sanderling.flags.words import DONE, OURS, State, Urgency, reason_title


def flag_claim(
    claim_id: int, *, reason: str, urgency: str, text: str, user: User, at: datetime
) -> Flag:
    """Flag a claim for the client: it gets an owner, and the clock of an answer begins.

    The same again while it is open returns the same flag.

    Raises:
        FlagRefused: no such claim, no reason, or it is flagged already and says something else.
    """
    text = text.strip()
    check_flag(reason=reason, urgency=urgency, text=text)
    claim = Claim.objects.select_related("client").filter(pk=claim_id, has_facts=True).first()
    if claim is None:
        raise FlagRefused("there is no such claim")
    try:
        with transaction.atomic():
            return _flag(claim, reason=reason, urgency=urgency, text=text, user=user, at=at)
    except IntegrityError:
        # Two at once: the constraint let one of them through.
        standing = open_flag(claim_id)
        if standing is None:
            raise
        return _same(standing, reason=reason, text=text, user=user)


def _flag(claim: Claim, *, reason: str, urgency: str, text: str, user: User, at: datetime) -> Flag:
    standing = open_flag(claim.pk)
    if standing is not None:
        return _same(standing, reason=reason, text=text, user=user)
    flag = Flag(
        claim=claim,
        client_id=claim.client_id,
        reason=reason,
        urgency=urgency,
        text=text,
        flagged_by=user,
        flagged_at=at,
        owner=usual_owner(claim.client_id),
        # Of the first turn; `start_turn` needs the flag's number.
        turn_at=at,
        due_at=at,
    )
    flag.save()
    note(flag, "flagged", user=user, at=at, text=text)
    start_turn(flag, at=at)
    flag.save()
    audit(flag, "create", at=at, reason=reason, urgency=urgency)
    event_of("flag.opened", flag, at=at)
    said = f"flagged by the client: {reason_title(reason).lower()}"
    if flag.owner is not None:
        note(flag, "owner", user=flag.owner, at=at)
    is_urgent = urgency == Urgency.URGENT
    tell_owner(flag, said, "flagged", at=at, but=user.pk, is_urgent=is_urgent)
    if flag.owner is not None and flag.flagged_by.role != "client_user":
        tell_client(flag, f"flagged for you; {flag.owner.name} answers", "flagged", at=at)
    tell_items(flag, at=at)
    return flag


def open_flag(claim_id: int) -> Flag | None:
    """Return the claim's flag that is neither closed nor withdrawn."""
    return (
        Flag.objects.select_related("claim", "claim__client", "owner")
        .filter(claim_id=claim_id)
        .exclude(state__in=DONE)
        .first()
    )


def _same(standing: Flag, *, reason: str, text: str, user: User) -> Flag:
    if (standing.reason, standing.text, standing.flagged_by_id) == (reason, text, user.pk):
        return standing
    raise FlagRefused("this claim is flagged already; write what is new to the one who answers it")


@transaction.atomic
def write_from_client(flag_id: int, *, text: str, user: User, at: datetime) -> Flag:
    """Write to the owner. Of a flag that waits for the client it is the reply: our turn again.

    The same words twice in a row are said once.

    Raises:
        FlagRefused: nothing is said, or the flag is closed.
    """
    text = text_of(text, "Write what the one who answers should know")
    flag = locked(flag_id, *OURS, State.WAITING, State.ANSWERED)
    kind = "replied" if flag.state == State.WAITING else "message"
    if said_already(flag, kind, user=user, text=text):
        return flag
    if kind == "replied":
        _begin_again(flag, kind, text=text, user=user, at=at)
        return flag
    event = note(flag, kind, user=user, at=at, text=text)
    audit(flag, "message", at=at)
    tell_owner(flag, "the client wrote about the flag", f"message:{event.pk}", at=at, but=user.pk)
    return flag


@transaction.atomic
def reopen_flag(flag_id: int, *, text: str, user: User, at: datetime) -> Flag:
    """Say that the answer does not do: our turn again, with a clock of its own.

    Raises:
        FlagRefused: nothing is said, or there is no answer to be content with.
    """
    text = text_of(text, "Say what is missing in the answer")
    flag = locked(flag_id)
    if flag.state in OURS and said_already(flag, "reopened", user=user, text=text):
        return flag
    flag = locked(flag_id, State.ANSWERED)
    _begin_again(flag, "reopened", text=text, user=user, at=at)
    return flag


def _begin_again(flag: Flag, kind: str, *, text: str, user: User, at: datetime) -> None:
    event = note(flag, kind, user=user, at=at, text=text)
    flag.state = State.WORKING
    start_turn(flag, at=at)
    flag.save()
    audit(flag, kind, at=at)
    said = {
        "replied": "the client replied; the answer is ours again",
        "reopened": "the client is not content with the answer",
    }[kind]
    tell_owner(flag, said, f"{kind}:{event.pk}", at=at, but=user.pk, is_urgent=True)
    event_of("flag.reopened", flag, at=at)
    tell_items(flag, at=at)


@transaction.atomic
def close_flag(flag_id: int, *, user: User | None, at: datetime) -> Flag:
    """Be content with the answer (user None: nobody said otherwise in time). Twice changes nothing.

    Raises:
        FlagRefused: it is not answered.
    """
    flag = locked(flag_id)
    if flag.state == State.CLOSED:
        return flag
    flag = locked(flag_id, State.ANSWERED)
    _end(flag, State.CLOSED, "closed", user=user, at=at, text="")
    return flag


@transaction.atomic
def withdraw_flag(flag_id: int, *, text: str = "", user: User, at: datetime) -> Flag:
    """Take the flag back; twice changes nothing.

    Raises:
        FlagRefused: it is closed.
    """
    flag = locked(flag_id)
    if flag.state == State.WITHDRAWN:
        return flag
    flag = locked(flag_id, *OURS, State.WAITING, State.ANSWERED)
    end_turn(flag, at=at, is_dropped=True)
    _end(flag, State.WITHDRAWN, "withdrawn", user=user, at=at, text=text.strip())
    return flag


def _end(
    flag: Flag, state: State, kind: str, *, user: User | None, at: datetime, text: str
) -> None:
    flag.state = state
    flag.closed_at = at
    flag.save()
    note(flag, kind, user=user, at=at, text=text)
    audit(flag, "close" if state == State.CLOSED else "withdraw", at=at)
    event_of("flag.closed", flag, at=at)
    by = user.pk if user is not None else None
    said = "the client closed the flag" if state == State.CLOSED else "the flag was withdrawn"
    if user is None:
        said = "the flag closed by itself, as the client said nothing more"
    tell_us(flag, [flag.owner_id] if flag.owner_id else [], said, kind, at=at, but=by)
    if user is None or user.role != "client_user":
        tell_client(flag, said.replace("the client ", "we "), kind, at=at, but=by)
    tell_items(flag, at=at)
