"""Putting PDFs together, with the pages of each counted and its title as a bookmark."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import pypdf
from pypdf.errors import PyPdfError

from sanderling.documents.rendering import BadDocument


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a joined document."""

    title: str
    pdf: bytes


def page_count(pdf: bytes) -> int:
    """Return how many pages a PDF has.

    Raises:
        BadDocument: it cannot be read, or only with a password.
    """
    return len(_reader(pdf).pages)


def join(parts: Sequence[Part]) -> bytes:
    """Return the parts one after another as one PDF with a bookmark for each.

    Equal parts give equal bytes. Nothing of the parts' metadata and no script is taken over.

    Raises:
        BadDocument: there is no part, or one cannot be read.
    """
    if not parts:
        raise BadDocument("There is nothing to put together.")
    writer = pypdf.PdfWriter()
    for part in parts:
        reader, start = _reader(part.pdf), len(writer.pages)
        try:
            for page in reader.pages:
                page.pop("/AA", None)
                writer.add_page(page)
        except (PyPdfError, ValueError, KeyError, RecursionError) as error:
            raise BadDocument(f"{part.title} cannot be read as a PDF.") from error
        writer.add_outline_item(title=part.title, page_number=start)
    result = io.BytesIO()
    writer.write(result)
    return result.getvalue()


def _reader(pdf: bytes) -> pypdf.PdfReader:
    """Open a PDF whose pages can be read."""
    try:
        reader = pypdf.PdfReader(io.BytesIO(pdf))
        if reader.is_encrypted and not reader.decrypt(""):
            raise BadDocument("The PDF is protected by a password.")
        if not len(reader.pages):
            raise BadDocument("The PDF has no pages.")
    except (PyPdfError, ValueError, KeyError, RecursionError) as error:
        if isinstance(error, BadDocument):
            raise
        raise BadDocument("The file cannot be read as a PDF.") from error
    return reader
