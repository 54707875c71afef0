"""Conditions as people write them: what is understood, in which words, what is refused where."""

from __future__ import annotations

import polars as pl
import pytest

from sanderling.core.rules.columns import expression
from sanderling.core.rules.fields import FIELD_OF, FIELDS
from sanderling.core.rules.reading import DEPTH_MAX, TEXT_LENGTH_MAX, read_condition
from sanderling.core.rules.refusing import ConditionRefused
from sanderling.core.rules.sql import where
from sanderling.core.rules.tree import fields_of, relaxed
from sanderling.core.rules.words import in_words

COLUMNS = {name: name for name in FIELD_OF}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            'balance > 500 && payer == "Medicare" && days_since_touch >= 21',
            "balance over $500 and payer is Medicare and untouched for 21 days",
        ),
        ("balance >= 1234.5", "balance at least $1,234.50"),
        ("500 < balance", "balance over $500"),
        ('barrier == "denied" && category == ""', "barrier is Denied and no category"),
        (
            'category in ["coding", "bundling"] || high_dollar',
            "category is Coding or Bundling or high-dollar",
        ),
        (
            'unassigned && (payer.startsWith("A") || touches == 0)',
            "unassigned and (payer begins with “A” or touches is 0)",
        ),
        ('!(payer_type in ["medicare", "va"])', "payer type is neither Medicare nor VA"),
        ("days_to_deadline <= 10", "deadline within 10 days"),
        ("days_to_deadline == null", "deadline is not known"),
        ("days_to_deadline != null", "deadline is known"),
        ("days_since_touch >= 1", "untouched for 1 day"),
        ('"vip" in tags && !("hold" in tags)', "tagged “vip” and not tagged “hold”"),
        ("size(tags) == 2", "number of tags is 2"),
        ("balance > charge * 0.85 - 20", "balance over 0.85 times charge less $20"),
        ("!(unassigned || flagged)", "not (unassigned or flagged by the client)"),
        ("high_dollar == false", "not high-dollar"),
        ("true", "always"),
        (r'payer == "O\"Neil"', 'payer is O"Neil'),
        ("balance > 2 - 1", "balance over $1"),
        ("unassigned // a comment\n && flagged", "unassigned and flagged by the client"),
    ],
)
def test_a_condition_is_said_in_plain_words(text: str, words: str) -> None:
    assert in_words(read_condition(text)) == words


def test_every_example_of_the_catalogue_is_a_condition() -> None:
    for field in FIELDS:
        tree = read_condition(field.example)
        assert fields_of(tree) == {field.name}
        assert in_words(tree)
        assert where(tree, COLUMNS)[0]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("amount > 5", 1, 1, "there is no fact amount; did you mean balance?"),
        ("unassigned &&\n  balanc > 5", 2, 3, "there is no fact balanc; did you mean balance?"),
        ("xyzzy > 5", 1, 1, "there is no fact xyzzy; see the list of facts"),
        ('barrier == "Denyed"', 1, 1, 'barrier is never "Denyed"; did you mean "denied"?'),
        ('team in ["AR"]', 1, 1, 'team is never "AR"; did you mean "ar"?'),
        ("balance = 5", 1, 9, "write == to compare"),
        ("unassigned and flagged", 1, 12, "write && for and"),
        ("balance > $500", 1, 11, "write amounts without $: balance > 500"),
        ("balance > 1,000", 1, 11, "write numbers without commas: 1000"),
        ("balance > 500 &&", 1, 17, "something is missing after &&"),
        ("(balance > 5", 1, 12, "a parenthesis is open"),
        ('payer == "Acme', 1, 10, "a quote is open"),
        ("balance > age_days", 1, 1, "an amount of money and a count do not compare or add up"),
        ("balance > 1.234", 1, 1, "money has two decimal places at most"),
        ('balance > "5"', 1, 1, '> is for numbers, not for the text "5"'),
        ('payer > "a"', 1, 1, "> is for numbers, not for the text payer"),
        ("balance * charge > 3", 1, 1, "multiply by a plain number, not by another fact"),
        ("balance / 2 > 3", 1, 1, "there is no division; multiply the other side instead"),
        ("unassigned ? true : false", 1, 1, "there is no ? :; write two rules, or && and ||"),
        ("payer.name == 1", 1, 1, "facts have no parts; write the name of a fact alone"),
        ("tags[0] == 1", 1, 1, "there are no indexes; ask a list by in"),
        ("payer == null", 1, 1, 'payer is never null; write payer == ""'),
        ("touches == null", 1, 1, "this number is always known; it is never null"),
        ("payer in []", 1, 10, "the list is empty; nothing is ever in it"),
        ("5 > 3", 1, 1, "this compares two plain numbers; one side must be a fact"),
        ("flagged && 5", 1, 12, "&& joins what is true or false; this is a number"),
        (
            'payer.matches("x")', 1, 1,
            "there is no function matches; there are startsWith, endsWith, contains and size",
        ),
        ("payer == 'a\\q'", 1, 10, r"there is no \q in a text; double a backslash to mean one"),
        ("balance > 1e5", 1, 11, "write 1e5 as a plain number or a text in quotes"),
        ("balance > 9999999999999", 1, 11, "the number is too large"),
        (
            "balance * 9999.9999 > 999999999999", 1, 1,
            "the numbers become too large to be exact; use smaller factors",
        ),
        (" ", 1, 1, 'there is no condition; write "true" to take every item'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(
    text: str, line: int, column: int, message: str
) -> None:
    with pytest.raises(ConditionRefused) as refusal:
        read_condition(text)
    found = refusal.value
    assert (found.message, found.line, found.column) == (message, line, column)
    assert str(found) == f"Line {line}, column {column}: {message}"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 300 + "unassigned" + ")" * 300,
        "!" * 500 + "unassigned",
        "unassigned || " * 200 + "unassigned",
        "balance" + " + balance" * 100 + " > 1",
        "payer == 'a\0'",
        "payer in [" + ",".join(["'a'"] * 101) + "]",
        "[" * 400 + "]" * 400,
    ],
)
def test_no_text_brings_the_reader_down(text: str) -> None:
    with pytest.raises(ConditionRefused):
        read_condition(text)


