"""The mirror is brought in step with the database here, and nowhere else.

One refresh at a time. It reads one state of the database, works out the rows of the claims that
changed since the last one (or of all), writes what is different, and lets the new manifest count.
Only then are the notes of what had changed forgotten: killed in between, the next refresh does the
same again. Then the mirror is compared with that same state of the database; where it says anything
else it is made anew, and what differs even then is told to the administrators.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import polars as pl
from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.codes.queries import code_rules_frame
from sanderling.core.codes.codebook import CodeBook, book_with
from sanderling.core.refusal import Refusal
from sanderling.mirror.changes import (
    changed_claims,
    every_claim,
    forget_changes,
    known_generation,
    last_ids,
    remember_generation,
)
from sanderling.mirror.files import (
    Manifest,
    has_all_files,
    read_manifest,
    retired_files,
    sweep,
    write_manifest,
)
from sanderling.mirror.loading import load_outside, load_payers, load_slice
from sanderling.mirror.models import Check
from sanderling.mirror.reading import manifest
from sanderling.mirror.rows import rows_of, rows_of_none
from sanderling.mirror.tying import DIFFERENCES_KEPT, Difference, differences
from sanderling.mirror.writing import Gathering, written_anew, written_over
from sanderling.news.actions import notify
from sanderling.postgres.locks import Lock, session_lock

CLAIMS_AT_ONCE: Final = 25_000  # bounds memory
# Beyond this share of the claims, making all of it anew costs less than comparing.
ALL_ANEW_SHARE: Final = 0.3
CHECKS_KEPT: Final = 100
Progress = Callable[[int, int], None]
logger = logging.getLogger(__name__)


class MirrorBusy(Refusal):
    """Another process is refreshing the mirror."""


class MirrorDamaged(Refusal):
    """A file of the mirror is gone, or is not what was written."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did."""

    claim_count: int  # whose rows were worked out
    is_whole: bool  # all of them
    file_count: int  # written
    generation: str
    was_rebuilt: bool  # what changes were laid over did not agree with the database
    differences: tuple[Difference, ...]  # that are left: none, or there is a fault of ours


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


def _no_progress(_done: int, _total: int) -> None:
    return None


def refresh(today: date, at: datetime, progress: Progress = _no_progress) -> Refreshed:
    """Bring the mirror in step with the database; a second call finds nothing to do.

    A mirror whose files are gone or damaged is made anew.

    Raises:
        MirrorBusy: another process is at it.
    """
    with _alone(), _one_state():
        before = _usable()
        sweep(before)
        try:
            return _tied(before, today, at, progress)
        except pl.exceptions.PolarsError:
            if before is None:
                raise
            logger.exception("a file of the mirror cannot be read: made anew")
            return _tied(None, today, at, progress)


def rebuild(today: date, at: datetime, progress: Progress = _no_progress) -> Refreshed:
    """Make the mirror anew, whatever is there.

    Raises:
        MirrorBusy: another process is at it.
    """
    with _alone(), _one_state():
        return _tied(None, today, at, progress)


def check(at: datetime) -> list[Difference]:
    """Compare the mirror with the database; return what differs. Changes nothing in the mirror.

    Raises:
        MirrorMissing: there is none.
        MirrorDamaged: its files cannot be read.
        MirrorBusy: another process is refreshing it.
    """
    with _alone(), _one_state():
        state = manifest()
        try:
            found = differences(state)
        except (pl.exceptions.PolarsError, FileNotFoundError) as error:
            raise MirrorDamaged(
                "a file of the analytics mirror is gone or damaged; run: sanderling mirror rebuild"
            ) from error
        _keep(state.generation, found, at, was_rebuilt=False)
    return found


@contextmanager
def _alone() -> Iterator[None]:
    with session_lock(Lock.MIRROR) as is_ours:
        if not is_ours:
            raise MirrorBusy("the analytics mirror is being refreshed; try again in a few minutes")
        yield


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
    return before if has_all_files(before) else None


