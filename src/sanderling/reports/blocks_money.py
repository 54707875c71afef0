"""Blocks about money: what came in, what is owed and how old it is, how it moved."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import polars as pl

from sanderling.core.ages import DEFAULT_BUCKETS, bucket_columns, bucket_labels
from sanderling.reports.book import Part
from sanderling.reports.shapes import (
    OTHERS,
    Block,
    Json,
    chart,
    column,
    figure,
    in_order,
    rate,
    row,
    table,
    with_group,
)
from sanderling.workload.productivity import CREDIT_DAYS

BUCKETS: Final = bucket_columns(DEFAULT_BUCKETS)
PATIENT: Final = "patient"
GROUPS_KEPT: Final = 12
_MOVES: Final = {
    "charges": "Charges billed",
    "payments": "Payments, net",
    "adjustments": "Adjustments by contract and payers",
    "write_offs": "Write-offs",
    "refunds": "Credits refunded",
    "taken_over": "Balances taken over",
}


def _aged(part: Part) -> pl.DataFrame:
    """Return balances with the number of their bucket, credits -1, of insurers and patients."""
    bucket = pl.lit(len(DEFAULT_BUCKETS), pl.Int64)
    for number, bound in reversed(list(enumerate(DEFAULT_BUCKETS))):
        bucket = pl.when(pl.col("age_days") <= bound).then(number).otherwise(bucket)
    is_credit = pl.col("cents") < 0
    return part.of("balances").with_columns(
        bucket=pl.when(is_credit).then(pl.lit(-1, pl.Int64)).otherwise(bucket)
    )


def _owed(rows: pl.DataFrame) -> int:
    return int(rows.filter(pl.col("cents") > 0)["cents"].sum())


def headline(part: Part, _options: Json) -> Block:
    """Cash in, what is owed and how old it is, compared with the period before."""
    block = Block(
        "headline", "At a glance",
        "Insurers' payments posted in the period, and what insurers owed on the day that the report"
        " stands at. Credits are never netted against what is owed.",
    )  # fmt: skip
    cash, moved, aged = part.of("cash"), part.of("moved"), _aged(part)
    insured = aged.filter(pl.col("responsibility") != PATIENT)
    owed = _owed(insured)
    over_90 = _owed(insured.filter(pl.col("age_days") > DEFAULT_BUCKETS[2]))
    charges = moved.filter(pl.col("move") == "charges")
    touches = part.of("touches")
    before = None
    if not part.provider:
        before = int(part.of("cash_before")["cents"].sum())
    block.figures = [
        figure("cash", "Paid by insurers", "cents", int(cash["cents"].sum()),
               where={"of": "cash"}, measure="cents", before=before),
        figure("charges", "Billed", "cents", int(charges["cents"].sum()), where={"of": "charges"},
               measure="cents"),
        figure("owed", "Insurers owe", "cents", owed, where={"of": "owed"}, measure="cents"),
        rate("over_90", "Of it over 90 days", over_90, owed, where={"of": "owed", "is_old": True},
             measure="cents"),
        figure("touches", "Follow-up with payers and others", "count",
               int(touches["touches"].sum()), where={"of": "touches"}, measure="count",
               about="Calls, portals, letters and the like; notes among ourselves are none."),
    ]  # fmt: skip
    debits = insured.filter(pl.col("cents") > 0)
    block.rows = pl.concat([
        _named(cash, "cash"),
        _named(charges, "charges"),
        _named(debits.with_columns(is_old=pl.col("age_days") > DEFAULT_BUCKETS[2]), "owed"),
        _named(touches.with_columns(count=pl.col("touches")), "touches"),
    ])  # fmt: skip
    return block


def _named(frame: pl.DataFrame, of: str) -> pl.DataFrame:
    """Return rows of one kind with the columns that rows of a headline have."""
    kinds = {"claim_id": pl.Int64, "cents": pl.Int64, "count": pl.Int64, "is_old": pl.Boolean}
    have = [
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in kinds.items()
    ]
    return frame.select(pl.lit(of).alias("of"), *have)


def movement(part: Part, _options: Json) -> Block:
    """Opening balance and what happened give the closing balance."""
    block = Block(
        "movement", "How receivables moved",
        "All parties, patients too, credits netted: what was owed at the end of the day before the"
        " period, what was posted in it, and what was owed at its end.",
    )  # fmt: skip
    moved = part.of("moved")
    sums = dict(moved.group_by("move").agg(pl.col("cents").sum()).iter_rows())
    opening = part.opening_cents
    closing = opening + sum(sums.values())
    span = part.book.span
    before = span.from_date - timedelta(days=1)
    rows = [row({"what": "Owed before", "cents": opening}, link=_aging(part, before))]
    rows += [
        row({"what": words, "cents": sums.get(move, 0)}, where={"move": move})
        for move, words in _MOVES.items()
        if move in sums
    ]
    block.tables = [
        table(
            "moves", "", [column("what", ""), column("cents", "Amount", "cents", measure="cents")],
            rows, total=row({"what": "Owed at the end", "cents": closing},
                             link=_aging(part, span.to_date)),
        )
    ]  # fmt: skip
    block.rows = moved.select("claim_id", "move", "cents")
    return block


def _aging(part: Part, day: date) -> Json:
    """Return the link to the aging of a day, all parties, with its credits."""
    query = {"as_of": day.isoformat(), "client": part.client_code, "party": "all"}
    if part.provider:
        query["provider"] = part.provider
    return {"page": "aging", "query": query}


def aging(part: Part, options: Json) -> Block:
    """Who owes, by age, as `sanderling aging --party insurance`."""
    by = str(options.get("by", "payer"))
    block = Block(
        "aging", f"Receivables by age and {by}",
        "What insurers owe, by days since service (else the first bill). The last day of a bucket"
        " belongs to it. Credit balances stand apart and are never netted.",
    )  # fmt: skip
    aged = _aged(part).filter(pl.col("responsibility") != PATIENT)
    named = with_group(aged, "payer_id" if by == "payer" else "provider", GROUPS_KEPT)
    debits = named.filter(pl.col("bucket") >= 0)
    surplus = int(named.filter(pl.col("bucket") < 0)["cents"].sum())
    cells: dict[str, dict[int, int]] = {}
    for group, bucket, cents in (
        debits.group_by("group", "bucket").agg(pl.col("cents").sum()).iter_rows()
    ):
        cells.setdefault(group, {})[bucket] = cents
    wholes = {group: sum(found.values()) for group, found in cells.items()}
    columns = [column("group", by.capitalize())]
    columns += [
        column(name, label, "cents", where={"bucket": number}, measure="cents")
        for number, (name, label) in enumerate(
            zip(BUCKETS, bucket_labels(DEFAULT_BUCKETS), strict=True)
        )
    ]
    columns.append(
        column("total_cents", "Owed", "cents", where={"is_debit": True}, measure="cents")
    )
    rows = [
        row(
            {"group": _group_label(part, by, group), **_buckets(cells[group]),
             "total_cents": wholes[group]},
            where={"group": group},
        )
        for group in in_order(wholes)
    ]  # fmt: skip
    whole: dict[int, int] = {}
    for found in cells.values():
        for bucket, cents in found.items():
            whole[bucket] = whole.get(bucket, 0) + cents
    total = sum(whole.values())
    block.tables = [
        table("aging", "", columns, rows,
              total=row({"group": "All", **_buckets(whole), "total_cents": total}, where={}),
              empty="Insurers owed nothing on that day."),
        table(
            "buckets", "By age",
            [column("bucket", "Days"), column("cents", "Owed", "cents", measure="cents"),
             column("share", "Share", "rate")],
            [row({"bucket": label, "cents": whole.get(number, 0),
                  "share": round(whole.get(number, 0) / total, 6) if total else None},
                 where={"bucket": number})
             for number, label in enumerate(bucket_labels(DEFAULT_BUCKETS))],
        ),
    ]  # fmt: skip
    block.charts = [
        chart("by_age", "Owed by age", "columns", of="buckets", x="bucket", series=["cents"])
    ]
    block.figures = [
        figure("total_cents", "Insurers owe", "cents", total, where={"is_debit": True},
               measure="cents"),
        figure("credits_cents", "Credit balances", "cents", surplus, where={"bucket": -1},
               measure="cents"),
    ]  # fmt: skip
    block.rows = named.select(
        "claim_id", "group", "bucket", "cents", is_debit=pl.col("bucket") >= 0
    )
    return block


def _group_label(part: Part, by: str, group: str) -> str:
    if by == "payer":
        return part.payer_label(group)
    return "Other providers" if group == OTHERS else group or "No provider told"


def _buckets(found: dict[int, int]) -> dict[str, int]:
    return {name: found.get(number, 0) for number, name in enumerate(BUCKETS)}


def trend(part: Part, _options: Json) -> Block:
    """What insurers owed at the ends of the last months, each as it was known that day."""
    block = Block(
        "trend", "Receivables over time",
        "What insurers owed at the end of each of the last months, as it was known on that day.",
    )  # fmt: skip
    found = part.trend.sort("day")
    provider = {"provider": part.provider} if part.provider else {}
    rows = [
        row(
            {"day": one["day"], "total_cents": one["total_cents"],
             "over_90_cents": one["over_90_cents"],
             "share": round(one["over_90_cents"] / one["total_cents"], 6)
             if one["total_cents"] else None},
            link={"page": "aging-claims",
                  "query": {"as_of": one["day"].isoformat(), "client": part.client_code,
                            "party": "insurance", **provider}},
        )
        for one in found.to_dicts()
    ]  # fmt: skip
    block.tables = [
        table(
            "trend", "",
            [column("day", "At the end of", "date"), column("total_cents", "Owed", "cents"),
             column("over_90_cents", "Over 90 days", "cents"), column("share", "Share", "rate")],
            rows, empty="Nothing was owed at the end of these months.",
        )
    ]  # fmt: skip
    block.charts = [
        chart("trend", "Owed by insurers", "lines", of="trend", x="day",
              series=["total_cents", "over_90_cents"])
    ]  # fmt: skip
    return block


def cash(part: Part, _options: Json) -> Block:
    """What insurers paid, by payer, and what it can be credited to."""
    block = Block(
        "cash", "Cash, and what brought it",
        f"Insurers' payments posted in the period, net of what they took back. A payment follows a"
        f" touch when somebody here worked on the claim with somebody outside in the {CREDIT_DAYS}"
        " days before; it counts once, for the latest touch. What follows a touch need not follow"
        " from it. Groups below overlap: a payment on a denied claim may also follow a touch.",
    )  # fmt: skip
    paid = part.of("cash").with_columns(pl.col("payer_id").fill_null(0))
    denials = part.book.denied_first.with_columns(pl.col("payer_id").fill_null(0))
    marked = (
        paid.join(denials, on=["claim_id", "payer_id"], how="left")
        .with_columns(
            is_denied=(pl.col("posted_date") > pl.col("denied_date")).fill_null(value=False)
        )
        .pipe(with_group, "payer_id", GROUPS_KEPT)
    )
    won = part.of("recovered")
    total = int(marked["cents"].sum())
    touched = int(marked.filter("is_touched")["cents"].sum())
    block.figures = [
        figure("cash", "Paid by insurers", "cents", total, where={"of": "cash"}, measure="cents"),
        figure("touched", "Followed a touch", "cents", touched,
               where={"of": "cash", "is_touched": True}, measure="cents"),
        figure("alone", "Came by itself", "cents", total - touched,
               where={"of": "cash", "is_touched": False}, measure="cents"),
        figure("overturned", "On claims denied at first", "cents",
               int(marked.filter("is_denied")["cents"].sum()),
               where={"of": "cash", "is_denied": True}, measure="cents",
               about="Paid later by the payer that had denied the claim at first."),
        figure("disputes", "Recovered from disputes", "cents", int(won["cents"].sum()),
               where={"of": "dispute"}, measure="cents",
               about="Paid on lines whose underpayment was disputed, up to what was sought."),
    ]  # fmt: skip
    sums = dict(marked.group_by("group").agg(pl.col("cents").sum()).iter_rows())
    of_touched = dict(
        marked.filter("is_touched").group_by("group").agg(pl.col("cents").sum()).iter_rows()
    )
    block.tables = [
        table(
            "payers", "By payer",
            [column("payer", "Payer"),
             column("cents", "Paid", "cents", where={"of": "cash"}, measure="cents"),
             column("touched_cents", "Followed a touch", "cents",
                    where={"of": "cash", "is_touched": True}, measure="cents")],
            [row({"payer": part.payer_label(group), "cents": sums[group],
                  "touched_cents": of_touched.get(group, 0)}, where={"group": group})
             for group in in_order(sums)],
            total=row({"payer": "All", "cents": total, "touched_cents": touched}, where={}),
            empty="Insurers paid nothing in these days.",
        )
    ]  # fmt: skip
    block.charts = [
        chart("payers", "Paid, and what followed a touch", "bars", of="payers", x="payer",
              series=["cents", "touched_cents"])
    ]  # fmt: skip
    kept = ["claim_id", "group", "is_touched", "is_denied", "posted_date", "cents"]
    block.rows = pl.concat(
        [
            marked.select(kept).with_columns(of=pl.lit("cash")),
            won.select("claim_id", "cents").with_columns(of=pl.lit("dispute")),
        ],
        how="diagonal",
    )
    return block
