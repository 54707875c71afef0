"""Outcomes of all kinds, from the mirror and from claim statuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final

import polars as pl

from sanderling.core.codes.statuses import status_meaning
from sanderling.core.trends import kinds
from sanderling.core.trends.outcomes import AXES, empty
from sanderling.core.trends.search import Load, Outcomes
from sanderling.core.trends.settings import WEEK, Settings
from sanderling.mirror.reading import manifest, scan
from sanderling.postgres.frames import read_frame

# A claim is sent before it is decided: what was sent earlier still waits or was answered late.
_SENT_BEFORE_DAYS: Final = 180
_ANSWERS = """
    SELECT a.claim_id, coalesce(s.payer_id, c.payer_id), a.received_date, a.category, a.code
      FROM claims_answer a
      JOIN claims_claim c ON c.id = a.claim_id
      LEFT JOIN claims_submission s ON s.id = a.submission_id
     WHERE a.kind = '277' AND a.level IN ('claim', 'line') AND NOT a.is_passed_over
"""
_OPEN = """
    SELECT claim_id, sum(balance_cents)::bigint FROM ledger_open_balance
     WHERE party IN (11, 12, 13) AND balance_cents > 0 GROUP BY claim_id
"""

# What is to be looked at, and what belongs to a pattern however small; people may set a line aside.
_VARIANCES = """
    SELECT payment_id, line_index, variance_cents FROM pricing_line_variance
     WHERE variance_cents < 0 AND line_index > 0 AND NOT is_set_aside
       AND (is_queued OR pattern_key <> '')
"""


def load_variances() -> pl.DataFrame:
    """Return payment_id, line_index, variance_cents of lines paid short of their price."""
    return read_frame(
        _VARIANCES, {"payment_id": pl.Int64, "line_index": pl.Int64, "variance_cents": pl.Int64}
    )


def load_open_balances() -> pl.DataFrame:
    """Return claim_id, balance_cents of what payers owe now."""
    return read_frame(_OPEN, {"claim_id": pl.Int64, "balance_cents": pl.Int64})


def load_answers() -> pl.DataFrame:
    """Return claim statuses: claim_id, payer_id, received_date, category, code, stage, meaning."""
    answers = read_frame(
        _ANSWERS,
        {
            "claim_id": pl.Int64,
            "payer_id": pl.Int64,
            "received_date": pl.Date,
            "category": pl.String,
            "code": pl.String,
        },
    )
    pairs = answers.select("category", "code").unique()
    found = [status_meaning(category, code, "") for category, code in pairs.iter_rows()]
    told = pairs.with_columns(
        stage=pl.Series([one.status_class for one in found], dtype=pl.String),
        meaning=pl.Series([str(one.category) for one in found], dtype=pl.String),
    )
    return answers.join(told, on=["category", "code"], how="left")


def outcomes_until(
    today: date,
    open_balances: pl.DataFrame,
    settings: Settings,
    answers: Callable[[], pl.DataFrame] = load_answers,
    variances: Callable[[], pl.DataFrame] = load_variances,
) -> Mapping[str, Load]:
    """Return how to load the outcomes of each kind, one state of the mirror for all.

    `answers`, `variances`: how to load claim statuses, and lines paid short.

    Raises:
        MirrorMissing: there is no mirror.
    """
    state = manifest()
    first = today - timedelta(days=WEEK * settings.weeks + 1)
    open_claims = open_balances["claim_id"]

    def rows(name: str, earlier: int = 0) -> pl.LazyFrame:
        return scan(name, None, from_date=first - timedelta(days=earlier), to_date=today, of=state)

    def claims() -> pl.LazyFrame:
        return rows("claims", _SENT_BEFORE_DAYS * 2)

    def submissions() -> pl.LazyFrame:
        return rows("submissions", _SENT_BEFORE_DAYS)

    return {
        "denial": lambda: Outcomes(
            kinds.denial_claims(rows("payments"), open_claims, today),
            kinds.denial_lines(rows("remit_lines"), rows("payments"), open_claims, today),
        ),
        "rejection": lambda: Outcomes(
            kinds.rejections(submissions(), today),
            empty(),
            axes=("sent_date", "day"),
            everywhere=True,
        ),
        "underpayment": lambda: Outcomes(
            empty(),
            kinds.underpayments(variances().lazy(), rows("remit_lines"), rows("payments"), today),
            # A fee schedule goes by the day of service: by the payer's days it sets in slowly.
            calendars=("day", "service_date"),
        ),
        "slow_payment": lambda: Outcomes(
            kinds.slow_payments(submissions(), today),
            empty(),
            axes=("sent_date",),
            recent=kinds.waiting_lately(submissions(), today),
        ),
        "missing_remittance": lambda: Outcomes(
            kinds.missing_remittances(submissions(), answers(), today),
            empty(),
            axes=("sent_date",),
            recent=kinds.waiting_lately(submissions(), today),
        ),
        "unbilled_secondary": lambda: Outcomes(
            kinds.unbilled_secondaries(rows("payments"), submissions(), claims(), today),
            empty(),
            # Somebody stopped on a day to bill on what was decided.
            axes=("day",),
            everywhere=True,
        ),
        "documentation_hold": lambda: Outcomes(
            kinds.documentation_holds(rows("payments"), answers(), claims(), open_claims, today),
            kinds.documentation_lines(rows("remit_lines"), rows("payments"), open_claims, today),
            axes=AXES,
        ),
    }
