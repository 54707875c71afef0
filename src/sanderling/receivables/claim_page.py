"""Shapes everything about one claim for its page: status, versions, EOBs, links."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.urls import reverse

from sanderling.barriers.deadline_bar import deadline_bar
from sanderling.barriers.of_claim import PROOF
from sanderling.core.barriers.words import (
    action_title,
    barrier_title,
    category_title,
    deadline_title,
    evidence_title,
    team_title,
)
from sanderling.core.codes.carc import title_of
from sanderling.core.deadlines.prompt_pay import jurisdiction_name
from sanderling.core.deadlines.rules import Confidence

Detail = Mapping[str, Any]

_PATIENT_GROUP: Final = "PR"
_DENIED: Final = "4"
_REVERSAL: Final = "22"
_VOID: Final = "8"
_REJECTED_CATEGORIES: Final = ("A3", "A6", "A7", "A8")
_ACCOUNT_NAMES: Final = {
    "primary": "Primary payer",
    "secondary": "Secondary payer",
    "tertiary": "Tertiary payer",
    "patient": "Patient",
}


class Links:
    """Makes the address of a fact's segment, for users who may see the file."""

    def __init__(self, file_ids: Mapping[str, int]) -> None:
        self._file_ids = file_ids

    def of(self, fact: Detail, position: int | None = None) -> str:
        """Return the address, empty when the file is not to be seen or there is none."""
        pk = self._file_ids.get(fact["file_sha256"] or "")
        place = fact["position"] if position is None else position
        if pk is None or not place:
            return ""
        return f"{reverse('file-segments', args=[pk])}?position={place}#chosen"


def hashes(detail: Detail) -> set[str]:
    """Return the SHA-256 of each file that the claim's facts are in."""
    parts = ("submissions", "remittances", "answers", "snapshots", "entries")
    found = {fact["file_sha256"] for part in parts for fact in detail[part]}
    found |= {fact["file_sha256"] for row in detail["barrier"] or [] for fact in row["evidence"]}
    return {sha256 for sha256 in found if sha256}


def page_of(detail: Detail, links: Links, *, today: date) -> dict[str, Any]:
    """Return what the claim's page shows beside the detail itself."""
    return {
        "chips": chips(detail),
        "barriers": [
            {**barrier(row, links), "bar": deadline_bar(row, today)}
            for row in detail["barrier"] or []
        ],
        "parties": [
            {"name": text, "cents": detail["balances"][f"{name}_cents"], "payer": payer}
            for name, text in _ACCOUNT_NAMES.items()
            if (payer := _payer_name(detail, name)) or detail["balances"][f"{name}_cents"]
        ],
        "submissions": submissions(detail, links),
        "remittances": [remittance(row, links) for row in detail["remittances"]],
        "answers": [{**row, "url": links.of(row)} for row in detail["answers"]],
        "entries": [
            {
                **row,
                "kind_text": row["kind"].replace("_", " "),
                "from_text": _account(row["credit"]),
                "to_text": _account(row["debit"]),
                "reason_text": title_of(row["reason"]) if row["group"] and row["reason"] else "",
                "url": links.of(row),
            }
            for row in detail["entries"]
        ],
        "timeline": [{**row, "url": links.of(row)} for row in reversed(detail["timeline"])],
        "line_totals": {
            name: sum(row[name] for row in detail["lines"])
            for name in (
                "charge_cents",
                "paid_cents",
                "adjusted_cents",
                "written_off_cents",
                "passed_on_cents",
                "balance_cents",
            )
        },
    }


def barrier(row: Detail, links: Links) -> dict[str, Any]:
    """Return why a party owes as the page tells it: in words, with the facts it follows from."""
    evidence = [
        {
            **fact,
            "title": evidence_title(fact["kind"]),
            "url": "#timeline" if fact["kind"] == "activity" else links.of(fact),
        }
        for fact in row["evidence"]
    ]
    return {
        **row,
        "owner": "Patient" if row["party"] == "patient" else row["payer_name"] or "Unknown payer",
        "title": barrier_title(row["barrier"]),
        "category_text": category_title(row["category"]),
        "action_text": action_title(row["next_action"]) if row["next_action"] else "",
        "team_text": team_title(row["team"]) if row["team"] else "",
        "deadline_text": deadline_title(row["deadline_kind"], row["deadline_level"]),
        "evidence": evidence,
        "prompt_pay": prompt_pay(row["prompt_pay"]),
        "proof": next((fact for fact in evidence if fact["kind"] == PROOF), None),
    }


def prompt_pay(row: Detail | None) -> dict[str, Any] | None:
    """Return prompt pay with whose rule it is, in words: NY, 30 days electronic; 12% a year."""
    if row is None:
        return None
    terms = [f"{jurisdiction_name(row['jurisdiction'])}, {row['days']} days electronic"]
    terms += [row["rates"]] if row["rates"] else []
    verify = "" if row["confidence"] == Confidence.HIGH else ", default, verify"
    return {**row, "terms": "; ".join(terms) + verify}


