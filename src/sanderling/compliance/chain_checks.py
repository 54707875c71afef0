"""Checks of the audit chain: asked for on the page, walked by the worker, kept as evidence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.accounts.roles import PERMISSIONS
from sanderling.audit.actions import record_event, seal_events
from sanderling.audit.chain import ChainReport, Head, verify_chain
from sanderling.audit.heads import known_heads
from sanderling.audit.models import AuditSeal
from sanderling.compliance.models import ChainCheck, CheckState
from sanderling.news.actions import notify
from sanderling.postgres.locks import Lock, session_lock

# A check that says nothing for so long has lost its worker.
STALE: Final = timedelta(minutes=10)


@transaction.atomic
def ask_check(*, user: User | None, at: datetime) -> ChainCheck:
    """Ask the worker to walk the chain; a check that waits or runs is the one that is asked for."""
    waiting = latest_check()
    if waiting is not None and waiting.state != CheckState.DONE:
        return waiting
    made = ChainCheck.objects.create(asked_by=user, asked_at=at)
    record_event(action="audit.chain_check", at=at, subject=("chain_check", made.pk))
    from sanderling.compliance.tasks import defer_checks

    defer_checks()
    return made


def latest_check() -> ChainCheck | None:
    """Return the check asked for last."""
    return ChainCheck.objects.order_by("-pk").first()


def latest_done() -> ChainCheck | None:
    """Return the check that ended last."""
    return ChainCheck.objects.filter(state=CheckState.DONE).order_by("-pk").first()


def run_checks(*, at: datetime) -> int:
    """Walk the chain for every check that waits; return how many rows are not as they were.

    One process at a time; a check whose worker was killed is walked again by the next call.
    """
    found = 0
    with session_lock(Lock.CHAIN_CHECK) as is_ours:
        if not is_ours:
            return 0
        for check in ChainCheck.objects.exclude(state=CheckState.DONE).order_by("pk"):
            found += len(_walk(check, at=at).findings)
    return found


def _walk(check: ChainCheck, *, at: datetime) -> ChainReport:
    total = AuditSeal.objects.count()
    ChainCheck.objects.filter(pk=check.pk).update(state=CheckState.RUNNING, total=total, checked=0)
    report = verify_chain(
        heads=(*known_heads(), *_heads_of_checks()),
        progress=lambda checked: _progress(check.pk, checked),
    )
    if report.is_intact and report.unsealed:  # nothing that was slipped in waits among them
        seal_events(at=at)
    with transaction.atomic():
        ChainCheck.objects.filter(pk=check.pk).update(
            state=CheckState.DONE,
            checked=report.sealed,
            total=report.sealed,
            unsealed=report.unsealed,
            dated_back=report.dated_back,
            first_dated_back=report.first_dated_back,
            findings=[
                {"event": one.event_id, "kind": one.kind, "words": one.words}
                for one in report.findings
            ],
            head_seal_id=report.head.seal_id if report.head else None,
            head_event_id=report.head.event_id if report.head else None,
            head_hash=report.head.hash if report.head else "",
            head_at=report.head.at if report.head else None,
            finished_at=at,
        )
        if report.findings:
            _tell(check.pk, len(report.findings), at=at)
    return report


def _progress(pk: int, checked: int) -> None:
    ChainCheck.objects.filter(pk=pk).update(checked=checked)


def _heads_of_checks() -> list[Head]:
    """Return the ends that earlier checks saw, beside those in the file."""
    done = ChainCheck.objects.filter(state=CheckState.DONE)
    return [
        Head(one.head_seal_id, one.head_event_id, one.head_hash, one.head_at)
        for one in done.only("head_seal_id", "head_event_id", "head_hash", "head_at")
        if one.head_seal_id and one.head_event_id and one.head_at
    ]


def _tell(check_id: int, findings: int, *, at: datetime) -> None:
    """Tell everybody who answers for compliance, once for a check."""
    roles = [role for role, may in PERMISSIONS.items() if "compliance.edit" in may]
    notify(
        user_ids=User.objects.filter(is_active=True, role__in=roles).values_list("pk", flat=True),
        kind="audit.tampered",
        key=f"audit.tampered:{check_id}",
        text=f"The audit trail was tampered with: {findings} row{'' if findings == 1 else 's'}"
        " not as sealed. Keep a copy of the database before anything else.",
        url=reverse("chain"),
        at=at,
        is_urgent=True,
    )


def is_stale(check: ChainCheck, *, at: datetime) -> bool:
    """Say whether a check has waited for a worker for too long."""
    return check.state != CheckState.DONE and at - check.asked_at > STALE


def waiting_events() -> int:
    """Return how many events wait for their seal."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM audit_event e WHERE e.id >"
            " coalesce((SELECT max(event_id) FROM audit_seal), 0)"
        )
        return int(cursor.fetchone()[0])
