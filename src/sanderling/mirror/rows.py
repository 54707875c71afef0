"""From facts to rows of the mirror: claims, lines, submissions; what payers decided is beside.

Pure: frames in, frames out, each with the schema of its table. The same facts give the same rows,
whatever other claims are worked out with them.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.core.barriers.decisions import Decisions, decisions
from sanderling.core.barriers.facts import BarrierFacts
from sanderling.core.barriers.tracks import placed_answers
from sanderling.core.codes.codebook import CodeBook
from sanderling.core.ledger import reversals
from sanderling.core.ledger.charges import VOID_FREQUENCY
from sanderling.mirror.decided_rows import outside_rows, payment_rows, remit_line_rows
from sanderling.mirror.loading import Outside, Slice
from sanderling.mirror.tables import TABLES

Rows = dict[str, pl.DataFrame]  # by name of the table
_TRACK: Final = ["claim_id", "sequence"]
_FORWARDING: Final = ["19", "20", "21"]
# Of several claims as sent: to the first payer, the latest version, as the claim's own row has it.
_CURRENT: Final = ["claim_id", "sequence", "sent_date", "order_key", "position"]
_CURRENT_DESCENDING: Final = [False, False, True, True, True]


def rows_of(part: Slice, book: CodeBook) -> Rows:
    """Return the rows of every table that belong to some claims."""
    decided = decisions(part.facts, book)
    sent = part.facts.ledger.submissions.with_columns(
        sent_date=pl.coalesce("submitted_date", "received_date")
    ).join(part.submissions, on="submission_id", how="left")
    about = claims_about(part.claims, sent, part.facts.payers)
    lines = _line_rows(part, sent, about)
    payments = payment_rows(part, decided, about, sent)
    found = {
        "claims": _claim_rows(part, about, lines),
        "lines": lines,
        "submissions": _submission_rows(part, sent, decided, payments, about, book),
        "payments": payments,
        "remit_lines": remit_line_rows(part, decided, payments, lines),
        "ledger": part.ledger,
        "touches": part.touches,
    }
    return {name: shaped(name, frame) for name, frame in found.items()}


def rows_of_none(outside: Outside) -> Rows:
    """Return the rows that belong to no claim."""
    payments, lines = outside_rows(outside)
    found = {"payments": payments, "remit_lines": lines, "ledger": outside.ledger}
    return {name: shaped(name, frame) for name, frame in found.items()}


def shaped(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with exactly the columns of its table."""
    schema = TABLES[name].schema
    return frame.select(pl.col(column).cast(kind) for column, kind in schema.items())


def claims_about(claims: pl.DataFrame, sent: pl.DataFrame, payers: pl.DataFrame) -> pl.DataFrame:
    """Return what the rows of a claim repeat of it: the dimensions of tables.py, by claim."""
    diagnoses = (
        sent.filter(pl.col("diagnosis") != "")
        .sort(_CURRENT, descending=_CURRENT_DESCENDING)
        .unique("claim_id", keep="first", maintain_order=True)
        .select("claim_id", "diagnosis")
    )
    return (
        claims.join(payers.select("payer_id", "payer_type"), on="payer_id", how="left")
        .join(diagnoses, on="claim_id", how="left")
        .with_columns(pl.col("diagnosis").fill_null(""))
    )


