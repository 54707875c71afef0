"""Numbers that name claims, made comparable.

Payers and clearinghouses change a patient control number on the way: case, blanks, punctuation,
leading zeros. Two numbers with the same key mean the same claim of a client.

Source: DOMAIN 2.16.
"""

from __future__ import annotations

import polars as pl


def number_key(number: str) -> str:
    """Return the comparable form of a claim number; "" when it names nothing (blank, zeros)."""
    return "".join(c for c in number.upper() if c.isalnum() and c.isascii()).lstrip("0")


def number_key_expr(column: str) -> pl.Expr:
    """Return `number_key` of a text column; null gives ""."""
    return (
        pl.col(column)
        .fill_null("")
        .str.to_uppercase()
        .str.replace_all(r"[^0-9A-Z]", "")
        .str.strip_chars_start("0")
    )
