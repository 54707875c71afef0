"""Remittance lines beside their prices: priced by contract, else by history, and judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from sanderling.contracts.loading import Lines, setting
from sanderling.contracts.queries import ContractBook, versions_in_force
from sanderling.core.contracts.allowed import ALLOWED
from sanderling.core.contracts.frames import LINES, References, empty
from sanderling.core.contracts.learned import HISTORY, WHOLE, priced_by_history
from sanderling.core.contracts.price import price
from sanderling.core.contracts.variance import (
    ALTERNATIVES,
    CONTRACT,
    LEARNED,
    departures,
    judge,
)

_YEAR: Final = "1y"
_PLACE: Final = ["group_id", "line"]
_SURGERY: Final = r"^[1-6]\d{4}$"
# Of a compared line, beside core.contracts.allowed.ALLOWED and .variance.COMPARED.
_OF_LINE: Final = (
    "claim_id", "client_id", "payer_id", "line", "received_date", "paid_code", "paid_modifiers",
    "paid_units",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prices:
    """What lines are priced with: contracts and public schedules."""

    book: ContractBook
    references: References


@dataclass(frozen=True, slots=True)
class History:
    """What was learned (core.contracts.learned): rates, factors, and practitioners by client."""

    learned: pl.DataFrame
    factors: pl.DataFrame
    practitioners: pl.DataFrame  # client_id, npi


@dataclass(frozen=True, slots=True)
class Compared:
    """Comparable lines with their contract price (null: none), and what else they might be."""

    lines: pl.DataFrame
    alternatives: pl.DataFrame


def compared(lines: Lines, prices: Prices) -> Compared:
    """Return the comparable lines of some claims beside their contract prices."""
    billed = with_contracts(lines.billed, prices.book).with_row_index("line_id").with_columns(
        pl.col("line_id").cast(pl.Int64)
    )  # fmt: skip
    priced = _priced(billed, prices)
    rows = _beside(lines.paid.filter(pl.col("excluded") == ""), billed, priced)
    asked = departures(rows)
    return Compared(rows, _alternatives(asked, lines.paid, billed, prices))


def with_contracts(lines: pl.DataFrame, book: ContractBook) -> pl.DataFrame:
    """Return lines with contract_id, tolerance_cents, tolerance_rate, is_sequestered.

    `lines` has client_id, payer_id, plan and service_date. The contract of the line's plan counts
    before the one for any plan.
    """
    numbered = lines.with_row_index("row")
    fitting = versions_in_force(numbered, book.assignments)
    sequestered = [key for key, terms in book.terms.items() if terms.sequestration > 0]
    return (
        numbered.join(
            fitting.select(
                "row", contract_id="version_id", tolerance_cents="tolerance_cents",
                tolerance_rate=pl.col("tolerance_rate").cast(pl.Float64),
            ),
            on="row", how="left", maintain_order="left",
        )
        .with_columns(
            tolerance_cents=pl.col("tolerance_cents").fill_null(TOLERANCE_CENTS),
            tolerance_rate=pl.col("tolerance_rate").fill_null(TOLERANCE_RATE),
            is_sequestered=pl.col("contract_id").is_in(sequestered).fill_null(value=False),
        )
        .drop("row")
    )  # fmt: skip


TOLERANCE_CENTS: Final = 100
TOLERANCE_RATE: Final = 0.01


def _priced(billed: pl.DataFrame, prices: Prices) -> pl.DataFrame:
    lines = billed.with_columns(claim_id="group_id").select(
        pl.col(name).cast(kind) for name, kind in LINES.items()
    )
    return price(lines, prices.book.rates, prices.book.terms, prices.references)


def _beside(paid: pl.DataFrame, billed: pl.DataFrame, priced: pl.DataFrame) -> pl.DataFrame:
    """Return the paid lines with what was billed and its price; a whole claim with its sum."""
    known = billed.rename({"charge_cents": "billed_cents"}).join(
        priced, on="line_id", maintain_order="left"
    ).with_columns(
        code=pl.when(pl.col("procedure") != "").then("procedure").otherwise("revenue_code"),
        setting=setting(),
    )  # fmt: skip
    by_line = paid.filter(pl.col("line") > 0).join(known.select(*_PLACE, *_BILLED), on=_PLACE)
    whole = paid.filter(pl.col("line_index") == 0).join(_whole(known), on="group_id")
    alone = whole.filter(pl.col("charge_cents") == pl.col("billed_cents"))
    rows = pl.concat([by_line.select(_COLUMNS), alone.select(_COLUMNS)])
    return rows.with_row_index("line_id").with_columns(
        pl.col("line_id").cast(pl.Int64),
        pl.col("flags", "method", "term").fill_null(""),
        pl.col("confidence").fill_null("none"),
        basis=pl.lit(CONTRACT),
        is_practitioner=pl.lit(value=False),
        paid_units=pl.coalesce("paid_units", "units"),
    ).with_columns(
        # Not covered by the contract, or paid by the month: no price to compare with.
        expected_cents=pl.when(pl.col("flags").str.contains("CAPITATED"))
        .then(None).otherwise("expected_cents"),
    )  # fmt: skip


_BILLED: Final = (
    "kind", "code", "modifiers", "place_of_service", "setting", "rendering_npi", "service_date",
    "units", "billed_cents", "contract_id", "tolerance_cents", "tolerance_rate", "is_sequestered",
    "expected_cents", "rate_cents", "method", "term", "rank", "confidence", "flags",
)  # fmt: skip
_COLUMNS: Final = [
    *[name for name in ALLOWED if name not in ("state", "excluded", "is_stated_otherwise")],
    "state", "is_stated_otherwise", *_OF_LINE, "group_id", *_BILLED,
]  # fmt: skip


def _whole(known: pl.DataFrame) -> pl.DataFrame:
    """Return each group as one line: its price is that of all its lines, or none."""
    firsts = [
        name for name in _BILLED
        if name not in ("billed_cents", "expected_cents", "code", "modifiers", "units", "rank",
                        "flags", "confidence")
    ]  # fmt: skip
    whole_code = pl.when(pl.col("drg").first() != "").then(
        pl.concat_str(pl.lit(f"{WHOLE} "), pl.col("drg").first())
    ).otherwise(pl.lit(WHOLE))  # fmt: skip
    single = pl.len() == 1
    return known.sort("group_id", "line").group_by("group_id", maintain_order=True).agg(
        *(pl.col(name).first() for name in firsts),
        billed_cents=pl.col("billed_cents").sum(),
        expected_cents=pl.when(pl.col("expected_cents").null_count() == 0)
        .then(pl.col("expected_cents").sum()),
        code=pl.when(single).then(pl.col("code").first()).otherwise(whole_code),
        modifiers=pl.when(single).then(pl.col("modifiers").first()).otherwise(pl.lit("")),
        units=pl.when(single).then(pl.col("units").first()).otherwise(1.0),
        rank=pl.when(single).then(pl.col("rank").first()),
        flags=pl.when(single).then(pl.col("flags").first()).otherwise(pl.lit("")),
        # As sure as its least sure line.
        confidence=pl.col("confidence").sort_by(
            pl.col("confidence").replace_strict(_SURENESS, default=0)
        ).first(),
    ).select("group_id", *_BILLED)  # fmt: skip


_SURENESS: Final = {"none": 0, "low": 1, "medium": 2, "high": 3}


def _alternatives(
    asked: pl.DataFrame, paid: pl.DataFrame, billed: pl.DataFrame, prices: Prices
) -> pl.DataFrame:
    """Price departing lines otherwise: as paid, by other years' rates, elsewhere, unranked."""
    if asked.is_empty():
        return empty(ALTERNATIVES)
    of_group = billed.join(asked.select("group_id").unique(), on="group_id", how="semi")
    keyed = asked.filter(pl.col("line") > 0).select(
        *_PLACE, "paid_code", "paid_modifiers", "paid_units", departing_id="line_id"
    )

    def ask(name: str, lines: pl.DataFrame) -> pl.DataFrame:
        priced = _priced(lines, prices).select("line_id", pl.col("expected_cents").alias(name))
        return (
            lines.select("line_id", *_PLACE).join(priced, on="line_id")
            .join(keyed, on=_PLACE).select(pl.col("departing_id").alias("line_id"), name)
        )  # fmt: skip

    found = asked.select("line_id")
    for name, lines in _questions(of_group, keyed, paid, prices).items():
        found = found.join(ask(name, lines), on="line_id", how="left")
    return found.select(
        pl.col(name).cast(kind) if name in found.columns else pl.lit(None, kind).alias(name)
        for name, kind in ALTERNATIVES.items()
    )


