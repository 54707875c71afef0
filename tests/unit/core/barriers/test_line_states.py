"""DOMAIN Appendix B1, all 22 worked lines: the state of the line, then what its reason means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pytest
from tests.unit.core.codes.explained import adjustments_of, remarks_of

from sanderling.core.barriers import line_states as states
from sanderling.core.barriers.line_states import line_states
from sanderling.core.codes.codebook import default_book, explain
from sanderling.core.ledger.effects import (
    NOTHING,
    PASS_ON,
    WRITE_DOWN,
    adjustment_effects,
)

Codes = tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class Worked:
    """A line of the appendix, amounts in cents, and what it must become."""

    charge_cents: int
    paid_cents: int
    codes: Codes
    state: str
    denied_cents: int = 0
    allowed_cents: int | None = None
    remarks: tuple[str, ...] = ()
    status: str = "1"
    sequence: int = 1
    is_capitated: bool = False
    effects: tuple[str, ...] = ()  # of the codes, in their order
    means: dict[str, Any] = field(default_factory=dict)  # the first code


WORKED = {
    "1 paid with a patient share": Worked(
        15000, 7200, (("CO", "45", 6000), ("PR", "2", 1800)), states.PAID,
        allowed_cents=9000, effects=(WRITE_DOWN, PASS_ON),
    ),
    "2 bundled": Worked(
        10000, 0, (("CO", "97", 10000),), states.DENIED, 10000,
        allowed_cents=0, remarks=("M15",), effects=(NOTHING,),
        means={"subcategory": "BUNDLING", "category": "bundling", "action_chain": "COD>F7",
               "next_action": "correct_and_rebill"},
    ),
    "3 multiple procedures": Worked(
        20000, 4800, (("CO", "59", 6000), ("CO", "45", 8000), ("PR", "2", 1200)), states.PAID,
        allowed_cents=6000, effects=(WRITE_DOWN, WRITE_DOWN, PASS_ON),
        means={"nature": "N", "category": "contractual", "next_action": ""},
    ),
    "4 all to the deductible": Worked(
        10000, 0, (("CO", "45", 4000), ("PR", "1", 6000)), states.ZERO_PAY_PATIENT,
        allowed_cents=6000, effects=(WRITE_DOWN, PASS_ON),
    ),
    "5 not covered, patient liable": Worked(
        10000, 0, (("PR", "96", 10000),), states.DENIED, 10000,
        allowed_cents=0, remarks=("N130",), effects=(NOTHING,),  # no bill to the patient by itself
        means={"category": "non_covered", "action_chain": "CALL>BP", "is_patient_liable": True,
               "next_action": "call_payer"},
    ),
    "6 duplicate": Worked(
        10000, 0, (("OA", "18", 10000),), states.DENIED, 10000,
        allowed_cents=0, effects=(NOTHING,), means={"subcategory": "DUPLICATE"},
    ),
    "7 secondary pays the rest": Worked(
        20000, 2400, (("OA", "23", 17600),), states.PAID, status="2", sequence=2,
    ),
    "8 secondary pays nothing more": Worked(
        20000, 0, (("OA", "23", 17600), ("CO", "45", 2400)), states.NO_FURTHER_PAYMENT,
        status="2", sequence=2, effects=(NOTHING, WRITE_DOWN),
    ),
    "9 pended": Worked(
        10000, 0, (("OA", "133", 10000),), states.PENDED,
        allowed_cents=0, effects=(NOTHING,), means={"next_action": "wait"},
    ),
    "10 reversal": Worked(
        -12000, -8000, (("CO", "45", -4000),), states.REVERSAL, status="22",
    ),
    "11 unprocessable": Worked(
        18000, 0, (("CO", "16", 18000),), states.DENIED, 18000,
        allowed_cents=0, remarks=("MA130", "N290"), effects=(NOTHING,),
        means={"is_unprocessable": True, "is_appeal_blocked": True, "action_chain": "F1",
               "next_action": "resubmit"},
    ),
    "12 units cut": Worked(
        30000, 9600, (("CO", "151", 10000), ("CO", "45", 8000), ("PR", "2", 2400)),
        states.PAID_REDUCED, allowed_cents=12000, effects=(NOTHING, WRITE_DOWN, PASS_ON),
        means={"subcategory": "FREQUENCY"},
    ),
    "13 sequestration": Worked(
        13000, 7840, (("CO", "45", 3000), ("PR", "2", 2000), ("CO", "253", 160)), states.PAID,
        allowed_cents=10000, effects=(WRITE_DOWN, PASS_ON, WRITE_DOWN),
    ),
    "14 status denied, and no denial": Worked(
        10000, 0, (("CO", "45", 4000), ("PR", "1", 6000)), states.ZERO_PAY_PATIENT,
        allowed_cents=6000, status="4", effects=(WRITE_DOWN, PASS_ON),
    ),
    "15 a quality code of no charge": Worked(0, 0, (("CO", "246", 0),), states.INFO),
    "16 capitation on file": Worked(
        15000, 0, (("CO", "24", 15000),), states.CAPITATED, 15000,
        allowed_cents=0, is_capitated=True,
    ),
    "17 capitation, none on file": Worked(
        15000, 0, (("CO", "24", 15000),), states.DENIED, 15000,
        allowed_cents=0, effects=(NOTHING,),
        means={"subcategory": "CAPITATION", "next_action": "bill_secondary"},
    ),
    "18 above the allowed, left to the patient": Worked(
        15000, 9600, (("PR", "45", 3000), ("PR", "2", 2400)), states.PAID,
        allowed_cents=12000, effects=(NOTHING, PASS_ON),  # checked before anybody bills 30.00
    ),
    "19 no authorization": Worked(
        15000, 0, (("CO", "197", 15000),), states.DENIED, 15000,
        allowed_cents=0, remarks=("N939",), effects=(NOTHING,),
        means={"category": "authorization", "team": "authorization", "next_action": "appeal"},
    ),
    "20 contractual of the full charge": Worked(
        15000, 0, (("CO", "45", 15000),), states.DENIED, 15000,
        allowed_cents=0, effects=(NOTHING,), means={"next_action": "call_payer"},
    ),
    "21 grace period": Worked(
        15000, 0, (("OA", "257", 15000),), states.PENDED,
        allowed_cents=0, remarks=("N617",), effects=(NOTHING,),
        means={"subcategory": "PENDING", "next_action": "wait"},
    ),
    "22 unknown code": Worked(
        15000, 0, (("XX", "999", 15000),), states.DENIED, 15000,
        allowed_cents=0, effects=(NOTHING,),
        means={"is_unknown": True, "category": "other", "next_action": "call_payer"},
    ),
}  # fmt: skip


def posted(line: Worked) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the line and its adjustments with what they do to the balance."""
    lines = pl.DataFrame(
        {
            "payment_id": [1],
            "line_index": [1],
            "charge_cents": [line.charge_cents],
            "paid_cents": [line.paid_cents],
            "is_capitated": [line.is_capitated],
        }
    )
    adjustments = adjustments_of(*line.codes).with_columns(
        pl.col("payment_id", "line_index", "amount_cents").cast(pl.Int64),
        pl.col("group_code", "reason_code").cast(pl.String),
    )
    return lines, adjustment_effects(adjustments, lines)


