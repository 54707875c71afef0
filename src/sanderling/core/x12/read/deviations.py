"""What can be wrong in an 837 or an answer to one, in sentences that say what to do.

How far each code reaches stands in `problems.CODES`. The sentences hold codes, counts and amounts
only, never a name, a birth date or a member id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sanderling.core.x12.problems import CODES, Problem, Severity

SENTENCES: Final[dict[str, str]] = {
    # --- any set ---
    "segment_unknown": (
        "The guide has no segment {tag}; it is kept as it came. Ask the sender what it is for."
    ),
    "segment_out_of_place": (
        "{tag} does not belong in loop {loop}; it was read as well as it could be. Check the order "
        "of the segments around it."
    ),
    "segment_repeated": (
        "{tag} stands here a second time; the first counts, this one is kept as it came."
    ),
    "required_segment_missing": (
        "{tag} is required here and is missing. Ask the sender to fill it."
    ),
    "required_element_missing": ("{element} is required and empty. Ask the sender to fill it."),
    "element_not_in_guide": (
        "{tag} has more elements than the guide gives it; the segment is kept as it came."
    ),
    "amount_unreadable": (
        "{element} is not an amount; the segment is kept as it came and the amount left out."
    ),
    "date_unreadable": (
        "{element} is not a date of its format; the segment is kept as it came and the date left "
        "out."
    ),
    "count_unreadable": ("{element} is not a whole number; the segment is kept as it came."),
    "code_unknown": ("{element} is {value!r}, which the guide does not have; read as it stands."),
    "npi_invalid": (
        "{element} is not a valid NPI (ten digits with a check digit). Correct the provider's "
        "number; payers reject it."
    ),
    # --- hierarchical levels ---
    "level_unknown": (
        "HL03 {value!r} is no level of this guide; the level's segments are kept as they came."
    ),
    "level_number_out_of_order": (
        "HL01 should be {expected}. Levels may be missing or doubled before it."
    ),
    "level_parent_wrong": ("HL02 does not name the level that stands around this one."),
    "level_child_code_wrong": ("HL04 says {value!r}, but what follows does not fit it."),
    "level_missing": ("{tag} begins a new level, but its HL is missing."),
    "claim_level_in_doubt": (
        "The levels above this claim do not fit together, so that it may be another patient's or "
        "provider's. Check it against the billing system before it is posted."
    ),
    "set_without_claims": (
        "The transaction set has no claim. Ask the sender whether one is missing."
    ),
    # --- claims ---
    "claim_number_missing": ("The claim has no number (CLM01), so nothing can be matched to it."),
    "claim_without_lines": (
        "The claim has no service line, so it cannot be posted. Ask for a corrected file."
    ),
    "line_without_service": (
        "The line has no {tag}, so the claim cannot be posted. Ask for a corrected file."
    ),
    "claim_charge_differs": (
        "CLM02 is {charge} and the lines sum to {lines}. Correct the claim in the billing system."
    ),
    "frequency_unknown": (
        "Claim frequency {value!r} says neither original nor replacement nor void. Correct CLM05-3."
    ),
    "frequency_missing": (
        "CLM05-3 does not say whether the claim is original, replacement or void; read as an "
        "original. Ask the sender to fill it."
    ),
    "original_reference_missing": (
        "Frequency {value} replaces or voids a claim, but REF*F8 does not say which. Add the "
        "payer's claim number."
    ),
    "diagnosis_pointer_unmatched": (
        "The line points at diagnosis {value!r}, the claim has {count}. Correct the pointers."
    ),
    "principal_diagnosis_missing": (
        "The claim has no principal diagnosis (HI*ABK). Payers reject it."
    ),
    "service_date_missing": ("Neither the line nor the claim has a service date (DTP*472)."),
    "line_number_out_of_order": ("LX01 should be {expected}."),
    "line_control_number_repeated": (
        "Two lines of the claim share a line control number (REF*6R), so that payments cannot be "
        "told apart by it."
    ),
    "dates_reversed": ("{element} ends before it begins; read as it stands."),
    # --- other payers ---
    "group_code_unknown": (
        "Adjustment group {value!r} is none of CO, PR, OA, PI; read as it stands."
    ),
    "reason_code_unreadable": (
        "Adjustment reason {value!r} does not look like a reason code; read as it stands."
    ),
    "prior_payer_unmatched": ("SVD01 names a payer that no other-payer loop of the claim has."),
    "prior_payment_out_of_balance": (
        "The line's charge {charge} is not the prior payment {paid} plus its adjustments "
        "{adjusted}. Copy them again from the remittance."
    ),
    "coverage_out_of_balance": (
        "The claim's charge {charge} is not the prior payment {paid} plus all adjustments "
        "{adjusted} of this payer. Copy them again from the remittance."
    ),
    "adjudication_date_missing": (
        "The prior payer's adjudication date (DTP*573) is missing for this payment."
    ),
    # --- 999 and TA1 ---
    "acknowledged_count_differs": ("{element} says {value}, the file has {count}."),
    "acknowledgement_unreadable": (
        "The {tag} segment is missing, so nothing says what is answered. Ask for the file again."
    ),
    "verdict_missing": ("{tag} is missing: nothing says whether it was taken. Ask the sender."),
    "verdict_unknown": (
        "{element} is {value!r}, which is no verdict of this guide; read as it stands."
    ),
    "verdict_contradicts": ("{element} is {value!r}, which does not fit the verdicts before it."),
    # --- 277, 277CA, 276 ---
    "status_missing": ("The claim is named but has no status (STC). Ask the sender."),
    "status_malformed": ("{element} is no category and status code; read as it stands."),
    "claim_trace_missing": (
        "The claim has no trace number (TRN02), so it can only be matched by other numbers."
    ),
}


_TAG_MAX: Final = 3  # characters of a segment's tag


def shown_tag(tag: str) -> str:
    """Return a segment's tag as a problem shows it: what is longer than one may be anything."""
    return tag if len(tag) <= _TAG_MAX else f"{tag[:_TAG_MAX]}..."


def deviation(
    code: str,
    *,
    segment: str,
    position: int,
    loop: str,
    element: str,
    claim_index: int,
    severity: Severity | None = None,
    values: Mapping[str, object],
) -> Problem:
    """Return the problem `code` at that place; `values` fill its sentence.

    `severity` is the one of its code unless the place calls for another.
    """
    return Problem(
        code=code,
        severity=severity or CODES[code][0],
        message=SENTENCES[code].format(tag=segment, loop=loop, element=element, **values),
        segment=segment,
        position=position,
        loop=loop,
        element=element,
        claim_index=claim_index,
    )
