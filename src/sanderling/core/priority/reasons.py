"""The reasons of a rank as data: [[key, {parameters}], ...]; `words` makes sentences of them.

Parts of the value carry `cents`; over the reasons of an item they add up to its value exactly.
"""

from __future__ import annotations

from datetime import date

import polars as pl


def _json(key: str, **values: pl.Expr) -> pl.Expr:
    """Return the JSON text of one reason; values are whole numbers or text without quotes."""
    parts: list[pl.Expr] = []
    for number, (name, value) in enumerate(values.items()):
        opening = f'["{key}",{{' if number == 0 else ","
        parts += [pl.lit(f'{opening}"{name}":'), value]
    return pl.concat_str([*parts, pl.lit("}]")])


def reasons(as_of: date) -> pl.Expr:
    """Return the reasons of each row as JSON text, the weightiest kind first."""
    today = pl.lit(as_of)

    def text(expr: pl.Expr) -> pl.Expr:
        return pl.concat_str(pl.lit('"'), expr, pl.lit('"'))

    waits = pl.col("not_before_date").is_not_null()
    parts = [
        pl.when(pl.col("limit_days") < 0).then(
            _json("past_deadline", kind=text(pl.col("deadline_kind")), days=-pl.col("limit_days"))
        ),
        pl.when(pl.col("limit_cents") > 0).then(
            _json(
                "deadline",
                kind=text(pl.col("deadline_kind")),
                days=pl.col("limit_days"),
                lost_cents=pl.col("lost_cents"),
                cents=pl.col("limit_cents"),
            )
        ),
        pl.when(waits & pl.col("curve_action").is_not_null()).then(
            _json(
                "not_yet",
                usual_day=pl.col("usual_day"),
                day=pl.col("waited_days"),
                date=text(pl.col("not_before_date").dt.to_string("%Y-%m-%d")),
            )
        ),
        pl.when(waits & pl.col("curve_action").is_null()).then(
            _json(
                "touched",
                days=(today - pl.col("last_touch_date")).dt.total_days(),
                date=text(pl.col("not_before_date").dt.to_string("%Y-%m-%d")),
            )
        ),
        pl.when(~waits & pl.col("curve_action").is_not_null()).then(
            _json(
                "silent",
                usual_day=pl.col("usual_day"),
                day=pl.col("waited_days"),
                percent=(pl.col("silent") * 100).round().cast(pl.Int64),
            )
        ),
        pl.when(pl.col("never_cents") != 0).then(
            _json(
                "worth",
                action=text(pl.col("action")),
                percent=(pl.col("share_now") * 100).round().cast(pl.Int64),
                expected_cents=pl.col("expected_cents"),
                cents=pl.col("never_cents"),
            )
        ),
        pl.when((pl.col("decay_cents") > 0) & pl.col("is_aging")).then(
            _json("decay", age_days=pl.col("age_days"), cents=pl.col("decay_cents"))
        ),
        pl.when((pl.col("decay_cents") > 0) & ~pl.col("is_aging")).then(
            _json("delay", cents=pl.col("decay_cents"))
        ),
        pl.when((pl.col("tries") > 0) & pl.col("curve_action").is_not_null()).then(
            _json("repeats", touches=pl.col("tries"))
        ),
        pl.when((pl.col("tries") > 0) & pl.col("curve_action").is_null()).then(
            pl.lit('["refused",{}]')
        ),
        pl.when(pl.col("calls") > 1).then(
            _json(
                "same_call",
                more=pl.col("calls") - 1,
                minutes=pl.col("next_minutes").round().cast(pl.Int64),
                alone_minutes=pl.col("first_minutes").round().cast(pl.Int64),
            )
        ),
        pl.when(pl.col("sequel_minutes") >= 1).then(
            _json("sequel", minutes=pl.col("sequel_minutes").round().cast(pl.Int64))
        ),
        pl.when("is_flagged").then(pl.lit('["flagged",{}]')),
        pl.when("is_high_dollar").then(pl.lit('["high_dollar",{}]')),
        pl.when("is_key_client").then(pl.lit('["key_client",{}]')),
        pl.when(pl.col("every_days").is_not_null()).then(
            _json(
                "schedule",
                days=pl.col("every_days"),
                date=text(pl.coalesce("follow_up_date", "next_date").dt.to_string("%Y-%m-%d")),
                floor=text(pl.col("floor")),
            )
        ),
        pl.when("is_at_risk").then(
            _json(
                "service",
                kind=text(pl.col("service")),
                date=text(pl.col("service_due_date").dt.to_string("%Y-%m-%d")),
                days=(pl.col("service_due_date") - today).dt.total_days(),
            )
        ),
        pl.when(pl.col("barrier") == "credit_balance").then(pl.lit('["refund",{}]')),
        pl.when(pl.col("value_cents") == 0).then(pl.lit('["nothing",{}]')),
    ]
    inside = pl.concat_list(parts).list.drop_nulls().list.join(",")
    return pl.concat_str(pl.lit("["), inside, pl.lit("]"))
