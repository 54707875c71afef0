"""The balances behind a number of the barrier pages, sorted, a page at a time.

Pages go on from the last row shown (its sort value, claim and party), never by counting rows off:
page 1,000 costs what page 1 costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sanderling.barriers.asking import AGE_DAYS, BASIS_DATE, Question, kept_source, run, where
from sanderling.barriers.changes import NOTHING
from sanderling.barriers.where_money import (
    PASSED,
    REFUND,
    WINDOWS,
    bucket_condition,
    window_condition,
)
from sanderling.core.ages import DEFAULT_BUCKETS

# Sort orders: name -> SQL that is never null, its type, the table that it reads beside b.
ORDERS: Final[Mapping[str, tuple[str, str, str]]] = {
    "balance": ("b.balance_cents", "bigint", ""),
    "deadline": ("coalesce(b.deadline_date, 'infinity')", "date", ""),
    "next": ("coalesce(b.next_date, 'infinity')", "date", ""),
    "since": ("coalesce(b.since_date, '-infinity')", "date", ""),
    "service": (f"coalesce({BASIS_DATE}, '-infinity')", "date", ""),
    "client": ("k.code", "text", "k"),
    "claim": ("c.number", "text", "c"),
    "payer": ("coalesce(p.name, '')", "text", "p"),
    "barrier": ("b.barrier", "text", ""),
    "team": ("b.team", "text", ""),
}
_JOINS: Final = {
    "c": "JOIN claims_claim c ON c.id = b.claim_id",
    "k": "JOIN clients_client k ON k.id = b.client_id",
    "p": "LEFT JOIN payers_payer p ON p.id = b.payer_id",
}
COLUMNS: Final = (
    "client",
    "claim",
    "patient",
    "payer_id",
    "payer_name",
    "responsibility",
    "service_date",
    "age_days",
    "balance_cents",
    "barrier",
    "category",
    "subcategory",
    "sentence",
    "next_action",
    "team",
    "next_date",
    "deadline",
    "deadline_kind",
    "days_left",
    "is_deadline_met",
    "since",
)
# What a sentence is made from, beside the names of claim and payer.
_FACTS: Final = (
    "claim_id",
    "client_id",
    "party",
    "balance_cents",
    "barrier",
    "category",
    "subcategory",
    "detail",
    "group_code",
    "reason_code",
    "remark_code",
    "status_code",
    "next_action",
    "team",
    "since_date",
    "next_date",
    "due_date",
    "deadline_date",
    "deadline_kind",
    "deadline_level",
    "deadline_rule",
    "is_deadline_met",
    "cause",
    "evidence",
)
_NAMES: Final = (
    "client",
    "claim",
    "patient_last_name",
    "patient_first_name",
    "payer_id",
    "payer_name",
    "payer_type",
    "service_date",
    "age_days",
)
_DIGITS_MAX: Final = 18  # so that it is a bigint
# Looked up one by one: for the balances of one barrier or flow the planner, which cannot know how
# many claims row-level security lets through, would read all claims instead.
_ONE_CLAIM: Final = (
    "JOIN LATERAL (SELECT * FROM claims_claim WHERE id = b.claim_id OFFSET 0) c ON true"
)
Row = dict[str, Any]


class WrongList(Exception):
    """The list asks for an order, window or bucket that does not exist."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A flow: what stood at `was` at the end of `since` and stands at `now`; "" is nothing."""

    since: date
    was: str
    now: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which balances: the question, and the cell, window or flow that was clicked."""

    question: Question
    bucket: int | None = None
    window: str = ""  # PASSED or one of WINDOWS
    kind: str = ""  # of deadline
    moved: Moved | None = None
    is_credit: bool | None = None
    order: str = field(default="balance")
    is_descending: bool = True

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise WrongList(f"no order {self.order!r}; there are {', '.join(ORDERS)}")
        if self.bucket is not None and not 0 <= self.bucket <= len(DEFAULT_BUCKETS):
            raise WrongList(f"there is no bucket {self.bucket}")
        if self.window not in ("", PASSED, *map(str, WINDOWS)):
            raise WrongList(f"there is no window {self.window!r}")

    @property
    def is_closed(self) -> bool:
        """Say whether the list is of balances that are no longer there."""
        return self.moved is not None and self.moved.now == NOTHING


@dataclass(frozen=True, slots=True)
class Size:
    """How many balances a list has in all, and their sum."""

    count: int
    balance_cents: int


def size(wanted: Wanted) -> Size:
    """Return how long the list is in all."""
    conditions = _conditions(wanted)
    statement = f"""
        SELECT count(*), coalesce(sum(b.balance_cents), 0)::bigint
          FROM {_source(wanted)} AS b {_joins(wanted, "")} {where(conditions)}
    """  # noqa: S608  (parts are ours; what comes from outside are parameters)
    return Size(*run(statement, _params(wanted))[0])


def page_of(wanted: Wanted, *, limit: int | None, after: str = "") -> tuple[list[Row], str]:
    """Return rows after the token `after`, and the token of the next page, empty on the last one.

    A token that is not one of ours is the first page. Rows hold the names of _FACTS and _NAMES.
    """
    order, kind, table = ORDERS[wanted.order]
    conditions = _conditions(wanted)
    params = _params(wanted) | {"limit": None if limit is None else limit + 1}
    place = read_token(after, kind)
    if place is not None:
        sign = "<" if wanted.is_descending else ">"
        conditions.append(
            f"({order}, b.claim_id, b.party) {sign}"
            f" (%(after)s::{kind}, %(after_claim)s, %(after_party)s)"
        )
        params |= dict(zip(("after", "after_claim", "after_party"), place, strict=True))
    direction = "DESC" if wanted.is_descending else "ASC"
    facts = ", ".join(f"b.{name}" for name in _FACTS)
    # The inner statement finds the rows of the page, the outer one what is written on them.
    statement = f"""
        SELECT {facts}, k.code, c.number, c.patient_last_name, c.patient_first_name,
               p.payer_id, p.name, p.type, c.service_from_date, {AGE_DAYS}, b.place::text
          FROM (SELECT b.*, {order} AS place
                  FROM {_source(wanted)} AS b {_joins(wanted, table)} {where(conditions)}
                 ORDER BY {order} {direction}, b.claim_id {direction}, b.party {direction}
                 LIMIT %(limit)s) AS b
               {" ".join(_JOINS.values())}
         ORDER BY b.place {direction}, b.claim_id {direction}, b.party {direction}
    """  # noqa: S608  (as above)
    found = run(statement, params)
    rows = [dict(zip((*_FACTS, *_NAMES), row[:-1], strict=True)) for row in found]
    if limit is None or len(found) <= limit:
        return rows, ""
    last = found[limit - 1]
    return rows[:limit], f"{last[-1]}~{rows[limit - 1]['claim_id']}~{rows[limit - 1]['party']}"


def rows_of_claim(claim_id: int) -> list[Row]:
    """Return today's rows of one claim, by party, with the names of _FACTS."""
    statement = f"""
        SELECT {", ".join(_FACTS)} FROM barriers_barrier
         WHERE claim_id = %(claim_id)s ORDER BY party
    """  # noqa: S608  (as above)
    return [dict(zip(_FACTS, row, strict=True)) for row in run(statement, {"claim_id": claim_id})]


