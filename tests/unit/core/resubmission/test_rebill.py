"""One problem over many claims: what it means for each, and which fields codes name."""

from __future__ import annotations

import pytest
from tests.unit.core.x12.read.claim_files import SAMPLES, file_of

from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.fields import fields_of
from sanderling.core.resubmission.named import fields_named
from sanderling.core.resubmission.reading import documents_in
from sanderling.core.resubmission.rebill import SETTABLE, Change, Op, fault_of, typed_for


def document(name: str = "professional") -> ClaimDocument:
    return documents_in(file_of(*SAMPLES[name]))[0]


def test_a_field_is_set_and_a_code_replaced_where_it_stands() -> None:
    changes = [
        Change(Op.SET, "ACME2", "payer_id"),
        Change(Op.PROCEDURE, "99214", old="99213"),
        Change(Op.DIAGNOSIS, "R05.9", old="R50.9"),
    ]
    assert typed_for(document(), changes) == {
        "payer_id": "ACME2",
        "line.1.procedure": "99214",
        "diagnosis.2": "R05.9",
    }


def test_a_modifier_is_added_to_the_procedure_or_to_all() -> None:
    only = [Change(Op.MODIFIER, "59", old="87880")]
    assert typed_for(document(), only) == {"line.2.modifiers": "59"}
    every = [Change(Op.MODIFIER, "59"), Change(Op.MODIFIER, "25")]
    assert typed_for(document(), every) == {
        "line.1.modifiers": "25 59",
        "line.2.modifiers": "59 25",
    }


def test_a_condition_code_joins_those_there_are() -> None:
    assert typed_for(document("institutional"), [Change(Op.CONDITION, "D9")]) == {
        "condition_codes": "C5 D9"
    }
    assert typed_for(document(), [Change(Op.CONDITION, "D9")]) == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change(Op.SET, "X", "member_id"), "Choose"),
        (Change(Op.MODIFIER, ""), "what it is to be"),
        (Change(Op.MODIFIER, "253"), "two signs"),
        (Change(Op.PROCEDURE, "99214"), "takes the place"),
        (Change(Op.DIAGNOSIS, "R05", old="?"), "diagnosis code"),
        (Change(Op.SET, "X", "payer_id"), ""),
    ],
)
def test_a_change_that_says_nothing_is_told(change: Change, words: str) -> None:
    assert words in fault_of(change)
    assert bool(words) == bool(fault_of(change))


def test_every_settable_field_is_one_of_some_claim() -> None:
    known = {field.path for name in SAMPLES if SAMPLES[name][0].startswith("837")
             for field in fields_of(document(name))}  # fmt: skip
    assert set(SETTABLE) <= known


@pytest.mark.parametrize(
    ("statuses", "remarks", "reasons", "paths"),
    [
        ([("164", "IL")], [], [], ["member_id"]),
        ([("562", "82")], [], [], ["rendering.npi"]),
        ([("21", "85")], [], [], ["billing.npi"]),
        ([], ["N290"], ["16"], ["rendering.npi"]),
        ([], [], ["197"], ["authorization"]),
        ([], [], ["4"], ["line.1.modifiers", "line.2.modifiers"]),
        ([("9999", "")], ["ZZ"], ["45"], []),
    ],
)
def test_codes_name_the_fields_a_correction_begins_with(
    statuses: list[tuple[str, str]], remarks: list[str], reasons: list[str], paths: list[str]
) -> None:
    found = fields_named(document(), statuses=statuses, remarks=remarks, reasons=reasons)
    assert found == paths
