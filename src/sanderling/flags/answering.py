"""What the house does with a flag: takes it up, hands it over, asks, writes, answers.

The client hears of each step, but of what is noted for ourselves.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.flags.checking import FlagRefused, text_of
from sanderling.flags.clock import end_turn
from sanderling.flags.models import Flag
from sanderling.flags.owners import may_own
from sanderling.flags.steps import audit, locked, note, said_already
from sanderling.flags.telling import event_of, tell_client, tell_items, tell_owner
from sanderling.flags.words import DONE, OURS, State


@transaction.atomic
def take_up(flag_id: int, *, user: User, at: datetime) -> Flag:
    """Begin to work on a flag: it is the user's, and the client is told. Twice changes nothing.

    Raises:
        FlagRefused: it does not wait for us.
    """
    flag = locked(flag_id, *OURS)
    if flag.state == State.WORKING and flag.owner_id == user.pk:
        return flag
    if flag.owner_id != user.pk:
        _hand_over(flag, user, by=user, at=at)
    if flag.state == State.RECEIVED:
        flag.state = State.WORKING
        note(flag, "taken_up", user=user, at=at)
        tell_client(flag, f"{user.name} is on it", "taken_up", at=at)
    flag.save()
    audit(flag, "take", at=at)
    return flag


@transaction.atomic
def set_owner(flag_id: int, *, owner: User, user: User, at: datetime) -> Flag:
    """Give the flag to somebody else; the client is told who has it now.

    Raises:
        FlagRefused: it is closed, or the person does not work for the client.
    """
    flag = locked(flag_id, *OURS, State.WAITING, State.ANSWERED)
    if flag.owner_id == owner.pk:
        return flag
    if not may_own(owner, flag.client_id):
        raise FlagRefused(f"{owner.name} does not work for this client; choose somebody who does")
    _hand_over(flag, owner, by=user, at=at)
    flag.save()
    audit(flag, "assign", at=at, owner=owner.pk)
    return flag


def _hand_over(flag: Flag, owner: User, *, by: User, at: datetime) -> None:
    flag.owner = owner
    event = note(flag, "owner", user=owner, at=at)
    tell_owner(flag, "you answer the client's flag now", f"owner:{event.pk}", at=at, but=by.pk)
    tell_client(flag, f"{owner.name} answers it now", f"owner:{event.pk}", at=at)


@transaction.atomic
def ask_client(flag_id: int, *, text: str, user: User, at: datetime) -> Flag:
    """Ask the client what only the client knows: the clock stops until the reply.

    Raises:
        FlagRefused: nothing is asked, or it is not our turn.
    """
    text = text_of(text, "Say what the client should tell you")
    flag = locked(flag_id)
    if flag.state == State.WAITING and said_already(flag, "asked", user=user, text=text):
        return flag
    flag = locked(flag_id, *OURS)
    _own(flag, user, at=at)
    end_turn(flag, at=at)
    flag.state = State.WAITING
    flag.save()
    event = note(flag, "asked", user=user, at=at, text=text)
    audit(flag, "ask", at=at)
    tell_client(flag, "we have a question for you", f"asked:{event.pk}", at=at)
    event_of("flag.asked", flag, at=at)
    tell_items(flag, at=at)
    return flag


@transaction.atomic
def answer_flag(flag_id: int, *, text: str, user: User, at: datetime) -> Flag:
    """Answer the client: what was found, what was done, what comes next. The clock stops.

    The same answer again changes nothing.

    Raises:
        FlagRefused: nothing is said, or the flag is closed or answered already.
    """
    text = text_of(text, "Say what you found, what you did and what comes next")
    flag = locked(flag_id)
    if flag.state == State.ANSWERED and said_already(flag, "answered", user=user, text=text):
        return flag
    flag = locked(flag_id, *OURS, State.WAITING)
    _own(flag, user, at=at)
    end_turn(flag, at=at)
    flag.state = State.ANSWERED
    flag.answered_at = flag.answered_at or at
    flag.save()
    event = note(flag, "answered", user=user, at=at, text=text)
    audit(flag, "answer", at=at)
    tell_client(flag, "your flag is answered", f"answered:{event.pk}", at=at)
    tell_owner(flag, "the client's flag is answered", f"answered:{event.pk}", at=at, but=user.pk)
    event_of("flag.answered", flag, at=at, was_late=flag.late_at is not None)
    tell_items(flag, at=at)
    return flag


@transaction.atomic
def write_to_client(
    flag_id: int, *, text: str, user: User, at: datetime, is_internal: bool = False
) -> Flag:
    """Write to the client, or note something for us alone. The clock goes on: this is no answer.

    The same words twice in a row are said once.

    Raises:
        FlagRefused: nothing is said, or (to the client) the flag is closed.
    """
    text = text_of(text, "Write something first")
    kind = "note" if is_internal else "message"
    flag = locked(flag_id)
    if said_already(flag, kind, user=user, text=text):
        return flag
    if flag.state in DONE and not is_internal:
        raise FlagRefused(f"flag {flag.pk} is {flag.state}; the client would not look there")
    event = note(flag, kind, user=user, at=at, text=text, is_internal=is_internal)
    audit(flag, kind, at=at)
    if not is_internal:
        tell_client(flag, f"{user.name} wrote to you", f"message:{event.pk}", at=at)
    tell_owner(flag, f"{user.name} wrote about the flag", f"{kind}:{event.pk}", at=at, but=user.pk)
    return flag


def _own(flag: Flag, user: User, *, at: datetime) -> None:
    """Who answers a flag that nobody owns owns it."""
    if flag.owner_id is None:
        flag.owner = user
        note(flag, "owner", user=user, at=at)
