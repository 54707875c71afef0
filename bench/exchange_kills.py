"""kill -9 at random moments of a running exchange: what is left, lost and doubled afterwards.

A home of its own with claims; files are queued and files come while `sanderling exchange run` is
killed again and again at a random moment, and the other side takes what is left at once. Then the
visits are let end, and it is counted: files left (each once?), claims taken in (each once?).

    python -m bench.exchange_kills [--kills 100] [--seed 7]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SEED_SCRIPT = """
import sanderling.cli.runtime as runtime
import sys, json
from datetime import datetime, UTC

@runtime.needs_database
def main():
    from sanderling.claims.models import Claim
    from sanderling.exchange.actions import add_mailbox
    from sanderling.exchange.models import Mailbox
    from sanderling.outbox.actions import Draft, queue_file
    from tests.builders import claims_file, sent
    at = datetime.now(UTC)
    root, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if not Mailbox.objects.exists():
        add_mailbox(at=at, name="box", kind="folder", root=root, outgoing_folder="out",
                    incoming_folders=["in"], sends=["837P"], after_fetch="delete")
    for number in range(first, first + count):
        claim = Claim.objects.get(number=f"K{number}")
        queue_file(
            kind="837P", purpose="corrected", client_id=claim.client_id, payer_id=claim.payer_id,
            sender_id="CLEARHOUSE", receiver_id="BILLCO",
            claims=[Draft(claim.pk, 11, claim.number)],
            make=lambda file: claims_file(
                sent(claim.number, 200 + number), control=file.control_number
            ).encode(),
            user=None, actor="bench", at=at,
        )
main()
"""
COUNT_SCRIPT = """
import sanderling.cli.runtime as runtime
import json

@runtime.needs_database
def main():
    from django.db.models import Count
    from sanderling.claims.models import Submission
    from sanderling.outbox.models import OutboundFile
    from sanderling.exchange.models import RemoteFile
    states = dict(OutboundFile.objects.values_list("state").annotate(n=Count("pk")).order_by())
    doubled = (Submission.objects.values("claim_number", "charge_cents").annotate(n=Count("pk"))
               .filter(n__gt=1).count())
    fetched = dict(RemoteFile.objects.values_list("state").annotate(n=Count("pk")).order_by())
    names = [one.name for one in OutboundFile.objects.all()]
    print(json.dumps({"states": states, "doubled": doubled, "fetched": fetched, "names": names,
                      "submissions": Submission.objects.count()}))
main()
"""
FILES = 30
COMING = 30
OFTEN = 0.5  # how often something new is there before a visit


class OtherSide(threading.Thread):
    """Takes what has its name at once, and remembers how often each came."""

    def __init__(self, root: Path) -> None:
        super().__init__(daemon=True)
        self.root = root
        self.taken: dict[str, int] = {}
        self.ends = threading.Event()

    def run(self) -> None:
        """Take until it is to end."""
        while not self.ends.is_set():
            for path in sorted((self.root / "out").iterdir()):
                if not path.name.startswith("."):
                    self.taken[path.name] = self.taken.get(path.name, 0) + 1
                    path.unlink()
            time.sleep(0.002)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="exchange-kills-") as place:
        dice = random.Random(asked.seed)  # noqa: S311 - when to kill
        found = measure(Path(place), asked.kills, dice)
    print(json.dumps(found, indent=2))  # noqa: T201 - what it is for


def measure(place: Path, kills: int, dice: random.Random) -> dict[str, object]:
    """Kill, count, and return what was found."""
    home, root = place / "home", place / "box"
    os.environ |= {
        "SANDERLING_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "sanderling.config.settings",
    }
    home.mkdir()
    import django

    django.setup()
    from tests.builders import claims_file, sent

    for name in ("out", "in"):
        (root / name).mkdir(parents=True)
    environment = {**os.environ, "SANDERLING_HOME": str(home)}
    environment.pop("DATABASE_URL", None)

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 1):
            raise SystemExit(f"{arguments[:3]}: {done.stderr[-2000:]}")
        return done.stdout

    run("-m", "sanderling", "init")
    start = place / "start.837"
    start.write_text(claims_file(*(sent(f"K{number}", 150) for number in range(FILES))))
    run("-m", "sanderling", "ingest", str(start))
    other = OtherSide(root)
    other.start()
    queued = killed = come = 0
    times: list[float] = []
    while killed < kills:
        if queued < FILES and dice.random() < OFTEN:
            run("-c", SEED_SCRIPT, str(root), str(queued), "1")
            queued += 1
        if come < COMING and dice.random() < OFTEN:
            path = root / "in" / f"c{come}.837"
            path.write_text(
                claims_file(sent(f"C{come}", 90), control=5_000 + come, batch=f"C{come}")
            )
            os.utime(path, (0, 0))
            come += 1
        began = time.monotonic()
        visit = subprocess.Popen(
            [sys.executable, "-m", "sanderling", "exchange", "run"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        usual = sorted(times)[len(times) // 2] if times else 3.0
        try:
            visit.wait(dice.uniform(0.3, 1.1) * usual)
            times.append(time.monotonic() - began)
        except subprocess.TimeoutExpired:
            visit.send_signal(signal.SIGKILL)
            visit.wait()
            killed += 1
    for _ in range(3):
        run("-m", "sanderling", "exchange", "run")
    time.sleep(0.2)
    other.ends.set()
    found = json.loads(run("-c", COUNT_SCRIPT))
    run("-m", "sanderling", "down")
    names = found["names"]
    return {
        "kills": killed,
        "files_queued": queued,
        "left_once": sum(other.taken.get(name) == 1 for name in names),
        "left_twice_or_more": sum(other.taken.get(name, 0) > 1 for name in names),
        "never_left": sum(name not in other.taken for name in names),
        "files_come": come,
        "fetched": found["fetched"],
        "submissions": found["submissions"],
        "submissions_expected": FILES + queued + come,
        "submissions_doubled": found["doubled"],
        "states": found["states"],
    }


if __name__ == "__main__":
    main()
