"""Sends hundreds of claims again to living payers, while everything breaks, and counts what comes.

`python -m bench.live_loop [--seeds 1,2,3] [--claims 1500] [--corrections 200] [--kills 30]
[--document FILE] [--short]`. For each seed a database of its own learns of denied, paid, rejected
and lost claims that made-up payers have on file (`sanderling.simulator.live`). An office corrects,
voids, sends anew, bills next payers and appeals through the product's own actions. Files go by SFTP;
answers come late, in another order and twice; `sanderling exchange run` is killed (-9) at random
moments; lines go dead in the middle of files. At the end each claim's open balances are compared, to
the cent, with what the payers' books say. Prints JSON; `--document` puts the tables into a page.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.integration.live_desk import Desk

    from sanderling.simulator.live.store import Record

ROOT = Path(__file__).resolve().parents[1]
VOIDS, LOST, APPEALS = 20, 20, 20
OLD_SECONDS = 3600.0  # files so old are fetched at the first look


def main() -> None:
    """Run each seed in a process and a database of its own."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--claims", type=int, default=1500)
    parser.add_argument("--corrections", type=int, default=200)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--document", type=Path, help="put the tables into this page")
    parser.add_argument("--short", action="store_true", help="one small world")
    options = parser.parse_args()
    if options.short:
        options.seeds, options.claims, options.corrections, options.kills = "1", 600, 30, 4
    rows = []
    for seed in (int(part) for part in options.seeds.split(",")):
        row = _part(seed, options.claims, options.corrections, options.kills)
        rows.append(row)
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()
    (ROOT / ".cache" / "bench").mkdir(parents=True, exist_ok=True)
    text = json.dumps(rows, indent=1) + "\n"
    (ROOT / ".cache" / "bench" / "live_loop.json").write_text(text)
    if options.document:
        _write_document(options.document, rows)


