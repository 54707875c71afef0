"""Buckets of age: bounds, column names, labels. One set of words for every page and export."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

DEFAULT_BUCKETS: Final = (30, 60, 90, 120)


def bucket_columns(buckets: Sequence[int]) -> tuple[str, ...]:
    """Return the names of the bucket columns: b0_30_cents, b31_60_cents, ..., b120_plus_cents."""
    lows = [0, *[bound + 1 for bound in buckets[:-1]]]
    names = [f"b{low}_{high}_cents" for low, high in zip(lows, buckets, strict=True)]
    return (*names, f"b{buckets[-1]}_plus_cents")


def bucket_labels(buckets: Iterable[int]) -> list[str]:
    """Return what the buckets are called: 0-30, 31-60, ..., over 120."""
    labels, low = [], 0
    for high in buckets:
        labels.append(f"{low}-{high}")
        low = high + 1
    return [*labels, f"Over {low - 1}"]
