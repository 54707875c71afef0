"""Jobs of the worker: what-ifs over several contracts.

What it needs is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, defer_on_commit, renew_connection


@app.task(name="evaluation.what_ifs", retry=PATIENTLY, queueing_lock="evaluation_what_ifs")
def what_ifs() -> int:
    """Answer the questions about several contracts that wait."""
    from sanderling.evaluation.several import answer_waiting

    renew_connection()
    return answer_waiting(at=timezone.now())


def defer_what_ifs() -> None:
    """Ask the worker to answer when this transaction commits; asked twice it does it once."""
    defer_on_commit(what_ifs)
