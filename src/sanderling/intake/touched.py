"""What a posting unit has touched: the claims to post again, to derive, to look for matches."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl


class Touched:
    """Claim ids gathered while facts are written; used once when the unit is posted."""

    def __init__(self) -> None:
        self._claims: set[int] = set()
        self._derive: set[int] = set()
        self._born: set[int] = set()
        self._numbered: set[int] = set()
        self._answer_sets: set[int] = set()
        self.cash_cents = 0
        self.client_ids: set[int] = set()

    def add(self, other: Touched) -> None:
        """Take over what `other` gathered."""
        self._claims |= other._claims
        self._derive |= other._derive
        self._born |= other._born
        self._numbered |= other._numbered
        self._answer_sets |= other._answer_sets
        self.cash_cents += other.cash_cents
        self.client_ids |= other.client_ids

    def claims(self, ids: pl.Series) -> None:
        """These claims have new facts: their ledger entries are worked out again."""
        self._claims.update(ids.drop_nulls().to_list())

    def derive(self, ids: pl.Series) -> None:
        """What these claims' rows say follows from several facts: derive it from all of them."""
        self._derive.update(ids.drop_nulls().to_list())

    def born(self, ids: pl.Series) -> None:
        """These claims are new, or sent for the first time: what came before may be theirs."""
        self._born.update(ids.drop_nulls().to_list())

    def numbered(self, ids: pl.Series) -> None:
        """These claims are known by a further number: what quotes it may be theirs."""
        self._numbered.update(ids.drop_nulls().to_list())

    def answered(self, set_ids: Iterable[int]) -> None:
        """These sets (277CA, 277, 999, TA1) say something of claims, or of whole batches."""
        self._answer_sets.update(set_ids)

    @property
    def answer_set_ids(self) -> list[int]:
        """The sets that say something of claims, in order."""
        return sorted(self._answer_sets)

    @property
    def known_ids(self) -> list[int]:
        """Every claim of which anything is known that was not before, in order."""
        return sorted(self._claims | self._derive | self._born | self._numbered)

    @property
    def claim_ids(self) -> list[int]:
        """Every claim with new facts, in order."""
        return sorted(self._claims | self._derive)

    @property
    def derived_ids(self) -> list[int]:
        """The claims whose rows are derived anew, in order."""
        return sorted(self._derive)

    @property
    def born_ids(self) -> list[int]:
        """The claims created, or sent for the first time, by this unit, in order."""
        return sorted(self._born)

    @property
    def numbered_ids(self) -> list[int]:
        """The claims known by a further number since this unit, in order."""
        return sorted(self._numbered)
