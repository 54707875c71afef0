"""Compares ways of choosing the next claim, in a simulated billing office with few minutes.

`python -m bench.closed_loop [--seeds 1,2,3] [--claims 6000] [--minutes 80] [--policies a,b]`
makes an interactive world for each seed, lets an office work it oldest-first for 150 days, and then
lets each policy work the same world for 180 days with the same minutes of work on each business
day. Prints cash after 30, 60, 90 and 180 days, what was lost to deadlines and what was touched in
vain, and how near each comes to a bound nobody can beat; writes .cache/bench/closed_loop.json.
`--document FILE` puts the tables into a document, `--short` is a small run for `make bench`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from bench.closed_loop_bound import Bound
from bench.closed_loop_policies import HEURISTICS, NAMES, make_policy
from bench.closed_loop_run import Loop, Plan, Result, concentration

CACHE = Path(__file__).resolve().parents[1] / ".cache"
HORIZONS = (30, 60, 90, 180)
COMPARED = 90  # the horizon of the aims
CLIENT_ITEMS_MIN = 10  # due in the run, for a client's level of service to say anything
PAIRS_MIN = 2
T95 = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36, 8: 2.31, 9: 2.26}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """What to run."""

    seeds: tuple[int, ...]
    policies: tuple[str, ...]
    claims: int
    minutes: float
    burn_days: int = 150
    days: int = 180


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--claims", type=int, default=6000)
    parser.add_argument("--minutes", type=float, default=80.0)
    parser.add_argument("--policies", default=",".join(NAMES))
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args()
    run = Options(
        tuple(int(part) for part in options.seeds.split(",")),
        tuple(part.strip() for part in options.policies.split(",")),
        options.claims,
        options.minutes,
    )
    if options.short:
        run = Options((1,), run.policies, 1500, 20.0, burn_days=120, days=90)
    started = time.monotonic()
    rows = compare(run)
    sys.stdout.write(table(rows, run) + f"\n{time.monotonic() - started:.0f} s\n")
    (CACHE / "bench").mkdir(parents=True, exist_ok=True)
    name = "closed_loop_short.json" if options.short else "closed_loop.json"
    (CACHE / "bench" / name).write_text(json.dumps(rows, indent=1) + "\n")


def compare(options: Options) -> list[Row]:
    """Run every policy over every seed; answer one row each."""
    rows: list[Row] = []
    for seed in options.seeds:
        plan = Plan(seed, options.claims, options.burn_days, options.days, options.minutes)
        nobody = Loop(plan).run("nobody")
        bound = Bound(plan, nobody)
        horizons = [days for days in HORIZONS if days <= options.days]
        limits = {days: bound.cash_cents(days) for days in horizons}
        rows.append(_row(nobody, nobody, limits))
        rows.append(_row(bound.result, nobody, limits))
        for name in options.policies:
            result = Loop(plan).run(name, make_policy(name))
            rows.append(_row(result, nobody, limits))
            sys.stderr.write(f"seed {seed}: {name}\n")
    return rows


def _row(result: Result, nobody: Result, limits: dict[int, int]) -> Row:
    due = result.due_by_client
    served = [
        result.worked_by_client[client] / count
        for client, count in due.items()
        if count >= CLIENT_ITEMS_MIN
    ]
    return {
        "seed": result.plan.seed,
        "policy": result.name,
        "cash": {days: result.cash_cents(days) for days in limits},
        "extra": {days: result.cash_cents(days) - nobody.cash_cents(days) for days in limits},
        "bound": limits,
        "bound_extra": {days: cents - nobody.cash_cents(days) for days, cents in limits.items()},
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
    }


def table(rows: list[Row], options: Options) -> str:
    """Write means over seeds as a table for people."""
    seeds = ", ".join(map(str, options.seeds))
    days = f"{options.burn_days} + {options.days} days"
    minutes = f"{options.minutes:g} minutes a business day"
    lines = [f"{options.claims} claims over {days}, {minutes}, seeds {seeds}", ""]
    horizons = [days for days in HORIZONS if days <= options.days]
    heads = [f"cash {days} d" for days in horizons] + [f"extra {days} d" for days in horizons]
    heads += ["of bound", "lost", "avoid.", "t/paid", "worked", "worst", "AR days", "top 16"]
    lines.append(f"{'policy':20}" + "".join(f"{head:>12}" for head in heads))
    for name in dict.fromkeys(row["policy"] for row in rows):
        own = [row for row in rows if row["policy"] == name]
        lines.append(f"{name:20}" + "".join(f"{cell:>12}" for cell in _cells(own, horizons)))
    bound = [row for row in rows if row["policy"] == "nobody"]
    cells = [_money(mean(row["bound"][days] for row in bound)) for days in horizons]
    cells += [_money(mean(row["bound_extra"][days] for row in bound)) for days in horizons]
    lines.append(f"{'bound':20}" + "".join(f"{cell:>12}" for cell in cells))
    lines += ["", *_verdict(rows, options)]
    return "\n".join(lines)


def _cells(own: list[Row], horizons: list[int]) -> list[str]:
    cells = [_money(mean(row["cash"][days] for row in own)) for days in horizons]
    cells += [_money(mean(row["extra"][days] for row in own)) for days in horizons]
    last = COMPARED if COMPARED in horizons else horizons[-1]
    extra = sum(row["extra"][last] for row in own) / max(
        sum(row["bound_extra"][last] for row in own), 1
    )
    return [
        *cells,
        f"{extra:.0%}",
        _money(mean(row["lost"] for row in own)),
        f"{sum(row['avoidable'] for row in own) / max(sum(row['touches'] for row in own), 1):.1%}",
        f"{mean(row['touches_per_paid'] for row in own):.1f}",
        f"{sum(row['worked'] for row in own) / max(sum(row['due'] for row in own), 1):.0%}",
        f"{mean(row['worst_client'] for row in own):.0%}",
        f"{mean(row['ar_days'] for row in own):.1f}",
        f"{mean(row['top_16'] for row in own):.0%}",
    ]


def _verdict(rows: list[Row], options: Options) -> list[str]:
    """Compare the product's way with the best heuristic, seed by seed."""
    ours = {row["seed"]: row for row in rows if row["policy"] == "sanderling"}
    others = [name for name in HEURISTICS if name in options.policies]
    if not ours or not others:
        return []
    lines = []
    for days in (day for day in HORIZONS if day <= options.days):
        for kind in ("cash", "extra"):
            means = {
                name: mean(row[kind][days] for row in rows if row["policy"] == name)
                for name in others
            }
            best = max(means, key=lambda name: means[name])
            base = {row["seed"]: row for row in rows if row["policy"] == best}
            pairs = [ours[seed][kind][days] - base[seed][kind][days] for seed in options.seeds]
            share = sum(pairs) / max(sum(base[seed][kind][days] for seed in options.seeds), 1)
            half = _half_width(pairs) / max(mean(base[s][kind][days] for s in options.seeds), 1)
            lines.append(
                f"{kind} after {days} d: {share:+.1%} (95 % interval of {len(pairs)} seeds "
                f"{share - half:+.1%} to {share + half:+.1%}) against {best}"
            )
    return lines


def _half_width(pairs: list[int]) -> float:
    if len(pairs) < PAIRS_MIN:
        return math.inf
    return T95.get(len(pairs) - 1, 2.0) * stdev(pairs) / math.sqrt(len(pairs))


def _money(cents: float) -> str:
    return f"{cents / 100:,.0f}"


if __name__ == "__main__":
    main()
