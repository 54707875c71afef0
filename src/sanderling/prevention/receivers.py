"""Hears of claims that are made here before they go out."""

from __future__ import annotations

from django.dispatch import receiver

from sanderling.core.resubmission.checks import Finding
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.prevention.before_sending import rule_warnings
from sanderling.resubmission.signals import Of, claim_looked_at


@receiver(claim_looked_at)
def look(of: Of, document: ClaimDocument, **_: object) -> list[Finding]:
    """Try the active edit rules on it."""
    return rule_warnings(of, document)
