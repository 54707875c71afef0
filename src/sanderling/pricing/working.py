"""Prices what payers paid: all of it together, or some claims by what was learned last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl
from django.db import transaction

from sanderling.contracts.loading import load_lines
from sanderling.contracts.queries import contract_book, references
from sanderling.core.contracts.learned import learn
from sanderling.core.contracts.patterns import OBSERVED, find_patterns
from sanderling.core.contracts.variance import PROVIDER_CLASS_RATIO
from sanderling.postgres.frames import read_frame
from sanderling.pricing.comparing import Compared, History, Prices, compared, history_of, judged

CLAIMS_AT_ONCE: Final = 40_000  # bounds memory
PRACTITIONER_LINES_MIN: Final = 8
PRACTITIONER_SHARE_MIN: Final = 0.8
Progress = Callable[[int, int], None]
PRACTITIONERS: Final = {
    "client_id": pl.Int64, "npi": pl.String, "lines": pl.Int64, "agreeing": pl.Int64,
}  # fmt: skip
_CLAIMS: Final = """
SELECT p.claim_id, min(p.client_id) AS client_id FROM remits_claim_payment p
 WHERE p.claim_id IS NOT NULL AND p.received_date <= %s
   AND (%s::int[] IS NULL OR p.client_id = ANY (%s::int[]))
 GROUP BY p.claim_id ORDER BY 2, 1
