"""Joins a packet: what we wrote, then the enclosed documents, every page with its number.

A document's page is set onto a letter page above a foot of ours, so that nothing of it is covered.
The same parts give the same bytes: no day, no random number goes in.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pypdf import PageObject, PdfReader, PdfWriter, Transformation
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    PdfObject,
    StreamObject,
)

from sanderling.core.refusal import Refusal
from sanderling.documents import BadDocument, render

WIDTH: Final = 612.0  # US letter, in points
HEIGHT: Final = 792.0
FOOT: Final = 46.0
MARGIN: Final = 10.0
HIDDEN: Final = 2  # a note's flag
DOCUMENT: Final = "/Document"  # what a document's page is called among a page's pictures


class PageRefused(Refusal):
    """A document cannot stand in a packet."""


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A document to be enclosed: what the index calls it, and its pages as a PDF."""

    title: str
    pdf: bytes
    pages: int


@dataclass(frozen=True, slots=True)
class Joined:
    """A packet: its bytes, how many pages, and where each part begins."""

    data: bytes
    pages: int
    contents: list[tuple[str, int]]


def picture(data: bytes) -> bytes:
    """Return an image (PNG, JPEG) as a PDF of one page.

    Raises:
        PageRefused: the image cannot be read.
    """
    try:
        return render("appeals/picture", {}, files={"page": data})
    except BadDocument as error:
        raise PageRefused("an image is damaged; scan it again") from error


def join(own: bytes, enclosed: Sequence[Enclosed], *, control: str) -> Joined:
    """Return the packet of what we wrote and the documents behind it.

    Raises:
        PageRefused: a document cannot be read.
    """
    reader = PdfReader(io.BytesIO(own))
    first, contents = len(reader.pages), _outline(reader)
    if not enclosed:
        return Joined(own, first, contents)
    writer = PdfWriter(clone_from=reader)
    total = first + sum(one.pages for one in enclosed)
    stamps = _stamps(enclosed, first=first, total=total, control=control)
    at = first
    for number, one in enumerate(enclosed, start=1):
        contents.append((f"{number}. {one.title}", at + 1))
        pages = _pages(one, number)
        if len(pages) != one.pages:
            raise PageRefused(f"document {number} has changed; attach it again")
        for page in pages:
            _lay(page, writer.add_page(stamps.pages[at - first]), writer)
            at += 1
        writer.add_outline_item(title=f"{number}. {one.title}", page_number=at - one.pages)
    writer.compress_identical_objects(remove_duplicates=True, remove_unreferenced=True)
    stream = io.BytesIO()
    writer.write(stream)
    return Joined(stream.getvalue(), total, contents)


def _stamps(enclosed: Sequence[Enclosed], *, first: int, total: int, control: str) -> PdfReader:
    marks: list[dict[str, Any]] = []
    for number, one in enumerate(enclosed, start=1):
        for _ in range(one.pages):
            marks.append(
                {"number": first + len(marks) + 1, "title": f"Document {number}: {one.title}"}
            )
    made = render("appeals/stamps", {"control": control, "total": total, "stamps": marks})
    return PdfReader(io.BytesIO(made))


def _pages(one: Enclosed, number: int) -> list[PageObject]:
    try:
        return list(PdfReader(io.BytesIO(one.pdf)).pages)
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise PageRefused(f"document {number} is damaged; print it to a new PDF") from error


def _lay(page: PageObject, on: PageObject, writer: PdfWriter) -> None:
    """Set a document's page on one of ours, upright, as large as fits above the foot.

    It goes in whole, as a picture of itself with its notes and filled fields: what it draws is
    neither read nor changed.
    """
    try:
        upright, width, height = _upright(page)
        scale = min((WIDTH - 2 * MARGIN) / width, (HEIGHT - FOOT - MARGIN) / height)
        left = (WIDTH - width * scale) / 2
        low = FOOT + (HEIGHT - FOOT - MARGIN - height * scale) / 2
        place = upright.scale(scale).translate(left, low).ctm
        forms = [((1.0, 0.0, 0.0, 1.0, 0.0, 0.0), _form(page, writer)), *_notes(page, writer)]
        names = [
            (f"{DOCUMENT}{number}", matrix, writer._add_object(form))  # noqa: SLF001 - no other way
            for number, (matrix, form) in enumerate(forms)
        ]
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise PageRefused("a page of a document is damaged; print it to a new PDF") from error
    drawn = " ".join(f"q {_numbers(matrix)} cm {name} Do Q" for name, matrix, _ in names)
    draws = DecodedStreamObject()
    draws.set_data(f"q {_numbers(place)} cm {drawn} Q\n".encode())
    own = on.get("/Contents")
    behind = own.get_object() if own is not None else ArrayObject()
    parts = list(behind) if isinstance(behind, ArrayObject) else [own]
    on[NameObject("/Contents")] = ArrayObject(
        [writer._add_object(draws), *parts]  # noqa: SLF001 - as above
    )
    resources = on.setdefault(NameObject("/Resources"), DictionaryObject()).get_object()
    pictures = resources.setdefault(NameObject("/XObject"), DictionaryObject()).get_object()
    for name, _, form in names:
        pictures[NameObject(name)] = form


