"""What a touch today is worth: expected cents that it brings more than one at the next chance.

For each item: what is expected to come in if it is touched now, at the next chance, or never. The
next chance comes after `queue_days`, and only for a share of items (`reach`); a deadline may pass
before it. So

    value = (1 - reach) * (now - never) + reach * (now - later)

and the score is the value for each minute of work. All is worked out item by item: neither the
order of rows nor the other rows matter, but for the minutes of calls, which items of one payer
share.
"""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise
from typing import Final

import polars as pl

from sanderling.core.priority.curves import (
    ACK_DAYS,
    INQUIRIES,
    KEY,
    LEVELS,
    MATERIAL,
    curve_action,
    curve_of,
    tries,
    useful_days,
    waits_since,
    with_answers,
)
from sanderling.core.priority.parameters import (
    CALLS,
    NOBODY,
    REFINED,
    Parameters,
    Settings,
    share_of_category,
    share_of_subcategory,
)
from sanderling.core.priority.reasons import reasons

ITEMS: Final = {
    "item_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "payer_type": pl.String,
    "party": pl.Int64,
    "balance_cents": pl.Int64,
    "expected_cents": pl.Int64,
    "barrier": pl.String,
    "category": pl.String,
    "subcategory": pl.String,
    "detail": pl.String,
    "next_action": pl.String,
    "team": pl.String,
    "since_date": pl.Date,
    "next_date": pl.Date,
    "due_date": pl.Date,
    "deadline_date": pl.Date,
    "deadline_kind": pl.String,
    "is_deadline_met": pl.Boolean,
    "service_date": pl.Date,
    "last_billed_date": pl.Date,
    "last_touch_date": pl.Date,
    "last_action": pl.String,
    "last_outcome": pl.String,
    "touches": pl.Int64,
    "follow_up_date": pl.Date,
    "is_high_dollar": pl.Boolean,
    "is_key_client": pl.Boolean,
    "is_flagged": pl.Boolean,
    "escalation_level": pl.Int64,
    "every_days": pl.Int64,  # by the client's own schedule; null: it has none for this
    "floor": pl.String,  # how far up that schedule lifts it: quarter, tenth; empty: not at all
    # Of what is agreed with the client and not done yet: the kind, the day from which it is at
    # risk, and the day it is due; empty and null: nothing.
    "service": pl.String,
    "service_warn_date": pl.Date,
    "service_due_date": pl.Date,
}
VALUED: Final = {
    "item_id": pl.Int64,
    "action": pl.String,
    "channel": pl.String,
    "value_cents": pl.Int64,
    "effort_minutes": pl.Float64,
    "score": pl.Float64,
    "p_recover": pl.Float64,
    "not_before_date": pl.Date,
    "reasons": pl.String,
}
# What is left after a deadline: another way may be open (an appeal); else nothing (DOMAIN 12.5).
_LATE: Final = {"records": 0.1, "corrected_claim": 0.1}
# A deadline is about receiving: days a touch must come before it (DOMAIN 4.1 says act early).
LEAD_DAYS: Final = {"mail": 6, "fax": 2}
LEAD_USUAL: Final = 2
# Days until another try makes sense after one that changed nothing (DOMAIN 9.3).
_REST: Final = {"no_answer": 2, "in_process": 14, "promised": 20, "sent": 10}
_REST_USUAL: Final = 3
ASK: Final = "check_status"
MACHINE_TRIES: Final = 1  # so often a machine is asked again: then it says the same (DOMAIN 4.7)
HIGH_CENTS: Final = 250_000  # high value where the client set no threshold (DOMAIN 4.7)
# Barriers under which the chance falls with age (DOMAIN 12.5: of denials, and of reductions, which
# are disputed like them). What was rejected, never arrived or was never billed only has deadlines.
AGING: Final = ("denied", "underpaid", "unexplained")
# What is done with what a first step brings: facts, records, or what asking about silence found.
SEQUELS: Final = {
    "request_documents": "send_records",
    "obtain_authorization": "correct_and_rebill",
    "verify_eligibility": "correct_and_rebill",
    "escalate": "correct_and_rebill",
}
SEQUELS_OF_FINDS: Final = {
    "not_on_file": "resubmit",
    "pended": "send_records",
    "paid_unposted": "find_payment",
    "denied": "correct_and_rebill",
}
ANSWERED: Final = 0.7  # of teams and clients that are asked: a guess
# What a client flagged comes before all that is ranked by money, in its own order (DOMAIN 9.2).
FLAGGED_SCORE: Final = 1_000_000.0
_SITUATION: Final = ["barrier", "category", "subcategory", "action", "payer_type", "payer_id"]