def chips(detail: Detail) -> list[dict[str, str]]:
    """Return the claim's state as short words with a color each."""
    found = []
    balances = detail["balances"].values()
    if any(cents < 0 for cents in balances):
        found.append({"text": "credit balance", "color": "purple"})
    if detail["insurance_cents"] > 0:
        found.append({"text": "insurance owes", "color": "blue"})
    if detail["patient_cents"] > 0:
        found.append({"text": "patient owes", "color": "cyan"})
    if not any(balances):
        found.append({"text": "settled", "color": "green"})
    if detail["suspense_cents"]:
        found.append({"text": "payment held", "color": "orange"})
    versions = detail["submissions"]
    if versions and versions[-1]["frequency"] == _VOID:
        found.append({"text": "voided", "color": "secondary"})
    answers = [row for row in detail["answers"] if row["level"] == "claim"]
    is_sent_since = bool(
        answers and versions and versions[-1]["received_date"] > answers[-1]["received_date"]
    )
    if (
        answers
        and answers[-1]["category"] in _REJECTED_CATEGORIES
        and not (detail["remittances"] or is_sent_since)
    ):
        found.append({"text": "rejected", "color": "red"})
    decisions = [row for row in detail["remittances"] if row["status"] != _REVERSAL]
    if decisions and is_denial(decisions[-1]):
        found.append({"text": "denied", "color": "red"})
    if any(row["status"] == _REVERSAL for row in detail["remittances"]):
        found.append({"text": "payment reversed", "color": "orange"})
    return found


def is_denial(row: Detail) -> bool:
    """Say whether a claim payment calls itself a denial."""
    return bool(row["status"] == _DENIED)


def submissions(detail: Detail, links: Links) -> list[dict[str, Any]]:
    """Return the versions sent, each with what changed in charges since the one before it."""
    shown: list[dict[str, Any]] = []
    latest: dict[int, Detail] = {}
    for number, row in enumerate(detail["submissions"], start=1):
        before = latest.get(row["sequence"])
        latest[row["sequence"]] = row
        shown.append(
            {
                **row,
                "version": number,
                "sequence_text": {1: "primary", 2: "secondary"}.get(row["sequence"], "tertiary"),
                "changes": charge_changes(before, row) if before else [],
                "is_first": before is None,
                "url": links.of(row),
                "lines": [
                    {**line, "url": links.of(row, line["position"])} for line in row["lines"]
                ],
            }
        )
    return shown


def charge_changes(before: Detail, after: Detail) -> list[dict[str, Any]]:
    """Return the lines whose procedure or charge differ, old and new."""
    old = {line["line"]: line for line in before["lines"]}
    new = {line["line"]: line for line in after["lines"]}
    changes = []
    for number in sorted({*old, *new}):
        was, now = old.get(number), new.get(number)
        if was and now and _billed(was) == _billed(now):
            continue
        changes.append(
            {
                "line": number,
                "was": _procedure(was) if was else "",
                "was_cents": was["charge_cents"] if was else None,
                "now": _procedure(now) if now else "",
                "now_cents": now["charge_cents"] if now else None,
            }
        )
    return changes


def remittance(row: Detail, links: Links) -> dict[str, Any]:
    """Return a claim payment as a person reads it: lines that add up, and a total that does.

    For each line and for the whole: billed = paid + patient share + other adjustments.
    """
    lines = [_eob_line(line, links.of(row, line["position"])) for line in row["lines"]]
    claim_level = _split(row["adjustments"])
    patient = claim_level["patient_cents"] + sum(line["patient_cents"] for line in lines)
    other = claim_level["other_cents"] + sum(line["other_cents"] for line in lines)
    allowed = [line["allowed_cents"] for line in lines]
    return {
        **row,
        "url": links.of(row),
        "is_denial": is_denial(row),
        "is_reversal": row["status"] == _REVERSAL,
        "prompt_pay": prompt_pay(row["prompt_pay"]),
        "lines": lines,
        "claim_level": claim_level if row["adjustments"] or row["remarks"] else None,
        "patient_cents": patient,
        "other_cents": other,
        "allowed_cents": sum(allowed) if allowed else None,
        "difference_cents": row["charge_cents"] - row["paid_cents"] - patient - other,
    }


def _eob_line(line: Detail, url: str) -> dict[str, Any]:
    parts = _split(line["adjustments"])
    difference = (
        line["charge_cents"] - line["paid_cents"] - parts["patient_cents"] - parts["other_cents"]
    )
    return {**line, **parts, "difference_cents": difference, "url": url}


def _split(adjustments: list[Detail]) -> dict[str, int]:
    patient = sum(a["amount_cents"] for a in adjustments if a["group"] == _PATIENT_GROUP)
    return {
        "patient_cents": patient,
        "other_cents": sum(a["amount_cents"] for a in adjustments) - patient,
    }


def _billed(line: Detail) -> tuple[object, ...]:
    return (line["procedure"], line["modifiers"], line["revenue_code"], line["charge_cents"])


def _procedure(line: Detail) -> str:
    code = line["procedure"] or line["revenue_code"]
    return f"{code} {line['modifiers']}".strip()


def _payer_name(detail: Detail, sequence: str) -> str:
    return next((row["name"] for row in detail["payers"] if row["sequence"] == sequence), "")


def _account(name: str) -> str:
    return _ACCOUNT_NAMES.get(name, name.replace("_", " ").capitalize())
