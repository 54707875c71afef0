"""Identifiers with valid check digits, and random helpers that do not depend on the platform."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import TypeVar

_NPI_PREFIX_SUM = 24  # Luhn contribution of the prefix 80840
Item = TypeVar("Item")


def npi(number: int) -> str:
    """Make an NPI with a right check digit (Luhn over 80840 and the first nine digits)."""
    digits = f"1{number:08d}"
    total = _NPI_PREFIX_SUM
    for place, character in enumerate(digits):
        digit = int(character)
        if place % 2 == 0:  # counted from the right every second digit is doubled
            digit = digit * 2 - 9 if digit > 4 else digit * 2  # noqa: PLR2004 - Luhn
        total += digit
    return f"{digits}{-total % 10}"


def dice_for(*parts: object) -> Random:
    """Make a generator of its own for one decision, so that order of events does not matter."""
    return Random("|".join(str(part) for part in parts))  # noqa: S311 - not a secret


def lognormal_days(dice: Random, median: float, p90: float) -> int:
    """Draw whole days from a lognormal given by its median and 90th percentile."""
    sigma = math.log(p90 / median) / 1.2816
    return round(dice.lognormvariate(math.log(median), sigma))


def poisson(dice: Random, mean: float) -> int:
    """Draw a small Poisson count."""
    limit = math.exp(-mean)
    count = 0
    product = dice.random()
    while product > limit:
        count += 1
        product *= dice.random()
    return count


def pick(dice: Random, items: Sequence[tuple[Item, float]]) -> Item:
    """Draw one item by weight."""
    mark = dice.random() * sum(weight for _, weight in items)
    for item, weight in items:
        mark -= weight
        if mark < 0:
            return item
    return items[-1][0]


def share_of(cents: int, share: float) -> int:
    """Multiply cents by a share, rounded half up; the share counts to six decimals."""
    return (cents * round(share * 1_000_000) + 500_000) // 1_000_000
