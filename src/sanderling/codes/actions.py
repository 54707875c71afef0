"""Adds, changes and ends overrides. Rows are only added; what stands follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from sanderling.accounts.models import User
from sanderling.codes.models import CodeRule
from sanderling.codes.signals import code_rules_changed
from sanderling.core.codes.names import Category, Nature, NextAction, Team
from sanderling.payers.models import PayerType


class RuleRefused(Exception):
    """The override would make no sense, or somebody else was quicker; the text says which."""


@dataclass(frozen=True, slots=True)
class RuleScope:
    """For whom: a payer (its key), a type of payer or all; a client (its key) or all."""

    payer_id: int | None = None
    payer_type: PayerType | None = None
    client_id: int | None = None


@dataclass(frozen=True, slots=True)
class RuleCodes:
    """About which codes, as they are sent; empty: any. Either adjustments or a claim status."""

    group: str = ""
    reason: str = ""
    remark: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class RuleMeaning:
    """What the codes mean there; None or empty: as the tables say. Days are both included."""

    category: Category | None = None
    nature: Nature | None = None
    next_action: NextAction | None = None
    team: Team | None = None
    preventable: str = ""  # Y, P or N
    valid_from_date: date | None = None
    valid_to_date: date | None = None


@transaction.atomic
def add_code_rule(
    *,
    scope: RuleScope,
    codes: RuleCodes,
    meaning: RuleMeaning,
    note: str,
    by: User | None,
    at: datetime,
    replaces: CodeRule | None = None,
) -> CodeRule:
    """Add an override; `replaces`, or one of the same scope, codes and first day, is superseded.

    Raises:
        RuleRefused: it says nothing, names no code or no reason why, or somebody was quicker.
    """
    rule = _row(scope, codes, meaning, note)
    if replaces is not None and replaces.is_ended:
        raise RuleRefused("The override has been ended already.")
    rule.supersedes = replaces or _twin(rule)
    return _record(rule, by=by, at=at)


@transaction.atomic
def end_code_rule(*, rule: CodeRule, note: str, by: User | None, at: datetime) -> CodeRule:
    """End an override, as if it had never been; return the row that says so.

    Raises:
        RuleRefused: it does not stand any more, or nothing says why.
    """
    if rule.is_ended:
        raise RuleRefused("The override has been ended already.")
    same = {
        field.attname: getattr(rule, field.attname)
        for field in CodeRule._meta.concrete_fields  # noqa: SLF001 - Django's documented API
        if field.name not in {"id", "supersedes", "is_ended", "note", "recorded_by", "recorded_at"}
    }
    ending = CodeRule(**same, note=_why(note), supersedes=rule, is_ended=True)
    return _record(ending, by=by, at=at)


def _row(scope: RuleScope, codes: RuleCodes, meaning: RuleMeaning, note: str) -> CodeRule:
    if scope.payer_id is not None and scope.payer_type is not None:
        raise RuleRefused("Choose a payer or a type of payer, not both.")
    if codes.status and (codes.group or codes.reason or codes.remark or meaning.nature):
        raise RuleRefused("A claim status has no group, reason, remark or nature.")
    if not (codes.status or codes.reason or codes.remark):
        raise RuleRefused("Say which code the override is about.")
    if not any(
        (meaning.category, meaning.nature, meaning.next_action, meaning.team, meaning.preventable)
    ):
        raise RuleRefused("Say what the code means: nothing would be overridden.")
    begins, ends = meaning.valid_from_date, meaning.valid_to_date
    if begins is not None and ends is not None and ends < begins:
        raise RuleRefused("The last day is before the first.")
    return CodeRule(
        payer_id=scope.payer_id,
        payer_type=scope.payer_type.value if scope.payer_type else "",
        client_id=scope.client_id,
        group_code=codes.group.strip().upper(),
        reason_code=codes.reason.strip().upper(),
        remark_code=codes.remark.strip().upper(),
        status_code=codes.status.strip().upper(),
        category=meaning.category.value if meaning.category else "",
        nature=meaning.nature.value if meaning.nature else "",
        next_action=meaning.next_action.value if meaning.next_action else "",
        team=meaning.team.value if meaning.team else "",
        preventable=meaning.preventable,
        valid_from_date=begins,
        valid_to_date=ends,
        note=_why(note),
    )


def _why(note: str) -> str:
    if not note.strip():
        raise RuleRefused("Say why: a letter, a call, a manual, or what happened.")
    return note.strip()


def _twin(rule: CodeRule) -> CodeRule | None:
    """Return the standing override that differs in nothing but what it says."""
    same = {
        name: getattr(rule, name)
        for name in (
            *("payer_id", "payer_type", "client_id", "valid_from_date"),
            *("group_code", "reason_code", "remark_code", "status_code"),
        )
    }
    return (
        CodeRule.objects.filter(superseded_by__isnull=True, is_ended=False, **same)
        .order_by("-pk")
        .first()
    )


def _record(rule: CodeRule, *, by: User | None, at: datetime) -> CodeRule:
    """Store a new row and tell those who go by the codes."""
    rule.recorded_by = by
    rule.recorded_at = at
    try:
        with transaction.atomic():
            rule.save(force_insert=True)
    except IntegrityError as error:
        if "supersedes" not in str(error):
            raise
        raise RuleRefused(
            "Somebody changed this override in the meantime: look at it again."
        ) from None
    code_rules_changed.send(
        sender=CodeRule,
        payer_id=rule.payer_id,
        payer_type=rule.payer_type or None,
        client_id=rule.client_id,
        codes={
            "group": rule.group_code,
            "reason": rule.reason_code,
            "remark": rule.remark_code,
            "status": rule.status_code,
        },
    )
    return rule
