"""The steps that changes of flags are made of: lock, history, audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.flags.checking import FlagRefused
from sanderling.flags.models import Flag, FlagEvent
from sanderling.flags.words import DONE, State


def locked(flag_id: int, *states: State) -> Flag:
    """Return the flag, locked; refuse one that does not exist here or is in another state."""
    found = (
        Flag.objects.select_for_update(of=("self",))
        .select_related("claim", "claim__client", "owner")
        .filter(pk=flag_id)
        .first()
    )
    if found is None:
        raise FlagRefused("there is no such flag")
    if states and found.state not in states:
        if found.state in DONE:
            raise FlagRefused(f"flag {flag_id} is {found.state}; flag the claim again instead")
        raise FlagRefused(f"flag {flag_id} is {State(found.state).label.lower()}; reload the page")
    return found


def note(
    flag: Flag,
    kind: str,
    *,
    user: User | None,
    at: datetime,
    text: str = "",
    is_internal: bool = False,
) -> FlagEvent:
    """Write an event of the flag's history."""
    return FlagEvent.objects.create(
        flag=flag,
        client_id=flag.client_id,
        at=at,
        user=user,
        kind=kind,
        text=text,
        is_internal=is_internal,
    )


def said_already(flag: Flag, kind: str, *, user: User, text: str) -> bool:
    """Say whether this is the last thing in the history: the same form sent twice."""
    latest = FlagEvent.objects.filter(flag=flag).order_by("-pk").first()
    return latest is not None and (latest.kind, latest.user_id, latest.text) == (
        kind,
        user.pk,
        text,
    )


def audit(flag: Flag, what: str, *, at: datetime, **detail: Any) -> None:  # noqa: ANN401 - JSON
    """Write the change to the audit trail: never what was said."""
    record_event(
        action=f"flag.{what}",
        at=at,
        client_id=flag.client_id,
        claim_id=flag.claim_id,
        subject=("flag", flag.pk),
        detail=detail,
    )
