"""The one door to the ledger: what should be there is compared with what is, the rest is added.

`post_entries` takes the entries that all facts of some claims call for (core.ledger.rules) and the
provider-level money of the remittances being posted; it appends the differences to what the
ledger holds for these claims and brings their open balances in step. Nothing else writes these
tables. The caller holds the posting lock and an open transaction: all of it commits or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import polars as pl
from django.db import connection

from sanderling.core.ledger.accounts import RECEIVABLES, Account
from sanderling.core.ledger.facts import ENTRIES
from sanderling.ledger.models import Posting
from sanderling.postgres.frames import copy_frame, keep_frame, read_frame, reserve_ids

POSTING_LOCK: Final = 0x5A2D0001  # any constant: one posting at a time in a database
_KEY: Final = ["claim_id", "transaction_id", "position", "part", "line", "kind", "debit", "credit"]
_HELD: Final = """
SELECT e.claim_id, e.transaction_id, e.position, e.part, e.line, e.kind, e.debit, e.credit,
       e.posted_date, sum(e.amount_cents)::bigint, max(e.revision)
  FROM ledger_claims t JOIN ledger_entry e USING (claim_id)
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""
_HELD_COLUMNS: Final = {
    **{name: ENTRIES[name] for name in _KEY},
    "posted_date": pl.Date,
    "amount_cents": pl.Int64,
    "revision": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Posted:
    """What a call added to the ledger."""

    entry_count: int
    claim_count: int
    cash_cents: int  # cash brought in by the entries


def take_posting_lock() -> None:
    """Wait until no other transaction posts; the lock goes with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [POSTING_LOCK])


def post_entries(
    *,
    wanted: pl.DataFrame,
    claim_ids: list[int],
    provider_entries: pl.DataFrame,
    file_id: int | None,
    reason: str,
    posted_date: date,
    recorded_at: datetime,
) -> Posted:
    """Append what is missing for `claim_ids` to hold exactly `wanted`, and `provider_entries`.

    `wanted`: core.ledger.facts.ENTRIES, whole claims; `provider_entries`: the same columns with
    claim_id null, and client_id. An entry is known from `posted_date` or from its fact's own
    received_date, whichever is later. The caller compares the cash with what the remittances paid.

    Posting the same again adds nothing.
    """
    keep_frame(
        "ledger_claims",
        {"claim_id": "bigint"},
        pl.DataFrame({"claim_id": claim_ids}, schema={"claim_id": pl.Int64}),
    )
    held = read_frame(_HELD, _HELD_COLUMNS)
    difference = _difference(wanted, held, posted_date)
    clients = read_frame(
        "SELECT c.id, c.client_id FROM ledger_claims t JOIN claims_claim c ON c.id = t.claim_id",
        {"claim_id": pl.Int64, "client_id": pl.Int64},
    )
    of_claims = difference.join(clients, on="claim_id", how="left", maintain_order="left")
    of_providers = provider_entries.with_columns(
        revision=pl.lit(0, pl.Int64), posted_date=pl.lit(posted_date)
    )
    added = pl.concat([of_claims, of_providers.select(of_claims.columns)])
    if added.is_empty():
        return Posted(entry_count=0, claim_count=0, cash_cents=0)
    cash_cents = _cash(added)
    ids = reserve_ids("ledger_entry", added.height)
    posting_id = reserve_ids("ledger_posting", 1)[0]
    copy_frame(
        "ledger_entry",
        added.with_columns(
            id=pl.Series(list(ids), dtype=pl.Int64), posting_id=pl.lit(posting_id)
        ).drop("received_date"),
    )
    _replace_open_balances(wanted, held, difference, clients)
    Posting.objects.create(
        pk=posting_id,
        file_id=file_id,
        reason=reason,
        posted_date=posted_date,
        recorded_at=recorded_at,
        first_entry_id=ids[0],
        entry_count=added.height,
        cash_cents=cash_cents,
    )
    return Posted(
        entry_count=added.height,
        claim_count=difference["claim_id"].n_unique(),
        cash_cents=cash_cents,
    )


def _cash(entries: pl.DataFrame) -> int:
    cash = int(Account.CASH)
    signed = (
        pl.when(pl.col("debit") == cash)
        .then("amount_cents")
        .when(pl.col("credit") == cash)
        .then(-pl.col("amount_cents"))
        .otherwise(0)
    )
    return int(entries.select(signed.sum()).item())


def _difference(wanted: pl.DataFrame, held: pl.DataFrame, posted_date: date) -> pl.DataFrame:
    """Return the entries to add: per source the wanted amount less the amount held.

    What corrects an entry is never dated before it, so that no past day sees half a correction.
    """
    totals = held.group_by(_KEY).agg(
        held_cents=pl.col("amount_cents").sum(),
        held_revision=pl.col("revision").max(),
        held_to_date=pl.col("posted_date").max(),
    )
    both = wanted.join(totals, on=_KEY, how="full", coalesce=True, maintain_order="left_right")
    return (
        both.with_columns(
            amount_cents=pl.col("amount_cents").fill_null(0) - pl.col("held_cents").fill_null(0),
            revision=pl.col("held_revision").fill_null(-1) + 1,
            posted_date=pl.max_horizontal("received_date", "held_to_date", pl.lit(posted_date)),
            effective_date=pl.coalesce("effective_date", pl.lit(posted_date)),
        )
        .filter(pl.col("amount_cents") != 0)
        .drop("held_cents", "held_revision", "held_to_date")
        .sort(_KEY)
    )


def _replace_open_balances(
    wanted: pl.DataFrame, held: pl.DataFrame, added: pl.DataFrame, clients: pl.DataFrame
) -> None:
    receivable = [int(account) for account in RECEIVABLES]
    sides = pl.concat(
        [
            wanted.select("claim_id", pl.col("debit").alias("party"), "amount_cents"),
            wanted.select("claim_id", pl.col("credit").alias("party"), -pl.col("amount_cents")),
        ]
    )
    balances = (
        sides.filter(pl.col("party").is_in(receivable))
        .group_by("claim_id", "party")
        .agg(balance_cents=pl.col("amount_cents").sum())
        .filter(pl.col("balance_cents") != 0)
    )
    # A party owes from the first day that changed its balance. What one file of a day does and
    # another one undoes is no change: files of a day come in any order.
    moved = pl.concat([held, added.select(held.columns)])
    cents = pl.col("amount_cents")
    since = (
        pl.concat(
            [
                moved.select("claim_id", pl.col(side).alias("party"), "posted_date", signed)
                for side, signed in (("debit", cents), ("credit", -cents))
            ]
        )
        .group_by("claim_id", "party", "posted_date")
        .agg(cents.sum())
        .filter(cents != 0)
        .group_by("claim_id", "party")
        .agg(responsible_from_date=pl.col("posted_date").min())
    )
    rows = balances.join(since, on=["claim_id", "party"]).join(clients, on="claim_id")
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM ledger_open_balance b USING ledger_claims t WHERE b.claim_id = t.claim_id"
        )
    copy_frame(
        "ledger_open_balance",
        rows.select("claim_id", "client_id", "party", "balance_cents", "responsible_from_date"),
    )
