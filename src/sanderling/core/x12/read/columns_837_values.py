"""The values in an 837P's units (see `columns_837`) whose segments are in order.

Source: 837 TR3 005010X222A1, loops 2000B to 2420.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import polars as pl

from sanderling.core.x12.read.column_tools import (
    Stretch,
    cents,
    codes_joined,
    constant,
    cut,
    days,
    mark_null,
    mark_unless_in,
    mark_where,
    owners,
)
from sanderling.core.x12.read.columns_837_order import (
    CLAIM_CONTEXT,
    FIRST_ENTITY,
    KEPT,
    LINE_CONTEXT,
    Units,
)
from sanderling.core.x12.read.set_837_checks import REPLACING, highest_pointer
from sanderling.core.x12.read.set_837_claim import FREQUENCIES, POINTED_AT, PRINCIPAL
from sanderling.core.x12.read.set_837_levels import PAYER_SEQUENCES
from sanderling.core.x12.read.set_837_state import CLAIM_REFERENCES
from sanderling.core.x12.read.values import NPI
from sanderling.core.x12.tables import CLAIMS

_ROW: Final = ("line", "service", "position", "context", "loop")  # what most rows tell
_REFERENCE_COLUMNS: Final = {
    qualifier: tuple(CLAIMS)[place] for qualifier, place in CLAIM_REFERENCES.items()
}


def tables_of(units: Units) -> dict[str, pl.DataFrame]:
    """Return the rows of units in order, with their unit ("claim"); marks the odd units."""
    references, amounts = _references(units), _amounts(units)
    dates, parties = _dates(units), _parties(units)
    diagnoses, counts = _diagnoses(units)
    lines = _lines(units, references, dates, counts)
    tables = {
        "references": references,
        "amounts": amounts,
        "dates": dates,
        "parties": parties,
        "diagnoses": diagnoses,
        "claim_lines": lines,
        "other_segments": _kept(units),
    }
    tables["claims"] = _claims(units, tables)
    return tables


def segments_of(units: Units, tag: str, known: int, places: Sequence[str] = ()) -> pl.DataFrame:
    """Return the segments `tag`: unit ("claim"), elements e1 ... e`known`, and where they stand.

    `places` may ask for line, service, position, context and loop. Units with a segment that has
    more elements are odd.
    """
    stretch = units.stretch
    mask = stretch.having(tag)
    chosen = stretch.cells.chosen(mask)
    columns = [stretch.claims.filter(mask)]
    columns += [_place(units, name).filter(mask).alias(name) for name in places if name != "loop"]
    if "loop" in places:
        columns.append(units.loops.gather(units.contexts.filter(mask)).alias("loop"))
    columns += chosen.columns(range(1, known + 1))
    longer = chosen.lengths > known + 1
    if longer.any():
        stretch.mark(columns[0].filter(longer))
    return pl.DataFrame(columns)


def _place(units: Units, name: str) -> pl.Series:
    stretch = units.stretch
    found = {
        "line": stretch.lines,
        "service": stretch.services,
        "position": stretch.positions,
        "context": units.contexts,
    }
    return found[name]


def with_columns(table: pl.DataFrame, **columns: pl.Series) -> pl.DataFrame:
    """Return `table` with columns added, quicker than an expression does it."""
    return table.hstack([column.alias(name) for name, column in columns.items()])


def _mark_repeated(stretch: Stretch, table: pl.DataFrame, numbers: pl.Series) -> None:
    """Mark the units of rows whose number is that of the row before; they are in order."""
    mark_where(stretch, table, numbers == numbers.shift(1))


def _references(units: Units) -> pl.DataFrame:
    table = segments_of(units, "REF", 2, _ROW)
    mark_null(units.stretch, table, "e1", "e2")
    return table.rename({"e1": "qualifier", "e2": "value"})


def _amounts(units: Units) -> pl.DataFrame:
    table = segments_of(units, "AMT", 2, _ROW)
    mark_null(units.stretch, table, "e1")
    amounts = cents(units.stretch, table, "e2", required=True)
    return with_columns(table, qualifier=table["e1"], amount_cents=amounts)


def _dates(units: Units) -> pl.DataFrame:
    stretch = units.stretch
    table = segments_of(units, "DTP", 3, _ROW)
    mark_null(stretch, table, "e1")
    mark_where(stretch, table, (table["e2"] != "D8").fill_null(value=True))
    dates = days(stretch, table, "e3")
    return with_columns(table, qualifier=table["e1"], from_date=dates, to_date=dates)


def _parties(units: Units) -> pl.DataFrame:
    """Read NM1 and the segments that complete its row."""
    stretch = units.stretch
    table = segments_of(units, "NM1", 9, _ROW)
    mark_where(stretch, table, table["e6"].is_not_null())
    is_npi = (table["e8"] == "XX").fill_null(value=False)
    npis = table["e9"].filter(is_npi)
    wrong = [npi for npi in npis.unique().to_list() if not (npi and NPI[npi])]
    if wrong:
        mark_where(stretch, table, is_npi & table["e9"].is_in(wrong, nulls_equal=True))
    parties = stretch.having("NM1").cum_sum()
    count = table.height

    def completing(tag: str, known: int) -> tuple[pl.DataFrame, Any]:
        found = segments_of(units, tag, known)
        numbers = parties.filter(stretch.having(tag))
        _mark_repeated(stretch, found, numbers)
        # The last one, which is quicker: a second one is odd.
        return found, partial(owners(count, numbers - 1).first, last=True)

    streets, of_street = completing("N3", 2)
    mark_null(stretch, streets, "e1")
    address = streets["e1"]
    if streets["e2"].null_count() < streets.height:
        both = pl.concat_str([address, streets["e2"]], separator=", ", ignore_nulls=True)
        address = pl.select(both).to_series()
    cities, of_city = completing("N4", 3)
    mark_null(stretch, cities, "e1", "e2", "e3")
    people, of_person = completing("DMG", 3)
    mark_where(stretch, people, (people["e1"] != "D8").fill_null(value=True))
    births = days(stretch, people, "e2")
    specialties, of_specialty = completing("PRV", 3)
    mark_null(stretch, specialties, "e3")
    mark_where(stretch, specialties, (specialties["e2"] != "PXC").fill_null(value=True))
    names = {
        "e1": "entity",
        "e2": "entity_type",
        "e3": "last_name",
        "e4": "first_name",
        "e5": "middle_name",
        "e7": "suffix",
        "e8": "id_qualifier",
        "e9": "identifier",
    }
    return with_columns(
        table.rename(names),
        address=of_street(address),
        city=of_city(cities["e1"]),
        state=of_city(cities["e2"]),
        postal_code=of_city(cities["e3"]),
        birth_date=of_person(births),
        sex=of_person(people["e3"]),
        taxonomy=of_specialty(specialties["e3"]),
    )


def _diagnoses(units: Units) -> tuple[pl.DataFrame, pl.Series]:
    """Read HI, which each unit has once; return the diagnoses, and how many each unit has."""
    stretch, component = units.stretch, units.component
    mask = stretch.having("HI")
    chosen = stretch.cells.chosen(mask)
    counts = (chosen.lengths - 1).cast(pl.Int64)
    wrong = (counts < 1) | (counts > 12)  # noqa: PLR2004 (HI01 to HI12)
    if wrong.any():
        stretch.mark(stretch.claims.filter(mask).filter(wrong))
    numbers = pl.int_range(0, len(counts), dtype=pl.UInt32)
    owner = pl.select(numbers.repeat_by(counts)).to_series().explode().drop_nulls()
    begins = counts.cum_sum() - counts
    offset = pl.int_range(0, len(owner), eager=True) - begins.gather(owner)
    parts = cut(stretch.cells.parts.gather(chosen.starts.gather(owner) + 1 + offset), component)
    qualifier, code = parts.columns([0, 1])
    table = pl.DataFrame(
        [
            owner.alias("claim"),
            stretch.positions.filter(mask).gather(owner).alias("position"),
            (offset + 1).alias("sequence"),
            qualifier.alias("qualifier"),
            code.alias("code"),
        ]
    )
    mark_where(stretch, table, parts.lengths != 2)  # noqa: PLR2004 (qualifier and code)
    mark_null(stretch, table, "code")
    mark_unless_in(stretch, table, "qualifier", POINTED_AT)
    first = table.filter(table["sequence"] == 1)
    mark_unless_in(stretch, first, "qualifier", PRINCIPAL)
    return table, counts


def _lines(
    units: Units, references: pl.DataFrame, dates: pl.DataFrame, counts: pl.Series
) -> pl.DataFrame:
    """Read LX and SV1, of which each line has one."""
    stretch = units.stretch
    openings = segments_of(units, "LX", 1, ("line", "position"))
    is_right = openings["e1"] == openings["line"].cast(pl.String)
    mark_where(stretch, openings, ~is_right.fill_null(value=False))
    table = segments_of(units, "SV1", 7, ("line", "service"))
    mark_null(stretch, table, "e1")
    mark_where(stretch, table, table["e6"].is_not_null())
    charge = cents(stretch, table, "e2", required=True)
    procedure = cut(table["e1"], units.component)
    mark_where(stretch, table, procedure.lengths > 7)  # noqa: PLR2004 (up to the description)
    qualifier, code, *modifiers, description = procedure.columns(range(7))
    pointers = _pointers(units, table, counts)
    count = table.height
    of_lines = dates.filter((dates["context"] == LINE_CONTEXT) & (dates["qualifier"] == "472"))
    services = owners(count, of_lines["service"] - 1)
    if not services.is_each_one:
        _mark_repeated(stretch, of_lines, of_lines["service"])
        every = pl.int_range(1, count + 1, dtype=pl.UInt32, eager=True)
        mark_where(stretch, table, ~every.is_in(of_lines["service"].implode()))
    day = services.first(of_lines["from_date"])
    chosen = references.filter(
        (references["context"] == LINE_CONTEXT) & (references["qualifier"] == "6R")
    )
    _mark_repeated(stretch, chosen, chosen["service"])
    if chosen["value"].n_unique() < chosen.height:
        mark_where(stretch, chosen, chosen.select("claim", "value").is_duplicated())
    return with_columns(
        table.select("claim", "line", "service"),
        position=openings["position"],
        assigned_number=openings["e1"],
        procedure_qualifier=qualifier,
        procedure=code,
        modifiers=codes_joined(modifiers),
        description=description,
        charge_cents=charge,
        unit=table["e3"],
        quantity=table["e4"],
        place_of_service=table["e5"],
        diagnosis_pointers=pointers,
        service_from_date=day,
        service_to_date=day,
        line_control_number=owners(count, chosen["service"] - 1).first(chosen["value"]),
        rendering_npi=_line_rendering(units, count),
    )


def _pointers(units: Units, table: pl.DataFrame, counts: pl.Series) -> pl.Series:
    """Return the diagnosis pointers; marks those that point at no diagnosis."""
    pointers = table["e7"]
    if units.component != ":":
        pointers = pointers.str.replace_all(units.component, ":", literal=True)
    known = pointers.unique().drop_nulls()
    if len(known):
        highest = [highest_pointer[text] for text in known]
        most = pointers.replace_strict(known, highest, default=0, return_dtype=pl.Int64)
        if max(highest) > 1:
            mark_where(units.stretch, table, most > counts.gather(table["claim"]))
    return pointers


def _line_rendering(units: Units, count: int) -> pl.Series:
    """Return each line's own rendering provider."""
    stretch = units.stretch
    contexts = units.contexts
    loops = units.loops
    context = loops.index_of("2420A")
    mask = stretch.having("NM1") & (contexts == context)
    if not mask.any():
        return constant("npi", None, count)
    qualifier, identifier = stretch.cells.chosen(mask).columns([8, 9])
    numbers = stretch.services.filter(mask) - 1
    is_npi = (qualifier == "XX").fill_null(value=False)
    return owners(count, numbers.filter(is_npi)).first(identifier.filter(is_npi), last=True)


