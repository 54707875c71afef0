"""The true ledger follows the posting convention of the domain reference 1.3 and oracle B2."""

from __future__ import annotations

from datetime import date

from sanderling.core.x12.write.adjustments import Adjustment
from sanderling.core.x12.write.parties import Person
from sanderling.core.x12.write.remittance import ClaimPayment, LinePayment
from sanderling.simulator.accounts import PATIENT_RANK
from sanderling.simulator.book import Book
from sanderling.simulator.payment_lines import reversal_of
from sanderling.simulator.ruling import RuledPayment

SENT, PAID, LATER = date(2026, 1, 5), date(2026, 1, 20), date(2026, 3, 1)
PERSON = Person("DOE", "JANE", date(1980, 2, 14), "F")


def paid(charge: int, cents: int, *adjustments: tuple[str, str, int]) -> LinePayment:
    return LinePayment(
        "99213", charge, cents, adjustments=tuple(Adjustment(*item) for item in adjustments)
    )


def payment(*lines: LinePayment, status: str = "1", number: str = "ICN1") -> RuledPayment:
    made = ClaimPayment(
        "PCN1", status, sum(line.charge_cents for line in lines),
        sum(line.paid_cents for line in lines), 0, "12", number, PERSON, "M1", lines=lines,
    )  # fmt: skip
    assert made.is_balanced
    return RuledPayment(made, tuple(range(1, len(lines) + 1)))


def book(*charges: int, coverages: int = 1) -> Book:
    made = Book(coverages)
    made.charge(charges, SENT)
    return made


def parties(made: Book) -> tuple[int, ...]:
    return tuple(made.party_cents(party) for party in range(PATIENT_RANK + 1))


PAID_LINE = paid(15000, 7200, ("CO", "45", 6000), ("PR", "2", 1800))


def test_a_denied_line_stays_open_with_the_payer() -> None:
    made = book(15000, 10000)

    made.post(payment(PAID_LINE, paid(10000, 0, ("CO", "97", 10000))), 0, PAID)

    assert parties(made) == (10000, 0, 0, 1800)
    assert (made.paid_cents, made.contractual_cents) == (7200, 6000)


def test_the_patient_share_goes_to_the_next_coverage() -> None:
    made = book(15000, coverages=2)

    made.post(payment(PAID_LINE), 0, PAID)

    assert parties(made) == (0, 1800, 0, 0)


def test_sequestration_is_written_down_apart() -> None:
    made = book(13000)

    made.post(
        payment(paid(13000, 7840, ("CO", "45", 3000), ("PR", "2", 2000), ("CO", "253", 160))),
        0, PAID,
    )  # fmt: skip

    assert (made.contractual_cents, made.sequestration_cents) == (3000, 160)
    assert parties(made) == (0, 0, 0, 2000)


def test_prior_payer_amounts_have_no_effect() -> None:
    made = book(15000, coverages=2)
    made.post(payment(PAID_LINE), 0, PAID)

    made.post(payment(paid(15000, 1800, ("OA", "23", 13200)), number="ICN2"), 1, LATER)

    assert parties(made) == (0, 0, 0, 0)
    assert made.paid_cents == 9000


def test_a_secondary_does_not_write_down_what_the_primary_already_did() -> None:
    made = book(15000, coverages=2)
    made.post(payment(PAID_LINE), 0, PAID)

    line = paid(15000, 1200, ("OA", "23", 7200), ("CO", "45", 6000), ("PR", "2", 600))
    made.post(payment(line, number="ICN2"), 1, LATER)

    assert made.contractual_cents == 6000
    assert parties(made) == (0, 0, 0, 600)


def test_the_rest_a_secondary_program_refuses_is_written_down() -> None:
    made = book(15000, coverages=2)
    made.post(payment(PAID_LINE), 0, PAID)

    made.post(
        payment(paid(15000, 0, ("OA", "23", 13200), ("CO", "45", 1800)), number="ICN2"), 1, LATER
    )

    assert made.balance_cents == 0
    assert made.contractual_cents == 7800


def test_a_secondary_that_pays_too_much_leaves_a_credit() -> None:
    made = book(15000, coverages=2)
    made.post(payment(PAID_LINE), 0, PAID)

    made.post(payment(paid(15000, 2500, ("OA", "23", 12500)), number="ICN2"), 1, LATER)

    assert parties(made) == (0, -700, 0, 0)


def test_a_secondary_that_pays_before_the_primary_is_seen_settles_the_primarys_debt() -> None:
    made = book(15000, coverages=2)

    made.post(payment(paid(15000, 1800, ("OA", "23", 13200)), number="ICN2"), 1, PAID)
    assert parties(made) == (13200, 0, 0, 0)

    made.post(payment(PAID_LINE), 0, LATER)
    assert parties(made) == (0, 0, 0, 0)


