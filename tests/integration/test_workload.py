"""Workload: capacity against what is due, the queue, what flows; work moved between people."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.http import QueryDict
from django.urls import reverse
from tests.integration.lead_desk import AT, TODAY, Desk
from tests.integration.listed_items import make_user
from tests.integration.pages import Visitor, text_of

from sanderling.accounts.models import User
from sanderling.audit.models import AuditEvent
from sanderling.payers.models import Payer
from sanderling.worklists.acting import undo
from sanderling.worklists.asking import asker_of, question_of
from sanderling.worklists.listing import size_of
from sanderling.worklists.models import BulkAct, Departure, WorkItem
from sanderling.workload import capacity_page, queue_page
from sanderling.workload.capacity import business_days, capacity, due_items
from sanderling.workload.flow import weeks
from sanderling.workload.models import DayOff, InvalidHours, WorkHours
from sanderling.workload.narrowing import Narrow
from sanderling.workload.people import (
    USUAL_MINUTES,
    Person,
    add_days_off,
    hours,
    people,
    set_hours,
)
from sanderling.workload.queue import oldest_untouched, queue_of
from sanderling.workload.reassigning import Move, NothingToMove, reassign

ALL = Narrow()


@pytest.fixture
def desk(db: None) -> Desk:
    return Desk()


def count_behind(url: str, user: User) -> int:
    """Return how many items the worklist shows at this address."""
    question = question_of(
        QueryDict(urlsplit(url).query), today=TODAY, asker=asker_of(user, teams=("ar",))
    )
    return size_of(question).count


def capacity_of(*extra: Person) -> Any:
    days = business_days(TODAY)
    everybody = [*people(), *extra]
    ids = [one.user_id for one in everybody]
    return capacity(due_items(TODAY, days[-1]), everybody, hours(ids), days)


# --- capacity


def test_the_days_are_today_and_ten_business_days() -> None:
    days = business_days(TODAY)
    assert (len(days), days[0], days[1], days[2]) == (
        11, TODAY, date(2026, 3, 6), date(2026, 3, 9),
    )  # fmt: skip
    saturday = business_days(date(2026, 3, 7))
    assert saturday[:2] == (date(2026, 3, 7), date(2026, 3, 9))


def test_what_is_due_is_laid_over_the_days(desk: Desk) -> None:
    desk.put("LATE", desk.ann, next_date=TODAY - timedelta(days=9), effort_minutes=30)
    desk.put("NOW", desk.ann, effort_minutes=410)
    desk.put("NOT-YET", desk.ann, not_before_date=date(2026, 3, 6), effort_minutes=7)
    desk.put("PENDED", desk.ann, follow_up_date=date(2026, 3, 9), is_pended=True, effort_minutes=5)
    desk.put("SUNDAY", desk.ann, next_date=date(2026, 3, 8), effort_minutes=6)
    desk.put("FAR", desk.ann, next_date=date(2026, 5, 1))
    desk.put("PATIENT", desk.ann, party=14)
    desk.put("FREE", None, effort_minutes=20)
    found = capacity_of()
    ann = next(row for row in found.people if row.title == "Ann")
    assert [cell.due_minutes for cell in ann.cells[:4]] == [440, 7, 11, 0]
    assert [cell.capacity_minutes for cell in ann.cells[:3]] == [400, 400, 400]
    # 40 minutes of today wait until tomorrow, where there is time for them.
    assert [cell.waiting_minutes for cell in ann.cells[:3]] == [40, 0, 0]
    assert found.unowned.cells[0].due_minutes == 20
    assert found.unowned.over_minutes == 20
    assert found.total.cells[0].due_minutes == 460


def test_people_who_may_not_log_in_any_more_keep_their_items_visible(desk: Desk) -> None:
    desk.put("A", desk.bob)
    User.objects.filter(pk=desk.bob.pk).update(is_active=False)
    found = capacity_of()
    assert "Bob" not in [row.title for row in found.people]
    assert (found.others.count, found.total.count) == (1, 1)


def test_hours_days_off_and_holidays_count(desk: Desk) -> None:
    set_hours(user=desk.ann, minutes=[100, 200, 300, 0, 50, 0, 0], at=AT)
    add_days_off(user=desk.ann, from_date=date(2026, 3, 9), to_date=date(2026, 3, 10), at=AT)
    known = hours([desk.ann.pk, desk.bob.pk])
    minutes = [known.minutes(desk.ann.pk, TODAY + timedelta(days=day)) for day in range(7)]
    assert minutes == [0, 50, 0, 0, 0, 0, 300]
    assert known.minutes(desk.bob.pk, TODAY) == 400
    assert known.minutes(desk.bob.pk, date(2026, 12, 25)) == 0
    with pytest.raises(InvalidHours):
        set_hours(user=desk.ann, minutes=[1441, 0, 0, 0, 0, 0, 0], at=AT)
    with pytest.raises(InvalidHours):
        add_days_off(user=desk.ann, from_date=TODAY, to_date=TODAY - timedelta(days=1), at=AT)
    assert WorkHours.objects.get().minutes == [100, 200, 300, 0, 50, 0, 0]
    assert DayOff.objects.count() == 1


def test_each_number_of_the_page_is_the_list_behind_it(desk: Desk) -> None:
    for number, days in enumerate((-9, 0, 1, 3, 4, 4, 5)):
        owner = (desk.ann, desk.bob, None)[number % 3]
        desk.put(f"A{number}", owner, next_date=TODAY + timedelta(days=days))
    desk.put("PATIENT", desk.ann, party=14)
    found = capacity_of()
    shown = capacity_page.people_rows(found, people(), TODAY)
    shown.append(capacity_page.other_row(found.unowned, TODAY, owner="none"))
    shown.append(capacity_page.other_row(found.total, TODAY))
    cells = [cell for row in shown for cell in row["cells"] if cell["count"]]
    assert len(cells) >= 8
    for cell in cells:
        assert count_behind(cell["url"], desk.lead) == cell["count"], cell
    for row in shown:
        assert count_behind(row["url"], desk.lead) == row["count"]


# --- queue


def test_the_queue_is_split_and_ties(desk: Desk) -> None:
    desk.put("A", desk.ann, barrier="denied", balance_cents=5_000, touches=2)
    desk.put("B", None, next_date=TODAY - timedelta(days=8), balance_cents=7_000)
    desk.put("C", None, next_date=TODAY + timedelta(days=8), payer=desk.bolt)
    desk.put("P", None, party=14)
    whole = queue_of("barrier", ALL, today=TODAY).total
    assert (whole.open.count, whole.open.cents) == (3, 22_000)
    assert (whole.due.count, whole.due.cents) == (2, 12_000)
    assert (whole.late.count, whole.late_days_max) == (1, 8)
    assert (whole.unowned.count, whole.unowned_due.cents) == (2, 7_000)
    assert (whole.untouched.count, whole.due_minutes) == (2, 20)
    for part in ("barrier", "client", "payer", "owner"):
        queue = queue_of(part, ALL, today=TODAY)
        assert queue.total == whole
        rows = queue.rows
        for name in ("open", "due", "late", "unowned", "unowned_due", "untouched"):
            assert sum(getattr(row, name).count for row in rows) == getattr(whole, name).count
            assert sum(getattr(row, name).cents for row in rows) == getattr(whole, name).cents
    payers = {str(pk): code for pk, code in Payer.objects.values_list("pk", "payer_id")}
    for part in ("barrier", "client", "payer", "owner", ""):
        for row in queue_of(part, ALL, today=TODAY).rows if part else [whole]:
            shown = queue_page.health_row(row, by=part, filters={}, payers=payers)
            for name in ("open", "due", "late", "untouched"):
                one = shown[name]
                if one["count"]:
                    assert count_behind(one["url"], desk.lead) == one["count"], (part, name)


def test_late_items_fall_into_buckets_and_the_oldest_untouched_come_first(desk: Desk) -> None:
    for number, days in enumerate((0, 1, 7, 8, 30, 31, 90)):
        since = TODAY - timedelta(days=days)
        desk.put(f"L{number}", next_date=since, since_date=since, touches=number % 2)
    desk.put("SOON", next_date=TODAY + timedelta(days=1))
    buckets = queue_of("barrier", ALL, today=TODAY).late
    assert [(first, last, one.count) for first, last, one in buckets] == [
        (0, 0, 1),
        (1, 7, 2),
        (8, 14, 1),
        (15, 30, 1),
        (31, None, 2),
    ]
    for row in queue_page.late_rows(buckets, {}):
        assert count_behind(row["url"], desk.lead) == row["count"]
    oldest = oldest_untouched(ALL, today=TODAY)
    assert [(one.claim, one.days) for one in oldest] == [
        ("L6", 90),
        ("L4", 30),
        ("L2", 7),
        ("L0", 0),
    ]


def test_what_came_and_left_leads_to_what_is_open(desk: Desk) -> None:
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    desk.put("NEW", arrived_at=monday + timedelta(days=1))
    desk.put("OLD", arrived_at=monday - timedelta(days=400))
    for left_at, arrived_at in (
        (monday - timedelta(days=3), monday - timedelta(days=10)),
        (monday + timedelta(days=2), monday - timedelta(days=3)),
    ):
        Departure.objects.create(
            claim_id=1, party=11, client_id=desk.mine.pk, balance_cents=9_000, barrier="denied",
            paid_cents=4_000, arrived_at=arrived_at, left_at=left_at,
        )  # fmt: skip
    found = weeks(ALL, today=TODAY)
    assert found == weeks(ALL, today=TODAY, open_now=2)
    assert len(found) == 13
    assert [(one.from_date, one.came, one.left, one.open_at_end) for one in found[-3:]] == [
        (date(2026, 2, 16), 1, 0, 2),
        (date(2026, 2, 23), 1, 1, 2),
        (date(2026, 3, 2), 1, 1, 2),
    ]
    assert (found[-1].left_cents, found[-1].paid_cents) == (9_000, 4_000)
    assert found[-3].open_at_end - found[-3].net == 1
    assert weeks(Narrow(payer_id=desk.acme.pk), today=TODAY)[-1].came == 1


# --- moving work


def test_work_moves_by_payer_until_the_minutes_are_full_and_back(desk: Desk) -> None:
    first = desk.put("A", desk.ann, score=900.0, effort_minutes=15)
    second = desk.put("B", desk.ann, score=800.0, effort_minutes=15)
    third = desk.put("C", desk.ann, score=700.0, effort_minutes=15)
    desk.put("OTHER", desk.ann, payer=desk.bolt, score=950.0)
    later = desk.put("LATER", desk.ann, next_date=TODAY + timedelta(days=1), score=999.0)
    move = Move(desk.ann.pk, desk.bob.pk, Narrow(payer_id=desk.acme.pk), minutes=20)
    done = reassign(move, user=desk.lead, at=AT, key="k1")
    bobs = WorkItem.objects.filter(assignee=desk.bob)
    assert set(bobs) == {first, second}
    assert done.words == "Assigned 2 claims to Bob"
    # A double click moves nothing more.
    assert reassign(move, user=desk.lead, at=AT, key="k1").pk == done.pk
    assert bobs.count() == 2
    undo(done, user=desk.lead, at=AT)
    assert set(WorkItem.objects.filter(assignee=desk.ann, payer_id=desk.acme.pk)) == {
        first, second, third, later,
    }  # fmt: skip


def test_nothing_moves_where_nothing_fits(desk: Desk) -> None:
    item = desk.put("A", desk.ann)
    desk.put("THEIRS", None, client=desk.theirs)
    for move in (
        Move(None, desk.bob.pk),  # he does not see that client
        Move(desk.ann.pk, desk.ann.pk),
        Move(desk.bob.pk, desk.ann.pk),
        Move(desk.ann.pk, desk.bob.pk, Narrow(payer_id=desk.bolt.pk)),
    ):
        with pytest.raises(NothingToMove):
            reassign(move, user=desk.lead, at=AT, key="")
    item.refresh_from_db()
    assert item.assignee_id == desk.ann.pk
    assert BulkAct.objects.count() == 0


# --- pages


def today_item(desk: Desk, number: str, owner: User | None, **more: Any) -> WorkItem:
    """Put an item that is due on the day of the clock."""
    return desk.put(number, owner, next_date=datetime.now(UTC).date(), **more)


def test_a_lead_sees_capacity_and_moves_work(desk: Desk) -> None:
    today_item(desk, "A", desk.ann)
    today_item(desk, "THEIRS", None, client=desk.theirs)
    visitor = Visitor(desk.lead)
    page = text_of(visitor.get("/workload/"))
    assert "Ann" in page
    assert "Stranger" not in page
    assert "1 item" in page
    form = {"from_user": str(desk.ann.pk), "to_user": str(desk.bob.pk)}
    answer = visitor.post("/workload/move/", **form)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/workload/")
    assert WorkItem.objects.get(claim_number="A").assignee_id == desk.bob.pk
    page = text_of(visitor.get("/workload/"))
    assert "Assigned 1 claim to Bob" in page
    assert "Undo" in page
    again = visitor.post("/workload/move/", **form)
    assert again.status_code == 422
    assert "nothing fits" in text_of(again)
    assert visitor.post("/workload/move/", from_user="0", to_user="x").status_code == 422


def test_the_capacity_is_exported_typed(desk: Desk) -> None:
    today_item(desk, "A", desk.ann, effort_minutes=12)
    answer = Visitor(desk.lead).get("/workload/", format="json")
    rows = json.loads(answer.content)["rows"]
    first = next(row for row in rows if row["person"] == "Ann")
    assert first["due_minutes"] == 12
    assert first["count"] == 1
    assert {row["person"] for row in rows} == {"Ann", "Bob", "Nobody's", "Of people who left"}
    answer = Visitor(desk.lead).get("/workload/", format="json", table="teams")
    rows = json.loads(answer.content)["rows"]
    assert sum(row["due_minutes"] for row in rows) == 12
    assert "person" not in rows[0]


def test_the_queue_page_shows_and_exports(desk: Desk) -> None:
    today_item(desk, "A", None, balance_cents=123_400)
    visitor = Visitor(desk.lead)
    page = text_of(visitor.get("/workload/queue/", by="client"))
    assert "$1,234.00" in page
    assert "MINE" in page
    assert AuditEvent.objects.filter(action="claims.list").count() == 1
    rows = json.loads(visitor.get("/workload/queue/", format="json", by="payer").content)["rows"]
    assert [(row["part"], row["open_cents"]) for row in rows] == [("ACME HEALTH", 123_400)]
    flow = json.loads(visitor.get("/workload/queue/", format="json", table="flow").content)["rows"]
    assert [row["open_at_end"] for row in flow] == [1] * 13
    assert visitor.get("/workload/queue/", by="colour").status_code == 422


def test_what_is_late_and_never_touched_is_exported(desk: Desk) -> None:
    today_item(desk, "A", None, balance_cents=123_400, since_date=TODAY)
    visitor = Visitor(desk.lead)

    def exported(table: str) -> list[dict[str, Any]]:
        answer = visitor.get("/workload/queue/", format="json", table=table)
        found: list[dict[str, Any]] = json.loads(answer.content)["rows"]
        return found

    late = exported("late")
    assert [(row["late_from_days"], row["late_to_days"]) for row in late] == [
        *((0, 0), (1, 7), (8, 14), (15, 30), (31, None)),
    ]
    assert [row["count"] for row in late] == [1, 0, 0, 0, 0]
    assert AuditEvent.objects.filter(action="claims.export").count() == 0
    (row,) = exported("oldest")
    assert (row["claim"], row["client"], row["balance_cents"]) == ("A", "MINE", 123_400)
    assert row["owner"] == ""
    assert AuditEvent.objects.get(action="claims.export").detail["rows"] == 1
    page = text_of(visitor.get("/workload/queue/"))
    assert all(f"table={table}" in page for table in ("late", "oldest", "flow"))


def test_an_empty_queue_says_so(desk: Desk) -> None:
    page = text_of(Visitor(desk.lead).get("/workload/queue/"))
    assert "Nothing is open" in page


def test_a_lead_sets_hours_and_days_off(desk: Desk) -> None:
    visitor = Visitor(desk.lead)
    address = reverse("workload-hours", args=[desk.ann.pk])
    assert "Monday" in text_of(visitor.get(address))
    minutes = {f"day_{number}": str(value) for number, value in enumerate((60, 0, 0, 0, 0, 0, 0))}
    assert visitor.post(address, **minutes).status_code == 302
    assert WorkHours.objects.get().minutes[0] == 60
    assert visitor.post(address, **(minutes | {"day_0": "9999"})).status_code == 422
    assert visitor.post(address, from_date="2030-01-02", to_date="2030-01-01").status_code == 422
    assert visitor.post(address, from_date="2030-01-01", to_date="2030-01-02").status_code == 302
    off = DayOff.objects.get()
    assert "2030-01-01 to 2030-01-02" in text_of(visitor.get(address))
    visitor.post(reverse("remove-day-off", args=[desk.ann.pk, off.pk]))
    assert DayOff.objects.count() == 0
    told = AuditEvent.objects.filter(subject_kind="user", role="lead").order_by("pk")
    assert list(told.values_list("action", flat=True)) == [
        "work_hours.set",
        "day_off.add",
        "day_off.remove",
    ]


def test_the_usual_hours_are_a_working_day() -> None:
    assert USUAL_MINUTES == (400, 400, 400, 400, 400, 0, 0)


def test_strangers_and_others_reach_nothing(desk: Desk) -> None:
    today_item(desk, "A", desk.ann)
    stranger = make_user("other_lead", desk.theirs, role="lead")
    addresses = ("/workload/", "/workload/queue/", reverse("workload-hours", args=[desk.ann.pk]))
    for user in (desk.ann, make_user("cu", desk.mine, role="client_user")):
        for address in addresses:
            assert Visitor(user).get(address).status_code == 403
        form = {"from_user": str(desk.ann.pk), "to_user": str(desk.bob.pk)}
        assert Visitor(user).post("/workload/move/", **form).status_code == 403
    other = Visitor(stranger)
    page = text_of(other.get("/workload/"))
    assert "Ann" not in page
    assert "1 item" not in page
    assert other.get(addresses[2]).status_code == 404
    minutes = {f"day_{number}": "1" for number in range(7)}
    assert other.post(addresses[2], **minutes).status_code == 404
    form = {"from_user": str(desk.ann.pk), "to_user": str(desk.stranger.pk)}
    assert other.post("/workload/move/", **form).status_code == 422
    assert WorkItem.objects.get().assignee_id == desk.ann.pk
    assert WorkHours.objects.count() == 0
