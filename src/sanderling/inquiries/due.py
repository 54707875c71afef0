"""Which claims to ask about today, and why others cannot be asked about.

Asked are those that somebody put in the queue, and by themselves those whose next action is to
check the status, when that is due and the last request about them is answered, or has been without
an answer for long enough. Source of the clocks: DOMAIN 4.7 (they stand in the barrier's next date).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from sanderling.core.inquiries.limits import Limits, Way

REQUESTS_MAX: Final = 50_000

_RULES: Final = """
WITH rules AS MATERIALIZED (
    SELECT * FROM unnest(%(payers)s::int[], %(again)s::int[], %(answer)s::int[], %(tries)s::int[],
                         %(automatic)s::bool[])
        AS r (payer_id, again_days, answer_days, tries_max, is_automatic)
), wanted AS (
"""
_WANTED: Final = """
    SELECT q.claim_id, q.party, q.payer_id, q.client_id, q.id AS inquiry_id,
           coalesce('user:' || q.asked_by_id, 'rule') AS asked_by,
           coalesce(w.balance_cents, 0) AS balance_cents
      FROM worklists_status_inquiry q
      LEFT JOIN worklists_work_item w ON w.claim_id = q.claim_id AND w.party = q.party
     WHERE q.state = 'queued'
    UNION ALL
    SELECT w.claim_id, w.party, w.payer_id, w.client_id, NULL, 'schedule', w.balance_cents
      FROM worklists_work_item w JOIN rules r ON r.payer_id = w.payer_id
     WHERE r.is_automatic AND w.next_action = 'check_status' AND w.work_date <= %(today)s
       AND w.party < 14 AND w.balance_cents > 0
       AND NOT EXISTS (SELECT FROM worklists_status_inquiry q
                        WHERE q.claim_id = w.claim_id AND q.party = w.party
                          AND q.state = 'queued')
"""
_ONE: Final = """
    SELECT c.id AS claim_id, %(party)s::smallint AS party,
           CASE %(party)s WHEN 11 THEN c.payer_id WHEN 12 THEN c.secondary_payer_id
                ELSE c.tertiary_payer_id END AS payer_id,
           c.client_id,
           coalesce((SELECT q.id FROM worklists_status_inquiry q
                      WHERE q.claim_id = c.id AND q.party = %(party)s AND q.state = 'queued'), 0)
               AS inquiry_id,
           %(asked_by)s AS asked_by, 0::bigint AS balance_cents
      FROM claims_claim c WHERE c.id = %(claim)s
"""
# First the last request about each: most are answered, or wait. Then, of the few that are left, the
# last version sent to the payer that owes; without one there is nothing to ask about.
_FACTS: Final = """
), asked AS MATERIALIZED (
    SELECT d.*, l.asked_date, l.state, l.tries, l.submission_id AS asked_submission_id,
           -- What is wrong with it must change first; so must what was asked in vain too often.
           (l.state = 'refused' OR l.standing = 'rejected'
            OR (l.state <> 'answered' AND l.tries >= r.tries_max)) IS TRUE AS is_stuck
      FROM wanted d LEFT JOIN rules r ON r.payer_id = d.payer_id
      LEFT JOIN LATERAL (
           SELECT q.asked_date, q.state, q.tries, q.submission_id, f.sent_at,
                  f.state AS file_state, f.standing
             FROM inquiries_status_request q JOIN outbox_file f ON f.id = q.file_id
            WHERE q.claim_id = d.claim_id AND q.party = d.party ORDER BY q.id DESC LIMIT 1) l
           ON true
     WHERE d.inquiry_id IS NOT NULL OR l.state IS NULL
        OR CASE
           WHEN l.state = 'answered' THEN l.asked_date + r.again_days <= %(today)s
           WHEN l.state = 'refused' OR l.standing = 'rejected' OR l.tries >= r.tries_max THEN true
           WHEN l.state = 'failed' THEN l.asked_date + (1 << (l.tries - 1)) <= %(today)s
           WHEN l.file_state = 'cancelled' THEN true
           WHEN l.sent_at IS NULL THEN false
           ELSE l.asked_date + (r.again_days << (l.tries - 1)) <= %(today)s
            AND l.sent_at::date + r.answer_days < %(today)s
           END
)
SELECT d.claim_id, d.party, d.payer_id, d.client_id, d.inquiry_id, d.asked_by, k.code, c.number,
       coalesce(s.id, 0), coalesce(t.sender_id, ''), coalesce(t.receiver_id, ''),
       coalesce(s.service_from_date IS NOT NULL AND s.patient_birth_date IS NOT NULL
                AND s.member_id <> '' AND s.billing_npi <> '', false),
       CASE WHEN d.state IN ('asked', 'answered') THEN d.asked_date END,
       CASE WHEN d.state IS NULL OR d.state = 'answered' OR d.asked_submission_id <> s.id THEN 1
            ELSE d.tries + 1 END,
       coalesce(p.payer_id, ''), coalesce(p.name, ''), d.balance_cents
  FROM asked d
  JOIN claims_claim c ON c.id = d.claim_id
  JOIN clients_client k ON k.id = d.client_id
  LEFT JOIN payers_payer p ON p.id = d.payer_id
  LEFT JOIN LATERAL (
       SELECT s.* FROM claims_submission s
        WHERE s.claim_id = d.claim_id AND s.sequence = d.party - 10 AND s.frequency <> '8'
        ORDER BY s.received_date DESC, s.order_key DESC, s.id DESC LIMIT 1) s ON true
  LEFT JOIN {partners} t ON {joined}
 WHERE d.inquiry_id IS NOT NULL OR NOT d.is_stuck
    OR coalesce(s.id, 0) <> d.asked_submission_id
 ORDER BY d.client_id, d.payer_id, d.inquiry_id IS NULL, d.balance_cents DESC, d.claim_id, d.party
 LIMIT %(limit)s
