"""835: a remittance becomes claim payments, service payments, adjustments and remarks.

Each claim payment is matched to a claim (core.matching); where none is on hand, a claim is born
from the remittance under the number the payer quotes.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from sanderling.core.identifiers import number_key_expr
from sanderling.core.matching import match_payments
from sanderling.intake.parties import Parties
from sanderling.intake.submissions import SetRow, keep_numbers
from sanderling.intake.touched import Touched
from sanderling.postgres.frames import copy_frame, keep_frame, read_frame, reserve_ids

_FORWARDED_STATUSES = ["19", "20", "21"]
_CROSSOVER_REMARKS = ["MA18", "MA07", "N89"]

# Candidates for a claim payment: by number and by any number the claim was ever known by (the
# payer's too; `knows_payer_number` tells that one led there).
_CANDIDATES_BY_NUMBER = """
WITH found AS (
    SELECT w.payment, c.id, false AS by_payer_number
      FROM wanted_payments w
      JOIN claims_claim c ON c.client_id = w.client_id AND c.number_key = w.number_key
     WHERE w.number_key <> ''
    UNION ALL
    SELECT w.payment, n.claim_id, n.kind = 'payer'
      FROM (SELECT payment, client_id, number_key AS key FROM wanted_payments
            UNION SELECT payment, client_id, payer_key_1 FROM wanted_payments
            UNION SELECT payment, client_id, payer_key_2 FROM wanted_payments) w
      JOIN claims_claim_number n ON n.client_id = w.client_id AND n.key = w.key
     WHERE w.key <> ''
)
SELECT f.payment, c.id, c.number, c.number_key, c.patient_last_name, c.patient_first_name,
       c.member_id, c.service_from_date, c.charge_cents, c.payer_id, bool_or(f.by_payer_number)
  FROM found f JOIN claims_claim c ON c.id = f.id
 WHERE c.has_facts
 GROUP BY f.payment, c.id
"""
# A claim that lost its facts to the true claim comes back when its number is quoted and no claim
# fits.
_FORMER_CLAIMS = """
SELECT w.payment, min(c.id)
  FROM wanted_payments w
  JOIN claims_claim c ON c.client_id = w.client_id AND c.number_key = w.number_key
 WHERE w.number_key <> '' AND NOT c.has_facts
 GROUP BY w.payment
"""
# And, for those that no number leads anywhere: by day of service and charge. A payer after the
# first knows the patient by the member number of its own coverage.
_CANDIDATES_BY_SERVICE = """
SELECT w.payment, c.id, c.number, c.number_key, c.patient_last_name, c.patient_first_name,
       coalesce(own.member_id, c.member_id), c.service_from_date, c.charge_cents,
       CASE WHEN own.member_id IS NULL THEN c.payer_id ELSE w.payer_key END, false
  FROM wanted_payments w
  JOIN claims_claim c ON c.client_id = w.client_id AND c.service_from_date = w.service_from_date
   AND c.charge_cents = abs(w.charge_cents)
  LEFT JOIN LATERAL (
      SELECT max(v.member_id) AS member_id FROM claims_coverage v
       WHERE v.claim_id = c.id AND v.payer_id = w.payer_key) own ON true
 WHERE c.has_facts
