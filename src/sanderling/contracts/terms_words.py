"""Terms in plain words, one sentence each: what a person reads before he trusts a price."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sanderling.core.contracts.codesets import CodeSet
from sanderling.core.contracts.terms import CarveOut, Institutional, Terms, effective_steps

_STEPS = {
    "rate": "rate",
    "component": "professional or technical part",
    "bilateral": "bilateral",
    "co_surgeon": "co-surgeons",
    "assistant": "assistant",
    "np_pa": "practitioner",
    "modifiers": "other modifiers",
    "multiple_procedure": "multiple procedures",
    "units": "units",
    "lesser_of_charge": "limit to the charge",
}


def terms_in_words(terms: Terms) -> list[tuple[str, str]]:
    """Return (what, how) of everything that the terms state, in the order of a price."""
    return [(name, text) for name, text in _all(terms) if text]


def percent_text(share: Decimal) -> str:
    """Return 0.85 as 85 %."""
    text = f"{share * 100:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def dollars_text(cents: int) -> str:
    """Return cents as dollars."""
    return f"${cents // 100:,}.{cents % 100:02d}"


def _all(terms: Terms) -> Iterator[tuple[str, str]]:
    yield from _bases(terms)
    yield from _factors(terms)
    yield from _day(terms)
    for kind, hospital in (("Inpatient", terms.inpatient), ("Outpatient", terms.outpatient)):
        if hospital is not None:
            yield from _hospital(kind, hospital)
    limits = {"line": "each line, at most its charge", "claim": "the claim, at most its charge"}
    yield "Lesser of", limits.get(terms.lesser_of, "")
    if terms.sequestration:
        yield (
            "Sequestration",
            f"{percent_text(terms.sequestration)} of the payer's payment; no underpayment",
        )
    yield (
        "Tolerance",
        (
            f"{dollars_text(terms.tolerance_cents)} or {percent_text(terms.tolerance_rate)},"
            " whichever is more"
        ),
    )
    yield "Order", ", ".join(_STEPS[step] for step in effective_steps(terms))


def _bases(terms: Terms) -> Iterator[tuple[str, str]]:
    for rule in terms.carve_outs:
        if rule.not_covered:
            how = "not covered"
        elif rule.cents is not None:
            how = f"{dollars_text(rule.cents)} a unit"
        else:
            how = f"{percent_text(rule.percent_of_charge or Decimal(0))} of the charge"
        above = (
            f", where charged above {dollars_text(rule.above_cents)}" if rule.above_cents else ""
        )
        which = _codes(rule.codes, "codes") or _codes(rule.revenue_codes, "revenue codes")
        yield "Carve-out", f"{f'{rule.name}: ' if rule.name else ''}{which} {how}{above}"
    if terms.capitation:
        yield "Capitation", f"{_codes(terms.capitation, 'codes')} paid by the month"
    for one in terms.percent_of_reference:
        what = (
            f"{one.conversion_factor:f} dollars a unit of {one.schedule}"
            if one.conversion_factor is not None
            else f"{percent_text(one.percent)} of {one.schedule}"
        )
        year = f", of {one.year}" if one.year else ", of the day of service"
        place = f", locality {one.locality}" if one.locality else ""
        yield "Reference", f"{_codes(one.codes, 'codes') or 'all codes'}: {what}{year}{place}"
    if terms.anesthesia is not None:
        factor = terms.anesthesia.conversion_factor
        yield (
            "Anesthesia",
            f"base units and time, a unit every {terms.anesthesia.minutes_per_unit} minutes"
            + (f", {factor:f} dollars a unit" if factor is not None else ""),
        )
    for escalator in terms.escalators:
        word = "higher" if escalator.rate >= 0 else "lower"
        yield (
            "Escalator",
            f"from {escalator.date} rates are {percent_text(abs(escalator.rate))} {word}",
        )
    yield "Without a rate", default_rule(terms)


def _carve_out(rule: CarveOut) -> str:
    if rule.not_covered:
        how = "not covered"
    elif rule.cents is not None:
        how = f"{dollars_text(rule.cents)} a unit"
    else:
        how = f"{percent_text(rule.percent_of_charge or Decimal(0))} of the charge"
    above = f", where charged above {dollars_text(rule.above_cents)}" if rule.above_cents else ""
    which = _codes(rule.codes, "codes") or _codes(rule.revenue_codes, "revenue codes")
    return f"{f'{rule.name}: ' if rule.name else ''}{which} {how}{above}"


def default_rule(terms: Terms) -> str:
    """Return what holds for a line that nothing else prices; empty: the terms do not say."""
    if terms.default_rule in ("not_covered", "unpriced"):
        return terms.default_rule.replace("_", " ")
    if terms.percent_of_charge is not None:
        return f"{percent_text(terms.percent_of_charge)} of the charge"
    return ""


def _factors(terms: Terms) -> Iterator[tuple[str, str]]:
    factors = (
        ("Professional part (26)", terms.professional),
        ("Technical part (TC)", terms.technical),
        ("Bilateral (50)", terms.bilateral),
        ("Co-surgeons (62)", terms.co_surgeon),
        ("Assistant (80, 81, 82)", terms.assistant),
        ("Assistant by NP or PA (AS)", terms.assistant_np_pa),
        ("NP, PA or CNS", terms.np_pa),
        ("Social worker, counselor", terms.social_worker),
    )
    for name, factor in factors:
        if factor is not None:
            yield name, f"{percent_text(factor)} of the rate"
    for modifier, factor in terms.modifiers.items():
        yield f"Modifier {modifier}", f"{percent_text(factor)} of the rate"


def _day(terms: Terms) -> Iterator[tuple[str, str]]:
    if terms.multiple_procedure is not None:
        one = terms.multiple_procedure
        steps = ", ".join(percent_text(step) for step in one.steps)
        exempt = f"; not {_codes(one.exempt, 'codes')}" if one.exempt else ""
        which = _codes(one.codes, "codes") or "those that the reference schedule marks"
        yield "Multiple procedures", f"{steps}, highest first: {which}{exempt}"
    for family in terms.endoscopy:
        yield (
            "Endoscopy",
            (
                f"{_codes(family.codes, 'codes')}: the highest in full, of the others what exceeds"
                f" {family.base}"
            ),
        )
    reductions = (
        ("Imaging", terms.imaging),
        ("Cardiology", terms.cardiology),
        ("Ophthalmology", terms.ophthalmology),
    )
    for name, reduction in reductions:
        if reduction is not None:
            yield (
                name,
                (
                    f"second and later: technical part {percent_text(reduction.technical)},"
                    f" professional {percent_text(reduction.professional)}"
                ),
            )
    if terms.therapy is not None:
        yield (
            "Therapy",
            (
                "second and later units:"
                f" {percent_text(terms.therapy.practice_expense_factor)} of the practice expense"
            ),
        )


def _hospital(kind: str, one: Institutional) -> Iterator[tuple[str, str]]:
    if one.percent_of_charge is not None:
        yield kind, f"{percent_text(one.percent_of_charge)} of the charge"
    if one.per_diem_cents is not None:
        yield kind, f"{dollars_text(one.per_diem_cents)} a day"
    for day in one.per_diems:
        which = _codes(day.revenue_codes, "revenue codes") or "other stays"
        since = f" from day {day.from_day}" if day.from_day > 1 else ""
        yield kind, f"{which}: {dollars_text(day.cents)} a day{since}"
    if one.case_rate_cents is not None:
        yield kind, f"{dollars_text(one.case_rate_cents)} a case"
    for case in one.case_rates:
        which = case.name or _codes(case.codes, "codes") or _codes(case.drgs, "groups") or "case"
        yield kind, f"{which}: {dollars_text(case.cents)} a case"
    if one.drg_base_cents is not None:
        yield (
            kind,
            (
                f"{dollars_text(one.drg_base_cents)} by the weight of the group"
                f" ({len(one.drgs)} groups listed)"
            ),
        )
    if one.stop_loss is not None:
        what = "all charges" if one.stop_loss.is_first_dollar else "charges above it"
        yield (
            f"{kind} stop-loss",
            (
                f"above {dollars_text(one.stop_loss.threshold_cents)}:"
                f" {percent_text(one.stop_loss.percent_of_charge)} of {what}"
            ),
        )
    if one.outlier is not None:
        yield (
            f"{kind} outlier",
            (
                f"{percent_text(one.outlier.share)} of cost above the price and"
                f" {dollars_text(one.outlier.fixed_loss_cents)}"
            ),
        )


def _codes(codes: CodeSet, name: str) -> str:
    if not codes:
        return ""
    shown = ", ".join(codes.texts[:12])
    rest = len(codes.texts) - 12
    return f"{name} {shown}{f' and {rest} more' if rest > 0 else ''}"
