"""Which column of a sheet means what: inferred on first sight, kept, and used again.

Aging reports of billing systems name the same things in many ways and put them in any order, below
titles and above totals. A header is recognised by its words; the set of headers is the mapping's
fingerprint, so that next month's sheet is read the same way without asking.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as Names
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Final

from sanderling.core.refusal import Refusal
from sanderling.core.sheets import (
    CENTS,
    HEADER_ROWS_MAX,
    header_fingerprint,
    normalized_header,
)
from sanderling.intake.models import Mapping

_FINGERPRINT_LETTERS: Final = 10

# field: the names it goes by, surest first. A header belongs to one field only.
NAMES: Final[dict[str, list[str]]] = tomllib.loads(
    resources.files("sanderling.intake").joinpath("column_names.toml").read_text(encoding="utf-8")
)
FIELDS: Final = (*NAMES, "buckets", "patient_buckets")
_WORTH: Final = {"number": 3, "balance": 2, "insurance": 2, "patient_balance": 1}
_BUCKET: Final = re.compile(
    r"(?:aged?|aging|days?|over|past due|more than|b|balance|bal)*\s*"
    r"(?:\d{1,3} (?:to )?\d{1,3}|(?:>|over|above|more than) ?\d{2,3}"
    r"|\d{2,3} ?(?:\+|plus|over|up|and over|and up))"
    r"\s*(?:days?|balance|bal|old|cents|amount|amt)*"
)
_CURRENT: Final = {"current", "current balance", "not due", "not yet due"}
_PATIENT_WORDS: Final = re.compile(r"^(?:patient|pat|pt|self pay|self|guarantor) ")
_INSURANCE_WORDS: Final = re.compile(r"^(?:insurance|ins|payer|payor|carrier) ")


class ColumnsUnknown(Refusal):
    """No header was recognised, or the mapping asked for does not fit the sheet."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the fields of a sheet stand: column numbers from 0."""

    header_row: int  # index of the header among the sheet's rows
    headers: tuple[str, ...]  # as written
    places: Names[str, int]
    buckets: tuple[int, ...]
    patient_buckets: tuple[int, ...]

    def named(self) -> dict[str, str | list[str]]:
        """Return field -> normalized header: what is kept as a mapping."""
        plain = [normalized_header(header) for header in self.headers]
        kept: dict[str, str | list[str]] = {name: plain[at] for name, at in self.places.items()}
        kept["buckets"] = [plain[at] for at in self.buckets]
        kept["patient_buckets"] = [plain[at] for at in self.patient_buckets]
        return kept


def infer_columns(rows: Sequence[Sequence[str]]) -> Columns | None:
    """Return the columns under the most telling of the first rows; None when none tells enough.

    A header tells enough when it names the claim and some balance.
    """
    best: tuple[int, Columns] | None = None
    for at, row in enumerate(rows[:HEADER_ROWS_MAX]):
        columns = _recognised(at, row)
        worth = sum(_WORTH.get(name, 1) for name in columns.places) + len(columns.buckets)
        if is_enough(columns) and (best is None or worth > best[0]):
            best = worth, columns
    return best[1] if best else None


def is_enough(columns: Columns) -> bool:
    """Say whether a claim's number and what is owed on it can be told."""
    owed = {"balance", "insurance", "patient_balance"} & columns.places.keys()
    return "number" in columns.places and bool(owed or columns.buckets or columns.patient_buckets)


def _recognised(at: int, row: Sequence[str]) -> Columns:
    plain = [normalized_header(cell).removesuffix(CENTS) for cell in row]
    buckets, patient_buckets = _bucket_places(plain)
    taken = {*buckets, *patient_buckets}
    places: dict[str, int] = {}
    for name, known in NAMES.items():
        for word in known:
            found = [i for i, text in enumerate(plain) if text == word and i not in taken]
            if found:
                places[name] = found[0]
                taken.add(found[0])
                break
    return Columns(at, tuple(row), places, buckets, patient_buckets)


