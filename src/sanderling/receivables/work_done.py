"""What people did about a claim, for its answer and its page: acts, notes, promises, steps."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sanderling.core.followup.ladder import level_title
from sanderling.core.followup.scenarios import BY_KEY
from sanderling.core.ledger.accounts import PARTY_NAMES
from sanderling.followup.models import (
    Activity,
    Attachment,
    Channel,
    Escalation,
    Note,
    Promise,
    PromiseOutcome,
    PromiseState,
    Withdrawal,
)
from sanderling.receivables.on_hand import (
    ACTIVITIES,
    BULK_CHANGES,
    ESCALATIONS,
    NOTES,
    PROMISES,
    SKIPS,
    WITHDRAWALS,
    OnHand,
    on_hand,
)
from sanderling.worklists.acts_done import marks_of_claim

_WAYS: Final[dict[str, str]] = {
    Channel.CALL: " by phone",
    Channel.PORTAL: " in the portal",
    Channel.ELECTRONIC: " electronically",
    Channel.FAX: " by fax",
    Channel.MAIL: " by mail",
    Channel.INTERNAL: "",
}
_NO_NOTE: Final[dict[str, Any]] = {
    "scenario": "",
    "disposition": "",
    "next_action": "",
    "representative": "",
    "contact": "",
    "answers": {},
    "minutes": None,
    "is_avoidable": None,
    "addenda": [],
    "attachments": [],
}
_PARTIES: Final = {int(party): name for party, name in PARTY_NAMES.items()}


@dataclass(frozen=True, slots=True)
class WorkDone:
    """The work on a claim until a day; each list in the order in which it was done."""

    activities: list[dict[str, Any]]
    promises: list[dict[str, Any]]
    escalations: list[dict[str, Any]]
    events: list[dict[str, Any]]  # for the timeline: date, event, text, amount_cents, activity
    keys: list[dict[str, Any]]  # beside each activity: the database keys that a page links with


def work_done(
    claim_id: int, *, as_of: date, sees_notes: bool = True, there: OnHand | None = None
) -> WorkDone:
    """Return what was done until the end of `as_of`.

    `there`: what `on_hand` said of the claim, for who has asked already. `sees_notes`: without it,
    only that something was done, when, and what came of it: what people wrote, whom they spoke to,
    promises and escalations stay in the house.
    """
    there = on_hand(claim_id) if there is None else there
    found = list(
        Activity.objects.filter(claim_id=claim_id, activity_date__lte=as_of).order_by(
            "activity_date", "pk"
        )
        if ACTIVITIES in there
        else ()
    )
    if not found and not sees_notes:
        return WorkDone([], [], [], [], [])
    withdrawn = {
        one.activity_id: one
        for one in (
            Withdrawal.objects.filter(claim_id=claim_id, recorded_at__date__lte=as_of)
            if WITHDRAWALS in there
            else ()
        )
    }
    notes = _Notes(claim_id, as_of, there) if sees_notes else None
    activities, keys, events = [], [], []
    for index, activity in enumerate(found):
        row = _activity(activity, notes, withdrawn.get(activity.pk), sees_notes=sees_notes)
        activities.append(row)
        keys.append(notes.keys(activity) if notes else {"activity_id": activity.pk})
        events.append(
            {
                "date": activity.activity_date,
                "event": "followed up",
                "text": _activity_text(row),
                "amount_cents": None,
                "activity": index,
            }
        )
    promises = _promises(claim_id, as_of) if sees_notes and PROMISES in there else []
    escalations = _escalations(claim_id, as_of) if sees_notes and ESCALATIONS in there else []
    events += _promise_events(promises) + _escalation_events(escalations)
    if sees_notes and not there.isdisjoint({BULK_CHANGES, SKIPS}):
        events += [_event(day, "organized", text) for day, text in marks_of_claim(claim_id, as_of)]
    return WorkDone(activities, promises, escalations, events, keys)


class _Notes:
    """The notes of a claim with their addenda and documents, by activity."""

    def __init__(self, claim_id: int, as_of: date, there: OnHand) -> None:
        notes = list(
            Note.objects.filter(claim_id=claim_id, recorded_at__date__lte=as_of).order_by("pk")
            if NOTES in there
            else ()
        )
        self._of = {note.activity_id: note for note in notes if note.activity_id}
        self._addenda: defaultdict[int, list[Note]] = defaultdict(list)
        self._documents: defaultdict[int, list[Attachment]] = defaultdict(list)
        for note in notes:
            if note.addendum_of_id:
                self._addenda[note.addendum_of_id].append(note)
        if notes:
            for document in Attachment.objects.filter(claim_id=claim_id).order_by("pk"):
                self._documents[document.note_id].append(document)

    def facts(self, activity: Activity) -> dict[str, Any]:
        """Return what the note says beside the activity."""
        note = self._of.get(activity.pk)
        if note is None:
            return _NO_NOTE
        return {
            "scenario": note.scenario,
            "disposition": note.disposition,
            "next_action": note.next_action,
            "representative": note.representative,
            "contact": note.contact,
            "answers": note.answers,
            "minutes": note.minutes,
            "is_avoidable": note.is_avoidable,
            "addenda": [
                {
                    "date": one.recorded_at.date(),
                    "user": one.user_name,
                    "text": one.narrative,
                }
                for one in self._addenda[note.pk]
            ],
            "attachments": [
                {"name": one.name, "size_bytes": one.size_bytes, "sha256": one.sha256}
                for one in self._documents[note.pk]
            ],
        }

    def keys(self, activity: Activity) -> dict[str, Any]:
        """Return the database keys of the note and its documents."""
        note = self._of.get(activity.pk)
        return {
            "activity_id": activity.pk,
            "note_id": note.pk if note else None,
            "attachment_ids": [one.pk for one in self._documents[note.pk]] if note else [],
        }


def _activity(
    activity: Activity,
    notes: _Notes | None,
    withdrawal: Withdrawal | None,
    *,
    sees_notes: bool,
) -> dict[str, Any]:
    """Return an activity under the names of the columns of `sanderling activities import`."""
    return {
        "date": activity.activity_date,
        "user": activity.user_name if sees_notes else "",
        "channel": activity.channel,
        "action": activity.action,
        "outcome": activity.outcome,
        "reference": activity.reference if sees_notes else "",
        "next_date": activity.next_date,
        "note": activity.note if sees_notes else "",
        "source": activity.source,
        **(notes.facts(activity) if notes else _NO_NOTE),
        "withdrawn": None
        if withdrawal is None
        else {
            "date": withdrawal.recorded_at.date(),
            "user": withdrawal.user_name if sees_notes else "",
            "reason": withdrawal.reason if sees_notes else "",
        },
    }


def _activity_text(row: dict[str, Any]) -> str:
    """Return "Appeal by fax: sent (R17), by Ann Lee, next 2026-04-01. Note"."""
    reference = f" ({row['reference']})" if row["reference"] else ""
    by = f", by {row['user']}" if row["user"] else ""
    look = f", next {row['next_date'].isoformat()}" if row["next_date"] else ""
    said = f"{row['action']}{_WAYS[row['channel']]}: {row['outcome']}"
    said = said.replace("_", " ").capitalize()
    note = f". {row['note']}" if row["note"] else ""
    back = row["withdrawn"]
    taken = f" (taken back {back['date'].isoformat()})" if back else ""
    return f"{said}{reference}{by}{look}{taken}{note}"


def scenario_title(row: dict[str, Any]) -> str:
    """Return what the scenario of an activity's note is called, empty without a note."""
    scenario = BY_KEY.get(row["scenario"])
    return scenario.title if scenario else row["scenario"].replace("_", " ").capitalize()


