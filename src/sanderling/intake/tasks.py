"""Jobs of the worker: uploads, watched folders, and what an interruption left behind.

A job carries an upload's random name and nothing of its content. Intake itself is imported inside
the jobs: Django loads this module with every command, and most have no use for it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_once, renew_connection

if TYPE_CHECKING:
    from sanderling.intake.watching import WatchReport

logger = logging.getLogger(__name__)


@app.task(name="intake.upload", retry=PATIENTLY)
def take_uploaded(token: str) -> int:
    """Take in the files of one upload."""
    from sanderling.intake.uploads import take_upload

    renew_connection()
    return take_upload(token, at=timezone.now())


@app.task(name="intake.replay", retry=PATIENTLY)
def replay_stored(file_id: int) -> str:
    """Read a quarantined or partly posted file again, after a fix; return its new status."""
    from sanderling.files.models import StoredFile
    from sanderling.intake.replaying import NothingToReplay, replay_file

    renew_connection()
    stored = StoredFile.objects.get(pk=file_id)
    try:
        return replay_file(stored, recorded_at=timezone.now()).status
    except NothingToReplay:  # somebody else was faster
        return stored.status


@app.task(name="intake.resume", retry=PATIENTLY, queueing_lock="intake_resume")
def resume_interrupted() -> int:
    """Finish files that a killed process left half read, and uploads that nobody took in."""
    from sanderling.intake.actions import resume
    from sanderling.intake.uploads import take_upload, waiting_uploads

    renew_connection()
    count = sum(1 for _ in resume(recorded_at=timezone.now()))
    for token in list(waiting_uploads()):
        count += take_upload(token, at=timezone.now())
    return count


@app.periodic(cron="* * * * *")
@app.task(name="intake.watch", queueing_lock="intake_watch")
def watch_folders(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Take in what lies complete in the watched folders; `timestamp`: when the period began."""
    return _look()


@app.periodic(cron="*/5 * * * *")
@app.task(name="ledger.spans", queueing_lock="ledger_spans")
def extend_balance_spans(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Bring the balance spans in step with the ledger, so that past days are answered quickly."""
    from sanderling.ledger.spans import extend_spans

    renew_connection()
    return extend_spans()


@app.task(name="intake.watch_again", queueing_lock="intake_watch_again")
def watch_folders_again() -> int:
    """Look again at files that were still resting."""
    return _look()


def _look() -> int:
    from sanderling.intake.watching import REST, take_watched

    renew_connection()
    if not settings.WATCH_FOLDERS:
        return 0
    report = take_watched(settings.WATCH_FOLDERS, now=timezone.now())
    _say(report)
    _tell(report)
    if report.resting:
        seconds = int(REST.total_seconds()) + 1
        defer_once(watch_folders_again.configure(schedule_in={"seconds": seconds}))
    return report.taken


def _say(report: WatchReport) -> None:
    """Warn without names: file names may carry patients' names."""
    if report.missing_folders:
        logger.warning("%s watched folders are missing", report.missing_folders)
    if report.unreadable:
        logger.warning("%s watched files cannot be read", report.unreadable)


def _tell(report: WatchReport) -> None:
    """Raise an alert while folders or files cannot be read; take it back when they can."""
    from sanderling.automation.raising import report_failure, report_recovery

    at = timezone.now()
    faults = {
        "folders": (report.missing_folders, "watched folders are missing"),
        "files": (report.unreadable, "watched files cannot be read"),
    }
    for key, (count, text) in faults.items():
        if count:
            report_failure("intake_failure", key, f"{count} {text}", at=at)
        else:
            report_recovery("intake_failure", key, at=at)


def defer_resume() -> None:
    """Ask the worker to resume; asked twice it does it once."""
    defer_once(resume_interrupted)
