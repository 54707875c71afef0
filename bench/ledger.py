"""Measures file to posted ledger against a bare COPY of the same rows, and aging as of past days.

Run by `make bench` (python -m bench.ledger). Each part has a process and a database of its own, removed
afterwards. Prints JSON and writes .cache/bench/ledger.json.

- ingest: a large 837P, then the 835 that answers it claim by claim, through `intake.actions.ingest`:
  read, matched, posted, committed. Compared, in the same run, with COPY of the very rows it wrote into
  empty copies of the same tables with the same indexes and checks.
- aging: one million claims with 3.9 million entries over two years, filled by SQL month by month, one in
  ten unpaid and one in five with a patient's share open; asked for random days, by client and payer, as `sanderling aging --by client,payer --as-of DAY` would.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

CACHE = Path(__file__).resolve().parents[1] / ".cache"
FACT_TABLES = (
    "claims_claim",
    "claims_claim_number",
    "claims_submission",
    "claims_submission_line",
    "claims_coverage",
    "claims_diagnosis",
    "remits_claim_payment",
    "remits_service_payment",
    "remits_adjustment",
    "remits_remark",
    "ledger_entry",
    "ledger_open_balance",
)


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=60_000, help="claims in the ingest part")
    parser.add_argument("--aging-claims", type=int, default=1_000_000)
    parser.add_argument("--only", choices=["ingest", "aging"])
    options = parser.parse_args()
    parts = [options.only] if options.only else ["ingest", "aging"]
    results: dict[str, Any] = {"date": date.today().isoformat()}
    for part in parts:
        size = options.claims if part == "ingest" else options.aging_claims
        results[part] = json.loads(_in_fresh_home(part, size))
    (CACHE / "bench").mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1)
    (CACHE / "bench" / "ledger.json").write_text(text + "\n")
    sys.stdout.write(text + "\n")


def _in_fresh_home(part: str, size: int) -> str:
    """Run one part in a process and a database of its own; return what it prints."""
    with tempfile.TemporaryDirectory(prefix="sanderling-bench-") as home:
        environment = {**os.environ, "SANDERLING_HOME": home}
        code = f"from bench.ledger import run_part; run_part({part!r}, {size})"
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
    return done.stdout


def run_part(part: str, size: int) -> None:
    """Measure `part` in the home that the environment names; print JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sanderling.config.settings")
    from sanderling.cli.runtime import start_database

    start_database()
    measured = measure_ingest(size) if part == "ingest" else measure_aging(size)
    sys.stdout.write(json.dumps(measured, default=str))


def measure_ingest(claims: int) -> dict[str, Any]:
    """Return seconds and rows of ingesting an 837P and its 835, and of COPYing the same rows."""
    from django.utils import timezone

    from sanderling.intake.actions import ingest

    folder = CACHE / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    sent, paid = folder / "sent.837p", folder / "paid.835"
    from bench.pair import write_pair

    write_pair(sent, paid, claims=claims, seed=7)
    results: dict[str, Any] = {
        "claims": claims,
        "megabytes": round((sent.stat().st_size + paid.stat().st_size) / 1e6, 1),
    }
    total = 0.0
    before: dict[str, int] = dict.fromkeys(FACT_TABLES, 0)
    total_copy = 0.0
    for name, path, day in (("837P", sent, date(2026, 1, 5)), ("835", paid, date(2026, 1, 26))):
        started = time.perf_counter()
        reports = list(
            ingest(
                [path],
                received_date=day,
                source="bench",
                recorded_at=timezone.now(),
                is_followed_by_more=True,  # to the ledger: the barriers are measured apart
            )
        )
        seconds = time.perf_counter() - started
        assert [report.status for report in reports] == ["posted"], reports
        rows, copied = _copy_same_rows(before)
        total += seconds
        total_copy += copied
        results[name] = {
            "seconds": round(seconds, 2),
            "claims_per_second": round(claims / seconds),
            "rows": rows,
            "copy_seconds": round(copied, 2),
            "ratio_to_copy": round(seconds / copied, 2),
        }
    results["ratio_to_copy"] = round(total / total_copy, 2)
    return results


def _copy_same_rows(before: dict[str, int]) -> tuple[int, float]:
    """COPY what was added since `before` (greatest ids) into copies of the tables; count and time."""
    from django.db import connection, transaction

    rows, seconds = 0, 0.0
    with connection.cursor() as cursor:
        for table in FACT_TABLES:
            buffer = io.BytesIO()
            query = f"COPY (SELECT * FROM {table} WHERE id > {before[table]}) TO STDOUT"
            with cursor.copy(query) as copy:
                for data in copy:
                    buffer.write(data)
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
            before[table] = cursor.fetchone()[0]
            cursor.execute(f"CREATE TABLE IF NOT EXISTS bare_{table} (LIKE {table} INCLUDING ALL)")
            if table == "ledger_open_balance":  # the only one whose rows are replaced
                cursor.execute(f"TRUNCATE bare_{table}")
            content = buffer.getvalue()
            started = time.perf_counter()
            with transaction.atomic(), cursor.copy(f"COPY bare_{table} FROM STDIN") as copy:
                copy.write(content)
            seconds += time.perf_counter() - started
            rows += content.count(b"\n")
    return rows, seconds


