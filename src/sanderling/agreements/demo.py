"""What a demonstration has agreed with one of its clients, four months ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.agreements.actions import HighDollarTerms, ScheduleTerms, Terms, set_agreement
from sanderling.agreements.queries import agreement_of
from sanderling.clients.models import Client, Tier
from sanderling.core.service_levels import Level

SINCE: Final = timedelta(days=120)
_LEVELS: Final = (
    ("first_touch", 3, "business_days", 90),
    ("denial_first_action", 3, "business_days", 95),
    ("rejection_fix", 2, "business_days", 95),
    ("flag_answer", 4, "business_hours", 95),
    ("document_turnaround", 2, "business_days", 90),
    ("high_dollar_touch", 7, "days", 95),
)


def ensure_demo_agreement(*, at: datetime) -> Client | None:
    """Agree something with one client of the account manager, unless there is something.

    Return the client; None where there is no account manager with clients. Doing it again changes
    nothing.
    """
    manager = User.objects.filter(role=Role.ACCOUNT_MANAGER, is_active=True).order_by("pk").first()
    if manager is None:
        return None
    mine = Client.objects.filter(assignments__user=manager).order_by("code")
    client = mine.filter(tier=Tier.KEY).first() or mine.first()
    if client is None or agreement_of(client.pk) is not None:
        return client
    terms = Terms(
        tier=Tier.KEY.value,
        follow_up_days=client.follow_up_days,
        high_dollar_cents=client.high_dollar_cents,
        account_manager_id=manager.pk,
        second_review_cents=5_000,
        levels=tuple(
            Level(kind, count, unit, is_agreed=True, goal_percent=goal)
            for kind, count, unit, goal in _LEVELS
        ),
        schedules=(
            ScheduleTerms(2, 7, barrier="denied", floor="quarter"),
            ScheduleTerms(7, 7, min_cents=100_000, floor="tenth"),
            ScheduleTerms(5, 10, from_age_days=90),
        ),
        high_dollar=(HighDollarTerms(250_000, owner_id=manager.pk),),
    )
    set_agreement(
        client.pk, terms, user=None, at=at - SINCE, base=0, note="As signed with the practice."
    )
    return client