def test_the_limits_let_through_what_stays_within() -> None:
    read_condition("(" * DEPTH_MAX + "unassigned" + ")" * DEPTH_MAX)
    read_condition(" && ".join(["unassigned"] * 140))
    with pytest.raises(ConditionRefused, match=f"longer than {TEXT_LENGTH_MAX}"):
        read_condition(" && ".join(["unassigned"] * 150))


def test_values_are_bound_and_never_part_of_the_sql() -> None:
    evil = "x'); DROP TABLE audit_event; --%s%(c0)s"
    tree = read_condition(f'payer == "{evil}" || "{evil}" in tags || client.contains("{evil}")')
    text, parameters = where(tree, COLUMNS)
    assert "DROP" not in text
    assert list(parameters.values()) == [evil] * 3


def test_money_is_compared_in_cents() -> None:
    assert not holds("balance > 500", balance=50_000)
    assert holds("balance > 500", balance=50_001)
    assert holds("balance == 0.07", balance=7)
    assert list(where(read_condition("balance == 0.07"), COLUMNS)[1].values()) == [7]


def holds(text: str, **values: object) -> bool:
    tree = read_condition(text)
    schema = {"balance": pl.Int64, "days_to_deadline": pl.Int64}
    frame = pl.DataFrame({key: [value] for key, value in values.items()}, schema_overrides=schema)
    return bool(frame.select(answer=expression(tree))["answer"][0])


def test_a_comparison_with_what_is_not_known_is_false_and_its_negation_true() -> None:
    for text in ("days_to_deadline < 5", "days_to_deadline >= 5", "days_to_deadline == 5"):
        assert not holds(text, days_to_deadline=None)
        assert holds(f"!({text})", days_to_deadline=None)
    assert holds("days_to_deadline != 5", days_to_deadline=None)
    assert holds("days_to_deadline == null", days_to_deadline=None)
    assert not holds("days_to_deadline == null", days_to_deadline=3)
    assert not holds("days_to_deadline in [1, 5]", days_to_deadline=None)
    assert not holds("days_to_deadline + 3 < 5", days_to_deadline=None)


def test_what_history_does_not_know_is_let_through_in_either_direction() -> None:
    tree = read_condition('balance > 500 && !(team == "coding") && touches < 3')
    known = relaxed(tree, {"balance", "touches"})
    assert fields_of(known) == {"balance", "touches"}
    assert in_words(known) == "balance over $500 and not (never) and touches under 3"
    tree = read_condition('!(balance > 500 && team == "coding")')
    assert in_words(relaxed(tree, {"balance"})) == "not (balance over $500 and never)"
    tree = read_condition("balance > 500 || unassigned")
    assert relaxed(tree, {"balance", "unassigned"}) == tree