def measure_aging(claims: int) -> dict[str, Any]:
    """Return the times of aging by client and payer for today and for random past days.

    The ledger grows month by month, and the balance spans with it; asked of these spans, which lie
    in the order in which they were written, and again of spans that were made in one go.
    """
    from django.db import connection

    from sanderling.ledger.spans import extend_spans
    from sanderling.receivables.aging import AgingQuestion, aging

    entries, first, last, months = _fill(claims)
    dice = random.Random(11)  # noqa: S311  (no secret)
    days = [first + timedelta(days=dice.randrange(30, (last - first).days)) for _ in range(12)]
    by = ("client", "payer")

    def ask(day: date) -> Callable[[], Any]:
        return lambda: aging(AgingQuestion(as_of=day, by=by, party="all"))

    ask(last)()
    today = [_seconds(ask(last)) for _ in range(5)]
    past = [_seconds(ask(day)) for day in days]
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE ledger_balance_span, ledger_span_state")
        whole = _seconds(extend_spans)
        cursor.execute("VACUUM ANALYZE ledger_balance_span")
        cursor.execute(
            "SELECT count(*), pg_total_relation_size('ledger_balance_span') FROM ledger_balance_span"
        )
        spans, size = cursor.fetchone()
    past_of_new = [_seconds(ask(day)) for day in days]
    for day in days:
        _check(day, by)
    return {
        "claims": claims,
        "entries": entries,
        "today_seconds_median": round(statistics.median(today), 3),
        "past_seconds_median": round(statistics.median(past), 3),
        "past_seconds_max": round(max(past), 3),
        "past_of_new_spans_seconds_median": round(statistics.median(past_of_new), 3),
        "past_of_new_spans_seconds_max": round(max(past_of_new), 3),
        "days_checked": len(days),
        "spans": spans,
        "spans_megabytes": round(size / 1e6),
        "spans_at_once_seconds": round(whole, 2),
        "spans_by_month_seconds_median": round(statistics.median(s for s, _ in months), 2),
        "spans_by_month_seconds_max": round(max(s for s, _ in months), 2),
        "spans_by_month_claims_median": round(statistics.median(n for _, n in months)),
    }


_PLAIN: Final = """
WITH held AS (
    SELECT e.claim_id, e.client_id, side.party, sum(side.cents)::bigint AS cents
      FROM ledger_entry e
     CROSS JOIN LATERAL (VALUES (e.debit, e.amount_cents), (e.credit, -e.amount_cents)) side(party, cents)
     WHERE e.posted_date <= %(day)s AND side.party BETWEEN 11 AND 14
     GROUP BY 1, 2, 3 HAVING sum(side.cents) <> 0
)
SELECT k.code, CASE WHEN h.party = 14 THEN 'PATIENT' ELSE p.payer_id END,
       count(DISTINCT h.claim_id) FILTER (WHERE h.cents > 0),
       coalesce(sum(h.cents) FILTER (WHERE h.cents > 0 AND %(day)s - c.service_from_date <= 30), 0),
       coalesce(sum(h.cents) FILTER (WHERE h.cents > 0 AND %(day)s - c.service_from_date > 120), 0),
       coalesce(sum(h.cents) FILTER (WHERE h.cents > 0), 0),
       coalesce(sum(h.cents) FILTER (WHERE h.cents < 0), 0)
  FROM held h JOIN claims_claim c ON c.id = h.claim_id JOIN clients_client k ON k.id = h.client_id
  JOIN payers_payer p ON p.id = c.payer_id
 GROUP BY 1, 2 ORDER BY 1, 2
"""


def _check(day: date, by: tuple[str, ...]) -> None:
    """The fast answer must be, group by group, that of the plain sum over all entries."""
    from django.db import connection

    from sanderling.receivables.aging import AgingQuestion, aging

    rows = aging(AgingQuestion(as_of=day, by=by, party="all")).rows
    columns = (*by, "count", "b0_30_cents", "b120_plus_cents", "total_cents", "credits_cents")
    with connection.cursor() as cursor:
        cursor.execute(_PLAIN, {"day": day})
        plain = cursor.fetchall()
    found = sorted(tuple(row[name] for name in columns) for row in rows)
    assert found == sorted(plain), (day, len(found), len(plain))


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


