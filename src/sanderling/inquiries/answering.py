"""Finds the request that a payer's answer (277) is about, and says on it what was answered.

The request knows the claim, so an answer by our trace needs no number of the claim. What is set
follows from all answers of a request, whatever order they came in: the latest that says something
of the claim, else the latest error. Called by intake, in the transaction that keeps the answers.
"""

from __future__ import annotations

from typing import Final

import polars as pl
from django.db import connection

from sanderling.core.identifiers import number_key_expr
from sanderling.core.inquiries.replies import REPLY_COLUMNS, judge_replies
from sanderling.postgres.frames import keep_frame, read_frame

_ERROR_ITSELF: Final = ("E1", "E2")  # the payer's system: worth asking again
_TRACE: Final = r"^SR0*([0-9]{1,18})$"
_ASKED: Final = """
SELECT r.id, r.claim_id, r.client_id, r.submission_id, s.claim_number, r.payer_claim_number,
       s.clearinghouse_trace, s.charge_cents, s.service_from_date
  FROM traced_requests t JOIN inquiries_status_request r ON r.id = t.request_id
  JOIN claims_submission s ON s.id = r.submission_id
"""
_ASKED_COLUMNS: Final = {
    "request_id": pl.Int64,
    "asked_claim_id": pl.Int64,
    "asked_client_id": pl.Int64,
    "asked_submission_id": pl.Int64,
    "asked_number": pl.String,
    "asked_payer_number": pl.String,
    "asked_clearinghouse_trace": pl.String,
    "asked_charge_cents": pl.Int64,
    "asked_service_from_date": pl.Date,
}
# Without our trace: the one open request about the claim, when the payer asked is the one that
# speaks, and charge or day fit.
_BY_NUMBER: Final = """
WITH told AS MATERIALIZED (
    SELECT a.id, a.claim_id, a.source_name, a.charge_cents, a.service_from_date, a.received_date
      FROM claims_answer a
     WHERE a.transaction_id = ANY (%(sets)s) AND a.kind = '277' AND a.level = 'claim'
       AND a.request_id IS NULL AND a.claim_id IS NOT NULL AND NOT a.is_passed_over
), fits AS (
    SELECT told.id, r.id AS request_id,
           count(*) OVER (PARTITION BY told.id) AS requests
      FROM told JOIN inquiries_status_request r ON r.claim_id = told.claim_id
      JOIN claims_submission s ON s.id = r.submission_id
     WHERE r.state = 'asked' AND r.asked_date <= told.received_date
       AND (told.charge_cents IS NULL OR told.charge_cents = s.charge_cents
            OR told.service_from_date = s.service_from_date)
       AND (regexp_replace(upper(s.payer_name), '[^0-9A-Z]', '', 'g')
            = regexp_replace(upper(told.source_name), '[^0-9A-Z]', '', 'g')
            OR NOT EXISTS (SELECT FROM claims_submission o
                            WHERE o.claim_id = s.claim_id AND o.sequence <> s.sequence))
)
UPDATE claims_answer a SET request_id = fits.request_id
  FROM fits WHERE a.id = fits.id AND fits.requests = 1
RETURNING a.request_id
"""
_SETTLE: Final = """
WITH told AS (
    SELECT DISTINCT ON (a.request_id) a.request_id, a.id, a.category, a.received_date
      FROM claims_answer a
     WHERE a.request_id = ANY (%(requests)s) AND a.level = 'claim'
     ORDER BY a.request_id, (a.category LIKE 'E%%'), a.received_date DESC,
              a.status_date DESC NULLS LAST, a.sequence, a.id DESC
)
UPDATE inquiries_status_request r
   SET answer_id = told.id, answered_date = told.received_date,
       state = CASE WHEN told.category = ANY (%(again)s) THEN 'failed'
                    WHEN told.category LIKE 'E%%' THEN 'refused' ELSE 'answered' END
  FROM told WHERE r.id = told.request_id
"""
# An error above the claims is about every request of that file, or of that provider in it.
_WHOLE: Final = """
WITH said AS (
    SELECT DISTINCT ON (e.file_id, e.provider_npi) e.file_id, e.provider_npi, a.id, a.category,
           a.received_date
      FROM whole_errors e JOIN claims_answer a
        ON a.transaction_id = e.transaction_id AND a.position = e.position
     ORDER BY e.file_id, e.provider_npi, a.id DESC
)
UPDATE inquiries_status_request r
   SET answer_id = said.id, answered_date = said.received_date,
       state = CASE WHEN said.category = ANY (%(again)s) THEN 'failed' ELSE 'refused' END
  FROM said JOIN outbox_file f ON f.id = said.file_id AND f.purpose = 'status'
 WHERE r.file_id = said.file_id AND r.state = 'asked'
   AND (said.provider_npi = '' OR EXISTS (
        SELECT FROM claims_submission s
         WHERE s.id = r.submission_id AND s.billing_npi = said.provider_npi))
"""


