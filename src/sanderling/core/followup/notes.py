"""From answers to a note: what is wrong with them, the day of the next look, the narrative."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from sanderling.core.barriers.words import action_title
from sanderling.core.followup import questions as q
from sanderling.core.followup.days import read_day, working_day
from sanderling.core.followup.questions import Answer, BadAnswer, read_answer, told
from sanderling.core.followup.scenarios import CHANNELS, Result, Scenario, asked, is_needed

AHEAD_DAYS_MAX: Final = 366
# How long after the promised day a payment may still be on its way when the next look is planned.
LOOK_AFTER_PROMISE_DAYS: Final = 3
# In the head of the narrative, not among its answers.
_HEAD: Final = (q.REPRESENTATIVE.key, q.REFERENCE.key)
_ORDERED: Final = (
    (q.RECEIVED.key, q.PROCESSED.key),
    (q.RECEIVED.key, q.PAID.key),
    (q.PAID.key, q.CASHED.key),
)


@dataclass(frozen=True, slots=True)
class About:
    """What a narrative tells of the claim, beside the answers."""

    payer_name: str = ""
    contact: str = ""  # phone or address that was used
    service_date: date | None = None
    charge_cents: int = 0
    open_cents: int = 0
    deadline: str = ""  # "Timely filing"
    deadline_date: date | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A note's form as understood: `faults` by field, in words that go behind its label."""

    scenario: Scenario
    result: Result
    channel: str
    answers: Mapping[str, Answer]
    next_date: date | None
    faults: Mapping[str, str] = field(default_factory=dict)


def read_note(
    scenario: Scenario,
    *,
    channel: str,
    texts: Mapping[str, str],
    next_text: str,
    today: date,
    every_days: int | None = None,
) -> Read:
    """Return what the texts of a form mean; what cannot be read is among the faults.

    `next_text`: the next look; empty for the default of the scenario, by the client's schedule
    (every_days) at the latest. Texts of questions that the
    scenario does not ask are left out.
    """
    faults: dict[str, str] = {}
    answers: dict[str, Answer] = {}
    key = _result_key(scenario, texts, faults, answers, today=today)
    result = scenario.results.get(key) or next(iter(scenario.results.values()))
    if channel not in CHANNELS:
        faults["channel"] = "is none of the channels; choose one"
    for ask in asked(scenario, key):
        name = ask.question.key
        try:
            answer = read_answer(ask.question, texts.get(name, ""), today=today)
        except BadAnswer as error:
            faults[name] = str(error)
            continue
        if answer is not None:
            answers[name] = answer
        elif is_needed(ask, channel):
            faults[name] = "is needed here"
    for before, after in _ORDERED:
        first, then = answers.get(before), answers.get(after)
        if isinstance(first, date) and isinstance(then, date) and then < first:
            faults[after] = f"is before {first.isoformat()}; one of the two is wrong"
    next_date = _next_date(result, answers, next_text, faults, today=today, every_days=every_days)
    return Read(scenario, result, channel, answers, next_date, faults)


def _result_key(
    scenario: Scenario,
    texts: Mapping[str, str],
    faults: dict[str, str],
    answers: dict[str, Answer],
    *,
    today: date,
) -> str:
    if scenario.chooser is None:
        return ""
    try:
        chosen = read_answer(scenario.chooser, texts.get(scenario.chooser.key, ""), today=today)
    except BadAnswer as error:
        faults[scenario.chooser.key] = str(error)
        return ""
    if chosen is None:
        faults[scenario.chooser.key] = "is needed here"
        return ""
    answers[scenario.chooser.key] = chosen
    return str(chosen)


def _next_date(
    result: Result,
    answers: Mapping[str, Answer],
    text: str,
    faults: dict[str, str],
    *,
    today: date,
    every_days: int | None,
) -> date | None:
    if not text.strip():
        return default_next_date(result, answers, today=today, every_days=every_days)
    day = read_day(text, today=today)
    if day is None:
        faults["next_date"] = "must be a day like +7, 2w, mon or 2026-03-05"
    elif not today <= day <= today + timedelta(days=AHEAD_DAYS_MAX):
        faults["next_date"] = f"must be from today to {AHEAD_DAYS_MAX} days ahead"
        day = None
    return day


def default_next_date(
    result: Result,
    answers: Mapping[str, Answer],
    *,
    today: date,
    every_days: int | None = None,
) -> date | None:
    """Return when to look next: after a promised day, else the result's days; on a working day.

    `every_days`: by the schedule agreed with the client, a look comes at least that often.
    """
    if result.days is None:
        return None
    promised = answers.get(q.PROMISED.key)
    if isinstance(promised, date):
        day = promised + timedelta(days=LOOK_AFTER_PROMISE_DAYS)
        return min(working_day(day), today + timedelta(days=AHEAD_DAYS_MAX))
    days = result.days if every_days is None else min(result.days, every_days)
    return working_day(today + timedelta(days=days))


def narrative(read: Read, about: About, *, at: datetime, by: str) -> str:
    """Return the note's text: every answer in its own words, never more than is known.

    Source: DOMAIN 9.4, template.
    """
    if read.scenario.key == "note":
        return str(read.answers.get(q.REMARKS.key, ""))
    parts = [_head(read, about, at=at), _claim(about)]
    parts.append(f"Status: {'; '.join([read.result.status, *_said(read)])}.")
    if read.next_date is not None:
        owner = f" by {by}" if by else ""
        title = action_title(read.result.next_action)
        parts.append(
            f"Next: {title[:1].lower()}{title[1:]} on {read.next_date.isoformat()}{owner}."
        )
    if about.deadline_date is not None:
        left = (about.deadline_date - at.date()).days
        days = f"{left} d left" if left >= 0 else f"{-left} d over"
        parts.append(f"{about.deadline}: {about.deadline_date.isoformat()}, {days}.")
    text = " ".join(part for part in parts if part)
    remarks = read.answers.get(q.REMARKS.key)
    return f"{text}\n{remarks}" if remarks else text


def _head(read: Read, about: About, *, at: datetime) -> str:
    parts = [f"[{CHANNELS.get(read.channel, read.channel)} {at:%Y-%m-%d %H:%M} UTC]"]
    parts += [part for part in (about.payer_name, about.contact) if part]
    asked_of = read.scenario.questions
    parts += [
        asked_of[key].sentence.format(told(asked_of[key], read.answers[key]))
        for key in _HEAD
        if key in read.answers
    ]
    return f"{' '.join(parts)}."


def _claim(about: About) -> str:
    parts = []
    if about.service_date is not None:
        parts.append(f"DOS {about.service_date.isoformat()}")
    if about.charge_cents:
        parts.append(f"billed {_dollars(about.charge_cents)}")
    if about.open_cents:
        parts.append(f"open {_dollars(about.open_cents)}")
    return f"{', '.join(parts)}." if parts else ""


def _said(read: Read) -> list[str]:
    chooser = read.scenario.chooser
    skipped = {*_HEAD, q.REMARKS.key}
    texts = []
    for key, question in read.scenario.questions.items():
        if key in skipped or key not in read.answers:
            continue
        text = question.sentence.format(told(question, read.answers[key]))
        if chooser is None or key != chooser.key or text not in read.result.status:
            texts.append(text)
    return texts


def _dollars(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"
