"""Reasons of a rank in the words of a biller."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sanderling.core.barriers.words import action_title, deadline_title
from sanderling.core.service_levels import KIND_WORDS


def sentence(reason: Sequence[Any], *, payer: str = "") -> str:
    """Return one reason, [key, {parameters}], as a sentence; `payer`: its name, if it is known.

    A key that is not known (a newer engine) is shown as it is, with blanks for underscores.
    """
    key, values = str(reason[0]), dict(reason[1]) if len(reason) > 1 else {}
    make = _SENTENCES.get(key)
    if make is None:
        return key.replace("_", " ").capitalize()
    return make(values, payer or "The payer")


def sentences(reasons: Sequence[Sequence[Any]], *, payer: str = "") -> list[str]:
    """Return all reasons of an item as sentences."""
    return [sentence(reason, payer=payer) for reason in reasons]


def money(cents: int) -> str:
    """Return an amount as people say it: $1,240, below ten dollars with cents."""
    return f"${cents / 100:,.2f}" if abs(cents) < 1000 else f"${round(cents / 100):,}"  # noqa: PLR2004


def day(text: str) -> str:
    """Return 2026-12-09 as 9 Dec 2026."""
    found = date.fromisoformat(text)
    return f"{found.day} {found:%b %Y}"


def _in_days(days: int) -> str:
    return "today" if days == 0 else "tomorrow" if days == 1 else f"in {days} days"


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _deadline(v: Mapping[str, Any], _: str) -> str:
    kind = deadline_title(v["kind"])
    if v["days"] == 0:
        return f"{kind} deadline today; if missed {money(v['lost_cents'])} is gone"
    return f"{kind} deadline {_in_days(v['days'])}; if missed {money(v['lost_cents'])} is gone"


def _past(v: Mapping[str, Any], _: str) -> str:
    kind = deadline_title(v["kind"])
    return f"{kind} deadline passed {_plural(v['days'], 'day')} ago: little can be won any more"


def _not_yet(v: Mapping[str, Any], payer: str) -> str:
    return (
        f"{payer} usually answers such claims by day {v['usual_day']}; it is day {v['day']}:"
        f" not worth a touch before {day(v['date'])}"
    )


def _touched(v: Mapping[str, Any], _: str) -> str:
    since = "today" if v["days"] == 0 else f"{_plural(v['days'], 'day')} ago"
    return f"Worked {since}: not worth another touch before {day(v['date'])}"


def _silent(v: Mapping[str, Any], payer: str) -> str:
    return (
        f"{payer} usually answers by day {v['usual_day']}; it is day {v['day']}:"
        f" {v['percent']} of 100 such claims get no answer without a touch"
    )


def _worth(v: Mapping[str, Any], _: str) -> str:
    return (
        f"{action_title(v['action'])}: about {v['percent']}% of the {money(v['expected_cents'])}"
        f" expected comes in; {money(v['cents'])} is lost if nobody gets to it again"
    )


def _decay(v: Mapping[str, Any], _: str) -> str:
    return f"Chances fall with age ({_plural(v['age_days'], 'day')}): {money(v['cents'])} by the next chance"  # noqa: E501


def _delay(v: Mapping[str, Any], _: str) -> str:
    return f"Later money is worth less: {money(v['cents'])} by the next chance"


def _repeats(v: Mapping[str, Any], _: str) -> str:
    return f"{_plural(v['touches'], 'touch') if v['touches'] == 1 else str(v['touches']) + ' touches'} without result"  # noqa: E501


def _same_call(v: Mapping[str, Any], _: str) -> str:
    return (
        f"Same call covers {v['more']} more {'claim' if v['more'] == 1 else 'claims'}:"
        f" {v['minutes']} instead of {v['alone_minutes']} minutes"
    )


def _sequel(v: Mapping[str, Any], _: str) -> str:
    return f"What it brings will take about {_plural(v['minutes'], 'minute')} more, which count too"


def _schedule(v: Mapping[str, Any], _: str) -> str:
    lifted = {
        "tenth": "; comes among the first tenth",
        "quarter": "; comes among the first quarter",
    }
    return (
        f"The client's schedule: every {_plural(v['days'], 'day')}, next on {day(v['date'])}"
        f"{lifted.get(v['floor'], '')}"
    )


def _service(v: Mapping[str, Any], _: str) -> str:
    what = KIND_WORDS.get(v["kind"], v["kind"].replace("_", " "))
    when = f"due {day(v['date'])}" if v["days"] >= 0 else f"late since {day(v['date'])}"
    return f"Agreed with the client and at risk: {what[:1].lower()}{what[1:]}, {when}; ranks higher"


_SENTENCES: Final[Mapping[str, Callable[[Mapping[str, Any], str], str]]] = {
    "past_deadline": _past,
    "deadline": _deadline,
    "not_yet": _not_yet,
    "touched": _touched,
    "silent": _silent,
    "worth": _worth,
    "decay": _decay,
    "delay": _delay,
    "repeats": _repeats,
    "refused": lambda _v, payer: f"{payer} has refused a try: another one wins less often",
    "same_call": _same_call,
    "sequel": _sequel,
    "flagged": lambda _v, _p: "The client flagged it",
    "high_dollar": lambda _v, _p: "High balance",
    "key_client": lambda _v, _p: "Key client",
    "schedule": _schedule,
    "service": _service,
    "refund": lambda _v, _p: "Credit balance: brings nothing in, but must be settled",
    "nothing": lambda _v, _p: "No money is expected from a touch now",
    "rule": lambda v, _p: str(v.get("words", "")),
}
