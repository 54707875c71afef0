"""The claim to the next payer, written and read by our own reader: the same prior facts."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from hypothesis import given, settings
from tests import builders
from tests.property.core.adjudicated import adjudications
from tests.unit.core.resubmission.claims import SECOND, THIRD, file_of, low

from sanderling.core.resubmission.cob import (
    Decision,
    PriorDecision,
    Reduction,
    SentLine,
    packed,
    prior_decision,
)
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.next_payer import sent_lines, to_next_payer
from sanderling.core.x12.batches import Batch
from sanderling.core.x12.read import read_bytes
from sanderling.core.x12.write.segments import amount

Adjudicated = tuple[list[SentLine], list[Decision]]


def claim_of(lines: list[SentLine]) -> ClaimDocument:
    return low(
        *(
            builders.line(
                line.procedure,
                amount(line.charge_cents),
                control=line.control_number,
                day=f"{line.service_date:%Y%m%d}",
            )
            for line in lines
        ),
        charge=amount(sum(line.charge_cents for line in lines)),
        others=SECOND + THIRD,
    )


def tables(document: ClaimDocument) -> dict[str, pl.DataFrame]:
    """Read the claim back, as anybody's file is read."""
    (batch,) = [one for one in read_bytes(file_of(document)) if isinstance(one, Batch)]
    assert not batch.refused
    assert [one.code for one in batch.problems] == []
    return batch.tables


def reductions_of(rows: pl.DataFrame) -> list[Reduction]:
    columns = ["group_code", "reason_code", "amount_cents", "quantity"]
    return [
        Reduction(group, reason, cents, quantity or "")
        for group, reason, cents, quantity in rows.select(columns).iter_rows()
    ]


def carried(reductions: tuple[Reduction, ...]) -> list[Reduction]:
    return [one for members in packed(reductions) for one in members]


def assert_tells(read: dict[str, pl.DataFrame], coverage: int, prior: PriorDecision) -> None:
    row = read["coverages"].row(coverage - 1, named=True)
    assert row["paid_cents"] == prior.paid_cents
    assert row["payer_claim_number"] == prior.payer_claim_number
    assert row["adjudication_date"] == prior.claim_date
    of_payer = read["adjustments"].filter(pl.col("coverage_index") == coverage)
    assert reductions_of(of_payer.filter(pl.col("line_index") == 0)) == carried(prior.reductions)
    parts: list[dict[str, Any]] = (
        read["prior_payments"].filter(pl.col("coverage_index") == coverage).to_dicts()
    )
    assert [
        (one["line_index"], one["paid_cents"], one["procedure"], one["units_paid"]) for one in parts
    ] == [(one.line, one.paid_cents, one.procedure, one.units) for one in prior.lines]
    assert [one["bundled_line"] for one in parts] == [
        None if one.bundled_line is None else str(one.bundled_line) for one in prior.lines
    ]
    assert [one["adjudication_date"] for one in parts] == [one.decided_date for one in prior.lines]
    for line in {one.line for one in prior.lines}:
        told = reductions_of(of_payer.filter(pl.col("line_index") == line))
        assert told == [
            each for one in prior.lines if one.line == line for each in carried(one.reductions)
        ]


@settings(max_examples=60, deadline=None)
@given(adjudications())
def test_what_is_written_is_read_back_as_it_was_decided(made: Adjudicated) -> None:
    lines, decisions = made
    document = claim_of(lines)
    assert sent_lines(document) == tuple(lines)
    prior = prior_decision(decisions, lines)

    written = to_next_payer(document, place=2, priors={1: prior})

    read = tables(written)
    assert_tells(read, 1, prior)
    assert read["claims"].row(0, named=True)["payer_sequence"] == "S"
    assert sent_lines(written) == tuple(lines)


@settings(max_examples=40, deadline=None)
@given(adjudications())
def test_the_third_payer_reads_both_before_it(made: Adjudicated) -> None:
    lines, decisions = made
    document = claim_of(lines)
    first = prior_decision(decisions, lines)
    rest = sum(line.charge_cents for line in lines) - first.paid_cents
    whole = Decision(
        charge_cents=sum(line.charge_cents for line in lines),
        paid_cents=0,
        decided_date=date(2026, 3, 1),
        payer_claim_number="SECICN",
        reductions=(Reduction("OA", "23", first.paid_cents), Reduction("PR", "1", rest)),
    )
    second = prior_decision([whole], lines)
    # As sent to the second payer, then on to the third.
    on_its_way = to_next_payer(document, place=2, priors={1: first})

    read = tables(to_next_payer(on_its_way, place=3, priors={1: first, 2: second}))

    assert_tells(read, 1, first)
    assert_tells(read, 2, second)
    assert read["claims"].row(0, named=True)["payer_id"] == "MCAID"
