"""The claims behind a figure: what each adds to numerator and denominator in a month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from sanderling.claims.models import Claim
from sanderling.core.kpis.definitions import Definition
from sanderling.core.kpis.formulas import bases, rows
from sanderling.kpis.asking import Question
from sanderling.kpis.sources import the_book
from sanderling.mirror.reading import visible_client_ids

COLUMNS: Final = (
    *("client", "claim", "payer", "provider", "location", "service_date", "numerator"),
    "denominator",
)


@dataclass(frozen=True, slots=True)
class Behind:
    """Claims in order of what they add, and what claims cannot tell."""

    frame: pl.DataFrame  # claim_id, payer_id, numerator, denominator
    without_claim: tuple[int, int]  # sums of what is of no claim


def behind(one: Definition, question: Question, *, part: str) -> Behind:
    """Return the claims behind a figure in the last period of the question.

    `part`: numerator (those that add to it) or denominator (all). Reads the mirror for the clients
    that the session sees, and no others.

    Raises:
        MirrorMissing: the mirror was never made.
    """
    visible = visible_client_ids()
    if question.client_ids is not None:
        visible = sorted(set(visible) & set(question.client_ids))
    found = rows(bases(the_book(visible), question.periods[-1:]), one.key)
    for name, values in question.filters.items():
        found = found.filter(pl.col(name).is_in(values))
    sums = (
        found.group_by("claim_id", "payer_id")
        .agg(pl.col("numerator", "denominator").sum())
        .collect()
    )
    apart = sums.filter(pl.col("claim_id").is_null())
    of_claims = sums.filter(pl.col("claim_id").is_not_null())
    if part == "numerator":
        of_claims = of_claims.filter(pl.col("numerator") != 0)
    order = ["numerator", "denominator", "claim_id"]
    return Behind(
        of_claims.sort(order, descending=[True, True, False]),
        (int(apart["numerator"].sum()), int(apart["denominator"].sum())),
    )


def named(found: pl.DataFrame, payers: dict[Any, str]) -> Sequence[dict[str, Any]]:
    """Return rows of claims with their names; a claim the session does not see is left out."""
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
                "payer": payers.get(row["payer_id"], ""),
                "provider": claim.rendering_npi or claim.billing_npi,
                "location": claim.location, "service_date": claim.service_from_date,
                "numerator": row["numerator"], "denominator": row["denominator"],
            })  # fmt: skip
    return shown
