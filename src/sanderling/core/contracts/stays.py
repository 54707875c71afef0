"""Hospital claims that are priced as a whole: stays, cases, stop-loss and outliers (DOMAIN 6.4).

The price of the claim is laid on its lines in proportion to their charges, to the cent; carved-out
lines keep a price of their own and are no part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from sanderling.core.contracts.amounts import CENT, big, cents
from sanderling.core.contracts.base_prices import HIGH
from sanderling.core.contracts.keys import INPATIENT, UNITS_SCALE
from sanderling.core.contracts.line_factors import flag_bit
from sanderling.core.contracts.stay_methods import Stay, is_priced_whole, stay_price
from sanderling.core.contracts.terms import Institutional, Terms

_SCHEMA: Final = {
    "claim_id": pl.Int64,
    "contract_id": pl.Int64,
    "setting": pl.Int8,
    "stay_cents": pl.Int64,
    "stay_method": pl.String,
    "stay_term": pl.String,
    "stay_flags": pl.Int64,
    "stay_total": pl.Int64,
}
_OF_CLAIM: Final = ("claim_id", "contract_id", "setting")


def price_stays(
    lines: pl.DataFrame, terms: Mapping[int, Terms], notes: dict[int, list[tuple[str, int]]] | None
) -> pl.DataFrame:
    """Return the lines, those of claims that are priced as a whole with their share of it.

    Args:
        lines: as priced line by line, with `amount`, `is_fixed`, `method` and the claim's columns.
        terms: by contract version.
        notes: filled with the words and cents of each step, by claim.
    """
    whole = _whole(terms)
    if whole.is_empty():
        return lines
    of_stays = lines.join(whole, on=["contract_id", "setting"], how="semi").filter(
        ~pl.col("method").is_in(["carve_out", "capitation"])
    )
    if of_stays.is_empty():
        return lines
    stays = _stays(of_stays, terms, notes)
    shares = _shares(of_stays, stays)
    joined = lines.join(shares, on="row", how="left", maintain_order="left")
    is_stay = pl.col("stay_method").is_not_null()
    return joined.with_columns(
        amount=pl.when(is_stay).then("share").otherwise("amount"),
        method=pl.coalesce("stay_method", "method"),
        term=pl.coalesce("stay_term", "term"),
        rate_cents=pl.when(is_stay).then(None).otherwise("rate_cents"),
        flags=pl.when(is_stay).then("stay_flags").otherwise("flags"),
        confidence=pl.when(is_stay).then(HIGH).otherwise("confidence"),
        factor_confidence=pl.when(is_stay).then(HIGH).otherwise("factor_confidence"),
        factor_term=pl.when(is_stay).then(pl.lit("")).otherwise("factor_term"),
        later_words=pl.when(is_stay).then(pl.lit("")).otherwise("later_words"),
        later_rank=pl.when(is_stay).then(None).otherwise("later_rank"),
    ).select(*lines.columns)


def _whole(terms: Mapping[int, Terms]) -> pl.DataFrame:
    rows = [
        (contract_id, setting)
        for contract_id, said in terms.items()
        for setting in (INPATIENT, INPATIENT + 1)
        if is_priced_whole(_rule(said, setting))
    ]
    schema = {"contract_id": pl.Int64, "setting": pl.Int8}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _rule(said: Terms, setting: int) -> Institutional | None:
    return said.inpatient if setting == INPATIENT else said.outpatient


def _stays(
    lines: pl.DataFrame, terms: Mapping[int, Terms], notes: dict[int, list[tuple[str, int]]] | None
) -> pl.DataFrame:
    """Price each claim; claims that the lines' own prices hold for are left out."""
    rows = []
    grouped = lines.group_by(_OF_CLAIM, maintain_order=True).agg(
        pl.col("drg").max(),
        pl.col("days").max(),
        pl.col("discharge_status").max(),
        pl.col("service_date").min(),
        pl.col("claim_charge_cents").max(),
        pl.col("revenue_code", "procedure"),
        units=pl.col("scaled_units") // UNITS_SCALE,
        charge_cents=pl.col("charge_cents").sum(),
        base_cents=pl.when(pl.col("amount").is_not_null().all()).then(
            cents(pl.col("amount").sum())
        ),
    )
    for row in grouped.to_dicts():
        said = terms[row["contract_id"]]
        rule = _rule(said, row["setting"])
        if rule is None:
            continue
        stay = Stay(
            drg=row["drg"],
            days=row["days"],
            discharge_status=row["discharge_status"],
            service_date=row["service_date"],
            charge_cents=max(row["charge_cents"], 0),
            revenue_codes=row["revenue_code"],
            procedures=row["procedure"],
            units=row["units"],
            base_cents=row["base_cents"],
        )
        found = stay_price(rule, stay, said.escalators)
        if found is None:
            continue
        flags = sum(flag_bit(flag) for flag in found.flags)
        total = found.cents
        if total is not None and total > stay.charge_cents:
            flags |= flag_bit("CHARGE_BELOW_CONTRACT")
            if said.lesser_of != "none":
                total, flags = stay.charge_cents, flags | flag_bit("LESSER_OF")
                found.notes.append(("limited to the charge", total))
        if notes is not None:
            notes[row["claim_id"]] = found.notes
        rows.append(
            (
                row["claim_id"], row["contract_id"], row["setting"], total, found.method,
                found.term, flags, stay.charge_cents,
            )
        )  # fmt: skip
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _shares(lines: pl.DataFrame, stays: pl.DataFrame) -> pl.DataFrame:
    """Lay each claim's price on its lines by charge: differences of running sums add up."""
    charge = big("charge_cents")
    total = big("stay_total")
    weight = pl.when(total > 0).then(charge).otherwise(pl.lit(1, pl.Int128))
    whole = pl.when(total > 0).then(total).otherwise(pl.len().over("claim_id").cast(pl.Int128))
    placed = lines.join(stays, on=list(_OF_CLAIM), maintain_order="left").with_columns(
        after=weight.cum_sum().over("claim_id"), weight=weight, whole=whole
    )
    upto = big("stay_cents") * pl.col("after") // pl.col("whole")
    before = big("stay_cents") * (pl.col("after") - pl.col("weight")) // pl.col("whole")
    return placed.select(
        "row", "stay_method", "stay_term", "stay_flags", share=(upto - before) * CENT
    )
