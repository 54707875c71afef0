"""The lines of one claim as they are priced, and what its first payer allowed for each.

A claim that was answered is priced as it was sent then, as variances do; a correction that was sent
since is priced once it is answered. A claim without an answer that stands is priced as sent last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import polars as pl
from django.db import connection

from sanderling.claims.models import Claim
from sanderling.core.contracts.allowed import EXCLUSIONS, REMIT_LINES, allowed_lines
from sanderling.core.contracts.answered import answered_submissions
from sanderling.core.ledger.facts import ClaimFacts
from sanderling.core.ledger.lines import match_lines
from sanderling.core.ledger.payments import ordered_payments, standing_payments
from sanderling.core.refusal import Refusal
from sanderling.remits.facts import facts_of

# A claim as sent; where it is not said which, the latest to the first payer that is no void.
_SENT: Final = """
SELECT s.id, s.facility_code, s.principal_diagnosis,
       (coalesce(s.service_to_date, c.service_to_date)
        - coalesce(s.service_from_date, c.service_from_date))
  FROM claims_submission s JOIN claims_claim c ON c.id = s.claim_id
 WHERE s.claim_id = %(claim)s AND s.received_date <= %(as_of)s
   AND CASE WHEN %(sent)s::bigint IS NULL THEN s.sequence = 1 AND s.frequency <> '8'
            ELSE s.id = %(sent)s END
 ORDER BY s.order_key DESC, s.id DESC LIMIT 1
"""
_LINES: Final = """
SELECT l.line, l.procedure, l.modifiers, l.revenue_code, l.place_of_service, l.quantity,
       l.charge_cents, l.service_from_date, l.line_control_number
  FROM claims_submission_line l WHERE l.claim_id = %s AND l.submission_id = %s ORDER BY l.line
"""


class NotSent(Refusal):
    """No lines of the claim are known."""


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line as it is priced."""

    line: int
    procedure: str
    modifiers: str
    revenue_code: str
    place_of_service: str
    units: float
    charge_cents: int
    service_date: date | None
    line_control_number: str = ""

    @property
    def code(self) -> str:
        """Return the code that is priced."""
        return self.procedure or self.revenue_code


@dataclass(frozen=True, slots=True)
class SentClaim:
    """The lines of a claim, and what pricing wants to know of the whole."""

    kind: str
    lines: tuple[BilledLine, ...]
    diagnosis: str = ""
    drg: str = ""
    days: int | None = None


@dataclass(frozen=True, slots=True)
class AllowedLine:
    """What the first payer allowed for a line; `excluded`: why it is not compared, in words."""

    allowed_cents: int
    paid_cents: int
    share_cents: int
    excluded: str


@dataclass(frozen=True, slots=True)
class Decisions:
    """What payers decided about a claim until a day, in order, and which of it stands."""

    facts: ClaimFacts
    payments: pl.DataFrame  # of core.ledger.facts with payment_order, stands

    @property
    def answered_id(self) -> int | None:
        """Return the claim as sent that the latest standing decision of the first payer answers."""
        standing = self.payments.filter(pl.col("stands") & (pl.col("sequence") == 1))
        latest = standing.sort("payment_order").tail(1)
        found = answered_submissions(self.facts.submissions, latest)["submission_id"].to_list()
        return found[0] if found else None


def decisions_of(claim: Claim, *, as_of: date) -> Decisions:
    """Return what was decided about a claim by the end of a day."""
    facts = _known(facts_of([claim.pk]), as_of)
    ordered = ordered_payments(facts)
    standing, _ = standing_payments(facts, ordered)
    reversed_ids = ordered["reverses_payment_id"].drop_nulls()
    stands = standing.filter(~pl.col("payment_id").is_in(reversed_ids.implode()))["payment_id"]
    return Decisions(
        facts, ordered.with_columns(stands=pl.col("payment_id").is_in(stands.implode()))
    )


