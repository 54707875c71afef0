"""Reads long stretches of an 835's claims column by column.

Most claims of a large 835 are alike: known segments, plain amounts and dates, sums that agree. Here
all their CAS segments are cut up at once, then all SVC, and so on, by Polars, several times faster
than one segment after another. Which claim and line a segment belongs to follows from counting the
CLP and SVC before it.

A claim about which anything is unusual, or that does not add up to the cent, is left to
`Reader835`, which reads segment by segment and knows what to say about it. The rows of both are put
together in the order of the file, so that the result is the same as `Reader835`'s alone
(`tests/property/core/test_x12_columns_835.py`).

Source: 835 TR3 005010X221A1, "Balancing"; DOMAIN 2.5 and 2.6.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from sanderling.core.x12.read.column_tools import (
    UNKNOWN,
    ClaimsText,
    Owners,
    Stretch,
    cents,
    codes_joined,
    constant,
    cut,
    days,
    elements_of,
    in_order,
    mark_null,
    mark_unless_in,
    mark_where,
    owners,
    split_segments,
)
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.values import NPI
from sanderling.core.x12.tables import TABLES_835

CLAIM_STATUSES: Final = frozenset(
    [
        "1",
        "2",
        "3",
        "4",
        "5",
        "10",
        "13",
        "15",
        "16",
        "17",
        "19",
        "20",
        "21",
        "22",
        "23",
        "25",
        "27",
    ]
)
GROUP_CODES: Final = frozenset(["CO", "PR", "OA", "PI"])
REASON_CODE: Final = r"^(?:[A-Z]{1,2}[0-9]{1,3}|[0-9]{1,3})$"
_USUAL_REASON: Final = re.compile(r"(?!0)[A-Z]{0,2}[0-9]{1,3}")  # nothing to be changed about it
_BETWEEN: Final = ("LX", "TS3", "TS2")  # stand before the first claim of a provider
_CLAIM_LEVEL: Final = ("NM1", "MIA", "MOA", "PER", "QTY")
_ANY_LEVEL: Final = ("CLP", "SVC", "CAS", "REF", "DTM", "AMT")
_TAGS: Final = (*_ANY_LEVEL, *_CLAIM_LEVEL, "LQ", *_BETWEEN)  # CLP and SVC first
_TS3_ELEMENTS: Final = 24


@dataclass(frozen=True, slots=True)
class OddClaim:
    """A claim left to the segment reader."""

    claim_index: int
    position: int  # of its CLP
    segments: list[str]  # up to the next claim
    provider_npi: str | None  # TS301 above it


@dataclass(frozen=True, slots=True)
class ColumnsRead:
    """What was read of the claims of a text, and what was left."""

    frames: dict[str, pl.DataFrame]  # of the regular claims
    segment_count: int
    claim_count: int
    regular_count: int
    paid_cents: int  # of the regular claims
    odd: list[OddClaim]
    provider_npi: str | None  # above what comes next


def read_columns(texts: Sequence[ClaimsText], delimiters: Delimiters) -> list[ColumnsRead]:
    """Read whole claims; `above` of a text is the provider (TS301) above its first claim.

    One call for the claims of many small transaction sets costs hardly more than for one set.
    """
    stretch = split_segments(texts, delimiters, _TAGS)
    providers, last_providers, between = _levels(stretch, texts)
    tables = {
        "references": _pairs(stretch, "REF"),
        "quantities": _pairs(stretch, "QTY"),
        "amounts": _amounts(stretch),
        "dates": _dates(stretch),
        "parties": _parties(stretch),
        "contacts": _contacts(stretch),
        "adjustments": _adjustments(stretch),
    }
    remarks, kept = _remarks(stretch)
    tables["remarks"] = remarks
    tables["other_segments"] = pl.concat([between, kept]).sort("position")
    tables["service_payments"] = _services(stretch, delimiters, tables)
    tables["claim_payments"] = _claims(stretch, tables, providers)
    odd = stretch.odd_claims()
    if len(odd):
        tables = {
            name: table.filter(~table["claim"].is_in(odd.implode()))
            for name, table in tables.items()
        }
    places = _places(tables, stretch.text_starts)
    indexes = pl.concat(
        [
            pl.int_range(part.claim_index, part.claim_index + end - start, eager=True)
            for part, start, end in zip(
                texts, stretch.text_starts, stretch.text_starts[1:], strict=False
            )
        ]
    )
    frames = {name: _frame(name, table, indexes) for name, table in tables.items()}
    left = _odd_claims(stretch, odd, indexes, providers)
    return [
        _text_read(stretch, number, frames, places, left, last_providers[number])
        for number in range(len(texts))
    ]


def _places(tables: dict[str, pl.DataFrame], text_starts: list[int]) -> dict[str, list[int]]:
    """Return for each table the row at which each text's rows begin, and the height last."""
    starts = pl.Series(text_starts, dtype=pl.UInt32)
    return {
        name: [int(place) for place in table["claim"].search_sorted(starts, side="left")]
        for name, table in tables.items()
    }


