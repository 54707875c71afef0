"""The adverse-payment ledger: what payers did to payments to our harm, beside plain denials.

Made anew every night from the mirror and the departures that pricing found. What was taken back by
a reversal is left out, except where the taking back is itself what happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl
from django.db import connection, transaction

from sanderling.core.deadlines.prompt_pay import ITEM_SCHEMA, jurisdiction_of, prompt_pay_frame
from sanderling.mirror.reading import scan
from sanderling.postgres.frames import copy_frame, read_frame

# kind: (title, what it is)
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "downcoded": (
        "Downcoded",
        "Another procedure was paid than billed. Cost: what the price was missed by, if known.",
    ),
    "bundled": ("Bundled", "A line was refused as part of another one (CARC 97, 234, 236, ...)."),
    "own_reduction": ("Own reduction", "The payer cut a paid line on its own initiative (PI)."),
    "taken_back": (
        "Taken back",
        "A payment was reversed and not paid again on the same remittance day.",
    ),
    "offset": ("Offset", "Money withheld from a remittance for an older overpayment (PLB WO)."),
    "interest_missing": (
        "Interest missing",
        "Paid after the prompt-pay day without interest (PLB L6). Estimated from published rates.",
    ),
    "wrong_sequestration": (
        "Wrong sequestration",
        "CO-253 where no contract provides it, or more of Medicare than 2 % of the payment.",
    ),
}
COLUMNS: Final = (
    *("kind", "client_id", "payer_id", "claim_id", "payment_id", "line_index", "on_date"),
    *("code", "detail", "cents"),
)
SEQUESTRATION: Final = 0.02
ROUNDING_CENTS: Final = 1
_SHORT: Final = """
SELECT payment_id, line_index, -variance_cents, finding FROM pricing_line_variance
 WHERE variance_cents < 0 AND NOT is_set_aside
"""
_OFFSETS: Final = """
SELECT p.client_id, r.payer_id, p.received_date, p.amount_cents, p.code
  FROM remits_provider_adjustment p JOIN remits_remittance r ON r.id = p.remittance_id
 WHERE p.code = 'WO' AND p.amount_cents > 0 AND p.client_id IS NOT NULL
"""
_WITH_INTEREST: Final = """
SELECT c.id FROM remits_claim_payment c JOIN remits_provider_adjustment p USING (remittance_id)
 WHERE p.code = 'L6'
"""
_PAYERS: Final = "SELECT id, type, state FROM payers_payer"


def keep_adverse() -> int:
    """Make the ledger anew; return how many rows it has."""
    short = read_frame(
        _SHORT,
        {"payment_id": pl.Int64, "line_index": pl.Int64, "short": pl.Int64, "finding": pl.String},
    )
    lines = _standing(scan("remit_lines", None))
    rows = pl.concat(
        [
            _downcoded(lines, short),
            _bundled(lines),
            _found(lines, short, "own_reduction"),
            _taken_back(scan("payments", None)),
            _offsets(),
            _interest(_standing(scan("payments", None))),
            _sequestration(lines, short),
        ]
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM underpayments_adverse")
        return copy_frame("underpayments_adverse", rows)


def _standing(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.filter(
        ~pl.col("is_held"), ~pl.col("is_reversal"), ~pl.col("is_taken_back"),
        ~pl.col("is_duplicate"), pl.col("client_id").is_not_null(),
    )  # fmt: skip


def _rows(
    frame: pl.LazyFrame | pl.DataFrame, kind: str, cents: pl.Expr, detail: pl.Expr
) -> pl.DataFrame:
    """Shape rows of lines or payments as the ledger's."""
    lazy = frame.lazy()
    names = lazy.collect_schema().names()
    return lazy.select(
        kind=pl.lit(kind),
        client_id=pl.col("client_id").cast(pl.Int64),
        payer_id=pl.col("payer_id").cast(pl.Int64),
        claim_id=pl.col("claim_id").cast(pl.Int64),
        payment_id=pl.col("payment_id").cast(pl.Int64),
        line_index=pl.col("line_index").cast(pl.Int64)
        if "line_index" in names
        else pl.lit(0, pl.Int64),
        on_date=pl.col("received_date"),
        code=pl.col("procedure").fill_null("") if "procedure" in names else pl.lit(""),
        detail=detail,
        cents=cents.cast(pl.Int64),
    ).collect()


def _downcoded(lines: pl.LazyFrame, short: pl.DataFrame) -> pl.DataFrame:
    changed = lines.filter(
        pl.col("submitted_procedure") != "",
        pl.col("submitted_procedure") != pl.col("procedure"),
        pl.col("paid_cents") > 0,
    ).join(short.lazy(), on=["payment_id", "line_index"], how="left")
    detail = pl.format("billed {}, paid as {}", "submitted_procedure", "procedure")
    return _rows(changed, "downcoded", pl.col("short").fill_null(0), detail)


