"""Explains a price: which version of which contract, each step, and what the payer allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import polars as pl
from django.db import connection

from sanderling.claims.models import Claim
from sanderling.contracts.actions import Parties, normalized_plan
from sanderling.contracts.claim_lines import (
    AllowedLine,
    BilledLine,
    SentClaim,
    lines_of_claim,
)
from sanderling.contracts.models import ContractVersion
from sanderling.contracts.queries import STANDING, parsed, references
from sanderling.core.contracts.explain import LineExplanation, explain_claim
from sanderling.core.contracts.frames import FLAGS, LINES, RATES, References
from sanderling.core.contracts.terms import Terms
from sanderling.core.refusal import Refusal
from sanderling.postgres.frames import read_frame

COLUMNS: Final = (
    *("client", "claim", "line", "payer_id", "plan", "service_date", "code", "modifiers"),
    *("place_of_service", "units", "charge_cents", "version", "rate_cents", "method", "term"),
    *("confidence", "flags", "steps", "expected_cents", "allowed_cents", "variance_cents"),
    "not_compared",
)
_SUMMED: Final = ("charge_cents", "expected_cents", "allowed_cents", "variance_cents")
_VERSIONS: Final = f"""
SELECT s.id, c.plan, s.from_date, s.to_date, s.schedule_id, v.terms
  FROM ({STANDING}) s JOIN contracts_contract c ON c.id = s.contract_id
  JOIN contracts_version v ON v.id = s.id
 WHERE c.client_id = %s AND c.payer_id = %s AND c.plan IN ('', %s)
 ORDER BY c.plan DESC, s.from_date DESC
"""  # noqa: S608 - texts of ours only
_RATES: Final = f"""
SELECT s.id, r.code, r.modifier, r.place_of_service, r.allowed_cents, s.from_date, s.to_date
  FROM ({STANDING}) s JOIN contracts_rate r ON r.schedule_id = s.schedule_id
 WHERE s.id = ANY (%s::int[]) AND r.code = ANY (%s::text[])
"""  # noqa: S608 - as above
_NO_CHARGE: Final = 10**10  # a charge that limits nothing, where none is given
_BY_CHARGE: Final = ("percent_of_charge", "stop_loss", "per_diem", "case_rate", "drg")


class NotPriced(Refusal):
    """There is no contract, or something needed for the price was not said."""


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line with its price, each step, and what the payer allowed."""

    billed: BilledLine
    explanation: LineExplanation
    version: ContractVersion | None  # in force on the day; None: no contract
    allowed: AllowedLine | None = None

    @property
    def variance_cents(self) -> int | None:
        """Return allowed less expected; negative: paid short. None where it is not compared."""
        expected = self.explanation.expected_cents
        if expected is None or self.allowed is None or self.allowed.excluded:
            return None
        return self.allowed.allowed_cents - expected

    @property
    def flag_words(self) -> list[str]:
        """Return what is remarkable, in words."""
        return [FLAGS.get(name, name) for name in self.explanation.flags]


@dataclass(slots=True)
class PricedClaim:
    """Lines priced together."""

    parties: Parties
    lines: list[PricedLine]
    number: str = ""
    whole: AllowedLine | None = None  # of a claim that the payer decided without lines

    @property
    def totals(self) -> dict[str, int]:
        """Return the sums of the lines, those without a value left out."""
        rows = self.rows()
        return {name: sum(row[name] or 0 for row in rows) for name in _SUMMED}

    def rows(self) -> list[dict[str, Any]]:
        """Return the lines as rows of COLUMNS."""
        return [_row(self, line) for line in self.lines]


def price_claim(claim: Claim, *, as_of: date) -> PricedClaim:
    """Price a claim's lines as its first payer answered them, beside what that payer allowed.

    Without an answer: as they were sent last.

    Raises:
        NotSent: its lines are not known.
        NotPriced: it has no payer, or no contract of any of its days.
    """
    if claim.payer is None:
        raise NotPriced("the claim has no payer, hence no contract")
    sent, allowed = lines_of_claim(claim, as_of=as_of)
    parties = Parties(claim.client, claim.payer, claim.plan)
    priced = price_lines(parties, sent)
    priced.number = claim.number
    priced.whole = allowed.get(0)
    priced.lines = [replace(one, allowed=allowed.get(one.billed.line)) for one in priced.lines]
    return priced


