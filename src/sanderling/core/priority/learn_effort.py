"""What people noted of their touches: minutes by action, channel and payer; what asking finds."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import polars as pl

from sanderling.core.priority.curves import (
    ACK_DAYS,
    INQUIRIES,
    curve_action,
    tries,
    waits_since,
    with_answers,
)
from sanderling.core.priority.parameters import (
    ACK,
    ANSWERS,
    FINDS,
    FOUND,
    MINUTES,
    NOBODY,
    WAITING,
    Parameters,
    ack_survival,
    frame,
)
from sanderling.core.priority.value import found_factor

PRIOR_OF_MINUTES: Final = 20.0
PRIOR_OF_PAYER: Final = 10.0
PRIOR_OF_FINDS: Final = 30.0
PRIOR_OF_FOUND: Final = 5.0  # expected findings
PRIOR_OF_ACK: Final = 5.0
OWN_MIN: Final = 3  # touches of a payer by one channel until it is that payer's usual one
# What a touch may find that is work to be done, and the barrier it means.
FINDINGS: Final = {
    "not_on_file": "not_on_file",
    "pended": "pended",
    "denied": "denied",
    "paid": "paid_unposted",
    "found": "paid_unposted",
    "promised": "paid_unposted",
}
_KEY: Final = ["action", "channel"]


def learn_minutes(touches: pl.DataFrame, start: pl.DataFrame) -> pl.DataFrame:
    """Return minutes by action and channel, and by payer too, moved by what people noted.

    Of several calls to one payer on one day the longest carried the hold: it counts as the first.
    """
    noted = (
        touches.filter(pl.col("minutes") > 0)
        .with_columns(payer_id=pl.col("payer_id").fill_null(NOBODY))
        .sort("minutes", descending=True, maintain_order=True)
        .with_columns(
            is_first=(pl.col("channel") != "call")
            | (pl.int_range(pl.len()).over("touch_date", "payer_id", "channel") == 0)
        )
    )
    if noted.is_empty():
        return start
    of_all = start.filter(pl.col("payer_id") == NOBODY)
    level = _moved(noted, _KEY, of_all, PRIOR_OF_MINUTES).with_columns(
        payer_id=pl.lit(NOBODY, pl.Int64)
    )
    usual = of_all.select(*_KEY, "is_usual")
    level = level.join(usual, on=_KEY, how="left").with_columns(
        pl.col("is_usual").fill_null(value=False)
    )
    # An action that no table knows goes by the channel it was done by most.
    counted = noted.group_by(_KEY).agg(count=pl.len())
    most = (
        counted.sort("count", "channel", descending=[True, False])
        .unique("action", keep="first", maintain_order=True)
        .filter(~pl.col("action").is_in(of_all["action"].implode()))
        .select(*_KEY, is_new=pl.lit(value=True))
    )
    level = level.join(most, on=_KEY, how="left").with_columns(
        is_usual=pl.col("is_usual") | pl.col("is_new").fill_null(value=False)
    )
    own = _own(noted.filter(pl.col("payer_id") != NOBODY), level)
    return pl.concat(
        [
            part.select(pl.col(name).cast(kind) for name, kind in MINUTES.items())
            for part in (level, own)
        ]
    ).sort("action", "channel", "payer_id")


def _own(noted: pl.DataFrame, level: pl.DataFrame) -> pl.DataFrame:
    """Return each payer's usual channel for each action, with its minutes."""
    counts = (
        noted.group_by("payer_id", *_KEY)
        .agg(count=pl.len())
        .filter(pl.col("count") >= OWN_MIN)
        .sort("count", "channel", descending=[True, False])
        .unique(["payer_id", "action"], keep="first", maintain_order=True)
    )
    rows = noted.join(counts.select("payer_id", *_KEY), on=["payer_id", *_KEY])
    moved = _moved(rows, ["payer_id", *_KEY], level.drop("payer_id"), PRIOR_OF_PAYER)
    return moved.with_columns(is_usual=pl.lit(value=True))


def _moved(noted: pl.DataFrame, keys: list[str], start: pl.DataFrame, prior: float) -> pl.DataFrame:
    seen = noted.group_by(keys).agg(
        first=pl.col("minutes").filter(pl.col("is_first")).mean(),
        firsts=pl.col("is_first").sum(),
        further=pl.col("minutes").filter(~pl.col("is_first")).mean(),
        furthers=(~pl.col("is_first")).sum(),
    )
    before = start.select(*_KEY, "first_minutes", "next_minutes")
    joined = (
        seen.join(before, on=_KEY, how="left")
        if "payer_id" in keys
        else seen.join(before, on=_KEY, how="full", coalesce=True)
    )
    first = pl.coalesce("first_minutes", "first", "further")
    further = pl.coalesce("next_minutes", "further", "first")
    # Where one item is like the next, what was seen of the first says it of the others too.
    is_call = pl.col("channel") == "call"
    rest = pl.when(is_call).then("further").otherwise("first")
    rests = pl.when(is_call).then("furthers").otherwise("firsts")

    def mixed(usual: pl.Expr, seen_mean: pl.Expr, count: pl.Expr) -> pl.Expr:
        weight = count.fill_null(0) / (count.fill_null(0) + prior)
        return usual + weight * (seen_mean.fill_null(usual) - usual)

    ratio = mixed(first, pl.col("first"), pl.col("firsts")) / first
    return joined.with_columns(
        first_minutes=first * ratio,
        next_minutes=pl.when(is_call).then(mixed(further, rest, rests)).otherwise(further * ratio),
    )


