"""The mirror on disk: Parquet files that never change, and a manifest that says which count.

Layout: SANDERLING_HOME/mirror/manifest.json and <table>/<month>.<generation>.parquet. A refresh
writes files under its own generation, makes them durable, then replaces the manifest by a rename:
killed at any moment, the last manifest and all its files are there. Files that a manifest no longer
names are kept for a while, for readers who began with it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

import polars as pl
from django.conf import settings

from sanderling.mirror.tables import TABLES, Table
from sanderling.postgres.home import private_folder

logger = logging.getLogger(__name__)


def _schema_digest() -> str:
    told = [
        (name, table.month_by, *map(str, table.schema.items())) for name, table in TABLES.items()
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


RULES: Final = 2  # raised when rows follow from facts in another way: the mirror is made anew
# Likewise when columns change.
LAYOUT: Final = f"{RULES}.{_schema_digest()}"
MANIFEST: Final = "manifest.json"
KEPT_FOR_READERS: Final = timedelta(hours=1)
# Rows of one client lie together: a filter by client reads few groups.
ROWS_PER_GROUP: Final = 32_768
_UNDATED: Final = "undated"


@dataclass(frozen=True, slots=True)
class MonthFile:
    """One file: the rows of a table in one month, and control sums of it."""

    file: str  # below the mirror's folder
    rows: int
    sums: dict[str, int]  # of the columns in cents


@dataclass(frozen=True, slots=True)
class Manifest:
    """A state of the mirror."""

    generation: str
    previous: str
    today: date  # "now" of the refresh, as a day
    refreshed_at: datetime
    entry_id: int  # the last ledger entry in it
    payment_id: int  # the last claim payment in it
    book: str  # digest of the code overrides that the rows were judged by
    payers: dict[int, str]  # id -> type, likewise
    tables: dict[str, dict[str, MonthFile]]  # table -> month ("2026-03") -> file
    retired: dict[str, str] = field(default_factory=dict)  # file -> since when no longer named

    def rows(self, name: str) -> int:
        """Return how many rows a table has."""
        return sum(month.rows for month in self.tables.get(name, {}).values())


def mirror_folder() -> Path:
    """Return the folder of the mirror."""
    return private_folder(Path(settings.SANDERLING_HOME), "mirror")


def has_all_files(manifest: Manifest) -> bool:
    """Say whether every file that the manifest names is there."""
    folder = mirror_folder()
    return all(
        (folder / about.file).exists()
        for months in manifest.tables.values()
        for about in months.values()
    )


def read_manifest() -> Manifest | None:
    """Return the state that counts; None when there is none, or none that this version reads."""
    try:
        told = json.loads((mirror_folder() / MANIFEST).read_text())
    except FileNotFoundError:
        return None
    except ValueError:
        # Written by a rename, so not half of it: the disk lost it. What it named is made anew.
        logger.exception("the mirror's manifest cannot be read: as if there were none")
        return None
    if told.get("layout") != LAYOUT:
        return None
    return Manifest(
        generation=told["generation"],
        previous=told["previous"],
        today=date.fromisoformat(told["today"]),
        refreshed_at=datetime.fromisoformat(told["refreshed_at"]),
        entry_id=told["entry_id"],
        payment_id=told["payment_id"],
        book=told["book"],
        payers={int(payer): kind for payer, kind in told["payers"].items()},
        tables={
            name: {month: MonthFile(**about) for month, about in months.items()}
            for name, months in told["tables"].items()
        },
        retired=told["retired"],
    )


def write_manifest(manifest: Manifest) -> None:
    """Let the manifest count, all of it or nothing."""
    told: dict[str, Any] = {
        "layout": LAYOUT,
        "generation": manifest.generation,
        "previous": manifest.previous,
        "today": manifest.today.isoformat(),
        "refreshed_at": manifest.refreshed_at.astimezone(UTC).isoformat(),
        "entry_id": manifest.entry_id,
        "payment_id": manifest.payment_id,
        "book": manifest.book,
        "payers": {str(payer): kind for payer, kind in manifest.payers.items()},
        "tables": {
            name: {
                month: {"file": about.file, "rows": about.rows, "sums": about.sums}
                for month, about in sorted(months.items())
            }
            for name, months in manifest.tables.items()
        },
        "retired": manifest.retired,
    }
    folder = mirror_folder()
    temporary = folder / f".{MANIFEST}.{manifest.generation}"
    with _private(temporary) as sink:
        sink.write(json.dumps(told, indent=1).encode())
        sink.flush()
        os.fsync(sink.fileno())
    temporary.rename(folder / MANIFEST)
    sync_folder(folder)


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def sync_folder(folder: Path) -> None:
    """Make renames and new names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def in_months(table: Table, rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield the rows by the month in which they lie."""
    if rows.is_empty():
        return
    month = pl.col(table.month_by).dt.strftime("%Y-%m").fill_null(_UNDATED).alias("_month")
    for key, part in rows.with_columns(month).partition_by("_month", as_dict=True).items():
        yield str(key[0]), part.drop("_month")


def ordered(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows in the order in which a file has them: by client, then date, then key."""
    order = ["client_id", table.month_by, *table.key]
    return rows.select(list(table.schema)).sort(order, nulls_last=True)


def write_month(table: Table, month: str, generation: str, rows: pl.DataFrame) -> MonthFile:
    """Write one durable file of a table, ordered; return what the manifest says of it."""
    folder = mirror_folder() / table.name
    folder.mkdir(mode=0o700, exist_ok=True)
    name = f"{month}.{generation}.parquet"
    write_parquet(rows, folder / name)
    sync_folder(folder)
    return described(table, f"{table.name}/{name}", rows)


def described(table: Table, file: str, rows: pl.DataFrame) -> MonthFile:
    """Return what a manifest says of a file with these rows."""
    cents = [column for column in table.schema if column.endswith("_cents")]
    sums = rows.select(pl.col(cents).sum()).row(0, named=True) if cents else {}
    return MonthFile(file=file, rows=rows.height, sums={k: int(v) for k, v in sums.items()})


def write_parquet(rows: pl.DataFrame, path: Path) -> None:
    """Write a private, durable Parquet file with statistics."""
    with _private(path) as sink:
        rows.write_parquet(sink, compression="zstd", statistics=True, row_group_size=ROWS_PER_GROUP)
        sink.flush()
        os.fsync(sink.fileno())


def read_month(about: MonthFile) -> pl.LazyFrame:
    """Return the rows of one file."""
    return pl.scan_parquet(mirror_folder() / about.file)


def retired_files(before: Manifest | None, tables: dict[str, Any], at: datetime) -> dict[str, str]:
    """Return the files that a new manifest with `tables` no longer names, and since when."""
    if before is None:
        return {}
    kept = {about.file for months in tables.values() for about in months.values()}
    gone = {about.file for months in before.tables.values() for about in months.values()} - kept
    old = {file: since for file, since in before.retired.items() if not _is_over(since, at)}
    return {**old, **dict.fromkeys(sorted(gone), at.astimezone(UTC).isoformat())}


def _is_over(since: str, at: datetime) -> bool:
    return datetime.fromisoformat(since) + KEPT_FOR_READERS <= at


def sweep(manifest: Manifest | None) -> int:
    """Remove files that nobody can be reading any more; return how many.

    Only by the one who refreshes: what is being written is named by no manifest yet.
    """
    folder = mirror_folder()
    named: set[str] = set()
    if manifest is not None:
        named = {about.file for months in manifest.tables.values() for about in months.values()}
        named |= set(manifest.retired)
    count = 0
    for path in sorted(folder.iterdir()):
        if path.name in TABLES:
            for file in path.iterdir():
                if f"{path.name}/{file.name}" not in named:
                    file.unlink()
                    count += 1
        elif path.name.startswith(".") and path.is_dir():
            shutil.rmtree(path)
            count += 1
        elif path.name != MANIFEST:
            path.unlink()
            count += 1
    return count
