"""Reading an 835's claims column by column gives exactly what reading segment by segment gives."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.property.core.x12_samples import HEADER, claims

from sanderling.core.x12.batches import Interchange, TransactionSet
from sanderling.core.x12.read import set_835
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.set_835 import Reader835

_INTERCHANGE = Interchange(
    1, 1, "ZZ", "PAYER", "ZZ", "CLINIC", date(2026, 1, 5), "0930", "00501", "000000101", "P",
    "*", ":", "^", "~",
)  # fmt: skip
_SET = TransactionSet(
    _INTERCHANGE, 1, "835", "005010X221A1", "HP", "A", "B", date(2026, 1, 5), "101", "0001", 3
)


def _texts(segments: list[str], cuts: list[int]) -> list[tuple[int, str]]:
    """Divide `segments` at `cuts`; each text with the position of its first segment."""
    places = sorted({0, len(segments), *(cut % len(segments) for cut in cuts)})
    return [(3 + begin, "~".join(segments[begin:end])) for begin, end in pairwise(places)]


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    count=st.integers(1, 30),
    faults=st.integers(0, 12),
    cuts=st.lists(st.integers(0, 10**6), max_size=3),
)
def test_columns_and_segments_give_the_same(
    seed: int, count: int, faults: int, cuts: list[int]
) -> None:
    segments = ["ST*835*0001", *HEADER.rstrip("~").split("~"), *claims(seed, count, faults)]
    segments += ["PLB*1234567893*20261231*WO:REF1*1.5*L6*-2", "SE*1*0001"]
    by_segment = Reader835(_SET, Delimiters())
    by_columns = Reader835(_SET, Delimiters())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(set_835, "COLUMNS_MIN", 0)
        for position, text in _texts(segments, cuts):
            by_segment.feed(text.split("~"), position)
            by_columns.feed_text(text, position)
        assert by_segment.closed_claims() == by_columns.closed_claims()
        expected, problems, refused = by_segment.finish()
        found, found_problems, found_refused = by_columns.finish()
    assert refused == found_refused
    assert found_problems == problems
    assert found.keys() == expected.keys()
    for name, table in expected.items():
        assert_frame_equal(found[name], table)
