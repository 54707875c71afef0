"""A review is seen by those who see all of its clients; what was frozen and written stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time

import pytest
from django.db import DatabaseError, connection, transaction
from tests.builders import rows

from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.reviews.models import Action, Entry, Review, Series

AT = datetime(2026, 1, 26, 12, tzinfo=UTC)
TABLES = ("series", "review", "entry", "strike", "action")
COUNTS = " UNION ALL ".join(f"SELECT count(*) FROM reviews_{name}" for name in TABLES)


@contextmanager
def as_web(client_ids: list[int], user: User, role: str = "lead") -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', %s, true),"
            " set_config('sanderling.role', %s, true), set_config('sanderling.actor', %s, true)",
            [f"{{{','.join(map(str, client_ids))}}}", role, f"user:{user.pk}"],
        )
        yield
        cursor.execute("RESET ROLE")


@pytest.fixture
def lead(db: None) -> User:
    return User.objects.create(email="lead@x.test", name="Lead", role="lead")


@pytest.fixture
def clients(db: None) -> list[int]:
    made = [Client.objects.create(code=code, name=code, created_at=AT) for code in ("A", "B", "C")]
    return [one.pk for one in made]


@pytest.fixture
def review(lead: User, clients: list[int]) -> Review:
    """A review over A and B in its meeting, with one of everything."""
    series = Series.objects.create(
        name="R", client_ids=clients[:2], starts_at=time(10), made_at=AT, made_by=lead
    )
    made = Review.objects.create(
        series=series, client_ids=clients[:2], is_whole_book=False, as_of_date=date(2026, 1, 25),
        asked_at=AT,
    )  # fmt: skip
    pack: dict[str, object] = {"movement": {}}
    Review.objects.filter(pk=made.pk).update(state="ready", pack=pack, made_at=AT)
    Review.objects.filter(pk=made.pk).update(state="meeting", begun_at=AT)
    entry = Entry.objects.create(
        review=made, item="stuck", kind="note", text="x", user=lead, at=AT, key="1"
    )
    made.strikes.create(entry=entry, user=lead, at=AT)
    Action.objects.create(
        review=made, series=series, item="stuck", text="x", owner=lead, made_by=lead, made_at=AT,
        due_date=date(2026, 2, 1), key="1",
    )  # fmt: skip
    made.refresh_from_db()
    return made


def test_only_who_sees_all_its_clients_sees_anything_of_it(
    review: Review, lead: User, clients: list[int]
) -> None:
    for seen in (clients[:2], clients):
        with as_web(seen, lead):
            assert rows(COUNTS) == [(1,)] * 5
    for seen in (clients[:1], clients[1:], []):
        with as_web(seen, lead):
            assert rows(COUNTS) == [(0,)] * 5


def test_clients_own_people_see_none_of_it(review: Review, lead: User, clients: list[int]) -> None:
    with as_web(clients, lead, role="client_user"):
        assert rows(COUNTS) == [(0,)] * 5


def test_a_review_cannot_be_made_over_clients_that_one_does_not_see(
    review: Review, lead: User, clients: list[int]
) -> None:
    with pytest.raises(DatabaseError), as_web(clients[:2], lead):
        Series.objects.create(name="S", client_ids=clients, starts_at=time(10), made_at=AT)
    with pytest.raises(DatabaseError), as_web(clients[:2], lead):
        Series.objects.filter(pk=review.series_id).update(client_ids=clients)
    assert Series.objects.get().client_ids == clients[:2]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reviews_review SET pack = '{}'",
        "UPDATE reviews_review SET state = 'ready'",
        "UPDATE reviews_entry SET text = 'y'",
        "DELETE FROM reviews_entry",
        "DELETE FROM reviews_review",
        "UPDATE reviews_action SET text = 'y'",
        "UPDATE reviews_action SET claim_ids = '{1}'",
        "DELETE FROM reviews_action",
        "DELETE FROM reviews_strike",
        "DELETE FROM reviews_series",
    ],
)
def test_what_was_written_stays(
    review: Review, lead: User, clients: list[int], statement: str
) -> None:
    before = rows(COUNTS)
    with (
        pytest.raises(DatabaseError),
        as_web(clients, lead),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert rows(COUNTS) == before
    assert Entry.objects.get().text == Action.objects.get().text == "x"
    review.refresh_from_db()
    assert review.pack == {"movement": {}}


def test_nobody_writes_in_anothers_name_or_makes_a_pack_on_the_web(
    review: Review, lead: User, clients: list[int]
) -> None:
    other = User.objects.create(email="o@x.test", name="O", role="lead")
    with pytest.raises(DatabaseError, match="another person"), as_web(clients, other):
        Entry.objects.create(
            review=review, item="stuck", kind="note", text="y", user=lead, at=AT, key="2"
        )
    with pytest.raises(DatabaseError, match="without its pack"), as_web(clients, lead):
        Review.objects.create(
            series=review.series, client_ids=clients[:2], is_whole_book=False, pack={}, made_at=AT,
            as_of_date=date(2026, 1, 26), asked_at=AT, state="ready",
        )  # fmt: skip
    waiting = Review.objects.create(
        series=review.series, client_ids=clients[:2], is_whole_book=False, asked_at=AT,
        as_of_date=date(2026, 1, 27),
    )  # fmt: skip
    with pytest.raises(DatabaseError, match="the worker makes its pack"), as_web(clients, lead):
        Review.objects.filter(pk=waiting.pk).update(state="ready", pack={}, made_at=AT)
    assert Entry.objects.count() == 1
