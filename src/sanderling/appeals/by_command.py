"""Appeals as the command line and other programs make them: draft, facts, packet in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from sanderling.appeals.actions import finish
from sanderling.appeals.letters import TemplateRefused
from sanderling.appeals.models import Appeal, State
from sanderling.appeals.packets import missing_words, prepare
from sanderling.appeals.writing import (
    AppealRefused,
    Asked,
    begin_appeal,
    open_appeal,
    state_facts,
)
from sanderling.claims.models import Claim
from sanderling.followup.queries import party_worked_on

COLUMNS: Final = (
    "client",
    "claim",
    "payer_id",
    "case",
    "vehicle",
    "level",
    "state",
    "deadline",
    "asked_cents",
    "control_number",
    "pages",
    "sha256",
    "missing",
    "why_not",
)


@dataclass(frozen=True, slots=True)
class Made:
    """What came of one claim: its row, and the appeal when there is one."""

    row: dict[str, Any]
    appeal: Appeal | None


def make_appeal(
    claim: Claim,
    *,
    asked: Asked,
    facts: Mapping[str, str],
    at: datetime,
) -> Made:
    """Begin an appeal of what the claim's payer owes, and make its packet if nothing is missing.

    A claim with an open appeal keeps that one: run again, the same packet is named.
    """
    try:
        with transaction.atomic():
            found = _draft(claim, asked, facts, at)
    except (AppealRefused, TemplateRefused) as refusal:
        return Made(_row(claim, None, [], refusal.sentence), None)
    (prepared,) = prepare([found], with_documents=False)
    missing = missing_words(prepared) if found.state == State.DRAFT else []
    if found.state == State.DRAFT and not missing:
        try:
            found = finish(found.pk, user=None, at=at)
        except AppealRefused as refusal:
            return Made(_row(claim, found, missing, refusal.sentence), found)
    return Made(_row(claim, found, missing, ""), found)


def _draft(claim: Claim, asked: Asked, facts: Mapping[str, str], at: datetime) -> Appeal:
    party = party_worked_on(claim)
    if party is None:
        raise AppealRefused("no payer owes anything on this claim")
    found = open_appeal(claim.pk, party)
    if found is None:
        found = begin_appeal(claim=claim, party=party, user=None, at=at, asked=asked)
    elif asked.level not in (None, found.level):
        raise AppealRefused(f"an appeal of level {found.level} is open; decide or withdraw it")
    if facts and found.state == State.DRAFT:
        state_facts(found.pk, list(facts.items()), user=None, at=at, source_text="command line")
    return Appeal.objects.select_related(
        "claim__client", "payer", "packet", "template_version__template"
    ).get(pk=found.pk)


def _row(
    claim: Claim, found: Appeal | None, missing: Sequence[str], why_not: str
) -> dict[str, Any]:
    packet = found.packet if found else None
    return {
        "client": claim.client.code,
        "claim": claim.number,
        "payer_id": found.payer.payer_id if found and found.payer else None,
        "case": found.case if found else None,
        "vehicle": found.vehicle if found else None,
        "level": found.level if found else None,
        "state": found.state if found else None,
        "deadline": found.deadline_date if found else None,
        "asked_cents": found.asked_cents if found else None,
        "control_number": found.control_number if found else None,
        "pages": packet.pages if packet else None,
        "sha256": packet.sha256 if packet else None,
        "missing": list(missing),
        "why_not": why_not or None,
    }
