"""Runs rules: on a schedule and on events, each in a transaction of its own.

What a run does, the note of it and the events it took stand or fall together: killed at any moment,
a rule has acted wholly or not at all, and its events wait for it. A rule that fails stops no other;
after three failures in a row it is paused and somebody is told.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count
from django.urls import reverse

from sanderling.audit.actions import record_event
from sanderling.automation.doing import do_acts
from sanderling.automation.matching import Match, find_matches
from sanderling.automation.models import Rule, RuleState, RuleVersion, Run, RunItem, RunState
from sanderling.automation.raising import NewAlert, People, raise_alert, resolve_alert
from sanderling.automation.rules import RUNNING, pause_rule, reader_of, visible_clients
from sanderling.core.refusal import Refusal
from sanderling.core.rules.schedule import next_run_at
from sanderling.news.actions import EVENTS_AT_ONCE, take_events
from sanderling.news.models import Event
from sanderling.web.actor import current_actor, set_actor

logger = logging.getLogger(__name__)

FAILURES_MAX: Final = 3
ROUNDS_MAX: Final = 20  # of events, for one rule in one go


def run_due(*, at: datetime) -> int:
    """Run the rules whose time has come, in their order; return how many ran."""
    due = Rule.objects.filter(state__in=RUNNING, is_archived=False, next_run_at__lte=at)
    return sum(
        _guarded(pk, at=at) for pk in due.order_by("place", "pk").values_list("pk", flat=True)
    )


def run_events(*, at: datetime) -> int:
    """Let the rules of events deal with what waits for them, in their order; count runs."""
    rules = Rule.objects.filter(
        state__in=RUNNING, is_archived=False, version__trigger__kind="event"
    ).order_by("place", "pk")
    count = 0
    for pk in list(rules.values_list("pk", flat=True)):
        for _ in range(ROUNDS_MAX):
            if not _guarded(pk, at=at):
                break
            count += 1
    return count


def _guarded(rule_id: int, *, at: datetime) -> bool:
    """Run one rule; return whether there was something to do. A failure is the rule's own."""
    try:
        return _run(rule_id, at=at)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the job is tried again
    except Refusal as refusal:
        _note_failure(rule_id, str(refusal), at=at)
    except Exception as error:
        logger.exception("rule %s failed", rule_id)
        _note_failure(rule_id, f"It failed inside: {type(error).__name__}.", at=at)
    return False


@transaction.atomic
def _run(rule_id: int, *, at: datetime) -> bool:
    rule = (
        Rule.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("version", "live_by")
        .filter(pk=rule_id, state__in=RUNNING)
        .first()
    )
    if rule is None or rule.version is None or rule.live_by is None:
        return False  # stopped meanwhile, or another worker has it
    version, is_dry = rule.version, rule.state == RuleState.WATCHING
    left = version.day_max - _used_today(rule, at=at, is_dry=is_dry)
    events = None
    if version.trigger["kind"] == "event":
        events = _heard(rule, left, at=at)
        if not events:
            return False
    else:
        rule.next_run_at = next_run_at(version.trigger, at)
    client_ids = _clients(rule, version)
    if not client_ids:
        raise Refusal("Who let it run sees none of its clients now; let somebody else start it.")
    found = find_matches(
        rule, version, client_ids=client_ids, today=at.date(), events=events, is_dry=is_dry,
        limit=max(1, min(version.run_max, left)),
    )  # fmt: skip
    if found.total and left <= 0:
        _tell_limit(rule, at=at, held_back=found.total)
    elif found.items:
        _act(rule, version, found.items, found.total, at=at, is_dry=is_dry)
    rule.run_at, rule.failures = at, 0
    rule.save(update_fields=["run_at", "failures", "next_run_at"])
    resolve_alert(f"rule_failed:{rule.pk}", at=at)
    return True


def _heard(rule: Rule, left: int, *, at: datetime) -> list[Event]:
    """Take events; none when the day's limit is used up: they wait for tomorrow."""
    if left <= 0:
        _tell_limit(rule, at=at)
        return []
    version = rule.version
    limit = min(EVENTS_AT_ONCE, version.run_max, left) if version else 0
    own = f"rule:{rule.pk}"
    while events := take_events(reader_of(rule), limit):
        others = [one for one in events if one.actor != own]  # never a rule's own doing
        if others:
            return others
    return []


