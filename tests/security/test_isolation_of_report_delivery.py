"""Approval and delivery of reports: one's own clients; a link shows its one report and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import NamedTuple

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser
from tests.builders import rows
from tests.integration.pages import Visitor, web_role
from tests.integration.sent_reports import client, person, report

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.clients.models import Client
from sanderling.links.actions import make_link
from sanderling.links.models import Link
from sanderling.reports.approving import approve, write_note
from sanderling.reports.delivery_models import Delivery, Due, Schedule
from sanderling.reports.models import Definition, Report
from sanderling.reports.recipients import Choice
from sanderling.reports.schedules import schedule_reports
from sanderling.reports.sending import approve_and_send

pytestmark = pytest.mark.django_db
AT = datetime.now(UTC)
TABLES = (
    *("reports_schedule", "reports_due", "reports_step", "reports_delivery", "reports_report"),
)


@contextmanager
def as_web(client_ids: str, *, role: str = "lead", actor: str = "user:1") -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', %s, true),"
            " set_config('sanderling.role', %s, true), set_config('sanderling.actor', %s, true)",
            [client_ids, role, actor],
        )
        yield
        cursor.execute("RESET ROLE")


class Two(NamedTuple):
    """Two clients with a schedule, what was due, a sent report and a draft each."""

    mine: Client
    foreign: Client
    sent: dict[str, Report]
    draft: dict[str, Report]
    lea: User  # sees both


@pytest.fixture
def two(db: None) -> Two:
    mine, foreign, lea = client("MINE"), client("FOREIGN"), person("lea", "lead")
    sent, draft = {}, {}
    for one in (mine, foreign):
        choice = Choice(to_client_users=False, addresses=(f"{one.code.lower()}@practice.test",))
        (schedule,) = schedule_reports(
            Definition.objects.get(preset="executive"), clients=[one], rhythm="monthly", day=3,
            choice=choice, user=lea, at=AT,
        )  # fmt: skip
        sent[one.code] = report(one)
        Due.objects.create(
            schedule=schedule, client_id=one.pk, due_date=date(2026, 3, 4),
            from_date=date(2026, 2, 1), to_date=date(2026, 2, 28), report=sent[one.code],
            state="made",
        )  # fmt: skip
        approve_and_send(sent[one.code].pk, choice, user=lea, at=AT)
        draft[one.code] = report(one, to_date=date(2026, 2, 27))
    return Two(mine, foreign, sent, draft, lea)


def test_a_client_sees_its_own_rows_and_only_those(two: Two) -> None:
    for one in (two.mine, two.foreign):
        for table in TABLES:
            with as_web(f"{{{one.pk}}}"):
                assert {found for (found,) in rows(f"SELECT client_id FROM {table}")} == {one.pk}
    for visible in ("", "{}"):
        with as_web(visible):
            for table in TABLES:
                assert rows(f"SELECT * FROM {table}") == [], table


def test_a_clients_person_sees_sent_reports_and_mails_of_his_own(two: Two) -> None:
    ann = person("ann", "client_user", two.mine)
    Delivery.objects.create(
        report=two.sent["MINE"], client_id=two.mine.pk, user=ann, address=ann.email, queued_at=AT
    )
    with as_web(f"{{{two.mine.pk}}}", role="client_user", actor=f"user:{ann.pk}"):
        assert rows("SELECT address FROM reports_delivery") == [(ann.email,)]
        assert rows("SELECT id FROM reports_report") == [(two.sent["MINE"].pk,)]
        for table in ("reports_schedule", "reports_due", "reports_step"):
            assert rows(f"SELECT * FROM {table}") == [], table


def test_a_link_sees_its_one_delivery_and_report(two: Two) -> None:
    other = report(two.mine, to_date=date(2026, 2, 26))
    approve_and_send(other.pk, Choice(False, ("x@practice.test",)), user=two.lea, at=AT)
    delivery = Delivery.objects.get(report=two.sent["MINE"])
    link = Link.objects.get(purpose="report", subject_id=delivery.pk)
    with as_web(f"{{{two.mine.pk}}}", role="link", actor=f"link:{link.pk}"):
        assert rows("SELECT id FROM reports_delivery") == [(delivery.pk,)]
        assert rows("SELECT id FROM reports_report") == [(two.sent["MINE"].pk,)]
        for table in ("reports_schedule", "reports_due", "reports_step"):
            assert rows(f"SELECT * FROM {table}") == [], table
    with as_web(f"{{{two.mine.pk}}}", role="link", actor="link:999999"):
        assert rows("SELECT id FROM reports_report") == []


def test_a_link_of_another_client_to_a_delivery_opens_nothing(two: Two) -> None:
    delivery = Delivery.objects.get(report=two.sent["FOREIGN"])
    crafted = make_link(
        purpose="report", subject_id=delivery.pk, client_id=two.mine.pk,
        expires_at=AT.replace(year=AT.year + 1), at=AT,
    )  # fmt: skip
    address = crafted[crafted.index("/l/report/") :]
    for end in ("", "read/", "report.pdf", "report.xlsx"):
        with web_role():
            assert Browser().get(f"{address}{end}").status_code == 404
    assert Delivery.objects.get(pk=delivery.pk).opened_at is None


PAGES = ("approval/", "pages/1.png")
ACTS = ("approve/", "reject/", "take-back/", "send/", "withdraw/")


def test_a_stranger_to_the_client_finds_and_changes_nothing(two: Two) -> None:
    sam = person("sam", "lead", two.mine)
    page = Visitor(sam)
    foreign, sent = two.draft["FOREIGN"], two.sent["FOREIGN"]
    for one in (foreign, sent):
        for end in PAGES:
            assert page.get(f"/reports/{one.pk}/{end}").status_code == 404, end
        for end in ACTS:
            answer = page.post(f"/reports/{one.pk}/{end}", act="send", reason="x")
            assert answer.status_code == 404, end
    delivery = Delivery.objects.get(report=sent)
    due, schedule = Due.objects.get(report=sent), Schedule.objects.get(client=two.foreign)
    for address in (
        f"/reports/deliveries/{delivery.pk}/again/",
        f"/reports/due/{due.pk}/again/",
        f"/reports/schedules/{schedule.pk}/end/",
    ):
        assert page.post(address).status_code == 404, address
    for address in ("/reports/approvals/", "/reports/deliveries/", "/reports/schedules/",
                    "/reports/schedules/new/", "/reports/deliveries/?format=csv"):  # fmt: skip
        shown = page.get(address).content.decode()
        assert "MINE" in shown, address
        assert "FOREIGN" not in shown, address
        assert "foreign@practice.test" not in shown, address
    foreign.refresh_from_db()
    sent.refresh_from_db()
    schedule.refresh_from_db()
    assert (foreign.state, sent.state, schedule.is_active) == ("draft", "sent", True)
    assert Delivery.objects.filter(report=sent).count() == 1
    form = {"definition": str(schedule.definition_id), "rhythm": "weekly", "business_day": "3",
            "weekday": "1", "to_client_users": "on"}  # fmt: skip
    refused = page.post("/reports/schedules/new/", clients=[two.foreign.pk], **form)
    assert refused.status_code == 422
    assert Schedule.objects.filter(client=two.foreign).count() == 1


def test_who_may_what(two: Two) -> None:
    draft, sent = two.draft["MINE"], two.sent["MINE"]
    for role in Role.values:
        page = Visitor(person(role, role, two.mine))
        may = role in ("lead", "account_manager", "admin")
        for address in ("/reports/approvals/", "/reports/deliveries/", "/reports/schedules/",
                        f"/reports/{draft.pk}/approval/"):  # fmt: skip
            assert page.get(address).status_code == (200 if may else 403), (role, address)
        if not may:
            for end in ACTS:
                assert page.post(f"/reports/{draft.pk}/{end}").status_code == 403, (role, end)
        for address in ("/portal/reports/", f"/portal/reports/{sent.pk}/"):
            expected = 200 if role == "client_user" else 403
            assert page.get(address).status_code == expected, (role, address)
    ann = Visitor(person("ann", "client_user", two.mine))
    for one in (draft, two.sent["FOREIGN"], two.draft["FOREIGN"]):
        assert ann.get(f"/portal/reports/{one.pk}/").status_code == 404
        assert ann.get(f"/portal/reports/{one.pk}/report.pdf").status_code == 404
    with web_role():
        answer = Browser().get(f"/portal/reports/{sent.pk}/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login") or "login" in answer["Location"]


def test_the_database_too_wants_a_second_person(two: Two) -> None:
    mine = report(two.mine, made_by=two.lea, to_date=date(2026, 2, 25))
    otto = person("otto", "lead")
    write_note(mine.pk, "x", user=otto, at=AT)
    approving = "UPDATE reports_report SET state = 'approved', approved_at = now()"
    visible = f"{{{two.mine.pk}}}"
    for user, actor, match in (
        (two.lea.pk, two.lea.pk, "another person than its maker"),
        (otto.pk, otto.pk, "another person than its maker"),
        (person("tina", "lead").pk, two.lea.pk, "another person approves than acts"),
    ):
        with (
            pytest.raises(DatabaseError, match=match),
            as_web(visible, actor=f"user:{actor}"),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"{approving}, approved_by_id = {user} WHERE id = {mine.pk}")
    with (
        pytest.raises(DatabaseError, match="somebody must approve"),
        as_web(visible),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"{approving} WHERE id = {mine.pk}")
    approve(mine.pk, user=person("third", "lead"), at=AT)
    with (
        pytest.raises(DatabaseError, match="who approved it does not change"),
        as_web(visible),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"UPDATE reports_report SET approved_by_id = {two.lea.pk} WHERE id = {mine.pk}"
        )


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO reports_due SELECT * FROM reports_due",
        "UPDATE reports_due SET due_date = now()",
        "UPDATE reports_step SET text = 'x'",
        "DELETE FROM reports_step",
        "DELETE FROM reports_delivery",
        "UPDATE reports_delivery SET address = 'x@x.test'",
        "UPDATE reports_delivery SET told_at = now()",
        "DELETE FROM reports_schedule",
    ],
)
def test_the_web_writes_only_what_its_pages_need(two: Two, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match=r"permission denied|append-only"),
        as_web(f"{{{two.mine.pk}}}"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
