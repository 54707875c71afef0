"""Payers with the days they may take: their own figure, else what their history teaches.

What is learned holds for a whole month and follows from the 180 days before it, so that the
barriers of a month do not move with every file.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import polars as pl
from django.db import connection

from sanderling.barriers.models import ResponseTime
from sanderling.core.barriers.clocks import LEARNED_QUANTILE, LEARNING_DAYS, learned_days
from sanderling.core.barriers.facts import PAYERS
from sanderling.payers.models import Payer
from sanderling.postgres.frames import read_frame

# From the claim as first sent to the first remittance of that payer: one lag for each claim.
_LAGS: Final = """
WITH answered AS MATERIALIZED (
    SELECT p.claim_id, r.payer_id, min(p.received_date) AS day
      FROM remits_claim_payment p JOIN remits_remittance r ON r.id = p.remittance_id
     WHERE p.received_date >= %(first)s AND p.received_date < %(month)s
       AND p.claim_id IS NOT NULL AND r.payer_id = ANY (%(payers)s)
     GROUP BY 1, 2
), lags AS (
    SELECT a.payer_id, a.day - min(coalesce(s.submitted_date, s.received_date)) AS days
      FROM answered a JOIN claims_submission s
        ON s.claim_id = a.claim_id AND s.payer_id = a.payer_id
     GROUP BY a.claim_id, a.payer_id, a.day
)
SELECT payer_id, percentile_disc(%(quantile)s) WITHIN GROUP (ORDER BY days), count(*)
  FROM lags WHERE days >= 0 GROUP BY payer_id
"""


def response_days(as_of: date) -> pl.DataFrame:
    """Return payer_id, payer_type, response_days (null: the usual days of the type)."""
    payers = read_frame("SELECT id, type, response_days FROM payers_payer", PAYERS)
    unset = payers.filter(pl.col("response_days").is_null())
    if unset.is_empty():
        return payers
    learned = _learned(as_of.replace(day=1), dict(unset.select("payer_id", "payer_type").rows()))
    return payers.with_columns(
        response_days=pl.coalesce(
            "response_days",
            pl.col("payer_id").replace_strict(learned, default=None, return_dtype=pl.Int64),
        )
    )


def follow_learned(today: date, known_date: date | None) -> tuple[list[int], date | None]:
    """Learn again what could have changed; return the payers whose days have, and since when.

    It could when a month has begun, or when facts came in that count since before it
    (`known_date`, None: none did). The second answer is the first month, of those that were asked
    for, whose figures are others now: what was worked out for its days was worked out by old ones.
    """
    types = dict(Payer.objects.filter(response_days=None).order_by("pk").values_list("pk", "type"))
    month = today.replace(day=1)
    kept: dict[date, dict[int, int]] = {}
    before: dict[int, int] = {}
    for row in ResponseTime.objects.filter(payer_id__in=list(types)).order_by("month_date"):
        kept.setdefault(row.month_date, {})[row.payer_id] = row.days
        if row.month_date <= month:
            before[row.payer_id] = row.days
    changed_since = None
    if known_date is not None:
        forget_learned(known_date)
        for past in (each for each in kept if known_date < each <= month):
            again = _learned(past, {key: types[key] for key in kept[past]})
            if any(days != again.get(key, 0) for key, days in kept[past].items()):
                changed_since = past
                break
    after = _learned(month, types)
    changed = [
        payer_id
        for payer_id in types
        if payer_id in before and before[payer_id] != after.get(payer_id, 0)
    ]
    return changed, changed_since


def _learned(month: date, types: dict[int, str]) -> dict[int, int]:
    kept = {
        row.payer_id: row
        for row in ResponseTime.objects.filter(month_date=month, payer_id__in=list(types))
    }
    missing = {payer_id: kind for payer_id, kind in types.items() if payer_id not in kept}
    if missing:
        kept |= _learn(month, missing)
    return {payer_id: row.days for payer_id, row in kept.items() if row.days > 0}


def _learn(month: date, types: dict[int, str]) -> dict[int, ResponseTime]:
    """Work out and keep the figures of a month; 0 days: too little history."""
    with connection.cursor() as cursor:
        cursor.execute(
            _LAGS,
            {
                "first": month - timedelta(days=LEARNING_DAYS),
                "month": month,
                "payers": list(types),
                "quantile": LEARNED_QUANTILE,
            },
        )
        observed = {payer_id: (days, count) for payer_id, days, count in cursor.fetchall()}
    rows = [
        ResponseTime(
            month_date=month,
            payer_id=payer_id,
            days=learned_days(*observed.get(payer_id, (0, 0)), payer_type) or 0,
            observations=observed.get(payer_id, (0, 0))[1],
        )
        for payer_id, payer_type in types.items()
    ]
    ResponseTime.objects.bulk_create(rows, ignore_conflicts=True)
    return {row.payer_id: row for row in rows}


def forget_learned(since: date) -> None:
    """Take away what was learned for months that a fact of `since` could have taught otherwise."""
    ResponseTime.objects.filter(month_date__gt=since).delete()
