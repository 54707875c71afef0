"""Terms of contracts as TOML: every key of the command line's contract, and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from sanderling.core.contracts.terms import STEPS, Terms, effective_steps
from sanderling.core.contracts.terms_toml import parse_terms
from sanderling.core.contracts.toml_table import BadTerms

OF_THE_COMMAND_LINE = """
lesser_of_charge = true
percent_of_charge = 0.62
sequestration = 0.02
bilateral = 1.5
np_pa = 0.85
assistant = 0.16
tolerance_cents = 100
order = ["rate", "bilateral", "np_pa", "lesser_of_charge", "multiple_procedure"]
[multiple_procedure]
steps = [1.0, 0.5, 0.5]
codes = ["11042"]
[inpatient]
percent_of_charge = 0.45
per_diem_cents = 210000
case_rate_cents = 900000
drg_base_cents = 650000
stop_loss = 15000000
[capitation]
codes = ["99213"]
"""


def test_every_key_of_the_command_lines_contract_is_read_as_named() -> None:
    terms = parse_terms(OF_THE_COMMAND_LINE)

    assert terms.lesser_of == "line"
    assert terms.percent_of_charge == Decimal("0.62")
    assert terms.sequestration == Decimal("0.02")
    assert (terms.bilateral, terms.np_pa) == (Decimal("1.5"), Decimal("0.85"))
    assert terms.assistant == Decimal("0.16")
    assert terms.tolerance_cents == 100
    assert terms.order[1] == "bilateral"
    assert terms.multiple_procedure is not None
    assert terms.multiple_procedure.steps == (Decimal(1), Decimal("0.5"), Decimal("0.5"))
    assert "11042" in terms.multiple_procedure.codes
    assert terms.inpatient is not None
    assert terms.inpatient.per_diem_cents == 210000
    assert terms.inpatient.case_rate_cents == 900000
    assert terms.inpatient.drg_base_cents == 650000
    assert terms.inpatient.stop_loss is not None
    assert terms.inpatient.stop_loss.threshold_cents == 15000000
    assert terms.inpatient.stop_loss.percent_of_charge == Decimal("0.45")
    assert "99213" in terms.capitation


def test_an_empty_file_states_nothing() -> None:
    assert parse_terms("") == Terms()


def test_a_step_with_a_value_that_is_not_named_keeps_its_usual_place() -> None:
    assert effective_steps(parse_terms(OF_THE_COMMAND_LINE)) == (
        "rate", "bilateral", "assistant", "np_pa", "units", "lesser_of_charge",
        "multiple_procedure",
    )  # fmt: skip


def test_without_an_order_all_steps_are_done_in_medicares_order() -> None:
    assert effective_steps(Terms()) == STEPS


def test_a_step_that_is_neither_named_nor_stated_is_not_done() -> None:
    terms = parse_terms('order = ["rate", "lesser_of_charge"]\nlesser_of_charge = true')

    assert effective_steps(terms) == ("rate", "units", "lesser_of_charge")


def test_codes_ranges_and_beginnings_are_sets() -> None:
    terms = parse_terms('[capitation]\ncodes = ["99213", "70010-79999", "j*"]')

    inside = ["99213", "70010", "75000", "79999", "J1885"]
    outside = ["99214", "7001", "80000", "K1885"]
    assert [code in terms.capitation for code in inside + outside] == [True] * 5 + [False] * 4


def test_escalators_are_sorted_by_their_day() -> None:
    terms = parse_terms(
        "[[escalators]]\ndate = 2027-01-01\nrate = 0.03\n"
        "[[escalators]]\ndate = 2026-01-01\nrate = 0.02\n"
    )

    assert [step.date for step in terms.escalators] == [date(2026, 1, 1), date(2027, 1, 1)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lesser = true", "The key lesser is unknown in a terms file."),
        ("[inpatient]\nday = 1", "The key inpatient.day is unknown in a terms file."),
        (
            "percent_of_charge = 62",
            "The key percent_of_charge must be a factor from 0 to 1 with at most 6 decimal places.",
        ),
        (
            "np_pa = 0.8500001",
            "The key np_pa must be a factor from 0 to 1 with at most 6 decimal places.",
        ),
        (
            "np_pa = nan",
            ("The key np_pa must be a factor from 0 to 1 with at most 6 decimal places."),
        ),
        (
            "tolerance_cents = 1.5",
            (
                "The key tolerance_cents must be an amount in whole cents, such as 12500 for "
                "125 dollars."
            ),
        ),
        ('lesser_of_charge = "yes"', "The key lesser_of_charge must be true or false."),
        (
            'lesser_of_charge = false\nlesser_of = "line"',
            "The keys lesser_of and lesser_of_charge contradict each other.",
        ),
        ('order = ["units", "rate"]', 'The key order must be a list that begins with "rate".'),
        (
            'order = ["rate", "units", "units"]',
            "The key order must be a list that names each step once.",
        ),
        (
            '[capitation]\ncodes = ["9921?"]',
            (
                'The key capitation.codes must be a list of codes, ranges ("70010-79999") or '
                'beginnings ("J*"), not "9921?".'
            ),
        ),
        (
            "[modifiers]\n50 = 1.5",
            "The key modifiers.50 is stated by the key bilateral.",
        ),
        (
            'default_rule = "percent_of_charge"',
            "The key default_rule asks for percent_of_charge, which is not stated.",
        ),
        (
            '[[carve_outs]]\ncodes = ["J*"]',
            "The keys carve_outs[1].cents, percent_of_charge and not_covered: state exactly one.",
        ),
        (
            "[inpatient]\nstop_loss = 5000",
            "The key inpatient.stop_loss.percent_of_charge is missing.",
        ),
        (
            "[[escalators]]\nrate = 0.03",
            ("The key escalators[1].date must be a date, such as 2026-01-01."),
        ),
        (
            "[[percent_of_reference]]\npercent = 1.1",
            ("The key percent_of_reference[1].schedule is missing."),
        ),
    ],
)
def test_a_bad_value_is_refused_with_one_sentence_that_names_the_key(
    text: str, sentence: str
) -> None:
    with pytest.raises(BadTerms) as refused:
        parse_terms(text)

    assert refused.value.sentence == sentence


def test_what_is_no_toml_is_refused() -> None:
    with pytest.raises(BadTerms) as refused:
        parse_terms("bilateral = ")

    assert refused.value.sentence.startswith("The terms are no TOML file: Invalid value")
