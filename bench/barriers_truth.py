"""Compares the barriers of simulated worlds with the truth the simulator keeps of them.

`python -m bench.barriers_truth [--seeds 1,2,3] [--claims 50000] [--days 180]` makes each world,
takes it in day by day through `intake.actions.ingest`, works out the barriers of the world's last
day and compares them with truth/barriers.csv, which the product never reads. Prints what agrees and
writes .cache/bench/barriers_truth.json; `--document FILE` puts the tables into a document.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

CACHE = Path(__file__).resolve().parents[1] / ".cache"
START = date(2026, 1, 5)
KEYS = ("client", "claim", "party")


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--claims", type=int, default=50_000)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--keep", type=Path, help="keep worlds, databases and differences here")
    parser.add_argument("--document", type=Path, help="put the tables into this file")
    options = parser.parse_args()
    results = []
    for seed in (int(part) for part in options.seeds.split(",")):
        results.append(_one_world(seed, options.claims, options.days, options.keep))
        sys.stdout.write(_summary(results[-1]) + "\n")
    (CACHE / "bench").mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1, default=str)
    (CACHE / "bench" / "barriers_truth.json").write_text(text + "\n")
    if options.document:
        _document(options.document, results)


def _one_world(seed: int, claims: int, days: int, keep: Path | None) -> dict[str, Any]:
    base = keep or Path(tempfile.mkdtemp(prefix="sanderling-truth-"))
    folder = base / f"world-{seed}"
    home = base / f"home-{seed}"
    environment = {**os.environ, "SANDERLING_HOME": str(home)}
    code = f"from bench.barriers_truth import run_world; run_world({seed}, {claims}, {days}, {str(folder)!r})"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            cwd=Path(__file__).resolve().parents[1],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    finally:
        subprocess.run(
            [sys.executable, "-m", "sanderling", "down"],
            env=environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        if keep is None:
            shutil.rmtree(base)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def run_world(seed: int, claims: int, days: int, folder: str) -> None:
    """Make, take in and compare one world in the home that the environment names; print JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sanderling.config.settings")
    from sanderling.cli.runtime import start_database

    start_database()
    where = Path(folder)
    if not (where / "truth" / "barriers.csv").exists():
        make_world(seed, claims, days, where)
    last = START + timedelta(days=days - 1)
    seconds = take_in(where / "out")
    measured = compare(
        where / "truth" / "barriers.csv", last, differences=where / "differences.csv"
    )
    sys.stdout.write(
        json.dumps(
            {"seed": seed, "claims": claims, "days": days, "ingest_seconds": seconds, **measured},
            default=str,
        )
    )


def make_world(seed: int, claims: int, days: int, folder: Path) -> None:
    """Write a world and its truth."""
    from sanderling.simulator.output import write_world
    from sanderling.simulator.truth import write_truth
    from sanderling.simulator.world import World
    from sanderling.simulator.worldstate import Settings

    world = World(Settings(claims, seed, START, days))
    files = write_world(world, folder / "out")
    write_truth(world, files, folder / "truth")


def take_in(out: Path) -> float:
    """Import clients and payers, ingest day by day, import activities; return the seconds."""
    from django.utils import timezone

    from sanderling.clients.actions import import_clients
    from sanderling.followup.importing import import_activities
    from sanderling.intake.actions import ingest
    from sanderling.payers.actions import import_payers

    import_clients(text=(out / "clients.csv").read_text(), at=timezone.now())
    import_payers(text=(out / "payers.csv").read_text(), at=timezone.now())
    started = time.perf_counter()
    files = sorted(path for path in (out / "days").glob("*/*") if path.is_file())
    for day, of_day in groupby(files, key=lambda path: path.parent.name):
        reports = ingest(
            list(of_day),
            received_date=date.fromisoformat(day),
            source="bench",
            recorded_at=timezone.now(),
            is_followed_by_more=True,
        )
        for _ in reports:
            pass
    activities = out / "activities.csv"
    if activities.exists():
        imported = import_activities(text=activities.read_text(), at=timezone.now())
        if imported.problems:
            raise SystemExit(f"activities refused: {imported.problems[:3]}")
    return round(time.perf_counter() - started, 1)


