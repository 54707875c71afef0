"""Templates: what they may hold, and what becomes of facts in them."""

from __future__ import annotations

from datetime import date

import pytest

from sanderling.core.appeals.facts import (
    Fact,
    NotAFact,
    Reference,
    Source,
    Value,
    read,
    stored,
    written,
)
from sanderling.core.appeals.template import BadTemplate, BlockKind, fill, read_template


def fact(name: str, value: Value) -> Fact:
    return Fact(name, value, Source.CLAIM, "the claim", Reference("claim", 1))


FACTS = {
    one.name: one
    for one in (
        fact("patient", "Jane Doe"),
        fact("ask_amount", 123_450),
        fact("decision_date", date(2026, 1, 20)),
        fact("denial_codes", ("CO-29", "CO-16")),
    )
}


def test_fields_are_filled_and_numbered_in_the_order_they_are_read() -> None:
    letter = fill(
        read_template(
            "On {{decision_date}} you refused\nit under **{{denial_codes}}**.\n\n# Ask\n\n"
            "- Pay {{ask_amount}}, please.\n- Now, by {{ decision_date }}.\n"
        ),
        FACTS,
        heads=["patient", "member_id"],
    )
    assert [line.text for line in letter.lines] == [
        "On January 20, 2026 you refused it under CO-29, CO-16.",
        "Ask",
        "Pay $1,234.50, please.",
        "Now, by January 20, 2026.",
    ]
    assert [line.kind for line in letter.lines] == [
        *(BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.BULLET, BlockKind.BULLET)
    ]
    assert [one.name for one in letter.facts] == [
        *("patient", "decision_date", "denial_codes", "ask_amount")
    ]
    assert [line.numbers for line in letter.lines] == [(2, 3), (), (4,), (2,)]
    assert [run.text for run in letter.lines[0].runs if run.is_bold] == ["CO-29, CO-16"]
    assert letter.is_whole


def test_a_missing_fact_blocks_the_letter_and_says_how_to_supply_it() -> None:
    letter = fill(read_template("Number {{authorization_number}} of {{patient}}."), FACTS)
    assert not letter.is_whole
    assert [(one.name, one.title) for one in letter.missing] == [
        ("authorization_number", "Authorization number")
    ]
    assert "state it on the appeal's page" in letter.missing[0].how
    assert letter.text == "Number [Authorization number: missing] of Jane Doe."


def test_an_optional_paragraph_goes_when_its_fact_is_missing() -> None:
    text = "? Number {{authorization_number}}.\n\n? - For {{patient}}.\n\nEnd."
    letter = fill(read_template(text), FACTS)
    assert [line.text for line in letter.lines] == ["For Jane Doe.", "End."]
    assert letter.is_whole


def test_a_fact_that_says_nothing_is_missing() -> None:
    letter = fill(read_template("{{patient}}"), {"patient": fact("patient", "  ")})
    assert [one.name for one in letter.missing] == ["patient"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "write at least one paragraph"),
        ("{{nothing}}", "line 1: {{nothing}} is no fact"),
        ("One.\n\nTwo {{patient}", "line 3: braces are for fields only"),
        ("{% load x %}", "line 1: braces are for fields only"),
        ("**bold", "line 1: close the bold text"),
        ("x" * 20_001, "write at most 20,000 characters"),
    ],
)
def test_what_is_no_template_is_refused_by_line(text: str, fault: str) -> None:
    with pytest.raises(BadTemplate) as refused:
        read_template(text)
    assert any(one.startswith(fault) for one in refused.value.faults)


def test_what_a_person_types_becomes_a_value_and_back() -> None:
    for name, typed, value in (
        ("ask_amount", "$1,234.50", 123_450),
        ("decision_date", "2026-01-20", date(2026, 1, 20)),
        ("denial_codes", "CO-29, CO-16", ("CO-29", "CO-16")),
        ("facts", "One.\r\nTwo.", "One.\nTwo."),
        ("signer", "  Ann \n Lee ", "Ann Lee"),
    ):
        assert read(name, typed) == value
        assert read(name, stored(value)) == value
    assert written(-5) == "-$0.05"


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("ask_amount", "a lot"),
        ("decision_date", "yesterday"),
        ("facts", ""),
        ("facts", "x" * 4_001),
        ("nothing", "x"),
    ],
)
def test_what_is_no_value_is_refused(name: str, typed: str) -> None:
    with pytest.raises(NotAFact):
        read(name, typed)
