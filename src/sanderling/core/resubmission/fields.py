"""The fields of a claim that a person may correct, with names, kinds and places.

A field's path is its name for good: forms, stored edits and the command line use it. Lines and
diagnoses carry their number: `line.2.charge`, `diagnosis.1`.

Source: DOMAIN 2.2 and 2.3; 837 TR3s, section 2.3, for the places named in `at`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sanderling.core.resubmission import codes
from sanderling.core.resubmission.diagnoses import diagnosis_place, diagnosis_slots, present_place
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.places import (
    Path,
    Place,
    birth_date,
    element,
    health_codes,
    list_at,
    loop_at,
    money_at,
    name_part,
    period_day,
    reference,
    statement_day,
)
from sanderling.core.resubmission.values import ValueKind

Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that can be corrected."""

    path: str
    label: str
    section: str
    kind: ValueKind
    at: str  # where the guide has it
    place: Place
    length_max: int = 80
    choices: Choices = ()
    is_required: bool = False

    def value(self, document: ClaimDocument) -> str:
        """Return what the claim has there, as people write it."""
        return self.place.get(document)


INSURANCE: Final = "Insurance"
PATIENT: Final = "Patient"
CLAIM: Final = "Claim"
DIAGNOSES: Final = "Diagnoses"
PROVIDERS: Final = "Providers"
ATTACHMENT: Final = "Attachment and note"
_SUBSCRIBER: Final[Path] = ("subscriber", "2010BA")
_PAYER: Final[Path] = ("subscriber", "2010BB")
_PATIENT: Final[Path] = ("patient", "2010CA")
_BILLING: Final[Path] = ("billing", "2010AA")
_TEXT = ValueKind.TEXT
_ID = ValueKind.IDENTIFIER
_CHOICE = ValueKind.CHOICE
_DATE = ValueKind.DATE


def fields_of(document: ClaimDocument) -> tuple[Field, ...]:
    """Return the fields of a claim in the order of its form."""
    return (
        *_insurance(),
        *_patient(document),
        *_claim(document),
        *_diagnoses(document),
        *_providers(document),
        *_attachment(),
        *(
            field
            for number in range(1, len(document.lines) + 1)
            for field in _line(document, number)
        ),
    )


def _insurance() -> Iterator[Field]:
    sbr: Path = ("subscriber",)
    yield Field(
        "member_id",
        "Member ID",
        INSURANCE,
        _ID,
        "2010BA NM109",
        name_part(_SUBSCRIBER, 9, entity="IL"),
        is_required=True,
    )
    yield Field("payer_id", "Payer ID", INSURANCE, _ID, "2010BB NM109",
                name_part(_PAYER, 9, entity="PR", is_person=False), is_required=True)  # fmt: skip
    yield Field("payer_name", "Payer", INSURANCE, _TEXT, "2010BB NM103",
                name_part(_PAYER, 3, entity="PR", is_person=False), 60,
                is_required=True)  # fmt: skip
    yield Field("group_number", "Group number", INSURANCE, _ID, "2000B SBR03",
                element(sbr, "SBR", 3), 50)  # fmt: skip
    yield Field("group_name", "Group name", INSURANCE, _TEXT, "2000B SBR04",
                element(sbr, "SBR", 4), 60)  # fmt: skip
    yield Field("payer_order", "This payer pays", INSURANCE, _CHOICE, "2000B SBR01",
                element(sbr, "SBR", 1), choices=codes.PAYER_ORDER, is_required=True)  # fmt: skip
    yield Field("filing_indicator", "Kind of insurance", INSURANCE, _CHOICE, "2000B SBR09",
                element(sbr, "SBR", 9), choices=codes.FILING_INDICATORS)  # fmt: skip


def _patient(document: ClaimDocument) -> Iterator[Field]:
    yield from _person("subscriber", "Subscriber's", _SUBSCRIBER, "2010BA", "IL")
    if document.patient:
        yield from _person("patient", "Patient's", _PATIENT, "2010CA", "QC")
        yield Field("relationship", "Patient is the subscriber's", PATIENT, _CHOICE, "2000C PAT01",
                    element(("patient",), "PAT", 1), choices=codes.RELATIONSHIPS,
                    is_required=True)  # fmt: skip


