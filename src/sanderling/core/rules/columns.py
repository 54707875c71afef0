"""A condition as a Polars expression over a frame whose columns are named after the facts.

Money columns are whole cents (Int64), truths Boolean, lists List(String). The same two-valued
answers as the SQL.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Final

import polars as pl

from sanderling.core.rules.fields import Field, Kind
from sanderling.core.rules.operands import scale_of, tens
from sanderling.core.rules.tree import (
    AllOf,
    Always,
    AnyOf,
    Condition,
    Constant,
    Fact,
    Holds,
    ListHas,
    Not,
    Number,
    NumberAmong,
    NumberIs,
    Order,
    Place,
    Product,
    SameText,
    Size,
    Sum,
    TextAmong,
    TextHas,
    TextIs,
    Unknown,
)

DTYPES: Final = {
    Kind.MONEY: pl.Int64(),
    Kind.NUMBER: pl.Int64(),
    Kind.TEXT: pl.String(),
    Kind.TRUTH: pl.Boolean(),
    Kind.TEXTS: pl.List(pl.String),
}


def dtype_of(field: Field) -> pl.DataType:
    """Return the type of a fact's column."""
    return DTYPES[field.kind]


def expression(tree: Condition) -> pl.Expr:
    """Return the Boolean expression of a condition; never null."""
    match tree:
        case Not(part):
            return ~expression(part)
        case AllOf(parts):
            return pl.all_horizontal([expression(part) for part in parts])
        case AnyOf(parts):
            return pl.any_horizontal([expression(part) for part in parts])
        case Always(is_true):
            return pl.lit(is_true)
        case NumberIs(order, left, right):
            return _comparison(order, left, right)
        case Unknown(number):
            return _number(number, scale_of(number)).is_null()
        case NumberAmong(number, values):
            scale = max(scale_of(number), *(value.scale for value in values))
            whole = [value.value * tens(scale - value.scale) for value in values]
            return _number(number, scale).is_in(whole).fill_null(value=False)
    return _text(tree)


def _number(number: Number, scale: int) -> pl.Expr:
    own = scale_of(number)
    if isinstance(number, Constant):
        return pl.lit(number.value * tens(scale - own), dtype=pl.Int64)
    made = _whole(number, own)
    return made if own == scale else made * pl.lit(tens(scale - own), dtype=pl.Int64)


def _whole(number: Number, own: int) -> pl.Expr:
    match number:
        case Constant(value):
            return pl.lit(value, dtype=pl.Int64)
        case Fact(fact):
            return pl.col(fact.name)
        case Size(fact):
            return pl.col(fact.name).list.len().cast(pl.Int64)
        case Sum(left, right, is_minus):
            one, other = _number(left, own), _number(right, own)
            return one - other if is_minus else one + other
        case Product(factor, inner):
            return pl.lit(factor.value, dtype=pl.Int64) * _number(inner, scale_of(inner))


_COMPARISONS: Final[Mapping[Order, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    Order.LESS: operator.lt,
    Order.AT_MOST: operator.le,
    Order.MORE: operator.gt,
    Order.AT_LEAST: operator.ge,
    Order.EQUAL: operator.eq,
}


def _comparison(order: Order, left: Number, right: Number) -> pl.Expr:
    scale = max(scale_of(left), scale_of(right))
    one, other = _number(left, scale), _number(right, scale)
    if order == Order.UNEQUAL:
        return ~(one == other).fill_null(value=False)
    return _COMPARISONS[order](one, other).fill_null(value=False)


def _text(tree: Condition) -> pl.Expr:
    match tree:
        case TextIs(fact, text):
            return pl.col(fact.name) == text
        case SameText(one, other):
            return pl.col(one.name) == pl.col(other.name)
        case TextAmong(fact, texts):
            return pl.col(fact.name).is_in(list(texts))
        case TextHas(fact, Place.START, text):
            return pl.col(fact.name).str.starts_with(text)
        case TextHas(fact, Place.END, text):
            return pl.col(fact.name).str.ends_with(text)
        case TextHas(fact, Place.WITHIN, text):
            return pl.col(fact.name).str.contains(text, literal=True)
        case ListHas(fact, text):
            return pl.col(fact.name).list.contains(text)
        case Holds(fact):
            return pl.col(fact.name)
    raise TypeError(tree)
