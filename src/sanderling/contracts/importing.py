"""Takes a payer's fee schedule into a contract: read, checked by row, kept, made a version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.contracts.actions import (
    Parties,
    VersionTerms,
    add_version,
    find_or_make_contract,
)
from sanderling.contracts.mappings import find_columns, keep_mapping
from sanderling.contracts.models import ContractVersion, FeeSchedule
from sanderling.contracts.rate_sheets import Columns, RateReading, infer_columns, read_rates
from sanderling.core.contracts.terms_toml import parse_terms
from sanderling.core.csv_rows import RowProblem
from sanderling.core.refusal import Refusal
from sanderling.core.sheets import read_sheet
from sanderling.files.storage import keep_bytes
from sanderling.postgres.frames import refresh_statistics
from sanderling.postgres.locks import Lock, hold_lock

REFUSED_KEPT: Final = 200  # the first problems are kept with the schedule
RATES_AT_ONCE: Final = 50_000
# By lists, not COPY: the web application may neither COPY into a table with row-level security nor
# make a temporary one.
_TAKE_RATES: Final = """
INSERT INTO contracts_rate
    (schedule_id, client_id, code, modifier, place_of_service, allowed_cents, row)
SELECT %s, %s, r.* FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::int[]) AS r
"""


class NoRates(Refusal):
    """No row of the sheet could be taken."""


@dataclass(frozen=True, slots=True)
class RateSheet:
    """A file, and how its columns are to be understood."""

    name: str  # without folders
    content: bytes
    mapping_name: str = ""
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class SheetChecked:
    """A sheet as it would be taken."""

    columns: Columns
    reading: RateReading
    rows: list[list[str]] = field(default_factory=list)  # the first below the header, as written


@dataclass(slots=True)
class ContractImport:
    """What an import did: `sanderling contracts import`."""

    version: ContractVersion
    status: str  # loaded, unchanged
    mapping: str = ""
    rows: int = 0
    rates: int = 0
    said: list[str] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)


def check_sheet(sheet: RateSheet, *, shown: int = 0) -> SheetChecked:
    """Read a sheet without taking it.

    Raises:
        UnreadableSheet, ColumnsUnknown: it cannot be read.
    """
    rows = read_sheet(sheet.content, lambda found: infer_columns(found) is not None)
    columns = find_columns(rows, mapping_name=sheet.mapping_name, given=sheet.given)
    below = rows[columns.header_row + 1 : columns.header_row + 1 + shown]
    return SheetChecked(columns, read_rates(rows, columns), [list(row) for row in below])


@transaction.atomic
def import_contract(
    parties: Parties,
    *,
    sheet: RateSheet,
    says: VersionTerms,
    by: User | None,
    at: datetime,
    source: str,
) -> ContractImport:
    """Make the sheet's rates and what else `says` a version; the same again changes nothing.

    A row with a fault is refused, the others are taken. All of it commits, or nothing.

    Raises:
        UnreadableSheet, ColumnsUnknown, NoRates, BadTerms, VersionRefused: nothing was taken.
    """
    checked = check_sheet(sheet)
    parse_terms(says.terms)
    reading = checked.reading
    if not reading.rates and (reading.problems or not says.terms.strip()):
        first = next(iter(reading.problems), None)
        raise NoRates(
            f"row {first.row}, {first.column}: {first.message}; no other row could be taken either"
            if first
            else "the sheet has no rates; add rows to it, or terms that need none"
        )
    hold_lock(Lock.CONTRACTS)
    contract = find_or_make_contract(parties, by=by, at=at)
    # A hospital's contract may say nothing but a percentage of charges.
    has_rates = bool(reading.rates)
    schedule = keep_schedule(parties.client.pk, sheet, checked, by=by, at=at) if has_rates else None
    added = add_version(
        contract=contract,
        says=replace(says, schedule=schedule),
        by=by,
        at=at,
        source=source,
    )
    report = ContractImport(
        added.version,
        "loaded" if added.is_new else "unchanged",
        rows=reading.row_count,
        rates=len(reading.rates),
        said=added.said,
        problems=reading.problems,
    )
    report.mapping = keep_mapping(checked.columns, name=sheet.mapping_name, at=at).name
    if added.is_new:
        _record(report, sheet, at=at)
    return report


def keep_schedule(
    client_id: int, sheet: RateSheet, checked: SheetChecked, *, by: User | None, at: datetime
) -> FeeSchedule:
    """Keep the file and its rates; the same rates, whatever the file, are kept once a client."""
    reading = checked.reading
    content_sha256 = reading.content_sha256
    known = FeeSchedule.objects.filter(client_id=client_id, content_sha256=content_sha256).first()
    if known is not None:
        return known
    sha256, is_encrypted = keep_bytes(sheet.content)
    schedule = FeeSchedule.objects.create(
        client_id=client_id,
        name=sheet.name,
        sha256=sha256,
        size_bytes=len(sheet.content),
        is_encrypted=is_encrypted,
        content_sha256=content_sha256,
        rate_count=len(reading.rates),
        columns=checked.columns.named(),
        refused=[[p.row, p.column, p.message] for p in reading.problems[:REFUSED_KEPT]],
        refused_count=reading.refused_count,
        made_by=by,
        made_at=at,
    )
    with connection.cursor() as cursor:
        for first in range(0, len(reading.rates), RATES_AT_ONCE):
            rates = reading.rates[first : first + RATES_AT_ONCE]
            columns: list[Any] = [
                [getattr(rate, name) for rate in rates]
                for name in ("code", "modifier", "place_of_service", "allowed_cents", "row")
            ]
            cursor.execute(_TAKE_RATES, [schedule.pk, client_id, *columns])
    refresh_statistics("contracts_rate", len(reading.rates))
    return schedule


def _record(report: ContractImport, sheet: RateSheet, *, at: datetime) -> None:
    record_event(
        action="contracts.import",
        at=at,
        client_id=report.version.client_id,
        subject=("contract_version", report.version.pk),
        detail={
            "sha256": hashlib.sha256(sheet.content).hexdigest(),
            "rows": report.rows,
            "rates": report.rates,
            "problems": len(report.problems),
        },
    )
