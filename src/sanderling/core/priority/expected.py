"""What is expected to come in on an open balance, until contracts say it: a learned part of it.

Balances are in billed terms; payers pay what they allow. Of the first payer's balance that is the
share of charges it has paid, of a later payer's the share of what was left to it. A balance that is
short of what was paid is expected whole.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.core.priority.parameters import NOBODY, PAID_SHARES

PRIOR_CLAIMS: Final = 30.0
PAID: Final = {
    "kind": pl.String,  # first, later
    "payer_type": pl.String,
    "payer_id": pl.Int64,
    "client_id": pl.Int64,
    "open_cents": pl.Int64,  # what was open before the payment
    "paid_cents": pl.Int64,
    "claims": pl.Int64,
}
_PATIENT: Final = 14
_FIRST: Final = 11


def learn_paid_shares(paid: pl.DataFrame, start: pl.DataFrame) -> pl.DataFrame:
    """Return shares by type, payer, and client and payer, each pulled toward the one above.

    `paid`: sums over paid claims (PAID). Weighed by dollars: a share of what is open, not a mean of
    shares.
    """
    above = start.filter(pl.col("payer_id") == NOBODY).select("kind", "payer_type", above="share")
    keys = ["kind", "payer_type"]
    types = paid.select(keys).unique().join(above, on=keys, how="left")
    bare = above.filter(pl.col("payer_type") == "").select("kind", bare="above")
    types = types.join(bare, on="kind", how="left").select(
        *keys, above=pl.coalesce("above", "bare", pl.lit(0.5))
    )
    levels = [_level(paid, keys, types)]
    for key in ("payer_id", "client_id"):
        upper = levels[-1].select(*keys, above="share")
        keys = [*keys, key]
        levels.append(_level(paid, keys, upper))
    learned = pl.concat(
        [
            level.select(
                (
                    pl.col(name)
                    if name in level.columns
                    else pl.lit(NOBODY if kind == pl.Int64 else "")
                )
                .cast(kind)
                .alias(name)
                for name, kind in PAID_SHARES.items()
            )
            for level in levels
        ]
    )
    keys = ["kind", "payer_type", "payer_id", "client_id"]
    return pl.concat([learned, start.join(learned, on=keys, how="anti")]).sort(keys)


def _level(paid: pl.DataFrame, keys: list[str], above: pl.DataFrame) -> pl.DataFrame:
    sums = paid.group_by(keys).agg(
        open=pl.col("open_cents").sum().cast(pl.Float64),
        paid=pl.col("paid_cents").sum().cast(pl.Float64),
        weight=pl.col("claims").sum().cast(pl.Float64),
    )
    on = [key for key in keys if key in above.columns]
    prior = PRIOR_CLAIMS * pl.col("open") / pl.col("weight")
    share = (pl.col("paid") + prior * pl.col("above")) / (pl.col("open") + prior)
    return (
        sums.filter(pl.col("open") > 0, pl.col("weight") > 0)
        .join(above, on=on)
        .with_columns(share=share.clip(0.0, 1.0))
    )


def expected_cents(items: pl.DataFrame, paid_shares: pl.DataFrame) -> pl.Series:
    """Return what is expected on each item; nothing of a credit."""
    rows = items.select(
        "balance_cents",
        "barrier",
        pl.col("payer_type").fill_null(""),
        pl.col("payer_id").fill_null(NOBODY),
        "client_id",
        kind=pl.when(pl.col("party") == _PATIENT)
        .then(pl.lit("patient"))
        .when(pl.col("party") == _FIRST)
        .then(pl.lit("first"))
        .otherwise(pl.lit("later")),
    )
    levels = (
        ("own", ["kind", "payer_id", "client_id"], pl.col("client_id") != NOBODY),
        (
            "payer",
            ["kind", "payer_id"],
            (pl.col("client_id") == NOBODY) & (pl.col("payer_id") != NOBODY),
        ),
        (
            "type",
            ["kind", "payer_type"],
            (pl.col("payer_id") == NOBODY) & (pl.col("payer_type") != ""),
        ),
        ("all", ["kind"], (pl.col("payer_id") == NOBODY) & (pl.col("payer_type") == "")),
    )
    for name, keys, which in levels:
        part = paid_shares.filter(which).select(*keys, pl.col("share").alias(name))
        rows = rows.join(part, on=keys, how="left", maintain_order="left")
    share = (
        pl.when(pl.col("barrier") == "underpaid")
        .then(1.0)
        .otherwise(pl.coalesce("own", "payer", "type", "all", pl.lit(0.5)))
    )
    cents = (pl.col("balance_cents").clip(lower_bound=0) * share).round().cast(pl.Int64)
    return rows.select(expected_cents=cents)["expected_cents"]