def _frame(name: str, table: pl.DataFrame, indexes: pl.Series) -> pl.DataFrame:
    columns = {column.name: column for column in table.iter_columns()}
    columns["claim_index"] = indexes.gather(table["claim"])
    if "line" in columns:
        columns["line_index"] = columns["line"]
    if name == "other_segments":
        is_claims = table["loop"] != "2000"
        columns["claim_index"] = columns["claim_index"].zip_with(
            is_claims, pl.Series([-1], dtype=pl.Int64)
        )
    return in_order(TABLES_835[name], columns, table.height)


def _odd_claims(
    stretch: Stretch, odd: pl.Series, indexes: pl.Series, providers: pl.Series
) -> dict[int, OddClaim]:
    if not len(odd):
        return {}
    starts = [*stretch.claim_starts.to_list(), len(stretch.segments)]
    return {
        claim: OddClaim(
            indexes[claim],
            stretch.positions[starts[claim]],
            stretch.segments.slice(starts[claim], starts[claim + 1] - starts[claim]).to_list(),
            providers[claim],
        )
        for claim in odd.to_list()
    }


def _text_read(
    stretch: Stretch,
    number: int,
    frames: dict[str, pl.DataFrame],
    places: dict[str, list[int]],
    odd: dict[int, OddClaim],
    provider_npi: str | None,
) -> ColumnsRead:
    start, end = stretch.text_starts[number : number + 2]
    own = {
        name: table.slice(places[name][number], places[name][number + 1] - places[name][number])
        for name, table in frames.items()
    }
    regular = own["claim_payments"]
    return ColumnsRead(
        frames=own,
        segment_count=stretch.row_starts[number + 1] - stretch.row_starts[number],
        claim_count=end - start,
        regular_count=regular.height,
        paid_cents=int(regular["paid_cents"].sum()),
        odd=[claim for number, claim in odd.items() if start <= number < end],
        provider_npi=provider_npi,
    )


# --- loops ----------------------------------------------------------------------------------------


def _levels(
    stretch: Stretch, texts: Sequence[ClaimsText]
) -> tuple[pl.Series, list[str | None], pl.DataFrame]:
    """Return each claim's provider, each text's last provider, and the segments between claims.

    Marks claims with segments that do not belong where they stand.
    """
    claims = stretch.claims
    stretch.mark(claims.filter(stretch.codes == UNKNOWN))
    for tag in _CLAIM_LEVEL:
        stretch.mark(claims.filter(stretch.having(tag) & (stretch.lines > 0)))
    is_set = stretch.having("LX")
    inside = stretch.having(*_BETWEEN)
    if not is_set.any():
        stretch.mark(claims.filter(inside))
        counts = zip(texts, stretch.text_starts, stretch.text_starts[1:], strict=False)
        providers = pl.concat(
            [constant("npi", part.above, end - start) for part, start, end in counts]
        )
        return providers, [part.above for part in texts], _kept(stretch, is_set, "2000")
    sets = is_set.cum_sum()
    after = sets > sets.gather(stretch.claim_starts).gather(claims)
    stretch.mark(claims.filter(after != inside))
    firsts = stretch.cells.columns([1])[0]
    is_named = stretch.having("TS3")
    for npi in firsts.filter(is_named).unique().drop_nulls():
        if npi.isdigit() and not NPI[npi]:
            stretch.mark(claims.filter(inside & (firsts == npi)))
    stretch.mark(claims.filter(inside & (stretch.cells.lengths > _TS3_ELEMENTS + 1)))
    # "" begins a provider group without one; a TS3 names it; claims take the last before them.
    named = pl.when(is_set).then(pl.lit("")).when(is_named & after).then(firsts)
    begun = pl.Series([part.above or "" for part in texts], dtype=pl.String)
    filled = (
        pl.select(named)
        .to_series()
        .scatter(stretch.row_starts[:-1], begun)
        .fill_null(strategy="forward")
    )
    filled = pl.select(pl.when(filled != "").then(filled)).to_series()
    ends = [start - 1 for start in stretch.row_starts[1:]]
    kept = _kept(stretch, inside, "2000")
    return filled.gather(stretch.claim_starts), filled.gather(ends).to_list(), kept


