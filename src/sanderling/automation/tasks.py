"""Jobs of the worker: rules, alerts, and what goes out.

What they need is imported inside: Django loads this module with every command.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from sanderling.postgres.jobs import PATIENTLY, renew_connection


@app.periodic(cron="* * * * *")
@app.task(name="automation.rules", queueing_lock="automation_rules")
def run_rules(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Run the rules that are due, and those that have heard of something."""
    from sanderling.automation.engine import run_due, run_events

    renew_connection()
    at = timezone.now()
    return run_events(at=at) + run_due(at=at)


@app.task(name="automation.dry_run", retry=PATIENTLY)
def try_rule(run_id: int) -> int:
    """Try a rule over history; return how many items it would have matched."""
    from sanderling.automation.trying import finish

    renew_connection()
    return finish(run_id, at=timezone.now())


def defer_dry_run(run_id: int) -> None:
    """Ask the worker to try a rule when this transaction commits."""

    def defer() -> None:
        try_rule.defer(run_id=run_id)

    transaction.on_commit(defer)


@app.periodic(cron="7 * * * *")
@app.task(name="automation.alerts", queueing_lock="automation_alerts", retry=PATIENTLY)
def work_out_alerts(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Bring all alerts in step; return how many were raised."""
    from sanderling.automation.evaluating import evaluate

    renew_connection()
    return sum(raised for raised, _ in evaluate(at=timezone.now()).values())


@app.periodic(cron="* * * * *")
@app.task(name="automation.send", queueing_lock="automation_send")
def send(timestamp: int) -> int:  # noqa: ARG001 - periodic jobs get it
    """Send what is to go out: messages, mails at once, daily mails."""
    from sanderling.automation.digests import queue_at_once, queue_digests
    from sanderling.automation.sending import send_messages

    renew_connection()
    at = timezone.now()
    return send_messages(at=at) + queue_at_once(at=at) + queue_digests(at=at)


@app.task(name="automation.test_target")
def test_a_target(target_id: int) -> str:
    """Send a test to a target; return what came of it, an empty text when it arrived."""
    from sanderling.automation.models import Target
    from sanderling.automation.targets import try_target

    renew_connection()
    return try_target(Target.objects.get(pk=target_id), at=timezone.now())


def defer_target_test(target_id: int) -> None:
    """Ask the worker to send a test when this transaction commits."""

    def defer() -> None:
        test_a_target.defer(target_id=target_id)

    transaction.on_commit(defer)
