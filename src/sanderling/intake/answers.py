"""277CA, 277, 999 and TA1: what a clearinghouse or payer said short of paying."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl
from django.db import connection

from sanderling.core.identifiers import number_key_expr
from sanderling.inquiries.answering import settle_requests, with_requests
from sanderling.intake.parties import Parties
from sanderling.intake.submissions import SetRow, keep_numbers
from sanderling.intake.touched import Touched
from sanderling.postgres.frames import copy_frame, keep_frame, read_frame

_COLUMNS = [
    "transaction_id",
    "claim_id",
    "client_id",
    "kind",
    "level",
    "position",
    "sequence",
    "source_entity",
    "source_name",
    "claim_number",
    "number_key",
    "payer_claim_number",
    "clearinghouse_trace",
    "batch_reference",
    "group_control_number",
    "control_number",
    "category",
    "code",
    "entity",
    "action",
    "status_date",
    "received_date",
    "charge_cents",
    "paid_cents",
    "payment_date",
    "payment_trace",
    "message",
    "trace",
    "service_from_date",
    "request_id",
    "submission_id",
    "is_passed_over",
]
_NUMBERS = {
    "transaction_id": pl.Int64,
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "position": pl.Int64,
    "sequence": pl.Int64,
    "charge_cents": pl.Int64,
    "paid_cents": pl.Int64,
    "status_date": pl.Date,
    "received_date": pl.Date,
    "payment_date": pl.Date,
    "service_from_date": pl.Date,
    "request_id": pl.Int64,
    "submission_id": pl.Int64,
}

_REFUSED: Final = ("R", "M", "W", "X")  # AK901

# A claim is looked for by its number with the provider's client; where the provider is unknown, by
# the number alone if only one client has it; then by the payer's number.
_CLAIMS = """
SELECT w.answer, min(c.id), min(c.client_id)
  FROM wanted_answers w
  JOIN claims_claim c ON c.number_key = w.number_key
   AND (w.client_id IS NULL OR c.client_id = w.client_id) AND c.has_facts
 WHERE w.number_key <> ''
 GROUP BY w.answer HAVING count(*) = 1
UNION ALL
SELECT w.answer, min(n.claim_id), min(n.client_id)
  FROM wanted_answers w
  JOIN claims_claim_number n ON n.key = w.payer_key
   AND (w.client_id IS NULL OR n.client_id = w.client_id)
 WHERE w.payer_key <> ''
   AND NOT EXISTS (SELECT FROM claims_claim c WHERE c.number_key = w.number_key
                      AND (w.client_id IS NULL OR c.client_id = w.client_id) AND c.has_facts)
 GROUP BY w.answer HAVING count(DISTINCT n.claim_id) = 1
"""

WANTED_ANSWER_COLUMNS: Final = {
    "answer": pl.Int64,
    "client_id": pl.Int64,
    "number_key": pl.String,
    "payer_key": pl.String,
}

# The clients whose claims were in the sets that a 999 answers: control numbers are used again after
# a while, so only the latest set of that number that was there before the answer is meant.
_ANSWERED_CLIENTS = """
WITH meant AS (
    SELECT a.transaction_id, t.client_ids,
           rank() OVER (PARTITION BY a.transaction_id, t.group_control_number, t.control_number
                        ORDER BY t.received_date DESC) AS place
      FROM answered_sets a
      JOIN files_transaction_set t ON t.group_control_number = a.group_control_number
       AND (t.control_number = a.control_number OR a.control_number = '')
       AND t.kind LIKE '837%' AND t.status = 'posted'
       AND t.received_date <= a.received_date
)
SELECT transaction_id, array_agg(DISTINCT client_id)
  FROM meant CROSS JOIN LATERAL unnest(client_ids) AS client_id
 WHERE place = 1
 GROUP BY 1
"""
# A 999 that came in before the claims it answers belongs to their clients too.
_EARLY_ANSWERS = """
WITH meant AS (
    SELECT a.transaction_id, array_agg(DISTINCT v.id) AS client_ids
      FROM files_transaction_set t
      JOIN claims_answer a ON a.group_control_number = t.group_control_number
       AND (a.control_number = t.control_number OR a.level = 'group') AND a.kind = '999'
       AND a.received_date >= t.received_date
     CROSS JOIN LATERAL unnest(t.client_ids) AS v(id)
     WHERE t.id = ANY (%s) AND t.group_control_number <> ''
     GROUP BY 1
), told AS (
    UPDATE files_transaction_set t
       SET client_ids = ARRAY(
               SELECT unnest(t.client_ids) UNION SELECT unnest(m.client_ids) ORDER BY 1)
      FROM meant m WHERE t.id = m.transaction_id AND NOT t.client_ids @> m.client_ids
 RETURNING t.id, t.file_id, t.client_ids
), problems AS (
    UPDATE files_problem p SET client_ids = told.client_ids
      FROM told WHERE p.transaction_id = told.id
), grouped AS (
    SELECT file_id, array_agg(DISTINCT v.id) AS client_ids
      FROM told CROSS JOIN LATERAL unnest(told.client_ids) AS v(id) GROUP BY 1
)
UPDATE files_stored_file f
   SET client_ids = ARRAY(SELECT unnest(f.client_ids) UNION SELECT unnest(g.client_ids) ORDER BY 1)
  FROM grouped g WHERE f.id = g.file_id
