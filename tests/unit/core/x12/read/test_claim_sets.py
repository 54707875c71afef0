"""Whole sets: broken off, beside good neighbors, long; and the sentences of their problems."""

from __future__ import annotations

import io
import string

import polars as pl
import pytest
from tests.unit.core.x12.read.claim_files import (
    DEPENDENT,
    HEAD,
    PROFESSIONAL,
    SUBSCRIBER,
    file_of,
    problems_in,
    read_batch,
    segments_of,
    ta1_file,
)

from sanderling.core.x12.batches import Batch
from sanderling.core.x12.problems import CODES, Severity
from sanderling.core.x12.read import read_bytes, read_stream
from sanderling.core.x12.read.deviations import SENTENCES


def test_a_set_that_breaks_off_inside_a_claim_is_refused() -> None:
    data = file_of("837P", PROFESSIONAL)
    cut = data[: data.index(b"REF*6R*10001L2")]

    (batch,) = [part for part in read_bytes(cut) if isinstance(part, Batch)]

    assert batch.refused
    (problem,) = [told for told in batch.problems if told.severity is Severity.REFUSED]
    assert problem.code == "set_truncated"


def test_a_bad_set_does_not_lose_its_good_neighbors() -> None:
    """ST*837 (good), ST*837 without a CLM01, ST*837 of a 4010 guide, ST*837 (good)"""
    good = segments_of("837P", PROFESSIONAL)[2:-2]
    bad = [segment.replace("CLM*PCN10001", "CLM*") for segment in good]
    other = segments_of("837P", DEPENDENT)[2:-2]
    envelope = segments_of("837P", PROFESSIONAL)
    numbered = []
    for number, inner in enumerate([good, bad, other], 1):
        numbered += [
            segment.replace("*0001*005010X222A1", f"*{number:04}*005010X222A1")
            if segment.startswith("ST")
            else segment
            for segment in inner[:-1]
        ]
        numbered.append(f"SE*{len(inner)}*{number:04}")
    data = "~".join([*envelope[:2], *numbered, "GE*3*101", envelope[-1], ""]).encode()

    batches = [part for part in read_bytes(data) if isinstance(part, Batch)]

    assert [batch.tables["claims"].height for batch in batches] == [1, 1, 2]
    assert [[told.code for told in batch.problems] for batch in batches] == [
        [],
        ["claim_number_missing"],
        [],
    ]
    (problem,) = batches[1].problems
    assert (problem.severity, problem.claim_index) == (Severity.CLAIM, 0)
    assert batches[2].tables["claims"]["claim_index"].to_list() == [0, 1]


def test_a_long_set_comes_out_the_same_in_batches() -> None:
    """1,300 subscribers with a claim each: rows settle three times while the set is read."""
    levels = [
        SUBSCRIBER.replace("HL*2*1*22", f"HL*{number + 2}*1*22")
        + f"CLM*PCN{number}*{number + 1}.05***11:B:1*Y*A*Y*Y~HI*ABK:I10~LX*1~"
        + f"SV1*HC:99213*{number + 1}.05*UN*1***1~DTP*472*D8*20260102~REF*6R*L{number}~"
        for number in range(1_300)
    ]
    data = file_of("837P", HEAD + "".join(levels))

    whole = read_batch(data)
    stream = read_stream(io.BytesIO(data), batch_claims=300, chunk_bytes=20_000)
    batches = [part for part in stream if isinstance(part, Batch)]

    assert whole.problems == []
    assert whole.tables["claims"]["claim_index"].to_list() == list(range(1_300))
    expected = sum(100 * (number + 1) + 5 for number in range(1_300))
    assert whole.tables["batches"]["charge_total_cents"].to_list() == [expected]
    assert whole.tables["claim_lines"]["charge_cents"].sum() == expected
    assert len(batches) > 2
    for name, frame in whole.tables.items():
        assert pl.concat([batch.tables[name] for batch in batches]).equals(frame), name


@pytest.mark.parametrize("code", SENTENCES)
def test_every_code_has_a_severity_and_a_sentence_that_says_what_to_do(code: str) -> None:
    assert code in CODES
    sentence = SENTENCES[code]
    assert sentence.endswith(".")
    names = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
    assert names <= {
        *("tag", "loop", "element", "value", "expected", "count", "charge", "lines"),
        *("paid", "adjusted"),
    }


@pytest.mark.parametrize(
    "segment",
    [
        "TA1",
        "TA1*",
        "TA1****Q*",
        "TA1*1*2*3*A*000*X*Y",
        "TA1*000000101*260105*0930*A*000" + "*" * 9,
    ],
)
def test_a_mangled_ta1_never_raises_and_is_never_lost(segment: str) -> None:
    data = ta1_file(segment)

    batches = [part for part in read_bytes(data) if isinstance(part, Batch)]

    assert sum(batch.tables["interchange_acks"].height for batch in batches) == 1
    if segment.startswith("TA1*000000101"):
        assert not [told for told in problems_in(data) if told.severity is Severity.REFUSED]
