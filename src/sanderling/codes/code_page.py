"""What the page of one code shows, and the codes that nobody has told the meaning of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sanderling.codes import listing, use
from sanderling.codes.forms import NATURE_TITLES, words
from sanderling.codes.models import GROUPS, PREVENTABLE, CodeRule
from sanderling.codes.queries import rules_about, standing_rules
from sanderling.core.codes.carc import carcs
from sanderling.core.codes.meaning import rarcs
from sanderling.core.codes.names import STEP_TITLES, Nature
from sanderling.core.codes.statuses import status_codes

PARTS_SHOWN: Final = 25


def untold_codes(seen: Collection[tuple[str, str]]) -> list[use.UnknownCode]:
    """Return codes `seen` that the tables lack and no standing override is about."""
    told = {
        (kind, named)
        for rule in standing_rules()
        for kind, named in (
            ("reason", rule.reason_code),
            ("remark", rule.remark_code),
            ("status", rule.status_code),
        )
        if named
    }
    return use.unknown_codes(set(seen) - told)


def subject(rule: CodeRule) -> tuple[str, str]:
    """Return kind and code of the page that an override belongs to."""
    for kind in ("status", "reason", "remark"):
        if named := getattr(rule, f"{kind}_code"):
            return kind, named
    raise AssertionError(f"{rule} is about no code")


def context(*, kind: str, code: str) -> dict[str, Any]:
    """Return what the page of a code needs."""
    row = listing.code_row(kind=kind, code=code)
    versions = list(rules_about(kind=kind, code=code))
    standing = set(standing_rules().values_list("pk", flat=True))
    parts = use.use_parts(kind=kind, code=code)
    return {
        "row": row,
        "kind_title": listing.KINDS[kind],
        "steps": [STEP_TITLES[step] for step in row["action_chain"].split(">") if step],
        "preventable": PREVENTABLE.get(row["preventable"], "").lower(),
        "natures": _natures(row["nature_by_group"]),
        "notes": _notes(kind, code),
        "related": _related(kind, code),
        "parts": parts[:PARTS_SHOWN],
        "part_count": len(parts),
        "use_count": sum(part.count for part in parts),
        "use_cents": _sum(parts),
        "standing": [_shown(rule) for rule in versions if rule.pk in standing],
        "history": [_shown(rule) for rule in versions],
    }


def form_values(rule: CodeRule) -> dict[str, object]:
    """Return what an override says, as the form has it."""
    return {
        "replaces": rule.pk,
        "payer": rule.payer_id,
        "payer_type": rule.payer_type,
        "client": rule.client_id,
        "group": rule.group_code,
        "remark": rule.remark_code,
        "category": rule.category,
        "nature": rule.nature,
        "next_action": rule.next_action,
        "team": rule.team,
        "preventable": rule.preventable,
        "valid_from": rule.valid_from_date,
        "valid_to": rule.valid_to_date,
    }


def _sum(parts: list[use.UsePart]) -> int | None:
    amounts = [part.amount_cents for part in parts if part.amount_cents is not None]
    return sum(amounts) if amounts else None


def _natures(by_group: str) -> list[tuple[str, str]]:
    """Return group and nature in words."""
    pairs = [pair.split(":", 1) for pair in by_group.split()]
    return [(GROUPS[group], NATURE_TITLES[Nature(nature)]) for group, nature in pairs]


def _notes(kind: str, code: str) -> str:
    if kind == "reason" and code in carcs():
        return carcs()[code].notes
    if kind == "remark" and code in rarcs():
        return rarcs()[code].fix
    if kind == "status" and code in status_codes():
        return status_codes()[code].action
    return ""


def _related(kind: str, code: str) -> list[tuple[str, str, str]]:
    """Return kind, code and title of the remarks that refine a reason, or of their reasons."""
    if kind == "reason":
        return [
            ("remark", remark.code, remark.title)
            for remark in rarcs().values()
            if code in remark.reasons
        ]
    if kind == "remark" and code in rarcs():
        return [
            ("reason", reason.code, reason.title)
            for reason in carcs().values()
            if reason.code in rarcs()[code].reasons
        ]
    return []


def _shown(rule: CodeRule) -> dict[str, Any]:
    """Return an override as the page words it."""
    said = [
        ("category", words(rule.category)),
        ("nature", NATURE_TITLES[Nature(rule.nature)] if rule.nature else ""),
        ("next action", words(rule.next_action)),
        ("team", rule.team),
        ("preventable", PREVENTABLE.get(rule.preventable, "").lower()),
    ]
    about = [
        f"group {rule.group_code}" if rule.group_code else "",
        f"reason {rule.reason_code}" if rule.reason_code else "",
        f"remark {rule.remark_code}" if rule.remark_code else "",
        f"status {rule.status_code}" if rule.status_code else "",
    ]
    return {
        "rule": rule,
        "about": ", ".join(filter(None, about)),
        "payer": rule.payer.name if rule.payer else _payer_type(rule),
        "client": rule.client.name if rule.client else "all clients",
        "said": [f"{name}: {value}" for name, value in said if value],
        "by": rule.recorded_by.name if rule.recorded_by else "administrator",
    }


def _payer_type(rule: CodeRule) -> str:
    return f"{rule.get_payer_type_display()} payers" if rule.payer_type else "all payers"
