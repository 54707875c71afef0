"""Questions to departures, patterns, projects and the adverse-payment ledger.

Over what the session may see (row-level security).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.clients.queries import client_codes_by_id
from sanderling.core.contracts.variance import FINDINGS
from sanderling.payers.models import Payer
from sanderling.payers.queries import payer_names_by_id
from sanderling.pricing.models import LineVariance, Pattern
from sanderling.underpayments.adverse import KINDS
from sanderling.underpayments.models import (
    AdversePayment,
    DisputedLine,
    LineState,
    State,
    UnderpaymentProject,
)

PATTERNS_SHOWN: Final = 200
# Of a pattern's lines, those that no project has yet.
_FREE: Final = """
SELECT v.pattern_key, count(*), -sum(v.variance_cents)::bigint
  FROM pricing_line_variance v
 WHERE v.pattern_key = ANY (%s) AND v.variance_cents < 0 AND NOT v.is_set_aside
   AND NOT EXISTS (SELECT FROM underpayments_line l WHERE l.payment_id = v.payment_id
                      AND l.line_index = v.line_index AND l.state <> 'retracted')
 GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Narrow:
    """Which rows: of this client and payer, None: any."""

    client: Client | None = None
    payer: Payer | None = None

    def of(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow a query down."""
        if self.client:
            rows = rows.filter(client_id=self.client.pk)
        return rows.filter(payer_id=self.payer.pk) if self.payer else rows


def totals(narrow: Narrow) -> dict[str, int]:
    """Return counts and cents of the tabs: short, over, patterns, drafts, sent, sought, ..."""
    lines = narrow.of(LineVariance.objects.filter(is_set_aside=False))
    is_short = Q(is_queued=True, variance_cents__lt=0)
    found = lines.aggregate(
        short=Count("pk", filter=is_short),
        short_cents=Sum("variance_cents", filter=is_short),
        over=Count("pk", filter=Q(is_queued=True, variance_cents__gt=0)),
        over_cents=Sum("variance_cents", filter=Q(is_queued=True, variance_cents__gt=0)),
    )
    projects = narrow.of(UnderpaymentProject.objects.all())
    disputed = DisputedLine.objects.filter(project__in=projects).exclude(state=LineState.RETRACTED)
    sums = disputed.exclude(project__state=State.DRAFT).aggregate(
        sought=Sum("sought_cents"), recovered=Sum("recovered_cents")
    )
    patterns = narrow.of(Pattern.objects.filter(variance_cents__lt=0))
    adverse = narrow.of(AdversePayment.objects.all()).aggregate(n=Count("pk"), cents=Sum("cents"))
    return {
        "short": found["short"],
        "short_cents": -(found["short_cents"] or 0),
        "over": found["over"],
        "over_cents": found["over_cents"] or 0,
        "patterns": patterns.count(),
        "pattern_cents": -(patterns.aggregate(cents=Sum("variance_cents"))["cents"] or 0),
        "projects": projects.exclude(state=State.CLOSED).count(),
        "sought_cents": sums["sought"] or 0,
        "recovered_cents": sums["recovered"] or 0,
        "adverse": adverse["n"],
        "adverse_cents": adverse["cents"] or 0,
    }


def pattern_rows(narrow: Narrow) -> list[dict[str, Any]]:
    """Return the patterns of money paid short, the dearest first, with what is free of each."""
    found = list(
        narrow.of(Pattern.objects.filter(variance_cents__lt=0)).order_by(
            "variance_cents", "pattern_key"
        )[:PATTERNS_SHOWN]
    )
    with connection.cursor() as cursor:
        cursor.execute(_FREE, [[one.pattern_key for one in found]])
        free = {key: (count, cents) for key, count, cents in cursor.fetchall()}
    clients, payers = names()
    return [
        {
            "pattern": one,
            "client": clients.get(one.client_id, ""),
            "payer": payers.get(one.payer_id or 0, ""),
            "short_cents": -one.variance_cents,
            "free": free.get(one.pattern_key, (0, 0))[0],
            "free_cents": free.get(one.pattern_key, (0, 0))[1],
        }
        for one in found
    ]


def line_rows(narrow: Narrow, *, is_over: bool, pattern_key: str = "") -> QuerySet[LineVariance]:
    """Return the departures to look at, the dearest first; of a pattern also the small ones."""
    rows = narrow.of(LineVariance.objects.filter(is_set_aside=False))
    rows = rows.filter(pattern_key=pattern_key) if pattern_key else rows.filter(is_queued=True)
    if is_over:
        return rows.filter(variance_cents__gt=0).order_by("-variance_cents", "pk")
    return rows.filter(variance_cents__lt=0).order_by("variance_cents", "pk")


def shown_lines(found: list[LineVariance]) -> list[dict[str, Any]]:
    """Return departures with names, for a page or an export."""
    claims = Claim.objects.in_bulk({one.claim_id for one in found})
    clients, payers = names()
    disputed = {
        (payment_id, line_index): project_id
        for payment_id, line_index, project_id in DisputedLine.objects.exclude(
            state=LineState.RETRACTED
        )
        .filter(payment_id__in={one.payment_id for one in found})
        .values_list("payment_id", "line_index", "project_id")
    }
    return [
        {
            "variance": one.pk,
            "claim_id": one.claim_id,
            "client": clients.get(one.client_id, ""),
            "claim": claims[one.claim_id].number if one.claim_id in claims else "",
            "line": one.line,
            "payer": payers.get(one.payer_id or 0, ""),
            "code": one.code,
            "modifier": one.modifiers,
            "service_date": one.service_date,
            "received_date": one.received_date,
            "allowed_cents": one.allowed_cents,
            "expected_cents": one.expected_cents,
            "variance_cents": one.variance_cents,
            "ratio": one.ratio,
            "term": one.term,
            "basis": one.basis,
            "confidence": one.confidence,
            "finding": FINDINGS[one.finding].title if one.finding in FINDINGS else one.finding,
            "project": disputed.get((one.payment_id, one.line_index)),
        }
        for one in found
    ]


def project_rows(narrow: Narrow) -> list[dict[str, Any]]:
    """Return the projects with their sums, the latest first."""
    standing = ~Q(lines__state=LineState.RETRACTED)
    found = (
        narrow.of(UnderpaymentProject.objects.select_related("project__owner"))
        .annotate(
            line_count=Count("lines", filter=standing),
            sought=Sum("lines__sought_cents", filter=standing),
            recovered=Sum("lines__recovered_cents", filter=standing),
        )
        .order_by("-made_at", "-pk")
    )
    clients, payers = names()
    return [
        {
            "project": one,
            "client": clients.get(one.client_id, ""),
            "payer": payers.get(one.payer_id or 0, ""),
            "lines": one.line_count,
            "sought_cents": one.sought or 0,
            "recovered_cents": one.recovered or 0,
        }
        for one in found
    ]


def adverse_sums(narrow: Narrow) -> list[dict[str, Any]]:
    """Return kind, payer, count and cents, the dearest first."""
    _, payers = names()
    sums = (
        narrow.of(AdversePayment.objects.all())
        .values("kind", "payer_id")
        .annotate(n=Count("pk"), sum_cents=Sum("cents"))
        .order_by("-sum_cents", "kind", "payer_id")
    )
    return [
        {
            "kind": row["kind"],
            "title": KINDS[row["kind"]][0],
            "payer_key": row["payer_id"],
            "payer": payers.get(row["payer_id"] or 0, ""),
            "count": row["n"],
            "cents": row["sum_cents"],
        }
        for row in sums
    ]


def adverse_rows(found: list[AdversePayment]) -> list[dict[str, Any]]:
    """Return rows of the adverse-payment ledger with names."""
    claims = Claim.objects.in_bulk({one.claim_id for one in found if one.claim_id})
    clients, payers = names()
    return [
        {
            "on_date": one.on_date,
            "kind": KINDS[one.kind][0],
            "client": clients.get(one.client_id, ""),
            "claim": claims[one.claim_id].number if one.claim_id in claims else "",
            "payer": payers.get(one.payer_id or 0, ""),
            "code": one.code,
            "detail": one.detail,
            "cents": one.cents,
        }
        for one in found
    ]


def names() -> tuple[dict[int, str], dict[int, str]]:
    """Return codes of clients and names of payers by their keys."""
    return client_codes_by_id(), payer_names_by_id()
