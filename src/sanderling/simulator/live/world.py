"""The living clearinghouse and its payers, turn by turn.

`LiveWorld.turn` takes in what lies in `in` and `appeals`, does what is due, and puts answers into
`out`, dated the day it is given. What is answered when, in turns after a file came in: TA1 and 999
in the same turn, the clearinghouse's 277CA after 1, the payer's after 2, the 835 after 4, a 277
after 1; an appeal is decided after 6.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sanderling.core.x12.write.remittances_835 import remittance_transaction
from sanderling.simulator.files import BILLING_COMPANY, CLEARINGHOUSE
from sanderling.simulator.identifiers import dice_for
from sanderling.simulator.live import front_end
from sanderling.simulator.live.answering import (
    Batch,
    Letter,
    source_of,
    transaction_277ca,
)
from sanderling.simulator.live.arrivals import APPEALS, IN, MAILBOX, OUT, Arrivals, real_time_answer
from sanderling.simulator.live.codec import dump, load
from sanderling.simulator.live.desk import Decided, Desk, Incoming, crossed_over
from sanderling.simulator.live.faults import Faults
from sanderling.simulator.live.front_end import Verdict
from sanderling.simulator.live.inquiries import Request, answer_request
from sanderling.simulator.live.packets import RECORDS, Packet, wins
from sanderling.simulator.live.paying import Due, run_payments
from sanderling.simulator.live.store import FINAL, IN_PROCESS, Event, Record, Refusal, Store
from sanderling.simulator.live.turns import (
    AT_CLEARINGHOUSE,
    AT_PAYER,
    DECISION,
    DECISION_TURNS,
    JUDGMENT,
    PAYER_TURNS,
    STATUS,
)
from sanderling.simulator.payers import BY_CODE

LOG = "log.csv"
_LOG_COLUMNS = ("file", "control_number", "payer_id", "kind", "level", "received_date", "state",
                "decided_date")  # fmt: skip


class NoLiveWorld(Exception):
    """The folder holds no living world."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What happened in a turn."""

    number: int
    taken: tuple[str, ...]  # files that came in
    answered: tuple[str, ...]  # files put out


