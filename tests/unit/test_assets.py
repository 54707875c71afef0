"""The list of front-end files says what a fresh clone gets: sums, versions, icons."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
INSTALLED = REPOSITORY / "node_modules" / ".package-lock.json"


@pytest.fixture(scope="module")
def program() -> ModuleType:
    """The program that fetches the files."""
    place = REPOSITORY / "tools" / "fetch_assets.py"
    spec = importlib.util.spec_from_file_location("fetch_assets", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def listed(program: ModuleType) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(program.LIST.read_text(encoding="utf-8"))
    return found


def versions(lock: Path) -> dict[str, str]:
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return {name: entry["version"] for name, entry in packages.items() if name}


@pytest.mark.skipif(not INSTALLED.is_file(), reason="no node_modules: `make assets` makes them")
def test_the_sums_are_those_of_what_the_packages_hold(
    program: ModuleType, listed: dict[str, Any], tmp_path: Path
) -> None:
    """Whoever has the files in place already would not see it; a fresh clone would be refused."""
    assert versions(INSTALLED) == versions(program.LOCK), "run `make assets`"
    found = program.build(listed, tmp_path / "vendor")
    assert found == program.sums_recorded(listed), "tools/fetch_assets.py --record writes the sums"


def test_each_icon_is_listed_once(listed: dict[str, Any]) -> None:
    names = listed["icons"]["names"]
    assert sorted(names) == sorted(set(names))


def test_icons_that_templates_name_are_listed(listed: dict[str, Any]) -> None:
    sources = (REPOSITORY / "src" / "sanderling").rglob("*.html")
    named = {
        name
        for path in sources
        for name in re.findall(r"{% icon \"([a-z0-9-]+)\"", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 20
    assert named <= set(listed["icons"]["names"])
