"""837: claims as sent become claims, submissions, lines, coverages and diagnoses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import connection

from sanderling.core.codes.carc import COST_SHARE
from sanderling.core.identifiers import number_key_expr
from sanderling.intake.parties import Parties
from sanderling.intake.touched import Touched
from sanderling.postgres.frames import copy_frame, keep_frame, read_frame, reserve_ids

_SEQUENCES = {"P": 1, "S": 2, "T": 3}
_LATER_SEQUENCE = 3  # A to H: fourth payer and later, kept with the third


@dataclass(frozen=True, slots=True)
class SetRow:
    """The stored transaction set that rows belong to."""

    id: int
    kind: str
    order_key: str
    received_date: date


def write_claims(
    tables: dict[str, pl.DataFrame],
    of: SetRow,
    held: set[int],
    parties: Parties,
    touched: Touched,
) -> pl.DataFrame:
    """Store one batch of an 837; return client_id, charge_cents of its claims.

    `held`: claim_index of claims that cannot be posted as they stand; they are left out.
    """
    claims = tables["claims"].filter(
        pl.col("claim_number").is_not_null(),
        pl.col("charge_cents").is_not_null(),
        ~pl.col("claim_index").is_in(sorted(held)),
    )
    if claims.is_empty():
        return pl.DataFrame(schema={"client_id": pl.Int64, "charge_cents": pl.Int64})
    claims = parties.with_clients(claims, "billing_npi", "billing_tin", "billing_name")
    claims = parties.with_payers(claims)
    batch = tables["batches"]
    submitted_date = batch["created_date"][0] if batch.height else None
    reference = batch["reference"][0] if batch.height else None
    claims = claims.with_columns(
        number_key=number_key_expr("claim_number"),
        sequence=_sequence("payer_sequence"),
        kind=pl.lit(of.kind[-1]),
        submitted_date=pl.coalesce(
            pl.lit(submitted_date, pl.Date), pl.lit(of.received_date, pl.Date)
        ),
        batch_reference=pl.lit(reference, pl.String),
        has_others=pl.col("claim_index").is_in(tables["coverages"]["claim_index"].to_list()),
    )
    claims = _with_claim_ids(claims, touched)
    ids = reserve_ids("claims_submission", claims.height)
    claims = claims.with_columns(submission_id=pl.Series(list(ids), dtype=pl.Int64))
    others = parties.with_payers(tables["coverages"]).with_columns(
        sequence=_sequence("payer_sequence")
    )
    prior = _prior_payers(tables, claims)
    copy_frame("claims_submission", _submissions(claims, prior, of))
    head = claims.select("claim_index", "submission_id", "claim_id", "client_id")
    copy_frame("claims_submission_line", _lines(tables["claim_lines"], head))
    copy_frame("claims_coverage", _coverages(claims, others, head))
    copy_frame("claims_diagnosis", _diagnoses(tables["diagnoses"], head))
    touched.numbered(_keep_numbers(claims))
    return claims.select("client_id", "charge_cents")


def _sequence(column: str) -> pl.Expr:
    return (
        pl.col(column)
        .fill_null("P")
        .replace_strict(_SEQUENCES, default=_LATER_SEQUENCE, return_dtype=pl.Int64)
    )


def _with_claim_ids(claims: pl.DataFrame, touched: Touched) -> pl.DataFrame:
    """Return `claims` with claim_id: the client's claim of that number, created when new."""
    wanted = claims.select("client_id", pl.col("claim_number").alias("number")).unique()
    keep_frame("wanted_claims", {"client_id": "int", "number": "text"}, wanted)
    known = read_frame(
        "SELECT c.id, c.client_id, c.number,"
        " NOT EXISTS (SELECT FROM claims_submission s WHERE s.claim_id = c.id)"
        " FROM wanted_claims w JOIN claims_claim c USING (client_id, number)",
        {
            "claim_id": pl.Int64,
            "client_id": pl.Int64,
            "claim_number": pl.String,
            "is_first_submission": pl.Boolean,
        },
    )
    touched.claims(known["claim_id"])
    touched.derive(known["claim_id"])
    touched.born(known.filter("is_first_submission")["claim_id"])
    on = ["client_id", "claim_number"]
    latest = claims.sort("position").unique(on, keep="last", maintain_order=True)
    new = latest.join(known, on=on, how="anti")
    ids = reserve_ids("claims_claim", new.height)
    new = new.with_columns(claim_id=pl.Series(list(ids), dtype=pl.Int64))
    copy_frame("claims_claim", _claim_rows(new))
    touched.claims(new["claim_id"])
    touched.born(new["claim_id"])
    several = claims.filter(pl.len().over(on) > 1).join(new, on=on, how="semi")
    all_known = pl.concat([known.select("claim_id", *on), new.select("claim_id", *on)])
    found = claims.join(all_known, on=on, how="left", maintain_order="left")
    # What follows from more than this one submission is derived from all facts afterwards.
    is_simple = (pl.col("sequence") == 1) & ~pl.col("has_others")
    touched.derive(found.filter(~is_simple)["claim_id"])
    touched.derive(found.join(several, on=on, how="semi")["claim_id"])
    return found


