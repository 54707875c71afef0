"""What was seen of a payer on some codes explains the same on codes with few lines.

A payer that loads a wrong schedule for some weeks does so for many codes and clients at once. A
cell with many lines shows it as an episode or a fall: a part of the rate, from a day to a day. A
cell with few lines, which may know the time after only, would take the lower amount for a rate that
rose: where its two amounts stand in the same proportion and the lower one was allowed within the
same days only, it is the same event.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import polars as pl

from sanderling.core.contracts import levels as lv

EVENT_LINES_MIN: Final = 6
SAME_RATIO: Final = 0.0012
ROUNDING_CENTS: Final = 1
DAYS_OF_GRACE: Final = 4
CELL: Final = ["payer_id", "client_id", "kind_of_claim", "code", "modifiers", "setting", "model"]
_AMOUNT: Final = "amount"


def with_echoes(learned: pl.DataFrame) -> pl.DataFrame:
    """Return what was learned, weak cells corrected by what strong ones of the payer show.

    `learned`: core.contracts.learned.LEARNED with first_service, last_service, first_received and
    last_received of the lines at each amount.
    """
    events = _events(learned)
    if events.is_empty():
        return learned
    found = _echoes(learned, events)
    lower = found.select(*CELL, _AMOUNT, is_echo=pl.lit(value=True))
    upper = found.select(*CELL, amount="upper_amount", is_rate=pl.lit(value=True))
    marked = learned.join(lower, on=[*CELL, _AMOUNT], how="left").join(
        upper, on=[*CELL, _AMOUNT], how="left"
    )
    kept = marked.with_columns(
        kind=pl.when("is_echo")
        .then(pl.lit(lv.EPISODE))
        .when("is_rate")
        .then(pl.lit(lv.RATE))
        .otherwise("kind"),
        from_date=pl.when("is_rate").then(None).otherwise("from_date"),
        to_date=pl.when("is_rate").then(None).otherwise("to_date"),
    ).drop("is_echo", "is_rate")
    return kept.unique([*CELL, "kind", _AMOUNT, "from_date"], keep="first", maintain_order=True)


def _events(learned: pl.DataFrame) -> pl.DataFrame:
    """Return payer_id, axis, part, since, until of what payers did below their rates."""
    rates = learned.filter(pl.col("kind") == lv.RATE).select(
        *CELL, rate=_AMOUNT, rate_from="from_date", rate_to="to_date"
    )
    below = learned.filter(
        pl.col("kind").is_in([lv.EPISODE, lv.FALL]) & (pl.col("lines") >= EVENT_LINES_MIN)
    ).join(rates, on=CELL)
    return (
        below.filter(
            pl.col(_AMOUNT) < pl.col("rate"),
            pl.col("rate_from").is_null() | (pl.col("rate_from") <= pl.col("from_date")),
            pl.col("rate_to").is_null() | (pl.col("rate_to") >= pl.col("from_date")),
        )
        .select(
            "payer_id",
            "axis",
            part=pl.col(_AMOUNT) / pl.col("rate"),
            since=pl.col("from_date") - timedelta(days=DAYS_OF_GRACE),
            until=pl.col("to_date") + timedelta(days=DAYS_OF_GRACE),
        )
        .unique()
        .sort("payer_id", "axis", "part", "since")
    )


def _echoes(learned: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Return CELL, amount, upper_amount of cells with two amounts that an event explains."""
    open_ones = learned.filter(pl.col("kind").is_in([lv.RATE, lv.OPEN, lv.ALTERNATIVE]))
    two = (
        learned.group_by(CELL)
        .agg(amounts=pl.col(_AMOUNT).n_unique())
        .filter(pl.col("amounts") == 2)  # noqa: PLR2004 - the rate and a part of it
    )
    lower = open_ones.join(two, on=CELL, how="semi")
    upper = lower.select(*CELL, upper_amount=_AMOUNT).unique()
    pairs = lower.join(upper, on=CELL).filter(pl.col(_AMOUNT) < pl.col("upper_amount"))
    first = pl.when(pl.col("event_axis") == "service").then("first_service").otherwise(
        "first_received"
    )  # fmt: skip
    last = pl.when(pl.col("event_axis") == "service").then("last_service").otherwise(
        "last_received"
    )  # fmt: skip
    told = pairs.join(events.rename({"axis": "event_axis"}), on="payer_id").filter(
        (
            ((pl.col(_AMOUNT) / pl.col("upper_amount") - pl.col("part")).abs() <= SAME_RATIO)
            | ((pl.col(_AMOUNT) - pl.col("upper_amount") * pl.col("part")).abs() <= ROUNDING_CENTS)
        ),
        first >= pl.col("since"),
        pl.col("until").is_null() | (last <= pl.col("until")),
    )
    return told.select(*CELL, _AMOUNT, "upper_amount").unique().sort(*CELL, _AMOUNT)
