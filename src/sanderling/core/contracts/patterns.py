"""Departures that repeat: the same part of the price missing, on the same codes, since a day.

Lines of one client, payer, contract, code, modifiers, place and class are looked at in time. Where
in a stretch of it most lines were allowed the same part of their price, that is systemic: one
conversation with the payer, one project. What is left is random, worked claim by claim. Codes with
the same part and time are one pattern.

Source: DOMAIN 6.6 (5): n >= 10 or enough money, spread of the ratio at most 0.02, and its median
more than 0.01 away from 1. The stretch is ours: it makes the first and last day exact, and keeps
errors that are scattered over years from adding up to a pattern (ADR 0033).
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from sanderling.core.contracts.frames import Schema

LINES_MIN: Final = 10
MONEY_MIN_CENTS: Final = 50_000
LINES_FOR_MONEY_MIN: Final = 4
SPREAD_MAX: Final = 0.02
DISTANCE_MIN: Final = 0.01
SHARE_MIN: Final = 0.5  # of the lines within the stretch
SAME_RATIO: Final = 0.006
SAME_DAYS: Final = 35
_BIN: Final = 0.004

# Every compared line of the clients asked about, right ones too.
OBSERVED: Final[Schema] = {
    "line_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "contract_id": pl.Int64,  # null: learned
    "code": pl.String,
    "modifiers": pl.String,
    "place_of_service": pl.String,
    "provider_class": pl.String,
    "service_date": pl.Date,
    "received_date": pl.Date,
    "ratio": pl.Float64,  # allowed of expected
    "variance_cents": pl.Int64,  # 0: as it should be
    "is_explained": pl.Boolean,  # a departure that was set aside: belongs to no pattern
}
PATTERNS: Final[Schema] = {
    "pattern_key": pl.String,  # stable while payer, codes and beginning are the same
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "contract_id": pl.Int64,
    "codes": pl.List(pl.String),
    "modifiers": pl.String,
    "place_of_service": pl.String,
    "provider_class": pl.String,
    "ratio": pl.Float64,  # median of allowed of expected
    "ratio_spread": pl.Float64,  # interquartile range
    "first_service_date": pl.Date,
    "last_service_date": pl.Date,
    "first_received_date": pl.Date,
    "last_received_date": pl.Date,
    "axis": pl.String,  # service, received: by which its beginning is sharper
    "lines": pl.Int64,
    "lines_within": pl.Int64,  # all lines of these codes between its first and last day
    "variance_cents": pl.Int64,
    "is_ongoing": pl.Boolean,
    "sentence": pl.String,
}
MEMBERS: Final[Schema] = {"line_id": pl.Int64, "pattern_key": pl.String}
_GROUP: Final = [
    "client_id", "payer_id", "contract_id", "code", "modifiers", "place_of_service",
    "provider_class",
]  # fmt: skip
_ONGOING_DAYS: Final = 21


def find_patterns(observed: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return PATTERNS and their MEMBERS. The same lines give the same answer, in any order."""
    found = _systemic(observed)
    if found.is_empty():
        return pl.DataFrame(schema=PATTERNS), pl.DataFrame(schema=MEMBERS)
    return _merged(found, observed)


def _systemic(observed: pl.DataFrame) -> pl.DataFrame:
    """Return line_id, group, band, axis of lines that belong to a stretch."""
    departing = observed.filter(
        (pl.col("variance_cents") != 0) & ~pl.col("is_explained") & pl.col("ratio").is_finite()
    )
    bands = (
        departing.with_columns(bin=(pl.col("ratio") / _BIN).round().cast(pl.Int64))
        .group_by(*_GROUP, "bin")
        .agg(times=pl.len(), cents=pl.col("variance_cents").abs().sum())
        .filter(
            (pl.col("times") * 3 >= LINES_MIN)
            | ((pl.col("cents") * 3 >= MONEY_MIN_CENTS) & (pl.col("times") > 1))
        )
    )
    groups = bands.select(_GROUP).unique().sort(_GROUP).with_row_index("group")
    lines = observed.filter(~pl.col("is_explained")).join(
        groups, on=_GROUP, nulls_equal=True
    ).sort("group", "line_id")  # fmt: skip
    rows: list[pl.DataFrame] = []
    for (group,), some in lines.group_by("group", maintain_order=True):
        rows += _stretches(some, int(str(group)))
    if not rows:
        return pl.DataFrame(
            schema={"line_id": pl.Int64, "group": pl.Int64, "band": pl.Int64, "axis": pl.String,
                    "within": pl.Int64}
        )  # fmt: skip
    return pl.concat(rows)


