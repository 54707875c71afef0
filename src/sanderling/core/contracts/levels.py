"""Amounts that a payer allows again and again for the same thing, and when each of them held.

A fee schedule shows as exact amounts that repeat; errors do not repeat. A cell is one payer,
client, code, modifiers and setting. Its levels are its repeated amounts; its timeline says which of
them is the rate from when to when:

- what went away and came back was an episode, up or down, and no rate;
- a rise that lasts is a new rate; a short one at the end is left open;
- a fall is no rate: it is suspected to be an underpayment until somebody confirms it;
- amounts that stand side by side from beginning to end (two products, two kinds of providers) are
  alternatives, each of them right;
- prices that go up and down again and again (drugs, by quarter) are followed as they go.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

SUPPORT_MIN: Final = 3  # so often an amount is repeated before it is a level
SUPPORT_SHARE: Final = 0.01
LEVELS_MAX: Final = 8
RISE_LINES_MIN: Final = 6  # a rise at the end of what is known
RISE_DAYS_MIN: Final = 30
EPISODE_DAYS_MAX: Final = 300
INDEXED_FALLS_MIN: Final = 2
# Lines that must speak for a change of rate: a tenth of them, within bounds.
CHANGE_COST_LEAST: Final = 1.4
CHANGE_COST_MOST: Final = 3.5
CHANGE_COST_PART: Final = 0.1
CHANGE_COST_SHARE: Final = 0.005
RUNS_MAX: Final = 3  # more runs of few lines each are no runs: amounts side by side
RUN_LINES_MIN: Final = 8
SPREAD_SHARE: Final = 0.08  # of an alternative
SPREAD_EDGE: Final = 0.35  # it is there among the first and the last lines of the cell
_WEEK_DAYS: Final = 7
_CELLS_AT_ONCE: Final = 500

RATE: Final = "rate"
ALTERNATIVE: Final = "alternative"
FALL: Final = "fall"  # suspected: not a rate
EPISODE: Final = "episode"  # went away again
OPEN: Final = "open"  # risen lately: not decided

# Of a cell: which amount held when. `axis`: by the day of service, or the day we received it.
PERIODS: Final = {
    "cell": pl.Int64,
    "kind": pl.String,
    "axis": pl.String,  # service, received
    "from_date": pl.Date,  # null: from the beginning
    "to_date": pl.Date,  # included; null: open
    "amount": pl.Int64,
    "lines": pl.Int64,
}


def levels(lines: pl.DataFrame, gap: int) -> pl.DataFrame:
    """Return cell, amount, level, level_amount, level_lines for every amount that belongs to one.

    `lines`: cell, amount (a whole number). Neighboring amounts up to `gap` apart are one level
    (rounding), named by its most frequent amount.
    """
    counted = lines.group_by("cell", "amount").agg(times=pl.len()).sort("cell", "amount")
    starts = (pl.col("cell") != pl.col("cell").shift(1)).fill_null(value=True) | (
        (pl.col("amount") - pl.col("amount").shift(1)) > gap
    ).fill_null(value=True)
    grouped = counted.with_columns(cluster=starts.cum_sum())
    named = grouped.with_columns(
        level_lines=pl.col("times").sum().over("cluster"),
        cell_lines=pl.col("times").sum().over("cell"),
        level_amount=pl.col("amount").sort_by("times", "amount", descending=[True, False]).first()
        .over("cluster"),
    )  # fmt: skip
    enough = pl.max_horizontal(pl.lit(float(SUPPORT_MIN)), pl.col("cell_lines") * SUPPORT_SHARE)
    kept = named.filter(pl.col("level_lines") >= enough)
    ranked = kept.with_columns(
        level=pl.struct(-pl.col("level_lines").cast(pl.Int64), "level_amount")
        .rank("dense")
        .over("cell")
        .cast(pl.Int64)
        - 1
    )
    return ranked.filter(pl.col("level") < LEVELS_MAX).select(
        "cell", "amount", "level", "level_amount", pl.col("level_lines").cast(pl.Int64)
    )


def timelines(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the periods of all cells (PERIODS).

    `lines`: cell, level, level_amount, service_date, received_date: lines at a level only.
    """
    several = (
        lines.group_by("cell").agg(count=pl.col("level").n_unique()).filter(pl.col("count") > 1)
    )
    plain = (
        lines.join(several, on="cell", how="anti")
        .group_by("cell")
        .agg(amount=pl.col("level_amount").first(), lines=pl.len().cast(pl.Int64))
        .with_columns(
            kind=pl.lit(RATE), axis=pl.lit("service"),
            from_date=pl.lit(None, pl.Date), to_date=pl.lit(None, pl.Date),
        )
        .select(list(PERIODS))
    )  # fmt: skip
    parts = [plain]
    cells = several["cell"].sort()
    for start in range(0, len(cells), _CELLS_AT_ONCE):
        some = cells[start : start + _CELLS_AT_ONCE]
        parts.append(_of_several(lines.filter(pl.col("cell").is_in(some.implode()))))
    return pl.concat(parts).sort("cell", "kind", "from_date", "amount")


