"""Which way a decision is disputed, and which decisions are not."""

from __future__ import annotations

import pytest

from sanderling.core.appeals.cases import FoundBy, Need, Vehicle, case_of, cases
from sanderling.core.appeals.vehicles import Decision, choose


@pytest.mark.parametrize(
    ("decision", "vehicle", "case"),
    [
        (Decision("denied", "timely_filing", "TIMELY_FILING", "appeal", "29"),
         Vehicle.RECONSIDERATION, "timely_filing"),
        (Decision("denied", "medical_necessity", "MEDICAL_NECESSITY", "appeal", "50"),
         Vehicle.CLINICAL_APPEAL, "medical_necessity"),
        (Decision("denied", "medical_necessity", "MEDICAL_NECESSITY", "appeal", "150"),
         Vehicle.CLINICAL_APPEAL, "em_level"),
        (Decision("denied", "authorization", "AUTHORIZATION", "obtain_authorization", "197"),
         Vehicle.RECONSIDERATION, "authorization"),
        (Decision("denied", "authorization", "AUTHORIZATION", "obtain_authorization", "243"),
         Vehicle.RECONSIDERATION, "referral"),
        (Decision("denied", "coding", "CODING", "correct_and_rebill", "16"),
         Vehicle.CORRECTED_CLAIM, "coding"),
        (Decision("denied", "bundling", "BUNDLING", "correct_and_rebill", "97"),
         Vehicle.CORRECTED_CLAIM, "bundling"),
        (Decision("denied", "bundling", "BUNDLING", "appeal", "97"),
         Vehicle.CLINICAL_APPEAL, "bundling"),
        # A coder looks first, but nothing on the claim is to be corrected.
        (Decision("denied", "medical_necessity", "MEDICAL_NECESSITY", "correct_and_rebill", "50"),
         Vehicle.CLINICAL_APPEAL, "medical_necessity"),
        (Decision("denied", "documentation", "DOCUMENTATION", "send_records", "252"),
         Vehicle.RECORDS_SUBMISSION, "records"),
        (Decision("pended", "documentation", "DOCUMENTATION", "send_records"),
         Vehicle.RECORDS_SUBMISSION, "records"),
        (Decision("underpaid", "contractual", "CONTRACTUAL", "dispute_underpayment", "45"),
         Vehicle.UNDERPAYMENT_DISPUTE, "underpayment"),
        (Decision("no_response"), Vehicle.COMPLAINT, "late_answer"),
        (Decision("rejected", "eligibility"), Vehicle.CORRECTED_CLAIM, "eligibility"),
    ],
)  # fmt: skip
def test_a_decision_has_its_way(decision: Decision, vehicle: Vehicle, case: str) -> None:
    choice = choose(decision)
    assert (choice.vehicle, choice.case.key) == (vehicle, case)
    assert choice.why.endswith(".")


@pytest.mark.parametrize(
    "barrier",
    ["awaiting_payer", "appeal_pending", "corrected_pending", "not_on_file", "credit_balance",
     "secondary_unbilled", "patient_responsibility", "paid_unposted"],
)  # fmt: skip
def test_what_is_not_decided_is_not_disputed(barrier: str) -> None:
    choice = choose(Decision(barrier))
    assert choice.vehicle is None
    assert not choice.is_appealable
    assert choice.why


def test_an_unprocessable_claim_is_corrected_whatever_its_reason() -> None:
    choice = choose(
        Decision("denied", "timely_filing", "TIMELY_FILING", "appeal", "29", ("MA130",))
    )
    assert choice.vehicle is Vehicle.CORRECTED_CLAIM
    assert "MA130" in choice.why


def test_a_remark_that_moves_the_category_moves_the_case() -> None:
    assert case_of(reason_code="16", subcategory="REGISTRATION", category="").key == "eligibility"
    assert case_of(reason_code="", subcategory="", category="bundling").key == "bundling"
    assert case_of(reason_code="", subcategory="", category="").key == "general"
    assert case_of(reason_code="999", subcategory="UNKNOWN", category="other").key == "general"


def test_every_case_that_is_appealed_has_something_required() -> None:
    for case in cases().values():
        if case.vehicle is not Vehicle.CORRECTED_CLAIM:
            assert any(item.need is Need.REQUIRED for item in case.items), case.key
    keys = [(case.key, item.key) for case in cases().values() for item in case.items]
    assert len(keys) == len(set(keys))


def test_no_reason_code_belongs_to_two_cases() -> None:
    codes = [code for case in cases().values() for code in case.codes]
    assert len(codes) == len(set(codes))


def test_documents_of_a_known_kind_have_a_report_type_of_x12() -> None:
    types = {
        item.report_type
        for case in cases().values()
        for item in case.items
        if item.found_by is FoundBy.DOCUMENT
    }
    assert types <= {"", "M1", "OB", "EB", "09", "B3", "B4", "LA", "AS", "DS", "NN"}
