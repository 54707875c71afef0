"""Corrections: what is typed, what becomes of the claim, what is refused beside which field."""

from __future__ import annotations

from datetime import date
from typing import Final

import pytest
from tests.unit.core.x12.read.claim_files import SAMPLES, file_of

from sanderling.core.resubmission.checks import Finding, find_faults
from sanderling.core.resubmission.document import ClaimDocument, segment
from sanderling.core.resubmission.edits import (
    Edit,
    StaleEdit,
    apply_edits,
    from_json,
    read_edits,
    to_json,
)
from sanderling.core.resubmission.fields import fields_of
from sanderling.core.resubmission.kinds import History, Kind, as_kind
from sanderling.core.resubmission.reading import documents_in

TODAY: Final = date(2026, 3, 5)
DECIDED: Final = History("837P", is_decided=True, payer_claim_number="ICN1")


def document(name: str = "professional") -> ClaimDocument:
    return documents_in(file_of(*SAMPLES[name]))[0]


def corrected(typed: dict[str, str], name: str = "professional") -> ClaimDocument:
    asked = read_edits(document(name), typed)
    assert asked.faults == {}
    return apply_edits(document(name), asked.edits)


def texts(found: ClaimDocument, *tags: str) -> list[str]:
    return [one.text for loop in found.parts for one in loop.walk() if one.tag in tags]


def faults(
    typed: dict[str, str],
    name: str = "professional",
    *,
    kind: Kind = Kind.REPLACEMENT,
    history: History = DECIDED,
) -> list[Finding]:
    original = document(name)
    number = typed.get("original_reference")
    ready = as_kind(corrected(typed, name), kind, history, typed_number=number)
    return find_faults(ready, original=original, kind=kind, history=history, today=TODAY)


def test_every_field_reads_back_what_it_was_given() -> None:
    given = {
        "professional": {
            "member_id": "NEW9",
            "subscriber.birth_date": "1981-03-04",
            "authorization": "A1",
            "referral": "R9",
            "delay_reason": "9",
            "accident": "AA",
            "accident_state": "TX",
            "accident_date": "2025-12-24",
            "attachment.type": "OZ",
            "attachment.way": "FX",
            "attachment.number": "77",
            "note": "SEE RECORDS",
            "rendering.npi": "1234567893",
            "referring.npi": "1234567893",
            "referring.last_name": "WEAVER",
            "line.1.modifiers": "25 59",
            "line.1.charge": "160.50",
            "line.1.units": "2",
            "line.1.from": "2026-01-03",
            "line.1.to": "2026-01-04",
            "line.1.pointers": "2 1",
            "line.2.ndc": "00093310906",
            "clia": "45D1",
        },
        "institutional": {
            "statement_to": "2026-01-05",
            "admission.type": "2",
            "admission.status": "02",
            "condition_codes": "D9 44",
            "diagnosis.1.present": "N",
            "line.1.revenue": "0121",
            "line.2.procedure": "85027",
            "operating.last_name": "SHARP",
        },
        "dental": {"line.1.procedure": "D2160", "line.1.charge": "110.00"},
    }
    for name, typed in given.items():
        found = corrected(typed, name)
        values = {field.path: field.value(found) for field in fields_of(found)}
        assert {path: values[path] for path in typed} == typed


def test_a_total_follows_its_lines_and_what_is_left_out() -> None:
    assert corrected({"line.1.charge": "160.50"}).clm.get(2) == "260.5"
    shorter = corrected({"line.1.send": "no"})
    assert shorter.charge_cents == 100_00
    assert texts(shorter, "LX", "SV1") == ["LX*1", "SV1*HC:87880*100*UN*1***1"]


def test_segments_come_where_the_guide_has_them() -> None:
    found = corrected(
        {"referral": "R9", "original_reference": "ICN", "accident_date": "2025-12-24"}
    )
    claim = [one.text for one in found.claim.segments]
    assert claim[1:] == [
        "DTP*431*D8*20251230",
        "DTP*439*D8*20251224",
        "REF*9F*R9",
        "REF*D9*CHTRACE0001",
        "REF*G1*AUTH77",
        "REF*F8*ICN",
        "HI*ABK:J0190*ABF:R509",
    ]
    assert [loop.name for loop in corrected({"referring.last_name": "W"}).claim.loops][:2] == [
        "2310A",
        "2310B",
    ]


def test_what_is_emptied_goes() -> None:
    found = corrected({"authorization": "", "onset_date": ""})
    assert texts(found, "REF")[-3:] == ["REF*D9*CHTRACE0001", "REF*6R*10001L1", "REF*6R*10001L2"]
    assert "DTP*431" not in " ".join(texts(found, "DTP"))


def test_a_diagnosis_taken_out_moves_the_pointers_of_the_lines() -> None:
    found = corrected({"diagnosis.1": "", "diagnosis.3": "Z23"})
    assert texts(found, "HI") == ["HI*ABK:R509*ABF:Z23"]
    assert [one.get(7) for one in (line.segments[1] for line in found.lines)] == ["1", ""]
    (fault,) = [one for one in faults({"diagnosis.1": ""}) if one.path == "line.2.pointers"]
    assert fault.is_error