def sent_claim(claim: Claim, decisions: Decisions, *, as_of: date) -> SentClaim:
    """Return the lines of a claim as its first payer answered them, else as they were sent last.

    Raises:
        NotSent: it was never sent, or is known by a remittance alone.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SENT, {"claim": claim.pk, "as_of": as_of, "sent": decisions.answered_id})
        sent = cursor.fetchone()
        if sent is None:
            raise NotSent("the claim as sent is not here; load its 837, then price it")
        submission_id, facility, diagnosis, days = sent
        cursor.execute(_LINES, [claim.pk, submission_id])
        rows = cursor.fetchall()
        cursor.execute(
            "SELECT drg FROM remits_claim_payment WHERE claim_id = %s AND drg <> ''"
            " ORDER BY order_key DESC LIMIT 1",
            [claim.pk],
        )
        drg = cursor.fetchone()
    lines = tuple(
        BilledLine(
            line=line,
            procedure=procedure,
            modifiers=modifiers,
            revenue_code=revenue_code,
            place_of_service=(place or facility)[:2],
            units=_units(quantity),
            charge_cents=charge,
            service_date=day or claim.service_from_date,
            line_control_number=control,
        )
        for line, procedure, modifiers, revenue_code, place, quantity, charge, day, control in rows
    )
    return SentClaim(claim.kind, lines, diagnosis, drg[0] if drg else "", days)


def _units(text: str) -> float:
    try:
        units = float(text)
    except ValueError:
        return 1.0
    return units if units > 0 else 1.0


def allowed_by_line(claim: Claim, sent: SentClaim, decisions: Decisions) -> dict[int, AllowedLine]:
    """Return what the first payer allowed, by line; 0: for the claim as a whole.

    Of several decisions that stand on a line the latest counts; parts of one line are put together.
    """
    facts, payments = decisions.facts, decisions.payments
    if payments.is_empty():
        return {}
    details = facts.payment_lines.join(
        payments.select("payment_id", "claim_id"), on="payment_id"
    ).with_columns(stated_allowed_cents=pl.lit(None, pl.Int64))
    judged = allowed_lines(details.select(list(REMIT_LINES)), facts.adjustments, payments)
    billed = pl.DataFrame(
        [
            (claim.pk, one.line, one.charge_cents, one.code, one.modifiers or None,
             one.line_control_number or None, one.service_date)
            for one in sent.lines
        ],
        schema={
            "claim_id": pl.Int64, "line": pl.Int64, "charge_cents": pl.Int64,
            "procedure": pl.String, "modifiers": pl.String, "line_control_number": pl.String,
            "service_from_date": pl.Date,
        },
        orient="row",
    )  # fmt: skip
    matched = match_lines(details, billed)
    rows = (
        judged.join(matched, on=["payment_id", "line_index"], how="left")
        .join(payments.select("payment_id", "payment_order"), on="payment_id")
        .filter((pl.col("line_index") == 0) | (pl.col("line").fill_null(0) > 0))
        .with_columns(pl.col("line").fill_null(0), is_compared=pl.col("excluded") == "")
        .sort("line", "is_compared", "payment_order", descending=[False, True, True])
    )
    latest = rows.filter(pl.col("payment_id") == pl.col("payment_id").first().over("line"))
    return _summed(latest)


def _known(facts: ClaimFacts, as_of: date) -> ClaimFacts:
    """Return the facts as they were known at the end of a day."""
    payments = facts.payments.filter(pl.col("received_date") <= as_of)

    def kept(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.join(payments.select("payment_id"), on="payment_id", how="semi")

    return replace(
        facts,
        submissions=facts.submissions.filter(pl.col("received_date") <= as_of),
        payments=payments,
        payment_lines=kept(facts.payment_lines),
        adjustments=kept(facts.adjustments),
    )


def _summed(rows: pl.DataFrame) -> dict[int, AllowedLine]:
    found = rows.group_by("line", maintain_order=True).agg(
        pl.col("allowed_cents", "paid_cents", "share_cents").sum(), pl.col("excluded").first()
    )
    return {
        line: AllowedLine(allowed, paid, share, EXCLUSIONS.get(excluded, excluded))
        for line, allowed, paid, share, excluded in found.select(
            "line", "allowed_cents", "paid_cents", "share_cents", "excluded"
        ).iter_rows()
    }
