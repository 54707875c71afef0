"""Issues over the claims of a desk, made without any search: one of MINE, one of both clients."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tests.integration.desk import Desk

from sanderling.claims.models import Claim
from sanderling.issues.models import Issue, IssueClaim, IssueClient, IssueEvidence, IssueState

FOUND_AT = datetime(2026, 3, 5, 4, 40, tzinfo=UTC)
ONSET = date(2026, 2, 2)  # a Monday


@dataclass
class Issues:
    """`shared` hits both clients, `foreign` only THEIRS."""

    shared: Issue
    foreign: Issue


def make_issues(desk: Desk) -> Issues:
    """Make them."""
    both = [desk.claim, desk.foreign]
    shared = _issue(desk, "shared", None, both, onset=ONSET)
    return Issues(
        shared, _issue(desk, "foreign", desk.foreign.client_id, [desk.foreign], onset=None)
    )


def _issue(
    desk: Desk, key: str, client_id: int | None, claims: list[Claim], *, onset: date | None
) -> Issue:
    issue = Issue.objects.create(
        key=key,
        kind="denial",
        basis="shift" if onset else "steady",
        client_id=client_id,
        payer_id=desk.payer.pk,
        dimensions={"carc": "CO-197", "procedure": "20610", "category": "authorization"},
        title=f"CO-197 denials of 20610 ({key})",
        onset_date=onset,
        onset_low_date=onset,
        onset_high_date=onset,
        found_date=FOUND_AT.date(),
        last_seen_date=FOUND_AT.date(),
        confidence=0.97,
        cause_hypothesis="The payer seems to ask for an authorization since then.",
        caused_by="payer",
        team="authorization",
        state="new",
        state_at=FOUND_AT,
    )
    IssueState.objects.create(issue=issue, to_state="new", actor="search", at=FOUND_AT)
    for claim in claims:
        IssueClient.objects.create(
            issue=issue, client_id=claim.client_id, is_hit=True, outcomes_before=400,
            events_before=20, outcomes_after=100, events_after=31, excess_claims=26.0, claims=1,
            open_claims=1, open_cents=15_000, at_stake_cents=45_000, month_cents=30_000,
        )  # fmt: skip
        IssueClaim.objects.create(
            issue=issue, client_id=claim.client_id, claim_id=claim.pk, event_date=date(2026, 2, 20),
            amount_cents=15_000, is_open=True,
        )  # fmt: skip
        for week in range(8):
            IssueEvidence.objects.create(
                issue=issue, client_id=claim.client_id,
                week_date=date(2026, 1, 5) + timedelta(weeks=week), outcomes=50 if week else 4,
                events=2 if week < 4 else 15, event_cents=1_000,
            )  # fmt: skip
    return issue
