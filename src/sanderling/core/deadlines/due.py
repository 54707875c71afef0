"""Deadlines of many items at once: which rule binds each, and the last day it gives.

The rules that fit are found once per distinct combination of kind, payer, type and client, not per
item; only where dated rules compete does an item meet more than one.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.core.deadlines.days import (
    business_day_from,
    business_days_later,
    holidays_around,
    months_later,
)
from sanderling.core.deadlines.rules import (
    PAYER_TYPES,
    Clock,
    Kind,
    ProviderStatus,
    Unit,
    WeekendRule,
)

# Mail is presumed to be read five days after its date. Source: 42 CFR 405.942(a)(1).
PRESUMED_RECEIPT_DAYS: Final = 5

NEED_SCHEMA: Final[dict[str, pl.DataType]] = {
    "item_id": pl.Int64(),
    "kind": pl.String(),
    "level": pl.Int32(),
    "payer_id": pl.Int64(),
    "payer_type": pl.String(),
    "prior_payer_type": pl.String(),
    "client_id": pl.Int64(),
    "is_institutional": pl.Boolean(),
    "service_from_date": pl.Date(),
    "service_to_date": pl.Date(),
    "primary_remittance_date": pl.Date(),
    "remittance_date": pl.Date(),
    "request_date": pl.Date(),
    "notice_date": pl.Date(),
    "accepted_date": pl.Date(),
}
DEADLINE_SCHEMA: Final[dict[str, pl.DataType]] = {
    "item_id": pl.Int64(),
    "deadline_date": pl.Date(),
    "rule": pl.String(),
    "rule_id": pl.String(),
    "confidence": pl.String(),
    "source": pl.String(),
    "is_met": pl.Boolean(),
}
PROVIDER_STATUS: Final = "provider_status"  # may be missing: in the network
KIND_TYPE: Final = pl.Enum([kind.value for kind in Kind])
TYPE_TYPE: Final = pl.Enum(PAYER_TYPES)
STATUS_TYPE: Final = pl.Enum([ProviderStatus.PAR.value, ProviderStatus.NONPAR.value])
CONTEXT: Final = (
    "kind",
    "level",
    "payer_id",
    "payer_type",
    "prior_payer_type",
    "client_id",
    PROVIDER_STATUS,
)
# Every clock but the two of service is a column of its own.
CLOCK_COLUMNS: Final = {
    Clock.SERVICE_FROM: "service_from_date",
    Clock.PRIMARY_REMITTANCE: "primary_remittance_date",
    Clock.REMITTANCE: "remittance_date",
    Clock.REQUEST: "request_date",
    Clock.NOTICE: "notice_date",
}


def deadlines(needs: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return one row per need, in the order of `needs`, in the columns of DEADLINE_SCHEMA.

    `needs` has the columns of NEED_SCHEMA, with `provider_status` (par, nonpar) if it is known;
    `rules` come from `rules_frame`. `level` counts for appeals only (null: 1). A payer type that is
    null or empty counts as "other"; self-pay has no deadlines.

    `deadline_date` is null when no rule fits (`rule_id` null too) or when the day that the rule
    counts from is unknown. `is_met` is true for a timely filing whose `accepted_date` is not after
    the deadline, else false. An `item_id` may occur more than once.

    Raises:
        polars.exceptions.ColumnNotFoundError: a column of NEED_SCHEMA is missing.
        polars.exceptions.InvalidOperationError: a kind or type that does not exist.
    """
    asked = _asked(needs)
    rules = rules.with_row_index("rank")
    narrowed = asked.with_columns(_only_named(rules))
    contexts = narrowed.select(CONTEXT).unique().with_row_index("context")
    with_context = narrowed.join(
        contexts, on=CONTEXT, how="left", nulls_equal=True, maintain_order="left"
    ).drop(CONTEXT[1:])
    found = _bound(with_context, _candidates(contexts, rules))
    return _with_days(found, rules).select(
        pl.col(name).cast(kind) for name, kind in DEADLINE_SCHEMA.items()
    )


