"""What tests of the mirror share: a practice's files of every kind, and the mirror made anew."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
from tests.integration.situations import Desk, decided

from sanderling.codes.queries import code_book
from sanderling.mirror import files, reading
from sanderling.mirror.changes import every_claim
from sanderling.mirror.loading import load_outside, load_payers, load_slice
from sanderling.mirror.rows import rows_of, rows_of_none
from sanderling.mirror.tables import TABLES

TODAY = date(2026, 4, 10)
AT = datetime(2026, 4, 10, 6, tzinfo=UTC)
FULL = [("PR", "2", 30), ("CO", "45", 20)]


def practice() -> Desk:
    """Return files about claims that go every way: each file a fact that others depend on."""
    desk = Desk()
    desk.accepted("C1")  # paid, taken back, paid again
    desk.remit("01-30", decided("C1", [(150, 100, FULL, ())]))
    back = [("PR", "2", -30), ("CO", "45", -20)]
    desk.remit("02-20", decided("C1", [(-150, -100, back, ())], status="22"))
    desk.remit("02-25", decided("C1", [(150, 90, [("CO", "45", 60)], ())]))
    first = desk.claim("C2")  # rejected, sent again, refused, corrected, paid
    desk.front_end("01-10", first, "A3:21", is_refused=True)
    desk.accepted("C2", day="01-15")
    desk.denied("C2", "CO-197", "N517", day="02-02")
    desk.claim("C2", day="02-10", frequency="7")
    desk.remit("03-01", decided("C2", [(150, 110, [("CO", "45", 40)], ())]))
    desk.remit("01-28", decided("C3", [(150, 80, [*FULL, ("CO", "253", 20)], ())]))
    desk.accepted("C3", day="03-05")  # after its remittance
    sent = desk.claim("C4", others=("SECM1",))  # the set is refused, sent again; a second payer
    desk.file_check("01-09", sent, "R")
    desk.accepted("C4", day="01-20", others=("SECM1",))
    desk.remit("02-08", decided("C4", [(150, 80, [("PR", "1", 70)], ())], forwarded_to="SECM1"))
    second = decided("C4", [(150, 60, [("OA", "23", 80), ("PR", "3", 10)], ())], status="2")
    desk.remit("02-28", second, payer="SECM1")
    desk.denied("C4", "OA-18", day="03-02")
    desk.accepted("C5")  # half refused; a claim payment that does not balance; money of no claim
    halves = [(100, 60, [("CO", "45", 40)], ()), (50, 0, [("CO", "97", 50)], ("M15",))]
    desk.remit("02-03", decided("C5", halves), plb="PLB*1234567893*20261231*L6*-5~")
    desk.remit("02-04", decided("C6", [(150, 100, [("CO", "45", 10)], ())]))
    whole = desk.claim("C7", day="02-05")
    desk.front_end("02-06", whole, "A8:24", is_refused=True, is_whole_batch=True)
    return desk


def made_anew() -> dict[str, pl.DataFrame]:
    """Return every table as it follows from the database, without the mirror."""
    payers = load_payers()
    parts = [
        rows_of(load_slice(every_claim().to_list(), payers), code_book()),
        rows_of_none(load_outside(payers)),
    ]
    return {
        name: files.ordered(table, pl.concat([part[name] for part in parts if name in part]))
        for name, table in TABLES.items()
    }


def mirrored() -> dict[str, pl.DataFrame]:
    """Return every table as the mirror has it."""
    return {
        name: files.ordered(table, reading.scan(name, None).collect())
        for name, table in TABLES.items()
    }


def different(first: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> list[str]:
    """Return the names of the tables that differ."""
    return [name for name in first if not first[name].equals(other[name])]
