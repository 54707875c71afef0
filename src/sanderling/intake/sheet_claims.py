"""From the rows of an aging sheet to claims with balances; faults are listed by cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, TypeVar

from sanderling.core.money import NotAnAmount
from sanderling.core.names import normalized_name, normalized_number
from sanderling.core.sheets import CENTS, cell_cents, normalized_header, whole_cents
from sanderling.core.x12.problems import Problem, Severity
from sanderling.intake.mappings import Columns
from sanderling.intake.sheet_values import (
    NotADay,
    cell_date,
    means_patient,
    person_names,
)

_TOTAL: Final = re.compile(
    r"(grand |sub ?|report |client |practice |payer )*totals?\b.*", re.IGNORECASE
)
_AS_OF: Final = re.compile(
    r"\b(?:as of|as-of|through|thru|date|run)\b[:\s]*([0-9A-Za-z,/. -]{6,20}?)\s*$", re.IGNORECASE
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SheetClaim:
    """One claim as the other system shows it; several rows of it are added up."""

    row: int
    client_id: int
    number: str
    insurance_cents: int
    patient_cents: int
    charge_cents: int | None = None
    service_date: date | None = None
    billed_date: date | None = None
    payer_id: str = ""
    payer_name: str = ""
    last_name: str = ""
    first_name: str = ""
    member_id: str = ""
    provider: str = ""


@dataclass(slots=True)
class SheetReading:
    """What a sheet holds: claims, and what was refused in it."""

    claims: list[SheetClaim] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    row_count: int = 0  # rows that speak of a claim
    as_of_date: date | None = None  # said above the header


class Clients:
    """Finds the client that a cell names: by code, name, NPI or tax number."""

    def __init__(
        self,
        *,
        codes: Mapping[str, int],
        names: Mapping[str, int],
        numbers: Mapping[str, int],
        default: int | None,
    ) -> None:
        self.default = default
        self._codes = {normalized_name(code): pk for code, pk in codes.items()}
        self._names = {normalized_name(name): pk for name, pk in names.items()}
        self._numbers = numbers

    def find(self, text: str) -> int | None:
        """Return the client's key, None when nobody is meant."""
        name = normalized_name(text)
        found = self._codes.get(name) or self._names.get(name)
        return found or self._numbers.get(normalized_number(text))


def read_claims(rows: Sequence[Sequence[str]], columns: Columns, clients: Clients) -> SheetReading:
    """Return the claims under the header; a row with a fault is refused, the others are taken."""
    reading = SheetReading(as_of_date=_as_of(rows[: columns.header_row]))
    found: list[SheetClaim] = []
    total: tuple[int, int] | None = None
    for at in range(columns.header_row + 1, len(rows)):
        row = _SheetRow(at + 1, rows[at], columns, reading.problems)
        if row.is_blank or row.is_header:
            continue
        if row.is_total:
            total = row.total() or total
            continue
        reading.row_count += 1
        claim = _claim(row, clients)
        if claim is not None:
            found.append(claim)
    reading.claims = _added_up(found)
    if total is not None and len(found) == reading.row_count:
        _compare_total(reading, *total)
    return reading


def _as_of(titles: Sequence[Sequence[str]]) -> date | None:
    for row in titles:
        for cell in row:
            match = _AS_OF.search(cell)
            if match is None:
                continue
            try:
                day = cell_date(match[1].strip(" ."))
            except NotADay:
                continue
            if day is not None:
                return day
    return None


