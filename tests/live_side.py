"""A living world for tests, and our side of the wire written by hand (`core/x12/write`)."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from queue import Queue

from sanderling.core.x12.write.claim import BillingGroup, Claim, ClaimBatch, Frequency
from sanderling.core.x12.write.claim_status import (
    StatusBatch,
    StatusClaim,
    status_request_transaction,
)
from sanderling.core.x12.write.claims_837 import batch_segments, claim_transaction
from sanderling.core.x12.write.envelope import (
    Group,
    Interchange,
    Transaction,
    render_interchange,
)
from sanderling.core.x12.write.parties import Payer, Provider
from sanderling.simulator.live.codec import load
from sanderling.simulator.live.faults import Faults
from sanderling.simulator.live.opening import open_live
from sanderling.simulator.live.reading import Segment, read_interchange
from sanderling.simulator.live.sftp import Mailbox
from sanderling.simulator.live.store import Record, Refusal, Store
from sanderling.simulator.live.world import LiveWorld, Turn
from sanderling.simulator.office import RECEIVER, SUBMITTER
from sanderling.simulator.payers import BY_CODE
from sanderling.simulator.worldstate import Settings

DAY = date(2026, 11, 28)
SETTINGS = Settings(claims=500, seed=7, start_date=DAY - timedelta(days=120), days=120)


@cache
def opened(folder: Path, settings: Settings = SETTINGS) -> Path:
    """The beginning of a living world, made once for each folder."""
    open_live(settings, folder / "opened")
    return folder / "opened"


class Side:
    """Our side: sends files, lets turns pass, reads what came back."""

    def __init__(self, beginning: Path, folder: Path, faults: Faults | None = None) -> None:
        shutil.copytree(beginning, folder, dirs_exist_ok=True)
        self.folder = folder
        self.mailbox = folder / "mailbox"
        self.world = LiveWorld(folder, faults)
        self.number = 900
        self.made_date = DAY  # of the files written next
        self.seen: set[str] = set()

    # What is on file.

    def records(self, wanted: Callable[[Record], bool]) -> list[Record]:
        """Claims on file that fit."""
        store = Store(self.folder)
        try:
            return [record for record in store.records() if wanted(record)]
        finally:
            store.close()

    def record(self, like: Record) -> Record:
        """The same claim as it is on file now."""
        store = Store(self.folder)
        try:
            found = store.record(like.payer, like.client, like.number)
        finally:
            store.close()
        assert found is not None
        return found

    def record_of(self, like: Record) -> str:
        """The state of a claim on file."""
        return self.record(like).state

    def refusals(self) -> list[tuple[str, str, Refusal]]:
        """Rejected claims: payer, client, and why."""
        return [
            (row[0], row[1], load(Refusal, row[2]))
            for row in self.rows("SELECT payer, client, body FROM refusals ORDER BY number")
        ]

    def rows(self, statement: str, *values: object) -> list[tuple[str, ...]]:
        """Look into the world's own books."""
        store = Store(self.folder)
        try:
            return store.rows(statement, *values)
        finally:
            store.close()

    # Sending.

    def file_837(
        self, claims: Sequence[Claim], provider: Provider, *, is_checked: bool = True
    ) -> str:
        """Write claims of one provider as a file with the next control number."""
        self.number += 1
        batch = ClaimBatch(
            reference=f"SL{self.number:09d}",
            created_at=datetime.combine(self.made_date, time(9, 30)),
            submitter=SUBMITTER,
            receiver=RECEIVER,
            groups=(BillingGroup(provider, tuple(claims)),),
            form=claims[0].form,
        )
        transaction = claim_transaction(replace_unbalanced(batch, is_checked=is_checked), "0001")
        if not is_checked:
            transaction = replace(transaction, body=batch_segments(batch))
        return self._framed(transaction)

    def file_276(self, claims: Sequence[StatusClaim], provider: Provider, payer: str) -> str:
        """Write a status request with the next control number."""
        self.number += 1
        known = BY_CODE.get(payer)
        batch = StatusBatch(
            reference=f"SL{self.number:09d}",
            created_at=datetime.combine(DAY, time(9, 30)),
            payer=known.on_claim if known else Payer("NOBODY", payer),
            receiver=SUBMITTER,
            providers=((provider, tuple(claims)),),
        )
        return self._framed(status_request_transaction(batch, "0001"))

    def _framed(self, transaction: Transaction) -> str:
        return render_interchange(
            Interchange(
                sender="SANDBILL",
                receiver="TIDEWATER",
                control_number=self.number,
                created_at=datetime.combine(self.made_date, time(9, 30)),
                groups=(Group(self.number, (transaction,)),),
            )
        )

    def send(self, text: str, name: str = "") -> None:
        """Put a file into the mailbox."""
        name = name or f"SL{self.number:09d}.837"
        (self.mailbox / "in" / name).write_bytes(text.encode("utf-8"))

    def send_claim(self, record: Record, claim: Claim) -> None:
        """Send one claim for the provider of a record."""
        self.send(self.file_837([claim], record.provider))

    # Time and answers.

    def turns(self, count: int, day: date = DAY) -> list[Turn]:
        """Let turns pass."""
        return [self.world.turn(day) for _ in range(count)]

    def answers(self, kind: str) -> list[str]:
        """What came out of a kind since the last look."""
        found = []
        for path in sorted((self.mailbox / "out").iterdir()):
            if path.suffix == f".{kind}" and path.name not in self.seen:
                self.seen.add(path.name)
                found.append(path.read_text("ascii"))
        return found

    def segments(self, kind: str, name: str) -> list[Segment]:
        """Segments of one name in the fresh answers of a kind; TA1 stands outside of sets."""
        return [
            segment
            for text in self.answers(kind)
            for group in read_interchange(text).groups
            for item in group.sets
            for segment in item.segments
            if segment[0] == name
        ]


async def _hang_up(mailbox: Mailbox) -> None:
    """Stop the server and let whatever it still does end."""
    await mailbox.stop()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def served(side: Side) -> Iterator[tuple[Mailbox, int]]:
    """Serve the mailbox over SFTP from a thread of its own; answers the server and its port."""
    ready: Queue[tuple[Mailbox, int]] = Queue()
    loop = asyncio.new_event_loop()

    async def start() -> None:
        mailbox = Mailbox(side.folder, side.world.faults)
        ready.put((mailbox, await mailbox.start()))

    def run() -> None:
        loop.run_until_complete(start())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    mailbox, port = ready.get(timeout=20)
    try:
        yield mailbox, port
    finally:
        asyncio.run_coroutine_threadsafe(_hang_up(mailbox), loop).result(timeout=20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=20)
        loop.close()


def replace_unbalanced(batch: ClaimBatch, *, is_checked: bool) -> ClaimBatch:
    """The writer refuses unbalanced claims; without the check they are kept away from it."""
    return batch if is_checked else replace(batch, groups=())


def corrected(record: Record, **changes: object) -> Claim:
    """A replacement of a claim on file."""
    return replace(
        record.claim,
        frequency=Frequency.REPLACEMENT,
        original_reference=record.icn,
        **changes,  # type: ignore[arg-type]
    )
