"""What a client's own people see first: what is owed and why, what changed, whose turn it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse

from sanderling.client_portal.words import (
    HOLDERS,
    ISSUE_KINDS,
    ISSUE_STATES,
    STANDS,
    stands,
    what_next,
)
from sanderling.core.ages import DEFAULT_BUCKETS, bucket_labels
from sanderling.core.responsibility import CHARGED, Holder
from sanderling.issues.models import Issue
from sanderling.payers.models import Payer
from sanderling.receivables.aging import RollForward, roll_forward
from sanderling.receivables.clock_page import COLORS
from sanderling.receivables.responsibility import Share, charged_days, shares_of_clients
from sanderling.tasks.models import UNDONE, Task

WEEK: Final = timedelta(days=7)
_REASONS: Final = """
SELECT b.barrier, count(DISTINCT b.claim_id), sum(b.balance_cents)::bigint,
       sum(b.balance_cents) FILTER (WHERE %(today)s::date - b.service_date > 90)::bigint
  FROM barriers_barrier b WHERE b.client_id = ANY (%(clients)s) GROUP BY b.barrier
"""
_AGES: Final = """
SELECT width_bucket(greatest(%(today)s::date - coalesce(b.service_date, %(today)s::date), 0),
                    %(bounds)s::int[]),
       coalesce(sum(b.balance_cents) FILTER (WHERE b.party < 14), 0)::bigint,
       coalesce(sum(b.balance_cents) FILTER (WHERE b.party = 14), 0)::bigint
  FROM barriers_barrier b WHERE b.client_id = ANY (%(clients)s) AND b.balance_cents > 0
 GROUP BY 1
"""
_ISSUES: Final = "-open_cents"


@dataclass(frozen=True, slots=True)
class Reason:
    """What is open for one reason."""

    barrier: str
    title: str
    text: str
    claims: int
    cents: int
    old_cents: int  # more than 90 days since the service
    url: str


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed: by reason, the largest first; by age of insurers and patients."""

    reasons: list[Reason]
    ages: list[tuple[str, int, int]]  # label, insurers' cents, patients' cents
    insurers_cents: int
    patient_cents: int
    credits_cents: int

    @property
    def over_90_cents(self) -> int:
        """Return what is owed by anybody for more than 90 days."""
        return sum(insurers + patients for _, insurers, patients in self.ages[3:])

    @property
    def total_cents(self) -> int:
        """Return what is owed, without what was paid too much."""
        return self.insurers_cents + self.patient_cents


def owed_by_reason(client_ids: list[int], *, today: date, client: str = "") -> Owed:
    """Return what is open of these clients today; `client`: the code that links are narrowed to."""
    params: dict[str, Any] = {
        "clients": client_ids,
        "today": today,
        "bounds": [bound + 1 for bound in DEFAULT_BUCKETS],
    }
    with connection.cursor() as cursor:
        cursor.execute(_REASONS, params)
        found = cursor.fetchall()
        cursor.execute(_AGES, params)
        by_bucket = {
            int(bucket): (int(insurers), int(patients))
            for bucket, insurers, patients in cursor.fetchall()
        }
    reasons = [
        Reason(
            barrier,
            stands(barrier),
            what_next(barrier),
            int(claims),
            int(cents),
            int(old or 0),
            _claims_url(barrier, client),
        )
        for barrier, claims, cents, old in found
    ]
    order = list(STANDS)
    reasons.sort(key=lambda one: (-one.cents, order.index(one.barrier)))
    ages = [
        (label, *by_bucket.get(number, (0, 0)))
        for number, label in enumerate(bucket_labels(DEFAULT_BUCKETS))
    ]
    return Owed(
        reasons,
        ages,
        sum(insurers for _, insurers, _ in ages),
        sum(patients for _, _, patients in ages),
        sum(min(one.cents, 0) for one in reasons),
    )