def rows_of_claim_on(claim_id: int, as_of: date) -> list[Row] | None:
    """Return the rows kept of one claim at a week end, None for a day that is not kept."""
    params = {"claim_id": claim_id, "as_of": as_of}
    if not run("SELECT FROM barriers_week_end WHERE as_of_date = %(as_of)s", params):
        return None
    statement = f"""
        SELECT {", ".join(_FACTS)} FROM {kept_source("as_of")} AS b
         WHERE claim_id = %(claim_id)s ORDER BY party
    """  # noqa: S608  (as above)
    return [dict(zip(_FACTS, row, strict=True)) for row in run(statement, params)]


def _source(wanted: Wanted) -> str:
    if wanted.is_closed:
        return kept_source("since")
    return wanted.question.source()


def _conditions(wanted: Wanted) -> list[str]:
    question = wanted.question
    found = [*question.whose(), *([] if wanted.moved else question.what())]
    if wanted.is_credit is not None:
        found.append("b.balance_cents < 0" if wanted.is_credit else "b.balance_cents > 0")
    if wanted.bucket is not None:
        found.append(bucket_condition(wanted.bucket).replace("age_days", AGE_DAYS))
    if wanted.window:
        found.append(window_condition(wanted.window))
        found.append("b.deadline_kind = %(kind)s" if wanted.kind else "b.deadline_kind <> %(kind)s")
    if wanted.moved:
        found += _moved_conditions(wanted.moved, question)
    return found


def _moved_conditions(moved: Moved, question: Question) -> list[str]:
    """Return the conditions of a flow on b: the row of today, or the kept row that closed."""
    whose = "".join(f" AND {text.replace('b.', 'x.')}" for text in question.whose())
    same = f"x.claim_id = b.claim_id AND x.party = b.party{whose}"
    kept = kept_source("since")
    if moved.now == NOTHING:
        gone = f"NOT EXISTS (SELECT FROM {question.source()} AS x WHERE {same})"
        return ["b.barrier = %(was)s", gone]
    found = ["b.barrier = %(now)s"]
    if moved.cause:
        found.append("b.cause = %(cause)s")
    if moved.was == NOTHING:
        found.append(f"NOT EXISTS (SELECT FROM {kept} AS x WHERE {same})")
    else:
        found.append(f"EXISTS (SELECT FROM {kept} AS x WHERE {same} AND x.barrier = %(was)s)")
    return found


def _joins(wanted: Wanted, table: str) -> str:
    """Return the joins that are read: `table` for the order, the claim for its age."""
    names = {table, "c" if wanted.bucket is not None else ""} - {""}
    joins = dict(_JOINS)
    if wanted.moved or wanted.question.barrier or wanted.window:
        joins["c"] = _ONE_CLAIM
    return " ".join(joins[name] for name in sorted(names))


def _params(wanted: Wanted) -> dict[str, Any]:
    params = wanted.question.params() | {"kind": wanted.kind or REFUND}
    if wanted.moved:
        moved = wanted.moved
        params |= {
            "since": moved.since,
            "was": moved.was,
            "now": moved.now,
            "cause": moved.cause,
        }
    return params


def read_token(token: str, kind: str) -> tuple[object, int, int] | None:
    """Return the place after which a page begins, None for what is no token of this order."""
    value, _, rest = token.partition("~") if kind != "text" else _from_right(token)
    row, _, part = rest.partition("~")
    if not (_is_whole(row) and _is_whole(part)) or "\0" in value:
        return None
    if kind == "date" and value not in ("infinity", "-infinity"):
        try:
            date.fromisoformat(value)
        except ValueError:
            return None
    if kind == "bigint" and not _is_whole(value.removeprefix("-")):
        return None
    return value, int(row), int(part)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX


def _from_right(token: str) -> tuple[str, str, str]:
    """Split a text's token, in which the value itself may hold the separator."""
    value, _, party = token.rpartition("~")
    value, _, claim = value.rpartition("~")
    return value, "~", f"{claim}~{party}"
