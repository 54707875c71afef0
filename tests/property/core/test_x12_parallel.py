"""Reading on several processors gives exactly what reading in one pass gives."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.property.core.x12_samples import HEADER, ISA, claims

from sanderling.core.x12.batches import Batch, FileEvent
from sanderling.core.x12.problems import Problem
from sanderling.core.x12.read import framing, parallel, read_parallel, read_stream

_Read = list[tuple[object, list[Problem], bool, int, str, dict[str, pl.DataFrame]]]


def _file(seed: int, sets: int, count: int, faults: int) -> bytes:
    texts = []
    for number in range(sets):
        body = HEADER + "~".join(claims(seed + number, count, faults)) + "~PLB*1*20261231*WO:A*1~"
        texts.append(f"ST*835*{number:04}~{body}SE*{body.count('~') + 2}*{number:04}~")
    return (
        f"{ISA}GS*HP*A*B*20260105*0930*101*X*005010X221A1~{''.join(texts)}"
        f"GE*{sets}*101~IEA*1*000000101~"
    ).encode()


def _joined(events: list[Batch | FileEvent]) -> _Read:
    """Return the events with the batches of each transaction set put together."""
    found: _Read = []
    open_batches: list[Batch] = []
    for event in events:
        if isinstance(event, FileEvent):
            found.append((event.interchange, event.problems, event.refused, 0, "", {}))
            continue
        assert event.is_first == (not open_batches)
        open_batches.append(event)
        if event.is_last:
            tables = {
                name: pl.concat([batch.tables[name] for batch in open_batches])
                for name in event.tables
            }
            problems = [problem for batch in open_batches for problem in batch.problems]
            found.append(
                (
                    event.transaction,
                    problems,
                    event.refused,
                    event.end_position,
                    event.content_sha256,
                    tables,
                )
            )
            open_batches = []
    assert not open_batches
    return found


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    sets=st.integers(1, 4),
    count=st.integers(1, 25),
    faults=st.integers(0, 8),
    task=st.sampled_from([200, 2_000, 20_000]),
    chunk_bytes=st.sampled_from([300, 3_000, 1 << 20]),
)
def test_parallel_and_streaming_give_the_same(
    seed: int, sets: int, count: int, faults: int, task: int, chunk_bytes: int
) -> None:
    data = _file(seed, sets, count, faults)
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as executor:
        patch.setattr(parallel, "TASK_CHARACTERS", task)
        patch.setattr(framing, "_WINDOW_MIN", 256)
        found = _joined(
            list(read_parallel(data, executor=executor, workers=2, chunk_bytes=chunk_bytes))
        )

    expected = _joined(list(read_stream(io.BytesIO(data))))

    assert [entry[:5] for entry in found] == [entry[:5] for entry in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[5].keys() == other[5].keys()
        for name, rows in other[5].items():
            assert_frame_equal(one[5][name], rows)
