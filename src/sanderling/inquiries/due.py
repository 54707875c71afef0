"""Which claims to ask about today, and what a 276 says of each.

Asked are those that somebody put in the queue, and by themselves those whose next action is to
check the status, when that is due and nobody asked in the last days. Source of the clocks: DOMAIN
4.7 (they stand in the barrier's next date); of the elements: DOMAIN 2.11.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db import connection

ASK_AGAIN_DAYS: Final = 7  # a guess: payers answer a batch by the next business day
REQUESTS_MAX: Final = 50_000
_NOT_ASKED: Final = ("self_pay", "workers_comp", "auto")  # seldom reached by a 276

# The last version sent to the payer that owes; without one there is nothing to ask about.
_DUE: Final = """
WITH wanted AS (
    SELECT q.claim_id, q.party, q.payer_id, q.client_id, q.id AS inquiry_id
      FROM worklists_status_inquiry q WHERE q.state = 'queued'
    UNION ALL
    SELECT w.claim_id, w.party, w.payer_id, w.client_id, NULL
      FROM worklists_work_item w JOIN payers_payer p ON p.id = w.payer_id
     WHERE w.next_action = 'check_status' AND w.work_date <= %(today)s AND w.party < 14
       AND w.balance_cents > 0 AND p.type <> ALL (%(excluded)s)
       AND NOT EXISTS (SELECT FROM inquiries_status_request r
                        WHERE r.claim_id = w.claim_id AND r.party = w.party
                          AND r.asked_at >= %(since)s)
       AND NOT EXISTS (SELECT FROM worklists_status_inquiry q
                        WHERE q.claim_id = w.claim_id AND q.party = w.party
                          AND q.state = 'queued')
)
SELECT d.claim_id, d.party, d.payer_id, d.client_id, d.inquiry_id, k.code, c.number,
       coalesce(s.id, 0), coalesce(t.sender_id, ''), coalesce(t.receiver_id, ''),
       coalesce(s.service_from_date IS NOT NULL AND s.patient_birth_date IS NOT NULL
                AND s.member_id <> '' AND s.billing_npi <> '', false)
  FROM wanted d
  JOIN claims_claim c ON c.id = d.claim_id
  JOIN clients_client k ON k.id = d.client_id
  LEFT JOIN LATERAL (
       SELECT s.* FROM claims_submission s
        WHERE s.claim_id = d.claim_id AND s.sequence = d.party - 10 AND s.frequency <> '8'
        ORDER BY s.received_date DESC, s.order_key DESC, s.id DESC LIMIT 1) s ON true
  LEFT JOIN files_transaction_set t ON t.id = s.transaction_id
 ORDER BY d.client_id, d.payer_id, d.claim_id, d.party
 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A claim to ask about; `fault` says why it cannot be."""

    claim_id: int
    party: int
    payer_id: int
    client_id: int
    inquiry_id: int | None
    client: str
    claim: str
    submission_id: int
    sender_id: str
    receiver_id: str
    is_complete: bool

    @property
    def fault(self) -> str:
        """Return what is missing, empty when it can be asked about."""
        if not self.submission_id:
            return "no 837 to this payer is on hand; ask by portal or call"
        if not self.is_complete:
            return "the 837 lacks member id, birth date, service date or NPI; ask by portal or call"
        return ""


def due_requests(today: date, *, limit: int = REQUESTS_MAX) -> list[Due]:
    """Return the claims to ask about today, by client and payer."""
    with connection.cursor() as cursor:
        cursor.execute(
            _DUE,
            {
                "today": today,
                "since": today - timedelta(days=ASK_AGAIN_DAYS),
                "excluded": list(_NOT_ASKED),
                "limit": limit,
            },
        )
        return [Due(*row) for row in cursor.fetchall()]
