"""Writes what a search saw: new issues, and the counts of all that are open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

import polars as pl
from django.db import connection

from sanderling.core.trends.findings import Finding
from sanderling.core.trends.standing import is_back, is_over
from sanderling.core.trends.words import hypothesis_of, team_of, title_of
from sanderling.issues.matching import Matched
from sanderling.issues.models import CausedBy, FoundBy, Issue, IssueState, State
from sanderling.postgres.frames import copy_frame

SEARCH: Final = "search"
_PARTS: Final = ("issues_issue_client", "issues_evidence", "issues_claim")


@dataclass(slots=True)
class Kept:
    """What was written."""

    new: list[Issue] = field(default_factory=list)
    updated: list[Issue] = field(default_factory=list)
    back: list[Issue] = field(default_factory=list)  # under verification, and it goes on
    over: list[Issue] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Context:
    """What every issue of one search is written with."""

    today: date
    at: datetime
    balances: pl.DataFrame  # claim_id, balance_cents
    payers: Mapping[int, str]


def words_for(finding: Finding, payers: Mapping[int, str]) -> dict[str, str]:
    """Return title, cause_hypothesis and team of a finding."""
    description = finding.description
    category = finding.category
    return {
        "title": title_of(description),
        "cause_hypothesis": hypothesis_of(
            description,
            payer=payers.get(description.payer_id or 0, ""),
            onset=finding.onset,
            caused_by=finding.caused_by,
            category=category,
        ),
        "team": team_of(description, category),
    }


def write_new(finding: Finding, context: Context) -> Issue:
    """Write an issue that nobody knew, with its first step."""
    description = finding.description
    issue = Issue.objects.create(
        **_of_finding(finding, context),
        found_date=context.today,
        last_seen_date=context.today,
        state_at=context.at,
        kind=description.kind,
        basis=description.basis,
    )
    IssueState.objects.create(issue=issue, to_state=State.NEW, actor=SEARCH, at=context.at)
    write_parts(issue, finding, context)
    return issue


def _of_finding(finding: Finding, context: Context) -> dict[str, object]:
    description = finding.description
    return {
        "key": description.key,
        "client_id": description.client_id,
        "payer_id": description.payer_id,
        "dimensions": description.dimensions,
        "onset_date": finding.onset,
        "onset_low_date": finding.onset_low,
        "onset_high_date": finding.onset_high,
        "onset_axis": finding.axis,
        "confidence": finding.confidence,
        "evidence_nats": finding.evidence,
        "caused_by": CausedBy(finding.caused_by),
        **words_for(finding, context.payers),
    }


def write_seen(match: Matched, context: Context) -> None:
    """Note that an issue is still there; while nobody has confirmed it, say it as seen tonight."""
    issue, finding = match.issue, match.finding
    if issue is None:
        raise ValueError("a finding without an issue")
    issue.last_seen_date = max(issue.last_seen_date, context.today)
    if issue.found_by == FoundBy.PERSON:
        # The words, and which claims are meant, are a person's; they are counted for themselves.
        if not match.is_told:
            issue.confidence, issue.evidence_nats = finding.confidence, finding.evidence
            issue.caused_by = CausedBy(finding.caused_by)
        issue.save()
        return
    if not match.is_told and _says_it_better(issue, finding):
        team = issue.team
        for name, value in _of_finding(finding, context).items():
            setattr(issue, name, value)
        if issue.owner_id is not None:
            issue.team = team  # somebody is at it
    elif not match.is_told and issue.key == finding.description.key:
        issue.confidence = finding.confidence
    issue.save()
    if not match.is_told:
        write_parts(issue, finding, context)


def _says_it_better(issue: Issue, finding: Finding) -> bool:
    """Say whether tonight's description and onset take the place of those before.

    Only while nobody has confirmed it, when the evidence is clearer than it was (what is over fades
    again), and when no other issue has just that description and onset.
    """
    if issue.state != State.NEW or finding.evidence < issue.evidence_nats:
        return False
    return (
        not Issue.objects.exclude(pk=issue.pk)
        .filter(key=finding.description.key, onset_date=finding.onset)
        .exists()
    )


def write_parts(issue: Issue, finding: Finding, context: Context) -> None:
    """Put the clients' parts, the weeks and the siblings in the place of those before."""
    with connection.cursor() as cursor:
        for table in _PARTS:
            cursor.execute(f"DELETE FROM {table} WHERE issue_id = %s", [issue.pk])  # noqa: S608 - ours
    of_issue = pl.lit(issue.pk, dtype=pl.Int64).alias("issue_id")
    owed = (
        finding.siblings.join(context.balances, on="claim_id", how="inner")
        .group_by("client_id")
        .agg(open_cents=pl.col("balance_cents").sum())
    )
    parts = finding.parts.join(owed, on="client_id", how="left").with_columns(
        pl.col("open_cents").fill_null(0)
    )
    copy_frame("issues_issue_client", parts.with_columns(of_issue))
    copy_frame("issues_evidence", finding.weeks.with_columns(of_issue))
    copy_frame("issues_claim", finding.siblings.with_columns(of_issue))


def follow(issue: Issue, finding: Finding, context: Context) -> str:
    """Say whether an open issue is over, or back after it was fixed; write that.

    Returns:
        "over", "back", or "" when nothing changed.
    """
    weeks = finding.weeks
    before, after = finding.rate_before, finding.rate_after
    if issue.state == State.VERIFYING and is_back(
        weeks, before, after, since=issue.state_at.date()
    ):
        IssueState.objects.create(
            issue=issue,
            from_state=State.VERIFYING,
            to_state=State.FIXING,
            actor=SEARCH,
            at=context.at,
            note="Claims are hit as before: it is not fixed.",
        )
        Issue.objects.filter(pk=issue.pk).update(ended_date=None)
        return "back"
    over = is_over(weeks, before, after)
    if over and issue.ended_date is None:
        last = weeks.filter(pl.col("events") > 0)["week_date"].max()
        Issue.objects.filter(pk=issue.pk).update(ended_date=last or context.today)
        return "over"
    if not over and issue.ended_date is not None:
        Issue.objects.filter(pk=issue.pk).update(ended_date=None)
    return ""


def supersede(issue: Issue, by: Issue, context: Context) -> None:
    """Put aside an issue that nobody has touched: another one has its claims and says more."""
    IssueState.objects.create(
        issue=issue,
        from_state=State.NEW,
        to_state=State.DISMISSED,
        actor=SEARCH,
        at=context.at,
        note=f"Part of issue {by.pk}.",
    )
