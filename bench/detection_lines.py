"""Underpaid lines: what the product lists against what is true, beside two naive rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from bench.detection_facts import TOLERANCE_CENTS, Facts

LINE = ["client", "claim", "line"]
MEDIAN_DAYS = 91
NAIVE_SHARE = 0.98  # the better naive rule: two percent below the median
BEYOND_HISTORY = "wrong_fee_year"  # paid as before: only a contract tells


@dataclass(frozen=True, slots=True)
class LineScore:
    """How lines listed as wrongly paid agree with the truth."""

    listed: int
    true: int
    found: int  # of the true ones
    right: int  # of the listed ones
    true_cents: int
    found_cents: int
    by_cause: dict[str, tuple[int, int]]  # found, true
    wrong: pl.DataFrame  # listed, and not so
    missed: pl.DataFrame

    @property
    def recall(self) -> float:
        """Share of the true lines that are listed."""
        return self.found / self.true if self.true else 1.0

    @property
    def precision(self) -> float:
        """Share of the listed lines that are true."""
        return self.right / self.listed if self.listed else 1.0

    def row(self) -> dict[str, Any]:
        """Answer numbers for JSON."""
        return {
            "listed": self.listed, "true": self.true, "found": self.found, "right": self.right,
            "recall": round(self.recall, 4), "precision": round(self.precision, 4),
            "true_cents": self.true_cents, "found_cents": self.found_cents,
            "by_cause": {name: list(pair) for name, pair in sorted(self.by_cause.items())},
        }  # fmt: skip


def score(
    facts: Facts,
    listed: pl.DataFrame,
    *,
    sign: int = -1,
    learned_only: bool = False,
    days: tuple[date, date] | None = None,
) -> LineScore:
    """Compare lines (client, claim, line) with the truth; sign -1 underpaid, 1 overpaid.

    True are lines off by more than the contracts' tolerance; a listed line is right when it is off
    at all in that direction. Line 0, a claim paid without lines, stands for those that are off.
    What history alone cannot show does not count for what is learned. `days`: only claims first
    paid after the first and until the second.
    """
    off = facts.variances.filter(pl.col("variance_cents") * sign > 0)
    if days is not None:
        since = pl.col("received_date") > days[0]
        paid = facts.first_payments.filter(since, pl.col("received_date") <= days[1])
        off = off.join(paid, on=["client", "claim"], how="semi")
        listed = listed.join(paid, on=["client", "claim"], how="semi")
    true = off.filter(pl.col("variance_cents") * sign > TOLERANCE_CENTS)
    if learned_only:
        hidden = pl.col("cause").str.ends_with(BEYOND_HISTORY)
        true = true.filter(~hidden)
    listed = _lines_of_claims(listed.select(LINE).unique(), off)
    hits = true.join(listed, on=LINE, how="semi")
    causes = true.group_by("cause").agg(total=pl.len())
    got = hits.group_by("cause").agg(found=pl.len())
    by_cause = {
        row["cause"]: (row["found"] or 0, row["total"])
        for row in causes.join(got, on="cause", how="left").iter_rows(named=True)
    }
    return LineScore(
        listed.height,
        true.height,
        hits.height,
        listed.join(off, on=LINE, how="semi").height,
        sum(abs(cents) for cents in true["variance_cents"].to_list()),
        sum(abs(cents) for cents in hits["variance_cents"].to_list()),
        by_cause,
        listed.join(off, on=LINE, how="anti"),
        true.join(listed, on=LINE, how="anti"),
    )


def _lines_of_claims(listed: pl.DataFrame, off: pl.DataFrame) -> pl.DataFrame:
    """Put the lines that are off in the place of line 0, if there are any."""
    whole = listed.filter(pl.col("line") == 0).select("client", "claim")
    meant = off.join(whole, on=["client", "claim"], how="semi").select(LINE)
    known = meant.select("client", "claim").unique().with_columns(line=pl.lit(0, pl.Int64))
    return pl.concat([listed.join(known, on=LINE, how="anti"), meant]).unique()


def naive_lines(facts: Facts, *, careful: bool) -> pl.DataFrame:
    """List lines below the median of the three months before.

    Plain: paid over charge below the median of the code. Careful: allowed over charge more than two
    percent below the median of payer, client, code and modifiers, patients' shares counted in.
    """
    rows = facts.table("remit_lines").filter(
        pl.col("sequence") == 1, ~pl.col("is_denied"), ~pl.col("is_reversal"),
        ~pl.col("is_taken_back"), ~pl.col("is_held"), pl.col("line").is_not_null(),
        pl.col("charge_cents") > 0,
    )  # fmt: skip
    allowed = pl.col("paid_cents") + pl.col("patient_cents") + pl.col("sequestration_cents")
    ratio = (allowed if careful else pl.col("paid_cents")) / pl.col("charge_cents")
    keys = ["payer", "client", "procedure", "modifiers"] if careful else ["procedure"]
    rows = rows.select(*LINE, "payer", "procedure", "modifiers", "received_date", ratio=ratio)
    medians = (
        rows.sort("received_date")
        .rolling("received_date", period=f"{MEDIAN_DAYS}d", closed="left", group_by=keys)
        .agg(usual=pl.col("ratio").median())
        .unique([*keys, "received_date"])
    )
    share = NAIVE_SHARE if careful else 1.0
    return (
        rows.join(medians, on=[*keys, "received_date"])
        .filter(pl.col("usual").is_not_null(), pl.col("ratio") < pl.col("usual") * share)
        .select(LINE)
    )
