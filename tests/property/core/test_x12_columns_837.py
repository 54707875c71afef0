"""Reading an 837P's claims column by column gives exactly what reading segment by segment gives."""

from __future__ import annotations

import io
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.property.core.x12_units import units
from tests.unit.core.x12.read.claim_files import HEAD, file_of

from sanderling.core.x12.batches import Batch, Interchange, TransactionSet
from sanderling.core.x12.problems import Problem
from sanderling.core.x12.read import read_bytes, read_stream, set_837, together
from sanderling.core.x12.read.columns_837 import UnitsRead, UnitsText
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.set_837 import Reader837
from sanderling.core.x12.read.set_reader import Tables

_INTERCHANGE = Interchange(
    1, 1, "ZZ", "BILLCO", "ZZ", "CLEARHOUSE", date(2026, 1, 5), "0930", "00501", "000000101", "P",
    "*", ":", "^", "~",
)  # fmt: skip
_SET = TransactionSet(
    _INTERCHANGE, 1, "837P", "005010X222A1", "HC", "A", "B", date(2026, 1, 5), "101", "0001", 3
)
_HEAD = HEAD.replace("\n", "").rstrip("~").split("~")


def _segments(seed: int, count: int, faults: int) -> list[str]:
    return ["ST*837*0001", *_HEAD, *units(seed, count, faults), "SE*1*0001"]


def _assert_same(
    found: tuple[Tables, list[Problem], bool], expected: tuple[Tables, list[Problem], bool]
) -> None:
    assert found[1:] == expected[1:]
    assert found[0].keys() == expected[0].keys()
    for name, table in expected[0].items():
        assert_frame_equal(found[0][name], table)


@settings(max_examples=250, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    count=st.integers(1, 30),
    faults=st.integers(0, 12),
    cuts=st.lists(st.integers(0, 10**6), max_size=3),
    delimiters=st.sampled_from([Delimiters(), Delimiters("|", ">", "!", "\n")]),
)
def test_columns_and_segments_give_the_same(
    seed: int, count: int, faults: int, cuts: list[int], delimiters: Delimiters
) -> None:
    usual = Delimiters()
    segments = [
        segment.replace(usual.element, delimiters.element).replace(
            usual.component, delimiters.component
        )
        for segment in _segments(seed, count, faults)
    ]
    places = sorted({0, len(segments), *(cut % len(segments) for cut in cuts)})
    by_segment = Reader837(_SET, delimiters)
    by_columns = Reader837(_SET, delimiters)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(set_837, "UNITS_MIN", 0)
        patch.setattr(set_837, "_ODD_SHARE_MAX", 1.0)
        for begin, end in pairwise(places):
            by_segment.feed(segments[begin:end], 3 + begin)
            by_columns.feed_text(delimiters.terminator.join(segments[begin:end]), 3 + begin)
            assert by_columns.rows.problems == by_segment.rows.problems or begin
        _assert_same(by_columns.finish(), by_segment.finish())


@settings(max_examples=60, deadline=None)
@given(
    seeds=st.lists(st.integers(0, 10**9), min_size=1, max_size=6),
    faults=st.integers(0, 4),
    chunk_bytes=st.integers(300, 20_000),
)
def test_sets_read_together_are_the_same(seeds: list[int], faults: int, chunk_bytes: int) -> None:
    body = "~".join([*_HEAD, *units(seeds[0], 12, faults)])
    whole = file_of("837P", body + "~").decode()
    begin, end = whole.index("ST*837"), whole.index("GE*")
    bodies = ["~".join([*_HEAD, *units(seed, 12, faults)]) for seed in seeds]
    sets = "".join(
        f"ST*837*{number:04}*005010X222A1~{text}~SE*0*{number:04}~"
        for number, text in enumerate(bodies, 1)
    )
    data = (whole[:begin] + sets + whole[end:]).encode()
    alone = read_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(together, "UNITS_MIN", 0)
        patch.setattr(together, "_CLAIMS_MIN", 0)
        patch.setattr(set_837, "UNITS_MIN", 0)
        joined = list(read_stream(io.BytesIO(data), chunk_bytes=chunk_bytes))
    expected = [event for event in alone if isinstance(event, Batch)]
    found = [event for event in joined if isinstance(event, Batch)]
    assert len(found) == len(expected) == len(seeds)
    for one, other in zip(found, expected, strict=True):
        assert (one.end_position, one.content_sha256) == (other.end_position, other.content_sha256)
        _assert_same(
            (one.tables, one.problems, one.refused), (other.tables, other.problems, other.refused)
        )


def test_usual_units_are_read_by_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[UnitsRead] = []
    add = Reader837.add_claims

    def noted(self: Reader837, text: UnitsText, read: UnitsRead) -> None:
        reads.append(read)
        add(self, text, read)

    monkeypatch.setattr(set_837, "UNITS_MIN", 0)
    monkeypatch.setattr(Reader837, "add_claims", noted)
    reader = Reader837(_SET, Delimiters())
    segments = _segments(7, 60, 0)
    reader.feed_text("~".join(segments), 3)
    tables, problems, _ = reader.finish()
    assert problems == []
    assert tables["claims"].height == 60
    assert sum(read.frames["claims"].height for read in reads) > 45
    assert not any(read.odd for read in reads)
