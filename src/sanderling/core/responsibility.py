"""The responsibility clock: every day of a claim's life is charged to whoever it waited for.

What happened to a claim says whose turn it became (`Turn`): sent, it is the payer's; denied, ours;
documents asked for, the client's. A payer's turn lapses: once it is late and nobody asks, the days
are ours. Where only the patient owes, the days are the patient's. Days before the claim came to us,
and days on which nothing was owed, are told apart and charged to nobody. From midnight to midnight
a day belongs to one holder, so the days of all holders add up to the age (PRODUCT C 9).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final

import polars as pl

from sanderling.core.barriers.clocks import IN_PROCESS_DAYS


class Holder(StrEnum):
    """Whom a day is charged to."""

    PAYER = "payer"
    US = "us"
    CLIENT_DOCUMENTS = "client_documents"
    CLIENT_CODING = "client_coding"
    PATIENT = "patient"
    BEFORE = "before"  # from the service until the claim was here
    SETTLED = "settled"  # nothing was owed, and later something again


CHARGED: Final = (
    Holder.PAYER,
    Holder.US,
    Holder.CLIENT_DOCUMENTS,
    Holder.CLIENT_CODING,
    Holder.PATIENT,
)
# Owed by parties: 11 to 13 insurers, 14 the patient; `to_date` is the first day no more.
OWED: Final = {
    "claim_id": pl.Int64,
    "party": pl.Int64,
    "from_date": pl.Date,
    "to_date": pl.Date,
    "balance_cents": pl.Int64,
}
BEGINNINGS: Final = {"claim_id": pl.Int64, "begin_date": pl.Date}
TURNS: Final = {
    "claim_id": pl.Int64,
    "day": pl.Date,
    "place": pl.Int64,  # the order of what happened on one day
    "holder": pl.String,
    "until_date": pl.Date,  # the last day of the turn; then ours. Null: it does not lapse
}
SPANS: Final = {
    "claim_id": pl.Int64,
    "from_date": pl.Date,
    "to_date": pl.Date,  # not one of its days
    "holder": pl.String,
}
# Whose turn an act of ours makes it, by what was sent; and whose word sends it back to us.
_SENT: Final[Mapping[str, Holder]] = {
    "appeal": Holder.PAYER,
    "dispute_underpayment": Holder.PAYER,
    "correct_and_rebill": Holder.PAYER,
    "resubmit": Holder.PAYER,
    "bill_secondary": Holder.PAYER,
    "send_records": Holder.PAYER,
    "check_status": Holder.PAYER,
    "call_payer": Holder.PAYER,
    "request_documents": Holder.CLIENT_DOCUMENTS,
}
_HEARD_PAYER: Final = ("in_process", "promised")
_HEARD_US: Final = ("denied", "not_on_file", "pended", "paid", "received", "done")
_TEAMS: Final[Mapping[str, Holder]] = {
    "client": Holder.CLIENT_DOCUMENTS,
    "coding": Holder.CLIENT_CODING,
    "patient": Holder.PATIENT,
}
USUAL_DAYS: Final = IN_PROCESS_DAYS
_PATIENT: Final = 14


def turn_of_act(action: str, outcome: str, channel: str) -> Holder | None:
    """Return whose turn an activity makes it; None: it changes nothing (nobody answered).

    What is sent within the house says nothing of itself: the task that it belongs to does.
    """
    if outcome == "sent":
        if channel == "internal" and action != "request_documents":
            return None
        return _SENT.get(action)
    if outcome in _HEARD_PAYER:
        return Holder.PAYER
    return Holder.US if outcome in _HEARD_US else None


def turn_of_team(team: str) -> Holder:
    """Return whose turn it is while a team has a question."""
    return _TEAMS.get(team, Holder.US)


def charge(
    beginnings: pl.DataFrame, owed: pl.DataFrame, turns: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """Return the spans (SPANS) that the lives of the claims are made of, without gaps.

    A life goes from its beginning (BEGINNINGS; or from the first debt, where that is earlier) to
    `as_of`, or to the day on which the last debt was settled. What lies after `as_of` changes
    nothing; neither does the order of the rows.
    """
    lives = _lives(beginnings, owed, as_of)
    if lives.is_empty():
        return pl.DataFrame(schema=SPANS)
    turns = (
        turns.join(lives, on="claim_id")
        .filter(pl.col("day") < pl.col("end_date"))
        .sort("claim_id", "day", "place", "holder", "until_date", nulls_last=True)
        .unique(["claim_id", "day"], keep="last", maintain_order=True)
        .select("claim_id", "day", "holder", "until_date")
    )
    pieces = _pieces(lives, owed, turns)
    held = pieces.sort("from_date").join_asof(
        turns.sort("day").rename({"holder": "turn"}),
        left_on="from_date",
        right_on="day",
        by="claim_id",
        strategy="backward",
        check_sortedness=False,
    )
    held = _with_debts(held, owed).join(lives, on="claim_id")
    lapsed = (pl.col("from_date") > pl.col("until_date")).fill_null(value=False)
    holder = (
        pl.when(pl.col("from_date") < pl.col("first_date"))
        .then(pl.lit(Holder.BEFORE.value))
        .when(pl.col("by_insurers"))
        .then(
            pl.when(lapsed)
            .then(pl.lit(Holder.US.value))
            .otherwise(pl.col("turn").fill_null(Holder.US.value))
        )
        .when(pl.col("by_patient"))
        .then(pl.lit(Holder.PATIENT.value))
        .otherwise(pl.lit(Holder.SETTLED.value))
    )
    return _joined(held.with_columns(holder=holder))


def _lives(beginnings: pl.DataFrame, owed: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Return claim_id, begin_date, first_date (of the first debt), end_date; only of some days."""
    debts = (
        owed.filter(pl.col("from_date") < as_of)
        .group_by("claim_id")
        .agg(
            first_date=pl.col("from_date").min(),
            end_date=pl.min_horizontal(pl.col("to_date").max(), pl.lit(as_of)),
        )
    )
    return (
        beginnings.group_by("claim_id")
        .agg(pl.col("begin_date").min())
        .join(debts, on="claim_id")
        .with_columns(
            begin_date=pl.min_horizontal(pl.coalesce("begin_date", "first_date"), "first_date")
        )
        .filter(pl.col("begin_date") < pl.col("end_date"))
    )


