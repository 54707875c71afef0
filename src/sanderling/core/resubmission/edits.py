"""Corrections of a claim: what was typed becomes edits, edits make the corrected claim.

Pure: a document and edits give a document, and the same edits applied to the claim as sent always
give the same. Totals follow the lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sanderling.core.resubmission.diagnoses import with_diagnoses
from sanderling.core.resubmission.document import ClaimDocument, cents
from sanderling.core.resubmission.fields import Field, fields_of
from sanderling.core.resubmission.values import BadValue, ValueKind, read_value
from sanderling.core.x12.write.segments import amount

_CHARGE_AT = {"837P": ("SV1", 2), "837I": ("SV2", 3), "837D": ("SV3", 2)}


@dataclass(frozen=True, slots=True)
class Edit:
    """One correction: a field, what it said and what it says now ("" for nothing)."""

    path: str
    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed: the corrections it means, and what is wrong with it, by field."""

    edits: tuple[Edit, ...]
    faults: Mapping[str, str]


class StaleEdit(Exception):
    """The claim does not say what the edit corrects: it was made on another version."""


def read_edits(document: ClaimDocument, typed: Mapping[str, str]) -> Asked:
    """Return what typed values mean; fields that are not typed stay as they are."""
    known = {field.path: field for field in fields_of(document)}
    edits: list[Edit] = []
    faults: dict[str, str] = {}
    for path, text in typed.items():
        field = known.get(path)
        if field is None:
            faults[path] = f"The claim has no field {path}."
            continue
        old = field.value(document)
        try:
            new = _read(field, text)
        except BadValue as fault:
            if text.strip() != old:
                faults[path] = str(fault)
            continue
        if new != old:
            edits.append(Edit(path, label_of(field), old, new))
    return Asked(tuple(edits), faults)


def label_of(field: Field) -> str:
    """Return a field's name by itself: a line's with its number."""
    return f"{field.section}: {field.label}" if field.path.startswith("line.") else field.label


def _read(field: Field, text: str) -> str:
    value = read_value(field.kind, text, length_max=field.length_max)
    if field.kind is ValueKind.CHOICE and value:
        known = {code for code, _ in field.choices}
        if value not in known:
            raise BadValue("Choose one of the list.")
    if field.is_required and not value:
        raise BadValue("This must not be empty.")
    return value


def apply_edits(document: ClaimDocument, edits: Sequence[Edit]) -> ClaimDocument:
    """Return the corrected claim.

    Raises:
        StaleEdit: a field is not there, or does not say what its edit says it did.
    """
    known = {field.path: field for field in fields_of(document)}
    for edit in edits:
        if edit.path not in known or known[edit.path].value(document) != edit.old:
            raise StaleEdit(edit.path)
    after = document
    codes: dict[int, str] = {}
    present: dict[int, str] = {}
    left_out: set[int] = set()
    for edit in edits:
        parts = edit.path.split(".")
        if parts[0] == "diagnosis":
            (present if parts[-1] == "present" else codes)[int(parts[1])] = edit.new
        elif parts[0] == "line" and parts[2] == "send":
            left_out.add(int(parts[1]))
        else:
            after = known[edit.path].place.put(after, edit.new)
    if codes or present:
        after = with_diagnoses(after, codes, present)
    if left_out:
        after = after.with_lines(lambda number, line: None if number in left_out else line)
    return with_total(after) if edits else after


def with_total(document: ClaimDocument) -> ClaimDocument:
    """Return the document with CLM02 as the sum of its lines."""
    total = line_total(document)
    if total == document.charge_cents:
        return document
    return document.with_clm(2, amount(total))


def line_total(document: ClaimDocument) -> int:
    """Return the sum of the lines' charges in cents."""
    tag, place = _CHARGE_AT[document.kind]
    return sum(cents(line.value(tag, place=place)) for line in document.lines)


def to_json(edits: Iterable[Edit]) -> list[dict[str, str]]:
    """Return edits as plain data."""
    return [
        {"path": edit.path, "label": edit.label, "old": edit.old, "new": edit.new} for edit in edits
    ]


def from_json(rows: Iterable[Mapping[str, str]]) -> tuple[Edit, ...]:
    """Return the edits of plain data."""
    return tuple(Edit(row["path"], row["label"], row["old"], row["new"]) for row in rows)
