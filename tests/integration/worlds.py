"""Small simulated worlds, made once for each test session, and a splitter of our own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from sanderling.simulator.files import OutFile
from sanderling.simulator.output import write_world
from sanderling.simulator.truth import write_truth
from sanderling.simulator.world import World
from sanderling.simulator.worldstate import Settings

START_DATE = date(2026, 1, 1)
SEEDS = (11, 12)


@dataclass(frozen=True)
class MadeWorld:
    """A world on disk."""

    world: World
    files: list[OutFile]
    folder: Path
    truth: Path

    def paths(self, *extensions: str) -> list[Path]:
        """All files of these kinds, in order of day and name."""
        found = sorted(self.folder.glob("days/*/*"))
        return [path for path in found if path.suffix[1:] in extensions]


@cache
def made_world(seed: int, claims: int = 1500, days: int = 200) -> MadeWorld:
    """Make a world once."""
    return make_world(seed, claims, days)


def make_world(seed: int, claims: int, days: int) -> MadeWorld:
    """Make a world in a new folder."""
    base = Path(mkdtemp(prefix="world-"))
    world = World(Settings(claims, seed, START_DATE, days))
    files = write_world(world, base / "out")
    write_truth(world, files, base / "truth")
    return MadeWorld(world, files, base / "out", base / "truth")


def joined_days(days: Path, into: Path) -> list[Path]:
    """Put each day's files into one: the same interchanges in a tenth of the time.

    Returns the days' new folders in order, each of which holds that one file.
    """
    found = []
    for day in sorted(days.iterdir()):
        target = into / day.name
        target.mkdir(parents=True)
        content = b"".join(path.read_bytes() for path in sorted(day.iterdir()))
        (target / "all.edi").write_bytes(content)
        found.append(target)
    return found


def split(text: str) -> Iterator[list[str]]:
    """Split one interchange by the separators in its ISA; components are written with a colon."""
    element, component, terminator = text[3], text[104], text[105]
    for piece in text.split(terminator):
        stripped = piece.strip("\r\n")
        if stripped:
            elements = stripped.split(element)
            yield [item.replace(component, ":") for item in elements]


def cents(text: str) -> int:
    """Read an X12 decimal as cents, without floating point."""
    sign = -1 if text.startswith("-") else 1
    whole, _, part = text.lstrip("-").partition(".")
    return sign * (int(whole or "0") * 100 + int(f"{part:0<2}"[:2] if part else "0"))
