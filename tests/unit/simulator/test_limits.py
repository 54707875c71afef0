"""The true deadlines: days of the payers file first, else the defaults of the domain reference."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from sanderling.core.x12.write.claim import InstitutionalFacts
from sanderling.core.x12.write.parties import Person
from sanderling.simulator.accounts import Account, Coverage, Patient
from sanderling.simulator.clients import make_clients
from sanderling.simulator.identifiers import dice_for
from sanderling.simulator.limits import NONE, Limit, Limits, add_months
from sanderling.simulator.payers import (
    ADVANTAGE,
    BLUE,
    KEYSTONE,
    MEDICAID,
    MEDICARE,
    NATIONAL,
    SUPPLEMENT,
    PayerProfile,
)
from sanderling.simulator.readings import read_denial, read_status
from sanderling.simulator.reasons import DENIALS, Reason

SERVED, PAID = date(2026, 1, 2), date(2026, 1, 20)
PERSON = Person("DOE", "JANE", date(1980, 2, 14), "F")


def limits(*payers: PayerProfile, rank: int = 0, **changes: object) -> Limits:
    client = make_clients(dice_for("limits"))[0]
    coverages = tuple(Coverage(payer, "M1", "") for payer in payers)
    account = Account(
        client=client, department=client.departments[0],
        patient=Patient(PERSON, coverages, "1"), control_number="PCN1", service_date=SERVED,
        lines=(), diagnoses=(), rendering=client.departments[0].rendering[0],
    )  # fmt: skip
    for name, value in changes.items():
        setattr(account, name, value)
    return Limits(account, rank, PAID if rank else None)


def test_months_end_on_the_last_day_of_a_shorter_month() -> None:
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert add_months(date(2026, 1, 20), 6) == date(2026, 7, 20)


def test_timely_filing_counts_from_the_service_by_the_payers_own_days() -> None:
    assert limits(NATIONAL).filing() == Limit("timely_filing", date(2026, 4, 2))
    assert limits(MEDICARE).filing() == Limit("timely_filing", date(2027, 1, 2))


def test_a_stay_counts_from_its_last_day() -> None:
    stay = InstitutionalFacts(SERVED, date(2026, 1, 9))

    assert limits(NATIONAL, institutional=stay).timely().on_date == date(2026, 4, 9)


@pytest.mark.parametrize(
    ("payers", "rank", "day"),
    [
        ((MEDICARE, MEDICAID), 1, date(2026, 7, 20)),  # six months from Medicare's remittance
        ((ADVANTAGE, MEDICAID), 1, date(2026, 4, 20)),
        ((MEDICARE, SUPPLEMENT), 1, date(2026, 4, 20)),
        ((NATIONAL, MEDICARE), 1, date(2027, 1, 2)),  # twelve months from the service, always
    ],
)
def test_secondary_filing(payers: tuple[PayerProfile, ...], rank: int, day: date) -> None:
    assert limits(*payers, rank=rank).filing() == Limit("secondary_filing", day)


def test_appeals_count_from_the_payment_date_without_mailing_days() -> None:
    # payers.csv states Medicare's 120 days, so nothing is added for the mail.
    assert limits(MEDICARE).appeal(PAID) == Limit("appeal", date(2026, 5, 20))
    assert limits(KEYSTONE).appeal(PAID) == Limit("appeal", date(2026, 4, 20))


def test_records_takebacks_and_refunds() -> None:
    assert limits(MEDICARE).records(PAID).on_date == date(2026, 3, 6)
    assert limits(BLUE).records(PAID).on_date == date(2026, 2, 19)
    assert limits(BLUE).takeback(PAID) == Limit("takeback_dispute", date(2026, 2, 19))
    assert limits(MEDICAID).refund(PAID) == Limit("refund", date(2026, 3, 21))
    assert limits(BLUE).refund(PAID) == NONE


@pytest.mark.parametrize(
    ("next_action", "kind"),
    [
        ("correct_and_rebill", "corrected_claim"),
        ("verify_eligibility", "corrected_claim"),
        ("resubmit", "timely_filing"),
        ("bill_secondary", "secondary_filing"),
        ("send_records", "records"),
        ("request_documents", "records"),
        ("obtain_authorization", "appeal"),
        ("call_payer", "appeal"),
        ("appeal", "appeal"),
    ],
)
def test_what_is_to_be_done_about_a_denial_decides_its_deadline(
    next_action: str, kind: str
) -> None:
    assert limits(NATIONAL).of_denial(next_action, PAID).kind == kind


def test_a_payer_that_sends_us_to_the_next_one_starts_that_ones_clock() -> None:
    found = limits(MEDICARE, MEDICAID).of_denial("bill_secondary", PAID)

    assert found == Limit("secondary_filing", date(2026, 7, 20))


def read(group: str, code: str, *remarks: str, has_next_payer: bool = False) -> tuple[str, str]:
    reading = read_denial(Reason(group, code, remarks, 1), has_next_payer=has_next_payer)
    return reading.category, reading.next_action


def test_denials_are_read_as_in_the_worked_examples_of_the_domain_reference() -> None:
    """Oracle B1 and 3.3, refinement by remark."""
    assert read("CO", "97", "M15") == ("bundling", "correct_and_rebill")
    assert read("CO", "16", "MA130") == ("missing_information", "resubmit")
    assert read("CO", "16", "N382") == ("eligibility", "verify_eligibility")
    assert read("CO", "24") == ("contractual", "bill_secondary")
    assert read("CO", "197", "N939") == ("authorization", "obtain_authorization")
    assert read("CO", "45") == ("contractual", "call_payer")
    assert read("CO", "999") == ("other", "call_payer")
    assert read("CO", "208", "N290") == ("provider", "escalate")  # N290 is no row of 208


def test_a_benefit_used_up_goes_to_the_next_payer_if_there_is_one() -> None:
    assert read("PR", "119", "N362") == ("benefit_limit", "appeal")
    assert read("PR", "119", "N362", has_next_payer=True) == ("benefit_limit", "bill_secondary")


def test_every_reason_the_payers_use_is_known_to_the_biller() -> None:
    for reasons in DENIALS.values():
        for reason in reasons:
            bare = replace(reason, remarks=())
            assert read(bare.group, bare.code)[0] != "other", reason


def test_a_277_that_says_denied_is_read_by_its_status_code() -> None:
    assert read_status("54").category == "duplicate"
    assert read_status("88").category == "eligibility"
    assert read_status("1").category == "other"
