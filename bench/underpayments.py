"""How well departures are found, on a simulated world that was loaded: recall and precision.

    SANDERLING_HOME=HOME python -m bench.underpayments TRUTH [--learned]

HOME has the world (`sanderling ingest`) and, but for `--learned`, its contracts; TRUTH is the folder
of `simulate world --truth`, which the product never reads. Counted are departures beyond tolerance
(a dollar and a percent); a line within tolerance that is listed as part of a pattern is right when
the truth has it.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import django

Key = tuple[str, str, int]
TOLERANCE_CENTS = 100
TOLERANCE_RATE = 0.01


def main() -> None:
    """Print what was found of what is true, short and over."""
    asked = argparse.ArgumentParser()
    asked.add_argument("truth", type=Path)
    asked.add_argument("--learned", action="store_true", help="as if there were no contracts")
    options = asked.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sanderling.config.settings")
    django.setup()
    problems = json.loads((options.truth / "problems.json").read_text(encoding="utf-8"))
    found, seconds = departures(date.fromisoformat(problems["as_of"]), is_learned=options.learned)
    true = truth(options.truth / "variances.csv")
    told = [f"{len(found):,} lines listed in {seconds:.1f} s"]
    told += [f"{name}: {score(found, true, sign)}" for sign, name in ((-1, "short"), (1, "over"))]
    sys.stdout.write("\n".join(told) + "\n")


def departures(as_of: date, *, is_learned: bool) -> tuple[dict[Key, dict[str, Any]], float]:
    """Return what the product lists, by client, claim and line, and how long it took."""
    from sanderling.contracts.queries import contract_book
    from sanderling.pricing import queries, working

    if is_learned:
        working.contract_book = lambda *_: without_contracts(contract_book())
    start = time.perf_counter()
    worked = working.price_all(as_of)
    rows = queries.named_rows(queries.listed(worked.variances))
    seconds = time.perf_counter() - start
    return {(row["client"], row["claim"], row["line"]): row for row in rows}, seconds


def without_contracts(book: Any) -> Any:  # noqa: ANN401 - a ContractBook, known after set-up only
    """Return the book with no contract in it."""
    return replace(book, terms={}, rates=book.rates.clear(), assignments=book.assignments.clear())


def truth(path: Path) -> dict[Key, dict[str, str]]:
    """Return the lines that were not paid by contract."""
    with path.open(encoding="utf-8", newline="") as stream:
        return {
            (row["client"], row["claim"], int(row["line"])): row for row in csv.DictReader(stream)
        }


def score(found: dict[Key, dict[str, Any]], true: dict[Key, dict[str, str]], sign: int) -> str:
    """Return recall and precision in words, with what was missed and what was wrong."""
    listed = {key for key, row in found.items() if row["variance_cents"] * sign > 0}
    departing = {key for key, row in true.items() if int(row["variance_cents"]) * sign > 0}
    large = {key for key in departing if is_beyond(true[key])}
    missed, wrong = large - listed, listed - departing
    causes = Counter(true[key]["cause"] for key in missed)
    findings = Counter(str(found[key]["finding"]) for key in wrong)
    return (
        f"{len(large)} true, {len(listed)} listed, recall {share(len(large - missed), len(large))},"
        f" precision {share(len(listed - wrong), len(listed))}; missed {dict(causes)},"
        f" wrong {dict(findings)}"
    )


def is_beyond(row: dict[str, str]) -> bool:
    """Tell whether a departure is beyond tolerance."""
    tolerance = max(TOLERANCE_CENTS, TOLERANCE_RATE * int(row["expected_cents"]))
    return abs(int(row["variance_cents"])) > tolerance


def share(part: int, whole: int) -> str:
    """Return a share with what it is of."""
    return f"{part / whole:.1%} ({part}/{whole})" if whole else "none"


if __name__ == "__main__":
    main()
