"""Odd ways of payers: drawn as often as the parameters say, and balanced all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.unit.simulator.test_adjudication import SEEDS, case, claim

from sanderling.core.x12.write.parties import Person
from sanderling.core.x12.write.remittance import ClaimPayment
from sanderling.simulator.adjudication import adjudicate
from sanderling.simulator.book import Book
from sanderling.simulator.identifiers import dice_for
from sanderling.simulator.parameters import Parameters, load_parameters
from sanderling.simulator.payers import ADVANTAGE, MEDICARE, NATIONAL, SUPPLEMENT, PayerProfile
from sanderling.simulator.quirks import Bend, say
from sanderling.simulator.reasons import Reason
from sanderling.simulator.ruling import Outcome, Ruling

NEVER = dict.fromkeys(load_parameters().quirks, 0.0)
MISSING = Reason("CO", "16", ("MA130",), 1)
PERSON = Person("DOE", "JANE", date(1950, 2, 14), "F")


def always(*names: str) -> Parameters:
    return replace(load_parameters(), quirks=NEVER | dict.fromkeys(names, 1.0))


def rulings(payer: PayerProfile, *names: str, **facts: Any) -> list[Ruling]:
    parameters = always(*names)
    return [
        adjudicate(case(claim(payer, **facts), payer, seed, parameters=parameters))
        for seed in SEEDS
    ]


def posted(ruling: Ruling, *charges: int) -> Book:
    book = Book(1)
    book.charge(charges or (18400, 1800), date(2026, 5, 6))
    for part in ruling.payments:
        book.post(part, 0, date(2026, 5, 30))
    return book


def paid(made: list[Ruling]) -> list[Ruling]:
    found = [ruling for ruling in made if ruling.outcome is Outcome.PAID]
    assert len(found) > 100
    return found


def test_a_payer_without_quirks_says_what_it_means() -> None:
    said = say(MISSING, NEVER, dice_for(1))

    assert said.reason == MISSING
    assert (said.at_claim_level, said.remarks_on_claim, said.quirks) == (False, False, ())


def test_a_wrong_group_is_never_the_usual_one() -> None:
    groups = {
        say(MISSING, always("wrong_group").quirks, dice_for(seed)).reason.group for seed in SEEDS
    }

    assert groups == {"OA", "PI"}


@pytest.mark.parametrize(
    ("quirk", "group", "code"),
    [("unknown_code", "CO", "330"), ("whole_charge_contractual", "CO", "45")],
)
def test_denials_in_odd_codes_stay_open_with_the_payer(quirk: str, group: str, code: str) -> None:
    denied = [item for item in rulings(NATIONAL, quirk) if item.outcome is Outcome.DENIED]

    assert denied
    for ruling in denied:
        assert ruling.denial is not None
        assert (ruling.denial.group, ruling.denial.code) == (group, code)
        assert posted(ruling).totals_cents() == (20200, 0, 0, 0)


def test_a_denial_at_claim_level_has_no_lines_and_balances() -> None:
    denied = [item for item in rulings(NATIONAL, "claim_level") if item.outcome is Outcome.DENIED]

    assert denied
    for ruling in denied:
        payment = ruling.payments[0].payment
        assert payment.lines == ()
        assert payment.is_balanced
        assert posted(ruling).totals_cents() == (20200, 0, 0, 0)


def remarks_of_lines(payment: ClaimPayment) -> set[str]:
    return {remark for line in payment.lines for remark in line.remarks}


def test_remarks_may_stand_on_the_claim_only() -> None:
    denied = [
        item
        for item in rulings(NATIONAL, "remarks_on_claim_only")
        if item.outcome is Outcome.DENIED and item.denial is not None and item.denial.remarks
    ]

    assert denied
    for ruling in denied:
        payment = ruling.payments[0].payment
        assert remarks_of_lines(payment) == set()
        assert ruling.denial is not None
        assert payment.remarks == ruling.denial.remarks


def test_a_payers_own_reduction_is_left_open_and_is_a_variance() -> None:
    for ruling in paid(rulings(NATIONAL, "payer_reduction")):
        cut = sum(
            item.amount_cents
            for part in ruling.payments
            for line in part.payment.lines
            for item in line.adjustments
            if item.group == "PI"
        )
        assert all(part.payment.is_balanced for part in ruling.payments)
        assert posted(ruling).totals_cents()[0] == cut
        assert (ruling.reduction == "PI-45") == (cut > 0)
        assert (cut > 0) == any(
            item.cause == Bend.OWN_REDUCTION.value for item in ruling.short_lines
        )


def test_a_share_that_may_not_be_collected_is_written_down() -> None:
    for ruling in paid(rulings(ADVANTAGE, "share_not_collectible")):
        assert posted(ruling).totals_cents() == (0, 0, 0, 0)


def test_what_is_above_allowed_is_not_the_patients_before_a_person_has_looked() -> None:
    for ruling in paid(rulings(NATIONAL, "above_allowed_to_patient")):
        above = sum(
            item.amount_cents
            for part in ruling.payments
            for line in part.payment.lines
            for item in line.adjustments
            if (item.group, item.code) == ("PR", "45")
        )
        assert above > 0
        assert posted(ruling).totals_cents()[0] == above
        assert ruling.reduction == "PR-45"


def test_medicare_may_forward_to_a_payer_nobody_knew_of() -> None:
    made = paid(rulings(MEDICARE, "crossover_unknown_payer"))

    assert {ruling.crosses_to for ruling in made} == {SUPPLEMENT.code}
    assert {part.payment.status for ruling in made for part in ruling.payments} == {"19"}


def test_a_payment_at_claim_level_leaves_the_same_with_the_patient() -> None:
    made = paid(rulings(NATIONAL, "claim_level_payment"))
    bare = [ruling for ruling in made if not ruling.payments[0].payment.lines]

    assert len(bare) > 100
    for ruling in bare:
        payment = ruling.payments[0].payment
        assert payment.is_balanced
        assert ruling.quirks == ("claim_level_payment",)
        assert posted(ruling).totals_cents() == (0, 0, 0, payment.patient_cents)
