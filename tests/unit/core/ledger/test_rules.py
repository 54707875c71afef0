"""DOMAIN Appendix B2 and the posting table of DOMAIN 1.3, by example."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
from tests.unit.core.ledger.facts_of import facts

from sanderling.core.ledger.accounts import Account, Kind
from sanderling.core.ledger.facts import ClaimFacts
from sanderling.core.ledger.offsets import party_balances
from sanderling.core.ledger.rules import claim_entries


def balances(of: ClaimFacts) -> dict[str, int]:
    held = party_balances(claim_entries(of)).filter(pl.col("balance_cents") != 0)
    return {Account(party).name.lower(): cents for _, party, cents in held.iter_rows()}


def total(of: ClaimFacts, kind: Kind) -> int:
    entries = claim_entries(of).filter(pl.col("kind") == int(kind))
    return int(entries["amount_cents"].sum())


def two_line_claim(**more: Any) -> ClaimFacts:
    """PCN10001: CLP*PCN10001*1*250*72*18, line 1 CO45 60 PR2 18, line 2 CO97 100."""
    return facts(
        submissions=[{"charge_cents": 25000}],
        lines=[
            {"line": 1, "charge_cents": 15000, "procedure": "99213", "line_control_number": "L1"},
            {"line": 2, "charge_cents": 10000, "procedure": "87880", "line_control_number": "L2"},
        ],
        payments=[{"charge_cents": 25000, "paid_cents": 7200}],
        payment_lines=[
            {
                "line_index": 1,
                "position": 13,
                "charge_cents": 15000,
                "paid_cents": 7200,
                "line_control_number": "L1",
            },
            {
                "line_index": 2,
                "position": 16,
                "charge_cents": 10000,
                "paid_cents": 0,
                "line_control_number": "L2",
            },
        ],
        adjustments=[
            {"group_code": "CO", "reason_code": "45", "amount_cents": 6000},
            {"group_code": "PR", "reason_code": "2", "amount_cents": 1800, "position": 15},
            {
                "group_code": "CO",
                "reason_code": "97",
                "amount_cents": 10000,
                "line_index": 2,
                "position": 17,
            },
        ],
        **more,
    )


def test_a_denied_line_stays_with_the_payer_and_the_share_goes_to_the_patient() -> None:
    claim = two_line_claim()

    assert balances(claim) == {"primary": 10000, "patient": 1800}
    assert total(claim, Kind.INSURANCE_PAYMENT) == 7200
    assert total(claim, Kind.CONTRACTUAL) == 6000


def test_the_share_waits_for_a_second_payer_that_is_on_the_claim() -> None:
    claim = two_line_claim(coverages=[{"sequence": 1}, {"sequence": 2}])

    assert balances(claim) == {"primary": 10000, "secondary": 1800}


def test_a_crossover_makes_a_second_payer_even_when_none_is_on_file() -> None:
    """CLP*PCN10003*19*200*96*24 with CO45 80, PR2 24: no transfer to the patient."""
    claim = facts(
        submissions=[{"charge_cents": 20000}],
        lines=[{"line": 1, "charge_cents": 20000, "line_control_number": "L1"}],
        payments=[{"status": "19", "charge_cents": 20000, "paid_cents": 9600}],
        payment_lines=[
            {
                "line_index": 1,
                "position": 13,
                "charge_cents": 20000,
                "paid_cents": 9600,
                "line_control_number": "L1",
            }
        ],
        adjustments=[
            {"group_code": "CO", "reason_code": "45", "amount_cents": 8000},
            {"group_code": "PR", "reason_code": "2", "amount_cents": 2400, "position": 15},
        ],
    )

    assert balances(claim) == {"secondary": 2400}


def reversed_and_corrected(*, with_original: bool) -> ClaimFacts:
    """PCN09990: 80 paid and CO45 40; taken back; then CO45 20, PR1 100."""
    payments: list[dict[str, Any]] = [
        {
            "payment_id": 2,
            "position": 30,
            "status": "22",
            "charge_cents": -12000,
            "paid_cents": -8000,
            "payer_claim_number": "ICN400",
        },
        {
            "payment_id": 3,
            "position": 36,
            "charge_cents": 12000,
            "paid_cents": 0,
            "payer_claim_number": "ICN401",
        },
    ]
    lines: list[dict[str, Any]] = [
        {
            "payment_id": 2,
            "line_index": 1,
            "position": 32,
            "charge_cents": -12000,
            "paid_cents": -8000,
        },
        {"payment_id": 3, "line_index": 1, "position": 38, "charge_cents": 12000, "paid_cents": 0},
    ]
    adjustments: list[dict[str, Any]] = [
        {"payment_id": 2, "group_code": "CO", "reason_code": "45", "amount_cents": -4000},
        {
            "payment_id": 3,
            "group_code": "CO",
            "reason_code": "45",
            "amount_cents": 2000,
            "position": 39,
        },
        {
            "payment_id": 3,
            "group_code": "PR",
            "reason_code": "1",
            "amount_cents": 10000,
            "position": 40,
        },
    ]
    if with_original:
        payments.append(
            {
                "payment_id": 1,
                "transaction_id": 5,
                "payment_date": date(2025, 12, 1),
                "charge_cents": 12000,
                "paid_cents": 8000,
                "payer_claim_number": "ICN400",
            }
        )
        lines.append({"line_index": 1, "position": 13, "charge_cents": 12000, "paid_cents": 8000})
        adjustments.append({"group_code": "CO", "reason_code": "45", "amount_cents": 4000})
    for line in lines:
        line["line_control_number"] = "L1"
    return facts(
        submissions=[{"charge_cents": 12000}],
        lines=[{"line": 1, "charge_cents": 12000, "line_control_number": "L1"}],
        payments=payments,
        payment_lines=lines,
        adjustments=adjustments,
    )


def test_a_reversal_takes_back_the_payment_and_its_write_down() -> None:
    claim = reversed_and_corrected(with_original=True)

    assert balances(claim) == {"patient": 10000}
    assert total(claim, Kind.INSURANCE_PAYMENT) == 0
    assert total(claim, Kind.CONTRACTUAL) == 2000


def test_a_reversal_of_nothing_waits_in_suspense() -> None:
    claim = reversed_and_corrected(with_original=False)

    assert balances(claim) == {"patient": 10000}
    assert total(claim, Kind.SUSPENSE) == -8000


def secondary(adjustments: list[dict[str, Any]], *, paid: int, with_primary: bool) -> ClaimFacts:
    """200 charged; primary: 96 paid, CO45 80, PR2 24; then the secondary's answer."""
    payments: list[dict[str, Any]] = [
        {"payment_id": 2, "status": "2", "transaction_id": 3, "payment_date": date(2026, 2, 10)}
    ]
    payments[0] |= {"charge_cents": 20000, "paid_cents": paid, "order_key": "c"}
    lines: list[dict[str, Any]] = [{"payment_id": 2, "paid_cents": paid}]
    rows = [{"payment_id": 2, **row} for row in adjustments]
    if with_primary:
        payments.append({"charge_cents": 20000, "paid_cents": 9600})
        lines.append({"paid_cents": 9600})
        rows.append({"group_code": "CO", "reason_code": "45", "amount_cents": 8000})
        rows.append({"group_code": "PR", "reason_code": "2", "amount_cents": 2400, "position": 15})
    for line in lines:
        line |= {"line_index": 1, "position": 13, "charge_cents": 20000}
        line |= {"line_control_number": "L1"}
    return facts(
        submissions=[{"charge_cents": 20000}],
        lines=[{"line": 1, "charge_cents": 20000, "line_control_number": "L1"}],
        coverages=[{"sequence": 1}, {"sequence": 2}],
        payments=payments,
        payment_lines=lines,
        adjustments=rows,
    )


