"""Measures the analytics mirror: made anew, laid over, compared with the database, and read.

`python -m bench.mirror [--claims 100000] [--book FOLDER]`. Claims of four months and the remittances that
answer them are taken in (bench.pair). Then, in a process of its own each: raw
COPY of the tables that the mirror reads, thrown away; the mirror made anew; a refresh after facts about
one claim in a hundred; one after none. With `--book` (made by bench.analytic_book) the same sums over its
Parquet by DuckDB and by Polars. Prints JSON and writes .cache/bench/mirror.json.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import barriers
from bench.barriers import CACHE, start

if TYPE_CHECKING:
    import polars as pl

    from sanderling.mirror.files import Manifest
    from sanderling.mirror.tying import Difference

__all__ = ["start"]  # every part begins with it
READ = (
    "claims_claim",
    "claims_submission",
    "claims_submission_line",
    "claims_coverage",
    "claims_answer",
    "remits_claim_payment",
    "remits_service_payment",
    "remits_adjustment",
    "remits_remark",
    "followup_activity",
    "ledger_entry",
)
MONTHS = 4
ROUNDS = 5


def main() -> None:
    """Run all parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=100_000)
    parser.add_argument("--book", type=Path, help="a home with the mirror of a made-up book")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="sanderling-bench-"))
    home.chmod(0o711)  # else the database's own user cannot pass, and it lies elsewhere
    results: dict[str, Any] = {"date": date.today().isoformat(), "load": os.getloadavg()[0]}
    try:
        for part in (f"fill({options.claims})", "raw_copy()", "anew()", "over()", "nothing_new()"):
            results[part.split("(")[0]] = _part(home, part)
        if options.book is not None:
            results["reading"] = _part(options.book, "reading()", threads="2")
    finally:
        environment = {**os.environ, "SANDERLING_HOME": str(home)}
        subprocess.run([sys.executable, "-m", "sanderling", "down"], env=environment, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        shutil.rmtree(home)
    results["times_copy"] = round(results["anew"]["seconds"] / results["raw_copy"]["seconds"], 2)
    (CACHE / "bench").mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1)
    (CACHE / "bench" / "mirror.json").write_text(text + "\n")
    sys.stdout.write(text + "\n")


