"""Measures making appeal packets: letter, explanation of payment, claim form, documents, hash.

`python -m bench.packets [--packets 1000] [--processes 2]` fills an empty database of its own with
claims and remittances, begins an appeal of each with a stated fact, a PDF of three pages and an
image, and makes the packets in processes side by side, as workers and people do. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

BILLED = date(2026, 1, 12)
MADE_AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
PAGES = 3


def main() -> None:
    """Measure in a home of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=1_000)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sanderling-bench-") as home:
        environment = {**os.environ, "SANDERLING_HOME": home}
        environment["DJANGO_SETTINGS_MODULE"] = "sanderling.config.settings"
        try:
            _run(f"fill({options.packets})", environment)
            began = time.perf_counter()
            parts = [
                _start(f"make({place}, {options.processes})", environment)
                for place in range(options.processes)
            ]
            said = [part.communicate()[0] for part in parts]
            seconds = time.perf_counter() - began
            if any(part.returncode for part in parts):
                raise SystemExit("a process failed")
            made = [json.loads(text) for text in said]
        finally:
            subprocess.run(
                [sys.executable, "-m", "sanderling", "down"],
                env=environment,
                stdout=subprocess.DEVNULL,
                check=True,
            )
    each = [value for part in made for value in part["seconds"]]
    found = {
        "packets": sum(part["packets"] for part in made),
        "pages": sum(part["pages"] for part in made),
        "bytes": sum(part["bytes"] for part in made),
        "processes": options.processes,
        "seconds": round(seconds, 1),
        "processor_seconds": round(sum(part["processor_seconds"] for part in made), 1),
        "load": round(os.getloadavg()[0], 1),
        "median_ms": round(statistics.median(each) * 1000),
        "slowest_ms": round(max(each) * 1000),
    }
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


def _code(call: str) -> list[str]:
    return [sys.executable, "-c", f"import bench.packets as it; it.{call}"]


def _run(call: str, environment: dict[str, str]) -> None:
    subprocess.run(_code(call), env=environment, check=True)


def _start(call: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(_code(call), env=environment, stdout=subprocess.PIPE, text=True)


def fill(packets: int) -> None:
    """Fill the database, and begin the appeals."""
    from sanderling.cli.runtime import start_database

    start_database()
    from bench.pair import write_pair
    from sanderling.appeals.evidence import add_evidence
    from sanderling.appeals.writing import Asked, begin_appeal, mark_item, state_facts
    from sanderling.claims.models import Claim
    from sanderling.remits.models import ClaimPayment

    folder = Path(os.environ["SANDERLING_HOME"]) / "bench"
    folder.mkdir()
    sent, paid = folder / "sent.837p", folder / "paid.835"
    write_pair(sent, paid, claims=packets, seed=7)
    for path, day in ((sent, BILLED), (paid, date(2026, 2, 2))):
        _take_in(path, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    pdf, image = _documents()
    asked = Asked(case="general", asked_cents=10_000, despite_choice=True)
    claims = Claim.objects.filter(pk__in=ClaimPayment.objects.values("claim_id")).select_related(
        "client"
    )
    for claim in claims.order_by("pk")[:packets]:
        made = begin_appeal(claim=claim, party=11, user=None, at=MADE_AT, asked=asked)
        said = [("facts", "The claim was right as sent."), ("denied_amount", "100")]
        state_facts(made.pk, said, user=None, at=MADE_AT)
        for data, title in ((pdf, "Progress notes"), (image, "Order")):
            add_evidence(made.pk, data=data, name="x", title=title, item="", user=None, at=MADE_AT)
        mark_item(made.pk, "remittance", is_there=True, note="", user=None, at=MADE_AT)


def _documents() -> tuple[bytes, bytes]:
    """Return a PDF of text and an image of a page, as a scanner makes it."""
    import typst

    text = f"#for page in range({PAGES}) {{ if page > 0 {{ pagebreak() }}; lorem(400) }}"
    pdf, image = typst.compile(text.encode()), typst.compile(b"#lorem(300)", format="png", ppi=100)
    return pdf, image if isinstance(image, bytes) else image[0]


def _take_in(path: Path, at: datetime) -> None:
    from sanderling.intake.actions import ingest

    for report in ingest([path], received_date=at.date(), source="cli", recorded_at=at):
        if report.status != "posted":
            raise SystemExit(f"{report.file}: {report.status}")


def make(place: int, processes: int) -> None:
    """Make each packet whose turn it is for this process; print what it took."""
    from sanderling.cli.runtime import start_database

    start_database()
    from sanderling.appeals.actions import finish
    from sanderling.appeals.models import Appeal

    found: dict[str, Any] = {"packets": 0, "pages": 0, "bytes": 0, "seconds": []}
    for appeal_id in list(Appeal.objects.order_by("pk").values_list("pk", flat=True)):
        if appeal_id % processes != place:
            continue
        began = time.perf_counter()
        packet = finish(appeal_id, user=None, at=MADE_AT).packet
        found["seconds"].append(time.perf_counter() - began)
        assert packet is not None
        found["packets"] += 1
        found["pages"] += packet.pages
        found["bytes"] += packet.size_bytes
    found["processor_seconds"] = time.process_time()
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
