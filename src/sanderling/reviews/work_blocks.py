"""The parts of a pack about work: stuck claims, deadlines, silence, the team."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db.models import Count, Q, Sum

from sanderling.barriers.asking import Question
from sanderling.barriers.where_money import PASSED, REFUND, at_risk
from sanderling.core.barriers.words import deadline_title
from sanderling.followup.models import PromiseOutcome, PromiseState
from sanderling.reviews.claim_rows import claim_rows, items
from sanderling.reviews.frame import Block, Frame
from sanderling.tasks.inbox import Asked, inbox
from sanderling.workload.narrowing import Narrow
from sanderling.workload.productivity import work_of_people
from sanderling.workload.queue import Health, queue_of

STUCK_DAYS: Final = 21  # for the same reason since
STUCK_SHOWN: Final = 20
DEADLINE_DAYS: Final = 30
DEADLINES_SHOWN: Final = 15
BROKEN_SHOWN: Final = 10
PAYERS_SHOWN: Final = 10
PEOPLE_SHOWN: Final = 20
SILENT: Final = ("no_response", "not_on_file")


def stuck(frame: Frame) -> Block:
    """Return the largest balances that are open for the same reason for STUCK_DAYS or longer.

    What waits rightly for its payer is not stuck.
    """
    found = items().filter(since_date__lte=frame.today - timedelta(days=STUCK_DAYS))
    found = found.exclude(barrier="awaiting_payer")
    whole = found.aggregate(count=Count("pk"), cents=Sum("balance_cents"))
    return {
        "days": STUCK_DAYS,
        "count": whole["count"],
        "cents": whole["cents"] or 0,
        "rows": claim_rows(list(found.order_by("-balance_cents", "pk")[:STUCK_SHOWN])),
    }


def deadlines(frame: Frame) -> Block:
    """Return the money whose deadline comes within 30 days or has passed, and the largest of it."""
    sums: dict[str, Block] = {}
    for one in at_risk(Question(as_of=frame.today)):
        if one.kind == REFUND:
            continue  # money to give back: with the credits
        row = sums.setdefault(one.kind, {"kind": one.kind, "title": deadline_title(one.kind)})
        row[f"count_{one.window}"] = one.count
        row[f"cents_{one.window}"] = one.balance_cents
    soon = items().filter(
        deadline_date__range=(frame.today, frame.today + timedelta(days=DEADLINE_DAYS)),
        is_deadline_met=False,
    )
    return {
        "passed": PASSED,
        "sums": sorted(sums.values(), key=lambda row: (-row.get("cents_30", 0), row["kind"])),
        "cents": sum(row.get("cents_30", 0) for row in sums.values()),
        "count": sum(row.get("count_30", 0) for row in sums.values()),
        "rows": claim_rows(
            list(soon.order_by("deadline_date", "-balance_cents", "pk")[:DEADLINES_SHOWN])
        ),
    }


def silence(frame: Frame) -> Block:
    """Return who does not answer, and the promises that were broken."""
    silent = items().filter(barrier__in=SILENT)
    by_payer = (
        silent.order_by()
        .values("payer_id", "payer_name")
        .annotate(count=Count("pk"), cents=Sum("balance_cents"))
        .order_by("-cents", "payer_name")
    )
    whole = silent.aggregate(count=Count("pk"), cents=Sum("balance_cents"))
    broken = items().filter(promise_state="broken")
    standing = broken.aggregate(count=Count("pk"), cents=Sum("balance_cents"))
    since = frame.since or frame.as_of - timedelta(days=7)
    decided = PromiseOutcome.objects.filter(decided_date__gt=since).aggregate(
        kept=Count("pk", filter=Q(state=PromiseState.KEPT)),
        broken=Count("pk", filter=Q(state=PromiseState.BROKEN)),
    )
    return {
        "count": whole["count"],
        "cents": whole["cents"] or 0,
        "payers": list(by_payer[:PAYERS_SHOWN]),
        "broken_count": standing["count"],
        "broken_cents": standing["cents"] or 0,
        "kept_since": decided["kept"],
        "broken_since": decided["broken"],
        "rows": claim_rows(list(broken.order_by("-balance_cents", "pk")[:BROKEN_SHOWN])),
    }


def team(frame: Frame) -> Block:
    """Return who has how much, what is late, what people's work brought, and what teams owe."""
    queue = queue_of("owner", Narrow(), today=frame.today)
    owners = queue.rows
    since = frame.since or frame.as_of - timedelta(days=7)
    done = work_of_people(Narrow(), from_date=since + timedelta(days=1), to_date=frame.as_of)
    waiting = inbox(Asked(user_id=0, today=frame.today, whose="all"), limit=0).tabs
    return {
        "whole": _health(queue.total),
        "owners": [_health(one) for one in owners[:PEOPLE_SHOWN]],
        "owner_count": len(owners),
        "work_from": since + timedelta(days=1),
        "work_to": frame.as_of,
        "work": [
            {
                "name": one.name,
                "touches": one.touches,
                "claims": one.claims,
                "cash_cents": one.cash_cents,
                "resolved": one.resolved,
                "resolved_cents": one.resolved_cents,
            }
            for one in sorted(done, key=lambda one: (-one.cash_cents, one.name))[:PEOPLE_SHOWN]
        ],
        "tasks": [
            {
                "team": one.team,
                "title": one.title,
                "count": one.count,
                "overdue": one.overdue,
                "cents": one.balance_cents,
            }
            for one in waiting
            if one.count
        ],
    }


def _health(one: Health) -> dict[str, Any]:
    return {
        "key": one.key,
        "title": one.title or "Nobody",
        "open_count": one.open.count,
        "open_cents": one.open.cents,
        "due_count": one.due.count,
        "due_cents": one.due.cents,
        "late_count": one.late.count,
        "late_cents": one.late.cents,
        "untouched_count": one.untouched.count,
        "due_minutes": round(one.due_minutes),
        "late_days_max": one.late_days_max,
    }
