"""The claims behind a number of a report, as they were when it was made."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from sanderling.claims.models import Claim
from sanderling.core.refusal import Refusal
from sanderling.reports.models import Behind, Report

COLUMNS: Final = ("client", "claim", "payer", "service_date", "provider")
SUMS: Final = ("cents", "count", "numerator", "denominator")
MEASURES: Final = (*SUMS, "claims")


class NotBehind(Refusal):
    """The address asks for what the block does not tell apart."""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows by claim, the largest first; what they sum to; what of it is of no claim."""

    rows: pl.DataFrame  # claim_id, value
    total: int
    without_claim: int


def rows_behind(report: Report, place: int, where: Mapping[str, str], measure: str) -> Found:
    """Return the claims behind a number: what each adds to it.

    Raises:
        NotBehind: no such block or measure, or a column or value that its rows do not have.
    """
    kept = Behind.objects.filter(report=report, place=place).first()
    if kept is None or measure not in MEASURES:
        raise NotBehind("this number has no claims behind it")
    frame = pl.read_parquet(io.BytesIO(bytes(kept.rows)))
    found = narrowed(frame, where)
    column = "claim_id" if measure == "claims" else measure
    if column not in found.columns:
        raise NotBehind("this number has no claims behind it")
    value = pl.lit(1, pl.Int64).max() if measure == "claims" else pl.col(column).sum()
    sums = found.group_by("claim_id").agg(value=value).filter(pl.col("value") != 0)
    apart = sums.filter(pl.col("claim_id").is_null())
    of_claims = sums.filter(pl.col("claim_id").is_not_null())
    return Found(
        of_claims.with_columns(size=pl.col("value").abs())
        .sort(["size", "claim_id"], descending=[True, False])
        .drop("size"),
        int(sums["value"].sum()),
        int(apart["value"].sum()),
    )


def narrowed(frame: pl.DataFrame, where: Mapping[str, str]) -> pl.DataFrame:
    """Return the rows that have these values, told as text.

    Raises:
        NotBehind: a column that is not there, or a value that it cannot have.
    """
    for name, text in where.items():
        if name not in frame.columns:
            raise NotBehind("this number has no claims behind it")
        kind = frame.schema[name]
        try:
            value = {"True": True, "False": False}[text] if kind == pl.Boolean else text
            wanted = int(text) if kind.is_integer() else value
        except (KeyError, ValueError) as error:
            raise NotBehind("this number has no claims behind it") from error
        frame = frame.filter(pl.col(name) == wanted)
    return frame


def named(found: pl.DataFrame, payers: Mapping[int, str]) -> Sequence[dict[str, Any]]:
    """Return rows with what claims are called; one the session does not see is left out."""
    claims = {
        one.pk: one
        for one in Claim.objects.filter(pk__in=found["claim_id"].to_list()).select_related("client")
    }
    shown = []
    for row in found.iter_rows(named=True):
        claim = claims.get(row["claim_id"])
        if claim is not None:
            shown.append({
                "client": claim.client.code, "claim": claim.number,
                "payer": payers.get(claim.payer_id or 0, ""),
                "service_date": claim.service_from_date,
                "provider": claim.rendering_npi or claim.billing_npi, "value": row["value"],
            })  # fmt: skip
    return shown
