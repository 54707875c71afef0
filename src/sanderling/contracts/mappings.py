"""How fee schedules are read: by a mapping kept, by the header's words, or as a person says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sanderling.contracts.models import RateMapping
from sanderling.contracts.rate_sheets import (
    FIELDS,
    Columns,
    ColumnsUnknown,
    columns_by_name,
    infer_columns,
)
from sanderling.core.sheets import HEADER_ROWS_MAX, Row, header_fingerprint

_FINGERPRINT_LETTERS: Final = 10


def find_columns(
    rows: Sequence[Row], *, mapping_name: str = "", given: Mapping[str, str] | None = None
) -> Columns:
    """Return where the fields stand: as said, by the mapping, one kept for the header, its words.

    `given`: field -> header, said by the person; it goes before everything else.

    Raises:
        ColumnsUnknown: nothing tells the code and the amount.
    """
    columns = _kept_columns(rows, mapping_name) or infer_columns(rows)
    if given:
        columns = _with_given(rows, columns, given)
    if columns is None or not columns.is_enough:
        raise ColumnsUnknown(
            "no row of the sheet names a code and an amount; say it with --column code=HEADER and"
            " --column allowed=HEADER (dollars) or allowed_cents=HEADER"
        )
    return columns


def _kept_columns(rows: Sequence[Row], mapping_name: str) -> Columns | None:
    if mapping_name:
        named = RateMapping.objects.filter(name=mapping_name).first()
        if named is not None:
            columns = columns_by_name(rows, named.columns)
            if columns is None:
                raise ColumnsUnknown(
                    f"the sheet lacks columns of the mapping {mapping_name}; import it without"
                    " --mapping, or under a new name"
                )
            return columns
    prints = [header_fingerprint(row) for row in rows[:HEADER_ROWS_MAX]]
    kept = {one.fingerprint: one for one in RateMapping.objects.filter(fingerprint__in=prints)}
    found = next((kept[mark] for mark in prints if mark in kept), None)
    return columns_by_name(rows, found.columns) if found else None


def _with_given(rows: Sequence[Row], columns: Columns | None, given: Mapping[str, str]) -> Columns:
    unknown = sorted(set(given) - set(FIELDS))
    if unknown:
        raise ColumnsUnknown(f"no field {unknown[0]}; fields are {', '.join(FIELDS)}")
    found = columns_by_name(rows, given)
    if found is None:
        raise ColumnsUnknown(f"no row has the columns {', '.join(given.values())}")
    said = set(found.places.values())
    amounts = {"allowed", "allowed_cents"}
    base = {} if columns is None or columns.header_row != found.header_row else columns.places
    places = {
        name: at
        for name, at in base.items()
        if at not in said and not (name in amounts and amounts & found.places.keys())
    }
    return Columns(found.header_row, found.headers, places | dict(found.places))


def keep_mapping(columns: Columns, *, name: str, at: datetime) -> RateMapping:
    """Keep the columns for the next sheet with this header; the same again changes nothing.

    A trigger writes what changed to the audit trail.
    """
    fingerprint = header_fingerprint(columns.headers)
    known = RateMapping.objects.filter(fingerprint=fingerprint).first()
    named = RateMapping.objects.filter(name=name).first() if name else None
    if known is None:
        known, named = named, None  # the same mapping for a header that has changed
    if known is None:
        return RateMapping.objects.create(
            name=name or f"columns-{fingerprint[:_FINGERPRINT_LETTERS]}",
            fingerprint=fingerprint,
            columns=columns.named(),
            made_at=at,
        )
    if named is not None and named.pk != known.pk:
        named.delete()  # of another header; the name goes to the one it was given for last
    changed = {
        "name": name or known.name,
        "fingerprint": fingerprint,
        "columns": columns.named(),
    }
    if any(getattr(known, key) != value for key, value in changed.items()):
        for key, value in changed.items():
            setattr(known, key, value)
        known.save(update_fields=list(changed))
    return known
