"""Prices of professional claims, line by line in exact fractions: slow and plain.

Written from DOMAIN 6.3 beside the engine, sharing nothing with it but the terms: fee schedule with
modifiers and dates, both sides, assistants, provider class, percentages, surgery, units, limits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sanderling.core.contracts.terms import SURGERY_STEPS, Terms

_ASSISTANTS = ("80", "81", "82", "AS")


def slow_prices(
    lines: list[dict[str, Any]], rates: list[dict[str, Any]], terms: Mapping[int, Terms]
) -> list[int | None]:
    """Return the expected cents of each line."""
    amounts: list[Fraction | None] = []
    own: list[str] = []
    for line in lines:
        base, modifier = _base(line, rates, terms[line["contract_id"]])
        amounts.append(base)
        own.append(modifier)
    for contract_id, said in terms.items():
        of_contract = [n for n, line in enumerate(lines) if line["contract_id"] == contract_id]
        _steps(said, lines, amounts, own, of_contract)
    return [None if amount is None else math.floor(amount + Fraction(1, 2)) for amount in amounts]


def _base(
    line: dict[str, Any], rates: list[dict[str, Any]], said: Terms
) -> tuple[Fraction | None, str]:
    if line["procedure"] in said.capitation:
        return Fraction(0), ""
    fitting = [rate for rate in rates if _fits(rate, line)]
    if fitting:
        best = max(fitting, key=_specific)
        cents = Fraction(best["allowed_cents"])
        for escalator in said.escalators:
            since = best["from_date"]
            if escalator.date <= line["service_date"] and (since is None or since < escalator.date):
                cents *= 1 + Fraction(escalator.rate)
        return Fraction(math.floor(cents + Fraction(1, 2))), best["modifier"]
    if said.percent_of_charge is not None:
        return line["charge_cents"] * Fraction(said.percent_of_charge), "%"
    return None, ""


def _fits(rate: dict[str, Any], line: dict[str, Any]) -> bool:
    return (
        rate["contract_id"] == line["contract_id"]
        and rate["code"] == line["procedure"]
        and (not rate["modifier"] or rate["modifier"] in line["modifiers"].split(":"))
        and rate["place_of_service"] in ("", line["place_of_service"])
        and (rate["from_date"] is None or rate["from_date"] <= line["service_date"])
        and (rate["to_date"] is None or line["service_date"] <= rate["to_date"])
    )


def _specific(rate: dict[str, Any]) -> tuple[bool, bool, int, int]:
    since = rate["from_date"].toordinal() if rate["from_date"] else 0
    is_own = bool(rate["modifier"]), bool(rate["place_of_service"])
    return (*is_own, since, rate["allowed_cents"])


def _steps(
    said: Terms,
    lines: list[dict[str, Any]],
    amounts: list[Fraction | None],
    own: list[str],
    places: list[int],
) -> None:
    order = said.order or ("bilateral", "co_surgeon", "assistant", "np_pa", "multiple_procedure",
                           "units", "lesser_of_charge")  # fmt: skip
    for step in order:
        if step == "multiple_procedure":
            _rank(said, lines, amounts, places)
        for n in places:
            amount, line = amounts[n], lines[n]
            if amount is None or line["procedure"] in said.capitation:
                continue
            amounts[n] = _step(step, said, line, amount, own[n])
        if step == "lesser_of_charge" and said.lesser_of == "claim":
            _limit_claims(said, lines, amounts, places)


def _step(step: str, said: Terms, line: dict[str, Any], amount: Fraction, own: str) -> Fraction:
    modifiers = [m for m in line["modifiers"].split(":") if m != own]
    factors = {
        "bilateral": _both_sides(said) if "50" in modifiers and own != "%" else 1,
        "co_surgeon": Fraction(said.co_surgeon or "0.625") if "62" in modifiers else 1,
        "assistant": _assistant(said, modifiers),
        "np_pa": _who(said, line, modifiers),
        "units": Fraction(str(line["units"])) if own != "%" else 1,
    }
    if step == "lesser_of_charge" and said.lesser_of == "line":
        return min(amount, Fraction(line["charge_cents"]))
    return amount * factors.get(step, 1)


def _both_sides(said: Terms) -> Fraction:
    return Fraction(said.bilateral or "1.5")


def _who(said: Terms, line: dict[str, Any], modifiers: list[str]) -> Fraction:
    is_mid_level = line["provider_class"] in ("np", "pa") and "AS" not in modifiers
    return Fraction(said.np_pa or "0.85") if is_mid_level else Fraction(1)


def _assistant(said: Terms, modifiers: list[str]) -> Fraction:
    factor = Fraction(1)
    for modifier in modifiers:
        if modifier in _ASSISTANTS:
            factor *= Fraction(said.assistant or "0.16")
            if modifier == "AS":
                factor *= Fraction(said.np_pa or "0.85")
    return factor


def _rank(
    said: Terms, lines: list[dict[str, Any]], amounts: list[Fraction | None], places: list[int]
) -> None:
    rule = said.multiple_procedure
    if rule is None:
        return
    days: dict[Any, list[int]] = {}
    for n in places:
        line = lines[n]
        is_ranked = line["procedure"] in rule.codes and line["procedure"] not in said.capitation
        if amounts[n] is not None and is_ranked and line["procedure"] not in rule.exempt:
            days.setdefault((line["claim_id"], line["service_date"]), []).append(n)
    steps = rule.steps or SURGERY_STEPS
    for ranked in days.values():
        ranked.sort(key=lambda n: (-(amounts[n] or 0), n))
        for rank, n in enumerate(ranked):
            amounts[n] = (amounts[n] or 0) * Fraction(steps[min(rank, len(steps) - 1)])


def _limit_claims(
    said: Terms, lines: list[dict[str, Any]], amounts: list[Fraction | None], places: list[int]
) -> None:
    claims: dict[int, list[int]] = {}
    for n in places:
        if amounts[n] is not None and lines[n]["procedure"] not in said.capitation:
            claims.setdefault(lines[n]["claim_id"], []).append(n)
    for group in claims.values():
        if sum(amounts[n] or 0 for n in group) > sum(lines[n]["charge_cents"] for n in group):
            for n in group:
                amounts[n] = Fraction(lines[n]["charge_cents"])