@dataclass(slots=True)
class _Segment:
    """A run of one level in time."""

    level: int
    first_week: int
    last_week: int
    kind: str = RATE


# kind, from_date, to_date, amount, lines
_Period = tuple[str, date | None, date | None, int, int]
_EPOCH: Final = date(1970, 1, 1)


def _of_several(lines: pl.DataFrame) -> pl.DataFrame:
    paths = {axis: _paths(lines, f"{axis}_date") for axis in ("service", "received")}
    rows: list[tuple[object, ...]] = []
    for (cell,), group in lines.sort("cell").group_by("cell", maintain_order=True):
        key = int(str(cell))
        costs = {axis: path[key][1] for axis, path in paths.items()}
        axis = "service" if costs["service"] <= costs["received"] else "received"
        seen = _Seen.of(group, f"{axis}_date")
        rows += [(key, kind, axis, *rest) for kind, *rest in _periods(seen, paths[axis][key][0])]
    return pl.DataFrame(rows, schema=PERIODS, orient="row")


def _paths(lines: pl.DataFrame, day: str) -> dict[int, tuple[list[int], float]]:
    """Return cell -> the level of each week that fits its lines best, and how many it misses."""
    weeks = lines.select(
        "cell", "level",
        week=(pl.col(day) - pl.col(day).min().over("cell")).dt.total_days() // _WEEK_DAYS,
    )  # fmt: skip
    ids = weeks["cell"].unique().sort()
    place = pl.DataFrame({"cell": ids, "place": np.arange(len(ids))})
    counted = weeks.join(place, on="cell").group_by("place", "week", "level").agg(times=pl.len())
    count, span = len(ids), int(counted["week"].to_numpy().max()) + 1
    tensor = np.zeros((count, span, LEVELS_MAX), dtype=np.float64)
    tensor[counted["place"].to_numpy(), counted["week"].to_numpy(), counted["level"].to_numpy()] = (
        counted["times"].to_numpy()
    )
    missed = tensor.sum(axis=2, keepdims=True) - tensor
    lines_each = tensor.sum(axis=(1, 2))
    change = np.clip(CHANGE_COST_PART * lines_each, CHANGE_COST_LEAST, CHANGE_COST_MOST)
    change = np.maximum(change, CHANGE_COST_SHARE * lines_each)[:, None]
    best, back = _cheapest(missed, change)
    ends = best.argmin(axis=1)
    answer: dict[int, tuple[list[int], float]] = {}
    for place_of, cell in enumerate(ids.to_list()):
        path = [int(ends[place_of])]
        for week in range(span - 1, 0, -1):
            path.append(int(back[place_of, week, path[-1]]))
        answer[cell] = (path[::-1], float(best[place_of].min()))
    return answer


