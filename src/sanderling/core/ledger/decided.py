"""Refunds and transfers to the patient: what people decided of a balance, as far as it stands.

A transfer moves to the patient what a payer owes after all other facts, at most the amount
approved, and at most what the claim's insurers owe together, their credits taken off: what another
payer paid meanwhile is not the patient's. A refund gives back what a party has in credit after all
others, at most the amount made. So both give way to whatever comes later: a transfer to a payment,
a refund to the payer's own takeback, which is thus never counted twice. Taken in the order in which
they were decided.
"""

from __future__ import annotations

import polars as pl

from sanderling.core.ledger.accounts import INSURANCE_RECEIVABLES, Account, Kind
from sanderling.core.ledger.facts import ENTRIES
from sanderling.core.ledger.offsets import party_balances


def transfer_entries(entries: pl.DataFrame, transfers: pl.DataFrame) -> pl.DataFrame:
    """Return the entries of `transfers` (facts.DECIDED) after all other `entries`."""
    if transfers.is_empty():
        return pl.DataFrame(schema=ENTRIES)
    insurers = [int(account) for account in INSURANCE_RECEIVABLES]
    owed = party_balances(entries).filter(pl.col("party").is_in(insurers))
    return _entries(
        _within_claim(_fitting(transfers, owed), owed),
        kind=Kind.TO_PATIENT,
        debit=pl.lit(int(Account.PATIENT), pl.Int64),
        credit=pl.col("party"),
    )


def refund_entries(entries: pl.DataFrame, refunds: pl.DataFrame) -> pl.DataFrame:
    """Return the entries of `refunds` (facts.DECIDED) after all other `entries`."""
    if refunds.is_empty():
        return pl.DataFrame(schema=ENTRIES)
    credit = party_balances(entries).with_columns(balance_cents=-pl.col("balance_cents"))
    return _entries(
        _fitting(refunds, credit),
        kind=Kind.REFUND,
        debit=pl.col("party"),
        credit=pl.lit(int(Account.REFUND), pl.Int64),
    )


def _fitting(decided: pl.DataFrame, left: pl.DataFrame) -> pl.DataFrame:
    """Return `decided` with amounts that fit into what each party has left, earliest first."""
    cents, party = pl.col("amount_cents"), ["claim_id", "party"]
    return (
        decided.join(left.filter(pl.col("balance_cents") > 0), on=party)
        .sort(*party, "decided_date", "order_key", "decision_id")
        .with_columns(used_before=cents.cum_sum().over(party) - cents)
        .with_columns(
            amount_cents=pl.min_horizontal(
                cents, (pl.col("balance_cents") - pl.col("used_before")).clip(lower_bound=0)
            )
        )
    )


def _within_claim(fitting: pl.DataFrame, owed: pl.DataFrame) -> pl.DataFrame:
    """Return `fitting` with amounts that fit into what all insurers of the claim owe, net."""
    net = owed.group_by("claim_id").agg(net_cents=pl.col("balance_cents").sum().clip(lower_bound=0))
    cents = pl.col("amount_cents")
    return (
        fitting.join(net, on="claim_id")
        .sort("claim_id", "decided_date", "order_key", "decision_id")
        .with_columns(used_in_claim=cents.cum_sum().over("claim_id") - cents)
        .with_columns(
            amount_cents=pl.min_horizontal(
                cents, (pl.col("net_cents") - pl.col("used_in_claim")).clip(lower_bound=0)
            )
        )
    )


def _entries(rows: pl.DataFrame, *, kind: Kind, debit: pl.Expr, credit: pl.Expr) -> pl.DataFrame:
    return rows.select(
        "claim_id",
        pl.lit(0, pl.Int64).alias("transaction_id"),
        pl.col("decision_id").alias("position"),
        pl.lit(0, pl.Int64).alias("part"),
        pl.lit(0, pl.Int64).alias("line"),
        pl.lit(int(kind), pl.Int64).alias("kind"),
        debit.alias("debit"),
        credit.alias("credit"),
        "amount_cents",
        pl.lit(None, pl.String).alias("group_code"),
        pl.lit(None, pl.String).alias("reason_code"),
        pl.col("decided_date").alias("effective_date"),
        pl.col("decided_date").alias("received_date"),
    )
