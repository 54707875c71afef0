"""Charges: from the claim as sent, version after version, or from the remittance alone.

A claim's first chain of submissions (to its first payer) says what was charged. A later version
(frequency 1 again after a rejection, 7 replacement) takes the place of the one before; 8 voids it;
2 to 5 are interim and late-charge bills, which add to it. A claim that no submission is known for
is born from its remittances: each service line not seen before adds its charge.

Source: DOMAIN 1.3 and 1.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from sanderling.core.ledger.accounts import Account, Kind
from sanderling.core.ledger.facts import ENTRIES, ClaimFacts

VOID_FREQUENCY: Final = "8"
ADDING_FREQUENCIES: Final = frozenset({"2", "3", "4", "5"})

LINE_COLUMNS: Final = [
    "claim_id",
    "line",
    "charge_cents",
    "procedure",
    "modifiers",
    "line_control_number",
    "service_from_date",
]


@dataclass(frozen=True, slots=True)
class Charges:
    """Charge entries, and the lines of each claim as they stand now (LINE_COLUMNS)."""

    entries: pl.DataFrame
    lines: pl.DataFrame


def charges(facts: ClaimFacts) -> Charges:
    """Return the charge entries and current lines of all claims of `facts`."""
    chain = _first_chain(facts)
    sent = _charges_as_sent(chain, facts.submission_lines)
    born = _charges_as_remitted(facts)
    return Charges(
        entries=pl.concat([sent.entries, born.entries]),
        lines=pl.concat([sent.lines, born.lines]),
    )


def _first_chain(facts: ClaimFacts) -> pl.DataFrame:
    """Return the submissions to each claim's first payer, in order; none where a snapshot rules."""
    return (
        facts.submissions.join(facts.snapshots, on="claim_id", how="anti")
        .filter(pl.col("sequence") == pl.col("sequence").min().over("claim_id"))
        .with_columns(submitted_date=pl.coalesce("submitted_date", "received_date"))
        .sort("claim_id", "submitted_date", "order_key", "position")
    )


def _charges_as_sent(chain: pl.DataFrame, all_lines: pl.DataFrame) -> Charges:
    counted = chain.with_columns(versions=pl.len().over("claim_id"))
    is_plain = (pl.col("versions") == 1) & (pl.col("frequency") != VOID_FREQUENCY)
    plain = counted.filter(is_plain.fill_null(value=True))
    lines = plain.join(all_lines, on="submission_id", suffix="_line")
    entries = _line_charges(lines, amount="charge_cents_line", day="submitted_date")
    current = lines.select(
        "claim_id",
        "line",
        pl.col("charge_cents_line").alias("charge_cents"),
        *LINE_COLUMNS[3:],
    )
    versioned = counted.join(plain, on="claim_id", how="anti")
    several = _charges_of_versions(versioned, all_lines)
    return Charges(
        entries=pl.concat([entries, several.entries]),
        lines=pl.concat([current, several.lines]),
    )


def _line_charges(lines: pl.DataFrame, *, amount: str, day: str) -> pl.DataFrame:
    """Return the charge entry of each line; `amount` and `day` name its columns."""
    return lines.select(
        "claim_id",
        "transaction_id",
        "position",
        pl.lit(0, pl.Int64).alias("part"),
        "line",
        pl.lit(int(Kind.CHARGE), pl.Int64).alias("kind"),
        pl.lit(int(Account.PRIMARY), pl.Int64).alias("debit"),
        pl.lit(int(Account.REVENUE), pl.Int64).alias("credit"),
        pl.col(amount).alias("amount_cents"),
        pl.lit(None, pl.String).alias("group_code"),
        pl.lit(None, pl.String).alias("reason_code"),
        pl.col(day).alias("effective_date"),
        "received_date",
    ).filter(pl.col("amount_cents") != 0)


def _charges_of_versions(chain: pl.DataFrame, all_lines: pl.DataFrame) -> Charges:
    lines_of: dict[int, list[dict[str, Any]]] = {}
    wanted = all_lines.join(chain.select("submission_id"), on="submission_id", how="semi")
    for row in wanted.sort("submission_id", "line").iter_rows(named=True):
        lines_of.setdefault(row["submission_id"], []).append(row)
    entries: list[tuple[Any, ...]] = []
    current: list[dict[str, Any]] = []
    for _, versions in chain.group_by("claim_id", maintain_order=True):
        standing: list[dict[str, Any]] = []
        for version in versions.iter_rows(named=True):
            standing = _apply_version(
                version, lines_of.get(version["submission_id"], []), standing, entries
            )
        claim_id = versions["claim_id"][0]
        current.extend({**line, "claim_id": claim_id} for line in standing)
    schema = {name: _line_type(name) for name in LINE_COLUMNS}
    return Charges(
        entries=pl.DataFrame(entries, schema=ENTRIES, orient="row"),
        lines=pl.DataFrame([{n: line[n] for n in LINE_COLUMNS} for line in current], schema=schema),
    )


