"""What clients are asked for, by kind. Source: DOMAIN 9.8."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OTHER: Final = "other"
DOCUMENT_KINDS: Final[Mapping[str, str]] = {
    "operative_note": "Operative note",
    "progress_notes": "Progress notes",
    "medical_records": "Medical records",
    "authorization": "Proof of authorization",
    "insurance_card": "Insurance card or corrected demographics",
    "signed_form": "Signed form (waiver of liability, assignment of benefits)",
    "coding_query": "Answer to a coding question",
    "advance_notice": "Advance beneficiary notice",
    "accident": "Accident information",
    "credentialing": "Credentialing document",
    "tax_form": "W-9 or EFT form",
    OTHER: "Other document",
}


def document_title(kind: str, text: str = "") -> str:
    """Return what is wanted, in the asker's words where there are any."""
    return text or DOCUMENT_KINDS.get(kind, kind)
