"""`sanderling kpis`: rows with each figure, its numerator and its denominator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sanderling.accounts.models import User
from sanderling.clients.queries import client_codes_by_id
from sanderling.core.kpis.definitions import DAYS_OF_CHARGES, Definition
from sanderling.core.kpis.frames import (
    PATIENT,
    UNKNOWN_PAYER,
    Period,
    add_months,
    month_start,
    months,
)
from sanderling.kpis.asking import (
    MONTH,
    Question,
    Row,
    WrongQuestion,
    can_be_kept,
    kept,
    kept_months,
    over_time,
    total,
    whole_month,
    worked_out,
)
from sanderling.kpis.sources import state
from sanderling.mirror.actions import refresh
from sanderling.payers.models import Payer

MONTHS_SHOWN: Final = 12
DECIMALS: Final = 6  # of a rate


@dataclass(frozen=True, slots=True)
class Report:
    """Rows with the keys of `columns`, and one row of totals."""

    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    totals: dict[str, Any]


def periods_of(
    *, by_month: bool, month: date | None, from_date: date | None, to_date: date | None, as_of: date
) -> tuple[Period, ...]:
    """Return the periods asked for, none of them after `as_of`.

    Without a word of time: the last months by month, else the 90 days to `as_of`.

    Raises:
        WrongQuestion: a month and days at once, or nothing of it lies before `as_of`.
    """
    if month is not None:
        if from_date or to_date:
            raise WrongQuestion("give a month, or a first and a last day, not both")
        return (whole_month(month, as_of=as_of),)
    last = min(to_date or as_of, as_of)
    if by_month:
        first = from_date or add_months(month_start(last), 1 - MONTHS_SHOWN)
        found = months(first, last, as_of=last)
        if found and from_date and from_date <= found[0].to_date:
            found[0] = Period(from_date, found[0].to_date)
        return tuple(found)
    first = from_date or last - timedelta(days=DAYS_OF_CHARGES - 1)
    return (Period(first, last),) if first <= last else ()


def report(
    periods: Sequence[Period],
    *,
    by: Sequence[str],
    client_ids: Sequence[int] | None,
    today: date,
    at: datetime,
) -> Report:
    """Return the figures of all clients (of these) by group, for the command line.

    Brings the mirror in step first, so that the answer is of everything known.

    Raises:
        WrongQuestion: there is no such group, or no day to ask for.
    """
    names = tuple(name for name in dict.fromkeys(by) if name != MONTH)
    question = Question(
        tuple(periods), names, client_ids=None if client_ids is None else tuple(client_ids)
    )
    refresh(today, at)
    found = _answered(question)
    if MONTH not in by:
        found = over_time(found, question)
    # The whole over several months: what flows is summed, what stands is as at the end.
    whole = over_time(
        [Row(row.period, (), row.sums) for row in found],
        question if MONTH in by else Question((_span(question),), names),
    )
    sums = total(whole)
    return Report(
        columns=(*by, "from_date", "to_date", *figure_columns(question.definitions)),
        rows=_rows(found, question, by),
        totals={} if sums is None else figures(sums, question.definitions),
    )


def _span(question: Question) -> Period:
    return Period(question.periods[0].from_date, question.periods[-1].to_date)


def _answered(question: Question) -> list[Row]:
    known = kept_months()
    if can_be_kept(question, known):
        now = state()
        asked = {period.from_date for period in question.periods}
        if all(one.state == now for one in known if one.month_date in asked):
            return kept(question)
    return worked_out(question, visible=None)


def figure_columns(definitions: Sequence[Definition]) -> tuple[str, ...]:
    """Return the names of the columns of these figures, in order."""
    names: list[str] = []
    for one in definitions:
        names.append(one.value_name)
        if not one.is_sum:
            names += [one.numerator_name, one.denominator_name]
    return tuple(names)


def figures(
    sums: Mapping[str, tuple[int, int]], definitions: Sequence[Definition]
) -> dict[str, Any]:
    """Return each figure with its numerator and denominator, by the names of its columns."""
    found: dict[str, Any] = {}
    for one in definitions:
        above, below = sums[one.key]
        value = one.value(above, below)
        if one.is_sum:
            found[one.value_name] = above
            continue
        if value is not None:
            value = round(value) if one.unit == "cents" else round(value, DECIMALS)
        found |= {one.value_name: value, one.numerator_name: above, one.denominator_name: below}
    return found


def _rows(found: Sequence[Row], question: Question, by: Sequence[str]) -> list[dict[str, Any]]:
    words = {name: labels(name) for name in question.by}
    shown = []
    for row in found:
        group = {
            name: words[name].get(value, str(value))
            for name, value in zip(question.by, row.group, strict=True)
        }
        if MONTH in by:
            group[MONTH] = f"{row.period.from_date:%Y-%m}"
        days = {"from_date": row.period.from_date, "to_date": row.period.to_date}
        shown.append({**{name: group[name] for name in by}, **days,
                      **figures(row.sums, question.definitions)})  # fmt: skip
    return sorted(shown, key=lambda row: [str(row[name]) for name in by])


def labels(name: str) -> dict[Any, str]:
    """Return what the values of a dimension are called in rows: codes, and people's addresses."""
    if name == "client":
        return client_codes_by_id()
    if name == "payer":
        known: dict[Any, str] = dict(Payer.objects.values_list("pk", "payer_id"))
        return {**known, PATIENT: "PATIENT", UNKNOWN_PAYER: "UNKNOWN"}
    if name == "user":
        return {**dict(User.objects.values_list("pk", "email")), 0: ""}
    return {}