def _questions(
    of_group: pl.DataFrame, keyed: pl.DataFrame, paid: pl.DataFrame, prices: Prices
) -> dict[str, pl.DataFrame]:
    """Return the groups of departing lines as they would be otherwise."""
    as_paid = of_group.join(keyed, on=_PLACE, how="left").with_columns(
        procedure=pl.when(pl.col("paid_code").fill_null("") != "").then("paid_code")
        .otherwise("procedure"),
        modifiers=pl.coalesce("paid_modifiers", "modifiers"),
    )  # fmt: skip
    differs = as_paid.filter(
        (
            (pl.col("paid_code") != "") & (pl.col("paid_code") != of_group["procedure"])
            | (pl.col("paid_modifiers") != of_group["modifiers"])
        ).fill_null(value=False)
    )
    denied = paid.filter(pl.col("excluded").is_in(["denied", "pended"])).select(_PLACE)
    beside = of_group.join(denied.select("group_id").unique(), on="group_id", how="semi")
    questions = {
        "as_paid_cents": as_paid.join(differs.select("group_id").unique(), on="group_id",
                                      how="semi").select(of_group.columns),
        "earlier_cents": _in_other_year(of_group, f"-{_YEAR}", prices),
        "later_cents": _in_other_year(of_group, _YEAR, prices),
        "other_site_cents": of_group.filter(pl.col("kind") == "P").with_columns(
            is_facility=setting() == "N"
        ),
        "unranked_cents": beside.join(denied, on=_PLACE, how="anti"),
    }  # fmt: skip
    return {name: lines for name, lines in questions.items() if lines.height}