def _clients(rule: Rule, version: RuleVersion) -> list[int]:
    seen = visible_clients(rule.live_by) if rule.live_by else []
    return [pk for pk in seen if not version.client_ids or pk in version.client_ids]


def _used_today(rule: Rule, *, at: datetime, is_dry: bool) -> int:
    return RunItem.objects.filter(rule_id=rule.pk, on_date=at.date(), is_dry=is_dry).count()


def _act(
    rule: Rule,
    version: RuleVersion,
    items: tuple[Match, ...],
    total: int,
    *,
    at: datetime,
    is_dry: bool,
) -> Run:
    run = Run.objects.create(
        rule=rule, version=version, started_at=at, state=RunState.DONE, is_dry=is_dry, matched=total
    )
    touched = {(one.claim_id, one.party) for one in items}
    if not is_dry and items:
        actor, role = current_actor()
        set_actor(f"rule:{rule.pk}", role="rule")
        done = do_acts(run, version.acts, items, at=at)
        record_event(
            action="rule.run", at=at, subject=("rule", rule.pk),
            detail={"run": run.pk, "items": len(done.items)},
        )  # fmt: skip
        set_actor(actor, role=role)
        run.act_ids, run.task_ids, touched = done.act_ids, done.task_ids, done.items
    kept = [one for one in items if (one.claim_id, one.party) in touched]
    RunItem.objects.bulk_create(
        [
            RunItem(
                run=run,
                rule_id=rule.pk,
                claim_id=one.claim_id,
                party=one.party,
                client_id=one.client_id,
                balance_cents=one.balance_cents,
                on_date=at.date(),
                is_dry=is_dry,
                stops_others=version.stops_others,
            )
            for one in kept
        ]
    )
    run.acted, run.amount_cents = len(kept), sum(one.balance_cents for one in kept)
    run.held_back = total - len(items)
    if run.held_back:
        run.state = RunState.LIMITED
        _tell_limit(rule, at=at, held_back=run.held_back)
    run.save()
    return run


def _tell_limit(rule: Rule, *, at: datetime, held_back: int | None = None) -> None:
    rest = f"{held_back:,} items wait" if held_back else "what it hears of waits for tomorrow"
    raise_alert(
        NewAlert(
            "rule_limit",
            f"rule_limit:{rule.pk}",
            f"Rule “{rule.name}” reached its limit; {rest}",
            _keepers(rule),
            items=held_back or 0,
            url=reverse("rule", args=[rule.pk]),
        ),
        at=at,
    )


def _keepers(rule: Rule) -> tuple[int, ...]:
    """Return who is told of a rule's troubles: who let it run, and the admins."""
    maker = (rule.live_by_id,) if rule.live_by_id else ()
    return tuple(sorted({*maker, *People().admins()}))


@transaction.atomic
def _note_failure(rule_id: int, message: str, *, at: datetime) -> None:
    rule = Rule.objects.select_for_update(of=("self",)).select_related("version").get(pk=rule_id)
    if rule.version is None:
        return
    rule.failures += 1
    rule.run_at = at
    rule.next_run_at = next_run_at(rule.version.trigger, at)
    rule.save(update_fields=["failures", "run_at", "next_run_at"])
    Run.objects.create(
        rule=rule,
        version=rule.version,
        started_at=at,
        state=RunState.FAILED,
        is_dry=rule.state == RuleState.WATCHING,
        message=message,
    )
    is_paused = rule.failures >= FAILURES_MAX
    if is_paused:
        pause_rule(rule, reason=f"It failed {rule.failures} times in a row. {message}", at=at)
    raise_alert(
        NewAlert(
            "rule_failed",
            f"rule_failed:{rule.pk}",
            f"Rule “{rule.name}” failed{' and is paused' if is_paused else ''}: {message}",
            _keepers(rule),
            url=reverse("rule", args=[rule.pk]),
            is_urgent=is_paused,
        ),
        at=at,
    )


def acts_today(*, at: datetime) -> dict[int, int]:
    """Return how many items each rule acted on today."""
    found = RunItem.objects.filter(on_date=at.date(), is_dry=False)
    return dict(found.values_list("rule_id").annotate(items=Count("pk")))
