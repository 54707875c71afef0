"""The bar of bulk acts, for any page with rows of work items."""

from __future__ import annotations

from typing import Any, Final

from django import template

from sanderling.worklists.act_kinds import KINDS

register = template.Library()

# Letter, and of which rows (data-is of select_item.html) none can have it, and why.
_BUTTONS: Final = {
    "assign": ("a", "", ""),
    "defer": ("f", "", ""),
    "pend": ("p", "", ""),
    "unpend": ("", "waiting", "is not pended"),
    "note": ("n", "", ""),
    "status_inquiry": ("s", "credit patient", "has no payer to ask: patient or credit balance"),
    "request_documents": ("r", "credit", "is a credit balance"),
    "escalate": ("e", "", ""),
    "de_escalate": ("", "", ""),
    "tag": ("t", "", ""),
    "untag": ("", "", ""),
    "project": ("", "", ""),
    "write_off": ("", "credit", "is a credit balance: it is refunded, not written off"),
    "flag": ("", "flagged", "is flagged already"),
    "unflag": ("", "plain", "is not flagged"),
}


@register.inclusion_tag("worklists/bulk_bar.html", takes_context=True)
def bulk_bar(
    context: template.Context, view: str | None = None, total: int | None = None
) -> dict[str, Any]:
    """Draw the bar; `view`: the query string of a worklist page whose rows can all be chosen."""
    request = context["request"]
    kinds = [
        {"name": name, "title": KINDS[name].title, "key": key, "not_for": not_for, "why_not": why}
        for name, (key, not_for, why) in _BUTTONS.items()
        if name in KINDS
    ]
    return {
        "kinds": kinds,
        "view": view,
        "total": total,
        "next": request.get_full_path(),
        "csrf_token": context.get("csrf_token"),
    }
