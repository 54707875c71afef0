"""Where what a payer allowed departs from what it should have: how much, and why it may look so.

`variance_cents` is allowed less expected: negative is paid short. A departure within the contract's
tolerance is kept for patterns only. What looks like an underpayment and is none, or is worked as
something else, is named and set aside before anybody is asked to dispute it.

Source: DOMAIN 6.6 (2) to (6); B4 cases 7 to 11.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from sanderling.core.contracts.frames import Schema

ROUNDING_CENTS: Final = 2  # of factors and units, between two systems
PROVIDER_CLASS_RATIO: Final = 0.85
SEQUESTRATION_RATE: Final = 0.02
_RATIO_MARGIN: Final = 0.005

CONTRACT: Final = "contract"
LEARNED: Final = "learned"

# One comparable line with its price (from core.contracts.price, or learned).
COMPARED: Final[Schema] = {
    "line_id": pl.Int64,
    "charge_cents": pl.Int64,
    "allowed_cents": pl.Int64,
    "share_cents": pl.Int64,
    "sequestration_cents": pl.Int64,
    "misplaced_share_cents": pl.Int64,
    "multiple_cents": pl.Int64,
    "own_cut_cents": pl.Int64,
    "has_unit_reason": pl.Boolean,
    "code": pl.String,  # as billed
    "modifiers": pl.String,
    "paid_code": pl.String,  # as paid (SVC01)
    "paid_modifiers": pl.String,
    "units": pl.Float64,
    "paid_units": pl.Float64,
    "expected_cents": pl.Int64,  # null: unpriced
    "rank": pl.Int64,
    "flags": pl.String,
    "confidence": pl.String,
    "basis": pl.String,
    "is_practitioner": pl.Boolean,  # whoever rendered it is paid as NP or PA, see learned.py
    "is_sequestered": pl.Boolean,  # the contract names sequestration
    "tolerance_cents": pl.Int64,
    "tolerance_rate": pl.Float64,
}
# What the line would be worth otherwise; null: not asked, or not priced so.
ALTERNATIVES: Final[Schema] = {
    "line_id": pl.Int64,
    "as_paid_cents": pl.Int64,  # with the code and modifiers that the payer names
    "earlier_cents": pl.Int64,  # by the rates of a year before
    "later_cents": pl.Int64,  # by the rates that came next
    "other_site_cents": pl.Int64,  # facility instead of office, or the reverse
    "unranked_cents": pl.Int64,  # ranked among the lines that were paid only
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A class of departure: what a person reads, and whether it waits for one."""

    title: str
    sentence: str
    is_queued: bool


FINDINGS: Final = {
    "short": Finding(
        "Paid short", "Allowed less than the price, and nothing on the remittance says why.", True
    ),
    "own_reduction": Finding(
        "Payer's own reduction",
        "The payer cut the payment on its own initiative (group PI); no contract says so.",
        True,
    ),
    "old_rate": Finding(
        "Rates of an earlier year",
        "Allowed exactly what the rates before this version were: the payer has not loaded the new"
        " fee schedule.",
        True,
    ),
    "modifier_dropped": Finding(
        "Modifier dropped",
        "Priced as if the line had been billed without one of its modifiers.",
        True,
    ),
    "recoded": Finding(
        "Recoded", "Priced as the other procedure that the payer put in place of ours.", True
    ),
    "other_site": Finding(
        "Other site of service", "Priced as if rendered at another kind of place.", True
    ),
    "units_cut": Finding(
        "Units cut silently", "Fewer units were paid than billed, and no reason says why.", True
    ),
    "wrong_sequestration": Finding(
        "Sequestration taken",
        "Short by two percent of the payment, as sequestration would take; the contract names"
        " none.",
        True,
    ),
    "paid_as_practitioner": Finding(
        "Paid at 85 %",
        "Allowed 85 % of the price, as for a nurse practitioner or physician assistant; whoever"
        " rendered it is otherwise paid in full.",
        True,
    ),
    "steps_beyond_contract": Finding(
        "More reduced than agreed",
        "Reduced as a further procedure of the day by more than the contract says.",
        True,
    ),
    "units_refused": Finding(
        "Units refused",
        "The payer refused some of the units and says so: worked as a refusal, not as a price.",
        False,
    ),
    "multiple_procedure": Finding(
        "Multiple procedures",
        "Reduced as a further procedure of the day (CO-59); the contract says nothing about it.",
        False,
    ),
    "assistant": Finding(
        "Assistant at surgery",
        "An assistant's share of the price; the contract states none.",
        False,
    ),
    "practitioner": Finding(
        "Nurse practitioner or physician assistant",
        "Whoever rendered it is paid 85 % of the price on nearly every line.",
        False,
    ),
    "charge_below_price": Finding(
        "Charge below the price", "Allowed what was charged: the charge is below the price.", False
    ),
    "sequestration": Finding(
        "Sequestration",
        "Short by the sequestration that the contract names, written under another reason.",
        False,
    ),
    "misplaced_share": Finding(
        "Patient's share under another group",
        "The difference is the patient's share, named under CO or OA instead of PR.",
        False,
    ),
    "denied_beside": Finding(
        "Ranked without denied lines",
        "Right for the procedures of the day that were paid; another one was denied.",
        False,
    ),
    "uncertain_price": Finding(
        "Price not certain",
        "The contract leaves this price to a report or does not state it: no claim is made.",
        False,
    ),
    "small": Finding("Within tolerance", "Within the contract's tolerance.", False),
    "over": Finding(
        "Paid over", "Allowed more than the price, and nothing on the remittance says why.", True
    ),
    "later_rate": Finding(
        "Rates of a later version",
        "Allowed what the next version of the contract says: loaded before its day.",
        True,
    ),
    "steps_not_taken": Finding(
        "Not reduced", "Not reduced as a further procedure of the day, as the contract says.", True
    ),
}
VARIANCES: Final[Schema] = {
    "line_id": pl.Int64,
    "variance_cents": pl.Int64,  # allowed less expected
    "ratio": pl.Float64,  # allowed of expected
    "finding": pl.String,  # one of FINDINGS
    "is_beyond_tolerance": pl.Boolean,
    "is_queued": pl.Boolean,
    "confidence": pl.String,
}


