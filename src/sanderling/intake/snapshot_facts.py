"""Writes snapshot facts, and the claims that only a snapshot tells of."""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.core.identifiers import number_key_expr
from sanderling.intake.parties import Parties
from sanderling.intake.submissions import SetRow
from sanderling.intake.touched import Touched
from sanderling.postgres.frames import copy_frame, keep_frame, read_frame, reserve_ids

SNAPSHOT_KIND: Final = "snapshot"
# The table of a batch: the day, then the fields of sheet_claims.SheetClaim in order.
SNAPSHOTS: Final = {
    "snapshot_date": pl.Date,
    "position": pl.Int64,
    "client_id": pl.Int64,
    "number": pl.String,
    "insurance_cents": pl.Int64,
    "patient_cents": pl.Int64,
    "charge_cents": pl.Int64,
    "service_from_date": pl.Date,
    "billed_date": pl.Date,
    "payer_id": pl.String,
    "payer_name": pl.String,
    "patient_last_name": pl.String,
    "patient_first_name": pl.String,
    "member_id": pl.String,
    "rendering_name": pl.String,
}
_KNOWN: Final = """
SELECT c.id, c.client_id, c.number, c.number_key
  FROM wanted_claims w JOIN claims_claim c ON c.client_id = w.client_id
   AND (c.number = w.number OR (c.number_key = w.number_key AND w.number_key <> '' AND c.has_facts))
 GROUP BY c.id
"""
_KNOWN_COLUMNS: Final = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "number": pl.String,
    "number_key": pl.String,
}


def write_snapshots(
    rows: pl.DataFrame, of: SetRow, parties: Parties, touched: Touched
) -> list[int]:
    """Store the facts of one snapshot (SNAPSHOTS); return the clients concerned."""
    rows = rows.with_columns(
        number_key=number_key_expr("number"), filing_indicator=pl.lit("", pl.String)
    )
    rows = _with_claim_ids(parties.with_payers(rows), touched)
    copy_frame(
        "claims_snapshot",
        rows.select(
            pl.lit(of.id).alias("transaction_id"),
            "claim_id",
            "client_id",
            "position",
            pl.lit(of.order_key).alias("order_key"),
            "snapshot_date",
            pl.lit(of.received_date).alias("received_date"),
            pl.col("payer_key").alias("payer_id"),
            "service_from_date",
            "billed_date",
            "charge_cents",
            "insurance_cents",
            "patient_cents",
            "patient_last_name",
            "patient_first_name",
            "member_id",
            "rendering_name",
        ),
    )
    clients: list[int] = rows["client_id"].unique().sort().to_list()
    return clients


def _with_claim_ids(rows: pl.DataFrame, touched: Touched) -> pl.DataFrame:
    """Return `rows` with claim_id: the client's claim of that number, created when new.

    A spreadsheet drops leading zeros: where no claim has the very number, the only one with the
    same comparable number is meant.
    """
    on = ["client_id", "number"]
    keep_frame(
        "wanted_claims",
        {"client_id": "int", "number": "text", "number_key": "text"},
        rows.select(*on, "number_key"),
    )
    known = read_frame(_KNOWN, _KNOWN_COLUMNS)
    exact = rows.join(known.select("claim_id", *on), on=on, how="inner")
    by_key = ["client_id", "number_key"]
    only = known.filter(pl.len().over(by_key) == 1).join(exact, on="claim_id", how="anti")
    close = (
        rows.join(exact, on=on, how="anti")
        .filter(pl.len().over(by_key) == 1)
        .join(only.select("claim_id", *by_key), on=by_key, how="inner")
    )
    met = pl.concat([exact, close.select(exact.columns)])
    new = rows.join(met, on=on, how="anti")
    ids = reserve_ids("claims_claim", new.height)
    new = new.with_columns(claim_id=pl.Series(list(ids), dtype=pl.Int64))
    copy_frame("claims_claim", _claim_rows(new))
    touched.born(new["claim_id"])
    every = pl.concat([met, new.select(met.columns)])
    touched.claims(every["claim_id"])
    touched.derive(every["claim_id"])
    return every.sort("position")


def _claim_rows(new: pl.DataFrame) -> pl.DataFrame:
    """Return rows of claims_claim; what else they say is derived from the facts."""
    blank = pl.lit("", pl.String)
    return new.select(
        pl.col("claim_id").alias("id"),
        "client_id",
        "number",
        "number_key",
        blank.alias("kind"),
        blank.alias("plan"),
        "patient_last_name",
        "patient_first_name",
        "member_id",
        blank.alias("billing_npi"),
        blank.alias("rendering_npi"),
        "rendering_name",
        blank.alias("location"),
        "service_from_date",
        pl.col("service_from_date").alias("service_to_date"),
        pl.col("billed_date").alias("first_billed_date"),
        pl.col("billed_date").alias("last_billed_date"),
        pl.coalesce("charge_cents", pl.col("insurance_cents") + pl.col("patient_cents")),
        pl.lit(value=True).alias("has_facts"),
    )
