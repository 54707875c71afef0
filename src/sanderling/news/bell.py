"""The bell of the layout: how many notices a person has not read, and which came just now."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest

from sanderling.news.models import Notice

COUNT_MAX: Final = 99
TOASTS_MAX: Final = 3
# What is told at once, wherever one is; the rest waits under the bell.
AT_ONCE: Final = ("item.left",)


def bell(request: HttpRequest) -> dict[str, object]:
    """Say to the layout whether this user hears of anything."""
    user = getattr(request, "user", None)
    hears = user is not None and user.is_authenticated and user.may("notices.view")
    return {"has_bell": hears}


def unread_of(user_id: int) -> QuerySet[Notice]:
    """Return a person's unread notices, the newest first."""
    return Notice.objects.filter(user_id=user_id, read_at__isnull=True).order_by("-at", "-pk")


def unread_count(user_id: int) -> int:
    """Return how many are unread, at most one more than are shown as a number."""
    return unread_of(user_id)[: COUNT_MAX + 1].count()


def newest_id(user_id: int) -> int:
    """Return the newest notice's id, 0 when there is none."""
    return (
        Notice.objects.filter(user_id=user_id).order_by("-pk").values_list("pk", flat=True).first()
        or 0
    )


def since(user_id: int, notice_id: int) -> list[Notice]:
    """Return the urgent notices and those of AT_ONCE that came after this one, the oldest first."""
    new = Notice.objects.filter(user_id=user_id, pk__gt=notice_id, read_at__isnull=True)
    told = [one for one in new.order_by("pk") if one.is_urgent or one.kind in AT_ONCE]
    return told[-TOASTS_MAX:]


def mark_read(user_id: int, notice_ids: list[int] | None, *, at: datetime) -> int:
    """Mark these notices (None: all) of the person as read; return how many were not."""
    unread = Notice.objects.filter(user_id=user_id, read_at__isnull=True)
    if notice_ids is not None:
        unread = unread.filter(pk__in=notice_ids)
    return unread.update(read_at=at)