def _text(column: str) -> pl.Expr:
    return pl.col(column).fill_null("")


def _claim_rows(claims: pl.DataFrame) -> pl.DataFrame:
    """Return rows of claims_claim for claims met for the first time."""
    return claims.select(
        pl.col("claim_id").alias("id"),
        "client_id",
        pl.col("claim_number").alias("number"),
        "number_key",
        "kind",
        pl.when(pl.col("sequence") == 1).then("payer_key").alias("payer_id"),
        pl.coalesce("group_name", "group_number").fill_null("").alias("plan"),
        _text("patient_last_name"),
        _text("patient_first_name"),
        "patient_birth_date",
        _text("subscriber_id").alias("member_id"),
        _text("billing_npi"),
        _text("rendering_npi"),
        _text("rendering_name"),
        pl.coalesce("facility_name", "facility_code").fill_null("").alias("location"),
        "service_from_date",
        "service_to_date",
        pl.col("submitted_date").alias("first_billed_date"),
        pl.col("submitted_date").alias("last_billed_date"),
        "charge_cents",
        pl.lit(value=True).alias("has_facts"),
    )


def _submissions(claims: pl.DataFrame, prior: pl.DataFrame, of: SetRow) -> pl.DataFrame:
    return claims.join(prior, on="claim_index", how="left", maintain_order="left").select(
        pl.col("submission_id").alias("id"),
        "claim_id",
        "client_id",
        pl.lit(of.id).alias("transaction_id"),
        "position",
        "end_position",
        pl.lit(of.order_key).alias("order_key"),
        "kind",
        "claim_number",
        "sequence",
        pl.col("frequency").fill_null("1"),
        "submitted_date",
        pl.lit(of.received_date).alias("received_date"),
        _text("batch_reference"),
        pl.col("payer_key").alias("payer_id"),
        _text("payer_name"),
        _text("payer_id").alias("payer_code"),
        _text("filing_indicator"),
        _text("group_number"),
        _text("group_name"),
        _text("subscriber_id").alias("member_id"),
        _text("patient_last_name"),
        _text("patient_first_name"),
        "patient_birth_date",
        _text("billing_npi"),
        _text("billing_name"),
        _text("rendering_npi"),
        _text("rendering_name"),
        _text("facility_code"),
        _text("facility_name"),
        _text("original_reference"),
        _text("clearinghouse_trace"),
        _text("prior_authorization"),
        _text("principal_diagnosis"),
        "service_from_date",
        "service_to_date",
        "charge_cents",
        "patient_paid_cents",
        "prior_paid_cents",
        "prior_contractual_cents",
        "prior_share_cents",
    )


def _prior_payers(tables: dict[str, pl.DataFrame], claims: pl.DataFrame) -> pl.DataFrame:
    """Return what the payers before the destination did: claim_index and three sums of cents."""
    earlier = (
        tables["coverages"]
        .with_columns(other_sequence=_sequence("payer_sequence"))
        .join(claims.select("claim_index", "sequence"), on="claim_index")
        .filter(pl.col("other_sequence") < pl.col("sequence"))
    )
    paid = earlier.group_by("claim_index").agg(prior_paid_cents=pl.col("paid_cents").sum())
    # The amount paid is in AMT*D of the claim, or only line by line in SVD.
    by_line = (
        tables["prior_payments"]
        .join(earlier.select("claim_index", "coverage_index"), on=["claim_index", "coverage_index"])
        .group_by("claim_index")
        .agg(line_paid_cents=pl.col("paid_cents").sum())
    )
    told = earlier.filter(pl.col("paid_cents").is_not_null()).select("claim_index").unique()
    rows = tables["adjustments"].join(
        earlier.select("claim_index", "coverage_index"), on=["claim_index", "coverage_index"]
    )
    is_share = (pl.col("group_code") == "PR") & pl.col("reason_code").is_in(sorted(COST_SHARE))
    sums = rows.group_by("claim_index").agg(
        prior_contractual_cents=pl.col("amount_cents").filter(pl.col("group_code") == "CO").sum(),
        prior_share_cents=pl.col("amount_cents").filter(is_share).sum(),
    )
    return (
        paid.join(by_line, on="claim_index", how="left")
        .join(told.with_columns(is_told=pl.lit(value=True)), on="claim_index", how="left")
        .with_columns(
            prior_paid_cents=pl.when("is_told")
            .then("prior_paid_cents")
            .otherwise("line_paid_cents")
        )
        .join(sums, on="claim_index", how="left")
        .select("claim_index", "prior_paid_cents", "prior_contractual_cents", "prior_share_cents")
    )