def _bundled(lines: pl.LazyFrame) -> pl.DataFrame:
    refused = lines.filter(
        pl.col("is_denied"), pl.col("category") == "bundling", pl.col("denied_cents") > 0
    )
    detail = pl.format("{}-{}", "group_code", "reason_code")
    return _rows(refused, "bundled", pl.col("denied_cents"), detail)


def _found(lines: pl.LazyFrame, short: pl.DataFrame, finding: str) -> pl.DataFrame:
    found = short.filter(pl.col("finding") == finding)
    rows = lines.join(found.lazy(), on=["payment_id", "line_index"])
    return _rows(rows, finding, pl.col("short"), pl.lit("allowed below the price"))


def _taken_back(payments: pl.LazyFrame) -> pl.DataFrame:
    """Net of each claim and day on which something was reversed, where it is below nothing."""
    days = (
        payments.filter(~pl.col("is_held"), pl.col("client_id").is_not_null())
        .group_by("client_id", "payer_id", "claim_id", "received_date")
        .agg(
            pl.col("is_reversal").any(),
            pl.col("paid_cents").sum(),
            payment_id=pl.col("payment_id").filter(pl.col("is_reversal")).first(),
        )
        .filter(pl.col("is_reversal"), pl.col("paid_cents") < 0)
    )
    return _rows(days, "taken_back", -pl.col("paid_cents"), pl.lit("reversed (CLP02 22)"))


def _offsets() -> pl.DataFrame:
    found = read_frame(
        _OFFSETS,
        {
            "client_id": pl.Int64, "payer_id": pl.Int64, "received_date": pl.Date,
            "amount_cents": pl.Int64, "plb": pl.String,
        },
    ).with_columns(claim_id=pl.lit(None, pl.Int64), payment_id=pl.lit(None, pl.Int64))  # fmt: skip
    return _rows(found, "offset", pl.col("amount_cents"), pl.format("PLB {}", "plb"))


def _interest(payments: pl.LazyFrame) -> pl.DataFrame:
    """First payments that came late by the law that binds the payer, without any interest."""
    payers = read_frame(
        _PAYERS, {"payer_id": pl.Int64, "payer_type": pl.String, "state": pl.String}
    )
    bound = {
        payer: jurisdiction_of(payer_type=kind, state=state) for payer, kind, state in payers.rows()
    }
    with_interest = read_frame(_WITH_INTEREST, {"payment_id": pl.Int64})
    paid = (
        payments.filter(
            pl.col("is_first"),
            pl.col("paid_cents") > 0,
            pl.col("payer_received_date").is_not_null(),
        )
        .join(with_interest.lazy(), on="payment_id", how="anti")
        .collect()
        .with_columns(
            jurisdiction=pl.col("payer_id").replace_strict(
                bound, default=None, return_dtype=pl.String
            )
        )
        .filter(pl.col("jurisdiction").is_not_null())
    )
    items = paid.select(
        item_id="payment_id",
        jurisdiction="jurisdiction",
        received_date="payer_received_date",
        paid_date=pl.coalesce("payment_date", "received_date"),
        net_cents="paid_cents",
        is_electronic=pl.lit(value=True),
    ).select(pl.col(name).cast(kind) for name, kind in ITEM_SCHEMA.items())
    due = prompt_pay_frame(items).filter(pl.col("interest_cents") > 0)
    rows = paid.join(due, left_on="payment_id", right_on="item_id")
    detail = pl.format("{} days late, {}", "late_days", "jurisdiction")
    return _rows(rows, "interest_missing", pl.col("interest_cents"), detail)


def _sequestration(lines: pl.LazyFrame, short: pl.DataFrame) -> pl.DataFrame:
    taken = pl.col("sequestration_cents")
    right = ((pl.col("paid_cents") + taken) * SEQUESTRATION).round() + ROUNDING_CENTS
    found = short.filter(pl.col("finding") == "wrong_sequestration").select(
        "payment_id", "line_index", is_wrong=pl.lit(value=True)
    )
    is_medicare = pl.col("payer_type") == "medicare"
    wrong = (
        lines.filter(taken > 0)
        .join(found.lazy(), on=["payment_id", "line_index"], how="left")
        .filter(pl.col("is_wrong").fill_null(value=False) | (is_medicare & (taken > right)))
    )
    cents = pl.when(is_medicare).then(taken - right.cast(pl.Int64)).otherwise(taken)
    return _rows(wrong, "wrong_sequestration", cents, pl.lit("CO-253"))
