"""What a forecast is made from and what it answers.

Three kinds of waiting bring cash:

- answer: a claim sent to its first payer, until its first decision; exposed is the charge;
- recovery: a decision that refused something, until the next payment; exposed is what was refused;
- next_payer: a first payer's decision that leaves a share to another payer, until that one pays;
  exposed is the share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

ANSWER: Final = "answer"
RECOVERY: Final = "recovery"
NEXT_PAYER: Final = "next_payer"
PROCESSES: Final = (ANSWER, RECOVERY, NEXT_PAYER)
# Where the cash of a forecast comes from: the three waits of claims that are there, claims yet to
# be sent (all their waits), and what fits none of them (corrections, takebacks, third payers).
NEW: Final = "new_claims"
OTHER: Final = "other"
SOURCES: Final = (*PROCESSES, NEW, OTHER)

Schema = Mapping[str, pl.DataType | type[pl.DataType]]
WAITS: Final[Schema] = {
    "process": pl.String,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,  # 0: not known
    "payer_type": pl.String,
    "kind": pl.String,  # P, I, D
    "start_date": pl.Date,
    "exposure_cents": pl.Int64,
    "event_date": pl.Date,  # null: still waiting
    "cash_cents": pl.Int64,  # net, on that day
}
CASH: Final[Schema] = {"client_id": pl.Int64, "day": pl.Date, "cents": pl.Int64}
EXPECTED: Final[Schema] = {
    "client_id": pl.Int64,
    "week": pl.Int64,  # 1: the seven days after the day of the forecast
    "source": pl.String,
    "expected_cents": pl.Float64,
    "variance": pl.Float64,  # of the cents, from single claims alone
}


@dataclass(frozen=True, slots=True)
class History:
    """What was known at the end of a day: waits begun, and the cash that insurers paid."""

    waits: pl.DataFrame
    cash: pl.DataFrame

    def known_on(self, day: date) -> History:
        """Return the history as it was at the end of an earlier day."""
        is_known = pl.col("event_date") <= day
        waits = self.waits.filter(pl.col("start_date") <= day).with_columns(
            cash_cents=pl.when(is_known).then("cash_cents").otherwise(0),
            event_date=pl.when(is_known).then("event_date"),
        )
        return History(waits, self.cash.filter(pl.col("day") <= day))
