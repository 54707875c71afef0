"""The facts behind a row, as JSON: [[kind, transaction_id, position, date], ...].

A page turns each into a link to its file and segment; an activity has its own id and position 0.
"""

from __future__ import annotations

from typing import Final

import polars as pl

# kind, column of the transaction set, of the segment, of the day it was known; the later a fact
# comes in a claim's way, the earlier it stands.
_FACTS: Final = (
    ("held", "held_transaction_id", "held_position", "held_known_date"),
    ("activity", "act_activity_id", None, "act_date"),
    (
        "rejection",
        "correction_answer_transaction_id",
        "correction_answer_position",
        "correction_answered_date",
    ),
    ("correction", "correction_transaction_id", "correction_position", "correction_date"),
    ("remittance", "decision_transaction_id", "decision_position", "decision_known_date"),
    ("reversal", "reversal_transaction_id", "reversal_position", "reversal_known_date"),
    ("status", "status_transaction_id", "status_position", "status_known_date"),
    ("rejection", "front_transaction_id", "front_position", "rejected_date"),
    ("forwarded", "forward_transaction_id", "forward_position", "forward_known_date"),
    ("prior", "prior_transaction_id", "prior_position", "prior_known_date"),
    ("accepted", "accept_transaction_id", "accept_position", "proof_date"),
    ("sent", "sent_transaction_id", "sent_position", "sent_date"),
    ("snapshot", "snapshot_transaction_id", "snapshot_position", "snapshot_known_date"),
)


def evidence() -> pl.Expr:
    """Return the facts of a row of tracks."""
    parts = [
        pl.concat_str(
            [
                pl.lit(f'["{kind}",'),
                pl.col(transaction_id).cast(pl.String),
                pl.lit(","),
                pl.col(position).cast(pl.String) if position else pl.lit("0"),
                pl.lit(',"'),
                pl.col(day).dt.to_string("%Y-%m-%d"),
                pl.lit('"]'),
            ]
        )
        for kind, transaction_id, position, day in _FACTS
    ]
    inside = pl.concat_str(parts, separator=",", ignore_nulls=True)
    return pl.concat_str([pl.lit("["), inside, pl.lit("]")])
