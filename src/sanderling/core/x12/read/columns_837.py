"""Reads long stretches of an 837P's claims column by column.

Most claims of a large 837P are alike: a subscriber's level that is the patient's too, one claim
under it, known segments, plain amounts and dates, charges that add up. Here all their NM1 are cut
up at once, then all SV1, and so on, by Polars, several times faster than one segment after another.
Which loop a segment stands in follows from the last HL, NM1, CLM or LX before it.

What stands from one HL of a subscriber to the next is called a unit here. A unit about which
anything is unusual (a patient of his own, other payers, drugs, a date that is none, a wrong sum) is
left to `Reader837`, which reads segment by segment and knows what to say about it; so is the unit
after it, because levels are held against those before them. The rows of both are put together in
the order of the claims, so that the result is the same as `Reader837`'s alone
(`tests/property/core/test_x12_columns_837.py`).

It goes in two steps. The first looks at the order of segments only, and after it every unit that is
left has one HL, SBR, subscriber, payer, CLM and HI, and every line one SV1, so that their columns
stand beside one another as they are. The second reads values.

Source: 837 TR3 005010X222A1, loops 2000B to 2420.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

import polars as pl

from sanderling.core.x12.read.column_tools import (
    ClaimsText,
    Stretch,
    cents,
    codes_joined,
    constant,
    cut,
    days,
    in_order,
    mark_null,
    mark_unless_in,
    mark_where,
    owners,
    split_segments,
)
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.set_837_checks import REPLACING, highest_pointer
from sanderling.core.x12.read.set_837_claim import FREQUENCIES, POINTED_AT, PRINCIPAL
from sanderling.core.x12.read.set_837_levels import PAYER_SEQUENCES
from sanderling.core.x12.read.set_837_state import CLAIM, CLAIM_REFERENCES, LINE, Grammar
from sanderling.core.x12.read.values import NPI
from sanderling.core.x12.tables import CLAIMS, TABLES_837

_OPENERS: Final = ("HL", "LX", "CLM", "NM1")  # a loop begins with each; HL and LX first
_KEPT: Final = ("CN1", "CR1", "CRC", "HCP", "K3", "NTE", "PWK")  # in loops 2300 and 2400
_PARTY: Final = ("N3", "N4", "DMG", "PRV")
_TAGS: Final = (*_OPENERS, "SBR", "REF", "DTP", "AMT", "HI", "SV1", *_PARTY, *_KEPT)
_LEVEL: Final = 0  # contexts: the code of the opener, for an NM1 that of its entity
_LINE: Final = 1
_CLAIM: Final = 2
_FIRST_ENTITY: Final = 3
_STRANGE: Final = 255
_LEVEL_NUMBER: Final = r"^[1-9][0-9]{0,8}$"
_BILLING: Final = (
    "billing_position",
    "billing_name",
    "billing_npi",
    "billing_tin",
    "billing_taxonomy",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsText(ClaimsText):
    """Whole units under one billing provider; `above` is the HL01 of its level."""

    next_level: int  # the HL01 of the first unit, if it is right
    billing: tuple[Any, ...]  # the billing provider's cells of a claim's row


@dataclass(frozen=True, slots=True)
class OddUnit:
    """A unit left to the segment reader."""

    claim_index: int  # of its first claim
    position: int  # of its HL
    segments: list[str]
    level: Level | None  # the level before it; None when that is odd too, or before the text
    is_followed: bool  # by a unit that is odd too


@dataclass(frozen=True, slots=True)
class Level:
    """A subscriber's HL that was read."""

    number: int  # HL01
    position: int


@dataclass(frozen=True, slots=True)
class UnitsRead:
    """What was read of the units of a text, and what was left."""

    frames: dict[str, pl.DataFrame]  # of the regular units
    segment_count: int
    claim_count: int  # of all units
    unit_count: int
    charge_cents: int  # of the regular units
    odd: list[OddUnit]
    level: Level | None  # the last one; None when it is odd


