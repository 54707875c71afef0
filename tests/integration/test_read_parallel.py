"""Reading in real worker processes gives what reading in one pass gives."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from sanderling.core.x12.batches import Batch
from sanderling.core.x12.read import read_parallel, read_stream
from sanderling.simulator.large import write_large_835, write_large_837p


def _tables(batches: list[Batch]) -> dict[str, pl.DataFrame]:
    return {name: pl.concat([b.tables[name] for b in batches]) for name in batches[0].tables}


def test_two_processes_read_what_one_reads(tmp_path: Path) -> None:
    files = (tmp_path / "large.835", tmp_path / "large.837p")
    write_large_835(files[0], 1)
    write_large_837p(files[1], 1)

    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        for path in files:
            found = list(read_parallel(path, executor=executor, workers=2, chunk_bytes=200_000))
            with path.open("rb") as stream:
                expected = list(read_stream(stream))

            batches = [event for event in found if isinstance(event, Batch)]
            others = [event for event in expected if isinstance(event, Batch)]
            assert len(batches) > 1
            assert not any(batch.refused for batch in batches)
            last = [batch.content_sha256 for batch in batches if batch.is_last]
            assert last == [batch.content_sha256 for batch in others if batch.is_last]
            for name, rows in _tables(others).items():
                assert_frame_equal(_tables(batches)[name], rows)
