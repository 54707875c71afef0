"""A claim document keeps all of a claim: written and read again it is the same, whatever it held.

The laws hold for mangled files too: segments dropped, doubled, moved and changed, delimiters of any
sender, data that holds what are delimiters elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.core.x12.read.claim_files import SAMPLES, segments_of

from sanderling.core.resubmission.document import ClaimDocument, Segment
from sanderling.core.resubmission.reading import documents_in, read_documents
from sanderling.core.resubmission.writing import file_key, write_claims
from sanderling.core.x12.batches import Batch
from sanderling.core.x12.read import read_bytes
from sanderling.core.x12.read.parts import Part
from sanderling.core.x12.read.stream import parts_of

AT: Final = datetime(2026, 3, 5, 12, 30, tzinfo=UTC)
_CLAIM_SAMPLES: Final = sorted(name for name in SAMPLES if SAMPLES[name][0].startswith("837"))
# What a file says of claims; parties above a claim are numbered by file, so they are left out.
FACTS: Final = (
    "claims",
    "claim_lines",
    "diagnoses",
    "coverages",
    "prior_payments",
    "adjustments",
)
_MARKS: Final = st.sampled_from(
    [("*", ":", "^", "~"), ("|", ">", "!", "\n"), ("*", ">", "^", "~"), ("^", "*", ":", "'")]
)
# Data: marks of other senders, blanks inside, signs of other scripts, nothing that is a number.
_DATA: Final = st.text(st.sampled_from("AB9 *:^~|>!'\\É-."), max_size=8)


def written(documents: list[ClaimDocument]) -> bytes:
    return write_claims(documents, control_number=7, reference="SL000000007", created_at=AT)


def facts(data: bytes) -> dict[str, list[dict[str, object]]]:
    """What the reader makes of the claims of a file, less the places in it.

    A delimiter of components where the guide has none is text; it is compared as ":".
    """
    found: dict[str, list[dict[str, object]]] = {name: [] for name in FACTS}
    for batch in read_bytes(data):
        if isinstance(batch, Batch):
            own = batch.transaction.interchange
            usual = {ord(own.component_separator): ":", ord(own.repetition_separator): "^"}
            for name in FACTS:
                frame = batch.tables[name].select(pl.exclude(r"^(.*_)?position$"))
                found[name] += [
                    {
                        key: value.translate(usual) if isinstance(value, str) else value
                        for key, value in row.items()
                    }
                    for row in frame.to_dicts()
                ]
    return found


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """Return a file of claims, mangled, in the delimiters of some sender."""
    element, component, repetition, terminator = draw(_MARKS)
    kind, body = SAMPLES[draw(st.sampled_from(_CLAIM_SAMPLES))]
    segments = segments_of(kind, body)
    inner = [[part.split(":") for part in text.split("*")] for text in segments[4:-3]]
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(inner) - 1))
        action = draw(st.sampled_from(["drop", "double", "move", "element", "new"]))
        if action == "drop" and len(inner) > 1 and inner[place][0] != ["HL"]:
            del inner[place]
        elif action == "double":
            inner.insert(draw(st.integers(0, len(inner))), inner[place])
        elif action == "move":
            inner.insert(draw(st.integers(0, len(inner) - 1)), inner.pop(place))
        elif action == "element" and len(inner[place]) > 1 and inner[place][0] != ["HL"]:
            one = inner[place] = [list(part) for part in inner[place]]
            one[draw(st.integers(1, len(one) - 1))] = draw(st.lists(_DATA, min_size=1, max_size=3))
        elif action == "new":
            tag = draw(st.sampled_from(["K3", "XYZ", "REF", "NTE", "DTP", "NM1", "LX", "SBR"]))
            values = draw(st.lists(st.lists(_DATA, min_size=1, max_size=2), max_size=4))
            inner.insert(place, [[tag], *values])
    own = {element, component, repetition, terminator}
    texts = [
        element.join(
            component.join("".join(c for c in value if c not in own) for value in part)
            for part in one
        )
        for one in inner
    ]
    head = segments[0][:-2].replace("*", element).replace("^", repetition) + element + component
    around = [text.replace("*", element) for text in (*segments[1:4], *segments[-3:])]
    around[3] = element.join(["SE", str(len(texts) + 3), "0001"])
    return "".join(
        f"{text}{terminator}" for text in [head, *around[:3], *texts, *around[3:]]
    ).encode()


@given(mangled())
@settings(max_examples=150, deadline=None)
def test_what_is_written_reads_back_the_same(data: bytes) -> None:
    for document in documents_in(data):
        assert documents_in(written([document])) == [document]


@given(mangled())
@settings(max_examples=120, deadline=None)
def test_the_reader_finds_the_same_facts_in_what_is_written(data: bytes) -> None:
    documents = documents_in(data)
    before = facts(data)
    if len(documents) != len(before["claims"]):
        return  # claims without a level above them are nobody's

    for index, document in enumerate(documents):
        after = facts(written([document]))
        for name in FACTS:
            own = [row for row in before[name] if row["claim_index"] == index]
            assert [row | {"claim_index": 0} for row in own] == after[name], name


@given(st.lists(mangled(), min_size=2, max_size=3))
@settings(max_examples=60, deadline=None)
def test_claims_of_many_files_come_out_of_one_unchanged(files: list[bytes]) -> None:
    documents = [document for data in files for document in documents_in(data)]
    for key in {file_key(document) for document in documents}:
        alike = [document for document in documents if file_key(document) == key]
        assert sorted(map(repr, documents_in(written(alike)))) == sorted(map(repr, alike))


@given(mangled(), st.sampled_from([64, 200, 1000]), st.data())
@settings(max_examples=120, deadline=None)
def test_chosen_claims_are_the_same_however_the_file_is_cut(
    data: bytes, size: int, chooser: st.DataObject
) -> None:
    def parts(size: int) -> Iterator[Part]:
        chunks = [data[at : at + size] for at in range(0, len(data), size)]
        return parts_of(chunks, window_max=size)

    every = dict(read_documents(parts(1 << 20)))
    wanted = (
        set(chooser.draw(st.lists(st.sampled_from(sorted(every)), max_size=2))) if every else {1}
    )
    found = dict(read_documents(parts(size), wanted))
    assert found == {position: every[position] for position in wanted if position in every}


@given(st.lists(_DATA, min_size=1, max_size=4), _DATA, st.integers(1, 5), st.integers(0, 3))
def test_what_is_put_is_what_is_got(
    elements: list[str], value: str, place: int, component: int
) -> None:
    segment = Segment(("REF",)).put(1, elements[0])
    for at, element in enumerate(elements, start=1):
        segment = segment.put(at, element)

    assert segment.put(place, value, component).get(place, component) == value
