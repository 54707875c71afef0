"""Every setting that the code reads is in .env.example."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
INTERNAL = {"SANDERLING_PARENT_PIPE", "SANDERLING_TEST_HOME"}


def test_every_variable_is_in_the_example() -> None:
    read = {
        name
        for path in (REPOSITORY / "src").rglob("*.py")
        for name in re.findall(r'"(SANDERLING_[A-Z_]+)"', path.read_text(encoding="utf-8"))
    }
    listed = set(
        re.findall(
            r"(?m)^#?(SANDERLING_[A-Z_]+)=",
            (REPOSITORY / ".env.example").read_text(encoding="utf-8"),
        )
    )
    assert read >= {"SANDERLING_HOME", "SANDERLING_IDLE_MINUTES"}
    missing = {name for name in read - INTERNAL if {name, f"{name}_FILE"}.isdisjoint(listed)}
    assert missing == set()
