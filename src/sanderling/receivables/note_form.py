"""The form that a touch is recorded with: what it asks now, what was typed, what is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.core import signing
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from sanderling.barriers.of_claim import days_between_touches, stored_barriers
from sanderling.claims.models import Claim
from sanderling.core.barriers.words import action_title, barrier_title, deadline_title
from sanderling.core.followup import questions as q
from sanderling.core.followup.notes import Read, default_next_date, read_note
from sanderling.core.followup.paste import parse_pasted
from sanderling.core.followup.questions import Kind, Question
from sanderling.core.followup.scenarios import (
    BY_KEY,
    CHANNELS,
    Scenario,
    asked,
    is_needed,
    suggested,
)
from sanderling.followup.attachments import TYPES
from sanderling.followup.notes import MINUTES_MAX
from sanderling.followup.queries import party_worked_on, payer_of
from sanderling.payers.models import Payer

_CLOCK: Final = "followup.clock"
# A form that lay open longer than this was not worked on all the time.
CREDIBLE_MINUTES: Final = 60
_PARTIES: Final = ("11", "12", "13", "14")
_KEYS: Final = "123456789"


@dataclass(frozen=True, slots=True)
class Touched:
    """What is being touched: a claim's party, and why it is open."""

    claim: Claim
    party: int | None
    barrier: str
    category: str
    deadline: tuple[str, date] | None
    every_days: int | None = None  # by the client's schedule


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form carries, as typed; nothing of it is trusted."""

    scenario: str = ""
    channel: str = ""
    contact: str = ""
    next_text: str = ""
    minutes_text: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    clock: str = ""  # signed: when the work on it began
    form_key: UUID = field(default_factory=uuid4)


def touched(claim: Claim, party_text: str, *, today: date) -> Touched:
    """Return the party that `party_text` names, else the one that owes, with its barrier."""
    rows = {
        row["party"]: row
        for row in stored_barriers(claim.pk, as_of=today, today=today) or []
        if row["balance_cents"] > 0
    }
    party = int(party_text) if party_text in _PARTIES else None
    if party is None:
        party = party_worked_on(claim) or min(rows, default=None)
    row = rows.get(party) if party is not None else None
    if row is None:
        return Touched(claim, party, "", "", None)
    day = row["deadline_date"]
    is_near = isinstance(day, date) and not row["is_deadline_met"]
    title = deadline_title(row["deadline_kind"], row["deadline_level"])
    return Touched(
        *(claim, party, row["barrier"], row["category"], (title, day) if is_near else None),
        every_days=days_between_touches(claim.pk, row["party"]),
    )


def typed(posted: QueryDict) -> Typed:
    """Return what was posted."""
    try:
        form_key = UUID(posted.get("form_key", ""))
    except ValueError:
        form_key = uuid4()
    scenario = BY_KEY.get(posted.get("scenario", ""))
    return Typed(
        scenario=scenario.key if scenario else "",
        channel=posted.get("channel", ""),
        contact=q.clean(posted.get("contact", ""))[: q.TEXT_CHARACTERS_MAX],
        next_text=posted.get("next_date", ""),
        minutes_text=posted.get("minutes", "").strip(),
        texts={name: posted.get(name, "") for one in BY_KEY.values() for name in one.questions},
        clock=posted.get("clock", ""),
        form_key=form_key,
    )


def with_pasted(form: Typed, text: str) -> tuple[Typed, frozenset[str]]:
    """Return the form with what a pasted text says clearly, and which answers came from it.

    What was typed stays. The text itself becomes the remarks where there are none.
    """
    scenario = BY_KEY.get(form.scenario)
    if scenario is None or not text.strip():
        return form, frozenset()
    found = {
        key: value
        for key, value in parse_pasted(text).items()
        if key in scenario.questions and not form.texts.get(key, "").strip()
    }
    kept = q.clean(text, lines=True)[: q.REMARKS_CHARACTERS_MAX]
    remarks = {} if form.texts.get(q.REMARKS.key, "").strip() else {q.REMARKS.key: kept}
    texts = {**form.texts, **found, **remarks}
    return _replaced(form, texts), frozenset({*found, *remarks})


def _replaced(form: Typed, texts: Mapping[str, str]) -> Typed:
    return Typed(
        form.scenario,
        form.channel,
        form.contact,
        form.next_text,
        form.minutes_text,
        texts,
        form.clock,
        form.form_key,
    )


def minutes_of(form: Typed, *, at: datetime) -> tuple[int | None, str]:
    """Return the minutes that were typed, else measured; None: the scenario's. And what is wrong.

    Measured: from the choice of the scenario, rounded up; not when the form lay open too long.
    """
    if form.minutes_text:
        text = form.minutes_text
        if text.isascii() and text.isdigit() and int(text) <= MINUTES_MAX:
            return int(text), ""
        return None, f"must be a whole number up to {MINUTES_MAX}"
    try:
        began = float(signing.loads(form.clock, salt=_CLOCK))
    except (signing.BadSignature, TypeError, ValueError):
        return None, ""
    minutes = max(1, math.ceil((at.timestamp() - began) / 60))
    return (minutes, "") if minutes <= CREDIBLE_MINUTES else (None, "")


def form_context(
    about: Touched,
    form: Typed,
    *,
    at: datetime,
    faults: Mapping[str, str] | None = None,
    pasted: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Return what the form's template shows."""
    scenario = BY_KEY.get(form.scenario)
    choices = suggested(about.barrier)
    context: dict[str, Any] = {
        "rare_count": len(choices) - len(_KEYS),
        "chosen_is_rare": scenario in choices[len(_KEYS) :],
        "claim": about.claim,
        "party": about.party,
        "barrier_text": barrier_title(about.barrier) if about.barrier else "",
        "scenarios": [
            {
                "key": one.key,
                "title": one.title,
                "digit": _KEYS[place] if place < len(_KEYS) else "",
                "is_chosen": one is scenario,
                "url": note_url(about.claim.pk, about.party, one.key),
            }
            for place, one in enumerate(choices)
        ],
        "note_url": note_url(about.claim.pk, about.party),
        "form_key": form.form_key,
        "faults": faults or {},
        "scenario": scenario,
    }
    if scenario is None:
        return context
    channel = form.channel if form.channel in CHANNELS else scenario.channel
    read = read_note(
        scenario, channel=channel, texts=form.texts, next_text=form.next_text, today=at.date(),
        every_days=about.every_days,
    )  # fmt: skip
    payer = payer_of(about.claim, about.party)
    contact = form.contact or _contact(payer, channel)
    return context | {
        "channel": channel,
        "channels": CHANNELS.items(),
        "contact": contact,
        "fields": _fields(scenario, form, channel, read, faults or {}, pasted),
        "next_action_text": action_title(read.result.next_action),
        "next_text": form.next_text,
        "next_default": default_next_date(
            read.result, read.answers, today=at.date(), every_days=about.every_days
        ),
        "minutes_text": form.minutes_text,
        "minutes_default": scenario.minutes,
        "clock": form.clock or signing.dumps(at.timestamp(), salt=_CLOCK),
        "takes": ",".join(f".{ending}" for ending in TYPES),
        "asks_payer": channel != "internal",
    }