def _claims_url(barrier: str, client: str) -> str:
    asked = {"tab": "all", "reason": barrier} | ({"client": client} if client else {})
    return f"{reverse('portal-claims')}?{urlencode(asked)}"


def reasons_chart(owed: Owed) -> dict[str, Any]:
    """Return the chart of what is owed by reason: bars, the largest on top."""
    shown = [one for one in owed.reasons if one.cents > 0]
    return {
        "kind": "bars",
        "unit": "cents",
        "horizontal": True,
        "categories": [one.title for one in shown],
        "series": [{"name": "Owed", "values": [one.cents for one in shown]}],
        "links": [one.url for one in shown],
    }


def week_of(client_ids: list[int], *, today: date) -> RollForward:
    """Return how what is owed moved within a week."""
    return roll_forward(from_date=today - WEEK, to_date=today, client_ids=tuple(client_ids))


def clock_rows(client_ids: list[int], *, today: date) -> dict[str, Any]:
    """Return whom the days of the open claims are charged to, and who has the turn now."""
    shares = shares_of_clients(client_ids, as_of=today)
    total = charged_days(shares)
    rows = [
        _share_row(share, total)
        for share in shares
        if share.days or share.claims or share.holder in CHARGED
    ]
    return {
        "rows": [row for row in rows if row["holder"] in CHARGED],
        "others": [row for row in rows if row["holder"] not in CHARGED and row["days"]],
        "days": total,
        "claims": sum(share.claims for share in shares),
        "balance_cents": sum(share.balance_cents for share in shares),
        "yours": sum(
            share.days
            for share in shares
            if share.holder in (Holder.CLIENT_DOCUMENTS, Holder.CLIENT_CODING)
        ),
    }


def _share_row(share: Share, total: int) -> dict[str, Any]:
    return {
        "holder": share.holder,
        "title": HOLDERS[share.holder],
        "color": COLORS[share.holder],
        "days": share.days,
        "rate": share.days / total if total and share.holder in CHARGED else None,
        "claims": share.claims,
        "balance_cents": share.balance_cents,
    }


def clock_chart(clock: dict[str, Any]) -> dict[str, Any]:
    """Return the chart of the charged days by holder."""
    return {
        "kind": "bars",
        "unit": "days",
        "horizontal": True,
        "categories": [row["title"] for row in clock["rows"]],
        "series": [{"name": "Days", "values": [row["days"] for row in clock["rows"]]}],
    }


def questions_of(client_ids: list[int], *, today: date) -> list[dict[str, Any]]:
    """Return the questions to the client that wait for it, the most overdue first.

    What is asked stays in the house; the claim and the day are told.
    """
    found = Task.objects.filter(client_id__in=client_ids, team="client", state__in=UNDONE)
    return [
        {
            "claim_id": task.claim_id,
            "claim": task.claim.number,
            "asked_at": task.asked_at,
            "due_date": task.due_date,
            "is_late": task.due_date < today,
        }
        for task in found.select_related("claim").order_by("due_date", "pk")
    ]


def issues_of(client_ids: list[int]) -> list[dict[str, Any]]:
    """Return the confirmed issues that hit the clients, with the clients' own numbers only.

    What rests on prices (underpayments) is the house's.
    """
    issues = (
        Issue.objects.with_totals()
        .filter(
            state__in=list(ISSUE_STATES),
            kind__in=list(ISSUE_KINDS),
            parts__client_id__in=client_ids,
            parts__is_hit=True,
        )
        .distinct()
        .order_by(_ISSUES, "pk")
    )
    payers = dict(Payer.objects.values_list("pk", "name"))
    return [
        {
            "kind": ISSUE_KINDS[issue.kind],
            "title": issue.title,
            "payer_name": payers.get(issue.payer_id, "") if issue.payer_id else "",
            "since": issue.onset_date,
            "state": ISSUE_STATES[issue.state],
            "claims": issue.claims,
            "open_claims": issue.open_claims,
            "open_cents": issue.open_cents,
        }
        for issue in issues
    ]
