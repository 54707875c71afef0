"""A later payer's credit is set against the debt that its payment settled.

A payer that pays before the ledger has moved money to it (a secondary whose primary remittance is
missing), or that passes more on to the patient than it held, would stand in credit while the money
it settled is still shown as owed. Only such credits are moved. A first payer's credit, an
overpayment say, is never set against what the patient or another payer owes: it is to be given
back.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from sanderling.core.ledger.accounts import RECEIVABLES, Account, Kind
from sanderling.core.ledger.facts import ENTRIES


def party_balances(entries: pl.DataFrame) -> pl.DataFrame:
    """Return claim_id, party, balance_cents of the receivable accounts touched by `entries`."""
    receivable = [int(account) for account in RECEIVABLES]
    debits = entries.select("claim_id", pl.col("debit").alias("party"), "amount_cents")
    credits_ = entries.select("claim_id", pl.col("credit").alias("party"), -pl.col("amount_cents"))
    return (
        pl.concat([debits, credits_])
        .filter(pl.col("party").is_in(receivable))
        .group_by("claim_id", "party")
        .agg(balance_cents=pl.col("amount_cents").sum())
    )


def offsets(entries: pl.DataFrame, answered: pl.DataFrame) -> pl.DataFrame:
    """Return the entries that set credits of a claim's parties against its debts.

    `answered`: claim_id, sequence of payers that have answered. A credit goes first against
    earlier payers that have not answered yet, then against the patient.
    """
    balances = party_balances(entries)
    mixed = balances.filter(
        (pl.col("balance_cents").min().over("claim_id") < 0)
        & (pl.col("balance_cents").max().over("claim_id") > 0)
    )
    if mixed.is_empty():
        return pl.DataFrame(schema=ENTRIES)
    dates = entries.group_by("claim_id").agg(pl.col("received_date").max())
    date_of = dict(dates.join(mixed, on="claim_id", how="semi").iter_rows())
    answered_by: dict[int, set[int]] = {}
    for claim_id, sequence in answered.join(mixed, on="claim_id", how="semi").iter_rows():
        answered_by.setdefault(claim_id, set()).add(sequence + 10)
    rows: list[tuple[Any, ...]] = []
    for (claim_id,), claim in mixed.sort("claim_id", "party").group_by(
        ["claim_id"], maintain_order=True
    ):
        held = dict(claim.select("party", "balance_cents").iter_rows())
        for debit, credit, amount in _moves(held, answered_by.get(claim_id, set())):
            day = date_of[claim_id]
            rows.append(
                (
                    claim_id,
                    0,
                    0,
                    0,
                    0,
                    int(Kind.OFFSET),
                    debit,
                    credit,
                    amount,
                    None,
                    None,
                    day,
                    day,
                )
            )
    return pl.DataFrame(rows, schema=ENTRIES, orient="row")


def _moves(held: dict[int, int], answered: set[int]) -> list[tuple[int, int, int]]:
    """Return (party in credit, party that owes, cents) for the credits of later payers."""
    moves: list[tuple[int, int, int]] = []
    balances = dict(held)
    for party in (Account.SECONDARY, Account.TERTIARY):
        unanswered = [p for p in RECEIVABLES if p < party and p not in answered]
        for donor in (*unanswered, Account.PATIENT):
            if balances.get(party, 0) >= 0 or balances.get(donor, 0) <= 0:
                continue
            cents = min(-balances[party], balances[donor])
            moves.append((int(party), int(donor), cents))
            balances[party] += cents
            balances[donor] -= cents
    return moves
