"""A report from draft to opened: approved by a second person, sent, sent again, withdrawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django.fixtures import Settings
from tests.integration.pages import Visitor, web_role
from tests.integration.sent_reports import client, person, report
from tests.mail_server import Handler, Server, running, text_of, use

from sanderling.accounts.models import User
from sanderling.audit.models import AuditEvent
from sanderling.core.refusal import Refusal
from sanderling.mail.models import Content, Mail
from sanderling.mail.sending import send_queued
from sanderling.news.models import Notice
from sanderling.reports import due
from sanderling.reports.approving import (
    approve,
    reject,
    take_approval_back,
    write_note,
)
from sanderling.reports.delivery_models import Delivery, Step
from sanderling.reports.models import Report
from sanderling.reports.recipients import Choice, addresses_in, suggested
from sanderling.reports.sending import approve_and_send, send, send_again, withdraw
from sanderling.reports.several import approve_all

pytestmark = pytest.mark.django_db
AT = datetime.now(UTC)  # pages and links know no other day
OUTSIDE = Choice(to_client_users=False, addresses=("owner@practice.test",))
PEOPLE = Choice(to_client_users=True)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture
def post(server: Server, settings: Settings) -> Handler:
    return use(server, settings)


@pytest.fixture
def lea(db: None) -> User:
    return person("lea", "lead")


@pytest.fixture
def draft(db: None) -> Report:
    return report(client())


def mail_all() -> int:
    return send_queued(now=lambda: datetime.now(UTC) + timedelta(minutes=5))


def link_in(handler: Handler, number: int = -1) -> str:
    found = re.search(r"https://ar\.example\.com(/l/report/\S+/)", text_of(handler.mails[number]))
    assert found is not None
    return found[1]


def follow(address: str) -> Any:
    """Open a link as a stranger does."""
    with web_role():
        return Browser().get(address)


def refused(why: str, act: Any) -> None:
    with pytest.raises(Refusal, match=why):
        act()


def test_from_draft_to_opened(post: Handler, draft: Report, lea: User) -> None:
    page = Visitor(lea)
    shown = page.get(f"/reports/{draft.pk}/approval/").content.decode()
    assert "Approve and send" in shown
    assert f"/reports/{draft.pk}/pages/1.png" in shown
    picture = page.get(f"/reports/{draft.pk}/pages/1.png")
    assert picture.content.startswith(b"\x89PNG")
    assert page.get(f"/reports/{draft.pk}/pages/99.png").status_code == 404
    answer = page.post(
        f"/reports/{draft.pk}/approve/", act="send", addresses="owner@practice.test",
        attaches_pdf="on",
    )  # fmt: skip
    assert answer.status_code == 302
    assert mail_all() == 1
    (mail,) = post.mails
    assert mail["To"] == "owner@practice.test"
    assert mail["Subject"] == "Report: Executive summary, MINE Clinic, 2026-02-01 to 2026-02-28"
    (file,) = mail.iter_attachments()
    assert file.get_filename() == "report-2026-02-28.pdf"
    delivery = Delivery.objects.get()
    assert delivery.opened_at is None
    cover = follow(link_in(post))
    assert cover.status_code == 200
    assert "Cash in" not in cover.content.decode()
    delivery.refresh_from_db()
    assert delivery.opened_at is None  # what looks into mails has not read it
    read = follow(f"{link_in(post)}read/")
    assert "$123.45" in read.content.decode()
    assert Delivery.objects.get().opened_at is not None
    assert follow(f"{link_in(post)}report.pdf").content.startswith(b"%PDF")
    log = page.get("/reports/deliveries/").content.decode()
    assert "Opened" in log
    seen = AuditEvent.objects.filter(action__in=["report.view", "report.export"])
    assert [one.actor.split(":")[0] for one in seen.order_by("pk")] == ["user", "link", "link"]


def test_the_secret_of_a_link_is_nowhere_once_it_is_sent(
    post: Handler, draft: Report, lea: User
) -> None:
    approve_and_send(draft.pk, OUTSIDE, user=lea, at=AT)
    mail_all()
    token = link_in(post).split("/")[-2]
    assert Content.objects.count() == 0
    assert token not in str(list(Mail.objects.values()))
    assert token not in str(list(AuditEvent.objects.values_list("detail", "subject_id")))


def test_the_clients_own_people_log_in_and_get_no_link(
    post: Handler, draft: Report, lea: User
) -> None:
    ann = person("ann", "client_user", client())
    sent = Visitor(lea).post(f"/reports/{draft.pk}/approve/", act="send", to_client_users="on")
    assert sent.status_code == 302
    mail_all()
    assert "/l/report/" not in text_of(post.mails[0])
    assert f"https://ar.example.com/portal/reports/{draft.pk}/" in text_of(post.mails[0])
    assert Notice.objects.get(user=ann).url == f"/portal/reports/{draft.pk}/"
    page = Visitor(ann)
    listed = page.get("/portal/reports/").content.decode()
    assert "Executive summary" in listed
    assert "new" in listed
    assert "$123.45" in page.get(f"/portal/reports/{draft.pk}/").content.decode()
    assert Delivery.objects.get().opened_at is not None
    workbook = page.get(f"/portal/reports/{draft.pk}/report.xlsx")
    assert workbook["Content-Disposition"] == 'attachment; filename="report-2026-02-28.xlsx"'
    # An address of somebody with an account is that person, however it is written.
    again = send(draft.pk, Choice(False, addresses_in("ANN@x.test")), user=lea, at=AT)
    assert again == []


def test_who_made_it_or_wrote_its_note_does_not_approve_it(lea: User) -> None:
    mine = report(client(), made_by=lea)
    refused("you made this report", lambda: approve(mine.pk, user=lea, at=AT))
    other = person("otto", "lead")
    write_note(mine.pk, "A good month.", user=other, at=AT)
    refused("you wrote the note", lambda: approve(mine.pk, user=other, at=AT))
    refused("you wrote the note", lambda: approve_and_send(mine.pk, OUTSIDE, user=other, at=AT))
    mine.refresh_from_db()
    assert (mine.state, mine.approved_by) == ("draft", None)
    assert (Delivery.objects.count(), Mail.objects.count()) == (0, 0)
    third = person("tina", "account_manager")
    assert approve(mine.pk, user=third, at=AT).approved_by == third
    refused("only in a draft", lambda: write_note(mine.pk, "x", user=other, at=AT))


def test_a_second_approval_finds_it_done(draft: Report, lea: User) -> None:
    approve(draft.pk, user=lea, at=AT)
    refused("waits for no approval", lambda: approve(draft.pk, user=person("o", "lead"), at=AT))
    take_approval_back(draft.pk, user=lea, at=AT)
    draft.refresh_from_db()
    assert (draft.state, draft.approved_by_id, draft.approved_at) == ("draft", None, None)


def test_a_rejected_report_says_why_and_can_be_made_anew(draft: Report, lea: User) -> None:
    refused("say why", lambda: reject(draft.pk, " ", user=lea, at=AT))
    answer = Visitor(lea).post(f"/reports/{draft.pk}/reject/", reason="  ")
    assert answer.status_code == 422
    assert "Say why" in answer.content.decode()
    reject(draft.pk, "February's file of Acme is missing", user=lea, at=AT)
    draft.refresh_from_db()
    assert (draft.state, draft.withdrawn_reason) == (
        "withdrawn", "February's file of Acme is missing",
    )  # fmt: skip
    assert "Acme" not in str(list(AuditEvent.objects.values_list("detail", flat=True)))
    refused("only a draft", lambda: reject(draft.pk, "x", user=lea, at=AT))
    assert report(client()).pk != draft.pk


def test_a_double_click_sends_once_and_others_can_be_added(
    post: Handler, draft: Report, lea: User
) -> None:
    approve_and_send(draft.pk, OUTSIDE, user=lea, at=AT)
    assert send(draft.pk, OUTSIDE, user=lea, at=AT) == []
    more = Choice(False, ("owner@practice.test", "office@practice.test"))
    assert [one.address for one in send(draft.pk, more, user=lea, at=AT)] == [
        "office@practice.test"
    ]
    assert mail_all() == 2
    assert {one["To"] for one in post.mails} == {"owner@practice.test", "office@practice.test"}


def test_what_cannot_be_sent_is_refused_and_stays_a_draft(draft: Report, lea: User) -> None:
    stranger = person("sue", "client_user", client("OTHER"))
    named = report(client("NAMED"), names_claims=True)
    cases: list[tuple[Report, Choice, str]] = [
        (draft, PEOPLE, "nobody would get it"),
        (draft, Choice(False, (stranger.email,)), "may not see this client"),
        (draft, Choice(False, ("no address",)), "no e-mail address"),
        (named, Choice(False, ("a@x.test",), attaches_pdf=True), "names claims"),
    ]
    for one, choice, why in cases:
        refused(why, lambda o=one, c=choice: approve_and_send(o.pk, c, user=lea, at=AT))
    refused("only an approved report", lambda: send(draft.pk, OUTSIDE, user=lea, at=AT))
    assert set(Report.objects.values_list("state", flat=True)) == {"draft"}
    assert (Delivery.objects.count(), Mail.objects.count(), Step.objects.count()) == (0, 0, 0)
    answer = Visitor(lea).post(f"/reports/{draft.pk}/approve/", act="send", addresses="nonsense")
    assert answer.status_code == 422
    assert "nonsense" in answer.content.decode()


def test_a_report_that_names_claims_says_nothing_of_them_in_its_mail(
    post: Handler, lea: User
) -> None:
    named = report(client(), names_claims=True)
    approve_and_send(named.pk, OUTSIDE, user=lea, at=AT)
    mail_all()
    assert "SECRET-77" not in post.mails[0].as_string()
    assert "SECRET-77" in follow(f"{link_in(post)}read/").content.decode()


def test_sent_again_the_link_before_leads_nowhere(post: Handler, draft: Report, lea: User) -> None:
    (first,) = approve_and_send(draft.pk, OUTSIDE, user=lea, at=AT)
    mail_all()
    old = link_in(post)
    answer = Visitor(lea).post(f"/reports/deliveries/{first.pk}/again/")
    assert answer.status_code == 302
    mail_all()
    assert follow(old).status_code == 404
    assert follow(link_in(post)).status_code == 200
    refused("a later mail", lambda: send_again(first.pk, user=lea, at=AT))
    assert len(post.mails) == 2


def test_an_altered_expired_or_misused_link_opens_nothing(
    post: Handler, draft: Report, lea: User
) -> None:
    approve_and_send(draft.pk, OUTSIDE, user=lea, at=AT - timedelta(days=400))
    mail_all_late = send_queued(now=lambda: AT - timedelta(days=400))
    assert mail_all_late == 1
    old = link_in(post)
    for address in (old, f"{old}read/", f"{old}report.pdf", f"{old}report.xlsx"):
        assert follow(address).status_code == 404
    altered = old.replace(old[12], "A" if old[12] != "A" else "B", 1)
    assert follow(altered).status_code == 404
    assert follow(old.replace("/l/report/", "/l/documents/")).status_code == 404
    assert Delivery.objects.get().opened_at is None


def test_withdrawn_it_is_gone_for_all_and_they_are_told(
    post: Handler, draft: Report, lea: User
) -> None:
    ann = person("ann", "client_user", client())
    both = Choice(to_client_users=True, addresses=("owner@practice.test",))
    approve_and_send(draft.pk, both, user=lea, at=AT)
    mail_all()
    link = next(link_in(post, n) for n in (0, 1) if "/l/report/" in text_of(post.mails[n]))
    late = send(draft.pk, Choice(False, ("late@practice.test",)), user=lea, at=AT)
    answer = Visitor(lea).post(
        f"/reports/{draft.pk}/withdraw/", reason="JANE DOE is counted twice", tells="on"
    )
    assert answer.status_code == 302
    post.mails.clear()
    mail_all()
    # Whoever was not sent it yet gets neither it nor the withdrawal.
    assert {one["To"] for one in post.mails} == {"ann@x.test", "owner@practice.test"}
    assert all("JANE" not in one.as_string() for one in post.mails)
    assert all(one["Subject"].startswith("Withdrawn: Executive") for one in post.mails)
    assert Mail.objects.get(to_address=late[0].address).state == "cancelled"
    assert follow(link).status_code == 404
    page = Visitor(ann)
    assert page.get(f"/portal/reports/{draft.pk}/").status_code == 404
    assert "Executive summary" not in page.get("/portal/reports/").content.decode()
    refused("withdrawn already", lambda: withdraw(draft.pk, "x", tells=True, user=lea, at=AT))
    assert not Delivery.objects.filter(ended_at=None).exists()


def test_a_mail_that_is_given_up_is_told_to_who_sent_it_once(
    post: Handler, draft: Report, lea: User
) -> None:
    post.answers = {"owner@practice.test": "550 no such user"}
    approve_and_send(draft.pk, OUTSIDE, user=lea, at=AT)
    mail_all()
    assert due.tell_undelivered(at=AT) == 1
    assert due.tell_undelivered(at=AT) == 0
    notice = Notice.objects.get(user=lea)
    assert notice.text == "A report was not delivered: Executive summary"
    assert notice.is_urgent
    page = Visitor(lea)
    assert (
        "the server refuses the address (550)" in page.get("/reports/approvals/").content.decode()
    )
    assert "Not delivered" in page.get("/reports/deliveries/?show=failed").content.decode()


def test_the_page_shows_the_pages_of_the_month_before_beside(draft: Report, lea: User) -> None:
    before = report(
        client(),
        from_date=date(2026, 1, 1),
        to_date=date(2026, 1, 31),
        as_of_date=date(2026, 1, 31),
    )
    approve_and_send(before.pk, OUTSIDE, user=lea, at=AT)
    page = Visitor(lea).get(f"/reports/{draft.pk}/approval/").content.decode()
    assert f"/reports/{before.pk}/pages/1.png" in page
    assert "beside those of 2026-01-01 to 2026-01-31" in page
    # And it would go to the same people.
    assert suggested(draft) == Choice(False, ("owner@practice.test",))
    assert "owner@practice.test" in page


def test_the_log_can_be_taken_along(draft: Report, lea: User) -> None:
    approve_and_send(draft.pk, OUTSIDE, user=lea, at=AT)
    lines = Visitor(lea).get("/reports/deliveries/?format=csv").content.decode().splitlines()
    assert len(lines) == 2
    assert "owner@practice.test,link,waiting" in lines[1]


def test_the_months_reports_are_approved_together_each_refused_to_who_made_it(
    post: Handler, lea: User
) -> None:
    ann = person("ann", "client_user", client("ONE"), client("TWO"))
    ready, other = report(client("ONE")), report(client("TWO"))
    mine = report(client("MADE"), made_by=lea)
    noted = report(client("NOTED"))
    write_note(noted.pk, "A good month.", user=lea, at=AT)
    alone = report(client("ALONE"))  # nobody would get it
    page = Visitor(lea)
    shown = page.get("/reports/approvals/").content.decode()
    assert f'name="report" value="{ready.pk}"' in shown
    assert f'name="report" value="{mine.pk}"' not in shown
    assert f'name="report" value="{noted.pk}"' not in shown
    assert "$123.45" in shown  # what is at the head of each
    ids = [str(one.pk) for one in (ready, other, mine, noted, alone)]
    assert page.post("/reports/approvals/approve/", act="send", report=ids).status_code == 302
    told = page.get("/reports/approvals/").content.decode()
    assert "2 reports approved; 2 mails on the way." in told
    assert "MADE, Executive summary: you made this report" in told
    assert "NOTED, Executive summary: you wrote the note" in told
    assert "ALONE, Executive summary: nobody would get it" in told
    states = dict(Report.objects.values_list("client__code", "state"))
    assert states == {
        "ONE": "sent", "TWO": "sent", "MADE": "draft", "NOTED": "draft", "ALONE": "draft",
    }  # fmt: skip
    assert set(Delivery.objects.values_list("user", flat=True)) == {ann.pk}
    assert set(Report.objects.filter(state="sent").values_list("approved_by", flat=True)) == {
        lea.pk
    }
    again = approve_all(map(int, ids), sends=False, user=lea, at=AT)
    assert (again.done, len(again.refused)) == (1, 4)  # only the one without people
    assert Delivery.objects.count() == 2


def test_drafts_are_looked_through_by_period_and_composition(lea: User) -> None:
    report(client("ONE"))
    report(client("TWO"))
    report(client("OLD"), from_date=date(2026, 1, 1), to_date=date(2026, 1, 31))
    page = Visitor(lea)
    shown = page.get("/reports/approvals/").content.decode()
    (address,) = set(re.findall(r"\?group=2026-01-01\.2026-01-31\.\d+", shown))
    narrowed = page.get(f"/reports/approvals/{address}").content.decode()
    assert "Choose Executive summary of OLD" in narrowed
    assert "Choose Executive summary of ONE" not in narrowed
    assert (
        "Choose Executive summary of ONE"
        in page.get("/reports/approvals/?group=x").content.decode()
    )


def test_who_may_not_approve_sees_no_boxes_and_is_refused(draft: Report) -> None:
    sam = person("sam", "specialist")
    page = Visitor(sam)
    assert 'name="report"' not in page.get("/reports/approvals/").content.decode()
    answer = page.post("/reports/approvals/approve/", act="approve", report=str(draft.pk))
    assert answer.status_code == 403
    draft.refresh_from_db()
    assert draft.state == "draft"
