"""Sort orders of the worklist, and the place in a list from which the next page goes on.

A page goes on from the last row shown, never by counting rows off: page 1,000 costs what page 1
costs. The place holds values of the last row, except the patient's name, which has no place in an
address: it is read from the row.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

SORTS_MAX: Final = 3


def known_day(column: str) -> str:
    """Return a day that is never null, the last for none: in the words of the indexes.

    Not coalesce: for PostgreSQL that might leak, so that no index could answer a condition on it
    beneath row-level security.
    """
    return f"(CASE WHEN {column} IS NULL THEN 'infinity'::date ELSE {column} END)"


@dataclass(frozen=True, slots=True)
class Order:
    """What to sort by: SQL over `w` that is never null, and its type."""

    sql: str
    kind: str
    is_private: bool = False  # patient data: not in an address


ORDERS: Final[Mapping[str, Order]] = {
    "score": Order("w.score", "float8"),
    "value": Order("w.value_cents", "bigint"),
    "minutes": Order("w.effort_minutes", "float8"),
    "client": Order("w.client_code", "text"),
    "patient": Order("w.patient_name", "text", is_private=True),
    "claim": Order("w.claim_number", "text"),
    "payer": Order("w.payer_name", "text"),
    "service": Order(known_day("w.service_date"), "date"),
    "touched": Order("coalesce(w.last_touch_date, '-infinity'::date)", "date"),
    "touches": Order("w.touches", "int"),
    "next": Order("w.work_date", "date"),
    "not_before": Order(known_day("w.not_before_date"), "date"),
    "barrier": Order("w.barrier", "text"),
    "category": Order("w.category", "text"),
    "reason": Order("w.reason_code", "text"),
    "action": Order("w.next_action", "text"),
    "team": Order("w.team", "text"),
    "balance": Order("w.balance_cents", "bigint"),
    "charge": Order("w.charge_cents", "bigint"),
    "deadline": Order(known_day("w.deadline_date"), "date"),
    "owner": Order("coalesce(w.assignee_id, 0)", "int"),
    "level": Order("w.escalation_level", "int"),
    "since": Order("w.since_date", "date"),
    "age_dollars": Order(
        "(w.balance_cents * (%(today)s::date - coalesce(w.service_date, %(today)s::date)))",
        "bigint",
    ),
}
# The ways in which a lead can have the list ordered; the first is what the product proposes.
WAYS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "value": ("Most value for each minute", ("-score",)),
    "oldest": ("Oldest first", ("service",)),
    "largest": ("Largest first", ("-balance",)),
    "age_dollars": ("Age x dollars", ("-age_dollars",)),
}


def read_sort(text: str) -> tuple[str, ...]:
    """Return the sort keys of an address, "-" in front for descending; unknown ones are dropped."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name = part.strip().removeprefix("-")
        if name in ORDERS:
            found.setdefault(name, part.strip())
    return tuple(found.values())[:SORTS_MAX]


def order_by(sort: Sequence[str], *, alias: str = "w") -> str:
    """Return the ORDER BY of the keys and the row's id, in the direction of the last key."""
    parts = [f"{_order(key).sql} {_direction(key)}" for key in sort]
    parts.append(f"w.id {_direction(sort[-1])}")
    return ", ".join(parts).replace("w.", f"{alias}.")


def place_columns(sort: Sequence[str]) -> str:
    """Return the columns that a row's place is made of, as a JSON array."""
    parts = ["NULL" if _order(key).is_private else f"({_order(key).sql})::text" for key in sort]
    return f"jsonb_build_array({', '.join(parts)})"


def token_of(values: Sequence[str | None], row_id: int) -> str:
    """Return the place of a row as text for an address."""
    text = json.dumps([*values, row_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def after(token: str, sort: Sequence[str]) -> tuple[str, dict[str, Any]] | None:
    """Return the condition on rows after a place, and its parameters.

    None for a token that is not one of this order: the list begins at its beginning.
    """
    place = _read(token, sort)
    if place is None:
        return None
    *values, row_id = place
    params: dict[str, Any] = {"after_id": row_id}
    sides: list[str] = []
    for index, (key, value) in enumerate(zip(sort, values, strict=True)):
        order = _order(key)
        if order.is_private:
            sql = order.sql.replace("w.", "l.")
            sides.append(
                f"(SELECT {sql} FROM worklists_work_item l WHERE l.id = %(after_id)s)"  # noqa: S608
            )
            continue
        params[f"after_{index}"] = value
        sides.append(f"%(after_{index})s::{order.kind}")
    columns = [_order(key).sql for key in sort] + ["w.id"]
    sides.append("%(after_id)s::bigint")
    signs = ["<" if key.startswith("-") else ">" for key in sort]
    signs.append(signs[-1])
    if len(set(signs)) == 1:
        return f"({', '.join(columns)}) {signs[0]} ({', '.join(sides)})", params
    return _stepwise(columns, signs, sides), params


def _stepwise(columns: Sequence[str], signs: Sequence[str], sides: Sequence[str]) -> str:
    """Return "after" for keys of both directions: further in one, equal in all before it."""
    cases = []
    for index, (column, sign, side) in enumerate(zip(columns, signs, sides, strict=True)):
        same = [f"{columns[before]} = {sides[before]}" for before in range(index)]
        cases.append(f"({' AND '.join([*same, f'{column} {sign} {side}'])})")
    # The first key alone bounds what an index has to read.
    return f"{columns[0]} {signs[0]}= {sides[0]} AND ({' OR '.join(cases)})"


def _read(token: str, sort: Sequence[str]) -> list[Any] | None:
    try:
        found = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    if not isinstance(found, list) or len(found) != len(sort) + 1:
        return None
    *values, row_id = found
    if not isinstance(row_id, int) or isinstance(row_id, bool) or not 0 <= row_id < 2**63:
        return None
    for key, value in zip(sort, values, strict=True):
        order = _order(key)
        if not (value is None if order.is_private else _fits(value, order.kind)):
            return None
    return found


def _fits(value: object, kind: str) -> bool:
    """Say whether a text from an address is a value of the type."""
    if not isinstance(value, str) or "\0" in value:
        return False
    if kind == "text":
        return True
    try:
        if kind == "date":
            return value.lstrip("-") == "infinity" or bool(date.fromisoformat(value))
        if kind == "float8":
            return float(value) == float(value)  # no "not a number"
        limit = 2**31 if kind == "int" else 2**63
        return -limit <= int(value) < limit
    except ValueError:
        return False


def _order(key: str) -> Order:
    return ORDERS[key.removeprefix("-")]


def _direction(key: str) -> str:
    return "DESC" if key.startswith("-") else "ASC"
