"""What people did, as far as it changes a barrier.

An act counts while the payer has said nothing since. What was sent (an appeal, a corrected claim,
a request for documents) sets a state; what a call heard (in process, promised) only moves the date
of such a state, and is a state of its own where there is none.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.core.barriers.clocks import IN_PROCESS_DAYS, PROMISED_DAYS, RECORDS_DAYS

_SENT: Final = {
    "appeal": "appeal_pending",
    "dispute_underpayment": "appeal_pending",
    "correct_and_rebill": "corrected_pending",
    "resubmit": "awaiting_payer",
    "bill_secondary": "awaiting_payer",
    "send_records": "awaiting_payer",
    "request_documents": "awaiting_client",
    "obtain_authorization": "awaiting_internal",
    "verify_eligibility": "awaiting_internal",
}
INQUIRIES: Final = ["check_status", "call_payer"]
_HEARD: Final = {
    "paid": "paid_unposted",
    "denied": "denied",
    "not_on_file": "not_on_file",
    "pended": "pended",
}
_SOFT: Final = {"in_process": IN_PROCESS_DAYS, "promised": PROMISED_DAYS}
_CLEAR: Final = "clear"


def acts(activities: pl.DataFrame, last_words: pl.DataFrame) -> pl.DataFrame:
    """Return claim_id, sequence and what stands of people's acts.

    `last_words`: claim_id, sequence (the payer whose money is worked on), last_word_date (null:
    the payer has said nothing yet). Result: act (a barrier's name), act_action, act_date,
    act_next_date, act_activity_id, act_due_days (null: no clock of its own), act_before (what
    people waited for when they heard it).
    """
    action, outcome = pl.col("action"), pl.col("outcome")
    hard = (
        pl.when(outcome.is_in(["received", "done"]))
        .then(pl.lit(_CLEAR))
        .when(
            action.is_in(["obtain_authorization", "verify_eligibility"])
            & outcome.is_in(["sent", "other"])
        )
        .then(pl.lit("awaiting_internal"))
        .when((outcome == "sent") & action.is_in(list(_SENT)))
        .then(action.replace_strict(_SENT, default=None, return_dtype=pl.String))
        .when((outcome == "sent") & (pl.col("channel") == "internal"))
        .then(pl.lit("awaiting_internal"))
        .when(outcome.is_in(list(_HEARD)))
        .then(outcome.replace_strict(_HEARD, default=None, return_dtype=pl.String))
    )
    rows = (
        activities.join(last_words, on="claim_id")
        .filter(
            pl.col("last_word_date").is_null()
            | (pl.col("activity_date") >= pl.col("last_word_date"))
        )
        .sort("activity_date", "activity_id")
        .with_row_index("place")
        .with_columns(hard=hard, is_soft=outcome.is_in(list(_SOFT)))
    )
    key = ["claim_id", "sequence"]
    set_ = (
        rows.filter(pl.col("hard").is_not_null())
        .with_columns(before=pl.col("hard").shift(1).over(key))
        .unique(key, keep="last", maintain_order=True)
        .filter(pl.col("hard") != _CLEAR)
        .select(
            *key,
            act="hard",
            act_before="before",
            act_action="action",
            act_date="activity_date",
            act_next_date="next_date",
            act_activity_id="activity_id",
            act_place="place",
            act_due_days=pl.when(pl.col("action") == "send_records")
            .then(pl.lit(RECORDS_DAYS, pl.Int64))
            .otherwise(None),
        )
    )
    cleared = (
        rows.filter(pl.col("hard") == _CLEAR).group_by(key).agg(clear_place=pl.col("place").max())
    )
    soft = (
        rows.filter("is_soft")
        .unique(key, keep="last", maintain_order=True)
        .join(cleared, on=key, how="left")
        .select(
            *key,
            soft_date="activity_date",
            soft_next_date="next_date",
            soft_activity_id="activity_id",
            soft_action="action",
            soft_place="place",
            soft_days=outcome.replace_strict(_SOFT, default=None, return_dtype=pl.Int64),
        )
    )
    both = set_.join(soft, on=key, how="full", coalesce=True)
    later_soft = pl.col("soft_place").is_not_null() & (
        pl.col("act_place").is_null() | (pl.col("soft_place") > pl.col("act_place"))
    )
    keeps = pl.col("act").is_in(
        ["appeal_pending", "corrected_pending", "awaiting_client", "awaiting_internal"]
    )
    replaced = later_soft & ~keeps.fill_null(value=False)
    return both.select(
        *key,
        "act_before",
        act=pl.when(replaced).then(pl.lit("awaiting_payer")).otherwise("act"),
        act_action=pl.when(replaced).then("soft_action").otherwise("act_action"),
        act_date=pl.when(replaced).then("soft_date").otherwise("act_date"),
        act_next_date=pl.when(later_soft)
        .then(pl.coalesce("soft_next_date", pl.col("soft_date") + pl.duration(days="soft_days")))
        .otherwise("act_next_date"),
        act_activity_id=pl.when(replaced).then("soft_activity_id").otherwise("act_activity_id"),
        act_due_days=pl.when(replaced).then("soft_days").otherwise("act_due_days"),
    )
