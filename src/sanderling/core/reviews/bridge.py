"""How receivables came from one day's balances to another's, part by part, to the cent.

A part is a reason (barrier) or an age. What happened to a balance in between is told of the part in
which it was at first, of a new balance of the part in which it ended. What is still open and is in
another part at the end moved there: it leaves one part and comes into another with what it is at
the end. So for each part

    opening + what happened + moved in + moved out + unexplained = closing

and the moves of all parts sum to nothing. `unexplained` is what balances changed without an entry:
nothing, where the balances are those of the ledger; it is shown, and nothing is ever plugged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from sanderling.core.ledger.accounts import (
    ADJUSTMENT_KINDS,
    CHARGE_KINDS,
    PAYMENT_KINDS,
    REFUND_KINDS,
    TRANSFER_KINDS,
    WRITE_OFF_KINDS,
    Kind,
)

# Why a balance moved, and the kinds of entries behind it; names of columns less `_cents`.
MOVEMENTS: Final[Mapping[str, tuple[Kind, ...]]] = {
    "charges": CHARGE_KINDS,
    "payments": PAYMENT_KINDS,
    "adjustments": ADJUSTMENT_KINDS,
    "write_offs": WRITE_OFF_KINDS,
    "refunds": REFUND_KINDS,
    "transfers": TRANSFER_KINDS,  # between the parties of a claim: nothing in sum
    "taken_over": (Kind.OPENING_BALANCE,),
}
MOVEMENT_OF_KIND: Final[Mapping[int, str]] = {
    int(kind): name for name, kinds in MOVEMENTS.items() for kind in kinds
}
CENTS: Final = tuple(f"{name}_cents" for name in MOVEMENTS)
# The part of what came and went between the days: its movements sum to nothing.
PASSED_THROUGH: Final = "passed_through"
_KEY: Final = ("claim_id", "party")
BALANCES: Final = {
    "claim_id": pl.Int64,
    "party": pl.Int64,
    "part": pl.String,
    "balance_cents": pl.Int64,
}
ENTRIES: Final = {"claim_id": pl.Int64, "party": pl.Int64, "kind": pl.Int64, "cents": pl.Int64}
COLUMNS: Final = (
    *("part", "opening_count", "opening_cents", *CENTS, "moved_in_cents", "moved_out_cents"),
    *("unexplained_cents", "closing_count", "closing_cents"),
)
SUMMED: Final = tuple(name for name in COLUMNS if name != "part")


@dataclass(frozen=True, slots=True)
class Bridge:
    """`rows` (COLUMNS), one a part; `moves`: was, now, count, cents of what changed its part."""

    rows: pl.DataFrame
    moves: pl.DataFrame

    def total(self) -> dict[str, int]:
        """Return the sums of all parts."""
        return {name: int(self.rows[name].sum()) for name in SUMMED}


def bridge(opening: pl.DataFrame, closing: pl.DataFrame, entries: pl.DataFrame) -> Bridge:
    """Return the bridge from `opening` to `closing` (BALANCES) by `entries` (ENTRIES).

    Balances of a claim and party stand once in each; entries say by how much receivables rose.

    Raises:
        KeyError: an entry of a kind that moves no receivable.
    """
    found = _joined(opening, closing, entries)
    booked = found.group_by(part="home").agg(
        pl.col("was_cents").count().alias("opening_count"),
        pl.col("was_cents").sum().alias("opening_cents"),
        *(pl.col(name).sum() for name in CENTS),
        pl.col("unexplained_cents").sum(),
    )
    moved = found.filter(pl.col("was") != pl.col("now"))
    moves = (
        moved.group_by("was", "now")
        .agg(pl.len().cast(pl.Int64).alias("count"), pl.col("now_cents").sum().alias("cents"))
        .sort("was", "now")
    )
    came = moves.group_by(part="now").agg(pl.col("cents").sum().alias("moved_in_cents"))
    left = moves.group_by(part="was").agg((-pl.col("cents").sum()).alias("moved_out_cents"))
    ended = (
        found.filter(pl.col("now").is_not_null())
        .group_by(part="now")
        .agg(
            pl.len().cast(pl.Int64).alias("closing_count"),
            pl.col("now_cents").sum().alias("closing_cents"),
        )
    )
    rows = booked
    for other in (came, left, ended):
        rows = rows.join(other, on="part", how="full", coalesce=True)
    rows = rows.with_columns(pl.col(name).fill_null(0).cast(pl.Int64) for name in SUMMED)
    return Bridge(rows.select(COLUMNS).sort("part"), moves)


def _joined(opening: pl.DataFrame, closing: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each balance that was, is or moved: was, now, home, and all its cents."""
    names = {kind: MOVEMENT_OF_KIND[kind] for kind in entries["kind"].unique().to_list()}
    named = entries.with_columns(
        name=pl.col("kind").replace_strict(names, default=None, return_dtype=pl.String)
    )
    moved = named.group_by(*_KEY).agg(
        pl.col("cents").filter(pl.col("name") == name).sum().alias(f"{name}_cents")
        for name in MOVEMENTS
    )
    was = opening.select(*_KEY, was="part", was_cents="balance_cents")
    now = closing.select(*_KEY, now="part", now_cents="balance_cents")
    found = was.join(now, on=_KEY, how="full", coalesce=True).join(
        moved, on=_KEY, how="full", coalesce=True
    )
    found = found.with_columns(pl.col(name).fill_null(0) for name in CENTS)
    happened = pl.sum_horizontal(*CENTS)
    return found.with_columns(
        home=pl.coalesce("was", "now", pl.lit(PASSED_THROUGH)),
        unexplained_cents=pl.col("now_cents").fill_null(0)
        - pl.col("was_cents").fill_null(0)
        - happened,
    )
