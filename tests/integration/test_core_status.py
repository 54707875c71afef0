"""Status requests over CORE: one claim while a person waits, and batches; once in effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker
from tests.builders import rows
from tests.integration.pages import PASSWORD, Visitor, text_of
from tests.integration.work_items import AT, Workers, item, shared_world, workers_of

from sanderling.accounts.actions import create_user
from sanderling.core.inquiries.limits import Limits, Way
from sanderling.core.x12.write.claim_status import StatusReply
from sanderling.exchange import core_batches, core_real_time
from sanderling.exchange.core_batches import turn
from sanderling.exchange.core_endpoint import CoreFailed
from sanderling.exchange.core_models import CoreBatch
from sanderling.exchange.core_real_time import ask_claim, carry, give_up_stuck
from sanderling.exchange.core_settings import save_core_mailbox
from sanderling.exchange.models import Kind, Mailbox
from sanderling.exchange.releasing import release
from sanderling.exchange.tracking import track
from sanderling.inquiries.actions import plan_requests
from sanderling.inquiries.asking import AskRefused
from sanderling.inquiries.limits import set_limits
from sanderling.inquiries.models import StatusRequest
from sanderling.outbox.models import OutboundFile, State
from sanderling.payers.models import Payer
from sanderling.simulator.core_forms import CoreFault
from sanderling.simulator.core_server import CoreServer
from sanderling.simulator.status_answers import from_table

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 4)
TABLE = {
    "A1": StatusReply("F1", "65", DAY, paid_cents=12_000, payment_date=DAY, payment_trace="EFT9"),
    "A2": StatusReply("P1", "20", DAY),
}


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at

    def passes(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service() -> Iterator[CoreServer]:
    with CoreServer(from_table(TABLE)).running() as running:
        yield running


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    with django_db_blocker.unblock(), shared_world(tmp_path_factory) as folder:
        yield folder


@pytest.fixture
def workers(world: Path, db: None, service: CoreServer, monkeypatch: pytest.MonkeyPatch) -> Workers:
    monkeypatch.setenv("CORE_PASSWORD", "correct")
    keep_mailbox(service)
    return workers_of()


def keep_mailbox(service: CoreServer, **more: object) -> Mailbox:
    values: dict[str, object] = {
        "name": "Payer", "url": service.url, "form": "soap", "sender_id": "BILLCO",
        "receiver_id": "ACME1", "user_name": "billco", "password_reference": "env:CORE_PASSWORD",
        "real_time": True, "batch": True, "client_ids": [], "payer_ids": [], "is_on": True,
    }  # fmt: skip
    return save_core_mailbox(Mailbox(kind=Kind.CORE), values | more, at=AT)


def ask(workers: Workers, number: str) -> StatusRequest:
    return ask_claim(item(number).claim_id, 11, user=workers.sam, at=AT)


def again(request: StatusRequest) -> tuple[str, str, str]:
    """Return the states of a request and its file now, and why there is no answer."""
    found = StatusRequest.objects.select_related("file").get(pk=request.pk)
    return found.state, found.file.state, found.fault


def test_one_claim_is_asked_about_and_the_answer_moves_its_barrier(
    workers: Workers, clock: Clock, service: CoreServer
) -> None:
    asked = ask(workers, "A1")
    assert again(asked) == ("asked", "sending", "")
    assert carry(asked.file_id, now=clock) is True
    assert again(asked) == ("answered", "sent", "")
    assert item("A1").barrier == "paid_unposted"
    assert rows("SELECT source FROM files_arrival ORDER BY id DESC LIMIT 1") == [("core",)]
    assert carry(asked.file_id, now=clock) is False  # a second worker finds nothing to do
    assert len(service.seen) == 1


def test_a_failure_that_passes_is_tried_once_more_and_no_more(
    workers: Workers, clock: Clock, service: CoreServer
) -> None:
    service.faults = [CoreFault.ERROR]
    asked = ask(workers, "A1")
    assert carry(asked.file_id, now=clock) is True
    assert [one["PayloadID"] for one in service.seen] == [service.seen[0]["PayloadID"]] * 2
    service.faults = [CoreFault.ERROR, CoreFault.ERROR]
    second = ask(workers, "A2")
    assert carry(second.file_id, now=clock) is False
    assert again(second) == (
        "failed", "failed",
        "the counterpart answered 500: it has a fault of its own; try again later",
    )  # fmt: skip
    assert len(service.seen) == 4
    assert ask(workers, "A2").pk != second.pk  # the same day: nobody has answered


def test_what_will_not_pass_is_not_tried_again_and_leaves_the_claim_as_it_was(
    workers: Workers, clock: Clock, service: CoreServer
) -> None:
    before = rows("SELECT barrier, next_action, work_date FROM worklists_work_item ORDER BY id")
    service.faults = [CoreFault.WRONG_ID]
    asked = ask(workers, "A1")
    assert carry(asked.file_id, now=clock) is False
    assert again(asked)[0] == "failed"
    assert len(service.seen) == 1
    assert rows("SELECT count(*) FROM claims_answer") == [(0,)]
    assert (
        rows("SELECT barrier, next_action, work_date FROM worklists_work_item ORDER BY id")
        == before
    )


def test_a_payer_that_let_its_seconds_go_by_is_not_asked_twice(
    workers: Workers, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: object, **__: object) -> bytes:
        clock.passes(seconds=20)
        raise CoreFailed("the counterpart did not answer within 20 seconds", is_passing=True)

    monkeypatch.setattr(core_real_time, "ask_now", slow)
    asked = ask(workers, "A1")
    assert carry(asked.file_id, now=clock) is False
    assert clock.at == AT + timedelta(seconds=20)


def test_a_worker_that_was_killed_leaves_a_request_that_ends(
    workers: Workers, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> bytes:
        raise KeyboardInterrupt

    asked = ask(workers, "A1")
    with monkeypatch.context() as broken:
        broken.setattr(core_real_time, "ask_now", killed)
        with pytest.raises(KeyboardInterrupt):
            carry(asked.file_id, now=clock)
    assert give_up_stuck(at=AT + timedelta(minutes=1)) == 0
    assert give_up_stuck(at=AT + timedelta(minutes=3)) == 1
    assert again(asked) == ("failed", "failed", "asking was interrupted; ask again")


def test_killed_after_the_answer_was_taken_in_only_the_last_mark_is_made(
    workers: Workers, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    asked = ask(workers, "A1")
    with monkeypatch.context() as broken:
        broken.setattr(core_real_time, "_sent", killed)
        with pytest.raises(KeyboardInterrupt):
            carry(asked.file_id, now=clock)
    assert give_up_stuck(at=AT + timedelta(minutes=3)) == 1
    assert again(asked) == ("answered", "sent", "")


def test_without_a_mailbox_that_reaches_the_payer_nothing_is_asked(workers: Workers) -> None:
    Mailbox.objects.update(payer_ids=[999])
    with pytest.raises(AskRefused, match="no mailbox reaches this payer in real time"):
        ask(workers, "A1")
    assert OutboundFile.objects.count() == 0


def test_a_batch_goes_out_its_results_come_in_and_are_acknowledged(
    workers: Workers, clock: Clock, service: CoreServer
) -> None:
    plan_requests(at=AT)
    release(at=AT)
    assert set(OutboundFile.objects.values_list("state", flat=True)) == {State.WAITING}
    assert turn(now=clock) == 2 + 2  # taken by the mailbox and sent, one file for each client
    assert len(service.batches) == 2
    clock.passes(minutes=15)
    assert turn(now=clock) == 0  # not ready
    clock.passes(minutes=15)
    assert turn(now=clock) == 2
    assert dict(StatusRequest.objects.values_list("claim_id", "state")) == dict.fromkeys(
        StatusRequest.objects.values_list("claim_id", flat=True), "answered"
    )
    assert sorted(service.acknowledged) == sorted(service.batches)
    assert turn(now=clock) == 0
    assert CoreBatch.objects.filter(next_ask_at=None, acknowledged_at__isnull=False).count() == 2
    assert item("A1").barrier == "paid_unposted"
    assert item("A3").barrier == "not_on_file"


def test_a_payer_that_takes_no_batches_is_asked_one_by_one_by_the_clock(
    workers: Workers, clock: Clock, service: CoreServer
) -> None:
    payer = Payer.objects.get(payer_id="ACME1")
    set_limits(payer, replace(Limits(), way=Way.REAL_TIME), at=AT)
    assert len(plan_requests(at=AT).files) == 5
    release(at=AT)
    assert turn(now=clock) == 5 + 5
    assert set(StatusRequest.objects.values_list("state", flat=True)) == {"answered"}
    assert {one["ProcessingMode"] for one in service.seen} == {"RealTime"}


def test_a_batch_that_is_turned_away_is_not_asked_about_again_by_itself(
    workers: Workers, clock: Clock, service: CoreServer
) -> None:
    service.rejects = True
    plan_requests(at=AT)
    release(at=AT)
    turn(now=clock)
    clock.passes(minutes=15)
    turn(now=clock)
    track(at=clock.at)
    assert set(OutboundFile.objects.values_list("standing", flat=True)) == {"rejected"}
    assert (
        text_of(Visitor(workers.sam).get("/status-requests/", tab="refused")).count(
            "The file was turned away"
        )
        == 4
    )
    clock.passes(days=20)
    assert plan_requests(at=clock.at).claims == 0


def test_a_batch_whose_receipt_was_lost_is_sent_again_under_its_own_id_and_known_there(
    workers: Workers, clock: Clock, service: CoreServer
) -> None:
    service.faults = [CoreFault.LATE_HANG_UP]
    plan_requests(at=AT)
    release(at=AT)
    turn(now=clock)
    assert OutboundFile.objects.filter(state=State.SENDING).count() == 1
    clock.passes(minutes=6)
    turn(now=clock)
    assert set(OutboundFile.objects.values_list("state", flat=True)) == {State.SENT}
    submitted = [one["PayloadID"] for one in service.seen if one["PayloadType"].startswith("X12_2")]
    assert (len(submitted), len(set(submitted)), len(service.batches)) == (3, 2, 2)


def test_results_that_were_taken_in_when_it_was_killed_are_not_taken_in_twice(
    workers: Workers, clock: Clock, service: CoreServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    service.polls_until_ready = 0
    plan_requests(at=AT)
    release(at=AT)
    turn(now=clock)
    clock.passes(minutes=15)
    with monkeypatch.context() as broken:
        broken.setattr(core_batches, "acknowledge", killed)
        with pytest.raises(KeyboardInterrupt):
            turn(now=clock)
    answers = rows("SELECT count(*) FROM claims_answer")
    turn(now=clock)
    assert len(service.acknowledged) == 2
    assert rows("SELECT count(*) FROM claims_answer") >= answers
    assert rows(
        "SELECT count(*), count(DISTINCT request_id) FROM claims_answer WHERE level = 'claim'"
    ) == [(5, 5)]


def test_the_claims_page_asks_shows_progress_and_then_the_answer(
    workers: Workers, clock: Clock
) -> None:
    claim = item("A1").claim_id
    sam = Visitor(workers.sam, htmx=True)
    address = f"/status-requests/claims/{claim}/"
    assert "Ask the payer now" in text_of(sam.get(address))
    asking = text_of(sam.post(f"{address}11/ask/"))
    assert "Asking the payer" in asking
    assert 'hx-trigger="every 1s"' in asking
    assert "Ask the payer now" not in asking
    assert "asked about today already" in text_of(sam.post(f"{address}11/ask/"))
    carry(StatusRequest.objects.get().file_id, now=lambda: datetime.now(UTC))
    done = sam.get(address, asking="1")
    assert done.headers["HX-Trigger"] == "work-saved"
    assert "paid $120.00 on 2026-03-04, check or EFT EFT9" in text_of(done)
    assert "every 1s" not in text_of(done)
    assert Visitor(workers.far).get(address).status_code == 404
    assert Visitor(workers.far).post(f"{address}11/ask/").status_code == 404


def test_a_core_mailbox_is_kept_by_reference_and_only_where_data_may_go(
    workers: Workers, service: CoreServer
) -> None:
    admin = create_user(
        email="ada@x.test", name="Ada", role="admin", password=PASSWORD, client_ids=[],
        sees_all_clients=True,
    )  # fmt: skip
    form = {
        "name": "Clearinghouse", "url": "http://payer.example/core", "form": "mime",
        "sender_id": "BILLCO", "receiver_id": "CH", "user_name": "u",
        "password_reference": "hunter2", "real_time": "on", "is_on": "on",
    }  # fmt: skip
    address = "/exchange/mailboxes/core/"
    page = Visitor(admin).post(address, **form)
    assert page.status_code == 422
    assert "The address must begin with https://" in text_of(page)
    page = Visitor(admin).post(address, **form | {"url": "https://payer.example/core"})
    assert "write where the secret is" in text_of(page).lower()
    assert Mailbox.objects.count() == 1
    right = form | {"url": "https://payer.example/core", "password_reference": "env:CH_PASSWORD"}
    assert Visitor(admin).post(address, **right).status_code == 302
    kept = Mailbox.objects.get(name="Clearinghouse")
    assert (kept.kind, kept.password_reference, kept.endpoint["form"]) == (
        "core", "env:CH_PASSWORD", "mime",
    )  # fmt: skip
    assert Visitor(workers.lead).get(address).status_code == 403
