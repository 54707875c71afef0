"""Jobs of the worker: claims whose documents came, first mails, reminders.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_on_commit, renew_connection


@app.task(name="document_requests.settle", retry=PATIENTLY, queueing_lock="documents_settle")
def settle_now() -> int:
    """Let claims go on whose documents came."""
    from sanderling.document_requests.settling import settle

    renew_connection()
    return settle(at=timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="document_requests.keep_up", queueing_lock="documents_keep_up")
def keep_up(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Send first mails, and do what an interrupted job left."""
    from sanderling.document_requests.asking import adopt_tasks
    from sanderling.document_requests.mailing import send_due
    from sanderling.document_requests.settling import settle

    renew_connection()
    now = timezone.now()
    return settle(at=now) + adopt_tasks(at=now) + send_due(at=now)


@app.periodic(cron="40 12 * * *")
@app.task(name="document_requests.remind", retry=PATIENTLY, queueing_lock="documents_remind")
def remind_all(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Remind of what clients have not answered."""
    from sanderling.document_requests.reminding import remind

    renew_connection()
    now = timezone.now()
    return remind(now.date(), at=now)


@app.periodic(cron="10 * * * *")
@app.task(name="document_requests.clean_up", retry=PATIENTLY, queueing_lock="documents_clean_up")
def clean_up(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Remove files that nobody names; return how many."""
    from sanderling.document_requests.cleaning import remove_left_uploads, remove_unnamed

    renew_connection()
    now = timezone.now()
    return remove_left_uploads(at=now).files + remove_unnamed(at=now).files


def defer_settling() -> None:
    """Ask the worker to let claims go on when this transaction commits."""
    defer_on_commit(settle_now)
