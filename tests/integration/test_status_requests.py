"""Status requests: what is due is asked once, in files that strangers' checkers accept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from tests.builders import rows
from tests.integration.work_items import AT, TODAY, Workers, count, ids, item, kept_world
from x12sdk.io import X12ModelReader

from sanderling.inquiries import actions
from sanderling.inquiries.actions import write_requests
from sanderling.inquiries.models import RequestFile, StatusRequest
from sanderling.inquiries.writing import trace_of
from sanderling.worklists.acting import act
from sanderling.worklists.models import InquiryState, StatusInquiry, WorkItem

pytestmark = pytest.mark.django_db


@pytest.fixture
def workers(tmp_path: Path, db: None) -> Iterator[Workers]:
    with kept_world(tmp_path) as workers:
        yield workers


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
    assert (len(done.files), done.claims, done.refused) == (2, 5, [])
    assert set(StatusRequest.objects.values_list("claim_id", flat=True)) == due
    assert {path.name for path in out.iterdir()} == {file.name for file in done.files}


def test_asked_again_on_the_same_day_nothing_is_asked_twice(workers: Workers, out: Path) -> None:
    write_requests(out, at=AT)
    again = write_requests(out, at=AT + timedelta(hours=2))
    assert (again.files, again.claims) == ([], 0)
    assert count("inquiries_status_request") == 5


def test_after_some_days_of_silence_it_is_asked_again(workers: Workers, out: Path) -> None:
    write_requests(out, at=AT)
    assert write_requests(out, at=AT + timedelta(days=6)).claims == 0
    assert write_requests(out, at=AT + timedelta(days=8)).claims == 5


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
        broken.setattr(actions, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            write_requests(out, at=AT)
    assert list(out.iterdir()) == []
    planned = RequestFile.objects.get()
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
    ((claim, fault),) = [(one.claim, one.fault) for one in done.refused]
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
    files = rows("SELECT DISTINCT client_id FROM inquiries_request_file")
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT set_config('sanderling.client_ids', '', true)")
    assert seen == files == [(workers.mine.pk,)]
