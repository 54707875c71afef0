"""What was charged, paid and given up: K06, K07, K11, K23, K25, K26, K35, and payers' sums."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

import polars as pl

from sanderling.core.deadlines.prompt_pay import prompt_pay_frame
from sanderling.core.kpis.bases import Bases
from sanderling.core.ledger.accounts import Account, Kind, provider_level_target

_OF: Final = ("period", "claim_id", "client_id", "payer_id")
_NOTHING: Final = pl.lit(0, pl.Int64)
_PATIENT_PARTY: Final = int(Account.PATIENT)
# Reasons of write-offs (writeoffs.reasons) by what they are in key figures.
FILING_LIMIT: Final = ("timely_payer", "timely_biller", "timely_client")
REFUSED: Final = (
    *FILING_LIMIT,
    *("no_authorization", "non_covered", "not_medically_necessary", "bundled", "credentialing"),
)
UNCOLLECTIBLE: Final = "uncollectible"  # of a patient: bad debt; of an insurer: after appeals
BAD_DEBT: Final = ("bankruptcy", "deceased", UNCOLLECTIBLE)
CHARITY: Final = ("charity",)


def _moved(of: Bases) -> pl.LazyFrame:
    return of.movements.lazy().join(of.in_period, on="day")


def gross_collection_rate(of: Bases) -> pl.LazyFrame:
    """K06: payments and charges posted in the period."""
    return _moved(of).select(*_OF, numerator="payments", denominator="charges")


def cash_to_net_revenue_rate(of: Bases) -> pl.LazyFrame:
    """K23: payments, and charges less contractual adjustments, posted in the period."""
    return _moved(of).select(*_OF, numerator="payments", denominator=_NET)


_NET: Final = pl.col("charges") - pl.col("contractual")


def _cohort(of: Bases) -> pl.LazyFrame:
    """Return the movements on services that are six months old, known by each period's end."""
    claims = (
        of.claims.lazy()
        .select("claim_id", "service_date")
        .join(of.cohort_days, left_on="service_date", right_on="day")
        .join(of.ends, on="period")
    )
    return of.movements.lazy().join(claims, on="claim_id").filter(pl.col("day") <= pl.col("end"))


def net_collection_rate(of: Bases) -> pl.LazyFrame:
    """K07: payments on services of six months before; their charges less contractual."""
    return _cohort(of).select(*_OF, numerator="payments", denominator=_NET)


def insurance_net_collection_rate(of: Bases) -> pl.LazyFrame:
    """K07 of insurers: the patients' share is taken off the denominator."""
    cohort = _cohort(of).select(*_OF, numerator="payments", denominator=_NET)
    claims = (
        of.claims.lazy()
        .select("claim_id", "service_date", "first_payer_id")
        .join(of.cohort_days, left_on="service_date", right_on="day")
        .join(of.ends, on="period")
    )
    # Only what moved between parties: what was charged or written off there is counted already.
    kinds = [int(one) for one in (Kind.TRANSFER, Kind.TO_PATIENT, Kind.OFFSET)]
    share = (
        of.entries.filter(pl.col("party") == _PATIENT_PARTY, pl.col("kind").is_in(kinds))
        .join(claims, on="claim_id")
        .filter(pl.col("posted_date") <= pl.col("end"))
        .select(
            "period",
            "claim_id",
            "client_id",
            payer_id="first_payer_id",
            numerator=_NOTHING,
            denominator=-pl.col("cents"),
        )
    )
    return pl.concat([cohort, share])


def _written_off(
    reasons: Collection[str], below: pl.Expr, *, patients: bool | None = None
) -> Callable[[Bases], pl.LazyFrame]:
    """Return the formula of write-offs for these reasons; `patients`: theirs, or not."""

    def formula(of: Bases) -> pl.LazyFrame:
        given = of.book.write_offs.filter(pl.col("reason").is_in(list(reasons)))
        is_patient = pl.col("party") == _PATIENT_PARTY
        if patients is not None:
            # Bankruptcy and death are of patients whoever owes.
            given = given.filter((is_patient == patients) | (pl.col("reason") != UNCOLLECTIBLE))
        lost = given.join(of.in_period, on="day").select(
            *_OF, numerator="amount_cents", denominator=_NOTHING
        )
        return pl.concat([lost, _moved(of).select(*_OF, numerator=_NOTHING, denominator=below)])

    return formula


def recoupment_rate(of: Bases) -> pl.LazyFrame:
    """K43: PLB amounts that take money back; payments of the period."""
    taken = (Kind.RECOUPMENT, Kind.FORWARDING_BALANCE)
    back = _provider_level(of, taken).select(
        "period", pl.lit(None, pl.Int64).alias("claim_id"), "client_id", "payer_id",
        numerator="amount_cents", denominator=_NOTHING,
    )  # fmt: skip
    paid = _moved(of).select(*_OF, numerator=_NOTHING, denominator="payments")
    return pl.concat([back, paid])


