"""Sets, ends and takes back deadline rules. Rows are only added; what stands follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import IntegrityError, transaction

from sanderling.accounts.models import User
from sanderling.core.deadlines.rules import (
    AMOUNT_MAX,
    Clock,
    Confidence,
    Kind,
    ProviderStatus,
    ReceiptRule,
    Unit,
    WeekendRule,
    clocks_of,
    limits,
)
from sanderling.payers.models import DeadlineRule, PayerType
from sanderling.payers.queries import standing_rules
from sanderling.payers.signals import payer_rules_changed

WHAT_A_RULE_SAYS: Final = (
    "payer_id",
    "payer_type",
    "prior_payer_type",
    "client_id",
    "kind",
    "level",
    "amount",
    "unit",
    "clock",
    "receipt_rule",
    "weekend_rule",
    "provider_status",
    "effective_from_date",
    "effective_to_date",
    "source",
    "confidence",
)


class RuleRefused(Exception):
    """The rule would make no sense, or somebody else was quicker; the text says which."""


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom a rule is: a payer (its key) or a payer type, of one client or of all."""

    payer_id: int | None = None
    payer_type: PayerType | None = None
    client_id: int | None = None
    prior_payer_type: PayerType | None = None  # secondary claims: who paid first

    def __post_init__(self) -> None:
        if (self.payer_id is None) == (self.payer_type is None):
            raise ValueError("a rule is for a payer or for a type of payer")


@dataclass(frozen=True, slots=True)
class Limit:
    """What a rule says. Days are by its clock, both included; None: always, or without end."""

    kind: Kind
    level: int  # 1 to 5 for appeals, else 0
    amount: int
    unit: Unit
    clock: Clock
    effective_from_date: date | None = None
    effective_to_date: date | None = None
    weekend_rule: WeekendRule = WeekendRule.NONE
    receipt_rule: ReceiptRule = ReceiptRule.RECEIVED
    provider_status: ProviderStatus = ProviderStatus.ANY


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a rule is believed: where it was read, how sure that is, and a word about it."""

    source: str
    confidence: Confidence
    note: str = ""


@transaction.atomic
def set_deadline_rule(
    *, scope: Scope, limit: Limit, reason: Reason, by: User | None, at: datetime
) -> DeadlineRule:
    """Set a rule; one of the same scope and kind that starts on the same day is superseded.

    One that starts earlier keeps what its clock counts from before the new rule's first day.

    Raises:
        RuleRefused: the limit cannot be, has no source, or somebody superseded the same rule.
    """
    _check(scope, limit, reason)
    replaced = _twin(scope, limit)
    rule = DeadlineRule(
        payer_id=scope.payer_id,
        payer_type=scope.payer_type,
        prior_payer_type=scope.prior_payer_type,
        client_id=scope.client_id,
        kind=limit.kind.value,
        level=limit.level,
        amount=limit.amount,
        unit=limit.unit.value,
        clock=limit.clock.value,
        receipt_rule=limit.receipt_rule.value,
        weekend_rule=limit.weekend_rule.value,
        provider_status=limit.provider_status.value,
        effective_from_date=limit.effective_from_date,
        effective_to_date=limit.effective_to_date,
        source=reason.source.strip(),
        confidence=reason.confidence.value,
        note=reason.note.strip(),
        supersedes=replaced,
    )
    return _record(rule, by=by, at=at)


@transaction.atomic
def end_deadline_rule(
    *, rule: DeadlineRule, effective_to_date: date, note: str, by: User | None, at: datetime
) -> DeadlineRule:
    """Give a rule its last day, by its clock; return the row that supersedes it.

    Raises:
        RuleRefused: the day is before the rule's first, or the rule does not stand any more.
    """
    if rule.effective_from_date is not None and effective_to_date < rule.effective_from_date:
        raise RuleRefused("The last day is before the first. To undo the rule, take it back.")
    successor = _copy(rule, note)
    successor.effective_to_date = effective_to_date
    return _record(successor, by=by, at=at)


@transaction.atomic
def withdraw_deadline_rule(
    *, rule: DeadlineRule, note: str, by: User | None, at: datetime
) -> DeadlineRule:
    """Take a rule back, as if it had never been set; return the row that says so.

    Raises:
        RuleRefused: the rule does not stand any more.
    """
    successor = _copy(rule, note)
    successor.is_withdrawn = True
    return _record(successor, by=by, at=at)


def _check(scope: Scope, limit: Limit, reason: Reason) -> None:
    """Refuse what no rule can be; the database refuses most of it too, but says it worse."""
    if (limit.kind, limit.level) not in limits():
        raise RuleRefused("Appeals have levels 1 to 5, other limits have none.")
    if limit.clock not in clocks_of(limit.kind, limit.level):
        raise RuleRefused("This limit cannot count from that day.")
    least = 0 if limit.unit is Unit.CALENDAR_YEAR_END else 1
    if not least <= limit.amount <= AMOUNT_MAX[limit.unit]:
        raise RuleRefused(f"The amount must be from {least} to {AMOUNT_MAX[limit.unit]}.")
    begins, ends = limit.effective_from_date, limit.effective_to_date
    if begins is not None and ends is not None and ends < begins:
        raise RuleRefused("The last day is before the first.")
    if scope.prior_payer_type is not None and limit.kind is not Kind.SECONDARY_FILING:
        raise RuleRefused("Only claims to a second payer depend on who paid first.")
    if not reason.source.strip():
        raise RuleRefused("Say where the limit is written: contract, manual, letter, call.")


def _twin(scope: Scope, limit: Limit) -> DeadlineRule | None:
    """Return the standing rule that differs in nothing but what it says."""
    same: dict[str, Any] = {
        "payer_id": scope.payer_id,
        "payer_type": scope.payer_type,
        "prior_payer_type": scope.prior_payer_type,
        "client_id": scope.client_id,
        "kind": limit.kind.value,
        "level": limit.level,
        "provider_status": limit.provider_status.value,
        "effective_from_date": limit.effective_from_date,
    }
    return standing_rules().filter(**same).order_by("-pk").first()


def _copy(rule: DeadlineRule, note: str) -> DeadlineRule:
    """Return a new row, not yet stored, that supersedes a rule and says the same."""
    same = DeadlineRule.objects.values(*WHAT_A_RULE_SAYS).get(pk=rule.pk)
    return DeadlineRule(**same, note=note.strip(), supersedes=rule)


def _record(rule: DeadlineRule, *, by: User | None, at: datetime) -> DeadlineRule:
    """Store a new row and tell those who go by the rules."""
    rule.recorded_by = by
    rule.recorded_at = at
    if rule.supersedes is not None and rule.supersedes.is_withdrawn:
        raise RuleRefused("The rule has been taken back already.")
    try:
        with transaction.atomic():
            rule.save(force_insert=True)
    except IntegrityError as error:
        if "supersedes" not in str(error):
            raise
        raise RuleRefused("Somebody changed this rule in the meantime: look at it again.") from None
    payer_rules_changed.send(
        sender=DeadlineRule,
        payer_id=rule.payer_id,
        payer_type=rule.payer_type,
        client_id=rule.client_id,
    )
    return rule
