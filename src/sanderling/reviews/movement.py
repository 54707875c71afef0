"""How receivables moved between two days, by reason and by age, tied to the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from sanderling.barriers.asking import BASIS_DATE, kept_day_before
from sanderling.barriers.changes import day_to_compare
from sanderling.barriers.working import barriers_on
from sanderling.core.ages import DEFAULT_BUCKETS, bucket_labels
from sanderling.core.barriers.words import barrier_title
from sanderling.core.reviews.bridge import ENTRIES, PASSED_THROUGH, Bridge, bridge
from sanderling.ledger.spans import extend_spans
from sanderling.postgres.frames import read_frame
from sanderling.receivables.aging import RollForward, roll_forward

CREDITS: Final = "credits"  # the part of credit balances among ages
WORKED_OUT_PARTS: Final = {
    "claim_id": pl.Int64,
    "party": pl.Int64,
    "client_id": pl.Int64,
    "part": pl.String,
    "balance_cents": pl.Int64,
    "basis_date": pl.Date,
}
_ROWS: Final = (
    f"SELECT b.claim_id, b.party, b.client_id, b.barrier, b.balance_cents, {BASIS_DATE} FROM "  # noqa: S608
)
_ENTRIES: Final = """
SELECT e.claim_id, side.party, e.kind, sum(side.cents)::bigint
  FROM ledger_entry e
 CROSS JOIN LATERAL (VALUES (e.debit, e.amount_cents), (e.credit, -e.amount_cents))
       AS side (party, cents)
 WHERE e.posted_date > %s AND e.posted_date <= %s AND e.claim_id IS NOT NULL
   AND e.client_id = ANY (%s) AND side.party BETWEEN 11 AND 14
 GROUP BY e.claim_id, side.party, e.kind
