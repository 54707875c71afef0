"""Records looks at patient data, for views."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone

from sanderling.audit.actions import record_event


def record_view(
    request: HttpRequest, *, claim_id: int, client_id: int, action: str = "claim.view"
) -> None:
    """Record that the request's user looked at a claim; call it in every view that shows one."""
    record_event(
        action=action,
        at=timezone.now(),
        client_id=client_id,
        claim_id=claim_id,
        subject=("claim", claim_id),
        ip=client_address(request),
    )


def record_listing(request: HttpRequest, *, action: str, detail: dict[str, int | str]) -> None:
    """Record a look at a list or an export with patients on it: counts and filters, no names."""
    record_event(action=action, at=timezone.now(), detail=detail, ip=client_address(request))


def client_address(request: HttpRequest) -> str | None:
    """Return the address that the request came from."""
    return request.META.get("REMOTE_ADDR") or None
