"""Worlds that a process makes once and then copies: the same rows in a thirtieth of the time.

Hundreds of tests begin with the same few files taken in. What that leaves in the database depends
on nothing but the files, so that the second test that asks for it gets the rows by COPY, past
triggers and foreign keys, which they satisfied when they were made. Numbers of rows are those of
the first time: sequences do not go back with a transaction, so that nobody else has them.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import connection

from sanderling.intake.actions import FileReport
from tests.builders import Inbox

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class _World:
    """What making left: rows as COPY writes them by table, files, what the maker returned."""

    rows: dict[str, bytes]
    folder: Path  # "home" and "in"
    at: datetime | None
    reports: list[FileReport]
    found: object


def remembered(make: Callable[P, T]) -> Callable[P, T]:
    """Let `make(inbox, ...)`, or a maker without an inbox, work once for the same arguments.

    It must begin the test: in a transaction that has written something already it works as ever,
    and so it does where the role may not pass over triggers. What it returns must be copyable.
    """
    worlds: dict[object, _World] = {}

    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> T:
        if not _begins():
            return make(*args, **kwargs)
        inboxes = [one for one in args if isinstance(one, Inbox)]
        assert len(inboxes) <= 1
        inbox = inboxes[0] if inboxes else None
        key = (
            tuple(one for one in args if one is not inbox),
            tuple(sorted(kwargs.items())),
            inbox and inbox.at,
        )
        if key in worlds:
            return _put(worlds[key], inbox)  # type: ignore[return-value]  # it was kept as that
        found = make(*args, **kwargs)
        worlds[key] = _kept(inbox, found)
        return found

    return made


def _begins() -> bool:
    """Say whether we are in a transaction that has written nothing, and may copy past triggers."""
    if not connection.in_atomic_block:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_current_xact_id_if_assigned() IS NULL"
            " AND has_parameter_privilege('session_replication_role', 'SET')"
        )
        (begins,) = cursor.fetchone()
    return bool(begins)


def _kept(inbox: Inbox | None, found: object) -> _World:
    rows = {}
    with connection.cursor() as cursor:
        # What is only checked at the end of a transaction is checked here, once.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(
            "SELECT relid::regclass::text FROM pg_stat_xact_user_tables"
            " WHERE schemaname = 'public' AND n_tup_ins + n_tup_upd + n_tup_del > 0 ORDER BY 1"
        )
        for (table,) in cursor.fetchall():
            with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                rows[table] = b"".join(copy)
    folder = Path(tempfile.mkdtemp(prefix="remembered-"))
    atexit.register(shutil.rmtree, folder)
    if inbox is not None:
        _copy_files(Path(settings.SANDERLING_HOME), folder / "home")
        _copy_files(inbox.folder, folder / "in")
    return _World(
        rows,
        folder,
        inbox.at if inbox else None,
        deepcopy(inbox.reports) if inbox else [],
        deepcopy(found),
    )


def _put(world: _World, inbox: Inbox | None) -> object:
    with connection.cursor() as cursor:
        # A table may have had rows of the migrations: they are among those that are kept.
        deleted = "; ".join(f"DELETE FROM {table}" for table in world.rows)
        cursor.execute(f"SET LOCAL session_replication_role = replica; {deleted}")
        for table, rows in world.rows.items():
            if rows:
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(rows)
        cursor.execute("SET LOCAL session_replication_role = origin")
    if inbox is not None and world.at is not None:
        assert world.folder.is_dir(), f"{world.folder} is gone"
        _copy_files(world.folder / "home", Path(settings.SANDERLING_HOME))
        _copy_files(world.folder / "in", inbox.folder)
        inbox.at = world.at
        inbox.reports = deepcopy(world.reports)
    return deepcopy(world.found)


def _copy_files(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