def compare(truth: Path, as_of: date, *, differences: Path) -> dict[str, Any]:
    """Return how the barriers of the day agree with the truth; write what differs."""
    import polars as pl

    from sanderling.barriers.queries import _Names
    from sanderling.barriers.working import barriers_on

    started = time.perf_counter()
    parts = list(barriers_on(as_of))
    seconds = time.perf_counter() - started
    names = _Names()
    ours = {
        tuple(row[key] for key in KEYS): row
        for part in parts
        for row in names.rows(part, by_party=True)
    }
    with truth.open(newline="") as lines:
        wanted = {tuple(row[key] for key in KEYS): row for row in csv.DictReader(lines)}
    counts: Counter[str] = Counter()
    dollars: Counter[str] = Counter()
    matrix: dict[str, Counter[str]] = defaultdict(Counter)
    rows = []
    for key in sorted({*ours, *wanted}):
        mine, true = ours.get(key), wanted.get(key)
        if mine is None or true is None:
            counts["only_ours" if true is None else "only_truth"] += 1
            rows.append([*key, "missing" if mine is None else mine["barrier"],
                         "none" if true is None else true["barrier"], "", "", "", "", ""])  # fmt: skip
            continue
        cents = abs(int(true["balance_cents"]))
        counts["rows"] += 1
        dollars["rows"] += cents
        if int(true["balance_cents"]) != mine["balance_cents"]:
            counts["balance_differs"] += 1
        matrix[true["barrier"]][mine["barrier"]] += 1
        is_right = true["barrier"] == mine["barrier"]
        counts["barrier"] += is_right
        dollars["barrier"] += cents * is_right
        asked = bool(true["category"] or mine["category"])
        counts["categories"] += asked
        counts["category"] += asked and true["category"] == mine["category"]
        deadline = (true.get("deadline") or "", true.get("deadline_kind") or "")
        my_deadline = (str(mine["deadline"] or ""), mine["deadline_kind"])
        has_deadline = bool(deadline[0] or my_deadline[0])
        counts["deadlines"] += has_deadline
        counts["deadline"] += has_deadline and deadline[0] == my_deadline[0]
        counts["deadline_kind"] += has_deadline and deadline[1] == my_deadline[1]
        counts["actions"] += 1
        counts["action"] += true.get("next_action", "") == mine["next_action"]
        if (
            not is_right
            or (asked and true["category"] != mine["category"])
            or deadline[0] != my_deadline[0]
            or true.get("next_action", "") != mine["next_action"]
        ):
            rows.append(
                [*key, mine["barrier"], true["barrier"], f'{mine["category"]}|{true["category"]}',
                 f'{mine["detail"]}|{true["detail"]}', f'{mine["reason"]}|{true["reason"]}',
                 f"{my_deadline}|{deadline}", f'{mine["next_action"]}|{true.get("next_action")}']
            )  # fmt: skip
    with differences.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    unbilled = matrix["secondary_unbilled"]
    said = sum(row["secondary_unbilled"] for row in matrix.values())
    aged = sum(int(row["balance_cents"]) for row in wanted.values())
    found = pl.concat(parts)["balance_cents"].sum() if parts else 0
    return {
        "rows": counts["rows"],
        "only_ours": counts["only_ours"],
        "only_truth": counts["only_truth"],
        "balance_differs": counts["balance_differs"],
        "barrier_rate": counts["barrier"] / max(counts["rows"], 1),
        "barrier_dollar_rate": dollars["barrier"] / max(dollars["rows"], 1),
        "category_rate": counts["category"] / max(counts["categories"], 1),
        "deadline_rate": counts["deadline"] / max(counts["deadlines"], 1),
        "deadline_kind_rate": counts["deadline_kind"] / max(counts["deadlines"], 1),
        "action_rate": counts["action"] / max(counts["actions"], 1),
        "unbilled_recall": unbilled["secondary_unbilled"] / max(sum(unbilled.values()), 1),
        "unbilled_precision": unbilled["secondary_unbilled"] / max(said, 1),
        "sum_cents": [int(found), aged],
        "classify_seconds": round(seconds, 2),
        "matrix": {true: dict(row) for true, row in sorted(matrix.items())},
    }


def _summary(result: dict[str, Any]) -> str:
    rates = {name: round(value, 4) for name, value in result.items() if name.endswith("rate") or
             name.startswith("unbilled")}  # fmt: skip
    return json.dumps(
        {"seed": result["seed"], "rows": result["rows"], **rates,
         **{k: result[k] for k in ("only_ours", "only_truth", "balance_differs", "classify_seconds",
                                   "ingest_seconds")}}
    )  # fmt: skip


def _document(path: Path, results: list[dict[str, Any]]) -> None:
    """Put the tables between the markers of a document."""
    begin, end = "<!-- truth: begin -->", "<!-- truth: end -->"
    text = path.read_text()
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n{_tables(results)}\n{end}{after}")


def _tables(results: list[dict[str, Any]]) -> str:
    rates = (
        ("barrier_rate", "barrier right, claims and parties", "99 %"),
        ("barrier_dollar_rate", "barrier right, dollars", "99.5 %"),
        ("category_rate", "category right", "97 %"),
        ("deadline_rate", "deadline date exact", "98 %"),
        ("unbilled_recall", "secondary_unbilled, recall", "100 %"),
        ("unbilled_precision", "secondary_unbilled, precision", "99 %"),
        ("action_rate", "next action the same (no target)", ""),
    )
    head = " | ".join(f"seed {result['seed']}" for result in results)
    lines = [f"| | target | {head} |", "|---|---|" + "---|" * len(results)]
    lines.append(
        "| open balances compared | | " + " | ".join(f"{r['rows']:,}" for r in results) + " |"
    )
    for key, title, target in rates:
        values = " | ".join(f"{100 * result[key]:.2f} %" for result in results)
        lines.append(f"| {title} | {target} | {values} |")
    total: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        for true, row in result["matrix"].items():
            total[true].update(row)
    names = sorted({*total, *(name for row in total.values() for name in row)})
    lines += ["", "Rows: the truth. Columns: what the engine says. All seeds together.", ""]
    lines.append("| truth | " + " | ".join(names) + " |")
    lines.append("|---|" + "---|" * len(names))
    for true in names:
        cells = " | ".join(f"{total[true][name]:,}" if total[true][name] else "" for name in names)
        lines.append(f"| {true} | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
