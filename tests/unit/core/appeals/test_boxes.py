"""The claim as sent by the boxes of the paper forms."""

from __future__ import annotations

from sanderling.core.appeals.boxes import Form, form_of
from sanderling.core.resubmission.reading import documents_in

ISA = (
    "ISA*00*          *00*          *ZZ*CLEARHOUSE     *ZZ*BILLCO         *260105*0600*^*00501*"
    "000000101*0*P*:~"
)
PEOPLE = (
    "BHT*0019*00*B1*20260105*0930*CH~NM1*41*2*BILLCO*****46*BILLCO~PER*IC*EDI*TE*5555550100~"
    "NM1*40*2*CLEARHOUSE*****46*CLEARHOUSE~HL*1**20*1~NM1*85*2*MAPLE CLINIC*****XX*1234567893~"
    "N3*100 MAIN ST~N4*AUSTIN*TX*787010001~REF*EI*741234567~PER*IC*DESK*TE*5125550100~"
    "HL*2*1*22*0~SBR*P*18*GRP1*PLAN ONE*****CI~NM1*IL*1*DOE*JANE*Q***MI*M1~N3*1 ELM ST~"
    "N4*AUSTIN*TX*78702~DMG*D8*19800214*F~NM1*PR*2*ACME HEALTH*****PI*ACME1~"
)


def form(claim: str, *, kind: str) -> Form:
    guide = {"P": "005010X222A1", "I": "005010X223A2", "D": "005010X224A2"}[kind]
    body = PEOPLE + claim
    text = (
        f"{ISA}GS*HC*CLEARHOUSE*BILLCO*20260105*0600*101*X*{guide}~ST*837*0001*{guide}~{body}"
        f"SE*{body.count('~') + 2}*0001~GE*1*101~IEA*1*000000101~"
    )
    (document,) = documents_in(text.encode())
    return form_of(document)


def values(found: Form) -> dict[str, str]:
    return {f"{one.number} {one.label}": one.value for one in (*found.head, *found.foot)}


def test_a_professional_claim_has_the_numbers_of_the_cms_1500() -> None:
    found = form(
        "CLM*A1*180.5***11:B:7*Y*A*Y*Y**EM:AA~REF*F8*ICN9~REF*G1*AUTH5~HI*ABK:J0190*ABF:M545~"
        "NM1*DN*1*ROE*ANN****XX*1999999984~NM1*82*1*RAY*BO****XX*1888888886~"
        "LX*1~SV1*HC:99213:25*180.5*UN*2***1:2~DTP*472*RD8*20260102-20260103~",
        kind="P",
    )
    said = values(found)
    assert said["1a Insured's number"] == "M1"
    assert said["2 Patient"] == "DOE, JANE Q"
    assert said["3 Birth date, sex"] == "1980-02-14, F"
    assert said["10 Condition related to"] == "employment, auto accident"
    assert said["17 Referring provider"] == "ROE, ANN, NPI 1999999984"
    assert said["21 Diagnoses"] == "A J0190  B M545"
    assert said["22 Resubmission code, original number"] == "7 ICN9"
    assert said["23 Prior authorization number"] == "AUTH5"
    assert said["25 Federal tax number"] == "741234567"
    assert said["28 Total charge"] == "$180.50"
    assert said["33 Billing provider's phone"] == "5125550100"
    assert found.lines == (
        ("2026-01-02 to 2026-01-03", "11", "99213 25", "AB", "$180.50", "2", "1888888886"),
    )
    assert "29 Amount paid by patient" not in said


def test_an_institutional_claim_has_the_numbers_of_the_ub_04() -> None:
    found = form(
        "CLM*H1*5000***11:A:1**A*Y*Y~DTP*434*RD8*20260102-20260105~DTP*435*DT*202601021130~"
        "CL1*1*7*01~REF*EA*MR77~HI*ABK:I10~HI*ABJ:R079~HI*BH:11:D8:20260101~HI*BE:A1:::50~"
        "HI*BG:02~NM1*71*1*ROE*ANN****XX*1999999984~"
        "LX*1~SV2*0120**4000*DA*3**100~DTP*472*D8*20260102~LX*2~SV2*0450*HC:99284*1000*UN*1~",
        kind="I",
    )
    said = values(found)
    assert said["4 Type of bill"] == "0111"
    assert said["6 Statement covers"] == "2026-01-02 to 2026-01-05"
    assert said["12 Admission"] == "2026-01-02"
    assert said["3b Medical record number"] == "MR77"
    assert said["18-28 Condition codes"] == "02"
    assert said["31-34 Occurrences"] == "11 2026-01-01"
    assert said["39-41 Values"] == "A1 $50.00"
    assert said["67 Principal diagnosis"] == "I10"
    assert said["69 Admitting diagnosis"] == "R079"
    assert said["76 Attending provider"] == "ROE, ANN, NPI 1999999984"
    assert found.lines == (
        ("0120", "", "2026-01-02", "3", "$4,000.00", "$100.00"),
        ("0450", "99284", "", "1", "$1,000.00", ""),
    )


def test_a_dental_claim_shows_its_facts_without_the_numbers_of_another_form() -> None:
    found = form(
        "CLM*D1*90***11:B:1*Y*A*Y*Y~DTP*472*D8*20260102~LX*1~SV3*AD:D0120*90****1~", kind="D"
    )
    assert found.title == "Dental claim as sent (837D)"
    assert {one.number for one in (*found.head, *found.foot)} == {""}
    assert found.lines[0][2] == "D0120"
