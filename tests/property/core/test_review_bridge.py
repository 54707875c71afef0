"""The bridge of a review adds up for any book: part by part, and as a whole."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from sanderling.core.reviews.bridge import (
    BALANCES,
    CENTS,
    COLUMNS,
    ENTRIES,
    MOVEMENT_OF_KIND,
    PASSED_THROUGH,
    bridge,
)

PARTS = ("denied", "awaiting_payer", "credit_balance")
# A balance: where it was and with how much (None: not there), what happened, where it is if open.
balance = st.tuples(
    st.none() | st.tuples(st.sampled_from(PARTS), st.integers(-500, 500).filter(bool)),
    st.lists(st.tuples(st.sampled_from(sorted(MOVEMENT_OF_KIND)), st.integers(-500, 500))),
    st.sampled_from(PARTS),
)
Book = list[tuple[tuple[str, int] | None, list[tuple[int, int]], str]]


def frames(book: Book) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return opening, closing and entries of balances whose closing is what the entries make."""
    was, now, moved = [], [], []
    for claim, (before, entries, after) in enumerate(book):
        key = (claim // 2, 11 + claim % 2)
        cents = before[1] if before else 0
        if before:
            was.append((*key, *before))
        moved += [(*key, kind, amount) for kind, amount in entries]
        cents += sum(amount for _, amount in entries)
        if cents:
            now.append((*key, after, cents))
    return (
        pl.DataFrame(was, schema=dict(BALANCES), orient="row"),
        pl.DataFrame(now, schema=dict(BALANCES), orient="row"),
        pl.DataFrame(moved, schema=dict(ENTRIES), orient="row"),
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(balance, max_size=12))
def test_every_part_and_the_whole_add_up_to_the_cent(book: Book) -> None:
    opening, closing, entries = frames(book)
    found = bridge(opening, closing, entries)
    flows = (*CENTS, "moved_in_cents", "moved_out_cents", "unexplained_cents")
    for row in found.rows.iter_rows(named=True):
        assert row["opening_cents"] + sum(row[name] for name in flows) == row["closing_cents"]
        assert row["unexplained_cents"] == 0
        if row["part"] == PASSED_THROUGH:
            assert (row["opening_cents"], row["closing_cents"]) == (0, 0)
    whole = found.total()
    assert whole["moved_in_cents"] + whole["moved_out_cents"] == 0
    assert whole["opening_cents"] == opening["balance_cents"].sum()
    assert whole["closing_cents"] == closing["balance_cents"].sum()
    assert sum(whole[name] for name in CENTS) == entries["cents"].sum()
    for part, frame in (("opening", opening), ("closing", closing)):
        sums = dict(frame.group_by("part").agg(pl.col("balance_cents").sum()).rows())
        rows = {row["part"]: row[f"{part}_cents"] for row in found.rows.iter_rows(named=True)}
        assert {name: cents for name, cents in rows.items() if name in sums} == sums
        assert not any(cents for name, cents in rows.items() if name not in sums)


@settings(max_examples=10, deadline=None)
@given(st.lists(balance, min_size=1, max_size=8), st.integers(1, 99))
def test_what_no_entry_explains_is_shown_and_never_plugged(book: Book, surplus: int) -> None:
    opening, closing, entries = frames(book)
    wrong = closing.with_columns(pl.col("balance_cents") + surplus)
    found = bridge(opening, wrong, entries).total()
    assert found["unexplained_cents"] == surplus * wrong.height


def test_a_week_by_hand() -> None:
    book: Book = [
        (("awaiting_payer", 100), [(3, -60), (4, -10)], "denied"),  # paid in part, then refused
        (None, [(1, 200)], "awaiting_payer"),  # new
        (("denied", 50), [(3, -50)], "denied"),  # closed
        (None, [(1, 30), (3, -30)], "denied"),  # came and went
    ]
    found = bridge(*frames(book))
    rows = {row["part"]: row for row in found.rows.iter_rows(named=True)}
    assert tuple(rows["awaiting_payer"][name] for name in COLUMNS[1:]) == (
        1, 100, 200, -60, -10, 0, 0, 0, 0, 0, -30, 0, 1, 200,
    )  # fmt: skip
    assert rows["denied"]["payments_cents"] == -50
    assert (rows["denied"]["moved_in_cents"], rows["denied"]["closing_cents"]) == (30, 30)
    assert rows[PASSED_THROUGH]["charges_cents"] == 30
    assert found.moves.rows() == [("awaiting_payer", "denied", 1, 30)]
