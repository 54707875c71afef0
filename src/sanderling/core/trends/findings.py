"""What the search returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import polars as pl

from sanderling.core.trends.outcomes import Schema

# One row a client that is in the scope.
PARTS: Final[Schema] = {
    "client_id": pl.Int64,
    "is_hit": pl.Boolean,
    "outcomes_before": pl.Int64,
    "events_before": pl.Int64,
    "outcomes_after": pl.Int64,
    "events_after": pl.Int64,
    "excess_claims": pl.Float64,
    "claims": pl.Int64,
    "open_claims": pl.Int64,
    "at_stake_cents": pl.Int64,
    "month_cents": pl.Int64,
}
WEEKS: Final[Schema] = {
    "client_id": pl.Int64,
    "week_date": pl.Date,  # its Monday
    "outcomes": pl.Int64,
    "events": pl.Int64,
    "event_cents": pl.Int64,
}
SIBLINGS: Final[Schema] = {
    "client_id": pl.Int64,
    "claim_id": pl.Int64,
    "event_date": pl.Date,
    "amount_cents": pl.Int64,
    "is_open": pl.Boolean,
}


# Between several codes of one dimension, any of which is meant: "CO-16 or CO-252".
ANY_OF: Final = " or "
# Dimensions of codes, which have no blanks: only these may have several values.
SEVERAL: Final = frozenset({"procedure", "modifier", "carc", "rarc"})


def values_of(name: str, text: str) -> list[str]:
    """Return the values that a dimension of a description names."""
    return text.split(ANY_OF) if name in SEVERAL else [text]


@dataclass(frozen=True, slots=True)
class Description:
    """The smallest description of an issue: which outcomes, and which events among them.

    A dimension of SEVERAL may name several values: any of them is meant (ANY_OF).
    """

    kind: str
    basis: str = "shift"  # or steady
    scope: Mapping[str, str] = field(default_factory=dict)  # of TRIAL_DIMENSIONS
    event: Mapping[str, str] = field(default_factory=dict)  # of EVENT_DIMENSIONS

    @property
    def key(self) -> str:
        """Return the same text for the same description, whatever order it was made in."""
        said = sorted({**self.scope, **self.event}.items())
        return "|".join([self.kind, self.basis, *(f"{name}={value}" for name, value in said)])

    @property
    def client_id(self) -> int | None:
        """Return the one client that it names."""
        return int(self.scope["client_id"]) if "client_id" in self.scope else None

    @property
    def payer_id(self) -> int | None:
        """Return the one payer that it names."""
        return int(self.scope["payer_id"]) if "payer_id" in self.scope else None

    @property
    def dimensions(self) -> dict[str, str]:
        """Return what it says beside client and payer."""
        parts = {**self.scope, **self.event}
        return {k: v for k, v in sorted(parts.items()) if k not in {"client_id", "payer_id"}}


@dataclass(frozen=True, slots=True)
class Finding:
    """An issue as one search sees it."""

    description: Description
    onset: date | None  # None: since ever
    onset_low: date | None
    onset_high: date | None
    axis: str  # of AXES: what the onset is a day of
    confidence: float
    evidence: float  # log of the e-value over its limit
    rate_before: float
    rate_after: float
    others_hit: int  # clients beside the first that are hit
    others_exposed: int  # clients beside the first with outcomes enough to tell
    caused_by: str  # payer, client, unknown
    category: str  # most of its events are of; empty: none is known
    parts: pl.DataFrame  # PARTS
    weeks: pl.DataFrame  # WEEKS
    siblings: pl.DataFrame  # SIBLINGS

    @property
    def claims(self) -> int:
        """Return how many claims are hit since the onset."""
        return self.siblings.height

    @property
    def at_stake_cents(self) -> int:
        """Return what these hold back."""
        return int(self.siblings["amount_cents"].sum())
