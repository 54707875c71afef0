"""Corrected claims judged by pyx12: whatever is edited, added or left out, the file is right."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from typing import Final

import pytest
from tests.integration.test_external_checkers import pyx12_errors
from tests.integration.worlds import made_world

from sanderling.core.resubmission.checks import find_faults
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.edits import apply_edits, read_edits
from sanderling.core.resubmission.fields import Field, fields_of
from sanderling.core.resubmission.kinds import History, Kind, as_kind
from sanderling.core.resubmission.reading import documents_in
from sanderling.core.resubmission.values import ValueKind
from sanderling.core.resubmission.writing import write_claims

AT: Final = datetime(2026, 12, 5, 12, 30, tzinfo=UTC)
CLAIMS: Final = 6
_VALUES: Final = {
    ValueKind.NPI: "1234567893",
    ValueKind.DATE: "2026-01-03",
    ValueKind.AMOUNT: "77.25",
    ValueKind.QUANTITY: "2",
    ValueKind.DIAGNOSIS: "J45909",
    ValueKind.MODIFIERS: "25 59",
    ValueKind.POINTERS: "1",
    ValueKind.CONDITIONS: "D9 44",
    ValueKind.STATE: "TX",
    ValueKind.REVENUE: "0300",
    ValueKind.TEXT: "MC O'NEAL",
    ValueKind.IDENTIFIER: "ID 77:9*",
    ValueKind.NDC: "00093310905",
}
# What the guide wants together, or what only some claims may have.
_TOGETHER: Final = (
    ("attachment.type", "attachment.way", "attachment.number"),
    ("accident", "accident_state", "accident_date"),
)
_LEFT: Final = frozenset(
    {"ndc", "ndc_units", "ndc_unit", "to", "place", "place_of_service", "procedure", "send"}
)


def corrected(document: ClaimDocument, chance: random.Random) -> ClaimDocument:
    """Change about a third of a claim's fields, whatever they are."""
    fields = {field.path: field for field in fields_of(document)}
    chosen = {path for path in fields if chance.random() < 1 / 3 and not _is_left(path, document)}
    for group in _TOGETHER:
        if chosen & set(group):
            chosen |= set(group) & set(fields)
    chosen -= {  # modifiers need a procedure, which not every institutional line has
        path
        for path in chosen
        if path.endswith(".modifiers") and not _has_procedure(fields, path, document)
    }
    typed = {path: _value(fields[path], chance) for path in chosen}
    if len(document.lines) > 1 and chance.random() > 1 / 2:
        typed["line.1.send"] = "no"
    asked = read_edits(document, typed)
    assert asked.faults == {}
    return apply_edits(document, asked.edits)


def _has_procedure(fields: dict[str, Field], path: str, document: ClaimDocument) -> bool:
    return bool(fields[path.replace(".modifiers", ".procedure")].value(document))


def _value(field: Field, chance: random.Random) -> str:
    if field.path == "accident":
        return "AA"  # only an automobile accident has a state
    if field.path.endswith(".send"):
        return "yes"
    return chance.choice(field.choices)[0] if field.choices else _VALUES[field.kind]


def _is_left(path: str, document: ClaimDocument) -> bool:
    if path.endswith((".npi", ".first_name")) and not path.startswith("billing"):
        known = {field.path: field for field in fields_of(document)}
        return not known[path].value(document)  # a provider needs a name, too
    last = path.rpartition(".")[2]
    return last in _LEFT or path.startswith(("admission", "operating", "clia"))


@pytest.mark.parametrize("kind", ["837p", "837i"])
def test_pyx12_accepts_what_was_corrected(kind: str) -> None:
    chance = random.Random(7)
    documents: list[ClaimDocument] = []
    for path in made_world(11).paths(kind):
        documents += documents_in(path.read_bytes())
        if len(documents) > CLAIMS * 4:
            break
    for number, document in enumerate(chance.sample(documents, CLAIMS)):
        way = (Kind.REPLACEMENT, Kind.VOID, Kind.FIRST)[number % 3]
        history = History(document.kind, is_decided=True, payer_claim_number="ICN0001")
        ready = as_kind(document if way is Kind.VOID else corrected(document, chance), way, history)
        data = write_claims([ready], control_number=9, reference="SL9", created_at=AT)
        assert pyx12_errors(data.decode("ascii")) == [], data.decode("ascii")
        assert documents_in(data) == [ready]
        found = find_faults(
            ready, original=document, kind=way, history=history, today=date(2026, 12, 5)
        )
        assert way is not Kind.VOID or [one for one in found if one.is_error] == []
