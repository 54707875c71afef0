"""What the terms say of a code, wherever they name it: found once for each contract and code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from sanderling.core.contracts.codesets import NO_CODES, NOT_NAMED, CodeSet
from sanderling.core.contracts.reference_rates import Indicators
from sanderling.core.contracts.terms import Terms

# Classes of later procedures of a day.
NO_CLASS: Final = ""
SURGERY: Final = "surgery"
IMAGING: Final = "imaging"
CARDIOLOGY: Final = "cardiology"
OPHTHALMOLOGY: Final = "ophthalmology"
THERAPY: Final = "therapy"

_SCHEMA: Final = {
    "contract_id": pl.Int64,
    "procedure": pl.String,
    "revenue_code": pl.String,
    "is_capitated": pl.Boolean,
    "carve_out": pl.Int64,  # number in the terms; null: none
    "reference": pl.Int64,  # number in the terms; null: none
    "later_class": pl.String,
    "is_exempt": pl.Boolean,  # from reductions: an add-on code
    "scope_base": pl.String,  # the base scope of its family; "": no scope
}
_CLASS_OF_INDICATOR: Final = {
    "2": SURGERY,
    "3": SURGERY,
    "4": IMAGING,
    "5": THERAPY,
    "6": CARDIOLOGY,
    "7": OPHTHALMOLOGY,
}


@dataclass(frozen=True, slots=True)
class _Reductions:
    """Which classes of later procedures a contract names by codes of its own."""

    sets: tuple[tuple[str, CodeSet], ...]
    by_indicator: frozenset[str]


def code_rules(
    keys: pl.DataFrame, terms: Mapping[int, Terms], indicators: Indicators
) -> pl.DataFrame:
    """Return one row for each contract, procedure and revenue code of the keys (_SCHEMA)."""
    rows = []
    codes = keys.select("contract_id", "procedure", "revenue_code", "day").group_by(
        "contract_id", "procedure", "revenue_code"
    )
    reductions = {contract_id: _reductions(said) for contract_id, said in terms.items()}
    for contract_id, procedure, revenue_code, day in codes.agg(pl.col("day").max()).iter_rows():
        said = terms[contract_id]
        found = indicators.of(said, procedure, day)
        later_class = _later_class(reductions[contract_id], procedure, found.multiple_procedure)
        multiple = said.multiple_procedure
        rows.append(
            (
                contract_id,
                procedure,
                revenue_code,
                procedure in said.capitation,
                _carve_out(said, procedure, revenue_code),
                _reference(said, procedure),
                later_class,
                multiple is not None and procedure in multiple.exempt,
                _scope_base(said, procedure) or found.endoscopic_base,
            )
        )
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _reductions(said: Terms) -> _Reductions:
    stated = {
        SURGERY: said.multiple_procedure,
        IMAGING: said.imaging,
        CARDIOLOGY: said.cardiology,
        OPHTHALMOLOGY: said.ophthalmology,
        THERAPY: said.therapy,
    }
    named = {name: rule.codes if rule else NO_CODES for name, rule in stated.items()}
    return _Reductions(
        tuple((name, codes) for name, codes in named.items() if codes),
        frozenset(name for name, codes in named.items() if not codes),
    )


def _later_class(reductions: _Reductions, procedure: str, indicator: str) -> str:
    for name, codes in reductions.sets:
        if procedure in codes:
            return name
    found = _CLASS_OF_INDICATOR.get(indicator, NO_CLASS)
    return found if found in reductions.by_indicator else NO_CLASS


def _carve_out(said: Terms, procedure: str, revenue_code: str) -> int | None:
    best, place = NOT_NAMED, None
    for number, rule in enumerate(said.carve_outs):
        fit = max(rule.codes.fit(procedure), rule.revenue_codes.fit(revenue_code))
        if fit > best:
            best, place = fit, number
    return place


def _reference(said: Terms, procedure: str) -> int | None:
    best, place = NOT_NAMED - 1, None
    for number, rule in enumerate(said.percent_of_reference):
        fit = rule.codes.fit(procedure) if rule.codes else NOT_NAMED
        if rule.codes and fit == NOT_NAMED:
            continue
        if fit > best:
            best, place = fit, number
    return place


def _scope_base(said: Terms, procedure: str) -> str:
    for family in said.endoscopy:
        if procedure == family.base or procedure in family.codes:
            return family.base
    return ""