def state_of(line: Worked) -> dict[str, Any]:
    lines, adjustments = posted(line)
    payments = pl.DataFrame(
        {
            "payment_id": [1],
            "status": [line.status],
            "sequence": [line.sequence],
        }
    )
    return line_states(lines, adjustments, payments).row(0, named=True)


@pytest.mark.parametrize("line", WORKED.values(), ids=WORKED)
def test_worked_lines(line: Worked) -> None:
    found = state_of(line)
    _, adjustments = posted(line)
    first = explain(adjustments, remarks_of(*line.remarks), default_book()).row(0, named=True)

    assert (found["state"], found["denied_cents"]) == (line.state, line.denied_cents)
    assert {name: first[name] for name in line.means} == line.means
    if line.allowed_cents is not None:
        assert set(adjustments["line_allowed_cents"]) == {line.allowed_cents}
    if line.effects:
        assert tuple(adjustments["effect"]) == line.effects


def test_the_appendix_is_complete() -> None:
    assert [int(name.split()[0]) for name in WORKED] == list(range(1, 23))


def test_a_part_refused_of_a_line_that_was_paid() -> None:
    found = state_of(Worked(20000, 8000, (("CO", "50", 6000), ("CO", "45", 6000)), ""))
    assert (found["state"], found["denied_cents"]) == (states.PARTIAL_DENIAL, 6000)


def test_nothing_paid_and_nothing_said_is_looked_at() -> None:
    found = state_of(Worked(20000, 0, (), ""))
    assert (found["state"], found["denied_cents"]) == (states.ZERO_REVIEW, 0)


def test_a_line_without_adjustments_is_paid() -> None:
    assert state_of(Worked(20000, 20000, (), ""))["state"] == states.PAID


def test_a_first_payer_that_writes_all_down_has_more_to_say() -> None:
    as_second = state_of(Worked(200, 0, (("OA", "23", 176), ("CO", "45", 24)), "", sequence=2))
    as_first = state_of(Worked(200, 0, (("OA", "23", 176), ("CO", "45", 24)), "", sequence=1))
    assert as_second["state"] == states.NO_FURTHER_PAYMENT
    assert as_first["state"] == states.ZERO_REVIEW