class _SheetRow:
    """The cells of one row by field; says what is wrong with them."""

    def __init__(
        self, number: int, cells: Sequence[str], columns: Columns, problems: list[Problem]
    ) -> None:
        self.number = number
        self.is_refused = False
        self.columns = columns
        self._cells = cells
        self._problems = problems

    @property
    def is_blank(self) -> bool:
        return not any(self._cells)

    @property
    def is_header(self) -> bool:
        """Whether the header is printed again, as on each page of a report."""
        return tuple(self._cells) == tuple(self.columns.headers)

    @property
    def is_total(self) -> bool:
        """Whether the row sums up others: it says so where a name or a number would stand."""
        first = next((cell for cell in self._cells if cell), "")
        return bool(_TOTAL.fullmatch(first) or _TOTAL.fullmatch(self.text("number")))

    def has(self, name: str) -> bool:
        return name in self.columns.places

    def text(self, name: str) -> str:
        at = self.columns.places.get(name)
        return self._at(at) if at is not None else ""

    def _at(self, at: int) -> str:
        return self._cells[at] if at < len(self._cells) else ""

    def refuse(self, code: str, column: str, message: str) -> None:
        """List a fault; `column` is the header as the sheet writes it."""
        self.is_refused = True
        self._problems.append(
            Problem(
                code=code,
                severity=Severity.CLAIM,
                message=message,
                element=column,
                position=self.number,
            )
        )

    def header(self, name: str) -> str:
        at = self.columns.places.get(name)
        return self.columns.headers[at] if at is not None else name

    def cents(self, name: str) -> int | None:
        at = self.columns.places.get(name)
        return self._cents_at(at) if at is not None else None

    def _cents_at(self, at: int) -> int | None:
        if normalized_header(self.columns.headers[at]).endswith(CENTS):
            return self._read(at, whole_cents, NotAnAmount, "is no whole number of cents")
        return self._read(
            at, cell_cents, NotAnAmount, "is no amount such as 1,234.56, (12.00) or -5"
        )

    def day(self, name: str) -> date | None:
        at = self.columns.places.get(name)
        if at is None:
            return None
        return self._read(at, cell_date, NotADay, "is no day such as 2026-03-05 or 3/5/2026")

    def _read(
        self, at: int, read: Callable[[str], T], fault: type[Exception], message: str
    ) -> T | None:
        try:
            return read(self._at(at))
        except fault:
            # The cell itself is not repeated: under a wrong header it may be a patient's name.
            self.refuse("cell_unreadable", self.columns.headers[at], message)
            return None

    def buckets(self, places: Sequence[int]) -> int | None:
        """Return the sum of the bucket columns, None when all are blank."""
        amounts = [self._cents_at(at) for at in places]
        told = [cents for cents in amounts if cents is not None]
        return sum(told) if told else None

    def total(self) -> tuple[int, int] | None:
        """Return the row's number and the balance it states; None when it states none."""
        problems, self._problems = self._problems, []
        owed = _balances(self)
        self._problems = problems
        return (self.number, sum(owed)) if owed and not self.is_refused else None


def _claim(row: _SheetRow, clients: Clients) -> SheetClaim | None:
    number = row.text("number")
    if not number:
        row.refuse("number_missing", row.header("number"), "is empty; a claim needs its number")
    client_id = _client(row, clients)
    owed = _balances(row)
    if owed is None and not row.is_refused:
        row.refuse("balance_missing", _balance_header(row), "is empty; write 0 where none is owed")
    charge_cents = row.cents("charge")
    service_date, billed_date = row.day("service_date"), row.day("billed_date")
    if row.is_refused or owed is None or client_id is None:
        return None
    last, first = row.text("last_name").upper(), row.text("first_name").upper()
    if not last and row.text("patient"):
        last, first = person_names(row.text("patient"))
    payer_name = row.text("payer_name")
    is_person = means_patient(payer_name)
    return SheetClaim(
        row=row.number,
        client_id=client_id,
        number=number,
        insurance_cents=owed[0],
        patient_cents=owed[1],
        charge_cents=charge_cents,
        service_date=service_date,
        billed_date=billed_date,
        payer_id=row.text("payer_id"),
        payer_name="" if is_person else payer_name,
        last_name=last,
        first_name=first,
        member_id=row.text("member_id"),
        provider=row.text("provider"),
    )


def _client(row: _SheetRow, clients: Clients) -> int | None:
    text = row.text("client")
    found = clients.find(text) if text else None
    if found is not None and clients.default not in (None, found):
        row.refuse(
            "client_differs", row.header("client"), "names another client than --client does"
        )
        return None
    found = found or clients.default
    if found is None:
        row.refuse(
            "client_unknown",
            row.header("client"),
            "names no client; import the client first, or say --client CODE",
        )
    return found


