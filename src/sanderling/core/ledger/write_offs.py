"""Write-offs: what people gave up of a balance, as far as it is still owed.

An approved write-off takes from its party what the party owes after all other facts, at most the
amount approved. So it gives way to whatever comes later (a payment, a void, a correction) and never
leaves a credit behind; when what came later is taken back, it counts again. Several of one party
are taken in the order in which they were approved. One that is reversed is no fact any more; one
approved up to the day of a claim's latest snapshot is contained in that.
"""

from __future__ import annotations

import polars as pl

from sanderling.core.ledger.accounts import Account, Kind
from sanderling.core.ledger.facts import ENTRIES
from sanderling.core.ledger.offsets import party_balances


def write_off_entries(entries: pl.DataFrame, write_offs: pl.DataFrame) -> pl.DataFrame:
    """Return the entries of `write_offs` (facts.WRITE_OFFS) after all other `entries`."""
    if write_offs.is_empty():
        return pl.DataFrame(schema=ENTRIES)
    owed = party_balances(entries).filter(pl.col("balance_cents") > 0)
    cents = pl.col("amount_cents")
    party = ["claim_id", "party"]
    fitting = (
        write_offs.join(owed, on=party)
        .sort(*party, "approved_date", "order_key", "write_off_id")
        .with_columns(used_before=cents.cum_sum().over(party) - cents)
        .with_columns(
            amount_cents=pl.min_horizontal(
                cents, (pl.col("balance_cents") - pl.col("used_before")).clip(lower_bound=0)
            )
        )
    )
    return fitting.select(
        "claim_id",
        pl.lit(0, pl.Int64).alias("transaction_id"),
        pl.col("write_off_id").alias("position"),
        pl.lit(0, pl.Int64).alias("part"),
        pl.lit(0, pl.Int64).alias("line"),
        pl.lit(int(Kind.WRITE_OFF), pl.Int64).alias("kind"),
        pl.lit(int(Account.WRITE_OFF), pl.Int64).alias("debit"),
        pl.col("party").alias("credit"),
        "amount_cents",
        pl.lit(None, pl.String).alias("group_code"),
        pl.lit(None, pl.String).alias("reason_code"),
        pl.col("approved_date").alias("effective_date"),
        pl.col("approved_date").alias("received_date"),
    )