def _kept(stretch: Stretch, mask: pl.Series, loop: str) -> pl.DataFrame:
    """Return the segments for which `mask` is true, as they stand; they are of no line."""
    claims = stretch.claims.filter(mask)
    return pl.DataFrame(
        [
            claims,
            pl.Series("line", [0], dtype=pl.UInt32).new_from_index(0, len(claims)),
            stretch.positions.filter(mask).alias("position"),
            constant("loop", loop, len(claims)),
            stretch.segments.filter(mask).alias("text"),
        ]
    )


def _loop(table: pl.DataFrame) -> pl.Series:
    is_line = table["line"] > 0
    if is_line.all() or not is_line.any():
        return constant("loop", "2110" if is_line.any() else "2100", table.height)
    return pl.select(pl.when(is_line).then(pl.lit("2110")).otherwise(pl.lit("2100"))).to_series()


# --- tables ---------------------------------------------------------------------------------------


def _pairs(stretch: Stretch, tag: str) -> pl.DataFrame:
    """Read REF or QTY: qualifier and value."""
    table = elements_of(stretch, tag, 2)
    mark_null(stretch, table, "e1", "e2")
    value = "value" if tag == "REF" else "quantity"
    return _with(table, qualifier=table["e1"], loop=_loop(table), **{value: table["e2"]})


def _with(table: pl.DataFrame, **columns: pl.Series) -> pl.DataFrame:
    """Return `table` with columns added, quicker than an expression does it."""
    return table.hstack([column.alias(name) for name, column in columns.items()])


def _amounts(stretch: Stretch) -> pl.DataFrame:
    table = elements_of(stretch, "AMT", 2)
    mark_null(stretch, table, "e1")
    amounts = cents(stretch, table, "e2", required=True)
    return _with(table, qualifier=table["e1"], amount_cents=amounts, loop=_loop(table))


def _dates(stretch: Stretch) -> pl.DataFrame:
    table = elements_of(stretch, "DTM", 2)
    mark_null(stretch, table, "e1")
    dates = days(stretch, table, "e2")
    return _with(table, qualifier=table["e1"], from_date=dates, to_date=dates, loop=_loop(table))


def _parties(stretch: Stretch) -> pl.DataFrame:
    table = elements_of(stretch, "NM1", 9)
    mark_where(stretch, table, table["e6"].is_not_null())
    patients = table["claim"].filter(table["e1"] == "QC")
    if not owners(stretch.claim_count, patients).is_each_one:
        every = pl.int_range(0, stretch.claim_count, dtype=pl.UInt32, eager=True)
        stretch.mark(every.filter(~every.is_in(patients.implode())))
        stretch.mark(patients.filter(patients.is_duplicated()))
    is_npi = table["e8"] == "XX"
    mark_where(stretch, table, is_npi & table["e9"].is_null())
    npis = table["e9"].filter(is_npi)
    wrong = [npi for npi in npis.unique().drop_nulls() if not NPI[npi]]
    if wrong:
        mark_where(stretch, table, is_npi & table["e9"].is_in(wrong))
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
    return _with(table.rename(names), loop=_loop(table))


