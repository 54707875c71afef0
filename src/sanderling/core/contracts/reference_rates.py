"""Prices by reference schedules: relative value units, listed fees, base units of anesthesia.

DOMAIN 6.2: [(work x GPCI) + (practice expense of the setting x GPCI) + (malpractice x GPCI)] x
conversion factor, rounded to the cent once, after the percentage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import polars as pl

from sanderling.core.contracts.frames import References
from sanderling.core.contracts.terms import Anesthesia, PercentOfReference, Terms

PRACTICE_FACILITY: Final = "practice_facility"
PRACTICE_NONFACILITY: Final = "practice_nonfacility"

_ONE: Final = Decimal(1)
_COMPONENTS: Final = ("26", "TC", "53")


def rounded_cents(amount: Decimal) -> int:
    """Return the amount in cents, rounded half up."""
    return int(amount.quantize(_ONE, rounding=ROUND_HALF_UP))


class Dated:
    """Rows of a frame by a key, of which the one that holds on a day is asked for."""

    def __init__(self, frame: pl.DataFrame, key: tuple[str, ...]) -> None:
        self._rows: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in frame.sort("from_date", descending=True, nulls_last=True).iter_rows(named=True):
            self._rows.setdefault(tuple(row[name] for name in key), []).append(row)

    def on(self, day: date, *key: str) -> dict[str, Any] | None:
        """Return the row with the latest `from_date` that holds on the day."""
        for row in self._rows.get(key, ()):
            begins, ends = row["from_date"], row["to_date"]
            if (begins is None or begins <= day) and (ends is None or day <= ends):
                return row
        return None


@dataclass(frozen=True, slots=True)
class ReferencePrice:
    """One unit by a reference schedule."""

    cents: int
    modifier: str  # that chose the row: its own factor no longer applies
    term: str
    detail: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """What the reference schedule marks for a code; "" and None: nothing."""

    multiple_procedure: str = ""
    bilateral: str = ""
    assistant: str = ""
    endoscopic_base: str = ""
    practice_expense_share: Decimal | None = None
    pre_operative: Decimal | None = None
    intra_operative: Decimal | None = None
    post_operative: Decimal | None = None


_NOTHING: Final = Indicator()


class ReferenceBook:
    """The reference schedules, ready to be asked for one code."""

    def __init__(self, references: References) -> None:
        self._rvus = Dated(references.rvus, ("schedule", "code", "modifier"))
        self._gpcis = Dated(references.gpcis, ("schedule", "locality"))
        self._factors = Dated(references.conversion_factors, ("schedule", "kind"))
        self._fees = Dated(references.fees, ("schedule", "locality", "code", "modifier"))

    def price(
        self,
        rule: PercentOfReference,
        code: str,
        modifiers: Iterable[str],
        practice: str,
        day: date,
    ) -> ReferencePrice | None:
        """Return the price of one unit on a day; None: not listed.

        `practice` is PRACTICE_FACILITY or PRACTICE_NONFACILITY: whose expense counts.
        """
        on_day = day if rule.year is None else date(rule.year, 1, 1)
        used = [modifier for modifier in modifiers if modifier in _COMPONENTS]
        found = self._by_values(rule, code, used, practice, on_day)
        return found or self._by_fee(rule, code, list(modifiers), on_day)

    def _by_values(
        self, rule: PercentOfReference, code: str, used: list[str], practice: str, day: date
    ) -> ReferencePrice | None:
        for modifier in (*used, ""):
            row = self._rvus.on(day, rule.schedule, code, modifier)
            if row is None:
                continue
            units = self.total_units(rule.schedule, rule.locality, row, practice, day)
            factor = rule.conversion_factor or self._factor(rule.schedule, "", day)
            if units is None or factor is None:
                return None
            cents = rounded_cents(units * factor * rule.percent * 100)
            detail = f"{plain(units)} value units at {plain(factor)} dollars"
            return ReferencePrice(cents, modifier, _term(rule), detail)
        return None

    def total_units(
        self, schedule: str, locality: str, row: dict[str, Any], practice: str, day: date
    ) -> Decimal | None:
        """Return the value units of a row, by the locality's costs; None: locality unknown."""
        gpci = self._gpcis.on(day, schedule, locality)
        if gpci is None:
            if locality:
                return None
            gpci = {"work": _ONE, "practice": _ONE, "malpractice": _ONE}
        parts = (
            _number(row["work"]) * _number(gpci["work"]),
            _number(row[practice]) * _number(gpci["practice"]),
            _number(row["malpractice"]) * _number(gpci["malpractice"]),
        )
        return sum(parts, Decimal(0))

    def _by_fee(
        self, rule: PercentOfReference, code: str, modifiers: list[str], day: date
    ) -> ReferencePrice | None:
        for modifier in (*modifiers, ""):
            for locality in dict.fromkeys((rule.locality, "")):
                row = self._fees.on(day, rule.schedule, locality, code, modifier)
                if row is not None:
                    cents = rounded_cents(row["amount_cents"] * rule.percent)
                    return ReferencePrice(cents, modifier, _term(rule), "")
        return None

    def _factor(self, schedule: str, kind: str, day: date) -> Decimal | None:
        row = self._factors.on(day, schedule, kind)
        return None if row is None else _number(row["factor"])

    def anesthesia(self, rule: Anesthesia, code: str, day: date) -> tuple[Decimal, Decimal] | None:
        """Return base units and dollars for one unit; None: no anesthesia code, or no factor."""
        row = self._rvus.on(day, rule.schedule, code, "")
        base = _number(row["anesthesia_base"]) if row else Decimal(0)
        factor = rule.conversion_factor or self._factor(rule.schedule, "anesthesia", day)
        return (base, factor) if base and factor else None

    def row(self, schedule: str, code: str, day: date) -> dict[str, Any] | None:
        """Return the relative value units of a code, without modifier."""
        return self._rvus.on(day, schedule, code, "")

    def professional_share(self, schedule: str, code: str, day: date) -> Decimal | None:
        """Return the share that the professional component (26) has of the whole service."""
        whole = self._rvus.on(day, schedule, code, "")
        part = self._rvus.on(day, schedule, code, "26")
        total = _total(whole) if whole else Decimal(0)
        return round(_total(part) / total, 6) if part and total else None


