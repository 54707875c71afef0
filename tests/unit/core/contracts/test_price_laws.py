"""The fast engine, a slow one in fractions, and the explanation agree to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.core.contracts.priced import lines
from tests.unit.core.contracts.slow_price import slow_prices

from sanderling.core.contracts.codesets import code_set
from sanderling.core.contracts.explain import explain_claim
from sanderling.core.contracts.frames import RATES
from sanderling.core.contracts.price import price
from sanderling.core.contracts.terms import Escalator, MultipleProcedure, Terms

CODES = ("11042", "11043", "20610", "99213", "99999")
DAYS = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 7, 1))


def _units_before_limit(steps: list[str]) -> tuple[str, ...]:
    place = steps.index("lesser_of_charge")
    return ("rate", *steps[:place], "units", *steps[place:])


shares = st.decimals("0.01", "1", places=4)
orders = st.one_of(
    st.just(()),
    st.permutations(
        ["bilateral", "co_surgeon", "assistant", "np_pa", "multiple_procedure", "lesser_of_charge"]
    ).map(_units_before_limit),
)


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    steps = tuple(draw(st.lists(shares, min_size=1, max_size=3)))
    return Terms(
        lesser_of=draw(st.sampled_from(("none", "line", "claim"))),
        percent_of_charge=draw(st.none() | shares),
        bilateral=draw(st.none() | st.decimals("1", "2", places=4)),
        np_pa=draw(st.none() | shares),
        assistant=draw(st.none() | shares),
        co_surgeon=draw(st.none() | shares),
        order=draw(orders),
        multiple_procedure=draw(
            st.none()
            | st.just(MultipleProcedure((Decimal(1), *steps), code_set(["11000-29999"]),
                                        code_set(["11043"])))
        ),
        capitation=code_set(draw(st.sampled_from(([], ["99213"])))),
        escalators=tuple(
            Escalator(day, Decimal("0.0333")) for day in draw(st.sets(st.sampled_from(DAYS)))
        ),
    )  # fmt: skip


@st.composite
def told_lines(draw: st.DrawFn) -> dict[str, Any]:
    modifiers = draw(st.lists(st.sampled_from(("25", "50", "62", "80", "AS")), unique=True,
                              max_size=3))  # fmt: skip
    return {
        "claim_id": draw(st.integers(1, 3)),
        "procedure": draw(st.sampled_from(CODES)),
        "modifiers": ":".join(modifiers),
        "place_of_service": draw(st.sampled_from(("11", "22"))),
        "units": draw(st.sampled_from((1.0, 2.0, 0.5, 12.0, 3.25))),
        "charge_cents": draw(st.integers(0, 200_000)),
        "service_date": draw(st.sampled_from(DAYS)),
        "provider_class": draw(st.sampled_from(("", "np", "pa"))),
    }


@st.composite
def told_rates(draw: st.DrawFn) -> dict[str, Any]:
    begins = draw(st.none() | st.sampled_from(DAYS))
    return {
        "code": draw(st.sampled_from(CODES[:-1])),
        "modifier": draw(st.sampled_from(("", "", "50", "25"))),
        "place_of_service": draw(st.sampled_from(("", "", "22"))),
        "allowed_cents": draw(st.integers(1, 100_000)),
        "from_date": begins,
        "to_date": draw(
            st.none() | st.sampled_from([d for d in DAYS if not begins or d >= begins])
        ),
    }


def _book(
    told: list[dict[str, Any]], sheet: list[dict[str, Any]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    # The contract of a claim is one; even claims are under the second contract.
    frame = lines(*({**row, "contract_id": 1 + row["claim_id"] % 2} for row in told))
    rows = [{**row, "contract_id": contract} for row in sheet for contract in (1, 2)]
    # Two modifiers with a rate each are equally specific: the higher one counts in both engines.
    return frame, pl.DataFrame(rows, schema=dict(RATES))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(told_lines(), min_size=1, max_size=8),
    st.lists(told_rates(), max_size=8),
    terms(),
    terms(),
)
def test_the_engine_the_slow_reference_and_the_explanation_agree_to_the_cent(
    told: list[dict[str, Any]], sheet: list[dict[str, Any]], first: Terms, second: Terms
) -> None:
    frame, rates = _book(told, sheet)
    said = {1: first, 2: second}

    answer = price(frame, rates, said)

    assert answer["line_id"].to_list() == frame["line_id"].to_list()
    assert answer["expected_cents"].to_list() == slow_prices(
        frame.to_dicts(), rates.to_dicts(), said
    )
    for line, row in zip(explain_claim(frame, rates, said), answer.to_dicts(), strict=True):
        assert line.expected_cents == row["expected_cents"]
        if line.expected_cents is not None:
            assert sum(step.change_cents for step in line.steps) == line.expected_cents
            assert line.steps[-1].cents == line.expected_cents
