"""Why payers deny and why front ends reject: categories with their codes and weights.

Mix: domain reference 12.3; groups and remark requirements: 3.1; 277CA codes: 2.12.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One way a denial looks on the remittance."""

    group: str
    code: str
    remarks: tuple[str, ...]
    weight: float
    is_whole: bool = True  # False: may strike a single line


@dataclass(frozen=True, slots=True)
class FrontEndReason:
    """One way a claim is rejected before adjudication (STC01 of a 277CA)."""

    category: str  # of the product's list
    status_category: str
    status: str
    entity: str
    text: str
    planted: str = ""  # name of the planted problem that rejected it


DENIALS: dict[str, tuple[Reason, ...]] = {
    "eligibility": (
        Reason("PR", "27", (), 30),
        Reason("PR", "31", ("N382",), 20),
        Reason("CO", "31", (), 8),
        Reason("PR", "26", (), 8),
        Reason("CO", "109", ("N418",), 15),
        Reason("CO", "140", (), 6),
        Reason("PR", "177", (), 8),
        Reason("CO", "24", (), 8),
    ),
    "missing_information": (
        Reason("CO", "16", ("N382",), 20),
        Reason("CO", "16", ("N290",), 15),
        Reason("CO", "16", ("MA130",), 12),
        Reason("CO", "16", ("M51",), 12, is_whole=False),
        Reason("CO", "16", ("M76",), 10),
        Reason("CO", "16", ("N286",), 8),
        Reason("CO", "208", ("N290",), 8),
    ),
    "coordination_of_benefits": (
        Reason("CO", "22", ("MA04",), 45),
        Reason("OA", "22", ("N598",), 15),
        Reason("PR", "227", ("N179",), 15),
        Reason("CO", "129", ("MA04",), 10),
    ),
    "authorization": (
        Reason("CO", "197", (), 50),
        Reason("CO", "197", ("M62",), 15),
        Reason("CO", "198", (), 12),
        Reason("CO", "296", (), 8),
        Reason("CO", "288", (), 8),
    ),
    "documentation": (
        Reason("CO", "252", ("M127",), 30),
        Reason("CO", "252", ("N706",), 15),
        Reason("CO", "226", ("M127",), 30),
        Reason("PI", "252", ("N706",), 8),
    ),
    "coding": (
        Reason("CO", "4", ("M78",), 30, is_whole=False),
        Reason("CO", "11", ("M64",), 30, is_whole=False),
        Reason("CO", "181", ("M20",), 10, is_whole=False),
        Reason("CO", "146", ("M76",), 8),
        Reason("CO", "5", ("M77",), 12),
    ),
    "bundling": (
        Reason("CO", "97", ("M15",), 60, is_whole=False),
        Reason("CO", "236", ("N20",), 20, is_whole=False),
        Reason("CO", "234", ("M15",), 10, is_whole=False),
    ),
    "medical_necessity": (
        Reason("CO", "50", ("N115",), 45, is_whole=False),
        Reason("CO", "50", (), 30, is_whole=False),
        Reason("CO", "150", (), 10, is_whole=False),
        Reason("CO", "55", (), 10, is_whole=False),
    ),
    "non_covered": (
        Reason("PR", "96", ("N130",), 30, is_whole=False),
        Reason("CO", "96", ("N130",), 15, is_whole=False),
        Reason("PR", "204", ("N130",), 35, is_whole=False),
    ),
    "benefit_limit": (
        Reason("PR", "119", ("N362",), 60, is_whole=False),
        Reason("CO", "119", (), 20),
    ),
    "provider": (
        Reason("CO", "B7", ("N570",), 60),
        Reason("CO", "185", ("N570",), 20),
        Reason("CO", "170", ("N95",), 10),
    ),
    "timely_filing": (Reason("CO", "29", (), 1),),
}

DUPLICATE = Reason("OA", "18", ("N522",), 1)
PENDED = Reason("OA", "133", (), 1)
PENDED_REASON = "OA-133"
LATE = DENIALS["timely_filing"][0]
NO_AUTHORIZATION = DENIALS["authorization"][0]
MODIFIER_EDIT = DENIALS["coding"][0]
COVERAGE_ENDED = DENIALS["eligibility"][0]

REJECTIONS: tuple[tuple[FrontEndReason, float], ...] = (
    (FrontEndReason("eligibility", "A7", "164", "IL", "SUBSCRIBER ID NOT FOUND"), 35),
    (FrontEndReason("eligibility", "A7", "158", "QC", "PATIENT BIRTH DATE"), 15),
    (FrontEndReason("provider", "A7", "562", "85", "BILLING NPI NOT ON FILE"), 15),
    (FrontEndReason("coding", "A7", "254", "", "DIAGNOSIS CODE INVALID FOR DATE"), 15),
    (FrontEndReason("missing_information", "A6", "286", "PR", "OTHER PAYER DATA MISSING"), 10),
    (FrontEndReason("coding", "A8", "507", "", "PROCEDURE AND MODIFIER CONFLICT"), 10),
)
ORIGINAL_NOT_FINAL = FrontEndReason(
    "missing_information", "A3", "495", "", "ORIGINAL CLAIM NOT FINALIZED"
)
SUBSET = FrontEndReason("missing_information", "A3", "21", "", "TRANSACTION SET REJECTED")
