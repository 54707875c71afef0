# ruff: noqa: T201 (a command that prints)
"""How fast files are parsed, ours and others, in one run on one machine.

    python -m bench.parse                    50 MB of 835 and of 837P, best of three
    python -m bench.parse --megabytes 5 --repeat 1
    python -m bench.parse --gigabyte         also reads 1 GB of 835 and 837P and tells the memory
    python -m bench.parse --document docs/reference/benchmarks.md
    python -m bench.parse --only sanderling --only oxedi --rounds 3

Every contender runs in a process of its own, so that its peak of memory is its own; the file is in
memory before the clock starts, except where a reader insists on a path. Slow readers get a smaller
file of the same kind; the table says so. Wall time is what counts; processor time is told beside
it, because it suffers less when the machine has other work. With several rounds every reader has its
turn in each of them, and the best of all counts: a busy minute then hits all alike. Results go to
.cache/bench/parse.json.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import io
import json
import logging
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # as the command line does

REPOSITORY: Final = Path(__file__).resolve().parent.parent
CACHE: Final = REPOSITORY / ".cache" / "bench"
MARKERS: Final = ("<!-- parse: begin -->", "<!-- parse: end -->")
MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Result:
    """One contender on one kind of file."""

    kind: str
    contender: str
    megabytes: float
    seconds: float
    cpu_seconds: float
    peak_megabytes: float
    claims: int

    @property
    def speed(self) -> float:
        """Megabytes a second."""
        return self.megabytes / self.seconds


# --- contenders: each takes the file's path and bytes and returns the claims it found -------------


def _count_claims(events: Iterable[Any]) -> int:
    from sanderling.core.x12.batches import Batch

    names = {"835": "claim_payments"}
    return sum(
        event.tables[names.get(event.transaction.kind, "claims")].height
        for event in events
        if isinstance(event, Batch)
    )


def sanderling(_path: Path, data: bytes) -> int:
    """Typed, balanced tables in one process."""
    from sanderling.core.x12.read import read_stream

    return _count_claims(read_stream(io.BytesIO(data)))


def _nothing(_number: int) -> None:
    """Start a worker."""
    import sanderling.core.x12.read  # noqa: F401 (the import is what takes time)


class Pooled:
    """The same on two worker processes, started beforehand as in the product."""

    def __init__(self, workers: int = 2) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __call__(self, _path: Path, data: bytes) -> int:
        """Read on the pool, which is started at the first call."""
        from sanderling.core.x12.read import read_parallel

        if self._pool is None:
            # Two processes already keep two processors busy.
            os.environ["POLARS_MAX_THREADS"] = "1"
            self._pool = ProcessPoolExecutor(self._workers, mp_context=get_context("spawn"))
            list(self._pool.map(_nothing, range(self._workers * 4)))
        return _count_claims(read_parallel(data, executor=self._pool, workers=self._workers))


def sanderling_gigabyte(path: Path, _data: bytes) -> int:
    """One process, from disk: what counts is the memory."""
    from sanderling.core.x12.read import read_stream

    with path.open("rb") as stream:
        return _count_claims(read_stream(stream))


def oxedi(_path: Path, data: bytes) -> int:
    """Rust, typed tables, 835 only."""
    import oxedi as reader

    return len(reader.parse(data).tables["claims"])


def bytes_split(_path: Path, data: bytes) -> int:
    """Dividing into segments and nothing else: no reader can be faster."""
    data.split(b"~")
    return 0


def x12sdk_segments(_path: Path, data: bytes) -> int:
    """Segments and elements, nothing kept."""
    from x12sdk.io import X12SegmentReader

    with X12SegmentReader(data.decode("ascii")) as reader:
        return sum(name in {"CLP", "CLM"} for name, _ in reader.segments())


def x12sdk_models(_path: Path, data: bytes) -> int:
    """Pydantic models, one for each transaction set."""
    from x12sdk.io import X12ModelReader

    with X12ModelReader(data.decode("ascii")) as reader:
        for _ in reader.models():
            pass
    return 0


def pyx12_validating(_path: Path, data: bytes) -> int:
    """Checks every element against the guide; keeps nothing."""
    from pyx12.params import params
    from pyx12.x12n_document import x12n_document

    logging.disable(logging.CRITICAL)
    text = io.StringIO(data.decode("ascii"))
    x12n_document(params(), text, io.StringIO(), None, None, None)
    return 0


CONTENDERS: Final[dict[str, Callable[[Path, bytes], int]]] = {
    "sanderling, one process": sanderling,
    "sanderling, two processes": Pooled(),
    "oxedi": oxedi,
    "x12sdk, segments": x12sdk_segments,
    "x12sdk, models": x12sdk_models,
    "pyx12, validating": pyx12_validating,
    "bytes.split": bytes_split,
    "sanderling, 1 GB from disk": sanderling_gigabyte,
}
# Megabytes for those that would take minutes.
SMALLER: Final = {"x12sdk, models": 5.0, "pyx12, validating": 1.0}
ONLY_835: Final = frozenset({"oxedi"})
_GIGABYTE: Final = "sanderling, 1 GB from disk"


# --- measuring ------------------------------------------------------------------------------------


def _run_contender(name: str, path: Path, repeat: int) -> None:
    """Measure in this process and print the result as JSON."""
    contender = CONTENDERS[name]
    data = b"" if name == _GIGABYTE else path.read_bytes()
    if isinstance(contender, Pooled):
        contender(path, data[: data.index(b"~") + 1])
    best = best_cpu = float("inf")
    claims = 0
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), _cpu_seconds()
        claims = contender(path, data)
        best = min(best, time.perf_counter() - wall)
        best_cpu = min(best_cpu, _cpu_seconds() - cpu)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
    print(
        json.dumps(
            {
                "seconds": best,
                "cpu_seconds": best_cpu,
                "peak_megabytes": own + _workers_megabytes(contender),
                "claims": claims,
            }
        )
    )


def _cpu_seconds() -> float:
    import psutil

    process = psutil.Process()
    times = [process.cpu_times(), *(child.cpu_times() for child in process.children())]
    return float(sum(taken.user + taken.system for taken in times))


def _workers_megabytes(contender: Callable[[Path, bytes], int]) -> float:
    if not isinstance(contender, Pooled):
        return 0.0
    import psutil

    children = psutil.Process().children()
    return float(sum(child.memory_info().rss for child in children) / MEGABYTE)


def _measure(name: str, kind: str, megabytes: float, repeat: int) -> Result:
    path = _file(kind, megabytes)
    command = [sys.executable, "-m", "bench.parse", "--contender", name, "--file", str(path)]
    command += ["--repeat", str(repeat)]
    finished = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    found = json.loads(finished.stdout.splitlines()[-1])
    return Result(kind, name, path.stat().st_size / MEGABYTE, **found)


def _file(kind: str, megabytes: float) -> Path:
    from sanderling.simulator.large import write_large_835, write_large_837p

    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / f"large_{megabytes:g}.{kind}"
    if not path.exists():
        (write_large_835 if kind == "835" else write_large_837p)(path, megabytes)
    return path


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured, and how often."""

    megabytes: float
    repeat: int
    rounds: int
    gigabyte: bool
    only: tuple[str, ...]  # beginnings of names; none: all

    @property
    def runs(self) -> int:
        """How many runs the best is chosen from."""
        return self.repeat * self.rounds


