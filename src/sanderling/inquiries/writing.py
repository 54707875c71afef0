"""One planned file of status requests as the text of a 276."""

from __future__ import annotations

from typing import Final

from django.db import connection

from sanderling.core.x12.write.claim_status import (
    StatusBatch,
    StatusClaim,
    status_request_transaction,
)
from sanderling.core.x12.write.envelope import Group, Interchange, render_interchange
from sanderling.core.x12.write.parties import Payer, Person, Provider, TradingPartner
from sanderling.inquiries.models import RequestFile

_CLAIMS: Final = """
SELECT r.id, r.payer_claim_number, s.claim_number, s.charge_cents, s.patient_last_name,
       s.patient_first_name, s.patient_birth_date, s.member_id, s.service_from_date,
       coalesce(s.service_to_date, s.service_from_date), s.clearinghouse_trace,
       CASE WHEN s.kind = 'I' THEN s.facility_code ELSE '' END, s.billing_npi, s.billing_name,
       s.payer_code, s.payer_name
  FROM inquiries_status_request r JOIN claims_submission s ON s.id = r.submission_id
 WHERE r.file_id = %s ORDER BY s.billing_npi, r.id
"""


def request_text(file: RequestFile) -> str:
    """Return the 276 of a planned file; the same file gives the same text.

    Who is insured is named by the patient's own data: an 837 of a dependent tells the subscriber
    too, which is not kept. Sex is not kept either, and is left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMS, [file.pk])
        rows = cursor.fetchall()
    by_provider: dict[tuple[str, str], list[StatusClaim]] = {}
    for row in rows:
        by_provider.setdefault((row[12], row[13]), []).append(_claim(row))
    payer_code, payer_name = rows[0][14:16]
    batch = StatusBatch(
        reference=f"SR{file.pk:09d}",
        created_at=file.planned_at,
        payer=Payer(payer_name or payer_code, payer_code),
        receiver=TradingPartner(file.sender_id, file.sender_id),
        providers=tuple(
            (Provider(name or npi, npi), tuple(claims))
            for (npi, name), claims in by_provider.items()
        ),
    )
    return render_interchange(
        Interchange(
            sender=file.sender_id,
            receiver=file.receiver_id,
            control_number=file.pk % 1_000_000_000,
            created_at=file.planned_at,
            groups=(Group(file.pk, (status_request_transaction(batch, "0001"),)),),
        )
    )


def trace_of(request_id: int) -> str:
    """Return the trace (TRN02) of a request: the payer repeats it."""
    return f"SR{request_id:010d}"


def _claim(row: tuple[object, ...]) -> StatusClaim:
    (request_id, payer_number, number, charge, last, first, born, member, begin, end) = row[:10]
    trace, bill_type = row[10:12]
    return StatusClaim(
        trace=trace_of(request_id),  # type: ignore[arg-type]  # a row of the query above
        control_number=str(number),
        charge_cents=charge,  # type: ignore[arg-type]  # as above
        subscriber=Person(str(last), str(first), born, ""),  # type: ignore[arg-type]  # as above
        member_id=str(member),
        service_from_date=begin,  # type: ignore[arg-type]  # as above
        service_to_date=end,  # type: ignore[arg-type]  # as above
        payer_claim_number=str(payer_number),
        bill_type=str(bill_type),
        clearinghouse_trace=str(trace),
    )