def _cheapest(missed: np.ndarray, change: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the cost of the cheapest way to each last level, and the level before each."""
    count, span, width = missed.shape
    back = np.zeros((count, span, width), dtype=np.int8)
    cost = missed[:, 0, :].copy()
    for week in range(1, span):
        cheapest = cost.min(axis=1, keepdims=True) + change
        from_level = cost.argmin(axis=1)[:, None]
        stays = cost <= cheapest
        back[:, week, :] = np.where(stays, np.arange(width)[None, :], from_level)
        cost = np.where(stays, cost, cheapest) + missed[:, week, :]
    return cost, back


@dataclass(frozen=True, slots=True)
class _Seen:
    """The lines of one cell by day: ordinals of the days, levels, and the amount of each level."""

    days: np.ndarray
    levels: np.ndarray
    amounts: dict[int, int]

    @classmethod
    def of(cls, lines: pl.DataFrame, day: str) -> _Seen:
        """Take the lines of one cell, by `day`."""
        ordered = lines.sort(day, "level")
        return cls(
            days=ordered[day].cast(pl.Int32).to_numpy(),
            levels=ordered["level"].to_numpy(),
            amounts=dict(lines.select("level", "level_amount").unique().rows()),
        )

    def count(self, level: int, first: int | None, before: int | None) -> int:
        """Return how many lines were at a level from a day on and before another."""
        inside = self.levels == level
        if first is not None:
            inside = inside & (self.days >= first)
        if before is not None:
            inside = inside & (self.days < before)
        return int(inside.sum())


def _periods(seen: _Seen, path: list[int]) -> list[_Period]:
    """Return the periods of one cell."""
    segments = _segments(path)
    if len(segments) > RUNS_MAX and len(seen.levels) < RUN_LINES_MIN * len(segments):
        segments = [_Segment(_most(seen), 0, len(path) - 1)]
    cuts = _cuts(seen, segments)
    _judge(segments, cuts, seen)
    rows: list[_Period] = []
    rate: _Period | None = None
    for number, segment in enumerate(segments):
        first, before = cuts[number], cuts[number + 1]
        amount = seen.amounts[segment.level]
        count = seen.count(segment.level, first, before)
        until = _day(before - 1) if before is not None else None
        if segment.kind == RATE and rate is not None and rate[3] == amount:
            rate = (RATE, rate[1], until, amount, rate[4] + count)
        elif segment.kind == RATE:
            rows += [rate] if rate is not None else []
            rate = (RATE, _day(first), until, amount, count)
        else:
            rows.append((segment.kind, _day(first), until, amount, count))
            if segment.kind in (FALL, EPISODE) and rate is not None:
                rate = (RATE, rate[1], until, *rate[3:])  # it holds on
    rows += [rate] if rate is not None else []
    on_path = {segment.level for segment in segments}
    rows += [
        (ALTERNATIVE, None, None, seen.amounts[level], count)
        for level, count in _side_by_side(seen, on_path)
    ]
    return rows


def _most(seen: _Seen) -> int:
    """Return the level of most lines; of several alike the highest amount."""
    return max(seen.amounts, key=lambda level: (seen.count(level, None, None), seen.amounts[level]))


def _day(ordinal: int | None) -> date | None:
    return None if ordinal is None else _EPOCH + timedelta(days=int(ordinal))


def _segments(path: list[int]) -> list[_Segment]:
    found: list[_Segment] = []
    for week, level in enumerate(path):
        if found and found[-1].level == level:
            found[-1].last_week = week
        else:
            found.append(_Segment(level, week, week))
    return found


def _cuts(seen: _Seen, segments: list[_Segment]) -> list[int | None]:
    """Return the first day of each run, and None for the first and behind the last.

    The path has weeks; the day is the one within the two runs that separates their lines best.
    """
    cuts: list[int | None] = [None]
    start = int(seen.days[0])
    for before, after in itertools.pairwise(segments):
        inside = (seen.days >= start + _WEEK_DAYS * before.first_week) & (
            seen.days < start + _WEEK_DAYS * (after.last_week + 1)
        )
        days_before = seen.days[inside & (seen.levels == before.level)]
        days_after = seen.days[inside & (seen.levels == after.level)]
        candidates = np.unique(days_after)
        late = len(days_before) - np.searchsorted(days_before, candidates)
        early = np.searchsorted(days_after, candidates)
        cuts.append(int(candidates[int((late + early).argmin())]))
    return [*cuts, None]


def _judge(segments: list[_Segment], cuts: list[int | None], seen: _Seen) -> None:
    """Say of each run whether it is a rate, an episode, a suspected fall, or not decided."""
    amounts = seen.amounts
    falls = sum(amounts[b.level] < amounts[a.level] for a, b in itertools.pairwise(segments))
    levels_seen = len({segment.level for segment in segments})
    if falls >= INDEXED_FALLS_MIN and levels_seen > INDEXED_FALLS_MIN + 1:
        return  # a price that moves up and down: followed as it goes
    reference = segments[0]
    for number, segment in enumerate(segments[1:], start=1):
        later = segments[number + 1 :]
        if segment.level == reference.level:
            continue
        comes_back = any(one.level == reference.level for one in later)
        days = (segment.last_week - segment.first_week + 1) * _WEEK_DAYS
        if comes_back and days <= EPISODE_DAYS_MAX:
            segment.kind = EPISODE
        elif amounts[segment.level] < amounts[reference.level]:
            segment.kind = FALL
        elif later or _lasts(segment, cuts[number], seen):
            reference = segment
        else:
            segment.kind = OPEN


def _lasts(segment: _Segment, first: int | None, seen: _Seen) -> bool:
    days = seen.days[(seen.levels == segment.level) & (seen.days >= (first or 0))]
    return len(days) >= RISE_LINES_MIN and int(days.max() - days.min()) >= RISE_DAYS_MIN


def _side_by_side(seen: _Seen, on_path: set[int]) -> list[tuple[int, int]]:
    """Return the levels that are there from beginning to end beside the rate: level, lines."""
    total = len(seen.levels)
    edge = SPREAD_EDGE * total
    found = []
    for level in sorted(set(seen.amounts) - on_path):
        places = np.flatnonzero(seen.levels == level)
        is_often = len(places) >= SPREAD_SHARE * total
        if is_often and places[0] <= edge and places[-1] >= total - edge:
            found.append((level, len(places)))
    return found
