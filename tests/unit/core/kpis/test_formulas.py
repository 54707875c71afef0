"""Key figures: the arithmetic of DOMAIN Appendix B5, and what each formula leaves out."""

from __future__ import annotations

from datetime import date

import pytest
from tests.unit.core.kpis.books import (
    DAY,
    book_of,
    claim,
    denied,
    entry,
    payment,
    sums,
    value,
)

from sanderling.core.kpis.definitions import ABSENT, BY_KEY, DEFINITIONS
from sanderling.core.kpis.formulas import FORMULAS
from sanderling.core.kpis.frames import Period, add_months, months
from sanderling.core.ledger.accounts import Account, Kind

_SEPTEMBER = date(2025, 9, 10)  # six months before March


def test_every_figure_of_the_domain_has_a_formula_or_says_what_it_needs() -> None:
    assert set(FORMULAS) == set(BY_KEY)
    told = {one.id for one in DEFINITIONS} | {one.id for one in ABSENT}
    assert {f"K{number:02}" for number in range(1, 46)} - told == set()
    assert not {one.id for one in DEFINITIONS} & {one.id for one in ABSENT}
    assert [one.slot for one in DEFINITIONS] == list(range(len(DEFINITIONS)))


def test_days_in_ar_of_b5_is_forty() -> None:
    books = book_of(
        claims=[claim(1), claim(2)],
        ledger=[
            entry(1, Kind.CHARGE, 27_000_000),
            entry(1, Kind.INSURANCE_PAYMENT, 15_000_000),
        ],
    )
    assert sums(books, "days_in_ar") == (12_000_000, 27_000_000)
    assert value(books, "days_in_ar") == 40.0


def test_collection_rates_of_b5() -> None:
    entries = [
        entry(1, Kind.CHARGE, 10_000_000, _SEPTEMBER),
        entry(1, Kind.CONTRACTUAL, 4_500_000, _SEPTEMBER),
        entry(1, Kind.INSURANCE_PAYMENT, 5_225_000, _SEPTEMBER),
    ]
    books = book_of(claims=[claim(1, service_date=_SEPTEMBER)], ledger=entries)
    assert value(books, "net_collection_rate") == pytest.approx(0.95)
    september = Period(date(2025, 9, 1), date(2025, 9, 30))
    assert value(books, "gross_collection_rate", september) == pytest.approx(0.5225)


def test_initial_denials_of_b5_leave_duplicates_out_of_the_numerator() -> None:
    payments = [
        *(payment(n) for n in range(882)),
        *(denied(n) for n in range(882, 982)),
        *(denied(n, is_duplicate=True) for n in range(982, 1000)),
    ]
    books = book_of(claims=[claim(n) for n in range(1000)], payments=payments)
    assert sums(books, "denial_rate") == (100, 1000)


def test_ar_over_90_days_of_b5_is_a_tenth() -> None:
    ages = [(10, 60_000), (45, 20_000), (75, 10_000), (100, 5_000), (200, 5_000)]
    end = date(2026, 3, 31)
    services = [date.fromordinal(end.toordinal() - age) for age, _ in ages]
    books = book_of(
        claims=[claim(n, service_date=day) for n, day in enumerate(services)],
        ledger=[entry(n, Kind.CHARGE, cents, services[n]) for n, (_, cents) in enumerate(ages)],
    )
    assert sums(books, "over_90_rate") == (10_000, 100_000)
    assert sums(books, "over_120_rate") == (5_000, 100_000)
    assert value(books, "aged_0_30_rate") == 0.6


def test_the_boundary_day_belongs_to_the_lower_bucket() -> None:
    service = date.fromordinal(date(2026, 3, 31).toordinal() - 90)
    books = book_of(
        claims=[claim(1, service_date=service)], ledger=[entry(1, Kind.CHARGE, 100, service)]
    )
    assert sums(books, "over_90_rate") == (0, 100)


def test_overturn_of_b5_is_65_percent() -> None:
    first = [denied(n, received_date=date(2026, 2, 1)) for n in range(90)]
    won = [payment(n, payment_id=1000 + n, is_first=False) for n in range(52)]
    charges = [entry(n, Kind.CHARGE, 100, date(2026, 1, 5)) for n in range(90)]
    given_up = [entry(n, Kind.WRITE_OFF, 100) for n in range(52, 80)]  # ten are still open
    books = book_of(
        claims=[claim(n) for n in range(90)], payments=first + won, ledger=charges + given_up
    )
    assert sums(books, "overturn_rate") == (52, 80)
    assert value(books, "overturn_rate") == 0.65


def test_credits_are_apart_and_never_netted() -> None:
    books = book_of(
        claims=[claim(1), claim(2)],
        ledger=[
            entry(1, Kind.CHARGE, 1_000),
            entry(2, Kind.CHARGE, 500),
            entry(2, Kind.INSURANCE_PAYMENT, 800),
        ],
    )
    assert sums(books, "days_in_ar") == (1_000, 1_500)
    assert sums(books, "credit_balance_days") == (300, 1_500)


def test_what_patients_owe_is_nobody_elses() -> None:
    moved = [
        {**entry(1, Kind.TRANSFER, 300), "debit": int(Account.PATIENT)},
        entry(1, Kind.CHARGE, 1_000),
    ]
    books = book_of(claims=[claim(1)], ledger=moved)
    assert sums(books, "days_in_ar")[0] == 1_000
    assert sums(books, "over_90_insurance_rate")[1] == 700
    assert sums(books, "over_90_patient_rate")[1] == 300


