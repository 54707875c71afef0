"""How much and when a payer may be asked for the status of claims: data, with defaults.

Source of the clocks: DOMAIN 2.11 (a batch sent by 9 pm is answered by 7 am of the next business
day: three days with a weekend) and 4.7. The counts are estimates; each payer's own go before them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

WEEKDAYS_ALL: Final = "1234567"  # ISO, Monday is 1
_LAST_HOUR: Final = 24
# A 276 seldom reaches these: nobody asks them by itself.
_SELDOM_REACHED: Final = ("self_pay", "workers_comp", "auto")


class Way(StrEnum):
    """How a payer takes status requests."""

    BATCH = "batch"
    REAL_TIME = "real_time"
    BOTH = "both"
    NONE = "none"


WAY_WORDS: Final = {
    Way.BATCH: "In batches",
    Way.REAL_TIME: "One by one, in real time",
    Way.BOTH: "In batches, and one by one in real time",
    Way.NONE: "Not at all: portal or phone",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one payer takes. Hours are UTC, `to_hour` is not included any more."""

    way: Way = Way.BATCH
    is_automatic: bool = True  # asked by itself when a status is to be checked
    requests_a_day: int = 5_000
    claims_a_file: int = 1_000
    weekdays: str = WEEKDAYS_ALL
    from_hour: int = 0
    to_hour: int = _LAST_HOUR
    again_days: int = 7  # between two requests about one claim
    answer_days: int = 3  # from sent to late
    tries_max: int = 3  # in a row without an answer

    @property
    def takes_batches(self) -> bool:
        """Whether it can be asked about many claims in one file."""
        return self.way in (Way.BATCH, Way.BOTH)

    @property
    def takes_real_time(self) -> bool:
        """Whether it answers while one waits."""
        return self.way in (Way.REAL_TIME, Way.BOTH)

    def is_open_at(self, at: datetime) -> bool:
        """Say whether the payer takes batches at this moment."""
        return str(at.isoweekday()) in self.weekdays and self.from_hour <= at.hour < self.to_hour

    def late_after(self, sent_date: date) -> date:
        """Return the last day on which an answer is in time."""
        return sent_date + timedelta(days=self.answer_days)


def default_limits(payer_type: str) -> Limits:
    """Return the limits of a payer about which nobody has said anything."""
    return Limits(is_automatic=payer_type not in _SELDOM_REACHED)


def retry_days(*, again_days: int, tries: int) -> int:
    """Return after how many days a claim is asked about again when `tries` got no answer.

    Twice as long each time: 7, 14, 28.
    """
    return int(again_days * 2 ** max(tries - 1, 0))