"""


# A set of several clients is not seen by who sees one of them; its partners are told all the same.
_OWN: Final = {"partners": "files_transaction_set", "joined": "t.id = s.transaction_id"}
_SEEN: Final = {"partners": "LATERAL sanderling_partners_of(s.transaction_id)", "joined": "true"}


@dataclass(frozen=True, slots=True)
class Due:
    """A claim to ask about; `fault` says why it cannot be."""

    claim_id: int
    party: int
    payer_id: int
    client_id: int
    inquiry_id: int | None
    asked_by: str
    client: str
    claim: str
    submission_id: int
    sender_id: str
    receiver_id: str
    is_complete: bool
    asked_date: date | None  # when it was last asked about, unless that failed
    tries: int
    payer: str
    payer_name: str
    balance_cents: int

    @property
    def fault(self) -> str:
        """Return what is missing, empty when it can be asked about."""
        if not self.submission_id:
            return "no 837 to this payer is on hand; ask by portal or call"
        if not self.is_complete:
            return "the 837 lacks member id, birth date, service date or NPI; ask by portal or call"
        return ""


def due_requests(
    today: date, limits: Mapping[int, Limits], *, limit: int = REQUESTS_MAX
) -> list[Due]:
    """Return the claims to ask about today, by client and payer, people's before the rest."""
    rules = [(payer, one) for payer, one in limits.items() if one.way != Way.NONE]
    with connection.cursor() as cursor:
        cursor.execute(
            _RULES + _WANTED + _FACTS.format(**_OWN),
            {"today": today, "limit": limit, **_of_payers(rules)},
        )
        return [Due(*row) for row in cursor.fetchall()]


def due_one(claim_id: int, party: int, *, asked_by: str, today: date) -> Due | None:
    """Return what a person asks about, whether it is due or not; None: no such claim or payer."""
    with connection.cursor() as cursor:
        cursor.execute(
            _RULES + _ONE + _FACTS.format(**_SEEN),
            {
                "today": today,
                "limit": 1,
                "claim": claim_id,
                "party": party,
                "asked_by": asked_by,
                **_of_payers([]),
            },
        )
        row = cursor.fetchone()
    return None if row is None or row[2] is None else Due(*row)


def _of_payers(rules: Sequence[tuple[int, Limits]]) -> dict[str, list[Any]]:
    return {
        "payers": [payer for payer, _ in rules],
        "again": [one.again_days for _, one in rules],
        "answer": [one.answer_days for _, one in rules],
        "tries": [one.tries_max for _, one in rules],
        "automatic": [one.is_automatic for _, one in rules],
    }


@dataclass(frozen=True, slots=True)
class Sorted:
    """Claims due, and of those that are not asked about now, why."""

    now: tuple[Due, ...]
    covered: tuple[Due, ...]  # asked for by somebody, and asked about today already
    waiting: tuple[tuple[Due, str], ...]  # later, by themselves
    refused: tuple[tuple[Due, str], ...]  # not before somebody does something


def sort_due(
    due: list[Due],
    limits: Mapping[int, Limits],
    asked_today: Mapping[int, int],
    *,
    at: datetime,
) -> Sorted:
    """Say of each claim due whether it is asked about now; `asked_today`: requests by payer."""
    now: list[Due] = []
    covered: list[Due] = []
    waiting: list[tuple[Due, str]] = []
    refused: list[tuple[Due, str]] = []
    left = {payer: one.requests_a_day - asked_today.get(payer, 0) for payer, one in limits.items()}
    for one in due:
        rule = limits[one.payer_id]
        if rule.way == Way.NONE:
            refused.append((one, "the payer takes no status requests; ask by portal or call"))
        elif one.fault:
            refused.append((one, one.fault))
        elif one.asked_date == at.date():
            covered.append(one)
        elif not rule.is_open_at(at):
            waiting.append((one, "the payer takes requests at other hours"))
        elif left[one.payer_id] <= 0:
            waiting.append((one, "as many as the payer takes a day were asked today"))
        else:
            left[one.payer_id] -= 1
            now.append(one)
    return Sorted(tuple(now), tuple(covered), tuple(waiting), tuple(refused))
