"""Tells a client's own people of a request by their bell: they answer it in the portal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.document_requests.models import Request, Step
from sanderling.news.actions import notify

NOTICE: Final = "document_request.waits"
ASKED: Final = "portal"  # the first step of a request that is answered in the portal


def tell_in_portal(request: Request, people: Sequence[User], *, step: str, at: datetime) -> None:
    """Tell each of them and take the step; a step that was taken is not taken again."""
    _, is_new = Step.objects.get_or_create(
        request=request,
        step=step,
        defaults={"client_id": request.client_id, "at": at, "told": len(people)},
    )
    if not is_new:
        return
    said = "Documents are needed" if step == ASKED else "Documents are still needed"
    notify(
        user_ids=[user.pk for user in people],
        kind=NOTICE,
        key=f"document_request:{request.pk}:{step}:portal",
        text=f"{said} by {request.due_date.isoformat()} (request {request.pk})",
        at=at,
        url=reverse("portal-request", args=[request.pk]),
        client_id=request.client_id,
        is_urgent=step == "risk",
    )