"""
Row = dict[str, Any]


def compared_with(as_of: date, *, last_as_of: date | None) -> date | None:
    """Return the day to compare with: that of the review before where it is kept, else a week ago.

    None where no such day is kept.
    """
    if last_as_of is not None and last_as_of < as_of and kept_day_before(last_as_of) == last_as_of:
        return last_as_of
    return day_to_compare(as_of)


def balances_on(day: date, *, today: date, client_ids: Sequence[int]) -> pl.DataFrame:
    """Return why each balance of a day was open (WORKED_OUT_PARTS): today, a kept day, or any.

    A day that is neither is worked out, which takes the rights of the installation.
    """
    if day == today:
        source, params = "barriers_barrier AS b WHERE", []
    elif kept_day_before(day) == day:
        source, params = "barriers_frozen_barrier AS b WHERE b.as_of_date = %s AND", [day]
    else:
        return _worked_out(day, client_ids)
    statement = f"{_ROWS}{source} b.client_id = ANY (%s)"
    return read_frame(statement, WORKED_OUT_PARTS, [*params, list(client_ids)])


def _worked_out(day: date, client_ids: Sequence[int]) -> pl.DataFrame:
    extend_spans()
    parts = [
        part.select("claim_id", "party", "client_id", "barrier", "balance_cents", "service_date")
        for part in barriers_on(day, list(client_ids))
    ]
    if not parts:
        return pl.DataFrame(schema=WORKED_OUT_PARTS)
    rows = pl.concat(parts)
    missing = rows.filter(pl.col("service_date").is_null())["claim_id"].unique().to_list()
    first = read_frame(
        "SELECT c.id, coalesce(c.service_from_date, c.first_billed_date,"
        " (SELECT min(e.posted_date) FROM ledger_entry e WHERE e.claim_id = c.id))"
        " FROM claims_claim c WHERE c.id = ANY (%s)",
        {"claim_id": pl.Int64, "first_date": pl.Date},
        [missing],
    )
    return (
        rows.join(first, on="claim_id", how="left")
        .with_columns(basis_date=pl.coalesce("service_date", "first_date"), part="barrier")
        .select(pl.col(name).cast(kind) for name, kind in WORKED_OUT_PARTS.items())
    )


def by_age(rows: pl.DataFrame, day: date) -> pl.DataFrame:
    """Return the rows with their age as part: the label of a bucket, CREDITS for credits."""
    age = (pl.lit(day) - pl.col("basis_date")).dt.total_days().clip(lower_bound=0)
    labels = bucket_labels(DEFAULT_BUCKETS)
    part = pl.lit(labels[-1])
    for bound, label in reversed(list(zip(DEFAULT_BUCKETS, labels, strict=False))):
        part = pl.when(age <= bound).then(pl.lit(label)).otherwise(part)
    return rows.with_columns(
        part=pl.when(pl.col("balance_cents") < 0).then(pl.lit(CREDITS)).otherwise(part)
    )


def movement(
    opening: pl.DataFrame, closing: pl.DataFrame, *, since: date, until: date,
    client_ids: Sequence[int],
) -> Row:  # fmt: skip
    """Return both bridges, the moves between reasons, and how they tie to the ledger."""
    entries = read_frame(_ENTRIES, ENTRIES, [since, until, list(client_ids)])
    reasons = bridge(opening, closing, entries)
    ages = bridge(by_age(opening, since), by_age(closing, until), entries)
    ledger = roll_forward(from_date=since, to_date=until, client_ids=tuple(client_ids))
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "reasons": _rows(reasons, _reason_title),
        "ages": _by_label(_rows(ages, _age_title)),
        "total": reasons.total(),
        "moves": [
            {"was": was, "now": now, "count": count, "cents": cents,
             "title": f"{_reason_title(was)} to {_reason_title(now).lower()}"}
            for was, now, count, cents in reasons.moves.sort("cents", descending=True).rows()
        ],
        "tie": tie_of(reasons, ages, ledger),
    }  # fmt: skip


def tie_of(reasons: Bridge, ages: Bridge, ledger: RollForward) -> Row:
    """Return each sum of the bridges less the same of the ledger's roll-forward: zeros, or wrong.

    The roll-forward reads balances and entries on its own: two ways to one sum.
    """
    pairs = {
        "opening": ("opening_cents", ledger.opening_cents),
        "charges": ("charges_cents", ledger.charges_cents),
        "payments": ("payments_cents", ledger.payments_cents),
        "adjustments": ("adjustments_cents", ledger.adjustments_cents),
        "write_offs": ("write_offs_cents", ledger.write_offs_cents),
        "refunds": ("refunds_cents", ledger.refunds_cents),
        "taken_over": ("taken_over_cents", ledger.taken_over_cents),
        "closing": ("closing_cents", ledger.closing_cents),
    }
    off: dict[str, int] = {}
    for found, prefix in ((reasons.total(), "reasons"), (ages.total(), "ages")):
        off |= {
            f"{prefix}_{name}": found[column] - cents
            for name, (column, cents) in pairs.items()
            if found[column] != cents
        }
        if found["unexplained_cents"]:
            off[f"{prefix}_unexplained"] = found["unexplained_cents"]
    return {"is_tied": not off, "off": off, "ledger_closing_cents": ledger.closing_cents}


def _rows(found: Bridge, title: Callable[[str], str]) -> list[Row]:
    rows: list[Row] = [
        {**row, "title": title(row["part"])} for row in found.rows.iter_rows(named=True)
    ]
    return sorted(rows, key=lambda row: (-row["closing_cents"], row["part"]))


def _by_label(rows: list[Row]) -> list[Row]:
    order = [*bucket_labels(DEFAULT_BUCKETS), CREDITS, PASSED_THROUGH]
    return sorted(rows, key=lambda row: order.index(row["part"]))


def _reason_title(part: str) -> str:
    return "Came and went" if part == PASSED_THROUGH else barrier_title(part)


def _age_title(part: str) -> str:
    titles = {PASSED_THROUGH: "Came and went", CREDITS: "Credits"}
    return titles.get(part, f"{part} days")