def _pieces(lives: pl.DataFrame, owed: pl.DataFrame, turns: pl.DataFrame) -> pl.DataFrame:
    """Return claim_id, from_date, to_date: lives cut on each day on which the holder may change."""
    debts = owed.join(lives.select("claim_id"), on="claim_id")
    lapses = turns.filter(pl.col("until_date").is_not_null())
    days = pl.concat(
        [
            lives.select("claim_id", day="begin_date"),
            lives.select("claim_id", day="end_date"),
            debts.select("claim_id", day="from_date"),
            debts.select("claim_id", day="to_date"),
            turns.select("claim_id", "day"),
            lapses.select("claim_id", day=pl.col("until_date") + pl.duration(days=1)),
        ]
    )
    return (
        days.join(lives, on="claim_id")
        .filter(pl.col("day").is_between("begin_date", "end_date"))
        .select("claim_id", from_date="day")
        .unique()
        .sort("claim_id", "from_date")
        .with_columns(to_date=pl.col("from_date").shift(-1).over("claim_id"))
        .filter(pl.col("to_date").is_not_null())
    )


def _with_debts(pieces: pl.DataFrame, owed: pl.DataFrame) -> pl.DataFrame:
    """Add by_insurers and by_patient: whose balance was open in the piece."""
    standing = (
        pieces.select("claim_id", "from_date")
        .join(owed, on="claim_id", suffix="_owed")
        .filter(
            (pl.col("from_date_owed") <= pl.col("from_date"))
            & (pl.col("from_date") < pl.col("to_date"))
        )
        .group_by("claim_id", "from_date")
        .agg(
            by_insurers=(pl.col("party") < _PATIENT).any(),
            by_patient=(pl.col("party") == _PATIENT).any(),
        )
    )
    return pieces.join(standing, on=["claim_id", "from_date"], how="left").with_columns(
        pl.col("by_insurers", "by_patient").fill_null(value=False)
    )


def _joined(pieces: pl.DataFrame) -> pl.DataFrame:
    """Return the pieces with neighbors of one holder made one."""
    return (
        pieces.sort("claim_id", "from_date")
        .with_columns(
            run=(pl.col("holder") != pl.col("holder").shift(1).over("claim_id"))
            .fill_null(value=True)
            .cum_sum()
        )
        .group_by("claim_id", "run", maintain_order=True)
        .agg(pl.col("from_date").min(), pl.col("to_date").max(), pl.col("holder").first())
        .select(pl.col(name).cast(kind) for name, kind in SPANS.items())
    )


def days_by_holder(spans: pl.DataFrame) -> pl.DataFrame:
    """Return claim_id, holder, days."""
    return (
        spans.group_by("claim_id", "holder")
        .agg(days=(pl.col("to_date") - pl.col("from_date")).dt.total_days().sum())
        .sort("claim_id", "holder")
    )