Matrix = tuple[float, float, float, float, float, float]


def _numbers(matrix: Matrix) -> str:
    return " ".join(f"{number:.5f}" for number in matrix)


def _notes(page: PageObject, writer: PdfWriter) -> Iterator[tuple[Matrix, StreamObject]]:
    """Yield what the notes and filled fields of a page look like, and where each stands.

    Source: ISO 32000-1, 12.5.5: the appearance's box is set onto the note's rectangle.
    """
    entries: PdfObject | None = page.get("/Annots")
    notes = entries.get_object() if entries is not None else None
    if not isinstance(notes, ArrayObject):
        return
    for entry in list(notes):
        note = entry.get_object()
        if int(note.get("/F", 0)) & HIDDEN:
            continue
        look = note.get("/AP", {}).get("/N")
        look = look.get_object() if look is not None else None
        if isinstance(look, DictionaryObject) and not isinstance(look, StreamObject):
            look = look.get(note.get("/AS", "/Off"))
            look = look.get_object() if look is not None else None
        if not isinstance(look, StreamObject):
            continue
        box, area = _corners(look["/BBox"]), _corners(note["/Rect"])
        if box[2] == box[0] or box[3] == box[1]:
            continue
        across = abs(area[2] - area[0]) / (box[2] - box[0])
        up = abs(area[3] - area[1]) / (box[3] - box[1])
        left = min(area[0], area[2]) - box[0] * across
        low = min(area[1], area[3]) - box[1] * up
        copied = look.clone(writer)
        if not isinstance(copied, StreamObject):
            continue
        copied[NameObject("/Type")] = NameObject("/XObject")
        copied[NameObject("/Subtype")] = NameObject("/Form")
        yield (across, 0.0, 0.0, up, left, low), copied


def _corners(said: PdfObject) -> list[float]:
    """Return left, low, right and high of a rectangle."""
    numbers = said.get_object()
    if not isinstance(numbers, ArrayObject):
        raise TypeError("no rectangle")
    left, low, right, high = (float(one) for one in numbers)
    return [left, low, right, high]


def _form(page: PageObject, writer: PdfWriter) -> StreamObject:
    """Return a page's drawing with all that it draws with, as one object."""
    contents = page.get_contents()
    drawn = DecodedStreamObject()
    drawn.set_data(contents.get_data() if contents is not None else b"")
    form = drawn.flate_encode()
    box = page.cropbox
    form[NameObject("/Type")] = NameObject("/XObject")
    form[NameObject("/Subtype")] = NameObject("/Form")
    form[NameObject("/BBox")] = ArrayObject(
        FloatObject(one) for one in (box.left, box.bottom, box.right, box.top)
    )
    resources = page.get("/Resources")
    if resources is not None:
        form[NameObject("/Resources")] = resources.get_object().clone(writer)
    return form


def _upright(page: PageObject) -> tuple[Transformation, float, float]:
    """Return what sets a page upright with its corner at zero, and its width and height then."""
    box = page.cropbox
    width, height = float(box.width), float(box.height)
    corner = Transformation().translate(-float(box.left), -float(box.bottom))
    turned = int(page.rotation) % 360
    if turned == 90:  # noqa: PLR2004 - degrees, clockwise
        return corner.rotate(-90).translate(0, width), height, width
    if turned == 180:  # noqa: PLR2004
        return corner.rotate(180).translate(width, height), width, height
    if turned == 270:  # noqa: PLR2004
        return corner.rotate(90).translate(height, 0), height, width
    return corner, width, height


def _outline(reader: PdfReader) -> list[tuple[str, int]]:
    """Return the titles of what we wrote, with their first pages."""
    found: list[tuple[str, int]] = []
    for item in reader.outline:
        if isinstance(item, list):
            continue
        page = reader.get_destination_page_number(item)
        if page is not None and item.title is not None:
            found.append((str(item.title), page + 1))
    return found
