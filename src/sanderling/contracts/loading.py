"""Remittance lines of some claims as they are compared, and the billed lines they are priced by.

A payment answers one claim as sent (`core.contracts.answered`). All lines of that claim are priced
together; where no claim as sent is known, the lines of the remittance are. The one loader of lines:
variances ask it of many claims, the price of one claim of that one (`claim_lines`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from sanderling.core.contracts.allowed import allowed_lines
from sanderling.core.contracts.answered import answered_submissions, last_sent
from sanderling.core.contracts.frames import FACILITY_PLACES
from sanderling.core.ledger.facts import ClaimFacts
from sanderling.core.ledger.lines import match_lines
from sanderling.core.ledger.payments import ordered_payments, standing_payments
from sanderling.postgres.frames import read_frame
from sanderling.remits.facts import Loaded, given, load_priced_facts, priced_facts_of

_CLAIMS: Final = """
SELECT c.id, c.client_id, c.kind, c.payer_id, upper(c.plan), c.rendering_npi, c.service_from_date,
       c.service_to_date
  FROM posted_claims t JOIN claims_claim c ON c.id = t.claim_id
"""
_CLAIM_COLUMNS: Final = {
    "claim_id": pl.Int64, "client_id": pl.Int64, "kind": pl.String, "first_payer_id": pl.Int64,
    "plan": pl.String, "claim_npi": pl.String, "from_day": pl.Date, "to_day": pl.Date,
}  # fmt: skip
_SENT: Final = """
SELECT s.claim_id, s.id, s.facility_code, s.principal_diagnosis,
       coalesce(s.service_from_date, c.service_from_date),
       coalesce(s.service_to_date, c.service_to_date)
  FROM posted_claims t JOIN claims_submission s USING (claim_id)
  JOIN claims_claim c ON c.id = s.claim_id
"""
_SENT_COLUMNS: Final = {
    "claim_id": pl.Int64, "submission_id": pl.Int64, "facility_code": pl.String,
    "diagnosis": pl.String, "sent_from_day": pl.Date, "sent_to_day": pl.Date,
}  # fmt: skip
_SENT_LINES: Final = """
SELECT l.submission_id, l.line, l.revenue_code, l.quantity, l.unit, l.place_of_service,
       l.rendering_npi
  FROM posted_claims t JOIN claims_submission_line l USING (claim_id)
"""
_SENT_LINE_COLUMNS: Final = {
    "submission_id": pl.Int64, "line": pl.Int64, "revenue_code": pl.String, "quantity": pl.String,
    "unit": pl.String, "place_of_service": pl.String, "rendering_npi": pl.String,
}  # fmt: skip
_PAID: Final = """
SELECT p.id, p.facility_code, p.drg, p.service_from_date, p.statement_from_date
  FROM posted_claims t JOIN remits_claim_payment p USING (claim_id)
"""
_PAID_COLUMNS: Final = {
    "payment_id": pl.Int64, "paid_facility_code": pl.String, "drg": pl.String,
    "paid_day": pl.Date, "statement_day": pl.Date,
}  # fmt: skip
_PAID_LINES: Final = """
SELECT s.payment_id, s.line_index, s.revenue_code, s.units_paid, s.submitted_units, s.allowed_cents,
       s.procedure, s.modifiers
  FROM posted_claims t
  JOIN remits_claim_payment p USING (claim_id)
  JOIN remits_service_payment s ON s.payment_id = p.id