def _person(key: str, whose: str, path: Path, loop: str, entity: str) -> Iterator[Field]:
    yield Field(f"{key}.last_name", f"{whose} last name", PATIENT, _TEXT, f"{loop} NM103",
                name_part(path, 3, entity=entity), 60, is_required=True)  # fmt: skip
    yield Field(f"{key}.first_name", f"{whose} first name", PATIENT, _TEXT, f"{loop} NM104",
                name_part(path, 4, entity=entity), 35)  # fmt: skip
    yield Field(f"{key}.birth_date", f"{whose} birth date", PATIENT, _DATE, f"{loop} DMG02",
                birth_date(path))  # fmt: skip
    yield Field(f"{key}.sex", f"{whose} sex", PATIENT, _CHOICE, f"{loop} DMG03",
                element(path, "DMG", 3, new=("D8",), keeps=1), choices=codes.SEXES)  # fmt: skip


def _claim(document: ClaimDocument) -> Iterator[Field]:
    claim: Path = ("claim",)
    is_institutional = document.kind == "837I"
    yield Field("place_of_service", "Type of bill, first two signs" if is_institutional
                else "Place of service", CLAIM, ValueKind.PLACE, "2300 CLM05-1",
                element(claim, "CLM", 5, component=1), 2, is_required=True)  # fmt: skip
    yield Field("authorization", "Prior authorization", CLAIM, _ID, "2300 REF*G1",
                reference(claim, "G1"), 50)  # fmt: skip
    yield Field("referral", "Referral number", CLAIM, _ID, "2300 REF*9F",
                reference(claim, "9F"), 50)  # fmt: skip
    yield Field("original_reference", "Payer's claim number", CLAIM, _ID, "2300 REF*F8",
                reference(claim, "F8"), 50)  # fmt: skip
    yield Field("delay_reason", "Reason for the delay", CLAIM, _CHOICE, "2300 CLM20",
                element(claim, "CLM", 20), choices=codes.DELAY_REASONS)  # fmt: skip
    if is_institutional:
        yield from _institutional()
        return
    yield Field("assignment", "Assignment", CLAIM, _CHOICE, "2300 CLM07",
                element(claim, "CLM", 7), choices=codes.ASSIGNMENTS)  # fmt: skip
    yield Field("accident", "Accident", CLAIM, _CHOICE, "2300 CLM11-1",
                element(claim, "CLM", 11, component=1), choices=codes.ACCIDENTS)  # fmt: skip
    yield Field("accident_state", "State of the accident", CLAIM, ValueKind.STATE, "2300 CLM11-4",
                element(claim, "CLM", 11, component=4), 2)  # fmt: skip
    yield Field("accident_date", "Day of the accident", CLAIM, _DATE, "2300 DTP*439",
                period_day(claim, "439", 0))  # fmt: skip
    if document.kind == "837P":
        yield Field("onset_date", "Onset of the illness", CLAIM, _DATE, "2300 DTP*431",
                    period_day(claim, "431", 0))  # fmt: skip
        yield Field("clia", "CLIA number", CLAIM, _ID, "2300 REF*X4",
                    reference(claim, "X4"), 50)  # fmt: skip


def _institutional() -> Iterator[Field]:
    claim: Path = ("claim",)
    yield Field("statement_from", "Statement from", CLAIM, _DATE, "2300 DTP*434",
                statement_day(0), is_required=True)  # fmt: skip
    yield Field("statement_to", "Statement to", CLAIM, _DATE, "2300 DTP*434",
                statement_day(1), is_required=True)  # fmt: skip
    yield Field("admission_date", "Admission", CLAIM, _DATE, "2300 DTP*435",
                period_day(claim, "435", 0))  # fmt: skip
    parts = (("type", "Admission type", 1, 1), ("source", "Point of origin", 2, 1),
             ("status", "Patient status", 3, 2))  # fmt: skip
    for key, label, place, length in parts:
        yield Field(f"admission.{key}", label, CLAIM, _ID, f"2300 CL10{place}",
                    element(claim, "CL1", place), length)  # fmt: skip
    yield Field("condition_codes", "Condition codes", CLAIM, ValueKind.CONDITIONS, "2300 HI*BG",
                health_codes("BG"))  # fmt: skip


