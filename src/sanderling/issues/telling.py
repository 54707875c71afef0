"""Tells leads and account managers, and whatever listens, of issues found and issues back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sanderling.accounts.people import who_may
from sanderling.accounts.roles import Role
from sanderling.issues.models import Issue, IssueClient
from sanderling.news.actions import NewEvent, notify, record_events

_HEARERS: Final = (Role.LEAD, Role.ACCOUNT_MANAGER)
_ONE_BY_ONE: Final = 3  # more at once are one notice


def tell_found(issues: Sequence[Issue], *, at: datetime) -> None:
    """Tell of new issues: each person of those that hit a client of his."""
    clients = _clients_hit(issues)
    _record("issue.found", issues, clients, at=at)
    for user_id, mine in _by_user(issues, clients).items():
        if len(mine) > _ONE_BY_ONE:
            notify(
                user_ids=[user_id],
                kind="issue.found",
                key=f"issues:found:{min(issue.pk for issue in mine)}",
                text=f"{len(mine)} new systemic issues were found, the largest: {mine[0].title}",
                at=at,
                url="/issues/",
            )
            continue
        for issue in mine:
            since = (
                f" since {issue.onset_date:%B} {issue.onset_date.day}" if issue.onset_date else ""
            )
            notify(
                user_ids=[user_id],
                kind="issue.found",
                key=f"issue:{issue.pk}:found",
                text=f"New systemic issue: {issue.title}{since}",
                at=at,
                url=f"/issues/{issue.pk}/",
            )


def tell_back(issues: Sequence[Issue], *, at: datetime) -> None:
    """Tell that what was said to be fixed goes on: the owner, and those who hear of new ones."""
    clients = _clients_hit(issues)
    _record("issue.back", issues, clients, at=at)
    for user_id, mine in _by_user(issues, clients).items():
        for issue in mine:
            notify(
                user_ids=[user_id],
                kind="issue.back",
                key=f"issue:{issue.pk}:back:{at:%Y-%m-%d}",
                text=f"Not fixed after all: {issue.title}",
                at=at,
                url=f"/issues/{issue.pk}/",
                is_urgent=True,
            )


def _clients_hit(issues: Sequence[Issue]) -> dict[int, list[int]]:
    """Return issue id -> the clients that it hits."""
    found: dict[int, list[int]] = {issue.pk: [] for issue in issues}
    for issue_id, client_id in IssueClient.objects.filter(
        issue__in=list(found), is_hit=True
    ).values_list("issue_id", "client_id"):
        found[issue_id].append(client_id)
    return found


def _by_user(issues: Sequence[Issue], clients: dict[int, list[int]]) -> dict[int, list[Issue]]:
    hearers = {
        client_id: {
            user.pk for user in who_may("issues.edit", client_id, roles=[*map(str, _HEARERS)])
        }
        for client_id in {one for some in clients.values() for one in some}
    }
    found: dict[int, list[Issue]] = {}
    for issue in issues:
        heard = {user for client_id in clients[issue.pk] for user in hearers[client_id]}
        if issue.owner_id is not None:
            heard.add(issue.owner_id)
        for user_id in sorted(heard):
            found.setdefault(user_id, []).append(issue)
    return found


def _record(
    kind: str, issues: Sequence[Issue], clients: dict[int, list[int]], *, at: datetime
) -> None:
    """Record one event for each client that an issue hits: with its part and no other's."""
    parts = {
        (part.issue_id, part.client_id): part
        for part in IssueClient.objects.filter(issue__in=list(clients))
    }
    record_events(
        [
            NewEvent(
                kind=kind,
                client_id=client_id,
                payer_id=issue.payer_id,
                detail={
                    "issue": issue.pk,
                    "kind": issue.kind,
                    "title": issue.title,
                    "claims": parts[issue.pk, client_id].claims,
                    "at_stake_cents": parts[issue.pk, client_id].at_stake_cents,
                },
            )
            for issue in issues
            for client_id in sorted(clients[issue.pk])
        ],
        at=at,
    )
