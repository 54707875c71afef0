"""What the pages of deadlines show: the limits in force and the rules that people set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl
from django.db.models import QuerySet

from sanderling.core.deadlines.due import NEED_SCHEMA, deadlines
from sanderling.core.deadlines.prompt_pay import (
    jurisdiction_name,
    jurisdiction_of,
    rates_text,
    rule_in_force,
)
from sanderling.core.deadlines.rules import (
    PAYER_COLUMNS,
    PAYER_TYPES,
    SYSTEM_AFTER_TYPE,
    TYPE_NAMES,
    Confidence,
    Kind,
    ReceiptRule,
    limit_name,
    limit_words,
    limits,
    span_words,
)
from sanderling.payers.models import DeadlineRule, Payer
from sanderling.payers.queries import deadline_rules_frame

INSURED_TYPES: Final = tuple(name for name in PAYER_TYPES if name != "self_pay")
# Ranks of the scopes of core.deadlines.rules, in words; what people set has the ranks between.
# The overview leaves out appeals beyond the second level and claims after one type of payer.
OVERVIEW: Final = [limit_name(kind, level) for kind, level in limits() if level <= 2]  # noqa: PLR2004
IMPORTED, SET_BY_A_PERSON, DEFAULT = "payers import", "set here", "default of the type"


@dataclass(frozen=True, slots=True)
class DeadlineInForce:
    """What limits one thing on a day; without a rule all texts but the name are empty."""

    name: str
    limit: str = ""  # 90 days from service
    span: str = ""  # 90 days
    comes_from: str = ""
    source: str = ""
    is_unverified: bool = False
    is_kept_by_sending: bool = False


@dataclass(frozen=True, slots=True)
class TypeDeadlines:
    """The limits of one type of payer."""

    type: str
    name: str
    deadlines: list[DeadlineInForce]

    @property
    def overview(self) -> list[DeadlineInForce]:
        """Return those that the overview shows, in the order of OVERVIEW."""
        by_name = {deadline.name: deadline for deadline in self.deadlines}
        return [by_name.get(name, DeadlineInForce(name)) for name in OVERVIEW]


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule that a person set, in words."""

    rule: DeadlineRule
    name: str
    limit: str
    scope: str
    stands: bool
    state: str

    @property
    def is_unverified(self) -> bool:
        """Say whether nobody has read or heard the rule."""
        return self.rule.confidence == Confidence.LOW.value


def deadlines_of_payer(*, payer: Payer, on_date: date) -> list[DeadlineInForce]:
    """Return the limits of a payer for clocks that start on a day, whichever the client.

    Rules of one client are left out, and levels of appeal that no rule knows. What is asked is the
    same code that computes the deadlines of claims.
    """
    return _in_force(deadline_rules_frame(), payer.type, payer.pk, on_date)


def deadlines_by_type(*, on_date: date) -> list[TypeDeadlines]:
    """Return the limits of each type of payer for clocks that start on a day."""
    rules = deadline_rules_frame()
    return [
        TypeDeadlines(name, TYPE_NAMES[name], _in_force(rules, name, None, on_date))
        for name in INSURED_TYPES
    ]


def _in_force(
    rules: pl.DataFrame, payer_type: str, payer_id: int | None, on_date: date
) -> list[DeadlineInForce]:
    common = rules.filter(pl.col("client_id").is_null())
    asked: list[tuple[Kind, int, str | None]] = [(kind, level, None) for kind, level in limits()]
    if payer_type == "medicaid":
        place = asked.index((Kind.SECONDARY_FILING, 0, None)) + 1
        asked.insert(place, (Kind.SECONDARY_FILING, 0, "medicare"))
    days = {name: on_date for name, kind in NEED_SCHEMA.items() if kind == pl.Date()}
    needs = [
        dict.fromkeys(NEED_SCHEMA)
        | days
        | {
            "kind": kind.value,
            "level": level,
            "payer_id": payer_id,
            "payer_type": payer_type,
            "prior_payer_type": prior,
        }
        for kind, level, prior in asked
    ]
    found = deadlines(pl.DataFrame(needs, schema=NEED_SCHEMA), common).select("rule_id")
    told = found.join(common, on="rule_id", how="left", maintain_order="left")
    return [
        _told(limit_name(kind, level) + (f", after {TYPE_NAMES[prior]}" if prior else ""), row)
        for (kind, level, prior), row in zip(asked, told.iter_rows(named=True), strict=True)
        if row["amount"] is not None or level <= 1
    ]


