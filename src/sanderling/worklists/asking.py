"""What an address asks of the worklist: a view, narrowed by filters, ordered, in columns, grouped.

An address holds ids and codes, never what was searched for: search words may be a patient's name,
so they stay in the session and the address names them by a key (`searching`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from django.db import connection
from django.http import QueryDict

from sanderling.core.ages import DEFAULT_BUCKETS
from sanderling.worklists.built_in import BY_NAME, DEFAULT_VIEW, DENIED, OF_INSURERS, View
from sanderling.worklists.searching import find_items, patterns, words_of
from sanderling.worklists.sorting import WAYS, read_sort

NONE: Final = "none"  # how a value that is not there stands in an address
NOBODY: Final = -9  # no such row: a name that is unknown gives an empty list, not an error
SCOPES: Final[Mapping[str, str]] = {"all": "All", "team": "My team", "mine": "Mine"}
GROUPS: Final[Mapping[str, str]] = {
    "payer": "Payer",
    "issue": "Issue",
    "patient": "Patient",
    "provider": "Provider",
}
VALUES_MAX: Final = 50  # of one filter
DOLLARS_MAX: Final = 10**12
DAYS_MAX: Final = 3650
# Filters that name one or more values of a text column: name in addresses -> SQL.
TEXTS: Final[Mapping[str, str]] = {
    "barrier": "w.barrier",
    "category": "w.category",
    "reason": "w.reason_code",
    "action": "w.next_action",
    "team": "w.team",
    "provider": "w.rendering_npi",
    "location": "w.location",
    "plan": "w.plan",
}
IDS: Final[Mapping[str, str]] = {
    "client": "w.client_id",
    "payer": "w.payer_id",
    "owner": "w.assignee_id",
    "project": "w.project_id",
}
YES: Final[Mapping[str, str]] = {
    "high": "w.is_high_dollar",
    "key": "w.is_key_client",
    "flagged": "w.is_flagged",
    "pended": "w.is_pended",
    "due": BY_NAME["due"].condition,  # within another view
    "insurers": OF_INSURERS,
}
_LATE: Final = "%(today)s::date - greatest(w.work_date, w.not_before_date)"
# A number at least (or at most) so large: name -> (SQL, largest value).
LIMITS: Final[Mapping[str, tuple[str, int]]] = {
    "min": ("w.balance_cents >= {} * 100::bigint", DOLLARS_MAX),
    "max": ("w.balance_cents <= {} * 100::bigint", DOLLARS_MAX),
    "level": ("w.escalation_level >= {}", 9),
    "touches_min": ("w.touches >= {}", 10_000),
    "touches_max": ("w.touches <= {}", 10_000),
    # Days since it could be worked; negative: it can be in so many days.
    "late_min": (f"{_LATE} >= {{}}", DAYS_MAX),
    "late_max": (f"{_LATE} <= {{}}", DAYS_MAX),
}
_SCOPES: Final = {"mine": "w.assignee_id = %(user_id)s", "team": "w.team = ANY (%(own_teams)s)"}
_SINGLE: Final = {
    "tags": "w.tags <> '{}' AND w.tags @> %(tags)s",
    "within": (
        f"({OF_INSURERS} AND NOT w.is_deadline_met AND w.deadline_date"
        " BETWEEN %(today)s AND %(today)s::date + %(within)s)"
    ),
    "touched": (
        "(w.last_touch_date IS NULL OR w.last_touch_date <= %(today)s::date - %(touched)s)"
    ),
    "same": (
        "(w.client_id, w.patient_name) = (SELECT s.client_id, s.patient_name"
        " FROM worklists_work_item s WHERE s.id = %(same)s)"
    ),
}
NAMES: Final = (
    *("client", "payer", "barrier", "category", "reason", "action", "team", "owner", "age"),
    *("min", "max", "within", "provider", "location", "plan", "tag", "project", "level"),
    *("touched", "touches_min", "touches_max", "high", "key", "flagged", "pended", "due"),
    *("late_min", "late_max", "insurers", "issue", "same", "search"),
)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: what "mine" and "my team" mean, and which clients can be in an answer."""

    user_id: int
    teams: tuple[str, ...]
    client_ids: tuple[int, ...]
    sees_all: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the worklist; empty and None narrow nothing."""

    today: date
    asker: Asker
    view: View
    category: str = ""  # the sub-view of denials; NONE: without one
    scope: str = "all"
    ids: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # 0: none
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    yes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    ages: tuple[int, ...] = ()  # indexes of DEFAULT_BUCKETS, the last is "over"
    within: int | None = None  # a deadline in so many days, not met
    touched: int | None = None  # last touch at least so many days ago, or never
    same: int | None = None  # an item: those of its patient
    words: tuple[str, ...] = ()
    found: tuple[int, ...] | None = None  # the items that have the words; None: too many to name
    sort: tuple[str, ...] = ("-score",)
    group: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Say whether anything beside view and scope narrows the list."""
        return bool(
            self.ids
            or self.texts
            or self.limits
            or self.yes
            or self.tags
            or self.ages
            or self.words
            or self.within is not None
            or self.touched is not None
            or self.same is not None
        )

    @property
    def filter_count(self) -> int:
        """Return how many filters are set, the search among them."""
        return (
            len(self.ids)
            + len(self.texts)
            + len(self.limits)
            + len(self.yes)
            + bool(self.tags)
            + bool(self.ages)
            + bool(self.words)
            + (self.within is not None)
            + (self.touched is not None)
            + (self.same is not None)
        )

    def conditions(self) -> list[str]:
        """Return what rows `w` must fulfill."""
        found = [f"({self.view.condition})"]
        if not self.asker.sees_all:
            # Row-level security asks the same; said here, the planner knows how many rows that are.
            found.append("w.client_id = ANY (%(clients)s)")
        if self.category:
            found.append("w.category = %(view_category)s")
        if self.scope != "all":
            found.append(_SCOPES[self.scope])
        found += [_one_of(IDS[name], name, with_none=0 in ids) for name, ids in self.ids.items()]
        found += [f"{TEXTS[name]} = ANY (%({name})s)" for name in self.texts]
        found += [LIMITS[name][0].format(f"%({name})s") for name in self.limits]
        found += [f"({YES[name]})" for name in self.yes]
        if self.ages:
            found.append(f"({' OR '.join(_age(index) for index in self.ages)})")
        asked = {
            "tags": bool(self.tags),
            "within": self.within is not None,
            "touched": self.touched is not None,
            "same": self.same is not None,
        }
        found += [_SINGLE[name] for name, is_asked in asked.items() if is_asked]
        return found + self._search()

    def _search(self) -> list[str]:
        if self.words and self.found is not None:
            return ["w.id = ANY (%(found)s)"]
        return [f"w.search_text LIKE %(word_{at})s" for at in range(len(self.words))]

    def params(self) -> dict[str, Any]:
        """Return the values behind the names in the conditions."""
        found: dict[str, Any] = {
            "today": self.today,
            "clients": list(self.asker.client_ids),
            "user_id": self.asker.user_id,
            "own_teams": list(self.asker.teams),
            "view_category": self.category.replace(NONE, ""),
            "tags": list(self.tags),
            "within": self.within,
            "touched": self.touched,
            "same": self.same,
            "found": list(self.found or ()),
        }
        found |= {f"word_{at}": pattern for at, pattern in enumerate(patterns(self.words))}
        found |= {name: [one for one in ids if one] for name, ids in self.ids.items()}
        found |= {name: list(texts) for name, texts in self.texts.items()}
        return found | dict(self.limits)


