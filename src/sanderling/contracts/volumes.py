"""Counts what is billed by code, and what payers owe: what contracts should cover."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.db import connection, transaction

from sanderling.core.ledger.accounts import Account
from sanderling.postgres.locks import Lock, hold_lock

# Of each claim the latest submission to its first payer; days of service within twelve months.
_BILLED: Final = """
INSERT INTO contracts_billed_code
    (client_id, payer_id, plan, code, modifier, place_of_service, line_count, units, charge_cents,
     counted_at)
SELECT s.client_id, s.payer_id, s.plan, l.code, l.modifier, l.place, count(*), sum(l.units),
       sum(l.charge_cents), %(at)s
  FROM (SELECT DISTINCT ON (s.claim_id) s.id, s.claim_id, s.client_id, c.payer_id,
               coalesce(k.plan, '') AS plan, s.kind, s.facility_code
          FROM claims_submission s
          JOIN claims_claim c ON c.id = s.claim_id
          LEFT JOIN contracts_contract k
            ON k.client_id = c.client_id AND k.payer_id = c.payer_id AND k.plan <> ''
           AND k.plan = upper(c.plan)
         WHERE s.sequence = 1 AND c.payer_id IS NOT NULL AND s.frequency <> '8'
           AND c.service_from_date > %(today)s::date - 365 AND c.service_from_date <= %(today)s
         ORDER BY s.claim_id, s.order_key DESC, s.id DESC) s
  JOIN LATERAL (
        SELECT CASE WHEN l.procedure <> '' THEN l.procedure ELSE l.revenue_code END AS code,
               split_part(l.modifiers, ':', 1) AS modifier,
               CASE WHEN l.place_of_service <> '' THEN l.place_of_service
                    ELSE left(s.facility_code, 2) END AS place,
               CASE WHEN l.quantity ~ '^[0-9]{1,6}([.][0-9]{1,4})?$' THEN l.quantity::numeric
                    ELSE 1 END AS units,
               l.charge_cents
          FROM claims_submission_line l
         WHERE l.claim_id = s.claim_id AND l.submission_id = s.id) l ON l.code <> ''
 GROUP BY 1, 2, 3, 4, 5, 6
"""
_OWED: Final = """
INSERT INTO contracts_owed (client_id, payer_id, claim_count, balance_cents, counted_at)
SELECT c.client_id, p.payer_id, count(*), sum(b.balance_cents), %(at)s
  FROM ledger_open_balance b JOIN claims_claim c ON c.id = b.claim_id
 CROSS JOIN LATERAL (SELECT CASE b.party WHEN %(primary)s THEN c.payer_id
                                         WHEN %(secondary)s THEN c.secondary_payer_id
                                         WHEN %(tertiary)s THEN c.tertiary_payer_id END) p(payer_id)
 WHERE b.balance_cents > 0 AND p.payer_id IS NOT NULL
 GROUP BY 1, 2
"""


@transaction.atomic
def count_volumes(*, today: date, at: datetime) -> int:
    """Count anew, for all clients, as the owner; return the number of rows. Again: the same."""
    hold_lock(Lock.CONTRACTS)
    given: dict[str, int | date | datetime] = {
        "today": today,
        "at": at,
        "primary": int(Account.PRIMARY),
        "secondary": int(Account.SECONDARY),
        "tertiary": int(Account.TERTIARY),
    }
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM contracts_billed_code")
        cursor.execute(_BILLED, given)
        rows = int(cursor.rowcount)
        cursor.execute("DELETE FROM contracts_owed")
        cursor.execute(_OWED, given)
        return rows + int(cursor.rowcount)
