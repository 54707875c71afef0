"""Checks the lock files: every requirement has hashes and none names an address."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PYTHON_LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-node.lock")


def main() -> int:
    """Print each fault; return 1 if there is any."""
    faults = [fault for name in PYTHON_LOCKS for fault in python_lock_faults(name)]
    faults += missing_requirements()
    faults += npm_lock_faults()
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def python_lock_faults(name: str) -> list[str]:
    """Return what is wrong with one lock file of Python packages."""
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    faults = []
    if re.search(r"https?:|--(extra-)?index|--find-links|file:", text):
        faults.append(f"{name} names an address")
    faults += [
        f"{name}: no hash for {requirement.splitlines()[0]}"
        for requirement in re.split(r"\n(?=[A-Za-z0-9])", text.strip())
        if "--hash=sha256:" not in requirement
    ]
    return faults


def missing_requirements() -> list[str]:
    """Return the direct dependencies of pyproject.toml that the lock file does not have."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    locked = {
        line.split("==")[0]
        for line in (REPOSITORY / "requirements-dev.lock").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=~! ;]", requirement)[0].lower() for requirement in wanted}
    return [f"{name} is not locked: run `make lock`" for name in sorted(names - locked)]


def npm_lock_faults() -> list[str]:
    """Return what is wrong with package-lock.json."""
    lock = json.loads((REPOSITORY / "package-lock.json").read_text(encoding="utf-8"))
    faults = []
    for name, entry in lock["packages"].items():
        if not name:
            continue
        if "resolved" in entry:
            faults.append(f"package-lock.json names an address for {name}")
        if "integrity" not in entry:
            faults.append(f"package-lock.json has no sum for {name}")
    return faults


if __name__ == "__main__":
    sys.exit(main())
