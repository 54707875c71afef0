"""Renders this room's documents (temporary: until `documents` is there)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import typst

_FOLDER = Path(__file__).parent / "typst"


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(ignore_system_fonts=True, root=_FOLDER)


def render(template: str, data: Mapping[str, Any]) -> bytes:
    """Return a PDF."""
    made = _compiler().compile(_FOLDER / template, sys_inputs={"data": json.dumps(data)})
    assert isinstance(made, bytes)
    return made