def _lines(lines: pl.DataFrame, head: pl.DataFrame) -> pl.DataFrame:
    return (
        lines.join(head, on="claim_index")
        .filter(pl.col("line_index") > 0)
        .select(
            "submission_id",
            "claim_id",
            "client_id",
            pl.col("line_index").alias("line"),
            "position",
            _text("procedure"),
            _text("modifiers"),
            _text("revenue_code"),
            _text("description"),
            pl.col("charge_cents").fill_null(0),
            _text("quantity"),
            _text("unit"),
            _text("place_of_service"),
            _text("diagnosis_pointers"),
            "service_from_date",
            "service_to_date",
            _text("line_control_number"),
            _text("rendering_npi"),
        )
    )


def _coverages(claims: pl.DataFrame, others: pl.DataFrame, head: pl.DataFrame) -> pl.DataFrame:
    destination = claims.select(
        "submission_id",
        "claim_id",
        "client_id",
        "sequence",
        pl.lit(value=True).alias("is_destination"),
        pl.col("payer_key"),
        _text("payer_name"),
        _text("payer_id").alias("payer_code"),
        _text("filing_indicator"),
        _text("group_number"),
        _text("subscriber_id").alias("member_id"),
        pl.lit(None, pl.Int64).alias("paid_cents"),
        pl.lit(None, pl.Date).alias("adjudication_date"),
        _text("msp_type"),
    )
    other = others.join(head, on="claim_index").select(
        "submission_id",
        "claim_id",
        "client_id",
        "sequence",
        pl.lit(value=False).alias("is_destination"),
        pl.col("payer_key"),
        _text("payer_name"),
        _text("payer_id").alias("payer_code"),
        _text("filing_indicator"),
        _text("group_number"),
        _text("subscriber_id").alias("member_id"),
        "paid_cents",
        "adjudication_date",
        _text("msp_type"),
    )
    return pl.concat([destination, other]).rename({"payer_key": "payer_id"})


def _diagnoses(diagnoses: pl.DataFrame, head: pl.DataFrame) -> pl.DataFrame:
    return (
        diagnoses.join(head, on="claim_index")
        .filter(pl.col("code").is_not_null())
        .select(
            "submission_id",
            "claim_id",
            "client_id",
            pl.col("sequence").fill_null(0),
            _text("qualifier"),
            "code",
        )
    )


def _keep_numbers(claims: pl.DataFrame) -> pl.Series:
    """Remember the payer's number that a replacement or void names (REF*F8)."""
    named = claims.filter(_text("original_reference") != "").select(
        "claim_id",
        "client_id",
        pl.lit("payer").alias("kind"),
        number_key_expr("original_reference").alias("key"),
    )
    return keep_numbers(named)


def keep_numbers(numbers: pl.DataFrame) -> pl.Series:
    """Store numbers (claim_id, client_id, kind, key) that claims are known by, each once.

    Returns the ids of claims that were not known by them.
    """
    named = numbers.filter(pl.col("key") != "").unique()
    if named.is_empty():
        return pl.Series(dtype=pl.Int64)
    keep_frame(
        "new_numbers",
        {"claim_id": "bigint", "client_id": "int", "kind": "text", "key": "text"},
        named,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO claims_claim_number (claim_id, client_id, kind, key)"
            " SELECT claim_id, client_id, kind, key FROM new_numbers"
            " ON CONFLICT DO NOTHING RETURNING claim_id"
        )
        return pl.Series([row[0] for row in cursor.fetchall()], dtype=pl.Int64)