@dataclass(frozen=True, slots=True)
class _Units:
    """The units of a stretch that are in order, as a stretch of their own."""

    stretch: Stretch
    contexts: pl.Series  # of each segment
    loops: pl.Series  # of each context
    component: str


def read_units(
    texts: Sequence[UnitsText], delimiters: Delimiters, grammar: Grammar
) -> list[UnitsRead]:
    """Read whole units; one call for many texts costs hardly more than for one."""
    whole = split_segments(texts, delimiters, _TAGS)
    order = _order(grammar)
    contexts = _contexts(whole, order)
    _mark_disorder(whole, contexts, order)
    units, numbers = _chosen(whole, contexts, order, delimiters.component)
    tables = _tables(units, texts, numbers, whole)
    whole.mark(numbers.gather(units.stretch.odd_claims()))
    odd = _with_followers(whole)
    if len(odd):
        chosen = (~numbers.is_in(odd.implode())).arg_true()
        tables = {
            name: table.filter(table["claim"].is_in(chosen.implode()))
            for name, table in tables.items()
        }
    return _texts_read(whole, texts, tables, numbers, odd)


# --- the order of segments ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Order:
    """Which segment may stand where, by the grammar."""

    entities: tuple[str, ...]
    contexts: pl.Series  # area * count of entities + entity -> context
    loops: pl.Series  # context -> loop
    may_stand: pl.Series  # context * 256 + tag -> whether it may


@cache
def _order_of(kinds: tuple[tuple[str, str, str], ...]) -> _Order:
    """Return the order for (context, entity, loop) triples; areas: 0 level, 1 claim, 2 line."""
    entities = tuple(dict.fromkeys(entity for _, entity, _ in kinds))
    contexts = [_STRANGE] * (3 * (len(entities) + 1))
    loops = ["2000B", "2400", "2300"]
    allowed = {
        _LEVEL: ("HL", "SBR"),
        _CLAIM: ("CLM", "REF", "DTP", "AMT", "HI", *_KEPT),
        _LINE: ("LX", "SV1", "REF", "DTP", "AMT", *(tag for tag in _KEPT)),
    }
    for area_name, entity, loop in kinds:
        area = {CLAIM: 1, LINE: 2}.get(area_name, 0)
        context = len(loops)
        contexts[area * (len(entities) + 1) + entities.index(entity)] = context
        loops.append(loop)
        completing = ("PRV",) if area else ("DMG",) if entity == "IL" else ()
        allowed[context] = ("NM1", "N3", "N4", "REF", *completing)
    may_stand = [False] * (256 * 256)
    for context, tags in allowed.items():
        for tag in tags:
            may_stand[context * 256 + _TAGS.index(tag)] = True
    return _Order(
        entities,
        pl.Series(contexts, dtype=pl.UInt8),
        pl.Series(loops, dtype=pl.String),
        pl.Series(may_stand),
    )


def _order(grammar: Grammar) -> _Order:
    levels = (("subscriber", "IL", "2010BA"), ("subscriber", "PR", "2010BB"))
    below = (
        (context, entity, loop)
        for context in (CLAIM, LINE)
        for entity, (loop, _, _) in grammar.entities[context].items()
    )
    return _order_of((*levels, *below))


def _contexts(stretch: Stretch, order: _Order) -> pl.Series:
    """Return for each segment the context that the last opener made."""
    codes = stretch.codes
    parties = stretch.having("NM1").arg_true()
    claims = stretch.having("CLM").cum_sum()
    units = stretch.claims.gather(parties)
    in_claim = claims.gather(parties) > claims.gather(stretch.claim_starts).gather(units)
    area = in_claim.cast(pl.UInt8) + (stretch.lines.gather(parties) > 0).cast(pl.UInt8)
    names = stretch.cells.chosen(stretch.having("NM1")).columns([1])[0]
    entities = names.cast(pl.Enum(order.entities), strict=False).to_physical()
    entities = entities.fill_null(len(order.entities)).cast(pl.UInt8)
    found = order.contexts.gather(area * (len(order.entities) + 1) + entities)
    opens = codes < len(_OPENERS)
    openers = codes.clone().scatter(parties, found).filter(opens)
    return openers.gather(opens.cum_sum() - 1)


