from __future__ import annotations

from datetime import date

import pytest
from tests.unit.core.x12.write.examples import ADDRESS, CLINIC, JANE, SMITH

from sanderling.core.x12.write.adjustments import Adjustment, cas_segments
from sanderling.core.x12.write.remittance import (
    ClaimPayment,
    LinePayment,
    ProviderAdjustment,
    Remittance,
    RemittancePayer,
)
from sanderling.core.x12.write.remittances_835 import (
    NegativePayment,
    claim_payment_segments,
    provider_adjustment_segments,
    remittance_segments,
    remittance_transaction,
)

PAYER = RemittancePayer("ACME HEALTH", "741112223", ADDRESS)
PAID_DATE = date(2026, 1, 20)


def line(paid_cents: int = 7200) -> LinePayment:
    return LinePayment(
        "99213",
        15000,
        paid_cents,
        modifiers=("25",),
        service_date=date(2026, 1, 2),
        adjustments=(Adjustment("CO", "45", 6000), Adjustment("PR", "2", 1800)),
        control_number="10001L1",
        allowed_cents=9000,
        remarks=("M15",),
    )


def payment(**changes: object) -> ClaimPayment:
    facts: dict[str, object] = {
        "control_number": "PCN10001",
        "status": "1",
        "charge_cents": 15000,
        "paid_cents": 7200,
        "patient_cents": 1800,
        "filing_indicator": "12",
        "payer_claim_number": "ACMEICN555",
        "patient": JANE,
        "member_id": "ABC123456789",
        "facility_code": "11",
        "frequency": "1",
        "rendering": SMITH,
        "received_date": date(2026, 1, 5),
        "lines": (line(),),
    }
    return ClaimPayment(**(facts | changes))  # type: ignore[arg-type]  # a test's shorthand


def remittance(*claims: ClaimPayment, **changes: object) -> Remittance:
    facts: dict[str, object] = {
        "payer": PAYER,
        "payee": CLINIC,
        "trace": "EFT900001",
        "production_date": date(2026, 1, 19),
        "payment_date": PAID_DATE,
        "claims": claims,
    }
    return Remittance(**(facts | changes))  # type: ignore[arg-type]  # a test's shorthand


def test_a_paid_claim_is_written_as_in_the_guide() -> None:
    assert list(claim_payment_segments(payment())) == [
        "CLP*PCN10001*1*150*72*18*12*ACMEICN555*11*1",
        "NM1*QC*1*DOE*JANE****MI*ABC123456789",
        "NM1*82*1*SMITH*ALAN****XX*1987654328",
        "DTM*050*20260105",
        "SVC*HC:99213:25*150*72**1",
        "DTM*472*20260102",
        "CAS*CO*45*60",
        "CAS*PR*2*18",
        "REF*6R*10001L1",
        "AMT*B6*90",
        "LQ*HE*M15",
    ]


def test_the_payment_is_claims_less_provider_adjustments() -> None:
    interest = ProviderAdjustment("1234567893", date(2026, 12, 31), "L6", "ACMEICN555", -125)
    recovery = ProviderAdjustment("1234567893", date(2026, 12, 31), "WO", "PCN08800", 4000)
    made = remittance(payment(), provider_adjustments=(interest, recovery))

    assert made.paid_cents == 7200 + 125 - 4000
    body = list(remittance_segments(made))
    assert body[0].startswith("BPR*I*33.25*C*ACH*CCP*")
    assert body[0].endswith("*20260120")
    assert body[-1] == "PLB*1234567893*20261231*L6:ACMEICN555*-1.25*WO:PCN08800*40"


def test_nothing_to_pay_is_a_notification_without_money() -> None:
    denied = payment(
        paid_cents=0, patient_cents=0,
        lines=(LinePayment("99213", 15000, 0, adjustments=(Adjustment("CO", "16", 15000),)),),
    )  # fmt: skip

    assert next(remittance_segments(remittance(denied))) == "BPR*H*0*C*NON************20260120"


def test_a_payment_below_zero_is_refused() -> None:
    reversal = payment(status="22", paid_cents=-7200)

    with pytest.raises(NegativePayment):
        remittance_transaction(remittance(reversal), "0001")


def test_balance_is_told_at_line_and_claim_level() -> None:
    assert payment().is_balanced
    assert not line(7199).is_balanced
    assert not payment(lines=(line(7199),), paid_cents=7199).is_balanced
    assert not payment(paid_cents=7100).is_balanced


def test_seven_reasons_of_a_group_need_two_segments() -> None:
    written = list(cas_segments(Adjustment("CO", str(code), 100) for code in range(1, 8)))

    assert written == ["CAS*CO*1*1**2*1**3*1**4*1**5*1**6*1", "CAS*CO*7*1"]


def test_six_provider_adjustments_fit_one_segment() -> None:
    items = [ProviderAdjustment("1", PAID_DATE, "WO", f"R{place}", 100) for place in range(7)]

    written = list(provider_adjustment_segments(items))

    assert [item.count("WO:") for item in written] == [6, 1]


def test_an_inpatient_stay_writes_mia_with_zero_and_covered_days_apart() -> None:
    stay = payment(lines=(), covered_days=3, inpatient_remarks=("MA18", "N130"),
                   adjustments=(Adjustment("CO", "45", 7800),))  # fmt: skip
    written = list(claim_payment_segments(stay))

    assert "MIA*0****MA18***************N130" in written
    assert "QTY*CA*3" in written
