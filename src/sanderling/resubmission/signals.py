"""Asks the rooms above what they know against a claim before it goes out.

`claim_looked_at` is sent for each claim made here (corrected, sent anew, to the next payer), before
it is shown and before it is sent, with

    of         whose it is and to whom it goes (Of)
    document   the claim as it would go out

A receiver returns findings (`core.resubmission.checks.Finding`), which are told as warnings: what
keeps a claim here is decided in this room. A void is not asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.dispatch import Signal

from sanderling.core.resubmission.checks import Finding
from sanderling.core.resubmission.document import ClaimDocument

claim_looked_at: Final = Signal()


@dataclass(frozen=True, slots=True)
class Of:
    """Whose claim it is and to whom it goes; `payer_id` None: not known."""

    claim_id: int
    client_id: int
    payer_id: int | None


def warnings_of(of: Of, document: ClaimDocument) -> list[Finding]:
    """Return what other rooms know against a claim, as warnings."""
    # Django says of a receiver that it returns text; ours return findings.
    told: Any = claim_looked_at.send(sender=Of, of=of, document=document)
    return [Finding(one.path, one.text, is_error=False) for _, found in told for one in found or ()]
