"""The nightly measurement of preventive actions: one row an action and day, for the worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import polars as pl
from django.db import transaction

from sanderling.core.trends.cohorts import monday_of, ripe_days, weekly
from sanderling.core.trends.effects import Effect, Interval, Week, measure
from sanderling.mirror.reading import manifest
from sanderling.prevention.models import ActionEffect, PreventiveAction, State
from sanderling.prevention.outcomes import decisions

WEEKS_BEFORE: Final = 26
MEASURED_DAYS_MORE: Final = 14  # after the last week of the window is ripe
PEERS_SHARE_MIN: Final = 0.5  # fewer peers than half of what is measured only add noise
# What only one client has: peers are not asked for it.
_OWN: Final = ("provider", "location")


def measure_all() -> int:
    """Measure each action that is in effect; return how many were. Again on a day: measured anew.

    Raises:
        MirrorMissing: there is no mirror.
    """
    as_of = manifest().refreshed_at.date()
    found = PreventiveAction.objects.filter(
        state__in=[State.VERIFYING, State.PROVEN, State.FAILED],
        effective_date__lte=as_of,
    ).order_by("pk")
    return sum(measure_action(action, as_of=as_of) for action in found)


def window_of(action: PreventiveAction) -> tuple[date, date]:
    """Return the first and the last day of the claims that verify the action: whole weeks."""
    assert action.effective_date is not None  # noqa: S101 - asked of those in effect
    first = monday_of(action.effective_date + timedelta(days=6))
    return first, first + timedelta(weeks=action.window_weeks) - timedelta(days=1)


def measure_action(action: PreventiveAction, *, as_of: date) -> bool:
    """Measure one action as of a day and keep it; False where its window is long over."""
    _, last = window_of(action)
    assert action.effective_date is not None  # noqa: S101 - see window_of
    from_date = monday_of(action.effective_date) - timedelta(weeks=WEEKS_BEFORE)
    if action.since_date is not None:
        from_date = max(from_date, action.since_date)
    mine = decisions(action.metric, action.client_ids, action.payer_id, from_date=from_date)
    ripe = ripe_days(mine)
    if as_of > last + timedelta(days=ripe + MEASURED_DAYS_MORE):
        return False
    weeks = weekly(mine, action.scope, ripe=ripe)
    peers = _peers(action, from_date=from_date, ripe=ripe, weeks=weeks)
    effect = measure(
        weeks,
        action_date=action.effective_date,
        as_of=as_of,
        ripe_days=ripe,
        since_date=from_date,
        until_date=last,
        peers=peers,
    )
    _keep(action, effect, weeks, as_of=as_of, ripe=ripe, since=from_date, until=last)
    return True


def _peers(
    action: PreventiveAction, *, from_date: date, ripe: int, weeks: Sequence[Week]
) -> list[Week]:
    """Return the weeks of other clients' claims with the same payer; none where they are few."""
    if action.payer_id is None:
        return []
    others = decisions(action.metric, None, action.payer_id, from_date=from_date).filter(
        ~pl.col("client_id").is_in(action.client_ids)
    )
    scope = {name: value for name, value in action.scope.items() if name not in _OWN}
    found = weekly(others, scope, ripe=ripe)
    mine = sum(week.count for week in weeks)
    return found if sum(week.count for week in found) >= PEERS_SHARE_MIN * mine else []


def _keep(
    action: PreventiveAction,
    effect: Effect,
    weeks: Sequence[Week],
    *,
    as_of: date,
    ripe: int,
    since: date,
    until: date,
) -> None:
    columns: dict[str, Any] = {
        "effective_date": action.effective_date,
        "verdict": effect.verdict.value,
        "bad_before": effect.before.bad,
        "count_before": effect.before.count,
        "bad_after": effect.after.bad,
        "count_after": effect.after.count,
        "weeks_before": effect.weeks_before,
        "weeks_after": effect.weeks_after,
        "ripe_days": ripe,
        "ripe_until_date": effect.ripe_until_date,
        "expected_rate": effect.expected_rate,
        "has_trend": effect.has_trend,
        "peers": "other clients of the same payer" if effect.has_peers else "",
        "weeks": [
            [week.start_date.isoformat(), week.count, week.bad, week.bad_cents]
            for week in weeks
            if since - timedelta(days=6) <= week.start_date <= until
        ],
        **_bounds("change", effect.change),
        **_bounds("avoided", effect.avoided),
        **_cents(effect.saved_cents),
    }
    with transaction.atomic():
        ActionEffect.objects.update_or_create(action=action, as_of_date=as_of, defaults=columns)


def _bounds(name: str, interval: Interval | None) -> Mapping[str, float | None]:
    if interval is None:
        return {f"{name}_low": None, name: None, f"{name}_high": None}
    return {f"{name}_low": interval.low, name: interval.middle, f"{name}_high": interval.high}


def _cents(interval: Interval | None) -> Mapping[str, int | None]:
    if interval is None:
        return {"saved_low_cents": None, "saved_cents": None, "saved_high_cents": None}
    return {
        "saved_low_cents": round(interval.low),
        "saved_cents": round(interval.middle),
        "saved_high_cents": round(interval.high),
    }