"""


@dataclass(frozen=True, slots=True)
class AnswerSet:
    """The tables of one 277, 277CA, 999 or TA1, and the stored set they belong to."""

    of: SetRow
    tables: dict[str, pl.DataFrame]


def write_statuses(
    sets: list[AnswerSet], parties: Parties, touched: Touched
) -> dict[int, list[int]]:
    """Store the statuses of 277s and 277CAs; return the clients concerned by set id."""
    if not sets:
        return {}
    rows = pl.concat([_status_rows(answer) for answer in sets])
    clients = [parties.known_client(npi or "", "") for npi in rows["provider_npi"].to_list()]
    rows = rows.with_columns(
        client_id=pl.Series(clients, dtype=pl.Int64),
        number_key=number_key_expr("claim_number"),
        payer_key=number_key_expr("payer_claim_number"),
    )
    rows = _with_claims(with_requests(rows))
    _copy(rows)
    settle_requests(rows)
    numbered = keep_numbers(
        rows.filter(pl.col("claim_id").is_not_null()).select(
            "claim_id", "client_id", pl.lit("payer").alias("kind"), pl.col("payer_key").alias("key")
        )
    )
    touched.numbered(numbered)
    concerned = rows.drop_nulls("client_id").select("transaction_id", "client_id").unique()
    found: dict[int, list[int]] = {}
    for set_id, client_id in concerned.sort("transaction_id", "client_id").iter_rows():
        found.setdefault(set_id, []).append(client_id)
    return found


def _status_rows(answer: AnswerSet) -> pl.DataFrame:
    tables, of = answer.tables, answer.of
    claims = tables["status_claims"].drop("charge_cents", "position", "end_position")
    batch = tables["status_batches"]
    reference = batch["reference"][0] if batch.height else None
    # Of a batch as a whole, the trace of its level names the batch as we sent it (its BHT03).
    quoted = (
        tables["references"]
        .filter(pl.col("loop") == "2200B", pl.col("qualifier") == "TRN")
        .select("position", quoted_batch="value")
        .sort("position")
    )
    # A status of a provider as a whole stands below the provider's name.
    providers = (
        tables["parties"]
        .filter(pl.col("loop") == "2100C", pl.col("id_qualifier") == "XX")
        .select("position", whole_npi="identifier")
        .sort("position")
    )
    is_whole = pl.col("level") == "provider"
    return (
        tables["statuses"]
        .join(claims, on="claim_index", how="left", maintain_order="left")
        .sort("position", maintain_order=True)
        .join_asof(quoted, on="position", strategy="backward")
        .join_asof(providers, on="position", strategy="backward")
        .with_columns(
            provider_npi=pl.coalesce("provider_npi", pl.when(is_whole).then("whole_npi")),
            trace=pl.when(pl.lit(of.kind) == "277").then("trace"),
            batch_reference=pl.coalesce(
                "batch_reference", "quoted_batch", pl.lit(reference, pl.String)
            ),
            kind=pl.lit(of.kind),
            transaction_id=pl.lit(of.id, pl.Int64),
            received_date=pl.lit(of.received_date, pl.Date),
        )
        .drop("quoted_batch", "whole_npi")
    )


def write_acknowledgments(sets: list[AnswerSet]) -> dict[int, list[int]]:
    """Store what 999s and TA1s say of groups and sets; return the clients concerned by set id."""
    if not sets:
        return {}
    rows = pl.concat([_acknowledgment_rows(answer) for answer in sets], how="diagonal")
    _copy(rows)
    keep_frame(
        "answered_sets",
        {
            "transaction_id": "bigint",
            "group_control_number": "text",
            "control_number": "text",
            "received_date": "date",
        },
        rows.with_columns(
            pl.lit("").alias(name)
            for name in ("group_control_number", "control_number")
            if name not in rows.columns
        ).unique(["transaction_id", "group_control_number", "control_number"]),
    )
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED_CLIENTS)
        return {set_id: sorted(clients) for set_id, clients in cursor.fetchall()}


def tell_early_acknowledgments(claim_set_ids: list[int]) -> None:
    """Let 999s that came in before these 837s be seen by the clients of these."""
    if claim_set_ids:
        with connection.cursor() as cursor:
            cursor.execute(_EARLY_ANSWERS, [claim_set_ids])


def _acknowledgment_rows(answer: AnswerSet) -> pl.DataFrame:
    tables, of = answer.tables, answer.of
    if of.kind == "TA1":
        rows = tables["interchange_acks"].select(
            pl.lit("interchange").alias("level"),
            "position",
            "control_number",
            pl.col("status").alias("category"),
            pl.col("note").alias("code"),
            pl.col("sent_date").alias("status_date"),
        )
    else:
        transactions = tables["transaction_acks"].select(
            pl.lit("transaction").alias("level"),
            "position",
            "group_control_number",
            "control_number",
            pl.col("status").alias("category"),
            pl.col("codes").alias("code"),
        )
        errors = _claim_errors(tables["ack_errors"], tables["transaction_acks"])
        groups = _groups_refused(tables["group_acks"], tables["transaction_acks"])
        rows = pl.concat([transactions, errors, groups], how="diagonal")
    return rows.with_columns(
        kind=pl.lit(of.kind),
        transaction_id=pl.lit(of.id, pl.Int64),
        received_date=pl.lit(of.received_date, pl.Date),
    )


def _groups_refused(groups: pl.DataFrame, sets: pl.DataFrame) -> pl.DataFrame:
    """Return the groups that a 999 turns away as a whole, without a word about their sets."""
    refused = groups.filter(pl.col("status").is_in(_REFUSED))
    return refused.join(sets, on="group_control_number", how="anti").select(
        pl.lit("group").alias("level"),
        "position",
        "group_control_number",
        pl.lit("").alias("control_number"),
        pl.col("status").alias("category"),
        pl.lit("").alias("code"),
    )


def _claim_errors(errors: pl.DataFrame, sets: pl.DataFrame) -> pl.DataFrame:
    """Return errors as answers: segment and element errors of a 999, with the claim they name.

    A set that was accepted with errors (IK5*E) went on all the same, and so did its claims.
    """
    names = ["group_control_number", "control_number"]
    accepted = sets.filter(pl.col("status") == "E").select(*names, accepted="status").unique()
    return errors.join(
        accepted, on=names, how="left", nulls_equal=True, maintain_order="left"
    ).select(
        pl.when(pl.col("claim_number").is_not_null())
        .then(pl.lit("claim"))
        .otherwise(pl.lit("transaction"))
        .alias("level"),
        "position",
        "group_control_number",
        "control_number",
        pl.coalesce("accepted", pl.lit("R")).alias("category"),
        pl.coalesce("element_code", "segment_code").fill_null("").alias("code"),
        pl.col("claim_number").fill_null(""),
        number_key_expr("claim_number").alias("number_key"),
        pl.concat_str(
            [
                pl.col("segment").fill_null(""),
                pl.col("element_position").fill_null(""),
                pl.col("element_reference").fill_null(""),
            ],
            separator=" ",
        )
        .str.strip_chars()
        .alias("message"),
    )


def _with_claims(rows: pl.DataFrame) -> pl.DataFrame:
    """Add claim_id: that of the request which is answered, else by the numbers told."""
    rows = rows.with_row_index("answer").with_columns(pl.col("answer").cast(pl.Int64))
    found = claims_of_answers(rows.select(list(WANTED_ANSWER_COLUMNS)))
    rows = rows.join(found, on="answer", how="left", maintain_order="left")
    # Another version of the claim asked about, less like it than the one beside it.
    is_passed_over = (
        pl.col("is_passed_over") & (pl.col("claim_id") == pl.col("asked_claim_id"))
    ).fill_null(value=False)
    return rows.with_columns(
        is_passed_over=is_passed_over,
        claim_id=pl.when(pl.col("request_id").is_not_null())
        .then("asked_claim_id")
        .when(~is_passed_over)
        .then("claim_id"),
        client_id=pl.coalesce("client_id", "found_client_id"),
    )


def claims_of_answers(wanted: pl.DataFrame) -> pl.DataFrame:
    """Return answer, claim_id, found_client_id of the answers whose claim is on hand.

    `wanted`: WANTED_ANSWER_COLUMNS, the numbers normalised.
    """
    keep_frame(
        "wanted_answers",
        {"answer": "bigint", "client_id": "int", "number_key": "text", "payer_key": "text"},
        wanted,
    )
    return read_frame(
        _CLAIMS, {"answer": pl.Int64, "claim_id": pl.Int64, "found_client_id": pl.Int64}
    )


def _copy(rows: pl.DataFrame) -> None:
    complete = rows.with_columns(
        pl.lit(None, _NUMBERS.get(name, pl.String)).alias(name)
        for name in _COLUMNS
        if name not in rows.columns
    )
    copy_frame(
        "claims_answer",
        complete.select(
            pl.col(name) if name in _NUMBERS else pl.col(name).fill_null("") for name in _COLUMNS
        ).with_columns(pl.col("sequence").fill_null(1), _flag("is_passed_over", complete)),
    )


def _flag(name: str, rows: pl.DataFrame) -> pl.Series:
    """Return a column of yes or no as COPY reads it; what nobody said is no."""
    if rows.schema[name] != pl.Boolean:
        return pl.Series(name, ["false"] * rows.height, dtype=pl.String)
    return rows[name].fill_null(value=False).cast(pl.String)
