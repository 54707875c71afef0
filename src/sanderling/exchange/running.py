"""Visits mailboxes: leaves what is due, fetches what has come, and says how it went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.urls import reverse

from sanderling.audit.actions import record_event
from sanderling.automation.raising import report_failure, report_recovery
from sanderling.exchange.fetching import REST, fetch_waiting
from sanderling.exchange.models import Kind, Mailbox, Run
from sanderling.exchange.opening import open_mailbox
from sanderling.exchange.releasing import release
from sanderling.exchange.sending import send_waiting
from sanderling.exchange.tracking import track
from sanderling.exchange.transport import Away, LocalTrouble, Stopped
from sanderling.outbox.models import OutboundFile, State
from sanderling.postgres.locks import Lock, session_lock

ALERT: Final = "mailbox_failure"
AWAY_RUNS_TOLD: Final = 3  # a server may be away once or twice without anybody being told
LOOKS_MAX: Final = 2  # a second look at files that were still resting


def run_due(*, now: Callable[[], datetime], pause: Callable[[float], None]) -> int:
    """Release, visit the mailboxes whose time has come, track answers; return files moved."""
    release(at=now())
    moved = 0
    for mailbox in Mailbox.objects.filter(is_on=True, stopped_at=None).exclude(kind=Kind.CORE):
        if _is_due(mailbox, now()):
            run = visit(mailbox, now=now, pause=pause)
            moved += run.sent + run.fetched if run else 0
    track(at=now())
    return moved


def _is_due(mailbox: Mailbox, at: datetime) -> bool:
    if mailbox.last_run_at is None:
        return True
    if at - mailbox.last_run_at >= timedelta(minutes=mailbox.every_minutes):
        return True
    return OutboundFile.objects.filter(
        mailbox_id=mailbox.pk, state=State.SENDING, next_attempt_at__lte=at, attempts=0
    ).exists()


def visit(
    mailbox: Mailbox, *, now: Callable[[], datetime], pause: Callable[[float], None]
) -> Run | None:
    """Visit one mailbox; None when another process is there now."""
    with session_lock(Lock.EXCHANGE, mailbox.pk) as is_ours:
        if not is_ours:
            return None
        run = Run.objects.create(mailbox=mailbox, begun_at=now())
        try:
            _work(mailbox, run, now=now, pause=pause)
        except Stopped as stopped:
            run.fault = stopped.sentence
            stop(mailbox, stopped.sentence, at=now())
        except (Away, LocalTrouble) as trouble:
            run.fault = trouble.sentence
        run.ended_at = now()
        run.save()
        note_run(mailbox, run, at=now())
    return run


def _work(
    mailbox: Mailbox, run: Run, *, now: Callable[[], datetime], pause: Callable[[float], None]
) -> None:
    with open_mailbox(mailbox) as transport:
        try:
            for look in range(LOOKS_MAX):
                fetched = fetch_waiting(mailbox, transport, now=now)
                run.fetched += fetched.files
                run.resting = fetched.resting
                if not fetched.resting or look + 1 == LOOKS_MAX:
                    break
                pause(REST.total_seconds() + 1)
        finally:
            # What goes out does not wait for what does not come in.
            run.sent += send_waiting(mailbox, transport, at=now()).files


@transaction.atomic
def stop(mailbox: Mailbox, why: str, *, at: datetime) -> None:
    """Visit a mailbox no more until a person has seen to it."""
    Mailbox.objects.filter(pk=mailbox.pk).update(stopped_at=at, stopped_reason=why)
    record_event(action="mailbox.stop", at=at, subject=("mailbox", mailbox.pk))


def note_run(mailbox: Mailbox, run: Run, *, at: datetime) -> None:
    """Say on the mailbox how a visit went; raise an alert after several that broke off."""
    row = Mailbox.objects.get(pk=mailbox.pk)
    row.last_run_at, row.last_fault = at, run.fault
    row.failures = row.failures + 1 if run.fault else 0
    row.save(update_fields=["last_run_at", "last_fault", "failures"])
    key = f"mailbox:{mailbox.pk}"
    if run.fault and (row.stopped_at is not None or row.failures >= AWAY_RUNS_TOLD):
        report_failure(
            ALERT, key, f"Mailbox {mailbox.name}: {run.fault}", at=at, url=reverse("exchange")
        )
    elif not run.fault:
        report_recovery(ALERT, key, at=at)


def visit_all(
    mailboxes: Sequence[Mailbox], *, now: Callable[[], datetime], pause: Callable[[float], None]
) -> list[Run]:
    """Visit these mailboxes now, whatever their schedule; for the command line."""
    release(at=now())
    runs = [run for one in mailboxes if (run := visit(one, now=now, pause=pause)) is not None]
    track(at=now())
    return runs