def test_a_reversal_and_what_it_takes_back_count_neither() -> None:
    payments = [
        payment(1, paid_cents=0, is_taken_back=True),
        payment(1, payment_id=2, paid_cents=0, is_reversal=True, is_first=False),
        payment(1, payment_id=3, paid_cents=80, is_first=False),
    ]
    books = book_of(claims=[claim(1)], payments=payments)
    assert sums(books, "zero_pay_rate") == (0, 1)
    assert sums(books, "denial_rate") == (0, 1)


def test_young_services_are_in_no_net_collection_rate() -> None:
    books = book_of(claims=[claim(1)], ledger=[entry(1, Kind.CHARGE, 100)])
    assert sums(books, "net_collection_rate") == (0, 0)
    assert value(books, "net_collection_rate") is None


def test_what_is_posted_after_the_period_changes_nothing_in_it() -> None:
    early = [entry(1, Kind.CHARGE, 1_000)]
    late = [*early, entry(1, Kind.INSURANCE_PAYMENT, 1_000, date(2026, 4, 1))]
    for key in (
        "days_in_ar",
        "gross_collection_rate",
        "over_90_rate",
        "touches_per_resolved_claim",
    ):
        found = [sums(book_of(claims=[claim(1)], ledger=some), key) for some in (early, late)]
        assert found[0] == found[1], key


def test_a_claim_sent_twice_is_not_resolved_with_the_first_pass() -> None:
    sent = [
        {"claim_id": n, "submission_id": 10 * n + k, "sequence": 1, "submitted_date": day,
         "received_date": day, "rejected_date": day if k == 0 and n == 3 else None}
        for n, days in {1: [1], 2: [1, 3], 3: [1], 4: [1]}.items()
        for k, day in enumerate(date(2026, 3, d) for d in days)
    ]  # fmt: skip
    books = book_of(
        claims=[claim(n) for n in (1, 2, 3, 4)],
        submissions=sent,
        payments=[payment(1), payment(2), payment(3), denied(4)],
    )
    assert sums(books, "first_pass_rate") == (1, 4)
    assert sums(books, "rejection_rate") == (1, 1)


def test_a_touch_is_given_what_was_paid_within_thirty_days_and_the_last_touch_alone() -> None:
    touches = [
        {"claim_id": 1, "activity_id": n, "user_id": n, "activity_date": date(2026, 2, day)}
        for n, day in ((1, 5), (2, 10))
    ]
    books = book_of(
        claims=[claim(1)],
        touches=touches,
        ledger=[
            entry(1, Kind.INSURANCE_PAYMENT, 700, date(2026, 2, 20)),
            entry(1, Kind.INSURANCE_PAYMENT, 900, date(2026, 3, 20)),
        ],
    )
    assert sums(books, "paid_per_touch") == (700, 2)


def test_a_secondary_claim_is_captured_within_seven_days() -> None:
    sent = [
        {"claim_id": n, "submission_id": n, "sequence": 2, "submitted_date": date(2026, 3, day)}
        for n, day in ((1, 17), (2, 18))
    ]
    books = book_of(
        claims=[claim(n, secondary_payer_id=9) for n in (1, 2, 3)],
        submissions=sent,
        payments=[payment(n, patient_share_cents=20) for n in (1, 2, 3)],
    )
    assert sums(books, "secondary_capture_rate") == (1, 3)


def test_write_offs_are_denials_limits_or_bad_debt_by_their_reason() -> None:
    reasons = [("timely_biller", 11, 10), ("uncollectible", 11, 20), ("uncollectible", 14, 40)]
    reasons.append(("small_balance", 11, 80))
    books = book_of(
        claims=[claim(1)],
        ledger=[entry(1, Kind.CHARGE, 1_000), entry(1, Kind.CONTRACTUAL, 400)],
        write_offs=[
            {"claim_id": 1, "day": DAY, "reason": reason, "party": party, "amount_cents": cents}
            for reason, party, cents in reasons
        ],
    )
    assert sums(books, "final_denial_rate") == (30, 600)
    assert sums(books, "filing_limit_loss_rate") == (10, 600)
    assert sums(books, "bad_debt_rate") == (40, 1_000)


def test_underpaid_is_of_payers_that_were_ever_compared() -> None:
    books = book_of(
        claims=[claim(n) for n in (1, 2, 3)],
        payments=[payment(1), payment(2), payment(3, payer_id=8)],
        variances=[
            {"claim_id": 1, "received_date": DAY, "short_cents": 25},
            {"claim_id": 2, "received_date": date(2026, 2, 1), "short_cents": 0},
        ],
    )
    assert sums(books, "underpayment_rate") == (25, 125)
    assert sums(books, "payer_yield_rate") == (100, 125)
    assert sums(book_of(claims=[claim(1)], payments=[payment(1)]), "payer_yield_rate") == (0, 0)


def test_months_are_cut_at_the_day_of_the_question() -> None:
    found = months(date(2026, 1, 15), date(2026, 12, 1), as_of=date(2026, 3, 5))
    assert [str(one.to_date) for one in found] == ["2026-01-31", "2026-02-28", "2026-03-05"]
    assert add_months(date(2026, 8, 31), -6) == date(2026, 2, 28)
    assert add_months(date(2025, 11, 30), 3) == date(2026, 2, 28)
