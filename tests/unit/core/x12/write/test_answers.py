from __future__ import annotations

from datetime import UTC, date, datetime

from tests.unit.core.x12.write.examples import ACME, BILLCO, CLINIC, JANE, SERVICE_DATE

from sanderling.core.x12.write.acknowledgement import (
    ElementFault,
    GroupResponse,
    SegmentFault,
    SetResponse,
    group_response_segments,
    ta1_segment,
)
from sanderling.core.x12.write.claim_acknowledgement import (
    AcknowledgedClaim,
    AcknowledgedProvider,
    ClaimAcknowledgement,
    ClaimStatus,
    claim_acknowledgement_segments,
)
from sanderling.core.x12.write.claim_status import (
    StatusBatch,
    StatusClaim,
    StatusReply,
    status_request_transaction,
    status_response_transaction,
)

GUIDE = "005010X222A1"


def test_a_999_counts_what_it_accepts() -> None:
    fault = SegmentFault("HI", 24, "8", "2300", "PCN1", (ElementFault(1, "7", "X", 2, "1271"),))
    response = GroupResponse(
        "HC",
        "101",
        GUIDE,
        (
            SetResponse("837", "0001", GUIDE, "A"),
            SetResponse("837", "0002", GUIDE, "R", (fault,), ("5",)),
        ),
    )

    assert list(group_response_segments(response)) == [
        "AK1*HC*101*005010X222A1",
        "AK2*837*0001*005010X222A1",
        "IK5*A",
        "AK2*837*0002*005010X222A1",
        "IK3*HI*24*2300*8",
        "CTX*CLM01:PCN1",
        "IK4*1:2*1271*7*X",
        "IK5*R*5",
        "AK9*P*2*2*1",
    ]


def test_a_ta1_names_the_interchange_it_answers() -> None:
    segment = ta1_segment(101, datetime(2026, 1, 5, 9, 30, tzinfo=UTC), "R", "022")

    assert segment == "TA1*000000101*260105*0930*R*022"


def test_a_277ca_matches_the_sample_of_the_reference() -> None:
    claim = AcknowledgedClaim(
        "PCN10001", 25000, JANE, "ABC123456789", ClaimStatus("A2", "20", "PR"), SERVICE_DATE,
        payer_claim_number="ACMEICN555", clearinghouse_trace="CHTRACE0001",
    )  # fmt: skip
    rejected = AcknowledgedClaim(
        "PCN10002", 18000, JANE, "ABC123456789",
        ClaimStatus("A7", "562", "85", is_accepted=False, text="NPI"), SERVICE_DATE,
    )  # fmt: skip
    written = list(
        claim_acknowledgement_segments(
            ClaimAcknowledgement(
                "CA0001",
                datetime(2026, 1, 6, 8, 5, tzinfo=UTC),
                "PR",
                "ACME HEALTH",
                "ACME1",
                "ACMERCPT77",
                date(2026, 1, 5),
                date(2026, 1, 6),
                BILLCO,
                "BATCH0001",
                (AcknowledgedProvider(CLINIC, (claim, rejected)),),
            )
        )
    )

    assert written == [
        "BHT*0085*08*CA0001*20260106*0805*TH",
        "HL*1**20*1",
        "NM1*PR*2*ACME HEALTH*****PI*ACME1",
        "TRN*1*ACMERCPT77",
        "DTP*050*D8*20260105",
        "DTP*009*D8*20260106",
        "HL*2*1*21*1",
        "NM1*41*2*BILLCO*****46*BILLCO",
        "TRN*2*BATCH0001",
        "STC*A1:19:PR*20260106*WQ*430",
        "QTY*90*1",
        "QTY*AA*1",
        "AMT*YU*250",
        "AMT*YY*180",
        "HL*3*2*19*1",
        "NM1*85*2*MAPLE FAMILY CLINIC*****XX*1234567893",
        "TRN*1*0",
        "STC*A1:19:PR**WQ*430",
        "QTY*QA*1",
        "QTY*QC*1",
        "AMT*YU*250",
        "AMT*YY*180",
        "HL*4*3*PT",
        "NM1*QC*1*DOE*JANE****MI*ABC123456789",
        "TRN*2*PCN10001",
        "STC*A2:20:PR*20260106*WQ*250",
        "REF*1K*ACMEICN555",
        "REF*D9*CHTRACE0001",
        "DTP*472*D8*20260102",
        "HL*5*3*PT",
        "NM1*QC*1*DOE*JANE****MI*ABC123456789",
        "TRN*2*PCN10002",
        "STC*A7:562:85*20260106*U*180********NPI",
        "DTP*472*D8*20260102",
    ]


def status_batch(*replies: StatusReply) -> StatusBatch:
    claim = StatusClaim(
        "OURTRACE900", "PCN10001", 25000, JANE, "ABC123456789", SERVICE_DATE, SERVICE_DATE,
        payer_claim_number="ACMEICN555", replies=replies,
    )  # fmt: skip
    return StatusBatch(
        "SREQ0001", datetime(2026, 1, 25, 10, 10, tzinfo=UTC), ACME, BILLCO, ((CLINIC, (claim,)),)
    )


def test_a_276_matches_the_sample_of_the_reference() -> None:
    body = list(status_request_transaction(status_batch(), "0001").body)

    assert body == [
        "BHT*0010*13*SREQ0001*20260125*1010",
        "HL*1**20*1",
        "NM1*PR*2*ACME HEALTH*****PI*ACME1",
        "HL*2*1*21*1",
        "NM1*41*2*BILLCO*****46*BILLCO",
        "HL*3*2*19*1",
        "NM1*1P*2*MAPLE FAMILY CLINIC*****XX*1234567893",
        "HL*4*3*22*0",
        "DMG*D8*19800214*F",
        "NM1*IL*1*DOE*JANE****MI*ABC123456789",
        "TRN*1*OURTRACE900",
        "REF*1K*ACMEICN555",
        "REF*EJ*PCN10001",
        "AMT*T3*250",
        "DTP*472*RD8*20260102-20260102",
    ]


def test_a_277_says_what_was_paid_and_with_which_check() -> None:
    paid = date(2026, 1, 20)
    reply = StatusReply("F1", "65", paid, paid_cents=7200, adjudicated_date=paid,
                        payment_date=paid, payment_trace="EFT900001")  # fmt: skip
    body = list(status_response_transaction(status_batch(reply), "0001").body)

    assert body[0] == "BHT*0010*08*SREQ0001*20260125*1010*DG"
    assert "STC*F1:65*20260120**250*72*20260120**20260120*EFT900001" in body
    assert not any(item.startswith(("DMG", "AMT")) for item in body)
