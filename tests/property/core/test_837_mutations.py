"""However a claim file or an answer to one is mangled, nothing raises and nothing is lost.

Every segment between ST and SE must be found again: a row or a kept segment or a problem at its
position, or, for a segment that completes another one's row, its values in that row. Transaction
sets that are refused by their envelope are not read at all and say so.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.core.x12.read.claim_files import (
    SAMPLES,
    file_of,
    read_batch,
    segments_of,
)

from sanderling.core.x12.batches import Batch
from sanderling.core.x12.read import read_bytes, read_stream
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.set_837 import Reader837

# What completes the row of a party, a claim or a level instead of having one of its own; an IK3
# that only has element errors is in the rows of these.
_COMPLETING = {
    *("ST", "SE", "BHT", "HL", "SBR", "PAT", "N3", "N4", "DMG", "PRV", "LX", "SV1", "SV2", "SV3"),
    *("TOO", "LIN", "IK5", "AK9", "CTX", "IK3"),
}
_NOISE = st.sampled_from(
    ["", "*", "**", ":", "X", "0", "-1", "9" * 25, "1.234", "19990231", "É", "\x00", "ZZ", "5E3"]
)


@st.composite
def mangled(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Return a kind and the segments of a file, some dropped, doubled, moved or changed."""
    kind, body = SAMPLES[draw(st.sampled_from(sorted(SAMPLES)))]
    segments = segments_of(kind, body)
    head, inner, tail = segments[:3], segments[3:-3], segments[-3:]
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(len(inner) - 1, 0)))
        if not inner:
            break
        action = draw(st.sampled_from(["drop", "double", "move", "element", "tag", "tail"]))
        if action == "drop":
            del inner[place]
        elif action == "double":
            inner.insert(draw(st.integers(0, len(inner))), inner[place])
        elif action == "move":
            inner.insert(draw(st.integers(0, len(inner) - 1)), inner.pop(place))
        elif action == "tag":
            inner[place] = draw(st.sampled_from(inner)).split("*")[0] + inner[place][2:]
        elif action == "tail":
            inner[place] += "*" * draw(st.integers(1, 25)) + draw(_NOISE)
        else:
            elements = inner[place].split("*")
            if len(elements) > 1:
                elements[draw(st.integers(1, len(elements) - 1))] = draw(_NOISE)
                inner[place] = "*".join(elements)
    return kind, [*head, *inner, *tail]


def _texts(batch: Batch) -> str:
    """Return all that a batch holds, as one text."""
    return "\n".join(frame.write_csv() for frame in batch.tables.values())


def _positions(batch: Batch) -> set[int]:
    found = {problem.position for problem in batch.problems}
    for frame in batch.tables.values():
        found |= set(frame["position"].to_list())
    return found


def _values(segment: str) -> Iterator[str]:
    """Yield the values of a segment the way the tables write them."""
    for element in segment.split("*")[1:]:
        for part in element.split(":"):
            if len(part) == 8 and part.isdigit():
                try:
                    yield str(date.fromisoformat(f"{part[:4]}-{part[4:6]}-{part[6:]}"))
                except ValueError:
                    yield part
            else:
                yield part


@given(mangled())
@settings(max_examples=400, deadline=None)
def test_every_segment_is_accounted_for(file: tuple[str, list[str]]) -> None:
    _, segments = file
    batch = read_batch("".join(f"{segment}~" for segment in segments).encode("latin-1", "replace"))
    if batch.refused and not any(frame.height for frame in batch.tables.values()):
        assert batch.problems
        return

    positions = _positions(batch)
    for position, segment in enumerate(segments, 1):
        if position < 4 or position > len(segments) - 3 or position in positions:
            continue
        tag = segment.split("*")[0]
        assert tag in _COMPLETING, f"{tag} at {position} is lost"


@given(mangled())
@settings(max_examples=200, deadline=None)
def test_names_and_identifiers_are_never_lost(file: tuple[str, list[str]]) -> None:
    _, segments = file
    batch = read_batch("".join(f"{segment}~" for segment in segments).encode("latin-1", "replace"))
    if batch.refused and not any(frame.height for frame in batch.tables.values()):
        return

    text = _texts(batch)
    for segment in segments[3:-3]:
        if segment.split("*")[0] in {"NM1", "N3", "N4", "DMG", "REF", "PER", "TRN", "CLM", "SBR"}:
            for value in _values(segment):
                if len(value) > 4 and value.isalnum() and value.isascii() and not value.isdigit():
                    assert value in text, f"{value} of {segment} is lost"


