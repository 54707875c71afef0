"""Money is a whole number of cents; this module turns text into cents.

Source: X12 data type R (decimal): an optional leading minus, an optional decimal point, no
thousands separator; trailing zeros may be dropped.
"""

from __future__ import annotations

import re
from typing import Final

# [0-9], not \d: \d also accepts digits of other scripts.
_AMOUNT: Final = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]*)(?:\.(?P<part>[0-9]*))?")


class NotAnAmount(ValueError):
    """The text is no decimal amount with at most two places that matter."""


def parse_cents(text: str) -> int:
    """Return the cents of a decimal amount such as `72`, `-1.25`, `.5` or `100.00`.

    Raises:
        NotAnAmount: no digits, other characters, or a part of a cent that is not zero.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise NotAnAmount
    whole, part = match["whole"], match["part"] or ""
    if not whole and not part:
        raise NotAnAmount
    if part[2:].strip("0"):
        raise NotAnAmount
    cents = int(whole or "0") * 100 + int(part[:2].ljust(2, "0") or "0")
    return -cents if match["sign"] == "-" else cents


def parse_written_cents(text: str) -> int:
    """Return the cents of an amount as people write it: `$1,234.56`, `(12.00)`, `1234.5-`.

    Raises:
        NotAnAmount: it still is no amount without currency sign and thousands separators.
    """
    cleaned = text.strip().replace("$", "").replace(",", "").replace(" ", "")
    is_negative = False
    if cleaned.startswith("(") and cleaned.endswith(")"):
        cleaned, is_negative = cleaned[1:-1], True
    elif cleaned.endswith("-"):
        cleaned, is_negative = cleaned[:-1], True
    cents = parse_cents(cleaned)
    return -cents if is_negative else cents
