"""Candidate edit rules: which plain conditions would have held the claims that went wrong.

A condition is a fact of a claim as it was sent: its payer, a code, a code with or without a
modifier, a diagnosis, a place, a provider, something that is missing. Conjunctions of up to four
are searched on the earlier claims and tried on the later ones, which the search has not seen, and
on those before the trouble began. A rule is proposed only with enough claims behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from sanderling.core.refusal import Refusal

TRAIN_SHARE: Final = 0.6
BAD_TRAIN_MIN: Final = 20
BAD_TEST_MIN: Final = 8
RIGHT_TEST_MIN: Final = 5
PRECISION_MIN: Final = 0.5
SUPPORT_MIN: Final = 8  # bad claims of the earlier ones that a condition holds for
CONDITIONS_MAX: Final = 4
WIDTH: Final = 25  # of the search: rules kept at each length
FACTS_MAX: Final = 250
PROPOSED_MAX: Final = 3
ALIKE: Final = 0.8  # rules that hold mostly the same claims are one
BETA_SQUARED: Final = 0.25  # a false hold is worse than a miss: F-measure with beta 1/2
PRICE: Final = 0.01  # of each further condition: simple rules first
DAYS_A_MONTH: Final = 30.4

# What is known of each claim: grain one row a claim as sent for the first time.
CLAIMS: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = {
    "claim_id": pl.Int64,
    "sent_date": pl.Date,
    "is_bad": pl.Boolean,
    "cents": pl.Int64,  # denied; 0 when it is not bad
}
# Facts of claims, long: (claim_id, field, value); see `facts_of`.
FACTS: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = {
    "claim_id": pl.Int64,
    "field": pl.String,
    "value": pl.String,
}
LINES: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = {
    "claim_id": pl.Int64,
    "procedure": pl.String,
    "modifiers": pl.String,  # joined by ":"
}

Condition = tuple[str, str]
Marks = npt.NDArray[np.bool_]


class TooLittle(Refusal):
    """No rule can be proposed."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a rule would have done to some claims."""

    claims: int
    bad: int
    held: int
    right: int  # held, and denied
    right_cents: int
    days: int

    @property
    def wrong(self) -> int:
        """Return how many it would have held for nothing."""
        return self.held - self.right

    @property
    def precision(self) -> float | None:
        """Return right / held."""
        return self.right / self.held if self.held else None

    @property
    def recall(self) -> float | None:
        """Return right / bad."""
        return self.right / self.bad if self.bad else None

    @property
    def wrong_a_month(self) -> float:
        """Return false holds in a month."""
        return self.wrong * DAYS_A_MONTH / max(self.days, 1)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule (all conditions hold) with what it did on what it learned from, later, and before."""

    conditions: tuple[Condition, ...]
    train: Tried
    test: Tried
    before: Tried | None  # before the trouble began; None: no claims then


def facts_of(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the facts that lines (LINES) tell of their claims."""
    coded = lines.filter(pl.col("procedure") != "")
    modified = coded.filter(pl.col("modifiers") != "").with_columns(
        pl.col("modifiers").str.split(":")
    )
    with_modifier = modified.explode("modifiers").select(
        "claim_id",
        field=pl.lit("procedure_modifier"),
        value=pl.concat_str("procedure", "modifiers", separator=" "),
    )
    bare = coded.filter(pl.col("modifiers") == "")
    codes = coded.select("claim_id", "procedure").unique()
    pairs = (
        codes.join(codes, on="claim_id", suffix="_other")
        .filter(pl.col("procedure") < pl.col("procedure_other"))
        .select(
            "claim_id",
            field=pl.lit("procedures"),
            value=pl.concat_str("procedure", "procedure_other", separator=" "),
        )
    )
    return pl.concat(
        [
            codes.select("claim_id", field=pl.lit("procedure"), value="procedure"),
            with_modifier,
            bare.select("claim_id", field=pl.lit("procedure_bare"), value="procedure"),
            pairs,
        ]
    ).unique()