def departures(compared: pl.DataFrame) -> pl.DataFrame:
    """Return the priced lines that depart by more than rounding, with `variance_cents`.

    Whether it is worth a word is decided by `judge`, from the tolerance and what explains it.
    """
    return (
        compared.filter(pl.col("expected_cents").is_not_null())
        .with_columns(variance_cents=pl.col("allowed_cents") - pl.col("expected_cents"))
        .filter(pl.col("variance_cents").abs() > ROUNDING_CENTS)
    )


def judge(departing: pl.DataFrame, alternatives: pl.DataFrame) -> pl.DataFrame:
    """Return what each departure is (VARIANCES). `departing`: COMPARED with variance_cents.

    `alternatives` (ALTERNATIVES) may lack lines: then nothing else was asked about them.
    """
    rows = departing.join(alternatives, on="line_id", how="left")
    tolerance = pl.max_horizontal(
        pl.col("tolerance_cents").cast(pl.Float64), pl.col("tolerance_rate") * _expected()
    )
    rows = rows.with_columns(
        ratio=pl.when(pl.col("expected_cents") != 0)
        .then(pl.col("allowed_cents") / pl.col("expected_cents"))
        .otherwise(None),
        is_beyond_tolerance=pl.col("variance_cents").abs() > tolerance,
    ).with_columns(finding=_finding())
    queued = [name for name, one in FINDINGS.items() if one.is_queued]
    return rows.with_columns(
        is_queued=pl.col("finding").is_in(queued) & pl.col("is_beyond_tolerance")
    ).select(list(VARIANCES))


def _expected() -> pl.Expr:
    return pl.col("expected_cents").abs().cast(pl.Float64)


def _near(other: pl.Expr) -> pl.Expr:
    """Tell whether the allowed amount is this one, but for rounding."""
    return ((pl.col("allowed_cents") - other).abs() <= ROUNDING_CENTS).fill_null(value=False)


def _has(flag: str) -> pl.Expr:
    return pl.col("flags").str.split(":").list.contains(flag)


def _finding() -> pl.Expr:
    cases = [*_set_aside(), *_causes()]
    named = [
        pl.when(condition.fill_null(value=False)).then(pl.lit(name)) for condition, name in cases
    ]
    return pl.coalesce(
        pl.when(~pl.col("is_beyond_tolerance")).then(pl.lit("small")),
        *named,
        pl.when(pl.col("variance_cents") < 0).then(pl.lit("short")).otherwise(pl.lit("over")),
    )