def _mark_disorder(stretch: Stretch, contexts: pl.Series, order: _Order) -> None:
    """Mark units whose segments are not the usual ones in their order."""
    units, codes = stretch.claims, stretch.codes
    may_stand = order.may_stand.gather(contexts.cast(pl.UInt32) * 256 + codes)
    if not may_stand.all():
        stretch.mark(units.filter(~may_stand).unique())
    for tag in ("SBR", "CLM", "HI"):
        _mark_unless_one(stretch, units.filter(stretch.having(tag)))
    openers = stretch.having("NM1")
    for place in range(2):  # the subscriber and the payer
        _mark_unless_one(stretch, units.filter(openers & (contexts == _FIRST_ENTITY + place)))
    # Below a subscriber stand his patients, who share what was read of him.
    levels = stretch.cells.chosen(stretch.having("HL")).columns([3])[0]
    strange = (levels != "22").fill_null(value=True).arg_true().cast(pl.UInt32)
    stretch.mark(strange)
    stretch.mark(strange.filter(strange > 0) - 1)
    # An LX before the CLM would make the claim's parties look like a line's.
    lines = stretch.having("LX")
    claims = stretch.having("CLM").cum_sum()
    before = claims.gather(stretch.claim_starts).gather(units.filter(lines))
    stretch.mark(units.filter(lines).filter(claims.filter(lines) == before))
    _mark_without_lines(stretch, contexts, lines)


def _mark_unless_one(stretch: Stretch, units: pl.Series) -> None:
    """Mark the units that do not occur exactly once in `units`, which are in order."""
    count = stretch.claim_count
    if owners(count, units).is_each_one:
        return
    every = pl.int_range(0, count, dtype=pl.UInt32, eager=True)
    stretch.mark(every.filter(~every.is_in(units.implode())))
    stretch.mark(units.filter(units.is_duplicated()))


def _mark_without_lines(stretch: Stretch, contexts: pl.Series, lines: pl.Series) -> None:
    """Mark units without lines and those with a line that has not exactly one SV1."""
    units = stretch.claims.filter(lines)
    every = pl.int_range(0, stretch.claim_count, dtype=pl.UInt32, eager=True)
    found = units.unique()
    if len(found) < stretch.claim_count:
        stretch.mark(every.filter(~every.is_in(found.implode())))
    services = stretch.services.filter(stretch.having("SV1") & (contexts == _LINE))
    if owners(len(units), services - 1).is_each_one:
        return
    numbers = pl.int_range(1, len(units) + 1, dtype=pl.UInt32, eager=True)
    stretch.mark(units.filter(~numbers.is_in(services.implode())))
    twice = services.filter(services.is_duplicated())
    stretch.mark(units.filter(numbers.is_in(twice.implode())))


def _chosen(
    whole: Stretch, contexts: pl.Series, order: _Order, component: str
) -> tuple[_Units, pl.Series]:
    """Return the units that were not marked, and their numbers in `whole`."""
    count = whole.claim_count
    numbers = pl.int_range(0, count, dtype=pl.UInt32, eager=True)
    odd = whole.odd_claims()
    if not len(odd):
        fresh = replace(whole, odd=[])
        return _Units(fresh, contexts, order.loops, component), numbers
    stays = ~numbers.is_in(odd.implode())
    mask = stays.gather(whole.claims)
    codes = whole.codes.filter(mask)
    starts = (codes == 0).arg_true()
    claims = (codes == 0).cum_sum() - 1
    numbers = numbers.filter(stays)
    chosen = replace(
        whole,
        segments=whole.segments.filter(mask),
        cells=whole.cells.chosen(mask),
        codes=codes,
        claims=claims.alias("claim"),
        lines=whole.lines.filter(mask),
        services=(codes == 1).cum_sum().alias("service"),
        positions=whole.positions.filter(mask),
        claim_count=len(starts),
        claim_starts=starts,
        odd=[],
    )
    return _Units(chosen, contexts.filter(mask), order.loops, component), numbers


