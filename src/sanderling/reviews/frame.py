"""What every part of a pack is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """The days and clients of a pack, and its balances: what sums over the book are made of.

    Money is as of `as_of`, compared with `since` (None: no earlier day is kept). Lists of work are
    as of `today`, the day on which the pack is made.
    """

    as_of: date
    since: date | None
    today: date
    client_ids: tuple[int, ...]
    closing: pl.DataFrame  # movement.WORKED_OUT_PARTS on as_of
    opening: pl.DataFrame | None  # on since
