"""What was asked, as rows of the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.db import connection

from sanderling.inquiries.rendering import trace_of
from sanderling.outbox.models import OutboundFile

COLUMNS: Final = ("file", "client", "claim", "party", "payer_id", "trace", "asked_at")
_ROWS: Final = """
SELECT r.file_id, k.code, c.number, r.party, p.payer_id, r.id, r.asked_at
  FROM inquiries_status_request r
  JOIN claims_claim c ON c.id = r.claim_id
  JOIN clients_client k ON k.id = r.client_id
  JOIN payers_payer p ON p.id = r.payer_id
 WHERE r.file_id = ANY (%s) ORDER BY r.id
"""
PARTIES: Final = {11: "primary", 12: "secondary", 13: "tertiary"}


def requests_of(files: Sequence[OutboundFile]) -> Iterator[dict[str, Any]]:
    """Yield a row (COLUMNS) for each claim that these files ask about."""
    names = {file.pk: file.name for file in files}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [list(names)])
        for file_id, client, claim, party, payer_id, request_id, asked_at in cursor:
            yield {
                "file": names[file_id],
                "client": client,
                "claim": claim,
                "party": PARTIES[party],
                "payer_id": payer_id,
                "trace": trace_of(request_id),
                "asked_at": asked_at.isoformat(),
            }