def _bucket_places(plain: Sequence[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the columns of aging buckets: of the insurance (or of all), and of the patient."""
    general: list[int] = []
    patient: list[int] = []
    for at, text in enumerate(plain):
        of_patient = _PATIENT_WORDS.sub("", text)
        bare = _INSURANCE_WORDS.sub("", of_patient)
        if _BUCKET.fullmatch(bare):
            (patient if of_patient != text else general).append(at)
    if general or patient:
        for at, text in enumerate(plain):
            of_patient = _PATIENT_WORDS.sub("", text)
            if _INSURANCE_WORDS.sub("", of_patient) in _CURRENT:
                (patient if of_patient != text else general).append(at)
    return tuple(sorted(general)), tuple(sorted(patient))


def columns_by_name(
    rows: Sequence[Sequence[str]], named: Names[str, str | list[str]]
) -> Columns | None:
    """Return the columns that a mapping's headers stand in; None when no row has them all."""
    wanted = {name: header for name, header in named.items() if isinstance(header, str)}
    lists = {name: header for name, header in named.items() if isinstance(header, list)}
    every = {*wanted.values(), *(text for texts in lists.values() for text in texts)}
    for at, row in enumerate(rows[:HEADER_ROWS_MAX]):
        plain = [normalized_header(cell) for cell in row]
        if not every <= set(plain):
            continue
        return Columns(
            header_row=at,
            headers=tuple(row),
            places={name: plain.index(text) for name, text in wanted.items()},
            buckets=tuple(plain.index(text) for text in lists.get("buckets", [])),
            patient_buckets=tuple(plain.index(text) for text in lists.get("patient_buckets", [])),
        )
    return None


def find_columns(
    rows: Sequence[Sequence[str]], *, mapping_name: str, given: Names[str, str]
) -> Columns:
    """Return where the fields stand: by the mapping named, one kept for the header, or its words.

    `given`: field -> header, said by the person; it goes before everything else.

    Raises:
        ColumnsUnknown: nothing tells the claim and its balance.
    """
    columns = _kept_columns(rows, mapping_name) or infer_columns(rows)
    if given:
        columns = _with_given(rows, columns, given)
    if columns is None or not is_enough(columns):
        raise ColumnsUnknown(
            "no row names the claim and a balance; say it with --column number=HEADER and"
            " --column balance=HEADER (or insurance=, patient_balance=)"
        )
    return columns


def _kept_columns(rows: Sequence[Sequence[str]], mapping_name: str) -> Columns | None:
    named = Mapping.objects.filter(name=mapping_name).first() if mapping_name else None
    if named is not None:
        columns = columns_by_name(rows, named.columns)
        if columns is None:
            raise ColumnsUnknown(
                f"the sheet lacks columns of the mapping {mapping_name}; import it without"
                " --mapping, or under a new name"
            )
        return columns
    prints = [header_fingerprint(row) for row in rows[:HEADER_ROWS_MAX]]
    kept = {
        mapping.fingerprint: mapping for mapping in Mapping.objects.filter(fingerprint__in=prints)
    }
    found = next((kept[mark] for mark in prints if mark in kept), None)
    return columns_by_name(rows, found.columns) if found else None


def _with_given(
    rows: Sequence[Sequence[str]], columns: Columns | None, given: Names[str, str]
) -> Columns:
    unknown = sorted(set(given) - set(NAMES))
    if unknown:
        raise ColumnsUnknown(f"no field {unknown[0]}; fields are {', '.join(NAMES)}")
    named = {name: normalized_header(header) for name, header in given.items()}
    found = columns_by_name(rows, named)
    if found is None:
        raise ColumnsUnknown(f"no row has the columns {', '.join(given.values())}")
    base = columns or _recognised(found.header_row, rows[found.header_row])
    said = set(found.places.values())
    return Columns(
        header_row=found.header_row,
        headers=found.headers,
        places={n: at for n, at in base.places.items() if at not in said} | dict(found.places),
        buckets=tuple(at for at in base.buckets if at not in said),
        patient_buckets=tuple(at for at in base.patient_buckets if at not in said),
    )


def keep_mapping(columns: Columns, *, name: str, at: datetime) -> Mapping:
    """Keep the columns for the next sheet with this header; the same again changes nothing.

    A trigger writes what changed to the audit trail.
    """
    fingerprint = header_fingerprint(columns.headers)
    known = Mapping.objects.filter(fingerprint=fingerprint).first()
    if known is None and name:
        # The same mapping for a header that has changed: it belongs to the latest one.
        known = Mapping.objects.filter(name=name).first()
    named = columns.named()
    if known is None:
        return Mapping.objects.create(
            name=name or f"columns-{fingerprint[:_FINGERPRINT_LETTERS]}",
            fingerprint=fingerprint,
            columns=named,
            created_at=at,
        )
    changed = {"name": name or known.name, "fingerprint": fingerprint, "columns": named}
    if any(getattr(known, key) != value for key, value in changed.items()):
        for key, value in changed.items():
            setattr(known, key, value)
        known.save(update_fields=list(changed))
    return known
