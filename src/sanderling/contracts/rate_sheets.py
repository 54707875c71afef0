"""From the rows of a payer's fee schedule to rates; what is wrong is listed by row and column."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Final

from sanderling.core.csv_rows import RowProblem
from sanderling.core.money import NotAnAmount
from sanderling.core.refusal import Refusal
from sanderling.core.sheets import HEADER_ROWS_MAX, Row, cell_cents, normalized_header

# field: the names it goes by, surest first. A header belongs to one field only.
NAMES: Final[dict[str, list[str]]] = tomllib.loads(
    resources.files("sanderling.contracts").joinpath("column_names.toml").read_text("utf-8")
)
FIELDS: Final = tuple(NAMES)
AMOUNTS: Final = ("allowed_cents", "allowed")
CENTS_MAX: Final = 10**9  # ten million dollars for one unit
# CPT, HCPCS and CDT codes have five characters, revenue codes four digits.
_CODE: Final = re.compile(r"[0-9]{5}|[A-Z][0-9]{4}|[0-9]{4}[A-Z]|[0-9]{4}")
_WITH_MODIFIER: Final = re.compile(r"([0-9A-Z]{5})[- :/]([0-9A-Z]{2})")
_MODIFIER: Final = re.compile(r"[0-9A-Z]{2}")
_WHOLE: Final = re.compile(r"(-?[0-9]+)(\.0+)?")
_SPREADSHEET_NUMBER: Final = re.compile(r"([0-9]+)\.0+")
_EMPTY_WORDS: Final = {"", "-", "--", "none", "n/a", "na", "null", "all", "any", "*"}


class ColumnsUnknown(Refusal):
    """No header was recognised, or the columns asked for are not in the sheet."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the fields of a sheet stand: column numbers from 0."""

    header_row: int  # index of the header among the sheet's rows
    headers: tuple[str, ...]  # as written
    places: Mapping[str, int]

    def named(self) -> dict[str, str]:
        """Return field -> normalized header: what is kept as a mapping."""
        return {name: normalized_header(self.headers[at]) for name, at in self.places.items()}

    @property
    def is_enough(self) -> bool:
        """Tell whether a code and an amount can be read."""
        return "code" in self.places and any(name in self.places for name in AMOUNTS)


@dataclass(frozen=True, slots=True)
class SheetRate:
    """One rate, and the row that it stands in."""

    code: str
    modifier: str
    place_of_service: str
    allowed_cents: int
    row: int


@dataclass(slots=True)
class RateReading:
    """What a sheet says: rates, and each thing refused."""

    row_count: int = 0
    rates: list[SheetRate] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def refused_count(self) -> int:
        """Return the number of rows that were refused."""
        return len({problem.row for problem in self.problems})

    @property
    def content_sha256(self) -> str:
        """Return what is equal for sheets with the same rates in any order."""
        lines = sorted(
            f"{one.code}|{one.modifier}|{one.place_of_service}|{one.allowed_cents}"
            for one in self.rates
        )
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def infer_columns(rows: Sequence[Row]) -> Columns | None:
    """Return the columns of the first row that names a code and an amount; None when none does."""
    for at, row in enumerate(rows[:HEADER_ROWS_MAX]):
        columns = recognised(at, row)
        if columns.is_enough:
            return columns
    return None


def possible_headers(rows: Sequence[Row]) -> list[str]:
    """Return the texts above the first row with a code and an amount, each once: titles too."""
    texts: dict[str, None] = {}
    for row in rows[:HEADER_ROWS_MAX]:
        if any(_CODE.fullmatch(cell.upper()) for cell in row) and any(map(_is_amount, row)):
            break
        texts.update(dict.fromkeys(cell for cell in row if cell))
    return list(texts)


def _is_amount(text: str) -> bool:
    if _CODE.fullmatch(text.upper()):
        return False
    try:
        return cell_cents(text) is not None
    except NotAnAmount:
        return False


def recognised(at: int, row: Row) -> Columns:
    """Return what the row's words say when it is read as a header."""
    plain = [normalized_header(cell) for cell in row]
    places: dict[str, int] = {}
    for name, known in NAMES.items():
        found = next((plain.index(word) for word in known if word in plain), None)
        if found is not None:
            places[name] = found
    if "allowed_cents" in places:
        places.pop("allowed", None)
    return Columns(at, tuple(row), places)


def columns_by_name(rows: Sequence[Row], named: Mapping[str, str]) -> Columns | None:
    """Return the columns that stand under these headers; None when no row has them all."""
    wanted = {name: normalized_header(header) for name, header in named.items() if header}
    for at, row in enumerate(rows[:HEADER_ROWS_MAX]):
        plain = [normalized_header(cell) for cell in row]
        if wanted and set(wanted.values()) <= set(plain):
            places = {name: plain.index(text) for name, text in wanted.items()}
            return Columns(at, tuple(row), places)
    return None


