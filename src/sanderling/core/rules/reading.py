"""Text of a condition to its typed tree.

The grammar is that of cel-python's parser (its evaluator is not used). What CEL allows and a
condition does not (ternaries, maps, macros, indexes, other calls, attributes) is refused with its
place and a way to say it. Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from sanderling.core.rules.fields import FIELD_OF, nearest_field
from sanderling.core.rules.operands import (
    Listed,
    ListFact,
    Nothing,
    Numeric,
    Operand,
    Truth,
    Word,
    checked_constant,
    combine,
    compare,
    described,
    operand_of,
    text_call,
    within,
)
from sanderling.core.rules.refusing import ConditionRefused, TypeMismatch
from sanderling.core.rules.tree import (
    AllOf,
    Always,
    AnyOf,
    Condition,
    Constant,
    Not,
    Order,
    Product,
    Size,
)

if TYPE_CHECKING:
    from celpy.celparser import CELParser
    from lark import Token
    from lark import Tree as Parsed

TEXT_LENGTH_MAX: Final = 2_000
DEPTH_MAX: Final = 20
ITEMS_MAX: Final = 100  # of a list

_ORDERS: Final = {
    "relation_lt": Order.LESS,
    "relation_le": Order.AT_MOST,
    "relation_gt": Order.MORE,
    "relation_ge": Order.AT_LEAST,
    "relation_eq": Order.EQUAL,
    "relation_ne": Order.UNEQUAL,
}
_SIGNS: Final = {"addition_add": "+", "addition_sub": "-", "multiplication_mul": "*"}
# What is only a step down in the grammar when it has one child.
_STEPS: Final = frozenset(
    {
        *("expr", "conditionalor", "conditionaland", "relation", "addition"),
        *("multiplication", "unary", "member", "primary", "paren_expr"),
    }
)
_REFUSED: Final = {
    "multiplication_div": "there is no division; multiply the other side instead",
    "multiplication_mod": "there is no %",
    "member_dot": "facts have no parts; write the name of a fact alone",
    "member_index": "there are no indexes; ask a list by in",
    "member_object": "there are no objects",
    "dot_ident": "a name does not begin with a dot",
    "dot_ident_arg": "a name does not begin with a dot",
    "map_lit": "there are no maps",
    "expr": "there is no ? :; write two rules, or && and ||",
}
_SLIPS: Final = (
    (re.compile(r"(?<![=!<>])=(?!=)"), "write == to compare"),
    (re.compile(r"\band\b", re.IGNORECASE), "write && for and"),
    (re.compile(r"\bor\b", re.IGNORECASE), "write || for or"),
    (re.compile(r"\bnot\b", re.IGNORECASE), "write ! for not"),
    (re.compile(r"<>"), "write != for is not"),
    (re.compile(r"\$"), "write amounts without $: balance > 500"),
    (re.compile(r"\d,\d{3}"), "write numbers without commas: 1000"),
    (re.compile("[\u201c\u201d\u2018\u2019]"), 'use straight quotes: "'),
)
_OPEN_END: Final = re.compile(r"(&&|\|\||[=!<>]=|[<>]|[-+*!]|\bin)\s*$")
_QUOTED: Final = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_ESCAPED: Final = re.compile(r"\\(.)")


@lru_cache(maxsize=1)
def _parser() -> CELParser:
    from celpy.celparser import CELParser

    return CELParser()


def read_condition(text: str) -> Condition:
    """Return the tree of a condition.

    Raises:
        ConditionRefused: it says what is wrong, where, and what was probably meant.
    """
    from celpy.celparser import CELParseError

    if len(text) > TEXT_LENGTH_MAX:
        raise ConditionRefused(f"the condition is longer than {TEXT_LENGTH_MAX} characters")
    if not text.strip():
        raise ConditionRefused('there is no condition; write "true" to take every item')
    if any(ord(letter) < ord(" ") and letter not in "\n\r\t" for letter in text):
        raise ConditionRefused("there is a control character in the text")
    try:
        parsed = _parser().parse(text)
    except CELParseError as error:
        raise _slip(text, error.line, error.column) from error
    found = _Reader().read(_simplified(parsed), 0)
    if not isinstance(found, Truth):
        raise ConditionRefused(
            f"this is {described(found)}; a condition is true or false: compare it with something"
        )
    return found.condition


def _slip(text: str, line: int | None, column: int | None) -> ConditionRefused:
    """Return what is wrong with a text that the grammar does not take."""
    plain = _QUOTED.sub(lambda match: '"' + "_" * (len(match[0]) - 2) + '"', text)
    for pattern, hint in _SLIPS:
        if found := pattern.search(plain):
            before = plain[: found.start()]
            return ConditionRefused(
                hint, line=before.count("\n") + 1, column=found.start() - before.rfind("\n")
            )
    if found := _OPEN_END.search(plain):
        hint, line = f"something is missing after {found[1]}", None
    elif plain.count("(") != plain.count(")"):
        hint = "a parenthesis is open" if plain.count("(") > plain.count(")") else "one ) too many"
    elif re.sub(r'"_*"', "", plain).count('"') % 2:
        hint = "a quote is open"
    else:
        hint = "the condition does not go on like this"
    if not line or line < 0 or not column or column < 0:
        line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
    return ConditionRefused(hint, line=line, column=column)


@dataclass(frozen=True, slots=True)
class _Node:
    """A node or token of the parser's tree."""

    data: str
    text: str
    children: tuple[_Node, ...]
    line: int = 1
    column: int = 1


