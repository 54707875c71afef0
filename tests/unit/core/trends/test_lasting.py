"""One lost payment file is not answers that stopped coming."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl
import pytest

from sanderling.core.trends.lasting import CAME, DUE, lasts, recent_answers
from sanderling.core.trends.outcomes import Text

TODAY = date(2026, 6, 26)  # a Friday
USUAL = pl.DataFrame({"payer_id": [2], "days": [28]})


def waits(is_lost: Callable[[date, int], bool]) -> pl.DataFrame:
    """Return five claims a day for 26 weeks, each paid on the first Wednesday after two weeks."""
    found = []
    for back in range(182):
        sent = TODAY - timedelta(days=back)
        early = sent + timedelta(days=14)
        paid = early + timedelta(days=(2 - early.weekday()) % 7)
        for number in range(5):
            answered = paid if paid <= TODAY and not is_lost(paid, number) else None
            found.append((1, 2, "N1", sent, answered))
    schema = {
        "client_id": pl.Int64, "payer_id": pl.Int64, "provider": Text, "submitted_date": pl.Date,
        "answered": pl.Date,
    }  # fmt: skip
    return pl.DataFrame(found, schema=schema, orient="row")


def recent(is_lost: Callable[[date, int], bool]) -> pl.DataFrame:
    return recent_answers(waits(is_lost), USUAL, TODAY)


def test_as_many_answers_are_due_as_come_when_nothing_changed() -> None:
    found = recent(lambda _paid, _number: False)
    assert [int(found[name].sum()) for name in CAME] == [35, 35, 35]
    assert [float(found[name].sum()) for name in DUE] == pytest.approx([35.0] * 3, rel=0.01)
    assert not lasts(found, 0.05, 0.6)


def test_one_lost_file_is_over_when_the_next_files_came() -> None:
    lost = date(2026, 6, 10)
    found = recent(lambda paid, _number: paid == lost)
    assert [int(found[name].sum()) for name in CAME] == [35, 35, 0]
    assert not lasts(found, 0.05, 0.6)


def test_files_that_stay_away_last_also_where_only_some_claims_of_each_are_lost() -> None:
    since = date(2026, 5, 20)
    assert lasts(recent(lambda paid, _number: paid >= since), 0.05, 0.95)
    some = recent(lambda paid, number: paid >= since and number < 3)
    assert [int(some[name].sum()) for name in CAME] == [14, 14, 14]
    assert lasts(some, 0.05, 0.6)


def test_a_payer_of_whom_too_little_is_known_is_taken_at_the_word_of_the_rates() -> None:
    few = waits(lambda _paid, _number: False).head(20)
    assert lasts(recent_answers(few, USUAL, TODAY), 0.05, 0.6)
