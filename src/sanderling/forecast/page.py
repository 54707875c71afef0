"""Shapes a forecast for its page and exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from sanderling.core.forecast.frames import ANSWER, NEW, NEXT_PAYER, OTHER, RECOVERY, SOURCES
from sanderling.forecast.asking import Judged
from sanderling.forecast.making import first_day
from sanderling.forecast.models import ForecastRun

COLUMNS: Final = (
    "week",
    "expected_cents",
    "low_cents",
    "high_cents",
    *(f"{s}_cents" for s in SOURCES),
)
TRIED_COLUMNS: Final = (
    *("origin_date", "week_from", "expected_cents", "low_cents", "high_cents", "naive_cents"),
    "actual_cents",
)
TITLES: Final = {
    ANSWER: "With payers",
    RECOVERY: "Refused",
    NEXT_PAYER: "Next payer",
    NEW: "To be sent",
    OTHER: "Other",
}
WORDS: Final = {
    ANSWER: "Claims sent and not decided yet, by how long each payer takes and what it pays.",
    RECOVERY: "What payers refused, by how often and how late something came after a refusal.",
    NEXT_PAYER: "Shares that a first payer left to another one.",
    NEW: "Claims of the weeks to come, sent as in the last eight weeks, and what follows of them.",
    OTHER: "Corrections, takebacks, third payers: as much each week as in the last thirteen.",
}


def rows_of(run: ForecastRun, weeks: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the weeks as rows of the page and of exports."""
    return [
        {
            "week": first_day(run.as_of, row["week"]),
            **{key: row[key] for key in ("expected_cents", "low_cents", "high_cents")},
            **{f"{source}_cents": row[source] for source in SOURCES},
            "sources": [row[source] for source in SOURCES],
        }
        for row in weeks.iter_rows(named=True)
    ]


def chart(past: Sequence[tuple[date, int]], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what came and what is expected, with the band in which four of five weeks fall."""
    gap: list[int | None] = [None] * len(past)
    return {
        "kind": "lines",
        "unit": "cents",
        "categories": [_short(day) for day, _ in past] + [_short(row["week"]) for row in rows],
        "series": [
            {
                "name": "Expected",
                "values": gap + [row["expected_cents"] for row in rows],
                "dashed": True,
            },
            {
                "name": "Came",
                "values": [cents for _, cents in past] + [None] * len(rows),
                "as": "bars",
            },
        ],
        "band": {
            "name": "Four of five weeks",
            "low": gap + [row["low_cents"] for row in rows],
            "high": gap + [row["high_cents"] for row in rows],
        },
    }


def source_chart(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return where the cash of each week is expected from."""
    return {
        "kind": "bars",
        "unit": "cents",
        "stacked": True,
        "categories": [_short(row["week"]) for row in rows],
        "series": [
            {"name": TITLES[source], "values": [row[f"{source}_cents"] for row in rows]}
            for source in SOURCES
        ],
    }


def tried_rows(judged: Judged) -> list[dict[str, Any]]:
    """Return the weeks right after each past day: what was expected and what came."""
    return [
        {
            **{key: row[key] for key in TRIED_COLUMNS if key != "week_from"},
            "week_from": first_day(row["origin_date"], row["week"]),
            "is_within": row["low_cents"] <= row["actual_cents"] <= row["high_cents"],
        }
        for row in judged.rows.iter_rows(named=True)
    ]


def tried_chart(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return one week ahead of each past day beside what came."""
    return {
        "kind": "lines",
        "unit": "cents",
        "categories": [_short(row["week_from"]) for row in rows],
        "series": [
            {
                "name": "Expected a week ahead",
                "values": [row["expected_cents"] for row in rows],
                "dashed": True,
            },
            {"name": "Came", "values": [row["actual_cents"] for row in rows], "as": "bars"},
        ],
        "band": {
            "name": "Four of five weeks",
            "low": [row["low_cents"] for row in rows],
            "high": [row["high_cents"] for row in rows],
        },
    }


def moved_rows(moved: pl.DataFrame) -> list[dict[str, Any]]:
    """Return what moved since last week, by source, the whole last."""
    rows = [
        {"source": TITLES[source], "was_cents": was, "now_cents": now, "change_cents": now - was}
        for source, was, now in moved.rows()
    ]
    keys = ("was_cents", "now_cents", "change_cents")
    return [*rows, {"source": "All", **{key: sum(int(row[key]) for row in rows) for key in keys}}]


def _expected(name: str, values: Sequence[int | None]) -> dict[str, Any]:
    return {"name": name, "values": values, "dashed": True}


def _came(values: Sequence[int | None]) -> dict[str, Any]:
    return {"name": "Came", "values": values, "as": "bars"}


def _short(day: date) -> str:
    return f"{day:%b} {day.day}"
