"""What a rule would have done: to today's items, and to those of the past as far as it is kept.

Of the past there are the barriers of each week end (balance, barrier, category, payer, client, day
of service), and what people did, day by day. A condition that asks about more is answered with an
upper bound there, and the dry run says so. Today's items are known in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

import polars as pl
from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.automation.matching import Match, find_matches
from sanderling.automation.models import DryRun, DryRunItem, DryRunState, Rule, RuleVersion
from sanderling.automation.rules import visible_clients
from sanderling.core.barriers.words import PARTIES
from sanderling.core.rules.columns import expression
from sanderling.core.rules.fields import FIELD_OF
from sanderling.core.rules.reading import read_condition
from sanderling.core.rules.tree import Condition, fields_of, relaxed
from sanderling.postgres.frames import read_frame

DAYS: Final = 60
ITEMS_KEPT_MAX: Final = 5_000
MATCHES_MAX: Final = 1_000_000
WEEK: Final = timedelta(days=7)
# What the kept week ends, clients, payers and activities know of a past day.
KNOWN: Final = frozenset(
    {
        *("balance", "age_days", "barrier", "category", "payer", "payer_id", "payer_type", "party"),
        *("client", "client_tier", "high_dollar", "touches", "last_outcome"),
    }
)
KNOWN_OF_EVENTS: Final = frozenset({"event", "event_was", "event_is"})
# Events that can be told from two week ends, or from what people did.
PAST_EVENTS: Final = ("item.arrived", "item.changed", "activity.recorded")
_EVENT_FACTS: Final = frozenset(name for name, fact in FIELD_OF.items() if fact.is_of_event)
_TODAY_EVENTS: Final = {
    "item.arrived": "w.arrived_at >= %(today)s::date",
    "item.changed": "w.changed_at >= %(today)s::date AND w.arrived_at < %(today)s::date",
    "activity.recorded": "w.last_touch_date = %(today)s::date",
}
_KEPT: Final = """
SELECT f.claim_id, f.party, f.client_id, f.payer_id, f.balance_cents,
       f.as_of_date - f.service_date, f.barrier, f.category
  FROM barriers_frozen_barrier f WHERE f.as_of_date = %s AND f.client_id = ANY (%s)
"""
_KEPT_SCHEMA: Final = {
    "claim_id": pl.Int64,
    "party_code": pl.Int64,
    "client_id": pl.Int64,
    "payer": pl.Int64,
    "balance": pl.Int64,
    "age_days": pl.Int64,
    "barrier": pl.String,
    "category": pl.String,
}
_PAYERS: Final = "SELECT id, name, payer_id, type FROM payers_payer"
_PAYERS_SCHEMA: Final = {
    "key": pl.Int64, "payer": pl.String, "payer_id": pl.String, "payer_type": pl.String,
}  # fmt: skip
_CLIENTS: Final = "SELECT id, code, tier, high_dollar_cents FROM clients_client"
_CLIENTS_SCHEMA: Final = {
    "client_id": pl.Int64, "client": pl.String, "client_tier": pl.String, "high": pl.Int64,
}  # fmt: skip
_ACTIVITIES: Final = """
SELECT claim_id, activity_date, outcome FROM followup_standing_activity
 WHERE client_id = ANY (%s) ORDER BY activity_date, id
