"""One condition, three engines: PostgreSQL, Polars and cel-python's own evaluator agree."""

from __future__ import annotations

import sys
from typing import Any

import celpy
import polars as pl
import pytest
from celpy import celtypes
from celpy.evaluation import CELEvalError
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sanderling.core.rules.columns import dtype_of, expression
from sanderling.core.rules.fields import FIELD_OF
from sanderling.core.rules.reading import read_condition
from sanderling.core.rules.sql import where

pytestmark = pytest.mark.django_db
TEXTS = ("", "A", "AB", "b%", "B_", "a'b", "é")
NAMES = (
    *("balance", "charge", "age_days", "days_to_deadline", "touches", "payer", "reason_code"),
    *("tags", "unassigned", "high_dollar"),
)
SQL_TYPES = {"money": "bigint", "number": "int", "text": "text", "truth": "boolean"}
Row = dict[str, Any]

money = st.integers(-8, 8).map(lambda quarters: 25 * quarters)  # exact as floats, too
small = st.integers(-3, 3)
rows_of_facts = st.fixed_dictionaries(
    {
        "balance": money,
        "charge": money,
        "age_days": st.none() | small,
        "days_to_deadline": st.none() | small,
        "touches": small,
        "payer": st.sampled_from(TEXTS),
        "reason_code": st.sampled_from(TEXTS),
        "tags": st.lists(st.sampled_from(TEXTS), max_size=2),
        "unassigned": st.booleans(),
        "high_dollar": st.booleans(),
    }
)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


quotes = st.sampled_from(TEXTS).map(quoted)
orders = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
dollars = money.map(lambda cents: f"{cents / 100:.2f}")
amounts = st.one_of(
    st.sampled_from(["balance", "charge"]),
    st.tuples(st.sampled_from(["2.0", "0.5", "-1.0"]), st.sampled_from(["balance", "charge"])).map(
        lambda parts: f"({parts[0]} * {parts[1]})"
    ),
    st.tuples(st.sampled_from(["balance + charge", "balance - charge"]), dollars).map(
        lambda parts: f"({parts[0]} + {parts[1]})"
    ),
)
counts = st.one_of(
    st.sampled_from(["age_days", "days_to_deadline", "touches", "size(tags)"]),
    small.map(lambda number: f"(touches + {number})"),
    small.map(lambda number: f"(age_days * {number} - days_to_deadline)"),
)
lists = st.lists(quotes, min_size=1, max_size=3).map(lambda items: f"[{', '.join(items)}]")
atoms = st.one_of(
    st.tuples(amounts, orders, st.one_of(amounts, dollars)).map(" ".join),
    st.tuples(counts, orders, st.one_of(counts, small.map(str))).map(" ".join),
    st.tuples(st.sampled_from(["payer", "reason_code"]), st.sampled_from(["==", "!="]), quotes).map(
        " ".join
    ),
    st.sampled_from(["payer == reason_code", "unassigned", "high_dollar == false", "true"]),
    st.tuples(st.sampled_from(["payer", "reason_code"]), lists).map(" in ".join),
    st.tuples(st.sampled_from(["startsWith", "endsWith", "contains"]), quotes).map(
        lambda parts: f"payer.{parts[0]}({parts[1]})"
    ),
    quotes.map(lambda text: f"{text} in tags"),
    st.lists(small, min_size=1, max_size=3).map(lambda values: f"touches in {values}"),
    st.sampled_from(["age_days == null", "days_to_deadline != null"]),
)
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        inner.map(lambda part: f"!({part})"),
        st.tuples(inner, inner).map(lambda parts: f"({parts[0]} && {parts[1]})"),
        st.tuples(inner, inner).map(lambda parts: f"({parts[0]} || {parts[1]})"),
    ),
    max_leaves=6,
)


def by_polars(text: str, rows: list[Row]) -> list[bool]:
    schema = {name: dtype_of(FIELD_OF[name]) for name in NAMES}
    frame = pl.DataFrame(rows, schema=schema).with_row_index()
    answer = expression(read_condition(text)) & (pl.col("index") >= 0)  # also constants, by row
    found: list[bool] = frame.select(answer=answer)["answer"].to_list()
    return found


def by_sql(text: str, rows: list[Row]) -> list[bool]:
    clause, parameters = where(read_condition(text), {name: f"r.{name}" for name in NAMES})
    kinds = [SQL_TYPES.get(FIELD_OF[name].kind, "text[]") for name in NAMES]
    kept = [
        ", ".join(f"%(r{at}_{name})s::{kind}" for name, kind in zip(NAMES, kinds, strict=True))
        for at in range(len(rows))
    ]
    values = ", ".join(f"({row}, {at})" for at, row in enumerate(kept))
    parameters |= {f"r{at}_{name}": row[name] for at, row in enumerate(rows) for name in NAMES}
    columns = ", ".join((*NAMES, "place"))
    query = f"SELECT {clause} FROM (VALUES {values}) AS r({columns}) ORDER BY place"
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return [answer for (answer,) in cursor.fetchall()]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions, st.lists(rows_of_facts, min_size=1, max_size=12))
def test_sql_and_polars_agree_on_any_condition_and_rows(text: str, rows: list[Row]) -> None:
    assert by_sql(text, rows) == by_polars(text, rows)


def activation(row: Row) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in row.items():
        if name in ("balance", "charge"):
            made[name] = celtypes.DoubleType(value / 100)
        elif isinstance(value, bool):
            made[name] = celtypes.BoolType(value)
        elif isinstance(value, int):
            made[name] = celtypes.IntType(value)
        elif isinstance(value, list):
            made[name] = celtypes.ListType([celtypes.StringType(item) for item in value])
        elif value is None:
            made[name] = None
        else:
            made[name] = celtypes.StringType(value)
    return made


known_rows = rows_of_facts.filter(
    lambda row: row["age_days"] is not None and row["days_to_deadline"] is not None
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    conditions.filter(lambda text: "null" not in text), st.lists(known_rows, min_size=1, max_size=4)
)
def test_polars_agrees_with_an_evaluator_of_cel(text: str, rows: list[Row]) -> None:
    """On known facts: about unknown ones CEL raises an error, and we have fixed what holds."""
    limit = sys.getrecursionlimit()  # celpy raises it, which hypothesis minds
    environment = celpy.Environment()
    program = environment.program(environment.compile(text))
    sys.setrecursionlimit(limit)
    expected = []
    for row in rows:
        answer = program.evaluate(activation(row))
        assert not isinstance(answer, CELEvalError)
        expected.append(bool(answer))
    assert by_polars(text, rows) == expected
