"""Compares ways of choosing the next claim, in a simulated billing office with few minutes.

`python -m bench.closed_loop [--seeds 1,2,3] [--claims 6000] [--minutes 100] [--policies a,b]`
makes an interactive world for each seed, lets an office work it oldest-first for 150 days, and then
lets each policy work the same world for 180 days with the same minutes of work on each business
day. Prints cash after 30, 60, 90 and 180 days, what was lost to deadlines and what was touched in
vain, and how near each comes to a bound nobody can beat. `--sweep 25,50,100` repeats it with 3,000
claims and those minutes over the first two seeds, `--document FILE` puts the tables into a
document, `--short` is a small run for `make bench`. Rows are kept in .cache/bench/closed_loop.json
and used again while the code that made them is the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from bench.closed_loop_bound import Bound
from bench.closed_loop_policies import NAMES, make_policy
from bench.closed_loop_report import OURS, document, plain
from bench.closed_loop_run import Loop, Plan, Result, concentration

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / ".cache" / "bench" / "closed_loop.json"
HORIZONS = (30, 60, 90, 180)
CLIENT_ITEMS_MIN = 10  # due in the run, for a client's level of service to say anything
SWEEP_SEEDS = 2
SWEEP_CLAIMS = 3000
SHORT = Plan(1, 1500, burn_days=120, days=90, minutes=25.0)
Row = dict[str, Any]


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--claims", type=int, default=6000)
    parser.add_argument("--minutes", type=float, default=100.0)
    parser.add_argument("--policies", default=",".join(NAMES))
    parser.add_argument("--sweep", default="", help="other minutes a day, for the first two seeds")
    parser.add_argument("--document", type=Path, help="put the tables into this file")
    parser.add_argument("--short", action="store_true", help="one small world")
    options = parser.parse_args()
    policies = tuple(part.strip() for part in options.policies.split(","))
    seeds = [int(part) for part in options.seeds.split(",")]
    plans = [Plan(seed, options.claims, minutes=options.minutes) for seed in seeds]
    if options.short:
        plans = [SHORT]
    started = time.monotonic()
    store = Store()
    rows = compare(plans, policies, store)
    sys.stdout.write(plain(rows) + "\n")
    by_minutes: dict[str, list[Row]] = {}
    for minutes in sorted((part for part in options.sweep.split(",") if part), key=float):
        others = [Plan(seed, SWEEP_CLAIMS, minutes=float(minutes)) for seed in seeds[:SWEEP_SEEDS]]
        by_minutes[minutes] = compare(others, policies, store)
        sys.stdout.write("\n" + plain(by_minutes[minutes]) + "\n")
    if options.document:
        command = f"python -m bench.closed_loop {' '.join(sys.argv[1:])}"
        document(options.document, rows, by_minutes, command)
    sys.stdout.write(f"\n{time.monotonic() - started:.0f} s\n")


class Store:
    """Rows of earlier runs, for as long as the code that made them is the same."""

    def __init__(self) -> None:
        kept: dict[str, Row] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
        self._rows = kept
        world = _hash(
            ROOT.glob("src/sanderling/simulator/*"), ROOT.glob("bench/closed_loop_[bpr][ou]*.py")
        )
        self._marks = {
            "": world,
            OURS: world
            + _hash(
                ROOT.glob("src/sanderling/core/priority/*.py"),
                ROOT.glob("bench/closed_loop_ours.py"),
            ),
        }

    def row(self, plan: Plan, name: str, make: Callable[[], Row]) -> Row:
        """Answer a kept row, or make it and keep it."""
        mark = self._marks.get(name, self._marks[""])
        key = f"{json.dumps(asdict(plan))} {name} {mark}"
        if key not in self._rows:
            started = time.monotonic()
            self._rows[key] = json.loads(json.dumps(make()))
            KEPT.parent.mkdir(parents=True, exist_ok=True)
            KEPT.write_text(json.dumps(self._rows))
            seconds = time.monotonic() - started
            sys.stderr.write(f"seed {plan.seed}, {plan.minutes:g} min: {name}, {seconds:.0f} s\n")
        return self._rows[key]


def _hash(*groups: Iterable[Path]) -> str:
    text = hashlib.sha256()
    for path in sorted(path for group in groups for path in group if path.is_file()):
        text.update(path.read_bytes())
    return text.hexdigest()[:16]


def compare(plans: list[Plan], policies: tuple[str, ...], store: Store) -> list[Row]:
    """Run every policy over every plan; answer one row each, nobody and all-knowing first."""
    rows: list[Row] = []
    for plan in plans:
        base = store.row(plan, "nobody", partial(_base, plan))
        rows += [base["nobody"], base["all"]]
        rows += [
            _beside(store.row(plan, name, partial(_one, plan, name)), base["nobody"])
            for name in policies
        ]
    return rows


def _one(plan: Plan, name: str) -> Row:
    return row_of(Loop(plan).run(name, make_policy(name)))


def _base(plan: Plan) -> Row:
    nobody = Loop(plan).run("nobody")
    bound = Bound(plan, nobody)
    limits = {str(days): bound.cash_cents(days) for days in HORIZONS if days <= plan.days}
    row = row_of(nobody)
    row["bound"] = limits
    row["bound_extra"] = {days: cents - row["cash"][days] for days, cents in limits.items()}
    both = [json.loads(json.dumps(part)) for part in (row, row_of(bound.result))]
    return {"nobody": _beside(both[0], both[0]), "all": _beside(both[1], both[0])}


def _beside(row: Row, nobody: Row) -> Row:
    """Add what is more than in the run nobody works in, and the bound."""
    small = {days: cents - nobody["small_cash"][days] for days, cents in row["small_cash"].items()}
    extra = {days: cents - nobody["cash"][days] for days, cents in row["cash"].items()}
    bounds = {"bound": nobody["bound"], "bound_extra": nobody["bound_extra"]}
    return {**row, **bounds, "extra": extra, "small": small}


def row_of(result: Result) -> Row:
    """Put a result into plain numbers."""
    plan = result.plan
    due = result.due_by_client
    served = [
        result.worked_by_client[client] / count
        for client, count in due.items()
        if count >= CLIENT_ITEMS_MIN
    ]
    horizons = [days for days in HORIZONS if days <= plan.days]
    return {
        "seed": plan.seed,
        "plan": asdict(plan),
        "policy": result.name,
        "cash": {str(days): result.cash_cents(days) for days in horizons},
        "small_cash": {str(days): result.cash_cents(days, is_small=True) for days in horizons},
        "minutes": round(result.minutes),
        "touches": result.touches,
        "avoidable": result.avoidable,
        "touches_per_paid": result.touches / max(len(result.paid_items & result.worked), 1),
        "due": len(result.seen_due),
        "worked": len(result.worked & result.seen_due),
        "lost": result.lost_cents,
        "lost_items": result.lost_items,
        "open": sum(result.balances),
        "ar_days": result.ar_days,
        "worst_client": min(served, default=0.0),
        "top_16": concentration(result.balances),
        "acts": {f"{act} {outcome}": count for (act, outcome), count in result.acts.items()},
        "acts_in_vain": {
            f"{act} {outcome}": count for (act, outcome), count in result.avoidable_acts.items()
        },
    }


if __name__ == "__main__":
    main()