def measure(plan: Plan) -> list[Result]:
    """Run the contenders on both kinds of file."""
    chosen = [
        (kind, name)
        for kind in ("835", "837p")
        for name in CONTENDERS
        if (name.startswith(plan.only) if plan.only else True)
        and not (name in ONLY_835 and kind != "835")
        and (name != _GIGABYTE or plan.gigabyte)
    ]
    found: dict[tuple[str, str], Result] = {}
    for _ in range(plan.rounds):
        for kind, name in chosen:
            if name == _GIGABYTE and (kind, name) in found:
                continue
            result = _measured(name, kind, plan)
            best = found.get((kind, name), result)
            found[kind, name] = replace(
                result,
                seconds=min(best.seconds, result.seconds),
                cpu_seconds=min(best.cpu_seconds, result.cpu_seconds),
                peak_megabytes=max(best.peak_megabytes, result.peak_megabytes),
            )
            print(_line(result, list(found.values())), file=sys.stderr)
    return list(found.values())


def _measured(name: str, kind: str, plan: Plan) -> Result:
    if name == _GIGABYTE:
        return _measure(name, kind, 1_000, 1)
    size = min(SMALLER.get(name, plan.megabytes), plan.megabytes)
    return _measure(name, kind, size, 1 if name in SMALLER else plan.repeat)


