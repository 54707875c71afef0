from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.unit.core.x12.write.examples import (
    ACME,
    JACK,
    JANE,
    SECOND,
    SERVICE_DATE,
    SMITH,
    batch,
    claim,
)

from sanderling.core.x12.write.adjustments import Adjustment
from sanderling.core.x12.write.claim import (
    ClaimLine,
    Form,
    Frequency,
    InstitutionalFacts,
    LineAdjudication,
    MissingOriginalReference,
    OtherPayer,
    UnbalancedPriorPayer,
)
from sanderling.core.x12.write.claims_837 import claim_segments, claim_transaction

PAID_DATE = date(2026, 1, 19)


def test_a_first_claim_has_the_hierarchy_and_segments_of_the_guide() -> None:
    body = list(claim_transaction(batch(claim(clearinghouse_trace="CHTRACE0001")), "0001").body)

    assert body[0] == "BHT*0019*00*BATCH0001*20260105*0930*CH"
    start = body.index("HL*2*1*22*0")
    assert body[start:] == [
        "HL*2*1*22*0",
        "SBR*P*18*GRP100******CI",
        "NM1*IL*1*DOE*JANE****MI*ABC123456789",
        "N3*1 ELM ST",
        "N4*AUSTIN*TX*787020002",
        "DMG*D8*19800214*F",
        "NM1*PR*2*ACME HEALTH*****PI*ACME1",
        "CLM*PCN10001*250***11:B:1*Y*A*Y*Y",
        "REF*D9*CHTRACE0001",
        "HI*ABK:J0190*ABF:R509",
        "NM1*82*1*SMITH*ALAN****XX*1987654328",
        "PRV*PE*PXC*207Q00000X",
        "LX*1",
        "SV1*HC:99213:25*150*UN*1***1:2",
        "DTP*472*D8*20260102",
        "REF*6R*10001L1",
        "LX*2",
        "SV1*HC:87880*100*UN*1***1",
        "DTP*472*D8*20260102",
        "REF*6R*10001L2",
    ]


def test_a_dependent_gets_a_level_of_his_own() -> None:
    body = list(claim_transaction(batch(claim(patient=JACK, relationship="19")), "0001").body)

    assert "HL*2*1*22*1" in body
    assert "HL*3*2*23*0" in body
    assert "PAT*19" in body
    assert "SBR*P**GRP100******CI" in body
    assert body.index("NM1*QC*1*DOE*JACK") > body.index("NM1*PR*2*ACME HEALTH*****PI*ACME1")


@pytest.mark.parametrize("frequency", [Frequency.REPLACEMENT, Frequency.VOID])
def test_a_replacement_or_void_names_the_payers_number(frequency: Frequency) -> None:
    written = list(claim_segments(claim(frequency=frequency, original_reference="ACMEICN555")))

    assert f"CLM*PCN10001*250***11:B:{frequency}*Y*A*Y*Y" in written
    assert "REF*F8*ACMEICN555" in written


def test_a_replacement_without_the_payers_number_cannot_be_made() -> None:
    with pytest.raises(MissingOriginalReference):
        claim(frequency=Frequency.REPLACEMENT)


def prior(paid_cents: int = 9600) -> OtherPayer:
    return OtherPayer("P", ACME, JANE, "ABC000000003", "CI", group_number="GRP100",
                      paid_cents=paid_cents, payer_claim_number="ACMEICN557")  # fmt: skip


def decided_line(*adjustments: Adjustment) -> ClaimLine:
    decision = LineAdjudication("ACME1", 9600, PAID_DATE, "99214", adjustments)
    return ClaimLine("99214", 20000, date(2026, 1, 4), "10003L1", adjudications=(decision,))


CONTRACTUAL, COINSURANCE = Adjustment("CO", "45", 8000), Adjustment("PR", "2", 2400)


def test_a_secondary_claim_carries_what_the_primary_decided() -> None:
    secondary = claim(
        payer=SECOND, sequence="S", other_payers=(prior(),),
        lines=(decided_line(CONTRACTUAL, COINSURANCE),),
    )  # fmt: skip
    written = list(claim_transaction(batch(secondary), "0001").body)

    start = written.index("SBR*P*18*GRP100******CI")
    assert written[start : start + 3] == ["SBR*P*18*GRP100******CI", "AMT*D*96", "OI***Y***Y"]
    assert "REF*F8*ACMEICN557" in written
    end = written.index("SVD*ACME1*96*HC:99214**1")
    assert written[end:] == [
        "SVD*ACME1*96*HC:99214**1",
        "CAS*CO*45*80",
        "CAS*PR*2*24",
        "DTP*573*D8*20260119",
    ]


def test_a_secondary_claim_that_does_not_add_up_is_refused() -> None:
    secondary = claim(other_payers=(prior(),), lines=(decided_line(CONTRACTUAL),))

    with pytest.raises(UnbalancedPriorPayer):
        claim_transaction(batch(secondary), "0001")


def test_a_prior_payers_claim_total_must_agree_with_its_lines() -> None:
    secondary = claim(other_payers=(prior(9700),), lines=(decided_line(CONTRACTUAL, COINSURANCE),))

    with pytest.raises(UnbalancedPriorPayer):
        claim_transaction(batch(secondary), "0001")


def test_an_institutional_claim_has_its_dates_codes_and_revenue_lines() -> None:
    facts = InstitutionalFacts(
        SERVICE_DATE,
        date(2026, 1, 5),
        admitted_at=datetime(2026, 1, 2, 14, 15, tzinfo=UTC),
        discharge_hour="1100",
        admitting_diagnosis="J189",
        diagnosis_related_group="194",
        value_codes=(("80", 300),),
        condition_codes=("D1",),
        attending=SMITH,
    )
    line = ClaimLine("", 250000, SERVICE_DATE, "L1", units="3", unit="DA", revenue_code="0120")
    stay = claim(form=Form.INSTITUTIONAL, institutional=facts, lines=(line,), rendering=None)
    written = list(claim_segments(stay))

    assert written[:5] == [
        "CLM*PCN10001*2500***11:A:1**A*Y*Y",
        "DTP*096*TM*1100",
        "DTP*434*RD8*20260102-20260105",
        "DTP*435*DT*202601021415",
        "CL1*3*1*01",
    ]
    assert [item for item in written if item.startswith("HI")] == [
        "HI*ABK:J0190",
        "HI*ABJ:J189",
        "HI*DR:194",
        "HI*ABF:R509",
        "HI*BE:80:::3",
        "HI*BG:D1",
    ]
    assert "NM1*71*1*SMITH*ALAN****XX*1987654328" in written
    assert "SV2*0120**2500*DA*3" in written


def test_a_dental_claim_names_tooth_and_surfaces() -> None:
    line = ClaimLine("D2392", 17600, SERVICE_DATE, "L1", tooth="30", surfaces=("M", "O"))
    written = list(claim_segments(claim(form=Form.DENTAL, lines=(line,))))

    start = written.index("SV3*AD:D2392*176****1")
    assert written[start + 1] == "TOO*JP*30*M:O"


def test_a_service_over_several_days_is_a_range() -> None:
    line = replace(claim().lines[0], service_end_date=date(2026, 1, 4))

    assert "DTP*472*RD8*20260102-20260104" in list(claim_segments(claim(lines=(line,))))