def _set_aside() -> list[tuple[pl.Expr, str]]:
    """What looks like a departure and is none, in the order in which it is asked."""
    is_short = pl.col("variance_cents") < 0
    has_assistant = (
        pl.col("modifiers")
        .str.split(":")
        .list.eval(pl.element().is_in(["80", "81", "82", "AS"]))
        .list.any()
    )
    return [
        (
            is_short & (pl.col("misplaced_share_cents") > 0)
            & _near(pl.col("expected_cents") - pl.col("misplaced_share_cents")),
            "misplaced_share",
        ),
        (_near(pl.col("unranked_cents")), "denied_beside"),
        (
            is_short & pl.col("has_unit_reason"),
            "units_refused",
        ),
        (
            is_short & (pl.col("multiple_cents") > 0)
            & (pl.col("rank").is_null() | (pl.col("basis") == LEARNED)),
            "multiple_procedure",
        ),
        # Silently halved, as payers do with further operations: history states no steps.
        (
            is_short & (pl.col("basis") == LEARNED) & (pl.col("rank") > 1)
            & (_at_ratio(0.5) | _at_ratio(0.25)),
            "multiple_procedure",
        ),
        (is_short & has_assistant & _has("NOT_STATED"), "assistant"),
        (is_short & (pl.col("allowed_cents") == pl.col("charge_cents")), "charge_below_price"),
        (
            is_short & pl.col("is_practitioner") & _at_ratio(PROVIDER_CLASS_RATIO),
            "practitioner",
        ),
        (is_short & pl.col("is_sequestered") & _less_sequestration(), "sequestration"),
        (
            _has("BY_REPORT") | _has("NOT_STATED") | (pl.col("confidence") == "none"),
            "uncertain_price",
        ),
    ]  # fmt: skip


def _causes() -> list[tuple[pl.Expr, str]]:
    """What a real departure comes from, the surest sign first."""
    is_short = pl.col("variance_cents") < 0
    is_recoded = (pl.col("paid_code") != pl.col("code")) & (pl.col("paid_code") != "")
    lost_units = pl.col("paid_units") < pl.col("units")
    by_units = pl.col("expected_cents") * pl.col("paid_units") / pl.col("units")
    return [
        (is_short & (pl.col("own_cut_cents") > 0)
         & _near(pl.col("expected_cents") - pl.col("own_cut_cents")), "own_reduction"),
        (_near(pl.col("as_paid_cents")) & is_recoded, "recoded"),
        (_near(pl.col("as_paid_cents")) & ~is_recoded, "modifier_dropped"),
        (is_short & lost_units & _near(by_units), "units_cut"),
        (is_short & _near(pl.col("earlier_cents")), "old_rate"),
        (~is_short & _near(pl.col("later_cents")), "later_rate"),
        (_near(pl.col("other_site_cents")), "other_site"),
        (is_short & _less_sequestration(), "wrong_sequestration"),
        (is_short & _at_ratio(PROVIDER_CLASS_RATIO), "paid_as_practitioner"),
        (is_short & (pl.col("multiple_cents") > 0), "steps_beyond_contract"),
        (~is_short & (pl.col("rank") > 1), "steps_not_taken"),
    ]  # fmt: skip


def _at_ratio(ratio: float) -> pl.Expr:
    return ((pl.col("ratio") - ratio).abs() <= _RATIO_MARGIN).fill_null(value=False)


def _less_sequestration() -> pl.Expr:
    """Short by two percent of what the payer itself would pay, and no 253 tells it."""
    taken = (pl.col("expected_cents") - pl.col("share_cents")) * SEQUESTRATION_RATE
    return (pl.col("sequestration_cents") == 0) & _near(pl.col("expected_cents") - taken)


def secondary_expected_cents(method: str) -> pl.Expr:
    """Return what a secondary payer should pay: over its allowed amount and the primary's answer.

    Columns: secondary_allowed_cents, primary_paid_cents, primary_share_cents (PR of the primary).
    Standard: the primary's patient share, at most what the secondary's price leaves. Carve-out:
    what the secondary would pay alone less what the primary paid. Non-duplication is the same with
    nothing beyond it. Source: DOMAIN 6.6 (6).
    """
    left = (pl.col("secondary_allowed_cents") - pl.col("primary_paid_cents")).clip(lower_bound=0)
    if method == "standard":
        return pl.min_horizontal(left, "primary_share_cents")
    if method in ("carve_out", "non_duplication"):
        alone = pl.coalesce("secondary_benefit_cents", "secondary_allowed_cents")
        return (alone - pl.col("primary_paid_cents")).clip(lower_bound=0)
    raise ValueError(method)
