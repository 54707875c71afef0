"""Facts of claims as they were sent, for edit rules: out of submissions, for the worker."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

import polars as pl

from sanderling.core.trends.edits import FACTS, LINES, facts_of
from sanderling.postgres.frames import read_frame

# The first claim of each to its first payer; corrected ones are another matter.
_SENT: Final = """
SELECT DISTINCT ON (s.claim_id) s.claim_id, s.id, s.client_id,
       coalesce(s.submitted_date, s.received_date), s.received_date, coalesce(s.payer_id, 0),
       s.kind, c.plan, c.location, coalesce(nullif(s.rendering_npi, ''), c.rendering_npi),
       s.facility_code, s.principal_diagnosis,
       s.prior_authorization = '', s.group_number = '' AND s.group_name = '', s.member_id = '',
       s.rendering_npi = '', s.charge_cents
  FROM claims_submission s JOIN claims_claim c ON c.id = s.claim_id
 WHERE s.client_id = ANY (%s) AND s.sequence = 1 AND s.frequency = '1' AND s.received_date >= %s
   AND (%s::int IS NULL OR s.payer_id = %s)
 ORDER BY s.claim_id, s.received_date, s.id
"""
_SENT_COLUMNS: Final = {
    "claim_id": pl.Int64,
    "submission_id": pl.Int64,
    "client_id": pl.Int64,
    "sent_date": pl.Date,
    "received_date": pl.Date,
    "payer_id": pl.Int64,
    "form": pl.String,
    "plan": pl.String,
    "location": pl.String,
    "provider": pl.String,
    "place_of_service": pl.String,
    "diagnosis": pl.String,
    "authorization": pl.Boolean,
    "group": pl.Boolean,
    "member": pl.Boolean,
    "rendering": pl.Boolean,
    "charge_cents": pl.Int64,
}
_SENT_LINES: Final = """
SELECT claim_id, procedure, modifiers FROM claims_submission_line
 WHERE submission_id = ANY (%s) AND procedure <> ''
"""
# What a rule may say is missing; the words stand in `words.MISSING`.
MISSING: Final = ("authorization", "group", "member", "rendering")
_PLAIN: Final = ("form", "plan", "location", "provider", "place_of_service")


def sent_claims(
    client_ids: Collection[int], payer_id: int | None, *, from_date: date
) -> pl.DataFrame:
    """Return the claims as sent for the first time that were received since the day."""
    return read_frame(_SENT, _SENT_COLUMNS, [sorted(client_ids), from_date, payer_id, payer_id])


def facts_of_claims(sent: pl.DataFrame) -> pl.DataFrame:
    """Return all facts of these claims (FACTS)."""
    if sent.is_empty():
        return pl.DataFrame(schema=dict(FACTS))
    lines = read_frame(_SENT_LINES, LINES, [sent["submission_id"].to_list()])
    plain = [
        sent.filter(pl.col(name) != "").select("claim_id", field=pl.lit(name), value=pl.col(name))
        for name in _PLAIN
    ]
    payer = sent.select("claim_id", field=pl.lit("payer"), value=pl.col("payer_id").cast(pl.String))
    client = sent.select(
        "claim_id", field=pl.lit("client"), value=pl.col("client_id").cast(pl.String)
    )
    diagnosis = sent.filter(pl.col("diagnosis") != "")
    diagnoses = [
        diagnosis.select("claim_id", field=pl.lit("diagnosis"), value=pl.col("diagnosis")),
        diagnosis.select(
            "claim_id",
            field=pl.lit("diagnosis_group"),
            value=pl.col("diagnosis").str.slice(0, 3),
        ),
    ]
    missing = [
        sent.filter(pl.col(name)).select("claim_id", field=pl.lit("missing"), value=pl.lit(name))
        for name in MISSING
    ]
    return pl.concat([*plain, payer, client, *diagnoses, *missing, facts_of(lines)])
