"""Exact amounts in frames: whole numbers of 128 bits, a cent being CENT of them.

A price is a product of a rate, units and factors, and is rounded once, half up, at its end. Floats
would be a cent off now and then; decimals of any length would be slow.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.core.contracts.base_prices import FACTOR_SCALE

CENT: Final = 10**15
# What division may have cut off on the way: far less than any product of real factors can differ.
_SLACK: Final = 1_000


def big(value: int | str | pl.Expr) -> pl.Expr:
    """Return a number, or a column, as 128 bits."""
    if isinstance(value, int):
        return pl.lit(value, dtype=pl.Int128)
    return (pl.col(value) if isinstance(value, str) else value).cast(pl.Int128)


def times(amount: str | pl.Expr, factor: str | pl.Expr) -> pl.Expr:
    """Return the amount by a factor that is scaled by FACTOR_SCALE."""
    return big(amount) * big(factor) // big(FACTOR_SCALE)


def cents(amount: str | pl.Expr) -> pl.Expr:
    """Return the amount in cents, rounded half up."""
    return ((big(amount) * 2 + big(CENT + _SLACK)) // big(2 * CENT)).cast(pl.Int64)
