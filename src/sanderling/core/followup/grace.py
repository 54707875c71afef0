"""How long after its day a promised payment may still come before the promise counts as broken.

Guesses, to be set by who knows their payers: an EFT and its 835 take a few days, a mailed check a
week, Medicaid pays in weekly cycles. No source.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ANY: Final = "*"
DAYS_MAX: Final = 90
GRACE_DAYS: Final[Mapping[str, int]] = MappingProxyType(
    {"medicare": 3, "medicaid": 10, "workers_comp": 10, "auto": 10, ANY: 7}
)


def grace_days(payer_type: str, table: Mapping[str, int]) -> int:
    """Return the days of grace of a type of payer."""
    return table.get(payer_type, table[ANY])


def parse_grace(text: str, *, known: frozenset[str]) -> Mapping[str, int]:
    """Return the table that `medicaid=14;*=5` means: what it does not name stays as it was.

    Raises:
        ValueError: an unknown type, or no number of days; the text says which.
    """
    table = dict(GRACE_DAYS)
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, _, days = (piece.strip() for piece in part.partition("="))
        if name != ANY and name not in known:
            raise ValueError(f"{name or part} is no type of payer: {', '.join(sorted(known))}, *")
        if not (days.isascii() and days.isdigit() and int(days) <= DAYS_MAX):
            raise ValueError(f"{name} must have from 0 to {DAYS_MAX} days")
        table[name] = int(days)
    return MappingProxyType(table)