def test_the_second_payer_settles_the_share() -> None:
    prior = {"group_code": "OA", "reason_code": "23", "amount_cents": 17600}

    assert balances(secondary([prior], paid=2400, with_primary=True)) == {}


def test_what_the_second_payer_does_not_allow_is_written_down() -> None:
    rows = [
        {"group_code": "OA", "reason_code": "23", "amount_cents": 17600},
        {"group_code": "CO", "reason_code": "45", "amount_cents": 2400, "part": 2},
    ]
    claim = secondary(rows, paid=0, with_primary=True)

    assert balances(claim) == {}
    assert total(claim, Kind.CONTRACTUAL) == 10400


def test_a_second_payer_that_repeats_the_first_reduction_does_not_write_it_down_again() -> None:
    rows = [
        {"group_code": "OA", "reason_code": "23", "amount_cents": 9600},
        {"group_code": "CO", "reason_code": "45", "amount_cents": 8000, "part": 2},
    ]
    claim = secondary(rows, paid=2400, with_primary=True)

    assert balances(claim) == {}
    assert total(claim, Kind.CONTRACTUAL) == 8000


def test_a_cut_the_first_payer_made_without_a_contract_is_not_written_down_by_the_second() -> None:
    """Found in a simulated world: PI-45 stays open with the first payer; CO-45 repeats it."""
    claim = secondary(
        [
            {"group_code": "OA", "reason_code": "23", "amount_cents": 9600},
            {"group_code": "CO", "reason_code": "45", "amount_cents": 8000, "part": 2},
        ],
        paid=2400,
        with_primary=True,
    )
    disputed = claim.adjustments.with_columns(
        group_code=pl.when((pl.col("payment_id") == 1) & (pl.col("reason_code") == "45"))
        .then(pl.lit("PI"))
        .otherwise("group_code")
    )

    assert balances(replace(claim, adjustments=disputed)) == {"primary": 8000}