def _stretches(lines: pl.DataFrame, group: int) -> list[pl.DataFrame]:
    """Return the stretches of one group, the heaviest first; a line belongs to one."""
    left = lines
    found: list[pl.DataFrame] = []
    while True:
        center = _heaviest(left)
        if center is None:
            return found
        in_band = (left["ratio"] - center).abs() <= SPREAD_MAX / 2
        in_band &= left["variance_cents"] != 0
        best = max(
            (_stretch(left, in_band, axis) for axis in ("service", "received")),
            key=lambda one: one[0],
        )
        _, axis, first, last = best
        inside = left[f"{axis}_date"].is_between(first, last)
        members = left.filter(inside & in_band)
        within = int(inside.sum())
        if _is_systemic(members, within):
            found.append(
                members.select("line_id").with_columns(
                    group=pl.lit(group, pl.Int64), band=pl.lit(len(found), pl.Int64),
                    axis=pl.lit(axis), within=pl.lit(within, pl.Int64),
                )
            )  # fmt: skip
        # What was tried is out of the way, whether it was a pattern or not.
        left = left.filter(~(inside & in_band)) if members.height else left.filter(~in_band)


def _heaviest(lines: pl.DataFrame) -> float | None:
    """Return the ratio around which most departures lie, when they may be enough."""
    departing = lines.filter(pl.col("variance_cents") != 0)
    if departing.height < LINES_FOR_MONEY_MIN:
        return None
    ratios = np.sort(departing["ratio"].to_numpy())
    upper = np.searchsorted(ratios, ratios + SPREAD_MAX, side="right")
    counts = upper - np.arange(len(ratios))
    start = int(counts.argmax())
    if counts[start] < LINES_FOR_MONEY_MIN:
        return None
    return float(np.median(ratios[start : upper[start]]))


def _stretch(lines: pl.DataFrame, in_band: pl.Series, axis: str) -> tuple[int, str, date, date]:
    """Return weight, axis, first and last day of the time in which the band prevails."""
    order = lines.select(day=pl.col(f"{axis}_date")).with_columns(
        weight=pl.when(in_band).then(1).otherwise(-1)
    )
    days = order.group_by("day").agg(weight=pl.col("weight").sum()).sort("day")
    sums = np.concatenate([[0], np.cumsum(days["weight"].to_numpy())])
    lowest = np.minimum.accumulate(sums)
    gains = sums[1:] - lowest[:-1]
    last = int(gains.argmax())
    first = int(np.argmin(sums[: last + 1]))
    # Of several beginnings that weigh the same, the latest: it has no right line before it.
    first = int(np.flatnonzero(sums[: last + 1] == sums[first])[-1])
    return int(gains[last]), axis, days["day"][first], days["day"][last]


def _is_systemic(members: pl.DataFrame, within: int) -> bool:
    if members.height < LINES_FOR_MONEY_MIN or members.height < SHARE_MIN * within:
        return False
    cents = int(members["variance_cents"].abs().sum())
    if members.height < LINES_MIN and cents < MONEY_MIN_CENTS:
        return False
    ratios = members["ratio"]
    spread = float(ratios.quantile(0.75) or 0) - float(ratios.quantile(0.25) or 0)
    return spread <= SPREAD_MAX and abs(float(np.median(ratios.to_numpy())) - 1) > DISTANCE_MIN


