"""Measures the valuation: calibration, concentration, speed.

`python -m bench.priority [--seeds 11,12,13] [--claims 6000] [--items 1000000]`. In a simulated
office that works oldest first, parameters are learned on a day from what was seen until then; what
they predict of the touches of the next 60 days is compared with what came in until 90 days after,
and the score of that day's items with the truth of what could be had. Speed: random items. Prints
JSON and writes .cache/bench/priority.json.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from bench.closed_loop_ours import items_frame, responses_frame, touches_frame
from bench.closed_loop_policies import Seen, fifo
from bench.closed_loop_run import Loop, Plan, Result
from sanderling.core.barriers.rows import BARRIERS
from sanderling.core.priority import ITEMS, Parameters, Settings, cold_start, learn, value_items
from sanderling.core.priority.calibration import calibration, concentration
from sanderling.core.priority.learn_effort import INQUIRIES
from sanderling.core.priority.parameters import WAITING
from sanderling.core.priority.value import valued_rows
from sanderling.simulator.calendar import is_business_day

CACHE = Path(__file__).resolve().parents[1] / ".cache"
LEARN_DAY, PREDICTED_DAYS, WATCHED_DAYS = 180, 60, 90
TOP = 0.16
START = date(2026, 1, 5)


def main() -> None:
    """Run all parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="11,12,13")
    parser.add_argument("--claims", type=int, default=6000)
    parser.add_argument("--minutes", type=float, default=80.0)
    parser.add_argument("--items", type=int, default=1_000_000)
    options = parser.parse_args()
    worlds = [
        _world(Plan(int(seed), options.claims, LEARN_DAY, PREDICTED_DAYS + WATCHED_DAYS,
                    options.minutes))
        for seed in options.seeds.split(",")
    ]  # fmt: skip
    results: dict[str, Any] = {
        "date": date.today().isoformat(),
        "seeds": options.seeds,
        "claims": options.claims,
        "learned": _calibration(pl.concat([world["touches"] for world in worlds]), "learned"),
        "cold": _calibration(pl.concat([world["touches"] for world in worlds]), "cold"),
        "top": TOP,
        "concentration": [world["concentration"] for world in worlds],
        "speed": _speed(options.items),
    }
    (CACHE / "bench").mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1)
    (CACHE / "bench" / "priority.json").write_text(text + "\n")
    sys.stdout.write(text + "\n")


class _Watched(Loop):
    """An office that works oldest first; what stood on the day of learning is kept."""

    def through(self) -> dict[str, Any]:
        """Run, and return what was predicted and what came."""
        plan = self.plan
        result = Result("oldest first", plan)
        found: dict[str, Any] = {}
        for offset in range(plan.burn_days + plan.days):
            day = START + timedelta(days=offset)
            self.world.advance(day)
            self._read_cash(day, result)
            if offset == plan.burn_days:
                found = self._learn(day)
            if is_business_day(day):
                self._work(day, fifo, None)
        last = plan.first_day + timedelta(days=PREDICTED_DAYS)
        later = Seen([one for one in self.seen.touches if plan.first_day <= one.on_date < last], [])
        found["touches"] = _predicted(touches_frame(later), later, found["parameters"])
        return found

    def _learn(self, day: date) -> dict[str, Any]:
        before = day - timedelta(days=1)
        parameters = learn(touches_frame(self.seen), responses_frame(self.seen), before)
        items = self.visible.items(day)
        values = value_items(items_frame(items), parameters, day)
        truth = [
            item.expected_cents if self._could_be_had(*self.visible.episodes[item.item_id]) else 0
            for item in items
        ]
        ranked = {
            "items": len(items),
            "by_score": concentration(values["score"], pl.Series(truth), TOP),
            "by_value": concentration(values["value_cents"], pl.Series(truth), TOP),
            "by_balance": concentration(
                pl.Series([item.balance_cents for item in items]), pl.Series(truth), TOP
            ),
            "by_chance": TOP,
        }
        return {"parameters": parameters, "concentration": ranked}


def _world(plan: Plan) -> dict[str, Any]:
    sys.stderr.write(f"seed {plan.seed}\n")
    return _Watched(plan).through()


