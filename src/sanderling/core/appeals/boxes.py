"""The claim as sent, by the numbers of the paper form that payers know: CMS-1500 or UB-04.

Only what the 837 says is shown; a box that it does not fill is left out. The layout is ours, the
numbers are those of the forms. Source: DOMAIN 2.2, 2.3; NUCC 1500 manual and NUBC data elements for
which segment stands in which box (numbers only).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sanderling.core.appeals.facts import written
from sanderling.core.money import NotAnAmount, parse_cents
from sanderling.core.resubmission.document import ClaimDocument, Loop, Segment

_RELATIONS: Final = {"18": "Self", "01": "Spouse", "19": "Child", "G8": "Other"}
_DATE_LENGTH: Final = 8
_YES: Final = {"Y": "Yes", "N": "No", "W": "Not applicable", "I": "Informed consent"}


@dataclass(frozen=True, slots=True)
class Box:
    """One box of the form."""

    number: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Form:
    """A claim form: boxes above the lines, the lines, boxes below."""

    title: str
    head: tuple[Box, ...]
    columns: tuple[tuple[str, str], ...]  # number, label
    lines: tuple[tuple[str, ...], ...]
    foot: tuple[Box, ...]


def form_of(document: ClaimDocument) -> Form:
    """Return the form of a claim as sent."""
    if document.kind == "837I":
        return _institutional(document)
    form = _professional(document)
    if document.kind == "837P":
        return form
    # A dental claim: the same facts, but its form has other numbers.
    return Form(
        "Dental claim as sent (837D)",
        tuple(Box("", one.label, one.value) for one in form.head),
        tuple(("", label) for _, label in form.columns),
        form.lines,
        tuple(Box("", one.label, one.value) for one in form.foot),
    )


def _kept(*boxes: tuple[str, str, str]) -> tuple[Box, ...]:
    return tuple(Box(*one) for one in boxes if one[2].strip())


def _date(text: str) -> str:
    """Return 2026-01-02 of 20260102; a range as first to last; a time cut off."""
    first, _, last = text.partition("-")
    days = [f"{one[:4]}-{one[4:6]}-{one[6:8]}" for one in (first, last) if len(one) >= _DATE_LENGTH]
    return " to ".join(dict.fromkeys(days)) or text


def _money(text: str) -> str:
    try:
        return written(parse_cents(text))
    except NotAnAmount:
        return text


def _name(loop: Loop | None) -> str:
    segment = loop.first("NM1") if loop else None
    if segment is None:
        return ""
    given = " ".join(part for part in (segment.get(4), segment.get(5), segment.get(7)) if part)
    return ", ".join(part for part in (segment.get(3), given) if part)


def _identifier(loop: Loop | None) -> str:
    segment = loop.first("NM1") if loop else None
    return segment.get(9) if segment else ""


def _address(loop: Loop | None) -> str:
    if loop is None:
        return ""
    street, city = loop.first("N3"), loop.first("N4")
    lines = [" ".join(part for part in (street.get(1), street.get(2)) if part)] if street else []
    if city:
        lines.append(" ".join(part for part in (city.get(1), city.get(2), city.get(3)) if part))
    return ", ".join(part for part in lines if part)


def _entity(loop: Loop, *codes: str) -> Loop | None:
    """Return the loop whose NM1 names one of these entities."""
    for child in loop.loops:
        segment = child.first("NM1")
        if segment is not None and segment.get(1) in codes:
            return child
    return None


def _person(loop: Loop | None) -> str:
    """Return a provider with his number."""
    name, number = _name(loop), _identifier(loop)
    return f"{name}, NPI {number}" if name and number else name or number


def _dated(loop: Loop, *qualifiers: str) -> str:
    segment = loop.first("DTP", *qualifiers)
    return _date(segment.get(3)) if segment else ""


def _codes(claim: Loop, *qualifiers: str) -> list[str]:
    """Return the codes of all HI with these qualifiers, in order."""
    return [code for code, _ in _values(claim, *qualifiers)]


def _values(claim: Loop, *qualifiers: str) -> list[tuple[str, str]]:
    """Return (code, date or amount) of all HI with these qualifiers, in order."""
    found = []
    for segment in claim.every("HI"):
        for place in range(1, len(segment.elements)):
            parts = segment.components(place)
            if len(parts) > 1 and parts[0] in qualifiers:
                said = next((part for part in parts[3:5] if part), "")
                amount = parts[4] if len(parts) > 4 else ""  # noqa: PLR2004 - HI01-5
                found.append((parts[1], _money(amount) if amount else _date(said) if said else ""))
    return found


def _said(pairs: list[tuple[str, str]]) -> str:
    return ", ".join(f"{code} {said}".strip() for code, said in pairs)


def _people(document: ClaimDocument) -> tuple[Loop | None, Loop | None, Segment | None]:
    """Return the patient's loop, the subscriber's, and the patient's DMG."""
    subscriber = document.subscriber.child("2010BA")
    patient = document.patient.child("2010CA") if document.patient else subscriber
    return patient, subscriber, patient.first("DMG") if patient else None


