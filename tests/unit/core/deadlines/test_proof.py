from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from sanderling.core.deadlines.proof import (
    ANSWER_SCHEMA,
    FILING_SCHEMA,
    PROOF_SCHEMA,
    REMITTANCE_SCHEMA,
    proofs_of_filing,
)

LAST_DAY = date(2026, 4, 2)
PAYER, OTHER_PAYER = 7, 8

PAYERS_CA = {"kind": "277CA", "source_entity": "PR", "category": "A2", "action": "WQ"}
CLEARINGHOUSES_CA = {"kind": "277CA", "source_entity": "AY", "category": "A1", "action": "WQ"}
STATUS = {"kind": "277", "source_entity": "PR", "category": "P1", "action": ""}
SYNTAX = {"kind": "999", "source_entity": "", "category": "A", "action": ""}


def frame(rows: list[dict[str, Any]], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def proofs(
    *answers: dict[str, Any],
    remittances: tuple[dict[str, Any], ...] = (),
    deadline_date: date | None = LAST_DAY,
) -> list[dict[str, Any]]:
    """Return the best proof of claim 1; answers are numbered and a day before the limit."""
    found = proofs_of_filing(
        frame([{"claim_id": 1, "payer_id": PAYER, "deadline_date": deadline_date}], FILING_SCHEMA),
        frame(
            [
                {
                    "claim_id": 1,
                    "answer_id": number,
                    "transaction_id": 100 + number,
                    "position": 10 + number,
                    "received_date": LAST_DAY - timedelta(days=1),
                    **answer,
                }
                for number, answer in enumerate(answers, start=1)
            ],
            ANSWER_SCHEMA,
        ),
        frame(
            [
                {"claim_id": 1, "payer_id": PAYER, "transaction_id": 500, "position": 5, **row}
                for row in remittances
            ],
            REMITTANCE_SCHEMA,
        ),
    )
    assert dict(found.schema) == PROOF_SCHEMA
    return found.to_dicts()


def test_the_payers_acceptance_is_the_best_and_says_where_it_is() -> None:
    (best,) = proofs(SYNTAX, STATUS, CLEARINGHOUSES_CA, PAYERS_CA)

    assert best == {
        "claim_id": 1,
        "rank": 1,
        "strength": "accepted",
        "evidence": "the payer's acceptance (277CA)",
        "proof_date": date(2026, 4, 1),
        "answer_id": 4,
        "transaction_id": 104,
        "position": 14,
        "is_inside": True,
    }


def test_the_order_of_proofs() -> None:
    earlier = ({"payment_date": LAST_DAY},)
    held = [PAYERS_CA, CLEARINGHOUSES_CA, "835", STATUS, SYNTAX]

    ranks = []
    while held:
        answers = [one for one in held if isinstance(one, dict)]
        (best,) = proofs(*answers, remittances=earlier if "835" in held else ())
        ranks.append((best["rank"], best["strength"]))
        held.pop(0)

    assert ranks == [(1, "accepted"), (2, "strong"), (3, "strong"), (4, "medium"), (9, "weak")]


def test_b6_8_a_999_alone_is_weak() -> None:
    (best,) = proofs(SYNTAX)

    assert best["strength"] == "weak"
    assert best["is_inside"] is True


@pytest.mark.parametrize(
    "answer",
    [
        {**PAYERS_CA, "category": "A7", "action": "U"},
        {**PAYERS_CA, "category": "A1", "action": "U"},
        {**STATUS, "category": "A4"},
        {**STATUS, "category": "D0"},
        {**STATUS, "category": "E1"},
        {**SYNTAX, "category": "R"},
        {"kind": "TA1", "category": "A"},
    ],
)
def test_a_rejection_or_not_found_proves_nothing(answer: dict[str, Any]) -> None:
    assert proofs(answer) == []


def test_a_weak_proof_inside_goes_before_a_strong_one_outside() -> None:
    late = {**PAYERS_CA, "status_date": LAST_DAY + timedelta(days=1)}

    assert proofs(late, CLEARINGHOUSES_CA)[0]["answer_id"] == 2
    (only,) = proofs(late)
    assert (only["rank"], only["is_inside"]) == (1, False)


def test_the_last_day_itself_is_inside_and_the_status_day_counts() -> None:
    answer = {**PAYERS_CA, "status_date": LAST_DAY, "received_date": LAST_DAY + timedelta(days=5)}

    (best,) = proofs(answer)

    assert best["proof_date"] == LAST_DAY
    assert best["is_inside"] is True


def test_without_a_known_limit_the_strongest_counts() -> None:
    (best,) = proofs(SYNTAX, PAYERS_CA, deadline_date=None)

    assert best["rank"] == 1
    assert best["is_inside"] is None


def test_of_equal_proofs_the_earlier_is_taken() -> None:
    early = {**PAYERS_CA, "status_date": LAST_DAY - timedelta(days=40)}

    assert proofs(PAYERS_CA, early)[0]["answer_id"] == 2


def test_a_remittance_of_another_payer_is_no_proof_here() -> None:
    day = LAST_DAY - timedelta(days=3)

    assert proofs(remittances=({"payment_date": day, "payer_id": OTHER_PAYER},)) == []
    (best,) = proofs(remittances=({"payment_date": day},))
    assert (best["answer_id"], best["transaction_id"], best["position"]) == (None, 500, 5)


def test_claims_do_not_mix() -> None:
    foreign = {**PAYERS_CA, "claim_id": 2}

    assert proofs(foreign) == []
    assert proofs(foreign, SYNTAX)[0]["rank"] == 9
