"""Pages of status requests: tabs with counts and dollars, exports, limits, whose claims."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker
from tests.builders import Inbox, rows
from tests.integration.pages import PASSWORD, Visitor, text_of
from tests.integration.test_status_answers import answer, reply
from tests.integration.work_items import Workers, item, shared_world, workers_of

from sanderling.accounts.actions import create_user
from sanderling.inquiries.actions import plan_requests
from sanderling.inquiries.limits import limits_of
from sanderling.inquiries.models import StatusRequest
from sanderling.inquiries.rendering import trace_of
from sanderling.outbox.models import OutboundFile
from sanderling.payers.models import Payer

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    with django_db_blocker.unblock(), shared_world(tmp_path_factory) as folder:
        yield folder


@pytest.fixture
def workers(world: Path, db: None) -> Workers:
    return workers_of()


def ask_and_answer(world: Path) -> None:
    """Ask about all: A1 is paid, A2 cannot be asked about, A3 is late, A4 waits."""
    plan_requests(at=NOW)
    OutboundFile.objects.update(state="sent", sent_at=NOW)
    traces = {number: trace_of(request(number).pk) for number in ("A1", "A2")}
    Inbox(world / "in", at=NOW).take(
        answer(
            reply(traces["A1"], "F1:65", more="*120*20260301**20260302*EFT9", icn="ICN9"),
            reply(traces["A2"], "E0:535"),
        ),
        received_date=NOW.date(),
    )
    sent_long_ago = OutboundFile.objects.get(pk=request("A3").file_id)
    sent_long_ago.pk = None
    sent_long_ago.sent_at = NOW - timedelta(days=5)
    sent_long_ago.save()
    StatusRequest.objects.filter(pk=request("A3").pk).update(file=sent_long_ago)


def request(number: str) -> StatusRequest:
    return StatusRequest.objects.get(claim_id=item(number).claim_id)


def sums(text: str) -> list[str]:
    """Return count and dollars of each tab."""
    found = re.findall(
        r'class="fw-bold">([^<]+)</span> <span[^>]*>([^<]+)</span>'
        r'<div class="small text-secondary">([^<]+)<',
        text,
    )
    return [" ".join(parts) for parts in found]


def test_tabs_tell_how_many_and_what_is_open_on_them(workers: Workers, world: Path) -> None:
    sam = Visitor(workers.sam)
    assert sums(text_of(sam.get("/status-requests/"))) == [
        "Due 4 $600.00", "Asked, waiting 0 $0.00", "Answered 0 $0.00", "No answer, late 0 $0.00",
        "Cannot be asked 0 $0.00",
    ]  # fmt: skip
    ask_and_answer(world)
    assert sums(text_of(sam.get("/status-requests/"))) == [
        "Due 0 $0.00", "Asked, waiting 1 $150.00", "Answered 1 $150.00",
        "No answer, late 1 $150.00", "Cannot be asked 1 $150.00",
    ]  # fmt: skip


def test_each_tab_says_what_came_of_it(workers: Workers, world: Path) -> None:
    ask_and_answer(world)
    sam = Visitor(workers.sam)
    page = {
        tab: text_of(sam.get("/status-requests/", tab=tab))
        for tab in ("waiting", "answered", "late", "refused")
    }
    assert "F1:65" in page["answered"]
    assert "Final: paid" in page["answered"]
    assert "paid $120.00 by EFT9" in page["answered"]
    assert "payer’s number ICN9" in page["answered"]
    assert f"Answer expected by {NOW.date() + timedelta(days=3)}" in page["waiting"]
    assert "No answer yet; it is asked again" in page["late"]
    assert "The payer cannot answer it" in page["refused"]
    for tab, own in (("answered", "A1"), ("refused", "A2"), ("late", "A3"), ("waiting", "A4")):
        assert [number for number in ("A1", "A2", "A3", "A4") if f">{number}<" in page[tab]] == [
            own
        ]


def test_a_tab_comes_as_a_file_and_the_look_is_recorded(workers: Workers, world: Path) -> None:
    ask_and_answer(world)
    text = text_of(Visitor(workers.sam).get("/status-requests/", tab="answered", format="csv"))
    (row,) = csv.DictReader(io.StringIO(text))
    assert {name: row[name] for name in ("client", "claim", "party", "payer_id", "category")} == {
        "client": "MINE", "claim": "A1", "party": "primary", "payer_id": "ACME1", "category": "F1",
    }  # fmt: skip
    assert (row["balance_cents"], row["paid_cents"], row["payment_date"]) == (
        "15000", "12000", "2026-03-02",
    )  # fmt: skip
    assert rows(
        "SELECT detail->>'rows' FROM audit_event WHERE action = 'status_requests.export'"
    ) == [("1",)]


def test_nobody_sees_requests_of_other_clients(workers: Workers, world: Path) -> None:
    ask_and_answer(world)
    far = text_of(Visitor(workers.far).get("/status-requests/", tab="waiting"))
    assert sums(far)[1] == "Asked, waiting 1 $310.00"
    assert ">B1<" in far
    assert ">A4<" not in far


def test_the_limits_of_a_payer_are_set_by_who_may_edit_payers(workers: Workers) -> None:
    payer = Payer.objects.get(payer_id="ACME1")
    admin = create_user(
        email="ada@x.test", name="Ada", role="admin", password=PASSWORD, client_ids=[],
        sees_all_clients=True,
    )  # fmt: skip
    address = f"/payers/{payer.pk}/status-requests/"
    form = {
        "way": "both", "requests_a_day": "200", "claims_a_file": "50", "from_hour": "7",
        "to_hour": "21", "again_days": "5", "answer_days": "2", "tries_max": "2", "weekdays": "3",
    }  # fmt: skip
    assert "defaults of its type" in text_of(Visitor(workers.sam).get(address))
    assert Visitor(workers.sam).post(address, **form).status_code == 403
    assert Visitor(admin).post(address, **form | {"to_hour": "7"}).status_code == 422
    assert limits_of(payer)[1] is False
    assert Visitor(admin).post(address, **form).status_code == 302
    limits, is_set = limits_of(payer)
    assert (is_set, limits.requests_a_day, limits.weekdays, limits.is_automatic) == (
        True, 200, "3", False,
    )  # fmt: skip
    assert rows("SELECT action FROM audit_event WHERE action = 'status_requests.limits'") == [
        ("status_requests.limits",)
    ]
