"""From the rows of a public schedule to values; what is wrong is listed by row and column."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from importlib import resources
from typing import Any, Final

from sanderling.core.csv_rows import RowProblem
from sanderling.core.money import NotAnAmount
from sanderling.core.refusal import Refusal
from sanderling.core.sheets import HEADER_ROWS_MAX, Row, cell_cents, normalized_header

NAMES: Final[dict[str, dict[str, list[str]]]] = tomllib.loads(
    resources.files("sanderling.contracts").joinpath("reference_names.toml").read_text("utf-8")
)
# What a row must have; all other fields may be missing.
NEEDED: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "rvu": (("code",), ("work", "anesthesia_base")),
    "gpci": (("locality",), ("work",), ("practice",), ("malpractice",)),
    "fees": (("code",), ("amount", "amount_cents")),
}
TEXTS: Final = {
    *("code", "modifier", "locality", "name", "multiple_procedure", "bilateral", "assistant"),
    *("co_surgeon", "endoscopic_base"),
}
KEYS: Final = {
    "rvu": ("code", "modifier"),
    "gpci": ("locality",),
    "fees": ("code", "modifier", "locality"),
}
_VALUE: Final = re.compile(r"[0-9]{1,7}(\.[0-9]*)?|\.[0-9]+")
_PLACES: Final = 4
_CODE: Final = re.compile(r"[0-9A-Z]{5}")
_NUMBER: Final = re.compile(r"([0-9]+)\.0+")


class ReferenceUnreadable(Refusal):
    """No header was recognised."""


@dataclass(slots=True)
class ReferenceReading:
    """What a schedule says: rows by field, and each thing refused."""

    row_count: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def content_sha256(self) -> str:
        """Return what is equal for schedules with the same values in any order."""
        lines = sorted(
            "|".join(f"{name}={row[name]}" for name in sorted(row) if name != "row")
            for row in self.rows
        )
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def read_reference(kind: str, rows: Sequence[Row]) -> ReferenceReading:
    """Return the values under the first header that has what the kind needs.

    Raises:
        ReferenceUnreadable: no row is such a header.
    """
    found = find_header(kind, rows)
    if found is None:
        needed = ", ".join(" or ".join(names) for names in NEEDED[kind])
        raise ReferenceUnreadable(f"no row of the sheet has the columns {needed}; name them so")
    at, places = found
    reading = ReferenceReading()
    seen: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(rows[at + 1 :], start=at + 2):
        cells = {name: row[place] if place < len(row) else "" for name, place in places.items()}
        if sum(1 for cell in row if cell) < 2:  # noqa: PLR2004 - blank, or a note below the table
            continue
        reading.row_count += 1
        faults: list[RowProblem] = []
        values = _values(kind, number, cells, faults)
        if not faults:
            key = tuple(values[name] for name in KEYS[kind])
            before = seen.setdefault(key, number)
            if before != number:
                faults.append(
                    RowProblem(number, KEYS[kind][0], f"is in row {before} already; keep one")
                )
            else:
                reading.rows.append(values)
        reading.problems.extend(faults)
    return reading


def find_header(kind: str, rows: Sequence[Row]) -> tuple[int, Mapping[str, int]] | None:
    """Return the index of the header and where its fields stand."""
    for at, row in enumerate(rows[:HEADER_ROWS_MAX]):
        plain = [normalized_header(cell) for cell in row]
        places: dict[str, int] = {}
        for name, known in NAMES[kind].items():
            place = next((plain.index(word) for word in known if word in plain), None)
            if place is not None:
                places[name] = place
        if all(any(name in places for name in names) for names in NEEDED[kind]):
            return at, places
    return None


def _values(
    kind: str, number: int, cells: Mapping[str, str], faults: list[RowProblem]
) -> dict[str, Any]:
    values: dict[str, Any] = {"row": number}
    for name in NAMES[kind]:
        text = cells.get(name, "").strip()
        if name in TEXTS:
            values[name] = _text(number, name, text, faults)
        elif name not in ("amount", "amount_cents"):
            values[name] = _decimal(number, name, text, faults)
    if kind == "fees":
        values["amount_cents"] = _amount(number, cells, faults)
    if kind == "gpci" and None in (values["work"], values["practice"], values["malpractice"]):
        faults.append(RowProblem(number, "work", "a locality needs its three factors"))
    return values


def _text(number: int, name: str, text: str, faults: list[RowProblem]) -> str:
    if name == "name":
        return text
    text = text.upper()
    if whole := _NUMBER.fullmatch(text):
        text = whole[1]
    if name == "code":
        if text.isdigit():
            text = text.zfill(5)
        if not _CODE.fullmatch(text):
            faults.append(
                RowProblem(number, name, f"{text[:20] or 'nothing'} is no code of five characters")
            )
    if name == "locality" and not text and not faults:
        return ""
    return text


def _decimal(number: int, name: str, text: str, faults: list[RowProblem]) -> Decimal | None:
    text = text.replace(",", "")
    if text.upper() in ("", "NA", "N/A", "-"):
        return None
    if not _VALUE.fullmatch(text):
        faults.append(RowProblem(number, name, f"{text[:20]} is no value such as 1.30"))
        return None
    value = Decimal(text)
    rounded = round(value, _PLACES)
    if abs(value - rounded) > Decimal("0.0000001"):  # more than a spreadsheet's noise
        faults.append(RowProblem(number, name, f"{text[:20]} has more than four decimal places"))
    return rounded


def _amount(number: int, cells: Mapping[str, str], faults: list[RowProblem]) -> int | None:
    name = "amount_cents" if "amount_cents" in cells else "amount"
    try:
        if name == "amount_cents":
            cents = int(cells[name].replace(",", "").removesuffix(".0"))
        else:
            cents = cell_cents(cells[name]) or 0
    except (NotAnAmount, ValueError):
        faults.append(RowProblem(number, name, f"{cells[name][:20]} is no amount"))
        return None
    if cents <= 0:
        faults.append(RowProblem(number, name, "is not more than zero"))
        return None
    return cents