def _balance_header(row: _SheetRow) -> str:
    names = ("balance", "insurance", "patient_balance")
    return next((row.header(name) for name in names if row.has(name)), "balance")


def _balances(row: _SheetRow) -> tuple[int, int] | None:
    """Return (insurance, patient) cents; None when the row states none, or is refused."""
    insurance, patient = row.cents("insurance"), row.cents("patient_balance")
    total = row.cents("balance")
    aged = row.buckets(row.columns.buckets)
    aged_patient = row.buckets(row.columns.patient_buckets)
    if row.is_refused:
        return None
    if patient is None:
        patient = aged_patient
    if total is None and insurance is None and aged is not None:
        # Buckets alone: of the insurance where the patient's stand apart, else of all.
        if patient is not None and row.columns.patient_buckets:
            insurance = aged
        else:
            total = aged
    stated = [insurance, total, None if insurance is None else insurance + (patient or 0)]
    if total is not None:
        stated.append(total - (patient or 0))
    if aged is not None and aged not in stated:
        row.refuse(
            "buckets_differ",
            _balance_header(row),
            f"is not the sum of the age columns ({aged} cents)",
        )
        return None
    return _divided(row, insurance, patient, total)


def _divided(
    row: _SheetRow, insurance: int | None, patient: int | None, total: int | None
) -> tuple[int, int] | None:
    if insurance is None and patient is None:
        if total is None:
            return None
        is_patients = (
            means_patient(row.text("responsibility"))
            if row.text("responsibility")
            else means_patient(row.text("payer_name"))
        )
        return (0, total) if is_patients else (total, 0)
    if total is None:
        return insurance or 0, patient or 0
    if insurance is None:
        return total - (patient or 0), patient or 0
    if patient is None:
        return insurance, total - insurance
    if insurance + patient != total:
        row.refuse(
            "balance_differs",
            row.header("balance"),
            f"is {total} cents, but insurance and patient balance add up to {insurance + patient}",
        )
        return None
    return insurance, patient


def _added_up(claims: Sequence[SheetClaim]) -> list[SheetClaim]:
    """Return one claim for each client and number: reports by line or by payer repeat it.

    The charge is that of the insurance's rows, or of the patient's when they say more: a claim may
    stand once with each under the same charge.
    """
    groups: dict[tuple[int, str], list[SheetClaim]] = {}
    for claim in claims:
        groups.setdefault((claim.client_id, claim.number), []).append(claim)
    return [_one(rows) for rows in groups.values()]


def _one(rows: Sequence[SheetClaim]) -> SheetClaim:
    if len(rows) == 1:
        return rows[0]
    of_patient = [r for r in rows if r.patient_cents and not r.insurance_cents]
    others = [r for r in rows if r not in of_patient]
    charges = [
        sum(r.charge_cents or 0 for r in part)
        for part in (of_patient, others)
        if any(r.charge_cents is not None for r in part)
    ]
    days = [r.service_date for r in rows if r.service_date is not None]
    billed = [r.billed_date for r in rows if r.billed_date is not None]
    named = next((r for r in rows if r.payer_id or r.payer_name), rows[0])
    return replace(
        rows[0],
        insurance_cents=sum(r.insurance_cents for r in rows),
        patient_cents=sum(r.patient_cents for r in rows),
        charge_cents=max(charges, default=None),
        service_date=min(days, default=None),
        billed_date=min(billed, default=None),
        payer_id=named.payer_id,
        payer_name=named.payer_name,
    )


def _compare_total(reading: SheetReading, number: int, stated_cents: int) -> None:
    """List a difference between the sheet's own total and its rows; nothing is plugged."""
    added = sum(claim.insurance_cents + claim.patient_cents for claim in reading.claims)
    if added != stated_cents:
        reading.problems.append(
            Problem(
                code="total_differs",
                severity=Severity.WARNING,
                message=f"the sheet's total is {stated_cents} cents, its rows add up to {added}:"
                " ask for a complete sheet",
                position=number,
            )
        )