"""
# The columns of pricing_line_variance that are worked out.
RESULT: Final = {
    "claim_id": "bigint", "client_id": "integer", "payer_id": "integer", "payment_id": "bigint",
    "line_index": "integer", "line": "integer", "contract_version_id": "integer", "code": "text",
    "modifiers": "text", "place_of_service": "text", "rendering_npi": "text",
    "service_date": "date", "received_date": "date", "units": "double precision",
    "charge_cents": "bigint", "paid_cents": "bigint", "allowed_cents": "bigint",
    "expected_cents": "bigint", "variance_cents": "bigint", "ratio": "double precision",
    "method": "text", "term": "text", "basis": "text", "confidence": "text", "finding": "text",
    "is_beyond_tolerance": "boolean", "is_queued": "boolean", "pattern_key": "text",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Worked:
    """Everything priced together: the departures (RESULT), patterns, and what was learned."""

    variances: pl.DataFrame
    patterns: pl.DataFrame
    history: History
    lines: int  # compared
    priced: int


def _silent(_done: int, _total: int) -> None:
    return None


def price_all(
    as_of: date, client_ids: list[int] | None = None, progress: Progress = _silent
) -> Worked:
    """Price what all payers paid, as known at the end of a day.

    `client_ids` narrows the answer, not what is learned from: the same lines have the same price
    whoever asks.
    """
    everything = read_frame(
        _CLAIMS, {"claim_id": pl.Int64, "client_id": pl.Int64}, [as_of, None, None]
    )
    found = _compared_in_pieces(everything["claim_id"], as_of, progress)
    learned, factors = learn(history_of(found.lines))
    practitioners = find_practitioners(found.lines)
    history = History(learned, factors, practitioners)
    lines = judged(_of_clients(found, client_ids), history)
    patterns, members = find_patterns(observed(lines))
    return Worked(
        variances=results(lines, members),
        patterns=patterns,
        history=history,
        lines=found.lines.height,
        priced=lines.height,
    )


def price_some(
    claim_ids: list[int], as_of: date, history: History, patterns: pl.DataFrame
) -> pl.DataFrame:
    """Price what payers paid on some claims by what was learned last (RESULT)."""
    found = _compared_in_pieces(pl.Series("claim_id", claim_ids, pl.Int64), as_of, _silent)
    lines = judged(found, history)
    return results(lines, _members_of_known(lines, patterns))


def _of_clients(found: Compared, client_ids: list[int] | None) -> Compared:
    if client_ids is None:
        return found
    return Compared(found.lines.filter(pl.col("client_id").is_in(client_ids)), found.alternatives)


def _compared_in_pieces(claim_ids: pl.Series, as_of: date, progress: Progress) -> Compared:
    parts = [
        part for part in _pieces(claim_ids, as_of, progress) if part.lines.height
    ]  # fmt: skip
    if not parts:
        with transaction.atomic():
            return compared(load_lines([], as_of), Prices(contract_book([]), references()))
    # The pieces number their lines from 0: together they count on.
    lines, alternatives, start = [], [], 0
    for part in parts:
        lines.append(part.lines.with_columns(pl.col("line_id") + start))
        alternatives.append(part.alternatives.with_columns(pl.col("line_id") + start))
        start += part.lines.height
    return Compared(pl.concat(lines), pl.concat(alternatives))


def _pieces(claim_ids: pl.Series, as_of: date, progress: Progress) -> Iterator[Compared]:
    if claim_ids.is_empty():
        return
    prices = Prices(contract_book(), references())
    for start in range(0, len(claim_ids), CLAIMS_AT_ONCE):
        piece = claim_ids[start : start + CLAIMS_AT_ONCE].to_list()
        # The temporary tables of the loading live as long as a transaction.
        with transaction.atomic():
            lines = load_lines(piece, as_of)
        yield compared(lines, prices)
        progress(min(start + CLAIMS_AT_ONCE, len(claim_ids)), len(claim_ids))


def find_practitioners(lines: pl.DataFrame) -> pl.DataFrame:
    """Return who is paid 85 % of contract on nearly every line, from the beginning.

    An 837 does not tell nurse practitioners and physician assistants from physicians, and taxonomy
    codes are not kept: only what is paid shows it.
    """
    ratio = pl.col("allowed_cents") / pl.col("expected_cents")
    at_ratio = (ratio - PROVIDER_CLASS_RATIO).abs() <= 0.003  # noqa: PLR2004 - rounding of cents
    usable = lines.filter(
        (pl.col("expected_cents") > 0) & (pl.col("rendering_npi") != "")
        & (pl.col("allowed_cents") < pl.col("charge_cents"))
    ).sort("received_date", "line_id")  # fmt: skip
    third = (pl.len() / 3).ceil().cast(pl.Int64)
    return (
        usable.with_columns(agrees=at_ratio)
        .group_by("client_id", npi="rendering_npi")
        .agg(
            lines=pl.len().cast(pl.Int64),
            agreeing=pl.col("agrees").sum().cast(pl.Int64),
            early=pl.col("agrees").head(third).mean(),
        )
        .filter(
            (pl.col("lines") >= PRACTITIONER_LINES_MIN)
            & (pl.col("agreeing") >= PRACTITIONER_SHARE_MIN * pl.col("lines"))
            & (pl.col("early") >= PRACTITIONER_SHARE_MIN)
        )
        .select(list(PRACTITIONERS))
        .sort("client_id", "npi")
    )


def observed(lines: pl.DataFrame) -> pl.DataFrame:
    """Return judged lines as patterns are looked for (core.contracts.patterns.OBSERVED)."""
    ratio = pl.when(pl.col("expected_cents") != 0).then(
        pl.col("allowed_cents") / pl.col("expected_cents")
    )  # fmt: skip
    return lines.filter(
        pl.col("service_date").is_not_null() & (pl.col("expected_cents") > 0)
    ).with_columns(
        ratio=ratio,
        provider_class=pl.when("is_practitioner").then(pl.lit("np")).otherwise(pl.lit("")),
        is_explained=~pl.col("finding").is_in(["", "small"]) & ~pl.col("is_queued"),
        payer_id=pl.col("payer_id").fill_null(0),
    ).select(pl.col(name).cast(kind) for name, kind in OBSERVED.items())  # fmt: skip


def results(lines: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Return the departures as they are kept (RESULT)."""
    return (
        lines.filter(pl.col("finding") != "")
        .join(members, on="line_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("pattern_key").fill_null(""),
            contract_version_id=pl.col("contract_id"),
        )
        .select(list(RESULT))
        .sort("client_id", "claim_id", "payment_id", "line_index")
    )


def _members_of_known(lines: pl.DataFrame, patterns: pl.DataFrame) -> pl.DataFrame:
    """Return which lines belong to patterns that are known: line_id, pattern_key."""
    near = 0.01
    fitting = (
        observed(lines).filter((pl.col("variance_cents") != 0) & ~pl.col("is_explained"))
        .join(
            patterns.explode("codes").rename({"codes": "code"}).select(
                "client_id", "payer_id", "contract_id", "code", "pattern_key", "is_ongoing",
                "first_received_date", "last_received_date", pattern_ratio="ratio",
            ),
            on=["client_id", "payer_id", "contract_id", "code"], nulls_equal=True,
        )
        .filter(
            (pl.col("ratio") - pl.col("pattern_ratio")).abs() <= near,
            pl.col("received_date") >= pl.col("first_received_date"),
            pl.col("is_ongoing") | (pl.col("received_date") <= pl.col("last_received_date")),
        )
    )  # fmt: skip
    return (
        fitting.sort("line_id", "first_received_date", "pattern_key")
        .unique("line_id", keep="last", maintain_order=True)
        .select("line_id", "pattern_key")
    )
