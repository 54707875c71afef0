"""A payer's decision is a function of the claim as sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from sanderling.core.x12.write.adjustments import Adjustment
from sanderling.core.x12.write.claim import (
    Claim,
    ClaimLine,
    Form,
    Frequency,
    LineAdjudication,
    OtherPayer,
)
from sanderling.core.x12.write.parties import Person
from sanderling.simulator.adjudication import Case, PayerRecord, adjudicate
from sanderling.simulator.identifiers import dice_for
from sanderling.simulator.parameters import load_parameters
from sanderling.simulator.payers import MEDICARE, NATIONAL, PROVIDENT, SUPPLEMENT, PayerProfile
from sanderling.simulator.pricing import price_lines
from sanderling.simulator.ruling import Outcome

SERVICE_DATE = date(2026, 5, 4)
PERSON = Person("DOE", "JANE", date(1950, 2, 14), "F")
RATES = {"99213": 9200, "36415": 900, "29881": 52600, "29876": 48500}
SEEDS = range(400)


def claim(payer: PayerProfile, *codes: str, **changes: Any) -> Claim:
    lines = tuple(
        ClaimLine(code, RATES[code] * 2, SERVICE_DATE, f"L{place}")
        for place, code in enumerate(codes or ("99213", "36415"), start=1)
    )
    facts: dict[str, Any] = {
        "control_number": "PCN1",
        "form": Form.PROFESSIONAL,
        "payer": payer.on_claim,
        "sequence": "P",
        "subscriber": PERSON,
        "member_id": "M1",
        "filing_indicator": payer.filing,
        "facility_code": "11",
        "diagnoses": ("I10",),
        "lines": lines,
    }
    return Claim(**(facts | changes))


def case(sent: Claim, payer: PayerProfile, seed: int, **changes: Any) -> Case:
    facts: dict[str, Any] = {
        "claim": sent,
        "payer": payer,
        "client_code": "MAPLE",
        "rates": RATES,
        "received_date": SERVICE_DATE + timedelta(days=4),
        "payer_claim_number": "ICN2",
        "record": None,
        "problems": (),
        "parameters": load_parameters(),
        "dice": dice_for(seed),
    }
    return Case(**(facts | changes))


@pytest.mark.parametrize("payer", [NATIONAL, MEDICARE])
def test_every_payment_balances_whatever_the_decision(payer: PayerProfile) -> None:
    outcomes = set()
    for seed in SEEDS:
        ruling = adjudicate(case(claim(payer), payer, seed))
        outcomes.add(ruling.outcome)
        for part in ruling.payments:
            assert part.payment.is_balanced
            assert len(part.line_numbers) == len(part.payment.lines)

    assert {Outcome.PAID, Outcome.DENIED, Outcome.PARTIAL, Outcome.SILENT} <= outcomes


def test_the_same_claim_and_dice_give_the_same_decision() -> None:
    for seed in SEEDS:
        sent = claim(NATIONAL)
        assert adjudicate(case(sent, NATIONAL, seed)) == adjudicate(case(sent, NATIONAL, seed))


def test_a_second_original_is_a_duplicate() -> None:
    record = PayerRecord("ICN1", is_final=True)
    ruling = adjudicate(case(claim(NATIONAL), NATIONAL, 1, record=record))

    assert ruling.outcome is Outcome.DUPLICATE
    adjustments = [item for line in ruling.payments[0].payment.lines for item in line.adjustments]
    assert {(item.group, item.code) for item in adjustments} == {("OA", "18")}


def test_a_late_claim_is_denied_for_timely_filing() -> None:
    received = SERVICE_DATE + timedelta(days=NATIONAL.timely_days + 1)
    ruling = adjudicate(case(claim(NATIONAL), NATIONAL, 1, received_date=received))

    assert (ruling.outcome, ruling.category) == (Outcome.DENIED, "timely_filing")
    on_time = received - timedelta(days=1)
    assert adjudicate(case(claim(NATIONAL), NATIONAL, 1, received_date=on_time)).category != (
        "timely_filing"
    )


def test_medicare_withholds_two_percent_of_its_part() -> None:
    paid = [adjudicate(case(claim(MEDICARE), MEDICARE, seed)) for seed in SEEDS]
    line = next(
        part.payment.lines[0]
        for ruling in paid
        if ruling.outcome is Outcome.PAID and not ruling.short_lines
        for part in ruling.payments
        if part.payment.lines[0].adjustments[1].code == "2"
    )

    assert line.allowed_cents == 9200
    assert line.adjustments == (
        Adjustment("CO", "45", 9200), Adjustment("PR", "2", 1840), Adjustment("CO", "253", 147)
    )  # fmt: skip
    assert line.paid_cents == 9200 - 1840 - 147


def test_a_replacement_takes_the_payment_back_and_decides_anew() -> None:
    first = next(
        ruling
        for ruling in (adjudicate(case(claim(NATIONAL), NATIONAL, seed)) for seed in SEEDS)
        if ruling.outcome is Outcome.PAID and ruling.payments[0].payment.paid_cents
    )
    record = PayerRecord("ICN2", first.payments, is_final=True)
    sent = claim(NATIONAL, frequency=Frequency.REPLACEMENT, original_reference="ICN2")
    ruling = adjudicate(case(sent, NATIONAL, 3, record=record, payer_claim_number="ICN3"))

    assert ruling.payments[0].payment.status == "22"
    assert ruling.payments[0].payment.paid_cents == -first.payments[0].payment.paid_cents
    assert ruling.payments[0].payment.original_reference == "ICN2"
    assert ruling.payments[-1].payment.payer_claim_number.startswith("ICN3")


def test_a_void_takes_back_and_pays_nothing() -> None:
    first = adjudicate(case(claim(NATIONAL), NATIONAL, 5))
    record = PayerRecord("ICN2", first.payments, is_final=True)
    sent = claim(NATIONAL, frequency=Frequency.VOID, original_reference="ICN2")
    ruling = adjudicate(case(sent, NATIONAL, 3, record=record))

    assert ruling.outcome is Outcome.VOIDED
    assert {part.payment.status for part in ruling.payments} == {"22"}


def secondary(payer: PayerProfile) -> Claim:
    decision = LineAdjudication(
        "MCR01", 7213, date(2026, 5, 20), "99213",
        (Adjustment("CO", "45", 9200), Adjustment("PR", "2", 1840), Adjustment("CO", "253", 147)),
    )  # fmt: skip
    primary = OtherPayer("P", MEDICARE.on_claim, PERSON, "M1", "MB", paid_cents=7213)
    sent = claim(payer, "99213", sequence="S", other_payers=(primary,))
    return replace(sent, lines=(replace(sent.lines[0], adjudications=(decision,)),))


@pytest.mark.parametrize("payer", [SUPPLEMENT, PROVIDENT])
def test_a_secondary_pays_at_most_what_is_left_but_for_planted_errors(payer: PayerProfile) -> None:
    too_much = 0
    answered = 0
    for seed in SEEDS:
        ruling = adjudicate(case(secondary(payer), payer, seed))
        if ruling.outcome is not Outcome.PAID:
            continue
        answered += 1
        payment = ruling.payments[0].payment
        assert payment.status == "2"
        assert payment.is_balanced
        too_much += payment.paid_cents > 1840
    assert answered > len(SEEDS) * 0.8
    assert too_much < answered * 0.06


def test_the_second_surgery_is_worth_half() -> None:
    prices = price_lines(claim(NATIONAL, "29876", "29881", "99213"), RATES)

    assert [item.allowed_cents for item in prices] == [24250, 52600, 9200]
    assert prices[0].rate_cents == 48500


def test_a_charge_below_the_rate_is_allowed_as_charged() -> None:
    cheap = replace(claim(NATIONAL, "99213").lines[0], charge_cents=8000)

    assert price_lines(claim(NATIONAL, lines=(cheap,)), RATES)[0].allowed_cents == 8000