def _promises(claim_id: int, as_of: date) -> list[dict[str, Any]]:
    found = list(
        Promise.objects.filter(claim_id=claim_id, made_date__lte=as_of)
        .exclude(activity__withdrawal__recorded_at__date__lte=as_of)
        .order_by("pk")
    )
    ends = {
        one.promise_id: one
        for one in PromiseOutcome.objects.filter(
            promise_id__in=[one.pk for one in found], decided_date__lte=as_of
        )
    }
    return [
        {
            "party": _PARTIES.get(one.party, ""),
            "made_date": one.made_date,
            "promised_date": one.promised_date,
            "amount_cents": one.amount_cents,
            "state": end.state if (end := ends.get(one.pk)) else PromiseState.OPEN.value,
            "decided_date": end.decided_date if end else None,
            "paid_cents": end.paid_cents if end else None,
        }
        for one in found
    ]


def _promise_events(promises: list[dict[str, Any]]) -> list[dict[str, Any]]:
    events = []
    for one in promises:
        day = one["promised_date"].isoformat()
        events.append(
            _event(one["made_date"], "promised", f"Promised by {day}", one["amount_cents"])
        )
        if one["state"] in (PromiseState.KEPT, PromiseState.BROKEN):
            text = (
                f"Promise of {day} kept"
                if one["state"] == PromiseState.KEPT
                else f"Promise of {day} broken"
            )
            name = f"promise {one['state']}"
            events.append(_event(one["decided_date"], name, text, one["paid_cents"]))
    return events


def _escalations(claim_id: int, as_of: date) -> list[dict[str, Any]]:
    found = Escalation.objects.select_related("to_user").filter(
        claim_id=claim_id, recorded_at__date__lte=as_of
    )
    return [
        {
            "date": one.recorded_at.date(),
            "party": _PARTIES.get(one.party, ""),
            "level_before": one.level_before,
            "level": one.level,
            "reason": one.reason,
            "contact": one.contact,
            "reference": one.reference,
            "due_date": one.due_date,
            "to": one.to_user.name if one.to_user else "",
            "user": one.user_name,
        }
        for one in found.order_by("pk")
    ]


def _escalation_events(escalations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    events = []
    for one in escalations:
        is_up = one["level"] > one["level_before"]
        by = f", by {one['user']}" if one["user"] else ""
        due = f", answer due {one['due_date'].isoformat()}" if one["due_date"] else ""
        said = "Escalated" if is_up else "De-escalated"
        text = f"{said} to {level_title(one['level'])}{by}{due}. {one['reason']}"
        events.append(_event(one["date"], "escalated" if is_up else "de-escalated", text))
    return events


def _event(day: date, name: str, text: str, amount_cents: int | None = None) -> dict[str, Any]:
    return {"date": day, "event": name, "text": text, "amount_cents": amount_cents}