def _provider_level(of: Bases, kinds: Collection[Kind]) -> pl.LazyFrame:
    codes = of.book.provider_adjustments.select("code").unique().collect()["code"].to_list()
    wanted = [code for code in codes if provider_level_target(code)[1] in kinds]
    return of.book.provider_adjustments.filter(pl.col("code").is_in(wanted)).join(
        of.in_period, left_on="received_date", right_on="day"
    )


def prompt(of: Bases) -> pl.DataFrame:
    """Return first decisions with the rule they were due by: day, late_days, interest_cents."""
    asked = (
        of.decisions.lazy()
        .join(of.book.payers, on="payer_id")
        .filter(pl.col("jurisdiction").is_not_null(), pl.col("payer_received_date").is_not_null())
        .select(
            "claim_id", "client_id", "payer_id", "day", "jurisdiction",
            item_id="payment_id",
            received_date="payer_received_date",
            paid_date="payment_date",
            net_cents=pl.col("paid_cents").clip(0),
            is_electronic=pl.lit(True),
        )
        .collect()
    )  # fmt: skip
    found = prompt_pay_frame(
        asked.select("item_id", "jurisdiction", "received_date", "paid_date", "net_cents",
                     "is_electronic")
    ).select("due_date", "late_days", "interest_cents")  # fmt: skip
    return pl.concat([asked.drop("received_date"), found], how="horizontal").filter(
        pl.col("late_days").is_not_null()
    )


def prompt_rate(of: Bases) -> pl.LazyFrame:
    """S04: decided within the days of the rule."""
    return (
        prompt(of)
        .lazy()
        .join(of.in_period, on="day")
        .select(
            *_OF,
            numerator=(pl.col("late_days") == 0).cast(pl.Int64),
            denominator=pl.lit(1, pl.Int64),
        )
    )


def interest_captured_rate(of: Bases) -> pl.LazyFrame:
    """K45: interest that remittances paid, interest that rules ask for."""
    paid = _provider_level(of, (Kind.INTEREST,)).select(
        "period", pl.lit(None, pl.Int64).alias("claim_id"), "client_id", "payer_id",
        numerator=-pl.col("amount_cents"), denominator=_NOTHING,
    )  # fmt: skip
    owed = (
        prompt(of)
        .lazy()
        .filter(pl.col("interest_cents") > 0)
        .join(of.in_period, on="day")
        .select(*_OF, numerator=_NOTHING, denominator="interest_cents")
    )
    return pl.concat([paid, owed])


def _alone(column: str) -> Callable[[Bases], pl.LazyFrame]:
    """Return the formula of a plain sum."""

    def formula(of: Bases) -> pl.LazyFrame:
        return _moved(of).select(*_OF, numerator=column, denominator=_NOTHING)

    return formula


def _shortfalls(of: Bases) -> pl.LazyFrame:
    """Return what payers allowed (`allowed`) and allowed too little (`short`), by claim.

    Of clients and payers for which some line was ever compared and found to depart.
    """
    known = of.book.variances.select("client_id", "payer_id").unique()
    allowed = (
        of.book.payments.filter(
            pl.col("claim_id").is_not_null(),
            ~pl.col("is_reversal"),
            ~pl.col("is_held"),
            ~pl.col("is_taken_back"),
        )
        .join(known, on=["client_id", "payer_id"], how="semi")
        .join(of.in_period, left_on="received_date", right_on="day")
        .select(
            *_OF,
            allowed=pl.col("paid_cents") + pl.col("patient_share_cents").fill_null(0),
            short=_NOTHING,
        )
    )
    short = (
        of.book.variances.filter(pl.col("short_cents") > 0)
        .join(of.in_period, left_on="received_date", right_on="day")
        .select(*_OF, allowed=_NOTHING, short="short_cents")
    )
    return pl.concat([allowed, short])


_EXPECTED: Final = pl.col("allowed") + pl.col("short")


def underpayment_rate(of: Bases) -> pl.LazyFrame:
    """K29: what payers allowed too little, of what was to be allowed."""
    return _shortfalls(of).select(*_OF, numerator="short", denominator=_EXPECTED)


def payer_yield_rate(of: Bases) -> pl.LazyFrame:
    """K44: what payers allowed, of what was to be allowed."""
    return _shortfalls(of).select(*_OF, numerator="allowed", denominator=_EXPECTED)


FORMULAS: Final = {
    "gross_collection_rate": gross_collection_rate,
    "net_collection_rate": net_collection_rate,
    "insurance_net_collection_rate": insurance_net_collection_rate,
    "cash_to_net_revenue_rate": cash_to_net_revenue_rate,
    "final_denial_rate": _written_off((*REFUSED, UNCOLLECTIBLE), _NET, patients=False),
    "filing_limit_loss_rate": _written_off(FILING_LIMIT, _NET),
    "bad_debt_rate": _written_off(BAD_DEBT, pl.col("charges"), patients=True),
    "charity_rate": _written_off(CHARITY, pl.col("charges")),
    "recoupment_rate": recoupment_rate,
    "interest_captured_rate": interest_captured_rate,
    "charges": _alone("charges"),
    "payments": _alone("payments"),
    "prompt_rate": prompt_rate,
    "underpayment_rate": underpayment_rate,
    "payer_yield_rate": payer_yield_rate,
}
