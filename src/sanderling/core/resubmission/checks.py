"""What is wrong with a claim before it goes out: errors keep it here, warnings are told.

Each finding names the field it stands beside. No checker of others finds these: see X12.md.

Source: DOMAIN 1.5, 2.2, 2.3, 5.3; 837 TR3 1.4.1.1 (balancing of prior payers).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sanderling.core.resubmission.codes import CHANGE_REASONS
from sanderling.core.resubmission.diagnoses import diagnosis_codes
from sanderling.core.resubmission.document import ClaimDocument, Loop, cents
from sanderling.core.resubmission.edits import label_of, line_total
from sanderling.core.resubmission.fields import Field, fields_of
from sanderling.core.resubmission.kinds import MEDICARE, History, Kind
from sanderling.core.resubmission.values import BadValue, ValueKind, read_value

_CHANGE_CODES: Final = frozenset(code for code, _ in CHANGE_REASONS)
_REFERENCED: Final = frozenset({"7", "8"})
_ON_REQUEST: Final = "AA"
_CAS_AMOUNTS: Final = (3, 6, 9, 12, 15, 18)
_LINES_MAX: Final = {"837P": 50, "837D": 50, "837I": 999}
_NUMBER_MAX: Final = 20  # CLM01: what every payer returns whole


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, beside the field it is wrong in ("" for the whole claim)."""

    path: str
    text: str
    is_error: bool = True


def find_faults(
    document: ClaimDocument,
    *,
    original: ClaimDocument,
    kind: Kind,
    history: History,
    today: date,
) -> list[Finding]:
    """Return what is wrong with a claim that is to be sent; errors first, in the form's order."""
    fields = fields_of(document)
    values = {field.path: field.value(document) for field in fields}
    found = [
        *_fields(fields, values, original),
        *_days(fields, values, today),
        *_whole(document),
        *_diagnoses(document),
        *_lines(document),
        *_reference(document, history),
        *_payer(document, original, kind, history),
        *_change_code(document, kind, history),
        *_prior_payers(document),
        *_providers(values),
        *_attachment(document),
        *_left_out(document, original, kind),
    ]
    return sorted(found, key=lambda finding: not finding.is_error)


def _fields(
    fields: Sequence[Field], values: Mapping[str, str], original: ClaimDocument
) -> Iterator[Finding]:
    """Hold each value against its kind; what was sent before so is told, not refused."""
    faults = {field.path: text for field in fields if (text := _fault(field, values[field.path]))}
    if not faults:
        return
    before = {field.path: field.value(original) for field in fields_of(original)}
    for path, text in faults.items():
        is_new = before.get(path) != values[path]
        yield Finding(path, text if is_new else f"As it was sent: {text}", is_new)


def _fault(field: Field, value: str) -> str:
    if not value:
        return "This must not be empty." if field.is_required else ""
    if field.kind in {ValueKind.TEXT, ValueKind.IDENTIFIER, ValueKind.CHOICE}:
        return ""  # what the original says is the sender's to know
    try:
        read_value(field.kind, value, length_max=field.length_max)
    except BadValue as fault:
        return str(fault)
    return ""


def _days(fields: Sequence[Field], values: Mapping[str, str], today: date) -> Iterator[Finding]:
    days = {
        field.path: values[field.path]
        for field in fields
        if field.kind is ValueKind.DATE and values[field.path]
    }
    now = today.isoformat()
    birth = days.get("patient.birth_date") or days.get("subscriber.birth_date")
    for path, value in days.items():
        if value > now:
            yield Finding(path, "This day is still to come.")
        if birth and path.endswith((".from", "statement_from")) and value < birth:
            yield Finding(path, "This is before the patient was born.")
    for first, last in (("from", "to"), ("statement_from", "statement_to")):
        for path, value in days.items():
            stem, _, name = path.rpartition(".")
            other = f"{stem}.{last}" if stem else last
            if name == first and other in days and days[other] < value:
                yield Finding(other, "The last day is before the first.")


def _whole(document: ClaimDocument) -> Iterator[Finding]:
    count = len(document.lines)
    if not count:
        yield Finding("", "A claim needs at least one line.")
    elif count > _LINES_MAX[document.kind]:
        yield Finding("", f"A claim has at most {_LINES_MAX[document.kind]} lines.")
    if line_total(document) != document.charge_cents:
        yield Finding("", "The total charge is not the sum of the lines.")
    if len(document.number) > _NUMBER_MAX:
        yield Finding("", "The claim number has more than 20 characters.", is_error=False)


def _diagnoses(document: ClaimDocument) -> Iterator[Finding]:
    codes = diagnosis_codes(document)
    if not codes and document.kind != "837D":
        yield Finding("diagnosis.1", "A claim needs a diagnosis.")
    for number, code in enumerate(codes, start=1):
        if code and code in codes[: number - 1]:
            yield Finding(f"diagnosis.{number}", "This diagnosis stands there twice.")


