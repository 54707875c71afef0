"""Weekly reviews over the two clients behind pages: kept Sundays, a week in which money came."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from tests.builders import Inbox, paid, remittance_file
from tests.integration.pages import fill, people_of

from sanderling.accounts.models import User
from sanderling.barriers.actions import freeze_week_ends, refresh_stale
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.reviews.making import ask_for_review, make_series, make_waiting
from sanderling.reviews.models import Review, Series

BEFORE, SUNDAY = date(2026, 1, 18), date(2026, 1, 25)
MONDAY = datetime(2026, 1, 26, 6, 15, tzinfo=UTC)  # a week in which A/1 1 was paid has ended
FORM: dict[str, Any] = {"name": "AR review", "weekday": 0, "starts_at": time(10)}


def fill_reviews(inbox: Inbox) -> User:
    """Fill both clients, keep the Sundays; return who sees both (people: `people_of`)."""
    fill(inbox)
    refresh_stale(MONDAY.date())
    freeze_week_ends(MONDAY.date())
    return people_of().admin


def mine() -> Client:
    return Client.objects.get(code="MINE")


def series_over(*codes: str, user: User | None = None, **more: Any) -> Series:
    """Make a series over clients, all of them when none is named."""
    clients = Client.objects.filter(code__in=codes) if codes else Client.objects.all()
    return make_series(
        {**FORM, **more},
        client_ids=list(clients.values_list("pk", flat=True)),
        is_whole_book=not codes,
        user=user,
        at=MONDAY,
    )


def made(series: Series, as_of: date = SUNDAY, at: datetime = MONDAY) -> Review:
    """Make a pack, as the worker does."""
    review, _ = ask_for_review(series, as_of, user=None, at=at)
    make_waiting(at=at, review_id=review.pk)
    review.refresh_from_db()
    return review


def pay(inbox: Inbox, number: str, day: date, *, amount: int) -> None:
    """Let a payment come in that leaves nothing open on the claim."""
    charge = Claim.objects.get(number=number).charge_cents // 100
    adjusted = f"CO*45*{charge - amount}"
    inbox.take(
        remittance_file(paid(number, charge, amount, adjusted), trace=f"T{number}"),
        received_date=day,
    )
