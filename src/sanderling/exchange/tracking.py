"""What the other side said of the files we sent: by file and by claim, in any order, also twice.

Nothing is read again: intake has kept every acknowledgment (claims_answer) and every payment. An
acknowledgment is of a file of ours when it quotes its control numbers to whom we sent it (TA1: of
the interchange; 999: of the group) or its batch reference (277CA). A claim is accepted when anybody
accepted it and nobody turned it away afterwards; a payment says that it was received.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from sanderling.news.actions import NewEvent, record_events
from sanderling.outbox.models import CONTROL_NUMBERS, CONTROL_NUMBERS_FROM

WATCHED: Final = timedelta(days=180)  # after that an acknowledgment moves a file no more

# Whole files: the worst that was said of the interchange or the group. A second 999 to the same
# group replaces the first; of several on one day the later one in the list counts.
_FILES: Final = """
WITH sent AS (
    SELECT f.id, (%(first)s + mod(f.id, %(numbers)s))::text AS number, f.sender_id,
           f.queued_at::date AS day
      FROM outbox_file f
     WHERE f.state = 'sent' AND f.queued_at >= %(from)s AND f.sender_id <> ''
), said AS (
    SELECT DISTINCT ON (sent.id, a.kind) sent.id, a.kind, a.category, a.received_date
      FROM sent
      JOIN claims_answer a
        ON (a.kind = '999' AND a.level = 'transaction' AND a.group_control_number = sent.number)
        OR (a.kind = 'TA1' AND ltrim(a.control_number, '0') = sent.number)
      JOIN files_transaction_set t ON t.id = a.transaction_id
     WHERE trim(t.receiver_id) = trim(sent.sender_id) AND a.received_date >= sent.day
     ORDER BY sent.id, a.kind, a.received_date DESC, a.id DESC
)
SELECT id, bool_or(category IN ('R', 'M', 'W', 'X')), min(received_date)
  FROM said GROUP BY id
"""
_CLAIMS: Final = """
WITH sent AS (
    SELECT c.id, c.claim_id, c.party, c.reference, f.id AS file_id, f.queued_at::date AS day,
           'SL' || lpad(f.id::text, 9, '0') AS batch
      FROM outbox_claim c JOIN outbox_file f ON f.id = c.file_id
     WHERE f.state = 'sent' AND f.queued_at >= %(from)s AND f.kind <> '276'
), answers AS (
    SELECT sent.id, a.received_date, a.id AS answer_id,
           CASE WHEN a.action = 'U' OR a.category IN ('A3', 'A4', 'A6', 'A7', 'A8') THEN 'rejected'
                WHEN a.category IN ('A0', 'A1', 'A2', 'A5') THEN 'accepted' END AS standing
      FROM sent JOIN claims_answer a
        ON a.batch_reference = sent.batch AND a.kind = '277CA'
       AND (a.claim_number = sent.reference
            OR (a.claim_id IS NULL AND a.claim_number = '' AND a.action = 'U'))
), paid AS (
    SELECT sent.id, min(p.received_date) AS received_date
      FROM sent JOIN remits_claim_payment p ON p.claim_id = sent.claim_id
       AND coalesce(p.sequence, 1) = sent.party - 10 AND p.received_date > sent.day
     GROUP BY sent.id
), latest AS (
    SELECT DISTINCT ON (id) id, standing, received_date FROM answers
     WHERE standing IS NOT NULL ORDER BY id, received_date DESC, answer_id DESC
)
SELECT coalesce(l.id, p.id), coalesce(l.standing, 'accepted'),
       coalesce(l.received_date, p.received_date)
  FROM latest l FULL JOIN paid p USING (id)
"""
_QUESTIONS: Final = """
SELECT c.id, CASE r.state WHEN 'answered' THEN 'accepted' ELSE 'rejected' END, r.answered_date
  FROM outbox_claim c
  JOIN outbox_file f ON f.id = c.file_id
  JOIN inquiries_status_request r
    ON r.file_id = f.id AND r.claim_id = c.claim_id AND r.party = c.party
 WHERE f.kind = '276' AND f.state = 'sent' AND f.queued_at >= %(from)s
   AND r.state IN ('answered', 'refused') AND r.answered_date IS NOT NULL
"""
_SET_CLAIMS: Final = """
UPDATE outbox_claim c SET standing = said.standing, answered_at = said.day
  FROM unnest(%s::bigint[], %s::text[], %s::date[]) AS said (id, standing, day)
 WHERE c.id = said.id AND c.standing <> said.standing
RETURNING c.file_id
"""
_SET_FILES: Final = """
WITH turned AS (
    SELECT * FROM unnest(%s::bigint[], %s::boolean[], %s::date[]) AS t (id, is_rejected, day)
), counted AS (
    SELECT f.id, count(*) AS claims,
           count(*) FILTER (WHERE c.standing = 'accepted') AS accepted,
           count(*) FILTER (WHERE c.standing = 'rejected') AS rejected,
           min(c.answered_at) AS day
      FROM outbox_file f JOIN outbox_claim c ON c.file_id = f.id
     WHERE f.state = 'sent' AND f.queued_at >= %s GROUP BY f.id
), judged AS (
    SELECT k.id, least(k.day, t.day::timestamptz) AS day,
           CASE WHEN t.is_rejected OR k.rejected = k.claims THEN 'rejected'
                WHEN k.rejected > 0 THEN 'partly'
                WHEN k.accepted = k.claims THEN 'accepted'
                WHEN k.accepted > 0 OR t.id IS NOT NULL THEN 'received'
                ELSE '' END AS standing
      FROM counted k LEFT JOIN turned t ON t.id = k.id
)
UPDATE outbox_file f SET standing = j.standing, answered_at = j.day
  FROM judged j WHERE j.id = f.id AND f.standing <> j.standing
RETURNING f.id, f.client_id, f.payer_id, f.kind, f.claim_count, f.standing
"""


@transaction.atomic
def track(*, at: datetime) -> int:
    """Bring the files sent in step with what was said of them; return how many changed."""
    since = at - WATCHED
    with connection.cursor() as cursor:
        said: list[tuple[int, str, object]] = []
        for query in (_CLAIMS, _QUESTIONS):
            cursor.execute(query, {"from": since})
            said += cursor.fetchall()
        cursor.execute(_SET_CLAIMS, [list(column) for column in _columns(said)])
        numbers = {"first": CONTROL_NUMBERS_FROM, "numbers": CONTROL_NUMBERS}
        cursor.execute(_FILES, {"from": since, **numbers})
        files = cursor.fetchall()
        cursor.execute(_SET_FILES, [*(list(column) for column in _columns(files)), since])
        changed = cursor.fetchall()
    record_events(
        [
            NewEvent(
                "exchange.rejected",
                client_id,
                payer_id=payer_id,
                detail={"file": pk, "kind": kind, "claims": claims, "standing": standing},
            )
            for pk, client_id, payer_id, kind, claims, standing in changed
            if standing in ("rejected", "partly")
        ],
        at=at,
    )
    return len(changed)


def _columns(rows: Sequence[tuple[int, object, object]]) -> list[tuple[object, ...]]:
    return list(zip(*rows, strict=True)) if rows else [(), (), ()]