# --- values ---------------------------------------------------------------------------------------


def _segments(units: _Units, tag: str, known: int) -> pl.DataFrame:
    """Return the segments `tag` with elements e1 ... e`known`, and where they stand.

    Units with a segment that has more elements are odd.
    """
    stretch = units.stretch
    mask = stretch.having(tag)
    chosen = stretch.cells.chosen(mask)
    contexts = units.contexts.filter(mask)
    columns = [
        stretch.claims.filter(mask),
        stretch.lines.filter(mask),
        stretch.services.filter(mask),
        stretch.positions.filter(mask).alias("position"),
        contexts.alias("context"),
        units.loops.gather(contexts).alias("loop"),
        *chosen.columns(range(1, known + 1)),
    ]
    longer = chosen.lengths > known + 1
    if longer.any():
        stretch.mark(columns[0].filter(longer))
    return pl.DataFrame(columns)


def _with(table: pl.DataFrame, **columns: pl.Series) -> pl.DataFrame:
    """Return `table` with columns added, quicker than an expression does it."""
    return table.hstack([column.alias(name) for name, column in columns.items()])


def _mark_repeated(stretch: Stretch, table: pl.DataFrame, numbers: pl.Series) -> None:
    """Mark the units of rows whose number is that of the row before; they are in order."""
    mark_where(stretch, table, numbers == numbers.shift(1))


def _tables(
    units: _Units, texts: Sequence[UnitsText], numbers: pl.Series, whole: Stretch
) -> dict[str, pl.DataFrame]:
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
    _check_levels(units, texts, numbers, whole)
    tables["claims"] = _claims(units, tables)
    return tables


def _check_levels(
    units: _Units, texts: Sequence[UnitsText], numbers: pl.Series, whole: Stretch
) -> None:
    """Mark units whose HL is not the one that is due."""
    stretch = units.stretch
    table = _segments(units, "HL", 4)
    mark_where(stretch, table, (table["e4"] != "0").fill_null(value=True))
    levels = _level_numbers(whole)
    before = levels.shift(1).scatter(
        whole.text_starts[:-1], [part.next_level - 1 for part in texts]
    )
    is_due = (levels == before + 1).fill_null(value=False)
    above = _of_texts(whole, "above", [part.above for part in texts])
    if len(numbers) < whole.claim_count:
        is_due, above = is_due.gather(numbers), above.gather(numbers)
    mark_where(stretch, table, ~is_due | (table["e2"] != above).fill_null(value=True))


def _level_numbers(whole: Stretch) -> pl.Series:
    """Return the number in each unit's HL01, null where it is none as it should be."""
    texts = whole.cells.chosen(whole.having("HL")).columns([1])[0]
    plain = texts.str.contains(_LEVEL_NUMBER)
    if not plain.all() or plain.null_count():
        texts = pl.select(pl.when(plain).then(texts)).to_series()
    return texts.cast(pl.Int64)


def _of_texts(whole: Stretch, name: str, values: Sequence[Any], kind: str = "str") -> pl.Series:
    """Return for each unit the value of its text."""
    if values.count(values[0]) == len(values):
        return constant(name, values[0], whole.claim_count, kind)
    counts = zip(values, whole.text_starts, whole.text_starts[1:], strict=False)
    return pl.concat([constant(name, value, end - start, kind) for value, start, end in counts])


def _references(units: _Units) -> pl.DataFrame:
    table = _segments(units, "REF", 2)
    mark_null(units.stretch, table, "e1", "e2")
    return table.rename({"e1": "qualifier", "e2": "value"})


def _amounts(units: _Units) -> pl.DataFrame:
    table = _segments(units, "AMT", 2)
    mark_null(units.stretch, table, "e1")
    amounts = cents(units.stretch, table, "e2", required=True)
    return _with(table, qualifier=table["e1"], amount_cents=amounts)