def note_url(claim_id: int, party: int | None, scenario: str = "") -> str:
    """Return the address of the form."""
    asked_for = [f"party={party}" if party else "", f"scenario={scenario}" if scenario else ""]
    query = "&".join(filter(None, asked_for))
    return reverse("note-form", args=[claim_id]) + (f"?{query}" if query else "")


def asked_in(request: HttpRequest) -> Typed:
    """Return the empty form that an address asks for."""
    scenario = BY_KEY.get(request.GET.get("scenario", ""))
    return Typed(
        scenario=scenario.key if scenario else "",
        texts={"result": request.GET.get("result", "")},
    )


def _contact(payer: Payer | None, channel: str) -> str:
    if payer is None:
        return ""
    return {"call": payer.phone, "portal": payer.portal_url}.get(channel, "")


def _fields(
    scenario: Scenario,
    form: Typed,
    channel: str,
    read: Read,
    faults: Mapping[str, str],
    pasted: frozenset[str],
) -> list[dict[str, Any]]:
    result = str(read.answers.get("result", ""))
    asks = [(ask.question, is_needed(ask, channel)) for ask in asked(scenario, result)]
    if scenario.chooser is not None:
        asks.insert(0, (scenario.chooser, True))
    # A date typed as +7 is shown beside its field as the day that it means.
    fields = []
    for question, is_required in asks:
        answer = read.answers.get(question.key)
        fields.append(
            {
                "key": question.key,
                "label": question.label,
                "kind": question.kind.value,
                "choices": question.choices,
                "hint": question.hint or _hint(question),
                "value": form.texts.get(question.key, ""),
                "means": answer.isoformat() if isinstance(answer, date) else "",
                "is_needed": is_required,
                "is_pasted": question.key in pasted,
                "fault": faults.get(question.key, ""),
            }
        )
    return fields


def _hint(question: Question) -> str:
    return {
        Kind.PAST_DAY: "3/5, 2d, yesterday",
        Kind.COMING_DAY: "+7, 2w, mon, 3/5",
        Kind.MONEY: "1,234.56",
    }.get(question.kind, "")
