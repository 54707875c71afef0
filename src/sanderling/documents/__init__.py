"""Documents as PDF: templates and data in, pages out (Typst)."""

from __future__ import annotations

from sanderling.documents.joining import Part, join, page_count
from sanderling.documents.rendering import BadDocument, render, render_pictures

__all__ = ["BadDocument", "Part", "join", "page_count", "render", "render_pictures"]