def _dates(units: _Units) -> pl.DataFrame:
    stretch = units.stretch
    table = _segments(units, "DTP", 3)
    mark_null(stretch, table, "e1")
    mark_where(stretch, table, (table["e2"] != "D8").fill_null(value=True))
    dates = days(stretch, table, "e3")
    return _with(table, qualifier=table["e1"], from_date=dates, to_date=dates)


def _parties(units: _Units) -> pl.DataFrame:
    """Read NM1 and the segments that complete its row."""
    stretch = units.stretch
    table = _segments(units, "NM1", 9)
    mark_where(stretch, table, table["e6"].is_not_null())
    is_npi = (table["e8"] == "XX").fill_null(value=False)
    npis = table["e9"].filter(is_npi)
    wrong = [npi for npi in npis.unique().to_list() if not (npi and NPI[npi])]
    if wrong:
        mark_where(stretch, table, is_npi & table["e9"].is_in(wrong, nulls_equal=True))
    parties = stretch.having("NM1").cum_sum()
    count = table.height

    def completing(tag: str, known: int) -> tuple[pl.DataFrame, Any]:
        found = _segments(units, tag, known)
        numbers = parties.filter(stretch.having(tag))
        _mark_repeated(stretch, found, numbers)
        return found, owners(count, numbers - 1).first

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
    return _with(
        table.rename(names),
        address=of_street(address),
        city=of_city(cities["e1"]),
        state=of_city(cities["e2"]),
        postal_code=of_city(cities["e3"]),
        birth_date=of_person(births),
        sex=of_person(people["e3"]),
        taxonomy=of_specialty(specialties["e3"]),
    )


