"""Rows of the mirror for what payers decided: claim payments and their lines.

The amounts of a line are sorted so that they add up: charge less paid is the sum of its reductions,
and the lines of a claim payment (with line 0, which takes what no line carries) sum to it.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.core.barriers.decisions import DUPLICATE, Decisions
from sanderling.core.ledger import effects, reversals
from sanderling.core.ledger.accounts import Account, write_down_target
from sanderling.core.ledger.charges import charges
from sanderling.core.ledger.lines import match_lines
from sanderling.core.ledger.payments import PRIOR_PAYER_REASON, SEQUENCE_BY_STATUS
from sanderling.mirror.loading import Outside, Slice

_LINE: Final = ["payment_id", "line_index"]
_TRACK: Final = ["claim_id", "sequence"]
# How much a decision took off, by why.
REDUCTIONS: Final = [
    "contractual_cents",
    "patient_cents",
    "sequestration_cents",
    "withhold_cents",
    "prior_payer_cents",
    "denied_cents",
    "other_reduction_cents",
]
_REASON: Final = [
    "category",
    "subcategory",
    "group_code",
    "reason_code",
    "remark_code",
    "preventable",
]


def payment_rows(
    part: Slice, decided: Decisions, about: pl.DataFrame, sent: pl.DataFrame
) -> pl.DataFrame:
    """Return the claim payments; beside the table's columns is_decision and place_of_service.

    A decision is what is neither a reversal nor priced without being paid.
    """
    rows = decided.payments.rename({"service_from_date": "claim_date"}, strict=False)
    taken_back = (
        rows.filter(pl.col("reverses_payment_id").is_not_null())
        .group_by(payment_id=pl.col("reverses_payment_id"))
        .agg(taken_back_date=pl.col("received_date").min())
    )
    first = rows.filter(~pl.col("is_held"), pl.col("status") != reversals.REVERSAL_STATUS).unique(
        _TRACK, keep="first", maintain_order=True
    )
    of_claim = about.select(
        "claim_id", "plan", "kind", "location", "diagnosis", "rendering_npi",
        claim_date=pl.col("service_date"),
    )  # fmt: skip
    told_npi = pl.when(pl.col("rendering_npi_right") != "").then("rendering_npi_right")
    return (
        rows.join(of_claim, on="claim_id", how="left", suffix="_right")
        .join(part.payments, on="payment_id", how="left")
        .join(taken_back, on="payment_id", how="left")
        .join(_main_refusals(decided), on="payment_id", how="left")
        .join(_sent_dates(rows, sent), on="payment_id", how="left")
        .with_columns(
            service_date=pl.coalesce("service_date", "claim_date"),
            rendering_npi=pl.coalesce(told_npi, "rendering_npi", pl.lit("")),
            is_first=pl.col("payment_id").is_in(first["payment_id"].implode()),
            is_reversal=pl.col("status") == reversals.REVERSAL_STATUS,
            is_decision=(pl.col("status") != reversals.REVERSAL_STATUS)
            & ((pl.col("status") != reversals.PRICING_ONLY_STATUS) | (pl.col("paid_cents") != 0)),
            is_denied=pl.col("denied_cents").is_not_null(),
            is_duplicate=(pl.col("subcategory") == DUPLICATE).fill_null(value=False),
            denied_cents=pl.col("denied_cents").fill_null(0),
        )
        .with_columns(pl.col(_REASON).fill_null(""))
    )


def _main_refusals(decided: Decisions) -> pl.DataFrame:
    """Return what each claim payment refused in all, and by which reason the most of it."""
    refused = decided.denials
    total = refused.group_by("payment_id").agg(pl.col("denied_cents").sum())
    main = (
        # A line refused for another reason than being sent twice speaks for the claim payment.
        refused.sort(
            "payment_id", "is_duplicate", "denied_cents", "line_index",
            descending=[False, False, True, False],
        )
        .unique("payment_id", keep="first", maintain_order=True)
        .select("payment_id", *_REASON)
    )  # fmt: skip
    return total.join(main, on="payment_id")


def _sent_dates(payments: pl.DataFrame, sent: pl.DataFrame) -> pl.DataFrame:
    """Return which claim as sent each decision answers: payment_id, sent_date.

    The first one sent to that payer after its decision before; where none was, the last one before
    this decision.
    """
    moments = (
        payments.filter(~pl.col("is_held"), pl.col("status") != reversals.REVERSAL_STATUS)
        .sort("payment_order")
        .with_columns(before_date=pl.col("payment_date").shift(1).over(_TRACK))
        .select("payment_id", *_TRACK, "payment_date", "received_date", "before_date")
    )
    latest = pl.max_horizontal("payment_date", "received_date")
    pairs = moments.join(sent.select(*_TRACK, "sent_date"), on=_TRACK).filter(
        pl.col("sent_date") <= latest
    )
    is_new = pl.col("before_date").is_null() | (pl.col("sent_date") > pl.col("before_date"))
    return (
        pairs.group_by("payment_id")
        .agg(
            new_date=pl.col("sent_date").filter(is_new).min(),
            last_date=pl.col("sent_date").max(),
        )
        .select("payment_id", sent_date=pl.coalesce("new_date", "last_date"))
    )


def remit_line_rows(
    part: Slice,
    decided: Decisions,
    payments: pl.DataFrame,
    billed: pl.DataFrame,
) -> pl.DataFrame:
    """Return the service payments, and what of a claim payment no service carries as line 0.

    `payments` as payment_rows returns them; `billed`: the lines as billed (table `lines`).
    """
    ledger = part.facts.ledger
    others = _effects(
        ledger.adjustments.join(decided.adjustments, on="payment_id", how="anti"),
        payments,
        part.services,
    )
    kinds = ["payment_id", "line_index", "group_code", "reason_code", "amount_cents"]
    judged = pl.concat(
        [frame.select(*kinds, "nature", "effect") for frame in (decided.adjustments, others)]
    )
    matched = match_lines(
        ledger.payment_lines.join(payments.select("payment_id", "claim_id"), on="payment_id"),
        charges(ledger).lines,
    ).with_columns(line=pl.when(pl.col("line") > 0).then("line"))
    refused = decided.denials.select(*_LINE, *_REASON, "is_duplicate", is_denied=pl.lit(value=True))
    as_billed = billed.select(
        "claim_id", "line", billed_place=pl.col("place_of_service"),
        billed_npi=pl.col("rendering_npi"),
    )  # fmt: skip
    return (
        _lines_with_reductions(payments, part.services, judged)
        .join(matched, on=_LINE, how="left")
        .join(as_billed, on=["claim_id", "line"], how="left")
        .join(refused, on=_LINE, how="left")
        .with_columns(
            place_of_service=pl.coalesce("billed_place", "place_of_service"),
            rendering_npi=pl.coalesce("billed_npi", "rendering_npi"),
            is_denied=pl.col("is_denied").fill_null(value=False),
            is_duplicate=pl.col("is_duplicate").fill_null(value=False),
        )
        .with_columns(pl.col(_REASON).fill_null(""))
    )


def _effects(
    adjustments: pl.DataFrame, payments: pl.DataFrame, services: pl.DataFrame
) -> pl.DataFrame:
    columns = ["payment_id", "line_index", "charge_cents", "paid_cents"]
    claims = payments.with_columns(line_index=pl.lit(0, pl.Int64)).select(columns)
    rows = adjustments.filter(pl.col("amount_cents") != 0)
    return effects.adjustment_effects(rows, pl.concat([claims, services.select(columns)]))


def _lines_with_reductions(
    payments: pl.DataFrame, services: pl.DataFrame, judged: pl.DataFrame
) -> pl.DataFrame:
    """Return one row for each service and each line 0 that has something to say."""
    reductions = _reductions(judged)
    carried = services.group_by("payment_id").agg(
        carried_charge=pl.col("charge_cents").sum(), carried_paid=pl.col("paid_cents").sum()
    )
    rest = (
        payments.join(carried, on="payment_id", how="left")
        .select(
            "payment_id",
            line_index=pl.lit(0, pl.Int64),
            charge_cents=pl.col("charge_cents") - pl.col("carried_charge").fill_null(0),
            paid_cents=pl.col("paid_cents") - pl.col("carried_paid").fill_null(0),
            is_bare=pl.col("carried_charge").is_null(),
        )
        .join(reductions.select(_LINE).with_columns(is_reduced=True), on=_LINE, how="left")
        .filter(
            pl.col("is_bare")
            | pl.col("is_reduced").is_not_null()
            | (pl.col("charge_cents") != 0)
            | (pl.col("paid_cents") != 0)
        )
        .drop("is_bare", "is_reduced")
    )
    details = services.with_columns(
        units_paid=pl.col("units_paid").cast(pl.Float64, strict=False),
        units_billed=pl.col("units_billed").cast(pl.Float64, strict=False),
    ).rename({"service_date": "line_date"})
    of_payment = payments.select(
        "payment_id", "claim_id", "client_id", "payer_id", "payer_type", "plan", "kind", "location",
        "rendering_npi", "diagnosis", "service_date", "place_of_service", "sequence", "status",
        "payment_date", "received_date", "is_reversal", "is_taken_back", "taken_back_date",
        "is_held", "is_first",
    )  # fmt: skip
    return (
        pl.concat([details, rest], how="diagonal")
        .join(of_payment, on="payment_id")
        .join(reductions, on=_LINE, how="left")
        .with_columns(
            pl.col(REDUCTIONS).fill_null(0),
            pl.col("procedure", "modifiers", "submitted_procedure", "revenue_code").fill_null(""),
            service_date=pl.coalesce("line_date", "service_date"),
        )
    )


def _reductions(judged: pl.DataFrame) -> pl.DataFrame:
    """Return the sums of the adjustments of each line, by REDUCTIONS."""
    codes = judged["reason_code"].unique().to_list()
    of_account = {
        Account.SEQUESTRATION: "sequestration_cents",
        Account.WITHHOLD: "withhold_cents",
        Account.INCENTIVE: "other_reduction_cents",
    }
    names = {
        code: of_account.get(write_down_target(code)[0], "contractual_cents") for code in codes
    }
    is_prior = (pl.col("group_code") == "OA") & (pl.col("reason_code") == PRIOR_PAYER_REASON)
    why = (
        pl.when(is_prior)
        .then(pl.lit("prior_payer_cents"))
        .when(pl.col("effect") == effects.WRITE_DOWN)
        .then(
            pl.col("reason_code").replace_strict(
                names, default="contractual_cents", return_dtype=pl.String
            )
        )
        .when(pl.col("effect") == effects.PASS_ON)
        .then(pl.lit("patient_cents"))
        .when(pl.col("nature") == "D")
        .then(pl.lit("denied_cents"))
        .otherwise(pl.lit("other_reduction_cents"))
    )
    named = judged.with_columns(why=why)
    return named.group_by(_LINE).agg(
        pl.col("amount_cents").filter(pl.col("why") == name).sum().alias(name)
        for name in REDUCTIONS
    )


def outside_rows(outside: Outside) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the claim payments of no claim, all of them held, and their lines."""
    none = pl.lit("")
    sequence = pl.col("status").replace_strict(SEQUENCE_BY_STATUS, default=1, return_dtype=pl.Int64)
    payments = outside.payments.join(
        outside.payers.select("payer_id", "payer_type"), on="payer_id", how="left"
    ).with_columns(
        claim_id=pl.lit(None, pl.Int64),
        plan=none,
        kind=none,
        location=none,
        diagnosis=none,
        sequence=sequence,
        sent_date=pl.lit(None, pl.Date),
        is_first=pl.lit(value=False),
        is_reversal=pl.col("status") == reversals.REVERSAL_STATUS,
        is_taken_back=pl.lit(value=False),
        taken_back_date=pl.lit(None, pl.Date),
        is_held=pl.lit(value=True),
        is_denied=pl.lit(value=False),
        is_duplicate=pl.lit(value=False),
        denied_cents=pl.lit(0, pl.Int64),
        **dict.fromkeys(_REASON, none),
    )
    judged = _effects(outside.adjustments, payments, outside.services)
    lines = _lines_with_reductions(payments, outside.services, judged).with_columns(
        line=pl.lit(None, pl.Int64),
        is_denied=pl.lit(value=False),
        is_duplicate=pl.lit(value=False),
        **dict.fromkeys(_REASON, none),
    )
    return payments, lines