def _asked(needs: pl.DataFrame) -> pl.DataFrame:
    """Return the needs with narrow keys and one service day that fits the kind of claim."""
    status = pl.col(PROVIDER_STATUS) if PROVIDER_STATUS in needs.columns else pl.lit(None)
    is_appeal = pl.col("kind") == Kind.APPEAL.value
    institutional = pl.coalesce("service_to_date", "service_from_date")
    columns = [pl.col(name).cast(kind) for name, kind in NEED_SCHEMA.items()]
    return needs.select(
        *columns, status.cast(pl.String).fill_null("par").cast(STATUS_TYPE).alias(PROVIDER_STATUS)
    ).with_columns(
        pl.col("kind").cast(KIND_TYPE),
        pl.when(is_appeal).then(pl.col("level").fill_null(1)).otherwise(0).alias("level"),
        _type_key("payer_type").fill_null("other"),
        _type_key("prior_payer_type"),
        pl.when(pl.col("is_institutional").fill_null(value=False))
        .then(institutional)
        .otherwise("service_from_date")
        .alias("service_date"),
    )


def _only_named(rules: pl.DataFrame) -> list[pl.Expr]:
    """Keep of payers, clients and prior payers those that a rule names: all others are alike."""
    payers, clients, priors = (
        rules[column].drop_nulls().unique()
        for column in ("payer_id", "client_id", "prior_payer_type")
    )
    kept = {
        "payer_id": payers.implode(),
        "client_id": clients.implode(),
        "prior_payer_type": priors.cast(TYPE_TYPE).implode(),
    }
    return [
        pl.when(pl.col(column).is_in(values)).then(column).alias(column)
        for column, values in kept.items()
    ]


def _type_key(column: str) -> pl.Expr:
    return pl.col(column).replace("", None).cast(TYPE_TYPE)


