"""Tells people of appeals. Never patient data: client, claim number, amount."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse

from sanderling.appeals.models import Appeal
from sanderling.audit.actions import record_event
from sanderling.followup.signals import work_recorded
from sanderling.news.actions import notify
from sanderling.web.templatetags.sanderling import money


def record_step(appeal: Appeal, step: str, *, at: datetime, **detail: int | str) -> None:
    """Write a step into the audit trail."""
    record_event(
        action=f"appeal.{step}",
        at=at,
        client_id=appeal.client_id,
        claim_id=appeal.claim_id,
        subject=("appeal", appeal.pk),
        detail=detail,
    )


def tell(
    appeal: Appeal, user_ids: Iterable[int | None], said: str, key: str, *, at: datetime
) -> None:
    """Tell people of an appeal, each thing (`key`) once."""
    heard = sorted({one for one in user_ids if one is not None})
    if not heard:
        return
    name = f"{appeal.claim.client.code} {appeal.claim.number}"
    notify(
        user_ids=heard,
        kind="appeal",
        key=f"appeal:{appeal.pk}:{key}",
        text=f"{name}: appeal for {money(appeal.asked_cents)} {said}",
        at=at,
        url=reverse("appeal", args=[appeal.pk]),
        client_id=appeal.client_id,
        claim_id=appeal.claim_id,
        amount_cents=appeal.asked_cents,
    )


def tell_items(appeal: Appeal) -> None:
    """Let the work item of the claim be counted anew."""
    work_recorded.send(sender=Appeal, claim_ids=[appeal.claim_id])
