"""What the compliance desk shows first, and whom it reminds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.accounts.roles import PERMISSIONS
from sanderling.compliance.chain_checks import latest_check, latest_done
from sanderling.compliance.glass import glasses
from sanderling.compliance.models import Campaign, CheckState, LegalHold, RetentionRun
from sanderling.news.actions import notify

REMIND_BEFORE: Final = timedelta(days=7)


def desk(*, at: datetime) -> dict[str, Any]:
    """Return the state of each thing that the desk looks after."""
    campaign = open_campaign()
    return {
        "check": latest_done(),
        "is_checking": (latest := latest_check()) is not None and latest.state != CheckState.DONE,
        "glasses_open": glasses("open", at=at).count(),
        "glasses_to_review": glasses("review", at=at).count(),
        "campaign": campaign,
        "undecided": campaign.rows.filter(decision="").count() if campaign else 0,
        "people": campaign.rows.count() if campaign else 0,
        "is_overdue": campaign is not None and campaign.due_date < at.date(),
        "last_campaign": Campaign.objects.filter(is_open=False).order_by("-pk").first(),
        "holds": LegalHold.objects.filter(lifted_at__isnull=True).count(),
        "last_run": RetentionRun.objects.order_by("-pk").first(),
    }


def open_campaign() -> Campaign | None:
    """Return the review of access that goes on."""
    return Campaign.objects.filter(is_open=True).first()


def remind(*, at: datetime) -> int:
    """Tell those who answer for compliance of a review that is nearly due, and of old break-glass.

    Once a day for each; a second call tells nothing new. Return how many were to hear.
    """
    roles = [role for role, may in PERMISSIONS.items() if "compliance.edit" in may]
    people = list(User.objects.filter(is_active=True, role__in=roles).values_list("pk", flat=True))
    told = 0
    campaign = open_campaign()
    if campaign is not None and campaign.due_date - at.date() <= REMIND_BEFORE:
        left = campaign.rows.filter(decision="").count()
        told += notify(
            user_ids=people,
            kind="access_review.due",
            key=f"access_review:{campaign.pk}:{at.date().isoformat()}",
            text=f"The review of access is due on {campaign.due_date}: {left} to decide.",
            url=reverse("access-review", args=[campaign.pk]),
            at=at,
        )
    waiting = glasses("review", at=at).count()
    if waiting:
        told += notify(
            user_ids=people,
            kind="break_glass.review",
            key=f"break_glass_review:{at.date().isoformat()}",
            text=f"{waiting} break-glass {'waits' if waiting == 1 else 'wait'} for a review.",
            url=reverse("break-glasses"),
            at=at,
        )
    return told