def _lines(document: ClaimDocument) -> Iterator[Finding]:
    diagnoses = len(diagnosis_codes(document))
    for number, line in enumerate(document.lines, start=1):
        service = line.first("SV1") or line.first("SV2")
        if service is None:
            continue
        if service.tag == "SV2":
            parts = service.components(2)
            if any(parts[2:]) and not parts[1]:
                yield Finding(f"line.{number}.modifiers", "Modifiers need a procedure code.")
            continue
        for pointer in service.components(7):
            if not pointer.isdigit() or not 1 <= int(pointer) <= diagnoses:
                yield Finding(
                    f"line.{number}.pointers",
                    f"Points to diagnosis {pointer}; the claim has {diagnoses}.",
                )


def _reference(document: ClaimDocument, history: History) -> Iterator[Finding]:
    number = document.original_reference
    if document.frequency in _REFERENCED:
        if not number:
            yield Finding(
                "original_reference",
                "A replacement or void needs the payer's claim number (REF*F8).",
            )
        elif history.payer_claim_number and number != history.payer_claim_number:
            yield Finding(
                "original_reference",
                "The payer's newest number is another one, and it takes only that (status 495).",
                is_error=False,
            )
    elif number and document.frequency == "1":
        yield Finding("original_reference", "A new claim names no earlier one; empty this.")


def _payer(
    document: ClaimDocument, original: ClaimDocument, kind: Kind, history: History
) -> Iterator[Finding]:
    """Hold the way against the payer: a replacement goes to who has the claim."""
    is_same = _payer_id(document) == _payer_id(original)
    if kind is Kind.FIRST and history.is_misrouted and is_same:
        yield Finding("payer_id", "The claim belongs to another payer; enter that one's ID.")
    elif kind is not Kind.FIRST and not is_same:
        yield Finding(
            "payer_id",
            "If this is another payer, it has nothing to replace: send it as a new claim.",
            is_error=False,
        )


def _payer_id(document: ClaimDocument) -> str:
    payer = document.subscriber.child("2010BB")
    return payer.value("NM1", place=9) if payer else ""


def _change_code(document: ClaimDocument, kind: Kind, history: History) -> Iterator[Finding]:
    is_asked = history.payer_type == MEDICARE and document.kind == "837I" and kind is not Kind.FIRST
    if not is_asked:
        return
    codes = {
        one.get(place, 2)
        for one in document.claim.every("HI", "BG")
        for place in range(1, len(one.elements))
    }
    if not codes & _CHANGE_CODES:
        yield Finding(
            "condition_codes",
            "Medicare wants to know why: add D0 to D9 or E0 (D9 for any other change).",
        )


def _prior_payers(document: ClaimDocument) -> Iterator[Finding]:
    """Refuse other payers' decisions that do not account for each charge."""
    charges = [_charge(document, line) for line in document.lines]
    for payer in document.other_payers:
        paid = payer.first("AMT", "D")
        if paid is None:
            continue  # it has not decided
        name = payer.child("2330B")
        code = name.value("NM1", place=9) if name else ""
        adjusted = _reductions(payer)
        for number, line in enumerate(document.lines, start=1):
            for decision in line.children("2430"):
                if decision.value("SVD", place=1) != code:
                    continue
                reduction = _reductions(decision)
                adjusted += reduction
                if charges[number - 1] != cents(decision.value("SVD")) + reduction:
                    yield Finding(
                        f"line.{number}.charge",
                        "What another payer decided does not add up to this charge; "
                        "its decision must be corrected with it.",
                    )
        if document.charge_cents != cents(paid.get(2)) + adjusted:
            yield Finding("", "Another payer's payment and adjustments are not the total charge.")


def _charge(document: ClaimDocument, line: Loop) -> int:
    tag, place = {"837P": ("SV1", 2), "837I": ("SV2", 3), "837D": ("SV3", 2)}[document.kind]
    return cents(line.value(tag, place=place))


def _reductions(loop: Loop) -> int:
    return sum(cents(one.get(place)) for one in loop.every("CAS") for place in _CAS_AMOUNTS)


def _providers(values: Mapping[str, str]) -> Iterator[Finding]:
    for path, value in values.items():
        key, _, part = path.rpartition(".")
        name = f"{key}.last_name"
        if part == "npi" and value and path.count(".") == 1 and values.get(name) == "":
            yield Finding(name, "Give the provider's name, too.")


def _attachment(document: ClaimDocument) -> Iterator[Finding]:
    report = document.claim.first("PWK")
    if report is None:
        return
    if not report.get(1):
        yield Finding("attachment.type", "Say which report it is.")
    if not report.get(2):
        yield Finding("attachment.way", "Say how it is sent.")
    elif report.get(2) != _ON_REQUEST and not report.get(6):
        yield Finding("attachment.number", "Give the number that the report will carry.")


def _left_out(document: ClaimDocument, original: ClaimDocument, kind: Kind) -> Iterator[Finding]:
    gone = len(original.lines) - len(document.lines)
    if gone > 0 and kind is Kind.REPLACEMENT:
        what = "A line that is" if gone == 1 else f"{gone} lines that are"
        yield Finding(
            "", f"{what} left out of a replacement: the payer takes its money back.", is_error=False
        )


def words_of(document: ClaimDocument, finding: Finding) -> str:
    """Return a finding as one sentence that names its field."""
    names = {field.path: label_of(field) for field in fields_of(document)}
    name = names.get(finding.path)
    return f"{name}: {finding.text}" if name else finding.text
