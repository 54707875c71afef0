"""Documents: what comes out is the data and nothing else, and always the same."""

from __future__ import annotations

import io
import re
import struct
import threading
import zlib
from pathlib import Path

import pypdf
import pytest

from sanderling.documents import BadDocument, Part, join, page_count, render, render_pictures
from sanderling.documents.rendering import ROOT

SAMPLE = Path(__file__).parent / "sample.typ"


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


PIXEL = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"\0\xff\x30\x30"))
    + chunk(b"IEND", b"")
)


def words(pdf: bytes) -> str:
    """Return the text of all pages on one line, without the breaks that code allows."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    text = " ".join(page.extract_text() for page in pages)
    return re.sub(r"\s+", " ", text.replace("\u200b", ""))


def sample(text: str = "Doe, Jane", cents: int = -123456) -> dict[str, object]:
    return {"text": text, "cents": cents, "day": "2026-03-05", "rows": [["A", 5], ["B", 1234567]]}


@pytest.fixture
def template(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The sample as a template of a room `sample` that sees the package's common part."""
    room = tmp_path / "sample" / "typst"
    room.mkdir(parents=True)
    (room / "page.typ").write_bytes(SAMPLE.read_bytes())
    monkeypatch.setattr("sanderling.documents.rendering.ROOT", tmp_path)
    # Compilers know the true root, where /documents/common.typ is.
    monkeypatch.setattr("sanderling.documents.rendering._local", threading.local())
    (tmp_path / "documents").symlink_to(ROOT / "documents")
    return "sample/page"


def test_data_are_set_with_money_and_days_in_words_of_the_trade(template: str) -> None:
    text = words(render(template, sample()))
    assert "Doe, Jane" in text
    assert "-$1,234.56" in text
    assert "03/05/2026" in text
    assert "March 5, 2026" in text
    assert "$12,345.67" in text
    assert "$0.05" in text
    assert "Page 1 of 1" in text


@pytest.mark.parametrize(
    "text",
    [
        "#panic(1)",
        "*bold* _it_ $x^2$ = heading",
        '#read("/config/settings.py")',
        "</script> `raw` \\ @label <label>",
        '"); #import "@preview/x:1.0.0"',
    ],
)
def test_markup_in_data_is_text(template: str, text: str) -> None:
    assert text in words(render(template, sample(text)))


def test_equal_inputs_give_equal_bytes_and_others_do_not(template: str) -> None:
    first = render(template, sample())
    assert render(template, sample()) == first
    other: list[bytes] = []
    thread = threading.Thread(target=lambda: other.append(render(template, sample())))
    thread.start()
    thread.join()
    assert other == [first]
    assert render(template, sample("Roe")) != first


def test_pages_come_as_pictures_too_as_many_as_the_pdf_has(template: str) -> None:
    data = sample() | {"rows": [[str(number), number] for number in range(90)]}
    pages = render_pictures(template, data)
    assert len(pages) == page_count(render(template, data)) > 1
    assert all(page.startswith(b"\x89PNG") for page in pages)
    assert render_pictures(template, data) == pages


def test_metadata_say_the_kind_and_nothing_of_the_data(template: str) -> None:
    reader = pypdf.PdfReader(io.BytesIO(render(template, sample())))
    assert reader.metadata is not None
    assert reader.metadata.title == "Sample"
    assert "Doe" not in str(dict(reader.metadata))
    assert reader.metadata.creation_date is None


def test_what_does_not_fit_is_refused_without_its_data(template: str) -> None:
    with pytest.raises(BadDocument, match="does not fit its data") as refused:
        render(template, {"text": "Doe"})
    assert "Doe" not in str(refused.value)
    with pytest.raises(BadDocument, match="no template"):
        render("sample/none", {})


def test_templates_use_no_packages() -> None:
    templates = [*ROOT.glob("*/typst/*.typ"), ROOT / "documents" / "common.typ"]
    assert [path.name for path in templates if "@" in path.read_text().replace("@page", "")] == []


def test_pictures_become_pages() -> None:
    pages = [{"title": "Card, front", "picture": "a"}, {"title": "Card, back", "picture": "b"}]
    pdf = render("documents/pictures", {"pages": pages}, {"a": PIXEL, "b": PIXEL})
    assert page_count(pdf) == 2
    assert "Card, back" in words(pdf)
    with pytest.raises(BadDocument, match="PNG or JPEG"):
        render("documents/pictures", {"pages": pages}, {"a": b"<svg/>", "b": PIXEL})


def test_parts_are_joined_in_order_with_bookmarks(template: str) -> None:
    one, two = render(template, sample("One")), render(template, sample("Two"))
    joined = join([Part("Letter", two), Part("Proof", one)])
    assert page_count(joined) == 2
    assert words(joined).index("Two") < words(joined).index("One")
    outline = pypdf.PdfReader(io.BytesIO(joined)).outline
    assert [item.title for item in outline if isinstance(item, pypdf.generic.Destination)] == [
        "Letter",
        "Proof",
    ]
    assert join([Part("Letter", two), Part("Proof", one)]) == joined


def test_what_is_no_pdf_is_refused() -> None:
    with pytest.raises(BadDocument, match="cannot be read"):
        page_count(b"no pdf")
    with pytest.raises(BadDocument, match="nothing"):
        join([])


def test_a_pdf_with_a_password_is_refused(template: str) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(render(template, sample())))
    writer.encrypt("secret")
    locked = io.BytesIO()
    writer.write(locked)
    with pytest.raises(BadDocument, match="password"):
        join([Part("Records", locked.getvalue())])
