"""Reviews of a demonstration: last week's, held and closed, and this week's, ready to be held."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.barriers.actions import freeze_week_ends
from sanderling.barriers.models import FrozenBarrier
from sanderling.clients.models import Client, Tier
from sanderling.reviews.making import ask_for_review, make_series, make_waiting
from sanderling.reviews.meeting import NOTHING, begin, close, decide_action, move_to, write_down
from sanderling.reviews.models import Review, Series
from sanderling.reviews.packing import last_sunday

_WEEK: Final = timedelta(days=7)


def ensure_demo_reviews(*, at: datetime) -> int:
    """Make two series, last week's review held, and this week's; return how many were made.

    Last week's meeting is dated back: what insurers paid since on the claims of its actions is what
    the books say. Doing it again makes nothing.
    """
    lead = User.objects.filter(role=Role.LEAD, sees_all_clients=True).order_by("pk").first()
    everybody = list(Client.objects.order_by("pk").values_list("pk", flat=True))
    if lead is None or not everybody:
        return 0
    freeze_week_ends(at.date())
    made = 0
    monday = datetime.combine(last_sunday(at.date()) - _WEEK + timedelta(days=1), time(15), UTC)
    people = list(
        User.objects.filter(is_active=True, sees_all_clients=True)
        .exclude(role__in=[Role.CLIENT_USER, Role.COMPLIANCE])
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    keys = list(Client.objects.filter(tier=Tier.KEY).order_by("pk").values_list("pk", flat=True))
    for name, client_ids, is_whole in (
        ("Weekly AR review", everybody, True),
        ("Key accounts", keys, False),
    ):
        if not client_ids or Series.objects.filter(name=name).exists():
            continue
        series = make_series(
            {"name": name, "weekday": 0, "starts_at": time(10), "people": people},
            client_ids=client_ids,
            is_whole_book=is_whole,
            user=lead,
            at=monday - _WEEK,
        )
        for as_of in (last_sunday(at.date()) - _WEEK, last_sunday(at.date())):
            then = min(datetime.combine(as_of + timedelta(days=1), time(6, 15), UTC), at)
            review, _ = ask_for_review(series, as_of, user=None, at=then)
            made += make_waiting(at=then, review_id=review.pk)
            if as_of < last_sunday(at.date()) and is_whole:
                review.refresh_from_db()
                _hold(review, lead, at=then + timedelta(hours=9))
    return made


def _hold(review: Review, lead: User, *, at: datetime) -> None:
    """Hold the meeting: decisions and actions about the claims that its own pack lists."""
    pack: dict[str, Any] = review.pack or {}
    begin(review.pk, user=lead, at=at)
    said = (
        ("stuck", ("Claims over $1,000 that wait for a payer's answer are called, not asked by "
         "276, from now on.")),
        ("deadlines", "Nothing with a deadline within 14 days waits for a second opinion."),
    )  # fmt: skip
    for number, (item, text) in enumerate(said):
        move_to(review.pk, item, from_item=_item(review), at=at)
        write_down(
            review.pk, item=item, kind="decision", text=text, key=f"demo-{number}",
            user=lead, at=at + timedelta(minutes=10 * (number + 1)),
        )  # fmt: skip
    specialist = (
        User.objects.filter(role=Role.SPECIALIST, sees_all_clients=True).order_by("pk").first()
    )
    for number, (item, text, rows) in enumerate(_actions(review, pack)):
        decide_action(
            review.pk, item=item, text=text, owner=specialist or lead,
            due_date=at.date() + timedelta(days=5), key=f"demo-action-{number}", user=lead,
            at=at + timedelta(minutes=20 + number),
            claim_ids=[row["claim_id"] for row in rows], with_claims=NOTHING,
        )  # fmt: skip
    close(review.pk, present=review.series.people, user=lead, at=at + timedelta(minutes=55))


def _item(review: Review) -> str:
    review.refresh_from_db()
    return review.item


def _actions(review: Review, pack: dict[str, Any]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    found = [
        (
            "movement",
            "Ask for the largest claims that wait for their payer",
            _waiting_claims(review),
        ),
        ("stuck", "Work the ten largest stuck claims first", pack["stuck"]["rows"][:10]),
        ("deadlines", "Send what the first deadlines need", pack["deadlines"]["rows"][:8]),
        ("silence", "Call the payers that broke a promise", pack["silence"]["rows"]),
    ]
    return [one for one in found if one[2]]


def _waiting_claims(review: Review) -> list[dict[str, Any]]:
    """Return the largest balances that waited for their payer on the review's day."""
    found = FrozenBarrier.objects.filter(
        as_of_date=review.as_of_date, barrier="awaiting_payer", party=11,
        client_id__in=review.client_ids,
    ).order_by("-balance_cents", "pk")[:12]  # fmt: skip
    return [{"claim_id": one.claim_id} for one in found]
