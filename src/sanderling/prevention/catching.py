"""Active edit rules look at what was sent since: every night, after the fact.

The product sees claims when they were sent; a catch is a claim to correct before the payer denies
it, not one that was held. What became of each is filled in when the payer has decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import polars as pl
from django.db import transaction

from sanderling.claims.models import Claim
from sanderling.core.trends.edits import matching
from sanderling.prevention.as_sent import facts_of_claims, sent_claims
from sanderling.prevention.models import EditCatch, EditRule
from sanderling.prevention.trials import outcomes_of
from sanderling.prevention.words import condition_words
from sanderling.tasks.actions import create_tasks
from sanderling.tasks.kinds import KINDS

TASKS_A_NIGHT_MAX: Final = 50  # of one rule: a team is not flooded; the rest is listed
PRIMARY: Final = 11
_KIND_OF_TEAM: Final = {kind.team.value: key for key, kind in KINDS.items()}


def catch_all(*, at: datetime) -> int:
    """Let every active rule look at what came in since it is active; return the new catches.

    Again on a day it finds nothing new.
    """
    active = EditRule.objects.filter(is_active=True).select_related("action__owner").order_by("pk")
    found = sum(_catch(rule, at=at) for rule in active)
    for rule in EditRule.objects.filter(catches__outcome="").distinct().select_related("action"):
        _fill_outcomes(rule)
    return found


@transaction.atomic
def _catch(rule: EditRule, *, at: datetime) -> int:
    assert rule.active_since_date is not None  # noqa: S101 - a constraint keeps it
    sent = sent_claims(
        rule.action.client_ids, rule.action.payer_id, from_date=rule.active_since_date
    )
    known = set(rule.catches.values_list("submission_id", flat=True))
    fresh = sent.filter(~pl.col("submission_id").is_in(sorted(known)))
    conditions = [(field, value) for field, value in rule.conditions]
    held = matching(facts_of_claims(fresh), conditions)
    rows = fresh.filter(pl.col("claim_id").is_in(sorted(held))).sort("submission_id")
    made = [
        EditCatch(
            rule=rule,
            client_id=row["client_id"],
            claim_id=row["claim_id"],
            submission_id=row["submission_id"],
            caught_date=at.date(),
            charge_cents=row["charge_cents"],
        )
        for row in rows.iter_rows(named=True)
    ]
    if rule.makes_tasks:
        _ask(rule, made[:TASKS_A_NIGHT_MAX], at=at)
    EditCatch.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def _ask(rule: EditRule, catches: Sequence[EditCatch], *, at: datetime) -> None:
    """Ask the owner team to look at each claim before the payer does."""
    claims = Claim.objects.select_related("client").in_bulk([one.claim_id for one in catches])
    words = "; ".join(condition_words(rule.conditions))
    team = rule.action.team
    asked = [one for one in catches if one.claim_id in claims]
    if not asked:
        return
    tasks = create_tasks(
        claims=[(claims[one.claim_id], PRIMARY) for one in asked],
        team=team,
        kind=_KIND_OF_TEAM.get(team, "other"),
        question=f"This claim was sent like those that are denied ({words}). Correct it?",
        due_date=None,
        asked_by=None,
        at=at,
    )
    for one, task in zip(asked, tasks, strict=True):
        one.task_id = task.pk


def _fill_outcomes(rule: EditRule) -> None:
    """Say of each catch whether the payer denied it after all."""
    open_catches = list(rule.catches.filter(outcome=""))
    first: date = min(one.caught_date for one in open_catches)
    since = min(first, rule.active_since_date or first)
    outcomes = outcomes_of(rule.action, from_date=since.replace(day=1))
    bad = dict(outcomes.select("claim_id", "is_bad").iter_rows())
    told = []
    for one in open_catches:
        if one.claim_id in bad:
            one.outcome = "bad" if bad[one.claim_id] else "good"
            told.append(one)
    EditCatch.objects.bulk_update(told, ["outcome"])