def _part(seed: int, claims: int, corrections: int, kills: int) -> dict[str, Any]:
    home = Path(tempfile.mkdtemp(prefix="sanderling-bench-"))
    home.chmod(0o711)
    environment = {**os.environ, "SANDERLING_HOME": str(home), "POLARS_MAX_THREADS": "1"}
    code = (
        "import json; from bench import live_loop as b;"
        f"print(json.dumps(b.run({seed}, {claims}, {corrections}, {kills})))"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    finally:
        subprocess.run([sys.executable, "-m", "sanderling", "down"], env=environment, check=False,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        shutil.rmtree(home)
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def run(seed: int, claims: int, corrections: int, kills: int) -> dict[str, Any]:
    """Play one seed; needs an empty home."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sanderling.config.settings")
    from sanderling.cli.runtime import start_database, start_django

    start_django()
    from sanderling.config.database import ensure_database, migrate

    ensure_database()
    start_database()
    migrate(report=lambda _text: None)
    folder = Path(tempfile.mkdtemp(prefix="sanderling-live-"))
    try:
        return _play(folder, seed, claims, corrections, kills)
    finally:
        shutil.rmtree(folder)


def _play(folder: Path, seed: int, claims: int, corrections: int, kills: int) -> dict[str, Any]:
    from tests.builders import Inbox
    from tests.integration.live_desk import Desk
    from tests.live_side import SETTINGS, Side, opened, served

    from sanderling.simulator.live.faults import Faults

    started = time.monotonic()
    settings = replace(SETTINGS, seed=seed, claims=claims)
    faults = Faults()
    side = Side(opened(folder, settings), folder / "world", faults)
    side.turns(6)  # what was due anyway, and what follows from it
    for path in (side.mailbox / "out").iterdir():
        path.unlink()
    (folder / "in").mkdir()
    desk = Desk(Inbox(folder / "in"), side, settings)
    work = _Work(desk, corrections)
    known = time.monotonic()
    work.send()
    sent = time.monotonic()
    faults.reordered = faults.doubled = True
    with served(side) as (server, port):
        desk.reach_over_sftp(server, port)
        killed = _break(desk, random.Random(seed), kills)  # noqa: S311 - not a secret
        faults.drop_after_bytes = -1
        for _ in range(4):  # waits between attempts grow
            desk.time += timedelta(hours=13)
            desk.pass_turns(4)
    return {
        "seed": seed,
        **work.counted(),
        "killed": killed,
        "seconds": {
            "know": round(known - started, 1),
            "send": round(sent - known, 1),
            "exchange": round(time.monotonic() - sent, 1),
        },
    }


def _break(desk: Desk, dice: random.Random, kills: int) -> int:
    """Let visits be killed at random moments, and lines go dead; answer how many were killed."""
    killed = 0
    for _ in range(kills):
        for path in (desk.side.mailbox / "out").iterdir():
            old = time.time() - OLD_SECONDS
            os.utime(path, (old, old))
        if dice.random() < 0.3:  # noqa: PLR2004
            desk.side.world.faults.drop_after_bytes = dice.randrange(50, 6000)
        visit = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "sanderling", "exchange", "run"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            visit.wait(timeout=1.0 + 5.0 * dice.random())
        except subprocess.TimeoutExpired:
            visit.send_signal(signal.SIGKILL)
            visit.wait()
            killed += 1
        desk.side.turns(1)
    return killed


class _Work:
    """What the office does, and what should come of it."""

    def __init__(self, desk: Desk, corrections: int) -> None:
        from bench.live_office import fix_of, payable
        from sanderling.simulator.payers import BY_CODE
        from sanderling.simulator.reasons import DENIALS, LATE

        self.desk = desk
        self.refused: Counter[str] = Counter()
        self.sent: dict[str, list[Record]] = {}
        mendable = [
            (category, reason)
            for category, reasons in DENIALS.items()
            for reason in reasons
            if category
            not in {"coordination_of_benefits", "non_covered", "benefit_limit", "timely_filing"}
            and "N286" not in reason.remarks
        ]
        wanted = [mendable[place % len(mendable)] for place in range(corrections)]
        wanted += [("timely_filing", LATE)] * APPEALS + [mendable[0]] * LOST
        made = desk.deny(wanted)
        self.sent["corrected"] = [one for one in made[:corrections] if fix_of(one)]
        self.sent["appealed"] = made[corrections : corrections + APPEALS]
        self.sent["sent anew, not on file"] = made[corrections + APPEALS :]
        numbers = {one.number for one in made}
        with desk.books() as store, store.transaction():
            free = [one for one in payable(store) if one.number not in numbers]
            self.sent["voided"] = [one for one in free if one.payments[0].payment.paid_cents > 0][
                :VOIDS
            ]
            for one in self.sent["sent anew, not on file"]:
                store.run("DELETE FROM records WHERE number = ?", one.number)
                store.run("DELETE FROM claim_numbers WHERE number = ?", one.number)
        refusals = desk.side.refusals()  # a second payer that turned it away before does so again
        self.sent["to the next payer"] = [
            one
            for one in desk.side.records(
                lambda one: (
                    one.state == "final"
                    and not one.category
                    and one.claim.sequence == "P"
                    and not BY_CODE[one.payer].crosses_over
                    and len(one.payments) == 1
                    and one.payments[0].payment.patient_cents > 0
                    and len(one.claim.other_payers) == 1
                )
            )
            if len(desk.records(one)) == 1
            and one.number not in {refusal.claim.control_number for *_, refusal in refusals}
        ]
        self._know()

    def _know(self) -> None:
        lost = {one.number for one in self.sent["sent anew, not on file"]}
        every = [one for records in self.sent.values() for one in records]
        self.desk.know(*(replace(one, payments=()) if one.number in lost else one for one in every))
        self._know_rejected()

    def _know_rejected(self) -> None:
        from tests.live_side import DAY

        from sanderling.simulator.live.store import Record

        found = []
        for payer, client, refusal in self.desk.side.refusals():
            if refusal.reason.status not in {"164", "158"}:
                continue
            provider = self.desk.side.records(lambda one, code=client: one.client == code)[
                0
            ].provider
            claim = refusal.claim
            if claim.sequence != "P":
                continue
            self.desk.side.made_date = DAY - timedelta(days=60)
            self.desk.take(self.desk.side.file_837([claim], provider))
            self.desk.answered([claim], provider, refusal.reason)
            found.append(Record(payer, client, claim.control_number, "", "", claim, provider))
        self.sent["mended after a rejection"] = found

    def send(self) -> None:
        """Do it all through the product's actions."""
        from tests.integration.live_desk import NOW

        from bench.live_office import fix_of
        from sanderling.core.resubmission.kinds import Kind
        from sanderling.inquiries.actions import plan_requests
        from sanderling.resubmission.secondary_actions import bill_next_payers

        for record in self.sent["corrected"]:
            self._try("corrected", record, lambda one=record: self.desk.send(one, fix_of(one)))
        for record in self.sent["voided"]:
            self._try("voided", record, lambda one=record: self.desk.send(one, kind=Kind.VOID))
        for record in self.sent["mended after a rejection"]:
            member = {"member_id": f"{record.payer[:3]}123456789"}
            self._try(
                "mended after a rejection",
                record,
                lambda one=record, typed=member: self.desk.send(one, typed),
            )
        keys = [(self.desk.claim(one).pk, 12) for one in self.sent["to the next payer"]]
        if keys:
            for prepared, why in bill_next_payers(keys, user=self.desk.asker, at=NOW).refused:
                self.refused[f"to the next payer: {why}"] += 1
                self.sent["to the next payer"] = [
                    one
                    for one in self.sent["to the next payer"]
                    if one.number != prepared.claim.number
                ]
        for record in self.sent["appealed"]:
            self._try("appealed", record, lambda one=record: self._appeal(one))
        plan_requests(at=NOW)
        self.desk.pass_turns(2)  # the answers: not on file
        for record in self.sent["sent anew, not on file"]:
            self._try("sent anew, not on file", record, lambda one=record: self.desk.send(one))

    def _try(self, kind: str, record: Record, act: Callable[[], object]) -> None:
        from sanderling.core.refusal import Refusal

        try:
            act()
        except Refusal as refusal:
            self.refused[f"{kind}: {refusal.sentence}"] += 1
            self.sent[kind] = [one for one in self.sent[kind] if one.number != record.number]

    def _appeal(self, record: Record) -> None:
        from tests.integration.live_desk import NOW

        from sanderling.appeals.actions import approve, finish, queue_packet
        from sanderling.appeals.models import Letterhead
        from sanderling.appeals.writing import begin_appeal

        desk = self.desk
        claim = desk.claim(record)
        if not Letterhead.objects.filter(client_id=claim.client_id).exists():
            desk.letterhead(record)
        appeal = begin_appeal(claim=claim, party=11, user=desk.asker, at=NOW)
        finish(appeal.pk, user=desk.asker, at=NOW)
        appeal.refresh_from_db()
        if appeal.state != "approved":
            approve(appeal.pk, user=desk.approver, at=NOW)
        queue_packet(appeal.pk, user=desk.asker, at=NOW)

    def counted(self) -> dict[str, Any]:
        """Compare the product's balances with the payers' books, and count."""
        kinds = {kind: self._counted(records) for kind, records in self.sent.items()}
        return {
            "kinds": kinds,
            "refused by the product": dict(self.refused),
            "rejected": dict(Counter(
                row[0]
                for row in self.desk.side.rows("SELECT status FROM verdicts")
                if row[0] != "accepted"
            )),
            "interchanges refused as sent before": len(
                self.desk.side.rows("SELECT name FROM arrivals WHERE found = 'TA1 025'")
            ),
            "files not accepted": _unsettled(),
        }  # fmt: skip

    def _counted(self, records: Sequence[Record]) -> dict[str, int]:
        found: Counter[str] = Counter(
            {"sent": len(records), "decided": 0, "paid": 0, "right": 0, "twice": 0}
        )
        wrong = []
        for record in records:
            now = self.desk.decisions(record)
            found["decided"] += now > 0
            found["twice"] += now > 1
            product, truth = self.desk.owed(record)
            if truth is None and self.desk.side.record_of(record) == "voided":
                truth = {}
            if truth is None:
                found["no truth"] += (
                    1  # a later payer denied it: what is owed is a matter of people
                )
                continue
            found["paid"] += all(not one.category for one in self.desk.records(record))
            found["right"] += product == truth
            if product != truth:
                wrong.append(record.number)
        if wrong:
            sys.stderr.write(f"not right: {wrong}\n")
        return dict(found)


def _unsettled() -> int:
    from sanderling.outbox.models import OutboundFile

    return (
        OutboundFile.objects.exclude(kind="packet")
        .exclude(state="sent", standing__in=("accepted", "partly"))
        .count()
    )


def _write_document(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Replace what stands between the marks of a page."""
    lines = [
        "| seed | kind | sent | decided | paid | right to the cent | decided twice |",
        "|---|---|---|---|---|---|---|",
    ]
    totals: Counter[str] = Counter()
    for row in rows:
        for kind, found in row["kinds"].items():
            totals.update(found)
            lines.append(
                f"| {row['seed']} | {kind} | {found['sent']} | {found['decided']} | "
                f"{found['paid']} | {found['right']} | {found['twice']} |"
            )
    lines.append(
        f"| all | all | {totals['sent']} | {totals['decided']} | {totals['paid']} | "
        f"{totals['right']} | {totals['twice']} |"
    )
    text = path.read_text("utf-8")
    before, _, rest = text.partition("<!-- figures -->\n")
    _, _, after = rest.partition("<!-- end -->\n")
    body = "\n".join(lines)
    path.write_text(f"{before}<!-- figures -->\n{body}\n<!-- end -->\n{after}", "utf-8")


if __name__ == "__main__":
    main()