def price_by_hand(
    parties: Parties, kind: str, lines: Sequence[BilledLine], *, without_charge: frozenset[int]
) -> PricedClaim:
    """Price lines that a person wrote down; `without_charge`: numbers of those without a charge.

    Raises:
        NotPriced: no contract, or a price that needs the charge that was not given.
    """
    limitless = [
        replace(one, charge_cents=_NO_CHARGE) if one.line in without_charge else one
        for one in lines
    ]
    priced = price_lines(parties, SentClaim(kind, tuple(limitless)))
    for line in priced.lines:
        if line.billed.line in without_charge and line.explanation.method in _BY_CHARGE:
            raise NotPriced(
                f"{line.billed.code} is priced by its charge ({line.explanation.term}); say the"
                " charge"
            )
    return priced


def price_lines(parties: Parties, sent: SentClaim) -> PricedClaim:
    """Price lines together under the contract of each one's day.

    Raises:
        NotPriced: no contract on any of the days.
    """
    plan = normalized_plan(parties.plan)
    with connection.cursor() as cursor:
        cursor.execute(_VERSIONS, [parties.client.pk, parties.payer.pk, plan])
        standing = cursor.fetchall()
    of_line = {one.line: _version_on(standing, one.service_date) for one in sent.lines}
    used = {pk for pk in of_line.values() if pk is not None}
    if not used:
        days = sorted({one.service_date for one in sent.lines if one.service_date is not None})
        when = f" on {days[0]}" if days else ""
        raise NotPriced(
            f"there is no contract of client {parties.client.code} with payer"
            f" {parties.payer.payer_id}{when}; load one with sanderling contracts import"
        )
    terms = {pk: parsed(text) for pk, _, _, _, _, text in standing if pk in used}
    codes = sorted({c for one in sent.lines for c in (one.procedure, one.revenue_code) if c})
    rates = read_frame(_RATES, RATES, [sorted(used), codes])
    explained = explain_claim(_frame(sent, of_line), rates, terms, _references(terms))
    versions = ContractVersion.objects.in_bulk(list(used))
    lines = [
        PricedLine(billed, explanation, versions.get(of_line[billed.line] or 0))
        for billed, explanation in zip(sent.lines, explained, strict=True)
    ]
    return PricedClaim(parties, lines)


def _version_on(standing: Sequence[tuple[Any, ...]], day: date | None) -> int | None:
    """Return the version of the day; the contract of the plan comes before the one for any."""
    if day is None:
        return None
    return next(
        (
            int(pk)
            for pk, _, from_date, to_date, *_ in standing
            if from_date <= day and (to_date is None or to_date >= day)
        ),
        None,
    )


def _references(terms: dict[int, Terms]) -> References:
    """Return the reference schedules where any of the terms names one."""
    named = any(
        one.percent_of_reference or one.anesthesia is not None or one.indicators
        for one in terms.values()
    )
    return references() if named else References()


def _frame(sent: SentClaim, of_line: dict[int, int | None]) -> pl.DataFrame:
    rows = [
        {
            "line_id": place,
            "claim_id": 1,
            "contract_id": of_line[one.line],
            "kind": sent.kind or "P",
            "procedure": one.procedure,
            "modifiers": one.modifiers,
            "revenue_code": one.revenue_code,
            "place_of_service": one.place_of_service,
            "is_facility": None,
            "units": one.units,
            "charge_cents": one.charge_cents,
            "service_date": one.service_date,
            "provider_class": "",
            "diagnosis": sent.diagnosis,
            "drg": sent.drg,
            "days": sent.days,
            "discharge_status": "",
            "claim_charge_cents": sum(line.charge_cents for line in sent.lines),
        }
        for place, one in enumerate(sent.lines)
    ]
    return pl.DataFrame(rows, schema=dict(LINES), orient="row")


def _row(priced: PricedClaim, line: PricedLine) -> dict[str, Any]:
    billed, said = line.billed, line.explanation
    is_limitless = billed.charge_cents == _NO_CHARGE
    return {
        "client": priced.parties.client.code,
        "claim": priced.number,
        "line": billed.line,
        "payer_id": priced.parties.payer.payer_id,
        "plan": priced.parties.plan,
        "service_date": billed.service_date,
        "code": billed.code,
        "modifiers": billed.modifiers,
        "place_of_service": billed.place_of_service,
        "units": billed.units,
        "charge_cents": None if is_limitless else billed.charge_cents,
        "version": line.version.pk if line.version else None,
        "rate_cents": said.rate_cents,
        "method": said.method,
        "term": said.term,
        "confidence": said.confidence,
        "flags": list(said.flags),
        "steps": [
            {
                "name": step.name,
                "words": step.words,
                "change_cents": step.change_cents,
                "cents": step.cents,
            }
            for step in said.steps
        ],
        "expected_cents": said.expected_cents,
        "allowed_cents": line.allowed.allowed_cents if line.allowed else None,
        "variance_cents": line.variance_cents,
        "not_compared": line.allowed.excluded if line.allowed else "",
    }