def _diagnoses(document: ClaimDocument) -> Iterator[Field]:
    slots = diagnosis_slots(document)
    for number in range(1, slots + 1):
        label = "Principal diagnosis" if number == 1 else f"Diagnosis {number}"
        yield Field(f"diagnosis.{number}", label, DIAGNOSES, ValueKind.DIAGNOSIS, "2300 HI",
                    diagnosis_place(number), 7)  # fmt: skip
        if document.kind == "837I":
            yield Field(f"diagnosis.{number}.present", f"{label}: present on admission", DIAGNOSES,
                        _CHOICE, "2300 HI -9", present_place(number),
                        choices=codes.PRESENT_ON_ADMISSION)  # fmt: skip
    if document.kind == "837I":
        yield Field("admitting_diagnosis", "Admitting diagnosis", DIAGNOSES, ValueKind.DIAGNOSIS,
                    "2300 HI*ABJ", health_codes("ABJ"), 7)  # fmt: skip


_PROVIDERS: Final = {
    "837P": (("rendering", "Rendering provider", "2310B", "82"),
             ("referring", "Referring provider", "2310A", "DN"),
             ("facility", "Service facility", "2310C", "77")),
    "837I": (("attending", "Attending provider", "2310A", "71"),
             ("operating", "Operating physician", "2310B", "72"),
             ("rendering", "Rendering provider", "2310D", "82"),
             ("facility", "Service facility", "2310E", "77"),
             ("referring", "Referring provider", "2310F", "DN")),
    "837D": (("rendering", "Rendering provider", "2310B", "82"),
             ("referring", "Referring provider", "2310A", "DN"),
             ("facility", "Service facility", "2310C", "77")),
}  # fmt: skip


def _providers(document: ClaimDocument) -> Iterator[Field]:
    yield Field("billing.npi", "Billing provider: NPI", PROVIDERS, ValueKind.NPI, "2010AA NM109",
                name_part(_BILLING, 9, entity="85", is_person=False))  # fmt: skip
    yield Field("billing.tax_id", "Billing provider: tax number", PROVIDERS, _ID, "2010AA REF*EI",
                reference(_BILLING, "EI"), 50)  # fmt: skip
    yield Field("billing.taxonomy", "Billing provider: taxonomy", PROVIDERS, _ID, "2000A PRV03",
                element(("billing",), "PRV", 3, new=("BI", "PXC"), keeps=2), 50)  # fmt: skip
    for key, label, loop, entity in _PROVIDERS[document.kind]:
        path: Path = ("claim", loop)
        is_person = key != "facility"
        if not is_person and not loop_at(document, path):
            continue  # a facility that is added needs its address, too
        yield Field(f"{key}.npi", f"{label}: NPI", PROVIDERS, ValueKind.NPI, f"{loop} NM109",
                    name_part(path, 9, entity=entity, is_person=is_person))  # fmt: skip
        name = "last name" if is_person else "name"
        yield Field(f"{key}.last_name", f"{label}: {name}", PROVIDERS, _TEXT, f"{loop} NM103",
                    name_part(path, 3, entity=entity, is_person=is_person), 60)  # fmt: skip
        if is_person:
            yield Field(f"{key}.first_name", f"{label}: first name", PROVIDERS, _TEXT,
                        f"{loop} NM104", name_part(path, 4, entity=entity), 35)  # fmt: skip


def _attachment() -> Iterator[Field]:
    claim: Path = ("claim",)
    yield Field("attachment.type", "Report sent", ATTACHMENT, _CHOICE, "2300 PWK01",
                element(claim, "PWK", 1, keeps=0), choices=codes.REPORT_TYPES)  # fmt: skip
    yield Field("attachment.way", "How it is sent", ATTACHMENT, _CHOICE, "2300 PWK02",
                element(claim, "PWK", 2, keeps=0), choices=codes.REPORT_WAYS)  # fmt: skip
    yield Field("attachment.number", "Control number", ATTACHMENT, _ID, "2300 PWK06",
                _attachment_number(), 50)  # fmt: skip
    yield Field("note", "Claim note", ATTACHMENT, _TEXT, "2300 NTE*ADD",
                element(claim, "NTE", 2, qualifier="ADD", new=("ADD",), keeps=1), 80)  # fmt: skip


def _attachment_number() -> Place:
    """PWK06 with its qualifier AC; a PWK of which nothing else is left goes."""
    inner = element(("claim",), "PWK", 6)
    qualifier = element(("claim",), "PWK", 5, keeps=0)

    def put(document: ClaimDocument, value: str) -> ClaimDocument:
        after = inner.put(document, value)
        return qualifier.put(after, "AC" if value else "")

    return Place(inner.get, put)


_SERVICE: Final = {"837P": ("SV1", 1, 2), "837I": ("SV2", 2, 3), "837D": ("SV3", 1, 2)}
_QUANTITY: Final = {"837P": 4, "837I": 5, "837D": 6}


