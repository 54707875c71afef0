"""Searches edit rules for an action on the history of its claims: the worker's side of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import polars as pl
from django.db import transaction

from sanderling.core.refusal import Refusal
from sanderling.core.trends.cohorts import in_scope
from sanderling.core.trends.edits import Candidate, Tried, propose
from sanderling.mirror.reading import manifest
from sanderling.prevention.as_sent import facts_of_claims, sent_claims
from sanderling.prevention.models import EditTrial, Metric, PreventiveAction, TrialState
from sanderling.prevention.outcomes import decisions

HISTORY_DAYS: Final = 540
GIVEN_UP_AFTER: Final = timedelta(minutes=15)


def finish_trial(trial_id: int, *, at: datetime) -> EditTrial:
    """Search and keep what was found, or why none is proposed; a finished trial stays as it is."""
    trial = EditTrial.objects.select_related("action").get(pk=trial_id)
    if trial.state != TrialState.WAITING:
        return trial
    as_of = at.date()
    try:
        as_of = manifest().refreshed_at.date()
        found = [_kept(one) for one in search(trial.action, as_of=as_of)]
        changes: dict[str, Any] = {"state": TrialState.DONE, "candidates": found}
    except Refusal as refusal:
        changes = {"state": TrialState.REFUSED, "refusal": refusal.sentence}
    with transaction.atomic():
        EditTrial.objects.filter(pk=trial_id, state=TrialState.WAITING).update(
            **changes, finished_at=at, as_of_date=as_of
        )
    trial.refresh_from_db()
    return trial


def finish_waiting(*, at: datetime) -> int:
    """Finish every trial that waits: also what an interruption left behind."""
    waiting = EditTrial.objects.filter(state=TrialState.WAITING).order_by("pk")
    return len([finish_trial(pk, at=at) for pk in waiting.values_list("pk", flat=True)])


def search(action: PreventiveAction, *, as_of: date) -> list[Candidate]:
    """Return the rules that would have held the action's claims.

    Raises:
        TooLittle: none can be proposed.
        MirrorMissing: there is no mirror.
    """
    from_date = as_of - timedelta(days=HISTORY_DAYS)
    outcomes = outcomes_of(action, from_date=from_date)
    sent = sent_claims(action.client_ids, action.payer_id, from_date=from_date)
    claims = sent.select("claim_id", "sent_date").join(outcomes, on="claim_id")
    facts = facts_of_claims(sent.join(claims, on="claim_id", how="semi"))
    return propose(claims, facts, onset_date=action.since_date)


def outcomes_of(action: PreventiveAction, *, from_date: date) -> pl.DataFrame:
    """Return (claim_id, is_bad, cents) of the decided claims; bad: as the action's scope says.

    Of rejections the claims' lines are not known here: any of the claim counts.
    """
    rows = decisions(action.metric, action.client_ids, action.payer_id, from_date=from_date)
    scope = dict(action.scope)
    if action.metric == Metric.REJECTION:
        scope = {
            k: v for k, v in scope.items() if k not in ("procedure", "code_family", "modifier")
        }
    claims, bad = in_scope(scope)
    hit = (claims & bad).fill_null(value=False)
    return (
        rows.with_columns(hit=hit)
        .group_by("claim_id")
        .agg(is_bad=pl.col("hit").any(), cents=pl.col("cents").filter(pl.col("hit")).sum())
    )


def _kept(one: Candidate) -> Mapping[str, Any]:
    return {
        "conditions": [list(condition) for condition in one.conditions],
        "train": _numbers(one.train),
        "test": _numbers(one.test),
        "before": _numbers(one.before) if one.before else None,
    }


def _numbers(tried: Tried) -> Mapping[str, Any]:
    return {
        "claims": tried.claims,
        "bad": tried.bad,
        "held": tried.held,
        "right": tried.right,
        "wrong": tried.wrong,
        "right_cents": tried.right_cents,
        "days": tried.days,
        "precision": tried.precision,
        "recall": tried.recall,
        "wrong_a_month": round(tried.wrong_a_month, 1),
    }