def asker_of(user: Any, *, teams: tuple[str, ...]) -> Asker:  # noqa: ANN401 - any user of ours
    """Return who asks, with the clients that the database lets this session see."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM clients_client ORDER BY id")
        clients = tuple(pk for (pk,) in cursor.fetchall())
    return Asker(user.pk, teams, clients, sees_all=user.sees_all_clients)


def question_of(asked: QueryDict, *, today: date, asker: Asker, search: str = "") -> Question:
    """Return the question of an address; `search`: the words that its key stands for.

    What an address says that is not known here is left out; a client or payer that is not there (or
    not to be seen) gives an empty list.
    """
    name, _, category = _text(asked, "view").partition(":")
    view = BY_NAME.get(name, BY_NAME[DEFAULT_VIEW])
    scope = _text(asked, "scope")
    way = WAYS.get(_text(asked, "order"))
    group = _text(asked, "group")
    words = words_of(search)
    question = Question(
        today=today,
        asker=asker,
        view=view,
        category=category if view.name == DENIED else "",
        scope=scope if scope in SCOPES else "all",
        ids=_ids(asked),
        texts=_texts(asked),
        limits=_limits(asked),
        yes=tuple(one for one in YES if _text(asked, one) == "1"),
        tags=_values(asked, "tag"),
        ages=tuple(
            index
            for index in range(len(DEFAULT_BUCKETS) + 1)
            if str(index) in _values(asked, "age")
        ),
        within=_number(asked, "within", DAYS_MAX),
        touched=_number(asked, "touched", DAYS_MAX),
        same=_number(asked, "same", 2**62),
        words=words,
        found=find_items(words) if words else None,
        sort=read_sort(_text(asked, "sort")) or (way[1] if way else view.sort),
        group=group if group in GROUPS else "",
    )
    return _of_group(asked, question)


def _of_group(asked: QueryDict, question: Question) -> Question:
    """Narrow to one patient or one issue, as the rows of a group ask."""
    issue = _text(asked, "issue").split("~")
    if len(issue) == len(("barrier", "category", "reason")):
        texts = dict(zip(("barrier", "category", "reason"), ((one,) for one in issue), strict=True))
        question = replace(question, texts={**question.texts, **texts})
    return question


def _one_of(column: str, name: str, *, with_none: bool) -> str:
    found = f"{column} = ANY (%({name})s)"
    return f"({column} IS NULL OR {found})" if with_none else found


def _age(index: int) -> str:
    """Return the condition of a bucket of age, in days of service: an index can answer it."""
    bounds = []
    if index > 0:
        bounds.append(f"w.service_date < %(today)s::date - {DEFAULT_BUCKETS[index - 1]}")
    if index < len(DEFAULT_BUCKETS):
        bounds.append(f"w.service_date >= %(today)s::date - {DEFAULT_BUCKETS[index]}")
    return f"({' AND '.join(bounds)})"


def _text(asked: QueryDict, name: str) -> str:
    return asked.get(name, "").replace("\0", "").strip()


def _values(asked: QueryDict, name: str) -> tuple[str, ...]:
    found = (one.replace("\0", "").strip() for one in asked.getlist(name)[:VALUES_MAX])
    return tuple(dict.fromkeys(one for one in found if one))


def _number(asked: QueryDict, name: str, largest: int) -> int | None:
    text = _text(asked, name).replace("$", "").replace(",", "")
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > len(str(largest)):
        return None
    return max(-largest, min(largest, int(text)))


def _limits(asked: QueryDict) -> dict[str, int]:
    found = {name: _number(asked, name, largest) for name, (_, largest) in LIMITS.items()}
    return {name: value for name, value in found.items() if value is not None}


def _texts(asked: QueryDict) -> dict[str, tuple[str, ...]]:
    found = {name: _values(asked, name) for name in TEXTS}
    return {
        name: tuple("" if one == NONE else one for one in values)
        for name, values in found.items()
        if values
    }


def _ids(asked: QueryDict) -> dict[str, tuple[int, ...]]:
    """Return the rows that an address names: clients and payers by code, others by id."""
    found: dict[str, tuple[int, ...]] = {}
    for name, table, column in (
        ("client", "clients_client", "code"),
        ("payer", "payers_payer", "payer_id"),
    ):
        codes = _values(asked, name)
        if codes:
            known = _rows_of(table, column, [one for one in codes if one != NONE])
            found[name] = (*known, *([0] if NONE in codes else [])) or (NOBODY,)
    for name in ("owner", "project"):
        values = _values(asked, name)
        if values:
            numbers = [int(one) for one in values if _is_id(one)]
            found[name] = (*numbers, *([0] if NONE in values else [])) or (NOBODY,)
    return found


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < len(str(2**31))


def _rows_of(table: str, column: str, values: Sequence[str]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} WHERE {column} = ANY (%s)",  # noqa: S608 - names of ours
            [list(values)],
        )
        return [pk for (pk,) in cursor.fetchall()]