"""
CANDIDATE_COLUMNS: dict[str, Any] = {
    "payment": pl.Int64,
    "claim_id": pl.Int64,
    "claim_number_claim": pl.String,
    "number_key_claim": pl.String,
    "patient_last_name_claim": pl.String,
    "patient_first_name_claim": pl.String,
    "member_id_claim": pl.String,
    "service_from_date_claim": pl.Date,
    "charge_cents_claim": pl.Int64,
    "payer_key_claim": pl.Int64,
    "knows_payer_number": pl.Boolean,
}


class RemittanceWriter:
    """Stores one 835 transaction set, batch after batch."""

    def __init__(self, of: SetRow, parties: Parties, touched: Touched) -> None:
        self._of = of
        self._parties = parties
        self._touched = touched
        self._remittance_id = reserve_ids("remits_remittance", 1)[0]
        self._client_id: int | None = None
        self._payer_key: int | None = None
        self._payment_date: date | None = None
        self._clients: set[int] = set()

    def write(self, tables: dict[str, pl.DataFrame], held: set[int], *, is_first: bool) -> None:
        """Store a batch; `held`: claim_index of claim payments that cannot be posted."""
        remittance = tables["remittances"]
        if is_first and remittance.height:
            self._begin(remittance)
        payments = tables["claim_payments"]
        if payments.height:
            self._write_payments(tables, payments, held)

    def finish(self, tables: dict[str, pl.DataFrame]) -> list[int]:
        """Store the remittance itself and its PLB; return the clients concerned."""
        row = tables["remittances"].to_dicts()[0]
        if self._client_id is None:
            self._begin(tables["remittances"])
        if not self._clients and self._client_id is not None:
            self._clients.add(self._client_id)
        adjustments = tables["provider_adjustments"]
        amount = row["amount_cents"] or 0
        one_client = min(self._clients) if len(self._clients) == 1 else self._client_id
        copy_frame("remits_remittance", self._remittance_row(row, one_client))
        copy_frame("remits_provider_adjustment", self._provider_adjustments(adjustments))
        self._touched.cash_cents += amount
        self._touched.client_ids |= self._clients
        return sorted(self._clients)

    def _begin(self, remittance: pl.DataFrame) -> None:
        row = remittance.to_dicts()[0]
        self._client_id = self._parties.client(
            row["payee_npi"] or "", row["payee_tin"] or "", row["payee_name"] or ""
        )
        self._payer_key = self._parties.payer(
            code=row["payer_id"] or "",
            name=row["payer_name"] or "",
            trace_id=row["payer_trace_id"] or "",
        )
        self._payment_date = row["payment_date"] or row["production_date"]

    def _write_payments(
        self, tables: dict[str, pl.DataFrame], payments: pl.DataFrame, held: set[int]
    ) -> None:
        first_service = (
            tables["service_payments"]
            .group_by("claim_index")
            .agg(line_service_date=pl.col("service_from_date").min())
        )
        payments = (
            payments.join(first_service, on="claim_index", how="left", maintain_order="left")
            .with_columns(
                service_from_date=pl.coalesce("line_service_date", "statement_from_date"),
                number_key=number_key_expr("claim_number"),
                payer_key_1=number_key_expr("payer_claim_number"),
                payer_key_2=number_key_expr("original_reference"),
                client_id=self._client_ids(payments),
                payer_key=pl.lit(self._payer_key, pl.Int64),
                is_held=pl.col("claim_index").is_in(sorted(held)),
                patient_id=pl.coalesce("patient_id", "insured_id"),
                is_forwarded=pl.col("status").is_in(_FORWARDED_STATUSES).fill_null(value=False)
                | pl.col("crossover_name").is_not_null()
                | pl.col("claim_index").is_in(_crossed_over(tables)),
                charge_cents=pl.col("charge_cents").fill_null(0),
                paid_cents=pl.col("paid_cents").fill_null(0),
            )
            .with_row_index("payment")
            .with_columns(pl.col("payment").cast(pl.Int64))
        )
        payments = self._matched(payments)
        ids = reserve_ids("remits_claim_payment", payments.height)
        payments = payments.with_columns(payment_id=pl.Series(list(ids), dtype=pl.Int64))
        self._clients.update(payments["client_id"].unique().to_list())
        copy_frame("remits_claim_payment", self._payment_rows(payments))
        head = payments.select("claim_index", "payment_id", "claim_id", "client_id")
        _copy_details(tables, head)
        numbers = [
            payments.select(
                "claim_id",
                "client_id",
                pl.lit("payer").alias("kind"),
                pl.col(column).alias("key"),
            )
            for column in ("payer_key_1", "payer_key_2")
        ]
        self._touched.numbered(keep_numbers(pl.concat(numbers).drop_nulls("claim_id")))

    def _client_ids(self, payments: pl.DataFrame) -> pl.Series:
        """Return the client of each claim payment: by its TS3 provider when that is known."""
        known = {
            npi: self._parties.known_client(npi, "") or self._client_id
            for npi in payments["provider_npi"].drop_nulls().unique().to_list()
        }
        ids = [
            known.get(npi, self._client_id) if npi else self._client_id
            for npi in payments["provider_npi"].to_list()
        ]
        return pl.Series("client_id", ids, dtype=pl.Int64)

    def _matched(self, payments: pl.DataFrame) -> pl.DataFrame:
        by_number = match_payments(candidate_pairs(payments, _CANDIDATES_BY_NUMBER))
        others = payments.join(by_number, on="payment", how="anti")
        by_service = match_payments(candidate_pairs(others, _CANDIDATES_BY_SERVICE))
        matches = pl.concat([by_number, by_service])
        found = payments.join(matches, on="payment", how="left", maintain_order="left")
        self._touched.claims(found["claim_id"])
        unmatched = found.filter(pl.col("claim_id").is_null(), pl.col("number_key") != "")
        former = self._former_claims(unmatched)
        unmatched = unmatched.join(former, on="payment", how="anti")
        born = _born_claims(unmatched, self._payer_key)
        copy_frame("claims_claim", born.drop("number_of_payment"))
        self._touched.claims(born["id"])
        self._touched.derive(born["id"])
        self._touched.born(born["id"])
        new = born.select(
            "client_id",
            pl.col("number_of_payment").alias("number_key"),
            pl.col("id").alias("born_id"),
        )
        on = ["client_id", "number_key"]
        with_born = (
            found.join(new, on=on, how="left", maintain_order="left")
            .join(former, on="payment", how="left", maintain_order="left")
            .with_columns(born_id=pl.coalesce("born_id", "former_id"))
            .drop("former_id")
        )
        return with_born.with_columns(
            claim_id=pl.coalesce("claim_id", "born_id"),
            match_method=pl.when(pl.col("match_method").is_not_null())
            .then("match_method")
            .when(pl.col("born_id").is_not_null())
            .then(pl.lit("born"))
            .otherwise(pl.lit("none")),
            match_points=pl.col("match_points").fill_null(0),
        ).drop("born_id")

    def _former_claims(self, unmatched: pl.DataFrame) -> pl.DataFrame:
        """Return payment, former_id: claims without facts whose number is quoted again."""
        columns = {"payment": pl.Int64, "former_id": pl.Int64}
        if unmatched.is_empty():
            return pl.DataFrame(schema=columns)
        _keep_wanted(unmatched)
        former = read_frame(_FORMER_CLAIMS, columns)
        self._touched.claims(former["former_id"])
        self._touched.derive(former["former_id"])
        self._touched.born(former["former_id"])
        return former

    def _payment_rows(self, payments: pl.DataFrame) -> pl.DataFrame:
        text = [
            "claim_number",
            "status",
            "filing_indicator",
            "payer_claim_number",
            "original_reference",
            "facility_code",
            "frequency",
            "drg",
            "patient_last_name",
            "patient_first_name",
            "patient_id",
            "corrected_id",
            "rendering_npi",
            "crossover_name",
        ]
        return payments.select(
            pl.col("payment_id").alias("id"),
            pl.lit(self._remittance_id).alias("remittance_id"),
            "claim_id",
            "client_id",
            pl.lit(self._of.id).alias("transaction_id"),
            "position",
            "end_position",
            pl.lit(self._of.order_key).alias("order_key"),
            *[pl.col(name).fill_null("") for name in text],
            "number_key",
            "charge_cents",
            "paid_cents",
            "patient_share_cents",
            "is_forwarded",
            "statement_from_date",
            "service_from_date",
            pl.col("received_date").alias("payer_received_date"),
            pl.lit(self._payment_date, pl.Date).alias("payment_date"),
            pl.lit(self._of.received_date, pl.Date).alias("received_date"),
            pl.col("gap_cents").fill_null(0),
            pl.col("is_held") | pl.col("claim_id").is_null(),
            "match_method",
            "match_points",
        )

    def _remittance_row(self, row: dict[str, Any], client_id: int | None) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "id": [self._remittance_id],
                "transaction_id": [self._of.id],
                "client_id": [client_id],
                "client_ids": ["{" + ",".join(map(str, sorted(self._clients))) + "}"],
                "payer_id": [self._payer_key],
                "payer_name": [row["payer_name"] or ""],
                "payer_code": [row["payer_id"] or ""],
                "payee_name": [row["payee_name"] or ""],
                "payee_npi": [row["payee_npi"] or ""],
                "payee_tin": [row["payee_tin"] or ""],
                "handling": [row["handling"] or ""],
                "method": [row["method"] or ""],
                "amount_cents": [row["amount_cents"] or 0],
                "payment_date": [row["payment_date"]],
                "production_date": [row["production_date"]],
                "trace": [row["trace"] or ""],
                "payer_trace_id": [row["payer_trace_id"] or ""],
                "received_date": [self._of.received_date],
                "paid_total_cents": [row["paid_total_cents"] or 0],
                "provider_adjustment_total_cents": [row["provider_adjustment_total_cents"] or 0],
            }
        )

    def _provider_adjustments(self, rows: pl.DataFrame) -> pl.DataFrame:
        clients = [
            self._parties.known_client(npi or "", "") or self._client_id
            for npi in rows["provider_id"].to_list()
        ]
        self._clients.update(client for client in clients if client is not None)
        return rows.select(
            pl.lit(self._remittance_id).alias("remittance_id"),
            pl.Series("client_id", clients, dtype=pl.Int64),
            pl.lit(self._of.id).alias("transaction_id"),
            "position",
            pl.col("sequence").alias("part"),
            pl.col("provider_id").fill_null(""),
            "fiscal_date",
            pl.col("code").fill_null(""),
            pl.col("reference").fill_null(""),
            pl.col("amount_cents").fill_null(0),
            pl.lit(self._of.received_date, pl.Date).alias("received_date"),
        )


def _keep_wanted(payments: pl.DataFrame) -> None:
    keep_frame(
        "wanted_payments",
        {
            "payment": "bigint",
            "client_id": "int",
            "number_key": "text",
            "payer_key_1": "text",
            "payer_key_2": "text",
            "service_from_date": "date",
            "charge_cents": "bigint",
            "payer_key": "int",
        },
        payments,
    )


def candidate_pairs(payments: pl.DataFrame, query: str) -> pl.DataFrame:
    """Return the pairs of claim payments and claims that core.matching weighs."""
    _keep_wanted(payments)
    columns = [
        "payment",
        "claim_number",
        "number_key",
        "patient_id",
        "patient_last_name",
        "patient_first_name",
        "service_from_date",
        "charge_cents",
        "payer_key",
    ]
    return (
        payments.select(columns)
        .join(read_frame(query, CANDIDATE_COLUMNS), on="payment")
        .with_columns(
            same_number=(pl.col("number_key") == pl.col("number_key_claim"))
            & (pl.col("number_key") != "")
        )
    )


def _crossed_over(tables: dict[str, pl.DataFrame]) -> list[int]:
    remarks = tables["remarks"].filter(pl.col("code").is_in(_CROSSOVER_REMARKS))
    return remarks["claim_index"].unique().to_list()


def _born_claims(payments: pl.DataFrame, payer_key: int | None) -> pl.DataFrame:
    """Return rows of claims_claim for numbers that no claim on hand has."""
    first = payments.sort("position").unique(
        ["client_id", "number_key"], keep="first", maintain_order=True
    )
    ids = reserve_ids("claims_claim", first.height)
    return first.select(
        pl.Series("id", list(ids), dtype=pl.Int64),
        "client_id",
        pl.col("claim_number").str.strip_chars().alias("number"),
        "number_key",
        pl.lit("").alias("kind"),
        pl.lit(payer_key, pl.Int64).alias("payer_id"),
        pl.lit("").alias("plan"),
        pl.col("patient_last_name").fill_null(""),
        pl.col("patient_first_name").fill_null(""),
        pl.col("patient_id").fill_null("").alias("member_id"),
        pl.lit("").alias("billing_npi"),
        pl.col("rendering_npi").fill_null(""),
        pl.lit("").alias("rendering_name"),
        pl.lit("").alias("location"),
        "service_from_date",
        pl.col("service_from_date").alias("service_to_date"),
        pl.col("charge_cents").abs(),
        pl.lit(value=True).alias("has_facts"),
        pl.col("number_key").alias("number_of_payment"),
    )


def _copy_details(tables: dict[str, pl.DataFrame], head: pl.DataFrame) -> None:
    owner = ["payment_id", "claim_id", "client_id"]
    services = tables["service_payments"].join(head, on="claim_index")
    text = [
        "procedure_qualifier",
        "procedure",
        "modifiers",
        "revenue_code",
        "submitted_procedure",
        "submitted_modifiers",
        "units_paid",
        "submitted_units",
        "line_control_number",
    ]
    copy_frame(
        "remits_service_payment",
        services.select(
            *owner,
            "line_index",
            "position",
            *[pl.col(name).fill_null("") for name in text],
            pl.col("charge_cents").fill_null(0),
            pl.col("paid_cents").fill_null(0),
            "allowed_cents",
            "service_from_date",
            "service_to_date",
        ),
    )
    copy_frame(
        "remits_adjustment",
        tables["adjustments"]
        .join(head, on="claim_index")
        .select(
            *owner,
            "line_index",
            "position",
            pl.col("sequence").alias("part"),
            pl.col("group_code").fill_null("").str.to_uppercase(),
            pl.col("reason_code").fill_null(""),
            pl.col("amount_cents").fill_null(0),
            pl.col("quantity").fill_null(""),
        ),
    )
    copy_frame(
        "remits_remark",
        tables["remarks"]
        .join(head, on="claim_index")
        .filter(pl.col("code").is_not_null())
        .select(*owner, "line_index", "position", pl.col("source").fill_null(""), "code"),
    )
