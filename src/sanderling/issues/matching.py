"""Which finding of tonight is which issue of before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sanderling.core.trends.findings import Description, Finding
from sanderling.core.trends.onset import Onset
from sanderling.core.trends.search import Known
from sanderling.issues.models import (
    OPEN_STATES,
    FoundBy,
    Issue,
    IssueClaim,
    IssueReport,
    State,
)

SAME_CLAIMS: Final = 0.5  # of the smaller one
_OF_SCOPE: Final = frozenset(
    {"plan", "form", "location", "provider", "procedure", "code_family", "modifier"}
)


@dataclass(frozen=True, slots=True)
class Matched:
    """A finding, and the issue that it is; `issue` None: a new one. `told`: nothing to write."""

    finding: Finding
    issue: Issue | None
    is_told: bool = False


def description_of(issue: Issue) -> Description:
    """Return the description that an issue was stored by."""
    scope = {name: str(value) for name, value in issue.dimensions.items() if name in _OF_SCOPE}
    event = {name: str(value) for name, value in issue.dimensions.items() if name not in _OF_SCOPE}
    if issue.client_id is not None:
        scope["client_id"] = str(issue.client_id)
    if issue.payer_id is not None:
        scope["payer_id"] = str(issue.payer_id)
    return Description(issue.kind, issue.basis, scope, event)


def known_of(issues: Sequence[Issue], *, also_done: bool = False) -> list[Known]:
    """Return the open issues (`also_done`: all of them) as the search counts them again."""
    rates = dict(
        Issue.objects.with_totals()
        .filter(pk__in=[issue.pk for issue in issues])
        .values_list("pk", "events_before")
    )
    outcomes = dict(
        Issue.objects.with_totals()
        .filter(pk__in=[issue.pk for issue in issues])
        .values_list("pk", "outcomes_before")
    )
    meant = _clients_meant(issues)
    return [
        Known(
            issue.pk,
            description_of(issue),
            _onset_of(issue),
            rates[issue.pk] / outcomes[issue.pk] if outcomes[issue.pk] else 0.0,
            is_meant=issue.found_by == FoundBy.PERSON,
            client_ids=meant.get(issue.pk, frozenset()),
        )
        for issue in issues
        if also_done or issue.state in OPEN_STATES
    ]


def _clients_meant(issues: Sequence[Issue]) -> dict[int, frozenset[int]]:
    """Return, for issues that people reported of some clients, these clients."""
    reports = IssueReport.objects.filter(
        issue__in=[issue.pk for issue in issues],
        step=IssueReport.Step.MADE,
        is_every_client=False,
    )
    return {
        issue_id: frozenset(client_ids)
        for issue_id, client_ids in reports.values_list("issue_id", "client_ids")
    }


def _onset_of(issue: Issue) -> Onset | None:
    if issue.onset_date is None:
        return None
    return Onset(
        issue.onset_date,
        issue.onset_low_date or issue.onset_date,
        issue.onset_high_date or issue.onset_date,
        issue.onset_axis,
    )


def matched(findings: Sequence[Finding], issues: Sequence[Issue]) -> list[Matched]:
    """Return for each finding the issue that it is.

    By the same description first, else by the same claims. An issue that people have closed or
    dismissed comes again only with another onset.
    """
    siblings: dict[int, set[int]] = {}
    for issue_id, claim_id in IssueClaim.objects.filter(
        issue__in=[issue.pk for issue in issues]
    ).values_list("issue_id", "claim_id"):
        siblings.setdefault(issue_id, set()).add(claim_id)
    taken: set[int] = set()
    found: list[Matched] = []
    for finding in findings:
        issue = _issue_of(finding, issues, siblings)
        if issue is None:
            found.append(Matched(finding, None))
            continue
        # Two findings of one issue: the larger one (they come in that order) says what it is.
        is_told = issue.pk in taken or issue.state not in OPEN_STATES
        taken.add(issue.pk)
        found.append(Matched(finding, issue, is_told))
    return found


def _issue_of(
    finding: Finding, issues: Sequence[Issue], siblings: Mapping[int, set[int]]
) -> Issue | None:
    alike = [issue for issue in issues if issue.key == finding.description.key]
    mine = set(finding.siblings["claim_id"].to_list())
    for issue in issues:
        theirs = siblings.get(issue.pk, set())
        if (
            issue not in alike
            and issue.kind == finding.description.kind
            and same_claims(mine, theirs)
        ):
            alike.append(issue)
    same = [issue for issue in alike if not _is_new(finding.onset, issue)]
    key = finding.description.key
    return min(
        same,
        key=lambda issue: (issue.key != key, issue.state not in OPEN_STATES, issue.pk),
        default=None,
    )


def same_claims(mine: set[int], theirs: set[int]) -> bool:
    """Say whether two sets of claims are mostly one: by the smaller one."""
    return len(mine & theirs) >= SAME_CLAIMS * max(min(len(mine), len(theirs)), 1)


def _is_new(onset: date | None, issue: Issue) -> bool:
    """Say whether a finding like an issue is another one: it began after that one was done with."""
    if issue.state in OPEN_STATES or onset is None:
        return False
    if issue.state == State.CLOSED:
        return onset > issue.state_at.date()
    return onset > (issue.onset_high_date or issue.found_date)


def superseded(issues: Sequence[Issue]) -> list[tuple[Issue, Issue]]:
    """Return new issues that nobody has touched, each with one that has their claims."""
    claims: dict[int, set[int]] = {issue.pk: set() for issue in issues}
    for issue_id, claim_id in IssueClaim.objects.filter(issue__in=list(claims)).values_list(
        "issue_id", "claim_id"
    ):
        claims[issue_id].add(claim_id)
    # People's word first, then who has more claims.
    ranked = sorted(
        (issue for issue in issues if issue.state in OPEN_STATES),
        key=lambda issue: (_is_unheard(issue), -len(claims[issue.pk]), issue.pk),
    )
    found: list[tuple[Issue, Issue]] = []
    standing: list[Issue] = []
    for issue in ranked:
        mine = claims[issue.pk]
        larger = next(
            (
                other
                for other in standing
                if other.kind == issue.kind
                and len(mine & claims[other.pk]) >= SAME_CLAIMS * max(len(mine), 1)
            ),
            None,
        )
        if larger is not None and _is_unheard(issue) and issue.owner_id is None:
            found.append((issue, larger))
        else:
            standing.append(issue)
    return found


def _is_unheard(issue: Issue) -> bool:
    """Say whether no person has said anything of an issue: neither confirmed nor reported it."""
    return issue.state == State.NEW and issue.found_by == FoundBy.SEARCH
