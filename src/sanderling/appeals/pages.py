"""Joins a packet: what we wrote, then the enclosed documents, every page with its number.

A document's page is set onto a letter page above a foot of ours, so that nothing of it is covered.
The same parts give the same bytes: no day, no random number goes in.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pypdf import PageObject, PdfReader, PdfWriter, Transformation
from pypdf.errors import PyPdfError
from pypdf.generic import NameObject

from sanderling.core.refusal import Refusal
from sanderling.documents import BadDocument, render

WIDTH: Final = 612.0  # US letter, in points
HEIGHT: Final = 792.0
FOOT: Final = 46.0
MARGIN: Final = 10.0


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
            _lay(page, writer.add_page(stamps.pages[at - first]))
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


def _lay(page: PageObject, on: PageObject) -> None:
    """Set a document's page on one of ours, upright, as large as fits above the foot."""
    try:
        upright, width, height = _upright(page)
        scale = min((WIDTH - 2 * MARGIN) / width, (HEIGHT - FOOT - MARGIN) / height)
        left = (WIDTH - width * scale) / 2
        low = FOOT + (HEIGHT - FOOT - MARGIN - height * scale) / 2
        on.merge_transformed_page(page, upright.scale(scale).translate(left, low), over=False)
    except (PyPdfError, ValueError, KeyError, TypeError, ZeroDivisionError) as error:
        raise PageRefused("a page of a document is damaged; print it to a new PDF") from error
    # Notes and fields of a document would stand where the page was: what it shows is there already.
    on.pop(NameObject("/Annots"), None)


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
