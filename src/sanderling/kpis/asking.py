"""Asks for key figures: sums by group and period, from kept sums where they are the same.

Kept sums answer whole months by client and at most one thing more; everything else is worked out
from the mirror. Both give the same numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import polars as pl
from django.db import connection

from sanderling.accounts.models import User
from sanderling.core.kpis.bases import Bases
from sanderling.core.kpis.definitions import DEFINITIONS, Definition
from sanderling.core.kpis.formulas import bases, rows
from sanderling.core.kpis.frames import PATIENT, Period, add_months, month_start
from sanderling.core.refusal import Refusal
from sanderling.kpis.models import EVERY_CLIENT, Grain, Month
from sanderling.kpis.sources import batches, held, the_book
from sanderling.mirror.reading import manifest
from sanderling.payers.models import Payer

Pair = tuple[int, int]  # numerator, denominator
Sums = dict[str, Pair]  # by key of the figure

# What rows can be grouped by -> the column of a cell that tells it.
DIMENSIONS: Final[Mapping[str, str]] = {
    "client": "client_id",
    "payer": "payer_id",
    "payer_type": "payer_id",
    "provider": "provider",
    "location": "location",
    "team": "user_id",
    "user": "user_id",
}
MONTH: Final = "month"
OF_PEOPLE: Final = ("team", "user")
_GRAIN_OF: Final = {
    "payer_id": Grain.PAYER,
    "provider": Grain.PROVIDER,
    "location": Grain.LOCATION,
    "user_id": Grain.PERSON,
}
NO_TEAM: Final = "none"


class WrongQuestion(Refusal):
    """The question cannot be asked like this."""


@dataclass(frozen=True, slots=True)
class Question:
    """Periods, in order; `by`: names of DIMENSIONS; the rest narrows (None: not).

    `client_ids` None asks for all clients that the session sees.
    """

    periods: tuple[Period, ...]
    by: tuple[str, ...] = ()
    client_ids: tuple[int, ...] | None = None
    payer_id: int | None = None
    provider: str | None = None
    location: str | None = None
    user_ids: tuple[int, ...] | None = None
    keys: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for name in self.by:
            if name not in DIMENSIONS:
                known = ", ".join([*DIMENSIONS, MONTH])
                raise WrongQuestion(f"no group {name!r}; there are {known}")
        if not self.periods:
            raise WrongQuestion("there is no day between the first and the last day asked for")

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """Return the figures asked for: by people, those that people are behind."""
        wanted = [one for one in DEFINITIONS if self.keys is None or one.key in self.keys]
        if self.is_of_people:
            wanted = [one for one in wanted if one.by == "user"]
        return tuple(wanted)

    @property
    def is_of_people(self) -> bool:
        """Say whether it asks by people or for some."""
        return self.user_ids is not None or any(name in OF_PEOPLE for name in self.by)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of a cell by which is grouped, each once."""
        return tuple(dict.fromkeys(DIMENSIONS[name] for name in self.by))

    @property
    def filters(self) -> dict[str, Any]:
        """Return what rows are narrowed to, by column of a cell, beside clients."""
        found: dict[str, Any] = {}
        if self.payer_id is not None:
            found["payer_id"] = [self.payer_id]
        if self.provider is not None:
            found["provider"] = [self.provider]
        if self.location is not None:
            found["location"] = [self.location]
        if self.user_ids is not None:
            found["user_id"] = list(self.user_ids)
        return found

    @property
    def grain(self) -> Grain | None:
        """Return the grain of kept sums that answers it; None: no grain does."""
        split = {name for name in (*self.columns, *self.filters) if name != "client_id"}
        if len(split) > 1:
            return None
        return _GRAIN_OF[split.pop()] if split else Grain.CLIENT


@dataclass(frozen=True, slots=True)
class Row:
    """A group in a period: ids by column name, and the sums of each figure."""

    period: Period
    group: tuple[Any, ...]  # in the order of Question.by
    sums: Sums


def kept_months() -> list[Month]:
    """Return the months whose sums are kept, in order."""
    return list(Month.objects.order_by("month_date"))


def can_be_kept(question: Question, months: Sequence[Month]) -> bool:
    """Say whether kept sums answer the question: a grain that fits, whole months, to their day."""
    ends = {one.month_date: one.as_of_date for one in months}
    return question.grain is not None and all(
        period.from_date.day == 1 and ends.get(period.from_date) == period.to_date
        for period in question.periods
    )


def kept(question: Question) -> list[Row]:
    """Answer from kept sums; the caller has asked `can_be_kept`."""
    columns, conditions = ["month_date", *question.columns], ["grain = %(grain)s"]
    params: dict[str, Any] = {"grain": int(question.grain or Grain.CLIENT)}
    params["months"] = [period.from_date for period in question.periods]
    conditions.append("month_date = ANY (%(months)s)")
    conditions.append(of_clients(question.client_ids, params, is_apart="client" in question.by))
    for name, values in question.filters.items():
        conditions.append(f"{name} = ANY (%({name})s)")
        params[name] = values
    definitions = question.definitions
    sums = ", ".join(
        f"sum(numerators[{one.slot + 1}])::bigint, sum(denominators[{one.slot + 1}])::bigint"
        for one in definitions
    )
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {names}, {sums} FROM kpis_cell WHERE {' AND '.join(conditions)}"  # noqa: S608
            f" GROUP BY {names} ORDER BY {names}",
            params,
        )
        found = cursor.fetchall()
    by_start = {period.from_date: period for period in question.periods}
    wide = len(columns)
    places = [(one.key, wide + 2 * number) for number, one in enumerate(definitions)]
    return _named(
        question,
        (
            (
                by_start[row[0]],
                dict(zip(columns[1:], row[1:wide], strict=True)),
                {key: (row[at] or 0, row[at + 1] or 0) for key, at in places},
            )
            for row in found
        ),
    )


