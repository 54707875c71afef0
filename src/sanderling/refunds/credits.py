"""Lists of credits and refunds, and one of each with what speaks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from sanderling.core.barriers.words import PARTIES
from sanderling.payers.models import Payer
from sanderling.refunds.causes import Finding, causes_of
from sanderling.refunds.clock import due_dates
from sanderling.refunds.models import OPEN_STATES, Cause, Identified, Method, Refund, State

AGES: Final = (("0-30 days", 30), ("31-60 days", 60), ("61-90 days", 90), ("over 90 days", None))
COLUMNS: Final = (
    *("client", "claim", "payer_name", "responsibility", "patient", "service_date"),
    *(
        "credit_cents",
        "refundable_cents",
        "since_date",
        "age_days",
        "cause",
        "evidence",
        "identified_date",
    ),
    *("due_date", "days_left", "refund", "refund_state"),
)
REFUND_COLUMNS: Final = (
    *("refund", "client", "claim", "payer_name", "responsibility", "amount_cents"),
    *("standing_cents", "method", "cause", "note", "requested_by", "requested_at", "state"),
    *("decided_by", "decided_at", "decision_note", "made_date", "reference"),
)
_CREDITS: Final = """
SELECT b.claim_id, b.party, -b.balance_cents, k.code, c.number, c.patient_last_name,
       c.patient_first_name, c.service_from_date, p.name, p.type,
       greatest(b.responsible_from_date, coalesce(w.since_date, b.responsible_from_date)),
       i.id, r.id, r.state
  FROM ledger_open_balance b
  JOIN claims_claim c ON c.id = b.claim_id
  JOIN clients_client k ON k.id = b.client_id
  LEFT JOIN payers_payer p ON p.id = CASE b.party WHEN 11 THEN c.payer_id
       WHEN 12 THEN c.secondary_payer_id WHEN 13 THEN c.tertiary_payer_id END
  LEFT JOIN barriers_barrier w ON w.claim_id = b.claim_id AND w.party = b.party
  LEFT JOIN refunds_identified i ON i.claim_id = b.claim_id AND i.party = b.party
       AND i.closed_date IS NULL
  LEFT JOIN refunds_refund r ON r.claim_id = b.claim_id AND r.party = b.party
       AND r.state IN ('requested', 'approved', 'made')
 WHERE b.balance_cents < 0 AND (%(claims)s::bigint[] IS NULL OR b.claim_id = ANY (%(claims)s))
 ORDER BY b.balance_cents, c.number, b.party
"""
# Every credit in the same order, without what is found out about each.
_IN_SHORT: Final = """
SELECT b.claim_id, b.party, -b.balance_cents, i.id
  FROM ledger_open_balance b
  JOIN claims_claim c ON c.id = b.claim_id
  LEFT JOIN refunds_identified i ON i.claim_id = b.claim_id AND i.party = b.party
       AND i.closed_date IS NULL
 WHERE b.balance_cents < 0 ORDER BY b.balance_cents, c.number, b.party
"""
_STANDING: Final = """
SELECT r.id, coalesce(sum(e.amount_cents), 0)::bigint FROM refunds_refund r
  LEFT JOIN ledger_entry e ON e.claim_id = r.claim_id AND e.kind = 13 AND e.position = r.id
 WHERE r.id = ANY (%s) GROUP BY r.id
"""  # 13: Kind.REFUND, whose entries name the refund as their position
LAW: Final = ("medicare", "medicare_advantage", "medicaid")  # whose 60 days are the law's


@dataclass(frozen=True, slots=True)
class Asked:
    """Which credits are wanted; empty: all."""

    cause: str = ""
    age: str = ""
    payer: str = ""


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit in short."""

    claim_id: int
    party: int
    cents: int
    due_date: date | None  # to be given back until then; None: no clock runs