def test_institutional_diagnoses_keep_what_goes_with_them() -> None:
    found = corrected({"diagnosis.2": "E785", "diagnosis.4": "N179"}, "institutional")
    assert [one for one in texts(found, "HI") if "AB" in one] == [
        "HI*ABK:K3580:::::::Y",
        "HI*ABJ:R1031",
        "HI*ABF:E785:::::::Y*ABF:E119:::::::N*ABF:N179",
    ]


@pytest.mark.parametrize(
    ("path", "typed", "words"),
    [
        ("rendering.npi", "1234567890", "no NPI"),
        ("line.1.from", "2026-02-30", "2026-01-31"),
        ("line.1.charge", "12.345", "dollars and cents"),
        ("line.1.charge", "-1", "zero or more"),
        ("line.1.charge", "", "must not be empty"),
        ("line.1.units", "0", "above zero"),
        ("line.1.pointers", "1 1", "four numbers"),
        ("line.1.modifiers", "25 59 76 77 78", "four modifiers"),
        ("line.1.procedure", "992", "five signs"),
        ("line.2.ndc", "123", "eleven digits"),
        ("diagnosis.1", "JJ", "diagnosis code"),
        ("delay_reason", "99", "of the list"),
        ("note", "X" * 81, "80 characters"),
        ("line.3.charge", "1", "no field"),
    ],
)
def test_a_wrong_value_is_told_beside_its_field(path: str, typed: str, words: str) -> None:
    asked = read_edits(document(), {path: typed, "member_id": "OK1"})
    assert words in asked.faults[path]
    assert [edit.path for edit in asked.edits] == ["member_id"]


def test_edits_of_another_version_are_refused() -> None:
    edit = Edit("member_id", "Member ID", "SOMETHING ELSE", "NEW")
    with pytest.raises(StaleEdit):
        apply_edits(document(), [edit])
    assert from_json(to_json([edit])) == (edit,)


@pytest.mark.parametrize(
    ("typed", "path", "words"),
    [
        ({"line.1.pointers": "3"}, "line.1.pointers", "the claim has 2"),
        ({"line.2.to": "2026-01-01"}, "line.2.to", "before the first"),
        ({"line.1.from": "2026-12-31"}, "line.1.from", "still to come"),
        (
            {"subscriber.birth_date": "2026-01-03", "line.2.from": "2026-01-03"},
            "line.1.from",
            "before the patient was born",
        ),
        ({"attachment.type": "OZ", "attachment.way": "FX"}, "attachment.number", "number"),
        ({"original_reference": "OLD"}, "original_reference", "status 495"),
        ({"line.2.send": "no"}, "", "left out of a replacement"),
    ],
)
def test_what_does_not_fit_together_is_told(typed: dict[str, str], path: str, words: str) -> None:
    found = [one for one in faults(typed) if words in one.text]
    assert {one.path for one in found} == {path}


def test_a_claim_needs_a_diagnosis() -> None:
    found = faults({"diagnosis.1": "", "diagnosis.2": ""})
    assert "diagnosis.1" in {one.path for one in found if one.is_error}


def test_a_claim_as_it_was_sent_has_no_errors() -> None:
    assert [one for one in faults({}) if one.is_error] == []
    history = History("837P", is_decided=True, payer_claim_number="I")
    assert [one for one in faults({}, "secondary", history=history) if one.is_error] == []


def test_a_prior_payers_decision_must_account_for_a_changed_charge() -> None:
    found = faults({"line.1.charge": "210.00"}, "secondary")
    assert {one.path for one in found if one.is_error} == {"line.1.charge", ""}


def test_medicare_wants_a_condition_code_on_an_institutional_adjustment() -> None:
    history = History("837I", "medicare", is_decided=True, payer_claim_number="DCN1")
    (fault,) = [one for one in faults({}, "institutional", history=history) if one.is_error]
    assert fault.path == "condition_codes"
    given = faults({"condition_codes": "C5 D1"}, "institutional", history=history)
    assert [one for one in given if one.is_error] == []


def test_a_replacement_without_the_payers_number_is_refused() -> None:
    history = History("837P", is_decided=True)
    (fault,) = [one for one in faults({}, history=history) if one.is_error]
    assert (fault.path, "REF*F8" in fault.text) == ("original_reference", True)


def test_a_claim_of_another_payer_needs_that_ones_number() -> None:
    history = History("837P", is_decided=True, reasons=frozenset({"109"}))
    (fault,) = [one for one in faults({}, kind=Kind.FIRST, history=history) if one.is_error]
    assert fault.path == "payer_id"
    given = faults({"payer_id": "OTHER1"}, kind=Kind.FIRST, history=history)
    assert [one for one in given if one.is_error] == []


def test_a_bad_value_of_the_original_is_told_and_not_refused() -> None:
    original = document()
    nm1 = segment("NM1", "82", "1", "S", "", "", "", "", "XX", "1234567890")
    old = original.claim.child("2310B")
    assert old is not None
    claim = original.claim.with_loop(old, old.with_segment(old.segments[0], nm1))
    bad = type(original)(
        **{**{k: getattr(original, k) for k in original.__slots__}, "claim": claim}
    )
    (found,) = find_faults(
        as_kind(bad, Kind.REPLACEMENT, DECIDED),
        original=bad,
        kind=Kind.REPLACEMENT,
        history=DECIDED,
        today=TODAY,
    )
    assert (found.path, found.is_error) == ("rendering.npi", False)