def _apply_version(
    version: dict[str, Any],
    lines: list[dict[str, Any]],
    standing: list[dict[str, Any]],
    entries: list[tuple[Any, ...]],
) -> list[dict[str, Any]]:
    """Add the entries that `version` makes to `entries`; return the lines that stand after it."""
    if version["frequency"] == VOID_FREQUENCY:
        entries.extend(_charge(version, line, Kind.CHARGE_VOID, -1) for line in standing)
        return []
    if standing and version["frequency"] in ADDING_FREQUENCIES:
        offset = max(line["line"] for line in standing)
        lines = [{**line, "line": line["line"] + offset} for line in lines]
        entries.extend(_charge(version, line, Kind.CHARGE, 1) for line in lines)
        return standing + lines
    if standing and _amounts(lines) == _amounts(standing):
        return lines
    entries.extend(_charge(version, line, Kind.CHARGE_VOID, -1) for line in standing)
    entries.extend(_charge(version, line, Kind.CHARGE, 1) for line in lines)
    return lines


def _amounts(lines: list[dict[str, Any]]) -> dict[int, int]:
    return {line["line"]: line["charge_cents"] for line in lines}


def _charge(
    version: dict[str, Any], line: dict[str, Any], kind: Kind, sign: int
) -> tuple[Any, ...]:
    return (
        version["claim_id"],
        version["transaction_id"],
        version["position"],
        0,
        line["line"],
        int(kind),
        int(Account.PRIMARY),
        int(Account.REVENUE),
        sign * line["charge_cents"],
        None,
        None,
        version["submitted_date"],
        version["received_date"],
    )


def _line_type(name: str) -> type[pl.DataType]:
    if name in ("claim_id", "line", "charge_cents"):
        return pl.Int64
    return pl.Date if name.endswith("_date") else pl.String


def _charges_as_remitted(facts: ClaimFacts) -> Charges:
    """Return the charges of claims that only remittances tell of."""
    payments = (
        facts.payments.join(facts.submissions, on="claim_id", how="anti")
        .join(facts.snapshots, on="claim_id", how="anti")
        .filter(~pl.col("is_held"), ~pl.col("status").is_in(["22", "25"]))
        .with_columns(payment_date=pl.coalesce("payment_date", "received_date"))
        .sort("claim_id", "payment_date", "order_key", "position")
        .with_row_index("payment_order")
    )
    lines = _remitted_lines(payments, facts.payment_lines)
    entries = _line_charges(lines, amount="charge_cents", day="payment_date")
    return Charges(entries=entries, lines=lines.select(LINE_COLUMNS))


def _remitted_lines(payments: pl.DataFrame, payment_lines: pl.DataFrame) -> pl.DataFrame:
    """Return one row per distinct service line of the claims, the earliest mention of each.

    A line is known again by its control number, else by procedure, modifiers, day and charge (the
    n-th alike within one claim payment). Where a claim payment has no service lines, the whole
    claim is one line, number 0.
    """
    with_lines = payments.join(payment_lines, on="payment_id", how="left", suffix="_line")
    is_whole = pl.col("line_index").is_null().any().over("claim_id")
    no_control = pl.col("line_control_number").is_null()
    same_line = [
        pl.col(name).cast(pl.String).fill_null("")
        for name in ("procedure", "modifiers", "service_from_date", "charge_cents_line")
    ]
    return (
        with_lines.with_columns(is_whole=is_whole)
        .filter(~pl.col("is_whole") | (pl.col("payment_order").rank("dense").over("claim_id") == 1))
        .with_columns(likeness=pl.concat_str(same_line, separator="|"))
        .with_columns(
            occurrence=pl.int_range(pl.len()).over("payment_id", "likeness").cast(pl.String)
        )
        .with_columns(
            identity=pl.when("is_whole")
            .then(pl.lit("claim"))
            .when(no_control)
            .then(pl.concat_str(["likeness", "occurrence"], separator="#"))
            .otherwise(pl.col("line_control_number")),
        )
        .sort("claim_id", "payment_order", "line_index")
        .unique(["claim_id", "identity"], keep="first", maintain_order=True)
        .with_columns(
            line=pl.when("is_whole")
            .then(pl.lit(0))
            .otherwise(pl.int_range(1, pl.len() + 1).over("claim_id"))
            .cast(pl.Int64),
            position=pl.coalesce("position_line", "position"),
            charge_cents=pl.when("is_whole").then("charge_cents").otherwise("charge_cents_line"),
        )
    )