def _kept(units: Units) -> pl.DataFrame:
    """Return segments that no other table wants, as they stand."""
    stretch = units.stretch
    mask = stretch.having(*KEPT)
    return pl.DataFrame(
        [
            stretch.claims.filter(mask),
            stretch.lines.filter(mask),
            stretch.positions.filter(mask).alias("position"),
            units.loops.gather(units.contexts.filter(mask)).alias("loop"),
            stretch.segments.filter(mask).alias("text"),
        ]
    )


def _claims(units: Units, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Read CLM, and take together what the unit says about the claim."""
    stretch = units.stretch
    count = stretch.claim_count
    table = segments_of(units, "CLM", 20, ("position",))
    charge = cents(stretch, table, "e2", required=True)
    mark_null(stretch, table, "e1", "e5")
    for number in (3, 4, 10, *range(12, 20)):
        mark_where(stretch, table, table[f"e{number}"].is_not_null())
    place = cut(table["e5"], units.component)
    mark_where(stretch, table, place.lengths > 3)  # noqa: PLR2004 (place, qualifier, frequency)
    facility, qualifier, frequency = place.columns(range(3))
    table = with_columns(table, frequency=frequency)
    mark_unless_in(stretch, table, "frequency", FREQUENCIES)
    accident = table["e11"]
    if accident.null_count() < count:
        accident = accident.str.replace_all(units.component, ":", literal=True)
    lines, diagnoses = tables["claim_lines"], tables["diagnoses"]
    of_lines = owners(count, lines["claim"])
    total = of_lines.total(lines["charge_cents"])
    mark_where(stretch, table, (total != charge).fill_null(value=True))
    details = _claim_details(units, tables)
    replaces = frequency.is_in(REPLACING).fill_null(value=False)
    mark_where(stretch, table, replaces & details["original_reference"].is_null())
    first = diagnoses.filter(diagnoses["sequence"] == 1)
    starts = stretch.claim_starts
    lengths = starts.shift(-1, fill_value=len(stretch.segments)) - starts
    return with_columns(
        table.select("claim", "position"),
        end_position=stretch.positions.gather(starts) + lengths.cast(pl.Int64) - 1,
        claim_number=table["e1"],
        charge_cents=charge,
        facility_code=facility,
        facility_qualifier=qualifier,
        frequency=frequency,
        assignment=table["e7"],
        accident=accident,
        delay_reason=table["e20"],
        principal_diagnosis=owners(count, first["claim"]).first(first["code"]),
        line_count=of_lines.total(constant("one", 1, lines.height, "int")),
        line_charge_total_cents=total,
        signature=table["e6"],
        benefits_assignment=table["e8"],
        release=table["e9"],
        **_service_days(count, lines),
        **_subscribers(units, tables["parties"]),
        **_providers(units, tables["parties"]),
        **details,
    )


def _service_days(count: int, lines: pl.DataFrame) -> dict[str, pl.Series]:
    """Return each claim's first and last service date."""
    of_lines = owners(count, lines["claim"])
    day = lines["service_from_date"]
    first, last = of_lines.first(day), of_lines.first(day, last=True)
    if not (first.gather(lines["claim"]) == day).all():
        ends = (
            lines.lazy()
            .group_by("claim", maintain_order=True)
            .agg(
                pl.col("service_from_date").min().alias("first"),
                pl.col("service_from_date").max().alias("last"),
            )
            .collect()
        )
        of_claims = owners(count, ends["claim"])
        first, last = of_claims.first(ends["first"]), of_claims.first(ends["last"])
    return {"service_from_date": first, "service_to_date": last}


def _subscribers(units: Units, parties: pl.DataFrame) -> dict[str, pl.Series]:
    """Return what SBR and the parties of the level say; each unit has one of each."""
    stretch = units.stretch
    table = segments_of(units, "SBR", 9)
    mark_unless_in(stretch, table, "e1", PAYER_SEQUENCES)
    for number in (6, 7, 8):
        mark_where(stretch, table, table[f"e{number}"].is_not_null())
    told = parties.select("position", "last_name", "first_name", "identifier", "birth_date", "sex")
    subscriber = told.filter(parties["context"] == FIRST_ENTITY)
    payer = told.filter(parties["context"] == FIRST_ENTITY + 1)
    return {
        "payer_sequence": table["e1"],
        "relationship": table["e2"],
        "group_number": table["e3"],
        "group_name": table["e4"],
        "msp_type": table["e5"],
        "filing_indicator": table["e9"],
        "payer_name": _names(payer),
        "payer_id": payer["identifier"],
        "subscriber_last_name": subscriber["last_name"],
        "subscriber_first_name": subscriber["first_name"],
        "subscriber_id": subscriber["identifier"],
        "patient_last_name": subscriber["last_name"],
        "patient_first_name": subscriber["first_name"],
        "patient_birth_date": subscriber["birth_date"],
        "patient_sex": subscriber["sex"],
        "subscriber_position": subscriber["position"],
        "payer_position": payer["position"],
    }


def _names(parties: pl.DataFrame) -> pl.Series:
    """Return organizations' names, and persons' as "last, first"."""
    last, first = parties["last_name"], parties["first_name"]
    if first.null_count() == len(first):
        return last
    both = pl.concat_str([last.fill_null(""), first], separator=", ")
    return pl.select(pl.when(first.is_not_null()).then(both).otherwise(last)).to_series()


def _providers(units: Units, parties: pl.DataFrame) -> dict[str, pl.Series]:
    """Return the claim's rendering provider and its facility."""
    count = units.stretch.claim_count
    told = parties.select("claim", "last_name", "first_name", "id_qualifier", "identifier")
    found = {}
    for name, loop in (("rendering", "2310B"), ("facility", "2310C")):
        chosen = told.filter(parties["context"] == units.loops.index_of(loop))
        _mark_repeated(units.stretch, chosen, chosen["claim"])
        of_claims = owners(count, chosen["claim"])
        is_npi = chosen["id_qualifier"] == "XX"
        npi = pl.select(pl.when(is_npi).then(chosen["identifier"])).to_series()
        found[f"{name}_npi"] = of_claims.first(npi)
        found[f"{name}_name"] = of_claims.first(_names(chosen))
    return found


def _claim_details(units: Units, tables: dict[str, pl.DataFrame]) -> dict[str, pl.Series]:
    """Return what REF, AMT and DTP of loop 2300 give the claim's row."""
    stretch = units.stretch
    count = stretch.claim_count
    found = {}
    references = tables["references"]
    references = references.filter(references["context"] == CLAIM_CONTEXT)
    for qualifier, column in _REFERENCE_COLUMNS.items():
        chosen = references.filter(references["qualifier"] == qualifier)
        _mark_repeated(stretch, chosen, chosen["claim"])
        found[column] = owners(count, chosen["claim"]).first(chosen["value"])
    amounts, dates = tables["amounts"], tables["dates"]
    amounts = amounts.filter((amounts["context"] == CLAIM_CONTEXT) & (amounts["qualifier"] == "F5"))
    found["patient_paid_cents"] = owners(count, amounts["claim"]).first(
        amounts["amount_cents"], last=True
    )
    dates = dates.filter(dates["context"] == CLAIM_CONTEXT)
    mark_where(stretch, dates, (dates["qualifier"] == "434") | (dates["qualifier"] == "472"))
    dates = dates.filter(dates["qualifier"] == "435")
    found["admission_date"] = owners(count, dates["claim"]).first(dates["from_date"], last=True)
    return found
