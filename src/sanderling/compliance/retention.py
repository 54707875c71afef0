"""How long what is kept: what may be deleted here, what never is, and the count before a deletion.

Facts, ledger, audit trail and everything that rests on them are kept for good: balances of any day
are worked out from all facts, and a chain without its beginning proves nothing (ADR 0047). What may
go is what was said on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.compliance.models import CheckState, LegalHold, RetentionRule, RetentionRun
from sanderling.core.refusal import Refusal
from sanderling.postgres.locks import Lock, session_lock

DAYS_A_YEAR: Final = 365.25
YEARS_MAX: Final = 30
ROWS_AT_ONCE: Final = 5_000
# A deletion follows a count that somebody has seen, not one of last year.
COUNT_HOLDS_FOR: Final = timedelta(days=7)


class RetentionRefused(Refusal):
    """A rule, a hold or a deletion that cannot be."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of data that may be deleted. SQL: which rows are past `%(before)s`."""

    key: str
    title: str
    years: int
    years_min: int
    table: str
    past: str
    client: str  # the column with the client's id, empty when no row is of a client


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        "notices", "Notices under the bell", 3, 1, "news_notice",
        "at < %(before)s", "client_id",
    ),
    Kind(
        "deliveries", "Webhook deliveries that are done", 3, 1, "api_delivery",
        "created_at < %(before)s AND state <> 'waiting'", "client_id",
    ),
    Kind(
        "messages", "Alerts sent to chats and pagers", 3, 1, "automation_message",
        "changed_at < %(before)s AND state IN ('sent', 'failed')", "",
    ),
    Kind(
        "jobs", "Jobs that the worker has done", 1, 1, "procrastinate_jobs",
        "status IN ('succeeded', 'failed', 'cancelled', 'aborted') AND (SELECT max(at)"
        " FROM procrastinate_events e WHERE e.job_id = procrastinate_jobs.id) < %(before)s", "",
    ),
)  # fmt: skip
OF_KEY: Final[Mapping[str, Kind]] = {kind.key: kind for kind in KINDS}
# What is never deleted here, and for how long the law asks for it at least.
KEPT: Final[tuple[tuple[str, str, str], ...]] = (
    ("Claims, remittances, answers, originals", "10 years (Medicare Advantage; Medicare 7)",
     "Facts: every balance of every day is worked out from all of them."),
    ("Ledger", "as the claims", "Append-only: a correction is another entry."),
    ("Audit trail and its seals", "6 years (45 CFR 164.316); 10 where claims are",
     "A chain that lost a link proves nothing."),
    ("Notes, activities, tasks, appeals, write-offs", "as the claims",
     "They say why a balance is what it is."),
    ("Mail log, reports sent, reviews of access, break-glass", "6 years (45 CFR 164.316)",
     "Evidence of what was done and sent; no patient data."),
)  # fmt: skip


def years_of(kind: Kind) -> int:
    """Return how many years data of the kind is kept."""
    rule = RetentionRule.objects.filter(kind=kind.key).first()
    return rule.years if rule else kind.years


@transaction.atomic
def set_years(key: str, years: int, *, user: User, at: datetime) -> None:
    """Say how long a kind is kept.

    Raises:
        RetentionRefused: no such kind, or fewer years than it is needed for.
    """
    kind = OF_KEY.get(key)
    if kind is None:
        raise RetentionRefused("There is no such kind of data.")
    if not kind.years_min <= years <= YEARS_MAX:
        raise RetentionRefused(f"{kind.title}: keep them {kind.years_min} to {YEARS_MAX} years.")
    RetentionRule.objects.update_or_create(
        kind=key, defaults={"years": years, "changed_by": user, "changed_at": at}
    )


@transaction.atomic
def place_hold(*, client_id: int | None, reason: str, user: User, at: datetime) -> LegalHold:
    """Keep everything of a client (None: of everybody) until the hold is lifted.

    Raises:
        RetentionRefused: no reason.
    """
    if not reason.strip():
        raise RetentionRefused("Say what the hold is for.")
    hold = LegalHold.objects.create(
        client_id=client_id, reason=reason.strip(), placed_by=user, placed_at=at
    )
    record_event(
        action="legal_hold.place", at=at, client_id=client_id, subject=("legal_hold", hold.pk)
    )
    return hold


@transaction.atomic
def lift_hold(hold_id: int, *, user: User, at: datetime) -> None:
    """Lift a hold; a second call changes nothing."""
    hold = LegalHold.objects.select_for_update().get(pk=hold_id)
    if hold.lifted_at is None:
        hold.lifted_by, hold.lifted_at = user, at
        hold.save(update_fields=["lifted_by", "lifted_at"])
        record_event(
            action="legal_hold.lift", at=at, client_id=hold.client_id,
            subject=("legal_hold", hold.pk),
        )  # fmt: skip


