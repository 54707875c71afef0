"""Names for what the audit trail holds as keys: people, clients, claims."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sanderling.accounts.models import User
from sanderling.audit.models import AuditEvent
from sanderling.audit.searching import kind_of
from sanderling.claims.models import Claim
from sanderling.clients.models import Client

COLUMNS: Final = (
    *("id", "at", "actor", "person", "role", "client", "claim", "action", "is_look", "kind"),
    *("subject_kind", "subject_id", "break_glass", "detail", "ip"),
)


def event_rows(events: Sequence[AuditEvent]) -> list[dict[str, Any]]:
    """Return the events as pages and exports show them, with names that the session may see."""
    people = names_of_actors({event.actor for event in events})
    clients = Client.objects.in_bulk({event.client_id for event in events if event.client_id})
    claims = dict(
        Claim.objects.filter(
            pk__in={event.claim_id for event in events if event.claim_id}
        ).values_list("pk", "number")
    )
    rows = []
    for event in events:
        client = clients.get(event.client_id) if event.client_id else None
        detail = {name: value for name, value in event.detail.items() if name != "break_glass"}
        rows.append(
            {
                "id": event.pk,
                "at": event.at,
                "actor": event.actor,
                "person": people.get(event.actor, ""),
                "role": event.role,
                "client": client.code if client else "",
                "claim": claims.get(event.claim_id, "") if event.claim_id else "",
                "claim_id": event.claim_id,
                "action": event.action,
                "is_look": kind_of(event.action) == "look",
                "kind": kind_of(event.action),
                "subject_kind": event.subject_kind,
                "subject_id": event.subject_id,
                "break_glass": event.detail.get("break_glass", []),
                "detail": detail,
                "ip": event.ip,
            }
        )
    return rows


def names_of_actors(actors: Iterable[str]) -> dict[str, str]:
    """Return the names of the people among the actors."""
    ids = {int(one[5:]) for one in actors if one.startswith("user:") and one[5:].isdecimal()}
    return {
        f"user:{pk}": name for pk, name in User.objects.filter(pk__in=ids).values_list("pk", "name")
    }
