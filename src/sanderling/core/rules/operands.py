"""What a part of a condition can be, and which parts go together: the typing rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sanderling.core.rules.fields import Field, Kind, nearest_value
from sanderling.core.rules.refusing import TypeMismatch
from sanderling.core.rules.tree import (
    Always,
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

MONEY_SCALE: Final = 2
SCALE_MAX: Final = 4
CONSTANT_MAX: Final = 10**12
# No fact is larger: $100 billion in cents, ten million days or touches. What a condition can make
# of them must fit 64 bits, so that no engine overflows.
_FACT_MAX: Final = {Kind.MONEY: 10**13, Kind.NUMBER: 10**7}
_LIST_MAX: Final = 10**4
_RESULT_MAX: Final = 2**62


@dataclass(frozen=True, slots=True)
class Truth:
    """A part that holds or not."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Numeric:
    """A part that counts; `unit` is money, count, or empty for constants alone."""

    number: Number
    unit: str


@dataclass(frozen=True, slots=True)
class Word:
    """A text as written."""

    text: str


@dataclass(frozen=True, slots=True)
class TextFact:
    """A fact that is a text."""

    field: Field


@dataclass(frozen=True, slots=True)
class ListFact:
    """A fact that is a list of texts."""

    field: Field


@dataclass(frozen=True, slots=True)
class Listed:
    """A list as written."""

    items: tuple[Word | Numeric, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """The word null."""


Operand = Truth | Numeric | Word | TextFact | ListFact | Listed | Nothing


def operand_of(field: Field) -> Operand:
    """Return what a field's name stands for."""
    match field.kind:
        case Kind.MONEY:
            return Numeric(Fact(field), "money")
        case Kind.NUMBER:
            return Numeric(Fact(field), "count")
        case Kind.TEXT:
            return TextFact(field)
        case Kind.TEXTS:
            return ListFact(field)
        case Kind.TRUTH:
            return Truth(Holds(field))


def described(operand: Operand) -> str:
    """Return what an operand is called in a message."""
    match operand:
        case Truth():
            return "something true or false"
        case Numeric(_, unit):
            return {"money": "an amount of money", "count": "a count"}.get(unit, "a number")
        case Word(text):
            return f'the text "{text}"'
        case TextFact(field):
            return f"the text {field.name}"
        case ListFact(field):
            return f"the list {field.name}"
        case Listed():
            return "a list"
        case Nothing():
            return "null"


def tens(places: int) -> int:
    """Return 10 ** places."""
    return int(10**places)


def scale_of(number: Number) -> int:
    """Return how many decimal places the whole number of this expression counts."""
    match number:
        case Constant(_, scale):
            return scale
        case Fact(field):
            return MONEY_SCALE if field.kind == Kind.MONEY else 0
        case Size():
            return 0
        case Sum(left, right):
            return max(scale_of(left), scale_of(right))
        case Product(factor, inner):
            return factor.scale + scale_of(inner)


def _bound(number: Number, scale: int) -> int:
    """Return what the expression's whole number, counted in `scale` places, cannot exceed."""
    lift = tens(scale - scale_of(number))
    match number:
        case Constant(value):
            return abs(value) * lift
        case Fact(field):
            return _FACT_MAX[field.kind] * lift
        case Size():
            return _LIST_MAX * lift
        case Sum(left, right):
            own = scale_of(number)
            return (_bound(left, own) + _bound(right, own)) * lift
        case Product(factor, inner):
            return abs(factor.value) * _bound(inner, scale_of(inner)) * lift


def _check_size(*numbers: Number) -> None:
    scale = max(scale_of(number) for number in numbers)
    if any(_bound(number, scale) > _RESULT_MAX for number in numbers):
        raise TypeMismatch("the numbers become too large to be exact; use smaller factors")


def _same_unit(left: Numeric, right: Numeric) -> str:
    for one, other in ((left, right), (right, left)):
        is_beside_money = isinstance(one.number, Constant) and other.unit == "money"
        if is_beside_money and scale_of(one.number) > MONEY_SCALE:
            raise TypeMismatch("money has two decimal places at most")
    if left.unit and right.unit and left.unit != right.unit:
        raise TypeMismatch("an amount of money and a count do not compare or add up")
    return left.unit or right.unit


def combine(sign: str, left: Operand, right: Operand) -> Operand:
    """Return left + right, left - right or left * right.

    Raises:
        TypeMismatch: they are no numbers, of two kinds, or two facts are multiplied.
    """
    if not isinstance(left, Numeric) or not isinstance(right, Numeric):
        wrong = right if isinstance(left, Numeric) else left
        raise TypeMismatch(f"{sign} is for numbers, not for {described(wrong)}")
    if sign == "*":
        if not isinstance(left.number, Constant):
            left, right = right, left
        factor = left.number
        if not isinstance(factor, Constant):
            raise TypeMismatch("multiply by a plain number, not by another fact")
        if isinstance(right.number, Constant):
            value, scale = factor.value * right.number.value, factor.scale + right.number.scale
            return Numeric(checked_constant(value, scale), "")
        made: Number = Product(factor, right.number)
        if scale_of(made) > SCALE_MAX + MONEY_SCALE:
            raise TypeMismatch(f"use {SCALE_MAX} decimal places at most")
        _check_size(made)
        return Numeric(made, right.unit)
    unit = _same_unit(left, right)
    if isinstance(left.number, Constant) and isinstance(right.number, Constant):
        return Numeric(_added(left.number, right.number, -1 if sign == "-" else 1), "")
    made = Sum(left.number, right.number, sign == "-")
    _check_size(made)
    return Numeric(made, unit)


def _added(left: Constant, right: Constant, sign: int) -> Constant:
    scale = max(left.scale, right.scale)
    one, other = (part.value * tens(scale - part.scale) for part in (left, right))
    return checked_constant(one + sign * other, scale)


def checked_constant(value: int, scale: int) -> Constant:
    """Return a constant without needless decimal places.

    Raises:
        TypeMismatch: it is too large or has too many places.
    """
    while scale and value % 10 == 0:
        value, scale = value // 10, scale - 1
    if scale > SCALE_MAX:
        raise TypeMismatch(f"use {SCALE_MAX} decimal places at most")
    if abs(value) > CONSTANT_MAX:
        raise TypeMismatch("the number is too large")
    return Constant(value, scale)


def compare(order: Order, left: Operand, right: Operand) -> Condition:
    """Return the condition that two operands stand to each other like this.

    Raises:
        TypeMismatch: they cannot.
    """
    is_equality = order in {Order.EQUAL, Order.UNEQUAL}
    if isinstance(left, Numeric) and isinstance(right, Numeric):
        if not left.unit and not right.unit:
            raise TypeMismatch("this compares two plain numbers; one side must be a fact")
        _same_unit(left, right)
        _check_size(left.number, right.number)
        return NumberIs(order, left.number, right.number)
    if not is_equality:
        wrong = right if isinstance(left, Numeric) else left
        raise TypeMismatch(f"{order} is for numbers, not for {described(wrong)}")
    if isinstance(left, Nothing | Word) and not isinstance(right, Nothing | Word):
        left, right = right, left
    equal = _equal(left, right)
    return Not(equal) if order == Order.UNEQUAL else equal


def _equal(left: Operand, right: Operand) -> Condition:
    match left, right:
        case TextFact(field), Word(text):
            check_value(field, text)
            return TextIs(field, text)
        case TextFact(field), TextFact(other):
            return SameText(field, other)
        case (Truth(condition), Truth(Always(is_true))) | (
            Truth(Always(is_true)),
            Truth(condition),
        ):
            return condition if is_true else Not(condition)
        case Truth(), Truth():
            raise TypeMismatch("join what is true or false by && and ||, not by ==")
        case Numeric(number), Nothing():
            if not _may_be_unknown(number):
                raise TypeMismatch("this number is always known; it is never null")
            return Unknown(number)
        case TextFact(field), Nothing():
            raise TypeMismatch(f'{field.name} is never null; write {field.name} == ""')
        case ListFact(field), _:
            raise TypeMismatch(
                f'ask a list by in: "vip" in {field.name}, or size({field.name}) == 0'
            )
    raise TypeMismatch(f"{described(left)} cannot be compared with {described(right)}")


def _may_be_unknown(number: Number) -> bool:
    match number:
        case Fact(field):
            return field.is_nullable
        case Sum(left, right):
            return _may_be_unknown(left) or _may_be_unknown(right)
        case Product(_, inner):
            return _may_be_unknown(inner)
        case Constant() | Size():
            return False


def check_value(field: Field, text: str) -> None:
    """Refuse a text that a fact with a closed list of values can never have.

    Raises:
        TypeMismatch: it cannot; the message names what was probably meant.
    """
    if not field.values or not text or text in field.values:
        return
    meant = nearest_value(text, field.values)
    hint = f'did you mean "{meant}"?' if meant else "one of: " + ", ".join(field.values)
    raise TypeMismatch(f'{field.name} is never "{text}"; {hint}')


def within(left: Operand, right: Operand) -> Condition:
    """Return the condition that the left is in the right.

    Raises:
        TypeMismatch: it cannot be.
    """
    match left, right:
        case Word(text), ListFact(field):
            return ListHas(field, text)
        case TextFact(field), Listed(items):
            texts = [item.text for item in items if isinstance(item, Word)]
            if len(texts) != len(items):
                raise TypeMismatch(f"{field.name} is a text; the list must hold texts in quotes")
            for text in texts:
                check_value(field, text)
            return TextAmong(field, tuple(dict.fromkeys(texts)))
        case Numeric(number, unit), Listed(items) if unit:
            numbers = [item for item in items if isinstance(item, Numeric)]
            if len(numbers) != len(items):
                raise TypeMismatch("this is a number; the list must hold numbers")
            for item in numbers:
                _same_unit(Numeric(number, unit), item)
                _check_size(number, item.number)
            values = [item.number for item in numbers if isinstance(item.number, Constant)]
            return NumberAmong(number, tuple(dict.fromkeys(values)))
    raise TypeMismatch(
        f"in needs a list on its right side, and a fact on its left:"
        f" {described(left)} in {described(right)} says nothing"
    )


def text_call(name: str, target: Operand, argument: Operand) -> Condition:
    """Return the condition that a text begins with, ends with or holds another.

    Raises:
        TypeMismatch: the function is not known, or not for these.
    """
    known = ", ".join(place.value for place in Place)
    if name not in {place.value for place in Place}:
        raise TypeMismatch(f"there is no function {name}; there are {known} and size")
    if isinstance(target, ListFact):
        raise TypeMismatch(f'write "..." in {target.field.name}')
    if not isinstance(target, TextFact):
        raise TypeMismatch(f"{name} is for facts that are texts, not for {described(target)}")
    if not isinstance(argument, Word):
        raise TypeMismatch(f"{name} needs a text in quotes")
    return TextHas(target.field, Place(name), argument.text)
