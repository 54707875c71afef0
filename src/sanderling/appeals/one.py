"""One appeal as its page shows it: checklist, facts with sources, letter, and what comes next."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.appeals.approval import PERMISSION
from sanderling.appeals.asking import waiting_tasks
from sanderling.appeals.evidence import attachments_of
from sanderling.appeals.fact_sheet import facts_of
from sanderling.appeals.forms import ChangeForm, OutcomeForm, ReceivedForm, SentForm
from sanderling.appeals.gathering import Gathered
from sanderling.appeals.listing import color_of
from sanderling.appeals.models import DECIDED, WITH_PAYER, Appeal, State
from sanderling.appeals.packet_data import title_of_appeal
from sanderling.appeals.packets import Prepared, missing_words, prepare
from sanderling.appeals.writing import choice_of, gathered, latest_decided
from sanderling.claims.models import Claim
from sanderling.core.appeals.cases import VEHICLE_TITLES, cases
from sanderling.core.appeals.facts import KINDS, SOURCE_TITLES, Fact, Type, stored
from sanderling.core.appeals.levels import level_of, minimum_cents
from sanderling.core.appeals.template import fields_of, read_template
from sanderling.core.barriers.words import PARTIES
from sanderling.followup.queries import party_worked_on
from sanderling.ledger.models import OpenBalance
from sanderling.outbox.models import OutboundFile

HISTORY_MAX: Final = 50


def beginning(claim: Claim, party: int | None, *, today: date) -> dict[str, Any] | None:
    """Return what an appeal would begin with: the choice and why; None when no payer owes."""
    party = party if party in (11, 12, 13) else party_worked_on(claim)
    if party is None:
        return None
    before = latest_decided(claim.pk, party)
    level = before.level + 1 if before and before.state == State.LOST and before.level < 5 else 1  # noqa: PLR2004 - levels
    found = gathered(claim, party, level=level)
    choice = choice_of(found)
    kind = found.payer.type if found.payer else "other"
    named = level_of(kind, level)
    amount = max(found.balance_cents, 0)
    return {
        "party": party,
        "party_text": PARTIES.get(party, ""),
        "payer": found.payer,
        "choice": choice,
        "vehicle_text": VEHICLE_TITLES[choice.vehicle] if choice.vehicle else "",
        "level": named,
        "before": before,
        "balance_cents": found.balance_cents,
        "deadline": found.appeal,
        "least_cents": minimum_cents(kind, level, filed_date=today),
        "checklist": cases()[choice.case.key].items,
        "initial": {
            "case": choice.case.key if choice.case.items else "general",
            "level": level,
            "amount": f"{amount / 100:.2f}" if amount else "",
            "despite": False,
        },
        "needs_despite": not choice.is_appealable,
    }


def appeal_page(appeal: Appeal, *, user: User, today: date) -> dict[str, Any]:
    """Return what the page of an appeal shows."""
    (one,) = prepare([appeal], with_documents=False)
    is_draft = appeal.state == State.DRAFT
    file = (
        OutboundFile.objects.filter(pk=appeal.outbound_file_id).first()
        if appeal.outbound_file_id
        else None
    )
    kind = appeal.payer.type if appeal.payer else "other"
    dollars = f"{appeal.asked_cents / 100:.2f}"
    return {
        "appeal": appeal,
        "title": title_of_appeal(appeal),
        "case": cases()[appeal.case],
        "level": level_of(kind, appeal.level),
        "color": color_of(appeal.state),
        "is_draft": is_draft,
        "is_with_payer": appeal.state in WITH_PAYER,
        "is_decided": appeal.state in DECIDED,
        "days_left": (appeal.deadline_date - today).days if appeal.deadline_date else None,
        "is_past": appeal.deadline_date is not None and appeal.deadline_date < today,
        "checklist": one.checklist,
        "letter": _letter(one),
        "facts": _facts(one),
        "missing": [_missing(kind.name) for kind in one.letter.missing],
        "missing_words": missing_words(one) if is_draft else [],
        "evidence": one.evidence,
        "attachments": attachments_of(appeal) if is_draft else [],
        "asked_tasks": waiting_tasks(appeal) if is_draft else [],
        "can_ask": is_draft and any(not piece.is_there for piece in one.checklist),
        "stateable": _stateable(one),
        "file": file,
        "way": one.found.way,
        "has_letterhead": one.found.letterhead is not None,
        "may_edit_clients": user.may("clients.edit"),
        "proposed_text": State(appeal.proposed).label if appeal.proposed else "",
        "change_form": ChangeForm(
            initial={
                "case": appeal.case,
                "amount": dollars,
                "letter": appeal.template_version.template.key,
                "with_proof": appeal.with_proof,
            }
        ),
        "sent_form": SentForm(initial={"sent_date": today.isoformat()}),
        "received_form": ReceivedForm(initial={"received_date": today.isoformat()}),
        "outcome_form": OutcomeForm(
            initial={
                "outcome": appeal.proposed or State.WON,
                "decided_date": today.isoformat(),
                "recovered": f"{appeal.proposed_cents / 100:.2f}" if appeal.proposed else "",
            }
        ),
        "may_approve": user.may(PERMISSION)
        and appeal.state == State.READY
        and appeal.finished_by_id != user.pk,
        "is_own": appeal.finished_by_id == user.pk,
        "may_edit_letters": user.may("templates.edit"),
        "next_one": appeal.next.exclude(state=State.WITHDRAWN).first(),
        "next_level": level_of(kind, appeal.level + 1) if appeal.state in DECIDED else None,
    }


def _letter(one: Prepared) -> list[dict[str, Any]]:
    """Return the letter's lines for the preview."""
    return [
        {"kind": line.kind.value, "runs": line.runs, "numbers": line.numbers}
        for line in one.letter.lines
    ]


