"""Days as a person types them while on the phone: +7, 3d, 2w, mon, 3/5, 2026-03-05."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN: Final = re.compile(r"\+?\s*(\d{1,3})\s*(d|days?|w|weeks?|m|months?)?")
_SPAN_DAYS: Final = {"d": 1, "w": 7, "m": 30}
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_AMERICAN: Final = re.compile(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?")
_SATURDAY: Final = 5
_CENTURY: Final = 100
_THIS_CENTURY: Final = 2000


def read_day(text: str, *, today: date, is_past: bool = False) -> date | None:
    """Return the day that `text` means, None when it means none.

    A span counts from today, ahead or (`is_past`) back; a weekday is the next or the last one,
    never today; a day without a year is the nearest one on that side.
    """
    text = text.strip().lower()
    sign = -1 if is_past else 1
    if text in ("today", "t", "now"):
        return today
    if text in ("tomorrow", "tom"):
        return today + timedelta(days=1)
    if text in ("yesterday", "yest"):
        return today - timedelta(days=1)
    if text[:3] in _WEEKDAYS and text.isalpha() and len(text) >= 3:  # noqa: PLR2004 - letters
        apart = (sign * (_WEEKDAYS.index(text[:3]) - today.weekday()) - 1) % 7 + 1
        return today + sign * timedelta(days=apart)
    if span := _SPAN.fullmatch(text):
        return today + sign * timedelta(days=int(span[1]) * _SPAN_DAYS[(span[2] or "d")[0]])
    return _calendar_day(text, today=today, is_past=is_past)


def _calendar_day(text: str, *, today: date, is_past: bool) -> date | None:
    try:
        if found := _ISO.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if (found := _AMERICAN.fullmatch(text)) is None:
            return None
        month, day = int(found[1]), int(found[2])
        if found[3]:
            year = int(found[3])
            return date(year + (_THIS_CENTURY if year < _CENTURY else 0), month, day)
        nearest = date(today.year, month, day)
        if is_past and nearest > today:
            return date(today.year - 1, month, day)
        if not is_past and nearest < today:
            return date(today.year + 1, month, day)
    except ValueError:
        return None
    return nearest


def working_day(day: date) -> date:
    """Return the day, or the Monday after it when it is on a weekend."""
    late = day.weekday() - _SATURDAY
    return day + timedelta(days=2 - late) if late >= 0 else day
