"""Build the facts of claims for tests of the posting rules, a dict a row."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from sanderling.core.ledger import facts as f
from sanderling.core.ledger.facts import ClaimFacts

DAY = date(2026, 1, 5)


def _frame(rows: list[dict[str, Any]], schema: dict[str, Any], **defaults: Any) -> pl.DataFrame:
    complete = [{name: {**defaults, **row}.get(name) for name in schema} for row in rows]
    return pl.DataFrame(complete, schema=schema, orient="row")


def facts(  # noqa: PLR0913 - one for each frame
    *,
    submissions: list[dict[str, Any]] | None = None,
    lines: list[dict[str, Any]] | None = None,
    coverages: list[dict[str, Any]] | None = None,
    payments: list[dict[str, Any]] | None = None,
    payment_lines: list[dict[str, Any]] | None = None,
    adjustments: list[dict[str, Any]] | None = None,
    snapshots: list[dict[str, Any]] | None = None,
    write_offs: list[dict[str, Any]] | None = None,
    refunds: list[dict[str, Any]] | None = None,
    transfers: list[dict[str, Any]] | None = None,
) -> ClaimFacts:
    return ClaimFacts(
        submissions=_frame(
            submissions or [],
            f.SUBMISSIONS,
            claim_id=1,
            submission_id=1,
            transaction_id=1,
            position=20,
            sequence=1,
            frequency="1",
            submitted_date=DAY,
            received_date=DAY,
            order_key="a",
        ),
        submission_lines=_frame(lines or [], f.SUBMISSION_LINES, submission_id=1),
        coverages=_frame(coverages or [{"sequence": 1}], f.COVERAGES, claim_id=1),
        payments=_frame(
            payments or [],
            f.PAYMENTS,
            claim_id=1,
            payment_id=1,
            transaction_id=2,
            position=12,
            status="1",
            payment_date=date(2026, 1, 20),
            received_date=date(2026, 1, 19),
            order_key="b",
            is_forwarded=False,
            is_held=False,
        ),
        payment_lines=_frame(payment_lines or [], f.PAYMENT_LINES, payment_id=1),
        adjustments=_frame(
            adjustments or [], f.ADJUSTMENTS, payment_id=1, line_index=1, part=1, position=14
        ),
        snapshots=_frame(
            snapshots or [], f.SNAPSHOTS, claim_id=1, transaction_id=9, position=1, order_key="s"
        ),
        write_offs=_frame(
            write_offs or [],
            f.WRITE_OFFS,
            claim_id=1,
            write_off_id=1,
            party=11,
            approved_date=date(2026, 2, 1),
            order_key="w",
        ),
        refunds=_decided(refunds),
        transfers=_decided(transfers),
    )


def _decided(rows: list[dict[str, Any]] | None) -> pl.DataFrame:
    return _frame(
        rows or [],
        f.DECIDED,
        claim_id=1,
        decision_id=1,
        party=11,
        decided_date=date(2026, 2, 1),
        order_key="d",
    )