def credits_in_short() -> list[Credit]:
    """Return every credit that the session may see, in the order of `credit_rows`."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_SHORT)
        found = cursor.fetchall()
    due = due_dates(list(Identified.objects.filter(pk__in=[row[3] for row in found if row[3]])))
    return [
        Credit(claim_id, party, cents, due.get(clock)) for claim_id, party, cents, clock in found
    ]


def rows_of_credits(some: Sequence[Credit], *, today: date) -> list[dict[str, Any]]:
    """Return the rows of these credits, in their order."""
    of_claims = credit_rows(today=today, claim_ids=[one.claim_id for one in some])
    found = {(row["claim_id"], row["party"]): row for row in of_claims}
    return [found[one.claim_id, one.party] for one in some]


def credit_rows(*, today: date, claim_ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Return every credit (of these claims) that the session may see, the largest first.

    Never netted with debts.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CREDITS, {"claims": None if claim_ids is None else list(claim_ids)})
        found = cursor.fetchall()
    causes = causes_of([(row[0], row[1]) for row in found])
    clocks = Identified.objects.select_related("identified_by").in_bulk(
        [row[11] for row in found if row[11]]
    )
    due = due_dates(list(clocks.values()))
    return [_credit(row, causes[(row[0], row[1])], clocks, due, today) for row in found]


def _credit(
    row: Sequence[Any], finding: Finding, clocks: dict[int, Identified], due: dict[int, date],
    today: date,
) -> dict[str, Any]:  # fmt: skip
    clock = clocks.get(row[11])
    last = due.get(row[11]) if clock else None
    age = max((today - row[10]).days, 0)
    return {
        "claim_id": row[0],
        "party": row[1],
        "responsibility": PARTIES.get(row[1], ""),
        "credit_cents": row[2],
        "client": row[3],
        "claim": row[4],
        "patient": ", ".join(one for one in (row[5], row[6]) if one),
        "service_date": row[7],
        "payer_name": row[8] or ("Patient" if row[1] == 14 else "unknown payer"),  # noqa: PLR2004
        "is_law": row[9] in LAW,
        "since_date": row[10],
        "age_days": age,
        "age": next(name for name, days in AGES if days is None or age <= days),
        "cause": finding.cause.value,
        "cause_text": str(finding.cause.label),
        "evidence": f"{finding.evidence} {finding.advice}".strip(),
        "is_payer_taking": finding.is_payer_taking,
        "refundable_cents": row[2]
        if finding.refundable_cents is None
        else min(row[2], finding.refundable_cents),
        "clock": clock,
        "identified_date": clock.identified_date if clock else None,
        "identified_by": (clock.identified_by.name if clock.identified_by else "the rule")
        if clock
        else "",
        "due_date": last,
        "days_left": (last - today).days if last else None,
        "days_over": max((today - last).days, 0) if last else None,
        "refund": row[12],
        "refund_state": row[13] or "",
        "refund_state_text": State(row[13]).label if row[13] else "",
    }


def narrowed(rows: Sequence[dict[str, Any]], asked: Asked) -> list[dict[str, Any]]:
    """Return the rows that fit."""
    return [
        row
        for row in rows
        if (not asked.cause or row["cause"] == asked.cause)
        and (not asked.age or row["age"] == asked.age)
        and (not asked.payer or row["payer_name"] == asked.payer)
    ]


def summary(rows: Sequence[dict[str, Any]], by: str) -> list[dict[str, Any]]:
    """Return count and cents of the credits by a key, the largest first."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        key = row[by]
        one = found.setdefault(key, {"key": key, "count": 0, "cents": 0})
        one["count"] += 1
        one["cents"] += row["credit_cents"]
    titles = dict(Cause.choices)
    ordered = sorted(found.values(), key=lambda one: (-one["cents"], one["key"]))
    return [{**one, "title": titles.get(one["key"], one["key"])} for one in ordered]


def refund_rows(state: str = "") -> list[dict[str, Any]]:
    """Return the refunds that the session may see: those that wait first, then the latest."""
    found = Refund.objects.select_related("claim", "claim__client", "requested_by", "decided_by")
    if state == "open":
        found = found.filter(state__in=OPEN_STATES)
    refunds = list(found.order_by("-requested_at", "-pk"))
    return rows_of(sorted(refunds, key=lambda one: one.state != State.REQUESTED))


def rows_of(refunds: Sequence[Refund]) -> list[dict[str, Any]]:
    """Return refunds as rows, with what of each stands in the ledger."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [[one.pk for one in refunds]])
        standing = dict(cursor.fetchall())
    payers = Payer.objects.in_bulk({one.payer_id for one in refunds if one.payer_id})
    return [
        {
            "refund": one.pk,
            "client": one.claim.client.code,
            "claim": one.claim.number,
            "payer_name": payers[one.payer_id].name if one.payer_id in payers else "Patient",
            "responsibility": PARTIES.get(one.party, ""),
            "amount_cents": one.amount_cents,
            "standing_cents": int(standing[one.pk]),
            "method": Method(one.method).label,
            "cause": Cause(one.cause).label,
            "note": one.note,
            "requested_by": one.requested_by.name,
            "requested_at": one.requested_at,
            "state": one.state,
            "state_text": State(one.state).label,
            "decided_by": one.decided_by.name if one.decided_by else "",
            "decided_at": one.decided_at,
            "decision_note": one.decision_note,
            "made_date": one.made_date,
            "reference": one.reference,
        }
        for one in refunds
    ]
