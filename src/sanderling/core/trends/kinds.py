"""From facts to outcomes: what counts as an outcome, when it is settled, and what is an event.

Frames in are those of the mirror (`mirror/tables.py`), with everything that became known after
`today` left out or made null by the caller's `today`.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from sanderling.core.trends.lasting import recent_answers
from sanderling.core.trends.outcomes import code_family, complete

DOCUMENTATION: Final = "documentation"
_NOT_DENIALS: Final = (DOCUMENTATION, "duplicate", "patient")
# Days that an answer may take before its lack is an event.
SECONDARY_DAYS: Final = 14
_USUAL_SHARE: Final = 0.8  # of a payer's answers that come in its usual time
_LONG_SHARE: Final = 0.95
_USUAL_BOUNDS: Final = (7, 60)
_LONG_BOUNDS: Final = (35, 90)
_TELLING_WAITS: Final = 30  # answers from which a payer's usual time is told
_OLD_DAYS: Final = 90  # what was sent before has had its time to be answered

_OF_CLAIM: Final = (
    *("claim_id", "client_id", "payer_id", "plan", "location", "service_date"),
    *(pl.col("kind").alias("form"), pl.col("rendering_npi").alias("provider")),
)
# Answers (277) of claims: claim_id, payer_id, received_date, category (STC01-1), code, kind of it.
PAID_ANSWERS: Final = ("F0", "F1", "F3", "F3F", "F3N")
WAITING_CLASSES: Final = ("PEND", "ACTION")


def _known(column: str, today: date) -> pl.Expr:
    """Return a day as it was known today: what lies after is not known."""
    return pl.when(pl.col(column) <= today).then(pl.col(column))


def _decided(rows: pl.LazyFrame, today: date) -> pl.LazyFrame:
    """Return the first decisions that count in rates, as they were known today."""
    return rows.filter(
        pl.col("claim_id").is_not_null()
        & (pl.col("received_date") <= today)
        & pl.col("is_first")
        & ~pl.col("is_reversal")
        & ~pl.col("is_held")
        & ~pl.col("is_duplicate")
    ).with_columns(day=pl.min_horizontal(pl.coalesce("payment_date", "received_date"), today))


def _refusal(is_event: pl.Expr, open_claims: pl.Series) -> list[pl.Expr]:
    reason = pl.when(pl.col("reason_code") != "").then(
        pl.col("group_code") + "-" + pl.col("reason_code")
    )
    said = {
        "category": pl.col("category"),
        "carc": reason.otherwise(pl.lit("")),
        "rarc": pl.col("remark_code"),
    }
    return [
        is_event.alias("is_event"),
        pl.when(is_event).then("denied_cents").otherwise(0).alias("cents"),
        (is_event & pl.col("claim_id").is_in(open_claims.implode())).alias("is_open"),
        *(pl.when(is_event).then(value).otherwise(pl.lit("")).alias(name)
          for name, value in said.items()),
    ]  # fmt: skip


def denial_claims(payments: pl.LazyFrame, open_claims: pl.Series, today: date) -> pl.DataFrame:
    """Return first decisions of claims; an event is a refusal, whatever came of it later."""
    is_event = pl.col("is_denied") & ~pl.col("category").is_in(_NOT_DENIALS)
    return complete(
        _decided(payments, today)
        .select(*_OF_CLAIM, "day", "sent_date", *_refusal(is_event, open_claims))
        .collect()
    )


def denial_lines(
    remit_lines: pl.LazyFrame, payments: pl.LazyFrame, open_claims: pl.Series, today: date
) -> pl.DataFrame:
    """Return first decisions of lines; an event is a refusal of the line."""
    is_event = pl.col("is_denied") & ~pl.col("category").is_in(_NOT_DENIALS)
    return _refused_lines(remit_lines, payments, open_claims, is_event, today)


def documentation_lines(
    remit_lines: pl.LazyFrame, payments: pl.LazyFrame, open_claims: pl.Series, today: date
) -> pl.DataFrame:
    """Return first decisions of lines; an event refuses the line until documents come."""
    is_event = pl.col("is_denied") & (pl.col("category") == DOCUMENTATION)
    return _refused_lines(remit_lines, payments, open_claims, is_event, today)


def _refused_lines(
    remit_lines: pl.LazyFrame, payments: pl.LazyFrame, open_claims: pl.Series, is_event: pl.Expr,
    today: date,
) -> pl.DataFrame:  # fmt: skip
    return complete(
        _decided(remit_lines, today)
        .filter(pl.col("procedure") != "")
        .join(payments.select("payment_id", "sent_date"), on="payment_id", how="left")
        .select(
            *_OF_CLAIM,
            "day",
            "sent_date",
            _billed().alias("procedure"),
            code_family(_billed()).alias("code_family"),
            pl.col("modifiers").alias("modifier"),
            *_refusal(is_event, open_claims),
        )
        .collect()
    )


def _billed() -> pl.Expr:
    return (
        pl.when(pl.col("submitted_procedure") != "")
        .then("submitted_procedure")
        .otherwise("procedure")
    )


def rejections(submissions: pl.LazyFrame, today: date) -> pl.DataFrame:
    """Return claims as sent that were taken in or turned away; an event is a rejection."""
    rejected, accepted = _known("rejected_date", today), _known("accepted_date", today)
    answered = _known("answered_date", today)
    is_event = rejected.is_not_null()
    code = pl.when(is_event & (pl.col("status_code") != "")).then(
        pl.col("status_category") + ":" + pl.col("status_code")
    )
    return complete(
        submissions.filter(pl.col("submitted_date") <= today)
        .select(
            *_OF_CLAIM,
            pl.coalesce(rejected, accepted, answered).alias("day"),
            pl.col("submitted_date").alias("sent_date"),
            is_event.alias("is_event"),
            pl.when(is_event).then("charge_cents").otherwise(0).alias("cents"),
            (is_event & accepted.is_null() & answered.is_null()).alias("is_open"),
            code.otherwise(pl.lit("")).alias("carc"),
            pl.when(is_event).then("rejected_by").otherwise(pl.lit("")).alias("category"),
        )
        .filter(pl.col("day").is_not_null())
        .collect()
    )


def _sent(submissions: pl.LazyFrame, today: date) -> pl.DataFrame:
    """Return what was sent to first payers and not turned away, with the wait for its answer."""
    return (
        submissions.filter(
            (pl.col("submitted_date") <= today)
            & (pl.col("sequence") == 1)
            & pl.col("frequency").is_in(["", "1"])
            & _known("rejected_date", today).is_null()
        )
        .with_columns(answered=_known("answered_date", today))
        .with_columns(wait=(pl.col("answered") - pl.col("submitted_date")).dt.total_days())
        .select(*_OF_CLAIM, "submitted_date", "answered", "wait", "charge_cents")
        .collect()
    )


def _usual(sent: pl.DataFrame, share: float, bounds: tuple[int, int], today: date) -> pl.DataFrame:
    """Return payer_id and the days within which `share` of its answers come.

    From what was sent long enough ago to have been answered; what never was counts as longest.
    """
    old = sent.filter(pl.col("submitted_date") <= pl.lit(today).dt.offset_by(f"-{_OLD_DAYS}d"))
    waits = pl.col("wait").clip(0, 365)
    told = old.filter(pl.col("wait").is_not_null()).group_by("payer_id").agg(
        days=waits.quantile(share, "higher"), of=pl.len()
    )  # fmt: skip
    overall = old.select(waits.quantile(share, "higher")).item() if old.height else None
    return sent.select("payer_id").unique().join(told, on="payer_id", how="left").select(
        "payer_id",
        days=pl.when(pl.col("of") >= _TELLING_WAITS)
        .then("days")
        .otherwise(pl.lit(overall, dtype=pl.Float64))
        .fill_null(bounds[1])
        .clip(*bounds)
        .cast(pl.Int64),
    )  # fmt: skip


def waiting_lately(submissions: pl.LazyFrame, today: date) -> pl.DataFrame:
    """Return what first payers should have answered of late, claim by claim, and what they did."""
    sent = _sent(submissions, today)
    return recent_answers(
        sent.drop("wait", "charge_cents"), _usual(sent, _USUAL_SHARE, _USUAL_BOUNDS, today), today
    )


def slow_payments(submissions: pl.LazyFrame, today: date) -> pl.DataFrame:
    """Return claims sent so long ago that most are answered; an event is one that was not in time.

    An outcome is settled when the payer's usual time is over, answered or not, so that what waits
    counts like what was answered late, and nothing counts before its time.
    """
    sent = _sent(submissions, today)
    sent = sent.join(
        _usual(sent, _USUAL_SHARE, _USUAL_BOUNDS, today), on="payer_id", nulls_equal=True
    )
    due = pl.col("submitted_date") + pl.duration(days=pl.col("days"))
    late = pl.col("wait").is_null() | (pl.col("wait") > pl.col("days"))
    waits = late & pl.col("answered").is_null()
    return complete(
        sent.filter(due <= today).select(
            pl.exclude("submitted_date", "answered", "wait", "days", "charge_cents"),
            due.alias("day"),
            pl.col("submitted_date").alias("sent_date"),
            late.alias("is_event"),
            pl.when(waits).then("charge_cents").otherwise(0).alias("cents"),
            waits.alias("is_open"),
        )
    )


def missing_remittances(
    submissions: pl.LazyFrame, answers: pl.DataFrame, today: date
) -> pl.DataFrame:
    """Return claims sent so long ago that nearly all are answered; an event has no remittance.

    But not one of which the payer said that it waits there, unless it said paid later. All are
    settled by one clock: answers come in batches, and what is missing would come day by day.
    """
    sent = _sent(submissions, today)
    sent = sent.join(
        _usual(sent, _LONG_SHARE, _LONG_BOUNDS, today), on="payer_id", nulls_equal=True
    )
    known = answers.filter(pl.col("received_date") <= today)
    said = pl.col("received_date").max()
    paid = known.filter(pl.col("category").is_in(PAID_ANSWERS)).group_by("claim_id").agg(paid=said)
    held = known.filter(pl.col("stage").is_in(WAITING_CLASSES)).group_by("claim_id").agg(held=said)
    sent = sent.join(paid, on="claim_id", how="left").join(held, on="claim_id", how="left")
    due = pl.col("submitted_date") + pl.duration(days=pl.col("days"))
    # As it was known when its time was over: what was told later would speak for old claims alone.
    is_held = (pl.col("held") <= due).fill_null(value=False) & (
        pl.col("paid").is_null() | (pl.col("paid") < pl.col("held"))
    )
    missed = (pl.col("answered").is_null() | (pl.col("answered") > due)) & ~is_held
    still = missed & pl.col("answered").is_null()
    return complete(
        sent.filter(due <= today).select(
            pl.exclude(
                "submitted_date", "answered", "wait", "days", "charge_cents", "paid", "held"
            ),
            due.alias("day"),
            pl.col("submitted_date").alias("sent_date"),
            missed.alias("is_event"),
            pl.when(still).then("charge_cents").otherwise(0).alias("cents"),
            still.alias("is_open"),
        )
    )


def unbilled_secondaries(
    payments: pl.LazyFrame, submissions: pl.LazyFrame, claims: pl.LazyFrame, today: date
) -> pl.DataFrame:
    """Return first payers' decisions that leave a share to a next payer we know.

    An event is one that the payer did not forward and nobody billed on within two weeks.
    """
    decided = (
        _decided(payments, today)
        .filter(
            (pl.col("sequence") == 1)
            & ~pl.col("is_denied")
            & (pl.col("patient_share_cents") > 0)
            & (pl.col("day") <= pl.lit(today).dt.offset_by(f"-{SECONDARY_DAYS}d"))
        )
        .join(
            claims.filter(pl.col("secondary_payer_id").is_not_null()).select("claim_id"),
            on="claim_id", how="semi",
        )
    )  # fmt: skip
    billed = (
        submissions.filter((pl.col("sequence") > 1) & (pl.col("submitted_date") <= today))
        .group_by("claim_id")
        .agg(billed=pl.col("submitted_date").min())
    )
    # By the day of the decision; the last two weeks are not settled and have no rows.
    due = pl.col("day") + pl.duration(days=SECONDARY_DAYS)
    missed = ~pl.col("is_forwarded") & (pl.col("billed").is_null() | (pl.col("billed") > due))
    still = missed & pl.col("billed").is_null()
    return complete(
        decided.join(billed, on="claim_id", how="left")
        .select(
            *_OF_CLAIM,
            "day",
            "sent_date",
            missed.alias("is_event"),
            pl.when(still).then("patient_share_cents").otherwise(0).alias("cents"),
            still.alias("is_open"),
        )
        .collect()
    )


def documentation_holds(
    payments: pl.LazyFrame, answers: pl.DataFrame, claims: pl.LazyFrame, open_claims: pl.Series,
    today: date,
) -> pl.DataFrame:  # fmt: skip
    """Return the payers' first reactions to claims; an event asks for documents.

    By a refusal until they come, or by a claim status that says so before any decision.
    """
    decided = denied = _decided(payments, today)
    is_event = pl.col("is_denied") & (pl.col("category") == DOCUMENTATION)
    decided = denied.select(*_OF_CLAIM, "day", "sent_date", *_refusal(is_event, open_claims))
    asked = (
        answers.filter((pl.col("received_date") <= today) & (pl.col("meaning") == DOCUMENTATION))
        .group_by("claim_id", "payer_id")
        .agg(pl.all().sort_by("received_date").first())
        .lazy()
        .join(claims.drop("payer_id", "received_date"), on="claim_id")
        .select(
            *_OF_CLAIM,
            pl.col("received_date").alias("day"),
            pl.col("first_billed_date").alias("sent_date"),
            is_event=pl.lit(value=True),
            cents=pl.col("charge_cents"),
            is_open=pl.col("claim_id").is_in(open_claims.implode()),
            category=pl.lit(DOCUMENTATION),
            carc=pl.col("category") + ":" + pl.col("code"),
            rarc=pl.lit(""),
        )
    )
    both = pl.concat([decided, asked], how="vertical_relaxed").collect()
    first = both.sort("day", "is_event", descending=[False, True]).unique(
        ["claim_id", "payer_id"], keep="first", maintain_order=True
    )
    return complete(first)


def underpayments(
    variances: pl.LazyFrame, remit_lines: pl.LazyFrame, payments: pl.LazyFrame, today: date
) -> pl.DataFrame:
    """Return lines that were paid; an event is one paid short of its price.

    `variances`: payment_id, line_index, variance_cents (below 0) of lines paid short.
    """
    is_event = pl.col("variance_cents").is_not_null()
    return complete(
        _decided(remit_lines, today)
        .filter((pl.col("procedure") != "") & ~pl.col("is_denied"))
        .join(variances, on=["payment_id", "line_index"], how="left")
        .join(payments.select("payment_id", "sent_date"), on="payment_id", how="left")
        .select(
            *_OF_CLAIM,
            "day",
            "sent_date",
            _billed().alias("procedure"),
            code_family(_billed()).alias("code_family"),
            pl.col("modifiers").alias("modifier"),
            is_event.alias("is_event"),
            (-pl.col("variance_cents")).fill_null(0).alias("cents"),
            is_event.alias("is_open"),
        )
        .collect()
    )