def _tied(before: Manifest | None, today: date, at: datetime, progress: Progress) -> Refreshed:
    done, state = _written(before, today, at, progress)
    found = differences(state)
    was_rebuilt = bool(found) and not done.is_whole
    if was_rebuilt:
        logger.error("the mirror differs from the database in %d figures: made anew", len(found))
        done, state = _written(None, today, at, progress)
        found = differences(state)
    _keep(state.generation, found, at, was_rebuilt=was_rebuilt)
    return Refreshed(
        claim_count=done.claim_count,
        is_whole=done.is_whole,
        file_count=done.file_count,
        generation=state.generation,
        was_rebuilt=was_rebuilt,
        differences=tuple(found),
    )


@dataclass(frozen=True, slots=True)
class _Written:
    claim_count: int
    is_whole: bool
    file_count: int


def _written(
    before: Manifest | None, today: date, at: datetime, progress: Progress
) -> tuple[_Written, Manifest]:
    """Write a generation over the one before, or anew; let it count."""
    rules = code_rules_frame()
    inputs = _Inputs(rules=rules, book=book_with(rules), payers=load_payers())
    base, claim_ids = _extent(before, inputs)
    generation = secrets.token_hex(6)
    with Gathering(generation) as gathered:
        for start in range(0, len(claim_ids), CLAIMS_AT_ONCE):
            part = claim_ids[start : start + CLAIMS_AT_ONCE].to_list()
            gathered.add(rows_of(load_slice(part, inputs.payers), inputs.book))
            progress(start + len(part), len(claim_ids))
        gathered.add(rows_of_none(load_outside(inputs.payers)))
        tables = written_over(base, gathered, claim_ids) if base else written_anew(gathered)
    entry_id, payment_id = last_ids()
    state = Manifest(
        generation=generation,
        previous=known_generation(),
        today=today,
        refreshed_at=at,
        entry_id=entry_id,
        payment_id=payment_id,
        book=inputs.digest,
        payers=inputs.payer_types,
        tables=tables,
        retired=retired_files(read_manifest(), tables, at),
    )
    write_manifest(state)
    remember_generation(generation)
    forget_changes()
    files = [about.file for months in tables.values() for about in months.values()]
    return _Written(
        claim_count=len(claim_ids),
        is_whole=base is None,
        file_count=sum(f".{generation}." in file for file in files),
    ), state


def _extent(before: Manifest | None, inputs: _Inputs) -> tuple[Manifest | None, pl.Series]:
    """Return the state to lay changes over (None: everything is made anew), and which claims."""
    everyone = every_claim()
    if before is None or not _is_judged_alike(before, inputs):
        return None, everyone
    changed = changed_claims(since_entry_id=before.entry_id)
    if len(changed) > ALL_ANEW_SHARE * len(everyone):
        return None, everyone
    return before, changed


def _is_judged_alike(before: Manifest, inputs: _Inputs) -> bool:
    """Say whether what is in the mirror would be judged the same today."""
    now = inputs.payer_types
    return before.book == inputs.digest and all(
        now.get(payer) == kind for payer, kind in before.payers.items()
    )


def _keep(generation: str, found: list[Difference], at: datetime, *, was_rebuilt: bool) -> None:
    """Write down what the comparison found, and tell the administrators of what is wrong."""
    made = Check.objects.create(
        at=at,
        generation=generation,
        was_rebuilt=was_rebuilt,
        difference_count=len(found),
        differences=[one.as_dict() for one in found[:DIFFERENCES_KEPT]],
    )
    Check.objects.filter(pk__lte=made.pk - CHECKS_KEPT).delete()
    if not found:
        return
    notify(
        user_ids=User.objects.filter(is_active=True, role=Role.ADMIN).values_list("pk", flat=True),
        kind="mirror.differs",
        key=f"mirror.differs:{generation}",
        text=f"The analytics mirror differs from the database in {len(found)} figures: results of"
        " trends and key figures may be wrong. See: sanderling mirror check",
        at=at,
        is_urgent=True,
    )