def test_a_retired_contractual_code_is_written_down_as_its_successor() -> None:
    claim = facts(
        submissions=[{"charge_cents": 15000}],
        lines=[{"line": 1, "charge_cents": 15000, "line_control_number": "L1"}],
        payments=[{"charge_cents": 15000, "paid_cents": 9000}],
        payment_lines=[
            {
                "line_index": 1,
                "position": 13,
                "charge_cents": 15000,
                "paid_cents": 9000,
                "line_control_number": "L1",
            }
        ],
        adjustments=[{"group_code": "CO", "reason_code": "A2", "amount_cents": 6000}],
    )

    assert balances(claim) == {}
    assert total(claim, Kind.CONTRACTUAL) == 6000


def test_while_the_first_answer_is_missing_the_second_payer_writes_nothing_down() -> None:
    rows = [{"group_code": "CO", "reason_code": "45", "amount_cents": 17600}]
    claim = secondary(rows, paid=2400, with_primary=False)

    assert balances(claim) == {"primary": 17600}
    assert total(claim, Kind.CONTRACTUAL) == 0


def test_sequestration_is_written_down_apart() -> None:
    """100 allowed of 130: CO45 30, PR2 20, CO253 1.60, paid 78.40 (B1 number 13)."""
    claim = facts(
        submissions=[{"charge_cents": 13000}],
        lines=[{"line": 1, "charge_cents": 13000}],
        payments=[{"charge_cents": 13000, "paid_cents": 7840}],
        payment_lines=[
            {"line_index": 1, "position": 13, "charge_cents": 13000, "paid_cents": 7840}
        ],
        adjustments=[
            {"group_code": "CO", "reason_code": "45", "amount_cents": 3000},
            {"group_code": "PR", "reason_code": "2", "amount_cents": 2000, "part": 2},
            {"group_code": "CO", "reason_code": "253", "amount_cents": 160, "part": 3},
        ],
    )

    assert balances(claim) == {"patient": 2000}
    assert total(claim, Kind.SEQUESTRATION) == 160


def test_a_claim_is_born_from_a_remittance_when_no_submission_is_known() -> None:
    claim = facts(
        payments=[{"charge_cents": 15000, "paid_cents": 7200}],
        payment_lines=[
            {"line_index": 1, "position": 13, "charge_cents": 15000, "paid_cents": 7200}
        ],
        adjustments=[
            {"group_code": "CO", "reason_code": "45", "amount_cents": 6000},
            {"group_code": "PR", "reason_code": "2", "amount_cents": 1800, "part": 2},
        ],
    )

    assert balances(claim) == {"patient": 1800}
    assert total(claim, Kind.CHARGE) == 15000


def test_a_replacement_takes_the_place_of_the_original_whatever_came_in_first() -> None:
    replacement = {
        "submission_id": 2,
        "transaction_id": 7,
        "frequency": "7",
        "submitted_date": date(2026, 2, 1),
        "received_date": date(2026, 2, 1),
    }
    lines = [
        {"line": 1, "charge_cents": 15000},
        {"line": 2, "charge_cents": 10000},
        {"submission_id": 2, "line": 1, "charge_cents": 17000},
    ]
    in_order = facts(submissions=[{}, replacement], lines=lines)
    shuffled = facts(submissions=[replacement, {}], lines=lines)

    assert balances(in_order) == {"primary": 17000}
    assert claim_entries(in_order).equals(claim_entries(shuffled))


def test_a_void_leaves_nothing_owed() -> None:
    void = {"submission_id": 2, "transaction_id": 7, "frequency": "8"}
    void |= {"submitted_date": date(2026, 2, 1)}

    assert balances(facts(submissions=[{}, void], lines=[{"line": 1, "charge_cents": 150}])) == {}