def matching(facts: pl.DataFrame, conditions: Collection[Condition]) -> set[int]:
    """Return the claims for which all conditions hold."""
    wanted = pl.DataFrame(
        sorted(set(conditions)), schema={"field": pl.String, "value": pl.String}, orient="row"
    )
    if wanted.is_empty():
        return set()
    found = (
        facts.unique()
        .join(wanted, on=["field", "value"], how="semi")
        .group_by("claim_id")
        .len()
        .filter(pl.col("len") == wanted.height)
    )
    return set(found["claim_id"].to_list())


def propose(
    claims: pl.DataFrame, facts: pl.DataFrame, *, onset_date: date | None
) -> list[Candidate]:
    """Return the best rules, the best first; three at most.

    Raises:
        TooLittle: too few claims went wrong, or nothing tells them from the others.
    """
    ordered = claims.sort("sent_date", "claim_id")
    since = ordered.filter(pl.col("sent_date") >= onset_date) if onset_date else ordered
    before = ordered.filter(pl.col("sent_date") < onset_date) if onset_date else ordered.head(0)
    train, test = _split(since)
    _check(int(train["is_bad"].sum()), int(test["is_bad"].sum()))
    matrix = _Matrix.of(train, facts)
    found = _searched(matrix)
    candidates: list[Candidate] = []
    kept: list[Marks] = []
    for conditions, marks in found:
        if any((marks & other).sum() > ALIKE * (marks | other).sum() for other in kept):
            continue
        one = _tried(conditions, (train, test, before), facts)
        if one.test.right < RIGHT_TEST_MIN or (one.test.precision or 0) < PRECISION_MIN:
            continue
        candidates.append(one)
        kept.append(marks)
        if len(candidates) == PROPOSED_MAX:
            break
    if not candidates:
        raise TooLittle(_nothing_holds(found, (train, test, before), facts))
    return candidates


