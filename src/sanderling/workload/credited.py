"""What insurers paid, and whether it followed a touch: by the rule of `productivity`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from sanderling.postgres.frames import read_frame
from sanderling.workload.productivity import CREDIT_DAYS, CREDITED_TOUCH, PAID_BY_INSURERS

CASH: Final = {
    "client_id": pl.Int64,
    "claim_id": pl.Int64,
    "payer_id": pl.Int64,  # null: not known
    "posted_date": pl.Date,
    "is_touched": pl.Boolean,  # somebody worked on the claim in the CREDIT_DAYS before
    "cents": pl.Int64,
}
_PAID: Final = f"""
SELECT l.client_id, l.claim_id,
       CASE l.credit WHEN 11 THEN c.payer_id WHEN 12 THEN c.secondary_payer_id
                     ELSE c.tertiary_payer_id END,
       l.posted_date, t.user_id IS NOT NULL, sum(l.amount_cents)::bigint
  FROM ledger_entry l
  JOIN claims_claim c ON c.id = l.claim_id
  LEFT JOIN LATERAL ({CREDITED_TOUCH}) t ON true
 WHERE l.posted_date BETWEEN %(from)s AND %(to)s AND {PAID_BY_INSURERS}
   AND (%(clients)s::int[] IS NULL OR l.client_id = ANY (%(clients)s::int[]))
 GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608 - text of ours; what comes from outside are parameters


def cash_rows(client_ids: Sequence[int] | None, *, from_date: date, to_date: date) -> pl.DataFrame:
    """Return what insurers paid on each claim and day (CASH); None: of all clients seen."""
    params = {
        "from": from_date,
        "to": to_date,
        "days": CREDIT_DAYS,
        "clients": None if client_ids is None else list(client_ids),
    }
    return read_frame(_PAID, CASH, params)