"""
_ACTIVITIES_SCHEMA: Final = {"claim_id": pl.Int64, "on_date": pl.Date, "outcome": pl.String}
_ITEM: Final = ["claim_id", "party_code"]


@dataclass(slots=True)
class _Past:
    """Items that matched: (claim, party) -> day of the first match, balance, client."""

    items: dict[tuple[int, int], tuple[date, int, int]] = field(default_factory=dict)
    weeks: list[tuple[date, int, int]] = field(default_factory=list)  # anew: items, cents


def dry_run(run: DryRun, *, by: User, at: datetime) -> DryRun:
    """Try the version over history and today's items; nothing is done to them.

    It looks at the rule's clients as far as this person sees them. Doing it again for a run that is
    done changes nothing.
    """
    version = run.version
    rule, today = version.rule, at.date()
    client_ids = clients_of(version, by)
    tree = read_condition(version.condition)
    past = _look_back(tree, version, client_ids=client_ids, today=today)
    now = _look_now(rule, version, tree, client_ids=client_ids, today=today)
    found = {
        (one.claim_id, one.party): (today, one.balance_cents, one.client_id, True) for one in now
    }
    for key, (day, cents, client_id) in past.items.items():
        if key in found:
            found[key] = (day, *found[key][1:])
        else:
            found[key] = (day, cents, client_id, False)
    run.items, run.amount_cents = len(found), sum(cents for _, cents, *_ in found.values())
    run.today_items, run.today_cents = len(now), sum(one.balance_cents for one in now)
    run.weeks = [[day.isoformat(), count, cents] for day, count, cents in past.weeks]
    run.from_date = past.weeks[0][0] if past.weeks else None
    # The first of them has all that stood then, not what came in a week.
    run.week_items_max = max((count for _, count, _ in past.weeks[1:]), default=0)
    run.limits = _limits(tree, version, past)
    _keep(run, found)
    return run


def clients_of(version: RuleVersion, by: User) -> list[int]:
    """Return the clients of a version that a person sees."""
    seen = visible_clients(by)
    return [pk for pk in seen if not version.client_ids or pk in version.client_ids]


@transaction.atomic
def _keep(run: DryRun, found: dict[tuple[int, int], tuple[date, int, int, bool]]) -> None:
    if DryRun.objects.select_for_update().get(pk=run.pk).state == DryRunState.DONE:
        return
    run.state = DryRunState.DONE
    run.save()
    largest = sorted(found.items(), key=lambda pair: (-pair[1][1], pair[0]))[:ITEMS_KEPT_MAX]
    DryRunItem.objects.bulk_create(
        [
            DryRunItem(
                dry_run=run, claim_id=claim_id, party=party, client_id=client_id,
                matched_date=day, balance_cents=cents, is_today=is_today,
            )
            for (claim_id, party), (day, cents, client_id, is_today) in largest
        ],
        batch_size=1_000,
    )  # fmt: skip


def _look_now(
    rule: Rule,
    version: RuleVersion,
    tree: Condition,
    *,
    client_ids: Sequence[int],
    today: date,
) -> tuple[Match, ...]:
    """Return today's items under the condition; of events: those to which one came today."""
    also = "true"
    if version.trigger["kind"] == "event":
        tree = relaxed(tree, set(FIELD_OF) - _EVENT_FACTS)
        known = [_TODAY_EVENTS[kind] for kind in version.trigger["events"] if kind in _TODAY_EVENTS]
        also = " OR ".join(f"({one})" for one in known) or "false"
    return find_matches(
        rule, version, client_ids=client_ids, today=today, limit=MATCHES_MAX, is_dry=True,
        tree=tree, also=also,
    ).items  # fmt: skip


def _look_back(
    tree: Condition, version: RuleVersion, *, client_ids: Sequence[int], today: date
) -> _Past:
    """Return what matched at the kept week ends of the last days."""
    events = set(version.trigger.get("events", ()))
    is_of_events = version.trigger["kind"] == "event"
    known = set(KNOWN | KNOWN_OF_EVENTS if is_of_events else KNOWN | _EVENT_FACTS)
    condition = expression(relaxed(tree, known))
    past, before = _Past(), None
    sources = _Sources(client_ids, needs_activities=_needs_activities(tree, events))
    for day in _week_ends(today):
        frame = sources.at(day)
        if is_of_events:
            if before is None or before[0] != day - WEEK:
                before = (day, frame)
                continue
            shown = _with_events(frame, before[1], events)
        else:
            shown = frame.with_columns([pl.lit("").alias(name) for name in sorted(_EVENT_FACTS)])
        before = (day, frame)
        matched = shown.filter(condition)
        anew = [
            (claim_id, party, client_id, cents)
            for claim_id, party, client_id, cents in matched.select(
                "claim_id", "party_code", "client_id", "balance"
            ).iter_rows()
            if is_of_events or (claim_id, party) not in past.items
        ]
        for claim_id, party, client_id, cents in anew:
            past.items.setdefault((claim_id, party), (day, cents, client_id))
        past.weeks.append((day, len(anew), sum(cents for *_, cents in anew)))
    return past