class Indicators:
    """What the schedules that terms name mark for codes."""

    def __init__(self, book: ReferenceBook) -> None:
        self._book = book
        self._known: dict[tuple[str, str, date], Indicator] = {}

    def of(self, said: Terms, code: str, day: date | None) -> Indicator:
        """Return the indicators that hold beside the terms; none without a schedule or a day."""
        schedule = indicator_schedule(said)
        if not schedule or day is None:
            return _NOTHING
        key = (schedule, code, day)
        if key not in self._known:
            row = self._book.row(schedule, code, day)
            self._known[key] = _NOTHING if row is None else _indicator(row)
        return self._known[key]


def indicator_schedule(said: Terms) -> str:
    """Return the schedule whose indicators hold: the one named, else the only one paid by."""
    if said.indicators:
        return said.indicators
    schedules = {rule.schedule for rule in said.percent_of_reference}
    return schedules.pop() if len(schedules) == 1 else ""


def _indicator(row: dict[str, Any]) -> Indicator:
    practice, total = _number(row["practice_nonfacility"]), _total(row)
    return Indicator(
        multiple_procedure=row["multiple_procedure"] or "",
        bilateral=row["bilateral"] or "",
        assistant=row["assistant"] or "",
        endoscopic_base=row["endoscopic_base"] or "",
        practice_expense_share=round(practice / total, 6) if total else None,
        pre_operative=row["pre_operative"],
        intra_operative=row["intra_operative"],
        post_operative=row["post_operative"],
    )


def _total(row: dict[str, Any]) -> Decimal:
    parts = (row["work"], row["practice_nonfacility"], row["malpractice"])
    return sum((_number(part) for part in parts), Decimal(0))


def _number(value: object) -> Decimal:
    return Decimal(0) if value is None else Decimal(str(value))


def _term(rule: PercentOfReference) -> str:
    share = "" if rule.percent == 1 else f"{plain(rule.percent * 100)} % of "
    year = "" if rule.year is None else f" of {rule.year}"
    return f"{share}{rule.schedule}{year}"


def plain(number: Decimal) -> str:
    """Return the number without trailing zeros and without exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
