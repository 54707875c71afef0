"""One problem over many claims: what is corrected, said once, becomes each claim's own edits.

Pure. A change that does not concern a claim (no line with that procedure) changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.fields import Field, fields_of
from sanderling.core.resubmission.values import BadValue, ValueKind, read_value


class Op(StrEnum):
    """What is done to a claim."""

    SET = "set"  # a field of the claim
    MODIFIER = "modifier"  # added to the lines with a procedure, or to all
    PROCEDURE = "procedure"  # one code in the place of another
    DIAGNOSIS = "diagnosis"  # one code in the place of another
    CONDITION = "condition"  # a condition code added


# Fields that the same value can be right in for many claims.
SETTABLE: Final = (
    *("payer_id", "payer_name", "group_number", "group_name", "payer_order", "filing_indicator"),
    *("authorization", "referral", "delay_reason", "place_of_service", "assignment", "clia"),
    *("billing.npi", "billing.tax_id", "billing.taxonomy", "rendering.npi", "referring.npi"),
    *("referring.last_name", "referring.first_name", "attending.npi", "note"),
)
_KINDS: Final[Mapping[Op, ValueKind]] = {
    Op.MODIFIER: ValueKind.MODIFIERS,
    Op.PROCEDURE: ValueKind.PROCEDURE,
    Op.DIAGNOSIS: ValueKind.DIAGNOSIS,
    Op.CONDITION: ValueKind.CONDITIONS,
}


@dataclass(frozen=True, slots=True)
class Change:
    """One correction of many claims; `old` is the code replaced, or the procedure concerned."""

    op: Op
    value: str
    field: str = ""
    old: str = ""


def fault_of(change: Change) -> str:
    """Return what is wrong with a change, by itself; "" when nothing is."""
    if change.op is Op.SET:
        return "" if change.field in SETTABLE else "Choose what to change."
    if not change.value:
        return "Say what it is to be."
    if change.op in {Op.PROCEDURE, Op.DIAGNOSIS} and not change.old:
        return "Say which code it takes the place of."
    try:
        read_value(_KINDS[change.op], change.value)
        if change.old:
            kind = ValueKind.DIAGNOSIS if change.op is Op.DIAGNOSIS else ValueKind.PROCEDURE
            read_value(kind, change.old)
    except BadValue as fault:
        return str(fault)
    return ""


def typed_for(document: ClaimDocument, changes: Iterable[Change]) -> dict[str, str]:
    """Return what the changes mean for one claim, as if it had been typed: path -> value."""
    fields = {field.path: field for field in fields_of(document)}
    typed: dict[str, str] = {}
    for change in changes:
        if change.op is Op.SET:
            if change.field in fields:
                typed[change.field] = change.value
        elif change.op is Op.CONDITION:
            if "condition_codes" in fields:
                before = typed.get("condition_codes") or fields["condition_codes"].value(document)
                typed["condition_codes"] = _with_codes(before, change.value)
        elif change.op is Op.MODIFIER:
            typed |= _modified(document, fields, typed, change)
        else:
            typed |= _replaced(document, fields, change)
    return typed


def _modified(
    document: ClaimDocument, fields: Mapping[str, Field], typed: Mapping[str, str], change: Change
) -> dict[str, str]:
    found = {}
    for path, field in fields.items():
        if not path.endswith(".modifiers"):
            continue
        procedure = fields[path.replace(".modifiers", ".procedure")].value(document)
        if procedure and change.old.upper() in {"", procedure}:
            found[path] = _with_codes(typed.get(path) or field.value(document), change.value)
    return found


def _with_codes(before: str, added: str) -> str:
    codes = [*before.split(), *added.upper().replace(",", " ").split()]
    return " ".join(dict.fromkeys(codes))


def _replaced(
    document: ClaimDocument, fields: Mapping[str, Field], change: Change
) -> dict[str, str]:
    old = change.old.upper().replace(".", "")
    return {
        path: change.value
        for path, field in fields.items()
        if _is_code(path, change.op) and field.value(document) == old
    }


def _is_code(path: str, op: Op) -> bool:
    if op is Op.DIAGNOSIS:
        return path.startswith("diagnosis.") and path.count(".") == 1
    return path.startswith("line.") and path.endswith(".procedure")
