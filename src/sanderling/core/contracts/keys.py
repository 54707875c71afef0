"""Lines with the same price per unit share a key: rules are looked up once for each key.

A key is what can choose a rule: contract, period between two changes of any date that matters,
setting, code, modifiers, place, who rendered it. A million lines have some ten thousand keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import polars as pl

from sanderling.core.contracts.frames import (
    FACILITY_PLACES,
    INPATIENT_BILLS,
    LINES,
    References,
)
from sanderling.core.contracts.terms import Terms

PROFESSIONAL: Final = 0
INPATIENT: Final = 1
OUTPATIENT: Final = 2

UNITS_SCALE: Final = 10_000  # units count to four decimals

_BEGINNING_OF_TIME: Final = date(1, 1, 1)
_KEY: Final = (
    "contract_id", "day", "setting", "is_facility", "procedure", "modifiers", "place",
    "revenue_code", "provider_class",
)  # fmt: skip


def with_keys(
    lines: pl.DataFrame, rates: pl.DataFrame, terms: Mapping[int, Terms], references: References
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lines with their row number and key, and the keys.

    Lines: as given, with row, setting, scaled_units, and key (null: no terms for the contract, or
    no day of service). Keys: key and the columns of _KEY; `day` is the first day of the period.
    """
    places = _values(rates, "place_of_service")
    is_hospital = pl.col("kind") == "I"
    place = pl.col("place_of_service")
    work = (
        lines.select(pl.col(name).cast(dtype) for name, dtype in LINES.items())
        .with_columns(pl.col(pl.String).fill_null(""))
        .with_row_index("row")
        .with_columns(
            setting=pl.when(is_hospital & place.is_in(list(INPATIENT_BILLS)))
            .then(pl.lit(INPATIENT))
            .when(is_hospital)
            .then(pl.lit(OUTPATIENT))
            .otherwise(pl.lit(PROFESSIONAL))
            .cast(pl.Int8),
            is_facility=pl.coalesce("is_facility", place.is_in(list(FACILITY_PLACES))),
            place=pl.when(place.is_in(places)).then(place).otherwise(pl.lit("")),
            revenue_code=pl.when(is_hospital).then(pl.col("revenue_code")).otherwise(pl.lit("")),
            scaled_units=_scaled_units(),
        )
    )
    work = work.join(
        _days(work, rates, terms, references),
        on=["contract_id", "service_date"],
        how="left",
        maintain_order="left",
    )
    keys = (
        work.filter(pl.col("day").is_not_null())
        .select(_KEY)
        .unique(maintain_order=True)
        .with_row_index("key")
    )
    return work.join(keys, on=list(_KEY), how="left", maintain_order="left"), keys


def _scaled_units() -> pl.Expr:
    units = (pl.col("units") * UNITS_SCALE).round().cast(pl.Int64)
    return pl.when(units > 0).then(units).otherwise(pl.lit(UNITS_SCALE))


def _values(frame: pl.DataFrame, column: str) -> list[str]:
    return [value for value in frame[column].unique().to_list() if value]


def _days(
    work: pl.DataFrame, rates: pl.DataFrame, terms: Mapping[int, Terms], references: References
) -> pl.DataFrame:
    """Return for each contract and day of service the first day of its period."""
    known = pl.DataFrame({"contract_id": list(terms)}, schema={"contract_id": pl.Int64})
    pairs = (
        work.select("contract_id", "service_date")
        .unique()
        .drop_nulls()
        .join(known, on="contract_id", how="semi")
        .sort("service_date")
    )
    return pairs.join_asof(
        _changes(rates, terms, references).sort("day"),
        left_on="service_date",
        right_on="day",
        by="contract_id",
        check_sortedness=False,
        coalesce=False,
    )


def _changes(
    rates: pl.DataFrame, terms: Mapping[int, Terms], references: References
) -> pl.DataFrame:
    """Return the days on which any rule of a contract may begin or end."""
    of_references = sorted(
        {day for frame in vars(references).values() for day in _change_days(frame)}
    )
    rows = []
    for contract_id, said in terms.items():
        days = {_BEGINNING_OF_TIME, *(step.date for step in said.escalators)}
        if said.percent_of_reference or said.indicators or said.anesthesia:
            days.update(of_references)
        rows += [(contract_id, day) for day in days]
    of_rates = pl.concat(
        [
            rates.select("contract_id", day=pl.col("from_date")),
            rates.select("contract_id", day=pl.col("to_date") + timedelta(days=1)),
        ]
    )
    of_terms = pl.DataFrame(rows, schema={"contract_id": pl.Int64, "day": pl.Date}, orient="row")
    return pl.concat([of_rates, of_terms]).drop_nulls().unique()


def _change_days(frame: pl.DataFrame) -> list[date]:
    after = (frame["to_date"] + timedelta(days=1)).to_list()
    return [day for day in {*frame["from_date"].to_list(), *after} if day is not None]
