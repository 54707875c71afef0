"""What a payer allows, learned from what it allowed: prices without a contract.

For each payer, client, code, modifiers that matter, setting and time. `learn` finds the rates,
`priced_by_history` prices lines by them. Two models: an amount for one unit, or a share of the
charge; whichever explains the lines. Where one client has few lines, those of all clients of the
payer serve, when the client is known to be paid by the same schedule or a constant part of it.

Left out of learning: lines reduced as further procedures, with units refused or cut by the payer
itself. Lines capped by their charge teach what their own client gets. Nothing is said where amounts
do not repeat.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.core.contracts import levels as lv
from sanderling.core.contracts.echoes import with_echoes
from sanderling.core.contracts.frames import Schema

# A compared line (core.contracts.allowed, excluded = "") with what is learned by.
HISTORY: Final[Schema] = {
    "line_id": pl.Int64,
    "payer_id": pl.Int64,
    "client_id": pl.Int64,
    "kind": pl.String,
    "code": pl.String,  # as billed: procedure, else revenue code; of a whole claim see WHOLE
    "modifiers": pl.String,  # all, joined by ":"
    "setting": pl.String,  # F facility, N office, or the type of bill
    "units": pl.Float64,
    "charge_cents": pl.Int64,
    "allowed_cents": pl.Int64,
    "service_date": pl.Date,
    "received_date": pl.Date,
    "is_reduced": pl.Boolean,  # as a further procedure, by units refused, by the payer's own cut
}
WHOLE: Final = "CLAIM"  # code of a claim compared as a whole; with its group where it has one
ALL_CLIENTS: Final = 0
AMOUNT: Final = "amount"  # of a unit, in cents
SHARE: Final = "share"  # of the charge, in millionths
_SEEN: Final = ("first_service", "last_service", "first_received", "last_received")
KEY: Final = ["payer_id", "client_id", "kind", "code", "modifiers", "setting"]

# What was learned. With `kind` rate or alternative lines are priced; fall, episode and open tell
# what else was seen (core.contracts.levels).
LEARNED: Final[Schema] = {
    "payer_id": pl.Int64,
    "client_id": pl.Int64,  # 0: of all clients together
    "kind_of_claim": pl.String,
    "code": pl.String,
    "modifiers": pl.String,  # those that matter
    "setting": pl.String,
    "model": pl.String,
    "kind": pl.String,
    "axis": pl.String,
    "from_date": pl.Date,
    "to_date": pl.Date,
    "amount": pl.Int64,
    "lines": pl.Int64,  # at this amount
    "cell_lines": pl.Int64,  # of the cell that could be learned from
    "explained": pl.Float64,  # part of them at a rate, an alternative or a known departure from one
}
# How a client's amounts relate to those of all clients of a payer; null factor: not constant.
FACTORS: Final[Schema] = {
    "payer_id": pl.Int64,
    "client_id": pl.Int64,
    "factor": pl.Float64,
    "lines": pl.Int64,
    "agreeing": pl.Int64,
}
PRICED_BY_HISTORY: Final[Schema] = {
    "line_id": pl.Int64,
    "expected_cents": pl.Int64,
    "rate_cents": pl.Int64,
    "confidence": pl.String,
    "term": pl.String,
}

# Modifiers that change no price, or only say where or by whom (DOMAIN 6.3).
_NO_PRICE: Final = (
    "24 25 57 58 59 79 XE XS XP XU KX 33 PT 95 93 GT FQ GP GO GN GA GX GY GZ RT LT E1 E2 E3 E4 FA"
    " F1 F2 F3 F4 F5 F6 F7 F8 F9 TA T1 T2 T3 T4 T5 T6 T7 T8 T9 LC LD RC LM RI Q5 Q6 AI AT CR JZ 76"
    " 77 91 90 SA"
)
NO_PRICE: Final = frozenset(_NO_PRICE.split())
EXPLAINED_MIN: Final = 0.55
SHARE_BEATS_BY: Final = 0.1
HIGH_LINES: Final = 20
HIGH_EXPLAINED: Final = 0.85
MEDIUM_LINES: Final = 6
FACTOR_LINES_MIN: Final = 6
FACTOR_AGREE_MIN: Final = 0.6
FACTOR_SURE_MIN: Final = 0.8
COMMON_LINES_MIN: Final = 8  # of all clients, to count before a client's own
STEADY_LINES_MIN: Final = 8
STEADY_EXPLAINED_MIN: Final = 0.8
MILLION: Final = 1_000_000
_SHARE_GRID: Final = 10_000  # levels of shares are told apart to a hundredth of a percent


def matter(modifiers: pl.Expr) -> pl.Expr:
    """Return the modifiers that may change a price, in order."""
    return (
        modifiers.str.split(":")
        .list.eval(pl.element().filter(~pl.element().is_in([*sorted(NO_PRICE), ""])))
        .list.sort()
        .list.join(":")
    )


def learn(history: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return LEARNED and FACTORS of the history of some payers.

    All lines of a payer belong in one call. The same history gives the same answer, in any order.
    """
    usable = (
        history.filter(
            ~pl.col("is_reduced"),
            pl.col("allowed_cents") > 0,
            pl.col("units") > 0,
        )
        .with_columns(modifiers=matter(pl.col("modifiers")))
        .select(*KEY, "line_id", "units", "charge_cents", "allowed_cents", "service_date",
                "received_date")
    )  # fmt: skip
    own = _learn_cells(usable)
    # What a client charges caps its own lines alike, and tells nothing about others.
    uncapped = usable.filter(pl.col("allowed_cents") < pl.col("charge_cents"))
    together = _learn_cells(uncapped.with_columns(client_id=pl.lit(ALL_CLIENTS, pl.Int64)))
    learned = with_echoes(pl.concat([own, together])).select(list(LEARNED))
    return learned, _factors(usable, learned.filter(pl.col("client_id") == ALL_CLIENTS))


