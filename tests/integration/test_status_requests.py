"""Status requests: what is due is asked once, in files that strangers' checkers accept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoDbBlocker
from tests.builders import rows
from tests.integration.work_items import (
    AT,
    TODAY,
    Workers,
    count,
    ids,
    item,
    shared_world,
    workers_of,
)
from x12sdk.io import X12ModelReader

from sanderling.core.inquiries.limits import Limits
from sanderling.inquiries import writing
from sanderling.inquiries.actions import plan_requests
from sanderling.inquiries.asking import AskRefused, ask_one, note_failure
from sanderling.inquiries.models import PayerLimits, StatusRequest
from sanderling.inquiries.rendering import trace_of
from sanderling.inquiries.writing import write_requests
from sanderling.outbox.models import OutboundClaim, OutboundFile, State
from sanderling.worklists.acting import act
from sanderling.worklists.models import InquiryState, StatusInquiry, WorkItem

pytestmark = pytest.mark.django_db


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


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def only_queued(workers: Workers) -> Workers:
    """Nothing is due by itself; what people queue is."""
    WorkItem.objects.update(next_date=TODAY + timedelta(days=30), follow_up_date=None)
    return workers


def queue(workers: Workers, *numbers: str) -> None:
    act("status_inquiry", ids(*numbers), {}, user=workers.sam, actor="user:1", at=AT)


def segments(path: Path) -> list[str]:
    return path.read_text("ascii").split("~")


def test_claims_whose_status_is_to_be_checked_are_asked_about_by_themselves(
    workers: Workers, out: Path
) -> None:
    due = set(
        WorkItem.objects.filter(next_action="check_status", work_date__lte=TODAY).values_list(
            "claim_id", flat=True
        )
    )
    assert len(due) == 5  # four of MINE, one of THEIRS, silent since January
    done = write_requests(out, at=AT)
    assert (len(done.files), done.claims, done.sorted.refused) == (2, 5, ())
    assert set(StatusRequest.objects.values_list("claim_id", flat=True)) == due
    assert {path.name for path in out.iterdir()} == {file.name for file in done.files}


def test_asked_again_on_the_same_day_nothing_is_asked_twice(workers: Workers, out: Path) -> None:
    write_requests(out, at=AT)
    again = write_requests(out, at=AT + timedelta(hours=2))
    assert (again.files, again.claims) == ((), 0)
    assert count("inquiries_status_request") == 5


def test_without_an_answer_it_is_asked_again_after_7_and_14_days_and_then_no_more(
    workers: Workers, out: Path
) -> None:
    asked = [
        day
        for day in (0, 6, 7, 20, 21, 49, 77)
        if write_requests(out, at=AT + timedelta(days=day)).claims == 5
    ]
    assert asked == [0, 7, 21]
    assert (
        sorted(StatusRequest.objects.values_list("tries", flat=True)) == [1] * 5 + [2] * 5 + [3] * 5
    )


def test_what_waits_to_go_out_is_not_asked_about_again(workers: Workers) -> None:
    assert plan_requests(at=AT).claims == 5
    assert plan_requests(at=AT + timedelta(days=30)).claims == 0
    assert set(OutboundFile.objects.values_list("state", flat=True)) == {State.QUEUED}
    assert OutboundClaim.objects.count() == 5


def test_a_payer_is_asked_no_more_a_day_than_it_takes_peoples_questions_first(
    workers: Workers,
) -> None:
    queue(workers, "A4")
    limit(workers, requests_a_day=2, claims_a_file=1)
    planned = plan_requests(at=AT)
    assert (len(planned.files), planned.claims) == (2, 2)
    assert item("A4").claim_id in StatusRequest.objects.values_list("claim_id", flat=True)
    assert {reason for _, reason in planned.sorted.waiting} == {
        "as many as the payer takes a day were asked today"
    }
    assert len(planned.sorted.waiting) == 3
    assert plan_requests(at=AT + timedelta(hours=1)).claims == 0
    assert plan_requests(at=AT + timedelta(days=1)).claims == 2


def test_a_payer_is_asked_in_its_hours_and_on_its_days(workers: Workers) -> None:
    limit(workers, weekdays="5", from_hour=6, to_hour=20)  # AT is a Thursday, noon
    planned = plan_requests(at=AT)
    assert planned.claims == 0
    assert {reason for _, reason in planned.sorted.waiting} == {
        "the payer takes requests at other hours"
    }
    assert plan_requests(at=AT + timedelta(days=1, hours=8)).claims == 0  # Friday 20:00
    assert plan_requests(at=AT + timedelta(days=1, hours=7)).claims == 5


def test_a_payer_that_takes_none_is_not_asked_and_who_asked_is_told_why(workers: Workers) -> None:
    limit(workers, way="none")
    queue(workers, "A1")
    planned = plan_requests(at=AT)
    assert planned.claims == 0
    assert [(one.claim, reason) for one, reason in planned.sorted.refused] == [
        ("A1", "the payer takes no status requests; ask by portal or call")
    ]
    assert StatusInquiry.objects.get().state == InquiryState.QUEUED


def test_what_was_asked_today_is_not_asked_again_for_a_person(workers: Workers) -> None:
    plan_requests(at=AT)
    queue(workers, "A1")
    assert plan_requests(at=AT + timedelta(hours=1)).claims == 0
    assert StatusInquiry.objects.get().state == InquiryState.WRITTEN


def limit(workers: Workers, **values: Any) -> None:
    """Set what the payer of all claims takes."""
    payer_id = item("A1").payer_id
    assert payer_id is not None
    rule = replace(Limits(), **values)
    PayerLimits.objects.create(payer_id=payer_id, set_at=AT, **asdict(rule))


def test_what_people_queue_is_asked_although_it_is_not_due(only_queued: Workers, out: Path) -> None:
    queue(only_queued, "A2", "A3")
    done = write_requests(out, at=AT)
    assert done.claims == 2
    assert set(StatusInquiry.objects.values_list("state", flat=True)) == {InquiryState.WRITTEN}
    assert write_requests(out, at=AT).claims == 0


def test_a_file_names_payer_provider_patient_claim_and_our_trace(
    only_queued: Workers, out: Path
) -> None:
    queue(only_queued, "A2")
    (file,) = write_requests(out, at=AT).files
    text = segments(out / file.name)
    (request,) = StatusRequest.objects.all()
    assert f"TRN*1*{trace_of(request.pk)}" in text
    assert "REF*EJ*A2" in text
    assert "AMT*T3*150" in text
    assert [part for part in text if part.startswith("NM1*IL")] == [
        "NM1*IL*1*DOE*JANE****MI*ABC123456789"
    ]
    assert sum(part.startswith("HL*") for part in text) == 4


def test_a_strangers_checker_accepts_the_file(workers: Workers, out: Path) -> None:
    for file in write_requests(out, at=AT).files:
        with X12ModelReader(str(out / file.name)) as reader:
            assert sum(1 for _ in reader.models()) == 1


def test_killed_before_the_file_is_there_the_next_run_writes_it(
    only_queued: Workers, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(only_queued, "A2")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(writing, "write_out", killed)
        with pytest.raises(KeyboardInterrupt):
            write_requests(out, at=AT)
    assert list(out.iterdir()) == []
    planned = OutboundFile.objects.get()
    assert planned.state == State.QUEUED
    done = write_requests(out, at=AT + timedelta(minutes=5))
    assert [file.name for file in done.files] == [planned.name]
    assert count("inquiries_status_request") == 1
    assert "REF*EJ*A2" in segments(out / planned.name)


def test_a_claim_without_an_837_is_named_and_the_others_are_asked(
    only_queued: Workers, out: Path
) -> None:
    queue(only_queued, "A2", "A3")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE claims_submission SET member_id = '' WHERE claim_id = %s",
            [item("A2").claim_id],
        )
    done = write_requests(out, at=AT)
    assert done.claims == 1
    ((claim, fault),) = [(one.claim, reason) for one, reason in done.sorted.refused]
    assert claim == "A2"
    assert "lacks member id" in fault
    waiting = rows("SELECT claim_id FROM worklists_status_inquiry WHERE state = 'queued'")
    assert waiting == [(item("A2").claim_id,)]


def test_the_web_sees_requests_of_its_own_clients_only(workers: Workers, out: Path) -> None:
    write_requests(out, at=AT)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', %s, true)", [f"{{{workers.mine.pk}}}"]
        )
    seen = rows("SELECT DISTINCT client_id FROM inquiries_status_request")
    files = rows("SELECT DISTINCT client_id FROM outbox_file")
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT set_config('sanderling.client_ids', '', true)")
    assert seen == files == [(workers.mine.pk,)]


def test_a_person_asks_about_one_claim_now_and_a_second_click_is_refused(
    only_queued: Workers,
) -> None:
    queue(only_queued, "A2")
    asked = ask_one(item("A2").claim_id, 11, user=only_queued.sam, at=AT)
    assert (asked.channel, asked.asked_by) == ("real_time", f"user:{only_queued.sam.pk}")
    assert StatusInquiry.objects.get().state == InquiryState.WRITTEN
    with pytest.raises(AskRefused, match="asked about today already"):
        ask_one(item("A2").claim_id, 11, user=only_queued.sam, at=AT + timedelta(hours=3))
    assert count("inquiries_status_request") == count("outbox_file") == 1
    assert plan_requests(at=AT + timedelta(hours=4)).claims == 0


def test_what_failed_may_be_asked_about_again_the_same_day(only_queued: Workers) -> None:
    first = ask_one(item("A2").claim_id, 11, user=only_queued.sam, at=AT)
    note_failure(first.file, "the counterpart cannot be reached; try again later")
    again = ask_one(item("A2").claim_id, 11, user=only_queued.sam, at=AT)
    assert (again.tries, first.pk != again.pk) == (2, True)


@pytest.mark.parametrize(
    ("values", "words"),
    [({"way": "none"}, "takes no status requests"), ({"requests_a_day": 0}, "ask tomorrow")],
)
def test_a_person_is_bound_by_what_the_payer_takes(
    only_queued: Workers, values: dict[str, Any], words: str
) -> None:
    limit(only_queued, **values)
    with pytest.raises(AskRefused, match=words):
        ask_one(item("A2").claim_id, 11, user=only_queued.sam, at=AT)
    with pytest.raises(AskRefused, match="no such payer"):
        ask_one(item("A2").claim_id, 12, user=only_queued.sam, at=AT)
    assert count("outbox_file") == 0


def test_the_same_day_is_refused_by_the_database_too(workers: Workers) -> None:
    plan_requests(at=AT)
    twin = StatusRequest.objects.order_by("pk")[0]
    twin.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()
