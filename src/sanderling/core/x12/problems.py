"""What a reader found wrong, as values: a person can find the place and knows what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """How far a deviation reaches."""

    WARNING = "warning"  # read and posted; the sender should hear of it
    CLAIM = "claim"  # this claim payment or claim cannot be posted as it stands; the rest can
    REFUSED = "refused"  # the transaction set (or interchange, or file) is not taken


@dataclass(frozen=True, slots=True)
class Problem:
    """One deviation at one place.

    `message` says what was found and what to do; it never repeats patient data (element values
    of names, birth dates, member ids), only codes, counts and amounts.
    """

    code: str  # stable name, snake_case: "segment_count_differs", "claim_out_of_balance", ...
    severity: Severity
    message: str
    segment: str = ""  # segment identifier: "CLP"
    position: int = 0  # number of the segment in the file, the first ISA is 1; 0: the whole file
    loop: str = ""  # "2100"
    element: str = ""  # "CLP03", "SVC01-2"
    claim_index: int = -1  # the claim it stands in, -1: none


# What each code means. A problem takes its severity from here unless its place calls for another.
CODES: Final[dict[str, tuple[Severity, str]]] = {
    # --- the file and its envelopes
    "empty_file": (Severity.REFUSED, "There is nothing in the file."),
    "no_interchange": (Severity.REFUSED, "No ISA segment was found."),
    "byte_order_mark": (Severity.WARNING, "A byte-order mark stands before the first segment."),
    "utf16": (Severity.WARNING, "The file is UTF-16; X12 is one byte a character."),
    "leading_blanks": (Severity.WARNING, "Blanks or empty lines stand before the first ISA."),
    "bytes_skipped": (Severity.WARNING, "Bytes outside any interchange were not read."),
    "isa_length": (Severity.WARNING, "The ISA segment is not 106 characters long."),
    "isa_unreadable": (Severity.REFUSED, "An ISA does not have its 16 elements."),
    "delimiters_unusable": (Severity.REFUSED, "Delimiters are letters, digits, or the same."),
    "interchange_unreadable": (Severity.REFUSED, "What follows the ISA is no X12."),
    "segment_too_long": (Severity.REFUSED, "No segment terminator for a very long stretch."),
    "test_usage": (Severity.WARNING, "ISA15 says that it is a test; it is posted all the same."),
    "duplicate_interchange": (Severity.WARNING, "ISA13 occurred before from the same sender."),
    "duplicate_group": (Severity.WARNING, "GS06 occurred before in this interchange."),
    "duplicate_set": (Severity.WARNING, "ST02 occurred before in this functional group."),
    "set_missing": (Severity.WARNING, "The interchange has no transaction set."),
    "component_separator_differs": (
        Severity.WARNING,
        "Composites are divided by another character than ISA16 says.",
    ),
    "interchange_not_closed": (Severity.WARNING, "IEA is missing."),
    "interchange_number_differs": (Severity.WARNING, "IEA02 is not ISA13."),
    "group_count_differs": (Severity.WARNING, "IEA01 is not the count of functional groups."),
    "group_not_closed": (Severity.WARNING, "GE is missing."),
    "group_number_differs": (Severity.WARNING, "GE02 is not GS06."),
    "set_count_differs": (Severity.WARNING, "GE01 is not the count of transaction sets."),
    "functional_code_differs": (Severity.WARNING, "GS01 is not the one for this set."),
    "set_outside_group": (Severity.WARNING, "ST without a GS before it."),
    "segment_outside_set": (Severity.WARNING, "A segment stands outside any transaction set."),
    "missing_terminator": (Severity.WARNING, "The last segment has no terminator."),
    "wrapped_lines": (Severity.WARNING, "Line breaks inside segments were taken out."),
    "not_utf8": (Severity.WARNING, "Text is neither ASCII nor UTF-8; read as Latin-1."),
    "null_bytes": (Severity.WARNING, "Null bytes were taken out."),
    "padded_elements": (Severity.WARNING, "Blanks around elements were taken off."),
    "empty_segments": (Severity.WARNING, "Segment terminators follow one another."),
    # --- the transaction set
    "set_not_supported": (Severity.REFUSED, "This transaction set is not read here."),
    "guide_not_supported": (Severity.REFUSED, "This implementation guide is not read here."),
    "guide_missing": (Severity.WARNING, "No implementation guide is named."),
    "guide_contradicts_set": (Severity.REFUSED, "The guide belongs to another set."),
    "guide_differs": (Severity.WARNING, "ST03 is not GS08."),
    "set_truncated": (Severity.REFUSED, "The transaction set breaks off before its SE."),
    "segment_count_differs": (Severity.WARNING, "SE01 is not the count of segments."),
    "set_number_differs": (Severity.WARNING, "SE02 is not ST02."),
    "set_number_missing": (Severity.WARNING, "ST02 is empty."),
    # --- segments and elements
    "segment_unknown": (Severity.WARNING, "The guide has no such segment; it was kept."),
    "segment_out_of_place": (Severity.WARNING, "The segment does not belong here; it was kept."),
    "segment_repeated": (Severity.WARNING, "The segment may stand here once; it was kept."),
    "required_segment_missing": (Severity.WARNING, "The guide requires this segment."),
    "required_element_missing": (Severity.WARNING, "The guide requires this element."),
    "element_not_in_guide": (Severity.WARNING, "More elements than the segment has."),
    "amount_unreadable": (Severity.CLAIM, "The element is no amount in dollars and cents."),
    "date_unreadable": (Severity.WARNING, "The element is no day of the calendar."),
    "code_unknown": (Severity.WARNING, "The guide has no such code for this element."),
    "npi_invalid": (Severity.WARNING, "The check digit of the NPI is wrong."),
    # --- 835
    "claim_out_of_balance": (Severity.CLAIM, "CLP04 is not CLP03 less all adjustments."),
    "line_out_of_balance": (Severity.CLAIM, "SVC03 is not SVC02 less the line's adjustments."),
    "transaction_out_of_balance": (Severity.REFUSED, "BPR02 is not what the claims sum up to."),
    "patient_share_differs": (Severity.WARNING, "CLP05 is not the sum of the PR adjustments."),
    "line_charges_differ": (Severity.WARNING, "The lines do not add up to the charge."),
    "group_code_retired": (Severity.WARNING, "Group code CR does not exist in version 5010."),
    "reason_code_unreadable": (Severity.WARNING, "This is not how a reason code is written."),
    "adjustment_without_amount": (Severity.WARNING, "An adjustment has no amount; 0 was read."),
    "adjustment_without_reason": (Severity.CLAIM, "An amount without a reason code."),
    "payment_negative": (Severity.WARNING, "BPR02 is negative."),
    "claim_number_missing": (Severity.CLAIM, "The claim has no number (CLP01, CLM01)."),
    # --- 837 and the answers to it
    "count_unreadable": (Severity.WARNING, "The element is no whole number."),
    "level_unknown": (Severity.WARNING, "HL03 is no level of the guide."),
    "level_number_out_of_order": (Severity.WARNING, "HL01 does not go on counting."),
    "level_parent_wrong": (Severity.WARNING, "HL02 does not name the level around this one."),
    "level_child_code_wrong": (Severity.WARNING, "HL04 does not fit the levels that follow."),
    "level_missing": (Severity.WARNING, "A level begins without its HL."),
    "claim_level_in_doubt": (Severity.CLAIM, "The levels above the claim do not fit together."),
    "set_without_claims": (Severity.WARNING, "The transaction set has no claim."),
    "claim_without_lines": (Severity.CLAIM, "The claim has no service line."),
    "line_without_service": (Severity.CLAIM, "The line has no SV1, SV2 or SV3."),
    "claim_charge_differs": (Severity.CLAIM, "CLM02 is not the sum of the line charges."),
    "frequency_unknown": (Severity.CLAIM, "CLM05-3 is no claim frequency."),
    "frequency_missing": (Severity.WARNING, "CLM05-3 is empty; read as an original claim."),
    "original_reference_missing": (Severity.CLAIM, "Frequency 7 or 8 without REF*F8."),
    "diagnosis_pointer_unmatched": (Severity.WARNING, "A pointer names no diagnosis of the claim."),
    "principal_diagnosis_missing": (Severity.WARNING, "The claim has no principal diagnosis."),
    "service_date_missing": (Severity.WARNING, "Neither line nor claim has a service date."),
    "line_number_out_of_order": (Severity.WARNING, "LX01 does not go on counting."),
    "line_control_number_repeated": (Severity.WARNING, "Two lines of a claim share REF*6R."),
    "dates_reversed": (Severity.WARNING, "A range ends before it begins."),
    "group_code_unknown": (Severity.WARNING, "The adjustment group is none of CO, PR, OA, PI."),
    "prior_payer_unmatched": (Severity.WARNING, "SVD01 names no other payer of the claim."),
    "prior_payment_out_of_balance": (Severity.WARNING, "Line charge is not SVD02 plus CAS."),
    "coverage_out_of_balance": (
        Severity.WARNING,
        "Claim charge is not AMT*D plus all CAS of the payer.",
    ),
    "adjudication_date_missing": (Severity.WARNING, "A prior payment has no DTP*573."),
    "acknowledged_count_differs": (Severity.WARNING, "A count does not fit what the file has."),
    "acknowledgement_unreadable": (Severity.REFUSED, "Nothing says what is answered."),
    "verdict_missing": (Severity.WARNING, "IK5 or AK9 is missing."),
    "verdict_unknown": (Severity.WARNING, "The verdict is no code of the guide."),
    "verdict_contradicts": (Severity.WARNING, "The verdicts do not fit together."),
    "status_missing": (Severity.WARNING, "A claim without STC."),
    "status_malformed": (Severity.WARNING, "An STC composite is no category and code."),
    "claim_trace_missing": (Severity.CLAIM, "The claim has no TRN02."),
}


def problem_at(
    code: str,
    message: str,
    *,
    severity: Severity | None = None,
    segment: str = "",
    position: int = 0,
    loop: str = "",
    element: str = "",
    claim_index: int = -1,
) -> Problem:
    """Return a problem with the severity of its code, unless `severity` says otherwise."""
    return Problem(
        code=code,
        severity=severity or CODES[code][0],
        message=message,
        segment=segment,
        position=position,
        loop=loop,
        element=element,
        claim_index=claim_index,
    )
