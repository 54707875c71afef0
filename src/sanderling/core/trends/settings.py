"""The floors and error rates of the search. An installation may set its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Settings:
    """What counts as an issue. Rates are fractions, money is cents."""

    claims_min: int = 5  # hit since the onset; fewer are no issue, whatever they cost
    unanswered_min: int = 8  # the same of answers that fail to come: they do so in whole files
    excess_claims_min: float = 4.0  # beyond what the rate before makes
    at_stake_min_cents: int = 50_000  # held back since the onset
    short_min_cents: int = 10_000  # where it is a difference or a patient's share alone
    # How many issues of nothing at all one client may be told of in a week, all kinds together.
    false_per_client_week: float = 0.02
    ratio_min: float = 1.5  # rate after the onset over the rate before
    rise_min: float = 0.03  # and the difference
    batches_min: int = 2  # days with events since the onset: one bad file is no issue
    weeks_before_min: int = 4  # of outcomes before the onset; without a before there is no shift
    outcomes_before_min: int = 10
    weeks: int = 104  # how far back
    recent_weeks: int = 6  # a hypothesis needs events in these
    events_recent_min: int = 4
    peers_min: int = 4  # clients that a steady problem is compared with
    steady_ratio_min: float = 2.0


DEFAULTS: Final = Settings()
