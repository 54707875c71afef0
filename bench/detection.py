"""Scores the detectors on worlds with planted problems, beside naive rules.

`python -m bench.detection [--seeds 21,22,23] [--parts naive,lines,issues,forecast] [--write]`. Worlds:
`bench.planted_worlds`. Underpaid lines, systemic issues and the cash forecast are asked of the
command line as a user would (`underpayments`, `issues`, `forecast`); issues after the nightly search of
each day of the world (`bench.detection_nights`). Keeps .cache/bench/detection.json, one entry a seed and
part, and with --write puts the tables into docs/reference/detection.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from bench.detection_facts import Facts
from bench.detection_forecast import NAIVE, score_naive, score_product
from bench.detection_issues import naive_issues
from bench.detection_issues import score as score_issues
from bench.detection_lines import LINE, naive_lines
from bench.detection_lines import score as score_lines
from bench.detection_nights import issues_said
from bench.detection_report import write_document
from bench.planted_worlds import CLAIMS, DAYS, START, PlantedWorld, load_contracts, ready, run, stop

CACHE = Path(__file__).resolve().parents[1] / ".cache" / "bench" / "detection.json"
PARTS = ("naive", "forecast", "lines", "issues")  # issues need priced lines
FRESH_DAYS = 14
SIZES = (0, 100_000, 250_000, 500_000)  # cents


def main() -> None:
    """Score what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="21,22,23")
    parser.add_argument("--claims", type=int, default=CLAIMS)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--write", action="store_true", help="write docs/reference/detection.md")
    options = parser.parse_args()
    kept: dict[str, Any] = json.loads(CACHE.read_text("utf-8")) if CACHE.exists() else {}
    for seed in (int(part) for part in options.seeds.split(",")):
        world = PlantedWorld(seed, options.claims, options.days)
        try:
            took = ready(world)
            facts = Facts.of(world)
            entry = kept.setdefault(str(seed), {})
            entry["world"] = {"claims": options.claims, "days": options.days, **took}
            for part in options.parts.split(","):
                began = time.perf_counter()
                entry[part] = SCORES[part](facts)
                entry[part]["seconds"] = round(time.perf_counter() - began, 1)
                entry[part]["scored_at"] = datetime.now(UTC).isoformat(timespec="minutes")
                _keep(kept)
        finally:
            stop(world)
    if options.write:
        write_document(kept, SIZES)
    sys.stdout.write(json.dumps(_brief(kept), indent=1) + "\n")


def _keep(kept: dict[str, Any]) -> None:
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    part = CACHE.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(kept, indent=1, default=str) + "\n", "utf-8")
    part.replace(CACHE)


def _naive(facts: Facts) -> dict[str, Any]:
    return {
        "lines": {
            "plain": score_lines(facts, naive_lines(facts, careful=False)).row(),
            "careful": score_lines(facts, naive_lines(facts, careful=True)).row(),
        },
        "issues": score_issues(facts, naive_issues(facts)).row(SIZES),
        "forecast": {name: score_naive(facts, name).row() for name in NAIVE},
    }


def _lines(facts: Facts) -> dict[str, Any]:
    """Ask for wrongly paid lines before and after the contracts are loaded.

    What is learned is asked on past days too, and judged by the two weeks before each: what a
    person would have seen then, with the history of then.
    """
    answer: dict[str, Any] = {}
    folder, last = facts.world.folder, facts.world.last_date
    if not (folder / "contracts-loaded").exists():
        for sign in (-1, 1):
            _listed(facts.world, last, sign).write_parquet(folder / f"learned{sign}.parquet")
        for day in _past_days(facts.world):
            _listed(facts.world, day, -1).write_parquet(folder / f"learned-{day}.parquet")
    load_contracts(facts.world)
    for sign, name in ((-1, ""), (1, "_over")):
        listed = _listed(facts.world, last, sign)
        listed.write_parquet(folder / f"contract{sign}.parquet")
        answer[f"contract{name}"] = score_lines(facts, listed, sign=sign).row()
        learned = pl.read_parquet(folder / f"learned{sign}.parquet")
        scored = score_lines(facts, learned, sign=sign, learned_only=True)
        answer[f"learned{name}"] = scored.row()
    for day in _past_days(facts.world):
        learned = pl.read_parquet(folder / f"learned-{day}.parquet")
        window = (day - timedelta(days=FRESH_DAYS), day)
        scored = score_lines(facts, learned, learned_only=True, days=window)
        answer[f"fresh_{day}"] = scored.row()
    return answer


def _past_days(world: PlantedWorld) -> list[date]:
    return [START + timedelta(days=offset) for offset in range(120, world.days, 30)]


def _listed(world: PlantedWorld, day: date, sign: int) -> pl.DataFrame:
    """Answer what `underpayments` lists: client, claim, line and what it says of them."""
    words = ["underpayments", "--as-of", day.isoformat(), "--format", "json"]
    rows = json.loads(run(world, *words, *(["--over"] if sign > 0 else [])))["rows"]
    kept = (
        *LINE,
        "code",
        "modifier",
        "allowed_cents",
        "expected_cents",
        "term",
        "basis",
        "confidence",
    )
    return pl.DataFrame(
        [tuple(row[name] for name in kept) for row in rows],
        schema={
            **dict.fromkeys(kept, pl.String), "line": pl.Int64, "allowed_cents": pl.Int64,
            "expected_cents": pl.Int64,
        },
        orient="row",
        strict=False,
    )  # fmt: skip


def _issues(facts: Facts) -> dict[str, Any]:
    return score_issues(facts, issues_said(facts.world)).row(SIZES)


def _forecast(facts: Facts) -> dict[str, Any]:
    return score_product(facts).row()


SCORES: dict[str, Callable[[Facts], dict[str, Any]]] = {
    "naive": _naive,
    "lines": _lines,
    "issues": _issues,
    "forecast": _forecast,
}


def _brief(kept: dict[str, Any]) -> dict[str, Any]:
    """Leave the long lists out."""
    long = {"each", "false_issues", "by_cause"}
    return {
        key: _brief(value) if isinstance(value, dict) else value
        for key, value in kept.items()
        if key not in long
    }


if __name__ == "__main__":
    main()
