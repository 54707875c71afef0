"""Keeps everything about key accounts in step: clocks, alerts, pictures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sanderling.keyaccounts.alerts import tell_of_clocks
from sanderling.keyaccounts.clocks import keep_clocks
from sanderling.keyaccounts.models import Picture
from sanderling.keyaccounts.picture import make_pictures
from sanderling.worklists.valuing import revalue_at_risk

PICTURE_EVERY: Final = timedelta(hours=1)


def keep_all(*, at: datetime) -> int:
    """Keep clocks, ranks and alerts in step, hourly the pictures; how many clocks started."""
    started = keep_clocks(at=at)
    revalue_at_risk(today=at.date())
    tell_of_clocks(at=at)
    fresh = Picture.objects.filter(made_at__gt=at - PICTURE_EVERY, made_at__lte=at).exists()
    if not fresh:
        make_pictures(at=at)
    return started
