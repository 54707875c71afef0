"""What was agreed with a client: versions, standards of the tier, clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.agreements.actions import (
    AgreementRefused,
    HighDollarTerms,
    ScheduleTerms,
    Terms,
    set_agreement,
    terms_of,
)
from sanderling.agreements.clocks import (
    ClockRefused,
    clock_of,
    drop_clock,
    start_clock,
    stop_clock,
)
from sanderling.agreements.models import Agreement, Clock
from sanderling.agreements.queries import account_manager, service_level
from sanderling.audit.models import AuditEvent
from sanderling.clients.models import Client
from sanderling.core.service_levels import Level

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 15, tzinfo=UTC)  # Monday, 10 o'clock in New York


@pytest.fixture
def client_(db: None) -> Client:
    return Client.objects.create(code="KEY", name="Key practice", created_at=AT)


@pytest.fixture
def manager(db: None) -> User:
    return create_user(
        email="am@x.test", name="Ann", role="account_manager", password="correct-horse-battery",
        sees_all_clients=True,
    )  # fmt: skip


def agreed(**more: object) -> Terms:
    return Terms(**{"tier": "key", **more})  # type: ignore[arg-type]


def test_what_was_agreed_comes_before_what_is_usual_for_the_tier(
    client_: Client, manager: User
) -> None:
    usual = service_level(client_.pk, "flag_answer")
    assert usual == Level("flag_answer", 2, "business_days")
    made = set_agreement(
        client_.pk,
        agreed(
            account_manager_id=manager.pk,
            levels=(Level("flag_answer", 2, "business_hours", goal_percent=99),),
        ),
        user=manager, at=AT, base=0,
    )  # fmt: skip
    assert made is not None
    found = service_level(client_.pk, "flag_answer")
    assert found == Level(
        "flag_answer", 2, "business_hours", is_agreed=True, goal_percent=99, version_id=made.pk
    )
    rest = service_level(client_.pk, "denial_first_action")
    assert rest is not None
    assert (rest.count, rest.is_agreed) == (2, False)  # the key client's
    assert account_manager(client_.pk) == manager
    manager.is_active = False
    manager.save()
    assert account_manager(client_.pk) is None
    assert service_level(client_.pk + 1, "flag_answer") is None


def test_each_change_is_a_version_and_the_same_again_is_none(
    client_: Client, manager: User
) -> None:
    schedule = ScheduleTerms(2, 5, barrier="denied", min_cents=100_000, floor="tenth")
    first = agreed(schedules=(schedule,), high_dollar=(HighDollarTerms(500_000),))
    made = set_agreement(client_.pk, first, user=manager, at=AT, base=0, note="Signed today")
    assert set_agreement(client_.pk, first, user=manager, at=AT, base=0) == made
    client_.refresh_from_db()
    assert terms_of(client_) == first
    second = agreed(schedules=(), second_review_cents=0)
    set_agreement(client_.pk, second, user=manager, at=AT + timedelta(days=1), base=1)
    assert list(Agreement.objects.values_list("number", "note")) == [(1, "Signed today"), (2, "")]
    assert terms_of(client_) == second
    assert terms_of(client_, made).schedules == (schedule,)
    said = [event.detail for event in AuditEvent.objects.filter(action="agreement.set")]
    assert [one["changed"] for one in said] == [
        ["tier", "schedules", "high_dollar"],
        ["second_review_cents", "schedules", "high_dollar"],
    ]


@pytest.mark.parametrize(
    ("terms", "base", "match"),
    [
        (agreed(zone="Mars/North"), 0, "time zone"),
        (agreed(schedules=(ScheduleTerms(1, 2), ScheduleTerms(3, 4))), 0, "same balances"),
        (agreed(schedules=(ScheduleTerms(1, 0),)), 0, "out of its range"),
        (agreed(account_manager_id=99_999), 0, "choose active people"),
        (agreed(high_dollar=(HighDollarTerms(1), HighDollarTerms(2))), 0, "same payer"),
        (agreed(levels=(Level("flag_answer", 0, "business_hours"),)), 0, "out of its range"),
        (agreed(), 1, "changed meanwhile"),
    ],
)
def test_what_cannot_be_agreed_leaves_nothing_behind(
    client_: Client, terms: Terms, base: int, match: str
) -> None:
    with pytest.raises(AgreementRefused, match=match):
        set_agreement(client_.pk, terms, user=None, at=AT, base=base)
    client_.refresh_from_db()
    assert (client_.tier, Agreement.objects.count()) == ("standard", 0)
    assert not AuditEvent.objects.filter(action="agreement.set").exists()


def test_versions_are_neither_changed_nor_added_to(client_: Client) -> None:
    first = set_agreement(client_.pk, agreed(), user=None, at=AT, base=0)
    set_agreement(client_.pk, agreed(second_review_cents=5), user=None, at=AT, base=1)
    assert first is not None
    for statement in (
        "UPDATE agreements_agreement SET note = 'x'",
        "DELETE FROM agreements_agreement",
        (
            f"INSERT INTO agreements_service_level (agreement_id, client_id, kind, count, unit,"
            f" goal_percent) VALUES ({first.pk}, {client_.pk}, 'report', 1, 'days', 90)"
        ),
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_clock_keeps_the_level_under_which_it_began(client_: Client) -> None:
    one = start_clock(kind="flag_answer", client_id=client_.pk, subject="flag:1", at=AT)
    assert one.due_at == datetime(2026, 3, 5, 4, 59, 59, tzinfo=UTC)  # Wednesday's end
    set_agreement(client_.pk, agreed(), user=None, at=AT, base=0)
    again = start_clock(kind="flag_answer", client_id=client_.pk, subject="flag:1", at=AT)
    assert (again.pk, again.due_at) == (one.pk, one.due_at)
    two = start_clock(kind="flag_answer", client_id=client_.pk, subject="flag:2", at=AT)
    assert two.due_at == AT + timedelta(hours=4)
    with pytest.raises(ClockRefused):
        start_clock(kind="flag_answer", client_id=client_.pk + 1, subject="flag:3", at=AT)


def test_a_clock_stops_once_and_is_dropped_only_in_time(client_: Client) -> None:
    names = ("flag:1", "flag:2", "flag:3")
    for name in names:
        start_clock(kind="report", client_id=client_.pk, subject=name, at=AT)
    late = AT + timedelta(days=30)
    assert stop_clock(kind="report", subject="flag:1", at=AT + timedelta(hours=1))
    assert not stop_clock(kind="report", subject="flag:1", at=late)
    assert drop_clock(kind="report", subject="flag:2", at=AT + timedelta(hours=2))
    assert drop_clock(kind="report", subject="flag:3", at=late)  # late already: it counts
    found = {name: clock_of("report", name) for name in names}
    assert [(one.ended_at, one.dropped_at) for one in found.values() if one] == [
        (AT + timedelta(hours=1), None),
        (None, AT + timedelta(hours=2)),
        (late, None),
    ]
    assert Clock.objects.count() == 3
