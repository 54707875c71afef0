"""What clients say when they flag a claim, and what the states of a flag are called.

The words are read by clients and by us: plain, and the same in both places.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models

REASONS: Final[Mapping[str, str]] = {
    "too_old": "It has been open too long",
    "large": "It is a large amount for us",
    "patient_complains": "The patient complains",
    "paid": "We believe that it was paid",
    "denied_wrongly": "We do not agree with the denial",
    "new_information": "We have new information",
    "not_clear": "We do not understand where it stands",
    "other": "Something else",
}


class Urgency(models.TextChoices):
    """How soon the client needs an answer."""

    NORMAL = "normal", "Normal"
    URGENT = "urgent", "Urgent"


class State(models.TextChoices):
    """Whose turn it is, and how far the answer is."""

    RECEIVED = "received", "Received"
    WORKING = "working", "Being worked"
    WAITING = "waiting", "Waits for the client"
    ANSWERED = "answered", "Answered"
    CLOSED = "closed", "Closed"
    WITHDRAWN = "withdrawn", "Withdrawn"


OURS: Final = (State.RECEIVED, State.WORKING)  # we owe an answer: the clock runs
UNDONE: Final = (*OURS, State.WAITING, State.ANSWERED)
DONE: Final = (State.CLOSED, State.WITHDRAWN)
# As a client reads it of a flag of theirs.
FOR_CLIENT: Final[Mapping[str, str]] = {
    State.RECEIVED: "Received",
    State.WORKING: "We are on it",
    State.WAITING: "Waits for you",
    State.ANSWERED: "Answered",
    State.CLOSED: "Closed",
    State.WITHDRAWN: "Withdrawn",
}
COLORS: Final[Mapping[str, str]] = {
    State.RECEIVED: "blue",
    State.WORKING: "blue",
    State.WAITING: "yellow",
    State.ANSWERED: "green",
    State.CLOSED: "secondary",
    State.WITHDRAWN: "secondary",
}
# What happened, as said after a name; {text} is the event's own words, where they belong there.
EVENTS: Final[Mapping[str, str]] = {
    "flagged": "flagged the claim",
    "owner": "has it now",
    "taken_up": "began to work on it",
    "message": "wrote",
    "note": "noted for us alone",
    "asked": "asked the client",
    "replied": "replied",
    "answered": "answered",
    "reopened": "was not content with the answer",
    "warned": "The answer is due soon",
    "late": "The answer is late",
    "raised": "The claim was raised to",
    "closed": "closed it",
    "withdrawn": "withdrew it",
}
# Who hears when an answer is late, one step after the other; the last stays.
LEVELS: Final[Mapping[int, str]] = {
    0: "",
    1: "the owner's lead",
    2: "the account manager",
    3: "the management",
}


def reason_title(reason: str) -> str:
    """Return why a client flagged a claim, in words."""
    return REASONS.get(reason) or reason.replace("_", " ").capitalize()


def state_for_client(state: str) -> str:
    """Return a state as the client reads it."""
    return FOR_CLIENT[state]
