"""Progress on stderr for whatever takes longer than two seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def files_progress(files: Sequence[Path]) -> Iterator[Callable[[Path, int], None]]:
    """Show a bar over the bytes of `files`; yield what is to be called with each piece read."""
    sizes = sum(path.stat().st_size for path in files)
    console = Console(stderr=True)
    with Progress(
        TextColumn("Reading"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[files]} of " + str(len(files)) + " files"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("read", total=sizes, files=0)
        seen: set[Path] = set()

        def advance(path: Path, count: int) -> None:
            seen.add(path)
            bar.update(task, advance=count, files=len(seen))

        yield advance
