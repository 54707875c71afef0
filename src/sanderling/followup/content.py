"""What an activity says, in one form: cleaned, checked, and known again by its content."""

from __future__ import annotations

import hashlib
import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

REFERENCE_CHARACTERS_MAX: Final = 200
NAME_CHARACTERS_MAX: Final = 200
NOTE_CHARACTERS_MAX: Final = 10_000
EARLIEST_DAY: Final = date(2000, 1, 1)  # an earlier one is a slip of the pen
AHEAD: Final = timedelta(days=366)  # so much may lie between an activity and its next day

_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_AMERICAN: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})")  # as spreadsheets rewrite ISO
_TIME: Final = re.compile(
    r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?(Z|[+-]\d{2}:?\d{2})?$"
)
_THIS_CENTURY: Final = 2000
_SHORT_YEAR: Final = 100
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_DATABASE_NULL: Final = "\\N"  # how MySQL and PostgreSQL export a cell without a value


class Content(NamedTuple):
    """What an activity says about its claim."""

    activity_date: date
    user_name: str
    channel: str
    action: str
    outcome: str
    reference: str = ""
    next_date: date | None = None
    note: str = ""


def source_key(content: Content, *, again: int = 0) -> UUID:
    """Return the name of the content: the same for the same content, else another.

    Two calls alike in everything are one, unless their references differ. `again`: how often the
    same was said and taken back before.
    """
    parts = "\x1f".join(str(part or "") for part in content) + "\x1e" * again
    return UUID(bytes=hashlib.sha256(parts.encode()).digest()[:16])


def clean_text(text: str) -> str:
    """Return the text on one line, without what no text holds."""
    return " ".join(_CONTROL.sub("", "" if text == _DATABASE_NULL else text).split())


def clean_note(text: str) -> str:
    """Return the note with its lines, and without blanks around them."""
    if "\n" not in text and "\r" not in text:
        return clean_text(text)
    # COPY of PostgreSQL before 18 takes a line of \. alone for the end, inside quotes, too.
    lines = (clean_text(line) for line in text.splitlines())
    return "\n".join(line for line in lines if line != "\\.").strip()


@lru_cache(maxsize=10_000)
def written_day(text: str) -> date | None:
    """Return the day of `2026-03-05` or, as spreadsheets make of it, `3/5/2026`; None: neither.

    A time behind it is left out.
    """
    bare = _TIME.sub("", text.strip())
    if found := _ISO.fullmatch(bare):
        year, month, day = (int(part) for part in found.groups())
    elif found := _AMERICAN.fullmatch(bare):
        month, day, year = (int(part) for part in found.groups())
        year += _THIS_CENTURY if year < _SHORT_YEAR else 0
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def faults_of(content: Content, *, latest_day: date) -> list[tuple[str, str]]:
    """Return what is wrong with the content: (column of the file, what to do) each."""
    faults = []
    if not EARLIEST_DAY <= content.activity_date <= latest_day:
        faults.append(
            ("date", f"must be from {EARLIEST_DAY} to {latest_day}: the day it was done on")
        )
    elif content.next_date is not None and not (
        content.activity_date <= content.next_date <= content.activity_date + AHEAD
    ):
        faults.append(("next_date", "must be the day of the activity or one of the 366 days after"))
    for column, text, limit in (
        ("user", content.user_name, NAME_CHARACTERS_MAX),
        ("reference", content.reference, REFERENCE_CHARACTERS_MAX),
        ("note", content.note, NOTE_CHARACTERS_MAX),
    ):
        if len(text) > limit:
            faults.append((column, f"is longer than {limit} characters; shorten it"))
    return faults
