"""Measures asking payers about many claims at once, and taking in what they answer.

`python -m bench.status_requests [--claims 10000]` fills an empty database of its own with claims
that payers are silent about, then measures

- asking: one `plan_requests` about all of them, from what is due to files in the outbox, committed;
- reading: taking in the 277s that answer them, matched by our traces, with the barriers that follow;
- the page: counts and sums of all tabs while all of them wait for an answer.

Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

BILLED = date(2026, 1, 12)
ASKED_AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


def main() -> None:
    """Measure in a home of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sanderling-bench-") as home:
        environment = {**os.environ, "SANDERLING_HOME": home}
        environment["DJANGO_SETTINGS_MODULE"] = "sanderling.config.settings"
        code = f"from bench.status_requests import measure; measure({options.claims})"
        try:
            subprocess.run([sys.executable, "-c", code], env=environment, check=True)
        finally:
            subprocess.run(
                [sys.executable, "-m", "sanderling", "down"],
                env=environment,
                stdout=subprocess.DEVNULL,
                check=True,
            )


def measure(claims: int) -> None:
    """Fill, ask, read, and print what it took."""
    from sanderling.cli.runtime import start_database

    start_database()
    from sanderling.inquiries.actions import plan_requests
    from sanderling.inquiries.listing import overview
    from sanderling.inquiries.models import StatusRequest
    from sanderling.outbox.models import OutboundFile
    from sanderling.payers.models import Payer

    folder = Path(os.environ["SANDERLING_HOME"]) / "bench"
    folder.mkdir()
    _fill(folder, claims)
    # As many a day as there are.
    from sanderling.core.inquiries.limits import Limits
    from sanderling.inquiries.limits import set_limits

    for payer in Payer.objects.all():
        set_limits(payer, Limits(requests_a_day=1_000_000), at=ASKED_AT)
    began = time.perf_counter()
    planned = plan_requests(at=ASKED_AT)
    asking = time.perf_counter() - began
    OutboundFile.objects.update(state="sent", sent_at=ASKED_AT)
    began = time.perf_counter()
    overview(at=ASKED_AT)
    listing = time.perf_counter() - began
    answers = _answers(planned.files, folder)
    began = time.perf_counter()
    _take_in(answers, ASKED_AT)
    reading = time.perf_counter() - began
    found: dict[str, Any] = {
        "claims": planned.claims,
        "files": len(planned.files),
        "bytes": sum(file.size_bytes for file in planned.files),
        "asking_seconds": round(asking, 2),
        "answered": StatusRequest.objects.filter(state="answered").count(),
        "page_seconds": round(listing, 2),
        "reading_seconds": round(reading, 2),
    }
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


def _fill(folder: Path, claims: int) -> None:
    from bench.pair import write_pair
    from sanderling.barriers.actions import refresh_due

    sent, paid = folder / "sent.837p", folder / "paid.835"
    write_pair(sent, paid, claims=claims, seed=7)
    _take_in([sent], datetime(BILLED.year, BILLED.month, BILLED.day, 12, tzinfo=UTC))
    refresh_due(ASKED_AT.date())


def _take_in(paths: list[Path], at: datetime) -> None:
    from sanderling.intake.actions import ingest

    for report in ingest(paths, received_date=at.date(), source="cli", recorded_at=at):
        if report.status != "posted":
            raise SystemExit(f"{report.file}: {report.status}")


def _answers(files: tuple[Any, ...], folder: Path) -> list[Path]:
    from sanderling.core.x12.write.claim_status import StatusReply
    from sanderling.files.storage import open_original
    from sanderling.simulator.status_answers import answer_276, from_table

    in_process = StatusReply("P1", "20", ASKED_AT.date())
    paths = []
    for file in files:
        with open_original(file.sha256, is_encrypted=file.is_encrypted) as original:
            text = answer_276(original.read(), from_table({}, otherwise=in_process))
        paths.append(folder / f"{file.reference}.277")
        paths[-1].write_bytes(text)
    return paths


if __name__ == "__main__":
    main()