def test_a_denial_that_was_decided_again_does_not_reduce_twice() -> None:
    """First CO45 60 and CO16 90 on 150, nothing paid; then 72 paid, CO45 60, PR2 18."""
    line = {"line_index": 1, "charge_cents": 15000, "line_control_number": "L1"}
    claim = facts(
        submissions=[{"charge_cents": 15000}],
        lines=[{"line": 1, "charge_cents": 15000, "line_control_number": "L1"}],
        payments=[
            {"charge_cents": 15000, "paid_cents": 0},
            {
                "payment_id": 2,
                "transaction_id": 4,
                "payment_date": date(2026, 3, 1),
                "charge_cents": 15000,
                "paid_cents": 7200,
            },
        ],
        payment_lines=[
            {**line, "position": 13, "paid_cents": 0},
            {**line, "payment_id": 2, "position": 13, "paid_cents": 7200},
        ],
        adjustments=[
            {"group_code": "CO", "reason_code": "45", "amount_cents": 6000},
            {"group_code": "CO", "reason_code": "16", "amount_cents": 9000, "part": 2},
            {"payment_id": 2, "group_code": "CO", "reason_code": "45", "amount_cents": 6000},
            {
                "payment_id": 2,
                "group_code": "PR",
                "reason_code": "2",
                "amount_cents": 1800,
                "part": 2,
            },
        ],
    )

    assert balances(claim) == {"patient": 1800}
    assert total(claim, Kind.CONTRACTUAL) == 6000


def test_a_claim_payment_that_does_not_balance_waits_in_suspense() -> None:
    claim = facts(
        submissions=[{"charge_cents": 15000}],
        lines=[{"line": 1, "charge_cents": 15000}],
        payments=[{"charge_cents": 15000, "paid_cents": 7200, "is_held": True}],
    )

    assert balances(claim) == {"primary": 15000}
    assert total(claim, Kind.SUSPENSE) == 7200


def test_a_snapshot_stands_for_all_that_happened_before_it() -> None:
    claim = facts(
        submissions=[{"charge_cents": 15000}],
        lines=[{"line": 1, "charge_cents": 15000}],
        payments=[{"charge_cents": 15000, "paid_cents": 7200}],
        snapshots=[
            {
                "snapshot_date": date(2026, 1, 31),
                "received_date": date(2026, 2, 1),
                "insurance_cents": 4200,
                "patient_cents": 1800,
            }
        ],
    )

    assert balances(claim) == {"primary": 4200, "patient": 1800}


def test_what_was_paid_to_the_patient_is_not_given_up() -> None:
    """CO-100 on a partly paid line: DOMAIN 1.3, no write-off."""
    claim = facts(
        submissions=[{"charge_cents": 15000}],
        lines=[{"line": 1, "charge_cents": 15000}],
        payments=[{"charge_cents": 15000, "paid_cents": 5000}],
        payment_lines=[
            {"line_index": 1, "position": 13, "charge_cents": 15000, "paid_cents": 5000}
        ],
        adjustments=[{"group_code": "CO", "reason_code": "100", "amount_cents": 10000}],
    )

    assert balances(claim) == {"primary": 10000}
    assert total(claim, Kind.CONTRACTUAL) == 0


def one_line(**more: Any) -> ClaimFacts:
    """A claim of 100.00 to its first payer."""
    return facts(
        submissions=[{"charge_cents": 10_000}],
        lines=[{"line": 1, "charge_cents": 10_000, "line_control_number": "L1"}],
        **more,
    )


def test_a_write_off_takes_what_is_left_and_gives_way_to_a_payment() -> None:
    given_up = [{"amount_cents": 10_000}]
    assert total(one_line(write_offs=given_up), Kind.WRITE_OFF) == 10_000
    later = one_line(
        write_offs=given_up,
        payments=[{"charge_cents": 10_000, "paid_cents": 7_000}],
        payment_lines=[
            {
                "line_index": 1,
                "position": 14,
                "charge_cents": 10_000,
                "paid_cents": 7_000,
                "line_control_number": "L1",
            }
        ],
    )
    assert total(later, Kind.WRITE_OFF) == 3_000
    assert balances(later) == {}


def test_write_offs_of_one_party_are_taken_in_the_order_of_their_approval() -> None:
    entries = claim_entries(
        one_line(
            write_offs=[
                {"write_off_id": 5, "amount_cents": 8_000, "order_key": "b"},
                {"write_off_id": 9, "amount_cents": 4_000, "order_key": "a"},
                {"write_off_id": 7, "amount_cents": 500, "party": 14},
            ],
        )
    )
    found = entries.filter(pl.col("kind") == int(Kind.WRITE_OFF)).sort("position")
    assert found.select("position", "amount_cents").rows() == [(5, 6_000), (9, 4_000)]


def test_a_snapshot_of_a_later_day_contains_the_write_off() -> None:
    day = date(2026, 2, 10)
    snapshot = {"snapshot_date": day, "received_date": day, "insurance_cents": 4_000,
                "patient_cents": 0}  # fmt: skip
    known = facts(snapshots=[snapshot], write_offs=[{"amount_cents": 10_000}])
    assert total(known, Kind.WRITE_OFF) == 0
    after = facts(
        snapshots=[snapshot],
        write_offs=[{"amount_cents": 10_000, "approved_date": date(2026, 2, 11)}],
    )
    assert total(after, Kind.WRITE_OFF) == 4_000
