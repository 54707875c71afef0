"""The same six claims framed in every way met in the wild (design/X12.md): all are read in full."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.unit.core.x12.read.remittance_file import file_of

from sanderling.core.x12.batches import Batch
from sanderling.core.x12.problems import Problem, Severity
from sanderling.core.x12.read import read_bytes, read_stream

CLAIM_COUNT: Final = 6
_PLAIN: Final = file_of().replace("\n", "")


def _second(text: str, element: str, component: str, terminator: str) -> str:
    """Return another interchange with other control numbers and delimiters."""
    other = text.replace("000000601", "000000602").replace("EFT900001", "EFT900002")
    table = str.maketrans({"*": element, ":": component, "~": terminator})
    return other.translate(table)


def _wrapped(width: int) -> bytes:
    return "\r\n".join(
        _PLAIN[start : start + width] for start in range(0, len(_PLAIN), width)
    ).encode()


# name -> the file, how many times its claims are in it, and the codes of what is to be said.
VARIANTS: Final[dict[str, tuple[bytes, int, set[str]]]] = {
    "standard, no line breaks": (_PLAIN.encode(), 1, set()),
    "line feed after each terminator": (file_of().encode(), 1, set()),
    "CRLF after each terminator": (_PLAIN.replace("~", "~\r\n").encode(), 1, set()),
    "no last terminator": (_PLAIN[:-1].encode(), 1, {"missing_terminator"}),
    "no last terminator, but a line break": (
        _PLAIN[:-1].encode() + b"\n",
        1,
        {"missing_terminator"},
    ),
    "line feed as terminator": (_PLAIN.replace("~", "\n").encode(), 1, set()),
    "CRLF as terminator": (_PLAIN.replace("~", "\r\n").encode(), 1, set()),
    "carriage return as terminator": (_PLAIN.replace("~", "\r").encode(), 1, set()),
    "other delimiters": (_PLAIN.translate(str.maketrans("*:~", "|>'")).encode(), 1, set()),
    "control characters as delimiters": (
        _PLAIN.translate(str.maketrans("*:~", "\x1d\x1f\x1c")).encode(),
        1,
        set(),
    ),
    "byte-order mark": (b"\xef\xbb\xbf" + _PLAIN.encode(), 1, {"byte_order_mark"}),
    "leading blank lines": (b"\r\n\r\n   \n" + _PLAIN.encode(), 1, {"leading_blanks"}),
    "two interchanges": ((_PLAIN + _second(_PLAIN, "*", ":", "~")).encode(), 2, set()),
    "two interchanges, different delimiters": (
        (_PLAIN + "\r\n" + _second(_PLAIN, "|", ">", "\n")).encode(),
        2,
        set(),
    ),
    "two interchanges, the first not closed": (
        (_PLAIN.replace("IEA*1*000000601~", "") + _second(_PLAIN, "|", ">", "\n")).encode(),
        2,
        {"interchange_not_closed"},
    ),
    "wrapped at 80 columns": (_wrapped(80), 1, {"wrapped_lines"}),
    "wrapped at 70 columns": (_wrapped(70), 1, {"wrapped_lines"}),
    "wrapped, two interchanges": (
        "\n".join(
            (_PLAIN + _second(_PLAIN, "*", ":", "~"))[start : start + 80]
            for start in range(0, 2 * len(_PLAIN), 80)
        ).encode(),
        2,
        {"wrapped_lines"},
    ),
    "Latin-1": (_PLAIN.replace("MAPLE", "MUÑOZ").encode("latin-1"), 1, {"not_utf8"}),
    "UTF-8 beyond ASCII": (_PLAIN.replace("MAPLE", "MUÑOZ").encode(), 1, set()),
    "UTF-16 with its mark": (_PLAIN.encode("utf-16"), 1, {"utf16"}),
    "UTF-16 without": (_PLAIN.encode("utf-16-be"), 1, {"utf16"}),
    "blank before each terminator": (_PLAIN.replace("~", " ~").encode(), 1, {"padded_elements"}),
    "blanks after each terminator": (_PLAIN.replace("~", "~  ").encode(), 1, {"padded_elements"}),
    "empty segments": (_PLAIN.replace("~", "~~").encode(), 1, {"empty_segments"}),
    "trailing garbage": (_PLAIN.encode() + b"\n-- end of file, 1 page --\n", 1, {"bytes_skipped"}),
    "leading garbage": (b"X-Sender: ISAAC LISA\n\n" + _PLAIN.encode(), 1, {"bytes_skipped"}),
    "end-of-file character": (_PLAIN.encode() + b"\x1a", 1, set()),
    "null bytes": (_PLAIN.replace("MAPLE", "MA\0PLE").encode(), 1, {"null_bytes"}),
    "ISA with blanks lost": (
        _PLAIN.replace("*00*          *00*          *", "*00**00**").encode(),
        1,
        {"isa_length"},
    ),
    "a segment like an ISA in a name": (
        _PLAIN.replace("MAPLE FAMILY CLINIC", "ISA IEA SE ST").encode(),
        1,
        set(),
    ),
    "wrong counts and numbers": (
        _PLAIN.replace("SE*76*0001", "SE*7*0002")
        .replace("GE*1*601", "GE*4*9")
        .replace("IEA*1*000000601", "IEA*3*8")
        .encode(),
        1,
        {
            "segment_count_differs",
            "set_number_differs",
            "set_count_differs",
            "group_number_differs",
            "group_count_differs",
            "interchange_number_differs",
        },
    ),
}


def _tables(found: list[Batch]) -> dict[str, pl.DataFrame]:
    return {name: pl.concat([batch.tables[name] for batch in found]) for name in found[0].tables}


def _problems(data: bytes) -> list[Problem]:
    return [problem for event in read_bytes(data) for problem in event.problems]


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_read_in_full(name: str) -> None:
    data, times, codes = VARIANTS[name]

    batches = [event for event in read_bytes(data) if isinstance(event, Batch)]

    assert [batch.refused for batch in batches] == [False] * times
    expected = _tables([e for e in read_bytes(_PLAIN.encode()) if isinstance(e, Batch)])
    assert expected["claim_payments"].height == CLAIM_COUNT
    for batch in batches:
        found = batch.tables["claim_payments"]
        assert (
            found["claim_number"].to_list() == expected["claim_payments"]["claim_number"].to_list()
        )
        assert found["paid_cents"].sum() == 18_800
        assert batch.tables["remittances"]["gap_cents"].to_list() == [0]
        assert {n: t.height for n, t in batch.tables.items()} == {
            n: t.height for n, t in expected.items()
        }
    problems = _problems(data)
    assert {problem.code for problem in problems} == codes
    assert {problem.severity for problem in problems} <= {Severity.WARNING}


@pytest.mark.parametrize("chunk_bytes", [1, 7, 106, 107, 1_000])
@pytest.mark.parametrize("name", VARIANTS)
def test_the_size_of_the_chunks_does_not_matter(name: str, chunk_bytes: int) -> None:
    data, _, _ = VARIANTS[name]

    whole = read_bytes(data)
    pieces = list(read_stream(io.BytesIO(data), chunk_bytes=chunk_bytes))

    assert [type(event) for event in pieces] == [type(event) for event in whole]
    for one, other in zip(pieces, whole, strict=True):
        assert one.problems == other.problems
        assert one.refused == other.refused
        if isinstance(one, Batch) and isinstance(other, Batch):
            assert one.transaction == other.transaction
            assert one.content_sha256 == other.content_sha256
            assert one.end_position == other.end_position
            for table, rows in other.tables.items():
                assert_frame_equal(one.tables[table], rows)


def _cut(text: str, at: str) -> bytes:
    return text[: text.index(at)].encode()


@pytest.mark.parametrize(
    ("data", "code", "position"),
    [
        (b"", "empty_file", 0),
        (b" \r\n\r\n", "empty_file", 0),
        (b"Dear ISAAC, please find attached", "no_interchange", 0),
        (b"%PDF-1.7 binary", "no_interchange", 0),
        (_PLAIN[:60].encode(), "isa_unreadable", 1),
        (_cut(_PLAIN, "LX*1"), "set_truncated", 15),
        (_cut(_PLAIN, "*ACMEICN556"), "set_truncated", 32),
        (_PLAIN.replace("SE*76*0001~", "").encode(), "set_truncated", 77),
        (_PLAIN.replace("~GS*", "~what is this?~GS*").encode(), "interchange_unreadable", 2),
        (_PLAIN.replace("005010X221A1", "004010X091A1").encode(), "guide_not_supported", 3),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(data: bytes, code: str, position: int) -> None:
    refusing = [
        (problem.code, problem.position)
        for event in read_bytes(data)
        for problem in event.problems
        if problem.severity is Severity.REFUSED
    ]

    assert (code, position) in refusing
    assert any(event.refused for event in read_bytes(data))
    posted = [e for e in read_bytes(data) if isinstance(e, Batch) and not e.refused]
    assert posted == []


def _two_sets(spoil: Callable[[str], str]) -> bytes:
    """Return a file with a spoilt set, and a right one after it."""
    begin, end = _PLAIN.index("ST*835"), _PLAIN.index("GE*1")
    good = _PLAIN[begin:end].replace("*0001", "*0002")
    return (_PLAIN[:begin] + spoil(_PLAIN[begin:end]) + good + _PLAIN[end:]).encode()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: text.index("SE*76")],
        lambda text: text[: text.index("CLP*PCN10002")],
        lambda text: text.replace("BPR*I*149.25", "BPR*I*1"),
        lambda text: text.replace("ST*835", "ST*999"),
        lambda _text: "ST*835~",
    ],
    ids=["no SE", "broken off", "out of balance", "wrong guide", "only an ST"],
)
def test_a_bad_set_does_not_lose_its_good_neighbour(spoil: Callable[[str], str]) -> None:
    batches = [event for event in read_bytes(_two_sets(spoil)) if isinstance(event, Batch)]

    assert [batch.refused for batch in batches] == [True, False]
    assert batches[1].tables["claim_payments"].height == CLAIM_COUNT
    assert batches[1].problems == []