"""
_PAID_LINE_COLUMNS: Final = {
    "payment_id": pl.Int64, "line_index": pl.Int64, "paid_revenue_code": pl.String,
    "units_paid": pl.String, "units_billed": pl.String, "stated_allowed_cents": pl.Int64,
    "paid_code": pl.String, "paid_modifiers": pl.String,
}  # fmt: skip
_PLACE: Final = ["group_id", "line"]


@dataclass(frozen=True, slots=True)
class Lines:
    """Some claims, ready to be priced and compared.

    - paid: one row for each remittance line (core.contracts.allowed.ALLOWED) with claim_id,
      client_id, payer_id, group_id, line, paid_code, paid_modifiers, paid_units, received_date,
      payment_date, payment_order.
    - billed: what it is priced by: group_id, line and the columns of core.contracts.frames.LINES
      but contract_id, with client_id, payer_id, plan, rendering_npi, and answer_order: the
      payment_order of the latest standing answer to the group (null: it has none).
    """

    paid: pl.DataFrame
    billed: pl.DataFrame


Read = Callable[[str, dict[str, Any]], pl.DataFrame]


def load_lines(claim_ids: list[int], as_of: date) -> Lines:
    """Return the answered lines of many claims as known at the end of a day; in a transaction."""
    return _lines(load_priced_facts(claim_ids), read_frame, as_of, also_unanswered=False)


def lines_of(claim_ids: list[int], as_of: date) -> Lines:
    """Return the lines of a few claims, also unanswered ones as they were sent last: for pages."""

    def read(query: str, columns: dict[str, Any]) -> pl.DataFrame:
        return read_frame(given(query), columns, [claim_ids])

    return _lines(priced_facts_of(claim_ids), read, as_of, also_unanswered=True)


def _lines(loaded: Loaded, read: Read, as_of: date, *, also_unanswered: bool) -> Lines:
    facts = _known(loaded.facts, as_of)
    claims = read(_CLAIMS, _CLAIM_COLUMNS)
    payments = _payments(facts, loaded, claims, read)
    answered = _answered(facts.submissions, payments)
    groups = _groups(payments, answered)
    if also_unanswered:
        waiting = _unanswered(facts.submissions, groups, claims)
        answered = pl.concat([answered, waiting], how="diagonal_relaxed")
        groups = pl.concat([groups, waiting.drop("submission_id")], how="diagonal_relaxed")
    details = _paid_details(facts, read)
    billed = _billed(facts, answered, details, read)
    paid = _paid(facts, payments, answered, billed, details)
    return Lines(paid=paid, billed=_with_groups(billed, groups, claims))


def _known(facts: ClaimFacts, as_of: date) -> ClaimFacts:
    return ClaimFacts(
        submissions=facts.submissions.filter(pl.col("received_date") <= as_of),
        submission_lines=facts.submission_lines,
        coverages=facts.coverages,
        payments=facts.payments.filter(pl.col("received_date") <= as_of),
        payment_lines=facts.payment_lines,
        adjustments=facts.adjustments,
        snapshots=facts.snapshots,
        write_offs=facts.write_offs,
        refunds=facts.refunds,
        transfers=facts.transfers,
    )


def _payments(facts: ClaimFacts, loaded: Loaded, claims: pl.DataFrame, read: Read) -> pl.DataFrame:
    """Return the claim payments with who decided, and whether the decision stands."""
    ordered = ordered_payments(facts)
    standing, _ = standing_payments(facts, ordered)
    taken_back = ordered.select(pl.col("reverses_payment_id").alias("payment_id")).drop_nulls()
    stands = standing.join(taken_back, on="payment_id", how="anti")["payment_id"]
    more = read(_PAID, _PAID_COLUMNS)
    return (
        ordered.with_columns(stands=pl.col("payment_id").is_in(stands.implode()))
        .join(loaded.payment_details, on="payment_id", how="left")
        .join(more, on="payment_id", how="left")
        .join(claims, on="claim_id", how="left")
        .with_columns(payer_id=pl.coalesce("payer_id", "first_payer_id"))
    )


def _answered(submissions: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """Return payment_id, submission_id (null: none known) and group_id."""
    return (
        payments.select("payment_id")
        .join(answered_submissions(submissions, payments), on="payment_id", how="left")
        .with_columns(group_id=pl.coalesce("submission_id", -pl.col("payment_id")))
    )


def _unanswered(
    submissions: pl.DataFrame, groups: pl.DataFrame, claims: pl.DataFrame
) -> pl.DataFrame:
    """Return claim_id, submission_id, group_id, payer_id of claims to which no answer stands."""
    return (
        last_sent(submissions)
        .join(groups, on="claim_id", how="anti")
        .join(claims.select("claim_id", payer_id="first_payer_id"), on="claim_id")
        .with_columns(group_id="submission_id")
    )


def _billed(
    facts: ClaimFacts, answered: pl.DataFrame, details: pl.DataFrame, read: Read
) -> pl.DataFrame:
    """Return the lines of the groups: as sent, else as the remittance has them."""
    more = read(_SENT_LINES, _SENT_LINE_COLUMNS)
    sent = (
        facts.submission_lines.join(
            answered.select("submission_id").drop_nulls().unique(), on="submission_id", how="semi"
        )
        .join(more, on=["submission_id", "line"], how="left")
        .join(read(_SENT, _SENT_COLUMNS).drop("claim_id"), on="submission_id", how="left")
        .with_columns(
            group_id=pl.col("submission_id"),
            place_of_service=pl.when(pl.col("place_of_service").fill_null("") == "")
            .then("facility_code").otherwise("place_of_service"),
            units=pl.col("quantity").cast(pl.Float64, strict=False),
        )
    )  # fmt: skip
    bare = answered.filter(pl.col("submission_id").is_null())
    paid = details.join(bare, on="payment_id").select(
        "group_id", "charge_cents", "revenue_code", "diagnosis", "line_control_number",
        "service_from_date", line="line_index", units="paid_units",
        procedure=pl.coalesce("submitted_procedure", "procedure"),
        modifiers=pl.coalesce("submitted_modifiers", "modifiers"),
        place_of_service=pl.lit(""), rendering_npi=pl.lit(""), unit=pl.lit("UN"),
        sent_from_day=pl.lit(None, pl.Date), sent_to_day=pl.lit(None, pl.Date),
    )  # fmt: skip
    return pl.concat([sent.select(paid.columns), paid]).with_columns(
        pl.col("procedure", "modifiers", "revenue_code", "diagnosis").fill_null("")
    )


def _paid_details(facts: ClaimFacts, read: Read) -> pl.DataFrame:
    """Return the remittance lines with units and what the payer states beside the amounts."""
    more = read(_PAID_LINES, _PAID_LINE_COLUMNS)
    known = facts.payment_lines.join(
        facts.payments.select("payment_id"), on="payment_id", how="semi"
    )
    return known.join(more, on=["payment_id", "line_index"], how="left").with_columns(
        revenue_code=pl.col("paid_revenue_code").fill_null(""),
        diagnosis=pl.lit(""),
        paid_units=_number("units_paid"),
        billed_units=_number("units_billed"),
    )


def _number(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64, strict=False)


def _paid(
    facts: ClaimFacts,
    payments: pl.DataFrame,
    answered: pl.DataFrame,
    billed: pl.DataFrame,
    details: pl.DataFrame,
) -> pl.DataFrame:
    judged = allowed_lines(details, _adjustments(facts), payments)
    matched = _matched(details, answered, billed)
    head = payments.select(
        "payment_id", "claim_id", "client_id", "payer_id", "payment_order", "received_date",
        "payment_date",
    )  # fmt: skip
    rows = (
        judged.join(
            details.select("payment_id", "line_index", "paid_code", "paid_modifiers", "paid_units"),
            on=["payment_id", "line_index"], how="left",
        )
        .join(matched, on=["payment_id", "line_index"], how="left")
        .join(answered.select("payment_id", "group_id"), on="payment_id")
        .join(head, on="payment_id")
        .with_columns(
            pl.col("line").fill_null(0), pl.col("paid_code", "paid_modifiers").fill_null("")
        )
    )  # fmt: skip
    return _latest(_joined_parts(rows))


def _adjustments(facts: ClaimFacts) -> pl.DataFrame:
    return facts.adjustments.join(facts.payments.select("payment_id"), on="payment_id", how="semi")


def _matched(details: pl.DataFrame, answered: pl.DataFrame, billed: pl.DataFrame) -> pl.DataFrame:
    """Return payment_id, line_index, line: the billed line of each remittance line."""
    keyed = details.join(answered.select("payment_id", claim_id="group_id"), on="payment_id")
    known = billed.with_columns(
        claim_id="group_id",
        procedure=pl.when(pl.col("procedure") == "").then("revenue_code").otherwise("procedure"),
    )
    return match_lines(keyed, known)


def _joined_parts(rows: pl.DataFrame) -> pl.DataFrame:
    """Put together what a payer split off one billed line: it has one price."""
    key = ["payment_id", "line"]
    several = (pl.len().over(key) > 1) & (pl.col("line") > 0) & (pl.col("line_index") > 0)
    parts = rows.filter(several)
    if parts.is_empty():
        return rows
    summed = [name for name in rows.columns if name.endswith("_cents")] + ["paid_units"]
    kept = [name for name in rows.columns if name not in {*key, *summed, "excluded"}]
    one = parts.sort("line_index").group_by(key, maintain_order=True).agg(
        *(pl.col(name).sum() for name in summed),
        *(pl.col(name).first() for name in kept),
        excluded=pl.col("excluded").sort_by(pl.col("excluded") == "").first(),
    )  # fmt: skip
    return pl.concat([rows.filter(~several), one.select(rows.columns)])


def _latest(rows: pl.DataFrame) -> pl.DataFrame:
    """Leave out decisions on a line that the same payer decided again later without reversal."""
    comparable = (pl.col("excluded") == "") & (pl.col("line") > 0)
    is_last = pl.col("payment_order") == pl.col("payment_order").max().over("claim_id", "line")
    kept = rows.filter(comparable).filter(is_last)
    return pl.concat([rows.filter(~comparable), kept])


def _groups(payments: pl.DataFrame, answered: pl.DataFrame) -> pl.DataFrame:
    """Return the groups that the first payer has answered, each with its latest answer."""
    return (
        payments.filter(pl.col("stands") & (pl.col("sequence") == 1))
        .sort("payment_order")
        .join(answered.select("payment_id", "group_id"), on="payment_id", maintain_order="left")
        .unique("group_id", keep="last", maintain_order=True)
        .select("group_id", "claim_id", "payer_id", "paid_facility_code", "drg", "paid_day",
                "statement_day", "rendering_npi", answer_order="payment_order")
    )  # fmt: skip


def _with_groups(billed: pl.DataFrame, groups: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    place = pl.when(pl.col("place_of_service") == "").then(
        pl.col("paid_facility_code").fill_null("")
    ).otherwise("place_of_service")  # fmt: skip
    npi = pl.coalesce(
        *(
            pl.when(pl.col(name) != "").then(name)
            for name in ("rendering_npi", "paid_npi", "claim_npi")
        )
    )
    joined = (
        billed.join(
            groups.rename({"rendering_npi": "paid_npi"}), on="group_id", how="inner"
        )
        .join(claims, on="claim_id", how="left")
    )  # fmt: skip
    return joined.with_columns(
        place_of_service=place.str.slice(0, 2),
        rendering_npi=npi.fill_null(""),
        drg=pl.col("drg").fill_null(""),
        service_date=pl.coalesce("service_from_date", "paid_day", "statement_day", "from_day"),
        days=(
            pl.coalesce("sent_to_day", "to_day") - pl.coalesce("sent_from_day", "from_day")
        ).dt.total_days(),
        discharge_status=pl.lit(""),
        provider_class=pl.lit(""),
        is_facility=pl.lit(None, pl.Boolean),
        claim_charge_cents=pl.col("charge_cents").sum().over("group_id"),
        units=pl.when(pl.col("units") > 0).then("units").otherwise(1.0),
    )


def setting() -> pl.Expr:
    """Return what prices depend on beside the code: facility or not, or the type of bill."""
    professional = pl.when(pl.col("place_of_service").is_in(sorted(FACILITY_PLACES))).then(
        pl.lit("F")
    ).otherwise(pl.lit("N"))  # fmt: skip
    return pl.when(pl.col("kind") == "I").then("place_of_service").otherwise(professional)
