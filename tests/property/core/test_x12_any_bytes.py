"""Whatever the bytes, reading does not raise, and every segment is accounted for."""

from __future__ import annotations

import io
import random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.core.x12_samples import HEADER, ISA, claims

from sanderling.core.x12.batches import Batch, FileEvent
from sanderling.core.x12.problems import CODES, Severity
from sanderling.core.x12.read import read_stream, sniff

_KINDS = {
    "835": ("HP", "005010X221A1"),
    "837": ("HC", "005010X222A1"),
    "277": ("HN", "005010X214"),
    "999": ("FA", "005010X231A1"),
}


def _file(seed: int, kind: str) -> str:
    functional, guide = _KINDS[kind]
    body = HEADER + "~".join(claims(seed, 4, 3)) + "~"
    count = body.count("~") + 2
    return (
        f"{ISA}GS*{functional}*A*B*20260105*0930*101*X*{guide}~ST*{kind}*0001~{body}"
        f"SE*{count}*0001~GE*1*101~IEA*1*000000101~"
    )


def _read(data: bytes, chunk_bytes: int) -> list[Batch | FileEvent]:
    return list(read_stream(io.BytesIO(data), chunk_bytes=chunk_bytes, batch_claims=2))


def _mutated(data: bytes, chance: random.Random, count: int) -> bytes:
    pieces = bytearray(data)
    for _ in range(count):
        place = chance.randrange(len(pieces))
        kind = chance.randrange(5)
        length = chance.randrange(1, 40)
        if kind == 0:
            del pieces[place : place + length]
        elif kind == 1:
            pieces[place] = chance.randrange(256)
        elif kind == 2:
            pieces[place:place] = bytes(chance.randrange(256) for _ in range(length))
        elif kind == 3:
            other = chance.randrange(len(pieces))
            pieces[place:place] = pieces[other : other + length]
        else:
            pieces[place : place + 1] = chance.choice(
                [b"~", b"*", b":", b"\n", b"~~", b"ISA*", b"~IEA*1", b"~ST*835*1", b"~SE*", b" ~"]
            )
        if not pieces:
            return b""
    return bytes(pieces)


def _check(events: list[Batch | FileEvent]) -> None:
    """A batch follows its transaction set's others, the last closes it, codes are documented."""
    open_index = None
    for event in events:
        assert {problem.code for problem in event.problems} <= CODES.keys()
        if isinstance(event, Batch):
            assert event.is_first == (open_index is None)
            assert open_index in (None, event.transaction.index)
            open_index = None if event.is_last else event.transaction.index
            if event.refused:
                assert event.is_last
        elif event.refused:
            assert any(problem.severity is Severity.REFUSED for problem in event.problems)
    assert open_index is None


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=2_000), chunk_bytes=st.integers(1, 300))
def test_garbage_never_raises(data: bytes, chunk_bytes: int) -> None:
    sniff(data)
    _check(_read(data, chunk_bytes))
    _check(_read(ISA.encode() + data, chunk_bytes))


@settings(max_examples=300, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    kind=st.sampled_from(sorted(_KINDS)),
    count=st.integers(1, 12),
    chunk_bytes=st.sampled_from([50, 500, 1 << 20]),
)
def test_a_damaged_file_never_raises(seed: int, kind: str, count: int, chunk_bytes: int) -> None:
    data = _mutated(_file(seed, kind).encode(), random.Random(seed), count)

    _check(_read(data, chunk_bytes))


# Segments whose row stands at another segment's position: their text must be found there.
_INTO_PARTY = {"N3", "N4"}


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10**9), faults=st.integers(0, 12))
def test_every_segment_of_an_835_is_in_a_row_or_told(seed: int, faults: int) -> None:
    body = HEADER + "~".join(claims(seed, 5, faults)) + "~"
    data = (
        f"{ISA}GS*HP*A*B*20260105*0930*101*X*005010X221A1~ST*835*0001~{body}"
        f"SE*{body.count('~') + 2}*0001~GE*1*101~IEA*1*000000101~"
    )

    events = _read(data.encode(), 1 << 20)

    accounted = {1, 2}  # ISA and GS: the interchange and the transaction set hold them
    addresses = set()
    for event in events:
        accounted |= {problem.position for problem in event.problems}
        if isinstance(event, Batch):
            accounted |= {event.transaction.position, event.end_position}
            for table in event.tables.values():
                accounted |= set(table["position"].to_list())
            parties = event.tables["parties"]
            addresses |= set(parties["address"].to_list()) | set(parties["city"].to_list())
    header = {"BPR", "TRN", "DTM"}
    for position, segment in enumerate(data.split("~")[:-1], start=1):
        elements = segment.split("*")
        if position in accounted or elements[0] in {"GE", "IEA"}:
            continue
        if elements[0] in _INTO_PARTY:
            assert elements[1] in addresses, segment
            continue
        assert elements[0] in header, (position, segment)
