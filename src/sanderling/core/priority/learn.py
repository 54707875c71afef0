"""Parameters out of history: only what was known on the day.

Every figure begins as that of the trade's tables and moves with what is seen, by hierarchical
shrinkage: a situation starts from the table, its action from the situation, a payer type from the
action, a payer from its type, each weighing as much as some pretended observations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any, Final

import polars as pl

from sanderling.core.priority.curves import INQUIRIES, tries
from sanderling.core.priority.learn_effort import learn_found, learn_minutes, learn_unaccepted
from sanderling.core.priority.parameters import (
    ANSWERS,
    DECAY,
    DELAYS,
    NOBODY,
    RECOVERY,
    REFINED,
    REPEATS,
    STEP_DAYS,
    STEPS,
    WAITING,
    Parameters,
    cold_start,
)
from sanderling.core.priority.value import age_at, factor_at

# Observations that what is known before weighs as much as.
PRIOR_OF_TABLE: Final = 30.0
PRIOR_OF_PARENT: Final = 20.0
PRIOR_OF_FACTOR: Final = 150.0
PRIOR_OF_CURVE: Final = 20.0
# How often what follows a touch is valued by what was learned of it.
SWEEPS: Final = 3
# A touch whose end is not known yet counts as far as the money would have come by now.
WINDOW_DAYS: Final = 120

TOUCHES: Final = {
    "item_id": pl.Int64,
    "touch_date": pl.Date,
    "payer_id": pl.Int64,
    "payer_type": pl.String,
    "barrier": pl.String,
    "category": pl.String,
    "action": pl.String,
    "channel": pl.String,
    "outcome": pl.String,
    "party": pl.Int64,
    "detail": pl.String,
    "since_date": pl.Date,
    "last_billed_date": pl.Date,
    "last_touch_date": pl.Date,
    "last_action": pl.String,
    "last_outcome": pl.String,
    "touches": pl.Int64,
    "expected_cents": pl.Int64,
    "minutes": pl.Float64,
    "paid_cents_within_days": pl.Int64,
    "days_to_payment": pl.Int64,
    "is_decided": pl.Boolean,
}
RESPONSES: Final = {
    "payer_id": pl.Int64,
    "payer_type": pl.String,
    "action": pl.String,
    "sent_date": pl.Date,
    "answered_date": pl.Date,
    "censored_date": pl.Date,
}


def learn(
    touches: pl.DataFrame,
    responses: pl.DataFrame,
    as_of: date,
    before: Parameters | None = None,
) -> Parameters:
    """Return the parameters that history up to the end of `as_of` teaches.

    `touches` (TOUCHES; columns that are missing count as null): facts of the item at the touch and
    what came of it. `responses` (RESPONSES): what was sent, and when it was answered; null: not
    yet, watched until `censored_date`, null: until `as_of`. `before`: what to start from.
    """
    start = before or cold_start()
    known = _complete(touches, TOUCHES).filter(pl.col("touch_date").fill_null(as_of) <= as_of)
    sent = _complete(responses, RESPONSES).filter(pl.col("sent_date") <= as_of)
    learned = replace(
        start,
        answers=learn_unaccepted(known, learn_answers(sent, as_of, start.answers)),
        minutes=learn_minutes(known, start.minutes),
    )
    found, finds = learn_found(known, learned)
    acts = _acts(known)
    learned = replace(learned, found=found, finds=finds, delays=learn_delays(acts, start.delays))
    observed = _observed(acts, as_of, learned)
    for _ in range(SWEEPS):
        learned = _learn_recovery(_with_sequel(observed, learned), start, learned)
    return learned


def _complete(rows: pl.DataFrame, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in schema.items()
    ).with_columns(pl.col(name).fill_null("") for name, kind in schema.items() if kind == pl.String)


def _acts(touches: pl.DataFrame) -> pl.DataFrame:
    """Return touches without mere questions about what is out; what came in after them goes back.

    Asking after an appeal does not win it: the money belongs to the appeal. Rows without item_id
    stand for themselves.
    """
    asked = pl.col("barrier").is_in(list(WAITING)) & pl.col("action").is_in(list(INQUIRIES))
    rows = (
        touches.with_columns(pl.col("touches").fill_null(0), tries=tries(), is_act=~asked)
        .sort("item_id", "touch_date", "touches", nulls_last=True, maintain_order=True)
        .with_row_index("place")
        .with_columns(
            act=pl.when(pl.col("item_id").is_null())
            .then(pl.col("place").cast(pl.Int64))
            .otherwise(pl.col("is_act").cast(pl.Int64).cum_sum().over("item_id"))
        )
    )
    first_date = pl.col("touch_date").first()
    after = pl.col("days_to_payment") + (pl.col("touch_date") - first_date).dt.total_days()
    came = rows.group_by("item_id", "act").agg(
        whole_cents=pl.col("paid_cents_within_days").fill_null(0).sum(),
        whole_days=after.min(),
        was_decided=pl.col("is_decided").fill_null(value=False).any(),
    )
    return (
        rows.filter("is_act")
        .join(came, on=["item_id", "act"], how="left", nulls_equal=True, maintain_order="left")
        .with_columns(
            paid_cents_within_days="whole_cents",
            days_to_payment="whole_days",
            is_decided="was_decided",
        )
        .drop("place", "act", "is_act", "whole_cents", "whole_days", "was_decided")
    )


def _observed(touches: pl.DataFrame, as_of: date, start: Parameters) -> pl.DataFrame:
    """Return touches with `paid_share` (of what was expected, before the next touch) and `seen`.

    `seen`: how much of a touch counts, one where all is seen that can come of it. What led to a
    further touch is over; `next_*` say what that was.
    """
    following = {
        f"next_{name}": pl.when(pl.col("item_id").is_not_null()).then(
            pl.col(name).shift(-1).over("item_id")
        )
        for name in ("barrier", "category", "action", "age_days", "tries")
    }
    touches = touches.with_columns(age_days=age_at(pl.col("touch_date")).fill_null(0))
    touches = touches.with_columns(**following)
    age = (pl.lit(as_of) - pl.col("touch_date")).dt.total_days()
    rows = touches.join(start.delays.rename({"days": "delay"}), on="action", how="left")
    mean = pl.col("delay").fill_null(30.0).clip(lower_bound=3.0)
    rate = 3 * age / mean  # gamma of shape 3, as answers are
    arrived = 1 - (-rate).exp() * (1 + rate + rate**2 / 2)
    paid = pl.col("paid_cents_within_days").fill_null(0)
    return rows.filter(pl.col("expected_cents") > 0).with_columns(
        paid_share=(paid / pl.col("expected_cents")).clip(0.0, 1.0),
        seen=pl.when(
            pl.col("is_decided").fill_null(value=False)
            | (age >= WINDOW_DAYS)
            | pl.col("next_barrier").is_not_null()
        )
        .then(1.0)
        .otherwise(arrived.fill_null(1.0).clip(0.02, 1.0)),
        payer_id=pl.col("payer_id").fill_null(NOBODY),
        situation=situations("barrier", "category"),
        next_situation=situations("next_barrier", "next_category"),
    )


def situations(barrier: str, category: str) -> pl.Expr:
    """Return the name under which shares are kept, as `parameters.situation` does."""
    refined = pl.col(barrier).is_in(list(REFINED)) & (pl.col(category) != "")
    return pl.when(refined).then(pl.format("{}/{}", barrier, category)).otherwise(barrier)


def _with_sequel(touches: pl.DataFrame, learned: Parameters) -> pl.DataFrame:
    """Add `got`: what came in before the next touch, and what that one is expected to bring in.

    So the first step of a way (documents asked for) is worth what the last one (records sent) wins.
    """
    by_action = learned.recovery.filter(pl.col("action") != "", pl.col("payer_type") == "")
    of_all = learned.recovery.filter(pl.col("action") == "")
    shares = touches.join(
        by_action.select(next_situation="situation", next_action="action", by_action="share"),
        on=["next_situation", "next_action"],
        how="left",
        maintain_order="left",
    ).join(
        of_all.select(next_situation="situation", of_all="share"),
        on="next_situation",
        how="left",
        maintain_order="left",
    )
    is_asked = pl.col("next_barrier").is_in(list(WAITING))
    sequel = (
        pl.coalesce("by_action", "of_all", pl.lit(0.0))
        * factor_at(pl.col("next_age_days").fill_null(0), learned.decay, "age_days")
        * factor_at(pl.col("next_tries"), learned.repeats, "touches")
    )
    sequel = pl.when(pl.col("next_barrier").is_null() | is_asked).then(0.0).otherwise(sequel)
    got = pl.col("paid_share") + (1 - pl.col("paid_share")) * sequel.fill_null(0.0)
    # What has come in is seen whole.
    return shares.with_columns(got=got).with_columns(seen=pl.max_horizontal("seen", "got"))


def _learn_recovery(touches: pl.DataFrame, start: Parameters, learned: Parameters) -> Parameters:
    if touches.is_empty():
        return learned
    rows = touches.with_columns(
        aged=factor_at(pl.col("age_days"), start.decay, "age_days"),
        again=factor_at(pl.col("tries"), start.repeats, "touches"),
    ).with_columns(offset=pl.col("seen") * pl.col("aged") * pl.col("again"))
    recovery = _learn_shares(rows, start.recovery)
    shares = recovery.filter(pl.col("payer_type") == "", pl.col("action") != "").select(
        "situation", "action", "share"
    )
    rows = rows.join(shares, on=["situation", "action"], how="left").with_columns(
        expected=pl.col("offset") * pl.col("share").fill_null(0.3)
    )
    return replace(
        learned,
        recovery=recovery,
        decay=_learn_factors(rows, start.decay, "age_days", DECAY),
        repeats=_learn_factors(
            rows.with_columns(touches=pl.col("tries")), start.repeats, "touches", REPEATS
        ),
    )


def _learn_shares(rows: pl.DataFrame, start: pl.DataFrame) -> pl.DataFrame:
    """Return shares from all of a situation down to one payer, each pulled toward the one above."""
    table = start.filter(pl.col("action") == "", pl.col("payer_type") == "").select(
        "situation", above="share"
    )
    found = [
        _level(rows, ["situation"], table, ["situation"], PRIOR_OF_TABLE, keep=True),
    ]
    for keys in (
        ["situation", "action"],
        ["situation", "action", "payer_type"],
        ["situation", "action", "payer_type", "payer_id"],
    ):
        above = found[-1].select(*keys[:-1], above="share")
        of_some = rows.filter(pl.col(keys[-1]) != (NOBODY if keys[-1] == "payer_id" else ""))
        found.append(_level(of_some, keys, above, keys[:-1], PRIOR_OF_PARENT, keep=False))
    return pl.concat(
        [
            level.select(
                (
                    pl.col(name)
                    if name in level.columns
                    else pl.lit(NOBODY if name == "payer_id" else "")
                )
                .cast(kind)
                .alias(name)
                for name, kind in RECOVERY.items()
            )
            for level in found
        ]
    ).sort("situation", "action", "payer_type", "payer_id")


def _level(
    rows: pl.DataFrame,
    keys: list[str],
    above: pl.DataFrame,
    on: list[str],
    prior: float,
    *,
    keep: bool,
) -> pl.DataFrame:
    counted = rows.group_by(keys).agg(got=pl.col("got").sum(), weight=pl.col("offset").sum())
    joined = (
        above.join(counted, on=on, how="full", coalesce=True)
        if keep
        else counted.join(above, on=on, how="left")
    )
    weight = pl.col("weight").fill_null(0.0)
    share = (pl.col("got").fill_null(0.0) + prior * pl.col("above").fill_null(0.3)) / (
        weight + prior
    )
    return joined.with_columns(share=share.clip(0.0, 0.99), weight=weight)


def _learn_factors(
    rows: pl.DataFrame, knots: pl.DataFrame, x: str, schema: Mapping[str, Any]
) -> pl.DataFrame:
    """Move each knot by what was seen near it against what was expected; never rising."""
    points = sorted(knots.rows())
    edges = [(a[0] + b[0]) / 2 for a, b in pairwise(points)]
    place = pl.lit(0)
    for edge in edges:
        place = place + (pl.col(x) > edge).cast(pl.Int64)
    seen = rows.group_by(place=place).agg(
        got=pl.col("got").sum(), expected=pl.col("expected").sum()
    )
    counted = {row[0]: (row[1], row[2]) for row in seen.rows()}
    factors, last = [], 1.0
    for number, (value, factor) in enumerate(points):
        got, expected = counted.get(number, (0.0, 0.0))
        prior = PRIOR_OF_FACTOR * 0.5
        moved = factor * (got + prior) / (expected + prior)
        last = min(last, max(moved, 0.0)) if number else 1.0
        factors.append((value, last))
    return pl.DataFrame(factors, schema=schema, orient="row")


def learn_answers(responses: pl.DataFrame, as_of: date, start: pl.DataFrame) -> pl.DataFrame:
    """Return answer curves: chance to answer in each step, of those not answered before it."""
    if responses.is_empty():
        return start
    end = pl.coalesce("answered_date", "censored_date", pl.lit(as_of))
    is_answered = pl.col("answered_date").is_not_null() & (pl.col("answered_date") <= as_of)
    last = pl.min_horizontal(end, pl.lit(as_of))
    rows = responses.with_columns(
        payer_id=pl.col("payer_id").fill_null(NOBODY),
        is_answered=is_answered,
        stop=((last - pl.col("sent_date")).dt.total_days().clip(lower_bound=0) // STEP_DAYS),
    ).with_columns(stop=pl.col("stop").clip(0, STEPS - 1))
    curves = []
    for keys in (["action"], ["action", "payer_type"], ["action", "payer_type", "payer_id"]):
        of_all = rows if len(keys) < 3 else rows.filter(pl.col("payer_id") != NOBODY)  # noqa: PLR2004
        curves.append(_counted(of_all, keys))
    return _curves(curves, start)


def _counted(rows: pl.DataFrame, keys: list[str]) -> dict[tuple[object, ...], list[list[float]]]:
    """Return for each key: answers in each step, and how many were watched through it."""
    counts = rows.group_by(*keys, "stop").agg(
        answers=pl.col("is_answered").sum().cast(pl.Float64), all=pl.len().cast(pl.Float64)
    )
    found: dict[tuple[object, ...], list[list[float]]] = {}
    for row in counts.iter_rows(named=True):
        key = tuple(row[name] for name in keys)
        steps = found.setdefault(key, [[0.0] * STEPS, [0.0] * STEPS])
        steps[0][row["stop"]] += row["answers"]
        steps[1][row["stop"]] += row["all"]
    for steps in found.values():
        # Those that stopped without an answer were watched through half of their step.
        answers, stops = steps
        at_risk, running = [0.0] * STEPS, 0.0
        for step in range(STEPS - 1, -1, -1):
            running += stops[step]
            at_risk[step] = running - 0.5 * (stops[step] - answers[step])
        steps[1] = at_risk
    return found


def _curves(
    levels: list[dict[tuple[object, ...], list[list[float]]]], start: pl.DataFrame
) -> pl.DataFrame:
    kept = {
        (action, payer_type, payer_id): list(survival)
        for action, payer_type, payer_id, survival in start.sort("step")
        .group_by("action", "payer_type", "payer_id", maintain_order=True)
        .agg("survival")
        .rows()
    }
    for level in levels:
        for key, (answers, at_risk) in sorted(level.items(), key=str):
            action, payer_type = str(key[0]), str(key[1]) if len(key) > 1 else ""
            payer_id = int(str(key[2])) if len(key) == 3 else NOBODY  # noqa: PLR2004
            above = (
                kept.get((action, payer_type, NOBODY))
                or kept.get((action, "", NOBODY))
                or kept[("claim", "", NOBODY)]
            )
            own = kept.get((action, payer_type, payer_id)) or above
            prior = own if payer_id == NOBODY else above
            kept[(action, payer_type, payer_id)] = _survival(answers, at_risk, prior)
    return pl.DataFrame(
        [
            (*key, step, share)
            for key, survival in sorted(kept.items())
            for step, share in enumerate(survival)
        ],
        schema=ANSWERS,
        orient="row",
    )


def _survival(answers: list[float], at_risk: list[float], prior: list[float]) -> list[float]:
    survival = [1.0]
    for step in range(STEPS - 1):
        before, after = prior[step], prior[step + 1]
        hazard = 1 - after / before if before > 0 else 0.0
        mixed = (answers[step] + PRIOR_OF_CURVE * hazard) / (at_risk[step] + PRIOR_OF_CURVE)
        survival.append(survival[-1] * (1 - min(mixed, 0.999)))
    return survival


def learn_delays(touches: pl.DataFrame, start: pl.DataFrame) -> pl.DataFrame:
    """Return days from touch to money by action."""
    seen = (
        touches.filter(pl.col("days_to_payment") >= 0)
        .group_by("action")
        .agg(seen=pl.col("days_to_payment").mean(), count=pl.len())
    )
    joined = start.join(seen, on="action", how="full", coalesce=True)
    usual = pl.col("days").fill_null(30.0)
    mixed = (usual * PRIOR_OF_PARENT + pl.col("seen") * pl.col("count")) / (
        PRIOR_OF_PARENT + pl.col("count")
    )
    return (
        joined.with_columns(days=pl.coalesce(mixed, usual))
        .select(pl.col(name).cast(kind) for name, kind in DELAYS.items())
        .sort("action")
    )
