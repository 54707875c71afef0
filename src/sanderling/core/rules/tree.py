"""The typed tree of a condition: what the reader makes and the printers print.

Numbers are exact: a whole number and a scale, the number of decimal places it counts. Money is a
number of scale 2, so that 500 in the text compares with 50000 cents. Places (column of the text,
from 1) are kept for messages only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from sanderling.core.rules.fields import Field


class Order(StrEnum):
    """How two values stand to each other."""

    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    EQUAL = "=="
    UNEQUAL = "!="


class Place(StrEnum):
    """Where in a text another must be."""

    START = "startsWith"
    END = "endsWith"
    WITHIN = "contains"


@dataclass(frozen=True, slots=True)
class Constant:
    """A number as written: `value` / 10 ** `scale`."""

    value: int
    scale: int


@dataclass(frozen=True, slots=True)
class Fact:
    """A field's value."""

    field: Field


@dataclass(frozen=True, slots=True)
class Size:
    """How many texts a list has."""

    field: Field


@dataclass(frozen=True, slots=True)
class Sum:
    """Left + right, or left - right."""

    left: Number
    right: Number
    is_minus: bool


@dataclass(frozen=True, slots=True)
class Product:
    """A number times a constant."""

    factor: Constant
    number: Number


Number: TypeAlias = "Constant | Fact | Size | Sum | Product"


@dataclass(frozen=True, slots=True)
class NumberIs:
    """A comparison of two numbers of one kind (money, counts); false where one is unknown.

    UNEQUAL is the opposite of EQUAL: true where exactly one of them is unknown.
    """

    order: Order
    left: Number
    right: Number


@dataclass(frozen=True, slots=True)
class Unknown:
    """The number is not known (`== null`)."""

    number: Number


@dataclass(frozen=True, slots=True)
class NumberAmong:
    """The number is one of these; false where it is unknown."""

    number: Number
    values: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class TextIs:
    """The fact is exactly this text."""

    field: Field
    text: str


@dataclass(frozen=True, slots=True)
class SameText:
    """Two facts have the same text."""

    left: Field
    right: Field


@dataclass(frozen=True, slots=True)
class TextAmong:
    """The fact is one of these texts."""

    field: Field
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextHas:
    """The fact begins with, ends with or holds this text."""

    field: Field
    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class ListHas:
    """The text is in the list."""

    field: Field
    text: str


@dataclass(frozen=True, slots=True)
class Holds:
    """The truth holds."""

    field: Field


@dataclass(frozen=True, slots=True)
class Always:
    """True or false, whatever the facts."""

    is_true: bool


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    """All parts hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part holds at least."""

    parts: tuple[Condition, ...]


Atom: TypeAlias = (
    "NumberIs | Unknown | NumberAmong | TextIs | SameText | TextAmong | TextHas | ListHas | Holds"
    " | Always"
)
Condition: TypeAlias = "Atom | Not | AllOf | AnyOf"


def fields_of(tree: Condition | Number) -> set[str]:
    """Return the names of the facts that a tree asks about."""
    match tree:
        case Constant() | Always():
            return set()
        case Fact(field) | Size(field) | TextIs(field) | TextAmong(field) | TextHas(field):
            return {field.name}
        case ListHas(field) | Holds(field):
            return {field.name}
        case SameText(left, right):
            return {left.name, right.name}
        case Sum(one, other) | NumberIs(_, one, other):
            return fields_of(one) | fields_of(other)
        case Product(_, number) | Unknown(number) | NumberAmong(number):
            return fields_of(number)
        case Not(part):
            return fields_of(part)
        case AllOf(parts) | AnyOf(parts):
            return set[str]().union(*(fields_of(part) for part in parts))


def relaxed(tree: Condition, known: set[str]) -> Condition:
    """Return a condition over known facts alone that holds wherever `tree` may hold.

    A part that asks about another fact may hold or not: it is taken as what lets more through. The
    result is an upper bound, equal to the tree when all its facts are known.
    """
    return _loosened(tree, known, may=True)


def _loosened(tree: Condition, known: set[str], *, may: bool) -> Condition:
    match tree:
        case Not(part):
            return Not(_loosened(part, known, may=not may))
        case AllOf(parts):
            return AllOf(tuple(_loosened(part, known, may=may) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_loosened(part, known, may=may) for part in parts))
    return tree if fields_of(tree) <= known else Always(may)
