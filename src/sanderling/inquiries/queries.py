"""What was asked, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db import connection

COLUMNS: Final = ("file", "client", "claim", "party", "payer_id", "trace", "asked_at")
_ROWS: Final = """
SELECT r.file_id, k.code, c.number, r.party, p.payer_id, r.id, r.asked_at
  FROM inquiries_status_request r
  JOIN inquiries_request_file f ON f.id = r.file_id
  JOIN claims_claim c ON c.id = r.claim_id
  JOIN clients_client k ON k.id = r.client_id
  JOIN payers_payer p ON p.id = f.payer_id
 WHERE r.file_id = ANY (%s) ORDER BY r.id
"""
_PARTIES: Final = {11: "primary", 12: "secondary", 13: "tertiary"}


def requests_of(file_ids: list[int]) -> Iterator[dict[str, Any]]:
    """Yield a row (COLUMNS) for each claim that these files ask about."""
    from sanderling.inquiries.writing import trace_of

    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [file_ids])
        for file_id, client, claim, party, payer_id, request_id, asked_at in cursor:
            yield {
                "file": f"SR{file_id:09d}.276",
                "client": client,
                "claim": claim,
                "party": _PARTIES[party],
                "payer_id": payer_id,
                "trace": trace_of(request_id),
                "asked_at": asked_at.isoformat(),
            }