def _relation(document: ClaimDocument) -> str:
    if document.patient is not None:
        code = document.patient.value("PAT", place=1)
    else:
        code = document.subscriber.value("SBR", place=2)
    return _RELATIONS.get(code, code)


def _tax_id(provider: Loop | None) -> str:
    found = provider.first("REF", "EI", "SY") if provider else None
    return found.get(2) if found else ""


def _phone(provider: Loop | None) -> str:
    contact = provider.first("PER") if provider else None
    if contact is None:
        return ""
    pairs = ((contact.get(place), contact.get(place + 1)) for place in (3, 5, 7))
    return next((value for qualifier, value in pairs if qualifier == "TE"), "")


def _other_insured(document: ClaimDocument) -> tuple[str, str]:
    other = document.other_payers[0] if document.other_payers else None
    return _name(other.child("2330A")) if other else "", _name(
        other.child("2330B") if other else None
    )


def _related(clm: Segment) -> str:
    causes = {"AA": "auto accident", "EM": "employment", "OA": "other accident"}
    return ", ".join(causes[code] for code in clm.components(11)[:3] if code in causes)


def _professional(document: ClaimDocument) -> Form:
    claim, clm = document.claim, document.clm
    patient, subscriber, born = _people(document)
    provider = document.billing.child("2010AA")
    other_name, other_plan = _other_insured(document)
    referring = _entity(claim, "DN", "P3")
    diagnoses = _codes(claim, "ABK", "BK") + _codes(claim, "ABF", "BF")
    payer = document.subscriber.child("2010BB")
    head = _kept(
        ("", "Payer", _name(payer)),
        ("1a", "Insured's number", _identifier(subscriber)),
        ("2", "Patient", _name(patient)),
        ("3", "Birth date, sex", _born(born)),
        ("4", "Insured", _name(subscriber)),
        ("5", "Patient's address", _address(patient)),
        ("6", "Patient's relation to insured", _relation(document)),
        ("7", "Insured's address", _address(subscriber)),
        ("9", "Other insured", other_name),
        ("9d", "Other insurance plan", other_plan),
        ("10", "Condition related to", _related(clm)),
        ("11", "Insured's group number", document.subscriber.value("SBR", place=3)),
        ("11c", "Insurance plan", document.subscriber.value("SBR", place=4)),
        ("11d", "Another plan", "Yes" if document.other_payers else ""),
        ("12", "Release of information", _YES.get(clm.get(9), "")),
        ("13", "Benefits assigned", _YES.get(clm.get(8), "")),
        ("14", "Date of illness or injury", _dated(claim, "431", "439", "484")),
        ("16", "Unable to work", _dated(claim, "314", "360", "361")),
        ("17", "Referring provider", _person(referring)),
        ("18", "Hospitalized", _dated(claim, "435", "096")),
        ("19", "Additional information", claim.value("NTE")),
        ("21", "Diagnoses", _lettered(diagnoses)),
        ("22", "Resubmission code, original number", _resubmission(document)),
        ("23", "Prior authorization number", claim.value("REF", "G1")),
    )
    foot = _kept(
        ("25", "Federal tax number", _tax_id(provider)),
        ("26", "Patient's account number", document.number),
        ("27", "Assignment accepted", {"A": "Yes", "B": "Lab only", "C": "No"}.get(clm.get(7), "")),
        ("28", "Total charge", _money(clm.get(2))),
        ("29", "Amount paid by patient", _money(claim.value("AMT", "F5"))),
        ("32", "Service facility", _facility(claim)),
        ("33", "Billing provider", _person(provider)),
        ("33", "Billing provider's address", _address(provider)),
        ("33", "Billing provider's phone", _phone(provider)),
    )
    columns = (
        ("24A", "Date of service"), ("24B", "Place"), ("24D", "Procedure"), ("24E", "Pointer"),
        ("24F", "Charge"), ("24G", "Units"), ("24J", "Rendering NPI"),
    )  # fmt: skip
    rendering = _identifier(_entity(claim, "82"))
    lines = tuple(_professional_line(line, clm, rendering) for line in document.lines)
    return Form("Claim as sent, by the boxes of the CMS-1500", head, columns, lines, foot)


def _born(segment: Segment | None) -> str:
    if segment is None:
        return ""
    return ", ".join(part for part in (_date(segment.get(2)), segment.get(3)) if part)


def _lettered(codes: list[str]) -> str:
    return "  ".join(f"{chr(65 + place)} {code}" for place, code in enumerate(codes[:26]))


def _resubmission(document: ClaimDocument) -> str:
    if document.frequency in ("", "1") and not document.original_reference:
        return ""
    return f"{document.frequency} {document.original_reference}".strip()