class LiveWorld:
    """Clearinghouse and payers over one folder. One process at a time takes turns."""

    def __init__(self, folder: Path, faults: Faults | None = None) -> None:
        if not (folder / "world.sqlite3").exists():
            raise NoLiveWorld(str(folder))
        self.folder = folder
        self.faults = faults or Faults()
        with self._store() as store:
            self._seed = int(store.meta("seed"))
        self._desk = Desk(self._seed)

    @contextmanager
    def _store(self) -> Iterator[Store]:
        store = Store(self.folder)
        try:
            yield store
        finally:
            store.close()

    def turn(self, day: date, busy: frozenset[str] = frozenset()) -> Turn:
        """Live through one turn; files named in `busy` are still being written.

        Killed at any moment, the next call goes on as if nothing had happened.
        """
        arrivals = Arrivals(self.folder)
        arrivals.collect(busy)
        with self._store() as store:
            with store.transaction():
                number = int(store.meta("turn", "0")) + 1
                taken = arrivals.read(store, number, day, self._answer)
                for event in store.take_events(number):
                    self._happen(store, event, number, day)
                self._decide_by_themselves(store, number, day)
                self._pay(store, number, day)
                store.set_meta("turn", str(number))
                store.set_meta("day", max(store.meta("day"), day.isoformat()))
            answered = self._write_out(store, number)
            self._write_log(store)
        return Turn(number, taken, answered)

    def status_answer(self, text: str, day: date) -> str:
        """Answer a 276 at once: 277s, or the TA1 or 999 that says what is wrong with it."""
        with self._store() as store, store.transaction():
            return real_time_answer(store, self._desk, text, day)

    def has_work(self, day: date) -> bool:
        """Tell whether a turn would do anything."""
        mailbox = self.folder / MAILBOX
        waiting = any(
            not path.name.startswith(".") and path.name != LOG
            for name in (IN, APPEALS)
            for path in (mailbox / name).iterdir()
        )
        if waiting:
            return True
        with self._store() as store:
            return bool(
                store.rows("SELECT 1 FROM agenda LIMIT 1")
                or store.rows("SELECT 1 FROM answers WHERE is_written = 0 LIMIT 1")
                or store.rows(
                    "SELECT 1 FROM records WHERE due <> '' AND due <= ? LIMIT 1", day.isoformat()
                )
            )

    # What is arranged.

    def _happen(self, store: Store, event: Event, turn: int, day: date) -> None:
        if event.kind == AT_CLEARINGHOUSE:
            self._at_clearinghouse(store, load(Batch, event.body), turn, day)
        elif event.kind == AT_PAYER:
            self._at_payer(store, load(Batch, event.body), turn, day)
        elif event.kind == DECISION:
            self._decide(store, load(Incoming, event.body), turn, day)
        elif event.kind == STATUS:
            self._tell_status(store, load(Request, event.body), turn, day)
        elif event.kind == JUDGMENT:
            self._judge(store, load(Packet, event.body), turn, day)

    def _at_clearinghouse(self, store: Store, batch: Batch, turn: int, day: date) -> None:
        verdicts = []
        passed: dict[str, list[Verdict]] = {}
        for received in batch.claims:
            client = self._client(received.provider.npi)
            reason = front_end.at_clearinghouse(received, client, batch.received_date)
            verdict = Verdict(received, reason)
            verdicts.append(verdict)
            _note_verdict(store, turn, day, client, verdict, "clearinghouse")
            if reason is None:
                passed.setdefault(received.claim.payer.identifier, []).append(verdict)
        number = store.next_number("277ca")
        transaction = transaction_277ca(source_of(None), batch, tuple(verdicts), number, day)
        letter = Letter(CLEARINGHOUSE, batch.partner, day, (transaction,))
        self._answer(store, letter, f"{CLEARINGHOUSE}-{number:06d}", "277ca", turn)
        for _payer, items in sorted(passed.items()):
            claims = tuple(item.received for item in items)
            store.arrange(turn + PAYER_TURNS, AT_PAYER, replace(batch, claims=claims))

    def _at_payer(self, store: Store, batch: Batch, turn: int, day: date) -> None:
        payer = BY_CODE[batch.claims[0].claim.payer.identifier]
        verdicts = []
        for received in batch.claims:
            client = self._client(received.provider.npi)
            reason = front_end.at_payer(store, payer, client, received)
            number = "" if reason else self._claim_number(store, payer.code, day)
            told = number if payer.acknowledges_with_number else ""
            verdict = Verdict(received, reason, told)
            verdicts.append(verdict)
            _note_verdict(store, turn, day, client, verdict, "payer")
            if reason is not None:
                kept = Refusal(received.claim, reason)
                if store.record(payer.code, client, received.number) is None:
                    store.keep_refusal(payer.code, client, received.number, kept)
                continue
            store.keep_refusal(payer.code, client, received.number, None)
            self._take_in(
                store,
                Incoming(
                    payer.code, client, received.claim, received.provider, received.frequency,
                    number, batch.received_date,
                ),
                turn,
            )  # fmt: skip
        running = store.next_number("277ca")
        transaction = transaction_277ca(source_of(payer), batch, tuple(verdicts), running, day)
        letter = Letter(
            CLEARINGHOUSE, batch.partner, day, (transaction,), delimiters=payer.delimiters
        )
        self._answer(store, letter, f"{payer.code}-{running:06d}", "277ca", turn)

    def _take_in(self, store: Store, item: Incoming, turn: int) -> None:
        """Put a claim on its payer's desk; what was decided of it before stays in force."""
        old = store.record(item.payer, item.client, item.claim.control_number)
        if old is None:
            old = Record(
                item.payer, item.client, item.claim.control_number, IN_PROCESS, item.icn,
                item.claim, item.provider, received_date=item.received_date,
            )  # fmt: skip
        store.keep(replace(old, state=IN_PROCESS, due_date=None))
        store.arrange(turn + DECISION_TURNS, DECISION, item)

    def _decide(self, store: Store, item: Incoming, turn: int, day: date) -> None:
        record = store.record(item.payer, item.client, item.claim.control_number)
        known = record if record is not None and (record.payments or record.category) else None
        self._settle(store, self._desk.decide(item, known), turn, day)

    def _settle(self, store: Store, decided: Decided, turn: int, day: date) -> None:
        """File a decision; its claim payments go out with this turn's payment run."""
        record = decided.record
        store.keep(record)
        if decided.payments:
            due = Due(
                record.payer, record.client, record.number,
                store.meta("partner", BILLING_COMPANY), record.provider, decided.payments,
            )  # fmt: skip
            store.run(
                "INSERT INTO dues (payer, client, body) VALUES (?, ?, ?)",
                record.payer, record.client, dump(due),
            )  # fmt: skip
        paid = sum(part.payment.paid_cents for part in record.payments)
        owed = sum(part.payment.patient_cents for part in record.payments)
        store.run(
            "INSERT INTO decisions (turn, day, payer, client, number, cause, outcome, category, "
            "paid_cents, patient_cents) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            turn, day.isoformat(), record.payer, record.client, record.number, decided.cause,
            decided.outcome, record.category, paid, owed,
        )  # fmt: skip
        if decided.crosses_to:
            self._cross_over(store, decided, turn, day)

    def _cross_over(self, store: Store, decided: Decided, turn: int, day: date) -> None:
        record = decided.record
        known = {one.payer.identifier for one in record.claim.other_payers}
        old = store.record(decided.crosses_to, record.client, record.number)
        if decided.crosses_to not in known or (old is not None and old.is_answered):
            return
        claim = crossed_over(decided, day)
        icn = self._claim_number(store, decided.crosses_to, day)
        item = Incoming(
            decided.crosses_to, record.client, claim, record.provider, "1", icn, day
        )  # fmt: skip
        self._take_in(store, item, turn)

    def _decide_by_themselves(self, store: Store, turn: int, day: date) -> None:
        """Decide what was in process when this world began and has come to its day."""
        for record in store.records_due(day):
            icn = self._claim_number(store, record.payer, day)
            if record.category:
                decided = self._desk.favor(record, icn, day, "replacement")
            else:
                item = Incoming(
                    record.payer, record.client, record.claim, record.provider, "1",
                    record.icn or icn, record.received_date or day,
                )  # fmt: skip
                decided = self._desk.decide(item, None)
            self._settle(store, decided, turn, day)

    def _tell_status(self, store: Store, request: Request, turn: int, day: date) -> None:
        number = store.next_number("277")
        transaction = answer_request(store, self._desk, request, day, number)
        payer = BY_CODE.get(request.payer.identifier)
        sender = payer.code if payer else CLEARINGHOUSE
        letter = Letter(
            sender, request.partner, day, (transaction,),
            delimiters=payer.delimiters if payer else None,
        )  # fmt: skip
        self._answer(store, letter, f"{sender}-{number:06d}", "277", turn)

    def _judge(self, store: Store, packet: Packet, turn: int, day: date) -> None:
        """Decide an appeal, or look at records."""
        record = store.record(packet.payer, packet.client, packet.number)
        if record is None:
            return
        state = "closed"
        icn = self._claim_number(store, record.payer, day)
        if record.state == FINAL and record.category:
            is_won = wins(self._seed, record, packet)
            decide = self._desk.favor if is_won else self._desk.uphold
            self._settle(store, decide(record, icn, day, packet.kind), turn, day)
            state = "overturned" if is_won else "upheld"
        elif record.state != FINAL and packet.kind == RECORDS:
            self._settle(store, self._desk.favor(record, icn, day, packet.kind), turn, day)
            state = "overturned"
        store.run(
            "UPDATE appeals SET state = ?, decided = ? "
            "WHERE file = ? AND payer = ? AND number = ? AND state = 'received'",
            state, day.isoformat(), packet.file, packet.payer, packet.number,
        )  # fmt: skip

    def _pay(self, store: Store, turn: int, day: date) -> None:
        for run in run_payments(store, day):
            payer = BY_CODE[run.payer]
            transactions = tuple(
                remittance_transaction(remittance, f"{place:04d}")
                for place, remittance in enumerate(run.remittances, start=1)
            )
            letter = Letter(payer.code, run.partner, day, transactions, delimiters=payer.delimiters)
            number = store.next_number("835")
            self._answer(store, letter, f"{payer.code}-{number:06d}", "835", turn)

    def _client(self, npi: str) -> str:
        found = self._desk.client_of(npi)
        return found.code if found else ""

    @staticmethod
    def _claim_number(store: Store, payer: str, day: date) -> str:
        # The letter keeps them apart from the numbers of the world before.
        return f"{payer}{day:%y%j}L{store.next_number(f'icn:{payer}'):06d}"

    # Files.

    def _answer(self, store: Store, letter: Letter, stem: str, kind: str, turn: int) -> None:
        """Put a file out, as the faults in force would have it."""
        number = store.next_number(f"interchange:{letter.sender}")
        text = letter.render(number)
        name = f"{stem}.{kind}"
        later = turn
        if self.faults.reordered:
            later += dice_for(self._seed, "late", name).randrange(4)
        store.answer(name, kind, later, letter.day, text)
        if self.faults.doubled:
            is_framed_anew = dice_for(self._seed, "double", name).random() < 0.5  # noqa: PLR2004
            if is_framed_anew:
                text = letter.render(store.next_number(f"interchange:{letter.sender}"))
            store.answer(f"{stem}-again.{kind}", kind, later + 1, letter.day, text)

    def _write_out(self, store: Store, turn: int) -> tuple[str, ...]:
        """Write what is to be collected; after a crash, what the last turn had not written yet."""
        rows = store.rows(
            "SELECT id, name, text FROM answers WHERE is_written = 0 AND turn <= ? "
            "ORDER BY turn, id",
            turn,
        )  # fmt: skip
        if self.faults.reordered:
            rows.reverse()
        for number, name, text in rows:
            _write(self.folder / MAILBOX / OUT / name, text.encode("ascii"))
            store.run("UPDATE answers SET is_written = 1 WHERE id = ?", number)
        return tuple(row[1] for row in rows)

    def _write_log(self, store: Store) -> None:
        """Write the portal's list of appeals, when there is any."""
        rows = store.rows(
            "SELECT file, number, payer, kind, level, received, state, decided "
            "FROM appeals ORDER BY id"
        )
        if not rows:
            return
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_LOG_COLUMNS)
        writer.writerows(rows)
        _write(self.folder / MAILBOX / APPEALS / LOG, stream.getvalue().encode())


def _write(path: Path, data: bytes) -> None:
    """Write a file so that whoever looks sees all of it or nothing."""
    hidden = path.with_name(f".{path.name}.part")
    with hidden.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    hidden.replace(path)


def _note_verdict(
    store: Store, turn: int, day: date, client: str, verdict: Verdict, source: str
) -> None:
    received = verdict.received
    reason = verdict.reason
    status = f"{reason.status_category}:{reason.status}" if reason else "accepted"
    store.run(
        "INSERT INTO verdicts (turn, day, payer, client, number, frequency, source, status) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        turn, day.isoformat(), received.claim.payer.identifier, client, received.number,
        received.frequency, source, status,
    )  # fmt: skip