def _candidates(contexts: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return for each context its rules, best first, none behind the first that always holds."""
    keyed = rules.select(
        "rank",
        pl.col("kind").cast(KIND_TYPE),
        "level",
        "payer_id",
        pl.col("payer_type").cast(TYPE_TYPE),
        pl.col("prior_payer_type").cast(TYPE_TYPE).alias("rule_prior"),
        pl.col("client_id").alias("rule_client"),
        pl.col("provider_status").alias("rule_status"),
        "amount",
        "unit",
        "clock",
        "weekend_rule",
        "effective_from_date",
        "effective_to_date",
    )
    insured = contexts.filter(pl.col("payer_type") != "self_pay")
    of_payer, of_type = pl.col("payer_id").is_not_null(), pl.col("payer_type").is_not_null()
    # A rule says nothing of the keys its join leaves out, except a payer's rule of its type.
    by_payer = insured.join(
        keyed.filter(of_payer).drop("payer_type"), on=["kind", "level", "payer_id"]
    )
    by_type = insured.join(
        keyed.filter(~of_payer & of_type).drop("payer_id"), on=["kind", "level", "payer_type"]
    )
    by_none = insured.join(
        keyed.filter(~of_payer & ~of_type).drop("payer_id", "payer_type"), on=["kind", "level"]
    )
    fitting = pl.concat([by_payer, by_type, by_none], how="diagonal").filter(
        pl.col("rule_client").is_null() | (pl.col("rule_client") == pl.col("client_id")),
        pl.col("rule_prior").is_null() | (pl.col("rule_prior") == pl.col("prior_payer_type")),
        (pl.col("rule_status") == ProviderStatus.ANY.value)
        | (pl.col("rule_status") == pl.col(PROVIDER_STATUS).cast(pl.String)),
    )
    always = pl.col("effective_from_date").is_null() & pl.col("effective_to_date").is_null()
    return (
        fitting.sort("context", "rank")
        .filter(always.cast(pl.Int32).cum_sum().over("context") - always.cast(pl.Int32) == 0)
        .select(
            "context",
            "rank",
            "amount",
            "unit",
            "clock",
            "weekend_rule",
            "effective_from_date",
            "effective_to_date",
        )
    )


def _start() -> pl.Expr:
    """Return the day that the row's rule counts from; null when nobody knows it."""
    clock = pl.col("clock")
    start = (
        pl.when(clock == Clock.SERVICE_TO.value)
        .then("service_date")
        .when(clock == Clock.REMITTANCE_RECEIPT.value)
        .then(pl.col("remittance_date") + pl.duration(days=PRESUMED_RECEIPT_DAYS))
    )
    for name, column in CLOCK_COLUMNS.items():
        start = start.when(clock == name.value).then(column)
    return start.otherwise(None)


def _is_in_force() -> pl.Expr:
    """Say whether a rule holds on its clock's day.

    While that day is unknown a rule without an end holds: it is the one in force now.
    """
    start, begins, ends = (
        pl.col(name) for name in ("start_date", "effective_from_date", "effective_to_date")
    )
    begun = begins.is_null() | start.is_null() | (begins <= start)
    return begun & (ends.is_null() | (ends >= start).fill_null(value=False))


def _bound(asked: pl.DataFrame, candidates: pl.DataFrame) -> pl.DataFrame:
    """Return the needs, in order, with the best of their rules in force; null when none is."""
    places = candidates.with_columns(place=pl.int_range(pl.len()).over("context"))
    pending = asked.with_row_index("row")
    done: list[pl.DataFrame] = []
    for place in range(max(places["place"].n_unique(), 1)):
        offered = places.filter(pl.col("place") == place).drop("place")
        tried = (
            pending.join(offered, on="context", how="left")
            .with_columns(start_date=_start())
            .with_columns(is_bound=pl.col("rank").is_not_null() & _is_in_force())
        )
        done.append(tried.filter("is_bound").drop("is_bound"))
        pending = tried.filter(~pl.col("is_bound")).select(pending.columns)
        if pending.is_empty():
            break
    done.append(pending)
    return pl.concat(done, how="diagonal").sort("row")


def _with_days(bound: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Add the deadline of each rule from its clock's day, and what the rule says of itself."""
    texts = rules.select("rank", "rule", "rule_id", "confidence", "source")
    dated = bound.with_columns(deadline_date=_last_day(bound))
    return (
        dated.with_columns(deadline_date=_moved(dated))
        .with_columns(
            is_met=(pl.col("kind") == Kind.TIMELY_FILING.value)
            & (pl.col("accepted_date") <= pl.col("deadline_date")).fill_null(value=False)
        )
        .join(texts, on="rank", how="left", maintain_order="left")
    )


def _last_day(bound: pl.DataFrame) -> pl.Expr:
    """Return the last day of each row's rule; null without a rule or a day to count from."""
    start, amount, unit = pl.col("start_date"), pl.col("amount"), pl.col("unit")
    in_business_days = unit == Unit.BUSINESS_DAYS.value
    most = bound.filter(in_business_days)["amount"].max()
    holidays = holidays_around(bound["start_date"], most if isinstance(most, int) else 0)
    # Counts of other units must not reach the arithmetic of business days: it is masked, not lazy.
    business_days = pl.when(in_business_days).then(amount).otherwise(0)
    return (
        pl.when(unit == Unit.CALENDAR_DAYS.value)
        .then(start + pl.duration(days=amount))
        .when(unit == Unit.CALENDAR_YEAR_END.value)
        .then(pl.date(start.dt.year() + amount, 12, 31))
        .when(unit == Unit.MONTHS.value)
        .then(months_later(start, amount))
        .when(in_business_days)
        .then(business_days_later(start, business_days, holidays))
    )


def _moved(bound: pl.DataFrame) -> pl.Expr:
    """Return the deadlines, on the next business day where the rule says so."""
    # Its holidays are those around the last days, which may be years after the clocks' days.
    moves = pl.col("weekend_rule") == WeekendRule.NEXT_BUSINESS_DAY.value
    holidays = holidays_around(bound.filter(moves)["deadline_date"], 0)
    moved = business_day_from(pl.col("deadline_date"), holidays)
    return pl.when(moves).then(moved).otherwise("deadline_date")
