"""Write 276 (status request) and 277 (status response), both 005010X212.

Source: 276/277 TR3 005010X212; elements in the domain reference 2.11.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sanderling.core.x12.write.envelope import GUIDE_STATUS, Transaction
from sanderling.core.x12.write.parties import (
    Payer,
    Person,
    Provider,
    TradingPartner,
    person_segment,
)
from sanderling.core.x12.write.segments import amount, clean, composite, day, day_range, segment


@dataclass(frozen=True, slots=True)
class StatusReply:
    """One STC of a 277: category, status, dates and money."""

    category: str  # STC01-1
    status: str  # STC01-2
    status_date: date  # STC02
    entity: str = ""  # STC01-3
    paid_cents: int | None = None  # STC05
    adjudicated_date: date | None = None  # STC06
    payment_date: date | None = None  # STC08
    payment_trace: str = ""  # STC09

    def segment(self, charge_cents: int) -> str:
        """STC of a 277 response."""
        return segment(
            "STC",
            composite(self.category, self.status, self.entity),
            day(self.status_date),
            "",
            amount(charge_cents),
            "" if self.paid_cents is None else amount(self.paid_cents),
            "" if self.adjudicated_date is None else day(self.adjudicated_date),
            "",
            "" if self.payment_date is None else day(self.payment_date),
            clean(self.payment_trace, 16),
        )


@dataclass(frozen=True, slots=True)
class StatusLine:
    """Loop 2210 or 2220: one service line asked about or answered."""

    code: str
    charge_cents: int
    service_date: date
    control_number: str = ""  # REF*FJ
    qualifier: str = "HC"
    modifiers: tuple[str, ...] = ()
    units: str = "1"
    paid_cents: int = 0  # SVC03, responses only
    replies: tuple[StatusReply, ...] = ()  # responses only


@dataclass(frozen=True, slots=True)
class StatusClaim:
    """One claim asked about (replies empty) or answered."""

    trace: str  # TRN02: ours, repeated by the payer
    control_number: str  # REF*EJ
    charge_cents: int
    subscriber: Person
    member_id: str
    service_from_date: date
    service_to_date: date
    patient: Person | None = None  # when not the subscriber
    payer_claim_number: str = ""  # REF*1K
    bill_type: str = ""  # REF*BLT
    clearinghouse_trace: str = ""  # REF*D9
    replies: tuple[StatusReply, ...] = ()
    lines: tuple[StatusLine, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusBatch:
    """One 276 or 277: one payer, one receiver, claims by billing provider."""

    reference: str  # BHT03
    created_at: datetime
    payer: Payer
    receiver: TradingPartner  # NM1*41, who asks
    providers: tuple[tuple[Provider, tuple[StatusClaim, ...]], ...]


def status_request_transaction(batch: StatusBatch, control_number: str) -> Transaction:
    """Write one 276."""
    body = _segments(batch, "13", "", is_response=False)
    return Transaction("276", GUIDE_STATUS, control_number, body)


def status_response_transaction(batch: StatusBatch, control_number: str) -> Transaction:
    """Write one 277; every claim must carry a reply."""
    body = _segments(batch, "08", "DG", is_response=True)
    return Transaction("277", GUIDE_STATUS, control_number, body)


def _segments(batch: StatusBatch, purpose: str, kind: str, *, is_response: bool) -> Iterator[str]:
    created = batch.created_at
    yield segment(
        "BHT",
        "0010",
        purpose,
        clean(batch.reference),
        f"{created:%Y%m%d}",
        f"{created:%H%M}",
        kind,
    )
    yield "HL*1**20*1"
    yield batch.payer.name_segment()
    yield "HL*2*1*21*1"
    yield batch.receiver.name_segment("41")
    level = 2
    for provider, claims in batch.providers:
        level += 1
        provider_level = level
        yield segment("HL", str(level), "2", "19", "1")
        yield provider.name_segment("1P")
        for claim in claims:
            level += 1
            has_patient = claim.patient is not None
            yield segment("HL", str(level), str(provider_level), "22", "1" if has_patient else "0")
            if not has_patient and not is_response:
                yield claim.subscriber.demographics()
            yield person_segment("IL", claim.subscriber, claim.member_id)
            if claim.patient is not None:
                level += 1
                yield segment("HL", str(level), str(level - 1), "23")
                if not is_response:
                    yield claim.patient.demographics()
                yield person_segment("QC", claim.patient)
            yield from _claim_segments(claim, is_response=is_response)


def _claim_segments(claim: StatusClaim, *, is_response: bool) -> Iterator[str]:
    yield segment("TRN", "2" if is_response else "1", clean(claim.trace, 50))
    for reply in claim.replies:
        yield reply.segment(claim.charge_cents)
    references = (
        ("1K", claim.payer_claim_number),
        ("BLT", claim.bill_type),
        ("EJ", claim.control_number),
        ("D9", claim.clearinghouse_trace),
    )
    for qualifier, value in references:
        if value:
            yield segment("REF", qualifier, clean(value, 50))
    if not is_response:
        yield segment("AMT", "T3", amount(claim.charge_cents))
    period = day_range(claim.service_from_date, claim.service_to_date)
    yield segment("DTP", "472", "RD8", period)
    for line in claim.lines:
        yield from _line_segments(line, is_response=is_response)


def _line_segments(line: StatusLine, *, is_response: bool) -> Iterator[str]:
    procedure = composite(line.qualifier, line.code, *line.modifiers)
    paid = amount(line.paid_cents) if is_response else ""
    charge = amount(line.charge_cents)
    yield segment("SVC", procedure, charge, paid, "", "", "", line.units)
    for reply in line.replies:
        yield reply.segment(line.charge_cents)
    if line.control_number:
        yield segment("REF", "FJ", clean(line.control_number, 50))
    yield segment("DTP", "472", "D8", day(line.service_date))