def with_requests(rows: pl.DataFrame) -> pl.DataFrame:
    """Add request_id, submission_id, is_passed_over and asked_claim_id to rows of answers.

    The rows have the columns of claims_answer and, beside them, claim_index and payer_key; claims
    told under a trace of ours are of the client that was asked for.
    """
    traced = rows.select(
        "transaction_id",
        "claim_index",
        "position",
        "level",
        "status_date",
        "number_key",
        "payer_key",
        "charge_cents",
        "service_from_date",
        clearinghouse_key=number_key_expr("clearinghouse_trace"),
        provider_client_id=pl.col("client_id"),
        request_id=pl.col("trace").str.extract(_TRACE).cast(pl.Int64),
    ).filter(pl.col("request_id").is_not_null(), pl.col("level").is_in(["claim", "line"]))
    asked = _asked(traced["request_id"])
    replies = traced.filter(pl.col("level") == "claim").unique(
        ["transaction_id", "claim_index"], keep="first", maintain_order=True
    )
    verdicts = judge_replies(
        replies.rename({"transaction_id": "answer_set"})
        .join(asked, on="request_id")
        .select(pl.col(name).cast(kind) for name, kind in REPLY_COLUMNS.items())
    ).rename({"answer_set": "transaction_id", "request_id": "asked_request_id"})
    found = verdicts.join(
        asked.select(
            "asked_claim_id",
            "asked_client_id",
            "asked_submission_id",
            asked_request_id=pl.col("request_id"),
        ),
        on="asked_request_id",
    )
    is_chosen = pl.col("verdict") == "chosen"
    return rows.join(
        found, on=["transaction_id", "claim_index"], how="left", maintain_order="left"
    ).with_columns(
        request_id=pl.when(is_chosen).then("asked_request_id"),
        submission_id=pl.when(is_chosen).then("asked_submission_id"),
        is_passed_over=(pl.col("verdict") == "passed_over").fill_null(value=False),
        client_id=pl.coalesce("client_id", "asked_client_id"),
    )


def _asked(request_ids: pl.Series) -> pl.DataFrame:
    """Return what was asked under these traces."""
    wanted = pl.DataFrame({"request_id": request_ids.unique()}, schema={"request_id": pl.Int64})
    if wanted.is_empty():
        found = pl.DataFrame(schema=_ASKED_COLUMNS)
    else:
        keep_frame("traced_requests", {"request_id": "bigint"}, wanted)
        found = read_frame(_ASKED, _ASKED_COLUMNS)
    return found.with_columns(
        asked_number_key=number_key_expr("asked_number"),
        asked_payer_key=number_key_expr("asked_payer_number"),
        asked_clearinghouse_key=number_key_expr("asked_clearinghouse_trace"),
    )


def settle_requests(rows: pl.DataFrame) -> None:
    """Say on the requests what these answers, just kept, say of them."""
    statuses = rows.filter(pl.col("kind") == "277")
    if statuses.is_empty():
        return
    with connection.cursor() as cursor:
        cursor.execute(_BY_NUMBER, {"sets": statuses["transaction_id"].unique().to_list()})
        requests = {request_id for (request_id,) in cursor.fetchall()}
        requests |= set(statuses["request_id"].drop_nulls().to_list())
        again = list(_ERROR_ITSELF)
        if requests:
            cursor.execute(_SETTLE, {"requests": sorted(requests), "again": again})
        if _keep_whole_errors(statuses):
            cursor.execute(_WHOLE, {"again": again})


def _keep_whole_errors(statuses: pl.DataFrame) -> bool:
    """Put errors about a whole file of ours, or a provider in it, aside; say whether there are any.

    The file is named by its reference (BHT03), which the receiver's level repeats.
    """
    errors = statuses.filter(
        pl.col("level").is_in(["source", "receiver", "provider"]),
        pl.col("category").str.starts_with("E"),
    ).select(
        "transaction_id",
        "position",
        file_id=pl.col("batch_reference").str.extract(r"^SL0*([0-9]{1,18})$").cast(pl.Int64),
        provider_npi=pl.when(pl.col("level") == "provider")
        .then(pl.col("provider_npi").fill_null(""))
        .otherwise(pl.lit("")),
    )
    named = errors.filter(pl.col("file_id").is_not_null())
    if named.is_empty():
        return False
    keep_frame(
        "whole_errors",
        {
            "transaction_id": "bigint",
            "position": "int",
            "file_id": "bigint",
            "provider_npi": "text",
        },
        named,
    )
    return True
