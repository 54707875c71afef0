"""Tells people what waits for them. Never patient data: client, claim number, how many."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from sanderling.news.actions import notify
from sanderling.resubmission.models import Resubmission
from sanderling.resubmission.policy import approvers


def tell_approvers(row: Resubmission, *, at: datetime, count: int = 1) -> None:
    """Tell those who may approve, but who asked."""
    heard = [user_id for user_id in approvers(row.client_id) if user_id != row.made_by_id]
    what = f"{count} claims to send again wait" if count > 1 else "a claim to send again waits"
    _tell(row, heard, f"{what} for approval", "waits", at=at, is_many=count > 1)


def tell_asker(row: Resubmission, said: str, *, at: datetime, but: int) -> None:
    """Tell who asked, unless he did it himself."""
    if row.made_by_id is not None and row.made_by_id != but:
        _tell(row, [row.made_by_id], f"your correction {said}", said, at=at)


def _tell(
    row: Resubmission,
    user_ids: list[int],
    said: str,
    key: str,
    *,
    at: datetime,
    is_many: bool = False,
) -> None:
    name = row.claim.client.code if is_many else f"{row.claim.client.code} {row.claim.number}"
    notify(
        user_ids=user_ids,
        kind="resubmission",
        key=f"resubmission:{row.pk}:{key}",
        text=f"{name}: {said}",
        at=at,
        url=reverse("resubmissions") if is_many else reverse("resubmission", args=[row.pk]),
        client_id=row.client_id,
        claim_id=None if is_many else row.claim_id,
    )
