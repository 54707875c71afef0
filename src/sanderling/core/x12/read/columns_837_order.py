"""The order of segments in an 837P's units (see `columns_837`): what may stand where.

Which loop a segment stands in follows from the last HL, NM1, CLM or LX before it, its context.

Source: 837 TR3 005010X222A1, loops 2000B to 2420.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import polars as pl

from sanderling.core.x12.read.column_tools import Stretch, owners
from sanderling.core.x12.read.set_837_state import CLAIM, LINE, Grammar

_OPENERS: Final = ("HL", "LX", "CLM", "NM1")  # a loop begins with each; HL and LX first
KEPT: Final = ("CN1", "CR1", "CRC", "HCP", "K3", "NTE", "PWK")  # in loops 2300 and 2400
_PARTY: Final = ("N3", "N4", "DMG", "PRV")
TAGS: Final = (*_OPENERS, "SBR", "REF", "DTP", "AMT", "HI", "SV1", *_PARTY, *KEPT)
_LEVEL: Final = 0  # contexts: the code of the opener, for an NM1 that of its entity
LINE_CONTEXT: Final = 1
CLAIM_CONTEXT: Final = 2
FIRST_ENTITY: Final = 3
_STRANGE: Final = 255


@dataclass(frozen=True, slots=True)
class Units:
    """The units of a stretch that are in order, as a stretch of their own."""

    stretch: Stretch
    contexts: pl.Series  # of each segment
    loops: pl.Series  # of each context
    component: str


@dataclass(frozen=True, slots=True)
class Order:
    """Which segment may stand where, by the grammar."""

    entities: tuple[str, ...]
    contexts: pl.Series  # area * count of entities + entity -> context
    loops: pl.Series  # context -> loop
    may_stand: pl.Series  # context * 256 + tag -> whether it may


@cache
def _order_of_entities(kinds: tuple[tuple[str, str, str], ...]) -> Order:
    """Return the order for (context, entity, loop) triples; areas: 0 level, 1 claim, 2 line."""
    entities = tuple(dict.fromkeys(entity for _, entity, _ in kinds))
    contexts = [_STRANGE] * (3 * (len(entities) + 1))
    loops = ["2000B", "2400", "2300"]
    allowed = {
        _LEVEL: ("HL", "SBR"),
        CLAIM_CONTEXT: ("CLM", "REF", "DTP", "AMT", "HI", *KEPT),
        LINE_CONTEXT: ("LX", "SV1", "REF", "DTP", "AMT", *(tag for tag in KEPT)),
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
            may_stand[context * 256 + TAGS.index(tag)] = True
    return Order(
        entities,
        pl.Series(contexts, dtype=pl.UInt8),
        pl.Series(loops, dtype=pl.String),
        pl.Series(may_stand),
    )


def order_of(grammar: Grammar) -> Order:
    """Return the order that the guide has from a subscriber's level on."""
    levels = (("subscriber", "IL", "2010BA"), ("subscriber", "PR", "2010BB"))
    below = (
        (context, entity, loop)
        for context in (CLAIM, LINE)
        for entity, (loop, _, _) in grammar.entities[context].items()
    )
    return _order_of_entities((*levels, *below))


def contexts_of(stretch: Stretch, order: Order) -> pl.Series:
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


def mark_disorder(stretch: Stretch, contexts: pl.Series, order: Order) -> None:
    """Mark units whose segments are not the usual ones in their order."""
    units, codes = stretch.claims, stretch.codes
    may_stand = order.may_stand.gather(contexts.cast(pl.UInt32) * 256 + codes)
    if not may_stand.all():
        stretch.mark(units.filter(~may_stand).unique())
    for tag in ("SBR", "CLM", "HI"):
        _mark_unless_one(stretch, units.filter(stretch.having(tag)))
    openers = stretch.having("NM1")
    for place in range(2):  # the subscriber and the payer
        _mark_unless_one(stretch, units.filter(openers & (contexts == FIRST_ENTITY + place)))
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
    services = stretch.services.filter(stretch.having("SV1") & (contexts == LINE_CONTEXT))
    if owners(len(units), services - 1).is_each_one:
        return
    numbers = pl.int_range(1, len(units) + 1, dtype=pl.UInt32, eager=True)
    stretch.mark(units.filter(~numbers.is_in(services.implode())))
    twice = services.filter(services.is_duplicated())
    stretch.mark(units.filter(numbers.is_in(twice.implode())))


def units_in_order(
    whole: Stretch, contexts: pl.Series, order: Order, component: str
) -> tuple[Units, pl.Series]:
    """Return the units that were not marked, and their numbers in `whole`."""
    count = whole.claim_count
    numbers = pl.int_range(0, count, dtype=pl.UInt32, eager=True)
    odd = whole.odd_claims()
    if not len(odd):
        fresh = replace(whole, odd=[])
        return Units(fresh, contexts, order.loops, component), numbers
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
    return Units(chosen, contexts.filter(mask), order.loops, component), numbers
