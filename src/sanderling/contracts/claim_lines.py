"""The lines of one claim as they are priced, and what its first payer allowed for each.

A claim that was answered is priced as it was sent then, as variances do; a correction that was sent
since is priced once it is answered. A claim without an answer that stands is priced as sent last.
Lines come from the one loader (`contracts.loading`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from sanderling.claims.models import Claim
from sanderling.contracts.loading import Lines, lines_of
from sanderling.core.contracts.allowed import EXCLUSIONS
from sanderling.core.refusal import Refusal


class NotSent(Refusal):
    """No lines of the claim are known."""


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line as it is priced."""

    line: int
    procedure: str
    modifiers: str
    revenue_code: str
    place_of_service: str
    units: float
    charge_cents: int
    service_date: date | None

    @property
    def code(self) -> str:
        """Return the code that is priced."""
        return self.procedure or self.revenue_code


@dataclass(frozen=True, slots=True)
class SentClaim:
    """The lines of a claim, and what pricing wants to know of the whole."""

    kind: str
    lines: tuple[BilledLine, ...]
    diagnosis: str = ""
    drg: str = ""
    days: int | None = None


@dataclass(frozen=True, slots=True)
class AllowedLine:
    """What the first payer allowed for a line; `excluded`: why it is not compared, in words."""

    allowed_cents: int
    paid_cents: int
    share_cents: int
    excluded: str


def lines_of_claim(claim: Claim, *, as_of: date) -> tuple[SentClaim, dict[int, AllowedLine]]:
    """Return a claim as it is priced, and what its first payer allowed by line (0: the whole).

    Raises:
        NotSent: it was never sent, or is known by a remittance alone.
    """
    found = lines_of([claim.pk], as_of)
    billed = found.billed.sort("answer_order", "group_id", nulls_last=False)
    group_id = billed["group_id"].to_list()[-1] if len(billed) else -1
    if group_id < 0:  # a remittance's own lines
        raise NotSent("the claim as sent is not here; load its 837, then price it")
    rows = billed.filter(pl.col("group_id") == group_id).sort("line").to_dicts()
    lines = tuple(
        BilledLine(
            line=row["line"],
            procedure=row["procedure"],
            modifiers=row["modifiers"],
            revenue_code=row["revenue_code"],
            place_of_service=row["place_of_service"],
            units=row["units"],
            charge_cents=row["charge_cents"],
            service_date=row["service_date"],
        )
        for row in rows
    )
    first = rows[0]
    sent = SentClaim(claim.kind, lines, first["diagnosis"], first["drg"], first["days"])
    return sent, _allowed(found, group_id)


def _allowed(found: Lines, group_id: int) -> dict[int, AllowedLine]:
    """Return what was allowed by line: of several decisions on one the latest that compares."""
    latest = (
        found.paid.filter(
            pl.col("group_id") == group_id, (pl.col("line_index") == 0) | (pl.col("line") > 0)
        )
        .with_columns(is_compared=pl.col("excluded") == "")
        .sort("line", "is_compared", "payment_order", descending=[False, True, True])
        .unique("line", keep="first", maintain_order=True)
    )
    return {
        line: AllowedLine(allowed, paid, share, EXCLUSIONS.get(excluded, excluded))
        for line, allowed, paid, share, excluded in latest.select(
            "line", "allowed_cents", "paid_cents", "share_cents", "excluded"
        ).iter_rows()
    }
