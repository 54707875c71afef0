"""What a payer allowed, out of what it paid and how it explained the rest (DOMAIN 6.6, B4)."""

from __future__ import annotations

from typing import Any

import polars as pl

from sanderling.core.contracts.allowed import ADJUSTMENTS, PAYMENTS, REMIT_LINES, allowed_lines


def judged(
    charge: int,
    paid: int,
    *adjustments: tuple[str, str, int],
    claim: tuple[tuple[str, str, int], ...] = (),
    stated: int | None = None,
    is_bare: bool = False,
    **payment: Any,
) -> dict[str, Any]:
    """Return the row of a claim payment of one line (none when bare)."""
    facts = {"status": "1", "sequence": 1, "stands": True, "is_held": False} | payment
    taken = sum(amount for _, _, amount in claim)
    payments = pl.DataFrame(
        [{"payment_id": 1, "charge_cents": charge, "paid_cents": paid - taken, **facts}],
        schema=PAYMENTS,
    )
    lines = pl.DataFrame(
        [] if is_bare else [(1, 1, charge, paid, stated)], schema=REMIT_LINES, orient="row"
    )
    index = 0 if is_bare else 1
    rows = [(1, index, 5, part, *one) for part, one in enumerate(adjustments, start=1)]
    rows += [(1, 0, 4, part, *one) for part, one in enumerate(claim, start=1)]
    found = allowed_lines(lines, pl.DataFrame(rows, schema=ADJUSTMENTS, orient="row"), payments)
    assert found.height == 1
    return found.row(0, named=True)


def test_paid_and_the_patients_share_are_allowed() -> None:
    row = judged(15000, 7200, ("CO", "45", 6000), ("PR", "2", 1800))
    assert (row["allowed_cents"], row["excluded"], row["state"]) == (9000, "", "paid")


def test_medicare_with_sequestration_allows_the_whole_price() -> None:
    row = judged(20000, 7840, ("CO", "45", 10000), ("PR", "2", 2000), ("CO", "253", 160))
    assert (row["allowed_cents"], row["sequestration_cents"]) == (10000, 160)


def test_what_lies_above_the_price_is_not_allowed_though_the_patient_owes_it() -> None:
    row = judged(15000, 7200, ("PR", "45", 6000), ("PR", "2", 1800))
    assert row["allowed_cents"] == 9000


def test_withholds_and_incentives_belong_to_the_price() -> None:
    row = judged(
        15000, 8100, ("CO", "45", 6000), ("CO", "104", 500), ("CO", "144", -100), ("PR", "3", 500)
    )
    assert (row["withheld_cents"], row["incentive_cents"]) == (500, -100)
    assert row["allowed_cents"] == 9000


def test_a_line_all_of_whose_price_the_patient_owes_is_compared() -> None:
    row = judged(15000, 0, ("CO", "45", 6000), ("PR", "1", 9000))
    assert (row["allowed_cents"], row["excluded"]) == (9000, "")


def test_a_denied_line_is_no_underpayment() -> None:
    assert judged(15000, 0, ("CO", "50", 15000))["excluded"] == "denied"
    assert judged(15000, 5000, ("CO", "45", 5000), ("CO", "16", 5000))["excluded"] == "denied"


def test_what_does_not_stand_is_not_compared() -> None:
    plain = (("CO", "45", 6000),)
    assert judged(15000, 9000, *plain, is_held=True)["excluded"] == "held"
    assert judged(15000, 9000, *plain, stands=False)["excluded"] == "replaced"
    assert judged(15000, 9000, *plain, status="22")["excluded"] == "reversal"
    assert judged(15000, 9000, *plain, status="25")["excluded"] == "priced_only"
    assert judged(15000, 9000, *plain, status="2", sequence=2)["excluded"] == "later_payer"
    assert judged(15000, 0, ("CO", "24", 15000))["excluded"] == "capitated"
    assert judged(15000, 0, ("OA", "133", 15000))["excluded"] == "pended"


def test_a_claim_decided_without_lines_is_compared_as_a_whole() -> None:
    row = judged(150000, 60000, ("CO", "45", 80000), ("PR", "1", 10000), is_bare=True)
    assert (row["line_index"], row["allowed_cents"], row["excluded"]) == (0, 70000, "")


def test_a_cut_above_the_lines_makes_the_claim_one_whole() -> None:
    row = judged(15000, 9000, ("CO", "45", 6000), claim=(("CO", "45", 900),))
    assert (row["line_index"], row["allowed_cents"]) == (0, 8100)


def test_a_patients_share_taken_above_the_lines_stands_inside_their_payments_already() -> None:
    row = judged(15000, 9000, ("CO", "45", 6000), claim=(("PR", "1", 2000),))
    assert (row["line_index"], row["allowed_cents"]) == (1, 9000)


def test_a_stated_allowed_amount_that_does_not_add_up_is_noted_and_not_used() -> None:
    row = judged(15000, 7200, ("CO", "45", 6000), ("PR", "2", 1800), stated=9500)
    assert (row["allowed_cents"], row["is_stated_otherwise"]) == (9000, True)
    assert not judged(15000, 9000, ("CO", "45", 6000), stated=9000)["is_stated_otherwise"]
