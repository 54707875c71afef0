"""Follow-up by people, as `activities import` takes it (columns of the command line's contract)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Effect(StrEnum):
    """What an activity makes of a claim, until the payer says something newer."""

    APPEALED = "appealed"
    CLIENT_ASKED = "client_asked"
    TEAM_ASKED = "team_asked"  # coding, authorization, eligibility
    RECORDS_SENT = "records_sent"
    SENT_ANEW = "sent_anew"
    IN_PROCESS = "in_process"  # told by the payer, with a day to wait for
    PAID = "paid"
    DENIED = "denied"
    NOT_ON_FILE = "not_on_file"
    PENDED = "pended"


@dataclass(frozen=True, slots=True)
class Activity:
    """The latest activity that says where a claim stands."""

    on_date: date
    effect: Effect
    until_date: date | None = None  # of waiting; after it the payer is late


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One row of activities.csv."""

    client: str
    claim: str
    on_date: date
    user: str
    channel: str
    action: str
    outcome: str
    reference: str
    next_date: date | None
    note: str
