"""Barriers are brought in step with the facts here, and nowhere else.

What brings a fact in marks its claims stale, in its own transaction (`mark_stale`); `refresh_stale`
works them out again. Time alone changes a barrier too: `refresh_due` takes those whose day has
come. `rebuild` makes everything anew; the result is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

import polars as pl
from django.db import connection, transaction

from sanderling.barriers.loading import open_balances_of
from sanderling.barriers.models import WeekEnd
from sanderling.barriers.response import follow_learned, forget_learned
from sanderling.barriers.signals import barriers_refreshed
from sanderling.barriers.stale import mark_open_claims
from sanderling.barriers.working import CLAIMS_AT_ONCE, barriers_on, classified
from sanderling.core.barriers.classify import Classified
from sanderling.ledger.actions import take_posting_lock
from sanderling.ledger.spans import extend_spans
from sanderling.postgres.frames import copy_frame, read_frame

WEEKS_KEPT: Final = 9
CLAIMS_FROZEN_AGAIN: Final = 5_000
Progress = Callable[[int, int], None]
_FROZEN: Final = [
    "claim_id",
    "client_id",
    "party",
    "payer_id",
    "balance_cents",
    "barrier",
    "category",
    "service_date",
]
_STALE: Final = """
WITH taken AS (
    DELETE FROM barriers_stale_claim WHERE claim_id IN (
        SELECT DISTINCT claim_id FROM barriers_stale_claim ORDER BY claim_id LIMIT %s)
    RETURNING claim_id, known_date
)
SELECT claim_id, min(known_date) FROM taken GROUP BY claim_id
"""


def refresh_stale(today: date, progress: Progress = lambda _done, _total: None) -> int:
    """Work out the barriers of all stale claims; return how many claims there were."""
    _follow_learned(today)
    done = 0
    total = _count_stale()
    while True:
        with transaction.atomic():
            take_posting_lock()
            with connection.cursor() as cursor:
                cursor.execute(_STALE, [CLAIMS_AT_ONCE])
                taken = dict(cursor.fetchall())
            if not taken:
                return done
            _replace(sorted(taken), today)
            _freeze_again(taken)
        done += len(taken)
        progress(done, max(total, done))


def refresh_due(today: date) -> int:
    """Work out the barriers that time alone has changed; return how many claims there were."""
    done = 0
    while True:
        with transaction.atomic():
            take_posting_lock()
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT DISTINCT claim_id FROM barriers_barrier WHERE recheck_date <= %s"
                    " ORDER BY claim_id LIMIT %s",
                    [today, CLAIMS_AT_ONCE],
                )
                claim_ids = [claim_id for (claim_id,) in cursor.fetchall()]
            if not claim_ids:
                return done
            _replace(claim_ids, today)
        done += len(claim_ids)


def rebuild(today: date, progress: Progress = lambda _done, _total: None) -> int:
    """Work out the barriers of every claim anew; return how many claims there are."""
    forget_learned(date.min)
    claim_ids = read_frame("SELECT id FROM claims_claim ORDER BY id", {"id": pl.Int64})["id"]
    with transaction.atomic():
        take_posting_lock()
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE barriers_barrier, barriers_denial, barriers_stale_claim")
            cursor.execute("TRUNCATE barriers_frozen_barrier, barriers_week_end")
        for start in range(0, len(claim_ids), CLAIMS_AT_ONCE):
            part = claim_ids[start : start + CLAIMS_AT_ONCE].to_list()
            _append(classified(part, today))
            progress(start + len(part), len(claim_ids))
        barriers_refreshed.send(sender=None, claim_ids=None, today=today)
    freeze_week_ends(today)
    return len(claim_ids)


def freeze_week_ends(today: date) -> list[date]:
    """Keep the barriers of the latest Sundays; return those that were missing."""
    last = today - timedelta(days=(today.weekday() + 1) % 7 or 7)
    wanted = [last - timedelta(days=7 * back) for back in range(WEEKS_KEPT)]
    first = _first_day()
    if first is None:
        return []
    _forget_weeks("as_of_date < %s", wanted[-1])
    extend_spans()
    return [day for day in sorted(wanted) if day >= first and _freeze(day)]


def _freeze(day: date) -> bool:
    """Keep the barriers of one day; say whether they were missing."""
    with transaction.atomic():
        take_posting_lock()
        if WeekEnd.objects.filter(as_of_date=day).exists():
            return False
        for rows in barriers_on(day):
            _keep_frozen(rows, day)
        WeekEnd.objects.create(as_of_date=day)
    return True


def _forget_weeks(condition: str, day: date) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for table in ("barriers_frozen_barrier", "barriers_week_end"):
            cursor.execute(f"DELETE FROM {table} WHERE {condition}", [day])  # noqa: S608


def _follow_learned(today: date) -> None:
    """Let claims that wait for a payer follow what its history teaches now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(known_date) FROM barriers_stale_claim")
        (known_date,) = cursor.fetchone()
    payer_ids, changed_since = follow_learned(today, known_date)
    if changed_since is not None:
        # They are made again, by what is known now, when the next ones are made.
        _forget_weeks("as_of_date >= %s", changed_since)
    for payer_id in payer_ids:
        mark_open_claims(payer_id=payer_id, payer_type=None, client_id=None, known_date=today)


