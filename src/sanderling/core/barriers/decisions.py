"""What the payers decided on their remittances, and which of the decisions stand.

A decision stands until it is reversed, or until the same payer decides the same charge again. An
answer to a claim sent twice (duplicate) never takes the place of the decision on the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from sanderling.core.barriers import line_states as states
from sanderling.core.barriers.facts import BarrierFacts
from sanderling.core.codes.codebook import CodeBook, explain
from sanderling.core.ledger import effects, reversals
from sanderling.core.ledger.payments import ordered_payments

_LINE: Final = ["payment_id", "line_index"]
_TRACK: Final = ["claim_id", "sequence"]
DUPLICATE: Final = "DUPLICATE"
_LAST: Final = 99  # behind every subcategory that has a place in DOMAIN's list
# What explains a reason, beside its codes (core.codes.codebook.explain).
REASON_COLUMNS: Final = [
    "category",
    "subcategory",
    "next_action",
    "action_chain",
    "team",
    "remark_code",
    "preventable",
    "is_unprocessable",
]


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions of all payers of some claims.

    - payments: every claim payment in order (core.ledger.payments.ordered_payments) with payer_id,
      payer_type, client_id, is_taken_back (a reversal undoes it), stands.
    - standing: one row for each decision that stands, with claim_id, sequence, payment_id, state
      (of the claim: denied, pended, reduced, unknown, capitated, settled), is_whole, open_cents
      (what it left open), group_code, reason_code and REASON_COLUMNS of its main reason.
    - denials: one row for each refused line, see denial_lines.
    - adjustments: every adjustment of the decisions, whether they stand or not, with its nature and
      effect (core.ledger.effects) and what explains it.
    """

    payments: pl.DataFrame
    standing: pl.DataFrame
    denials: pl.DataFrame
    adjustments: pl.DataFrame


def decisions(facts: BarrierFacts, book: CodeBook) -> Decisions:
    """Return what the payers decided."""
    payments = _payments(facts)
    judged = payments.filter(
        ~pl.col("is_held"),
        pl.col("status") != reversals.REVERSAL_STATUS,
        (pl.col("status") != reversals.PRICING_ONLY_STATUS) | (pl.col("paid_cents") != 0),
    )
    adjustments = _adjustments(facts, judged, book)
    lines = states.line_states(_lines(facts, judged, adjustments), adjustments, judged)
    open_rows = _left_open(adjustments, lines)
    open_rows = open_rows.join(
        book.primary_reason_priority, on="subcategory", how="left"
    ).with_columns(priority=pl.col("rank").fill_null(_LAST))
    summary = _summary(judged, lines, open_rows)
    standing = _standing(judged, summary, adjustments)
    payments = payments.with_columns(
        stands=pl.col("payment_id").is_in(standing["payment_id"].implode())
    )
    return Decisions(
        payments=payments,
        standing=standing,
        denials=_denial_lines(facts, payments, open_rows),
        adjustments=adjustments,
    )


def _payments(facts: BarrierFacts) -> pl.DataFrame:
    ordered = ordered_payments(facts.ledger)
    taken_back = ordered.select(pl.col("reverses_payment_id").alias("payment_id")).drop_nulls()
    return (
        ordered.join(facts.payment_details, on="payment_id", how="left")
        .join(facts.payers.select("payer_id", "payer_type"), on="payer_id", how="left")
        .join(facts.claims.select("claim_id", "client_id"), on="claim_id", how="left")
        .with_columns(
            is_taken_back=pl.col("payment_id").is_in(taken_back["payment_id"].implode()),
        )
        .sort("payment_order")
    )


def _adjustments(facts: BarrierFacts, judged: pl.DataFrame, book: CodeBook) -> pl.DataFrame:
    columns = ["payment_id", "line_index", "charge_cents", "paid_cents"]
    claims = judged.with_columns(line_index=pl.lit(0, pl.Int64)).select(columns)
    lines = facts.ledger.payment_lines.join(judged, on="payment_id", how="semi").select(columns)
    rows = facts.ledger.adjustments.join(judged, on="payment_id", how="semi").filter(
        pl.col("amount_cents") != 0
    )
    known = effects.adjustment_effects(rows, pl.concat([claims, lines]))
    of_payment = judged.select(
        "payment_id", "payer_id", "payer_type", "client_id", "received_date", "claim_id", "sequence"
    )
    return explain(
        known.drop("category").join(of_payment, on="payment_id", how="left"), facts.remarks, book
    )


def _lines(facts: BarrierFacts, judged: pl.DataFrame, adjustments: pl.DataFrame) -> pl.DataFrame:
    """Return the service lines, and the claim as line 0 where it has adjustments or no lines."""
    columns = ["payment_id", "line_index", "charge_cents", "paid_cents"]
    services = facts.ledger.payment_lines.join(judged, on="payment_id", how="semi").select(columns)
    claims = judged.with_columns(line_index=pl.lit(0, pl.Int64)).select(columns)
    adjusted = adjustments.filter(pl.col("line_index") == 0).select("payment_id")
    bare = claims.join(services, on="payment_id", how="anti")
    whole = claims.join(adjusted, on="payment_id", how="semi").join(
        bare, on="payment_id", how="anti"
    )
    capitated = facts.capitated.with_columns(is_capitated=pl.lit(value=True))
    return (
        pl.concat([services, bare, whole])
        .join(capitated, on=_LINE, how="left", maintain_order="left")
        .with_columns(pl.col("is_capitated").fill_null(value=False))
    )


