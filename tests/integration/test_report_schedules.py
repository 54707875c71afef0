"""Reports that are made by themselves: each once, whoever is killed, whatever day was missed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.integration.pages import Visitor
from tests.integration.sent_reports import client, person, report

from sanderling.accounts.models import User
from sanderling.agreements.clocks import clock_of
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.mirror.actions import MirrorBusy
from sanderling.news.models import Notice
from sanderling.reports import due
from sanderling.reports.delivery_models import Due, Schedule
from sanderling.reports.due import make_due
from sanderling.reports.making import NoReport
from sanderling.reports.models import Definition, Report
from sanderling.reports.recipients import Choice, suggested
from sanderling.reports.schedules import end_schedule, schedule_reports
from sanderling.reports.sending import approve_and_send

pytestmark = pytest.mark.django_db
# The third business day of March 2026 is Wednesday the 4th.
CLOSE = datetime(2026, 3, 4, 12, tzinfo=UTC)
CHOICE = Choice(to_client_users=False, addresses=("owner@practice.test",))


@pytest.fixture
def lea(db: None) -> User:
    return person("lea", "lead")


class Maker:
    """Stands for the working out of numbers (tests of its own): makes reports of few numbers."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.fails: set[str] = set()
        self.dies_after: int | None = None

    def make(
        self, definition: Definition, *, client_ids: Sequence[int], to_date: date, **more: Any
    ) -> list[Report]:
        clients = list(Client.objects.filter(pk__in=client_ids).order_by("code"))
        self.calls.append([one.code for one in clients])
        if self.fails & {one.code for one in clients}:
            raise NoReport("there is no such client")
        made: list[Report] = []
        for one in clients:
            if self.dies_after is not None and len(made) >= self.dies_after:
                raise KeyboardInterrupt
            found = Report.objects.filter(
                definition=definition, client=one, to_date=to_date
            ).exclude(state="withdrawn")
            made.append(
                found.first()
                or report(
                    one, definition=definition, from_date=more["from_date"], to_date=to_date,
                    as_of_date=more["as_of"],
                )
            )  # fmt: skip
        return made


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> Maker:
    made = Maker()
    monkeypatch.setattr(due, "make_reports", made.make)
    monkeypatch.setattr(due, "new_book", lambda *_, **__: None)
    return made


def schedule(lea: User, *codes: str, rhythm: str = "monthly", day: int = 3) -> list[Schedule]:
    return schedule_reports(
        Definition.objects.get(preset="executive"), clients=[client(code) for code in codes],
        rhythm=rhythm, day=day, choice=CHOICE, user=lea, at=CLOSE - timedelta(days=3),
    )  # fmt: skip


def test_the_close_of_a_month_is_made_on_its_day_once(maker: Maker, lea: User) -> None:
    schedule(lea, "A", "B")
    assert make_due(at=CLOSE - timedelta(days=1)) == 0
    assert make_due(at=CLOSE.replace(hour=3)) == 0  # the night's work comes first
    assert make_due(at=CLOSE) == 2
    assert make_due(at=CLOSE + timedelta(hours=1)) == 0
    assert maker.calls == [["A", "B"]]  # all clients together
    made = Report.objects.order_by("client__code")
    assert [
        (one.client.code, one.from_date, one.to_date, one.as_of_date, one.state) for one in made
    ] == [(code, date(2026, 2, 1), date(2026, 2, 28), date(2026, 2, 28), "draft") for code in "AB"]
    assert set(Schedule.objects.values_list("next_date", flat=True)) == {date(2026, 4, 3)}
    told = Notice.objects.get(user=lea)  # once, for both
    assert (told.url, told.client_id) == ("/reports/approvals/", None)


def test_a_week_is_told_every_week(maker: Maker, lea: User) -> None:
    schedule(lea, "A", rhythm="weekly", day=0)
    assert make_due(at=datetime(2026, 3, 2, 8, tzinfo=UTC)) == 1
    assert make_due(at=datetime(2026, 3, 9, 8, tzinfo=UTC)) == 1
    assert list(Report.objects.order_by("pk").values_list("from_date", "to_date")) == [
        (date(2026, 2, 23), date(2026, 3, 1)),
        (date(2026, 3, 2), date(2026, 3, 8)),
    ]


def test_days_that_were_missed_are_made_up_for(maker: Maker, lea: User) -> None:
    schedule(lea, "A")
    assert make_due(at=datetime(2026, 5, 20, 8, tzinfo=UTC)) == 3
    assert [one.to_date for one in Report.objects.order_by("to_date")] == [
        date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30),
    ]  # fmt: skip


def test_killed_half_way_the_rest_is_made_by_the_next_turn(maker: Maker, lea: User) -> None:
    schedule(lea, "A", "B", "C")
    maker.dies_after = 2
    with pytest.raises(KeyboardInterrupt):
        make_due(at=CLOSE)
    assert Report.objects.count() == 2
    assert Due.objects.filter(state="waiting").count() == 3
    maker.dies_after = None
    assert make_due(at=CLOSE + timedelta(hours=1)) == 3
    assert Report.objects.count() == 3
    assert Due.objects.filter(state="made").count() == 3


