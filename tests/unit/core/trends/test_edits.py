"""Candidate edit rules: the planted rule is found, tried on later claims, or refused."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from sanderling.core.trends.edits import (
    LINES,
    TooLittle,
    Tried,
    facts_of,
    matching,
    propose,
    try_on,
    wilson_low,
)

ONSET = date(2026, 3, 2)


def facts(*rows: tuple[int, str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"claim_id": pl.Int64, "field": pl.String, "value": pl.String}, orient="row"
    )


def book(*, since: date | None = ONSET, luck: float = 0.95) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return 1,600 claims of 160 days: ACME denies 20610 without authorization since `since`."""
    chance = np.random.default_rng(5)
    claims, told = [], []
    for claim_id in range(1_600):
        sent = date(2026, 1, 1) + timedelta(days=claim_id // 10)
        payer = ("ACME", "BETA")[claim_id % 2]
        code = ("20610", "99213", "99214")[int(chance.integers(3))]
        is_missing = bool(chance.random() < 0.4)
        hit = payer == "ACME" and code == "20610" and is_missing
        begun = since is not None and sent >= since
        is_bad = bool(chance.random() < (luck if hit and begun else 0.02))
        claims.append((claim_id, sent, is_bad, 30_000 if is_bad else 0))
        told += [(claim_id, "payer", payer), (claim_id, "procedure", code)]
        if is_missing:
            told.append((claim_id, "missing", "authorization"))
    frame = pl.DataFrame(
        claims,
        schema={
            "claim_id": pl.Int64, "sent_date": pl.Date, "is_bad": pl.Boolean, "cents": pl.Int64
        },
        orient="row",
    )  # fmt: skip
    return frame, facts(*told)


def test_the_planted_rule_is_the_first_proposed_and_tried_on_claims_it_has_not_seen() -> None:
    claims, told = book()
    best = propose(claims, told, onset_date=ONSET)[0]
    assert set(best.conditions) == {
        ("payer", "ACME"), ("procedure", "20610"), ("missing", "authorization")
    }  # fmt: skip
    assert best.test.precision is not None
    assert best.test.precision > 0.85
    assert best.test.right_cents == 30_000 * best.test.right
    assert (
        best.train.claims + best.test.claims == claims.filter(pl.col("sent_date") >= ONSET).height
    )
    # Before the onset the payer paid these: the rule would have held them for nothing.
    assert best.before is not None
    assert best.before.held > 20
    assert best.before.precision is not None
    assert best.before.precision < 0.1


def test_too_few_bad_claims_are_refused_with_their_numbers() -> None:
    claims, told = book(since=None)
    with pytest.raises(TooLittle, match=r"too few claims went wrong .* it takes 20 and 8"):
        propose(claims.head(300), told, onset_date=None)


def test_denials_by_chance_alone_give_no_rule() -> None:
    claims, told = book(since=None)
    chance = np.random.default_rng(8)
    bad = pl.Series(chance.random(claims.height) < 0.1)
    random = claims.with_columns(is_bad=bad, cents=bad.cast(pl.Int64) * 1_000)
    with pytest.raises(TooLittle, match=r"no rule is worth|nothing in the claims"):
        propose(random, told, onset_date=None)


def test_a_rule_is_tried_as_by_hand() -> None:
    claims = pl.DataFrame(
        {
            "claim_id": [1, 2, 3, 4],
            "sent_date": [date(2026, 1, 1), date(2026, 1, 1), date(2026, 1, 31), date(2026, 3, 1)],
            "is_bad": [True, False, True, True],
            "cents": [100, 0, 250, 400],
        }
    )
    told = facts((1, "a", "x"), (2, "a", "x"), (3, "a", "x"), (4, "b", "x"), (1, "b", "x"))
    done = try_on([("a", "x")], claims, told)
    assert done == Tried(claims=4, bad=3, held=3, right=2, right_cents=350, days=60)
    assert (done.precision, done.recall, done.wrong) == (2 / 3, 2 / 3, 1)
    assert done.wrong_a_month == pytest.approx(30.4 / 60)
    assert matching(told, [("a", "x"), ("b", "x")]) == {1}
    assert matching(told, []) == set()


def test_lines_tell_codes_modifiers_what_is_bare_and_pairs() -> None:
    lines = pl.DataFrame(
        [(1, "99213", "25:GT"), (1, "20610", ""), (2, "20610", "")], schema=LINES, orient="row"
    )
    assert set(facts_of(lines).rows()) == {
        (1, "procedure", "99213"), (1, "procedure", "20610"), (2, "procedure", "20610"),
        (1, "procedure_modifier", "99213 25"), (1, "procedure_modifier", "99213 GT"),
        (1, "procedure_bare", "20610"), (2, "procedure_bare", "20610"),
        (1, "procedures", "20610 99213"),
    }  # fmt: skip


def test_the_lower_bound_of_a_share_is_wilsons() -> None:
    # 9 of 10 with z 1.645: (0.9 + 0.1353 - 1.645 sqrt(0.009 + 0.006765)) / 1.27060
    assert wilson_low(9, 10) == pytest.approx(0.6523, abs=5e-4)
    assert wilson_low(0, 0) == 0.0
