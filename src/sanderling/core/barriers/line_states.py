"""What a payer decided about a service line: the algorithm of DOMAIN 3.3 with its worked tests B1.

CLP02 alone never makes a denial; the adjustments do.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.core.ledger.payments import PRIOR_PAYER_REASON
from sanderling.core.ledger.reversals import REVERSAL_STATUS

REVERSAL: Final = "reversal"
INFO: Final = "info"
PENDED: Final = "pended"
CAPITATED: Final = "capitated"
DENIED: Final = "denied"
PARTIAL_DENIAL: Final = "partial_denial"
ZERO_PAY_PATIENT: Final = "zero_pay_patient"
NO_FURTHER_PAYMENT: Final = "no_further_payment"
PAID_REDUCED: Final = "paid_reduced"
PAID: Final = "paid"
ZERO_REVIEW: Final = "zero_review"

CAPITATION_REASON: Final = "24"
_FORGIVEN_MEMBER_SHARE: Final = "303"
_LINE: Final = ["payment_id", "line_index"]


def line_states(
    lines: pl.DataFrame, adjustments: pl.DataFrame, payments: pl.DataFrame
) -> pl.DataFrame:
    """Return payment_id, line_index, state, denied_cents: one row per line.

    `lines`: payment_id, line_index (0: the claim, where its adjustments stand on the claim),
    charge_cents, paid_cents, is_capitated (a contract pays this procedure by the month).
    `adjustments`: as core.ledger.effects.adjustment_effects returns them. `payments`: payment_id,
    status, sequence.
    """
    denied = pl.col("nature") == "D"
    is_prior = (pl.col("group_code") == "OA") & (pl.col("reason_code") == PRIOR_PAYER_REASON)
    is_expected_later = (
        is_prior
        | (pl.col("group_code") == "PR")
        | (
            (pl.col("group_code") == "CO")
            & pl.col("reason_code").is_in(["45", _FORGIVEN_MEMBER_SHARE])
        )
    )
    found = adjustments.group_by(_LINE).agg(
        allowed_cents=pl.col("line_allowed_cents").first(),
        is_pended=(pl.col("nature") == "W").any(),
        is_reduced=(pl.col("nature") == "R").any(),
        has_capitation=(pl.col("reason_code") == CAPITATION_REASON).any(),
        denied_cents=pl.col("amount_cents").filter(denied & (pl.col("amount_cents") > 0)).sum(),
        is_only_prior=is_expected_later.all(),
    )
    rows = lines.join(found, on=_LINE, how="left").join(
        payments.select("payment_id", "status", "sequence"), on="payment_id"
    )
    paid = pl.col("paid_cents")
    allowed = pl.coalesce("allowed_cents", "paid_cents")
    nothing = (paid == 0) & (allowed == 0)
    state = (
        pl.when(pl.col("status") == REVERSAL_STATUS)
        .then(pl.lit(REVERSAL))
        .when(pl.col("charge_cents") == 0)
        .then(pl.lit(INFO))
        .when(pl.col("is_pended"))
        .then(pl.lit(PENDED))
        .when(pl.col("has_capitation") & pl.col("is_capitated"))
        .then(pl.lit(CAPITATED))
        .when((pl.col("denied_cents") > 0) & nothing)
        .then(pl.lit(DENIED))
        .when(pl.col("denied_cents") > 0)
        .then(pl.lit(PARTIAL_DENIAL))
        .when((paid == 0) & (allowed > 0))
        .then(pl.lit(ZERO_PAY_PATIENT))
        .when((pl.col("sequence") > 1) & (paid == 0) & pl.col("is_only_prior"))
        .then(pl.lit(NO_FURTHER_PAYMENT))
        .when(pl.col("is_reduced"))
        .then(pl.lit(PAID_REDUCED))
        .when(paid > 0)
        .then(pl.lit(PAID))
        .otherwise(pl.lit(ZERO_REVIEW))
    )
    return rows.select(*_LINE, state=state, denied_cents=pl.col("denied_cents").fill_null(0))