def test_one_clients_trouble_is_not_the_others(maker: Maker, lea: User) -> None:
    schedule(lea, "A", "B")
    maker.fails = {"B"}
    assert make_due(at=CLOSE) == 1
    failed = Due.objects.get(state="failed")
    assert failed.problem == "There is no such client."
    page = Visitor(lea)
    assert "There is no such client." in page.get("/reports/approvals/").content.decode()
    assert make_due(at=CLOSE + timedelta(hours=1)) == 0  # waits for a person
    maker.fails = set()
    assert page.post(f"/reports/due/{failed.pk}/again/").status_code == 302
    assert make_due(at=CLOSE + timedelta(hours=2)) == 1


def test_a_busy_mirror_leaves_it_to_the_next_turn(
    maker: Maker, lea: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule(lea, "A")

    def busy(*_: object, **__: object) -> None:
        raise MirrorBusy("the mirror is being refreshed")

    with monkeypatch.context() as patch:
        patch.setattr(due, "new_book", busy)
        assert make_due(at=CLOSE) == 0
    assert Due.objects.get().state == "waiting"
    assert make_due(at=CLOSE) == 1


def test_its_clock_runs_from_the_last_business_day_until_it_is_sent(
    maker: Maker, lea: User
) -> None:
    schedule(lea, "A")
    make_due(at=CLOSE)
    subject = f"report-due:{Due.objects.get().pk}"
    clock = clock_of("report", subject)
    assert clock is not None
    # Standard clients: five business days after February's last one, Friday the 27th.
    assert clock.due_at.date() in {date(2026, 3, 6), date(2026, 3, 7)}
    made = Report.objects.get()
    assert suggested(made) == CHOICE
    approve_and_send(made.pk, CHOICE, user=lea, at=CLOSE)
    clock.refresh_from_db()
    assert clock.ended_at == CLOSE


def test_an_ended_schedule_makes_no_more(maker: Maker, lea: User) -> None:
    (one,) = schedule(lea, "A")
    end_schedule(one.pk, at=CLOSE)
    end_schedule(one.pk, at=CLOSE)
    assert make_due(at=CLOSE) == 0
    assert Due.objects.count() == 0


def test_scheduled_anew_a_client_has_one_schedule_and_no_period_twice(
    maker: Maker, lea: User
) -> None:
    schedule(lea, "A", day=3)
    make_due(at=CLOSE)
    schedule(lea, "A", day=5)  # later in the same month
    assert Schedule.objects.filter(is_active=True).count() == 1
    make_due(at=CLOSE + timedelta(days=5))
    assert Report.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"clients": []}, "at least one client"),
        ({"day": 16}, "business day from 1 to 15"),
        ({"rhythm": "weekly", "day": 7}, "business day from 1 to 15"),
        ({"choice": Choice(False, ("x",))}, "no e-mail address"),
        ({"preset": "provider", "choice": Choice(True, (), True)}, "names claims"),
    ],
)
def test_what_cannot_be_scheduled_is_refused(lea: User, values: dict[str, Any], why: str) -> None:
    definition = Definition.objects.get(preset=values.pop("preset", "executive"))
    asked: dict[str, Any] = {"clients": [client("A")], "rhythm": "monthly", "day": 3,
                             "choice": CHOICE, **values}  # fmt: skip
    with pytest.raises(Refusal, match=why):
        schedule_reports(definition, user=lea, at=CLOSE, **asked)
    assert Schedule.objects.count() == 0


def test_the_pages_schedule_list_and_end(lea: User) -> None:
    one, two = client("A"), client("B")
    page = Visitor(lea)
    assert "No report is made by itself" in page.get("/reports/schedules/").content.decode()
    executive = str(Definition.objects.get(preset="executive").pk)
    form: dict[str, Any] = {
        "definition": executive, "clients": [one.pk, two.pk], "rhythm": "weekly",
        "business_day": "3", "weekday": "1", "addresses": "owner@practice.test",
    }  # fmt: skip
    assert page.get("/reports/schedules/new/").status_code == 200
    bad = page.post("/reports/schedules/new/", **{**form, "addresses": "nonsense"})
    assert bad.status_code == 422
    assert Schedule.objects.count() == 0
    assert page.post("/reports/schedules/new/", **form).status_code == 302
    listed = page.get("/reports/schedules/").content.decode()
    assert "weekly, on Tuesday" in listed
    assert "owner@practice.test" in listed
    first = Schedule.objects.order_by("pk")[0]
    assert page.post(f"/reports/schedules/{first.pk}/end/").status_code == 302
    assert Schedule.objects.filter(is_active=True).count() == 1
