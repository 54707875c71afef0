"""The buttons of bulk acts, for any form around rows of work items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import template

from sanderling.core.barriers.rows import PATIENT
from sanderling.worklists.act_kinds import KINDS

register = template.Library()

# Key, and of which rows (words of data-is, see list_page) none can have it, and why.
BUTTONS: Final = {
    "assign": ("a", "", ""),
    "defer": ("f", "", ""),
    "pend": ("p", "", ""),
    "note": ("", "", ""),
    "status_inquiry": ("s", "credit patient", "has no payer to ask: patient or credit balance"),
    "request_documents": ("r", "credit", "is a credit balance"),
    "escalate": ("e", "", ""),
    "tag": ("t", "", ""),
    "project": ("", "", ""),
    "write_off": ("", "credit", "is a credit balance: it is refunded, not written off"),
    "transfer": ("", "credit patient", "has no payer that owes: patient or credit balance"),
    "unpend": ("", "due", "is not pended"),
    "untag": ("", "", ""),
    "de_escalate": ("", "calm", "is not escalated"),
}


@register.simple_tag
def act_buttons() -> list[dict[str, str]]:
    """Return the buttons of the kinds that there are."""
    return [
        {"name": name, "title": KINDS[name].title, "key": key, "not_for": not_for, "why_not": why}
        for name, (key, not_for, why) in BUTTONS.items()
        if name in KINDS
    ]


def words_of(item: Mapping[str, Any]) -> str:
    """Return the words by which a row says which acts it cannot have."""
    words = []
    if item["balance_cents"] < 0:
        words.append("credit")
    if item["party"] == PATIENT:
        words.append("patient")
    words.append("pended" if item["is_pended"] else "due")
    words.append("escalated" if item["escalation_level"] else "calm")
    return " ".join(words)