def _learn_cells(lines: pl.DataFrame) -> pl.DataFrame:
    cells = lines.select(KEY).unique().sort(KEY).with_row_index("cell")
    numbered = lines.join(
        cells.with_columns(pl.col("cell").cast(pl.Int64)), on=KEY
    ).with_columns(
        amount=(pl.col("allowed_cents") / pl.col("units")).round().cast(pl.Int64),
        share=(pl.col("allowed_cents") / pl.col("charge_cents") * _SHARE_GRID)
        .round().cast(pl.Int64),
        unit_charge=(pl.col("charge_cents") / pl.col("units")).round().cast(pl.Int64),
    )  # fmt: skip
    amounts = _one_model(numbered, "amount", gap=1)
    shares = _one_model(_charged_variously(numbered), "share", gap=2)
    both = amounts.select("cell", "explained").unique().join(
        shares.select("cell", share_explained="explained").unique(), on="cell", how="full",
        coalesce=True,
    )  # fmt: skip
    by_share = both.filter(
        pl.col("share_explained") > pl.col("explained").fill_null(0) + SHARE_BEATS_BY
    ).select("cell")
    found = pl.concat(
        [
            amounts.join(by_share, on="cell", how="anti").with_columns(model=pl.lit(AMOUNT)),
            _exact_shares(shares.join(by_share, on="cell", how="semi"), numbered),
        ],
        how="diagonal_relaxed",
    ).filter(pl.col("explained") >= EXPLAINED_MIN)
    return (
        found.join(cells.with_columns(pl.col("cell").cast(pl.Int64)).rename(
            {"kind": "kind_of_claim"}), on="cell")
        .select(*LEARNED, *_SEEN)
        .sort([*list(LEARNED)[:6], "kind", "from_date", "amount"])
    )  # fmt: skip


def _charged_variously(numbered: pl.DataFrame) -> pl.DataFrame:
    return numbered.filter(pl.col("unit_charge").n_unique().over("cell") > 1)


def _one_model(numbered: pl.DataFrame, amount: str, gap: int) -> pl.DataFrame:
    """Return periods by cell with cell_lines and explained."""
    lines = numbered.select("cell", "service_date", "received_date", amount=pl.col(amount))
    found = lv.levels(lines, gap)
    at_level = lines.join(found, on=["cell", "amount"])
    periods = lv.timelines(at_level)
    size = lines.group_by("cell").agg(cell_lines=pl.len().cast(pl.Int64))
    seen = periods.group_by("cell").agg(seen=pl.col("lines").sum())
    days = at_level.group_by("cell", amount="level_amount").agg(
        first_service=pl.col("service_date").min(),
        last_service=pl.col("service_date").max(),
        first_received=pl.col("received_date").min(),
        last_received=pl.col("received_date").max(),
    )
    return (
        periods.join(size, on="cell").join(seen, on="cell")
        .join(days, on=["cell", "amount"], how="left")
        .with_columns(explained=(pl.col("seen") / pl.col("cell_lines")).clip(upper_bound=1.0))
        .drop("seen")
    )  # fmt: skip