def _left_open(adjustments: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Return the adjustments that left their amount with the payer, and how: `leaves`.

    denied, pended, reduced (a reduction that a person reviews, or that the payer took without a
    contract), unknown (a code of no table), capitated (a contract pays it by the month).
    """
    is_open = (pl.col("effect") == effects.NOTHING) & (pl.col("amount_cents") > 0)
    leaves = (
        pl.when(
            (pl.col("state") == states.CAPITATED)
            & (pl.col("reason_code") == states.CAPITATION_REASON)
        )
        .then(pl.lit("capitated"))
        .when(pl.col("nature") == "W")
        .then(pl.lit("pended"))
        .when(pl.col("nature") == "D")
        .then(pl.lit("denied"))
        .when(pl.col("is_unknown"))
        .then(pl.lit("unknown"))
        .when(pl.col("nature").is_in(["R", "N", "P"]))
        .then(pl.lit("reduced"))
    )
    return (
        adjustments.filter(is_open)
        .join(lines.select(*_LINE, "state"), on=_LINE, how="left")
        .with_columns(leaves=leaves)
        .filter(pl.col("leaves").is_not_null())
    )


def _summary(judged: pl.DataFrame, lines: pl.DataFrame, open_rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row per claim payment: state, is_whole, open_cents and its main reason."""
    ranked = open_rows.with_columns(
        leaves_rank=pl.col("leaves").replace_strict(
            {"pended": 0, "denied": 1, "unknown": 2, "reduced": 3, "capitated": 4},
            return_dtype=pl.Int64,
        ),
    )
    main = (
        ranked.sort(
            "payment_id",
            "leaves_rank",
            "amount_cents",
            "priority",
            "position",
            "part",
            descending=[False, False, True, False, False, False],
        )
        .unique("payment_id", keep="first", maintain_order=True)
        .select("payment_id", "leaves", "group_code", "reason_code", *REASON_COLUMNS)
    )
    open_cents = open_rows.group_by("payment_id").agg(open_cents=pl.col("amount_cents").sum())
    chargeable = lines.filter(pl.col("state") != states.INFO)
    whole = chargeable.group_by("payment_id").agg(is_whole=(pl.col("state") == states.DENIED).all())
    return (
        judged.select("payment_id")
        .join(main, on="payment_id", how="left")
        .join(open_cents, on="payment_id", how="left")
        .join(whole, on="payment_id", how="left")
        .with_columns(
            state=pl.col("leaves").fill_null("settled"),
            open_cents=pl.col("open_cents").fill_null(0),
            is_whole=pl.col("is_whole").fill_null(value=False),
        )
        .drop("leaves")
    )


def _standing(
    judged: pl.DataFrame, summary: pl.DataFrame, adjustments: pl.DataFrame
) -> pl.DataFrame:
    kept = judged.filter(~pl.col("is_taken_back"))
    has_effect = adjustments.filter(pl.col("effect") != effects.NOTHING)
    replaced = reversals.replaced_payments(kept, has_effect)
    rows = kept.join(replaced, on="payment_id", how="anti").join(
        summary, on="payment_id", how="left"
    )
    is_duplicate = (pl.col("state") == "denied") & (pl.col("subcategory") == DUPLICATE)
    rows = rows.with_columns(is_duplicate=is_duplicate.fill_null(value=False))
    # The answer to a claim sent twice stands only where nothing else was ever decided.
    others = rows.filter(~pl.col("is_duplicate"))
    alone = rows.filter("is_duplicate").join(others, on=_TRACK, how="anti")
    return (
        pl.concat([others, alone])
        .with_columns(decided_cents=pl.col("charge_cents").abs())
        .sort("payment_order")
        .unique([*_TRACK, "decided_cents"], keep="last", maintain_order=True)
        .drop("decided_cents")
    )


def _denial_lines(
    facts: BarrierFacts, payments: pl.DataFrame, open_rows: pl.DataFrame
) -> pl.DataFrame:
    """Return each refused line with its main reason, whether its decision still stands or not."""
    refused = open_rows.filter(pl.col("leaves") == "denied")
    by_line = (
        refused.sort(
            "payment_id",
            "line_index",
            "amount_cents",
            "priority",
            "position",
            "part",
            descending=[False, False, True, False, False, False],
        )
        .with_columns(denied_cents=pl.col("amount_cents").sum().over(_LINE))
        .unique(_LINE, keep="first", maintain_order=True)
    )
    first = payments.filter(
        ~pl.col("is_held"), pl.col("status") != reversals.REVERSAL_STATUS
    ).unique(_TRACK, keep="first", maintain_order=True)
    procedures = facts.ledger.payment_lines.select(
        *_LINE, procedure=pl.coalesce("submitted_procedure", "procedure")
    )
    return (
        by_line.join(procedures, on=_LINE, how="left")
        .join(
            payments.select("payment_id", "payment_date", "rendering_npi", "stands"),
            on="payment_id",
        )
        .select(
            *_LINE,
            "claim_id",
            "client_id",
            "payer_id",
            party=pl.col("sequence") + 10,
            received_date=pl.col("received_date"),
            payment_date=pl.col("payment_date"),
            procedure=pl.col("procedure").fill_null(""),
            rendering_npi=pl.col("rendering_npi").fill_null(""),
            group_code=pl.col("group_code"),
            reason_code=pl.col("reason_code"),
            remark_code=pl.col("remark_code"),
            category=pl.col("category"),
            subcategory=pl.col("subcategory"),
            team=pl.col("team"),
            preventable=pl.col("preventable"),
            denied_cents=pl.col("denied_cents"),
            is_initial=pl.col("payment_id").is_in(first["payment_id"].implode()),
            is_duplicate=pl.col("subcategory") == DUPLICATE,
            is_standing=pl.col("stands"),
        )
    )
