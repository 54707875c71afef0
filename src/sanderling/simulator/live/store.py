"""What the living world remembers: one SQLite file, changed in one transaction a turn."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sanderling.core.x12.write.claim import Claim
from sanderling.core.x12.write.parties import Provider
from sanderling.simulator.live.codec import dump, load
from sanderling.simulator.reasons import FrontEndReason, Reason
from sanderling.simulator.ruling import RuledPayment

FILE = "world.sqlite3"
WAIT_SECONDS = 30.0

IN_PROCESS, PENDED, SILENT, FINAL, VOIDED = "in_process", "pended", "silent", "final", "voided"

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE members (payer TEXT, member TEXT, last_name TEXT, birth_date TEXT,
    PRIMARY KEY (payer, member, last_name, birth_date));
CREATE TABLE records (payer TEXT, client TEXT, number TEXT, state TEXT NOT NULL, due TEXT NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (payer, client, number));
CREATE INDEX records_due ON records (due) WHERE due <> '';
CREATE TABLE claim_numbers (payer TEXT, icn TEXT, client TEXT, number TEXT,
    PRIMARY KEY (payer, icn));
CREATE TABLE refusals (payer TEXT, client TEXT, number TEXT, body TEXT NOT NULL,
    PRIMARY KEY (payer, client, number));
CREATE TABLE interchanges (sender TEXT, control_number INTEGER, turn INTEGER NOT NULL,
    PRIMARY KEY (sender, control_number));
CREATE TABLE arrivals (name TEXT PRIMARY KEY, kind TEXT NOT NULL, turn INTEGER NOT NULL,
    day TEXT NOT NULL, found TEXT NOT NULL);
CREATE TABLE agenda (id INTEGER PRIMARY KEY, turn INTEGER NOT NULL, kind TEXT NOT NULL,
    body TEXT NOT NULL);
CREATE INDEX agenda_turn ON agenda (turn, id);
CREATE TABLE dues (id INTEGER PRIMARY KEY, payer TEXT NOT NULL, client TEXT NOT NULL,
    body TEXT NOT NULL);
CREATE TABLE debts (id INTEGER PRIMARY KEY, payer TEXT NOT NULL, npi TEXT NOT NULL,
    reference TEXT NOT NULL, cents INTEGER NOT NULL);
CREATE TABLE answers (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, kind TEXT NOT NULL,
    turn INTEGER NOT NULL, day TEXT NOT NULL, text TEXT NOT NULL, is_written INTEGER NOT NULL);
CREATE INDEX answers_unwritten ON answers (turn, id) WHERE is_written = 0;
CREATE TABLE verdicts (id INTEGER PRIMARY KEY, turn INTEGER NOT NULL, day TEXT NOT NULL,
    payer TEXT NOT NULL, client TEXT NOT NULL, number TEXT NOT NULL, frequency TEXT NOT NULL,
    source TEXT NOT NULL, status TEXT NOT NULL);
CREATE TABLE decisions (id INTEGER PRIMARY KEY, turn INTEGER NOT NULL, day TEXT NOT NULL,
    payer TEXT NOT NULL, client TEXT NOT NULL, number TEXT NOT NULL, cause TEXT NOT NULL,
    outcome TEXT NOT NULL, category TEXT NOT NULL, paid_cents INTEGER NOT NULL,
    patient_cents INTEGER NOT NULL);
CREATE TABLE appeals (id INTEGER PRIMARY KEY, file TEXT NOT NULL, payer TEXT NOT NULL,
    client TEXT NOT NULL, number TEXT NOT NULL, kind TEXT NOT NULL, level INTEGER NOT NULL,
    received TEXT NOT NULL, state TEXT NOT NULL, decided TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Record:
    """What a payer has on file of a claim."""

    payer: str
    client: str
    number: str
    state: str
    icn: str  # the newest
    claim: Claim  # the newest version it decided, or decides
    provider: Provider
    category: str = ""  # of the present denial
    denial: Reason | None = None
    payments: tuple[RuledPayment, ...] = ()  # in force: not reversed
    received_date: date | None = None
    payment_date: date | None = None
    trace: str = ""  # of the payment
    due_date: date | None = None  # decided by itself on this day

    @property
    def is_answered(self) -> bool:
        """True when one more original is a duplicate: being decided, or paid in whole or part."""
        was_paid = any(part.payment.paid_cents for part in self.payments)
        return self.state not in {FINAL, VOIDED} or (
            self.state == FINAL and (not self.category or was_paid)
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A claim that a front end turned away, and why."""

    claim: Claim
    reason: FrontEndReason


@dataclass(frozen=True, slots=True)
class Event:
    """Something arranged for a turn."""

    number: int
    kind: str
    body: str


