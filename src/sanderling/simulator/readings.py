"""What a biller reads from the codes of a denial: category and first thing to do.

Names are those of the command line's contract. Source: the domain reference 3.4 and 3.5 (CARC and
RARC tables, here only the codes this world uses), mapped as the contract says. A remark counts when
its row names the reason code; otherwise the reason code speaks alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from sanderling.simulator.reasons import FrontEndReason, Reason


@dataclass(frozen=True, slots=True)
class Reading:
    """Category of a denial and the first step of its action chain that applies."""

    category: str
    next_action: str


CORRECT, VERIFY, CALL = "correct_and_rebill", "verify_eligibility", "call_payer"
AUTHORIZE, RECORDS, ENROLL = "obtain_authorization", "send_records", "escalate"

UNKNOWN = Reading("other", CALL)  # a code of no table: to a person, never written off

_BY_CODE = {
    "4": Reading("coding", CORRECT),
    "5": Reading("coding", CORRECT),
    "11": Reading("coding", CORRECT),
    "16": Reading("missing_information", CORRECT),
    "18": Reading("duplicate", CALL),
    "22": Reading("coordination_of_benefits", VERIFY),
    "24": Reading("contractual", "bill_secondary"),  # no capitation contract: another plan pays
    "26": Reading("eligibility", VERIFY),
    "27": Reading("eligibility", VERIFY),
    "29": Reading("timely_filing", "appeal"),
    "31": Reading("eligibility", VERIFY),
    "45": Reading("contractual", CALL),  # over the whole charge: not a valid use
    "50": Reading("medical_necessity", CORRECT),
    "55": Reading("medical_necessity", "appeal"),
    "96": Reading("non_covered", CALL),
    "97": Reading("bundling", CORRECT),
    "109": Reading("coordination_of_benefits", VERIFY),
    "119": Reading("benefit_limit", "appeal"),  # or the next payer, when there is one
    "129": Reading("coordination_of_benefits", CALL),
    "140": Reading("eligibility", VERIFY),
    "146": Reading("coding", CORRECT),
    "150": Reading("medical_necessity", RECORDS),
    "170": Reading("provider", ENROLL),
    "177": Reading("eligibility", VERIFY),
    "181": Reading("coding", CORRECT),
    "185": Reading("provider", ENROLL),
    "197": Reading("authorization", AUTHORIZE),
    "198": Reading("authorization", AUTHORIZE),
    "204": Reading("non_covered", VERIFY),
    "208": Reading("provider", ENROLL),
    "226": Reading("documentation", RECORDS),
    "227": Reading("coordination_of_benefits", VERIFY),
    "234": Reading("bundling", CORRECT),
    "236": Reading("bundling", CORRECT),
    "252": Reading("documentation", RECORDS),
    "288": Reading("authorization", AUTHORIZE),
    "296": Reading("authorization", AUTHORIZE),
    "B7": Reading("provider", ENROLL),
}
_BY_REMARK = {
    ("16", "N382"): Reading("eligibility", VERIFY),
    ("16", "MA130"): Reading("missing_information", "resubmit"),
    ("16", "M51"): Reading("coding", CORRECT),
    ("16", "M76"): Reading("coding", CORRECT),
    ("22", "MA04"): Reading("coordination_of_benefits", "bill_secondary"),
    ("22", "N598"): Reading("coordination_of_benefits", "bill_secondary"),
    ("96", "N130"): Reading("non_covered", CALL),
    ("109", "N418"): Reading("coordination_of_benefits", "resubmit"),
    ("204", "N130"): Reading("non_covered", CALL),
}
_BENEFIT_USED_UP = frozenset({"119"})

# 277 final status F2 by status code (3.7); code 1 only points to the remittance.
_BY_STATUS = {
    "54": Reading("duplicate", CALL),
    "88": Reading("eligibility", VERIFY),
    "297": Reading("documentation", RECORDS),
}


def read_denial(reason: Reason, *, has_next_payer: bool) -> Reading:
    """Read a denial as it stands on the remittance."""
    for remark in reason.remarks:
        found = _BY_REMARK.get((reason.code, remark))
        if found is not None:
            return found
    if reason.code in _BENEFIT_USED_UP and has_next_payer:
        return Reading("benefit_limit", "bill_secondary")
    return _BY_CODE.get(reason.code, UNKNOWN)


def read_status(status: str) -> Reading:
    """Read the status code of a 277 that says denied."""
    return _BY_STATUS.get(status, UNKNOWN)


def read_rejection(reason: FrontEndReason) -> Reading:
    """Read a rejection: fixed, it goes out as a new claim."""
    return Reading(reason.category, "resubmit")
