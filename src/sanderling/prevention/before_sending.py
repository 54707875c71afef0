"""Active edit rules look at a claim made here before it goes out: it can still be put right.

A warning, never more: a rule is right in so many of a hundred cases, which it says.
"""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q

from sanderling.claims.models import Claim
from sanderling.core.resubmission.checks import Finding
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.trends.document_facts import facts_of_document, holds
from sanderling.prevention.models import EditRule, Metric
from sanderling.prevention.words import condition_words
from sanderling.resubmission.signals import Of

# Where the editor has the field that a rule says is missing.
_FIELDS: Final = {
    "authorization": "authorization",
    "group": "group_number",
    "member": "member_id",
    "rendering": "rendering.npi",
}


def rule_warnings(of: Of, document: ClaimDocument) -> list[Finding]:
    """Return a warning for each active rule that would hold the claim, in the rules' order.

    Of the rules that one may see: those of actions all of whose clients one sees.
    """
    rules = list(
        EditRule.objects.filter(is_active=True, action__client_ids__contains=[of.client_id])
        .filter(Q(action__payer_id=None) | Q(action__payer_id=of.payer_id))
        .select_related("action")
        .order_by("pk")
    )
    if not rules:
        return []
    claim = Claim.objects.only("plan", "location", "rendering_npi").get(pk=of.claim_id)
    facts = facts_of_document(
        document,
        client_id=of.client_id,
        payer_id=of.payer_id,
        plan=claim.plan,
        location=claim.location,
        provider=claim.rendering_npi,
    )
    return [
        Finding(_field_of(rule.conditions), warning_of(rule), is_error=False)
        for rule in rules
        if holds([(name, value) for name, value in rule.conditions], facts)
    ]


def _field_of(conditions: list[list[str]]) -> str:
    """Return the field to look at: of the first thing that is missing, else the whole claim."""
    lacks = [value for name, value in conditions if name == "missing"]
    return _FIELDS.get(lacks[0], "") if lacks else ""


def warning_of(rule: EditRule) -> str:
    """Say why a rule would hold the claim and how often it is right, on claims it had not seen."""
    tried: dict[str, Any] = rule.back_test["test"]
    what = "rejected" if rule.action.metric == Metric.REJECTION else "denied"
    told = f"{tried['right']:,} of {tried['held']:,} such claims were {what} when it was tried"
    decided = list(rule.catches.exclude(outcome="").values_list("outcome", flat=True))
    if decided:
        told += f", {decided.count('bad'):,} of {len(decided):,} since"
    return (
        f"An edit rule would hold this claim: {'; '.join(condition_words(rule.conditions))}."
        f" {told} ({tried['precision']:.0%} right). Why: {rule.action.title}."
    )
