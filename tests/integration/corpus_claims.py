"""Strangers' files as the tests of the readers see them: the MANIFEST, and what we made of them.

The corpus is not part of the product. SANDERLING_CORPUS names its folder; by default it lies
beside the repository, and tests that need it are skipped where it does not.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from sanderling.core.x12.batches import Batch
from sanderling.core.x12.problems import Problem, Severity
from sanderling.core.x12.read import read_bytes

_REPOSITORY: Final = Path(__file__).resolve().parents[2]
CORPUS: Final = Path(
    os.environ.get("SANDERLING_CORPUS", str(_REPOSITORY.parent / "shared" / "corpus"))
)
MANIFEST: Final = CORPUS / "MANIFEST.tsv"
WHY_SKIPPED: Final = f"the corpus is not at {CORPUS}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the MANIFEST."""

    file: str
    kind: str
    versions: str
    claims: int
    set_count: int
    envelope: str
    verdicts: tuple[str, ...]

    @property
    def is_accepted(self) -> bool:
        """Tell whether a reader took it and none refused it."""
        return "accept" in self.verdicts and "reject" not in self.verdicts

    @property
    def is_rejected(self) -> bool:
        """Tell whether a reader refused it and none took it."""
        return "reject" in self.verdicts and "accept" not in self.verdicts


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reading a file gave."""

    batches: tuple[Batch, ...]
    problems: tuple[Problem, ...]

    @property
    def is_refused(self) -> bool:
        """Tell whether nothing of the file may be posted."""
        return all(batch.refused for batch in self.batches)

    def codes(self, *severities: Severity) -> set[str]:
        """Return the codes of the problems of these severities."""
        return {problem.code for problem in self.problems if problem.severity in severities}

    def height(self, table: str) -> int:
        """Return how many rows a table has in all transaction sets."""
        return sum(batch.tables[table].height for batch in self.batches if table in batch.tables)


@cache
def entries() -> tuple[Entry, ...]:
    """Return the MANIFEST; nothing where there is no corpus."""
    if not MANIFEST.exists():
        return ()
    with MANIFEST.open(newline="") as lines:
        return tuple(
            Entry(
                file=row["file"],
                kind=row["transaction_set"],
                versions=row["versions"],
                claims=int(row["n_claims"] or 0),
                set_count=int(row["n_st"] or 0),
                envelope=row["envelope_check"],
                verdicts=(row["pyx12_4.0.0"], row["x12sdk_2.2.0"], row["stupidedi_1.5.2"]),
            )
            for row in csv.DictReader(lines, delimiter="\t")
        )


@cache
def outcome(file: str) -> Outcome:
    """Return what reading a file of the corpus gives."""
    parts = read_bytes((CORPUS / file).read_bytes())
    return Outcome(
        tuple(part for part in parts if isinstance(part, Batch)),
        tuple(problem for part in parts for problem in part.problems),
    )