def _predicted(touches: pl.DataFrame, seen: Seen, parameters: Parameters) -> pl.DataFrame:
    """Return acts with what was predicted of each, and the share that came before the next."""
    items = items_frame([touch.item for touch in seen.touches])
    days = pl.Series([touch.on_date for touch in seen.touches])
    parts = []
    for day in days.unique().sort():
        which = days == day
        part = items.filter(which)
        parts.append(
            touches.filter(which).with_columns(
                learned=valued_rows(part, parameters, day, Settings())["share_now"],
                cold=valued_rows(part, cold_start(), day, Settings())["share_now"],
            )
        )
    asked = pl.col("barrier").is_in(list(WAITING)) & pl.col("action").is_in(INQUIRIES)
    paid = pl.col("paid_cents_within_days").fill_null(0)
    rows = pl.concat(parts).sort("item_id", "touch_date", maintain_order=True)
    # What came in after a mere question belongs to the act before it, as when learning.
    acts = rows.with_columns(
        act=(~asked).cast(pl.Int64).cum_sum().over("item_id"), is_act=~asked
    ).with_columns(came=paid.sum().over("item_id", "act"))
    return acts.filter("is_act", pl.col("expected_cents") > 0).with_columns(
        observed=(pl.col("came") / pl.col("expected_cents")).clip(0.0, 1.0),
        is_last=pl.col("act") == pl.col("act").max().over("item_id"),
    )


def _calibration(touches: pl.DataFrame, column: str) -> dict[str, Any]:
    """Compare only the last act on each item: what earlier ones began ends in it."""
    last = touches.filter("is_last")
    found = calibration(last[column], last["observed"], bins=6)
    return {
        "acts": last.height,
        "brier": round(found.brier, 4),
        "expected_error": round(found.expected_error, 4),
        "table": [
            {"count": row["count"], "predicted": round(row["predicted"], 3),
             "observed": round(row["observed"], 3)}
            for row in found.table.to_dicts()
        ],
    }  # fmt: skip


def _speed(count: int) -> dict[str, Any]:
    """Return seconds for so many random items, and milliseconds for one."""
    index = pl.int_range(count, eager=True)
    today = date(2026, 3, 5)

    def day(step: int, span: int) -> pl.Series:
        return pl.select(pl.lit(today) - pl.duration(days=(index * step) % span)).to_series()

    names = pl.Series(BARRIERS)
    columns: dict[str, Any] = {
        "item_id": index, "client_id": index % 40, "payer_id": index % 60 + 1,
        "payer_type": ["commercial"] * count, "party": [11] * count,
        "balance_cents": index % 90_000 + 500, "expected_cents": (index % 90_000 + 500) // 2,
        "barrier": names.gather(index % len(names)), "category": ["coding"] * count,
        "subcategory": [""] * count, "detail": [""] * count,
        "next_action": ["call_payer"] * count, "team": ["ar"] * count, "since_date": day(7, 120),
        "next_date": day(3, 30), "due_date": [None] * count, "deadline_date": [None] * count,
        "deadline_kind": [""] * count, "is_deadline_met": [False] * count,
        "service_date": day(11, 300), "last_billed_date": day(5, 200),
        "last_touch_date": [None] * count, "last_action": [""] * count,
        "last_outcome": [""] * count, "touches": index % 4, "follow_up_date": [None] * count,
        "is_high_dollar": [False] * count, "is_key_client": [False] * count,
        "is_flagged": [False] * count, "escalation_level": [0] * count,
        "every_days": [None] * count, "floor": [""] * count,
    }  # fmt: skip
    items = pl.DataFrame(columns, schema=dict(ITEMS))
    parameters = cold_start()
    started = time.perf_counter()
    value_items(items, parameters, today)
    seconds = time.perf_counter() - started
    one = items.head(1)
    value_items(one, parameters, today)
    started = time.perf_counter()
    for _ in range(20):
        value_items(one, parameters, today)
    single = (time.perf_counter() - started) / 20
    return {
        "items": count,
        "seconds": round(seconds, 1),
        "one_item_milliseconds": round(single * 1000, 1),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


if __name__ == "__main__":
    main()
