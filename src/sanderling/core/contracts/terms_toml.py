"""Terms as a TOML file, read with every key checked. CLI.md fixes the names of the first keys."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from sanderling.core.contracts.codesets import NO_CODES
from sanderling.core.contracts.terms import (
    STEPS,
    SURGERY_STEPS,
    TOLERANCE_CENTS,
    TOLERANCE_RATE,
    Anesthesia,
    CarveOut,
    CaseRate,
    ComponentReduction,
    Drg,
    EndoscopyFamily,
    Escalator,
    Institutional,
    MultipleProcedure,
    Outlier,
    PercentOfReference,
    PerDiem,
    StopLoss,
    Terms,
    Therapy,
)
from sanderling.core.contracts.toml_table import BadTerms, TomlTable

_FIRST_YEAR, _LAST_YEAR = 1992, 2200  # relative value units began in 1992

_Built = TypeVar("_Built")


def parse_terms(text: str) -> Terms:
    """Return the terms that the TOML text states.

    Raises:
        BadTerms: no TOML, an unknown key, or a value that cannot be.
    """
    try:
        content = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise BadTerms(f"the terms are no TOML file: {str(error).rstrip('.')}") from error
    table = TomlTable("", content)
    terms = _terms(table)
    table.close()
    if "percent_of_charge" in terms.default_rule and terms.percent_of_charge is None:
        raise BadTerms("the key default_rule asks for percent_of_charge, which is not stated")
    return terms


def _terms(table: TomlTable) -> Terms:
    return Terms(
        lesser_of=_lesser_of(table),
        percent_of_charge=table.share("percent_of_charge"),
        default_rule=table.text("default_rule", ("percent_of_charge", "not_covered", "unpriced")),
        sequestration=table.share("sequestration") or Decimal(0),
        bilateral=table.factor("bilateral", 2),
        np_pa=table.share("np_pa"),
        social_worker=table.share("social_worker"),
        assistant=table.share("assistant"),
        assistant_np_pa=table.share("assistant_np_pa"),
        co_surgeon=table.share("co_surgeon"),
        professional=table.share("professional"),
        technical=table.share("technical"),
        modifiers=_modifiers(table),
        tolerance_cents=_or(table.cents("tolerance_cents"), TOLERANCE_CENTS),
        tolerance_rate=_or(table.share("tolerance_rate"), TOLERANCE_RATE),
        order=_order(table),
        multiple_procedure=table.table("multiple_procedure", _multiple_procedure),
        endoscopy=table.tables("endoscopy", _endoscopy),
        imaging=table.table("imaging", _reduction("0.5", "0.95")),
        cardiology=table.table("cardiology", _reduction("0.75", "1")),
        ophthalmology=table.table("ophthalmology", _reduction("0.8", "1")),
        therapy=table.table("therapy", _therapy),
        inpatient=table.table("inpatient", _institutional),
        outpatient=table.table("outpatient", _institutional),
        capitation=table.table("capitation", lambda inner: inner.codes("codes")) or NO_CODES,
        carve_outs=table.tables("carve_outs", _carve_out),
        percent_of_reference=table.tables("percent_of_reference", _percent_of_reference),
        escalators=tuple(sorted(table.tables("escalators", _escalator), key=lambda e: e.date)),
        anesthesia=table.table("anesthesia", _anesthesia),
        indicators=table.text("indicators"),
    )


def _or(value: _Built | None, default: _Built) -> _Built:
    return default if value is None else value


def _lesser_of(table: TomlTable) -> str:
    is_limited = table.flag("lesser_of_charge")
    level = table.text("lesser_of", ("line", "claim", "none"))
    if is_limited is None:
        return level or "none"
    if level and (level != "none") != is_limited:
        raise BadTerms("the keys lesser_of and lesser_of_charge contradict each other")
    return level or ("line" if is_limited else "none")


def _order(table: TomlTable) -> tuple[str, ...]:
    steps = tuple(table.texts("order"))
    unknown = [step for step in steps if step not in STEPS]
    if unknown:
        raise table.refuse("order", f'a list of {", ".join(STEPS)}, not "{unknown[0]}"')
    if len(set(steps)) < len(steps):
        raise table.refuse("order", "a list that names each step once")
    if "rate" in steps[1:]:
        raise table.refuse("order", 'a list that begins with "rate"')
    return steps


def _modifiers(table: TomlTable) -> dict[str, Decimal]:
    inner = table.take("modifiers")
    if inner is None:
        return {}
    if not isinstance(inner, dict):
        raise table.refuse("modifiers", "a table of factors, such as 52 = 0.5")
    own = {"50": "bilateral", "62": "co_surgeon", "26": "professional", "TC": "technical"}
    own |= dict.fromkeys(("80", "81", "82"), "assistant") | {"AS": "assistant_np_pa"}
    factors = TomlTable("modifiers", inner)
    for name in sorted(inner):
        if name.upper() in own:
            raise BadTerms(f"the key modifiers.{name} is stated by the key {own[name.upper()]}")
    return {name.upper(): factors.factor(name, 2) or Decimal(0) for name in sorted(inner)}


def _multiple_procedure(table: TomlTable) -> MultipleProcedure:
    steps = table.factors("steps") or SURGERY_STEPS
    return MultipleProcedure(steps, table.codes("codes"), table.codes("exempt"))


def _endoscopy(table: TomlTable) -> EndoscopyFamily:
    base = table.needed("base", table.text("base"))
    return EndoscopyFamily(base.upper(), table.codes("codes"))


def _reduction(technical: str, professional: str) -> Callable[[TomlTable], ComponentReduction]:
    def build(table: TomlTable) -> ComponentReduction:
        return ComponentReduction(
            table.codes("codes"),
            _or(table.share("technical"), Decimal(technical)),
            _or(table.share("professional"), Decimal(professional)),
        )

    return build


def _therapy(table: TomlTable) -> Therapy:
    return Therapy(
        table.codes("codes"),
        _or(table.share("practice_expense_factor"), Decimal("0.5")),
        table.share("practice_expense_share"),
    )


def _institutional(table: TomlTable) -> Institutional:
    percent = table.share("percent_of_charge")
    return Institutional(
        percent_of_charge=percent,
        per_diem_cents=table.cents("per_diem_cents"),
        per_diems=table.tables("per_diems", _per_diem),
        case_rate_cents=table.cents("case_rate_cents"),
        case_rates=table.tables("case_rates", _case_rate),
        drg_base_cents=table.cents("drg_base_cents"),
        drgs=_drgs(table),
        transfer_statuses=tuple(table.texts("transfer_statuses")),
        stop_loss=_stop_loss(table, percent),
        outlier=table.table("outlier", _outlier),
    )


def _per_diem(table: TomlTable) -> PerDiem:
    cents = table.needed("cents", table.cents("cents"))
    from_day = _or(table.whole("from_day", 1, 999), 1)
    return PerDiem(cents, table.codes("revenue_codes"), from_day)


def _case_rate(table: TomlTable) -> CaseRate:
    return CaseRate(
        table.text("name"),
        table.needed("cents", table.cents("cents")),
        table.codes("revenue_codes"),
        table.codes("codes"),
        table.codes("drgs"),
    )


def _drgs(table: TomlTable) -> dict[str, Drg]:
    groups = {}
    for name, inner in table.entries("drgs").items():
        weight = inner.needed("weight", inner.factor("weight"))
        groups[name] = Drg(weight, inner.factor("mean_days", 1000))
        inner.close()
    return groups


def _stop_loss(table: TomlTable, percent: Decimal | None) -> StopLoss | None:
    value = table.take("stop_loss")
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):  # a threshold of the whole stay
        value = {"threshold_cents": value}
    if not isinstance(value, dict):
        raise table.refuse("stop_loss", "a table with threshold_cents and percent_of_charge")
    inner = TomlTable(table.name("stop_loss"), value)
    kind = inner.text("kind", ("first_dollar", "second_dollar"))
    stop_loss = StopLoss(
        inner.needed("threshold_cents", inner.cents("threshold_cents")),
        inner.needed("percent_of_charge", _or(inner.share("percent_of_charge"), percent)),
        kind != "second_dollar",
    )
    inner.close()
    return stop_loss


def _outlier(table: TomlTable) -> Outlier:
    return Outlier(
        table.needed("fixed_loss_cents", table.cents("fixed_loss_cents")),
        table.needed("cost_to_charge", table.factor("cost_to_charge", 10)),
        _or(table.share("share"), Decimal("0.8")),
    )


def _carve_out(table: TomlTable) -> CarveOut:
    carve_out = CarveOut(
        name=table.text("name"),
        codes=table.codes("codes"),
        revenue_codes=table.codes("revenue_codes"),
        cents=table.cents("cents"),
        percent_of_charge=table.share("percent_of_charge"),
        not_covered=bool(table.flag("not_covered")),
        above_cents=table.cents("above_cents") or 0,
    )
    ways = (carve_out.cents, carve_out.percent_of_charge, carve_out.not_covered or None)
    if sum(way is not None for way in ways) != 1:
        raise BadTerms(
            f"the keys {table.name('cents')}, percent_of_charge and not_covered: state exactly one"
        )
    if not carve_out.codes and not carve_out.revenue_codes:
        raise BadTerms(f"the key {table.name('codes')} or revenue_codes is missing")
    return carve_out


def _percent_of_reference(table: TomlTable) -> PercentOfReference:
    return PercentOfReference(
        schedule=table.needed("schedule", table.text("schedule")),
        percent=_or(table.factor("percent", 10), Decimal(1)),
        conversion_factor=table.factor("conversion_factor", 1000),
        codes=table.codes("codes"),
        year=table.whole("year", _FIRST_YEAR, _LAST_YEAR),
        locality=table.text("locality"),
    )


def _escalator(table: TomlTable) -> Escalator:
    return Escalator(table.day("date"), table.needed("rate", table.factor("rate", 1, least=-1)))


def _anesthesia(table: TomlTable) -> Anesthesia:
    return Anesthesia(
        table.factor("conversion_factor", 1000),
        table.text("schedule"),
        _or(table.whole("minutes_per_unit", 1, 60), 15),
    )