def learn_found(touches: pl.DataFrame, start: Parameters) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return `found` and `finds`: what asking about an unanswered claim finds."""
    asked = touches.filter(
        pl.col("barrier").is_in(list(WAITING)), pl.col("action").is_in(list(INQUIRIES))
    )
    if asked.is_empty():
        return start.found, start.finds
    rows = asked.with_columns(
        payer_id=pl.col("payer_id").fill_null(NOBODY),
        curve_action=curve_action(),
        tries=tries(),
    )
    rows = rows.with_columns(
        waited_days=(pl.col("touch_date") - waits_since()).dt.total_days().fill_null(0)
    )
    rows = with_answers(rows, start.answers).with_columns(
        found=pl.col("outcome").is_in(list(FINDINGS)).cast(pl.Float64)
    )
    known = start.found["channel"].unique().to_list()
    rows = rows.with_columns(
        channel=pl.when(pl.col("channel").is_in(known)).then("channel").otherwise(pl.lit("portal")),
    ).with_columns(predicted=pl.col("silent") * found_factor(start.found))
    factors = [
        (channel, *factor)
        for (channel,), knots in start.found.sort("channel", "touches").group_by(
            "channel", maintain_order=True
        )
        for factor in _found_by(rows.filter(pl.col("channel") == channel), knots)
    ]
    kinds = {
        row[0]: row[1]
        for row in rows.filter(pl.col("found") > 0)
        .group_by(barrier=pl.col("outcome").replace_strict(FINDINGS, default=""))
        .agg(pl.len())
        .rows()
    }
    whole = sum(kinds.values()) + PRIOR_OF_FINDS
    finds = [
        (barrier, (kinds.get(barrier, 0) + PRIOR_OF_FINDS * share) / whole)
        for barrier, share in start.finds.sort("barrier").rows()
    ]
    return (
        pl.DataFrame(factors, schema=FOUND, orient="row"),
        pl.DataFrame(finds, schema=FINDS, orient="row"),
    )


def learn_unaccepted(touches: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Return the answer curves with what asking about unaccepted claims found, by payer."""
    rows = touches.filter(
        pl.col("barrier").is_in(["awaiting_payer", "no_response"]),
        pl.col("action").is_in(list(INQUIRIES)),
        pl.col("detail") == "sent",
        pl.col("outcome") != "no_answer",
        (pl.col("touch_date") - pl.col("last_billed_date")).dt.total_days() >= ACK_DAYS,
    ).with_columns(found=pl.col("outcome").is_in(list(FINDINGS)))
    before = answers.filter(pl.col("action") == ACK, pl.col("payer_id") == NOBODY).sort("step")
    if rows.is_empty() or before.is_empty():
        return answers
    whole = before["survival"][-1] / before["survival"][1]
    kept = [answers.filter(pl.col("action") != ACK), before]
    of_payer = rows.group_by("payer_type", "payer_id").agg(pl.col("found").sum(), count=pl.len())
    for payer_type, payer_id, found, count in of_payer.sort("payer_type", "payer_id").rows():
        if payer_id is None:
            continue
        lost = (found + PRIOR_OF_ACK * whole) / (count + PRIOR_OF_ACK)
        steps = enumerate(ack_survival(lost))
        kept.append(frame(ANSWERS, ((ACK, payer_type, payer_id, step, s) for step, s in steps)))
    return pl.concat(kept)


def _found_by(rows: pl.DataFrame, knots: pl.DataFrame) -> list[tuple[int, float]]:
    """Move the factors of one channel by what was found against what was predicted."""
    points = sorted(knots.select("touches", "factor").rows())
    edges = [(a[0] + b[0]) / 2 for a, b in pairwise(points)]
    place = pl.lit(0)
    for edge in edges:
        place = place + (pl.col("tries") > edge).cast(pl.Int64)
    sums = rows.group_by(place=place).agg(pl.col("found").sum(), pl.col("predicted").sum())
    counted = {row[0]: (row[1], row[2]) for row in sums.rows()}
    factors = []
    for number, (count, factor) in enumerate(points):
        seen, predicted = counted.get(number, (0.0, 0.0))
        moved = factor * (seen + PRIOR_OF_FOUND) / (predicted + PRIOR_OF_FOUND)
        factors.append((count, min(max(moved, 0.01), 3.0)))
    return factors
