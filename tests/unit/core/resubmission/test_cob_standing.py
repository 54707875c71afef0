"""Which decisions of a payer are told to the next one: DOMAIN 2.7."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.core.ledger.facts_of import facts

from sanderling.core.resubmission.cob_standing import Finals, final_payments


def found(*payments: dict[str, Any], reasons: dict[int, tuple[str, str, int]]) -> Finals:
    """Payments are numbered 1, 2, ... and decided on one day each; a reason of each by number."""
    return final_payments(
        facts(
            payments=[
                {
                    "payment_id": number,
                    "position": number,
                    "charge_cents": 200_00,
                    "payer_claim_number": "ICN1",
                    "payment_date": date(2026, 1, 19 + number),
                    **payment,
                }
                for number, payment in enumerate(payments, start=1)
            ],
            adjustments=[
                {
                    "payment_id": number,
                    "line_index": 0,
                    "position": number,
                    "part": 1,
                    "group_code": group,
                    "reason_code": code,
                    "amount_cents": cents,
                }
                for number, (group, code, cents) in reasons.items()
            ],
        )
    )


def test_one_decision_stands() -> None:
    assert found({"paid_cents": 96_00}, reasons={1: ("CO", "45", 104_00)}).payments == {
        (1, 1): (1,)
    }


def test_what_was_taken_back_is_not_told_and_its_correction_is() -> None:
    finals = found(
        {"paid_cents": 96_00},
        {"paid_cents": -96_00, "charge_cents": -200_00, "status": "22"},
        {"paid_cents": 0},
        reasons={1: ("CO", "45", 104_00), 2: ("CO", "45", -104_00), 3: ("PR", "1", 200_00)},
    )

    assert finals == Finals({(1, 1): (3,)}, {})


def test_what_was_taken_back_and_not_decided_anew_leaves_nothing() -> None:
    finals = found(
        {"paid_cents": 96_00},
        {"paid_cents": -96_00, "charge_cents": -200_00, "status": "22"},
        reasons={1: ("CO", "45", 104_00), 2: ("CO", "45", -104_00)},
    )

    assert finals == Finals({}, {})


def test_the_answer_to_a_claim_sent_twice_is_not_told() -> None:
    finals = found(
        {"paid_cents": 96_00},
        {"paid_cents": 0},
        reasons={1: ("CO", "45", 104_00), 2: ("OA", "18", 200_00)},
    )

    assert finals.payments == {(1, 1): (1,)}


def test_of_two_refusals_the_later_one_is_told() -> None:
    finals = found(
        {"paid_cents": 0},
        {"paid_cents": 0},
        reasons={1: ("CO", "16", 200_00), 2: ("CO", "29", 200_00)},
    )

    assert finals.payments == {(1, 1): (2,)}


def test_a_refusal_that_was_paid_later_gives_way() -> None:
    finals = found(
        {"paid_cents": 0},
        {"paid_cents": 96_00},
        reasons={1: ("CO", "16", 200_00), 2: ("CO", "45", 104_00)},
    )

    assert finals.payments == {(1, 1): (2,)}


def test_parts_of_a_split_claim_stand_beside_each_other() -> None:
    finals = found(
        {"paid_cents": 60_00, "charge_cents": 100_00, "payer_claim_number": "ICN1"},
        {"paid_cents": 36_00, "charge_cents": 100_00, "payer_claim_number": "ICN2"},
        reasons={1: ("CO", "45", 40_00), 2: ("CO", "45", 64_00)},
    )

    assert finals.payments == {(1, 1): (1, 2)}


def test_payers_are_told_apart_by_their_place() -> None:
    finals = found(
        {"paid_cents": 96_00},
        {"paid_cents": 20_00, "status": "2"},
        reasons={1: ("CO", "45", 104_00), 2: ("OA", "23", 180_00)},
    )

    assert finals.payments == {(1, 1): (1,), (1, 2): (2,)}


def test_a_last_word_in_suspense_is_told_as_a_fault() -> None:
    finals = found(
        {"paid_cents": 96_00},
        {"paid_cents": 50_00, "is_held": True},
        reasons={1: ("CO", "45", 104_00)},
    )

    assert "waits in suspense" in finals.faults[1, 1]


def test_a_reversal_of_other_amounts_is_told_as_a_fault() -> None:
    finals = found(
        {"paid_cents": 96_00},
        {"paid_cents": -50_00, "charge_cents": -100_00, "status": "22"},
        reasons={1: ("CO", "45", 104_00), 2: ("CO", "45", -50_00)},
    )

    assert "took back other amounts" in finals.faults[1, 1]
    assert (1, 1) not in finals.payments
