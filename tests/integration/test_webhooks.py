"""Webhooks: what happened reaches a receiver, signed, until it is taken; and nobody else."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from tests.builders import rows
from tests.integration.pages import People, Visitor, make_client, make_people, text_of

from sanderling.accounts.actions import change_user
from sanderling.api import delivering
from sanderling.api.delivering import (
    FAILING_MAX,
    LEASE,
    WAITS,
    deliver_due,
    forget_old_deliveries,
    spread_events,
)
from sanderling.api.models import Delivery, Webhook
from sanderling.api.sending import AddressRefused, NotDelivered, check_url, post, signature
from sanderling.api.webhooks import (
    WebhookRefused,
    make_webhook,
    open_secret,
    remove_webhook,
    replay,
    seal_secret,
    switch_webhook,
)
from sanderling.clients.models import Client
from sanderling.news.actions import NewEvent, record_events
from sanderling.news.models import Event, Notice, Reader
from sanderling.payers.models import Payer

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


class Receiver:
    """A program that listens on this machine; `statuses`: what it answers next, 204 by default."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
                self.send_header("Location", f"{receiver.url}again")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook/"
        Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.WEBHOOKS_MAY_BE_LOCAL = True
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def people(db: None) -> People:
    mine = make_client("MINE", "Mine Clinic", "1234567893", "741234567")
    make_client("THEIRS", "Their Clinic", "1245319599", "751234567")
    return make_people(mine)


def hook_of(people: People, url: str, **more: Any) -> tuple[Webhook, str]:
    asked: dict[str, Any] = {"kinds": ["item.left"], "client_ids": None, "owner": people.admin}
    return make_webhook(name="Billing", url=url, at=AT, **(asked | more))


def happen(code: str = "MINE", kind: str = "item.left", **detail: Any) -> None:
    payer, _ = Payer.objects.get_or_create(
        payer_id="ACME1", defaults={"name": "ACME HEALTH", "created_at": AT}
    )
    client = Client.objects.get(code=code)
    record_events([NewEvent(kind, client.pk, 17, 11, payer.pk, detail)], at=AT)


def test_an_event_reaches_the_receiver_signed_and_once(people: People, receiver: Receiver) -> None:
    _, secret = hook_of(people, receiver.url)
    happen(was="denied", balance_before_cents=4_200)
    assert spread_events(at=AT) == 1
    assert (deliver_due(at=AT), deliver_due(at=AT), spread_events(at=AT)) == (1, 0, 0)
    ((headers, body),) = receiver.got
    event = Event.objects.get()
    assert json.loads(body) == {
        "event_id": event.pk,
        "kind": "item.left",
        "at": "2026-03-05T12:00:00+00:00",
        "client": "MINE",
        "claim_id": 17,
        "party": 11,
        "payer_id": "ACME1",
        "actor": "",
        "detail": {"was": "denied", "balance_before_cents": 4_200},
    }
    assert headers["Sanderling-Event-Id"] == str(event.pk)
    stamp, mac = headers["Sanderling-Signature"].removeprefix("t=").split(",v1=")
    assert mac == signature(secret, int(stamp), body)
    assert int(stamp) == int(AT.timestamp())
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.status_code) == ("done", 1, 204)


def test_only_what_was_asked_for_and_may_be_seen_is_sent(
    people: People, receiver: Receiver
) -> None:
    mine = Client.objects.get(code="MINE")
    hook_of(people, receiver.url, client_ids=[mine.pk])
    hook_of(people, receiver.url, owner=people.specialist, kinds=["item.left", "task.created"])
    assert Reader.objects.get().kinds == ["item.left", "task.created"]
    happen("THEIRS")
    happen("MINE", "promise.kept")  # nobody asked: not even kept
    happen("MINE", "task.created")
    happen("MINE")
    spread_events(at=AT)
    assert deliver_due(at=AT) == 3
    told = [json.loads(body) for _, body in receiver.got]
    assert sorted((one["client"], one["kind"]) for one in told) == [
        ("MINE", "item.left"),
        ("MINE", "item.left"),
        ("MINE", "task.created"),
    ]


def test_a_locked_owner_hears_nothing(people: People, receiver: Receiver) -> None:
    hook_of(people, receiver.url)
    change_user(user=people.admin, name="A", role="admin", is_active=False, sees_all_clients=True)
    happen()
    assert spread_events(at=AT) == 0


def test_events_taken_twice_make_one_delivery(people: People, receiver: Receiver) -> None:
    hook_of(people, receiver.url)
    happen()
    events = list(Event.objects.all())
    delivering._make(events, at=AT)
    delivering._make(events, at=AT)
    assert Delivery.objects.count() == 1