def _exact_shares(shares: pl.DataFrame, numbered: pl.DataFrame) -> pl.DataFrame:
    """Return the share periods with their amounts in millionths, out of the sums of their lines."""
    lines = numbered.join(shares.select("cell").unique(), on="cell").select(
        "cell", "allowed_cents", "charge_cents", amount="share"
    )
    near = (
        shares.select("cell", "amount")
        .unique()
        .join(lines, on="cell", suffix="_line")
        .filter((pl.col("amount") - pl.col("amount_line")).abs() <= 1)
    )
    exact = near.group_by("cell", "amount").agg(
        exact=(pl.col("allowed_cents").sum() * MILLION / pl.col("charge_cents").sum())
        .round().cast(pl.Int64)
    )  # fmt: skip
    return (
        shares.join(exact, on=["cell", "amount"])
        .with_columns(amount=pl.col("exact"), model=pl.lit(SHARE))
        .drop("exact")
    )


def _factors(lines: pl.DataFrame, together: pl.DataFrame) -> pl.DataFrame:
    """Return, by payer and client, the constant part of the common rates that the client gets."""
    rates = together.filter(
        (pl.col("kind").is_in([lv.RATE, lv.ALTERNATIVE])) & (pl.col("model") == AMOUNT)
    )
    compared = (
        lines.join(
            rates.drop("client_id", "kind").rename({"kind_of_claim": "kind"}),
            on=["payer_id", "kind", "code", "modifiers", "setting"],
        )
        .filter(_holds())
        .with_columns(
            part=pl.when(
                (pl.col("allowed_cents") == pl.col("charge_cents"))
                & (pl.col("amount") * pl.col("units") >= pl.col("charge_cents"))
            )
            .then(1.0)
            .otherwise((pl.col("allowed_cents") / pl.col("units") / pl.col("amount")).round(3))
        )
    )
    counted = compared.group_by("payer_id", "client_id", "part").agg(
        agreeing=pl.col("line_id").n_unique()
    )
    total = compared.group_by("payer_id", "client_id").agg(lines=pl.col("line_id").n_unique())
    best = counted.sort(
        "payer_id", "client_id", "agreeing", (pl.col("part") - 1).abs(),
        descending=[False, False, True, False],
    ).unique(["payer_id", "client_id"], keep="first", maintain_order=True)  # fmt: skip
    return (
        best.join(total, on=["payer_id", "client_id"])
        .with_columns(
            factor=pl.when(
                (pl.col("lines") >= FACTOR_LINES_MIN)
                & (pl.col("agreeing") >= FACTOR_AGREE_MIN * pl.col("lines"))
            ).then("part"),
        )
        .select(
            "payer_id", "client_id", "factor",
            pl.col("lines").cast(pl.Int64), pl.col("agreeing").cast(pl.Int64),
        )
        .sort("payer_id", "client_id")
    )  # fmt: skip


def _holds() -> pl.Expr:
    """Tell whether a period holds for the line beside it."""
    day = pl.when(pl.col("axis") == "service").then("service_date").otherwise("received_date")
    after = pl.col("from_date").is_null() | (day >= pl.col("from_date"))
    before = pl.col("to_date").is_null() | (day <= pl.col("to_date"))
    return after & before


def priced_by_history(
    lines: pl.DataFrame, learned: pl.DataFrame, factors: pl.DataFrame
) -> pl.DataFrame:
    """Return what history says of lines (PRICED_BY_HISTORY); lines without an answer are missing.

    `lines`: HISTORY. The client's own rates first, then those of all clients by its factor. Among
    a rate and its alternatives the one counts that the line was allowed, else the rate.
    """
    asked = lines.filter(pl.col("units") > 0).with_columns(modifiers=matter(pl.col("modifiers")))
    standing = learned.filter(pl.col("kind").is_in([lv.RATE, lv.ALTERNATIVE]))
    own = _candidates(asked, standing.filter(pl.col("client_id") != ALL_CLIENTS), KEY)
    common = standing.filter(
        (pl.col("client_id") == ALL_CLIENTS) & (pl.col("model") == AMOUNT)
    ).drop("client_id")
    known = factors.filter(pl.col("factor").is_not_null()).select(
        "payer_id", "client_id", "factor", is_sure=_is_sure()
    )
    borrowed = _candidates(
        asked.join(known, on=["payer_id", "client_id"]),
        common,
        [name for name in KEY if name != "client_id"],
    )
    # What all clients get tells an error from a rate better than one client's own few lines, if it
    # is known to be paid by the same schedule: but for a code with one amount of its own always.
    steady = _steady(learned).join(own, on=KEY).select("line_id").unique()
    wider = (
        borrowed.filter(pl.col("is_sure") & (pl.col("cell_lines") >= COMMON_LINES_MIN))
        .select("line_id")
        .unique()
        .join(steady, on="line_id", how="anti")
    )
    kept = own.join(wider, on="line_id", how="anti")
    used = borrowed.join(kept.select("line_id").unique(), on="line_id", how="anti")
    return _chosen(
        pl.concat(
            [
                kept.with_columns(is_borrowed=pl.lit(value=False)),
                used.with_columns(is_borrowed=pl.lit(value=True)),
            ],
            how="diagonal_relaxed",
        )
    )


