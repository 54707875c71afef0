"""What other rooms tell that changes work items."""

from __future__ import annotations

from datetime import date, datetime

from django.dispatch import receiver
from django.utils import timezone

from sanderling.barriers.signals import barriers_refreshed
from sanderling.flags.signals import flag_changed
from sanderling.followup.promises import Decided
from sanderling.followup.signals import promises_decided, work_recorded
from sanderling.pricing.signals import variances_changed
from sanderling.worklists.flagging import mark_flagged
from sanderling.worklists.keeping import follow_barriers, refresh_work
from sanderling.worklists.promise_news import tell_of_broken


@receiver(barriers_refreshed)
def on_barriers(claim_ids: list[int] | None, today: date, **_: object) -> None:
    """Barriers were made anew."""
    follow_barriers(claim_ids, today=today, at=timezone.now())


@receiver(variances_changed)
def on_variances(claim_ids: list[int], today: date, at: datetime, **_: object) -> None:
    """Claims were paid short, or turn out not to be."""
    follow_barriers(claim_ids, today=today, at=at)


@receiver(work_recorded)
def on_work(claim_ids: list[int], **_: object) -> None:
    """People have worked on these claims."""
    refresh_work(claim_ids)


@receiver(flag_changed)
def on_flag(claim_id: int, today: date, *, is_ours: bool, **_: object) -> None:
    """A client flagged a claim, or has its answer."""
    mark_flagged(claim_id, is_flagged=is_ours, today=today)


@receiver(promises_decided)
def on_promises(decided: list[Decided], at: datetime, **_: object) -> None:
    """Payers kept or broke what they promised."""
    tell_of_broken([one for one in decided if not one.is_kept], at=at)