def test_a_failed_attempt_is_made_again_later(people: People, receiver: Receiver) -> None:
    hook, _ = hook_of(people, receiver.url)
    happen()
    spread_events(at=AT)
    receiver.statuses = [500]
    assert deliver_due(at=AT) == 0
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status_code) == ("waiting", 500)
    assert delivery.fault == "answered with status 500"
    assert delivery.next_try_at == AT + WAITS[0]
    assert Webhook.objects.get().failing_since == AT
    assert deliver_due(at=AT + WAITS[0] - timedelta(seconds=1)) == 0
    assert deliver_due(at=AT + WAITS[0]) == 1
    assert [body for _, body in receiver.got] == [delivery.body.encode()] * 2
    hook.refresh_from_db()
    assert hook.failing_since is None


def test_after_the_last_attempt_it_is_given_up_and_can_be_sent_again(
    people: People, receiver: Receiver
) -> None:
    hook_of(people, receiver.url)
    happen()
    spread_events(at=AT)
    receiver.statuses = [500] * 50
    at = AT
    for wait in (*WAITS, timedelta()):
        deliver_due(at=at)
        at += wait
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("given_up", len(WAITS) + 1)
    assert deliver_due(at=at + timedelta(days=9)) == 0
    receiver.statuses = []
    replay(delivery=delivery, at=at)
    assert deliver_due(at=at) == 1
    assert {headers["Sanderling-Event-Id"] for headers, _ in receiver.got} == {
        str(delivery.event_id)
    }


def test_a_failing_receiver_gets_one_attempt_a_run(people: People, receiver: Receiver) -> None:
    hook_of(people, receiver.url)
    for _ in range(3):
        happen()
    spread_events(at=AT)
    receiver.statuses = [500]
    deliver_due(at=AT)
    assert len(receiver.got) == 1
    assert deliver_due(at=AT) == 2  # the others are not yet late


def test_an_attempt_that_was_killed_is_made_again(
    people: People, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook_of(people, receiver.url)
    happen()
    spread_events(at=AT)

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(delivering, "post", killed)
    with pytest.raises(KeyboardInterrupt):
        deliver_due(at=AT)
    monkeypatch.undo()
    assert Delivery.objects.get().next_try_at == AT + LEASE
    assert deliver_due(at=AT) == 0
    assert deliver_due(at=AT + LEASE) == 1


def test_a_receiver_that_fails_for_days_is_switched_off_and_told_of_once(
    people: People, receiver: Receiver
) -> None:
    hook, _ = hook_of(people, receiver.url)
    happen()
    spread_events(at=AT)
    receiver.statuses = [500] * 9
    deliver_due(at=AT)
    happen()
    spread_events(at=AT + FAILING_MAX)
    deliver_due(at=AT + FAILING_MAX)
    hook.refresh_from_db()
    assert hook.disabled_at == AT + FAILING_MAX
    notice = Notice.objects.get(user=people.admin)
    assert (notice.kind, notice.is_urgent) == ("api.webhook", True)
    assert Reader.objects.get().kinds == []
    assert deliver_due(at=AT + timedelta(days=9)) == 0
    with pytest.raises(WebhookRefused, match="switch"):
        replay(delivery=Delivery.objects.order_by("pk")[0], at=AT)
    switch_webhook(webhook=hook, is_on=True, at=AT)
    receiver.statuses = []
    assert deliver_due(at=AT + timedelta(days=9)) == 2


def test_redirects_are_not_followed(people: People, receiver: Receiver) -> None:
    receiver.statuses = [302]
    with pytest.raises(NotDelivered, match="status 302"):
        post(receiver.url, b"{}", {})
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1"),
        "0.0.0.0",  # noqa: S104 - bound to by nobody
        *("::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "224.0.0.1"),
    ],
)
def test_private_places_are_not_reached(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connected(*_: object, **__: object) -> None:
        raise AssertionError("connected")

    # Also when only one of several addresses is private.
    answer = [(0, 0, 0, "", (one, 443)) for one in ("93.184.216.34", address)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    monkeypatch.setattr(socket, "create_connection", connected)
    with pytest.raises(NotDelivered, match="private network"):
        post("https://example.com/hook", b"{}", {})


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://example.com/",
            "ftp://example.com/",
            "https://",
            "example.com",
            "",
            "https://a:b@c/",
        ),
        *("https://example.com/#x", "https://example.com:99999/", "https://exa mple.com/"),
        *("https://example.com/\r\nX: y", "https://[::1/", "https://münchen.example/"),
        "https://example.com/" + "a" * 500,
    ],
)
def test_what_is_no_address_of_a_receiver_is_refused(url: str, people: People) -> None:
    with pytest.raises(AddressRefused):
        check_url(url)
    with pytest.raises(AddressRefused):
        hook_of(people, url)
    assert Webhook.objects.count() == 0


