"""From everything known about some claims to what the ledger should hold for them.

The result depends on the set of facts only, not on the order they became known, so that files
may arrive shuffled, twice, or after an interruption. The ledger itself is append-only: posting
compares this result with the entries already there and appends the difference (ledger.actions).
"""

from __future__ import annotations

import polars as pl

from sanderling.core.ledger.accounts import Account, Kind
from sanderling.core.ledger.charges import charges
from sanderling.core.ledger.decided import refund_entries, transfer_entries
from sanderling.core.ledger.facts import ENTRIES, ClaimFacts
from sanderling.core.ledger.offsets import offsets
from sanderling.core.ledger.payments import ordered_payments, payment_entries
from sanderling.core.ledger.write_offs import write_off_entries


def claim_entries(facts: ClaimFacts) -> pl.DataFrame:
    """Return every entry (facts.ENTRIES) that `facts` call for, no amount zero."""
    contained = _contained_cash(facts)
    facts = _after_snapshots(facts)
    charged = charges(facts)
    payments = ordered_payments(facts)
    prior = _prior_payer_entries(facts, payments)
    settled_before = (
        prior.filter(pl.col("kind") != int(Kind.TRANSFER))
        .group_by("claim_id")
        .agg(prior_cents=pl.col("amount_cents").sum())
    )
    paid = payment_entries(facts, payments, charged.lines, settled_before)
    direct = pl.concat([charged.entries, _opening_entries(facts), contained, prior, paid])
    answered = payments.filter(~pl.col("is_held")).select("claim_id", "sequence").unique()
    others = pl.concat([direct, offsets(direct, answered)])
    moved = pl.concat([others, transfer_entries(others, facts.transfers)])
    lessened = pl.concat([moved, write_off_entries(moved, facts.write_offs)])
    given_back = refund_entries(lessened, facts.refunds)
    return pl.concat([lessened, given_back]).filter(pl.col("amount_cents") != 0)


def _after_snapshots(facts: ClaimFacts) -> ClaimFacts:
    """Leave out what a snapshot of another system already contains; keep its latest snapshot."""
    if facts.snapshots.is_empty():
        return facts
    latest = _latest_snapshots(facts)
    payments = facts.payments.join(_contained_payments(facts), on="payment_id", how="anti")
    return ClaimFacts(
        submissions=facts.submissions,
        submission_lines=facts.submission_lines,
        coverages=facts.coverages,
        payments=payments,
        payment_lines=facts.payment_lines.join(payments, on="payment_id", how="semi"),
        adjustments=facts.adjustments.join(payments, on="payment_id", how="semi"),
        snapshots=latest,
        write_offs=_after_latest(facts.write_offs, latest, "approved_date"),
        refunds=_after_latest(facts.refunds, latest, "decided_date"),
        transfers=_after_latest(facts.transfers, latest, "decided_date"),
    )


def _after_latest(decided: pl.DataFrame, latest: pl.DataFrame, day: str) -> pl.DataFrame:
    """Leave out what people decided up to a claim's latest snapshot: its balance knows it."""
    days = latest.select("claim_id", "snapshot_date")
    return (
        decided.join(days, on="claim_id", how="left", maintain_order="left")
        .filter((pl.col(day) > pl.col("snapshot_date")).fill_null(value=True))
        .select(decided.columns)
    )


def _latest_snapshots(facts: ClaimFacts) -> pl.DataFrame:
    return facts.snapshots.sort("claim_id", "snapshot_date", "order_key", "position").unique(
        "claim_id", keep="last", maintain_order=True
    )


def _contained_payments(facts: ClaimFacts) -> pl.DataFrame:
    """Return the payments whose effect the claim's latest snapshot already contains."""
    latest = _latest_snapshots(facts).select("claim_id", "snapshot_date")
    return facts.payments.join(latest, on="claim_id").filter(
        pl.coalesce("payment_date", "received_date") <= pl.col("snapshot_date")
    )


