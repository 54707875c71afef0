"""Answer curves: how likely a payer's answer is still to come by itself, and when to ask at last.

A curve gives the share not answered yet at each step of days; what its last step leaves never
answers (lost, not on file). Of an item without an answer, the silent ones are so many more the
longer it waits: `silent / survival(day)`.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.core.priority.parameters import (
    ACK,
    CLAIM,
    NOBODY,
    STEP_DAYS,
    STEPS,
    WAITING,
    Settings,
)

DAYS: Final = (STEPS - 1) * STEP_DAYS
KEY: Final = ["curve_action", "payer_type", "payer_id"]
# How dear waiting is against a touch in vain, in powers of two.
LEVELS: Final = tuple(range(-7, 7))
# From here on an early touch is worth it even when most answers would come by themselves.
_DEAR_LEVEL: Final = 3
# From this chance of silence on, late by the usual clock is reason enough to ask: a guess.
MATERIAL: Final = 0.25
ASKED_AGAIN_DAYS: Final = 14
INQUIRIES: Final = ("check_status", "call_payer")
# An acceptance that is missing for longer than this is asked about (DOMAIN 4.7: two business days,
# and what the way takes).
ACK_DAYS: Final = 5
_ACTS: Final = (
    "send_records", "resubmit", "bill_secondary", "correct_and_rebill", "appeal",
    "dispute_underpayment",
)  # fmt: skip


def curve_action() -> pl.Expr:
    """Return which curve an item follows; null where no answer comes by itself."""
    barrier = pl.col("barrier")
    sent = (pl.col("detail") == "act_sent") & pl.col("last_action").is_in(list(_ACTS))
    return (
        pl.when(~barrier.is_in(list(WAITING)))
        .then(None)
        .when(barrier == "corrected_pending")
        .then(pl.lit("correct_and_rebill"))
        .when(barrier == "appeal_pending")
        .then(pl.lit("appeal"))
        .when(sent)
        .then("last_action")
        .when(pl.col("party") > 11)  # noqa: PLR2004 - the primary payer
        .then(pl.lit("bill_secondary"))
        .otherwise(pl.lit(CLAIM))
    )


def waits_since() -> pl.Expr:
    """Return the day an answer counts from."""
    sent = pl.when(pl.col("detail") == "act_sent").then("last_touch_date")
    billed = pl.when(pl.col("curve_action").is_in([CLAIM, "bill_secondary"])).then(
        "last_billed_date"
    )
    return pl.coalesce(sent, billed, "since_date")


def tries() -> pl.Expr:
    """Return how often it was tried in vain: asked without result, or filed and refused.

    Of an unanswered claim: what has been asked since it waits, no oftener than once in the time an
    item rests after "in process"; nobody answering the phone is no answer. Of all else only what
    the payer decided against: questions, reminders and filings that never arrived are no tries. Of
    refusals the latest is all that an item shows, so it is one or none.
    """
    is_waiting = pl.col("barrier").is_in(list(WAITING))
    since = (pl.col("last_touch_date") - pl.col("since_date")).dt.total_days()
    is_asked = ((since > 0) | (pl.col("detail") == "act")) & (pl.col("last_outcome") != "no_answer")
    most = 1 + since.fill_null(0).clip(lower_bound=0) // ASKED_AGAIN_DAYS
    asked = pl.max_horizontal(pl.min_horizontal(pl.col("touches").fill_null(0), most), pl.lit(1))
    is_act = ~pl.col("last_action").is_in(["", *INQUIRIES])
    # Refused: said so, or a denial of the same kind of work came after it was sent.
    sent = (pl.col("last_outcome") == "sent") & pl.col("last_action").is_in(list(_ACTS))
    came_back = sent & (pl.col("barrier") == "denied") & (since <= 0)
    is_refused = ((pl.col("last_outcome") == "denied") & is_act) | came_back
    return (
        pl.when(is_waiting & is_asked.fill_null(value=False))
        .then(asked)
        .when(~is_waiting & is_refused.fill_null(value=False))
        .then(1)
        .otherwise(0)
        .cast(pl.Int64)
    )


def curve_of(keys: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Return KEY and the list `survival` of the curve that fits each key best, null for none.

    Best: the payer's own, its type's, the action's; for an action without any, the claim's.
    """
    curves = (
        answers.sort("action", "payer_type", "payer_id", "step")
        .group_by("action", "payer_type", "payer_id", maintain_order=True)
        .agg(pl.col("survival"))
    )
    own = curves.filter(pl.col("payer_id") != NOBODY).select(
        curve_action="action", payer_type="payer_type", payer_id="payer_id", own="survival"
    )
    of_type = curves.filter(pl.col("payer_id") == NOBODY, pl.col("payer_type") != "").select(
        curve_action="action", payer_type="payer_type", of_type="survival"
    )
    of_all = curves.filter(pl.col("payer_id") == NOBODY, pl.col("payer_type") == "").select(
        curve_action="action", of_all="survival"
    )
    found = keys.unique(KEY, maintain_order=True).select(KEY)
    return (
        found.join(own, on=KEY, how="left")
        .join(of_type, on=["curve_action", "payer_type"], how="left")
        .join(of_all, on="curve_action", how="left")
        .select(*KEY, survival=pl.coalesce("own", "of_type", "of_all"))
    )