def _steady(learned: pl.DataFrame) -> pl.DataFrame:
    """Return the keys of cells that had one amount from beginning to end, often enough."""
    cell = [name if name != "kind" else "kind_of_claim" for name in KEY]
    return (
        learned.group_by(cell)
        .agg(
            count=pl.len(),
            kind=pl.col("kind").first(),
            lines=pl.col("lines").first(),
            explained=pl.col("explained").first(),
        )
        .filter(
            (pl.col("count") == 1)
            & (pl.col("kind") == lv.RATE)
            & (pl.col("lines") >= STEADY_LINES_MIN)
            & (pl.col("explained") >= STEADY_EXPLAINED_MIN)
        )
        .drop("kind")
        .rename({"kind_of_claim": "kind"})
        .select(KEY)
    )


def _is_sure() -> pl.Expr:
    return pl.col("agreeing") >= FACTOR_SURE_MIN * pl.col("lines")


def _candidates(lines: pl.DataFrame, learned: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    factor = pl.col("factor") if "factor" in lines.columns else pl.lit(1.0)
    found = lines.join(
        learned.rename({"kind": "kind_of_rate", "kind_of_claim": "kind"}), on=key, how="inner"
    ).filter(_holds())
    by_unit = pl.col("amount") * factor * pl.col("units")
    by_charge = pl.col("amount") * pl.col("charge_cents") / MILLION
    price = pl.when(pl.col("model") == AMOUNT).then(by_unit).otherwise(by_charge)
    return found.with_columns(
        expected_cents=pl.min_horizontal(
            price.round().cast(pl.Int64), pl.col("charge_cents")
        ),
        rate_cents=pl.when(pl.col("model") == AMOUNT)
        .then((pl.col("amount") * factor).round().cast(pl.Int64)),
    )  # fmt: skip


def _chosen(found: pl.DataFrame) -> pl.DataFrame:
    distance = (pl.col("allowed_cents") - pl.col("expected_cents")).abs()
    fits = distance <= pl.max_horizontal(pl.lit(2.0), pl.col("units") * 0.6)
    best = (
        found.with_columns(
            preference=pl.when(fits).then(0)
            .when(pl.col("kind_of_rate") == lv.RATE).then(1)
            .otherwise(2),
        )
        .sort("line_id", "preference", "amount", descending=[False, False, True])
        .unique("line_id", keep="first", maintain_order=True)
    )  # fmt: skip
    # An alternative that the line does not fit says nothing against the rate.
    return best.with_columns(confidence=_confidence(), term=_term()).select(list(PRICED_BY_HISTORY))


def _confidence() -> pl.Expr:
    """Return how sure a learned price is: by the lines at it, and how much they explain."""
    lines, explained = pl.col("lines"), pl.col("explained")
    return (
        pl.when((lines >= HIGH_LINES) & (explained >= HIGH_EXPLAINED) & ~pl.col("is_borrowed"))
        .then(pl.lit("high"))
        .when((lines >= MEDIUM_LINES) & (explained >= EXPLAINED_MIN))
        .then(pl.lit("medium"))
        .otherwise(pl.lit("low"))
    )


def _term() -> pl.Expr:
    what = (
        pl.when(pl.col("model") == AMOUNT)
        .then(pl.lit("usual amount"))
        .otherwise(pl.lit("usual share of the charge"))
    )
    whose = (
        pl.when(pl.col("is_borrowed"))
        .then(pl.lit(" for all clients of the payer"))
        .otherwise(pl.lit(""))
    )
    return pl.concat_str(what, whose)