# --- telling --------------------------------------------------------------------------------------


def _ratio(result: Result, results: list[Result], other: str) -> str:
    for peer in results:
        if peer.kind == result.kind and peer.contender == other:
            return f"{result.speed / peer.speed:.2f}"
    return "-"


def _line(result: Result, results: list[Result]) -> str:
    oxedi_ratio = _ratio(result, results, "oxedi")
    pyx12_ratio = _ratio(result, results, "pyx12, validating")
    return (
        f"| {result.kind} | {result.contender} | {result.megabytes:.0f} | {result.speed:.2f} "
        f"| {result.megabytes / result.cpu_seconds:.2f} | {oxedi_ratio} | {pyx12_ratio} "
        f"| {result.peak_megabytes:.0f} |"
    )


def document(results: list[Result], runs: int) -> str:
    """Return the section of docs/reference/benchmarks.md."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("polars", "oxedi", "x12sdk", "pyx12")
    )
    rows = "\n".join(_line(result, results) for result in results)
    return f"""## Parsing

`make bench` (`python -m bench.parse`), {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors
({platform.machine()}), Python {platform.python_version()}, {versions}; load
{os.getloadavg()[0]:.1f} at the end, best of {runs}
(the slow readers: of as many as there were rounds). Files of `sanderling.simulator.large`. Ours
parses to typed tables, balanced to the cent, with a position on every row and every segment kept;
oxedi gives four tables of the 835. The slow readers got the smaller files named in the table.

| file | reader | MB | MB/s | MB per processor second | times oxedi | times pyx12 | peak MB |
|---|---|---|---|---|---|---|---|
{rows}
"""


def _write(path: Path, section: str) -> None:
    begin, end = MARKERS
    text = path.read_text("utf-8") if path.exists() else f"# Benchmarks\n\n{begin}\n{end}\n"
    if begin not in text:
        text += f"\n{begin}\n{end}\n"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{before}{begin}\n{section}{end}{after}", "utf-8")


def main() -> None:
    """Measure, or be one contender."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--megabytes", type=float, default=50.0)
    parser.add_argument("--repeat", type=int, default=3, help="runs in one process")
    parser.add_argument("--rounds", type=int, default=1, help="turns of each reader")
    parser.add_argument("--only", action="append", default=[], help="beginning of a reader's name")
    parser.add_argument(
        "--gigabyte", action="store_true", help="also read 1 GB and tell the memory"
    )
    parser.add_argument("--document", type=Path, help="put the table into this file")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        _run_contender(options.contender, options.file, options.repeat)
        return
    plan = Plan(
        megabytes=options.megabytes,
        repeat=options.repeat,
        rounds=options.rounds,
        gigabyte=options.gigabyte,
        only=tuple(options.only),
    )
    results = measure(plan)
    section = document(results, plan.runs)
    print(section)
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "parse.json").write_text(json.dumps([asdict(result) for result in results], indent=1))
    if options.document:
        _write(options.document, section)


if __name__ == "__main__":
    main()