def test_a_primary_in_credit_is_not_set_against_the_patient() -> None:
    made = book(15000)
    made.post(payment(PAID_LINE), 0, PAID)

    made.charge((0,), LATER)

    assert parties(made) == (-15000, 0, 0, 1800)


def test_a_reversal_undoes_exactly_what_was_posted() -> None:
    made = book(15000, coverages=2)
    first = payment(PAID_LINE)
    made.post(first, 0, PAID)

    made.post(reversal_of(first), 0, LATER)

    assert parties(made) == (15000, 0, 0, 0)
    assert (made.paid_cents, made.contractual_cents) == (0, 0)


def test_a_write_down_of_a_share_that_is_gone_leaves_no_credit() -> None:
    """The secondary program refused the rest; then the primary took its payment back."""
    made = book(15000, coverages=2)
    first = payment(PAID_LINE)
    made.post(first, 0, PAID)
    refused = paid(15000, 0, ("OA", "23", 13200), ("CO", "45", 1800))
    made.post(payment(refused, number="ICN2"), 1, PAID)
    assert parties(made) == (0, 0, 0, 0)

    made.post(reversal_of(first), 0, LATER)
    assert (parties(made), made.contractual_cents) == ((15000, 0, 0, 0), 0)

    made.post(payment(PAID_LINE, number="ICN3"), 0, LATER)
    assert (parties(made), made.contractual_cents) == ((0, 0, 0, 0), 7800)


def test_money_of_a_secondary_is_a_credit_once_the_primary_took_its_payment_back() -> None:
    made = book(15000, coverages=2)
    first = payment(PAID_LINE)
    made.post(first, 0, PAID)
    line = paid(15000, 1200, ("OA", "23", 13200), ("PR", "2", 600))
    made.post(payment(line, number="ICN2"), 1, PAID)
    assert parties(made) == (0, 0, 0, 600)

    made.post(reversal_of(first), 0, LATER)

    assert parties(made) == (15000, -1200, 0, 0)


def test_a_reversal_of_something_unknown_changes_nothing() -> None:
    made = book(15000)
    made.post(payment(PAID_LINE), 0, PAID)

    made.post(reversal_of(payment(PAID_LINE, number="OTHER")), 0, LATER)

    assert parties(made) == (0, 0, 0, 1800)


def test_a_reversal_then_correction_moves_all_to_the_deductible() -> None:
    """Oracle B2, claim PCN09990: cash effect -80, then 100 with the patient."""
    made = book(12000)
    first = payment(paid(12000, 8000, ("CO", "45", 4000)), number="ICN400")
    made.post(first, 0, PAID)
    assert made.balance_cents == 0

    made.post(reversal_of(first), 0, LATER)
    corrected = paid(12000, 0, ("CO", "45", 2000), ("PR", "1", 10000))
    made.post(payment(corrected, number="ICN401"), 0, LATER)

    assert made.paid_cents == 0
    assert parties(made) == (0, 0, 0, 10000)


def test_a_duplicate_answer_has_no_effect() -> None:
    made = book(15000)

    made.post(payment(paid(15000, 0, ("OA", "18", 15000))), 0, PAID)

    assert parties(made) == (15000, 0, 0, 0)


def test_a_stay_is_posted_at_claim_level() -> None:
    made = book(500000, 100000)
    stay = ClaimPayment(
        "PCN1", "1", 600000, 300000, 20000, "12", "ICN1", PERSON, "M1",
        adjustments=(Adjustment("CO", "45", 280000), Adjustment("PR", "1", 20000)),
    )  # fmt: skip

    made.post(RuledPayment(stay, ()), 0, PAID)

    assert parties(made) == (0, 0, 0, 20000)


def test_new_charges_replace_old_ones_and_a_void_takes_them_away() -> None:
    made = book(15000, 10000)

    made.charge((15000, 12000), PAID)
    assert (made.charge_cents, made.balance_cents) == (27000, 27000)

    made.charge((0, 0), LATER)
    assert (made.charge_cents, made.balance_cents) == (0, 0)


def test_history_has_one_entry_a_day() -> None:
    made = book(15000)
    made.post(payment(PAID_LINE), 0, PAID)
    made.post(payment(paid(15000, 0, ("OA", "18", 15000)), number="ICN2"), 0, PAID)

    assert [item.on_date for item in made.history] == [SENT, PAID]
    assert made.history[-1].balances_cents == (0, 0, 0, 1800)
