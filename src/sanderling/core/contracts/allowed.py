"""What a payer allowed for each remittance line, out of what it paid and how it explained the rest.

Allowed is paid plus what was taken from the payment but not from the price: the patient's share
(PR, cost-share reasons), sequestration (253), withholds (104, 143, 245) and incentives (144, 237).
PR-45 lies above the price and is never part of it; interest is no service payment and not here.
AMT*B6, where a payer states it, is only compared: what adds up counts.

Source: DOMAIN 6.6 (1) and (2), 3.3.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.core.barriers import line_states as states
from sanderling.core.codes.carc import ADD_BACK, COST_SHARE
from sanderling.core.contracts.frames import Schema
from sanderling.core.ledger.effects import adjustment_effects
from sanderling.core.ledger.payments import PRIOR_PAYER_REASON
from sanderling.core.ledger.reversals import PRICING_ONLY_STATUS, REVERSAL_STATUS

SEQUESTRATION: Final = "253"
INCENTIVES: Final = frozenset({"144", "237"})
MULTIPLE_PROCEDURE: Final = "59"
CAPITATION: Final = "24"
PAYER_OWN_GROUP: Final = "PI"
UNIT_REASONS: Final = frozenset({"119", "151", "222"})  # more units than the payer counts
STATED_TOLERANCE_CENTS: Final = 2

# What is judged: one row for each SVC, and line_index 0 is the claim itself (CLP).
REMIT_LINES: Final[Schema] = {
    "payment_id": pl.Int64,
    "line_index": pl.Int64,
    "charge_cents": pl.Int64,
    "paid_cents": pl.Int64,
    "stated_allowed_cents": pl.Int64,  # AMT*B6; null: not stated
}
PAYMENTS: Final[Schema] = {
    "payment_id": pl.Int64,
    "status": pl.String,  # CLP02
    "sequence": pl.Int64,
    "charge_cents": pl.Int64,
    "paid_cents": pl.Int64,
    "stands": pl.Boolean,  # not taken back, not replaced by a later decision
    "is_held": pl.Boolean,
}
ADJUSTMENTS: Final[Schema] = {
    "payment_id": pl.Int64,
    "line_index": pl.Int64,
    "position": pl.Int64,
    "part": pl.Int64,
    "group_code": pl.String,
    "reason_code": pl.String,
    "amount_cents": pl.Int64,
}
# The answer, one row for each line that is to be compared with its price. `line_index` 0: the claim
# is compared as a whole, because it was decided without lines or cut above them.
ALLOWED: Final[Schema] = {
    "payment_id": pl.Int64,
    "line_index": pl.Int64,
    "charge_cents": pl.Int64,
    "paid_cents": pl.Int64,
    "allowed_cents": pl.Int64,
    "share_cents": pl.Int64,  # the patient's
    "sequestration_cents": pl.Int64,
    "withheld_cents": pl.Int64,
    "incentive_cents": pl.Int64,
    "prior_cents": pl.Int64,  # OA-23, what payers before did
    "misplaced_share_cents": pl.Int64,  # cost-share reasons under another group than PR
    "multiple_cents": pl.Int64,  # CO-59
    "own_cut_cents": pl.Int64,  # PI: the payer's own reduction
    "has_unit_reason": pl.Boolean,
    "state": pl.String,  # core.barriers.line_states
    "excluded": pl.String,  # "" or why it is not compared, see EXCLUSIONS
    "is_stated_otherwise": pl.Boolean,  # AMT*B6 differs from what adds up
}
EXCLUSIONS: Final = {
    "held": "the claim payment waits in suspense",
    "reversal": "it takes an earlier payment back",
    "replaced": "it was taken back, or a later decision took its place",
    "priced_only": "priced, not paid (CLP02 25)",
    "later_payer": "a secondary payer's decision, compared apart",
    "denied": "denied in whole or part: a denial, not a price",
    "pended": "the payer has not decided yet",
    "capitated": "paid by the month",
    "no_charge": "nothing was charged",
    "not_paid": "nothing was allowed and no reason tells why",
}
_LINE: Final = ["payment_id", "line_index"]
_COMPARED_STATES: Final = (states.PAID, states.PAID_REDUCED, states.ZERO_PAY_PATIENT)
_EXCLUDED_BY_STATE: Final = {
    states.REVERSAL: "reversal",
    states.INFO: "no_charge",
    states.PENDED: "pended",
    states.CAPITATED: "capitated",
    states.DENIED: "denied",
    states.PARTIAL_DENIAL: "denied",
    states.NO_FURTHER_PAYMENT: "later_payer",
    states.ZERO_REVIEW: "not_paid",
}


def allowed_lines(
    lines: pl.DataFrame, adjustments: pl.DataFrame, payments: pl.DataFrame
) -> pl.DataFrame:
    """Return what each line was allowed, and whether it may be compared (ALLOWED)."""
    claims = payments.select(
        "payment_id", pl.lit(0, pl.Int64).alias("line_index"), "charge_cents", "paid_cents",
        pl.lit(None, pl.Int64).alias("stated_allowed_cents"),
    )  # fmt: skip
    rows = adjustments.filter(pl.col("amount_cents") != 0)
    judged = adjustment_effects(
        rows, pl.concat([part.select(*_LINE, *_AMOUNTS) for part in (claims, lines)])
    )
    whole = _compared_as_whole(lines, judged, payments)
    services = lines.select(list(REMIT_LINES)).join(whole, on="payment_id", how="anti")
    summed = _summed_by_claim(judged, whole, payments)
    kept = judged.join(whole, on="payment_id", how="anti")
    compared = pl.concat([services, claims.join(whole, on="payment_id", how="semi")])
    explained = pl.concat([kept, summed], how="diagonal_relaxed")
    found = states.line_states(
        # Capitated or not, it is no price: `_excluded` asks for the reason alone.
        compared.select(*_LINE, *_AMOUNTS, is_capitated=pl.lit(value=False)),
        explained,
        payments,
    )
    return (
        compared.join(_sums(explained), on=_LINE, how="left")
        .with_columns(pl.col(name).fill_null(0) for name in _SUMS)
        .with_columns(
            pl.col("has_unit_reason", "has_capitation").fill_null(value=False),
            allowed_cents=pl.sum_horizontal("paid_cents", *_ADDED),
        )
        .join(found.select(*_LINE, "state"), on=_LINE, how="left")
        .join(_refused_above(judged, whole), on="payment_id", how="left")
        .join(payments.select("payment_id", "status", "sequence", "stands", "is_held"),
              on="payment_id", how="left")
        .with_columns(
            excluded=_excluded(),
            is_stated_otherwise=(
                (pl.col("stated_allowed_cents") - pl.col("allowed_cents")).abs()
                > STATED_TOLERANCE_CENTS
            ).fill_null(value=False),
        )
        .select(list(ALLOWED))
    )  # fmt: skip


_AMOUNTS: Final = ["charge_cents", "paid_cents"]
_ADDED: Final = ["share_cents", "sequestration_cents", "withheld_cents", "incentive_cents"]
_SUMS: Final = [
    *_ADDED, "prior_cents", "misplaced_share_cents", "multiple_cents", "own_cut_cents",
]  # fmt: skip


def _compared_as_whole(
    lines: pl.DataFrame, judged: pl.DataFrame, payments: pl.DataFrame
) -> pl.DataFrame:
    """Return payment_id of what is compared as a claim: without lines, or cut above the lines.

    What a claim-level adjustment takes from the payment only (the patient's share, sequestration)
    stands inside the payments of the lines already and leaves them comparable.
    """
    bare = payments.select("payment_id").join(lines, on="payment_id", how="anti")
    outside = judged.filter(
        (pl.col("line_index") == 0)
        & ~_is_inside()
        & ~_is_prior()
        & ~pl.col("nature").is_in(["D", "W", "I"])
    ).select("payment_id")
    return pl.concat([bare, outside]).unique()


def _summed_by_claim(
    judged: pl.DataFrame, whole: pl.DataFrame, payments: pl.DataFrame
) -> pl.DataFrame:
    """Return the adjustments of claims compared as a whole as those of line 0."""
    inside = pl.col("amount_cents").filter(_is_inside()).sum().over("payment_id")
    return (
        judged.join(whole, on="payment_id", how="semi")
        .join(
            payments.select("payment_id", claim_paid_cents="paid_cents"),
            on="payment_id",
            how="left",
        )
        .with_columns(
            line_index=pl.lit(0, pl.Int64),
            line_allowed_cents=pl.col("claim_paid_cents") + inside,
        )
        .drop("claim_paid_cents")
    )


def _is_share() -> pl.Expr:
    return (pl.col("group_code") == "PR") & pl.col("reason_code").is_in(sorted(COST_SHARE))


def _is_withheld() -> pl.Expr:
    return (pl.col("group_code") != "PR") & pl.col("reason_code").is_in(
        sorted(ADD_BACK - {SEQUESTRATION})
    )


def _is_sequestered() -> pl.Expr:
    return (pl.col("group_code") != "PR") & (pl.col("reason_code") == SEQUESTRATION)


def _is_incentive() -> pl.Expr:
    return (pl.col("group_code") != "PR") & pl.col("reason_code").is_in(sorted(INCENTIVES))


def _is_prior() -> pl.Expr:
    return (pl.col("group_code") == "OA") & (pl.col("reason_code") == PRIOR_PAYER_REASON)


def _is_inside() -> pl.Expr:
    return _is_share() | _is_withheld() | _is_sequestered() | _is_incentive()


def _sums(adjustments: pl.DataFrame) -> pl.DataFrame:
    def total(condition: pl.Expr) -> pl.Expr:
        return pl.col("amount_cents").filter(condition).sum()

    is_misplaced = pl.col("group_code").is_in(["CO", "OA", "PI", "CR"]) & pl.col(
        "reason_code"
    ).is_in(["1", "2", "3"])
    return adjustments.group_by(_LINE).agg(
        share_cents=total(_is_share()),
        sequestration_cents=total(_is_sequestered()),
        withheld_cents=total(_is_withheld()),
        incentive_cents=total(_is_incentive()),
        prior_cents=total(_is_prior()),
        misplaced_share_cents=total(is_misplaced),
        multiple_cents=total(pl.col("reason_code") == MULTIPLE_PROCEDURE),
        own_cut_cents=total((pl.col("group_code") == PAYER_OWN_GROUP) & ~is_misplaced),
        has_unit_reason=pl.col("reason_code").is_in(sorted(UNIT_REASONS)).any(),
        has_capitation=(pl.col("reason_code") == CAPITATION).any(),
    )


def _refused_above(judged: pl.DataFrame, whole: pl.DataFrame) -> pl.DataFrame:
    """Return payments with lines that were denied or pended above their lines."""
    return (
        judged.filter((pl.col("line_index") == 0) & pl.col("nature").is_in(["D", "W"]))
        .join(whole, on="payment_id", how="anti")
        .select("payment_id")
        .unique()
        .with_columns(is_refused_above=pl.lit(value=True))
    )


def _excluded() -> pl.Expr:
    by_state = pl.col("state").replace_strict(
        {**dict.fromkeys(_COMPARED_STATES, ""), **_EXCLUDED_BY_STATE}, default="not_paid"
    )
    return (
        pl.when(pl.col("is_held"))
        .then(pl.lit("held"))
        .when(pl.col("status") == REVERSAL_STATUS)
        .then(pl.lit("reversal"))
        .when(~pl.col("stands"))
        .then(pl.lit("replaced"))
        .when(pl.col("status") == PRICING_ONLY_STATUS)
        .then(pl.lit("priced_only"))
        .when(pl.col("sequence") > 1)
        .then(pl.lit("later_payer"))
        .when(pl.col("is_refused_above").fill_null(value=False))
        .then(pl.lit("denied"))
        .when(pl.col("has_capitation"))
        .then(pl.lit("capitated"))
        .otherwise(by_state)
    )
