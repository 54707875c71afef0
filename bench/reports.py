"""Measures the monthly reports of 200 clients of a book of one million claims.

`python -m bench.reports [--claims 1000000] [--home FOLDER] [--only PART]`.

A simulated world is taken in once; its claims with all facts and all ledger entries are multiplied
by SQL, the copies spread over 200 clients. Then, in a process of its own each: the mirror made, as
the nightly job has done before a month is closed; the reports of all clients made by the preset for
executives and the one for practice managers, of the month before the last; every PDF and every
workbook written; and reports worked out again for their day and compared with what they froze.
Prints JSON and writes .cache/bench/reports.json. The target is 10 minutes for making and rendering.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench import barriers
from bench.barriers import CACHE, peak, start

__all__ = ["start"]  # every part begins with it
WORLD_CLAIMS, WORLD_DAYS, WORLD_SEED = 3_000, 180, 3
CLIENTS = 200
TABLES: dict[str, tuple[str, ...]] = {
    **barriers.TABLES,
    "claims_submission_line": ("claim_id", "submission_id"),
    "ledger_entry": ("claim_id",),
}
PRESETS = ("executive", "practice_manager")


def main() -> None:
    """Run all parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path, help="use, and keep, this home")
    parser.add_argument("--only", choices=["fill", "mirror", "made", "rendered", "again"])
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="sanderling-bench-"))
    home.chmod(0o711)  # else the database's own user cannot pass
    results: dict[str, Any] = {"date": date.today().isoformat(), "load": os.getloadavg()[0]}
    parts = {
        "fill": f"fill({options.claims})", "mirror": "mirror()", "made": "made()",
        "rendered": "rendered()", "again": "again()",
    }  # fmt: skip
    try:
        for name, call in parts.items():
            if options.only in (None, name) and not (home / f"{name}.done").exists():
                results[name] = _part(home, call)
                if name in ("fill", "mirror"):
                    (home / f"{name}.done").touch()
    finally:
        environment = {**os.environ, "SANDERLING_HOME": str(home)}
        subprocess.run([sys.executable, "-m", "sanderling", "down"], env=environment, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        if options.home is None:
            shutil.rmtree(home)
    (CACHE / "bench").mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1)
    (CACHE / "bench" / "reports.json").write_text(text + "\n")
    sys.stdout.write(text + "\n")


def _part(home: Path, call: str) -> dict[str, Any]:
    code = f"from bench import reports as b; b.start(); import json; print(json.dumps(b.{call}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "SANDERLING_HOME": str(home), "POLARS_MAX_THREADS": "2"},
        cwd=Path(__file__).resolve().parents[1],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def fill(claims: int) -> dict[str, Any]:
    """Take a world in and multiply its claims, spread over the clients."""
    from django.db import connection

    from bench.barriers_truth import make_world, take_in
    from sanderling.clients.models import Client
    from sanderling.ledger.spans import extend_spans

    started = time.perf_counter()
    folder = Path(tempfile.mkdtemp(prefix="sanderling-world-"))
    make_world(WORLD_SEED, WORLD_CLAIMS, WORLD_DAYS, folder)
    take_in(folder / "out")
    shutil.rmtree(folder)
    groups = max(CLIENTS // Client.objects.count(), 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM claims_claim")
        times = -(-claims // cursor.fetchone()[0])
        cursor.execute(
            "INSERT INTO clients_client (id, code, name, tier, is_provisional, created_at)"
            " SELECT k.id + c * 1000, k.code || c, k.name || ' ' || c, k.tier, false, k.created_at"
            "  FROM clients_client k, generate_series(1, %s) c",
            [groups - 1],
        )
        for table, references in TABLES.items():
            _multiply(cursor, table, references, times=times, groups=groups)
        for table in (*TABLES, "clients_client"):
            cursor.execute(f"ANALYZE {table}")
        cursor.execute("SELECT count(*), count(DISTINCT client_id) FROM claims_claim")
        found, clients = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM ledger_entry")
        (entries,) = cursor.fetchone()
    extend_spans()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) ledger_balance_span")
    seconds = round(time.perf_counter() - started)
    return {"claims": found, "clients": clients, "entries": entries, "seconds": seconds}


def _multiply(
    cursor: Any,  # noqa: ANN401 - a cursor
    table: str,
    references: tuple[str, ...],
    *,
    times: int,
    groups: int,
) -> None:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
        " AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    )
    names = [name for (name,) in cursor.fetchall()]
    shown = [_multiplied(table, name, references, groups) for name in names]
    where = "x.claim_id IS NOT NULL" if references else "true"
    # Facts are copied as they are: what their guards would check was checked already.
    cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(names)}) OVERRIDING SYSTEM VALUE"
        f" SELECT {', '.join(shown)} FROM {table} x, generate_series(1, {times - 1}) AS k"
        f" WHERE {where}"
    )
    cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _multiplied(table: str, name: str, references: tuple[str, ...], groups: int) -> str:
    if name == "client_id":
        return f"x.client_id + (k % {groups}) * 1000"
    return barriers.multiplied(table, name, references)


def mirror() -> dict[str, Any]:
    """Make the mirror, as the nightly job has done before a month is closed."""
    from django.utils import timezone

    from sanderling.mirror.actions import refresh

    started = time.perf_counter()
    done = refresh(_today(), timezone.now())
    return {
        "claims": done.claim_count,
        "differences": len(done.differences),
        "seconds": round(time.perf_counter() - started),
        **peak(),
    }


def _today() -> date:
    from bench.barriers_truth import START

    return START + timedelta(days=WORLD_DAYS - 1)


if __name__ == "__main__":
    main()