def _line(document: ClaimDocument, number: int) -> Iterator[Field]:
    section = f"Line {number}"
    line: Path = ("claim", f"2400#{number}")
    tag, code, charge = _SERVICE[document.kind]
    key = f"line.{number}"
    if document.kind == "837I":
        yield Field(f"{key}.revenue", "Revenue code", section, ValueKind.REVENUE, "2400 SV201",
                    element(line, "SV2", 1), 4, is_required=True)  # fmt: skip
    yield Field(f"{key}.procedure", "Procedure", section, ValueKind.PROCEDURE,
                f"2400 {tag}0{code}-2", _procedure(document, line), 5,
                is_required=document.kind != "837I")  # fmt: skip
    yield Field(f"{key}.modifiers", "Modifiers", section, ValueKind.MODIFIERS,
                f"2400 {tag}0{code}-3", list_at(line, tag, code, first=3))  # fmt: skip
    yield Field(f"{key}.charge", "Charge", section, ValueKind.AMOUNT, f"2400 {tag}0{charge}",
                money_at(element(line, tag, charge)), is_required=True)  # fmt: skip
    quantity = _QUANTITY[document.kind]
    yield Field(f"{key}.units", "Units", section, ValueKind.QUANTITY, f"2400 {tag}0{quantity}",
                element(line, tag, quantity), 15, is_required=document.kind != "837D")  # fmt: skip
    yield Field(f"{key}.from", "Service day", section, _DATE, "2400 DTP*472",
                period_day(line, "472", 0))  # fmt: skip
    yield Field(f"{key}.to", "Last day", section, _DATE, "2400 DTP*472",
                period_day(line, "472", 1))  # fmt: skip
    if document.kind == "837P":
        yield Field(f"{key}.place", "Place of service", section, ValueKind.PLACE, "2400 SV105",
                    element(line, "SV1", 5), 2)  # fmt: skip
        yield Field(f"{key}.pointers", "Diagnoses", section, ValueKind.POINTERS, "2400 SV107",
                    list_at(line, "SV1", 7), is_required=True)  # fmt: skip
    if document.kind != "837I":
        yield Field(f"{key}.authorization", "Authorization of the line", section, _ID,
                    "2400 REF*G1", reference(line, "G1"), 50)  # fmt: skip
    if document.kind != "837D":
        yield Field(f"{key}.ndc", "NDC", section, ValueKind.NDC, "2410 LIN03",
                    element((*line, "2410"), "LIN", 3, new=("", "N4"), keeps=2), 11)  # fmt: skip
        yield Field(f"{key}.ndc_units", "NDC quantity", section, ValueKind.QUANTITY, "2410 CTP04",
                    element((*line, "2410"), "CTP", 4, keeps=3), 15)  # fmt: skip
        yield Field(f"{key}.ndc_unit", "NDC unit", section, _CHOICE, "2410 CTP05-1",
                    element((*line, "2410"), "CTP", 5, component=1, keeps=3),
                    choices=codes.NDC_UNITS)  # fmt: skip
    if loop_at(document, (*line, _LINE_RENDERING[document.kind])):
        yield Field(f"{key}.rendering", "Rendering NPI of the line", section, ValueKind.NPI,
                    f"{_LINE_RENDERING[document.kind]} NM109",
                    name_part((*line, _LINE_RENDERING[document.kind]), 9, entity="82"))  # fmt: skip
    yield Field(f"{key}.send", "This line", section, _CHOICE, "2400 LX",
                Place(lambda _: "yes", lambda document, _: document),
                choices=codes.SEND, is_required=True)  # fmt: skip


_LINE_RENDERING: Final = {"837P": "2420A", "837I": "2420C", "837D": "2420A"}
_CODE_QUALIFIER: Final = {"837P": "HC", "837I": "HC", "837D": "AD"}


def _procedure(document: ClaimDocument, line: Path) -> Place:
    """The code of a line's procedure; its qualifier comes and goes with it (837I)."""
    tag, code, _ = _SERVICE[document.kind]
    inner = element(line, tag, code, component=2)
    qualifier = element(line, tag, code, component=1)
    usual = _CODE_QUALIFIER[document.kind]

    def put(document: ClaimDocument, value: str) -> ClaimDocument:
        after = inner.put(document, value)
        if not value:
            return element(line, tag, code).put(after, "")
        return after if qualifier.get(after) else qualifier.put(after, usual)

    return Place(inner.get, put)
