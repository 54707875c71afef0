"""Contracts at a glance: what is in force, what ends, what is billed without a rate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from django.db import connection

from sanderling.contracts.models import Contract
from sanderling.contracts.queries import STANDING, parsed
from sanderling.contracts.terms_words import default_rule

ENDS_SOON_DAYS: Final = 90
_MONTHS_BACK, _MONTHS_AHEAD = 18, 12
_LINE_WIDTH: Final = 300  # of the time line, in its own units
STATES: Final = {
    "in_force": ("In force", "green"),
    "ends": ("Ends", "yellow"),
    "expired": ("Expired", "red"),
    "begins": ("Begins later", "blue"),
    "none": ("No version", "secondary"),
}

_SPANS: Final = f"""
SELECT s.contract_id, s.id, s.from_date, s.to_date, s.schedule_id, f.rate_count, v.terms
  FROM ({STANDING}) s
  JOIN contracts_version v ON v.id = s.id
  LEFT JOIN contracts_fee_schedule f ON f.id = s.schedule_id
 WHERE s.contract_id = ANY (%s) ORDER BY s.contract_id, s.from_date
"""  # noqa: S608 - texts of ours only
_RATED: Final = """
EXISTS (SELECT FROM contracts_rate r WHERE r.schedule_id = n.schedule_id AND r.code = b.code
           AND r.modifier IN ('', b.modifier)
           AND r.place_of_service IN ('', b.place_of_service))
"""
_COVERAGE: Final = f"""
SELECT c.id, sum(b.line_count), sum(b.line_count) FILTER (WHERE {_RATED}),
       sum(b.charge_cents), coalesce(sum(b.charge_cents) FILTER (WHERE NOT {_RATED}), 0)
  FROM contracts_contract c
  JOIN contracts_billed_code b
    ON b.client_id = c.client_id AND b.payer_id = c.payer_id AND b.plan = c.plan
  LEFT JOIN ({STANDING}) n ON n.contract_id = c.id AND n.from_date <= %(today)s
       AND (n.to_date IS NULL OR n.to_date >= %(today)s)
 WHERE c.id = ANY (%(contracts)s) GROUP BY 1
"""  # noqa: S608 - as above
_MISSING: Final = f"""
SELECT b.code, b.modifier, sum(b.line_count), sum(b.charge_cents)
  FROM contracts_contract c
  JOIN contracts_billed_code b
    ON b.client_id = c.client_id AND b.payer_id = c.payer_id AND b.plan = c.plan
  LEFT JOIN ({STANDING}) n ON n.contract_id = c.id AND n.from_date <= %(today)s
       AND (n.to_date IS NULL OR n.to_date >= %(today)s)
 WHERE c.id = %(contract)s AND NOT {_RATED}
 GROUP BY 1, 2 ORDER BY 4 DESC, 1, 2 LIMIT %(limit)s
"""  # noqa: S608 - as above
_UNCOVERED: Final = f"""
SELECT o.client_id, k.code, o.payer_id, p.payer_id, p.name, o.claim_count, o.balance_cents,
       o.counted_at
  FROM contracts_owed o
  JOIN clients_client k ON k.id = o.client_id
  JOIN payers_payer p ON p.id = o.payer_id
 WHERE p.type <> 'self_pay' AND NOT EXISTS (
       SELECT FROM contracts_contract c JOIN ({STANDING}) s ON s.contract_id = c.id
        WHERE c.client_id = o.client_id AND c.payer_id = o.payer_id
          AND s.from_date <= %s AND (s.to_date IS NULL OR s.to_date >= %s))
 ORDER BY o.balance_cents DESC
"""  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class Span:
    """A standing version: its days, and where they lie on the time line."""

    version_id: int
    from_date: date
    to_date: date | None
    rate_count: int | None
    is_now: bool
    x: int
    width: int
    schedule_id: int | None
    terms: str


@dataclass(slots=True)
class Coverage:
    """How much of twelve months' lines has a rate in the version in force today."""

    lines: int = 0
    rated_lines: int = 0
    charge_cents: int = 0
    unrated_cents: int = 0

    @property
    def rate(self) -> float | None:
        """Return the share of lines with a rate; None where nothing was billed."""
        return self.rated_lines / self.lines if self.lines else None