def _first_day() -> date | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(posted_date) FROM ledger_entry")
        day: date | None = cursor.fetchone()[0]
    return day


def _count_stale() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT claim_id) FROM barriers_stale_claim")
        return int(cursor.fetchone()[0])


def _replace(claim_ids: list[int], today: date) -> None:
    found = classified(claim_ids, today)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM barriers_barrier WHERE claim_id = ANY (%s)", [claim_ids])
        cursor.execute("DELETE FROM barriers_denial WHERE claim_id = ANY (%s)", [claim_ids])
    _append(found)
    barriers_refreshed.send(sender=None, claim_ids=sorted(claim_ids), today=today)


def _append(found: Classified) -> None:
    copy_frame("barriers_barrier", found.barriers)
    copy_frame("barriers_denial", found.denials)


def _freeze_again(taken: dict[int, date]) -> None:
    """Bring the kept week ends in step with facts that counted then already."""
    earliest = min(taken.values())
    changed = WeekEnd.objects.filter(as_of_date__gte=earliest)
    if len(taken) > CLAIMS_FROZEN_AGAIN:
        # Cheaper to make them all again, when the next ones are made.
        _forget_weeks("as_of_date >= %s", earliest)
        return
    for day in changed.values_list("as_of_date", flat=True):
        claim_ids = sorted(claim for claim, known in taken.items() if known <= day)
        if not claim_ids:
            continue
        rows = classified(claim_ids, day, open_balances_of(claim_ids, day)).barriers
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM barriers_frozen_barrier WHERE as_of_date = %s AND claim_id = ANY (%s)",
                [day, claim_ids],
            )
        _keep_frozen(rows, day)


def _keep_frozen(rows: pl.DataFrame, day: date) -> None:
    dated = _with_service_dates(rows.select(_FROZEN))
    copy_frame("barriers_frozen_barrier", dated.with_columns(as_of_date=pl.lit(day)))


def _with_service_dates(rows: pl.DataFrame) -> pl.DataFrame:
    """Fill in the service dates of claims that were not read to find their barrier."""
    missing = rows.filter(pl.col("service_date").is_null())["claim_id"].unique().to_list()
    if not missing:
        return rows
    found = read_frame(
        "SELECT c.id, coalesce(c.service_from_date, c.first_billed_date)"
        " FROM unnest(%s::bigint[]) AS w(id) JOIN claims_claim c USING (id)",
        {"claim_id": pl.Int64, "found_date": pl.Date},
        [missing],
    )
    return (
        rows.join(found, on="claim_id", how="left", maintain_order="left")
        .with_columns(service_date=pl.coalesce("service_date", "found_date"))
        .drop("found_date")
    )
