"""The claims on which a client billed a payer a code: where a missing rate leads."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from django.db import connection

from sanderling.contracts.models import Contract

CLAIMS_SHOWN: Final = 200
COLUMNS: Final = (
    *("client", "claim", "service_date", "code", "modifiers", "place_of_service", "units"),
    "charge_cents",
)
_CLAIMS: Final = """
SELECT k.code, c.number, coalesce(l.service_from_date, c.service_from_date),
       CASE WHEN l.procedure <> '' THEN l.procedure ELSE l.revenue_code END, l.modifiers,
       CASE WHEN l.place_of_service <> '' THEN l.place_of_service ELSE left(s.facility_code, 2) END,
       l.quantity, l.charge_cents
  FROM claims_claim c
  JOIN clients_client k ON k.id = c.client_id
  JOIN LATERAL (SELECT s.id, s.facility_code FROM claims_submission s
                 WHERE s.claim_id = c.id AND s.sequence = 1 AND s.frequency <> '8'
                 ORDER BY s.order_key DESC, s.id DESC LIMIT 1) s ON true
  JOIN claims_submission_line l ON l.claim_id = c.id AND l.submission_id = s.id
 WHERE c.client_id = %(client)s AND c.payer_id = %(payer)s
   AND (%(plan)s = '' OR upper(c.plan) = %(plan)s)
   AND c.service_from_date > %(since)s AND c.service_from_date <= %(today)s
   AND (l.procedure = %(code)s OR l.procedure = '' AND l.revenue_code = %(code)s)
 ORDER BY 3 DESC, 2 LIMIT %(limit)s
"""


def lines_with_code(contract: Contract, code: str, *, today: date) -> list[dict[str, Any]]:
    """Return the latest lines of the last twelve months with this code (columns COLUMNS)."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIMS,
            {
                "client": contract.client_id,
                "payer": contract.payer_id,
                "plan": contract.plan,
                "code": code,
                "since": today - timedelta(days=365),
                "today": today,
                "limit": CLAIMS_SHOWN,
            },
        )
        return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]
