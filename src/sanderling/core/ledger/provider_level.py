"""PLB: money between payer and provider that belongs to no claim of the remittance.

A positive amount reduces the payment, a negative one increases it. Source: DOMAIN 2.8.
"""

from __future__ import annotations

import polars as pl

from sanderling.core.ledger.accounts import Account, Kind, provider_level_target
from sanderling.core.ledger.facts import ENTRIES


def provider_level_entries(rows: pl.DataFrame) -> pl.DataFrame:
    """Return entries with client_id for PLB rows.

    `rows`: transaction_id, position, part, client_id, code, amount_cents (as sent), payment_date,
    received_date.
    """
    rows = rows.filter(pl.col("amount_cents") != 0)
    codes = rows["code"].unique().to_list()
    accounts = {code: int(provider_level_target(code)[0]) for code in codes}
    kinds = {code: int(provider_level_target(code)[1]) for code in codes}
    return rows.select(
        pl.lit(None, pl.Int64).alias("claim_id"),
        "transaction_id",
        "position",
        "part",
        pl.lit(0, pl.Int64).alias("line"),
        pl.col("code").replace_strict(kinds, default=0, return_dtype=pl.Int64).alias("kind"),
        pl.col("code").replace_strict(accounts, default=0, return_dtype=pl.Int64).alias("debit"),
        pl.lit(int(Account.CASH), pl.Int64).alias("credit"),
        "amount_cents",
        pl.lit(None, pl.String).alias("group_code"),
        pl.col("code").alias("reason_code"),
        pl.coalesce("payment_date", "received_date").alias("effective_date"),
        "received_date",
        "client_id",
    ).select([*ENTRIES, "client_id"])


def claimless_entries(rows: pl.DataFrame) -> pl.DataFrame:
    """Return entries with client_id that keep claim payments without a usable number in suspense.

    `rows`: as for provider_level_entries, without code.
    """
    return (
        rows.filter(pl.col("amount_cents") != 0)
        .select(
            pl.lit(None, pl.Int64).alias("claim_id"),
            "transaction_id",
            "position",
            "part",
            pl.lit(0, pl.Int64).alias("line"),
            pl.lit(int(Kind.SUSPENSE), pl.Int64).alias("kind"),
            pl.lit(int(Account.CASH), pl.Int64).alias("debit"),
            pl.lit(int(Account.SUSPENSE), pl.Int64).alias("credit"),
            "amount_cents",
            pl.lit(None, pl.String).alias("group_code"),
            pl.lit(None, pl.String).alias("reason_code"),
            pl.coalesce("payment_date", "received_date").alias("effective_date"),
            "received_date",
            "client_id",
        )
        .select([*ENTRIES, "client_id"])
    )