def test_a_webhook_of_nothing_is_refused(people: People) -> None:
    wrongs: list[dict[str, Any]] = [{"kinds": []}, {"kinds": ["item.eaten"]}, {"client_ids": []}]
    for wrong in wrongs:
        with pytest.raises(WebhookRefused):
            hook_of(people, "https://example.com/hook", **wrong)
    assert Webhook.objects.count() == 0


def test_the_secret_is_kept_encrypted(people: People, settings: Settings) -> None:
    hook, secret = hook_of(people, "https://example.com/hook")
    ((stored,),) = rows(f"SELECT to_jsonb(w)::text FROM api_webhook w WHERE id = {hook.pk}")
    assert secret not in stored
    assert open_secret(hook.secret) == secret
    assert seal_secret(secret) != hook.secret
    happen()
    spread_events(at=AT)
    settings.SECRET_KEY = "another-secret-key-of-at-least-32-characters"
    assert deliver_due(at=AT) == 0
    assert "make the webhook anew" in Delivery.objects.get().fault


def test_a_removed_webhook_is_told_nothing_more(people: People, receiver: Receiver) -> None:
    hook, _ = hook_of(people, receiver.url)
    happen()
    spread_events(at=AT)
    remove_webhook(webhook=hook, at=AT)
    happen()
    assert (spread_events(at=AT), deliver_due(at=AT)) == (0, 0)
    assert [one.state for one in Delivery.objects.all()] == ["given_up"]


def test_the_log_is_kept_for_a_month(people: People, receiver: Receiver) -> None:
    hook_of(people, receiver.url)
    happen()
    spread_events(at=AT)
    deliver_due(at=AT)
    assert forget_old_deliveries(at=AT + timedelta(days=29)) == 0
    assert forget_old_deliveries(at=AT + timedelta(days=31)) == 1


def test_an_administrator_makes_tries_and_removes_a_webhook(
    people: People, receiver: Receiver
) -> None:
    visitor = Visitor(people.admin)
    assert "No webhooks yet" in text_of(visitor.get("/api-access/"))
    wrong = visitor.post("/api-access/webhooks/new/", name="B", url="ftp://x", kinds="item.left")
    assert wrong.status_code == 422
    assert "must begin with https" in text_of(wrong)
    made = visitor.post("/api-access/webhooks/new/", name="B", url=receiver.url, kinds="item.left")
    hook = Webhook.objects.get()
    secret = open_secret(hook.secret)
    assert secret in text_of(made)
    assert made.headers["Cache-Control"] == "no-store"
    page = f"/api-access/webhooks/{hook.pk}/"
    assert secret not in text_of(visitor.get(page))
    visitor.post(f"{page}change/", do="ping")
    delivery = Delivery.objects.get()
    assert deliver_due(at=datetime.now(UTC)) == 1
    assert json.loads(receiver.got[0][1])["kind"] == "ping"
    assert "Delivered" in text_of(visitor.get(page))
    visitor.post(f"/api-access/deliveries/{delivery.pk}/replay/")
    assert deliver_due(at=datetime.now(UTC)) == 1
    assert len(receiver.got) == 2
    visitor.post(f"{page}change/", do="off")
    assert "Off since" in text_of(visitor.get(page))
    visitor.post(f"{page}change/", do="ping")
    visitor.post(f"/api-access/deliveries/{delivery.pk}/replay/")
    assert deliver_due(at=datetime.now(UTC)) == 0
    visitor.post(f"{page}change/", do="remove")
    assert "No webhooks yet" in text_of(visitor.get("/api-access/"))


def test_nobody_else_reaches_webhooks(people: People, receiver: Receiver) -> None:
    hook, _ = hook_of(people, receiver.url)
    page = f"/api-access/webhooks/{hook.pk}/"
    for user in (people.specialist, people.client_user, people.stranger):
        visitor = Visitor(user)
        assert visitor.get(page).status_code == 403
        for path in (f"{page}change/", "/api-access/webhooks/new/"):
            assert visitor.post(path, do="remove").status_code == 403
    hook.refresh_from_db()
    assert hook.removed_at is None
