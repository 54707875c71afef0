"""The parts of a pack about cases: denials, disputes, appeals, credits, write-offs, issues."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

from django.db.models import Count, Q, Sum

from sanderling.appeals.listing import TABS, appeals_of, sums
from sanderling.appeals.listing import rows_of as appeal_rows
from sanderling.appeals.models import DECIDED, Appeal
from sanderling.appeals.models import State as AppealState
from sanderling.barriers.glance import WEEKS, Scope, Trend, denials
from sanderling.core.barriers.words import category_title
from sanderling.issues.listing import rows_of as issue_rows
from sanderling.issues.models import OPEN_STATES, Issue, IssueState
from sanderling.issues.models import State as IssueStates
from sanderling.payers.models import Payer
from sanderling.prevention.listing import found_actions
from sanderling.prevention.listing import rows_of as prevention_rows
from sanderling.refunds.credits import Credit, credits_in_short, rows_of_credits
from sanderling.reviews.frame import Block, Frame
from sanderling.underpayments.asking import Narrow, project_rows, totals
from sanderling.underpayments.models import State as ProjectState
from sanderling.writeoffs.listing import rows_of as write_off_rows
from sanderling.writeoffs.listing import sum_of
from sanderling.writeoffs.models import State as WriteOffState
from sanderling.writeoffs.models import WriteOff

SHOWN: Final = 10
CLOCK_SOON_DAYS: Final = 14


def new_denials(frame: Frame) -> Block:
    """Return what was denied in the last week, by kind and payer, beside the weeks before."""
    found = denials(Scope(frame.as_of))
    payers = dict(Payer.objects.values_list("pk", "name"))
    return {
        "weeks": [
            {
                "week": frame.as_of - timedelta(days=7 * (WEEKS - 1 - place) + 6),
                "count": count,
                "cents": cents,
            }
            for place, (count, cents) in enumerate(
                zip(found.total.counts, found.total.amounts_cents, strict=True)
            )
        ],
        **_last_week(found.total),
        "categories": [
            {"key": one.key, "title": category_title(one.key) or "None", **_last_week(one)}
            for one in _largest(found.parts["category"])
        ],
        "payers": [
            {
                "key": one.key,
                "title": payers.get(int(one.key or 0), "Unknown payer"),
                **_last_week(one),
            }
            for one in _largest(found.parts["payer"])
        ],
    }


def _largest(trends: list[Trend]) -> list[Trend]:
    """Return those with most denied in the last week."""
    some = [one for one in trends if one.counts[-1]]
    return sorted(some, key=lambda one: (-one.amounts_cents[-1], one.key))[:SHOWN]


def _last_week(one: Trend) -> Block:
    """Return the last week, and the mean of the twelve weeks before (None: nothing in them)."""
    before = one.counts[:-1]
    return {
        "count": one.counts[-1],
        "cents": one.amounts_cents[-1],
        "usual_count": round(sum(before) / len(before), 1) if any(before) else None,
        "usual_cents": round(sum(one.amounts_cents[:-1]) / len(before)) if any(before) else None,
    }


def underpayments(frame: Frame) -> Block:
    """Return what is disputed as paid short, and what came of it."""
    rows = [row for row in project_rows(Narrow()) if row["project"].state != ProjectState.CLOSED]
    return {
        "totals": totals(Narrow()),
        "count": len(rows),
        "rows": [
            {
                "id": row["project"].pk,
                "name": row["project"].project.name,
                "owner": row["project"].project.owner.name if row["project"].project.owner else "",
                "state_text": row["project"].get_state_display(),
                "answer_due": row["project"].answer_due_date,
                "is_late": bool(
                    row["project"].answer_due_date and row["project"].answer_due_date < frame.today
                ),
                **{
                    name: row[name]
                    for name in ("client", "payer", "lines", "sought_cents", "recovered_cents")
                },
            }
            for row in sorted(rows, key=lambda row: -row["sought_cents"])[:SHOWN]
        ],
    }


def appeals(frame: Frame) -> Block:
    """Return the appeals by where they are, what went out and what was decided since."""
    since = frame.since or frame.as_of - timedelta(days=7)
    days = (since + timedelta(days=1), frame.today)
    sent = Appeal.objects.filter(sent_date__range=days).aggregate(
        count=Count("pk"), cents=Sum("asked_cents")
    )
    decided = Appeal.objects.filter(decided_date__range=days, state__in=DECIDED).aggregate(
        count=Count("pk"),
        won=Count("pk", filter=Q(state__in=[AppealState.WON, AppealState.PARTLY])),
        asked_cents=Sum("asked_cents"),
        recovered_cents=Sum("recovered_cents"),
    )
    names = (
        *("appeal", "client", "claim", "payer_name", "case_text", "state_text", "asked_cents"),
        *("deadline", "days_left", "is_late", "decision_due"),
    )
    urgent = [*appeals_of("draft", frame.today)[:SHOWN], *appeals_of("overdue", frame.today)[:5]]
    return {
        "since": since,
        "tabs": [
            {"key": key, "title": TABS[key], "count": one.count, "cents": one.cents}
            for key, one in sums(frame.today).items()
        ],
        "sent": {"count": sent["count"], "cents": sent["cents"] or 0},
        "decided": {name: value or 0 for name, value in decided.items()},
        "rows": [
            {name: row[name] for name in names} for row in appeal_rows(urgent, today=frame.today)
        ],
    }


def credits_of(frame: Frame) -> Block:
    """Return the credits, and whose clock runs out; never netted with what is owed."""
    whole = credits_in_short()
    clocked = [(one.due_date, one) for one in whole if one.due_date]
    over = [one for due, one in clocked if due < frame.today]
    soon = [one for due, one in clocked if 0 <= (due - frame.today).days <= CLOCK_SOON_DAYS]
    first = [one for _, one in sorted(clocked, key=lambda pair: (pair[0], pair[1].cents))]
    rows = rows_of_credits((first or whole)[:SHOWN], today=frame.today)
    names = (
        *("claim_id", "client", "claim", "payer_name", "credit_cents", "age_days", "cause_text"),
        *("due_date", "days_left", "refund", "refund_state_text"),
    )
    return {
        **_sum(whole),
        "soon_days": CLOCK_SOON_DAYS,
        "soon": _sum(soon),
        "over": _sum(over),
        "rows": [{name: row[name] for name in names} for row in rows],
    }


def _sum(some: Sequence[Credit]) -> dict[str, int]:
    return {"count": len(some), "cents": sum(one.cents for one in some)}


def write_offs(frame: Frame) -> Block:
    """Return what is asked to be given up and waits for a yes, the largest first."""
    waiting = list(
        WriteOff.objects.filter(state=WriteOffState.REQUESTED)
        .select_related("claim", "claim__client", "requested_by", "decided_by")
        .prefetch_related("approvals")
        .order_by("-amount_cents", "pk")
    )
    whole = sum_of(waiting)
    names = (
        *("write_off", "client", "claim", "payer_name", "amount_cents", "reason", "requested_by"),
        *("age_days", "needs", "has_warnings"),
    )
    shown = write_off_rows(waiting[:SHOWN], today=frame.today)
    return {
        "count": whole.count,
        "cents": whole.cents,
        "rows": [{name: row[name] for name in names} for row in shown],
    }


def issues(frame: Frame) -> Block:
    """Return issues that are new or went on, the largest open ones, and preventive actions."""
    since = frame.since or frame.as_of - timedelta(days=7)
    since_at = datetime.combine(since + timedelta(days=1), time(), tzinfo=UTC)
    whole = Issue.objects.with_totals().select_related("owner")
    opened = list(whole.filter(state__in=OPEN_STATES).order_by("-at_stake_cents", "pk"))
    new = [one for one in opened if one.found_date > since]
    steps = IssueState.objects.filter(at__gte=since_at).exclude(from_state="")
    titles = dict(IssueStates.choices)
    moved = [
        {
            "id": one.issue_id,
            "title": one.issue.title,
            "was": titles[IssueStates(one.from_state)],
            "now": titles[IssueStates(one.to_state)],
            "at": one.at.date(),
        }
        for one in steps.select_related("issue").order_by("-at", "-pk")[: 2 * SHOWN]
    ]
    names = (
        *("id", "title", "kind_text", "client", "payer_name", "onset", "claims", "at_stake_cents"),
        *("month_cents", "events_after", "outcomes_after", "team_text", "owner", "state_text"),
    )

    def rows(found: list[Issue]) -> list[Block]:
        shown = issue_rows(found[:SHOWN], today=frame.today)
        return [{name: row[name] for name in names} for row in shown]

    under_way = prevention_rows(found_actions("undone"), today=frame.today)
    of_action = (
        *("id", "title", "owner", "team_text", "due_date", "overdue_days", "state_text"),
        *("sentence", "verdict_text"),
    )
    return {
        "since": since,
        "count": len(opened),
        "cents": sum(one.at_stake_cents for one in opened),
        "new_count": len(new),
        "new": rows(new),
        "open": rows(opened),
        "moved": moved,
        "prevention_count": len(under_way),
        "prevention": [{name: row[name] for name in of_action} for row in under_way[:SHOWN]],
    }
