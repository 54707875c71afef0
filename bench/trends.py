"""Measures the nightly search for issues over a mirror, beside a bare scan of the same rows.

    SANDERLING_HOME=/tmp/book .venv/bin/python -m bench.analytic_book --claims 2000000 --plants 12
    SANDERLING_HOME=/tmp/book .venv/bin/python -m bench.trends [--as-of 2026-11-28]

Prints seconds and peak memory of each kind, what was found and, when the book has a truth.json,
which plants are among it. Only the bench reads the truth.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import resource
import time
from datetime import date
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sanderling.config.settings")
os.environ.setdefault("POLARS_MAX_THREADS", "2")

import django

django.setup()

import polars as pl  # noqa: E402 - Django comes first

from sanderling.core.trends.findings import Finding  # noqa: E402 - as above
from sanderling.core.trends.search import search  # noqa: E402 - as above
from sanderling.core.trends.settings import Settings  # noqa: E402 - as above
from sanderling.issues.loading import outcomes_until  # noqa: E402 - as above
from sanderling.mirror.reading import manifest, scan  # noqa: E402 - as above

say = functools.partial(print, flush=True)
NO_ANSWERS = pl.DataFrame(
    schema={
        "claim_id": pl.Int64, "payer_id": pl.Int64, "received_date": pl.Date,
        "category": pl.String, "code": pl.String, "stage": pl.String, "meaning": pl.String,
    }
)  # fmt: skip
NO_VARIANCES = pl.DataFrame(
    schema={"payment_id": pl.Int64, "line_index": pl.Int64, "variance_cents": pl.Int64}
)


def bare_scan(today: date) -> tuple[float, int]:
    """Read the columns that a search needs and count by payer and week: the floor of any search."""
    begun = time.perf_counter()
    rows = 0
    for name in ("payments", "remit_lines", "submissions"):
        found = (
            scan(name, None, to_date=today)
            .group_by("payer_id", pl.col("received_date").dt.truncate("1w"))
            .agg(pl.len())
            .collect()
        )
        rows += int(found["len"].sum())
    return time.perf_counter() - begun, rows


def told(finding: Finding) -> dict[str, object]:
    """Return a finding as a line of the report."""
    description = finding.description
    return {
        "kind": description.kind, "basis": description.basis, "client": description.client_id,
        "payer": description.payer_id, "dimensions": description.dimensions,
        "onset": str(finding.onset), "claims": finding.claims,
        "at_stake_cents": finding.at_stake_cents, "before": round(finding.rate_before, 4),
        "after": round(finding.rate_after, 4), "confidence": round(finding.confidence, 4),
        "caused_by": finding.caused_by,
    }  # fmt: skip


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--as-of", type=date.fromisoformat, default=None)
    wanted = parser.parse_args()
    today = wanted.as_of or manifest().today
    clients = scan("claims", None).select(pl.col("client_id").n_unique()).collect().item()
    seconds, rows = bare_scan(today)
    say(f"bare scan: {rows:,} rows in {seconds:.1f} s")
    settings = Settings()
    open_balances = (
        scan("claims", None).select("claim_id", pl.lit(1).alias("balance_cents")).collect()
    )
    marks: list[tuple[str, float]] = []
    begun = time.perf_counter()
    found = search(
        outcomes_until(today, open_balances, settings, lambda: NO_ANSWERS, lambda: NO_VARIANCES),
        today=today, clients=clients, settings=settings,
        tell=lambda kind: marks.append((kind, time.perf_counter() - begun)),
    )  # fmt: skip
    whole = time.perf_counter() - begun
    ends = [at for _, at in marks[1:]] + [whole]
    for (kind, start), end in zip(marks, ends, strict=True):
        say(f"{kind}: {found.hypotheses[kind]:,} hypotheses, {end - start:.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    say(f"search: {whole:.1f} s, peak {peak:.2f} GB, {len(found.findings)} findings")
    for finding in found.findings:
        say(json.dumps(told(finding)))
    truth = Path(os.environ["SANDERLING_HOME"]) / "truth.json"
    if truth.exists():
        say("planted:", truth.read_text())


if __name__ == "__main__":
    main()
