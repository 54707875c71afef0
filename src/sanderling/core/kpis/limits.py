"""Control limits of a monthly series: what is usual, and which months are not.

A share of counted things has a p'-chart (Laney): the chance variation of each month's own count,
widened by how much months differ beyond chance. Everything else has an XmR chart: the mean of the
baseline, and 2.66 times the mean moving range to either side. The baseline is the first up to 24
months with a value; a month outside the limits is taken out of it once and the limits drawn again.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

BASELINE_MAX: Final = 24
BASELINE_MIN: Final = 6  # fewer say nothing of what is usual
SIGMAS: Final = 3.0
XMR: Final = 2.66  # three standard deviations of a mean moving range
RANGE_OF_TWO: Final = 1.128  # d2: expected range of two values in standard deviations
RUN: Final = 8  # that many months on one side of the mean are a shift
FEW: Final = 10  # below that denominator a share is not judged


@dataclass(frozen=True, slots=True)
class Point:
    """One month: sums, and the value they give (None: nothing to divide by)."""

    numerator: int
    denominator: int
    value: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A month within or outside its limits; `why` is empty when it is usual."""

    low: float | None
    high: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Limits:
    """A series judged; `center` None: too few months."""

    kind: str  # p' or XmR
    center: float | None
    baseline: int
    points: tuple[Judged, ...]


def control_limits(points: Sequence[Point], *, is_of_counts: bool) -> Limits:
    """Return the limits of a series in order of time, and what is unusual about each month."""
    known = [n for n, point in enumerate(points) if _counts(point, is_of_counts)]
    baseline = known[:BASELINE_MAX]
    kind = "p'" if is_of_counts else "XmR"
    if len(baseline) < BASELINE_MIN:
        return Limits(kind, None, len(baseline), tuple(Judged(None, None, "") for _ in points))
    limits = _drawn(points, baseline, is_of_counts=is_of_counts)
    stable = [n for n in baseline if not _is_outside(points[n], limits[n])]
    if BASELINE_MIN <= len(stable) < len(baseline):
        baseline = stable
        limits = _drawn(points, baseline, is_of_counts=is_of_counts)
    center = _center(points, baseline, is_of_counts=is_of_counts)
    runs = _runs(points, known, center)
    judged = []
    for number, point in enumerate(points):
        low, high = limits[number] if number in known else (None, None)
        judged.append(
            Judged(low, high, _why(point, low, high, in_run=number in runs, center=center))
        )
    return Limits(kind, center, len(baseline), tuple(judged))


def _counts(point: Point, is_of_counts: bool) -> bool:  # noqa: FBT001
    return point.value is not None and (not is_of_counts or point.denominator >= FEW)


def _center(points: Sequence[Point], baseline: Sequence[int], *, is_of_counts: bool) -> float:
    if is_of_counts:
        below = sum(points[n].denominator for n in baseline)
        return sum(points[n].numerator for n in baseline) / below
    return sum(_value(points[n]) for n in baseline) / len(baseline)


def _value(point: Point) -> float:
    assert point.value is not None  # noqa: S101 - only points with a value are asked
    return point.value


def _drawn(
    points: Sequence[Point], baseline: Sequence[int], *, is_of_counts: bool
) -> list[tuple[float, float]]:
    center = _center(points, baseline, is_of_counts=is_of_counts)
    if not is_of_counts:
        values = [_value(points[n]) for n in baseline]
        reach = XMR * _mean_range(values)
        # What cannot be negative has no negative limit.
        floor = 0.0 if min(values) >= 0 else -math.inf
        return [(max(center - reach, floor), center + reach)] * len(points)
    spread = math.sqrt(center * (1 - center)) if 0 < center < 1 else 0.0
    wider = 1.0
    if spread:
        scores = [
            (_value(points[n]) - center) / (spread / math.sqrt(points[n].denominator))
            for n in baseline
        ]
        # Months may differ more than chance has them, never less.
        wider = max(_mean_range(scores) / RANGE_OF_TWO, 1.0)
    drawn = []
    for point in points:
        reach = SIGMAS * wider * spread / math.sqrt(max(point.denominator, 1))
        drawn.append((max(center - reach, 0.0), min(center + reach, 1.0)))
    return drawn


def _mean_range(values: Sequence[float]) -> float:
    moves = [abs(b - a) for a, b in itertools.pairwise(values)]
    return sum(moves) / len(moves)


def _is_outside(point: Point, limits: tuple[float, float]) -> bool:
    return not limits[0] <= _value(point) <= limits[1]


def _runs(points: Sequence[Point], known: Sequence[int], center: float) -> set[int]:
    """Return the months that end a run of RUN or more on one side of the center."""
    found, side, length = set(), 0, 0
    for number in known:
        value = _value(points[number])
        here = (value > center) - (value < center)
        length = length + 1 if here == side and here else 1
        side = here
        if here and length >= RUN:
            found.add(number)
    return found


def _why(
    point: Point, low: float | None, high: float | None, *, in_run: bool, center: float
) -> str:
    if low is None or high is None or point.value is None:
        return ""
    if point.value > high:
        return "above what is usual"
    if point.value < low:
        return "below what is usual"
    if in_run:
        where = "above" if point.value > center else "below"
        return f"{RUN} months or more in a row {where} the mean: it has shifted"
    return ""