def read_rates(rows: Sequence[Row], columns: Columns) -> RateReading:
    """Return the rates under the header; a row with a fault is refused, the others are taken."""
    reading = RateReading()
    seen: dict[tuple[str, str, str], int] = {}
    code_header = normalized_header(columns.headers[columns.places["code"]])
    for number, row in enumerate(rows[columns.header_row + 1 :], start=columns.header_row + 2):
        cells = {name: row[at] if at < len(row) else "" for name, at in columns.places.items()}
        if _is_note(row, cells):
            continue
        reading.row_count += 1
        faults: list[RowProblem] = []
        rate = _rate(number, cells, code_header, faults)
        if rate is not None:
            key = (rate.code, rate.modifier, rate.place_of_service)
            before = seen.setdefault(key, number)
            if before == number:
                reading.rates.append(rate)
            else:
                faults.append(_double(rate, before))
        reading.problems.extend(faults)
    return reading


def _is_note(row: Row, cells: Mapping[str, str]) -> bool:
    """Tell whether the row is blank, or text such as a copyright below the table."""
    filled = [cell for cell in row if cell]
    if len(filled) > 1:
        return not any(cells.values())
    return not filled or not _CODE.fullmatch(cells["code"].upper())


def _double(rate: SheetRate, before: int) -> RowProblem:
    of = f"{rate.code}{f' with {rate.modifier}' if rate.modifier else ''}"
    at = f" at place {rate.place_of_service}" if rate.place_of_service else ""
    return RowProblem(rate.row, "code", f"{of}{at} is in row {before} already; keep one of them")


def _rate(
    number: int, cells: Mapping[str, str], code_header: str, faults: list[RowProblem]
) -> SheetRate | None:
    code, modifier = _code(number, cells["code"], code_header, faults)
    own = _blank_or(cells.get("modifier", "")).upper()
    if own and modifier and own != modifier:
        faults.append(RowProblem(number, "modifier", f"is {own}, but the code says {modifier}"))
    modifier = own or modifier
    if modifier and not _MODIFIER.fullmatch(modifier):
        faults.append(
            RowProblem(number, "modifier", f"{modifier} is no modifier: it has two characters")
        )
    place = _place(number, cells.get("place_of_service", ""), faults)
    cents = _cents(number, cells, faults)
    if faults or cents is None:
        return None
    return SheetRate(code, modifier, place, cents, number)


def _code(number: int, text: str, code_header: str, faults: list[RowProblem]) -> tuple[str, str]:
    """Return the code and the modifier that stands behind it ("71046-26"), if any."""
    text = text.upper().strip()
    if whole := _SPREADSHEET_NUMBER.fullmatch(text):
        text = whole[1]
    if not text:
        faults.append(RowProblem(number, "code", "is empty; a rate needs its code"))
        return "", ""
    if (found := _WITH_MODIFIER.fullmatch(text)) and _CODE.fullmatch(found[1]):
        return found[1], found[2]
    if text.isdigit() and len(text) < 5:  # noqa: PLR2004 - a spreadsheet dropped its zeros
        if "rev" in code_header:
            text = text.zfill(4)
        elif any(word in code_header for word in ("cpt", "hcpcs", "proc")):
            text = text.zfill(5)
    if not _CODE.fullmatch(text):
        faults.append(
            RowProblem(
                number,
                "code",
                f"{text[:20]} is no code: five characters (CPT, HCPCS, CDT) or four digits"
                " (revenue code); write a range code by code",
            )
        )
    return text, ""


def _place(number: int, text: str, faults: list[RowProblem]) -> str:
    text = _blank_or(text)
    if whole := _SPREADSHEET_NUMBER.fullmatch(text):
        text = whole[1]
    if not text:
        return ""
    if not text.isascii() or not text.isdigit() or len(text) > 2:  # noqa: PLR2004 - two digits
        faults.append(
            RowProblem(
                number,
                "place_of_service",
                f"{text[:20]} is no place of service: two digits such as 11, or empty for any",
            )
        )
    return text.zfill(2)


def _blank_or(text: str) -> str:
    text = text.strip()
    return "" if text.lower() in _EMPTY_WORDS else text


def _cents(number: int, cells: Mapping[str, str], faults: list[RowProblem]) -> int | None:
    name = "allowed_cents" if "allowed_cents" in cells else "allowed"
    text = cells[name]
    try:
        cents = _whole_cents(text) if name == "allowed_cents" else cell_cents(text)
    except NotAnAmount:
        should = (
            "whole cents such as 9210; amounts in dollars stand under `allowed`"
            if name == "allowed_cents"
            else "an amount such as 92.10 or $1,092.10"
        )
        faults.append(RowProblem(number, name, f"{text[:20]} must be {should}"))
        return None
    if cents is None:
        faults.append(RowProblem(number, name, "is empty; a rate needs its amount"))
    elif cents < 0:
        faults.append(RowProblem(number, name, "is negative; what is allowed is more than zero"))
    elif cents == 0:
        faults.append(
            RowProblem(
                number,
                name,
                "is zero; a code that is not paid is a carve-out of the terms, not a rate",
            )
        )
    elif cents > CENTS_MAX:
        faults.append(RowProblem(number, name, "is more than ten million dollars for one unit"))
    else:
        return cents
    return None


def _whole_cents(text: str) -> int | None:
    if not text.strip():
        return None
    found = _WHOLE.fullmatch(text.strip().replace(",", ""))
    if found is None:
        raise NotAnAmount
    return int(found[1])
