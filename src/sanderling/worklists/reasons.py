"""Why an item ranks where it does: the first reason in a few words, all of them as sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sanderling.core.priority.words import money, sentences

_CHIPS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "past_deadline": lambda _: "deadline passed",
    "deadline": lambda v: f"deadline in {v['days']} d" if v["days"] else "deadline today",
    "not_yet": lambda _: "answer not due yet",
    "touched": lambda _: "worked lately",
    "silent": lambda _: "overdue answer",
    "worth": lambda v: f"{money(v['expected_cents'])} expected",
    "decay": lambda _: "chances fall",
    "delay": lambda _: "later money is worth less",
    "repeats": lambda v: f"{v['touches']} touches in vain",
    "refused": lambda _: "refused before",
    "same_call": lambda v: f"same call: {v['more']} more",
    "sequel": lambda v: f"{v['minutes']} min to follow",
    "flagged": lambda _: "flagged by client",
    "high_dollar": lambda _: "high balance",
    "key_client": lambda _: "key client",
    "service": lambda v: "service level late" if v["days"] < 0 else "service level at risk",
    "refund": lambda _: "to be settled",
    "nothing": lambda _: "nothing to win now",
}


def reason_chip(reasons: Any) -> str:  # noqa: ANN401 - as kept in the row
    """Return the first reason in a few words, empty without one."""
    if not isinstance(reasons, list) or not reasons:
        return ""
    key, values = str(reasons[0][0]), dict(reasons[0][1]) if len(reasons[0]) > 1 else {}
    short = _CHIPS.get(key)
    return short(values) if short else key.replace("_", " ")


def reason_sentences(reasons: Any, *, payer: str) -> list[str]:  # noqa: ANN401 - as above
    """Return all reasons as sentences; `payer`: its name, if it is known."""
    return sentences(reasons, payer=payer) if isinstance(reasons, list) else []
