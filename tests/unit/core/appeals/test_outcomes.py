"""What later remittances say of an appeal, and how often appeals win."""

from __future__ import annotations

from datetime import date

from sanderling.core.appeals.outcomes import (
    DECIDED_MIN,
    Decided,
    LaterPayment,
    Outcome,
    overturns,
    propose,
)

DAY = date(2026, 4, 1)


def later(number: int, status: str, paid_cents: int, *codes: str) -> LaterPayment:
    return LaterPayment(number, DAY, status, paid_cents, frozenset(codes))


def test_nothing_or_a_reversal_alone_says_nothing() -> None:
    assert propose([], asked_cents=100) is None
    assert propose([later(1, "22", 0)], asked_cents=100) is None


def test_all_that_was_asked_is_won_for_certain() -> None:
    said = propose([later(2, "1", 10_000), later(1, "22", 0)], asked_cents=10_000)
    assert said is not None
    assert (said.outcome, said.recovered_cents, said.payment_id) == (Outcome.WON, 10_000, 2)
    assert said.is_certain


def test_what_a_reversal_takes_back_counts_against_the_correction() -> None:
    said = propose([later(1, "22", -4_000), later(2, "1", 9_000)], asked_cents=6_000)
    assert said is not None
    assert (said.outcome, said.recovered_cents, said.is_certain) == (Outcome.PARTLY, 5_000, False)


def test_no_more_money_is_lost_and_certain_only_when_the_payer_says_that_it_stands() -> None:
    lost = propose([later(1, "4", 0, "50")], asked_cents=100)
    upheld = propose([later(1, "4", 0, "193")], asked_cents=100)
    assert lost is not None
    assert upheld is not None
    assert (lost.outcome, lost.is_certain) == (Outcome.LOST, False)
    assert (upheld.outcome, upheld.is_certain) == (Outcome.LOST, True)


def test_a_rate_needs_enough_decided_appeals() -> None:
    won = Decided("ACME", Outcome.WON, 100, 100)
    lost = Decided("ACME", Outcome.LOST, 300, 0)
    few = overturns([won] * (DECIDED_MIN - 1))
    enough = overturns([won] * 4 + [lost] * 6 + [Decided("B", Outcome.PARTLY, 50, 10)])
    assert few[0].rate is None
    assert [(one.group, one.rate) for one in enough] == [("ACME", 0.4), ("B", None)]
    assert enough[0].dollars_rate == 400 / 2_200
    assert (enough[0].asked_cents, enough[0].recovered_cents) == (2_200, 400)
