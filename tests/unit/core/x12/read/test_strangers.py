"""What senders do who did not read the guide to its end, and what is read of it all the same."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from sanderling.core.x12.batches import Batch, FileEvent
from sanderling.core.x12.problems import Problem, Severity
from sanderling.core.x12.read import read_bytes, read_stream

from . import claim_files
from .claim_files import PROFESSIONAL, SAMPLES, file_of, problems_in, read_batch, read_sample

_CHUNK_BYTES = (61, 1_000, 1 << 20)


def _serious(problems: list[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity is not Severity.WARNING]


def _codes(data: bytes) -> list[str]:
    return [problem.code for problem in problems_in(data)]


def _rows(batch: Batch, table: str) -> list[tuple[object, ...]]:
    return batch.tables[table].drop("position").rows()


# --- ISA16 forgotten ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["professional", "institutional", "acknowledged", "status"])
def test_composites_divided_by_another_character_than_isa16_says_are_read(name: str) -> None:
    right = file_of(*SAMPLES[name])
    isa, rest = right[:106], right[106:]

    wrong = isa.replace(b"*P*:", b"*P*>") + rest
    batch = read_batch(wrong)

    assert batch.transaction.interchange.component_separator == ":"
    (problem,) = problems_in(wrong)
    assert (problem.code, problem.position, problem.element) == (
        "component_separator_differs",
        1,
        "ISA16",
    )
    for table, frame in read_batch(right).tables.items():
        assert batch.tables[table].equals(frame)


def test_isa16_stands_where_composites_do_not_agree_on_another_character() -> None:
    text = file_of(*SAMPLES["professional"]).replace(b"*P*:", b"*P*>")

    mixed = text.replace(b"HI*ABK:J0190*ABF:R509", b"HI*ABK|J0190*ABF|R509")

    assert "component_separator_differs" not in _codes(mixed)


def test_a_character_of_the_next_interchange_says_nothing_of_this_one() -> None:
    acknowledged = claim_files.ta1_file()  # declares ":" and has no composite
    other = file_of(*SAMPLES["professional"]).replace(b":", b">")
    other = other.replace(b"000000101", b"000000102")

    assert _codes(acknowledged + other) == []


# --- lines without LX -----------------------------------------------------------------------------


def test_services_without_an_lx_are_lines() -> None:
    kind, body = SAMPLES["professional"]
    bare = "".join(f"{s}~" for s in body.replace("\n", "").split("~") if s and s[:3] != "LX*")

    batch = read_batch(file_of(kind, bare))

    assert not _serious(batch.problems)
    assert [p.code for p in batch.problems] == ["required_segment_missing"] * 2
    assert {(p.segment, p.loop) for p in batch.problems} == {("LX", "2400")}
    lines, usual = batch.tables["claim_lines"], read_sample("professional").tables["claim_lines"]
    assert lines["assigned_number"].to_list() == [None, None]
    for column in set(lines.columns) - {"assigned_number", "position"}:
        assert lines[column].to_list() == usual[column].to_list()


def test_a_second_service_under_an_lx_is_no_line() -> None:
    kind, body = SAMPLES["professional"]

    batch = read_batch(file_of(kind, body.replace("LX*2~\n", "")))

    repeated, *_ = [p for p in batch.problems if p.code == "segment_repeated"]
    assert repeated.segment == "SV1"
    assert batch.tables["claim_lines"].height == 1
    assert [p.code for p in _serious(batch.problems)] == ["claim_charge_differs"]


# --- CLM05 ----------------------------------------------------------------------------------------


def test_a_type_of_bill_in_one_piece_is_taken_apart() -> None:
    kind, body = SAMPLES["institutional"]
    place = next(s for s in body.split("~") if "CLM*" in s).split("*")[5]
    facility, _, frequency = place.split(":")

    batch = read_batch(file_of(kind, body.replace(place, f"{facility}{frequency}")))

    (claim,) = batch.tables["claims"].to_dicts()
    assert (claim["facility_code"], claim["frequency"]) == (facility, frequency)
    assert not batch.problems


def test_an_empty_frequency_holds_no_claim_up() -> None:
    batch = read_batch(file_of("837P", PROFESSIONAL.replace("11:B:1*", "11:B*")))

    assert batch.tables["claims"]["frequency"].to_list() == [None]
    assert not _serious(batch.problems)


# --- no guide named -------------------------------------------------------------------------------


@pytest.mark.parametrize("guide", ["", "005010"])
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("professional", "837P"),
        ("institutional", "837I"),
        ("dental", "837D"),
        ("acknowledged", "277CA"),
        ("status", "277"),
    ],
)
@pytest.mark.parametrize("chunk_bytes", _CHUNK_BYTES)
def test_the_content_tells_the_kind_when_no_guide_is_named(
    name: str, kind: str, guide: str, chunk_bytes: int
) -> None:
    named = file_of(*SAMPLES[name])
    full = read_batch(named).transaction.guide
    bare = named.replace(f"*{full}".encode(), f"*{guide}".encode())

    parts = list(read_stream(io.BytesIO(bare), chunk_bytes=chunk_bytes))

    batches = [part for part in parts if isinstance(part, Batch)]
    assert {batch.transaction.kind for batch in batches} == {kind}
    assert not any(batch.refused for batch in batches)
    assert [p.code for part in parts for p in part.problems] == ["guide_missing"]
    assert [_rows(batch, "parties") for batch in batches] == [_rows(read_batch(named), "parties")]


def test_a_277_without_a_guide_and_bht06_is_told_by_bht01() -> None:
    named = file_of(*SAMPLES["acknowledged"])
    bare = named.replace(b"*005010X214", b"").replace(b"*TH~", b"~")
    assert bare.count(b"*TH") == 0

    assert read_batch(bare).transaction.kind == "277CA"


def test_an_837_without_guide_and_service_is_refused() -> None:
    named = file_of("837P", claim_files.HEAD)

    batch = read_batch(named.replace(b"*005010X222A1", b"*005010"))

    assert batch.refused
    assert [p.code for p in _serious(batch.problems)] == ["guide_missing"]


# --- nothing to read ------------------------------------------------------------------------------


def _without_st(text: bytes) -> bytes:
    return b"\n".join(line for line in text.split(b"\n") if line[:3] not in (b"ST*", b"SE*"))


def _without_sets(text: bytes) -> bytes:
    lines = text.split(b"\n")
    return b"\n".join(lines[:2] + [line for line in lines if line[:2] in (b"GE", b"IE")])


@pytest.mark.parametrize(
    ("change", "severity"), [(_without_st, Severity.REFUSED), (_without_sets, Severity.WARNING)]
)
def test_an_interchange_without_a_set_says_so(
    change: Callable[[bytes], bytes], severity: Severity
) -> None:
    text = change(file_of(*SAMPLES["professional"]))

    parts = read_bytes(text)

    told = [p for part in parts for p in part.problems if p.code == "set_missing"]
    assert [(p.severity, p.segment) for p in told] == [(severity, "ST")]
    assert any(isinstance(part, FileEvent) and part.refused for part in parts) == (
        severity is Severity.REFUSED
    )


def test_segments_without_an_isa_are_called_what_they_are() -> None:
    text = file_of(*SAMPLES["professional"])

    (problem,) = problems_in(b"\r\n" + text[text.index(b"GS*") :])

    assert problem.code == "no_interchange"
    assert "have no ISA before them" in problem.message


def test_a_long_tag_is_not_cut_to_one_that_exists() -> None:
    (problem, *_) = problems_in(file_of("837P", PROFESSIONAL.replace("CLM*", "CLMX*")))

    assert (problem.code, problem.segment) == ("segment_unknown", "CLM...")
