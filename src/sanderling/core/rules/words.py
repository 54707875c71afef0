"""A condition in plain words: balance over $500 and payer is Acme and untouched for 21 days."""

from __future__ import annotations

from typing import Final

from sanderling.core.rules.fields import Field, Kind
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

_ORDERS: Final = {
    Order.LESS: "under",
    Order.AT_MOST: "at most",
    Order.MORE: "over",
    Order.AT_LEAST: "at least",
    Order.EQUAL: "is",
    Order.UNEQUAL: "is not",
}
_OPPOSITE: Final = {
    Order.LESS: Order.MORE,
    Order.AT_MOST: Order.AT_LEAST,
    Order.MORE: Order.LESS,
    Order.AT_LEAST: Order.AT_MOST,
    Order.EQUAL: Order.EQUAL,
    Order.UNEQUAL: Order.UNEQUAL,
}
_PLACES: Final = {
    Place.START: "begins with",
    Place.END: "ends with",
    Place.WITHIN: "contains",
}
_NOT_PLACES: Final = {
    Place.START: "does not begin with",
    Place.END: "does not end with",
    Place.WITHIN: "does not contain",
}
# How people say it.
_PHRASES: Final = {
    ("days_since_touch", Order.AT_LEAST): "untouched for {} days",
    ("days_since_touch", Order.MORE): "untouched for over {} days",
    ("days_since_touch", Order.LESS): "touched within {} days",
    ("days_to_deadline", Order.AT_MOST): "deadline within {} days",
    ("days_to_deadline", Order.LESS): "deadline in under {} days",
    ("days_to_deadline", Order.MORE): "deadline in over {} days",
    ("days_to_deadline", Order.AT_LEAST): "deadline at least {} days ahead",
    ("days_overdue", Order.MORE): "over {} days overdue",
    ("days_overdue", Order.AT_LEAST): "{} days overdue or more",
}


def in_words(tree: Condition) -> str:
    """Return the condition as a part of a sentence."""
    return _words(tree, is_inside=False)


def _words(tree: Condition, *, is_inside: bool) -> str:
    match tree:
        case AllOf(parts):
            text = " and ".join(_words(part, is_inside=True) for part in parts)
            return f"({text})" if is_inside else text
        case AnyOf(parts):
            text = " or ".join(_words(part, is_inside=True) for part in parts)
            return f"({text})" if is_inside else text
        case Not(part):
            return _negated(part)
        case Always(is_true):
            return "always" if is_true else "never"
        case NumberIs(order, left, right):
            return _comparison(order, left, right)
        case Unknown(number):
            return f"{_noun(number)} is not known"
        case NumberAmong(number, values):
            return f"{_noun(number)} is {_either([_amount(value, number) for value in values])}"
    return _text(tree)


def _text(tree: Condition) -> str:
    match tree:
        case TextIs(fact, ""):
            return f"no {fact.noun}"
        case TextIs(fact, text):
            return f"{fact.noun} is {_value(fact, text)}"
        case SameText(one, other):
            return f"{one.noun} is the same as {other.noun}"
        case TextAmong(fact, texts):
            return f"{fact.noun} is {_either([_value(fact, text) for text in texts])}"
        case TextHas(fact, place, text):
            return f"{fact.noun} {_PLACES[place]} “{text}”"
        case ListHas(_, text):
            return f"tagged “{text}”"
        case Holds(fact):
            return fact.noun
    raise TypeError(tree)


def _negated(tree: Condition) -> str:  # noqa: PLR0911 - one a kind of part
    match tree:
        case TextIs(fact, ""):
            return f"any {fact.noun}"
        case TextIs(fact, text):
            return f"{fact.noun} is not {_value(fact, text)}"
        case TextAmong(fact, texts):
            return f"{fact.noun} is neither {_neither([_value(fact, text) for text in texts])}"
        case TextHas(fact, place, text):
            return f"{fact.noun} {_NOT_PLACES[place]} “{text}”"
        case ListHas(_, text):
            return f"not tagged “{text}”"
        case Holds(fact):
            return f"not {fact.noun}"
        case Unknown(number):
            return f"{_noun(number)} is known"
        case Not(part):
            return _words(part, is_inside=True)
    inner = _words(tree, is_inside=True)
    return f"not {inner}" if inner.startswith("(") else f"not ({inner})"


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def _neither(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " nor " + words[-1]


def _value(fact: Field, text: str) -> str:
    return fact.values.get(text, text) or "empty"


def _comparison(order: Order, left: Number, right: Number) -> str:
    if isinstance(left, Constant) and not isinstance(right, Constant):
        left, right, order = right, left, _OPPOSITE[order]
    if isinstance(left, Fact) and isinstance(right, Constant):
        phrase = _PHRASES.get((left.field.name, order))
        if phrase and not right.scale and right.value >= 0:
            text = phrase.format(f"{right.value:,}")
            return text.replace("1 days", "1 day") if right.value == 1 else text
    other = _amount(right, left) if isinstance(right, Constant) else _noun(right)
    return f"{_noun(left)} {_ORDERS[order]} {other}"


def _noun(number: Number) -> str:
    match number:
        case Fact(fact):
            return fact.noun
        case Size(fact):
            return f"number of {fact.noun}"
        case Sum(left, right, is_minus):
            sign = "less" if is_minus else "plus"
            return f"{_term(left, right)} {sign} {_term(right, left)}"
        case Product(factor, inner):
            return f"{_plain(factor)} times {_noun(inner)}"
        case Constant():
            return _plain(number)


def _term(number: Number, beside: Number) -> str:
    if isinstance(number, Constant):
        return _amount(number, beside)
    return f"({_noun(number)})" if isinstance(number, Sum) else _noun(number)


def _amount(value: Constant, beside: Number) -> str:
    """Return a constant in the unit of what it stands beside."""
    unit = _unit(beside)
    if unit == Kind.MONEY:
        cents = value.value * 10 ** (2 - value.scale)
        sign, (dollars, rest) = "-" if cents < 0 else "", divmod(abs(cents), 100)
        return f"{sign}${dollars:,}" + (f".{rest:02d}" if rest else "")
    text = _plain(value)
    return f"{text} {unit}{'' if text == '1' else 's'}" if unit else text


def _unit(number: Number) -> str:
    match number:
        case Fact(fact):
            return Kind.MONEY if fact.kind == Kind.MONEY else fact.unit
        case Sum(left, right):
            return _unit(left) or _unit(right)
        case Product(_, inner):
            return _unit(inner)
        case Constant() | Size():
            return ""


def _plain(value: Constant) -> str:
    if not value.scale:
        return f"{value.value:,}"
    sign, digits = "-" if value.value < 0 else "", str(abs(value.value)).rjust(value.scale + 1, "0")
    return f"{sign}{int(digits[: -value.scale]):,}.{digits[-value.scale :]}"
