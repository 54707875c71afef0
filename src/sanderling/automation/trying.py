"""Asks for a dry run and finishes it: the web asks, the worker looks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.automation.dry_runs import clients_of, dry_run
from sanderling.automation.models import DryRun, DryRunState, Rule
from sanderling.automation.rules import RuleRefused, check_may_change

GIVEN_UP_AFTER: Final = timedelta(minutes=10)


@transaction.atomic
def ask_for_dry_run(rule: Rule, *, by: User, at: datetime) -> DryRun:
    """Ask for a dry run of the rule's version; one that still waits is returned again.

    Raises:
        RuleRefused: there is no version, or this person sees none of its clients.
    """
    if rule.version is None:
        raise RuleRefused("There is nothing to try: save the rule first.")
    check_may_change(rule, by)
    client_ids = clients_of(rule.version, by)
    if not client_ids:
        raise RuleRefused("You see none of the clients that the rule is for.")
    waiting = DryRun.objects.filter(
        version=rule.version, made_by=by, state=DryRunState.WAITING, made_at__gt=at - GIVEN_UP_AFTER
    ).first()
    if waiting is not None:
        return waiting
    run = DryRun.objects.create(version=rule.version, made_by=by, made_at=at, client_ids=client_ids)
    record_event(
        action="rule.dry_run", at=at, subject=("rule", rule.pk),
        detail={"dry_run": run.pk, "version": rule.version.number},
    )  # fmt: skip
    return run


def finish(run_id: int, *, at: datetime) -> int:
    """Do what was asked for; return how many items matched. Doing it again changes nothing."""
    run = DryRun.objects.select_related("version__rule", "made_by").get(pk=run_id)
    if run.state == DryRunState.DONE or run.made_by is None:
        return run.items
    return dry_run(run, by=run.made_by, at=at).items