def with_answers(items: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Add `silent` (chance that no answer comes by itself; 1 where none could), `usual_day`.

    `items` with curve_action, waited_days. `usual_day`: by then four of five of those that answer
    have answered; `material_day`: from then on silence is likely enough to ask once the payer is
    late. `unaccepted`: how many of those without the payer's acceptance are lost, after its days.
    """
    curves = curve_of(items.filter(pl.col("curve_action").is_not_null()), answers)
    curves = curves.with_columns(
        usual_day=_first_step(
            pl.col("survival").list.eval(
                pl.element() - pl.element().last() <= 0.2 * (1 - pl.element().last())
            )
        ),
        material_day=_first_step(
            pl.col("survival").list.eval(pl.element() * MATERIAL <= pl.element().last())
        ),
    )
    rows = items.join(curves, on=KEY, how="left", maintain_order="left")
    never = pl.col("survival").list.get(-1)
    is_late = pl.col("waited_days") >= ACK_DAYS
    return _with_unaccepted(rows, answers).with_columns(
        silent=pl.when(pl.col("survival").is_null())
        .then(1.0)
        .otherwise(
            pl.max_horizontal(
                never / survival_at(pl.col("waited_days")),
                pl.when(is_late).then("unaccepted").otherwise(0.0),
            )
        )
        .clip(0.0, 1.0),
    )


def is_unaccepted() -> pl.Expr:
    """Say of which claims only the sending is known, not that the payer took them."""
    return (pl.col("detail") == "sent") & (pl.col("curve_action") == CLAIM)


def _with_unaccepted(rows: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Add `unaccepted`, 0 where an acceptance is there or not to be expected."""
    keys = rows.filter(is_unaccepted()).with_columns(curve_action=pl.lit(ACK))
    lost = curve_of(keys, answers).select(
        "payer_type",
        "payer_id",
        unaccepted=pl.col("survival").list.get(-1) / pl.col("survival").list.get(1),
    )
    rows = rows.join(lost, on=["payer_type", "payer_id"], how="left", maintain_order="left")
    return rows.with_columns(unaccepted=pl.when(is_unaccepted()).then("unaccepted").fill_null(0.0))


def survival_at(days: pl.Expr) -> pl.Expr:
    """Return the share not answered after `days`, evenly falling between steps."""
    place = days.clip(0, DAYS).cast(pl.Float64) / STEP_DAYS
    low = place.floor().cast(pl.Int64).clip(0, STEPS - 2)
    before = pl.col("survival").list.get(low)
    after = pl.col("survival").list.get(low + 1)
    return (before + (after - before) * (place - low)).clip(lower_bound=1e-9)


def useful_days(curves: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Return KEY and the list `useful_days`, by level: from which day a touch beats waiting on.

    At a day, waiting for the next chance saves the touch if the answer comes meanwhile, and loses
    something if the item is a silent one. A level says how dear that loss is against a touch, as a
    power of two. Early touches are mostly in vain: not while answers of their own are likelier than
    `avoidable_max`, unless waiting is dear, and never before half of those that answer have.
    """
    days = pl.DataFrame({"day": range(0, DAYS + 1, STEP_DAYS)})
    rows = curves.filter(pl.col("survival").is_not_null()).join(days, how="cross")
    here, later = survival_at(pl.col("day")), survival_at(pl.col("day") + settings.queue_days)
    never = pl.col("survival").list.get(-1)
    rows = rows.select(
        *KEY,
        "day",
        ratio=(here - later) / never.clip(lower_bound=1e-6),
        silent=never / here,
        is_half=here - never <= (1 - never) / 2,
    )

    def first_day(level: int) -> pl.Expr:
        limit = 1.0 if level >= _DEAR_LEVEL else settings.avoidable_max
        fits = pl.col("is_half") & (pl.col("ratio") <= 2.0**level) & (1 - pl.col("silent") <= limit)
        # Once a touch is worth it, a late wave of answers does not change that again.
        return pl.col("day").filter(fits).min().alias(str(level))

    return (
        rows.group_by(KEY)
        .agg(first_day(level) for level in LEVELS)
        .select(*KEY, useful_days=pl.concat_list([str(level) for level in LEVELS]))
    )


def _first_step(flags: pl.Expr) -> pl.Expr:
    return flags.list.arg_max() * STEP_DAYS