def value_items(
    items: pl.DataFrame,
    parameters: Parameters,
    as_of: date,
    settings: Settings | None = None,
    calls: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return a row of VALUED for each row of `items` (ITEMS), in their order.

    `calls`: payer_id, calls: how many items wait for a call to each payer; None: as many as there
    are among `items`. What a client flagged is lifted above all else, and never waits for a better
    day. A service level at risk raises the score, not the value: no more money comes of it.
    """
    settings = settings or Settings()
    rows = valued_rows(items, parameters, as_of, settings)
    is_flagged = pl.col("is_flagged").fill_null(value=False)
    at_risk = (pl.col("service_warn_date") <= as_of).fill_null(value=False)
    rows = _with_effort(rows, settings, calls).with_columns(is_at_risk=at_risk)
    rows = rows.with_columns(
        score=pl.max_horizontal(
            pl.col("value_cents")
            / (pl.col("effort_minutes") + pl.col("sequel_minutes"))
            * pl.when("is_at_risk").then(settings.service_factor).otherwise(1.0),
            _floor(settings, as_of),
        )
        + pl.when(is_flagged).then(FLAGGED_SCORE).otherwise(0.0),
        not_before_date=pl.when(~is_flagged).then("not_before_date"),
    )
    rows = rows.with_columns(reasons=reasons(as_of))
    return rows.select(pl.col(name).cast(kind) for name, kind in VALUED.items())


def _floor(settings: Settings, as_of: date) -> pl.Expr:
    """Return the least score of what a client's schedule lifts, once it is due by it; else null."""
    is_due = pl.coalesce("follow_up_date", "next_date") <= as_of
    least = pl.col("floor").replace_strict(
        {"tenth": settings.tenth_score, "quarter": settings.quarter_score},
        default=None,
        return_dtype=pl.Float64,
    )
    return pl.when(is_due & pl.col("every_days").is_not_null()).then(least)


def valued_rows(
    items: pl.DataFrame, parameters: Parameters, as_of: date, settings: Settings
) -> pl.DataFrame:
    """Return the items with all that their value follows from, without what calls share."""
    rows = _with_shares(_asked(items, as_of), parameters)
    rows = with_answers(rows, parameters.answers)
    rows = rows.with_columns(
        share=pl.when(pl.col("curve_action").is_not_null())
        .then(_share_of_asking(parameters))
        .otherwise("share")
    )
    rows = _with_channel(rows, parameters, settings)
    rows = _with_worth(rows, parameters, settings)
    return _with_rest(rows, parameters, as_of, settings)


def _asked(items: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Return the items with what a touch would be, and the days that count."""
    today = pl.lit(as_of)
    kept = [
        pl.col(name).cast(kind) if kind != pl.String else pl.col(name).cast(kind).fill_null("")
        for name, kind in ITEMS.items()
    ]
    is_open_limit = pl.col("deadline_date").is_not_null() & ~pl.col("is_deadline_met").fill_null(
        value=False
    )
    rows = (
        items.select(kept)
        .with_columns(action=asked())
        .with_columns(
            payer_id=pl.col("payer_id").fill_null(NOBODY),
            limit_date=pl.when(is_open_limit & (pl.col("deadline_kind") != "refund")).then(
                "deadline_date"
            ),
            curve_action=curve_action(),
            tries=tries(),
        )
    )
    return rows.with_columns(waits_since=waits_since()).with_columns(
        limit_days=(pl.col("limit_date") - today).dt.total_days(),
        age_days=age_at(today),
        is_aging=is_aging() & ~is_begun(),
        waited_days=(today - pl.col("waits_since")).dt.total_days().clip(lower_bound=0),
    )


def is_aging() -> pl.Expr:
    """Say of which items the chance falls with age until work on them begins."""
    return pl.col("barrier").is_in(list(AGING))


def is_begun() -> pl.Expr:
    """Say on which items work has begun since they stand as they do: from then on no age counts."""
    return (pl.col("last_touch_date") >= pl.col("since_date")).fill_null(value=False)


def age_at(today: pl.Expr) -> pl.Expr:
    """Return the age that a chance has fallen with: until work began, nothing where none does."""
    until = pl.when(is_begun()).then(pl.col("last_touch_date")).otherwise(today)
    age = (until - pl.col("since_date")).dt.total_days().clip(lower_bound=0)
    return pl.when(is_aging()).then(age).otherwise(0)


def asked() -> pl.Expr:
    """Return what a touch would be: the next action, where there is only to wait, to ask."""
    waits = pl.col("next_action").is_in(["wait", ""])
    return pl.when(waits).then(pl.lit(ASK)).otherwise("next_action")


def _with_shares(rows: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    """Add `share`: what an early first touch brings in of what is expected; `unworked`."""
    kinds = (
        rows.select(_SITUATION)
        .unique(maintain_order=True)
        .with_columns(
            situation=pl.when(pl.col("barrier").is_in(list(REFINED)) & (pl.col("category") != ""))
            .then(pl.format("{}/{}", "barrier", "category"))
            .otherwise("barrier")
        )
    )
    learned = parameters.recovery
    levels: tuple[tuple[str, pl.Expr, list[str]], ...] = (
        ("payer", pl.col("payer_id") != NOBODY, ["situation", "action", "payer_type", "payer_id"]),
        (
            "type",
            (pl.col("payer_id") == NOBODY) & (pl.col("payer_type") != ""),
            ["situation", "action", "payer_type"],
        ),
        (
            "act",
            (pl.col("action") != "") & (pl.col("payer_type") == ""),
            ["situation", "action"],
        ),
        ("all", pl.col("action") == "", ["situation"]),
    )
    for name, which, keys in levels:
        part = learned.filter(which).select(*keys, pl.col("share").alias(f"{name}_share"))
        kinds = kinds.join(part, on=keys, how="left", maintain_order="left")
    bare = learned.filter(pl.col("action") == "").select(barrier="situation", bare_share="share")
    kinds = kinds.join(bare, on="barrier", how="left", maintain_order="left")
    share = pl.coalesce(
        "payer_share", "type_share", "act_share", "all_share", "bare_share", pl.lit(0.3)
    )
    kinds = kinds.with_columns(share=_finer(share)).select(*_SITUATION, "share")
    return rows.join(kinds, on=_SITUATION, how="left", maintain_order="left").join(
        parameters.unworked.rename({"share": "unworked"}),
        on="barrier",
        how="left",
        maintain_order="left",
    )


def _finer(share: pl.Expr) -> pl.Expr:
    """Move a category's share by what the table says of the finer category, in odds."""
    fine = pl.col("subcategory").replace_strict(
        share_of_subcategory(), default=None, return_dtype=pl.Float64
    )
    coarse = pl.col("category").replace_strict(
        share_of_category(), default=None, return_dtype=pl.Float64
    )
    odds = (share / (1 - share)) * (fine / (1 - fine)) / (coarse / (1 - coarse))
    moves = pl.col("barrier").is_in(["denied", "pended"]) & fine.is_between(0.01, 0.99)
    return (
        pl.when(moves & share.is_between(0.01, 0.99) & coarse.is_not_null())
        .then(odds / (1 + odds))
        .otherwise(share)
    )


def with_minutes(rows: pl.DataFrame, minutes: pl.DataFrame) -> pl.DataFrame:
    """Add channel, first_minutes, next_minutes by action and payer: the payer's usual channel."""
    usual = minutes.filter("is_usual")
    figures = ("channel", "first_minutes", "next_minutes")
    own = usual.filter(pl.col("payer_id") != NOBODY).select(
        "action", "payer_id", *(pl.col(name).alias(f"own_{name}") for name in figures)
    )
    of_all = usual.filter(pl.col("payer_id") == NOBODY).select(
        "action", *(pl.col(name).alias(f"all_{name}") for name in figures)
    )
    otherwise = {"channel": "internal", "first_minutes": 10.0, "next_minutes": 10.0}
    return (
        rows.join(own, on=["action", "payer_id"], how="left", maintain_order="left")
        .join(of_all, on="action", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce(f"own_{name}", f"all_{name}", pl.lit(otherwise[name])).alias(name)
            for name in figures
        )
    )


def _with_channel(rows: pl.DataFrame, parameters: Parameters, settings: Settings) -> pl.DataFrame:
    """Add channel, minutes, lead_days, and `useful`: chance that a touch finds what it is for.

    Asking is done by the payer's usual channel first; once that has told nothing, by phone where
    what a person finds more is worth the minutes (two claims on a call), and always once a machine
    has told nothing twice.
    """
    rows = with_minutes(rows, parameters.minutes)
    call = parameters.minutes.filter(
        pl.col("action") == ASK, pl.col("channel") == "call", pl.col("payer_id") == NOBODY
    )
    first, further = call.select("first_minutes", "next_minutes").row(0)
    is_asked = pl.col("curve_action").is_not_null() & (pl.col("action") == ASK)
    usual = found_factor(parameters.found)
    by_call = found_factor(parameters.found, pl.lit("call"))
    worth = pl.col("expected_cents").clip(lower_bound=0) * pl.col("silent") * pl.col("share")
    dearer = ((first + further) / 2 - pl.col("first_minutes")) * settings.minute_cents
    calls = (
        is_asked
        & (pl.col("tries") > 0)
        & (pl.col("channel") != "call")
        & (pl.col("payer_id") != NOBODY)
        & ((pl.col("tries") > MACHINE_TRIES) | (worth * (by_call - usual) > dearer))
    )
    return (
        rows.with_columns(
            channel=pl.when(calls).then(pl.lit("call")).otherwise("channel"),
            first_minutes=pl.when(calls).then(first).otherwise("first_minutes"),
            next_minutes=pl.when(calls).then(further).otherwise("next_minutes"),
        )
        .with_columns(
            found_factor=found_factor(parameters.found),
            useful=pl.when(pl.col("curve_action").is_not_null())
            .then((pl.col("silent") * found_factor(parameters.found)).clip(0.0, 1.0))
            .otherwise(1.0),
            lead_days=pl.col("channel").replace_strict(
                LEAD_DAYS, default=LEAD_USUAL, return_dtype=pl.Int64
            ),
        )
        .with_columns(sequel_minutes=_sequel_minutes(parameters))
    )


def found_factor(found: pl.DataFrame, channel: pl.Expr | None = None) -> pl.Expr:
    """Return how often asking by the row's channel (or this one) finds something, by touches."""
    by = pl.col("channel") if channel is None else channel
    result: pl.Expr = pl.lit(1.0)
    for (name,), knots in found.sort("channel", "touches").group_by("channel"):
        result = (
            pl.when(by == name).then(factor_at(pl.col("tries"), knots, "touches")).otherwise(result)
        )
    return result


def _with_effort(
    rows: pl.DataFrame, settings: Settings, calls: pl.DataFrame | None
) -> pl.DataFrame:
    """Add calls (claims on one call) and effort_minutes; after value_cents and not_before_date."""
    if calls is None:
        calls = worthwhile_calls(rows, settings)
    on_call = (pl.col("channel") == "call") & (pl.col("payer_id") != NOBODY)
    together = (pl.when(on_call).then(pl.col("calls").fill_null(1)).otherwise(1)).clip(
        1, settings.calls_at_once
    )
    return (
        rows.join(
            calls.select(pl.col("payer_id").cast(pl.Int64), pl.col("calls").cast(pl.Int64)),
            on="payer_id",
            how="left",
            maintain_order="left",
        )
        .with_columns(calls=together)
        .with_columns(
            effort_minutes=(
                pl.col("first_minutes") + (pl.col("calls") - 1) * pl.col("next_minutes")
            )
            / pl.col("calls")
        )
    )


def _sequel_minutes(parameters: Parameters) -> pl.Expr:
    """Return the minutes of what must be done with what a touch brings, as far as it is likely.

    A question alone brings no money in: what it finds has to be worked, and facts to be sent.
    """
    minutes: dict[str, float] = dict(
        parameters.minutes.filter(pl.col("is_usual"), pl.col("payer_id") == NOBODY)
        .select("action", "first_minutes")
        .rows()
    )
    found = sum(
        share * minutes.get(SEQUELS_OF_FINDS.get(barrier, ""), 10.0)
        for barrier, share in parameters.finds.rows()
    )
    facts = {first: ANSWERED * minutes.get(then, 10.0) for first, then in SEQUELS.items()}
    return (
        pl.when(pl.col("curve_action").is_not_null() & pl.col("action").is_in(list(INQUIRIES)))
        .then(pl.col("useful") * found)
        .otherwise(pl.col("action").replace_strict(facts, default=0.0, return_dtype=pl.Float64))
    )


def worthwhile_calls(rows: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Return payer_id, calls: how many items are worth their minutes on a call to each payer."""
    return (
        rows.filter(
            pl.col("channel") == "call",
            pl.col("payer_id") != NOBODY,
            pl.col("not_before_date").is_null(),
            pl.col("value_cents")
            >= (pl.col("next_minutes") + pl.col("sequel_minutes")) * settings.minute_cents,
        )
        .group_by("payer_id")
        .agg(calls=pl.len())
        .select(pl.col(name).cast(kind) for name, kind in CALLS.items())
        .sort("payer_id")
    )


def _share_of_asking(parameters: Parameters) -> float:
    """Return what comes in, of what is expected, when asking finds that a claim needs work."""
    shares: dict[str, float] = dict(
        parameters.recovery.filter(pl.col("action") == "", pl.col("payer_type") == "")
        .select("situation", "share")
        .rows()
    )
    finds: list[tuple[str, float]] = parameters.finds.rows()
    return sum(share * shares.get(barrier, 0.5) for barrier, share in finds)


def factor_at(days: pl.Expr, knots: pl.DataFrame, x: str) -> pl.Expr:
    """Return the factor of a small table at `days`, evenly changing between its rows."""
    points = sorted(knots.select(x, "factor").rows())
    result: pl.Expr = pl.lit(points[-1][1])
    for (x0, y0), (x1, y1) in reversed(list(pairwise(points))):
        between = y0 + (days - x0) * ((y1 - y0) / (x1 - x0))
        result = pl.when(days < x1).then(between).otherwise(result)
    return result


def _with_worth(rows: pl.DataFrame, parameters: Parameters, settings: Settings) -> pl.DataFrame:
    """Add now_cents (of a touch now against none), later_cents, value_cents and its three parts."""
    wait, reach = settings.queue_days, settings.reach
    is_waiting = pl.col("curve_action").is_not_null()
    delay = parameters.delays.rename({"days": "delay_days"})
    rows = rows.join(delay, on="action", how="left", maintain_order="left")
    repeated = (
        pl.when(is_waiting)
        .then(1.0)
        .otherwise(factor_at(pl.col("tries"), parameters.repeats, "touches"))
    )
    expected = pl.col("expected_cents").clip(lower_bound=0).cast(pl.Float64)
    late = (
        pl.when(pl.col("limit_days").is_null())
        .then(1.0)
        .otherwise(
            pl.col("deadline_kind").replace_strict(_LATE, default=0.0, return_dtype=pl.Float64)
        )
    )

    def gain(days: float) -> pl.Expr:
        older = pl.when("is_aging").then(pl.col("age_days") + days).otherwise("age_days")
        share = pl.col("share") * repeated * factor_at(older, parameters.decay, "age_days")
        discount = (
            -math.log1p(settings.yearly_discount)
            / 365
            * (pl.col("delay_days").fill_null(30.0) + days)
        ).exp()
        # What comes in unworked falls with age and refusals as what a touch brings.
        extra = share * (1 - pl.col("unworked").fill_null(0.0))
        return expected * pl.col("useful") * extra * discount

    passes = (
        (-(pl.col("limit_days") - pl.col("lead_days")).clip(lower_bound=0) / wait)
        .exp()
        .fill_null(0.0)
    )
    is_over = (pl.col("limit_days") < 0).fill_null(value=False)
    rows = rows.with_columns(
        share_now=pl.col("share")
        * repeated
        * factor_at(pl.col("age_days"), parameters.decay, "age_days"),
        late=late,
        passes=pl.when(is_over).then(0.0).otherwise(passes),
        now_cents=gain(0.0) * pl.when(is_over).then(late).otherwise(1.0),
        next_cents=gain(wait) * pl.when(is_over).then(late).otherwise(1.0),
    )
    lost = pl.col("passes") * pl.col("next_cents") * (1 - pl.col("late"))
    rows = rows.with_columns(
        never_part=(1 - reach) * pl.col("now_cents"),
        limit_part=reach * lost,
        decay_part=reach * (pl.col("now_cents") - pl.col("next_cents")),
    )
    value = pl.col("never_part") + pl.col("limit_part") + pl.col("decay_part")
    cents = value.floor().cast(pl.Int64)
    limit_cents = pl.col("limit_part").floor().cast(pl.Int64)
    decay_cents = pl.col("decay_part").floor().cast(pl.Int64)
    return rows.with_columns(
        value_cents=cents,
        limit_cents=limit_cents,
        decay_cents=decay_cents,
        never_cents=cents - limit_cents - decay_cents,
        lost_cents=pl.when(pl.col("limit_days").is_not_null() & ~is_over)
        .then(pl.col("now_cents") * (1 - pl.col("late")))
        .otherwise(0.0)
        .round()
        .cast(pl.Int64),
        p_recover=(
            pl.when(is_over).then(pl.col("late")).otherwise(1.0)
            * pl.col("silent")
            * pl.col("share_now")
            + (1 - pl.col("silent"))
        ).clip(0.0, 1.0),
    )


def _with_rest(
    rows: pl.DataFrame, parameters: Parameters, as_of: date, settings: Settings
) -> pl.DataFrame:
    """Add not_before_date: the first day on which a touch makes sense, null when that is now."""
    curves = curve_of(rows.filter(pl.col("curve_action").is_not_null()), parameters.answers)
    touch_cents = (pl.col("first_minutes") * settings.minute_cents).clip(
        lower_bound=settings.vain_touch_cents
    )
    loss = (
        (pl.col("now_cents") - pl.col("next_cents") + pl.col("limit_part") / settings.reach)
        / pl.col("silent").clip(lower_bound=1e-9)
        / touch_cents
    )
    level = (
        loss.clip(2.0 ** LEVELS[0], 2.0 ** LEVELS[-1])
        .log(2)
        .floor()
        .cast(pl.Int64)
        .clip(LEVELS[0], LEVELS[-1])
    )
    rows = rows.join(
        useful_days(curves, settings), on=KEY, how="left", maintain_order="left"
    ).with_columns(useful_day=pl.col("useful_days").list.get(level - LEVELS[0]))
    today = pl.lit(as_of)
    by_answer = pl.col("waits_since") + pl.duration(days="useful_day")
    # So much money is not left unasked for once the payer is late by the usual clock.
    is_dear = pl.col("is_high_dollar") | (pl.col("expected_cents") >= HIGH_CENTS)
    late_date = pl.coalesce("due_date", "next_date") + pl.duration(days=1)
    # Nor is anything that is worth asking about, once silence is likely enough.
    likely = pl.max_horizontal(late_date, pl.col("waits_since") + pl.duration(days="material_day"))
    is_worth = (
        pl.col("expected_cents") * pl.col("share") * pl.col("found_factor") * MATERIAL
        >= touch_cents
    )
    is_lost = pl.col("unaccepted") >= 1 - settings.avoidable_max
    by_answer = pl.min_horizontal(
        by_answer,
        pl.when(is_dear).then(pl.col("due_date") + pl.duration(days=1)),
        pl.when(is_worth).then(likely),
        pl.when(is_lost).then(pl.col("waits_since") + pl.duration(days=ACK_DAYS)),
    )
    heard = (pl.col("detail") == "act") & (pl.col("barrier") == "awaiting_payer")
    by_word = (
        pl.when(heard)
        .then(pl.col("due_date") + pl.duration(days=1))
        .when(pl.col("barrier").is_in(["awaiting_client", "awaiting_internal"]))
        .then("next_date")
    )
    rested = pl.col("last_touch_date") + pl.duration(
        days=pl.col("last_outcome").replace_strict(
            _REST, default=_REST_USUAL, return_dtype=pl.Int64
        )
    )
    # What a touch has just found is worked at once; what it asked others for has its own clock.
    stands = (pl.col("last_touch_date") > pl.col("since_date")) | (
        pl.col("last_action") == pl.col("action")
    )
    by_touch = pl.when(stands).then(rested)
    useful = pl.max_horizontal(pl.coalesce(by_word, by_answer), by_touch)
    # Never after the last safe day before a deadline.
    last_safe = pl.col("limit_date") - pl.duration(days=pl.col("lead_days") + 1)
    is_limited = useful.is_not_null() & (pl.col("limit_days") >= 0)
    # What was agreed with the client is done when it was agreed, worth a touch or not.
    agreed = pl.when(pl.col("every_days").is_not_null()).then(
        pl.coalesce("follow_up_date", "next_date")
    )
    capped = pl.min_horizontal(
        useful,
        pl.when(is_limited).then(last_safe),
        pl.when(useful.is_not_null()).then(agreed),
    )
    return rows.with_columns(
        useful_date=useful,
        not_before_date=pl.when(capped > today).then(capped),
    )