_FILL = """
INSERT INTO clients_client (code, name, tier, is_provisional, created_at)
SELECT 'B' || n, 'Bench ' || n, 'standard', false, now() FROM generate_series(1, 40) n;
INSERT INTO payers_payer (payer_id, name, type, phone, portal_url, is_provisional, created_at)
SELECT 'P' || n, 'Payer ' || n, 'commercial', '', '', false, now() FROM generate_series(1, 60) n;
INSERT INTO claims_claim (id, client_id, number, number_key, kind, payer_id, plan, patient_last_name,
    patient_first_name, member_id, billing_npi, rendering_npi, rendering_name, location,
    service_from_date, service_to_date, first_billed_date, last_billed_date, charge_cents, has_facts)
SELECT n, (SELECT min(id) FROM clients_client) + n %% 40, 'C' || n, 'C' || n, 'P',
       (SELECT min(id) FROM payers_payer) + (n * 7) %% 60, '', 'L' || n %% 5000, 'F', 'M' || n, '', '', '', '11',
       d, d, d + 3, d + 3, 20000 + n %% 30000, true
  FROM generate_series(1, %(claims)s) n
 CROSS JOIN LATERAL (SELECT date '2024-11-01' + ((n * 37) %% 730)::int AS d) x;
CREATE TEMPORARY TABLE coming AS
SELECT c.id AS claim_id, c.client_id, e.step, e.kind, e.debit, e.credit,
       CASE e.step WHEN 1 THEN c.charge_cents WHEN 2 THEN c.charge_cents * 45 / 100
            WHEN 3 THEN c.charge_cents - c.charge_cents * 45 / 100 - c.charge_cents / 100
                      - CASE WHEN c.id %% 5 = 0 THEN c.charge_cents * 20 / 100 ELSE 0 END
            WHEN 4 THEN c.charge_cents * 20 / 100 ELSE c.charge_cents / 100 END AS amount_cents,
       day.d AS posted_date
  FROM claims_claim c
 CROSS JOIN (VALUES (1, 1, 11, 20), (2, 3, 30, 11), (3, 4, 40, 11), (4, 8, 14, 11), (5, 5, 41, 11)) e(step, kind, debit, credit)
 CROSS JOIN LATERAL (SELECT c.first_billed_date + CASE e.step WHEN 1 THEN 0 ELSE 12 + (c.id %% 45)::int END AS d) day
 WHERE e.step = 1 OR (c.id %% 10 < 9 AND (e.step < 4 OR c.id %% 5 = 0))
    OR (e.step = 5 AND c.id %% 10 < 9);
"""
_FILL_MONTH: Final = """
INSERT INTO ledger_entry (posting_id, claim_id, client_id, transaction_id, position, part, line, kind,
    debit, credit, revision, amount_cents, effective_date, posted_date)
SELECT 1, claim_id, client_id, 1, step, 0, 1, kind, debit, credit, 0, amount_cents, posted_date, posted_date
  FROM coming WHERE date_trunc('month', posted_date) = %(month)s ORDER BY posted_date, claim_id, step
"""
_FILL_REST: Final = """
INSERT INTO ledger_posting (id, reason, posted_date, recorded_at, first_entry_id, entry_count, cash_cents)
SELECT row_number() OVER (), 'bench', posted_date, now(), 0, 0, 0
  FROM (SELECT DISTINCT posted_date FROM ledger_entry) d;
INSERT INTO ledger_open_balance (claim_id, client_id, party, balance_cents, responsible_from_date)
SELECT claim_id, client_id, party, sum(cents), min(posted_date) FROM (
    SELECT claim_id, client_id, debit AS party, amount_cents AS cents, posted_date FROM ledger_entry WHERE debit BETWEEN 11 AND 14
    UNION ALL
    SELECT claim_id, client_id, credit, -amount_cents, posted_date FROM ledger_entry WHERE credit BETWEEN 11 AND 14) s
 GROUP BY 1, 2, 3 HAVING sum(cents) <> 0;
"""


def _fill(claims: int) -> tuple[int, date, date, list[tuple[float, int]]]:
    """Fill claims and entries by SQL (not through the door: the door is measured above).

    Returns entries, first and last day, and for each month the seconds and the claims of extending the
    balance spans.
    """
    from django.db import connection

    from sanderling.ledger.spans import extend_spans

    months = []
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"claims": claims})
        cursor.execute("ANALYZE claims_claim")
        cursor.execute("SELECT DISTINCT date_trunc('month', posted_date) FROM coming ORDER BY 1")
        for (month,) in cursor.fetchall():
            cursor.execute(_FILL_MONTH, {"month": month})
            cursor.execute("VACUUM ANALYZE ledger_entry")
            started = time.perf_counter()
            touched = extend_spans()
            months.append((time.perf_counter() - started, touched))
            cursor.execute("VACUUM ANALYZE ledger_balance_span")  # as autovacuum would
        # The deferred check of postings does not apply to made-up ones.
        cursor.execute("ALTER TABLE ledger_posting DISABLE TRIGGER ledger_posting_balances")
        cursor.execute(_FILL_REST)
        cursor.execute("ALTER TABLE ledger_posting ENABLE TRIGGER ledger_posting_balances")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT count(*), min(posted_date), max(posted_date) FROM ledger_entry")
        return (*cursor.fetchone(), months)


if __name__ == "__main__":
    main()