def _facts(one: Prepared) -> list[dict[str, Any]]:
    """Return the letter's facts with where each stands."""
    return [
        {
            "number": number,
            "name": fact.name,
            "title": KINDS[fact.name].title,
            "text": fact.text,
            "source": SOURCE_TITLES[fact.source],
            "said": fact.said,
            "url": _address(fact, one.found),
        }
        for number, fact in enumerate(one.letter.facts, start=1)
    ]


def _address(fact: Fact, found: Gathered) -> str:
    """Return the address of the segment that says it, empty when it stands in no file."""
    place = next(
        (one for one in found.places.values() if one.sha256 == fact.reference.file_sha256), None
    )
    if place is None or not fact.reference.position:
        return ""
    address = reverse("file-segments", args=[place.file_id])
    return f"{address}?position={fact.reference.position}#chosen"


def _missing(name: str) -> dict[str, Any]:
    kind = KINDS[name]
    return {
        "name": name,
        "title": kind.title,
        "how": kind.how,
        "is_block": kind.type is Type.TEXT_BLOCK,
        "hint": {Type.DATE: "2026-03-05", Type.MONEY: "1,234.50"}.get(kind.type, ""),
    }


def _stateable(one: Prepared) -> list[dict[str, Any]]:
    """Return the facts of this letter that a person states, or has stated, with their values."""
    names = fields_of(read_template(one.appeal.template_version.text))
    return [
        {
            **_missing(name),
            "value": stored(one.facts[name].value) if name in one.facts else "",
            "is_stated": name in one.facts and one.facts[name].reference.table == "stated_fact",
        }
        for name in names
        if KINDS[name].is_stated
        or (name in one.facts and one.facts[name].reference.table == "stated_fact")
    ]


def claim_facts(claim: Claim, party: int) -> dict[str, Fact]:
    """Return the facts of a claim without an appeal, for a letter's preview."""
    return facts_of(gathered(claim, party))


def owed_by(claim_id: int) -> list[int]:
    """Return the payers' parties that owe on a claim."""
    found = OpenBalance.objects.filter(claim_id=claim_id, party__lte=13, balance_cents__gt=0)
    return list(found.order_by("party").values_list("party", flat=True))