def _merged(found: pl.DataFrame, observed: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Join what has the same part and time: codes of one client, payer and contract."""
    lines = found.join(observed, on="line_id")
    parts = lines.group_by("group", "band", maintain_order=True).agg(
        *(pl.col(name).first() for name in (*_GROUP, "axis", "within")),
        ratio=pl.col("ratio").median(),
        first=pl.col("received_date").min(),
        last=pl.col("received_date").max(),
        lines=pl.len(),
    ).sort("client_id", "payer_id", "contract_id", "first", "code", "modifiers",
           "place_of_service", nulls_last=True)  # fmt: skip
    place: list[int] = []
    open_ones: list[dict[str, Any]] = []
    for row in parts.iter_rows(named=True):
        for number, other in enumerate(open_ones):
            if _is_same(row, other):
                place.append(number)
                other["last"] = max(other["last"], row["last"])
                break
        else:
            place.append(len(open_ones))
            open_ones.append(dict(row))
    placed = parts.with_columns(pattern=pl.Series(place, dtype=pl.Int64)).select(
        "group", "band", "pattern"
    )
    latest: date = observed["received_date"].max()  # type: ignore[assignment]
    whole = lines.join(placed, on=["group", "band"])
    rows = [
        _row(some, latest) for _, some in whole.sort("pattern", "line_id").group_by(
            "pattern", maintain_order=True
        )
    ]  # fmt: skip
    patterns = pl.DataFrame(rows, schema=PATTERNS, orient="row")
    keys = dict(enumerate(patterns["pattern_key"].to_list()))
    members = whole.select(
        "line_id", pattern_key=pl.col("pattern").replace_strict(keys, return_dtype=pl.String)
    ).sort("line_id")
    return patterns.sort("variance_cents", "pattern_key"), members


def _is_same(row: dict[str, Any], other: dict[str, Any]) -> bool:
    same = all(
        row[name] == other[name]
        for name in ("client_id", "payer_id", "contract_id", "provider_class")
    )
    return (
        same
        and abs(row["ratio"] - other["ratio"]) <= SAME_RATIO
        and abs((row["first"] - other["first"]).days) <= SAME_DAYS
        and row["first"] <= other["last"]
    )


def _one(values: pl.Series) -> str:
    known = values.unique().sort().to_list()
    return str(known[0]) if len(known) == 1 else ""


def _row(lines: pl.DataFrame, latest: date) -> tuple[Any, ...]:
    head = lines.row(0, named=True)
    codes = lines["code"].unique().sort().to_list()
    ratios = lines["ratio"]
    ratio = float(ratios.median())  # type: ignore[arg-type]
    spread = float(ratios.quantile(0.75) or 0) - float(ratios.quantile(0.25) or 0)
    axis = "service" if (lines["axis"] == "service").sum() * 2 > lines.height else "received"
    last_received: date = lines["received_date"].max()  # type: ignore[assignment]
    first: date = lines[f"{axis}_date"].min()  # type: ignore[assignment]
    last: date = lines[f"{axis}_date"].max()  # type: ignore[assignment]
    within = int(lines.unique(["group", "band"])["within"].sum())
    cents = int(lines["variance_cents"].sum())
    is_ongoing = (latest - last_received) <= timedelta(days=_ONGOING_DAYS)
    key = "|".join(
        str(part) for part in (
            head["client_id"], head["payer_id"], head["contract_id"], codes[0],
            round(ratio * 100), first.isoformat()[:7],
        )
    )  # fmt: skip
    return (
        hashlib.sha256(key.encode()).hexdigest()[:16],
        head["client_id"], head["payer_id"], head["contract_id"], codes,
        _one(lines["modifiers"]), _one(lines["place_of_service"]), _one(lines["provider_class"]),
        ratio, spread,
        lines["service_date"].min(), lines["service_date"].max(),
        lines["received_date"].min(), last_received,
        axis, lines.height, within, cents, is_ongoing,
        sentence(ratio, codes, first, last, lines.height, cents, is_ongoing=is_ongoing),
    )  # fmt: skip


def sentence(
    ratio: float,
    codes: list[str],
    first: date,
    last: date,
    lines: int,
    cents: int,
    *,
    is_ongoing: bool,
) -> str:
    """Return a pattern in words: -8 % on 99214-99215 since March 1, 2026, 412 lines, $9,870."""
    percent = (ratio - 1) * 100
    is_whole = abs(percent - round(percent)) < _WHOLE_PERCENT
    text = f"{percent:+.0f}" if is_whole else f"{percent:+.1f}"
    when = f"since {_told(first)}" if is_ongoing else f"from {_told(first)} to {_told(last)}"
    count = "1 line" if lines == 1 else f"{lines:,} lines"
    return f"{text} % on {code_set(codes)} {when}, {count}, ${abs(cents) / 100:,.0f}"


def _told(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def code_set(codes: list[str]) -> str:
    """Return codes in short: neighbors as a range, at most six pieces."""
    pieces: list[list[str]] = []
    for code in sorted(codes):
        if pieces and _follows(pieces[-1][-1], code):
            pieces[-1].append(code)
        else:
            pieces.append([code])
    told = [piece[0] if len(piece) == 1 else f"{piece[0]}-{piece[-1]}" for piece in pieces]
    more = len(told) - _PIECES_MAX
    return ", ".join(told[:_PIECES_MAX]) + (f" and {more} more" if more > 0 else "")


_PIECES_MAX: Final = 6
_WHOLE_PERCENT: Final = 0.15


def _follows(before: str, after: str) -> bool:
    both_numbers = before.isdecimal() and after.isdecimal() and len(before) == len(after)
    return both_numbers and int(after) == int(before) + 1