@dataclass(slots=True)
class ContractRow:
    """A contract as the list shows it."""

    contract: Contract
    spans: list[Span]
    state: str
    days_left: int | None
    coverage: Coverage = field(default_factory=Coverage)

    @property
    def now(self) -> Span | None:
        """Return the version in force."""
        return next((span for span in self.spans if span.is_now), None)

    @property
    def state_text(self) -> str:
        """Return the state in words."""
        if self.state == "ends" and self.days_left is not None:
            return "Ends today" if self.days_left == 0 else f"Ends in {self.days_left} days"
        if self.state == "expired" and self.spans:
            return f"Expired {self.spans[-1].to_date}"
        return STATES[self.state][0]

    @property
    def color(self) -> str:
        """Return the color of the state's badge."""
        return STATES[self.state][1]

    @property
    def rule_without_rate(self) -> str:
        """Return what holds for lines without a rate, in words."""
        terms = parsed(self.now.terms) if self.now else None
        if terms is None:
            return ""
        if terms.percent_of_reference:
            return "priced by a reference schedule where it names the code"
        rule = default_rule(terms)
        return f"priced at {rule}" if rule.endswith("charge") else rule or "unpriced"


def contract_rows(
    contracts: Sequence[Contract], *, today: date, with_coverage: bool = True
) -> list[ContractRow]:
    """Return these contracts with their versions, states and coverage, in the order given."""
    ids = [contract.pk for contract in contracts]
    spans = _spans(ids, today)
    coverage = _coverage(ids, today) if with_coverage else {}
    rows = []
    for contract in contracts:
        found = spans.get(contract.pk, [])
        state, days_left = _state(found, today)
        rows.append(
            ContractRow(contract, found, state, days_left, coverage.get(contract.pk, Coverage()))
        )
    return rows


def missing_codes(contract: Contract, *, today: date, limit: int = 20) -> list[dict[str, Any]]:
    """Return the codes billed without a rate in force today, by charges, the largest first."""
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, {"contract": contract.pk, "today": today, "limit": limit})
        names = ("code", "modifier", "lines", "charge_cents")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def payers_without_contract(*, today: date) -> list[dict[str, Any]]:
    """Return who owes clients money while no contract is in force, the largest first."""
    with connection.cursor() as cursor:
        cursor.execute(_UNCOVERED, [today, today])
        names = (
            *("client_id", "client", "payer_key", "payer_id", "payer", "claims", "balance_cents"),
            "counted_at",
        )
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _spans(ids: Sequence[int], today: date) -> dict[int, list[Span]]:
    first = today - timedelta(days=_MONTHS_BACK * 30)
    length = (_MONTHS_BACK + _MONTHS_AHEAD) * 30

    def place(day: date) -> int:
        share = (day - first).days / length
        return round(_LINE_WIDTH * min(max(share, 0), 1))

    spans: defaultdict[int, list[Span]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_SPANS, [list(ids)])
        for contract_id, pk, from_date, to_date, schedule_id, rate_count, terms in cursor:
            begin = place(from_date)
            end = _LINE_WIDTH if to_date is None else place(to_date + timedelta(days=1))
            is_now = from_date <= today and (to_date is None or to_date >= today)
            spans[contract_id].append(
                Span(
                    pk,
                    from_date,
                    to_date,
                    rate_count,
                    is_now,
                    begin,
                    max(end - begin, 0),
                    schedule_id,
                    terms,
                )
            )
    return spans


def today_place() -> int:
    """Return where today lies on the time line."""
    return round(_LINE_WIDTH * _MONTHS_BACK / (_MONTHS_BACK + _MONTHS_AHEAD))


def _state(spans: Sequence[Span], today: date) -> tuple[str, int | None]:
    """Return the state and, where it ends, the days left (over versions that follow at once)."""
    if not spans:
        return "none", None
    at = next((place for place, span in enumerate(spans) if span.is_now), None)
    if at is None:
        return ("begins" if spans[-1].from_date > today else "expired"), None
    end = spans[at].to_date
    for span in spans[at + 1 :]:
        if end is None or span.from_date > end + timedelta(days=1):
            break
        end = span.to_date
    if end is None:
        return "in_force", None
    left = (end - today).days
    return ("ends" if left <= ENDS_SOON_DAYS else "in_force"), left


def _coverage(ids: Sequence[int], today: date) -> dict[int, Coverage]:
    with connection.cursor() as cursor:
        cursor.execute(_COVERAGE, {"contracts": list(ids), "today": today})
        return {
            pk: Coverage(int(lines), int(rated or 0), int(charge), int(unrated))
            for pk, lines, rated, charge, unrated in cursor.fetchall()
        }
