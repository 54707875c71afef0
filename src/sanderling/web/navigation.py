"""The entries of the side navigation, and which of them a user may open.

An entry whose page does not exist (no such URL name) is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Protocol, runtime_checkable

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from sanderling.web.keys import EVERYWHERE


@runtime_checkable
class MayDo(Protocol):
    """A user who can be asked for permissions (accounts is above this room)."""

    def may(self, permission: str) -> bool:
        """Say whether the user has the permission."""


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the navigation: `key` is the letter after g."""

    title: str
    url_name: str
    icon: str
    permission: str
    key: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A place as shown to one user on one page."""

    title: str
    address: str
    icon: str
    key: str
    is_current: bool
    begins_group: bool  # and is not the first of all


# In groups: what one works on, what goes out, where the money is, what makes it so, what it rests
# on, who may do what.
GROUPS: tuple[tuple[Place, ...], ...] = (
    (
        Place("My claims", "portal", "home", "portal.view", "H"),
        Place("Flagged claims", "portal-flags", "flag", "portal.view", "F"),
        Place("Requests", "portal-requests", "file-upload", "portal.view", "Q"),
        Place("Reports", "portal-reports", "report", "portal.view", "R"),
    ),
    (
        Place("Worklist", "worklist", "checklist", "worklist.view", "w"),
        Place("Inbox", "inbox", "inbox", "claims.work", "i"),
        Place("Alerts", "alerts", "bell", "claims.work", "n"),
        Place("Write-offs", "write-offs", "file-dollar", "claims.work", "x"),
        Place("Credits", "credits", "credit-card-refund", "claims.work", "z"),
        Place("Patient share", "patient-share", "cash", "claims.work", "j"),
        Place("Flagged claims", "flags", "flag", "claims.work", "F"),
        Place("Document requests", "document-requests", "file-upload", "claims.work", "D"),
        Place("Workload", "workload", "users-group", "workload.view", "d"),
    ),
    (
        Place("Key accounts", "key-accounts", "star", "key_accounts.view", "K"),
        Place("Weekly review", "reviews", "calendar-event", "reviews.view", "W"),
        Place("Reports", "reports", "report", "reports.view", "R"),
    ),
    (
        Place("Claims to send", "resubmissions", "file-pencil", "claims.work", "b"),
        Place("Next payers", "secondary-claims", "send", "claims.work", "h"),
        Place("Appeals", "appeals", "gavel", "claims.work", "k"),
        Place("Status requests", "status-requests", "message-question", "claims.work", "v"),
        Place("Payer directory", "portals", "world", "claims.work", "y"),
        Place("Exchange", "exchange", "transfer", "exchange.view", "q"),
    ),
    (
        Place("Where the money is", "barriers", "stack-2", "barriers.view", "m"),
        Place("At a glance", "glance", "eye", "barriers.view", "g"),
        Place("Aging", "aging", "chart-bar", "aging.view", "a"),
        Place("Claims", "claims", "file-invoice", "claims.view", "c"),
        Place("Suspense", "suspense", "coin", "files.view", "s"),
    ),
    (
        Place("Underpayments", "underpayments", "trending-down", "claims.work", "1"),
        Place("Issues", "issues", "radar", "issues.view", "2"),
        Place("Prevention", "prevention", "shield-check", "issues.view", "3"),
        Place("Key figures", "kpis", "dashboard", "kpis.view", "4"),
        Place("Payer scorecards", "scorecards", "report-analytics", "kpis.view", "5"),
        Place("Cash forecast", "forecast", "chart-line", "kpis.view", "6"),
        Place("Contracts", "contracts", "contract", "contracts.view", "7"),
        Place("Contract value", "contract-value", "scale", "contracts.view", "8"),
    ),
    (
        Place("Files", "files", "files", "files.view", "f"),
        Place("Clients", "clients", "building-hospital", "clients.view", "l"),
        Place("Payers", "payers", "building-bank", "payers.view", "p"),
        Place("Codes", "codes", "list-details", "codes.view", "o"),
        Place("Rules", "rules", "robot", "rules.edit", "r"),
    ),
    (
        Place("Users", "users", "users", "users.edit", "u"),
        Place("Break-glass", "break-glass", "key", "break_glass.use", "G"),
        Place("API", "api-access", "webhook", "api.edit", "e"),
        Place("Compliance", "compliance", "shield-lock", "audit.view", "C"),
        Place("Audit", "audit", "history", "audit.view", "t"),
        Place("Mail", "mail", "mail", "users.edit", "M"),
    ),
)


def navigation(request: HttpRequest) -> dict[str, object]:
    """Return what the layout needs on every page."""
    user = getattr(request, "user", None)
    return {"navigation": entries(user, path=request.path), "everywhere_keys": EVERYWHERE}


def entries(user: object, *, path: str) -> tuple[Entry, ...]:
    """Return the places that the user may open, in order."""
    if not isinstance(user, MayDo):
        return ()
    shown: list[Entry] = []
    addresses = [_address(place.url_name) for group in GROUPS for place in group]
    # Of a page and one below it that has a place of its own, the latter is where the user is.
    current = max((one for one in addresses if one and path.startswith(one)), key=len, default="")
    for group in GROUPS:
        is_first = True
        for place in group:
            address = _address(place.url_name)
            if address is None or not user.may(place.permission):
                continue
            shown.append(
                Entry(
                    place.title,
                    address,
                    place.icon,
                    place.key,
                    is_current=address == current,
                    begins_group=is_first and bool(shown),
                )
            )
            is_first = False
    return tuple(shown)


def first_page(user: object) -> str | None:
    """Return the address of the first place that the user may open, None when there is none."""
    found = entries(user, path="")
    return found[0].address if found else None


@cache  # the addresses of a process never change, and every page asks for all of them
def _address(url_name: str) -> str | None:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return None