@given(mangled())
@settings(max_examples=200, deadline=None)
def test_a_claim_is_never_read_twice_or_torn(file: tuple[str, list[str]]) -> None:
    kind, segments = file
    batch = read_batch("".join(f"{segment}~" for segment in segments).encode("latin-1", "replace"))
    if not kind.startswith("837") or "claims" not in batch.tables:
        return

    claims, lines = batch.tables["claims"], batch.tables["claim_lines"]
    assert claims["claim_index"].to_list() == list(range(claims.height))
    assert (claims["position"] <= claims["end_position"]).all()
    for claim in claims.to_dicts():
        own = lines.filter(pl.col("claim_index") == claim["claim_index"])
        assert own.height == claim["line_count"]
        assert own["line_index"].to_list() == list(range(1, own.height + 1))
        inside = own["position"].is_between(claim["position"], claim["end_position"])
        assert inside.all()


@given(mangled())
@settings(max_examples=300, deadline=None)
def test_segments_read_one_by_one_give_the_same_rows(file: tuple[str, list[str]]) -> None:
    """A usual line is read in one go when its segments come together, and then only."""
    kind, segments = file
    if not kind.startswith("837"):
        return
    batch = read_batch(file_of(*SAMPLES["professional"]))
    transaction = replace(batch.transaction, kind=kind)
    together = Reader837(transaction, Delimiters())
    apart = Reader837(transaction, Delimiters())

    # Twice, because a procedure must have been seen before its line is a usual one.
    body = [*segments[2:-3], *segments[3:-3]]
    together.feed(body, 3)
    for position, segment in enumerate(body, 3):
        apart.feed([segment], position)

    one, one_problems, _ = together.finish()
    other, other_problems, _ = apart.finish()
    assert one_problems == other_problems
    for name, frame in one.items():
        assert frame.equals(other[name]), name


@given(
    st.binary(max_size=400),
    st.sampled_from(sorted(SAMPLES)),
    st.integers(0, 3000),
    st.integers(0, 200),
)
@settings(max_examples=300, deadline=None)
def test_garbage_in_a_file_never_raises(noise: bytes, name: str, at: int, length: int) -> None:
    data = file_of(*SAMPLES[name])
    place = min(at, len(data))

    parts = read_bytes(data[:place] + noise + data[place + length :])

    assert parts


@given(
    st.lists(st.sampled_from(["professional", "dependent", "secondary"]), min_size=1, max_size=4),
    st.integers(1, 3),
    st.integers(1, 700),
)
@settings(max_examples=100, deadline=None)
def test_batches_together_are_the_whole(names: list[str], claims: int, chunk: int) -> None:
    """However a set is divided into batches, rows and problems are the same."""
    body, _ = _repeated(names)
    data = file_of("837P", body)
    whole = read_batch(data)

    stream = read_stream(io.BytesIO(data), batch_claims=claims, chunk_bytes=chunk)
    batches = [found for found in stream if isinstance(found, Batch)]

    for name, frame in whole.tables.items():
        joined = pl.concat([batch.tables[name] for batch in batches])
        assert joined.equals(frame), name
        if "claim_index" in frame.columns:
            homes: dict[int, int] = {}
            for number, batch in enumerate(batches):
                for index in batch.tables[name]["claim_index"].unique().to_list():
                    assert index == -1 or homes.setdefault(index, number) == number
    problems = [problem for batch in batches for problem in batch.problems]
    assert problems == whole.problems
    assert [batch.is_last for batch in batches] == [False] * (len(batches) - 1) + [True]


def _repeated(names: list[str]) -> tuple[str, int]:
    """Return a body with the levels below the billing provider of several samples."""
    parts, level = [], 2
    for number, name in enumerate(names):
        body = SAMPLES[name][1]
        start = body.index("HL*2*1*22")
        if number == 0:
            parts.append(body[:start])
        below = body[start:]
        deeper = "HL*3*2*23" in below
        below = below.replace("HL*3*2*23", f"HL*{level + 1}*{level}*23")
        parts.append(below.replace("HL*2*1*22", f"HL*{level}*1*22"))
        level += 2 if deeper else 1
    return "".join(parts), level
