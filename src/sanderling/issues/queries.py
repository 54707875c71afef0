"""Issues as rows of the command line: as stored, or worked out for a past day."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from sanderling.clients.queries import client_codes_by_id
from sanderling.core.trends.findings import Finding
from sanderling.issues.keeping import words_for
from sanderling.issues.matching import known_of, same_claims
from sanderling.issues.models import FoundBy, Issue, IssueState, SearchRun
from sanderling.issues.searching import Tell, look
from sanderling.payers.models import Payer
from sanderling.payers.queries import payer_names_by_id

COLUMNS: Final = (
    *("id", "kind", "client", "payer_id", "dimensions", "onset", "claims", "at_stake_cents"),
    *("rate_before", "rate_after", "confidence", "cause_hypothesis", "team", "state"),
    "found_by",
)
Row = dict[str, Any]


def latest_run() -> SearchRun | None:
    """Return the last search that ended."""
    return (
        SearchRun.objects.filter(finished_at__isnull=False).order_by("-as_of_date", "-pk").first()
    )


def stored_rows(
    *, client_ids: Sequence[int] | None = None, states: Sequence[str] = ()
) -> Iterator[Row]:
    """Return the issues as the last search left them, most at stake first."""
    issues = Issue.objects.with_totals()
    if client_ids is not None:
        issues = issues.filter(parts__client_id__in=client_ids, parts__is_hit=True).distinct()
    if states:
        issues = issues.filter(state__in=states)
    codes = client_codes_by_id()
    payer_ids = dict(Payer.objects.values_list("pk", "payer_id"))
    for issue in issues.order_by("-at_stake_cents", "pk"):
        yield {
            "id": str(issue.pk),
            "kind": issue.kind,
            "client": codes.get(issue.client_id),
            "payer_id": payer_ids.get(issue.payer_id),
            "dimensions": issue.dimensions,
            "onset": issue.onset_date,
            "claims": issue.claims,
            "at_stake_cents": issue.at_stake_cents,
            "rate_before": _rate(issue.events_before, issue.outcomes_before),
            "rate_after": _rate(issue.events_after, issue.outcomes_after),
            "confidence": None if issue.confidence is None else round(issue.confidence, 4),
            "cause_hypothesis": issue.cause_hypothesis,
            "team": issue.team,
            "state": issue.state,
            "found_by": issue.found_by,
        }


def rows_as_of(
    day: date,
    *,
    client_ids: Sequence[int] | None = None,
    states: Sequence[str] = (),
    tell: Tell = lambda _: None,
) -> Iterator[Row]:
    """Work out the issues as of a past day from the mirror; writes nothing.

    An issue that is stored has its number and the state that it had on that day; another one is new
    and named by its description. What people had reported by then is counted as they said.

    Raises:
        MirrorMissing: there is no mirror.
    """
    codes = client_codes_by_id()
    payer_ids = dict(Payer.objects.values_list("pk", "payer_id"))
    names = payer_names_by_id()
    reported = {
        one.pk: one for one in Issue.objects.filter(found_by=FoundBy.PERSON, found_date__lte=day)
    }
    searched = look(
        day, known=known_of(list(reported.values()), also_done=True), tell=tell
    ).searched
    theirs = [(reported[pk], found) for pk, found in searched.again.items()]
    rows = [(None, found) for found in searched.findings if not _is_told(found, theirs)] + theirs
    for issue, finding in sorted(rows, key=lambda row: -row[1].at_stake_cents):
        hit = finding.parts.filter("is_hit")["client_id"].to_list()
        if client_ids is not None and not set(hit) & set(client_ids):
            continue
        number, state = known_as(finding, day) if issue is None else _stood_as(issue, day)
        if states and state not in states:
            continue
        words = _words_of(issue) if issue is not None else words_for(finding, names)
        description = finding.description
        yield {
            "id": number,
            "kind": description.kind,
            "client": codes.get(description.client_id or 0),
            "payer_id": payer_ids.get(description.payer_id or 0),
            "dimensions": description.dimensions,
            "onset": finding.onset,
            "claims": finding.claims,
            "at_stake_cents": finding.at_stake_cents,
            "rate_before": round(finding.rate_before, 4),
            "rate_after": round(finding.rate_after, 4),
            "confidence": round(finding.confidence, 4) if issue is None else None,
            "cause_hypothesis": words["cause_hypothesis"],
            "team": words["team"],
            "state": state,
            "found_by": FoundBy.SEARCH if issue is None else FoundBy.PERSON,
        }


def _is_told(found: Finding, reported: Sequence[tuple[Issue, Finding]]) -> bool:
    """Say whether a person has reported what a search finds: mostly the same claims."""
    mine = set(found.siblings["claim_id"].to_list())
    return any(
        issue.kind == found.description.kind
        and same_claims(mine, set(theirs.siblings["claim_id"].to_list()))
        for issue, theirs in reported
    )


def _words_of(issue: Issue) -> dict[str, str]:
    return {"cause_hypothesis": issue.cause_hypothesis, "team": issue.team}


def _stood_as(issue: Issue, day: date) -> tuple[str, str]:
    step = IssueState.objects.filter(issue=issue, at__date__lte=day).order_by("-pk").first()
    return str(issue.pk), step.to_state if step is not None else "new"


def known_as(finding: Finding, day: date) -> tuple[str, str]:
    """Return number and state of the stored issue with this description, as of the day."""
    issue = (
        Issue.objects.filter(key=finding.description.key, found_date__lte=day)
        .order_by("-pk")
        .first()
    )
    if issue is None:
        digest = hashlib.sha256(f"{finding.description.key}|{finding.onset}".encode())
        return digest.hexdigest()[:10], "new"
    return _stood_as(issue, day)


def _rate(events: int, outcomes: int) -> float | None:
    return round(events / outcomes, 4) if outcomes else None
