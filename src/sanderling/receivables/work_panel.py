"""The part of a claim's page where it is worked: whose it is, what is promised, what to do next."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.urls import NoReverseMatch, reverse

from sanderling.claims.models import Claim
from sanderling.core.barriers.words import PARTIES, barrier_title, category_title
from sanderling.core.codes.names import NextAction
from sanderling.core.followup.ladder import level_title
from sanderling.core.followup.playbook import play_for
from sanderling.core.priority.words import sentences
from sanderling.receivables.note_form import note_url
from sanderling.receivables.work_done import WorkDone, scenario_title
from sanderling.resubmission.secondary_page import next_party
from sanderling.worklists.models import WorkItem

_PATIENT: Final = 14
# Next actions that an appeal, a dispute or records answer.
_DISPUTES: Final = ("appeal", "dispute_underpayment", "send_records")
_REBILLING: Final = frozenset({"resubmit", "correct_and_rebill"})
# What can be done to the item elsewhere (worklists.act_kinds), in words.
_ACTS: Final = {"pend": "Pend", "defer": "Look again on …", "assign": "Assign", "tag": "Tag"}


def work_panel(claim: Claim, *, today: date) -> dict[str, Any]:
    """Return what the panel shows; nothing is open: `items` is empty."""
    found = WorkItem.objects.select_related("assignee", "project").filter(claim_id=claim.pk)
    items = [_item(item, today) for item in found.order_by("party")]
    first = next((one for one in items if one["party"] != _PATIENT), items[0] if items else None)
    return {
        "items": items,
        "note_url": note_url(claim.pk, first["party"] if first else None),
        "acts_url": _address("work-acts-prepare"),
        "acts": _ACTS.items(),
        "hand_over_url": _address("task-form", claim, first),
        "write_off_url": _address("write-off-form", claim, first),
        "disputes": _DISPUTES,
        "appeal_url": _appeal_address(claim, first),
        "status_url": reverse("claim-status", args=[claim.pk]),
    }


def _item(item: WorkItem, today: date) -> dict[str, Any]:
    is_patient = item.party == _PATIENT
    play = play_for(item.barrier, item.category)
    return {
        "id": item.pk,
        "party": item.party,
        "next_action": item.next_action,
        "party_text": PARTIES.get(item.party, ""),
        "payer_text": "Patient" if is_patient else item.payer_name or "Unknown payer",
        "balance_cents": item.balance_cents,
        "owner": item.assignee.name if item.assignee else "",
        "work_date": item.work_date,
        "is_due": item.work_date <= today,
        "is_pended": item.is_pended,
        "tags": item.tags,
        "project": item.project.name if item.project else "",
        "touches": item.touches,
        "last_touch_date": item.last_touch_date,
        "promise_state": item.promise_state,
        "promise_date": item.promise_date,
        "level": item.escalation_level,
        "level_text": level_title(item.escalation_level) if item.escalation_level else "",
        "write_off_state": item.write_off_state,
        "open_tasks": item.open_tasks,
        "value_cents": item.value_cents,
        "not_before_date": item.not_before_date,
        "reasons": sentences(item.reasons, payer=item.payer_name),
        "play": play,
        "play_title": category_title(item.category) or barrier_title(item.barrier),
        "escalation_url": reverse("escalation", args=[item.claim_id, item.party]),
        # A claim can be sent again to a payer; the button stands out when that is the next action.
        "rebill_url": ""
        if is_patient or item.balance_cents < 0
        else f"{reverse('resubmit', args=[item.claim_id])}?party={item.party}",
        "is_rebill_next": item.next_action in _REBILLING,
        "next_payer_url": _next_payer_url(item),
        "credit_url": reverse("credit", args=[item.claim_id, item.party])
        if item.balance_cents < 0
        else "",
        "to_patient_url": reverse("transfer-form", args=[item.claim_id, item.party])
        if _is_left_to_patient(item)
        else "",
        "is_transfer_next": item.next_action == NextAction.TRANSFER_TO_PATIENT,
        "call_sheet_url": ""
        if is_patient
        else f"{reverse('call-sheet', args=[item.claim_id])}?party={item.party}",
    }


def _is_left_to_patient(item: WorkItem) -> bool:
    """Say whether people may move it: the payer calls it the patient's, or decided nothing."""
    if item.party == _PATIENT or item.balance_cents < 0:
        return False
    return item.group_code in ("PR", "") or item.next_action == NextAction.TRANSFER_TO_PATIENT


def _next_payer_url(item: WorkItem) -> str:
    """Return the page that bills the next payer, where that is the next thing to do."""
    if item.next_action != NextAction.BILL_SECONDARY:
        return ""
    party = next_party(item.party, item.barrier)
    return reverse("secondary-claim", args=[item.claim_id, party]) if party else ""


def _address(name: str, claim: Claim | None = None, item: dict[str, Any] | None = None) -> str:
    """Return the address of another room's page, empty where there is none."""
    try:
        address = reverse(name)
    except NoReverseMatch:
        return ""
    if claim is None:
        return address
    party = f"&party={item['party']}" if item else ""
    return f"{address}?claim={claim.pk}{party}"


def _appeal_address(claim: Claim, item: dict[str, Any] | None) -> str:
    """Return where an appeal begins, or goes on, for a balance that a payer owes."""
    return "" if item is None or item["party"] == _PATIENT else _address("appeal-form", claim, item)


def with_notes(timeline: list[dict[str, Any]], work: WorkDone) -> list[dict[str, Any]]:
    """Return the timeline with each act's note as the page tells it, and its links."""
    shown = []
    for event in timeline:
        index = event.get("activity")
        if index is None:
            shown.append(event)
            continue
        row, keys = work.activities[index], work.keys[index]
        documents = [
            {"pk": pk, **document}
            for pk, document in zip(keys.get("attachment_ids", []), row["attachments"], strict=True)
        ]
        note = {**row, **keys, "title": scenario_title(row), "documents": documents}
        shown.append({**event, "note": note})
    return shown
