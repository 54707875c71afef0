"""Puts the value of a touch on work items.

In the transaction that makes barriers anew, for the claims concerned; every night for all. What it
rests on is `learning.learned_on`.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import connection, transaction

from sanderling.core.priority import value_items
from sanderling.core.service_levels import ZONE
from sanderling.postgres.frames import keep_frame
from sanderling.worklists.frames import items_frame
from sanderling.worklists.learning import learned_on

ITEMS_AT_ONCE: Final = 200_000  # bounds memory
_TABLE: Final = {
    "item_id": "bigint",
    "value_cents": "bigint",
    "effort_minutes": "float8",
    "score": "float8",
    "not_before_date": "date",
    "reasons": "jsonb",
}
_WRITE: Final = """
UPDATE worklists_work_item w
   SET value_cents = v.value_cents, effort_minutes = v.effort_minutes, score = v.score,
       not_before_date = v.not_before_date, reasons = v.reasons, valued_date = %s
  FROM item_values v
 WHERE w.id = v.item_id
   AND (w.value_cents, w.effort_minutes, w.score, w.not_before_date, w.reasons, w.valued_date)
       IS DISTINCT FROM
       (v.value_cents, v.effort_minutes, v.score, v.not_before_date, v.reasons, %s)
"""
# Items that say so without a clock at risk, and those at risk that do not say so.
_RISKS_CHANGED: Final = f"""
WITH at_risk AS MATERIALIZED (
    SELECT DISTINCT w.id, w.claim_id
      FROM agreements_clock k JOIN worklists_work_item w ON w.claim_id = k.claim_id
       AND coalesce(k.party, w.party) = w.party
     WHERE k.ended_at IS NULL AND k.dropped_at IS NULL AND k.claim_id IS NOT NULL
       AND (k.warn_at AT TIME ZONE '{ZONE}')::date <= %(today)s
       AND (k.agreement_id IS NOT NULL OR w.is_key_client)
)
SELECT claim_id FROM at_risk WHERE id NOT IN (SELECT id FROM worklists_work_item w
        WHERE w.claim_id IN (SELECT claim_id FROM at_risk) AND w.reasons @> '[["service"]]')
UNION
SELECT w.claim_id FROM worklists_work_item w
 WHERE w.claim_id IN (SELECT k.claim_id FROM agreements_clock k WHERE k.claim_id IS NOT NULL)
   AND w.reasons @> '[["service"]]' AND w.id NOT IN (SELECT id FROM at_risk)
"""  # noqa: S608 - text of ours


def revalue(claim_ids: list[int] | None, *, today: date) -> None:
    """Value the items of these claims (None: of all) anew, within a transaction.

    Doing it again on the same day changes nothing.
    """
    if claim_ids is not None:
        if claim_ids:
            _revalue("w.claim_id = ANY (%s)", [claim_ids], today)
        return
    for first, last in pieces(ITEMS_AT_ONCE):
        revalue_between(first, last, today=today)


def revalue_at_risk(*, today: date) -> int:
    """Value anew the items whose service level has come to be at risk, or is no more; how many.

    Doing it again on the same day changes nothing.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_RISKS_CHANGED, {"today": today})
            claim_ids = [claim_id for (claim_id,) in cursor.fetchall()]
        revalue(claim_ids, today=today)
    return len(claim_ids)


def revalue_between(first: int, last: int, *, today: date) -> None:
    """Value the items of these ids anew, within a transaction."""
    _revalue("w.id BETWEEN %s AND %s", [first, last], today)


def pieces(size: int) -> list[tuple[int, int]]:
    """Return first and last ids of the pieces that all items are worked off in."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(id), max(id) FROM ("
            "  SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS piece"
            "    FROM worklists_work_item) numbered GROUP BY piece ORDER BY piece",
            [size],
        )
        return list(cursor.fetchall())


def _revalue(where: str, params: list[object], today: date) -> None:
    learned = learned_on(today)
    items = items_frame(learned.parameters, where, params)
    if items.is_empty():
        return
    values = value_items(items, learned.parameters, today, learned.settings, learned.calls)
    keep_frame("item_values", _TABLE, values)
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [today, today])
