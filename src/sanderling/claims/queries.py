"""Names of claims for rows that have their keys."""

from __future__ import annotations

import polars as pl

from sanderling.postgres.frames import read_frame


def claim_numbers(claim_ids: pl.Series) -> pl.DataFrame:
    """Return claim_id and number of these claims, as far as the session sees them."""
    return read_frame(
        "SELECT c.id, c.number FROM unnest(%s::bigint[]) AS w(id) JOIN claims_claim c USING (id)",
        {"claim_id": pl.Int64, "number": pl.String},
        [claim_ids.unique().sort().to_list()],
    )