class Store:
    """One open connection; every method works within the caller's transaction."""

    def __init__(self, folder: Path) -> None:
        self._link = sqlite3.connect(
            folder / FILE, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._link.execute("PRAGMA synchronous = FULL")

    def close(self) -> None:
        """Give the file back."""
        self._link.close()

    def create(self) -> None:
        """Lay the tables down."""
        for statement in _SCHEMA.split(";"):
            self._link.execute(statement)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, one at a time."""
        self._link.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._link.execute("ROLLBACK")
            raise
        self._link.execute("COMMIT")

    def run(self, statement: str, *values: object) -> sqlite3.Cursor:
        """Execute one statement."""
        return self._link.execute(statement, values)

    def rows(self, statement: str, *values: object) -> list[tuple[str, ...]]:
        """Execute a query."""
        return list(self._link.execute(statement, values))

    # Numbers.

    def meta(self, key: str, usual: str = "") -> str:
        """Read one setting."""
        found = self.rows("SELECT value FROM meta WHERE key = ?", key)
        return found[0][0] if found else usual

    def set_meta(self, key: str, value: str) -> None:
        """Write one setting."""
        self.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, value)

    def next_number(self, name: str) -> int:
        """Count up a running number of its own name."""
        self.run("INSERT INTO counters VALUES (?, 1) "
                 "ON CONFLICT (name) DO UPDATE SET value = value + 1", name)  # fmt: skip
        return int(self.rows("SELECT value FROM counters WHERE name = ?", name)[0][0])

    # Claims on file.

    def record(self, payer: str, client: str, number: str) -> Record | None:
        """Find what a payer has on file of a claim."""
        found = self.rows(
            "SELECT body FROM records WHERE payer = ? AND client = ? AND number = ?",
            payer, client, number,
        )  # fmt: skip
        return load(Record, found[0][0]) if found else None

    def records(self) -> list[Record]:
        """Everything on file, in order."""
        found = self.rows("SELECT body FROM records ORDER BY payer, client, number")
        return [load(Record, row[0]) for row in found]

    def records_due(self, day: date) -> list[Record]:
        """Claims that are decided by themselves until a day."""
        found = self.rows(
            "SELECT body FROM records WHERE due <> '' AND due <= ? ORDER BY due, payer, number",
            day.isoformat(),
        )
        return [load(Record, row[0]) for row in found]

    def record_by_icn(self, payer: str, icn: str) -> Record | None:
        """Find a claim by any number its payer ever gave it."""
        found = self.rows(
            "SELECT client, number FROM claim_numbers WHERE payer = ? AND icn = ?", payer, icn
        )
        return self.record(payer, found[0][0], found[0][1]) if found else None

    def keep(self, record: Record) -> None:
        """Write a claim, and every number it has."""
        due = record.due_date.isoformat() if record.due_date else ""
        self.run(
            "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?)",
            record.payer, record.client, record.number, record.state, due, dump(record),
        )  # fmt: skip
        numbers = {record.icn, *(part.payment.payer_claim_number for part in record.payments)}
        for icn in sorted(numbers - {""}):
            self.run(
                "INSERT OR REPLACE INTO claim_numbers VALUES (?, ?, ?, ?)",
                record.payer, icn, record.client, record.number,
            )  # fmt: skip

    def refusal(self, payer: str, client: str, number: str) -> Refusal | None:
        """Find why a claim was turned away last."""
        found = self.rows(
            "SELECT body FROM refusals WHERE payer = ? AND client = ? AND number = ?",
            payer, client, number,
        )  # fmt: skip
        return load(Refusal, found[0][0]) if found else None

    def keep_refusal(self, payer: str, client: str, number: str, refusal: Refusal | None) -> None:
        """Remember, or forget, why a claim was turned away."""
        self.run(
            "DELETE FROM refusals WHERE payer = ? AND client = ? AND number = ?",
            payer, client, number,
        )  # fmt: skip
        if refusal is not None:
            self.run(
                "INSERT INTO refusals VALUES (?, ?, ?, ?)", payer, client, number, dump(refusal)
            )

    # Agenda and answers.

    def arrange(self, turn: int, kind: str, body: object) -> None:
        """Arrange something for a turn."""
        self.run("INSERT INTO agenda (turn, kind, body) VALUES (?, ?, ?)", turn, kind, dump(body))

    def take_events(self, turn: int) -> list[Event]:
        """Take everything arranged until a turn off the agenda."""
        found = self.rows(
            "SELECT id, kind, body FROM agenda WHERE turn <= ? ORDER BY turn, id", turn
        )
        self.run("DELETE FROM agenda WHERE turn <= ?", turn)
        return [Event(int(row[0]), row[1], row[2]) for row in found]

    def answer(self, name: str, kind: str, turn: int, day: date, text: str) -> None:
        """Put a file out for collection; it is written after the transaction."""
        self.run(
            "INSERT INTO answers (name, kind, turn, day, text, is_written) "
            "VALUES (?, ?, ?, ?, ?, 0)",
            name, kind, turn, day.isoformat(), text,
        )  # fmt: skip
