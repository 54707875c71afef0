"""A report worked out again for its day: the same numbers, or which are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.postgres.locks import Lock, session_lock
from sanderling.reports.blocks import made
from sanderling.reports.book import Book, Part, Span, Tell
from sanderling.reports.making import new_book, numbers_of
from sanderling.reports.models import Report, Rerun

DIFFERENCES_KEPT: Final = 200
Number = tuple[str, str, str, object]  # block, figure, unit, value


def make_again(
    report: Report,
    *,
    by: User | None,
    at: datetime,
    tell: Tell = lambda _: None,
    book: Book | None = None,
) -> Rerun:
    """Work a report out again by today's facts for its own day, and keep what differs.

    The report itself stays as it is. Only for jobs and commands, as `make_reports`.
    """
    span = Span(report.from_date, report.to_date, report.as_of_date)
    with session_lock(Lock.REPORTS, waits=True):
        if book is None:
            book = new_book(span, [report.client_id], at=at, tell=tell)
        client = report.client
        found = made(Part(book, client.pk, client.code, report.provider), report.blocks)
    changed = differences(report.numbers, numbers_of(client, found))
    with transaction.atomic():
        kept = Rerun.objects.create(
            report=report,
            client_id=client.pk,
            is_same=not changed,
            differences=changed[:DIFFERENCES_KEPT],
            made_by=by,
            made_at=at,
        )
        record_event(
            action="report.make_again",
            at=at,
            client_id=client.pk,
            subject=("report", report.pk),
            detail={"differences": len(changed)},
        )
    return kept


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each number that is not the same: block, figure, unit, was, is; in order.

    What is only on one side has None on the other.
    """
    before, after = (
        {(block, name, unit): value for block, name, unit, value in numbers(side)}
        for side in (was, now)
    )
    return [
        {
            "block": key[0],
            "figure": key[1],
            "unit": key[2],
            "was": before.get(key),
            "is": after.get(key),
        }
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]


def numbers(of: Mapping[str, Any]) -> Iterator[Number]:
    """Yield every number of a report with its block and what it is called, each name once."""
    for block in of["blocks"]:
        for one in block["figures"]:
            yield block["title"], one["label"], one["unit"], one["value"]
            if one["of"]:
                yield block["title"], f"{one['label']}, of", "count", one["of"]
        for table in block["tables"]:
            columns = table["columns"]
            seen: dict[str, int] = {}
            for row in [*table["rows"], *([table["total"]] if table["total"] else [])]:
                name = str(row["cells"].get(columns[0]["key"], ""))
                seen[name] = seen.get(name, 0) + 1
                label = name if seen[name] == 1 else f"{name} ({seen[name]})"
                for column in columns[1:]:
                    told = " \u00b7 ".join(one for one in (table["title"], label) if one)
                    value = row["cells"].get(column["key"])
                    name_of = f"{told} \u00b7 {column['label']}"
                    yield block["title"], name_of, column["unit"], value
