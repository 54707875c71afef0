"""What payers were asked about one claim, and what they said, for its page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from sanderling.core.codes.remarks import status_category_title, status_title
from sanderling.inquiries.models import Channel, RequestState
from sanderling.inquiries.queries import PARTIES

# Each payer that owes, with its latest request.
_PAYERS: Final = """
SELECT b.party, w.payer_id, p.name, b.balance_cents, r.id, r.state, r.channel, r.asked_at,
       r.asked_date, r.fault, r.answered_date, f.state, f.sent_at, a.category, a.code, a.paid_cents,
       a.payment_date, a.payment_trace, a.payer_claim_number, a.status_date, r.client_id
  FROM ledger_open_balance b
  JOIN worklists_work_item w USING (claim_id, party)
  JOIN payers_payer p ON p.id = w.payer_id
  LEFT JOIN LATERAL (
       SELECT * FROM inquiries_status_request q
        WHERE q.claim_id = b.claim_id AND q.party = b.party ORDER BY q.id DESC LIMIT 1) r ON true
  LEFT JOIN outbox_file f ON f.id = r.file_id
  LEFT JOIN claims_answer a ON a.id = r.answer_id
 WHERE b.claim_id = %s AND b.party < 14 AND b.balance_cents > 0
 ORDER BY b.party
"""
_NAMES: Final = (
    *("party", "payer_id", "payer_name", "balance_cents", "request", "state", "channel"),
    *("asked_at", "asked_date", "fault", "answered_date", "file_state", "sent_at", "category"),
    *("code", "paid_cents", "payment_date", "payment_trace", "payer_claim_number", "status_date"),
    "client_id",
)


def payers_asked(claim_id: int, *, today: date) -> list[dict[str, Any]]:
    """Return each payer that owes of a claim, what it was asked last and what it said."""
    with connection.cursor() as cursor:
        cursor.execute(_PAYERS, [claim_id])
        rows = [dict(zip(_NAMES, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        category, code = row["category"] or "", row["code"] or ""
        row["meaning"] = ": ".join(
            filter(None, (status_category_title(category), status_title(code)))
        )
        row["party_text"] = PARTIES[row["party"]]
        row["is_asking"] = (
            row["state"] == RequestState.ASKED
            and row["channel"] == Channel.REAL_TIME
            and row["file_state"] == "sending"
        )
        was_asked = row["state"] in (RequestState.ASKED, RequestState.ANSWERED)
        row["may_ask"] = not (was_asked and row["asked_date"] == today)
    return rows


def seconds_asking(row: dict[str, Any], at: datetime) -> int:
    """Return for how long a question has been on its way."""
    return int((at - row["asked_at"]).total_seconds())
