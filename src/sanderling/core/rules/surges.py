"""Whether a week's count is out of line with the weeks before it.

The exact conditional test of two Poisson counts (Przyborowski and Wilenski 1940): when the rate has
not changed, of all `before + now` events each falls into the present week with the chance
exposure_now / (exposure_before + exposure_now). Exposure is what could have become an event (claims
that the payer decided), so that more claims alone are no surge.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Final

EVENTS_MIN: Final = 5  # fewer in a week raise nothing
RATIO_MIN: Final = 2.0  # times the usual rate
CHANCE_MAX: Final = 0.001


@dataclass(frozen=True, slots=True)
class Surge:
    """What was found: the usual number for this week's exposure, and how likely so many were."""

    expected: float
    ratio: float
    chance: float


def find_surge(
    *,
    now: int,
    exposure_now: int,
    before: int,
    exposure_before: int,
    events_min: int = EVENTS_MIN,
    ratio_min: float = RATIO_MIN,
    chance_max: float = CHANCE_MAX,
) -> Surge | None:
    """Return the surge, None when the count is in line, too small, or has nothing to go by."""
    if now < events_min or exposure_now <= 0 or exposure_before <= 0:
        return None
    share = exposure_now / (exposure_now + exposure_before)
    expected = before * exposure_now / exposure_before
    # One event in the time before stands for "never seen": the ratio stays finite.
    ratio = now / max(expected, exposure_now / exposure_before)
    chance = tail(now, now + before, share)
    if ratio < ratio_min or chance > chance_max:
        return None
    return Surge(expected, ratio, chance)


def tail(least: int, total: int, share: float) -> float:
    """Return the chance that of `total` events at least `least` fall into a part of this share."""
    if least <= 0:
        return 1.0
    few = sum(
        comb(total, count) * share**count * (1 - share) ** (total - count) for count in range(least)
    )
    if few < 0.5:  # noqa: PLR2004 - the smaller half is added up, for its exactness
        return 1 - few
    return min(
        1.0,
        sum(
            comb(total, count) * share**count * (1 - share) ** (total - count)
            for count in range(least, total + 1)
        ),
    )