def _split(since: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the earlier claims and the later ones, split between two days."""
    if since.is_empty():
        return since, since
    cut = since["sent_date"][min(int(since.height * TRAIN_SHARE), since.height - 1)]
    return since.filter(pl.col("sent_date") < cut), since.filter(pl.col("sent_date") >= cut)


def _check(bad_train: int, bad_test: int) -> None:
    if bad_train < BAD_TRAIN_MIN or bad_test < BAD_TEST_MIN:
        raise TooLittle(
            f"too few claims went wrong to learn a rule from: {bad_train} earlier and {bad_test}"
            f" later ones, and it takes {BAD_TRAIN_MIN} and {BAD_TEST_MIN}"
        )


@dataclass(frozen=True, slots=True)
class _Matrix:
    """Which fact holds for which claim."""

    conditions: list[Condition]
    marks: list[Marks]
    bad: Marks

    @classmethod
    def of(cls, claims: pl.DataFrame, facts: pl.DataFrame) -> _Matrix:
        placed = claims.select("claim_id", "is_bad").with_row_index("place")
        held = facts.join(placed, on="claim_id").unique(["field", "value", "place"])
        rate = float(placed["is_bad"].mean() or 0)  # type: ignore[arg-type]
        worth = (
            held.group_by("field", "value")
            .agg(held=pl.len(), bad=pl.col("is_bad").sum(), places=pl.col("place"))
            .filter((pl.col("bad") >= SUPPORT_MIN) & (pl.col("held") < placed.height))
            .with_columns(gain=pl.col("bad") - pl.col("held") * rate)
            .filter(pl.col("gain") > 0)
            .sort(["gain", "field", "value"], descending=[True, False, False])
            .head(FACTS_MAX)
        )
        marks = []
        for places in worth["places"]:
            one = np.zeros(placed.height, dtype=np.bool_)
            one[places.to_numpy()] = True
            marks.append(one)
        conditions = list(zip(worth["field"].to_list(), worth["value"].to_list(), strict=True))
        return cls(conditions, marks, placed["is_bad"].to_numpy())


def _searched(matrix: _Matrix) -> list[tuple[tuple[Condition, ...], Marks]]:
    """Return rules, the best first, none that a part of it does as well as."""
    total = int(matrix.bad.sum())
    best: dict[frozenset[int], tuple[float, Marks]] = {}
    front: dict[frozenset[int], tuple[float, Marks]] = {}
    everything = np.ones(len(matrix.bad), dtype=np.bool_)
    front[frozenset()] = (0.0, everything)
    for length in range(1, CONDITIONS_MAX + 1):
        grown: dict[frozenset[int], tuple[float, Marks]] = {}
        for chosen, (score, marks) in front.items():
            for place, mark in enumerate(matrix.marks):
                key = chosen | {place}
                if len(key) != length or key in grown:
                    continue
                both = marks & mark
                right = int((both & matrix.bad).sum())
                if right < SUPPORT_MIN:
                    continue
                worth = _worth(int(both.sum()), right, total) - PRICE * (length - 1)
                if worth > score:
                    grown[key] = (worth, both)
        front = dict(sorted(grown.items(), key=lambda one: (-one[1][0], sorted(one[0])))[:WIDTH])
        best |= front
    ranked = sorted(best.items(), key=lambda one: (-one[1][0], len(one[0]), sorted(one[0])))
    return [
        (tuple(sorted(matrix.conditions[place] for place in chosen)), marks)
        for chosen, (_, marks) in ranked
    ]


def _worth(held: int, right: int, total: int) -> float:
    """Return the F-measure of recall and of the least precision that is likely."""
    precision = wilson_low(right, held)
    recall = right / total
    if precision + recall == 0:
        return 0.0
    return (1 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall)


def wilson_low(right: int, held: int, z: float = 1.645) -> float:
    """Return the lower bound of a share (Wilson 1927), one-sided 95 %."""
    if not held:
        return 0.0
    share = right / held
    middle = share + z * z / (2 * held)
    spread = z * np.sqrt(share * (1 - share) / held + z * z / (4 * held * held))
    return float((middle - spread) / (1 + z * z / held))


def wilson_interval(bad: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """Return the bounds of a share (Wilson 1927), two-sided 95 %; of nothing 0 and 1."""
    if not count:
        return 0.0, 1.0
    low = wilson_low(bad, count, z)
    return max(low, 0.0), min(1.0 - wilson_low(count - bad, count, z), 1.0)


def try_on(conditions: Sequence[Condition], claims: pl.DataFrame, facts: pl.DataFrame) -> Tried:
    """Return what a rule would have done to these claims."""
    held = claims.filter(pl.col("claim_id").is_in(sorted(matching(facts, conditions))))
    right = held.filter("is_bad")
    days = 0
    if not claims.is_empty():
        first, last = claims["sent_date"].min(), claims["sent_date"].max()
        assert isinstance(first, date)  # noqa: S101 - for mypy: days of a frame with rows
        assert isinstance(last, date)  # noqa: S101
        days = (last - first).days + 1
    return Tried(
        claims.height,
        int(claims["is_bad"].sum()),
        held.height,
        right.height,
        int(right["cents"].sum()),
        days,
    )


def _tried(
    conditions: tuple[Condition, ...],
    parts: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame],
    facts: pl.DataFrame,
) -> Candidate:
    train, test, before = parts
    return Candidate(
        conditions,
        try_on(conditions, train, facts),
        try_on(conditions, test, facts),
        try_on(conditions, before, facts) if before.height else None,
    )


def _nothing_holds(
    found: Sequence[tuple[tuple[Condition, ...], Marks]],
    parts: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame],
    facts: pl.DataFrame,
) -> str:
    if not found:
        return "nothing in the claims as sent tells those that went wrong from the others"
    best = _tried(found[0][0], parts, facts).test
    return (
        "no rule is worth proposing: on the later claims the best one would have held"
        f" {best.held}, of which {best.right} went wrong"
    )
