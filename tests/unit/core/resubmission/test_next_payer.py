"""The claim as sent, made the claim to the next payer: DOMAIN 5.3 and A7."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests import builders
from tests.unit.core.resubmission.claims import (
    SECOND,
    THIRD,
    body,
    dependent,
    hospital,
    low,
    teeth,
)
from tests.unit.core.resubmission.decided import decision, service

from sanderling.core.resubmission.cob import (
    Decision,
    NotTellable,
    PriorDecision,
    never_covered,
    prior_decision,
    refuse_unless_balanced,
)
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.next_payer import (
    Supplied,
    missing,
    seats,
    sent_lines,
    to_next_payer,
)

FIRST_PAID = decision(
    service("99214", "200", "96", "CO-45 80", "PR-2 24", line_control_number="10003L1")
)
SECOND_PAID = decision(
    service("99214", "200", "20", "OA-23 176", "PR-2 4", line_control_number="10003L1"),
    payer_claim_number="SECICN1",
    decided_date=date(2026, 2, 19),
)


def told(document: ClaimDocument, *decisions: Decision) -> PriorDecision:
    lines = sent_lines(document)
    prior = prior_decision(decisions, lines)
    refuse_unless_balanced(prior, lines, "the payer")
    return prior


def second(document: ClaimDocument, *decisions: Decision, msp_type: str = "") -> list[str]:
    prior = told(document, *(decisions or (FIRST_PAID,)))
    return body(to_next_payer(document, place=2, priors={1: prior}, msp_type=msp_type))


def test_the_claim_to_the_second_payer_is_that_of_the_domain_document() -> None:
    assert second(low()) == [
        "SBR*S*18*GRP900******CI",
        "NM1*IL*1*LOW*LEE****MI*SEC900",
        "N3*1 ELM ST",
        "N4*AUSTIN*TX*787020002",
        "DMG*D8*19800214*F",
        "NM1*PR*2*SECOND MUTUAL*****PI*SECM1",
        "CLM*PCN10003*200***11:B:1*Y*A*Y*Y",
        "HI*ABK:J0190",
        "SBR*P*18*GRP100******CI",
        "AMT*D*96",
        "OI***Y***Y",
        "NM1*IL*1*LOW*LEE****MI*ABC000000003",
        "N3*1 ELM ST",
        "N4*AUSTIN*TX*787020002",
        "NM1*PR*2*ACME HEALTH*****PI*ACME1",
        "REF*F8*ACMEICN557",
        "LX*1",
        "SV1*HC:99214*200*UN*1***1",
        "DTP*472*D8*20260104",
        "REF*6R*10003L1",
        "SVD*ACME1*96*HC:99214**1",
        "CAS*CO*45*80",
        "CAS*PR*2*24",
        "DTP*573*D8*20260119",
        "AMT*EAF*24",
    ]


def test_the_third_payer_is_told_what_both_before_it_decided() -> None:
    document = low(others=SECOND + THIRD)
    priors = {1: told(document, FIRST_PAID), 2: told(document, SECOND_PAID)}

    segments = body(to_next_payer(document, place=3, priors=priors))

    assert segments[0] == "SBR*T*18*******MC"
    assert [
        one for one in segments if one.startswith(("SBR", "AMT*D", "REF*F8", "SVD", "CAS"))
    ] == [
        "SBR*T*18*******MC",
        "SBR*P*18*GRP100******CI",
        "AMT*D*96",
        "REF*F8*ACMEICN557",
        "SBR*S*18*GRP900******CI",
        "AMT*D*20",
        "REF*F8*SECICN1",
        "SVD*ACME1*96*HC:99214**1",
        "CAS*CO*45*80",
        "CAS*PR*2*24",
        "SVD*SECM1*20*HC:99214**1",
        "CAS*OA*23*176",
        "CAS*PR*2*4",
    ]


def test_a_payer_after_the_destination_is_named_and_nothing_is_said_of_it() -> None:
    segments = second(low(others=SECOND + THIRD))

    at = segments.index("SBR*T*18*******MC")
    assert segments[at + 1 : at + 4] == [
        "OI***Y***Y",
        "NM1*IL*1*LOW*LEE****MI*TER700",
        "NM1*PR*2*STATE MEDICAID*****PI*MCAID",
    ]


def test_medicare_as_second_payer_is_told_why_and_on_a_hospital_claim_by_a_value_code() -> None:
    document = hospital()
    paid = decision(
        service("99283", "500", "300", "CO-45 150", "PR-1 50", revenue_code="0450"),
        service("", "80", "40", "CO-45 40", revenue_code="0250", line_control_number="H1L2"),
        mia=("0", "", "", "100"),
    )

    segments = second(document, paid, msp_type="12")

    assert segments[0] == "SBR*S*18*******MA"  # the 837I does not use SBR05
    assert "HI*BE:A1:::50*BE:12:::340" in segments
    assert "MIA*0***100" in segments
    assert [one for one in segments if one.startswith("SVD")] == [
        "SVD*ACME1*300*HC:99283*0450*1",
        "SVD*ACME1*40**0250*1",
    ]


def test_medicare_as_second_payer_of_a_doctors_claim_is_told_why() -> None:
    medicare = SECOND.replace("*GRP900******CI", "*******MB")

    prior = {1: told(low(others=medicare), FIRST_PAID)}
    written = to_next_payer(low(others=medicare), place=2, priors=prior, msp_type="12")

    assert body(written)[0] == "SBR*S*18***12****MB"


def test_a_childs_claim_keeps_the_child_and_changes_the_parent() -> None:
    segments = second(dependent(), decision(service("99213", "150", "100", "PR-1 50")))

    assert segments[:10] == [
        "SBR*S********CI",
        "NM1*IL*1*DOE*DAN****MI*DAD1",
        "NM1*PR*2*SECOND MUTUAL*****PI*SECM1",
        "PAT*19",
        "NM1*QC*1*ROE*KIM",
        "N3*1 ELM ST",
        "N4*AUSTIN*TX*787020002",
        "DMG*D8*20180309*F",
        "CLM*D1*150***11:B:1*Y*A*Y*Y",
        "HI*ABK:J0190",
    ]
    assert segments[10] == "SBR*P*19*******CI"
    assert "NM1*IL*1*ROE*ANN****MI*MOM1" in segments


def test_one_who_becomes_a_dependent_is_named_as_patient_without_a_member_id() -> None:
    spouse = SECOND.replace("SBR*S*18", "SBR*S*01").replace("LOW*LEE****MI", "LOW*SUE****MI")

    segments = second(low(others=spouse))

    assert segments[:8] == [
        "SBR*S**GRP900******CI",
        "NM1*IL*1*LOW*SUE****MI*SEC900",
        "NM1*PR*2*SECOND MUTUAL*****PI*SECM1",
        "PAT*01",
        "NM1*QC*1*LOW*LEE",
        "N3*1 ELM ST",
        "N4*AUSTIN*TX*787020002",
        "DMG*D8*19800214*F",
    ]


def test_numbers_that_a_payer_gave_stay_with_that_payer() -> None:
    # The first payer's claim number and authorization, the second one's authorization, and a line
    # authorized by each.
    line = builders.line("99214", 200, control="10003L1", day="20260104").replace(
        "REF*6R", "REF*G1*AUTH1~REF*G1*AUTH2**2U:SECM1~REF*6R"
    )
    document = low(line, others=SECOND + "REF*G1*SECAUTH~")
    claim = document.claim
    refs = tuple(
        one
        for text in (("F8", "OLD"), ("G1", "CLAIMAUTH"), ("EA", "MRN1"))
        for one in (replace(claim.segments[0], elements=("REF", *text)),)
    )
    document = replace(
        document,
        claim=replace(claim, segments=(claim.segments[0], *refs, *claim.segments[1:])),
    )

    segments = second(document)

    at = segments.index("CLM*PCN10003*200***11:B:1*Y*A*Y*Y")
    assert segments[at + 1 : at + 4] == ["REF*EA*MRN1", "REF*G1*SECAUTH", "HI*ABK:J0190"]
    at = segments.index("NM1*PR*2*ACME HEALTH*****PI*ACME1")
    assert segments[at + 1 : at + 3] == ["REF*G1*CLAIMAUTH", "REF*F8*ACMEICN557"]
    at = segments.index("LX*1")
    assert segments[at + 3 : at + 6] == [
        "REF*G1*AUTH1**2U:ACME1",
        "REF*G1*AUTH2",
        "REF*6R*10003L1",
    ]
    assert "REF*F8*OLD" not in segments


def test_a_replacement_to_the_first_payer_is_an_original_to_the_second() -> None:
    segments = second(low(frequency="7", original_reference="ICN0"))

    assert "CLM*PCN10003*200***11:B:1*Y*A*Y*Y" in segments
    assert "REF*F8*ICN0" not in segments


def test_a_decision_without_lines_is_told_with_its_day_and_what_is_left() -> None:
    whole = decision(claim=("CO-45 80", "PR-2 24"), charge_cents=200_00, paid_cents=96_00)

    segments = second(low(), whole)

    at = segments.index("SBR*P*18*GRP100******CI")
    assert segments[at + 1 : at + 6] == [
        "CAS*CO*45*80",
        "CAS*PR*2*24",
        "AMT*D*96",
        "AMT*EAF*24",
        "OI***Y***Y",
    ]
    assert "DTP*573*D8*20260119" in segments
    assert not [one for one in segments if one.startswith("SVD")]


def test_a_payer_that_never_covers_the_claim_is_told_by_its_amount_alone() -> None:
    segments = body(to_next_payer(low(), place=2, priors={1: never_covered(200_00)}))

    at = segments.index("SBR*P*18*GRP100******CI")
    assert segments[at + 1 : at + 3] == ["AMT*A8*200", "OI***Y***Y"]
    assert not [one for one in segments if one.startswith(("SVD", "CAS", "AMT*D"))]


def test_a_coverage_that_the_claim_does_not_name_is_asked_for_and_then_used() -> None:
    document = low(others="")
    assert missing(document, seats(document).get(2)) == (
        "the payer's name and electronic id",
        "the member id",
        "the kind of insurance",
    )
    prior = {1: told(document, FIRST_PAID)}
    with pytest.raises(NotTellable, match="does not tell the payer's name"):
        to_next_payer(document, place=2, priors=prior)

    supplied = Supplied("Second Mutual", "SECM1", "SEC900", "CI", group_number="GRP900")
    segments = body(to_next_payer(document, place=2, priors=prior, supplied=supplied))

    assert segments[:2] == ["SBR*S*18*GRP900******CI", "NM1*IL*1*LOW*LEE****MI*SEC900"]


def test_a_payer_before_without_a_decision_is_refused() -> None:
    document = low(others=SECOND + THIRD)

    with pytest.raises(NotTellable, match="a payer before has not decided"):
        to_next_payer(document, place=3, priors={1: told(document, FIRST_PAID)})


def test_two_payers_of_one_id_are_refused_because_lines_could_not_be_told_apart() -> None:
    document = low(others=SECOND.replace("SECM1", "ACME1") + THIRD)
    priors = {1: told(document, FIRST_PAID), 2: told(document, SECOND_PAID)}

    with pytest.raises(NotTellable, match="go by the same id"):
        to_next_payer(document, place=3, priors=priors)


def test_a_dental_claim_is_told_by_its_own_codes() -> None:
    document = teeth()
    answered = service(
        "D2391", "180", "100", "CO-45 50", "PR-2 30", qualifier="AD", submitted_procedure="D2392"
    )

    segments = second(document, decision(answered))

    assert "TOO*JP*14*M:O" in segments
    at = segments.index("SVD*BDP01*100*AD:D2391**1")
    assert segments[at + 1 :] == [
        "CAS*CO*45*50",
        "CAS*PR*2*30",
        "DTP*573*D8*20260119",
        "AMT*EAF*30",
    ]