def _contacts(stretch: Stretch) -> pl.DataFrame:
    table = elements_of(stretch, "PER", 4)
    is_empty = table["e2"].is_null() & table["e3"].is_null() & table["e4"].is_null()
    mark_where(stretch, table, is_empty)
    names = {"e1": "function", "e2": "name", "e3": "qualifier", "e4": "number"}
    return _with(table.rename(names), loop=_loop(table))


def _adjustments(stretch: Stretch) -> pl.DataFrame:
    segments = elements_of(stretch, "CAS", 19)
    mark_unless_in(stretch, segments, "e1", GROUP_CODES)
    mark_null(stretch, segments, "e2")
    triplets = [_triplets(segments, sequence) for sequence in range(1, 7)]
    triplets = [found for found in triplets if found.height] or triplets[:1]
    table = triplets[0] if len(triplets) == 1 else pl.concat(triplets).sort("position", "sequence")
    amounts = cents(stretch, table, "amount", required=True)
    return _with(table, reason_code=_reason_codes(stretch, table), amount_cents=amounts)


def _triplets(segments: pl.DataFrame, sequence: int) -> pl.DataFrame:
    """Return the triplets of this number of the segments that have one."""
    reason, amount, quantity = (
        segments[f"e{3 * sequence - 1 + offset}"].alias(name)
        for offset, name in enumerate(("reason", "amount", "quantity"))
    )
    table = pl.DataFrame(
        [
            *(segments[name] for name in ("claim", "line", "service", "position")),
            segments["e1"].alias("group_code"),
            constant("sequence", sequence, segments.height, "int"),
            reason,
            amount,
            quantity,
        ]
    )
    if sequence == 1:
        return table
    columns = [part for part in (reason, amount, quantity) if part.null_count() < len(part)]
    if not columns:
        return table.clear()
    return table.filter(pl.any_horizontal([part.is_not_null() for part in columns]))


def _reason_codes(stretch: Stretch, table: pl.DataFrame) -> pl.Series:
    """Return the codes in upper case without leading zeros; marks what is no code."""
    reasons = table["reason"]
    if all(reason and _USUAL_REASON.fullmatch(reason) for reason in reasons.unique().to_list()):
        return reasons
    upper = reasons.str.to_uppercase()
    bare = upper.str.strip_chars_start("0")
    codes = pl.select(pl.when(bare != "").then(bare).otherwise(upper)).to_series()
    mark_where(stretch, table, ~codes.str.contains(REASON_CODE).fill_null(value=False))
    return codes


