"""Proof that a claim was filed in time: the best that we hold for each claim.

Source: DOMAIN 4.4. Ranks 5 and 6 there (another payer's EOB, paper) are in no file of ours.
"""

from __future__ import annotations

from typing import Final

import polars as pl

FILING_SCHEMA: Final[dict[str, pl.DataType]] = {
    "claim_id": pl.Int64(),
    "payer_id": pl.Int64(),
    "deadline_date": pl.Date(),
}
ANSWER_SCHEMA: Final[dict[str, pl.DataType]] = {
    "claim_id": pl.Int64(),
    "answer_id": pl.Int64(),
    "transaction_id": pl.Int64(),
    "position": pl.Int64(),
    "kind": pl.String(),
    "source_entity": pl.String(),
    "category": pl.String(),
    "action": pl.String(),
    "status_date": pl.Date(),
    "received_date": pl.Date(),
}
REMITTANCE_SCHEMA: Final[dict[str, pl.DataType]] = {
    "claim_id": pl.Int64(),
    "payer_id": pl.Int64(),
    "transaction_id": pl.Int64(),
    "position": pl.Int64(),
    "payment_date": pl.Date(),
}
PROOF_SCHEMA: Final[dict[str, pl.DataType]] = {
    "claim_id": pl.Int64(),
    "rank": pl.Int32(),
    "strength": pl.String(),
    "evidence": pl.String(),
    "proof_date": pl.Date(),
    "answer_id": pl.Int64(),
    "transaction_id": pl.Int64(),
    "position": pl.Int64(),
    "is_inside": pl.Boolean(),
}

PAYER_ACCEPTED, CLEARINGHOUSE_ACCEPTED, REMITTED, PAYER_STATUS = 1, 2, 3, 4
SYNTAX_ACCEPTED: Final = 9
STRENGTHS: Final = {
    PAYER_ACCEPTED: "accepted",
    CLEARINGHOUSE_ACCEPTED: "strong",
    REMITTED: "strong",
    PAYER_STATUS: "medium",
    SYNTAX_ACCEPTED: "weak",
}
EVIDENCE: Final = {
    PAYER_ACCEPTED: "the payer's acceptance (277CA)",
    CLEARINGHOUSE_ACCEPTED: "the clearinghouse's acceptance (277CA)",
    REMITTED: "an earlier remittance of the payer (835)",
    PAYER_STATUS: "the payer's status answer, which knows the claim (277)",
    SYNTAX_ACCEPTED: "the acceptance of the file (999), which most payers do not take as proof",
}
ACCEPTED: Final = ("A1", "A2")
# Of a status answer: received, accepted or split; pending; finalized; information asked for.
KNOWS_THE_CLAIM: Final = r"^(A1|A2|A5|P\d|F\d|R\d)"
REJECTED_ACTION: Final = "U"
FILE_ACCEPTED: Final = ("A", "E")


def proofs_of_filing(
    filings: pl.DataFrame, answers: pl.DataFrame, remittances: pl.DataFrame
) -> pl.DataFrame:
    """Return the best proof of each claim of `filings` that has one, in the order of claims."""
    found = ranked_proofs(filings, answers, remittances)
    return found.unique("claim_id", keep="first", maintain_order=True)


def ranked_proofs(
    filings: pl.DataFrame, answers: pl.DataFrame, remittances: pl.DataFrame
) -> pl.DataFrame:
    """Return all that proves a filing of each claim of `filings`, by claim, the best first.

    `filings`: FILING_SCHEMA, one row per claim, with the payer it was due to and its last day;
    `answers`: ANSWER_SCHEMA, 999 answers with the claim they cover; `remittances`:
    REMITTANCE_SCHEMA, of which those of the filing's payer count.

    A proof dated inside the limit goes before any other (`is_inside`; null while the limit is
    unknown), then the stronger one, then the earlier. `answer_id` is null for remittances.
    """
    found = pl.concat([_of_answers(answers), _of_remittances(filings, remittances)])
    is_inside = pl.col("proof_date") <= pl.col("deadline_date")
    return (
        found.join(filings.select("claim_id", "deadline_date"), on="claim_id", how="inner")
        .with_columns(is_inside=is_inside)
        .sort(
            "claim_id",
            pl.col("is_inside").fill_null(value=True).not_(),
            "rank",
            "proof_date",
            "transaction_id",
            "position",
        )
        .with_columns(
            strength=pl.col("rank").replace_strict(STRENGTHS, return_dtype=pl.String),
            evidence=pl.col("rank").replace_strict(EVIDENCE, return_dtype=pl.String),
        )
        .select(pl.col(name).cast(kind) for name, kind in PROOF_SCHEMA.items())
    )


def _of_answers(answers: pl.DataFrame) -> pl.DataFrame:
    """Return claim_id, rank, proof_date and where it is, for the answers that prove something."""
    kind, category = pl.col("kind"), pl.col("category")
    accepted = (
        (kind == "277CA")
        & category.is_in(ACCEPTED)
        & (pl.col("action").fill_null("") != REJECTED_ACTION)
    )
    rank = (
        pl.when(accepted & (pl.col("source_entity") == "PR"))
        .then(PAYER_ACCEPTED)
        # Whoever is not the payer stands before it: a clearinghouse, named AY or not at all.
        .when(accepted)
        .then(CLEARINGHOUSE_ACCEPTED)
        .when((kind == "277") & category.str.contains(KNOWS_THE_CLAIM))
        .then(PAYER_STATUS)
        .when((kind == "999") & category.is_in(FILE_ACCEPTED))
        .then(SYNTAX_ACCEPTED)
    )
    return (
        answers.select(pl.col(name).cast(dtype) for name, dtype in ANSWER_SCHEMA.items())
        .with_columns(
            rank=rank.cast(pl.Int32), proof_date=pl.coalesce("status_date", "received_date")
        )
        .filter(pl.col("rank").is_not_null(), pl.col("proof_date").is_not_null())
        .select("claim_id", "rank", "proof_date", "answer_id", "transaction_id", "position")
    )


def _of_remittances(filings: pl.DataFrame, remittances: pl.DataFrame) -> pl.DataFrame:
    return (
        remittances.select(pl.col(name).cast(dtype) for name, dtype in REMITTANCE_SCHEMA.items())
        .join(filings.select("claim_id", "payer_id"), on=["claim_id", "payer_id"], how="semi")
        .filter(pl.col("payment_date").is_not_null())
        .select(
            "claim_id",
            pl.lit(REMITTED, pl.Int32).alias("rank"),
            pl.col("payment_date").alias("proof_date"),
            pl.lit(None, pl.Int64).alias("answer_id"),
            "transaction_id",
            "position",
        )
    )
