"""What goes out: daily mails, mails at once, messages by Apprise; to a real server, each once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from tests.integration.pages import Visitor
from tests.integration.work_items import AT, TODAY
from tests.mail_server import Handler, Server, running, text_of, use

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.audit.models import AuditEvent
from sanderling.automation.choosing import set_preference
from sanderling.automation.digests import queue_at_once, queue_digests
from sanderling.automation.models import Alert, AlertRecipient, Digest, Message, Target
from sanderling.automation.raising import NewAlert, raise_alert, resolve_alert
from sanderling.automation.sending import ATTEMPTS_MAX, send_messages
from sanderling.automation.targets import (
    TargetUnusable,
    address_in,
    make_target,
    switch_target,
    try_target,
)
from sanderling.clients.models import Client
from sanderling.mail.sending import send_queued

pytestmark = pytest.mark.django_db
KEY = "a key of more than thirty-two characters"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def mail_server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture
def mails(mail_server: Server, settings: Settings) -> Handler:
    return use(mail_server, settings)


@pytest.fixture
def lena(db: None) -> User:
    Client.objects.create(code="MINE", name="Mine", created_at=AT)
    return create_user(
        email="lena@x.test", name="Lena", role="lead", password="long-enough-pass",
        sees_all_clients=True,
    )  # fmt: skip


def put(user: User, kind: str = "sla", key: str = "k", **more: Any) -> Alert:
    more.setdefault("text", f"MINE: 3 claims, $450.00: {key}")
    raise_alert(NewAlert(kind, key, user_ids=(user.pk,), amount_cents=45_000, **more), at=AT)
    return Alert.objects.get(key=key, resolved_at=None)


def send_digests(*, at: datetime) -> int:
    """Queue what is due, and send it."""
    queue_digests(at=at)
    return send_queued(now=lambda: at)


def send_at_once(*, at: datetime) -> int:
    queue_at_once(at=at)
    return send_queued(now=lambda: at)


def test_a_daily_mail_has_counts_amounts_and_links_and_comes_once(
    lena: User, mails: Handler
) -> None:
    first = put(lena, key="one")
    second = put(lena, key="two", is_urgent=True)
    assert send_digests(at=AT) == 1
    (mail,) = mails.mails
    assert (mail["To"], mail["Subject"]) == ("lena@x.test", "Sanderling: 2 open")
    assert text_of(mail).splitlines() == [
        "2 alerts open, $900.00",
        "",
        "- URGENT MINE: 3 claims, $450.00: two",
        f"  https://ar.example.com/alerts/{second.pk}/",
        "- MINE: 3 claims, $450.00: one",
        f"  https://ar.example.com/alerts/{first.pk}/",
        "",
        "All: https://ar.example.com/alerts/",
        "What you are sent: https://ar.example.com/alerts/settings/",
    ]
    assert send_digests(at=AT + timedelta(hours=3)) == 0
    assert send_digests(at=AT + DAY) == 1
    assert len(mails.mails) == 2


def test_it_comes_at_the_hour_that_one_chose_or_not_at_all(lena: User, mails: Handler) -> None:
    put(lena)
    set_preference(lena, {"digest_hour": 14})
    assert send_digests(at=AT) == 0
    assert send_digests(at=AT.replace(hour=15)) == 1
    set_preference(lena, {"has_digest": False})
    assert send_digests(at=AT.replace(hour=15) + DAY) == 0


def test_what_is_resolved_seen_to_put_aside_or_unwanted_is_not_in_it(
    lena: User, mails: Handler
) -> None:
    put(lena, key="gone")
    resolve_alert("gone", at=AT)
    Alert.objects.filter(pk=put(lena, key="seen").pk).update(acknowledged_at=AT)
    AlertRecipient.objects.filter(alert=put(lena, key="later")).update(
        snoozed_until_date=TODAY + DAY
    )
    put(lena, kind="rule_limit", key="in the app only")
    assert send_digests(at=AT) == 0
    assert (Digest.objects.get().alerts, Digest.objects.get().mail) == (0, None)
    assert mails.mails == []


def test_clients_that_one_does_not_see_any_more_are_not_in_it(mails: Handler, lena: User) -> None:
    mine = Client.objects.get(code="MINE")
    mia = create_user(email="mia@x.test", name="Mia", role="account_manager",
                      password="long-enough-pass", client_ids=[mine.pk])  # fmt: skip
    put(mia, client_id=mine.pk)
    mia.assignments.all().delete()
    assert send_digests(at=AT) == 0
    put(mia, kind="rule_failed", key="f", client_id=mine.pk)
    assert send_at_once(at=AT) == 0
    assert mails.mails == []


def test_a_mail_that_the_server_refuses_is_tried_again(lena: User, mails: Handler) -> None:
    put(lena)
    mails.answers = {"DATA": "451 try again"}
    assert send_digests(at=AT) == 0
    digest = Digest.objects.get()
    assert digest.mail is not None
    assert (digest.mail.state, digest.alerts) == ("waiting", 1)
    page = Visitor(lena).get("/alerts/settings/").content.decode()
    assert "1 open; waits to go out (the server refuses the mail (451))" in page
    mails.answers = {}
    assert send_digests(at=AT + timedelta(minutes=1)) == 1
    assert len(mails.mails) == 1


def test_what_is_wanted_at_once_is_mailed_at_once_and_once(lena: User, mails: Handler) -> None:
    alert = put(lena, kind="rule_failed", key="f", text="Rule “X” failed", is_urgent=True)
    put(lena, kind="sla", key="not at once")
    mails.answers = {"DATA": "451 try again"}
    assert send_at_once(at=AT) == 0
    mails.answers = {}
    later = AT + timedelta(minutes=1)
    assert send_at_once(at=later) == 1
    assert send_at_once(at=later) == 0
    (mail,) = mails.mails
    assert mail["Subject"] == "Sanderling: Urgent: Rule failed"
    assert text_of(mail).strip() == (
        f"- URGENT Rule “X” failed\n  https://ar.example.com/alerts/{alert.pk}/"
    )


class Hook(BaseHTTPRequestHandler):
    """Keeps what it gets; answers with the status of the server."""

    got: list[dict[str, Any]] = []
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if Hook.status == 200:
            Hook.got.append(json.loads(body))
        self.send_response(Hook.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def hook() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"json://user:secret-word@127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()


@pytest.fixture
def target(hook: str, settings: Settings, lena: User) -> Target:
    settings.FILE_KEY = KEY
    settings.PUBLIC_URL = "https://ar.example.com"
    Hook.got, Hook.status = [], 200
    made = make_target(name="Chat", address=hook, by=lena, at=AT)
    set_preference(lena, {"target_ids": [made.pk]})
    return made


def test_a_new_alert_goes_to_the_targets_that_its_people_chose_once(
    lena: User, target: Target
) -> None:
    alert = put(lena, is_urgent=True)
    put(lena, is_urgent=True)
    assert send_messages(at=AT) == 1
    assert send_messages(at=AT) == 0
    (got,) = Hook.got
    assert got["title"] == "Urgent: Not worked in time"
    assert got["message"] == (
        f"MINE: 3 claims, $450.00: k\nhttps://ar.example.com/alerts/{alert.pk}/"
    )


def test_a_message_that_fails_is_tried_again_later_and_at_last_given_up(
    lena: User, target: Target
) -> None:
    put(lena)
    Hook.status = 500
    at = AT
    assert send_messages(at=at) == 0
    message = Message.objects.get()
    assert (message.state, message.attempts, message.due_at) == (
        "waiting", 1, AT + timedelta(minutes=1),
    )  # fmt: skip
    assert "secret-word" not in message.result
    assert send_messages(at=at) == 0  # not due
    assert Message.objects.get().attempts == 1
    for _ in range(ATTEMPTS_MAX):
        at += DAY
        send_messages(at=at)
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("failed", ATTEMPTS_MAX)
    Hook.status = 200
    assert send_messages(at=at + DAY) == 0


def test_a_message_that_was_interrupted_is_sent_after_a_while(lena: User, target: Target) -> None:
    put(lena)
    Message.objects.update(state="sending", attempts=1, changed_at=AT)
    assert send_messages(at=AT + timedelta(minutes=5)) == 0
    assert send_messages(at=AT + timedelta(minutes=11)) == 1


def test_a_target_that_is_off_gets_nothing(lena: User, target: Target) -> None:
    put(lena, key="before")
    switch_target(target, is_active=False, at=AT)
    put(lena, key="after")
    assert send_messages(at=AT) == 0
    assert Message.objects.count() == 1
    switch_target(target, is_active=True, at=AT)
    assert send_messages(at=AT) == 1


def test_the_address_is_kept_encrypted_and_shown_nowhere(
    lena: User, target: Target, hook: str, settings: Settings
) -> None:
    sealed = bytes(Target.objects.get().sealed)
    assert b"secret-word" not in sealed
    assert address_in(target) == hook
    assert "secret-word" not in str(list(AuditEvent.objects.values_list("detail", flat=True)))
    settings.FILE_KEY = "another key that has thirty-two letters"
    assert try_target(target, at=AT) == "SANDERLING_FILE_KEY is not the one it was kept with."
    settings.FILE_KEY = ""
    assert "SANDERLING_FILE_KEY is not set" in try_target(target, at=AT)


def test_a_test_arrives(target: Target) -> None:
    assert try_target(target, at=AT) == ""
    target.refresh_from_db()
    assert (target.tested_at, target.test_result) == (AT, "")
    assert Hook.got[0]["message"] == "This is a test. Alerts come like this."


def test_an_address_may_stand_in_a_variable(
    lena: User, hook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = make_target(name="V", variable="SANDERLING_TARGET_CHAT", by=lena, at=AT)
    assert try_target(target, at=AT) == "SANDERLING_TARGET_CHAT is not set where the worker runs."
    monkeypatch.setenv("SANDERLING_TARGET_CHAT", hook)
    assert address_in(target) == hook


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "one of the two"),
        ({"address": "json://x", "variable": "SANDERLING_TARGET_A"}, "one of the two"),
        ({"variable": "SANDERLING_SECRET_KEY"}, "must begin with SANDERLING_TARGET_"),
        ({"address": "nonsense://x"}, "none that Apprise knows"),
        ({"address": "syslog://"}, "none that can be used here"),
    ],
)
def test_what_is_no_target_is_refused(
    lena: User, settings: Settings, values: dict[str, str], message: str
) -> None:
    settings.FILE_KEY = KEY
    with pytest.raises(TargetUnusable, match=message):
        make_target(name="T", by=lena, at=AT, **values)
    assert Target.objects.count() == 0


def test_without_a_key_no_address_is_kept(lena: User, settings: Settings) -> None:
    settings.FILE_KEY = ""
    with pytest.raises(TargetUnusable, match="SANDERLING_FILE_KEY is not set"):
        make_target(name="T", address="json://localhost", by=lena, at=AT)
    assert Target.objects.count() == 0
