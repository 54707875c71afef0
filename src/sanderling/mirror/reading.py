"""The only way to read the mirror.

Parquet files have no row-level security: whoever reads for a person passes the clients that the
person sees (`visible_client_ids`); None, all clients, is for jobs whose results go into protected
tables.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Final

import polars as pl
from django.db import connection

from sanderling.core.refusal import Refusal
from sanderling.mirror.files import Manifest, mirror_folder, read_manifest
from sanderling.mirror.tables import TABLES

_MONTH: Final = "%Y-%m"


class MirrorMissing(Refusal):
    """There is no mirror to read."""


def manifest() -> Manifest:
    """Return the state of the mirror that counts.

    Raises:
        MirrorMissing: there is none.
    """
    found = read_manifest()
    if found is None:
        raise MirrorMissing(
            "the analytics mirror has not been made yet; run: sanderling mirror refresh"
        )
    return found


def refreshed_at() -> datetime | None:
    """Return when the mirror was last refreshed, for pages: "as of"; None when there is none."""
    found = read_manifest()
    return None if found is None else found.refreshed_at


def visible_client_ids() -> list[int]:
    """Return the clients that the session may see: what a page filters the mirror by.

    Under the web application's role these are the clients of the person who asks.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM clients_client ORDER BY id")
        return [client_id for (client_id,) in cursor.fetchall()]


def scan(
    name: str,
    client_ids: Collection[int] | None,
    *,
    from_date: date | None = None,
    to_date: date | None = None,
    of: Manifest | None = None,
) -> pl.LazyFrame:
    """Return the rows of a table (tables.TABLES) of these clients; None: of all, for jobs only.

    `from_date`, `to_date`: by the table's `month_by`, inclusive; months outside are not opened.
    `of`: the state to read, so that several tables of one question are of the same moment.

    Raises:
        MirrorMissing: there is no mirror.
    """
    table = TABLES[name]
    state = of or manifest()
    first = "" if from_date is None else from_date.strftime(_MONTH)
    last = "9999" if to_date is None else to_date.strftime(_MONTH)
    files = [
        mirror_folder() / about.file
        for month, about in sorted(state.tables[name].items())
        if first <= month <= last
    ]
    if not files:
        return pl.LazyFrame(schema=dict(table.schema))
    rows = pl.scan_parquet(files)
    day = pl.col(table.month_by)
    if from_date is not None:
        rows = rows.filter(day >= from_date)
    if to_date is not None:
        rows = rows.filter(day <= to_date)
    if client_ids is None:
        return rows
    return rows.filter(pl.col("client_id").is_in(sorted(client_ids)))


def as_known(name: str, as_of: date, client_ids: Collection[int] | None) -> pl.LazyFrame:
    """Return the rows of a table that were known at the end of a day, as far as rows can tell.

    Exact: which ledger entries, claim payments, claims as sent and touches there were, what had
    been accepted, rejected, answered and taken back of them. As known today: what a row repeats of
    its claim (plan, location, provider, diagnosis), which claim a payment is matched to, `lines`
    (the last version sent), `is_first`, the meaning of codes, activities taken back since. The
    tables claims and lines only leave out what had not come yet.
    """
    table = TABLES[name]
    rows = scan(name, client_ids, to_date=as_of)
    later = {
        column: pl.when(pl.col(column) <= as_of).then(column)
        for column in ("accepted_date", "rejected_date", "answered_date", "forwarded_date")
        if column in table.schema
    }
    if later:
        was_rejected = (pl.col("rejected_date") <= as_of).fill_null(value=False)
        words = {
            column: pl.when(was_rejected).then(column).otherwise(pl.lit(""))
            for column in ("rejected_by", "status_category", "status_code")
        }
        return rows.with_columns(**words, **later)
    if "taken_back_date" in table.schema:
        was_taken = (pl.col("taken_back_date") <= as_of).fill_null(value=False)
        return rows.with_columns(
            is_taken_back=was_taken, taken_back_date=pl.when(was_taken).then("taken_back_date")
        )
    return rows
