"""Work out a what-if and keep it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import polars as pl
from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.contracts.importing import RateSheet, check_sheet
from sanderling.contracts.models import ContractVersion
from sanderling.contracts.queries import contract_book, references
from sanderling.core.contracts.codesets import NO_CODES, NotACode, code_set
from sanderling.core.contracts.frames import RATES
from sanderling.core.contracts.reference_rates import plain
from sanderling.core.contracts.terms_toml import parse_terms
from sanderling.core.contracts.what_if import (
    CONTRACT,
    Comparison,
    Proposal,
    changed,
    compare,
    top_codes,
)
from sanderling.core.refusal import Refusal
from sanderling.evaluation.models import WhatIf, WhatIfSet
from sanderling.evaluation.reading import YEAR, billed_lines

CODES_KEPT: Final = 500
LINES_MAX: Final = 2_000_000


class NoWhatIf(Refusal):
    """The question cannot be answered."""


@dataclass(frozen=True)
class Change:
    """What is proposed: a percentage (of everything, codes or the top codes), terms, a sheet."""

    percent: Decimal | None = None
    codes: str = ""  # codes, ranges, beginnings, separated by commas or blanks
    top: int | None = None
    terms: str = ""  # TOML, in place of the terms as they are
    sheet: RateSheet | None = None  # in place of the rates as they are

    def words(self) -> str:
        """Return the proposal in words."""
        told = []
        if self.percent is not None:
            of = "all rates"
            if self.top:
                of = f"the {self.top} codes that bring most"
            elif self.codes:
                of = f"codes {self.codes}"
            told.append(f"{'+' if self.percent >= 0 else ''}{plain(self.percent)} % on {of}")
        if self.sheet is not None:
            told.append("proposed fee schedule")
        if self.terms:
            told.append("proposed terms")
        return ", ".join(told)


def work_out_what_if(
    version: ContractVersion,
    change: Change,
    *,
    title: str,
    by: User | None,
    at: datetime,
    part_of: WhatIfSet | None = None,
) -> WhatIf:
    """Reprice the last twelve months of the client's lines under both, and keep the answer.

    A second call makes a second what-if: each is what was asked at that moment. `part_of`: the
    question about several contracts that it answers a part of.

    Raises:
        NoWhatIf: nothing is proposed, or there are no lines, or too many.
        Refusal: proposed terms or rates cannot be read; there is no mirror.
    """
    if not change.words():
        raise NoWhatIf("propose something: a percentage, terms or a fee schedule")
    contract = version.contract
    today = at.date()
    lines = billed_lines(
        contract.client_id, contract.payer_id, contract.plan, from_date=today - YEAR, to_date=today
    )
    if lines.is_empty():
        raise NoWhatIf("nothing was billed to this payer in the last twelve months")
    if len(lines) > LINES_MAX:
        raise NoWhatIf(f"more than {LINES_MAX:,} lines: ask for one plan's contract")
    found = _compared(version, change, lines)
    with transaction.atomic():
        kept = WhatIf.objects.create(
            client_id=contract.client_id,
            payer_id=contract.payer_id,
            version_id=version.pk,
            title=title or change.words(),
            change=change.words(),
            terms=change.terms,
            from_date=today - YEAR,
            to_date=today,
            lines=found.lines,
            unpriced_lines=found.unpriced_lines,
            now_cents=found.now_cents,
            then_cents=found.then_cents,
            by_code=[list(row) for row in found.by_code.head(CODES_KEPT).iter_rows()],
            made_by=by,
            made_at=at,
            part_of=part_of,
        )
        record_event(
            action="contract.what_if",
            at=at,
            client_id=contract.client_id,
            subject=("what_if", kept.pk),
            detail={"version": version.pk, "lines": found.lines},
        )
    return kept


def _compared(version: ContractVersion, change: Change, lines: pl.DataFrame) -> Comparison:
    book = contract_book([version.contract.client_id])
    if version.pk not in book.terms:
        raise NoWhatIf("this version was withdrawn; choose one that stands")
    rates = book.rates.filter(pl.col("contract_id") == version.pk)
    now = Proposal(book.terms[version.pk], _timeless(rates))
    known = references()
    then = now
    if change.sheet is not None:
        then = Proposal(then.terms, _sheet_rates(change.sheet))
    if change.terms:
        then = Proposal(parse_terms(change.terms), then.rates)
    if change.percent is not None:
        codes = NO_CODES
        if change.top:
            codes = top_codes(lines, now, known, change.top)
        elif change.codes:
            try:
                codes = code_set(change.codes.replace(",", " ").split())
            except NotACode as error:
                raise NoWhatIf(
                    f"{error} is no code, range (70010-79999) or beginning (J*)"
                ) from error
        then = changed(then, change.percent, codes)
    return compare(lines, now, then, known)


def _timeless(rates: pl.DataFrame) -> pl.DataFrame:
    """Return rates for any day: the whole year is priced by the version asked about."""
    return rates.with_columns(
        contract_id=pl.lit(CONTRACT, pl.Int64),
        from_date=pl.lit(None, pl.Date),
        to_date=pl.lit(None, pl.Date),
    ).select(pl.col(name).cast(dtype) for name, dtype in RATES.items())


def _sheet_rates(sheet: RateSheet) -> pl.DataFrame:
    reading = check_sheet(sheet).reading
    if reading.problems:
        first = reading.problems[0]
        raise NoWhatIf(
            f"{len(reading.problems)} rows of the proposed fee schedule cannot be read; the first "
            f"is row {first.row}"
        )
    rows = [
        (CONTRACT, one.code, one.modifier, one.place_of_service, one.allowed_cents, None, None)
        for one in reading.rates
    ]
    return pl.DataFrame(rows, schema=dict(RATES), orient="row")
