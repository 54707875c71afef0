"""Worlds with planted problems, taken in: what detectors are scored on.

`python -m bench.planted_worlds --seeds 21,22,23 [--claims 24000] [--days 270] [--contracts]` makes each
world by a recipe drawn from its seed, under .cache/bench/planted, with a SANDERLING_HOME of its own,
and takes it in day by day as the billing company had the files. What is there is not made again.
Contracts are loaded through the command line, apart, so that what is learned from history alone can
be asked first.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.barriers_truth import take_in

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("SANDERLING_BENCH_CACHE", ROOT / ".cache")) / "bench" / "planted"
START = date(2025, 12, 1)
CLAIMS, DAYS = 24_000, 270
ORDER = ("837p", "837i", "837d", "ta1", "999", "277ca", "276", "277", "835")


@dataclass(frozen=True, slots=True)
class PlantedWorld:
    """Where a world, its truth and the product's data lie."""

    seed: int
    claims: int
    days: int

    @property
    def folder(self) -> Path:
        """All of it."""
        return CACHE / f"{self.seed}-{self.claims}-{self.days}"

    @property
    def out(self) -> Path:
        """The files."""
        return self.folder / "out"

    @property
    def truth(self) -> Path:
        """What is true."""
        return self.folder / "truth"

    @property
    def home(self) -> Path:
        """The product's data."""
        return self.folder / "home"

    @property
    def last_date(self) -> date:
        """The world's last day."""
        return START + timedelta(days=self.days - 1)

    def environment(self) -> dict[str, str]:
        """Answer what a process of the product runs with."""
        return {**os.environ, "SANDERLING_HOME": str(self.home)}

    def rows(self, name: str) -> list[dict[str, str]]:
        """Read a CSV file of the truth."""
        path = self.truth / name
        if not path.exists():
            return []
        with path.open(newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))


def make(world: PlantedWorld) -> None:
    """Write the world and its truth, unless it is there."""
    if (world.truth / "problems.json").exists():
        return
    from sanderling.simulator.output import write_world
    from sanderling.simulator.recipes import draw_recipe
    from sanderling.simulator.truth import write_truth
    from sanderling.simulator.world import World
    from sanderling.simulator.worldstate import Settings

    settings = Settings(world.claims, world.seed, START, world.days)
    made = World(settings, draw_recipe(world.seed, settings))
    files = write_world(made, world.out)
    _merge_days(world.out / "days")
    write_truth(made, files, world.truth)


def _merge_days(days: Path) -> None:
    """Put a day's files of one kind into one, interchange after interchange: fewer files."""
    for day in sorted(days.iterdir()):
        for place, kind in enumerate(ORDER):
            files = sorted(day.glob(f"*.{kind}"))
            if files:
                text = b"\n".join(path.read_bytes().rstrip() for path in files) + b"\n"
                for path in files:
                    path.unlink()
                (day / f"{place}.{kind}").write_bytes(text)


def take_in_all(world: PlantedWorld) -> None:
    """Take everything but contracts in; call it in a process with the world's environment."""
    mark = world.folder / "taken-in"
    if mark.exists():
        return
    from sanderling.cli.runtime import start_database

    start_database()
    mark.write_text(f"{take_in(world.out)}\n")


def load_contracts(world: PlantedWorld) -> None:
    """Load every contract and its renewals through the command of the product, once."""
    mark = world.folder / "contracts-loaded"
    if not mark.exists():
        code = (
            "from bench.planted_worlds import PlantedWorld, import_contracts;"
            f"import_contracts(PlantedWorld({world.seed}, {world.claims}, {world.days}))"
        )
        list(in_process(world, code))
        mark.touch()


def import_contracts(world: PlantedWorld) -> None:
    """Run `contracts import` for each file, all in this process, which has the world's home."""
    from sanderling.cli.runtime import start_database

    start_database()
    from sanderling.cli.contracts import command

    for path in sorted((world.out / "contracts").glob("*.csv")):
        stem, _, version = path.stem.partition("@")
        client, _, payer = stem.partition("-")
        from_date = version or (START - timedelta(days=400)).isoformat()
        terms = str(path.with_suffix(".toml"))
        command.main(
            ["import", str(path), "--client", client, "--payer", payer, "--from", from_date,
             "--terms", terms, "--format", "json"],
            standalone_mode=False,
        )  # fmt: skip


def run(world: PlantedWorld, *words: str) -> str:
    """Run a command of the product in a process of its own; answer what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "sanderling", *words],
        env=world.environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"sanderling {' '.join(words[:2])} failed: {done.stderr[-600:]}")
    return done.stdout


def stop(world: PlantedWorld) -> None:
    """Stop the world's database."""
    if world.home.exists():
        subprocess.run(
            [sys.executable, "-m", "sanderling", "down"],
            env=world.environment(),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            check=True,
        )


def in_process(world: PlantedWorld, code: str) -> Iterator[str]:
    """Run Python in a process with the world's home; answer the lines it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=world.environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    yield from done.stdout.splitlines()


def ready(world: PlantedWorld, *, contracts: bool = False) -> dict[str, Any]:
    """Make the world and take it in; answer the seconds it took."""
    world.folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    make(world)
    made = time.perf_counter()
    code = (
        "from bench.planted_worlds import PlantedWorld, take_in_all;"
        f"take_in_all(PlantedWorld({world.seed}, {world.claims}, {world.days}))"
    )
    for line in in_process(world, code):
        sys.stderr.write(line + "\n")
    taken = time.perf_counter()
    if contracts:
        load_contracts(world)
    return {"make_seconds": round(made - began, 1), "ingest_seconds": round(taken - made, 1)}


def main() -> None:
    """Make the worlds that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="21,22,23")
    parser.add_argument("--claims", type=int, default=CLAIMS)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--contracts", action="store_true")
    options = parser.parse_args()
    for seed in (int(part) for part in options.seeds.split(",")):
        world = PlantedWorld(seed, options.claims, options.days)
        try:
            took = ready(world, contracts=options.contracts)
        finally:
            stop(world)
        sys.stdout.write(f"{world.folder}: {took}\n")


if __name__ == "__main__":
    main()
