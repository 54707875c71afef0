"""The weekly pack: its bridge ties to the ledger, it is frozen, it is about its clients only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, transaction
from icalendar import Calendar, Event
from pytest_django.plugin import DjangoDbBlocker
from tests.builders import Inbox, standing_inbox
from tests.integration.desk import acting_as
from tests.integration.pages import people_of
from tests.integration.review_desk import (
    BEFORE,
    FORM,
    MONDAY,
    SUNDAY,
    fill_reviews,
    made,
    mine,
    pay,
    series_over,
)

from sanderling.accounts.models import User
from sanderling.barriers.actions import refresh_stale
from sanderling.barriers.queries import barrier_rows
from sanderling.claims.models import Claim
from sanderling.documents import page_count
from sanderling.forecast.models import CashDay, ForecastRun, ForecastWeek
from sanderling.mail.models import Mail
from sanderling.news.models import Notice
from sanderling.receivables.aging import AgingQuestion, aging, roll_forward
from sanderling.reviews import meeting, packing
from sanderling.reviews.calendar import calendar_of, invite
from sanderling.reviews.demo import ensure_demo_reviews
from sanderling.reviews.making import (
    ReviewRefused,
    ask_for_review,
    ask_for_week,
    change_series,
    make_series,
    make_waiting,
    next_meeting,
)
from sanderling.reviews.minutes import minutes_data, minutes_pdf
from sanderling.reviews.models import Action, Entry, Review, Series, State
from sanderling.reviews.packing import last_sunday
from sanderling.reviews.seeing import seeing_only
from sanderling.tasks.models import Task
from sanderling.worklists.models import WorkItem

AT = MONDAY + timedelta(hours=9)


@pytest.fixture(scope="module")
def inbox_of_module(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Inbox]:
    with django_db_blocker.unblock(), standing_inbox(tmp_path_factory.mktemp("world")) as inbox:
        fill_reviews(inbox)
        yield inbox


@pytest.fixture
def inbox(inbox_of_module: Inbox, db: None) -> Inbox:
    return inbox_of_module


@pytest.fixture
def admin(inbox: Inbox) -> User:
    return people_of().admin


def row(review: Review, part: str) -> dict[str, Any]:
    assert review.pack is not None
    return next(one for one in review.pack["movement"]["reasons"] if one["part"] == part)


def begun(review: Review, user: User) -> Review:
    return meeting.begin(review.pk, user=user, at=AT)


def test_the_bridge_of_a_week_adds_up_and_ties_to_the_ledger(admin: User) -> None:
    review = made(series_over())
    assert review.pack is not None
    moved = review.pack["movement"]
    assert (review.since_date, review.as_of_date) == (BEFORE, SUNDAY)
    assert moved["tie"] == {"is_tied": True, "off": {}, "ledger_closing_cents": 59_500}
    total = moved["total"]
    assert {name: cents for name, cents in total.items() if cents} == {
        "opening_count": 4,
        "opening_cents": 77_500,
        "payments_cents": -12_000,
        "adjustments_cents": -6_000,
        "moved_in_cents": 9_000,  # A3, whose payment is held since then
        "moved_out_cents": -9_000,
        "closing_count": 4,
        "closing_cents": 59_500,
    }
    ledger = roll_forward(from_date=BEFORE, to_date=SUNDAY)
    assert (ledger.opening_cents, ledger.closing_cents) == (77_500, 59_500)
    assert row(review, "patient_responsibility")["transfers_cents"] == 2_000
    assert sum(one["closing_cents"] for one in moved["ages"]) == 59_500


def test_of_some_clients_the_pack_is_about_these_only(admin: User) -> None:
    review = made(series_over("MINE"))
    assert review.pack is not None
    assert review.pack["movement"]["tie"]["ledger_closing_cents"] == 28_500
    assert [one["client"] for one in review.pack["clients"]["rows"]] == ["MINE"]
    text = json.dumps(review.pack, cls=DjangoJSONEncoder)
    assert "THEIRS" not in text
    assert "B1" not in text
    whole = json.dumps(made(series_over()).pack, cls=DjangoJSONEncoder)
    assert "THEIRS" in whole


def test_within_a_pack_the_database_shows_no_other_client(admin: User) -> None:
    with seeing_only([mine().pk]):
        assert set(Claim.objects.values_list("client__code", flat=True)) == {"MINE"}
        assert WorkItem.objects.exclude(client_id=mine().pk).count() == 0
    assert set(Claim.objects.values_list("client__code", flat=True)) == {"MINE", "THEIRS"}


def test_a_week_is_made_once_and_its_numbers_stay(admin: User) -> None:
    series = series_over()
    assert [one.as_of_date for one in ask_for_week(at=MONDAY)] == [SUNDAY]
    assert ask_for_week(at=MONDAY) == []
    assert (make_waiting(at=MONDAY), make_waiting(at=MONDAY)) == (1, 0)
    review = series.reviews.get()
    assert (review.state, review.made_at) == (State.READY, MONDAY)
    changes: tuple[dict[str, Any], ...] = (
        {"pack": {}}, {"made_at": AT}, {"as_of_date": BEFORE}, {"client_ids": [1]},
    )  # fmt: skip
    for change in changes:
        with pytest.raises(IntegrityError, match="its pack is frozen"), transaction.atomic():
            Review.objects.filter(pk=review.pk).update(**change)
    assert Notice.objects.filter(kind="review.ready").count() == 0  # nobody is invited


def test_two_workers_at_once_keep_one_pack(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    series_over()
    (review,) = ask_for_week(at=MONDAY)
    real, counts = packing.make_pack, []

    def slowly(one: Review, *, today: date) -> Any:
        monkeypatch.setattr(packing, "make_pack", real)
        counts.append(make_waiting(at=MONDAY))  # the other one, from beginning to end
        return real(one, today=today)

    monkeypatch.setattr(packing, "make_pack", slowly)
    assert (make_waiting(at=AT), counts) == (0, [1])
    review.refresh_from_db()
    assert review.made_at == MONDAY


def test_a_pack_that_fails_keeps_no_other_from_being_made(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = series_over("MINE"), series_over("THEIRS")
    ask_for_week(at=MONDAY)
    real = packing.make_pack

    def failing(one: Review, *, today: date) -> Any:
        if one.series_id == bad.pk:
            raise LookupError
        return real(one, today=today)

    monkeypatch.setattr(packing, "make_pack", failing)
    with pytest.raises(LookupError):
        make_waiting(at=MONDAY)
    assert (bad.reviews.get().state, good.reviews.get().state) == (State.WAITING, State.READY)
    monkeypatch.setattr(packing, "make_pack", real)
    assert make_waiting(at=MONDAY) == 1


def test_a_day_to_come_and_a_series_not_held_are_refused(admin: User) -> None:
    series = series_over()
    with pytest.raises(ReviewRefused, match="looks back"):
        ask_for_review(series, MONDAY.date() + timedelta(days=1), user=None, at=MONDAY)
    change_series(series.pk, {"is_active": False}, at=MONDAY)
    series.refresh_from_db()
    with pytest.raises(ReviewRefused, match="not held any more"):
        ask_for_review(series, SUNDAY, user=None, at=MONDAY)
    assert not Review.objects.exists()
    assert ask_for_week(at=MONDAY) == []


def test_the_whole_book_is_for_those_who_see_it(admin: User) -> None:
    specialist = people_of().specialist
    with pytest.raises(ReviewRefused, match="see all clients"):
        make_series(FORM, client_ids=[mine().pk], is_whole_book=True, user=specialist, at=MONDAY)
    with pytest.raises(ReviewRefused, match="at least one client"):
        make_series(FORM, client_ids=[], is_whole_book=False, user=admin, at=MONDAY)
    assert not Series.objects.exists()


def test_a_meeting_writes_once_what_two_press_twice(admin: User) -> None:
    review = begun(made(series_over()), admin)
    assert begun(review, admin).item == "actions"
    meeting.move_to(review.pk, "scorecard", from_item="actions", at=AT)
    late = meeting.move_to(
        review.pk, "scorecard", from_item="actions", at=AT + timedelta(minutes=1)
    )
    assert (late.item, late.item_at) == ("scorecard", AT)
    for _ in range(2):
        meeting.write_down(
            review.pk, item="stuck", kind="decision", text=" We call. ", key="k1", user=admin, at=AT
        )
    assert [one.text for one in Entry.objects.all()] == ["We call."]
    entry = Entry.objects.get()
    meeting.strike_out(review.pk, entry.pk, user=admin, at=AT)
    meeting.strike_out(review.pk, entry.pk, user=admin, at=AT)
    assert not Entry.objects.filter(strike=None).exists()
    with pytest.raises(ReviewRefused, match="write what was decided"):
        meeting.write_down(
            review.pk, item="stuck", kind="note", text="  ", key="k2", user=admin, at=AT
        )


def decided(review: Review, user: User, claims: list[int], **more: Any) -> Action:
    return meeting.decide_action(
        review.pk,
        **{
            "item": "stuck", "text": "Call the payer", "owner": user, "key": "a1", "user": user,
            "due_date": date(2026, 1, 30), "at": AT, "claim_ids": claims, **more,
        },
    )  # fmt: skip


def test_an_action_comes_back_next_week_with_what_its_claims_brought(
    inbox: Inbox, admin: User
) -> None:
    series = series_over()
    review = begun(made(series), admin)
    claim = Claim.objects.get(number="A2")
    action = decided(review, admin, [claim.pk])
    assert decided(review, admin, [claim.pk]).pk == action.pk
    assert (action.open_cents, action.claim_ids) == (17_500, [claim.pk])
    assert WorkItem.objects.get(claim_id=claim.pk, party=11).assignee_id == admin.pk
    meeting.close(review.pk, present=[], user=admin, at=AT + timedelta(minutes=50))
    pay(inbox, "A2", date(2026, 1, 29), amount=130)
    monday = MONDAY + timedelta(days=7)
    refresh_stale(monday.date())
    after = made(series, SUNDAY + timedelta(days=7), monday)
    assert after.pack is not None
    back = after.pack["actions"]
    assert (back["before"], back["paid_cents"], back["open_count"]) == ("2026-01-25", 13_000, 1)
    assert [(one["text"], one["paid_cents"], one["is_overdue"]) for one in back["rows"]] == [
        ("Call the payer", 13_000, True)
    ]
    assert after.pack["movement"]["tie"]["is_tied"]
    ended_at = monday + timedelta(minutes=30)
    meeting.end_action(action.pk, state="done", result="paid", user=admin, at=ended_at)
    third = made(series, monday.date(), monday + timedelta(hours=1))
    assert third.pack is not None
    assert [one["state"] for one in third.pack["actions"]["rows"]] == ["done"]


def test_claims_of_an_action_can_become_tasks(admin: User) -> None:
    review = begun(made(series_over()), admin)
    claims = [Claim.objects.get(number=number).pk for number in ("A2", "B1")]
    action = decided(review, admin, claims, with_claims="task")
    assert action.task_ids == sorted(Task.objects.values_list("pk", flat=True))
    assert set(Task.objects.values_list("claim__number", "assignee", "question")) == {
        ("A2", admin.pk, "Call the payer"),
        ("B1", admin.pk, "Call the payer"),
    }


def test_an_action_that_cannot_be_is_refused_and_nothing_is_written(admin: User) -> None:
    review = begun(made(series_over("MINE")), admin)
    stranger = people_of().stranger
    foreign = Claim.objects.get(number="B1").pk
    for wrong, words in (
        ({"due_date": date(2026, 1, 25)}, "due today or later"),
        ({"owner": stranger}, "does not see all clients"),
        ({"claim_ids": [foreign]}, "not of this review"),
        ({"with_claims": "magic"}, "what happens with the claims"),
        ({"text": " "}, "write what was decided"),
        ({"item": "weather"}, "point of the agenda"),
    ):
        with pytest.raises(ReviewRefused, match=words):
            decided(review, admin, [], **wrong)
    mine_only = Claim.objects.get(number="A2").pk
    with pytest.raises(ReviewRefused, match="clients of these claims"):
        decided(review, admin, [mine_only], owner=stranger)
    assert not Action.objects.exists()
    assert not WorkItem.objects.exclude(assignee=None).exists()


def test_whoever_sees_only_the_claims_gets_them_by_the_worklist(admin: User) -> None:
    review = begun(made(series_over()), admin)
    specialist = people_of().specialist
    claim = Claim.objects.get(number="A2")
    action = decided(review, admin, [claim.pk], owner=specialist)
    assert WorkItem.objects.get(claim_id=claim.pk, party=11).assignee_id == specialist.pk
    assert not Notice.objects.filter(user_id=specialist.pk, kind="review.action").exists()
    with acting_as(specialist):
        assert not Action.objects.filter(pk=action.pk).exists()


def test_a_closed_meeting_stands(admin: User) -> None:
    review = begun(made(series_over()), admin)
    closed = meeting.close(review.pk, present=[people_of().stranger.pk], user=admin, at=AT)
    assert closed.present == [admin.pk]
    assert (
        meeting.close(review.pk, present=[], user=admin, at=AT + timedelta(hours=1)).closed_at == AT
    )
    with pytest.raises(ReviewRefused, match="minutes stand"):
        meeting.write_down(
            review.pk, item="stuck", kind="note", text="late", key="k", user=admin, at=AT
        )
    with pytest.raises(IntegrityError, match="no meeting is on"), transaction.atomic():
        Entry.objects.create(
            review=closed, item="stuck", kind="note", text="late", user=admin, at=AT, key="k"
        )
    with pytest.raises(IntegrityError, match="it is closed"), transaction.atomic():
        Review.objects.filter(pk=review.pk).update(present=[])
    assert not Entry.objects.exists()


def test_the_minutes_say_what_was_decided_and_are_the_same_each_time(admin: User) -> None:
    review = begun(made(series_over()), admin)
    meeting.write_down(
        review.pk, item="stuck", kind="decision", text="We call.", key="k1", user=admin, at=AT
    )
    decided(review, admin, [Claim.objects.get(number="A2").pk])
    draft = minutes_data(review, scope="MINE", day=AT.date())
    assert draft["is_draft"]
    closed = meeting.close(review.pk, present=[], user=admin, at=AT + timedelta(minutes=45))
    data = minutes_data(closed, scope="MINE", day=AT.date())
    assert not data["is_draft"]
    assert data["points"] == [{"title": "Stuck claims", "decisions": ["We call."], "notes": []}]
    assert [(one["owner"], one["due"], one["claims"]) for one in data["actions"]] == [
        ("admin", "2026-01-30", 1)
    ]
    assert data["bridge"]["rows"][-1]["closing"] == 59_500
    assert (data["begun"], data["closed"]) == ("10:15", "11:00")  # Eastern
    paper = minutes_pdf(closed, scope="MINE", day=AT.date())
    assert paper == minutes_pdf(closed, scope="MINE", day=AT.date())
    assert page_count(paper) >= 1


def test_the_calendar_entry_repeats_by_the_clock_of_its_zone(admin: User) -> None:
    people = people_of()
    series = series_over(
        place="Room 3", people=[admin.pk, people.specialist.pk, people.stranger.pk]
    )
    calendar = Calendar.from_ical(calendar_of(series, at=MONDAY))
    assert (calendar["method"], len(calendar.walk("VTIMEZONE"))) == ("REQUEST", 1)
    (event,) = calendar.walk("VEVENT")
    assert isinstance(event, Event)
    assert event.start.isoformat() == "2026-01-26T10:00:00-05:00"
    assert event.end.isoformat() == "2026-01-26T11:00:00-05:00"
    assert calendar.to_ical().count(b"RRULE:FREQ=WEEKLY;BYDAY=MO") == 1
    assert str(event["attendee"]) == "MAILTO:admin@x.test"  # the only one who sees both clients
    july = next_meeting(series, datetime(2026, 7, 7, tzinfo=UTC))
    assert july.astimezone(UTC) == datetime(2026, 7, 13, 14, tzinfo=UTC)  # 10:00 in summer, too
    change_series(series.pk, {"is_active": False}, at=MONDAY)
    series.refresh_from_db()
    cancelled = Calendar.from_ical(calendar_of(series, at=MONDAY))
    assert (cancelled["method"], cancelled.walk("VEVENT")[0]["sequence"]) == ("CANCEL", 1)


def test_an_invitation_goes_once_to_each_and_again_after_a_change(admin: User) -> None:
    series = series_over(people=[admin.pk, people_of().stranger.pk])
    for _ in range(2):
        assert [one.pk for one in invite(series.pk, at=MONDAY)] == [admin.pk]
    assert list(Mail.objects.values_list("to_address", "attachment_names")) == [
        ("admin@x.test", ["weekly-review.ics"])
    ]
    change_series(series.pk, {"weekday": 2}, at=MONDAY)
    invite(series.pk, at=MONDAY)
    assert Mail.objects.count() == 2
    nobody = series_over("MINE", people=[people_of().stranger.pk])
    with pytest.raises(ReviewRefused, match="nobody is invited"):
        invite(nobody.pk, at=MONDAY)
    assert Mail.objects.count() == 2


def test_the_whole_book_takes_in_clients_that_come_later(admin: User) -> None:
    series = series_over()
    Series.objects.filter(pk=series.pk).update(client_ids=[mine().pk])
    (review,) = ask_for_week(at=MONDAY)
    assert len(review.client_ids) == 2


@pytest.mark.parametrize(
    ("day", "sunday"),
    [(date(2026, 1, 26), SUNDAY), (date(2026, 1, 25), BEFORE), (date(2026, 1, 31), SUNDAY)],
)
def test_the_week_that_ended_is_up_to_the_sunday_before(day: date, sunday: date) -> None:
    assert last_sunday(day) == sunday


def test_a_day_that_is_not_kept_is_worked_out(admin: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM barriers_week_end WHERE as_of_date = '2026-01-21'")
        assert cursor.fetchone() == (0,)
    review = made(series_over(), date(2026, 1, 21))
    assert review.pack is not None
    assert review.since_date == date(2026, 1, 11)
    assert review.pack["movement"]["tie"]["is_tied"]
    assert review.pack["movement"]["total"]["closing_cents"] == 59_500


def test_a_pack_says_what_the_command_line_says_of_its_day(admin: User) -> None:
    review = made(series_over())
    assert review.pack is not None
    said: dict[str, int] = {}
    for one in barrier_rows(SUNDAY, today=MONDAY.date(), by_party=True):
        said[one["barrier"]] = said.get(one["barrier"], 0) + one["balance_cents"]
    reasons = review.pack["movement"]["reasons"]
    assert {one["part"]: one["closing_cents"] for one in reasons if one["closing_cents"]} == said
    aged = aging(AgingQuestion(as_of=SUNDAY, party="all"))
    ages = {one["part"]: one["closing_cents"] for one in review.pack["movement"]["ages"]}
    for label, column in zip(("0-30", "31-60"), aged.bucket_columns, strict=False):
        assert ages.get(label, 0) == aged.totals[column]
    owed = aging(AgingQuestion(as_of=SUNDAY)).totals["total_cents"]
    assert review.pack["payers"]["total_cents"] == owed
    assert sum(one["owed_cents"] for one in review.pack["clients"]["rows"]) == owed


def test_cash_is_told_beside_what_was_forecast_for_its_week(admin: User) -> None:
    client = mine().pk
    for as_of, expected in ((BEFORE, 10_000.0), (SUNDAY, 7_000.0)):
        run = ForecastRun.objects.create(
            as_of=as_of, weeks=4, made_at=MONDAY,
            quantiles=[
                {"distance": place, "is_whole": False, "low": -1.0, "high": 1.0}
                for place in range(5)
            ],
        )  # fmt: skip
        for week in range(1, 5):
            ForecastWeek.objects.create(
                run=run, client_id=client, week=week, expected_cents=expected, scale=1_000.0,
                by_source={},
            )  # fmt: skip
    CashDay.objects.create(client_id=client, day=date(2026, 1, 20), cents=12_000)
    found = made(series_over("MINE")).pack
    assert found is not None
    cash = found["cash"]
    assert (cash["week_from"], cash["week_to"], cash["came_cents"]) == (
        "2026-01-19", "2026-01-25", 12_000,
    )  # fmt: skip
    assert cash["forecast"] == {
        "expected_cents": 10_000, "low_cents": 9_000, "high_cents": 11_000, "off_cents": 2_000,
        "is_within": False,
    }  # fmt: skip
    assert [one["expected_cents"] for one in cash["ahead"]] == [7_000] * 4


def test_a_demonstration_has_last_weeks_review_held_and_this_weeks_ready(admin: User) -> None:
    User.objects.create(email="lead@x.test", name="Lead", role="lead", sees_all_clients=True)
    assert (ensure_demo_reviews(at=MONDAY), ensure_demo_reviews(at=MONDAY)) == (2, 0)
    last, this = Review.objects.order_by("as_of_date")
    assert (last.as_of_date, last.state) == (BEFORE, State.CLOSED)
    assert (this.as_of_date, this.state) == (SUNDAY, State.READY)
    assert this.pack is not None
    assert len(this.pack["actions"]["rows"]) == last.actions.count() > 0
    assert [one["item"] for one in this.pack["actions"]["decisions"]] == ["stuck", "deadlines"]
