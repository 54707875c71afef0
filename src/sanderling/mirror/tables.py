"""The tables of the mirror: names, grain, columns, and by which day a row lies in which month.

Names of people, member numbers and claim numbers stay in the database: the mirror has keys. Rows
are as known when the mirror was last refreshed; `received_date` and `posted_date` say since when,
so that a past day is a filter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

Schema = Mapping[str, pl.DataType | type[pl.DataType]]

_DIMENSIONS: Final[Schema] = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,  # whom the row is about; null: not known
    "payer_type": pl.String,
}
# Of the claim, repeated on its rows so that a search needs no join.
_OF_CLAIM: Final[Schema] = {
    "plan": pl.String,
    "kind": pl.String,  # P, I, D; "" when only a remittance tells of it
    "location": pl.String,
    "rendering_npi": pl.String,  # of the line where it says one, else of the claim
    "diagnosis": pl.String,  # principal
    "service_date": pl.Date,
}
CLAIMS: Final[Schema] = {
    **_DIMENSIONS,  # payer_id: the first payer
    **_OF_CLAIM,
    "secondary_payer_id": pl.Int64,
    "billing_npi": pl.String,
    "first_billed_date": pl.Date,
    "last_billed_date": pl.Date,
    "received_date": pl.Date,  # when we first knew of it
    "charge_cents": pl.Int64,
    "line_count": pl.Int64,
}
LINES: Final[Schema] = {  # as billed: the last submission to the first payer
    **_DIMENSIONS,
    **_OF_CLAIM,
    "line": pl.Int64,
    "procedure": pl.String,
    "modifiers": pl.String,  # joined as in remits_service_payment
    "revenue_code": pl.String,
    "place_of_service": pl.String,
    "units": pl.Float64,
    "charge_cents": pl.Int64,
    "received_date": pl.Date,  # of that submission
}
SUBMISSIONS: Final[Schema] = {
    **_DIMENSIONS,
    **_OF_CLAIM,
    "submission_id": pl.Int64,
    "sequence": pl.Int64,  # 1 primary, 2 secondary, 3 tertiary and later
    "frequency": pl.String,
    "charge_cents": pl.Int64,
    "submitted_date": pl.Date,
    "received_date": pl.Date,
    "accepted_date": pl.Date,  # 277CA of the payer, else of the clearinghouse
    "rejected_date": pl.Date,  # first, also when it was accepted later
    "rejected_by": pl.String,  # clearinghouse, payer, set (999, TA1); else empty
    "status_category": pl.String,  # STC01-1 and STC01-2 of the rejection
    "status_code": pl.String,
    "answered_date": pl.Date,  # first remittance that decides this claim for this payer since then
    "forwarded_date": pl.Date,  # sequence >= 2: when the payer before told it forwarded the claim
}
PAYMENTS: Final[Schema] = {  # one CLP
    **_DIMENSIONS,  # payer_id: who decided
    **_OF_CLAIM,
    "payment_id": pl.Int64,
    "sequence": pl.Int64,
    "status": pl.String,  # CLP02
    "charge_cents": pl.Int64,
    "paid_cents": pl.Int64,
    "patient_share_cents": pl.Int64,
    "payment_date": pl.Date,
    "received_date": pl.Date,
    "payer_received_date": pl.Date,  # DTM*050
    "sent_date": pl.Date,  # the submission to this payer that it answers
    "is_first": pl.Boolean,  # the first decision of that payer on that claim
    "is_reversal": pl.Boolean,
    "is_taken_back": pl.Boolean,  # a reversal undoes it
    "taken_back_date": pl.Date,  # when that reversal was received
    "is_held": pl.Boolean,  # in suspense: not posted
    "is_forwarded": pl.Boolean,
    "is_denied": pl.Boolean,  # a line or the whole claim was refused
    "is_duplicate": pl.Boolean,  # refused only as sent twice: counts in no rate
    "denied_cents": pl.Int64,
    "category": pl.String,  # of the main refusal (barriers.models.Denial), else empty
    "subcategory": pl.String,
    "group_code": pl.String,
    "reason_code": pl.String,
    "remark_code": pl.String,
    "preventable": pl.String,
}
REMIT_LINES: Final[Schema] = {  # one SVC; line_index 0: a claim decided without lines
    **_DIMENSIONS,
    **_OF_CLAIM,
    "payment_id": pl.Int64,
    "line_index": pl.Int64,
    "line": pl.Int64,  # of the claim as billed, when it is known which
    "sequence": pl.Int64,
    "status": pl.String,
    "procedure": pl.String,  # as paid (SVC01)
    "modifiers": pl.String,
    "submitted_procedure": pl.String,  # as billed where the payer says it differs (SVC06)
    "revenue_code": pl.String,
    "place_of_service": pl.String,
    "units_paid": pl.Float64,
    "units_billed": pl.Float64,
    "charge_cents": pl.Int64,
    "paid_cents": pl.Int64,
    "stated_allowed_cents": pl.Int64,  # AMT*B6
    "contractual_cents": pl.Int64,  # CO-45 and the like
    "patient_cents": pl.Int64,  # PR cost share
    "sequestration_cents": pl.Int64,
    "withhold_cents": pl.Int64,
    "prior_payer_cents": pl.Int64,  # OA-23
    "denied_cents": pl.Int64,
    "other_reduction_cents": pl.Int64,
    "payment_date": pl.Date,
    "received_date": pl.Date,
    "is_reversal": pl.Boolean,
    "is_taken_back": pl.Boolean,
    "taken_back_date": pl.Date,
    "is_held": pl.Boolean,
    "is_first": pl.Boolean,
    "is_denied": pl.Boolean,
    "is_duplicate": pl.Boolean,
    "category": pl.String,
    "subcategory": pl.String,
    "group_code": pl.String,
    "reason_code": pl.String,  # of the refusal
    "remark_code": pl.String,
    "preventable": pl.String,
}
LEDGER: Final[Schema] = {
    **_DIMENSIONS,  # payer_id: of the party the entry moves, else the first payer
    "entry_id": pl.Int64,
    "party": pl.Int64,  # 11 ... 14, null: none
    "posted_date": pl.Date,
    "effective_date": pl.Date,
    "kind": pl.Int64,
    "debit": pl.Int64,
    "credit": pl.Int64,
    "amount_cents": pl.Int64,
    "service_date": pl.Date,
    "group_code": pl.String,
    "reason_code": pl.String,
}
TOUCHES: Final[Schema] = {
    **_DIMENSIONS,  # payer_id: the first payer
    "activity_id": pl.Int64,
    "user_id": pl.Int64,
    "activity_date": pl.Date,
    "channel": pl.String,
    "action": pl.String,
    "outcome": pl.String,
}


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the mirror: a folder of one Parquet file for each month of `month_by`."""

    name: str
    schema: Schema
    key: tuple[str, ...]
    month_by: str


TABLES: Final = {
    table.name: table
    for table in (
        Table("claims", CLAIMS, ("claim_id",), "received_date"),
        Table("lines", LINES, ("claim_id", "line"), "received_date"),
        Table("submissions", SUBMISSIONS, ("submission_id",), "received_date"),
        Table("payments", PAYMENTS, ("payment_id",), "received_date"),
        Table("remit_lines", REMIT_LINES, ("payment_id", "line_index"), "received_date"),
        Table("ledger", LEDGER, ("entry_id",), "posted_date"),
        Table("touches", TOUCHES, ("activity_id",), "activity_date"),
    )
}