@transaction.atomic
def ask_run(*, is_dry: bool, user: User, at: datetime) -> RetentionRun:
    """Ask the worker to count what is past its time, or to delete what the last count found.

    Raises:
        RetentionRefused: a run waits, or a deletion without a fresh count by somebody else or
            with other years since.
    """
    if RetentionRun.objects.exclude(state=CheckState.DONE).exists():
        raise RetentionRefused("The worker is at it: wait for the run that was asked for.")
    counted = None
    if not is_dry:
        counted = latest_count()
        if counted is None or at - counted.asked_at > COUNT_HOLDS_FOR:
            raise RetentionRefused("Count first: a deletion follows a count of the last 7 days.")
        if counted.asked_by_id == user.pk:
            raise RetentionRefused("Somebody else counted must delete: two people for a deletion.")
        if any(counted.counts[kind.key]["years"] != years_of(kind) for kind in KINDS):
            raise RetentionRefused("The years were changed since the count: count again.")
    run = RetentionRun.objects.create(is_dry=is_dry, asked_by=user, asked_at=at, dry_run=counted)
    record_event(
        action=f"retention.{'count' if is_dry else 'delete'}", at=at,
        subject=("retention_run", run.pk),
    )  # fmt: skip
    from sanderling.compliance.tasks import defer_retention

    defer_retention()
    return run


def latest_count() -> RetentionRun | None:
    """Return the last count, unless something was deleted since."""
    latest = RetentionRun.objects.filter(state=CheckState.DONE).order_by("-pk").first()
    return latest if latest is not None and latest.is_dry else None


def run_waiting(*, at: datetime) -> int:
    """Do the runs that wait, by the worker; return how many rows were deleted.

    One process at a time. A deletion that was interrupted goes on: it counts what it deletes with
    the deletion of each batch.
    """
    deleted = 0
    with session_lock(Lock.RETENTION) as is_ours:
        if not is_ours:
            return 0
        for run in RetentionRun.objects.exclude(state=CheckState.DONE).order_by("pk"):
            deleted += _do(run, at=at)
    return deleted


def _do(run: RetentionRun, *, at: datetime) -> int:
    """Count, and delete when the run says so, by the time when it was asked for."""
    deleted = 0
    for kind in KINDS:
        years = years_of(kind)
        before = run.asked_at - timedelta(days=years * DAYS_A_YEAR)
        due, held = _counts(kind, before)
        entry = run.counts.get(kind.key) or {"deleted": 0}
        entry |= {"years": years, "before": before.isoformat(), "due": due, "held": held}
        run.counts[kind.key] = entry
        run.state = CheckState.RUNNING
        run.save(update_fields=["counts", "state"])
        if run.is_dry:
            continue
        for count in _batches(kind, before, run, entry):
            deleted += count
        with transaction.atomic():
            record_event(
                action="retention.deleted", at=at, subject=("retention_run", run.pk),
                detail={"kind": kind.key, "before": entry["before"], "rows": entry["deleted"]},
            )  # fmt: skip
    run.state, run.finished_at = CheckState.DONE, at
    run.save(update_fields=["state", "finished_at"])
    return deleted


def _batches(
    kind: Kind, before: datetime, run: RetentionRun, entry: dict[str, Any]
) -> Iterator[int]:
    """Delete in batches, each with its count in one transaction."""
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {kind.table} WHERE id IN (SELECT id FROM {kind.table}"  # noqa: S608 - names of ours
                f" WHERE {kind.past} AND NOT ({_held(kind)}) ORDER BY id LIMIT %(most)s)",
                {"before": before, "most": ROWS_AT_ONCE},
            )
            count = cursor.rowcount
            entry["deleted"] += count
            run.save(update_fields=["counts"])
        if not count:
            return
        yield count


def _counts(kind: Kind, before: datetime) -> tuple[int, int]:
    """Return how many rows are past their time and free, and how many are held."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FILTER (WHERE NOT held), count(*) FILTER (WHERE held)"  # noqa: S608 - names of ours
            f" FROM (SELECT ({_held(kind)}) AS held FROM {kind.table} WHERE {kind.past}) AS past",
            {"before": before},
        )
        due, held = cursor.fetchone()
    return int(due), int(held)


def _held(kind: Kind) -> str:
    """Return SQL that is true for rows that a hold keeps.

    A row of no client may be about any: every hold keeps it.
    """
    column = f"{kind.table}.{kind.client}" if kind.client else "NULL::int"
    return (
        "EXISTS (SELECT FROM compliance_legal_hold h WHERE h.lifted_at IS NULL"
        f" AND (h.client_id IS NULL OR {column} IS NULL OR h.client_id = {column}))"
    )
