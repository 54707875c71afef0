"""What all kinds of bulk acts are made of: who acts, what was asked for, how a kind is described.

`clean` reads what a form, a rule or a program says into values, or refuses as a whole; `fault` says
why one item cannot have it; `sets` is what it does to the item's own columns; `add` is what it adds
elsewhere; `words` tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sanderling.accounts.models import User
from sanderling.core.deadlines.days import add_business_days
from sanderling.core.refusal import Refusal
from sanderling.worklists.targets import Target

ITEMS_MAX: Final = 5_000
DAYS_AHEAD_MAX: Final = 366
# The columns of an item that a day concerns; also a note's day moves them (`keeping.refresh_work`).
DAY_COLUMNS: Final = ("follow_up_date", "is_pended")

Values = dict[str, Any]
Added = dict[int, list[list[Any]]]  # by item: [["activity", 17], ...]
Faults = dict[int, str]  # by item: why it could not be added


class InvalidParameters(Refusal):
    """What was asked for cannot be understood; `faults` has (field, what to do) for a form."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        super().__init__("; ".join(message for _, message in faults))
        self.faults = list(faults)


class NotAllowed(Refusal):
    """The user's role may not do this."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who does it, and when; without a user it is a rule."""

    user: User | None
    at: datetime

    @property
    def today(self) -> date:
        """The day on which it is done."""
        return self.at.date()

    def may(self, permission: str) -> bool:
        """Say whether it is allowed; a rule was made by somebody who may."""
        return self.user is None or self.user.may(permission)


def nothing(_parameters: Mapping[str, Any], _who: Who) -> Values:
    """Ask for nothing."""
    return {}


def free(_target: Target, _values: Values, _who: Who) -> str:
    """Refuse no item."""
    return ""


def counted(text: str) -> Callable[[int, Values], str]:
    """Return words that only say how many."""
    return lambda count, _values: text.format(claims=claims_text(count))


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that can be done."""

    title: str
    words: Callable[[int, Values], str]
    clean: Callable[[Mapping[str, Any], Who], Values] = nothing
    fault: Callable[[Target, Values, Who], str] = free
    columns: tuple[str, ...] = ()
    sets: str = ""
    add: Callable[[Sequence[Target], Values, Who], tuple[Added, Faults]] | None = None
    items_max: int = ITEMS_MAX  # where each needs a conversation with another room


def claims_text(count: int) -> str:
    """Return 1 claim, 14 claims."""
    return "1 claim" if count == 1 else f"{count:,} claims"


def read_number(given: object, name: str) -> int | None:
    """Return the id that was chosen, None for none."""
    if given in (None, ""):
        return None
    try:
        return int(str(given))
    except ValueError as error:
        raise InvalidParameters((name, "choose one of the list")) from error


def read_optional_day(parameters: Mapping[str, Any], who: Who) -> date | None:
    """Return the day that was asked for, None for none."""
    if not parameters.get("date") and not parameters.get("business_days"):
        return None
    return read_day(parameters, who, default_days=None)


def read_day(parameters: Mapping[str, Any], who: Who, *, default_days: int | None) -> date:
    """Return the day of `date`, or that of `business_days` from today."""
    given = parameters.get("date")
    days = parameters.get("business_days") or (None if given else default_days)
    if given:
        try:
            day = given if isinstance(given, date) else date.fromisoformat(str(given))
        except ValueError as error:
            raise InvalidParameters(("date", "write a day like 2026-03-05")) from error
    elif days is not None and str(days).isdigit() and 1 <= int(days) <= DAYS_AHEAD_MAX:
        day = add_business_days(who.today, int(days))
    else:
        raise InvalidParameters(("date", "choose a day"))
    if not who.today <= day <= who.today + timedelta(days=DAYS_AHEAD_MAX):
        raise InvalidParameters(("date", "choose a day from today on, within a year"))
    return day