def _diagnoses(units: _Units) -> tuple[pl.DataFrame, pl.Series]:
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
    units: _Units, references: pl.DataFrame, dates: pl.DataFrame, counts: pl.Series
) -> pl.DataFrame:
    """Read LX and SV1, of which each line has one."""
    stretch = units.stretch
    openings = _segments(units, "LX", 1)
    is_right = openings["e1"] == openings["line"].cast(pl.String)
    mark_where(stretch, openings, ~is_right.fill_null(value=False))
    table = _segments(units, "SV1", 7)
    mark_null(stretch, table, "e1")
    mark_where(stretch, table, table["e6"].is_not_null())
    charge = cents(stretch, table, "e2", required=True)
    procedure = cut(table["e1"], units.component)
    mark_where(stretch, table, procedure.lengths > 7)  # noqa: PLR2004 (up to the description)
    qualifier, code, *modifiers, description = procedure.columns(range(7))
    pointers = _pointers(units, table, counts)
    count = table.height
    of_lines = dates.filter((dates["context"] == _LINE) & (dates["qualifier"] == "472"))
    services = owners(count, of_lines["service"] - 1)
    if not services.is_each_one:
        _mark_repeated(stretch, of_lines, of_lines["service"])
        every = pl.int_range(1, count + 1, dtype=pl.UInt32, eager=True)
        mark_where(stretch, table, ~every.is_in(of_lines["service"].implode()))
    day = services.first(of_lines["from_date"])
    chosen = references.filter((references["context"] == _LINE) & (references["qualifier"] == "6R"))
    _mark_repeated(stretch, chosen, chosen["service"])
    if chosen["value"].n_unique() < chosen.height:
        mark_where(stretch, chosen, chosen.select("claim", "value").is_duplicated())
    return _with(
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


def _pointers(units: _Units, table: pl.DataFrame, counts: pl.Series) -> pl.Series:
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


def _line_rendering(units: _Units, count: int) -> pl.Series:
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


def _kept(units: _Units) -> pl.DataFrame:
    """Return segments that no other table wants, as they stand."""
    stretch = units.stretch
    mask = stretch.having(*_KEPT)
    return pl.DataFrame(
        [
            stretch.claims.filter(mask),
            stretch.lines.filter(mask),
            stretch.positions.filter(mask).alias("position"),
            units.loops.gather(units.contexts.filter(mask)).alias("loop"),
            stretch.segments.filter(mask).alias("text"),
        ]
    )


def _claims(units: _Units, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Read CLM, and take together what the unit says about the claim."""
    stretch = units.stretch
    count = stretch.claim_count
    table = _segments(units, "CLM", 20)
    charge = cents(stretch, table, "e2", required=True)
    mark_null(stretch, table, "e1", "e5")
    for number in (3, 4, 10, *range(12, 20)):
        mark_where(stretch, table, table[f"e{number}"].is_not_null())
    place = cut(table["e5"], units.component)
    mark_where(stretch, table, place.lengths > 3)  # noqa: PLR2004 (place, qualifier, frequency)
    facility, qualifier, frequency = place.columns(range(3))
    table = _with(table, frequency=frequency)
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
    return _with(
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


def _subscribers(units: _Units, parties: pl.DataFrame) -> dict[str, pl.Series]:
    """Return what SBR and the parties of the level say; each unit has one of each."""
    stretch = units.stretch
    table = _segments(units, "SBR", 9)
    mark_unless_in(stretch, table, "e1", PAYER_SEQUENCES)
    for number in (6, 7, 8):
        mark_where(stretch, table, table[f"e{number}"].is_not_null())
    subscriber = parties.filter(parties["context"] == _FIRST_ENTITY)
    payer = parties.filter(parties["context"] == _FIRST_ENTITY + 1)
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


def _providers(units: _Units, parties: pl.DataFrame) -> dict[str, pl.Series]:
    """Return the claim's rendering provider and its facility."""
    count = units.stretch.claim_count
    found = {}
    for name, loop in (("rendering", "2310B"), ("facility", "2310C")):
        chosen = parties.filter(parties["context"] == units.loops.index_of(loop))
        _mark_repeated(units.stretch, chosen, chosen["claim"])
        of_claims = owners(count, chosen["claim"])
        is_npi = chosen["id_qualifier"] == "XX"
        npi = pl.select(pl.when(is_npi).then(chosen["identifier"])).to_series()
        found[f"{name}_npi"] = of_claims.first(npi)
        found[f"{name}_name"] = of_claims.first(_names(chosen))
    return found


_REFERENCE_COLUMNS: Final = {
    qualifier: tuple(CLAIMS)[place] for qualifier, place in CLAIM_REFERENCES.items()
}


def _claim_details(units: _Units, tables: dict[str, pl.DataFrame]) -> dict[str, pl.Series]:
    """Return what REF, AMT and DTP of loop 2300 give the claim's row."""
    stretch = units.stretch
    count = stretch.claim_count
    found = {}
    references = tables["references"]
    references = references.filter(references["context"] == _CLAIM)
    for qualifier, column in _REFERENCE_COLUMNS.items():
        chosen = references.filter(references["qualifier"] == qualifier)
        _mark_repeated(stretch, chosen, chosen["claim"])
        found[column] = owners(count, chosen["claim"]).first(chosen["value"])
    amounts, dates = tables["amounts"], tables["dates"]
    amounts = amounts.filter((amounts["context"] == _CLAIM) & (amounts["qualifier"] == "F5"))
    found["patient_paid_cents"] = owners(count, amounts["claim"]).first(
        amounts["amount_cents"], last=True
    )
    dates = dates.filter(dates["context"] == _CLAIM)
    mark_where(stretch, dates, (dates["qualifier"] == "434") | (dates["qualifier"] == "472"))
    dates = dates.filter(dates["qualifier"] == "435")
    found["admission_date"] = owners(count, dates["claim"]).first(dates["from_date"], last=True)
    return found


# --- back to texts --------------------------------------------------------------------------------


def _with_followers(whole: Stretch) -> pl.Series:
    """Return the odd units, and with each the unit after it in the same text."""
    odd = whole.odd_claims()
    if not len(odd):
        return odd
    after = odd + 1
    ends = pl.Series(whole.text_starts[1:], dtype=pl.UInt32)
    after = after.filter(~after.is_in(ends.implode()))
    return pl.concat([odd, after]).unique().sort()


def _texts_read(
    whole: Stretch,
    texts: Sequence[UnitsText],
    tables: dict[str, pl.DataFrame],
    numbers: pl.Series,
    odd: pl.Series,
) -> list[UnitsRead]:
    claims = whole.having("CLM").cum_sum().gather(whole.claim_starts).cast(pl.Int64)
    claims_end = int(whole.having("CLM").sum())
    starts = [*claims.to_list(), claims_end]
    offsets = [
        part.claim_index - starts[start]
        for part, start in zip(texts, whole.text_starts, strict=False)
    ]
    indexes = (claims + _of_texts(whole, "offset", offsets, "int")).gather(numbers)
    frames = {
        name: _frame(name, table, indexes)
        for name, table in _with_billing(whole, texts, tables, numbers).items()
    }
    ends = numbers.search_sorted(pl.Series(whole.text_starts, dtype=pl.UInt32), side="left")
    places = {
        name: [int(place) for place in table["claim"].search_sorted(ends, side="left")]
        for name, table in tables.items()
    }
    levels = _level_numbers(whole)
    left = _odd_units(whole, odd, starts, levels)
    reads = []
    for number in range(len(texts)):
        start, end = whole.text_starts[number : number + 2]
        own = {
            name: frames[name].slice(found[number], found[number + 1] - found[number])
            for name, found in places.items()
        }
        reads.append(
            UnitsRead(
                frames=own,
                segment_count=whole.row_starts[number + 1] - whole.row_starts[number],
                claim_count=starts[end] - starts[start],
                unit_count=end - start,
                charge_cents=int(own["claims"]["charge_cents"].sum()),
                odd=[
                    replace(unit, claim_index=unit.claim_index + offsets[number])
                    for place, unit in left.items()
                    if start <= place < end
                ],
                level=None if end - 1 in left else _level(whole, levels, end - 1),
            )
        )
    return reads


def _with_billing(
    whole: Stretch,
    texts: Sequence[UnitsText],
    tables: dict[str, pl.DataFrame],
    numbers: pl.Series,
) -> dict[str, pl.DataFrame]:
    """Add the billing provider to the claims."""
    claims = tables["claims"]
    columns = {}
    for place, name in enumerate(_BILLING):
        values = [part.billing[place] for part in texts]
        column = _of_texts(whole, name, values, CLAIMS[name])
        columns[name] = column.gather(numbers).gather(claims["claim"])
    return {**tables, "claims": _with(claims, **columns)}


def _frame(name: str, table: pl.DataFrame, indexes: pl.Series) -> pl.DataFrame:
    columns = {column.name: column for column in table.iter_columns()}
    columns["claim_index"] = indexes.gather(table["claim"])
    if "line" in columns:
        columns["line_index"] = columns["line"]
    elif name == "diagnoses":
        columns["line_index"] = constant("line_index", 0, table.height, "int")
    return in_order(TABLES_837[name], columns, table.height)


def _level(whole: Stretch, levels: pl.Series, unit: int) -> Level:
    return Level(levels[unit], whole.positions[whole.claim_starts[unit]])


def _odd_units(
    whole: Stretch, odd: pl.Series, claims: list[int], levels: pl.Series
) -> dict[int, OddUnit]:
    """Return the odd units; their claim indexes count from the first claim of the stretch."""
    if not len(odd):
        return {}
    rows = [*whole.claim_starts.to_list(), len(whole.segments)]
    numbers = set(odd.to_list())
    text_starts = set(whole.text_starts)
    found = {}
    for unit in sorted(numbers):
        is_first = unit in text_starts or unit - 1 in numbers
        found[unit] = OddUnit(
            claim_index=claims[unit],
            position=whole.positions[rows[unit]],
            segments=whole.segments.slice(rows[unit], rows[unit + 1] - rows[unit]).to_list(),
            level=None if is_first else _level(whole, levels, unit - 1),
            is_followed=unit + 1 in numbers and unit + 1 not in text_starts,
        )
    return found
