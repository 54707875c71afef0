"""What is known of claims with a payer, as far as it decides how they are sent again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from sanderling.core.resubmission.kinds import History

_VOID: Final = "8"
_REJECTING: Final = frozenset({"A3", "A6", "A7", "A8"})  # DOMAIN 3.6
# The newest version sent to the payer of this place, its decision and what was said of it since.
# A decision of an older version is none of a replacement that is out: the barrier says so.
_HISTORIES: Final = """
WITH wanted AS (
    SELECT * FROM unnest(%s::bigint[], %s::smallint[]) AS w (claim_id, party)
), newest AS (
    SELECT DISTINCT ON (w.claim_id, w.party) w.claim_id, w.party, s.id, s.kind, s.frequency,
           s.payer_id, s.client_id, s.received_date, s.charge_cents,
           coalesce(s.submitted_date, s.received_date) AS sent_date,
           count(*) OVER (PARTITION BY w.claim_id, w.party) > 1 AS is_sent_again
      FROM wanted w
      JOIN claims_submission s ON s.claim_id = w.claim_id AND s.sequence = w.party - 10
     ORDER BY w.claim_id, w.party, coalesce(s.submitted_date, s.received_date) DESC,
              s.order_key DESC, s.position DESC, s.id DESC
)
SELECT n.claim_id, n.party, n.id, n.kind, n.frequency, n.payer_id, n.client_id, n.charge_cents,
       coalesce(payer.type, ''), coalesce(b.barrier, ''), coalesce(b.detail, ''),
       p.id, coalesce(number.payer_claim_number, ''), p.decided_date,
       (SELECT coalesce(array_agg(DISTINCT m.code), '{}') FROM remits_remark m
         WHERE m.payment_id = p.id),
       (SELECT coalesce(array_agg(DISTINCT j.reason_code), '{}') FROM remits_adjustment j
         WHERE j.payment_id = p.id),
       (SELECT coalesce(array_agg(DISTINCT a.code), '{}') FROM claims_answer a
         WHERE a.claim_id = n.claim_id AND a.kind IN ('277', '277CA')
           AND a.received_date >= n.received_date),
       said.action, said.category, said.received_date, n.sent_date, n.is_sent_again
  FROM newest n
  LEFT JOIN payers_payer payer ON payer.id = n.payer_id
  LEFT JOIN barriers_barrier b ON b.claim_id = n.claim_id AND b.party = n.party
  LEFT JOIN LATERAL (
      SELECT q.id, least(q.payment_date, q.received_date) AS decided_date
        FROM remits_claim_payment q
       WHERE q.claim_id = n.claim_id AND coalesce(q.sequence, 1) = n.party - 10
         AND NOT q.is_held AND q.status <> '22'
       ORDER BY q.received_date DESC, q.order_key DESC, q.position DESC LIMIT 1) p ON true
  LEFT JOIN LATERAL (
      SELECT payer_claim_number FROM remits_claim_payment q
       WHERE q.claim_id = n.claim_id AND coalesce(q.sequence, 1) = n.party - 10
         AND NOT q.is_held AND q.status <> '22' AND q.payer_claim_number <> ''
       ORDER BY q.received_date DESC, q.order_key DESC, q.position DESC LIMIT 1) number ON true
  LEFT JOIN LATERAL (
      SELECT action, category, received_date FROM claims_answer a
       WHERE a.claim_id = n.claim_id AND a.kind = '277CA' AND a.level = 'claim'
         AND (a.submission_id = n.id
              OR (a.submission_id IS NULL AND a.received_date >= n.received_date))
       ORDER BY a.received_date DESC, a.id DESC LIMIT 1) said ON true
"""


@dataclass(frozen=True, slots=True)
class Version:
    """The newest version of a claim sent to a payer, and its history."""

    claim_id: int
    party: int
    submission_id: int
    client_id: int
    payer_id: int | None
    charge_cents: int
    history: History


def newest_versions(wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Version]:
    """Return the newest version for each (claim, party); those never sent are missing."""
    with connection.cursor() as cursor:
        cursor.execute(_HISTORIES, [[one for one, _ in wanted], [party for _, party in wanted]])
        rows = cursor.fetchall()
    return {(row[0], row[1]): _version(row) for row in rows}


def _version(row: tuple[Any, ...]) -> Version:
    claim_id, party, submission_id, kind, frequency, payer_id, client_id, charge_cents = row[:8]
    payer_type, barrier, detail, payment_id, number, decided, remarks, reasons = row[8:16]
    statuses, action, category, said, sent, is_sent_again = row[16:]
    is_rejected = barrier == "rejected" or _is_rejected(action, category, said, decided)
    waits = barrier == "corrected_pending" or (barrier == "pended" and detail == "remittance")
    history = History(
        form=f"837{kind}",
        payer_type=payer_type,
        is_rejected=is_rejected,
        is_not_on_file=barrier == "not_on_file",
        is_decided=payment_id is not None
        and not waits
        and _is_of_this(decided, sent, is_sent_again=is_sent_again),
        is_voided=frequency == _VOID and not is_rejected,
        payer_claim_number=number,
        remarks=frozenset(remarks),
        reasons=frozenset(reasons),
        statuses=frozenset(statuses),
        frequency=frequency,
    )
    return Version(claim_id, party, submission_id, client_id, payer_id, charge_cents, history)


def _is_rejected(action: str | None, category: str | None, said: date | None,
                 decided: date | None) -> bool:  # fmt: skip
    if said is None or (action != "U" and category not in _REJECTING):
        return False
    return decided is None or decided < said


def _is_of_this(decided: date | None, sent: date, *, is_sent_again: bool) -> bool:
    """Say whether a decision is of this version: one that went out again is decided later.

    Days are the payer's and the sender's own, since files of months may come in on one day.
    """
    if decided is None:
        return False
    return decided > sent if is_sent_again else decided >= sent
