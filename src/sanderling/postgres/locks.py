"""Advisory locks: names for things that only one transaction may do at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum, unique

from django.db import connection


@unique
class Lock(IntEnum):
    """The numbers by which PostgreSQL knows our locks; nobody else uses this database."""

    MIGRATIONS = 7_201_954_311
    AUDIT_SEAL = 7_201_954_312
    PARTIES = 7_201_954_313  # clients and payers: one for both, so that no two can deadlock
    ACTIVITIES = 7_201_954_315  # two imports with the same rows in another order would deadlock
    PROMISES = 7_201_954_316
    STATUS_REQUESTS = 7_201_954_317
    INTAKE = 7_201_954_399
    PORTALS = 7_201_954_318
    EXCHANGE = 7_201_954_319
    NEXT_PAYERS = 7_201_954_320  # a claim goes to a payer once
    CONTRACTS = 7_201_954_321  # a version of a contract ends where the next begins
    KEY_FIGURES = 7_201_954_338  # the nightly sums replace each other
    PRICING = 7_201_954_332  # variances are kept in step by one at a time
    ISSUES = 7_201_954_336  # one search at a time
    MIRROR = 7_201_954_331  # its files are written by one at a time
    FORECAST = 7_201_954_339
    REPORTS = 7_201_954_341  # their numbers are worked out by one at a time
    MAIL = 7_201_954_340  # one sender: what is being sent when it dies is known to be nobody's
    REPORTS_DUE = 7_201_954_342  # what is due is made by one at a time
    CHAIN_CHECK = 7_201_954_347
    RETENTION = 7_201_954_348
    CLOCKS = 7_201_954_350  # clocks of service levels are kept by one at a time


def hold_lock(lock: Lock) -> None:
    """Wait for the lock and hold it until the current transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(lock)])


def try_lock(lock: Lock) -> bool:
    """Hold the lock until the current transaction ends if it is free; return whether it was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int(lock)])
        return bool(cursor.fetchone()[0])


def session_keys(lock: Lock, number: int = 0) -> list[int]:
    """Return the two numbers by which PostgreSQL knows a session's lock."""
    return [int(lock) % 2**31, number]


@contextmanager
def session_lock(lock: Lock, number: int = 0, *, waits: bool = False) -> Iterator[bool]:
    """Hold a lock of this database session, over many transactions.

    Gives False when another session has it, or (`waits`) waits until it is free. It goes with a
    process that is killed. `number`: of the thing that is locked, where the lock is for one of
    many. May be nested.
    """
    keys = session_keys(lock, number)
    with connection.cursor() as cursor:
        if waits:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", keys)
            is_ours = True
        else:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", keys)
            is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        # A connection that broke has given the lock back; a failed transaction is its owner's.
        if is_ours and connection.connection is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", keys)
