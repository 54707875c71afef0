"""The rules that barriers go by: codes and deadlines with what people have overridden."""

from __future__ import annotations

import polars as pl

from sanderling.core.codes.codebook import CodeBook, default_book
from sanderling.core.deadlines.rules import PAYER_SCHEMA, rules_frame
from sanderling.postgres.frames import read_frame

_PAYERS = """
SELECT id, payer_id, timely_filing_days, corrected_claim_days, appeal_days FROM payers_payer
"""


def code_book() -> CodeBook:
    """Return the code tables."""
    return default_book()


def deadline_rules() -> pl.DataFrame:
    """Return the deadline rules in force."""
    return rules_frame(payers=read_frame(_PAYERS, PAYER_SCHEMA))
