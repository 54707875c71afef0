"""The same lines under the terms as they are and as they might be: what would change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import polars as pl

from sanderling.core.contracts.codesets import NO_CODES, CodeSet
from sanderling.core.contracts.frames import References
from sanderling.core.contracts.price import price
from sanderling.core.contracts.terms import CaseRate, Institutional, PerDiem, Terms
from sanderling.core.contracts.worth import changed_cents

CONTRACT: Final = 1  # all lines are priced as under one contract


@dataclass(frozen=True)
class Proposal:
    """Terms and rates of one contract: as they are, or as they might be."""

    terms: Terms
    rates: pl.DataFrame  # frames.RATES, contract_id CONTRACT, without days


@dataclass(frozen=True)
class Comparison:
    """What the lines bring under both; lines that either leaves unpriced are counted apart."""

    lines: int
    unpriced_lines: int
    now_cents: int
    then_cents: int
    by_code: pl.DataFrame  # procedure, lines, units, now_cents, then_cents, change_cents


def top_codes(lines: pl.DataFrame, now: Proposal, references: References, count: int) -> CodeSet:
    """Return the codes that bring most under the terms as they are."""
    priced = price(_under(lines), now.rates, {CONTRACT: now.terms}, references)
    found = (
        lines.select("line_id", "procedure")
        .join(priced.select("line_id", "expected_cents"), on="line_id")
        .filter(pl.col("procedure") != "")
        .group_by("procedure")
        .agg(pl.col("expected_cents").sum())
        .sort("expected_cents", "procedure", descending=[True, False])
    )
    return CodeSet(tuple(found["procedure"].head(count).to_list()))


def changed(now: Proposal, percent: Decimal, codes: CodeSet = NO_CODES) -> Proposal:
    """Return the contract with rates changed by a percentage: of some codes, or of everything.

    Of everything: also percentages of charges (never above all of it) and of references, and the
    amounts of hospital methods and carve-outs. Of codes: their rates of the fee schedule.
    """
    is_changed = (
        pl.Series([code in codes for code in now.rates["code"].to_list()], dtype=pl.Boolean)
        if codes
        else pl.Series([True] * len(now.rates), dtype=pl.Boolean)
    )
    cents = [
        changed_cents(allowed, percent) if is_one else allowed
        for allowed, is_one in zip(now.rates["allowed_cents"].to_list(), is_changed, strict=True)
    ]
    rates = now.rates.with_columns(allowed_cents=pl.Series(cents, dtype=pl.Int64))
    return Proposal(now.terms if codes else _terms(now.terms, percent), rates)


def _terms(said: Terms, percent: Decimal) -> Terms:
    factor = 1 + percent / 100
    return replace(
        said,
        percent_of_charge=_share(said.percent_of_charge, factor),
        percent_of_reference=tuple(
            replace(
                rule,
                percent=rule.percent if rule.conversion_factor else rule.percent * factor,
                conversion_factor=rule.conversion_factor and rule.conversion_factor * factor,
            )
            for rule in said.percent_of_reference
        ),
        carve_outs=tuple(
            replace(
                rule,
                cents=_cents(rule.cents, percent),
                percent_of_charge=_share(rule.percent_of_charge, factor),
            )
            for rule in said.carve_outs
        ),
        inpatient=_institutional(said.inpatient, percent),
        outpatient=_institutional(said.outpatient, percent),
    )


def _institutional(rule: Institutional | None, percent: Decimal) -> Institutional | None:
    if rule is None:
        return None
    factor = 1 + percent / 100
    stop_loss = rule.stop_loss
    if stop_loss is not None:
        share = min(Decimal(1), stop_loss.percent_of_charge * factor)
        stop_loss = replace(stop_loss, percent_of_charge=share)
    return replace(
        rule,
        percent_of_charge=_share(rule.percent_of_charge, factor),
        per_diem_cents=_cents(rule.per_diem_cents, percent),
        per_diems=tuple(_per_diem(tier, percent) for tier in rule.per_diems),
        case_rate_cents=_cents(rule.case_rate_cents, percent),
        case_rates=tuple(_case_rate(case, percent) for case in rule.case_rates),
        drg_base_cents=_cents(rule.drg_base_cents, percent),
        stop_loss=stop_loss,
    )


def _per_diem(tier: PerDiem, percent: Decimal) -> PerDiem:
    return replace(tier, cents=changed_cents(tier.cents, percent))


def _case_rate(case: CaseRate, percent: Decimal) -> CaseRate:
    return replace(case, cents=changed_cents(case.cents, percent))


def _cents(cents: int | None, percent: Decimal) -> int | None:
    return None if cents is None else changed_cents(cents, percent)


def _share(share: Decimal | None, factor: Decimal) -> Decimal | None:
    return None if share is None else min(Decimal(1), share * factor)


def compare(
    lines: pl.DataFrame, now: Proposal, then: Proposal, references: References
) -> Comparison:
    """Price the lines (frames.LINES) under both and return what would change, by code."""
    under = _under(lines)
    before = price(under, now.rates, {CONTRACT: now.terms}, references)
    after = price(under, then.rates, {CONTRACT: then.terms}, references)
    both = under.select("line_id", "procedure", "revenue_code", "units").with_columns(
        now_cents=before["expected_cents"], then_cents=after["expected_cents"]
    )
    is_priced = pl.col("now_cents").is_not_null() & pl.col("then_cents").is_not_null()
    priced = both.filter(is_priced)
    code = pl.when(pl.col("procedure") != "").then("procedure").otherwise("revenue_code")
    by_code = (
        priced.group_by(procedure=code)
        .agg(
            pl.col("units", "now_cents", "then_cents").sum(),
            lines=pl.len().cast(pl.Int64),
        )
        .with_columns(change_cents=pl.col("then_cents") - pl.col("now_cents"))
        .sort(pl.col("change_cents").abs(), "procedure", descending=[True, False])
        .select("procedure", "lines", "units", "now_cents", "then_cents", "change_cents")
    )
    return Comparison(
        lines=len(both),
        unpriced_lines=len(both) - len(priced),
        now_cents=int(priced["now_cents"].sum()),
        then_cents=int(priced["then_cents"].sum()),
        by_code=by_code,
    )


def _under(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.with_columns(contract_id=pl.lit(CONTRACT, pl.Int64))
