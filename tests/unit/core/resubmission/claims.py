"""Claims as sent to a first payer, with the coverages after it, for the tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from tests import builders

from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.reading import documents_in
from sanderling.core.resubmission.writing import write_claims
from sanderling.core.x12.write.claim import (
    BillingGroup,
    Claim,
    ClaimBatch,
    ClaimLine,
    Form,
    InstitutionalFacts,
    OtherPayer,
)
from sanderling.core.x12.write.claims_837 import claim_transaction
from sanderling.core.x12.write.envelope import Group, Interchange, render_interchange
from sanderling.core.x12.write.parties import Address, Payer, Person, Provider, TradingPartner

AT = datetime(2026, 3, 5, 12, 30, tzinfo=UTC)
HOME = Address("1 ELM ST", "AUSTIN", "TX", "787020002")
LOW = Person("LOW", "LEE", date(1950, 2, 14), "M", HOME)
SECOND = (
    "SBR*S*18*GRP900******CI~OI***Y***Y~NM1*IL*1*LOW*LEE****MI*SEC900~"
    "N3*1 ELM ST~N4*AUSTIN*TX*787020002~NM1*PR*2*SECOND MUTUAL*****PI*SECM1~"
)
THIRD = (
    "SBR*T*18*******MC~OI***Y***Y~NM1*IL*1*LOW*LEE****MI*TER700~"
    "NM1*PR*2*STATE MEDICAID*****PI*MCAID~"
)


def low(*lines: str, charge: str | int = 200, others: str = SECOND, **more: Any) -> ClaimDocument:
    """PCN10003 of DOMAIN A6/A7 as sent to its first payer."""
    sent = builders.sent(
        "PCN10003",
        charge,
        lines=lines or (builders.line("99214", 200, control="10003L1", day="20260104"),),
        others=others,
        patient="LOW*LEE",
        member_id="ABC000000003",
        **more,
    )
    return only(builders.claims_file(sent).encode("ascii"))


def written(claim: Claim) -> ClaimDocument:
    """Return the document of a claim that our own writer wrote."""
    provider = Provider(
        "MAPLE FAMILY CLINIC",
        builders.NPI,
        tax_id=builders.TIN,
        taxonomy="207Q00000X",
        address=Address("100 MAIN ST", "AUSTIN", "TX", "787010001"),
    )
    batch = ClaimBatch(
        reference="B1",
        created_at=AT,
        submitter=TradingPartner("BILLCO", "BILLCO"),
        receiver=TradingPartner("CLEARHOUSE", "CLEARHOUSE"),
        groups=(BillingGroup(provider, (claim,)),),
        form=claim.form,
    )
    group = Group(1, (claim_transaction(batch, "0001"),))
    text = render_interchange(Interchange("BILLCO", "CLEARHOUSE", 1, AT, (group,)))
    return only(text.encode("ascii"))


def hospital(**more: Any) -> ClaimDocument:
    """An outpatient claim of a hospital to an employer's plan; Medicare is named after it."""
    claim = Claim(
        control_number="H1",
        form=Form.INSTITUTIONAL,
        payer=Payer("ACME HEALTH", "ACME1"),
        sequence="P",
        subscriber=LOW,
        member_id="ABC000000003",
        filing_indicator="CI",
        facility_code="13",
        diagnoses=("M545",),
        lines=(
            ClaimLine("99283", 500_00, date(2026, 1, 4), "H1L1", revenue_code="0450"),
            ClaimLine("", 80_00, date(2026, 1, 4), "H1L2", revenue_code="0250"),
        ),
        institutional=InstitutionalFacts(
            statement_from_date=date(2026, 1, 4),
            statement_to_date=date(2026, 1, 4),
            value_codes=(("A1", 50_00),),
            condition_codes=("09",),
            attending=Provider("SMITH", "1987654328", "ALAN"),
        ),
        other_payers=(OtherPayer("S", Payer("MEDICARE", "00882"), LOW, "1EG4TE5MK73", "MA"),),
        **more,
    )
    return written(claim)


def dependent(**more: Any) -> ClaimDocument:
    """A child's claim to the mother's plan; the father's plan comes second."""
    child = Person("ROE", "KIM", date(2018, 3, 9), "F", HOME)
    claim = Claim(
        control_number="D1",
        form=Form.PROFESSIONAL,
        payer=Payer("ACME HEALTH", "ACME1"),
        sequence="P",
        subscriber=Person("ROE", "ANN", date(1985, 1, 2), "F", HOME),
        member_id="MOM1",
        filing_indicator="CI",
        facility_code="11",
        diagnoses=("J0190",),
        lines=(ClaimLine("99213", 150_00, date(2026, 1, 4), "D1L1"),),
        relationship="19",
        patient=child,
        other_payers=(
            OtherPayer(
                "S",
                Payer("SECOND MUTUAL", "SECM1"),
                Person("DOE", "DAN", date(1984, 1, 2), "M", HOME),
                "DAD1",
                "CI",
                relationship="19",
            ),
        ),
        **more,
    )
    return written(claim)


def only(data: bytes) -> ClaimDocument:
    """Return the one claim of a file."""
    (document,) = documents_in(data)
    return document


def file_of(*documents: ClaimDocument) -> bytes:
    """Write claims as a file."""
    return write_claims(documents, control_number=7, reference="SL000000007", created_at=AT)


def body(document: ClaimDocument) -> list[str]:
    """Return the segments from the subscriber's level down."""
    parts = (document.subscriber, *((document.patient,) if document.patient else ()))
    return [one.text for loop in (*parts, document.claim) for one in loop.walk()]


def teeth() -> ClaimDocument:
    """A dental claim to a first plan, with a second one."""
    return written(
        Claim(
            control_number="T1",
            form=Form.DENTAL,
            payer=Payer("BRIGHT DENTAL", "BDP01"),
            sequence="P",
            subscriber=LOW,
            member_id="DEN1",
            filing_indicator="CI",
            facility_code="11",
            diagnoses=(),
            lines=(
                ClaimLine(
                    "D2392", 180_00, date(2026, 1, 4), "T1L1", tooth="14", surfaces=("M", "O")
                ),
            ),
            other_payers=(OtherPayer("S", Payer("SECOND MUTUAL", "SECM1"), LOW, "SEC900", "CI"),),
        )
    )
