"""What patients owe, ready for statements: one row a claim, the address as on the claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from sanderling.claims.as_sent import documents_of
from sanderling.core.patient_statement import guarantor_of
from sanderling.core.patient_warnings import NO_SURPRISES
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.transfers.share import protected_claims

COLUMNS: Final = (
    *("client", "claim", "patient_last_name", "patient_first_name", "birth_date"),
    *("guarantor_last_name", "guarantor_first_name", "address_line_1", "address_line_2"),
    *("city", "state", "zip", "payer_name", "member_id"),
    *("service_from_date", "service_to_date", "charge_cents", "insurance_paid_cents"),
    *("adjusted_cents", "written_off_cents", "refunded_cents", "insurance_owes_cents"),
    *("due_cents", "due_since_date", "patient_paid_on_claim_cents", "no_surprises"),
)
_DUE: Final = """
SELECT b.claim_id, k.code, c.number, c.patient_last_name, c.patient_first_name,
       c.patient_birth_date, c.service_from_date, c.service_to_date, b.balance_cents,
       b.responsible_from_date, x.*, coalesce(p.name, ''), c.member_id,
       EXISTS (SELECT FROM remits_claim_payment y JOIN remits_remark m ON m.payment_id = y.id
                WHERE y.claim_id = b.claim_id AND m.code = ANY (%(surprises)s)),
       (SELECT s.patient_paid_cents FROM claims_submission s WHERE s.claim_id = b.claim_id
         ORDER BY coalesce(s.submitted_date, s.received_date) DESC, s.id DESC LIMIT 1)
  FROM ledger_open_balance b
  JOIN claims_claim c ON c.id = b.claim_id
  JOIN clients_client k ON k.id = b.client_id
  LEFT JOIN payers_payer p ON p.id = c.payer_id
  LEFT JOIN LATERAL (
       SELECT coalesce(sum(m.cents) FILTER (WHERE e.kind IN (1, 2, 11)), 0)::bigint,
              coalesce(-sum(m.cents) FILTER (WHERE e.kind IN (3, 10)), 0)::bigint,
              coalesce(-sum(m.cents) FILTER (WHERE e.kind IN (4, 5, 6, 7)), 0)::bigint,
              coalesce(-sum(m.cents) FILTER (WHERE e.kind = 12), 0)::bigint,
              coalesce(sum(m.cents) FILTER (WHERE e.kind = 13), 0)::bigint
         FROM ledger_entry e
        CROSS JOIN LATERAL (SELECT
              CASE WHEN e.debit BETWEEN 11 AND 14 THEN e.amount_cents ELSE 0 END
            - CASE WHEN e.credit BETWEEN 11 AND 14 THEN e.amount_cents ELSE 0 END AS cents) AS m
        WHERE e.claim_id = b.claim_id) AS x ON true
 WHERE b.party = 14 AND b.balance_cents > 0
   AND (%(client)s::text IS NULL OR k.code = %(client)s)
 ORDER BY k.code, c.patient_last_name, c.patient_first_name, c.number
"""  # kinds of core.ledger.accounts: charges and opening, payments, reductions, write-offs, refunds
_INSURERS: Final = """
SELECT claim_id, sum(balance_cents)::bigint FROM ledger_open_balance
 WHERE claim_id = ANY (%s) AND party <> 14 GROUP BY 1
"""
_LATEST: Final = """
SELECT DISTINCT ON (claim_id) claim_id, id FROM claims_submission WHERE claim_id = ANY (%s)
 ORDER BY claim_id, coalesce(submitted_date, received_date) DESC, id DESC
"""
_NO_ADDRESS: Final = dict.fromkeys(
    (
        *("guarantor_last_name", "guarantor_first_name", "address_line_1", "address_line_2"),
        *("city", "state", "zip"),
    ),
    "",
)


@dataclass(frozen=True, slots=True)
class Statements:
    """The rows to bill, and the claims that are held back with the code that forbids it."""

    rows: list[dict[str, Any]]
    protected: list[dict[str, Any]]

    @property
    def due_cents(self) -> int:
        """What the rows come to."""
        return sum(row["due_cents"] for row in self.rows)


def statements(*, client: str | None = None, with_addresses: bool = True) -> Statements:
    """Return what patients owe on claims that the session may see.

    For each row: charges less payments, reductions and write-offs, plus refunds, is what all owe;
    `due_cents` of it is the patient's. Patients protected from bills are kept apart.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"client": client, "surprises": sorted(NO_SURPRISES)})
        found = cursor.fetchall()
        ids = [row[0] for row in found]
        cursor.execute(_INSURERS, [ids])
        others = {claim_id: int(cents) for claim_id, cents in cursor.fetchall()}
    forbidden = protected_claims(ids)
    addresses = _addresses(ids) if with_addresses else {}
    rows = [_row(row, others.get(row[0], 0), addresses) for row in found]
    return Statements(
        rows=[row for row in rows if row["claim_id"] not in forbidden],
        protected=[
            {**row, "code": forbidden[row["claim_id"]]}
            for row in rows
            if row["claim_id"] in forbidden
        ],
    )


def _row(
    row: Sequence[Any], insurers_cents: int, addresses: dict[int, dict[str, str]]
) -> dict[str, Any]:
    return {
        "claim_id": row[0],
        "client": row[1],
        "claim": row[2],
        "patient_last_name": row[3],
        "patient_first_name": row[4],
        "birth_date": row[5],
        **addresses.get(row[0], _NO_ADDRESS),
        "service_from_date": row[6],
        "service_to_date": row[7],
        "charge_cents": row[10],
        "insurance_paid_cents": row[11],
        "adjusted_cents": row[12],
        "written_off_cents": row[13],
        "refunded_cents": row[14],
        "insurance_owes_cents": insurers_cents,
        "due_cents": row[8],
        "due_since_date": row[9],
        "payer_name": row[15],
        "member_id": row[16],
        "no_surprises": row[17],
        # As stated on the claim, for information: it is not posted (ADR 0013).
        "patient_paid_on_claim_cents": row[18],
    }


def _addresses(claim_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Return the patient's address on the latest claim as sent, by claim; unknown: missing."""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [list(claim_ids)])
        claim_of = {submission_id: claim_id for claim_id, submission_id in cursor.fetchall()}
    return {
        claim_of[submission_id]: address_of(document)
        for submission_id, document in documents_of(claim_of).items()
    }


def address_of(document: ClaimDocument) -> dict[str, str]:
    """Return who answers for the patient's share, and the address, on a claim as sent."""
    to = guarantor_of(document)
    return {
        "guarantor_last_name": to.last_name,
        "guarantor_first_name": to.first_name,
        "address_line_1": to.address_1,
        "address_line_2": to.address_2,
        "city": to.city,
        "state": to.state,
        "zip": to.postal_code,
    }
