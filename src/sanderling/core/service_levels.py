"""Service levels: within how much business time something is to be done, and when that ends.

An hour counts while the client's office is open; a business day ends at midnight there, and the day
on which a clock starts is not counted. Nothing starts on a day without business: what comes on a
Saturday starts on Monday. The standards are those of DOMAIN 9.9 (marked there as estimate).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from sanderling.core.deadlines.days import add_business_days, next_business_day

ZONE: Final = "America/New_York"
OPENS: Final = 8
CLOSES: Final = 17
# Warned when this share of the time has gone.
WARN_SHARE: Final = 0.75
GOAL_PERCENT: Final = 95
STANDARD: Final = "standard"
KEY: Final = "key"


class Unit(StrEnum):
    """What a service level is counted in."""

    BUSINESS_DAYS = "business_days"
    BUSINESS_HOURS = "business_hours"
    DAYS = "days"


class ServiceKind(StrEnum):
    """What is to be done in time."""

    FIRST_TOUCH = "first_touch"
    DENIAL_FIRST_ACTION = "denial_first_action"
    REJECTION_FIX = "rejection_fix"
    FLAG_ANSWER = "flag_answer"
    DOCUMENT_TURNAROUND = "document_turnaround"
    APPEAL_OUT = "appeal_out"
    HIGH_DOLLAR_TOUCH = "high_dollar_touch"
    QUESTION_ANSWER = "question_answer"
    REPORT = "report"


KIND_WORDS: Final[Mapping[str, str]] = {
    "first_touch": "First touch",
    "denial_first_action": "Denial worked first",
    "rejection_fix": "Rejection fixed",
    "flag_answer": "Flagged claim answered",
    "document_turnaround": "Documents turned around",
    "appeal_out": "Appeal out",
    "high_dollar_touch": "High-dollar claim touched",
    "question_answer": "Question answered",
    "report": "Report sent",
}
UNIT_WORDS: Final[Mapping[str, str]] = {
    "business_days": "business days",
    "business_hours": "business hours",
    "days": "calendar days",
}
COUNT_MAX: Final = 366


@dataclass(frozen=True, slots=True)
class Level:
    """Within how much time something is to be done, for one client.

    `count` 0 with days: on the day itself. `is_agreed` False: the usual of the client's tier.
    `goal_percent`: of how many of a hundred it was agreed. `version_id`: of the agreement.
    """

    kind: str
    count: int
    unit: str
    is_agreed: bool = False
    goal_percent: int = GOAL_PERCENT
    zone: str = ZONE
    version_id: int | None = None

    @property
    def words(self) -> str:
        """Return "5 business days", "1 business day", "same business day"."""
        name = UNIT_WORDS[self.unit]
        if self.count == 0:
            return f"same {name.removesuffix('s')}"
        return f"{self.count} {name.removesuffix('s') if self.count == 1 else name}"


_DEFAULTS: Final[Mapping[str, Mapping[str, tuple[int, str]]]] = {
    STANDARD: {
        "first_touch": (5, "business_days"),
        "denial_first_action": (5, "business_days"),
        "rejection_fix": (2, "business_days"),
        "flag_answer": (2, "business_days"),
        "document_turnaround": (5, "business_days"),
        "appeal_out": (14, "days"),
        "high_dollar_touch": (14, "days"),
        "question_answer": (2, "business_days"),
        "report": (5, "business_days"),  # after the end of the month
    },
    KEY: {
        "first_touch": (2, "business_days"),
        "denial_first_action": (2, "business_days"),
        "rejection_fix": (0, "business_days"),
        "flag_answer": (4, "business_hours"),
        "document_turnaround": (2, "business_days"),
        "appeal_out": (5, "business_days"),
        "high_dollar_touch": (7, "days"),
        "question_answer": (4, "business_hours"),
        "report": (2, "business_days"),
    },
}


def default_level(tier: str, kind: str) -> Level:
    """Return what holds where nothing was agreed.

    Raises:
        KeyError: there is no such tier or kind (a slip of ours).
    """
    count, unit = _DEFAULTS[tier][ServiceKind(kind).value]
    return Level(kind=kind, count=count, unit=unit)


def due_at(start_at: datetime, level: Level) -> datetime:
    """Return the last instant in time: the clock started at `start_at` (both UTC)."""
    zone = ZoneInfo(level.zone)
    local = start_at.astimezone(zone)
    if level.unit == Unit.BUSINESS_HOURS:
        return _hours_later(local, level.count).astimezone(UTC)
    return _end_of(due_date(local.date(), level), zone)


def due_date(start_date: date, level: Level) -> date:
    """Return the last day in time, of a level counted in days.

    Calendar days that end on a day without business end on the next one with.
    """
    if level.unit == Unit.DAYS:
        return next_business_day(start_date + timedelta(days=level.count))
    day = next_business_day(start_date)
    return add_business_days(day, level.count) if level.count else day


def warn_at(start_at: datetime, due: datetime) -> datetime:
    """Return when three quarters of the time have gone."""
    return start_at + (due - start_at) * WARN_SHARE


def day_end(day: date, zone: str) -> datetime:
    """Return the last second of a day at the client's place: of facts of which a day is known."""
    return _end_of(day, ZoneInfo(zone))


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(23, 59, 59), tzinfo=zone).astimezone(UTC)


def _hours_later(local: datetime, hours: int) -> datetime:
    """Return the instant after so many open hours; those before opening count from opening on."""
    left = timedelta(hours=hours)
    while True:
        day = next_business_day(local.date())
        opens = datetime.combine(day, time(OPENS), tzinfo=local.tzinfo)
        closes = datetime.combine(day, time(CLOSES), tzinfo=local.tzinfo)
        begins = max(local, opens) if day == local.date() else opens
        if begins + left <= closes:
            return begins + left
        left -= max(closes - begins, timedelta())
        local = datetime.combine(day + timedelta(days=1), time(), tzinfo=local.tzinfo)
