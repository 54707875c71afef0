"""Series of reviews, and the packs of their weeks: asked for by people, made by the worker.

A pack is made once and frozen. Asking for the same day again gives the review that is there; a
worker that is killed leaves it waiting, and the next one makes it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.news.actions import notify
from sanderling.reviews import packing
from sanderling.reviews.models import Review, Series, State

logger = logging.getLogger(__name__)
_WEEK: Final = 7
FIELDS: Final = ("name", "weekday", "starts_at", "time_zone", "minutes", "place", "people")


class ReviewRefused(Refusal):
    """The review or its series cannot be made or changed so."""


@transaction.atomic
def make_series(
    values: Mapping[str, Any], *, client_ids: Collection[int], is_whole_book: bool,
    user: User | None, at: datetime, key: str = "",
) -> Series:  # fmt: skip
    """Begin a review that is held every week; the same `key` again returns the first one's.

    `values`: FIELDS. `is_whole_book`: over all clients, also those to come.

    Raises:
        ReviewRefused: no client, or the whole book for somebody who does not see all of it.
    """
    if is_whole_book and user is not None and not user.sees_all_clients:
        raise ReviewRefused(
            "the whole book can be reviewed by those who see all clients; choose clients instead"
        )
    if not client_ids:
        raise ReviewRefused("choose at least one client to review")
    if user is not None and key:
        there = Series.objects.filter(made_by=user, key=key).first()
        if there is not None:
            return there
    series = Series.objects.create(
        **{name: values[name] for name in FIELDS if name in values},
        client_ids=sorted(set(client_ids)),
        is_whole_book=is_whole_book,
        made_by=user,
        made_at=at,
        key=key,
    )
    _audit("series_make", series.pk, series.client_ids, at=at)
    return series


@transaction.atomic
def change_series(series_id: int, values: Mapping[str, Any], *, at: datetime) -> list[str]:
    """Change when, where and with whom a series is held; return the names of what changed.

    The clients stay: a series that is about others is another series.
    """
    series = Series.objects.select_for_update().get(pk=series_id)
    changed = [
        name
        for name in (*FIELDS, "is_active")
        if name in values and getattr(series, name) != values[name]
    ]
    if not changed:
        return []
    for name in changed:
        setattr(series, name, values[name])
    series.sequence += 1
    series.save(update_fields=[*changed, "sequence"])
    _audit("series_change", series.pk, series.client_ids, at=at, changed=changed)
    return changed


@transaction.atomic
def ask_for_review(
    series: Series, as_of: date, *, user: User | None, at: datetime
) -> tuple[Review, bool]:
    """Ask for the pack of a day; say whether it is new. The same day again is the same review.

    Raises:
        ReviewRefused: the day is to come, or the series is not held any more.
    """
    if as_of > at.date():
        raise ReviewRefused("a review looks back: choose today or an earlier day")
    if not series.is_active:
        raise ReviewRefused("this review is not held any more; begin it again first")
    review, is_new = Review.objects.get_or_create(
        series=series,
        as_of_date=as_of,
        defaults={
            "client_ids": series.client_ids,
            "is_whole_book": series.is_whole_book,
            "meets_at": next_meeting(series, at if as_of == at.date() else _morning(as_of, series)),
            "asked_by": user,
            "asked_at": at,
        },
    )
    if is_new:
        _audit("ask", review.pk, review.client_ids, at=at, as_of=as_of.isoformat())
    return review, is_new


def next_meeting(series: Series, after: datetime) -> datetime:
    """Return when the series meets next at or after an instant."""
    zone = ZoneInfo(series.time_zone)
    local = after.astimezone(zone)
    day = local.date() + timedelta(days=(series.weekday - local.weekday()) % _WEEK)
    meets = datetime.combine(day, series.starts_at, tzinfo=zone)
    if meets < after:
        meets = datetime.combine(day + timedelta(days=_WEEK), series.starts_at, tzinfo=zone)
    return meets


def _morning(day: date, series: Series) -> datetime:
    """Return the beginning of the day after: what a meeting about that day comes after."""
    return datetime.combine(
        day + timedelta(days=1), datetime.min.time(), tzinfo=ZoneInfo(series.time_zone)
    )


def ask_for_week(*, at: datetime) -> list[Review]:
    """Ask for the packs of the week that ended, of every series that is held; return the new ones.

    A series over the whole book takes in the clients that came since.
    """
    as_of = packing.last_sunday(at.date())
    made = []
    for series in Series.objects.filter(is_active=True).order_by("pk"):
        if series.is_whole_book:
            _take_in(series)
        review, is_new = ask_for_review(series, as_of, user=None, at=at)
        if is_new:
            made.append(review)
    return made


def _take_in(series: Series) -> None:
    everybody = list(Client.objects.order_by("pk").values_list("pk", flat=True))
    if everybody and everybody != series.client_ids:
        series.client_ids = everybody
        series.save(update_fields=["client_ids"])


def make_waiting(*, at: datetime, review_id: int | None = None) -> int:
    """Make the packs that wait, the earliest day first; return how many were made.

    Two at once make the same pack, and the first that is done is kept. One that fails keeps no
    other from being made: its error is raised when all have had their turn.
    """
    waiting = Review.objects.filter(state=State.WAITING).order_by("as_of_date", "pk")
    if review_id is not None:
        waiting = waiting.filter(pk=review_id)
    made, failed = 0, None
    for review in list(waiting):
        try:
            made += _make(review, at=at)
        except Exception as error:  # noqa: BLE001 - raised below
            logger.error("review %s: its pack could not be made", review.pk)  # noqa: TRY400
            failed = failed or error
    if failed is not None:
        raise failed
    return made


def _make(review: Review, *, at: datetime) -> bool:
    """Make one pack; say whether it is the one that is kept."""
    pack, since = packing.make_pack(review, today=at.date())
    with transaction.atomic():
        if not Review.objects.filter(pk=review.pk, state=State.WAITING).update(
            pack=pack, since_date=since, made_at=at, state=State.READY
        ):
            return False  # another worker was faster
        _audit("make", review.pk, review.client_ids, at=at)
        _tell(review, at=at)
    tie = pack["movement"].get("tie")
    if tie and not tie["is_tied"]:
        logger.error("review %s: its bridge does not tie to the ledger: %s", review.pk, tie)
    return True


def _tell(review: Review, *, at: datetime) -> None:
    """Tell those who are invited and see all its clients."""
    series = Series.objects.get(pk=review.series_id)
    seeing = who_sees(review.client_ids, series.people)
    notify(
        user_ids=seeing,
        kind="review.ready",
        key=f"review:{review.pk}:ready",
        text=f"The review of {review.as_of_date.isoformat()} is ready: {series.name}",
        at=at,
        url=f"/reviews/{review.pk}/",
    )


def who_sees(client_ids: Collection[int], user_ids: Collection[int]) -> list[int]:
    """Return those of the people who are active, may see reviews and see all of the clients."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM accounts_user WHERE id = ANY (%s) AND is_active"
            " AND %s::int[] <@ sanderling_clients_of(id)",
            [list(user_ids), sorted(client_ids)],
        )
        ids = [user_id for (user_id,) in cursor.fetchall()]
    people = User.objects.filter(pk__in=ids).order_by("name", "pk")
    return [one.pk for one in people if one.may("reviews.view")]


def _audit(
    what: str, subject_id: int, client_ids: Collection[int], *, at: datetime, **detail: object
) -> None:
    """Record it; of a single client under that client."""
    record_event(
        action=f"review.{what}",
        at=at,
        client_id=next(iter(client_ids)) if len(client_ids) == 1 else None,
        subject=("review_series" if what.startswith("series") else "review", subject_id),
        detail={"clients": len(client_ids), **detail},
    )