def _remarks(stretch: Stretch) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return remark codes, and the MIA and MOA segments that hold more than remark codes."""
    lines = elements_of(stretch, "LQ", 2)
    mark_null(stretch, lines, "e1", "e2")
    found = [
        lines.select(
            "claim",
            "line",
            "position",
            pl.col("e1").alias("source"),
            pl.col("e2").str.to_uppercase().alias("code"),
            pl.lit(0).alias("place"),
        )
    ]
    kept = [_kept(stretch, stretch.codes == UNKNOWN, "2100").clear()]
    for tag, places, known in (("MIA", (5, 20, 21, 22, 23), 24), ("MOA", (3, 4, 5, 6, 7), 9)):
        table = elements_of(stretch, tag, known, keep_text=True)
        if not table.height:
            continue
        found += [
            table.filter(pl.col(f"e{place}").is_not_null()).select(
                "claim",
                "line",
                "position",
                pl.lit(tag).alias("source"),
                pl.col(f"e{place}").str.to_uppercase().alias("code"),
                pl.lit(place).alias("place"),
            )
            for place in places
        ]
        others = [f"e{number}" for number in range(1, known + 1) if number not in places]
        codes = [f"e{place}" for place in places]
        has_more = pl.any_horizontal(pl.col(others).is_not_null())
        has_none = pl.all_horizontal(pl.col(codes).is_null())
        more = table.filter(has_more | has_none)
        kept.append(more.select("claim", "line", "position", pl.lit("2100").alias("loop"), "text"))
    return pl.concat(found).sort("position", "place"), pl.concat(kept)


def _of_lines(count: int, table: pl.DataFrame) -> Owners:
    """Return to which of `count` lines the rows of `table` belong; all are of a line."""
    return owners(count, table["service"] - 1)


def _services(
    stretch: Stretch, delimiters: Delimiters, tables: dict[str, pl.DataFrame]
) -> pl.DataFrame:
    table = elements_of(stretch, "SVC", 7)
    count = table.height
    charge = cents(stretch, table, "e2", required=True)
    paid = cents(stretch, table, "e3", required=True)
    mark_null(stretch, table, "e1")
    procedure = _composite(stretch, table, "e1", delimiters)
    submitted = _composite(stretch, table, "e6", delimiters)
    dates = tables["dates"]
    dates = dates.filter(dates["line"] > 0)
    begins = dates.filter((dates["qualifier"] == "472") | (dates["qualifier"] == "150"))
    ends = dates.filter(dates["qualifier"] == "151")
    if ends.height:
        # An end before its beginning: which of them counts depends on their order.
        both = ends.join(begins.select("service", pl.col("position").alias("began")), on="service")
        mark_where(stretch, both, both["position"] < both["began"])
    first = _of_lines(count, begins).first(begins["from_date"])
    last = first
    if ends.height:
        last = _of_lines(count, ends).first(ends["from_date"], last=True)
        last = last.zip_with(last.is_not_null(), first)
    references, amounts = tables["references"], tables["amounts"]
    numbers = references.filter((references["line"] > 0) & (references["qualifier"] == "6R"))
    allowed = amounts.filter((amounts["line"] > 0) & (amounts["qualifier"] == "B6"))
    adjustments = tables["adjustments"]
    adjustments = adjustments.filter(adjustments["line"] > 0)
    adjusted = _of_lines(count, adjustments).total(adjustments["amount_cents"])
    gap = paid - charge + adjusted
    mark_where(stretch, table, gap != 0)
    qualifier, code, modifiers = procedure
    revenue = table["e4"]
    is_revenue = qualifier == "NU"
    if is_revenue.any():
        revenue = revenue.zip_with(revenue.is_not_null() | ~is_revenue.fill_null(value=False), code)
    return _with(
        table,
        procedure_qualifier=qualifier,
        procedure=code,
        modifiers=modifiers,
        charge_cents=charge,
        paid_cents=paid,
        revenue_code=revenue,
        units_paid=table["e5"],
        submitted_qualifier=submitted[0],
        submitted_procedure=submitted[1],
        submitted_modifiers=submitted[2],
        submitted_units=table["e7"],
        service_from_date=first,
        service_to_date=last,
        line_control_number=_of_lines(count, numbers).first(numbers["value"]),
        allowed_cents=_of_lines(count, allowed).first(allowed["amount_cents"]),
        adjustment_total_cents=adjusted,
        gap_cents=gap,
    )


def _composite(
    stretch: Stretch, table: pl.DataFrame, name: str, delimiters: Delimiters
) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Return qualifier, code and modifiers of a procedure; a description makes it odd."""
    texts = table[name]
    if texts.null_count() == table.height:
        nothing = constant(name, None, table.height)
        return nothing, nothing, nothing
    parts = cut(texts, delimiters.component)
    mark_where(stretch, table, parts.lengths > 6)  # noqa: PLR2004 (qualifier, code, modifiers)
    qualifier, code, *modifiers = parts.columns(range(6))
    return qualifier, code, codes_joined(modifiers)


