"""What the pages of rules show: rules with their words, dry runs, runs and their items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Q, Sum

from sanderling.automation.facts import ON_SCHEDULE, SOURCE
from sanderling.automation.models import DryRun, DryRunState, Rule, RuleVersion, Run
from sanderling.automation.rule_acts import acts_in_words
from sanderling.automation.rules import EVENTS, unknown_names
from sanderling.automation.trying import GIVEN_UP_AFTER
from sanderling.clients.models import Client
from sanderling.core.barriers.words import barrier_title
from sanderling.core.rules.fields import FIELD_OF
from sanderling.core.rules.reading import read_condition
from sanderling.core.rules.refusing import ConditionRefused
from sanderling.core.rules.schedule import schedule_words
from sanderling.core.rules.sql import where
from sanderling.core.rules.tree import fields_of, relaxed
from sanderling.core.rules.words import in_words

COUNT_MAX: Final = 1_000
ITEMS_SHOWN: Final = 200
RUNS_SHOWN: Final = 25
_ITEMS: Final = """
SELECT i.claim_id, i.party, k.code, c.number,
       concat_ws(', ', nullif(c.patient_last_name, ''), nullif(c.patient_first_name, '')),
       coalesce(p.name, ''), i.balance_cents, coalesce(w.barrier, ''), {extra}
  FROM {table} i
  JOIN claims_claim c ON c.id = i.claim_id
  JOIN clients_client k ON k.id = i.client_id
  LEFT JOIN worklists_work_item w ON w.claim_id = i.claim_id AND w.party = i.party
  LEFT JOIN payers_payer p ON p.id = w.payer_id
 WHERE i.{owner} = %s ORDER BY i.balance_cents DESC, i.id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Said:
    """A version in words."""

    when: str
    condition: str
    acts: str
    clients: str


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An item of a run or dry run."""

    claim_id: int
    party: int
    client_code: str
    number: str
    patient: str
    payer: str
    balance_cents: int
    barrier: str
    on_date: date | None
    is_today: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """What a condition says: its words and how many items it takes now; or what is wrong."""

    words: str = ""
    fault: str = ""
    hints: Sequence[str] = ()
    count: int | None = None
    is_more: bool = False
    asks_of_events: bool = False


def said(version: RuleVersion) -> Said:
    """Return a version in words."""
    trigger = version.trigger
    if trigger["kind"] == "event":
        when = "when: " + " or: ".join(EVENTS[kind].lower() for kind in trigger["events"])
    else:
        when = schedule_words(trigger)
    return Said(
        when,
        in_words(read_condition(version.condition)),
        acts_in_words(version.acts),
        _clients_said(version.client_ids),
    )


def is_hidden(rule: Rule) -> bool:
    """Say whether a rule, read together with its version, is for clients that one does not see."""
    return rule.version_id is not None and rule.version is None


def _clients_said(client_ids: Sequence[int]) -> str:
    """Name the clients that one sees; the others are counted."""
    if not client_ids:
        return "all"
    clients = Client.objects.filter(pk__in=client_ids).order_by("code")
    names = list(clients.values_list("code", flat=True))
    if others := len(client_ids) - len(names):
        names.append(f"{others} that you do not see")
    return ", ".join(names)


def rules_shown(*, today: date) -> list[tuple[Rule, Said | None, int]]:
    """Return the rules in their order, each in words and with the items of today that one sees.

    Rules of other clients only are left out.
    """
    rules = Rule.objects.filter(is_archived=False).select_related("version").order_by("place", "pk")
    found = Run.objects.filter(started_at__date=today, is_dry=False).values_list("rule_id")
    counts = dict(found.annotate(items=Count("found")))
    return [
        (rule, said(rule.version) if rule.version else None, counts.get(rule.pk, 0))
        for rule in rules
        if not is_hidden(rule)
    ]


def runs_of(rule: Rule) -> list[Run]:
    """Return the latest runs, with what of each one sees: `seen_items`, `seen_cents`."""
    found = (
        Run.objects.filter(rule=rule)
        .annotate(seen_items=Count("found"), seen_cents=Sum("found__balance_cents"))
        .order_by("-started_at", "-pk")
    )
    return list(found[:RUNS_SHOWN])


def latest_dry_run(rule: Rule, *, at: datetime) -> DryRun | None:
    """Return the latest dry run of the present version that one may see."""
    return (
        DryRun.objects.filter(version=rule.version_id)
        .filter(Q(state=DryRunState.DONE) | Q(made_at__gt=at - GIVEN_UP_AFTER))
        .order_by("-pk")
        .first()
    )


def items_of_run(run_id: int) -> list[ShownItem]:
    """Return the items that a run acted on, largest first, those that one sees."""
    return _items("automation_run_item", "run_id", "NULL::date, true", run_id)


def items_of_dry_run(run_id: int) -> list[ShownItem]:
    """Return the items that a dry run matched, largest first, those that one sees."""
    return _items("automation_dry_run_item", "dry_run_id", "i.matched_date, i.is_today", run_id)


def _items(table: str, owner: str, extra: str, pk: int) -> list[ShownItem]:
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS.format(table=table, owner=owner, extra=extra), [pk, ITEMS_SHOWN])
        rows = cursor.fetchall()
    return [
        ShownItem(
            claim_id, party, code, number, patient, payer, cents,
            barrier_title(barrier) if barrier else "settled", on_date, is_today,
        )
        for claim_id, party, code, number, patient, payer, cents, barrier, on_date, is_today in rows
    ]  # fmt: skip


def check_text(text: str, *, today: date) -> Checked:
    """Return what a condition says, and how many of the items that one sees it takes today."""
    try:
        tree = read_condition(text)
    except ConditionRefused as refusal:
        return Checked(fault=str(refusal))
    of_events = {name for name, fact in FIELD_OF.items() if fact.is_of_event}
    clause, parameters = where(relaxed(tree, set(FIELD_OF) - of_events), ON_SCHEDULE)
    values: dict[str, Any] = {**parameters, "today": today, "limit": COUNT_MAX + 1}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {SOURCE} WHERE {clause} LIMIT %(limit)s) AS n",  # noqa: S608 - text of ours, values bound
            values,
        )
        count = int(cursor.fetchone()[0])
    return Checked(
        words=in_words(tree),
        hints=unknown_names(tree),
        count=min(count, COUNT_MAX),
        is_more=count > COUNT_MAX,
        asks_of_events=bool(fields_of(tree) & of_events),
    )