def _in_other_year(of_group: pl.DataFrame, offset: str, prices: Prices) -> pl.DataFrame:
    """Return lines as if rendered a year earlier or later, where another version held then."""
    moved = with_contracts(
        of_group.drop("contract_id", "tolerance_cents", "tolerance_rate", "is_sequestered")
        .with_columns(service_date=pl.col("service_date").dt.offset_by(offset)),
        prices.book,
    )  # fmt: skip
    same = pl.Series(moved["contract_id"]).eq_missing(of_group["contract_id"])
    other = moved.filter(~same & moved["contract_id"].is_not_null())
    return moved.join(other.select("group_id").unique(), on="group_id", how="semi")


def history_of(lines: pl.DataFrame) -> pl.DataFrame:
    """Return compared lines as what is learned from (core.contracts.learned.HISTORY)."""
    return lines.filter(pl.col("service_date").is_not_null()).with_columns(
        is_reduced=(pl.col("multiple_cents") > 0)
        | (pl.col("own_cut_cents") > 0)
        | (pl.col("misplaced_share_cents") > 0)
        | pl.col("has_unit_reason")
        | (pl.col("paid_units") < pl.col("units")),
        payer_id=pl.col("payer_id").fill_null(0),
    ).select(pl.col(name).cast(kind) for name, kind in HISTORY.items())  # fmt: skip


def judged(found: Compared, history: History) -> pl.DataFrame:
    """Return the lines that have a price, with what was found of those that depart.

    Lines without a contract price get one from history. Columns of COMPARED and VARIANCES; a line
    that does not depart has variance_cents 0 and no finding.
    """
    lines = _with_history(found.lines, history)
    alternatives = found.alternatives.join(
        lines.filter(pl.col("basis") == CONTRACT).select("line_id"), on="line_id", how="semi"
    )
    named = judge(departures(lines), alternatives).drop("confidence")
    return lines.join(named, on="line_id", how="left", maintain_order="left").with_columns(
        pl.col("variance_cents").fill_null(0),
        pl.col("finding").fill_null(""),
        pl.col("is_beyond_tolerance", "is_queued").fill_null(value=False),
    )


def _with_history(lines: pl.DataFrame, history: History) -> pl.DataFrame:
    open_ones = lines.filter(pl.col("expected_cents").is_null())
    priced = priced_by_history(history_of(open_ones), history.learned, history.factors)
    learned = open_ones.drop("expected_cents", "rate_cents", "confidence", "term").join(
        priced, on="line_id"
    ).with_columns(
        basis=pl.lit(LEARNED), method=pl.lit("learned"), flags=pl.lit(""),
        contract_id=pl.lit(None, pl.Int64), rank=_rank(),
    )  # fmt: skip
    rows = pl.concat(
        [lines.filter(pl.col("expected_cents").is_not_null()), learned.select(lines.columns)]
    ).drop("is_practitioner")
    return rows.join(
        history.practitioners.select(
            "client_id", rendering_npi="npi", is_practitioner=pl.lit(value=True)
        ),
        on=["client_id", "rendering_npi"], how="left",
    ).with_columns(pl.col("is_practitioner").fill_null(value=False)).sort("line_id")  # fmt: skip


def _rank() -> pl.Expr:
    """Return the place among the operations of a claim and day, by charge."""
    is_surgery = pl.col("code").str.contains(_SURGERY)
    return (
        pl.when(is_surgery)
        .then(
            pl.col("charge_cents").rank("ordinal", descending=True)
            .over("group_id", "service_date", is_surgery)
        )
        .cast(pl.Int64)
    )  # fmt: skip
