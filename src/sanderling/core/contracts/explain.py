"""The price of each line of a claim, step by step in words: the same engine, watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from sanderling.core.contracts.frames import References
from sanderling.core.contracts.line_factors import FACTOR_STEPS
from sanderling.core.contracts.price import Trace, price
from sanderling.core.contracts.terms import Terms

_STAY_METHODS = frozenset(("case_rate", "drg", "per_diem", "stop_loss"))


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is, in words, what it changed, and the price after it."""

    name: str  # one of terms.STEPS, or `stay`
    words: str
    change_cents: int
    cents: int


@dataclass(frozen=True, slots=True)
class LineExplanation:
    """One line: its price (a row of frames.PRICED) and how it came about.

    The changes of the steps add up to `expected_cents`. An unpriced line has no steps.
    """

    line_id: int
    expected_cents: int | None
    rate_cents: int | None
    method: str
    term: str
    rank: int | None
    confidence: str
    flags: tuple[str, ...]
    steps: tuple[Step, ...]


def explain_claim(
    lines: pl.DataFrame,
    rates: pl.DataFrame,
    terms: Mapping[int, Terms],
    references: References | None = None,
) -> list[LineExplanation]:
    """Return each line of a claim (frames.LINES) with its steps, in the order of the lines."""
    trace = Trace()
    priced = price(lines, rates, terms, references, trace)
    words = {row["key"]: row for row in trace.keys.to_dicts()} if len(trace.keys) else {}
    amounts: dict[int, list[tuple[str, int | None]]] = {}
    for name, frame in trace.steps:  # in the order of each line's own contract
        for row, amount in frame.select("row", "amount").iter_rows():
            amounts.setdefault(row, []).append((name, amount))
    explained = []
    worked = trace.lines.sort("row").to_dicts()
    for answer, line in zip(priced.to_dicts(), worked, strict=True):
        key = words.get(line["key"], {})
        notes = trace.stays.get(line["claim_id"], [])
        explained.append(_explained(answer, line, key, amounts[line["row"]], notes))
    return explained


def _explained(
    answer: dict[str, Any],
    line: dict[str, Any],
    key: dict[str, Any],
    amounts: list[tuple[str, int | None]],
    notes: list[tuple[str, int]],
) -> LineExplanation:
    steps: tuple[Step, ...] = ()
    expected = answer["expected_cents"]
    if expected is not None and _is_of_stay(line, notes):
        steps = _of_stay(expected, notes)
    elif expected is not None:
        steps = _of_line(line, key, amounts)
    return LineExplanation(
        line_id=answer["line_id"],
        expected_cents=expected,
        rate_cents=answer["rate_cents"],
        method=answer["method"],
        term=answer["term"],
        rank=answer["rank"],
        confidence=answer["confidence"],
        flags=tuple(flag for flag in answer["flags"].split(":") if flag),
        steps=steps,
    )


def _is_of_stay(line: dict[str, Any], notes: list[tuple[str, int]]) -> bool:
    of_stay = line["method"] in _STAY_METHODS or "outlier" in line["term"]
    return bool(notes) and of_stay


def _of_stay(expected: int, notes: list[tuple[str, int]]) -> tuple[Step, ...]:
    told = "; ".join(f"{words} ({cents / 100:,.2f})" for words, cents in notes)
    return (Step("stay", f"{told}; this line's share by its charge", expected, expected),)


def _of_line(
    line: dict[str, Any], key: dict[str, Any], amounts: list[tuple[str, int | None]]
) -> tuple[Step, ...]:
    steps: list[Step] = []
    before = 0
    for name, amount in amounts:
        after = amount or 0
        words = _words(name, line, key, is_changed=after != before)
        if words:
            steps.append(Step(name, words, after - before, after))
            before = after
    return tuple(steps)


def _words(name: str, line: dict[str, Any], key: dict[str, Any], *, is_changed: bool) -> str:
    """Return what a step did, in words; "" when it did nothing."""
    if name == "rate":
        return _base_words(line, key)
    if line["is_fixed"]:
        return ""
    if name in FACTOR_STEPS:
        told = key.get("factor_words") or []
        return str(told[FACTOR_STEPS.index(name)]) if told else ""
    if name == "multiple_procedure":
        units = line["scaled_units"] / 10_000
        default = f"{units:g} units" if is_changed else ""
        return str(line["later_words"] or default)
    if name == "units":
        return f"{line['scaled_units'] / 10_000:g} units" if is_changed else ""
    return "limited to the charge" if is_changed else ""


def _base_words(line: dict[str, Any], key: dict[str, Any]) -> str:
    charge = f"{line['charge_cents'] / 100:,.2f}"
    if line["method"] == "percent_of_charge":
        return f"{key['term']} of {charge}".replace("charge of", "the charge of")
    if line["method"] in ("carve_out", "capitation", "not_covered"):
        return str(line["term"])
    detail = key.get("detail") or ""
    return f"{line['term']}: {detail}" if detail else str(line["term"])
