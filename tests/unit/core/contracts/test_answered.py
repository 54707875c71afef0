"""Which claim as sent counts: what a payment answers, else what was sent last."""

from __future__ import annotations

from datetime import date

import polars as pl

from sanderling.core.contracts.answered import answered_submissions, last_sent


def sent(*rows: tuple[int, int, int, str, int, date | None, date]) -> pl.DataFrame:
    """Return submissions: claim, id, sequence, frequency, charge, day sent, day received."""
    names = (
        *("claim_id", "submission_id", "sequence", "frequency", "charge_cents", "submitted_date"),
        "received_date",
    )
    return pl.DataFrame(rows, schema=list(names), orient="row").with_columns(
        order_key=pl.lit("a"), position=pl.lit(1)
    )


def paid(claim: int, payment: int, day: date, cents: int) -> pl.DataFrame:
    """Return one claim payment."""
    return pl.DataFrame(
        {"claim_id": [claim], "payment_id": [payment], "payment_date": [day],
         "charge_cents": [cents]}
    )  # fmt: skip


FIRST, SECOND, THIRD = date(2026, 1, 5), date(2026, 2, 5), date(2026, 3, 5)
BOOK = sent(
    (1, 10, 1, "1", 15_000, FIRST, FIRST),
    (1, 11, 1, "7", 16_000, SECOND, SECOND),
    (1, 12, 1, "8", 16_000, THIRD, THIRD),  # a void is never priced
    (1, 13, 2, "1", 16_000, THIRD, THIRD),  # to the next payer
    (2, 20, 1, "1", 5_000, None, FIRST),
)


def test_what_was_sent_last_to_the_first_payer_counts_and_no_void() -> None:
    assert last_sent(BOOK).sort("claim_id").rows() == [(1, 11), (2, 20)]
    assert last_sent(BOOK.clear()).rows() == []


def test_a_payment_answers_what_was_sent_before_it_with_its_charge() -> None:
    answers = [
        answered_submissions(BOOK, paid(1, 7, day, cents))["submission_id"].item()
        for day, cents in (
            (date(2026, 1, 20), 15_000),
            (date(2026, 2, 20), 16_000),
            (date(2026, 2, 20), 15_000),  # late, of the first version
            (date(2026, 1, 1), 16_000),  # before any: that with its charge
        )
    ]
    assert answers == [10, 11, 10, 11]
