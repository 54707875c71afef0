"""Remittance remark codes (RARC) and claim status codes: titles in our own words.

Source: DOMAIN 3.5 to 3.7.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources


@cache
def _titles(name: str) -> dict[str, str]:
    source = resources.files(__package__).joinpath(f"{name}.csv")
    with source.open(encoding="utf-8") as lines:
        return {row["code"]: row["title"] for row in csv.DictReader(lines)}


def remark_title(code: str) -> str:
    """Return our title of a RARC, or an empty string when it is not in the table."""
    return _titles("rarc").get(code, "")


def status_category_title(code: str) -> str:
    """Return our title of a claim status category (STC01-1), or an empty string."""
    return _titles("claim_status_category").get(code, "")


def status_title(code: str) -> str:
    """Return our title of a claim status code (STC01-2), or an empty string."""
    return _titles("claim_status").get(code, "")