def _claim_rows(part: Slice, about: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    ledger = part.facts.ledger
    known = pl.concat(
        [
            frame.select("claim_id", "received_date")
            for frame in (ledger.submissions, ledger.payments, ledger.snapshots)
        ]
    )
    first = known.group_by("claim_id").agg(pl.col("received_date").min())
    counts = lines.group_by("claim_id").agg(line_count=pl.len().cast(pl.Int64))
    return (
        about.join(first, on="claim_id")
        .join(counts, on="claim_id", how="left")
        .with_columns(pl.col("line_count").fill_null(0))
    )


def _line_rows(part: Slice, sent: pl.DataFrame, about: pl.DataFrame) -> pl.DataFrame:
    current = (
        sent.filter(pl.col("frequency").fill_null("") != VOID_FREQUENCY)
        .sort(_CURRENT, descending=_CURRENT_DESCENDING)
        .unique("claim_id", keep="first", maintain_order=True)
        .select("claim_id", "submission_id", "received_date")
    )
    of_claim = about.drop("charge_cents").rename(
        {"rendering_npi": "claim_npi", "service_date": "claim_date"}
    )
    return (
        part.lines.join(current, on="submission_id")
        .join(of_claim, on="claim_id")
        .with_columns(
            rendering_npi=_told("rendering_npi", "claim_npi"),
            service_date=pl.coalesce("service_date", "claim_date"),
            units=pl.col("quantity").cast(pl.Float64, strict=False),
        )
        .unique(["claim_id", "line"], keep="first", maintain_order=True)
    )


def _told(*columns: str) -> pl.Expr:
    """Return the first of the columns that is not empty, else empty."""
    return pl.coalesce(*(pl.when(pl.col(name) != "").then(name) for name in columns), pl.lit(""))


def _submission_rows(
    part: Slice,
    sent: pl.DataFrame,
    decided: Decisions,
    payments: pl.DataFrame,
    about: pl.DataFrame,
    book: CodeBook,
) -> pl.DataFrame:
    of_claim = about.drop("payer_id", "payer_type", "diagnosis", "charge_cents")
    payers = part.facts.payers.select("payer_id", "payer_type")
    return (
        sent.join(of_claim, on="claim_id")
        .join(payers, on="payer_id", how="left")
        .join(_front(part.facts, book), on="submission_id", how="left")
        .join(_answered(sent, payments), on="submission_id", how="left")
        .join(_forwarded(decided), on=_TRACK, how="left")
        .with_columns(
            pl.col("frequency").fill_null(""),
            pl.col("rejected_by", "status_category", "status_code").fill_null(""),
        )
    )


def _front(facts: BarrierFacts, book: CodeBook) -> pl.DataFrame:
    """Return what the front ends said of each claim as sent: accepted, and first rejected, when."""
    answers = placed_answers(facts, book)
    accepted = (
        answers.filter("is_accepted")
        .group_by("submission_id")
        .agg(
            of_payer=pl.col("received_date").filter("is_payers").min(),
            of_any=pl.col("received_date").min(),
        )
        .select("submission_id", accepted_date=pl.coalesce("of_payer", "of_any"))
    )
    by = (
        pl.when(pl.col("kind").is_in(["999", "TA1"]))
        .then(pl.lit("set"))
        .when("is_payers")
        .then(pl.lit("payer"))
        .otherwise(pl.lit("clearinghouse"))
    )
    rejected = (
        answers.filter("is_rejected", pl.col("submission_id").is_not_null())
        .sort("received_date", "transaction_id", "position", "answer_id")
        .unique("submission_id", keep="first", maintain_order=True)
        .select(
            "submission_id",
            "status_category",
            "status_code",
            rejected_date=pl.col("received_date"),
            rejected_by=by,
        )
    )
    return accepted.filter(pl.col("submission_id").is_not_null()).join(
        rejected, on="submission_id", how="full", coalesce=True
    )


def _answered(sent: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """Return when a payer first decided what was sent to it.

    That a claim was sent twice is an answer to a later one only: of the first it decides nothing.
    """
    ordered = sent.sort("claim_id", "sequence", "sent_date", "order_key", "position").select(
        "submission_id", *_TRACK, "sent_date", nth=pl.int_range(pl.len()).over(_TRACK)
    )
    decisive = payments.filter(~pl.col("is_held"), ~pl.col("is_reversal"), "is_decision").select(
        *_TRACK, "is_duplicate", answered_date=pl.col("received_date")
    )
    return (
        ordered.join(decisive, on=_TRACK)
        .filter(
            pl.col("answered_date") >= pl.col("sent_date"),
            ~pl.col("is_duplicate") | (pl.col("nth") > 0),
        )
        .group_by("submission_id")
        .agg(pl.col("answered_date").min())
    )


def _forwarded(decided: Decisions) -> pl.DataFrame:
    """Return, for the payer after, when the payer before first told that it passed the claim on."""
    return (
        decided.payments.filter(
            ~pl.col("is_held"),
            ~pl.col("is_taken_back"),
            pl.col("status") != reversals.REVERSAL_STATUS,
            pl.col("is_forwarded") | pl.col("status").is_in(_FORWARDING),
        )
        .group_by("claim_id", sequence=pl.col("sequence") + 1)
        .agg(forwarded_date=pl.col("received_date").min())
    )