def _told(name: str, row: dict[str, Any]) -> DeadlineInForce:
    if row["amount"] is None:
        return DeadlineInForce(name)
    rank = row["scope_rank"]
    return DeadlineInForce(
        name=name,
        limit=limit_words(Kind(row["kind"]), row["amount"], row["unit"], row["clock"]),
        span=span_words(row["amount"], row["unit"]),
        comes_from=IMPORTED
        if rank == PAYER_COLUMNS
        else DEFAULT
        if rank >= SYSTEM_AFTER_TYPE
        else SET_BY_A_PERSON,
        source=row["source"],
        is_unverified=row["confidence"] == Confidence.LOW.value,
        is_kept_by_sending=row["receipt_rule"] == ReceiptRule.SENT.value,
    )


@dataclass(frozen=True, slots=True)
class PromptPayTerms:
    """The prompt-pay rule that binds a payer, in words; `rates` is empty when none is fixed."""

    jurisdiction: str
    days_electronic: int
    days_paper: int
    rates: str
    note: str
    is_unverified: bool


def prompt_pay_terms(*, payer: Payer, on_date: date) -> PromptPayTerms | None:
    """Return the rule for what a payer receives on a day, None when no sourced one binds it."""
    jurisdiction = jurisdiction_of(payer_type=payer.type, state=payer.state)
    rule = rule_in_force(jurisdiction, on_date) if jurisdiction else None
    if rule is None:
        return None
    return PromptPayTerms(
        jurisdiction=jurisdiction_name(rule.jurisdiction),
        days_electronic=rule.days_electronic,
        days_paper=rule.days_paper,
        rates=rates_text(rule),
        note=rule.note,
        is_unverified=rule.confidence != Confidence.HIGH.value,
    )


def rules_set(*, payer: Payer | None) -> list[ShownRule]:
    """Return all rows of rules set for a payer, or for types of payers, the latest first."""
    rows: QuerySet[DeadlineRule] = DeadlineRule.objects.select_related(
        "client", "recorded_by", "superseded_by"
    ).order_by("-pk")
    rows = rows.filter(payer=payer) if payer else rows.filter(payer__isnull=True)
    return [shown_rule(rule) for rule in rows]


def shown_rule(rule: DeadlineRule) -> ShownRule:
    """Return a rule in words."""
    later = getattr(rule, "superseded_by", None)
    state = ""
    if rule.is_withdrawn:
        state = "took the rule back"
    elif later is not None:
        state = "taken back" if later.is_withdrawn else "replaced"
    return ShownRule(
        rule=rule,
        name=limit_name(Kind(rule.kind), rule.level),
        limit=limit_words(Kind(rule.kind), rule.amount, rule.unit, rule.clock),
        scope=_scope(rule),
        stands=not state,
        state=state,
    )


def _scope(rule: DeadlineRule) -> str:
    """Return whom a rule binds, less what its page says already."""
    words = [
        TYPE_NAMES[rule.payer_type] if rule.payer_type else "",
        f"client {rule.client.code}" if rule.client else "all clients",
        f"after {TYPE_NAMES[rule.prior_payer_type]}" if rule.prior_payer_type else "",
        {"par": "in network", "nonpar": "out of network"}.get(rule.provider_status, ""),
    ]
    return ", ".join(word for word in words if word)
