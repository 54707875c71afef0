"""Shapes the page of an agreement: its history in words."""

from __future__ import annotations

from typing import Any, Final

from sanderling.accounts.models import User
from sanderling.agreements.actions import ScheduleTerms, Terms, changes, terms_of
from sanderling.agreements.models import Agreement, Floor
from sanderling.clients.models import Client
from sanderling.core.barriers.words import barrier_title
from sanderling.core.service_levels import KIND_WORDS, Level
from sanderling.payers.models import Payer, PayerType
from sanderling.web.templatetags.sanderling import money

CHANGE_WORDS: Final = {
    "account_manager": "account manager",
    "zone": "time zone",
    "second_review_cents": "second approver of write-offs",
    "service_levels": "service levels",
    "schedules": "follow-up schedules",
    "high_dollar": "high-dollar rules",
}
# Kept with the client, not with a version: the audit trail has their history.
_OF_CLIENT: Final = ("tier", "follow_up_days", "high_dollar_cents")


def history(client: Client) -> list[dict[str, Any]]:
    """Return the versions, the latest first: who, when, why, what they changed and say."""
    versions = list(
        Agreement.objects.select_related("made_by", "account_manager")
        .filter(client=client)
        .order_by("number")
    )
    names = dict(Payer.objects.values_list("pk", "name"))
    rows = []
    before = Terms()
    for one in versions:
        after = terms_of(client, one)
        changed = [name for name in changes(before, after) if name not in _OF_CLIENT]
        rows.append(
            {
                "number": one.number,
                "made_at": one.made_at,
                "made_by": one.made_by.name if one.made_by else "",
                "note": one.note,
                "changed": ", ".join(CHANGE_WORDS[name] for name in changed),
                "facts": _facts(one, after, names),
            }
        )
        before = after
    return rows[::-1]


def schedule_words(one: ScheduleTerms, payers: dict[int, str]) -> str:
    """Return a schedule as a sentence: "Denied, from $1,000.00: after 2 days, then every 5"."""
    parts = [payers.get(one.payer_id, "a payer")] if one.payer_id else []
    parts += [f"payers of type {PayerType(one.payer_type).label}"] if one.payer_type else []
    parts += [barrier_title(one.barrier)] if one.barrier else []
    parts += [f"from {money(one.min_cents)}"] if one.min_cents else []
    parts += [f"older than {one.from_age_days} days"] if one.from_age_days else []
    floor = f"; {Floor(one.floor).label.lower()}" if one.floor else ""
    scope = ", ".join(parts) or "All insurers' balances"
    scope = scope[:1].upper() + scope[1:]
    return f"{scope}: first look after {one.first_days} days, then every {one.repeat_days}{floor}"


def level_words(one: Level) -> str:
    """Return a level as words: "First touch: 2 business days, in 95% of cases"."""
    return f"{KIND_WORDS[one.kind]}: {one.words}, in {one.goal_percent}% of cases"


def _facts(version: Agreement, terms: Terms, names: dict[int, str]) -> list[tuple[str, list[str]]]:
    manager = version.account_manager
    review = terms.second_review_cents
    owners = dict(
        User.objects.filter(pk__in=[one.owner_id for one in terms.high_dollar]).values_list(
            "pk", "name"
        )
    )
    return [
        ("Account manager", [manager.name if manager else "nobody"]),
        ("Time zone", [terms.zone]),
        (
            "Write-offs",
            ["by the limits of write-offs" if review is None
             else f"a second approver from {money(review)}"],
        ),
        ("Service levels", [level_words(one) for one in terms.levels] or ["usual for the tier"]),
        ("Schedules", [schedule_words(one, names) for one in terms.schedules] or ["none"]),
        (
            "High dollar",
            [
                f"{names.get(one.payer_id, 'a payer') if one.payer_id else 'Any payer'}:"
                f" from {money(one.min_cents)}"
                + (f", goes to {owners.get(one.owner_id, '?')}" if one.owner_id else "")
                for one in terms.high_dollar
            ]
            or ["by the limit of the client"],
        ),
    ]  # fmt: skip
