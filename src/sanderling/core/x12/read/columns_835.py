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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from sanderling.core.x12.read.column_tools import (
    ClaimsText,
    Stretch,
    cents,
    codes_joined,
    days,
    elements_in,
    elements_of,
    in_order,
    mark_where,
    scatter_first,
    scatter_sum,
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
_ONE_TRIPLET: Final = 4  # elements of a CAS with one
_BETWEEN: Final = ("TS3", "TS2")  # stand after LX, before the first claim of a provider
_CLAIM_LEVEL: Final = ("NM1", "MIA", "MOA", "PER", "QTY")
_ANY_LEVEL: Final = ("CLP", "SVC", "CAS", "REF", "DTM", "AMT")


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
    claim_count: int
    regular_count: int
    paid_cents: int  # of the regular claims
    odd: list[OddClaim]
    provider_npi: str | None  # above what comes next


def read_columns(texts: Sequence[ClaimsText], delimiters: Delimiters) -> list[ColumnsRead]:
    """Read whole claims; `above` of a text is the provider (TS301) above its first claim.

    One call for the claims of many small transaction sets costs hardly more than for one set.
    """
    stretch = split_segments(texts, delimiters, "CLP", "SVC")
    providers, last_providers, between = _levels(stretch, delimiters, texts)
    tables = {
        "references": _pairs(stretch, "REF", delimiters),
        "quantities": _pairs(stretch, "QTY", delimiters),
        "amounts": _amounts(stretch, delimiters),
        "dates": _dates(stretch, delimiters),
        "parties": _parties(stretch, delimiters),
        "contacts": _contacts(stretch, delimiters),
        "adjustments": _adjustments(stretch, delimiters),
    }
    remarks, kept = _remarks(stretch, delimiters)
    tables["remarks"] = remarks
    tables["other_segments"] = pl.concat([between, kept]).sort("position")
    tables["service_payments"] = _services(stretch, delimiters, tables)
    tables["claim_payments"] = _claims(stretch, delimiters, tables, providers)
    odd = stretch.odd_claims()
    if len(odd):
        tables = {
            name: table.filter(~pl.col("claim").is_in(odd.implode()))
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
    starts = pl.Series(text_starts, dtype=pl.Int64)
    return {
        name: [int(place) for place in table["claim"].search_sorted(starts, side="left")]
        for name, table in tables.items()
    }


def _frame(name: str, table: pl.DataFrame, indexes: pl.Series) -> pl.DataFrame:
    index = indexes.gather(table["claim"])
    columns = [index.alias("claim_index")]
    if "line" in table.columns:
        columns.append(table["line"].alias("line_index"))
    table = table.with_columns(columns)
    if name == "other_segments":
        is_between = pl.col("loop") == "2000"
        index_between = pl.when(is_between).then(-1).otherwise(pl.col("claim_index"))
        table = table.with_columns(index_between.alias("claim_index"))
    return in_order(TABLES_835[name], table)


def _odd_claims(
    stretch: Stretch, odd: pl.Series, indexes: pl.Series, providers: pl.Series
) -> dict[int, OddClaim]:
    if not len(odd):
        return {}
    starts = [*stretch.claim_starts.to_list(), stretch.rows.height]
    texts, positions = stretch.rows["text"], stretch.rows["position"]
    return {
        claim: OddClaim(
            indexes[claim],
            positions[starts[claim]],
            texts.slice(starts[claim], starts[claim + 1] - starts[claim]).to_list(),
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
        claim_count=end - start,
        regular_count=regular.height,
        paid_cents=int(regular["paid_cents"].sum()),
        odd=[claim for number, claim in odd.items() if start <= number < end],
        provider_npi=provider_npi,
    )


# --- loops ----------------------------------------------------------------------------------------


def _levels(
    stretch: Stretch, delimiters: Delimiters, texts: Sequence[ClaimsText]
) -> tuple[pl.Series, list[str | None], pl.DataFrame]:
    """Return each claim's provider, each text's last provider, and the segments between claims.

    Marks claims with segments that do not belong where they stand.
    """
    element = delimiters.element
    rows = stretch.rows
    tags = rows["tag"]
    is_set = tags == "LX" + element
    known = (*_ANY_LEVEL, *_CLAIM_LEVEL, "LQ" + element, "LX" + element, *_BETWEEN)
    odd = ~tags.is_in(known)
    odd |= (rows["line"] > 0) & tags.is_in(_CLAIM_LEVEL)
    odd |= rows["text"] == ""
    if not is_set.any():
        odd |= tags.is_in(_BETWEEN)
        stretch.mark(rows["claim"].filter(odd))
        counts = zip(texts, stretch.text_starts, stretch.text_starts[1:], strict=False)
        providers = pl.concat(
            pl.repeat(part.above, end - start, dtype=pl.String, eager=True)
            for part, start, end in counts
        )
        return providers, [part.above for part in texts], _kept(rows.clear(), "2000")
    sets = is_set.cum_sum().cast(pl.Int64)
    after = sets > sets.gather(stretch.claim_starts).gather(rows["claim"])
    inside = tags.is_in(_BETWEEN) | is_set
    odd |= after != inside
    stretch.mark(rows["claim"].filter(odd))
    firsts = rows["text"].str.split_exact(element, 1).struct.field("field_1")
    between = rows.filter(inside)
    npis = firsts.filter(inside)
    for npi in npis.filter(between["tag"] == "TS3").unique().drop_nulls():
        if npi and npi.isdigit() and not NPI[npi]:
            stretch.mark(between["claim"].filter(npis == npi))
    mark_where(stretch, between, pl.col("text").str.count_matches(element, literal=True) > 24)  # noqa: PLR2004 (TS324)
    # "" begins a provider group without one; a TS3 names it; claims take the last before them.
    named = (
        pl.when(is_set).then(pl.lit("")).when((tags == "TS3") & after & (firsts != "")).then(firsts)
    )
    begun = pl.Series([part.above or "" for part in texts], dtype=pl.String)
    filled = (
        pl.select(named)
        .to_series()
        .scatter(stretch.row_starts, begun)
        .fill_null(strategy="forward")
    )
    filled = pl.select(pl.when(filled != "").then(filled)).to_series()
    ends = [start - 1 for start in stretch.row_starts[1:]] + [rows.height - 1]
    kept = _kept(between.with_columns(line=pl.lit(0, dtype=pl.Int64)), "2000")
    return filled.gather(stretch.claim_starts), filled.gather(ends).to_list(), kept


def _kept(rows: pl.DataFrame, loop: str) -> pl.DataFrame:
    return rows.select("claim", "line", "position", pl.lit(loop).alias("loop"), "text")


def _loop() -> pl.Expr:
    return pl.when(pl.col("line") > 0).then(pl.lit("2110")).otherwise(pl.lit("2100")).alias("loop")


# --- tables ---------------------------------------------------------------------------------------


def _pairs(stretch: Stretch, tag: str, delimiters: Delimiters) -> pl.DataFrame:
    """Read REF or QTY: qualifier and value."""
    table = elements_of(stretch, tag, 2, delimiters)
    mark_where(stretch, table, pl.col("e1").is_null() | pl.col("e2").is_null())
    value = "value" if tag == "REF" else "quantity"
    return table.rename({"e1": "qualifier", "e2": value}).with_columns(_loop())


def _amounts(stretch: Stretch, delimiters: Delimiters) -> pl.DataFrame:
    table = elements_of(stretch, "AMT", 2, delimiters)
    mark_where(stretch, table, pl.col("e1").is_null())
    amounts = cents(stretch, table, "e2", required=True)
    return table.with_columns(amounts.alias("amount_cents"), _loop()).rename({"e1": "qualifier"})


def _dates(stretch: Stretch, delimiters: Delimiters) -> pl.DataFrame:
    table = elements_of(stretch, "DTM", 2, delimiters)
    mark_where(stretch, table, pl.col("e1").is_null())
    dates = days(stretch, table, "e2")
    return table.with_columns(dates.alias("from_date"), dates.alias("to_date"), _loop()).rename(
        {"e1": "qualifier"}
    )


def _parties(stretch: Stretch, delimiters: Delimiters) -> pl.DataFrame:
    table = elements_of(stretch, "NM1", 9, delimiters)
    mark_where(stretch, table, pl.col("e6").is_not_null())
    patients = table.filter(pl.col("e1") == "QC")["claim"]
    if len(patients) != stretch.claim_count or patients.n_unique() != stretch.claim_count:
        every = pl.int_range(0, stretch.claim_count, eager=True)
        stretch.mark(every.filter(~every.is_in(patients.implode())))
        stretch.mark(patients.filter(patients.is_duplicated()))
    npis = table.filter(pl.col("e8") == "XX")
    mark_where(stretch, npis, pl.col("e9").is_null())
    wrong = [npi for npi in npis["e9"].unique().drop_nulls() if not NPI[npi]]
    if wrong:
        mark_where(stretch, npis, pl.col("e9").is_in(wrong))
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
    return table.rename(names).with_columns(_loop())


def _contacts(stretch: Stretch, delimiters: Delimiters) -> pl.DataFrame:
    table = elements_of(stretch, "PER", 4, delimiters)
    mark_where(stretch, table, pl.all_horizontal(pl.col("e2", "e3", "e4").is_null()))
    names = {"e1": "function", "e2": "name", "e3": "qualifier", "e4": "number"}
    return table.rename(names).with_columns(_loop())


def _adjustments(stretch: Stretch, delimiters: Delimiters) -> pl.DataFrame:
    chosen = stretch.rows.filter(pl.col("tag") == "CAS")
    # Most name one adjustment: cutting those into twenty elements would take four times as long.
    is_long = chosen["text"].str.count_matches(delimiters.element, literal=True) > _ONE_TRIPLET
    triplets = []
    for rows, known in ((chosen.filter(~is_long), _ONE_TRIPLET), (chosen.filter(is_long), 19)):
        segments = elements_in(stretch, rows, "CAS", known, delimiters)
        mark_where(stretch, segments, ~pl.col("e1").is_in(GROUP_CODES).fill_null(value=False))
        mark_where(stretch, segments, pl.col("e2").is_null())
        triplets += [_triplets(segments, sequence) for sequence in range(1, (known - 1) // 3 + 1)]
    triplets = [found for found in triplets if found.height] or triplets[:1]
    table = triplets[0] if len(triplets) == 1 else pl.concat(triplets).sort("position", "sequence")
    upper = pl.col("reason").str.to_uppercase()
    bare = upper.str.strip_chars_start("0")
    table = table.with_columns(
        pl.when(bare != "").then(bare).otherwise(upper).alias("reason_code"),
        cents(stretch, table, "amount", required=True).alias("amount_cents"),
        pl.col("e1").alias("group_code"),
    )
    plain = pl.col("reason_code").str.contains(REASON_CODE).fill_null(value=False)
    mark_where(stretch, table, ~plain)
    return table


def _triplets(segments: pl.DataFrame, sequence: int) -> pl.DataFrame:
    """Return the triplets of this number of the segments that have one."""
    reason, amount, quantity = (f"e{3 * sequence - 1 + offset}" for offset in range(3))
    found = segments.select(
        "claim",
        "line",
        "service",
        "position",
        "e1",
        pl.lit(sequence, dtype=pl.Int64).alias("sequence"),
        pl.col(reason).alias("reason"),
        pl.col(amount).alias("amount"),
        pl.col(quantity).alias("quantity"),
    )
    if sequence == 1:
        return found
    return found.filter(pl.any_horizontal(pl.col("reason", "amount", "quantity").is_not_null()))


def _remarks(stretch: Stretch, delimiters: Delimiters) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return remark codes, and the MIA and MOA segments that hold more than remark codes."""
    lines = elements_of(stretch, "LQ" + delimiters.element, 2, delimiters)
    mark_where(stretch, lines, pl.col("e1").is_null() | pl.col("e2").is_null())
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
    kept = [_kept(stretch.rows.clear(), "2100")]
    for tag, places, known in (("MIA", (5, 20, 21, 22, 23), 24), ("MOA", (3, 4, 5, 6, 7), 9)):
        table = elements_of(stretch, tag, known, delimiters, keep_text=True)
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
        kept.append(_kept(table.filter(has_more | has_none), "2100"))
    return pl.concat(found).sort("position", "place"), pl.concat(kept)


def _services(
    stretch: Stretch, delimiters: Delimiters, tables: dict[str, pl.DataFrame]
) -> pl.DataFrame:
    table = elements_of(stretch, "SVC", 7, delimiters)
    count = table.height
    charge = cents(stretch, table, "e2", required=True)
    paid = cents(stretch, table, "e3", required=True)
    mark_where(stretch, table, pl.col("e1").is_null())
    procedure = _composite(stretch, table, "e1", delimiters)
    submitted = _composite(stretch, table, "e6", delimiters)
    at_lines = {name: rows.filter(pl.col("line") > 0) for name, rows in tables.items()}
    dates = at_lines["dates"]
    begins = dates.filter(pl.col("qualifier").is_in(["472", "150"]))
    ends = dates.filter(pl.col("qualifier") == "151")
    if ends.height:
        # An end before its beginning: which of them counts depends on their order.
        both = ends.join(begins.select("service", pl.col("position").alias("began")), on="service")
        mark_where(stretch, both, pl.col("position") < pl.col("began"))
    first = scatter_first(count, begins, "from_date", by="service")
    last = scatter_first(count, ends, "from_date", by="service", last=True)
    references = at_lines["references"].filter(pl.col("qualifier") == "6R")
    allowed = at_lines["amounts"].filter(pl.col("qualifier") == "B6")
    adjusted = scatter_sum(count, at_lines["adjustments"], "amount_cents", by="service")
    table = table.with_columns(
        procedure.get_column("e1").alias("procedure_qualifier"),
        procedure.get_column("e2").alias("procedure"),
        procedure.get_column("modifiers"),
        charge.alias("charge_cents"),
        paid.alias("paid_cents"),
        pl.col("e4").alias("revenue_code"),
        pl.col("e5").alias("units_paid"),
        submitted.get_column("e1").alias("submitted_qualifier"),
        submitted.get_column("e2").alias("submitted_procedure"),
        submitted.get_column("modifiers").alias("submitted_modifiers"),
        pl.col("e7").alias("submitted_units"),
        first.alias("service_from_date"),
        pl.coalesce(last, first).alias("service_to_date"),
        scatter_first(count, references, "value", by="service").alias("line_control_number"),
        scatter_first(count, allowed, "amount_cents", by="service").alias("allowed_cents"),
        adjusted.alias("adjustment_total_cents"),
        (paid - charge + adjusted).alias("gap_cents"),
    )
    mark_where(stretch, table, pl.col("gap_cents") != 0)
    revenue = pl.when(pl.col("procedure_qualifier") == "NU").then(pl.col("procedure"))
    return table.with_columns(pl.coalesce("revenue_code", revenue).alias("revenue_code"))


def _composite(
    stretch: Stretch, table: pl.DataFrame, name: str, delimiters: Delimiters
) -> pl.DataFrame:
    """Return qualifier e1, code e2 and modifiers of a procedure; a description makes it odd."""
    if table[name].null_count() == table.height:
        nothing = pl.repeat(None, table.height, dtype=pl.String, eager=True)
        return pl.DataFrame({"e1": nothing, "e2": nothing, "modifiers": nothing})
    parts = (
        table[name]
        .str.split_exact(delimiters.component, 6)
        .struct.rename_fields([f"e{number}" for number in range(1, 8)])
        .struct.unnest()
        .with_columns(
            pl.when(pl.col(f"e{number}") != "").then(pl.col(f"e{number}")).alias(f"e{number}")
            for number in range(1, 7)
        )
    )
    if parts["e7"].null_count() < parts.height:
        stretch.mark(table["claim"].filter(parts["e7"].is_not_null()))
    modifiers = codes_joined(parts, ["e3", "e4", "e5", "e6"])
    return parts.select("e1", "e2", modifiers.alias("modifiers"))


def _claims(
    stretch: Stretch,
    delimiters: Delimiters,
    tables: dict[str, pl.DataFrame],
    providers: pl.Series,
) -> pl.DataFrame:
    table = elements_of(stretch, "CLP", 13, delimiters)
    count = stretch.claim_count
    charge = cents(stretch, table, "e3", required=True)
    paid = cents(stretch, table, "e4", required=True)
    share = cents(stretch, table, "e5", required=False)
    mark_where(
        stretch,
        table,
        pl.any_horizontal(pl.col("e1", "e7").is_null())
        | pl.col("e10").is_not_null()
        | ~pl.col("e2").is_in(CLAIM_STATUSES).fill_null(value=False),
    )
    adjustments, services = tables["adjustments"], tables["service_payments"]
    adjusted = scatter_sum(count, adjustments, "amount_cents", by="claim")
    patient = adjustments.filter(pl.col("group_code") == "PR")
    patient_total = scatter_sum(count, patient, "amount_cents", by="claim")
    line_charges = scatter_sum(count, services, "charge_cents", by="claim")
    ones = services.select("claim", pl.lit(1, dtype=pl.Int64).alias("one"))
    line_count = scatter_sum(count, ones, "one", by="claim")
    claims = table["claim"]
    gap = paid - charge + adjusted
    odd = (
        (gap != 0)
        | ((share != patient_total).fill_null(value=False))
        | ((line_count > 0) & (line_charges != charge))
    )
    stretch.mark(claims.filter(odd.fill_null(value=False)))
    columns = {
        "claim_number": table["e1"],
        "status": table["e2"],
        "charge_cents": charge,
        "paid_cents": paid,
        "patient_share_cents": share,
        "filing_indicator": table["e6"],
        "payer_claim_number": table["e7"],
        "facility_code": table["e8"],
        "frequency": table["e9"],
        "drg": table["e11"],
        "drg_weight": table["e12"],
        "discharge_fraction": table["e13"],
        "end_position": _ends(stretch, delimiters),
        "provider_npi": providers,
        "adjustment_total_cents": adjusted,
        "gap_cents": gap,
        "line_gap_count": pl.repeat(0, count, dtype=pl.Int64, eager=True),
        "line_count": line_count,
        **_claim_parties(count, tables["parties"]),
        **_claim_details(count, tables),
    }
    return table.select("claim", "position").with_columns(
        series.alias(name) for name, series in columns.items()
    )


def _claim_parties(count: int, parties: pl.DataFrame) -> dict[str, pl.Series]:
    def column(entity: str, name: str, *, last: bool = False) -> pl.Series:
        chosen = parties.filter(pl.col("entity") == entity)
        return scatter_first(count, chosen, name, last=last)

    rendering = parties.filter((pl.col("entity") == "82") & (pl.col("id_qualifier") == "XX"))
    return {
        "patient_last_name": column("QC", "last_name"),
        "patient_first_name": column("QC", "first_name"),
        "patient_id": column("QC", "identifier"),
        "insured_id": column("IL", "identifier"),
        "corrected_id": column("74", "identifier"),
        "rendering_npi": scatter_first(count, rendering, "identifier"),
        "crossover_name": column("TT", "last_name", last=True),
        "crossover_id": column("TT", "identifier", last=True),
    }


def _claim_details(count: int, tables: dict[str, pl.DataFrame]) -> dict[str, pl.Series]:
    references = tables["references"].filter(pl.col("line") == 0)
    dates = tables["dates"].filter(pl.col("line") == 0)

    def reference(qualifier: str) -> pl.Series:
        chosen = references.filter(pl.col("qualifier") == qualifier)
        return scatter_first(count, chosen, "value")

    def day(qualifier: str) -> pl.Series:
        return scatter_first(count, dates.filter(pl.col("qualifier") == qualifier), "from_date")

    return {
        "original_reference": reference("F8"),
        "medical_record": reference("EA"),
        "contract_class": reference("CE"),
        "statement_from_date": day("232"),
        "statement_to_date": day("233"),
        "received_date": day("050"),
    }


def _ends(stretch: Stretch, delimiters: Delimiters) -> pl.Series:
    """Return the position of each claim's last segment; LX, TS3 and TS2 after it are not its."""
    rows = stretch.rows
    between = rows["tag"].is_in(["LX" + delimiters.element, *_BETWEEN])
    lengths = rows.filter(~between).group_by("claim", maintain_order=True).len()["len"]
    starts = rows["position"].gather(stretch.claim_starts)
    return starts + lengths.cast(pl.Int64) - 1
