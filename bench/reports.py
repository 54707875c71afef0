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


def made() -> dict[str, Any]:
    """Make the reports of the last whole month by two presets, which share what is worked out."""
    from django.utils import timezone

    from sanderling.clients.models import Client
    from sanderling.reports.book import Span
    from sanderling.reports.making import make_reports, new_book
    from sanderling.reports.models import Definition, Report

    began = time.perf_counter()
    last = _today().replace(day=1) - timedelta(days=1)
    first, at = last.replace(day=1), timezone.now()
    told: list[tuple[float, str]] = []

    def tell(words: str) -> None:
        told.append((time.perf_counter() - began, words))

    ids = list(Client.objects.values_list("pk", flat=True))
    book = new_book(Span(first, last, last), ids, at=at, tell=tell)
    count = 0
    for preset in PRESETS:
        count += len(
            make_reports(
                Definition.objects.get(preset=preset), client_ids=ids, from_date=first,
                to_date=last, as_of=last, by=None, at=at, tell=tell, book=book,
            )
        )  # fmt: skip
    seconds = time.perf_counter() - began
    return {
        "reports": count,
        "seconds": round(seconds, 1),
        "steps": _steps(told, seconds),
        "size_mb": _size("reports_report") + _size("reports_behind"),
        "numbers": len(Report.objects.latest("pk").numbers["blocks"]),
        "load": os.getloadavg()[0],
        **peak(),
    }


def _steps(told: list[tuple[float, str]], end: float) -> dict[str, float]:
    """Return the seconds of each step; clients' own parts together."""
    found: dict[str, float] = {}
    for (at, words), (until, _) in zip(told, [*told[1:], (end, "")], strict=True):
        name = words if " " in words or words == "cash" else "clients"
        name = "what was owed at month ends" if words.startswith("what was owed on") else name
        found[name] = round(found.get(name, 0.0) + until - at, 1)
    return found


def _size(table: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s) / 1048576", [table])
        return int(cursor.fetchone()[0])


def rendered() -> dict[str, Any]:
    """Write every PDF and every workbook."""
    from sanderling.reports.models import Report
    from sanderling.reports.rendering import pdf_of
    from sanderling.reports.workbook import xlsx_of

    seconds = {"pdf": 0.0, "xlsx": 0.0}
    size = pages = 0
    for report in Report.objects.select_related("client").order_by("pk").iterator(50):
        started = time.perf_counter()
        pdf = pdf_of(report)
        between = time.perf_counter()
        size += len(pdf) + len(xlsx_of(report))
        seconds["pdf"] += between - started
        seconds["xlsx"] += time.perf_counter() - between
        pages += 1
    return {
        "reports": pages,
        "seconds": round(sum(seconds.values()), 1),
        **{f"{name}_seconds": round(value, 1) for name, value in seconds.items()},
        "size_mb": size // 1048576,
        "load": os.getloadavg()[0],
        **peak(),
    }


def again() -> dict[str, Any]:
    """Work every report out again and count the numbers that differ: none may."""
    from django.utils import timezone

    from sanderling.reports.book import Span
    from sanderling.reports.comparing import make_again
    from sanderling.reports.making import new_book
    from sanderling.reports.models import Report

    started = time.perf_counter()
    reports = list(Report.objects.select_related("client").order_by("pk"))
    one, at = reports[0], timezone.now()
    book = new_book(Span(one.from_date, one.to_date, one.as_of_date), None, at=at)
    differ = sum(not make_again(one, by=None, at=at, book=book).is_same for one in reports)
    return {
        "reports": len(reports),
        "that_differ": differ,
        "seconds": round(time.perf_counter() - started, 1),
        "load": os.getloadavg()[0],
    }


def _today() -> date:
    from bench.barriers_truth import START

    return START + timedelta(days=WORLD_DAYS - 1)


if __name__ == "__main__":
    main()
