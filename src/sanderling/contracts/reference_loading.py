"""Loads public schedules that contracts are a percentage of: RVU, GPCI, fees."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.contracts.models import ReferenceKind, ReferenceSchedule
from sanderling.contracts.reference_sheets import find_header, read_reference
from sanderling.core.csv_rows import RowProblem
from sanderling.core.refusal import Refusal
from sanderling.core.sheets import read_sheet
from sanderling.files.storage import keep_bytes
from sanderling.postgres.frames import refresh_statistics
from sanderling.postgres.locks import Lock, hold_lock

NAME_MAX: Final = 40
_ROWS_AT_ONCE: Final = 20_000
_TABLES: Final = {
    "rvu": (
        "contracts_relative_value",
        {
            **dict.fromkeys(("code", "modifier"), "text"),
            **dict.fromkeys(
                ("work", "practice_nonfacility", "practice_facility", "malpractice"), "numeric"
            ),
            **dict.fromkeys(
                ("multiple_procedure", "bilateral", "assistant", "co_surgeon", "endoscopic_base"),
                "text",
            ),
            **dict.fromkeys(
                ("pre_operative", "intra_operative", "post_operative", "anesthesia_base"),
                "numeric",
            ),
            "row": "int",
        },
    ),
    "gpci": (
        "contracts_geographic_factor",
        {
            **dict.fromkeys(("locality", "name"), "text"),
            **dict.fromkeys(("work", "practice", "malpractice"), "numeric"),
            "row": "int",
        },
    ),
    "fees": (
        "contracts_reference_fee",
        {
            **dict.fromkeys(("locality", "code", "modifier"), "text"),
            "amount_cents": "bigint",
            "row": "int",
        },
    ),
}


class ReferenceRefused(Refusal):
    """The schedule would make no sense."""


@dataclass(frozen=True, slots=True)
class NewReference:
    """Which schedule a file is: its name as terms call it, kind, days, and factors of RVUs."""

    name: str
    kind: ReferenceKind
    year: int
    from_date: date | None = None  # None: January 1
    conversion_factor: Decimal | None = None
    anesthesia_factor: Decimal | None = None


@dataclass(slots=True)
class ReferenceLoaded:
    """What a load did."""

    schedule: ReferenceSchedule
    status: str  # loaded, unchanged
    rows: int = 0
    taken: int = 0
    replaced: ReferenceSchedule | None = None
    problems: list[RowProblem] = field(default_factory=list)


@transaction.atomic
def load_reference(
    said: NewReference, *, file_name: str, content: bytes, by: User | None, at: datetime
) -> ReferenceLoaded:
    """Load a schedule; the same content changes nothing, another of the same day replaces it.

    A row with a fault is refused, the others are taken. All of it commits, or nothing.

    Raises:
        UnreadableSheet, ReferenceUnreadable, ReferenceRefused: nothing was taken.
    """
    name, from_date = _checked(said)
    rows = read_sheet(content, lambda found: find_header(said.kind, found) is not None)
    reading = read_reference(said.kind, rows)
    if not reading.rows:
        first = next(iter(reading.problems), None)
        raise ReferenceRefused(
            f"row {first.row}, {first.column}: {first.message}; no other row could be taken either"
            if first
            else "the sheet has no rows below its header"
        )
    hold_lock(Lock.CONTRACTS)
    standing = ReferenceSchedule.objects.filter(
        name=name, kind=said.kind, from_date=from_date, withdrawn_at__isnull=True
    ).first()
    content_sha256 = reading.content_sha256
    factors = (said.conversion_factor, said.anesthesia_factor)
    counts = (reading.row_count, len(reading.rows))
    if (
        standing is not None
        and standing.content_sha256 == content_sha256
        and (standing.conversion_factor, standing.anesthesia_factor) == factors
    ):
        return ReferenceLoaded(standing, "unchanged", *counts, problems=reading.problems)
    if standing is not None:
        standing.withdrawn_at = at
        standing.save(update_fields=["withdrawn_at"])
    sha256, is_encrypted = keep_bytes(content)
    schedule = ReferenceSchedule.objects.create(
        name=name,
        kind=said.kind,
        year=said.year,
        from_date=from_date,
        conversion_factor=said.conversion_factor,
        anesthesia_factor=said.anesthesia_factor,
        row_count=len(reading.rows),
        file_name=file_name[:200],
        sha256=sha256,
        is_encrypted=is_encrypted,
        content_sha256=content_sha256,
        made_by=by,
        made_at=at,
    )
    _take(said.kind, schedule.pk, reading.rows)
    return ReferenceLoaded(schedule, "loaded", *counts, standing, reading.problems)


def _checked(said: NewReference) -> tuple[str, date]:
    name = said.name.strip()
    if not name or len(name) > NAME_MAX:
        raise ReferenceRefused(f"name the schedule with at most {NAME_MAX} characters")
    from_date = said.from_date or date(said.year, 1, 1)
    if from_date.year != said.year:
        raise ReferenceRefused("the first day is not in the year; change one of them")
    has_factor = said.conversion_factor is not None or said.anesthesia_factor is not None
    if has_factor and said.kind != ReferenceKind.RVU:
        raise ReferenceRefused("only relative values have conversion factors; leave them empty")
    return name, from_date


def _take(kind: str, schedule_id: int, rows: list[dict[str, Any]]) -> None:
    table, columns = _TABLES[kind]
    names = ", ".join(columns)
    arrays = ", ".join(f"%s::{sql}[]" for sql in columns.values())
    statement = (
        f"INSERT INTO {table} (schedule_id, {names})"  # noqa: S608 - names of ours only
        f" SELECT %s, r.* FROM unnest({arrays}) AS r"
    )
    with connection.cursor() as cursor:
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows[first : first + _ROWS_AT_ONCE]
            given: list[Any] = [[row[name] for row in part] for name in columns]
            cursor.execute(statement, [schedule_id, *given])
    refresh_statistics(table, len(rows))
