"""The numbers the simulated world is drawn from, read once from `parameters.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Parameters:
    """Sections of `parameters.toml`, each a mapping from name to number."""

    claims: dict[str, float]
    timing: dict[str, float]
    front_end: dict[str, float]
    office: dict[str, float]
    follow_up: dict[str, float]
    ranges: dict[str, tuple[float, float]]  # the two-number entries of all sections
    payment: dict[str, float]
    noise: dict[str, float]
    quirks: dict[str, float]
    denials: dict[str, float]
    recovery: dict[str, float]
    choices: dict[str, float]
    working: dict[str, float]
    effort: dict[str, float]


@cache
def load_parameters() -> Parameters:
    """Read the parameters shipped with the package."""
    text = resources.files(__package__).joinpath("parameters.toml").read_text(encoding="utf-8")
    sections: dict[str, dict[str, float]] = {}
    ranges: dict[str, tuple[float, float]] = {}
    for section, entries in tomllib.loads(text).items():
        sections[section] = {}
        for name, value in entries.items():
            if isinstance(value, list):
                low, high = value
                ranges[name] = (float(low), float(high))
            else:
                sections[section][name] = float(value)
    return Parameters(ranges=ranges, **sections)
