"""Answers as files: CSV, XLSX and JSON as the command line shapes them, and files that are kept."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import chain
from typing import Final
from urllib.parse import quote

from django.http import HttpResponse, StreamingHttpResponse

from sanderling.web.exporting import Row, TooManyRows, write_csv, write_json, xlsx

FORMS: Final = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def export(
    rows: Sequence[Row],
    *,
    columns: Sequence[str],
    as_of: date,
    totals: Row | None,
    form: str,
    name: str,
) -> HttpResponse:
    """Return the rows as a download named after `name` and the day; `form`: a key of FORMS."""
    if form == "xlsx":
        try:
            content = xlsx(rows, columns, totals)
        except TooManyRows as error:
            return HttpResponse(f"{error}\n", status=409, content_type="text/plain")
    else:
        stream = io.StringIO(newline="")
        if form == "csv":
            write_csv(stream, rows, columns)
        else:
            write_json(stream, rows, columns, as_of, totals or {})
        content = stream.getvalue().encode()
    return HttpResponse(
        content,
        content_type=FORMS[form],
        headers={
            "Content-Disposition": f'attachment; filename="{name}-{as_of.isoformat()}.{form}"',
            "Cache-Control": "no-store",
        },
    )


def pdf_file(content: bytes, *, name: str, is_shown: bool = False) -> HttpResponse:
    """Send a PDF of ours, to be saved, or shown in the browser when `is_shown`; `name` in ASCII."""
    kind = "inline" if is_shown else "attachment"
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'{kind}; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def saved_file(
    first: bytes, rest: Iterable[bytes], *, name: str, size_bytes: int
) -> StreamingHttpResponse:
    """Send a kept file, always to be saved: a browser never shows it as a page of ours.

    `first`: its first bytes, read before the answer begins, when trouble can still be told.
    """
    return StreamingHttpResponse(
        chain([first], rest),
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "Content-Length": str(size_bytes),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
