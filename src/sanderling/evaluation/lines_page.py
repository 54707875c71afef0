"""The lines behind each number of contract value: the same rows that it sums."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from sanderling.claims.models import Claim
from sanderling.clients.queries import client_codes_by_id
from sanderling.core.contracts.worth import with_reference
from sanderling.evaluation.reading import YEAR, year_of
from sanderling.mirror.reading import scan
from sanderling.payers.queries import payer_names_by_id
from sanderling.pricing.models import LineVariance

# What a number sums, and the words for it.
KINDS: Final = {
    "all": "Lines that the payer decided",
    "allowed": "Lines that it paid",
    "compared": "Lines that it paid and that have a reference",
    "refused": "Lines that stand refused",
    "days": "Lines with days from sent to paid",
    "short": "Lines paid short of their price",
    "touches": "Claims that were touched",
}
TABS: Final = {
    "all": "All",
    "allowed": "Paid",
    "compared": "Compared",
    "refused": "Refused",
    "days": "With days",
    "short": "Paid short",
    "touches": "Touched",
}
COLUMNS: Final = (
    *("client", "claim", "payer", "service_date", "code", "modifiers", "units", "charge_cents"),
    *("allowed_cents", "paid_cents", "reference_cents", "is_denied", "days"),
)
SHORT_COLUMNS: Final = (
    *("client", "claim", "payer", "service_date", "code", "modifiers", "units", "charge_cents"),
    *("allowed_cents", "expected_cents", "variance_cents", "basis"),
)
TOUCH_COLUMNS: Final = ("client", "claim", "payer", "touches", "last_date")
COLUMNS_OF: Final = {"short": SHORT_COLUMNS, "touches": TOUCH_COLUMNS}
UNKNOWN_PAYER: Final = 0  # stands for lines whose payer is not known


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines: of these clients, one payer (None: all), one kind of service ("": all)."""

    client_ids: Collection[int]
    payer_id: int | None = None
    what: str = "all"
    group: str = ""


def lines_behind(asked: Asked, *, today: date) -> list[dict[str, Any]]:
    """Return the rows that a number sums (COLUMNS_OF, else COLUMNS), the largest first.

    Raises:
        MirrorMissing: there is no mirror yet.
    """
    if asked.what == "touches":
        found = _touched(asked, today)
    elif asked.what == "short":
        found = _short(asked, today)
    else:
        found = _decided(asked, today)
    return _named(found.to_dicts())


def sums_of(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Return the sums of what is an amount or a count of touches."""
    names = [name for name in (rows[0] if rows else {}) if name.endswith("_cents")]
    names += [name for name in ("touches",) if rows and name in rows[0]]
    return {name: sum(row[name] or 0 for row in rows) for name in names}


def _of_payer(asked: Asked) -> pl.Expr:
    if asked.payer_id is None:
        return pl.lit(value=True)
    if asked.payer_id == UNKNOWN_PAYER:
        return pl.col("payer_id").is_null()
    return pl.col("payer_id") == asked.payer_id


def _decided(asked: Asked, today: date) -> pl.DataFrame:
    # The reference is an average over all payers: it is made before any line is left out.
    lines = with_reference(year_of(asked.client_ids, today=today).lines)
    is_paid = ~pl.col("is_denied")
    wanted = {
        "allowed": is_paid,
        "compared": is_paid & pl.col("reference_cents").is_not_null(),
        "refused": pl.col("is_denied"),
        "days": is_paid & pl.col("days").is_not_null(),
    }.get(asked.what, pl.lit(value=True))
    of_group = pl.col("group") == asked.group if asked.group else pl.lit(value=True)
    return (
        lines.filter(_of_payer(asked), of_group, wanted)
        .with_columns(
            code=pl.when(pl.col("procedure") == "").then("revenue_code").otherwise("procedure")
        )
        .sort("charge_cents", "claim_id", "code", descending=[True, False, False])
    )


def _short(asked: Asked, today: date) -> pl.DataFrame:
    short = LineVariance.objects.filter(
        client_id__in=asked.client_ids,
        is_queued=True,
        is_set_aside=False,
        variance_cents__lt=0,
        received_date__range=(today - YEAR, today),
    )
    names = (
        *("claim_id", "client_id", "payer_id", "service_date", "code", "modifiers", "units"),
        *("charge_cents", "allowed_cents", "expected_cents", "variance_cents", "basis"),
    )
    rows = pl.DataFrame(
        list(short.order_by("variance_cents", "pk").values_list(*names)),
        schema=dict(zip(names, (
            *(pl.Int64, pl.Int64, pl.Int64, pl.Date, pl.String, pl.String, pl.Float64),
            *(pl.Int64, pl.Int64, pl.Int64, pl.Int64, pl.String),
        ), strict=True)),
        orient="row",
    )  # fmt: skip
    return rows.filter(_of_payer(asked))


def _touched(asked: Asked, today: date) -> pl.DataFrame:
    rows = scan("touches", asked.client_ids, from_date=today - YEAR, to_date=today)
    return (
        rows.filter(_of_payer(asked))
        .group_by("claim_id", "client_id", "payer_id")
        .agg(touches=pl.len().cast(pl.Int64), last_date=pl.col("activity_date").max())
        .sort("touches", "claim_id", descending=[True, False])
        .collect()
    )


def _named(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with client, payer and claim as people name them."""
    codes, payers = client_codes_by_id(), payer_names_by_id()
    numbers = dict(
        Claim.objects.filter(pk__in={row["claim_id"] for row in rows}).values_list("pk", "number")
    )
    return [
        {
            **row,
            "client": codes.get(row["client_id"], ""),
            "payer": payers.get(row["payer_id"] or 0, "Payer not known"),
            "claim": numbers[row["claim_id"]],
        }
        for row in rows
        if row["claim_id"] in numbers
    ]
