"""Which items a rule may act on now: its condition, its clients, and the limits of all rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.db import connection

from sanderling.automation.facts import ON_EVENT, ON_SCHEDULE, SOURCE
from sanderling.automation.models import Rule, RuleVersion
from sanderling.core.rules.reading import read_condition
from sanderling.core.rules.sql import where
from sanderling.core.rules.tree import Condition
from sanderling.news.models import Event

# No item is acted on by more rules than these in a day, whatever they are: the last guard against
# rules that start each other.
RULES_A_DAY_MAX: Final = 5
FEW_CLIENTS: Final = 20

# Items that this rule leaves alone today: acted on lately, kept by a rule above, or by many rules.
_LEFT_ALONE: Final = """WITH left_alone AS MATERIALIZED (
    SELECT r.claim_id, r.party FROM automation_run_item r
     WHERE r.is_dry = %(is_dry)s AND r.rule_id = %(rule)s AND r.on_date > %(rested)s
    UNION
    SELECT r.claim_id, r.party FROM automation_run_item r JOIN automation_rule o ON o.id = r.rule_id
     WHERE NOT r.is_dry AND r.on_date = %(today)s AND r.stops_others AND r.rule_id <> %(rule)s
       AND (o.place, o.id) < (%(place)s, %(rule)s)
    UNION
    SELECT r.claim_id, r.party FROM automation_run_item r
     WHERE NOT r.is_dry AND r.on_date = %(today)s
     GROUP BY 1, 2 HAVING count(DISTINCT r.rule_id) >= %(rules_max)s
)"""
_LIMITS: Final = """ AND NOT EXISTS (SELECT FROM left_alone l
      WHERE l.claim_id = w.claim_id AND l.party = w.party)"""
_EVENTS: Final = """
  JOIN (SELECT DISTINCT * FROM unnest(
        %(e_claims)s::bigint[], %(e_parties)s::smallint[], %(e_kinds)s::text[],
        %(e_was)s::text[], %(e_is)s::text[], %(e_causes)s::text[])
        AS e (claim_id, party, event, event_was, event_is, event_cause)) e
    ON e.claim_id = w.claim_id AND (e.party IS NULL OR e.party = w.party)"""


@dataclass(frozen=True, slots=True)
class Match:
    """An item that a rule may act on."""

    item_id: int
    claim_id: int
    party: int
    client_id: int
    payer_id: int | None
    assignee_id: int | None
    balance_cents: int


@dataclass(frozen=True, slots=True)
class Matches:
    """The most valuable ones up to the limit, and how many there are in all."""

    items: tuple[Match, ...]
    total: int


def find_matches(  # noqa: PLR0913 - a rule, whom it may touch, when, how many
    rule: Rule,
    version: RuleVersion,
    *,
    client_ids: Sequence[int],
    today: date,
    limit: int,
    events: Sequence[Event] | None = None,
    is_dry: bool = False,
    tree: Condition | None = None,
    also: str = "true",
) -> Matches:
    """Return the items of these clients that the version may act on now.

    `tree` takes the place of its condition, `also` is SQL of ours that must hold, too.
    """
    columns = ON_SCHEDULE if events is None else ON_EVENT
    clause, parameters = where(tree or read_condition(version.condition), columns)
    parameters |= {
        "today": today,
        "clients": list(client_ids),
        "rule": rule.pk,
        "place": rule.place,
        "rested": today - timedelta(days=version.rest_days),
        "rules_max": RULES_A_DAY_MAX,
        "is_dry": is_dry,
        "limit": limit,
        **(_event_columns(events) if events is not None else {}),
    }
    # An index by client would be walked all through: a plain scan is many times as fast.
    client = "w.client_id" if len(client_ids) <= FEW_CLIENTS else "w.client_id + 0"
    source, once = (SOURCE, "") if events is None else (SOURCE + _EVENTS, "DISTINCT")
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_LEFT_ALONE}, found AS (SELECT {once} w.id, w.claim_id, w.party, w.client_id,"  # noqa: S608 - text of ours, values bound
            f" w.payer_id, w.assignee_id, w.balance_cents, w.score FROM {source}"
            f" WHERE {client} = ANY (%(clients)s) AND ({clause}) AND ({also}){_LIMITS})"
            " SELECT id, claim_id, party, client_id, payer_id, assignee_id, balance_cents,"
            " count(*) OVER () FROM found ORDER BY score DESC, id LIMIT %(limit)s",
            parameters,
        )
        rows = cursor.fetchall()
    return Matches(tuple(Match(*row[:7]) for row in rows), rows[0][7] if rows else 0)


def _event_columns(events: Sequence[Event]) -> dict[str, Any]:
    def texts(name: str) -> list[str]:
        return [str(one.detail.get(name) or "") for one in events]

    return {
        "e_claims": [one.claim_id for one in events],
        "e_parties": [one.party for one in events],
        "e_kinds": [one.kind for one in events],
        "e_was": texts("was"),
        "e_is": texts("is"),
        "e_causes": texts("cause"),
    }
