"""Whatever a payer decides, if it balances the claim to the next one does; else it is refused."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.core.adjudicated import adjudications

from sanderling.core.ledger.lines import match_lines
from sanderling.core.resubmission.cob import (
    Decision,
    NotTellable,
    Reduction,
    SentLine,
    balance,
    match_services,
    packed,
    prior_decision,
    refuse_unless_balanced,
)


@given(adjudications())
def test_what_balances_is_told_in_balance_and_in_full(
    made: tuple[list[SentLine], list[Decision]],
) -> None:
    lines, decisions = made

    prior = prior_decision(decisions, lines)
    found = refuse_unless_balanced(prior, lines, "the payer")

    assert found.is_even
    assert prior.paid_cents == sum(one.paid_cents for one in decisions)
    told = [each for part in prior.lines for each in part.reductions] + list(prior.reductions)
    said = [each for one in decisions for each in one.reductions]
    said += [each for one in decisions for two in one.services for each in two.reductions]
    assert sorted(told, key=str) == sorted(said, key=str)
    for part in prior.lines:
        carried = [each for members in packed(part.reductions) for each in members]
        assert sum(each.amount_cents for each in carried) == sum(
            each.amount_cents for each in part.reductions
        )


@given(adjudications(), st.integers(1, 100_00), st.data())
def test_what_does_not_balance_is_refused_by_the_very_difference(
    made: tuple[list[SentLine], list[Decision]], off: int, data: st.DataObject
) -> None:
    lines, decisions = made
    at = data.draw(st.integers(0, len(decisions) - 1))
    broken = list(decisions)
    broken[at] = replace(
        decisions[at], reductions=(*decisions[at].reductions, Reduction("CO", "45", off))
    )

    prior = prior_decision(broken, lines)

    assert balance(prior, lines).gap_cents == -off
    with pytest.raises(NotTellable, match=r"too much|no answer"):
        refuse_unless_balanced(prior, lines, "the payer")


@given(adjudications())
def test_services_go_to_the_lines_that_the_ledger_posts_them_to(
    made: tuple[list[SentLine], list[Decision]],
) -> None:
    lines, decisions = made
    for decision in decisions:
        if not decision.services:
            continue
        posted = match_lines(
            pl.DataFrame(
                [
                    {
                        "payment_id": 1,
                        "claim_id": 1,
                        "line_index": at,
                        "charge_cents": one.charge_cents,
                        "procedure": one.procedure,
                        "modifiers": None,
                        "submitted_procedure": one.submitted_procedure,
                        "line_control_number": one.line_control_number,
                        "service_from_date": one.service_date,
                    }
                    for at, one in enumerate(decision.services, start=1)
                ],
                schema_overrides={"modifiers": pl.String},
            ),
            pl.DataFrame(
                [
                    {
                        "claim_id": 1,
                        "line": line.number,
                        "charge_cents": line.charge_cents,
                        "procedure": line.procedure,
                        "modifiers": None,
                        "line_control_number": line.control_number,
                        "service_from_date": line.service_date,
                    }
                    for line in lines
                ],
                schema_overrides={"modifiers": pl.String},
            ),
        )

        assert (
            match_services(decision.services, lines) == posted.sort("line_index")["line"].to_list()
        )