def _part(home: Path, call: str, *, threads: str = "1") -> dict[str, Any]:
    begin = "" if call.startswith("reading") else "b.start(); "
    code = f"from bench import mirror as b; {begin}import json; print(json.dumps(b.{call}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "SANDERLING_HOME": str(home), "POLARS_MAX_THREADS": threads},
        cwd=Path(__file__).resolve().parents[1],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def fill(claims: int) -> dict[str, Any]:
    """Take in an 837P for each of several months and the 835s that answer them.

    Claim numbers are those of the first month again: each claim is sent and answered monthly.
    """
    from django.db import connection
    from django.utils import timezone

    from bench.pair import write_pair
    from sanderling.intake.actions import ingest

    folder = Path(tempfile.mkdtemp(prefix="sanderling-pair-"))
    for month in range(1, MONTHS + 1):
        sent, paid = folder / f"{month}.837p", folder / f"{month}.835"
        write_pair(sent, paid, claims=claims // MONTHS, seed=month)
        for path, day in ((sent, 5), (paid, 26)):
            reports = ingest(
                [path],
                received_date=date(2026, month, day),
                source="bench",
                recorded_at=timezone.now(),
                is_followed_by_more=True,
            )
            assert [report.status for report in reports] == ["posted"]
    shutil.rmtree(folder)
    counts = {}
    with connection.cursor() as cursor:
        for table in READ:
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts[table] = int(cursor.fetchone()[0])
    return counts


def raw_copy() -> dict[str, Any]:
    """Time COPY of every table that the mirror reads, thrown away as it comes."""
    from django.db import connection
    from psycopg import sql

    started = time.perf_counter()
    size = 0
    with connection.cursor() as cursor:
        for table in READ:
            statement = sql.SQL("COPY {} TO STDOUT WITH (FORMAT csv)").format(sql.Identifier(table))
            with cursor.copy(statement) as copy:
                size += sum(len(data) for data in copy)
    return {"seconds": round(time.perf_counter() - started, 2), "mb": size // 10**6}


def anew() -> dict[str, Any]:
    """Time the mirror made anew, and of it the comparison with the database."""
    from sanderling.mirror.actions import rebuild

    return _timed(rebuild)


def over() -> dict[str, Any]:
    """Time a refresh after facts about one claim in a hundred."""
    from django.db import connection

    from sanderling.barriers.stale import mark_stale
    from sanderling.mirror.actions import refresh

    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM claims_claim WHERE has_facts AND id % 100 = 7")
        mark_stale([claim_id for (claim_id,) in cursor.fetchall()], date.today())
    return _timed(refresh)


def nothing_new() -> dict[str, Any]:
    """Time a refresh when nothing has come in."""
    from sanderling.mirror.actions import refresh

    return _timed(refresh)


def _timed(call: Callable[..., Any]) -> dict[str, Any]:
    from sanderling.mirror import actions
    from sanderling.mirror.files import mirror_folder

    spent = []
    real = actions.differences

    def timed(state: Manifest) -> list[Difference]:
        began = time.perf_counter()
        found = real(state)
        spent.append(time.perf_counter() - began)
        return found

    actions.differences = timed
    now = datetime.now(UTC)
    started = time.perf_counter()
    done = call(now.date(), now)
    seconds = time.perf_counter() - started
    assert not done.differences
    return {
        "seconds": round(seconds, 2),
        "of_it_comparing": round(sum(spent), 2),
        "claims": done.claim_count,
        "files": done.file_count,
        "mb": sum(p.stat().st_size for p in mirror_folder().rglob("*.parquet")) // 10**6,
        **barriers.peak(),
    }


SUMS = """
SELECT date_trunc('month', received_date) AS month, client_id, payer_id, count(*) AS decided,
       sum(is_denied::int) AS denied, sum(denied_cents) AS denied_cents,
       sum(paid_cents) AS paid_cents
  FROM read_parquet('{files}') WHERE is_first AND sequence = 1 AND NOT is_duplicate{more}
 GROUP BY ALL
"""


def reading() -> dict[str, Any]:
    """Time the same sums by month, client and payer over the Parquet of a book, two threads each."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sanderling.config.settings")
    django.setup()
    import duckdb
    import polars as pl

    from sanderling.mirror.files import mirror_folder
    from sanderling.mirror.reading import manifest, scan

    threads = duckdb.connect(config={"threads": 2})
    threads.execute("SET enable_progress_bar = false")
    files = f"{mirror_folder()}/{{table}}/*.parquet"
    found: dict[str, Any] = {"rows": {n: manifest().rows(n) for n in ("payments", "remit_lines")}}

    def by_polars(table: str, client_ids: list[int] | None) -> pl.DataFrame:
        keys = [pl.col("received_date").dt.truncate("1mo").alias("month"), "client_id", "payer_id"]
        return (
            scan(table, client_ids)
            .filter(pl.col("is_first"), pl.col("sequence") == 1, ~pl.col("is_duplicate"))
            .group_by(*keys)
            .agg(
                pl.len().alias("decided"),
                pl.col("is_denied").sum().alias("denied"),
                pl.col("denied_cents", "paid_cents").sum(),
            )
            .collect(engine="streaming")
        )

    def by_duckdb(table: str, client_ids: list[int] | None) -> list[tuple[Any, ...]]:
        more = (
            "" if client_ids is None else f" AND client_id IN ({', '.join(map(str, client_ids))})"
        )
        return threads.execute(SUMS.format(files=files.format(table=table), more=more)).fetchall()

    for table in ("payments", "remit_lines"):
        for name, client_ids in (("all clients", None), ("five clients", [3, 50, 99, 120, 180])):
            ours, theirs = by_polars(table, client_ids), by_duckdb(table, client_ids)
            assert ours.height == len(theirs)
            assert ours["paid_cents"].sum() == sum(int(row[-1]) for row in theirs)
            found[f"{table}, {name}"] = {
                "polars": _median(lambda t=table, c=client_ids: by_polars(t, c)),
                "duckdb": _median(lambda t=table, c=client_ids: by_duckdb(t, c)),
            }
    return found


def _median(work: Callable[[], Any]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return round(statistics.median(times), 3)


if __name__ == "__main__":
    main()