def _claims(
    stretch: Stretch, tables: dict[str, pl.DataFrame], providers: pl.Series
) -> pl.DataFrame:
    table = elements_of(stretch, "CLP", 13)
    count = stretch.claim_count
    charge = cents(stretch, table, "e3", required=True)
    paid = cents(stretch, table, "e4", required=True)
    share = cents(stretch, table, "e5", required=False)
    mark_null(stretch, table, "e1", "e7")
    mark_where(stretch, table, table["e10"].is_not_null())
    mark_unless_in(stretch, table, "e2", CLAIM_STATUSES)
    adjustments, services = tables["adjustments"], tables["service_payments"]
    adjusted = owners(count, adjustments["claim"]).total(adjustments["amount_cents"])
    patient = adjustments.filter(adjustments["group_code"] == "PR")
    patient_total = owners(count, patient["claim"]).total(patient["amount_cents"])
    lines = owners(count, services["claim"])
    line_charges = lines.total(services["charge_cents"])
    line_count = lines.total(constant("one", 1, services.height, "int"))
    gap = paid - charge + adjusted
    odd = (
        (gap != 0)
        | ((share != patient_total).fill_null(value=False))
        | ((line_count > 0) & (line_charges != charge))
    )
    mark_where(stretch, table, odd)
    return _with(
        table.select("claim", "position"),
        claim_number=table["e1"],
        status=table["e2"],
        charge_cents=charge,
        paid_cents=paid,
        patient_share_cents=share,
        filing_indicator=table["e6"],
        payer_claim_number=table["e7"],
        facility_code=table["e8"],
        frequency=table["e9"],
        drg=table["e11"],
        drg_weight=table["e12"],
        discharge_fraction=table["e13"],
        end_position=_ends(stretch),
        provider_npi=providers,
        adjustment_total_cents=adjusted,
        gap_cents=gap,
        line_gap_count=constant("gaps", 0, count, "int"),
        line_count=line_count,
        **_claim_parties(count, tables["parties"]),
        **_claim_details(count, tables),
    )


def _claim_parties(count: int, parties: pl.DataFrame) -> dict[str, pl.Series]:
    entities, numbers = parties["entity"], parties["claim"]

    def columns(mask: pl.Series, *names: str, last: bool = False) -> list[pl.Series]:
        chosen = owners(count, numbers.filter(mask))
        return [chosen.first(parties[name].filter(mask), last=last) for name in names]

    last_name, first_name, patient_id = columns(
        entities == "QC", "last_name", "first_name", "identifier"
    )
    (insured_id,) = columns(entities == "IL", "identifier")
    (corrected_id,) = columns(entities == "74", "identifier")
    (rendering_npi,) = columns((entities == "82") & (parties["id_qualifier"] == "XX"), "identifier")
    crossover = columns(entities == "TT", "last_name", "identifier", last=True)
    return {
        "patient_last_name": last_name,
        "patient_first_name": first_name,
        "patient_id": patient_id,
        "insured_id": insured_id,
        "corrected_id": corrected_id,
        "rendering_npi": rendering_npi,
        "crossover_name": crossover[0],
        "crossover_id": crossover[1],
    }


def _claim_details(count: int, tables: dict[str, pl.DataFrame]) -> dict[str, pl.Series]:
    references = tables["references"]
    references = references.filter(references["line"] == 0)
    dates = tables["dates"]
    dates = dates.filter(dates["line"] == 0)

    def reference(qualifier: str) -> pl.Series:
        chosen = references.filter(references["qualifier"] == qualifier)
        return owners(count, chosen["claim"]).first(chosen["value"])

    def day(qualifier: str) -> pl.Series:
        chosen = dates.filter(dates["qualifier"] == qualifier)
        return owners(count, chosen["claim"]).first(chosen["from_date"])

    return {
        "original_reference": reference("F8"),
        "medical_record": reference("EA"),
        "contract_class": reference("CE"),
        "statement_from_date": day("232"),
        "statement_to_date": day("233"),
        "received_date": day("050"),
    }


def _ends(stretch: Stretch) -> pl.Series:
    """Return the position of each claim's last segment; LX, TS3 and TS2 after it are not its."""
    starts = stretch.claim_starts
    lengths = starts.shift(-1, fill_value=len(stretch.segments)) - starts
    ends = stretch.positions.gather(starts) + lengths.cast(pl.Int64) - 1
    inside = stretch.having(*_BETWEEN)
    if inside.any():
        numbers = stretch.claims.filter(inside)
        ones = constant("one", 1, len(numbers), "int")
        ends -= owners(stretch.claim_count, numbers).total(ones)
    return ends
