"""Write the 277CA (005010X214): a clearinghouse or payer says which claims it accepted.

Source: 277CA TR3 005010X214; level by level in the domain reference 2.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sanderling.core.x12.write.envelope import GUIDE_277CA, Transaction
from sanderling.core.x12.write.parties import (
    Person,
    Provider,
    TradingPartner,
    name_segment,
    person_segment,
)
from sanderling.core.x12.write.segments import amount, clean, composite, day, day_range, segment


@dataclass(frozen=True, slots=True)
class ClaimStatus:
    """STC01 with what was decided: accepted (WQ) or rejected (U)."""

    category: str  # STC01-1
    status: str  # STC01-2
    entity: str = ""  # STC01-3
    is_accepted: bool = True
    text: str = ""  # STC12

    def segment(self, on_date: date | None, charge_cents: int) -> str:
        """STC of a 277CA."""
        elements = [
            "STC",
            composite(self.category, self.status, self.entity),
            "" if on_date is None else day(on_date),
            "WQ" if self.is_accepted else "U",
            amount(charge_cents),
        ]
        if self.text:
            elements += [""] * 7 + [clean(self.text, 264)]
        return segment(*elements)


@dataclass(frozen=True, slots=True)
class AcknowledgedLine:
    """Loop 2220D: the line a rejection is about."""

    code: str
    charge_cents: int
    control_number: str
    status: ClaimStatus
    qualifier: str = "HC"


@dataclass(frozen=True, slots=True)
class AcknowledgedClaim:
    """Loop 2000D: one claim and its verdict."""

    control_number: str  # TRN02 = CLM01
    charge_cents: int
    patient: Person
    member_id: str
    status: ClaimStatus
    service_from_date: date
    service_to_date: date | None = None
    payer_claim_number: str = ""  # REF*1K
    clearinghouse_trace: str = ""  # REF*D9
    bill_type: str = ""  # REF*BLT
    lines: tuple[AcknowledgedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class AcknowledgedProvider:
    """Loop 2000C: one billing provider with its claims."""

    provider: Provider
    claims: tuple[AcknowledgedClaim, ...]


@dataclass(frozen=True, slots=True)
class ClaimAcknowledgement:
    """One 277CA about one batch (one 837 as the source received it)."""

    reference: str  # BHT03
    created_at: datetime
    source_entity: str  # NM101: PR payer, AY clearinghouse
    source_name: str
    source_id: str
    receipt: str  # TRN*1
    received_date: date  # DTP*050
    processed_date: date  # DTP*009
    submitter: TradingPartner
    batch_reference: str  # TRN*2 = BHT03 of the 837
    providers: tuple[AcknowledgedProvider, ...]


def claim_acknowledgement_transaction(
    acknowledgement: ClaimAcknowledgement, control_number: str
) -> Transaction:
    """Write one 277CA."""
    return Transaction(
        "277", GUIDE_277CA, control_number, claim_acknowledgement_segments(acknowledgement)
    )


def claim_acknowledgement_segments(item: ClaimAcknowledgement) -> Iterator[str]:
    """Yield the segments between ST and SE."""
    created = item.created_at
    yield segment(
        "BHT", "0085", "08", clean(item.reference), f"{created:%Y%m%d}", f"{created:%H%M}", "TH"
    )
    yield "HL*1**20*1"
    # A clearinghouse is named by its electronic identifier, a payer by PI.
    yield name_segment(
        item.source_entity,
        item.source_name,
        qualifier="46" if item.source_entity == "AY" else "PI",
        identifier=item.source_id,
    )
    yield segment("TRN", "1", clean(item.receipt, 50))
    yield segment("DTP", "050", "D8", day(item.received_date))
    yield segment("DTP", "009", "D8", day(item.processed_date))
    yield "HL*2*1*21*1"
    yield item.submitter.name_segment("41")
    yield segment("TRN", "2", clean(item.batch_reference, 50))
    claims = [claim for group in item.providers for claim in group.claims]
    received = ClaimStatus("A1", "19", item.source_entity)
    yield received.segment(item.processed_date, sum(claim.charge_cents for claim in claims))
    yield from _counts(claims, "90", "AA")
    level = 2
    for group in item.providers:
        level += 1
        provider_level = level
        yield segment("HL", str(level), "2", "19", "1")
        yield group.provider.name_segment("85")
        yield "TRN*1*0"
        total = sum(claim.charge_cents for claim in group.claims)
        yield received.segment(None, total)
        yield from _counts(group.claims, "QA", "QC")
        for claim in group.claims:
            level += 1
            yield segment("HL", str(level), str(provider_level), "PT")
            yield from _claim_segments(claim, item)


def _counts(
    claims: list[AcknowledgedClaim] | tuple[AcknowledgedClaim, ...], accepted: str, rejected: str
) -> Iterator[str]:
    good = [claim for claim in claims if claim.status.is_accepted]
    bad = [claim for claim in claims if not claim.status.is_accepted]
    if good:
        yield segment("QTY", accepted, str(len(good)))
    if bad:
        yield segment("QTY", rejected, str(len(bad)))
    if good:
        yield segment("AMT", "YU", amount(sum(claim.charge_cents for claim in good)))
    if bad:
        yield segment("AMT", "YY", amount(sum(claim.charge_cents for claim in bad)))


def _claim_segments(claim: AcknowledgedClaim, item: ClaimAcknowledgement) -> Iterator[str]:
    yield person_segment("QC", claim.patient, claim.member_id)
    yield segment("TRN", "2", clean(claim.control_number, 50))
    yield claim.status.segment(item.processed_date, claim.charge_cents)
    references = (
        ("1K", claim.payer_claim_number),
        ("D9", claim.clearinghouse_trace),
        ("BLT", claim.bill_type),
    )
    for qualifier, value in references:
        if value:
            yield segment("REF", qualifier, clean(value, 50))
    to_date = claim.service_to_date
    if to_date is None or to_date == claim.service_from_date:
        yield segment("DTP", "472", "D8", day(claim.service_from_date))
    else:
        yield segment("DTP", "472", "RD8", day_range(claim.service_from_date, to_date))
    for line in claim.lines:
        yield segment("SVC", composite(line.qualifier, line.code), amount(line.charge_cents))
        yield line.status.segment(item.processed_date, line.charge_cents)
        if line.control_number:
            yield segment("REF", "FJ", clean(line.control_number, 50))
