"""Activities as the rules want them."""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.postgres.frames import read_frame

ACTIVITY_COLUMNS: Final = {
    "claim_id": pl.Int64,
    "activity_id": pl.Int64,
    "activity_date": pl.Date,
    "channel": pl.String,
    "action": pl.String,
    "outcome": pl.String,
    "reference": pl.String,  # "" when there is none
    "next_date": pl.Date,  # null when nothing was agreed
}
ACTIVITIES_SQL: Final = """
SELECT a.claim_id, a.id, a.activity_date, a.channel, a.action, a.outcome, a.reference, a.next_date
  FROM posted_claims t JOIN followup_activity a USING (claim_id)
"""


def load_activities() -> pl.DataFrame:
    """Return the activities of the claims in the temporary table posted_claims (`load_facts`).

    In no order: of one day, the one with the greater activity_id was written later.
    """
    return read_frame(ACTIVITIES_SQL, ACTIVITY_COLUMNS)