def _facility(claim: Loop) -> str:
    loop = _entity(claim, "77")
    parts = (_name(loop), _address(loop), _identifier(loop))
    return ", ".join(part for part in parts if part)


def _professional_line(line: Loop, clm: Segment, rendering: str) -> tuple[str, ...]:
    service = line.first("SV1") or line.first("SV3")
    if service is None:
        return ("",) * 7
    is_dental = service.tag == "SV3"
    places = (3, 6, 0) if is_dental else (5, 4, 7)
    place = service.get(places[0]) or clm.get(5, 1)
    code = " ".join(part for part in service.components(1)[1:6] if part)
    pointers = "".join(
        chr(64 + int(one)) for one in service.components(places[2]) if one.isdigit()
    ) if places[2] else ""  # fmt: skip
    return (
        _dated(line, "472"), place, code, pointers, _money(service.get(2)),
        service.get(places[1]), _identifier(_entity(line, "82")) or rendering,
    )  # fmt: skip


def _institutional(document: ClaimDocument) -> Form:
    claim, clm = document.claim, document.clm
    patient, subscriber, born = _people(document)
    provider = document.billing.child("2010AA")
    cl1 = claim.first("CL1")
    payer = document.subscriber.child("2010BB")
    head = _kept(
        ("1", "Provider", _person(provider)),
        ("1", "Provider's address", _address(provider)),
        ("3a", "Patient control number", document.number),
        ("3b", "Medical record number", claim.value("REF", "EA")),
        ("4", "Type of bill", f"0{clm.get(5, 1)}{clm.get(5, 3)}"),
        ("5", "Federal tax number", _tax_id(provider)),
        ("6", "Statement covers", _dated(claim, "434")),
        ("8", "Patient", _name(patient)),
        ("9", "Patient's address", _address(patient)),
        ("10, 11", "Birth date, sex", _born(born)),
        ("12", "Admission", _dated(claim, "435")),
        ("14", "Type of admission", cl1.get(1) if cl1 else ""),
        ("15", "Source of admission", cl1.get(2) if cl1 else ""),
        ("17", "Patient's status", cl1.get(3) if cl1 else ""),
        ("18-28", "Condition codes", ", ".join(_codes(claim, "BG"))),
        ("31-34", "Occurrences", _said(_values(claim, "BH"))),
        ("35-36", "Occurrence spans", _said(_values(claim, "BI"))),
        ("39-41", "Values", _said(_values(claim, "BE"))),
    )
    foot = _kept(
        ("47", "Total charge", _money(clm.get(2))),
        ("50", "Payer", " ".join(part for part in (_name(payer), _identifier(payer)) if part)),
        ("54", "Paid before", _money(claim.value("AMT", "F5"))),
        ("58", "Insured", _name(subscriber)),
        ("59", "Patient's relation to insured", _relation(document)),
        ("60", "Insured's number", _identifier(subscriber)),
        ("61", "Group", document.subscriber.value("SBR", place=4)),
        ("62", "Group number", document.subscriber.value("SBR", place=3)),
        ("63", "Authorization number", claim.value("REF", "G1")),
        ("64", "Document control number", document.original_reference),
        ("67", "Principal diagnosis", ", ".join(_codes(claim, "ABK", "BK"))),
        ("67A-Q", "Other diagnoses", ", ".join(_codes(claim, "ABF", "BF"))),
        ("69", "Admitting diagnosis", ", ".join(_codes(claim, "ABJ", "BJ"))),
        ("70", "Reason for the visit", ", ".join(_codes(claim, "APR", "PR"))),
        ("71", "Diagnosis related group", ", ".join(_codes(claim, "DR"))),
        ("74", "Procedures", _said(_values(claim, "BBR", "BR", "BBQ", "BQ"))),
        ("76", "Attending provider", _person(_entity(claim, "71"))),
        ("77", "Operating provider", _person(_entity(claim, "72"))),
        ("78", "Other provider", _person(_entity(claim, "82", "ZZ", "DN"))),
        ("80", "Remarks", claim.value("NTE")),
    )
    columns = (
        ("42", "Revenue code"), ("44", "Procedure"), ("45", "Date of service"), ("46", "Units"),
        ("47", "Charge"), ("48", "Not covered"),
    )  # fmt: skip
    lines = tuple(row for line in document.lines for row in _institutional_line(line))
    return Form("Claim as sent, by the boxes of the UB-04", head, columns, lines, foot)


def _institutional_line(line: Loop) -> Iterator[tuple[str, ...]]:
    service = line.first("SV2")
    if service is not None:
        code = " ".join(part for part in service.components(2)[1:6] if part)
        yield (
            service.get(1), code, _dated(line, "472"), service.get(5), _money(service.get(3)),
            _money(service.get(7)),
        )  # fmt: skip
