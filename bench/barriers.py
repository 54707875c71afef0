"""Measures the barriers of one million open claims from scratch, and those after one remittance.

`python -m bench.barriers [--claims 1000000] [--world FOLDER]`. A simulated world is taken in once and
its claims, with all facts about them, are multiplied by SQL until enough of them are open: the mix of
sent, answered, denied, reversed and crossed-over claims is that of the world. Then, in a process of its
own each: all barriers worked out and stored (`barriers.actions.rebuild`), the same without storing (the
barriers of today as any other day), and one remittance taken in. Prints JSON and writes
.cache/bench/barriers.json.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

CACHE = Path(__file__).resolve().parents[1] / ".cache"
WORLD_CLAIMS, WORLD_DAYS, WORLD_SEED = 3_000, 150, 3
# table: columns that hold ids of other multiplied tables
TABLES: dict[str, tuple[str, ...]] = {
    "claims_claim": (),
    "claims_submission": ("claim_id",),
    "claims_coverage": ("claim_id", "submission_id"),
    "claims_answer": ("claim_id",),
    "remits_claim_payment": ("claim_id",),
    "remits_service_payment": ("claim_id", "payment_id"),
    "remits_adjustment": ("claim_id", "payment_id"),
    "remits_remark": ("claim_id", "payment_id"),
    "followup_activity": ("claim_id",),
    "ledger_open_balance": ("claim_id",),
}
OFFSET = 10_000_000


def main() -> None:
    """Run all parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=1_000_000, help="open claims wanted")
    parser.add_argument("--home", type=Path, help="use, and keep, this home")
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="sanderling-bench-"))
    results: dict[str, Any] = {"date": date.today().isoformat()}
    try:
        if not (home / "filled").exists():
            results["fill"] = _part(home, f"fill({options.claims})")
            (home / "filled").touch()
        for part in ("rebuild()", "classify()", "one_remittance()"):
            results[part.split("(")[0]] = _part(home, part)
    finally:
        environment = {**os.environ, "SANDERLING_HOME": str(home)}
        subprocess.run([sys.executable, "-m", "sanderling", "down"], env=environment, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        if options.home is None:
            shutil.rmtree(home)
    (CACHE / "bench").mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1)
    (CACHE / "bench" / "barriers.json").write_text(text + "\n")
    sys.stdout.write(text + "\n")


def _part(home: Path, call: str) -> dict[str, Any]:
    code = f"from bench import barriers as b; b.start(); import json; print(json.dumps(b.{call}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "SANDERLING_HOME": str(home), "POLARS_MAX_THREADS": "1"},
        cwd=Path(__file__).resolve().parents[1],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def start() -> None:
    """Set Django up in the home that the environment names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sanderling.config.settings")
    from sanderling.cli.runtime import start_database

    start_database()


def fill(claims: int) -> dict[str, Any]:
    """Take a world in and multiply it."""
    from django.db import connection

    from bench.barriers_truth import make_world, take_in

    folder = Path(tempfile.mkdtemp(prefix="sanderling-world-"))
    make_world(WORLD_SEED, WORLD_CLAIMS, WORLD_DAYS, folder)
    seconds = take_in(folder / "out")
    shutil.rmtree(folder)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT claim_id), count(*) FROM ledger_open_balance")
        open_claims, _ = cursor.fetchone()
        times = -(-claims // open_claims)
        for table, references in TABLES.items():
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
                " ORDER BY ordinal_position",
                [table],
            )
            names = [name for (name,) in cursor.fetchall()]
            shown = [multiplied(table, name, references) for name in names]
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(names)}) OVERRIDING SYSTEM VALUE"
                f" SELECT {', '.join(shown)} FROM {table} x, generate_series(1, {times - 1}) AS k"
                f" WHERE {'x.claim_id IS NOT NULL' if references else 'true'}"
            )
        for table in TABLES:
            cursor.execute(f"ANALYZE {table}")
        cursor.execute("SELECT count(DISTINCT claim_id), count(*) FROM ledger_open_balance")
        found, parties = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM claims_claim")
        (all_claims,) = cursor.fetchone()
    return {
        "claims": all_claims,
        "open_claims": found,
        "parties": parties,
        "ingest_seconds": seconds,
    }


def multiplied(table: str, name: str, references: tuple[str, ...]) -> str:
    """Return what a copy of a row has in a column."""
    if name == "id" or name in references:
        return f"x.{name} + k::bigint * {OFFSET}"
    if table == "claims_claim" and name in ("number", "number_key"):
        return f"x.{name} || 'K' || k"
    if name == "source_key":
        return "gen_random_uuid()"
    return f"x.{name}"


def rebuild() -> dict[str, Any]:
    """Time all of today's barriers worked out and stored."""
    from sanderling.barriers import actions

    started = time.perf_counter()
    with_weeks = actions.freeze_week_ends
    actions.freeze_week_ends = lambda _today: []  # type: ignore[assignment]  # timed apart
    claims = actions.rebuild(_today())
    actions.freeze_week_ends = with_weeks
    return {"claims": claims, "seconds": round(time.perf_counter() - started, 2), **peak()}


def classify() -> dict[str, Any]:
    """Time the barriers of all open claims, worked out and not stored."""
    from sanderling.barriers.working import barriers_today

    started = time.perf_counter()
    rows = sum(part.height for part in barriers_today(_today(), two_connections=True))
    return {"rows": rows, "seconds": round(time.perf_counter() - started, 2), **peak()}


def one_remittance() -> dict[str, Any]:
    """Time taking one remittance of one claim in, and bringing its barriers in step."""
    from django.db import connection

    from sanderling.barriers.actions import refresh_stale
    from sanderling.barriers.stale import mark_stale

    refresh_stale(_today())
    times = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.claim_id FROM remits_claim_payment p WHERE p.remittance_id ="
            " (SELECT remittance_id FROM remits_claim_payment WHERE claim_id < 10000000"
            "   GROUP BY 1 ORDER BY count(*) DESC LIMIT 1) AND p.claim_id IS NOT NULL"
        )
        of_remittance = sorted({claim_id for (claim_id,) in cursor.fetchall() if claim_id < OFFSET})
    for _ in range(5):
        started = time.perf_counter()
        mark_stale(of_remittance, _today())
        refresh_stale(_today())
        times.append(round(time.perf_counter() - started, 3))
    return {"claims": len(of_remittance), "seconds": times}


def _today() -> date:
    from bench.barriers_truth import START

    return START + timedelta(days=WORLD_DAYS - 1)


def peak() -> dict[str, int]:
    """Return the most memory that this process has held."""
    return {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


if __name__ == "__main__":
    main()