def _week_ends(today: date) -> list[date]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT as_of_date FROM barriers_week_end"
            " WHERE as_of_date >= %s AND as_of_date < %s ORDER BY 1",
            [today - timedelta(days=DAYS), today],
        )
        return [day for (day,) in cursor.fetchall()]


def _needs_activities(tree: Condition, events: set[str]) -> bool:
    return bool(fields_of(tree) & {"touches", "last_outcome"}) or "activity.recorded" in events


class _Sources:
    """What is kept of past days, as frames named after the facts."""

    def __init__(self, client_ids: Sequence[int], *, needs_activities: bool) -> None:
        self._client_ids = list(client_ids)
        self._payers = read_frame(_PAYERS, _PAYERS_SCHEMA)
        self._clients = read_frame(_CLIENTS, _CLIENTS_SCHEMA)
        self._activities = (
            read_frame(_ACTIVITIES, _ACTIVITIES_SCHEMA, [self._client_ids])
            if needs_activities
            else pl.DataFrame(schema=_ACTIVITIES_SCHEMA)
        )

    def at(self, day: date) -> pl.DataFrame:
        """Return the items of a week end."""
        kept = read_frame(_KEPT, _KEPT_SCHEMA, [day, self._client_ids])
        done = (
            self._activities.filter(pl.col("on_date") <= day)
            .group_by("claim_id")
            .agg(
                touches=pl.len().cast(pl.Int64),
                last_outcome=pl.col("outcome").last(),
                has_activity=(pl.col("on_date") > day - WEEK).any(),
            )
        )
        texts = ("payer", "payer_id", "payer_type", "last_outcome")
        return (
            kept.rename({"payer": "key"})
            .join(self._payers, on="key", how="left")
            .join(self._clients, on="client_id", how="left")
            .join(done, on="claim_id", how="left")
            .with_columns(
                pl.col(texts).fill_null(""),
                pl.col("touches").fill_null(0),
                pl.col("has_activity").fill_null(value=False),
                party=pl.col("party_code").replace_strict(PARTIES, default=""),
                high_dollar=(pl.col("balance").abs() >= pl.col("high")).fill_null(value=False),
            )
        )


def _with_events(frame: pl.DataFrame, before: pl.DataFrame, events: set[str]) -> pl.DataFrame:
    """Return the items to which such an event came in the week, with the event's facts."""
    was = before.select(*_ITEM, event_was=pl.col("barrier"))
    joined = frame.join(was, on=_ITEM, how="left").with_columns(pl.col("event_was").fill_null(""))
    is_new = pl.col("event_was") == ""
    parts = {
        "item.arrived": is_new,
        "item.changed": ~is_new & (pl.col("event_was") != pl.col("barrier")),
        "activity.recorded": pl.col("has_activity"),
    }
    return pl.concat(
        [
            joined.filter(condition).with_columns(
                event=pl.lit(kind), event_is=pl.col("barrier"), event_cause=pl.lit("")
            )
            for kind, condition in parts.items()
            if kind in events
        ]
        or [joined.clear().with_columns(event=pl.lit(""), event_is=pl.lit(""))]
    ).unique(_ITEM, keep="first", maintain_order=True)


def _limits(tree: Condition, version: RuleVersion, past: _Past) -> list[str]:
    """Return what the answer cannot know, as sentences."""
    found = []
    if not past.weeks:
        found.append("No week ends are kept yet: only today's items were looked at.")
    elif past.weeks:
        found.append(
            "The past is known by week ends: what came and went within a week is not counted."
        )
    asked = fields_of(tree)
    unknown = sorted(asked - KNOWN - _EVENT_FACTS)
    if unknown and past.weeks:
        names = ", ".join(unknown)
        found.append(f"Past days do not know {names}: the figures of the past are at most so high.")
    if asked & {"high_dollar", "client_tier"}:
        found.append("High-dollar limits and client tiers are those of today, also for the past.")
    events = version.trigger.get("events", ())
    lost = [kind for kind in events if kind not in PAST_EVENTS]
    if lost:
        found.append(f"Of past events, those of {', '.join(lost)} are not kept and not counted.")
    if "event_cause" in asked:
        found.append("Past events have no cause kept: any counts.")
    return found
