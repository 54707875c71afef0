"""A condition as a WHERE clause of PostgreSQL: values are bound, never spliced.

Two-valued as CEL is: a comparison with an unknown number is false, its negation true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

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

_SIGNS: Final = {
    Order.LESS: "<",
    Order.AT_MOST: "<=",
    Order.MORE: ">",
    Order.AT_LEAST: ">=",
    Order.EQUAL: "=",
}


def where(
    tree: Condition, columns: Mapping[str, str], prefix: str = "c"
) -> tuple[str, dict[str, Any]]:
    """Return the clause and its named parameters (psycopg's %(c0)s).

    `columns`: where each fact is found, expressions of ours by the fact's name; money in cents.

    Raises:
        KeyError: the condition asks about a fact that `columns` does not have.
    """
    printer = _Printer(columns, prefix)
    return printer.condition(tree), printer.parameters


@dataclass(slots=True)
class _Printer:
    columns: Mapping[str, str]
    prefix: str
    parameters: dict[str, Any] = field(default_factory=dict)

    def bound(self, value: str | int | list[str] | list[int], kind: str) -> str:
        name = f"{self.prefix}{len(self.parameters)}"
        self.parameters[name] = value
        return f"%({name})s::{kind}"

    def number(self, number: Number, scale: int) -> str:
        """Return the expression's whole number, counted in `scale` decimal places."""
        own = scale_of(number)
        if isinstance(number, Constant):
            return self.bound(number.value * tens(scale - own), "bigint")
        text = self.whole(number, own)
        return text if own == scale else f"({text} * {tens(scale - own)})"

    def whole(self, number: Number, own: int) -> str:
        match number:
            case Constant(value):
                return self.bound(value, "bigint")
            case Fact(fact):
                return f"({self.columns[fact.name]})::bigint"
            case Size(fact):
                return f"cardinality({self.columns[fact.name]})::bigint"
            case Sum(left, right, is_minus):
                sign = "-" if is_minus else "+"
                return f"({self.number(left, own)} {sign} {self.number(right, own)})"
            case Product(factor, inner):
                one = self.bound(factor.value, "bigint")
                return f"({one} * {self.number(inner, scale_of(inner))})"

    def condition(self, tree: Condition) -> str:
        match tree:
            case Not(part):
                return f"NOT ({self.condition(part)})"
            case AllOf(parts):
                return "(" + " AND ".join(self.condition(part) for part in parts) + ")"
            case AnyOf(parts):
                return "(" + " OR ".join(self.condition(part) for part in parts) + ")"
            case Always(is_true):
                return "true" if is_true else "false"
            case NumberIs(order, left, right):
                return self.comparison(order, left, right)
            case Unknown(number):
                return f"({self.number(number, scale_of(number))} IS NULL)"
            case NumberAmong(number, values):
                scale = max(scale_of(number), *(value.scale for value in values))
                whole = [value.value * tens(scale - value.scale) for value in values]
                listed = self.bound(whole, "bigint[]")
                return f"coalesce({self.number(number, scale)} = ANY ({listed}), false)"
        return self.text(tree)

    def comparison(self, order: Order, left: Number, right: Number) -> str:
        scale = max(scale_of(left), scale_of(right))
        one, other = self.number(left, scale), self.number(right, scale)
        if order == Order.UNEQUAL:
            return f"NOT coalesce({one} = {other}, false)"
        return f"coalesce({one} {_SIGNS[order]} {other}, false)"

    def text(self, tree: Condition) -> str:
        match tree:
            case TextIs(fact, text):
                return f"({self.columns[fact.name]} = {self.bound(text, 'text')})"
            case SameText(one, other):
                return f"({self.columns[one.name]} = {self.columns[other.name]})"
            case TextAmong(fact, texts):
                return f"({self.columns[fact.name]} = ANY ({self.bound(list(texts), 'text[]')}))"
            case TextHas(fact, place, text):
                return self.placed(self.columns[fact.name], place, text)
            case ListHas(fact, text):
                return f"({self.bound(text, 'text')} = ANY ({self.columns[fact.name]}))"
            case Holds(fact):
                return f"({self.columns[fact.name]})"
        raise TypeError(tree)

    def placed(self, column: str, place: Place, text: str) -> str:
        match place:
            case Place.START:
                return f"starts_with({column}, {self.bound(text, 'text')})"
            case Place.END:
                return f"(right({column}, {len(text)}) = {self.bound(text, 'text')})"
            case Place.WITHIN:
                return f"(position({self.bound(text, 'text')} IN {column}) > 0)"
