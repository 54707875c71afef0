"""Which day a payer had a claim, and so when it had to pay and what its delay costs."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from sanderling.claims.models import Answer
from sanderling.payers.models import Payer
from sanderling.receivables.prompt_pay import of_balance, places_of
from sanderling.remits.models import ClaimPayment, Remittance

AS_OF = date(2026, 3, 6)
JANUARY = date(2026, 1, 5)
NEW_YORK = Payer(type="commercial", state="NY")


def accepted(position: int, day: date, *, source: str = "PR", category: str = "A2") -> Answer:
    return Answer(
        kind="277CA",
        category=category,
        action="WQ",
        source_entity=source,
        transaction_id=7,
        position=position,
        received_date=day,
    )


def told(received: date, known: date) -> ClaimPayment:
    return ClaimPayment(payer_received_date=received, received_date=known, payment_date=known)


def row(barrier: str = "no_response", **more: Any) -> dict[str, Any]:
    evidence = json.dumps([["accepted", 7, 20, "2026-01-05"], ["sent", 3, 4, "2026-01-04"]])
    usual = {"party": 11, "barrier": barrier, "balance_cents": 100_000, "evidence": evidence}
    return usual | more


def ask(
    asked: dict[str, Any],
    *answers: Answer,
    payer: Payer | None = NEW_YORK,
    payments: tuple[ClaimPayment, ...] = (),
) -> dict[str, Any] | None:
    return of_balance(
        asked, payer=payer, payments=list(payments), answers=list(answers), as_of=AS_OF
    )


def test_the_payers_acceptance_starts_the_clock() -> None:
    found = ask(row(), accepted(20, JANUARY))

    assert found is not None
    # DOMAIN 9, example 4: 1,000.00 at 12% a year for 30 days.
    assert (found["due"], found["late_days"]) == (date(2026, 2, 4), 30)
    assert found["interest_cents"] == 986
    assert (found["jurisdiction"], found["rates"]) == ("NY", "12% a year")
    assert (found["received"], found["received_from"]) == (JANUARY, "acceptance")


def test_the_remittances_own_word_goes_before_the_acceptance() -> None:
    word = told(date(2026, 1, 15), date(2026, 2, 10))

    found = ask(row("pended"), accepted(20, JANUARY), payments=(word,))

    assert found is not None
    assert (found["received"], found["received_from"]) == (date(2026, 1, 15), "remittance")
    assert found["late_days"] == 20


def test_a_claim_accepted_again_after_the_remittance_has_a_new_clock() -> None:
    word = told(date(2025, 11, 1), date(2025, 12, 1))

    found = ask(row(), accepted(20, JANUARY), payments=(word,))

    assert found is not None
    assert (found["received"], found["received_from"]) == (JANUARY, "acceptance")


def test_who_decided_is_told_by_clp02_else_by_the_payer_else_by_what_is_reversed() -> None:
    payers = {1: Payer(pk=70), 2: Payer(pk=80)}
    paid = [
        ClaimPayment(pk=1, status="20", remittance_id=5, payer_claim_number="S1"),
        ClaimPayment(pk=2, status="4", remittance_id=5),
        ClaimPayment(pk=3, status="22", remittance_id=6, payer_claim_number="S1"),
        ClaimPayment(pk=4, status="4", remittance_id=6, payer_claim_number="S9"),
    ]
    # The sixth is of several clients: who paid it is not to be seen.
    seen = {5: Remittance(payer_id=70)}

    assert places_of(paid, payers=payers, remittances=seen) == {1: 2, 2: 1, 3: 2}
    only = places_of(paid[3:], payers={1: payers[1]}, remittances={})
    assert only == {4: 1}


def test_a_clearinghouse_is_not_the_payer() -> None:
    alone = accepted(20, JANUARY, source="AY")
    assert ask(row(), alone) is None
    # It took the claim first, the payer four days later: the last one is the fact that is named.
    later = row(evidence=[["accepted", 7, 30, "2026-01-05"]])
    found = ask(later, alone, accepted(30, date(2026, 1, 9)))
    assert found is not None
    assert found["received"] == date(2026, 1, 9)


def test_an_acceptance_of_an_earlier_version_is_not_this_ones() -> None:
    earlier = accepted(11, date(2025, 12, 1))
    found = ask(row(), earlier, accepted(20, JANUARY))
    assert found is not None
    assert found["received"] == JANUARY


@pytest.mark.parametrize("barrier", ["denied", "appeal_pending", "rejected", "credit_balance"])
def test_what_does_not_wait_for_a_payment_has_no_clock(barrier: str) -> None:
    assert ask(row(barrier), accepted(20, JANUARY)) is None


@pytest.mark.parametrize(
    "payer",
    [
        None,
        Payer(type="commercial", state=""),
        Payer(type="commercial", state="WY"),  # no rule with a source
        Payer(type="workers_comp", state="NY"),  # the state's law on health plans is another
    ],
)
def test_without_a_sourced_rule_there_is_nothing(payer: Payer | None) -> None:
    assert ask(row(), accepted(20, JANUARY), payer=payer) is None


def test_medicare_needs_no_state_and_its_rate_is_not_known_here() -> None:
    found = ask(row(), accepted(20, JANUARY), payer=Payer(type="medicare"))

    assert found is not None
    assert (found["jurisdiction"], found["late_days"]) == ("medicare", 30)
    assert found["interest_cents"] is None


def test_in_time_is_not_late() -> None:
    found = ask(row(evidence=[["accepted", 7, 20, "2026-03-01"]]), accepted(20, date(2026, 3, 1)))
    assert found is not None
    assert (found["due"], found["late_days"]) == (date(2026, 3, 31), 0)
    assert found["interest_cents"] == 0


def test_a_payment_told_of_ends_the_delay() -> None:
    status = Answer(kind="277", category="F1", payment_date=date(2026, 2, 14), received_date=AS_OF)

    found = ask(row("paid_unposted"), accepted(20, JANUARY), status)

    assert found is not None
    assert found["late_days"] == 10