def of_clients(
    client_ids: Sequence[int] | None, params: dict[str, Any], *, is_apart: bool = False
) -> str:
    """Return the condition on the client of kept sums; its values are put into `params`.

    None: all that the session sees, read as one where it sees every client; `is_apart`: not as one.
    """
    if client_ids is not None:
        params["client_ids"] = list(client_ids)
        return "client_id = ANY (%(client_ids)s)"
    params["every"] = EVERY_CLIENT
    return (
        "client_id = %(every)s" if not is_apart and sees_every_client() else "client_id > %(every)s"
    )


def sees_every_client() -> bool:
    """Say whether the session sees every client there is; of jobs and commands: no."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sanderling_sees_every_client()")
        return bool(cursor.fetchone()[0])


def worked_out(question: Question, *, visible: Collection[int] | None) -> list[Row]:
    """Answer from the mirror. `visible`: the clients the session may see; None: all, for commands.

    Raises:
        MirrorMissing: the mirror was never made.
    """
    clients = visible
    if question.client_ids is not None:
        asked = set(question.client_ids)
        clients = sorted(asked if visible is None else asked & set(visible))
    found: dict[tuple[Any, ...], Sums] = {}
    state_of = manifest()
    nothing = {one.key: (0, 0) for one in question.definitions}
    for some_clients in batches(state_of, clients):
        of = bases(held(the_book(some_clients, state_of)), question.periods)
        for one in question.definitions:
            for group, pair in _cells(of, one, question).items():
                sums = found.setdefault(group, dict(nothing))
                sums[one.key] = (sums[one.key][0] + pair[0], sums[one.key][1] + pair[1])
    return _named(
        question,
        (
            (
                question.periods[group[0]],
                dict(zip(question.columns, group[1:], strict=True)),
                found[group],
            )
            for group in sorted(found)
        ),
    )


def _cells(of: Bases, one: Definition, question: Question) -> dict[tuple[Any, ...], Pair]:
    """Return the sums of a figure by period and the columns of the question."""
    some = rows(of, one.key)
    for name, values in question.filters.items():
        some = some.filter(pl.col(name).is_in(values))
    sums = (
        some.group_by("period", *question.columns)
        .agg(pl.col("numerator", "denominator").sum())
        .collect()
    )
    return {tuple(group): (above, below) for *group, above, below in sums.iter_rows()}


def _named(question: Question, found: Iterable[tuple[Period, dict[str, Any], Sums]]) -> list[Row]:
    """Put cells into the groups that are asked for: payers into types, people into teams."""
    teams = _teams() if "team" in question.by else {}
    types = _types() if "payer_type" in question.by else {}

    def told(name: str, cell: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an id or a word
        value = cell[DIMENSIONS[name]]
        if name == "payer_type":
            return types.get(value, "other")
        return teams.get(value, NO_TEAM) if name == "team" else value

    if not {"team", "payer_type"} & {*question.by}:  # each cell is a group
        columns = [DIMENSIONS[name] for name in question.by]
        rows = [
            Row(period, tuple(cell[name] for name in columns), sums) for period, cell, sums in found
        ]
        return sorted(rows, key=lambda row: (row.period.from_date, row.group))
    groups: dict[tuple[Any, ...], Sums] = {}
    for period, cell, sums in found:
        key = (period.from_date, period, *(told(name, cell) for name in question.by))
        groups[key] = added(groups[key], sums) if key in groups else dict(sums)
    ordered = sorted(groups, key=lambda key: (key[0], *key[2:]))
    return [Row(key[1], key[2:], groups[key]) for key in ordered]


def added(some: Mapping[str, Pair], more: Mapping[str, Pair]) -> Sums:
    """Return the sums of two groups together."""
    return {
        key: (above + more[key][0], below + more[key][1]) for key, (above, below) in some.items()
    }


def over_time(found: Sequence[Row], question: Question) -> list[Row]:
    """Return one row for each group over all periods: flows summed, snapshots as at the end."""
    first, last = question.periods[0], question.periods[-1]
    whole = Period(first.from_date, last.to_date)
    flows = {one.key for one in question.definitions if one.over == "flow"}
    groups: dict[tuple[Any, ...], Sums] = {}
    for row in found:
        is_last = row.period == last
        part = {key: pair if key in flows or is_last else (0, 0) for key, pair in row.sums.items()}
        groups[row.group] = added(groups[row.group], part) if row.group in groups else part
    return [Row(whole, group, groups[group]) for group in sorted(groups)]


def total(found: Iterable[Row]) -> Sums | None:
    """Return the sums over all groups of one period, None when there are none."""
    whole: Sums | None = None
    for row in found:
        whole = dict(row.sums) if whole is None else added(whole, row.sums)
    return whole


def _teams() -> dict[int, str]:
    """Return each person's team: the first he works for."""
    return {one.pk: (*one.works_for(), NO_TEAM)[0] for one in User.objects.all()}


def _types() -> dict[int, str]:
    return {**dict(Payer.objects.values_list("pk", "type")), PATIENT: "patient"}


def people_of_team(team: str) -> tuple[int, ...]:
    """Return the people whose first team it is."""
    return tuple(user_id for user_id, one in sorted(_teams().items()) if one == team)


def whole_month(day: date, *, as_of: date) -> Period:
    """Return the month of `day`, cut at `as_of`.

    Raises:
        WrongQuestion: the month begins after `as_of`.
    """
    first = month_start(day)
    if first > as_of:
        raise WrongQuestion(f"{first:%Y-%m} has not begun on {as_of.isoformat()}")
    return Period(first, min(add_months(first, 1) - timedelta(days=1), as_of))
