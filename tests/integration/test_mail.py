"""Mail by a real server: queued with what causes it, sent once, tried again, and logged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from pytest_django.fixtures import Settings
from tests.integration.pages import Visitor
from tests.mail_server import Handler, Server, running, text_of, use

from sanderling.accounts.actions import create_user
from sanderling.audit.models import AuditEvent
from sanderling.mail import sending
from sanderling.mail.actions import (
    ATTACHMENTS_BYTES_MAX,
    File,
    MailRefused,
    cancel_mail,
    queue_mail,
    retry_mail,
)
from sanderling.mail.models import Attachment, Content, Mail
from sanderling.mail.sending import ATTEMPTS_MAX, send_queued
from sanderling.postgres.locks import Lock, session_keys

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PDF = File("report-2026-02.pdf", "application/pdf", b"%PDF-1.7 \x00\xff")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture
def post(server: Server, settings: Settings) -> Handler:
    return use(server, settings)


def put(key: str = "k", to: str = "ann@practice.test", **more: Any) -> Mail:
    more.setdefault("body", "Your report is ready.")
    return queue_mail(kind="report", to=to, subject="Report of February", key=key, at=AT, **more)


def send(after: timedelta = timedelta(0)) -> int:
    return send_queued(now=lambda: AT + after)


def state(mail: Mail) -> tuple[str, int, str]:
    mail.refresh_from_db()
    return mail.state, mail.attempts, mail.result


def test_a_mail_arrives_with_its_files_and_is_forgotten_but_for_the_log(post: Handler) -> None:
    mail = put(attachments=[PDF])
    assert send() == 1
    (got,) = post.mails
    assert (got["To"], got["Subject"]) == ("ann@practice.test", "Report of February")
    assert (got["Message-ID"], got["Auto-Submitted"]) == (mail.message_id, "auto-generated")
    assert text_of(got).strip() == "Your report is ready."
    (file,) = got.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == (PDF.name, PDF.content_type)
    assert file.get_payload(decode=True) == PDF.data
    assert state(mail) == ("sent", 1, "")
    assert mail.sent_at == AT
    assert Content.objects.count() + Attachment.objects.count() == 0
    assert send(MINUTE) == 0


def test_an_invitation_is_one_for_calendars_too(post: Handler) -> None:
    ics = File("review.ics", "text/calendar; method=REQUEST", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR")
    put(attachments=[ics])
    assert send() == 1
    kinds = [one.get_content_type() for one in post.mails[0].walk()]
    assert kinds.count("text/calendar") == 2
    parts = [one for one in post.mails[0].walk() if one.get_content_type() == "text/calendar"]
    assert {one.get_param("method") for one in parts} == {"REQUEST"}


def test_the_same_mail_is_queued_once(post: Handler) -> None:
    first = put()
    assert put(body="Another text") == first
    assert send() == 1
    assert [text_of(one).strip() for one in post.mails] == ["Your report is ready."]
    assert put() == first  # also when it is sent already
    assert send() == 0


def test_a_mail_is_there_only_when_what_caused_it_is(post: Handler) -> None:
    with transaction.atomic():
        put()
        transaction.set_rollback(True)
    assert send() == 0
    assert (Mail.objects.count(), Content.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"to": "nobody"}, "no e-mail address"),
        ({"to": "a@x.test, b@x.test"}, "no e-mail address"),
        ({"to": "a@x.test\nBcc: b@x.test"}, "no e-mail address"),
        ({"attachments": [File("Jane Doe.pdf", "application/pdf", b"")]}, "plain small names"),
        ({"attachments": [File("a.exe", "application/pdf", b"")]}, "plain small names"),
        (
            {"attachments": [File("a.pdf", "application/pdf", b"x" * (ATTACHMENTS_BYTES_MAX + 1))]},
            "larger than 10 MB",
        ),
    ],
)
def test_what_is_no_mail_is_refused_and_nothing_is_kept(values: Any, match: str) -> None:
    with pytest.raises(MailRefused, match=match):
        put(**values)
    assert Mail.objects.count() == 0


def test_a_subject_of_two_lines_is_refused() -> None:
    with pytest.raises(MailRefused, match="one line"):
        queue_mail(kind="x", to="a@x.test", subject="a\nBcc: b", body="", key="k", at=AT)
    assert Mail.objects.count() == 0


def test_a_server_that_greylists_gets_it_again_after_a_while(post: Handler) -> None:
    mail = put()
    post.answers = {"ann@practice.test": "451 4.7.1 greylisted, come back"}
    assert send() == 0
    assert state(mail) == ("waiting", 1, "the server refuses the address (451)")
    assert mail.due_at == AT + MINUTE
    assert send(MINUTE / 2) == 0
    assert post.seen == ["ann@practice.test"]  # not bothered before its time
    assert send(MINUTE) == 0
    assert mail.attempts == 1
    post.answers = {}
    assert send(MINUTE * 6) == 1
    assert state(mail) == ("sent", 3, "")
    assert (len(post.mails), mail.may_be_double) == (1, False)


def test_an_address_that_is_refused_for_good_is_not_bothered_again(post: Handler) -> None:
    bad, good = put("bad", to="gone@practice.test"), put("good")
    post.answers = {"gone@practice.test": "550 5.1.1 no such user"}
    assert send() == 1  # the other one is not held up
    assert state(bad) == ("failed", 1, "the server refuses the address (550)")
    assert state(good)[0] == "sent"
    assert send(timedelta(days=9)) == 0
    assert post.seen.count("gone@practice.test") == 1
    post.answers = {}
    retry_mail(bad.pk, at=AT)
    assert send(MINUTE) == 1
    assert [one["To"] for one in post.mails] == ["ann@practice.test", "gone@practice.test"]


def test_a_mail_that_is_refused_again_and_again_is_given_up(post: Handler) -> None:
    mail = put()
    post.answers = {"DATA": "451 try again"}
    at = timedelta(0)
    for _ in range(ATTEMPTS_MAX + 3):
        send(at)
        at += timedelta(hours=9)
    assert state(mail) == ("failed", ATTEMPTS_MAX, "the server refuses the mail (451)")
    with transaction.atomic():
        assert Content.objects.get().text == "Your report is ready."  # kept for another try


def test_a_sender_that_is_refused_is_our_fault_and_no_mail_is_given_up_at_once(
    post: Handler,
) -> None:
    mail = put()
    post.answers = {"MAIL": "550 not you"}
    assert send() == 0
    assert state(mail) == ("waiting", 1, "the server refuses us as the sender (550)")


def test_a_server_that_is_away_costs_no_attempt(post: Handler, settings: Settings) -> None:
    first, second = put("one"), put("two")
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    for turn in range(ATTEMPTS_MAX + 2):
        assert send(MINUTE * turn) == 0
    assert state(first) == (
        "waiting", 0, "the mail server cannot be used (ConnectionRefusedError)",
    )  # fmt: skip
    settings.EMAIL_PORT = port
    assert send(MINUTE * 20) == 2
    assert state(second) == ("sent", 1, "")


def test_a_connection_that_breaks_before_the_server_says_yes_is_told_from_others(
    post: Handler,
) -> None:
    mail, other = put("one"), put("two")
    post.drops_before = True
    assert send() == 0
    assert state(mail) == ("waiting", 1, "the connection broke (SMTPServerDisconnected)")
    assert state(other) == ("waiting", 0, "")  # nothing more over a broken connection
    post.drops_before, post.drops_after = False, True
    assert send(MINUTE) == 0
    post.drops_after = False
    assert send(MINUTE * 20) == 2
    # The server had one and could not say so: it came again, under the same number, and we say it.
    assert (
        len([one for one in post.mails if one["Message-ID"] == mail.message_id])
        + len([one for one in post.mails if one["Message-ID"] == other.message_id])
        == len(post.mails)
        == 3
    )
    mail.refresh_from_db()
    assert mail.may_be_double


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


def test_killed_before_it_is_handed_over_it_is_sent_once(
    post: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = put()

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_open", die)
        with pytest.raises(Killed):
            send()
    assert state(mail) == ("sending", 1, "")
    assert send() == 0  # taken back, and due in a minute
    assert state(mail) == ("waiting", 1, sending.INTERRUPTED)
    assert send(MINUTE) == 1
    mail.refresh_from_db()
    assert (len(post.mails), mail.may_be_double) == (1, False)


def test_killed_after_the_server_said_yes_it_comes_again_as_the_same_mail(
    post: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = put()

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_sent", die)
        with pytest.raises(Killed):
            send()
    assert len(post.mails) == 1
    send()
    assert send(MINUTE) == 1
    mail.refresh_from_db()
    assert mail.may_be_double
    assert {one["Message-ID"] for one in post.mails} == {mail.message_id}


def test_only_one_sends_at_a_time(post: Handler) -> None:
    put()
    parameters = connection.settings_dict
    with psycopg.connect(
        host=parameters["HOST"], port=parameters["PORT"], user=parameters["USER"],
        dbname=parameters["NAME"], autocommit=True,
    ) as other:  # fmt: skip
        other.execute("SELECT pg_advisory_lock(%s, %s)", session_keys(Lock.MAIL))
        assert send() == 0
        other.execute("SELECT pg_advisory_unlock(%s, %s)", session_keys(Lock.MAIL))
    assert post.mails == []
    assert send() == 1


def test_what_is_out_of_date_is_not_sent_any_more(post: Handler) -> None:
    mail = put(not_after_at=AT + MINUTE)
    assert send(MINUTE) == 0
    assert state(mail) == ("failed", 0, "could not be sent in time")
    with pytest.raises(MailRefused, match="out of date"):
        retry_mail(mail.pk, at=AT + MINUTE)
    assert post.mails == []


def test_a_cancelled_mail_does_not_go_out_and_a_sent_one_cannot_be_cancelled(
    post: Handler,
) -> None:
    stopped, sent = put("one"), put("two")
    cancel_mail(stopped.pk, at=AT)
    cancel_mail(stopped.pk, at=AT)
    assert send() == 1
    assert state(stopped)[0] == "cancelled"
    assert Content.objects.count() == 0
    with pytest.raises(MailRefused, match="can no longer be stopped"):
        cancel_mail(sent.pk, at=AT)
    with pytest.raises(MailRefused, match="has not failed"):
        retry_mail(sent.pk, at=AT)
    assert AuditEvent.objects.filter(action="mail.cancel").count() == 1


def shown_on(page: Visitor, address: str) -> str:
    answer = page.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_lists_what_became_of_each_and_acts(post: Handler) -> None:
    admin = create_user(email="ad@x.test", name="Ad", role="admin", password="long-enough-pass",
                        sees_all_clients=True)  # fmt: skip
    page = Visitor(admin)
    assert "No mail here" in shown_on(page, "/mail/")
    bad = put("bad", to="gone@practice.test")
    put("good", attachments=[PDF])
    post.answers = {"gone@practice.test": "550 5.1.1 no such user"}
    send()
    shown = shown_on(page, "/mail/")
    assert "gone@practice.test" in shown
    assert "the server refuses the address (550)" in shown
    assert "report-2026-02.pdf" in shown
    assert "Your report is ready" not in shown
    assert "ann@practice.test" not in shown_on(page, "/mail/?state=failed")
    rows = shown_on(page, "/mail/?format=csv").splitlines()
    assert len(rows) == 3
    assert page.post("/mail/retry/").status_code == 302
    assert state(bad)[0] == "waiting"
    assert page.post(f"/mail/{bad.pk}/cancel/").status_code == 302
    assert state(bad)[0] == "cancelled"
    assert page.post("/mail/999999/cancel/").status_code == 404
