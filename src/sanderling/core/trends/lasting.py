"""Do answers still fail to come: those of the last weeks against those that were due in them.

A payment file that was lost leaves claims of several weeks of sending unanswered, which looks like
a step up until later claims are due; yet the files after it came as ever. For each of the last
weeks the answers that came are compared with those that the payer's usual waits let one expect of
what was sent. What lasts is short of answers even without the worst of these weeks.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from sanderling.core.trends.settings import WEEK

WEEKS: Final = 3  # that are looked at, the last one ending today
DUE: Final = tuple(f"due_{week}" for week in range(WEEKS))  # answers expected, 0: the last week
CAME: Final = tuple(f"came_{week}" for week in range(WEEKS))
_DUE_MIN: Final = 3.0  # answers; where fewer are due nothing is told
_LEARNED_DAYS: Final = 45  # waits are learned from what was sent before these
_LEARNED_MIN: Final = 30  # claims that a payer's waits are learned from


def recent_answers(sent: pl.DataFrame, usual: pl.DataFrame, today: date) -> pl.DataFrame:
    """Return of each claim that waited lately how many answers were due of it, and came, by week.

    Args:
        sent: claims with payer_id, submitted_date and answered (null: not yet), and what describes
            them.
        usual: payer_id, days: the waits that are looked at; what waits longer tells nothing.
        today: the last day that is known.
    """
    known = sent.join(usual, on="payer_id", nulls_equal=True).with_columns(
        age=(pl.lit(today) - pl.col("submitted_date")).dt.total_days(),
        wait=(pl.col("answered") - pl.col("submitted_date")).dt.total_days(),
    )
    shares = _answered_shares(known)
    waiting = known.filter(pl.col("age") < pl.col("days") + WEEK * WEEKS)
    for week in range(WEEKS):
        # Days of waiting at the end of the week, and at the end of the week before.
        last = pl.min_horizontal(pl.col("age") - WEEK * week, "days")
        first = pl.min_horizontal(pl.col("age") - WEEK * (week + 1), "days")
        waiting = waiting.with_columns(
            last=last,
            first=first,
            came=((pl.col("wait") > first) & (pl.col("wait") <= last)).fill_null(value=False),
        ).rename({"came": CAME[week]})
        for end in ("last", "first"):
            waiting = waiting.join(
                shares.rename({"wait": end, "share": f"{end}_share"}),
                on=["payer_id", end], how="left", nulls_equal=True, maintain_order="left",
            ).with_columns(pl.col(f"{end}_share").fill_null(0.0))  # fmt: skip
        waiting = waiting.with_columns(
            (pl.col("last_share") - pl.col("first_share")).alias(DUE[week])
        ).drop("last_share", "first_share")
    return waiting.drop("age", "wait", "days", "last", "first")


def _answered_shares(known: pl.DataFrame) -> pl.DataFrame:
    """Return payer_id, wait, share: of what is sent, answered within so many days (Kaplan, Meier).

    Payers of whom too little is known are left out.
    """
    old = known.filter(pl.col("age") > _LEARNED_DAYS).with_columns(
        wait=pl.min_horizontal(pl.coalesce("wait", "age"), pl.col("days") + 1).clip(0),
        is_answer=(pl.col("wait") <= pl.col("days")).fill_null(value=False),
    )
    every = (
        old.group_by("payer_id")
        .agg(of=pl.len(), days=pl.col("days").first())
        .filter(pl.col("of") >= _LEARNED_MIN)
        .with_columns(wait=pl.int_ranges(0, pl.col("days") + 1))
        .explode("wait")
        .select("payer_id", pl.col("wait").cast(pl.Int64), "of")
    )
    ended = old.group_by("payer_id", "wait").agg(ended=pl.len(), answers=pl.col("is_answer").sum())
    before = (pl.col("ended").cum_sum() - pl.col("ended")).over("payer_id")
    left = 1 - pl.col("answers") / (pl.col("of") - before).clip(1)
    return (
        every.join(ended, on=["payer_id", "wait"], how="left", nulls_equal=True)
        .sort("payer_id", "wait")
        .with_columns(pl.col("ended", "answers").fill_null(0))
        .select("payer_id", "wait", share=1 - left.cum_prod().over("payer_id"))
    )


def lasts(recent: pl.DataFrame, before: float, after: float) -> bool:
    """Say whether answers are still as short as the rate of failures rose; if unknown: they are.

    Args:
        recent: the rows of `recent_answers` of one scope.
        before: share of answers that failed before the onset.
        after: and since then.
    """
    # Halfway between all answers and those that the new rate leaves.
    share = 1 - (after - before) / max(1 - before, 1e-9) / 2
    weeks = [
        (float(recent[due].sum()), int(recent[came].sum()))
        for due, came in zip(DUE, CAME, strict=True)
    ]
    worst = max(weeks, key=lambda week: week[0] * share - week[1])
    due = sum(week[0] for week in weeks) - worst[0]
    came = sum(week[1] for week in weeks) - worst[1]
    return due < _DUE_MIN or came < share * due
