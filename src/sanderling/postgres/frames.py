"""Frames to tables and back by COPY: the only way rows in bulk enter or leave the database.

Frames are written as CSV and COPY'd: many times as fast as the ORM, row by row.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl
from django.db import connection
from psycopg import ClientCursor, sql
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

ROWS_PER_WRITE: Final = 100_000
ROWS_WORTH_STATISTICS: Final = 1_000  # below, the planner's guess does no harm
GROWTH_WORTH_STATISTICS: Final = 0.2
_NULL: Final = "\\N"


def copy_frame(table: str, frame: pl.DataFrame) -> int:
    """Append `frame` to `table` (columns by name); return the number of rows."""
    if frame.is_empty():
        return 0
    statement = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv, NULL '\\N')").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for piece in frame.iter_slices(ROWS_PER_WRITE):
            copy.write(_csv(piece))
    refresh_statistics(table, frame.height)
    return frame.height


def refresh_statistics(table: str, added: int) -> None:
    """Tell the planner of a table that has grown by many rows, and by a fifth or more.

    Autovacuum sees the rows only after the commit; what reads them before, in the same
    transaction, would be planned for an empty table (measured: 70 s for a check of 20,000 claims).
    """
    if added < ROWS_WORTH_STATISTICS:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
        (known,) = cursor.fetchone()
        if added >= GROWTH_WORTH_STATISTICS * max(known, 0):
            cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))


def _csv(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False, null_value=_NULL, quote_style="necessary")
    data = buffer.getvalue()
    # PostgreSQL text cannot hold NUL; a file that carries one is kept as it came, its facts are
    # stored without.
    return data.replace(b"\0", b"") if b"\0" in data else data


def read_frame(
    query: str,
    schema: Mapping[str, Any],
    params: Sequence[Any] | Mapping[str, Any] | None = None,
) -> pl.DataFrame:
    """Return the rows of `query` as a frame with `schema` (names in the query's order)."""
    statement = sql.SQL("COPY ({}) TO STDOUT WITH (FORMAT csv, NULL '\\N')").format(
        sql.SQL(query)  # a constant of ours, never text from outside
    )
    buffer = _copied(statement, params)
    if buffer.tell() == 0:
        return pl.DataFrame(schema=dict(schema))
    buffer.seek(0)
    plain = {
        name: pl.String if kind in (pl.Date, pl.Boolean) else kind for name, kind in schema.items()
    }
    frame = pl.read_csv(
        buffer,
        has_header=False,
        schema=plain,
        null_values=_NULL,
        empty_string_is_null=False,
    )
    return frame.with_columns(
        [pl.col(name).str.to_date("%Y-%m-%d") for name, kind in schema.items() if kind == pl.Date]
        + [pl.col(name) == "t" for name, kind in schema.items() if kind == pl.Boolean]
    )


def _copied(
    statement: sql.Composed, params: Sequence[Any] | Mapping[str, Any] | None
) -> io.BytesIO:
    """Return what a COPY TO STDOUT sends.

    Drives libpq directly: psycopg's own loop takes a turn through its waiting machinery for every
    row, which was a sixth of the time from file to ledger.
    """
    buffer = io.BytesIO()
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.execute("SELECT 1")  # begins the transaction if there is to be one
        raw = connection.connection
        text = ClientCursor(raw).mogrify(statement, params) if params else statement.as_string(raw)
        found = raw.pgconn.exec_(text.encode())
        if found.status != ExecStatus.COPY_OUT:
            raise error_from_result(found)
        while True:
            size, data = raw.pgconn.get_copy_data(0)
            if size <= 0:
                break
            buffer.write(data)
        problem = None
        while (rest := raw.pgconn.get_result()) is not None:
            if rest.status != ExecStatus.COMMAND_OK:
                problem = error_from_result(rest)
        if problem is not None:
            raise problem
    return buffer


def keep_frame(name: str, columns: Mapping[str, str], frame: pl.DataFrame) -> None:
    """Put `frame` into a new temporary table `name` that ends with the transaction."""
    definition = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind))
        for column, kind in columns.items()
    )
    statement = sql.SQL(
        "DROP TABLE IF EXISTS pg_temp.{0}; CREATE TEMPORARY TABLE {0} ({1}) ON COMMIT DROP"
    ).format(sql.Identifier(name), definition)
    with connection.cursor() as cursor:
        cursor.execute(statement)
    copy_frame(name, frame.select(list(columns)))


def reserve_ids(table: str, count: int) -> range:
    """Return `count` consecutive new ids of `table`.

    Call it under the posting lock: the sequence is moved in two steps.
    """
    if count == 0:
        return range(0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(s, nextval(s) + %s - 1) FROM pg_get_serial_sequence(%s, 'id') AS s",
            [count, table],
        )
        (last,) = cursor.fetchone()
    return range(last - count + 1, last + 1)
