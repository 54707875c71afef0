"""What people report: asked for by the web, counted and made an issue of by the worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.core.trends.findings import Description, Finding
from sanderling.core.trends.onset import Onset
from sanderling.core.trends.search import Known
from sanderling.issues.keeping import Context, write_parts
from sanderling.issues.matching import SAME_CLAIMS
from sanderling.issues.models import (
    OPEN_STATES,
    FoundBy,
    Issue,
    IssueClaim,
    IssueReport,
    IssueState,
    State,
)
from sanderling.issues.searching import count_one
from sanderling.issues.telling import tell_found
from sanderling.payers.queries import payer_names_by_id

Step = IssueReport.Step
_SCOPE: Final = ("plan", "provider", "location", "procedure", "modifier")
_SUMS: Final = (
    *("outcomes_before", "events_before", "outcomes_after", "events_after", "claims"),
    *("open_claims", "at_stake_cents", "month_cents"),
)


@transaction.atomic
def report_issue(values: Mapping[str, Any], *, user: User, at: datetime) -> IssueReport:
    """Write down what a person says goes wrong; the worker counts the claims that fit.

    `values`: the fields of a report. A second call is a second report: its counts show that the
    first is about the same.

    Raises:
        Refusal: it is about no client.
    """
    if not values["client_ids"]:
        raise Refusal("choose the clients that are hit")
    report = IssueReport.objects.create(**values, reported_by=user, made_at=at)
    record_event(
        action="issue.report",
        at=at,
        subject=("issue_report", report.pk),
        detail={"kind": report.kind, "clients": len(report.client_ids)},
    )
    return report


@transaction.atomic
def want_issue(report_id: int, *, at: datetime) -> IssueReport:
    """Ask the worker to make an issue of a counted report; a second time changes nothing.

    Raises:
        Refusal: it is not counted, or was refused.
    """
    report = IssueReport.objects.select_for_update().get(pk=report_id)
    if report.step in (Step.WANTED, Step.MADE, Step.JOINED):
        return report
    if report.step != Step.COUNTED:
        raise Refusal("its claims are not counted; report it again")
    report.step = Step.WANTED
    report.save(update_fields=["step"])
    record_event(action="issue.report_wanted", at=at, subject=("issue_report", report.pk))
    return report


@transaction.atomic
def join_issue(report_id: int, issue: Issue, *, at: datetime) -> IssueReport:
    """Keep a report with an issue that is about the same, in place of making another.

    Raises:
        Refusal: it is not counted, or the issue is done with.
    """
    report = IssueReport.objects.select_for_update().get(pk=report_id)
    if report.step == Step.JOINED and report.issue_id == issue.pk:
        return report
    if report.step != Step.COUNTED:
        raise Refusal("its claims are not counted, or it is an issue already")
    if issue.state not in OPEN_STATES:
        raise Refusal("that issue is closed; make this one an issue of its own")
    report.step, report.issue = Step.JOINED, issue
    report.save(update_fields=["step", "issue"])
    record_event(
        action="issue.report_joined",
        at=at,
        subject=("issue_report", report.pk),
        detail={"issue": issue.pk},
    )
    return report


def finish_waiting(*, at: datetime) -> int:
    """Count what waits to be counted and make the issues that are wanted; return how many.

    The worker's: it reads all clients' claims. Killed in between, what waited still waits.
    """
    waiting = IssueReport.objects.filter(step__in=(Step.COUNTING, Step.WANTED)).order_by("pk")
    return len([finish(report_id, at=at) for report_id in waiting.values_list("pk", flat=True)])


def finish(report_id: int, *, at: datetime) -> IssueReport:
    """Do what the worker does next for a report, in one transaction."""
    with transaction.atomic():
        report = IssueReport.objects.select_for_update().get(pk=report_id)
        if report.step not in (Step.COUNTING, Step.WANTED):
            return report
        try:
            if report.step == Step.COUNTING:
                _count(report, at)
            else:
                _make(report, at)
        except Refusal as refusal:
            report.step, report.refusal = Step.REFUSED, refusal.sentence
        report.save()
    return report


def _count(report: IssueReport, at: datetime) -> None:
    finding, _ = _counted(report, at.date())
    parts = finding.parts
    report.counts = {name: int(parts[name].sum()) for name in _SUMS} | {
        "clients_hit": int(parts["is_hit"].sum())
    }
    report.overlaps = _overlaps(finding)
    report.counted_at = at
    report.step = Step.COUNTED


def _counted(report: IssueReport, today: date) -> tuple[Finding, Context]:
    """Return the finding that a report describes.

    Raises:
        Refusal: no claim fits, or there is no mirror.
    """
    every = report.is_every_client and report.reported_by.sees_all_clients
    known = Known(
        0,
        description_of(report),
        Onset(report.since_date, report.since_date, report.since_date, report.axis),
        0.0,
        is_meant=True,
        client_ids=frozenset() if every else frozenset(report.client_ids),
    )
    finding, balances = count_one(known, today)
    if finding.siblings.is_empty():
        raise Refusal(
            "no claim of these clients fits since that day: look at the kind, the codes and the day"
        )
    at = report.counted_at or report.made_at
    return finding, Context(today, at, balances, payer_names_by_id())


def description_of(report: IssueReport) -> Description:
    """Return what a report describes, as the search does."""
    clients = [] if report.is_every_client else report.client_ids
    return described(report.kind, report.payer_id, clients, report.dimensions)


def described(
    kind: str, payer_id: int | None, client_ids: Sequence[int], dimensions: Mapping[str, str]
) -> Description:
    """Return a description of these dimensions; one client alone is part of it."""
    scope = {name: dimensions[name] for name in _SCOPE if name in dimensions}
    event = {name: text for name, text in dimensions.items() if name not in _SCOPE}
    if payer_id is not None:
        scope["payer_id"] = str(payer_id)
    if len(client_ids) == 1:
        scope["client_id"] = str(client_ids[0])
    return Description(kind, "shift", scope, event)


def _overlaps(finding: Finding) -> list[list[int]]:
    """Return [issue, claims in common] of open issues that are about mostly the same claims."""
    mine = set(finding.siblings["claim_id"].to_list())
    common = Counter(
        IssueClaim.objects.filter(claim_id__in=mine, issue__state__in=OPEN_STATES).values_list(
            "issue_id", flat=True
        )
    )
    sizes = Counter(
        IssueClaim.objects.filter(issue__in=list(common)).values_list("issue_id", flat=True)
    )
    same = [
        [issue_id, count]
        for issue_id, count in common.items()
        if count >= SAME_CLAIMS * min(len(mine), sizes[issue_id])
    ]
    return sorted(same, key=lambda one: (-one[1], one[0]))


def _make(report: IssueReport, at: datetime) -> None:
    """Make the issue that a report asks for; from now on the nightly search keeps its counts.

    Raises:
        Refusal: there is an issue of that description and day; no claim fits any more.
    """
    finding, context = _counted(report, at.date())
    key = finding.description.key
    if not report.is_every_client and len(report.client_ids) > 1:
        key += "|clients=" + ",".join(str(one) for one in sorted(report.client_ids))
    known = Issue.objects.filter(key=key, onset_date=report.since_date).first()
    if known is not None:
        raise Refusal(f"issue {known.pk} says just this, since the same day")
    description = finding.description
    issue = Issue.objects.create(
        key=key,
        kind=report.kind,
        client_id=description.client_id,
        payer_id=report.payer_id,
        dimensions=description.dimensions,
        title=report.title,
        onset_date=report.since_date,
        onset_axis=report.axis,
        found_date=context.today,
        last_seen_date=context.today,
        found_by=FoundBy.PERSON,
        confidence=None,
        cause_hypothesis=report.hypothesis,
        team=report.team,
        state_at=at,
    )
    IssueState.objects.create(
        issue=issue,
        to_state=State.NEW,
        user=report.reported_by,
        actor=f"user:{report.reported_by_id}",
        at=at,
        note="Reported.",
    )
    write_parts(issue, finding, context)
    tell_found([issue], at=at)
    report.issue, report.step = issue, Step.MADE
