"""The mirror is brought in step with the database here, and nowhere else.

One refresh at a time. It reads one state of the database, works out the rows of the claims that
changed since the last one (or of all), writes what is different, and lets the new manifest count.
Only then are the notes of what had changed forgotten: killed in between, the next refresh does the
same again. Nothing in the mirror is true by itself: `rebuild` makes all of it anew.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import polars as pl
from django.db import connection, transaction

from sanderling.codes.queries import code_rules_frame
from sanderling.core.codes.codebook import CodeBook, book_with
from sanderling.core.refusal import Refusal
from sanderling.mirror.changes import (
    changed_claims,
    every_claim,
    forget_changes,
    known_generation,
    last_entry_id,
    remember_generation,
)
from sanderling.mirror.files import (
    LAYOUT,
    Manifest,
    read_manifest,
    retired_files,
    sweep,
    write_manifest,
)
from sanderling.mirror.loading import load_outside, load_payers, load_slice
from sanderling.mirror.rows import rows_of, rows_of_none
from sanderling.mirror.writing import Gathering, written_anew, written_over
from sanderling.postgres.locks import Lock, session_lock

CLAIMS_AT_ONCE: Final = 25_000  # bounds memory
# Beyond this share of the claims, making all of it anew costs less than comparing.
ALL_ANEW_SHARE: Final = 0.3
Progress = Callable[[int, int], None]


class MirrorBusy(Refusal):
    """Another process is refreshing the mirror."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did."""

    claim_count: int  # whose rows were worked out
    is_whole: bool  # all of them
    file_count: int  # written
    generation: str


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What rows follow from beside the facts of their claims."""

    rules: pl.DataFrame
    book: CodeBook
    payers: pl.DataFrame

    @property
    def digest(self) -> str:
        """Name the code overrides."""
        return hashlib.sha256(self.rules.write_csv().encode()).hexdigest()[:16]

    @property
    def payer_types(self) -> dict[int, str]:
        """Return the types of all payers."""
        return dict(self.payers.select("payer_id", "payer_type").rows())


def refresh(
    today: date, at: datetime, progress: Progress = lambda _done, _total: None
) -> Refreshed:
    """Bring the mirror in step with the database; a second call finds nothing to do.

    Raises:
        MirrorBusy: another process is at it.
    """
    return _made(today, at, progress, is_whole=False)


def rebuild(
    today: date, at: datetime, progress: Progress = lambda _done, _total: None
) -> Refreshed:
    """Make the mirror anew, whatever is there.

    Raises:
        MirrorBusy: another process is at it.
    """
    return _made(today, at, progress, is_whole=True)


def _made(today: date, at: datetime, progress: Progress, *, is_whole: bool) -> Refreshed:
    with session_lock(Lock.MIRROR) as is_ours:
        if not is_ours:
            raise MirrorBusy("the analytics mirror is being refreshed; try again in a few minutes")
        with _one_state():
            before = None if is_whole else _usable()
            sweep(before if before is not None else read_manifest())
            return _write(before, today, at, progress)


@contextmanager
def _one_state() -> Iterator[None]:
    """Read one state of the database, whatever is posted meanwhile."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _usable() -> Manifest | None:
    """Return the mirror's state when changes can be laid over it.

    The database remembers which state its notes of changes go on from. A mirror that is one ahead
    is left by a refresh that was killed at the very end: its notes are all there still.
    """
    before = read_manifest()
    if before is None or known_generation() not in (before.generation, before.previous):
        return None
    return before


def _write(before: Manifest | None, today: date, at: datetime, progress: Progress) -> Refreshed:
    rules = code_rules_frame()
    inputs = _Inputs(rules=rules, book=book_with(rules), payers=load_payers())
    everyone = every_claim()
    changed = everyone
    if before is not None and _judged_alike(before, inputs):
        changed = changed_claims(since_entry_id=before.entry_id)
        if len(changed) > ALL_ANEW_SHARE * len(everyone):
            changed, before_used = everyone, None
        else:
            before_used = before
    else:
        before_used = None
    generation = secrets.token_hex(6)
    with Gathering(generation) as gathered:
        for start in range(0, len(changed), CLAIMS_AT_ONCE):
            part = changed[start : start + CLAIMS_AT_ONCE].to_list()
            gathered.add(rows_of(load_slice(part, inputs.payers), inputs.book))
            progress(start + len(part), len(changed))
        gathered.add(rows_of_none(load_outside(inputs.payers)))
        if before_used is None:
            tables = written_anew(gathered)
        else:
            tables = written_over(before_used, gathered, changed)
    earlier = read_manifest()
    write_manifest(
        Manifest(
            generation=generation,
            previous=known_generation(),
            today=today,
            refreshed_at=at,
            entry_id=last_entry_id(),
            layout=LAYOUT,
            book=inputs.digest,
            payers=inputs.payer_types,
            tables=tables,
            retired=retired_files(earlier, tables, at),
        )
    )
    remember_generation(generation)
    forget_changes()
    return Refreshed(
        claim_count=len(changed),
        is_whole=before_used is None,
        file_count=sum(
            f".{generation}." in about.file
            for months in tables.values()
            for about in months.values()
        ),
        generation=generation,
    )


def _judged_alike(before: Manifest, inputs: _Inputs) -> bool:
    """Say whether what is in the mirror would be judged the same today."""
    now = inputs.payer_types
    return before.book == inputs.digest and all(
        now.get(payer) == kind for payer, kind in before.payers.items()
    )
