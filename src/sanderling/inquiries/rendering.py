"""Planned requests as the text of a 276."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection

from sanderling.core.x12.write.claim_status import (
    StatusBatch,
    StatusClaim,
    status_request_transaction,
)
from sanderling.core.x12.write.envelope import Group, Interchange, render_interchange
from sanderling.core.x12.write.parties import Payer, Person, Provider, TradingPartner
from sanderling.outbox.models import OutboundFile

_SENT: Final = """
SELECT s.id, s.claim_number, s.charge_cents, s.patient_last_name, s.patient_first_name,
       s.patient_birth_date, s.member_id, s.service_from_date,
       coalesce(s.service_to_date, s.service_from_date), s.clearinghouse_trace,
       CASE WHEN s.kind = 'I' THEN s.facility_code ELSE '' END, s.billing_npi, s.billing_name,
       s.payer_code, s.payer_name
  FROM claims_submission s WHERE s.id = ANY (%s)
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One claim to ask about: our trace, the claim as sent, and the payer's number where known."""

    trace: str
    submission_id: int
    payer_claim_number: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A claim as it was sent, as far as a 276 tells it."""

    submission_id: int
    claim_number: str
    charge_cents: int
    last_name: str
    first_name: str
    birth_date: date
    member_id: str
    service_from_date: date
    service_to_date: date
    clearinghouse_trace: str
    bill_type: str
    billing_npi: str
    billing_name: str
    payer_code: str
    payer_name: str


def claims_sent(submission_ids: Sequence[int]) -> dict[int, Sent]:
    """Return the claims as sent, by submission."""
    with connection.cursor() as cursor:
        cursor.execute(_SENT, [list(submission_ids)])
        return {row[0]: Sent(*row) for row in cursor.fetchall()}


def request_bytes(file: OutboundFile, asked: Sequence[Asked], sent: dict[int, Sent]) -> bytes:
    """Return the 276 of a file of ours; the same requests give the same bytes.

    Who is insured is named by the patient's own data: an 837 of a dependent tells the subscriber
    too, which is not kept. Sex is not kept either, and is left out.
    """
    by_provider: dict[tuple[str, str], list[StatusClaim]] = {}
    for one in asked:
        claim = sent[one.submission_id]
        provider = (claim.billing_npi, claim.billing_name)
        by_provider.setdefault(provider, []).append(_claim(one, claim))
    first = sent[asked[0].submission_id]
    batch = StatusBatch(
        reference=file.reference,
        created_at=file.queued_at,
        payer=Payer(first.payer_name or first.payer_code, first.payer_code),
        receiver=TradingPartner(file.sender_id, file.sender_id),
        providers=tuple(
            (Provider(name or npi, npi), tuple(by_provider[npi, name]))
            for npi, name in sorted(by_provider)
        ),
    )
    transaction = status_request_transaction(batch, "0001")
    return render_interchange(
        Interchange(
            sender=file.sender_id,
            receiver=file.receiver_id,
            control_number=file.control_number,
            created_at=file.queued_at,
            groups=(Group(file.control_number, (transaction,)),),
        )
    ).encode("ascii")


def trace_of(request_id: int) -> str:
    """Return the trace (TRN02) of a request: the payer repeats it."""
    return f"SR{request_id:010d}"


def _claim(one: Asked, claim: Sent) -> StatusClaim:
    return StatusClaim(
        trace=one.trace,
        control_number=claim.claim_number,
        charge_cents=claim.charge_cents,
        subscriber=Person(claim.last_name, claim.first_name, claim.birth_date, ""),
        member_id=claim.member_id,
        service_from_date=claim.service_from_date,
        service_to_date=claim.service_to_date,
        payer_claim_number=one.payer_claim_number,
        bill_type=claim.bill_type,
        clearinghouse_trace=claim.clearinghouse_trace,
    )