def _contained_cash(facts: ClaimFacts) -> pl.DataFrame:
    """Return the cash of payments that a snapshot contains: it came in, the balance knows it.

    It is set against the opening balances, so that cash stays equal to what remittances paid.
    """
    return (
        _contained_payments(facts)
        .select(
            "claim_id",
            "transaction_id",
            "position",
            pl.lit(0, pl.Int64).alias("part"),
            pl.lit(0, pl.Int64).alias("line"),
            pl.lit(int(Kind.INSURANCE_PAYMENT), pl.Int64).alias("kind"),
            pl.lit(int(Account.CASH), pl.Int64).alias("debit"),
            pl.lit(int(Account.OPENING), pl.Int64).alias("credit"),
            pl.col("paid_cents").alias("amount_cents"),
            pl.lit(None, pl.String).alias("group_code"),
            pl.lit(None, pl.String).alias("reason_code"),
            pl.coalesce("payment_date", "received_date").alias("effective_date"),
            "received_date",
        )
        .filter(pl.col("amount_cents") != 0)
    )


def _opening_entries(facts: ClaimFacts) -> pl.DataFrame:
    parts = [
        facts.snapshots.select(
            "claim_id",
            "transaction_id",
            "position",
            pl.lit(part, pl.Int64).alias("part"),
            pl.lit(0, pl.Int64).alias("line"),
            pl.lit(int(Kind.OPENING_BALANCE), pl.Int64).alias("kind"),
            pl.lit(int(account), pl.Int64).alias("debit"),
            pl.lit(int(Account.OPENING), pl.Int64).alias("credit"),
            pl.col(column).alias("amount_cents"),
            pl.lit(None, pl.String).alias("group_code"),
            pl.lit(None, pl.String).alias("reason_code"),
            pl.col("snapshot_date").alias("effective_date"),
            "received_date",
        )
        for part, (account, column) in enumerate(
            ((Account.PRIMARY, "insurance_cents"), (Account.PATIENT, "patient_cents"))
        )
    ]
    return pl.concat(parts).filter(pl.col("amount_cents") != 0)


def _prior_payer_entries(facts: ClaimFacts, payments: pl.DataFrame) -> pl.DataFrame:
    """Return what the first payer did, as our secondary claim states it, while its 835 is missing.

    Source: DOMAIN 5.3: AMT*D and the CAS of loops 2320 and 2430.
    """
    answered_first = payments.filter(pl.col("sequence") == 1).select("claim_id")
    told = (
        facts.submissions.filter(pl.col("sequence") > 1, pl.col("prior_paid_cents").is_not_null())
        .join(answered_first, on="claim_id", how="anti")
        .join(facts.snapshots, on="claim_id", how="anti")
        .sort("claim_id", "submitted_date", "order_key", "position")
        .unique("claim_id", keep="last", maintain_order=True)
    )
    steps = (
        (Kind.PRIOR_PAYER, Account.PRIOR_PAYER, "prior_paid_cents"),
        (Kind.CONTRACTUAL, Account.CONTRACTUAL, "prior_contractual_cents"),
        (Kind.TRANSFER, Account.SECONDARY, "prior_share_cents"),
    )
    parts = [
        told.select(
            "claim_id",
            "transaction_id",
            "position",
            pl.lit(part, pl.Int64).alias("part"),
            pl.lit(0, pl.Int64).alias("line"),
            pl.lit(int(kind), pl.Int64).alias("kind"),
            pl.lit(int(account), pl.Int64).alias("debit"),
            pl.lit(int(Account.PRIMARY), pl.Int64).alias("credit"),
            pl.col(column).fill_null(0).alias("amount_cents"),
            pl.lit(None, pl.String).alias("group_code"),
            pl.lit(None, pl.String).alias("reason_code"),
            pl.coalesce("submitted_date", "received_date").alias("effective_date"),
            "received_date",
        )
        for part, (kind, account, column) in enumerate(steps, start=1)
    ]
    return pl.concat(parts).filter(pl.col("amount_cents") != 0).select(list(ENTRIES))