def _simplified(parsed: Parsed[Token]) -> _Node:
    """Return the parser's tree as nodes of ours; not by recursion, for it may be very deep."""
    made: dict[int, _Node] = {}
    for tree in parsed.iter_subtrees():
        children = [
            made.get(id(one)) or _Node(str(getattr(one, "type", "")), str(one), ())
            for one in tree.children
        ]
        place = (1, 1) if tree.meta.empty else (tree.meta.line, tree.meta.column)
        made[id(tree)] = _Node(str(tree.data), "", tuple(children), *place)
    return made[id(parsed)]


class _Reader:
    """Walks the tree."""

    def read(self, node: _Node, depth: int) -> Operand:
        """Return what a node stands for; the messages get their place here."""
        while node.data in _STEPS and len(node.children) == 1:
            if node.data == "paren_expr":
                depth += 1
            node = node.children[0]
        if depth > DEPTH_MAX:
            raise self._refused(node, f"the condition is nested deeper than {DEPTH_MAX} levels")
        try:
            return self._operand(node, depth)
        except TypeMismatch as error:
            raise self._refused(node, str(error)) from error

    @staticmethod
    def _refused(node: _Node, message: str) -> ConditionRefused:
        return ConditionRefused(message, line=node.line, column=node.column)

    def _operand(self, node: _Node, depth: int) -> Operand:  # noqa: PLR0911 - one a kind of node
        match node.data:
            case "literal":
                return _literal(node.children[0].data, node.children[0].text)
            case "ident":
                return self._field(node)
            case "conditionalor" | "conditionaland":
                return self._joined(node, depth)
            case "relation":
                return self._relation(node, depth)
            case "addition" | "multiplication":
                return self._arithmetic(node, depth)
            case "unary":
                return self._unary(node, depth)
            case "list_lit":
                return self._list(node, depth)
            case "ident_arg":
                return self._size(node, depth)
            case "member_dot_arg":
                return self._call(node, depth)
        raise TypeMismatch(_REFUSED.get(node.data, "this is no part of a condition"))

    def _field(self, node: _Node) -> Operand:
        name = node.children[0].text
        if name in FIELD_OF:
            return operand_of(FIELD_OF[name])
        meant = nearest_field(name)
        hint = f"did you mean {meant}?" if meant else "see the list of facts"
        raise TypeMismatch(f"there is no fact {name}; {hint}")

    def _joined(self, node: _Node, depth: int) -> Operand:
        """Return a chain of && or ||: it leans to the left in the tree, however long it is."""
        kind, nodes = node.data, []
        while node.data == kind and len(node.children) > 1:
            nodes.append(node.children[1])
            node = node.children[0]
        nodes.append(node)
        parts: list[Condition] = []
        for one in reversed(nodes):
            found = self.read(one, depth)
            if not isinstance(found, Truth):
                sign = "||" if kind == "conditionalor" else "&&"
                message = f"{sign} joins what is true or false; this is {described(found)}"
                raise self._refused(one, message)
            parts.append(found.condition)
        return Truth(AnyOf(tuple(parts)) if kind == "conditionalor" else AllOf(tuple(parts)))

    def _relation(self, node: _Node, depth: int) -> Operand:
        relation, right_node = node.children
        left = self.read(relation.children[0], depth + 1)
        right = self.read(right_node, depth + 1)
        if relation.data == "relation_in":
            return Truth(within(left, right))
        return Truth(compare(_ORDERS[relation.data], left, right))

    def _arithmetic(self, node: _Node, depth: int) -> Operand:
        operation, right_node = node.children
        if operation.data not in _SIGNS:
            raise TypeMismatch(_REFUSED[operation.data])
        left = self.read(operation.children[0], depth + 1)
        return combine(_SIGNS[operation.data], left, self.read(right_node, depth + 1))

    def _unary(self, node: _Node, depth: int) -> Operand:
        sign, inner = node.children
        found = self.read(inner, depth + 1)
        if sign.data == "unary_not":
            if not isinstance(found, Truth):
                raise TypeMismatch(f"! is for what is true or false, not for {described(found)}")
            return Truth(Not(found.condition))
        if not isinstance(found, Numeric):
            raise TypeMismatch(f"- is for numbers, not for {described(found)}")
        if isinstance(found.number, Constant):
            return Numeric(Constant(-found.number.value, found.number.scale), found.unit)
        return Numeric(Product(Constant(-1, 0), found.number), found.unit)

    def _items(self, node: _Node, depth: int) -> list[Operand]:
        """Return the operands of a list or call."""
        lists = [child for child in node.children if child.data == "exprlist"]
        nodes = lists[0].children if lists else []
        if len(nodes) > ITEMS_MAX:
            raise TypeMismatch(f"a list has {ITEMS_MAX} items at most")
        return [self.read(child, depth + 1) for child in nodes]

    def _list(self, node: _Node, depth: int) -> Operand:
        items: list[Word | Numeric] = []
        for item in self._items(node, depth):
            is_constant = isinstance(item, Numeric) and isinstance(item.number, Constant)
            if not isinstance(item, Word | Numeric) or not (is_constant or isinstance(item, Word)):
                raise TypeMismatch(f"a list holds texts or numbers, not {described(item)}")
            items.append(item)
        if not items:
            raise TypeMismatch("the list is empty; nothing is ever in it")
        return Listed(tuple(items))

    def _size(self, node: _Node, depth: int) -> Operand:
        name, found = node.children[0].text, self._items(node, depth)
        if name != "size":
            raise TypeMismatch(f"there is no function {name}; there is size, of a list")
        if len(found) != 1 or not isinstance(found[0], ListFact):
            raise TypeMismatch("size is for one list: size(tags)")
        return Numeric(Size(found[0].field), "count")

    def _call(self, node: _Node, depth: int) -> Operand:
        target = self.read(node.children[0], depth + 1)
        found = self._items(node, depth)
        if len(found) != 1:
            raise TypeMismatch("the function needs one text in its parentheses")
        return Truth(text_call(node.children[1].text, target, found[0]))


def _literal(kind: str, text: str) -> Operand:
    match kind:
        case "NULL_LIT":
            return Nothing()
        case "BOOL_LIT":
            return Truth(Always(text == "true"))
        case "INT_LIT" if "x" not in text.lower():
            return Numeric(checked_constant(int(text), 0), "")
        case "FLOAT_LIT" if "e" not in text.lower():
            whole, _, part = text.partition(".")
            return Numeric(checked_constant(int(f"{whole}{part}" or "0"), len(part)), "")
        case "STRING_LIT" if text[0] in "\"'":
            return Word(_unquoted(text[1:-1]))
    raise TypeMismatch(f"write {text} as a plain number or a text in quotes")


def _unquoted(text: str) -> str:
    def letter(match: re.Match[str]) -> str:
        if match[1] not in "\\\"'":
            raise TypeMismatch(
                f"there is no \\{match[1]} in a text; double a backslash to mean one"
            )
        return match[1]

    return _ESCAPED.sub(letter, text)
