"""Files: the list, one file's fate, the original around a segment, the download."""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.builders import NPI, TIN, Inbox, claims_file, envelope, paid, remittance_file, sent
from tests.integration.pages import (
    FOREIGN_NPI,
    FOREIGN_TIN,
    People,
    Visitor,
    fill,
    make_client,
    make_people,
    text_of,
)
from tests.integration.worlds import made_world

from sanderling.accounts.models import ClientAssignment
from sanderling.audit.models import AuditEvent
from sanderling.clients.models import Client, ClientIdentifier
from sanderling.core.x12.batches import Batch
from sanderling.core.x12.read import read_stream
from sanderling.files.models import StoredFile
from sanderling.files.segments import Segment, read_segments
from sanderling.files.storage import originals_folder
from sanderling.intake.tasks import replay_stored

EVERYTHING = 1 << 40


@pytest.fixture
def people(inbox: Inbox) -> People:
    return fill(inbox)


def segments_of(data: bytes, first: int = 1, last: int = EVERYTHING) -> list[Segment]:
    return list(read_segments(io.BytesIO(data).read, first=first, last=last))


REMITTANCE = remittance_file(paid("A1", 200, 120, "CO*45*60", "PR*1*20", share=20))


@pytest.mark.parametrize(
    "text",
    [
        REMITTANCE,
        REMITTANCE.replace("~", "~\n"),
        REMITTANCE.replace("~", "~\r\n"),
        REMITTANCE.replace("~", "\n"),
        "\ufeff" + REMITTANCE,
        "\n\n  " + REMITTANCE,
        REMITTANCE.replace("~GS", "~~~GS").replace("~SE", "~ ~SE"),
        REMITTANCE + "\n\n" + REMITTANCE.replace("~", "|").replace("*", "+"),
        REMITTANCE + "trailing words",
        REMITTANCE.rstrip("~"),
        re.sub(r"(.{80})", "\\1\n", REMITTANCE),
        "ISA broken " + REMITTANCE,
        "".join(REMITTANCE.split("IEA")[0] + REMITTANCE),
    ],
)
def test_positions_are_the_readers(tmp_path: Path, text: str) -> None:
    data = text.encode()
    path = tmp_path / "one.835"
    path.write_bytes(data)
    by_position = {one.position: one for one in segments_of(data)}
    found = 0
    with path.open("rb") as stream:
        for event in read_stream(stream):
            if isinstance(event, Batch):
                assert by_position[event.transaction.position].name == "ST"
                assert by_position[event.end_position].name == "SE"
                for table, name in (("claim_payments", "CLP"), ("service_payments", "SVC")):
                    for position in event.tables[table]["position"]:
                        assert by_position[position].name == name
                        found += 1
            elif event.interchange is not None:
                assert by_position[event.interchange.position].name == "ISA"
    assert found >= 2


def test_positions_are_the_readers_in_a_made_world() -> None:
    world = made_world(11)
    paths = world.paths("835")[:5] + world.paths("837")[:5]
    assert paths
    for path in paths:
        data = path.read_bytes()
        by_position = {one.position: one for one in segments_of(data)}
        with path.open("rb") as stream:
            for event in read_stream(stream):
                if isinstance(event, Batch):
                    assert by_position[event.transaction.position].name == "ST"
                    assert by_position[event.end_position].name == "SE"


def test_a_window_late_in_a_large_file_stops_reading_after_it() -> None:
    claims = [paid(f"N{number}", 100, 100) for number in range(20_000)]
    data = remittance_file(*claims).encode()
    assert len(data) > 2_500_000
    stream = io.BytesIO(data)
    window = list(read_segments(stream.read, first=60_000, last=60_040))
    assert [one.position for one in window] == list(range(60_000, 60_041))
    whole = segments_of(data)
    assert window == whole[59_999:60_040]
    assert stream.tell() < len(data)


def test_elements_are_numbered() -> None:
    service = next(one for one in segments_of(REMITTANCE.encode()) if one.name == "SVC")
    shown = [(one.name, one.value) for one in service.elements()]
    assert shown[:3] == [("SVC01-1", "HC"), ("SVC01-2", "99213"), ("SVC02", "200")]


def test_the_list_shows_status_kind_and_problems(people: People) -> None:
    page = text_of(Visitor(people.specialist).get("/files/"))
    assert page.count("tr data-href") == 3
    assert "partly" in page
    only = text_of(Visitor(people.specialist).get("/files/", status="partly", problems="1"))
    assert only.count("tr data-href") == 1
    assert "No file fits" in text_of(Visitor(people.specialist).get("/files/", kind="999"))
    assert "No files yet" in text_of(Visitor(people.stranger).get("/files/"))
    assert Visitor(people.admin).get("/files/").content.count(b"tr data-href") == 4


def test_each_problem_stands_beside_its_segment(people: People) -> None:
    stored = StoredFile.objects.get(kind="835")
    page = text_of(Visitor(people.specialist).get(f"/files/{stored.pk}/"))
    assert "CLP04 50.00 is not CLP03 90.00" in page
    assert "CLP*A3*1*90*50" in page
    assert "SVC*HC:99213*90*50" in page
    assert AuditEvent.objects.filter(action="file.view", subject_id=str(stored.pk)).exists()


def test_the_segment_viewer_highlights_and_is_audited(people: People) -> None:
    stored = StoredFile.objects.get(kind="835")
    visitor = Visitor(people.specialist)
    position = stored.problems.order_by("position")[0].position
    page = text_of(visitor.get(f"/files/{stored.pk}/segments/", position=str(position)))
    assert 'id="chosen"' in page
    assert "CLP03" in page
    event = AuditEvent.objects.filter(action="file.segments").latest("pk")
    assert event.detail == {"position": position}
    for position_text in ("999999", "-1", "x", "0"):
        answer = visitor.get(f"/files/{stored.pk}/segments/", position=position_text)
        assert answer.status_code == 200


def test_the_original_comes_byte_for_byte(people: People, inbox: Inbox) -> None:
    stored = StoredFile.objects.get(kind="835")
    answer = Visitor(people.specialist).get(f"/files/{stored.pk}/original/")
    assert answer.content == (inbox.folder / stored.name).read_bytes()
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{stored.name}"'
    assert AuditEvent.objects.filter(action="file.download").count() == 1


def test_a_file_with_a_foreign_client_is_not_shown(inbox: Inbox, people: People) -> None:
    mine = claims_file(sent("C1", 10), batch="X1", npi=NPI, tin=TIN, control=301)
    theirs = claims_file(sent("C2", 10), batch="X2", npi=FOREIGN_NPI, tin=FOREIGN_TIN, control=302)
    (report,) = inbox.take(mine + theirs, received_date=date(2026, 2, 1))
    assert report.file is not None
    visitor = Visitor(people.specialist)
    for page in ("", "segments/", "original/"):
        assert visitor.get(f"/files/{report.file.pk}/{page}").status_code == 404
        assert Visitor(people.admin).get(f"/files/{report.file.pk}/{page}").status_code == 200
    # The claim can be read all the same, without a link to what else is in the file.
    claim = visitor.get("/claims/MINE/C1/")
    assert claim.status_code == 200
    assert f"/files/{report.file.pk}/" not in text_of(claim)


def test_a_lost_original_is_said_not_raised(people: People) -> None:
    stored = StoredFile.objects.get(kind="835")
    for path in originals_folder().rglob(f"{stored.sha256}*"):
        path.unlink()
    visitor = Visitor(people.specialist)
    assert "cannot be read" in text_of(visitor.get(f"/files/{stored.pk}/"))
    assert "cannot be read" in text_of(visitor.get(f"/files/{stored.pk}/segments/"))
    assert visitor.get(f"/files/{stored.pk}/original/").status_code == 409


def test_a_refused_file_says_why(inbox: Inbox, people: People) -> None:
    old = envelope("BPR*I*1~", kind="835", guide="004010X091A1", code="HP")
    (report,) = inbox.take(old, received_date=date(2026, 2, 2))
    assert report.file is not None
    page = text_of(Visitor(people.admin).get(f"/files/{report.file.pk}/"))
    assert "quarantined" in page
    assert "refused" in page


def replay_jobs() -> list[dict[str, int]]:
    return [job.args for job in ProcrastinateJob.objects.filter(task_name="intake.replay")]


def test_a_partly_posted_file_is_replayed_from_its_page(people: People) -> None:
    stored = StoredFile.objects.get(kind="835")
    visitor = Visitor(people.admin)
    address = f"/files/{stored.pk}/replay/"
    assert f'action="{address}"' in text_of(visitor.get(f"/files/{stored.pk}/"))

    answer = visitor.post(address)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/files/{stored.pk}/"
    assert "will be replayed" in text_of(visitor.get(f"/files/{stored.pk}/"))
    assert AuditEvent.objects.get(action="file.ask_replay").subject_id == str(stored.pk)
    visitor.post(address)  # pressed again before the worker came
    assert "waits to be replayed already" in text_of(visitor.get(f"/files/{stored.pk}/"))

    assert replay_jobs() == [{"file_id": stored.pk}]
    assert replay_stored(file_id=stored.pk) == "partly"  # nothing was fixed
    assert AuditEvent.objects.filter(action="file.replay").count() == 1


def test_a_posted_file_is_not_replayed(people: People) -> None:
    stored = StoredFile.objects.filter(status="posted")[0]
    visitor = Visitor(people.admin)
    address = f"/files/{stored.pk}/replay/"
    assert address not in text_of(visitor.get(f"/files/{stored.pk}/"))
    assert visitor.post(address).status_code == 302
    assert "nothing is left to replay" in text_of(visitor.get(f"/files/{stored.pk}/"))
    assert replay_jobs() == []
    assert replay_stored(file_id=stored.pk) == "posted"  # a job that came too late does no harm


def test_only_those_who_may_replay_and_see_the_file_do(inbox: Inbox, people: People) -> None:
    mine = claims_file(sent("C1", 10), batch="X1", npi=NPI, tin=TIN, control=301)
    theirs = claims_file(sent("C2", 10), batch="X2", npi=FOREIGN_NPI, tin=FOREIGN_TIN, control=302)
    (report,) = inbox.take(mine + theirs, received_date=date(2026, 2, 1))
    assert report.file is not None
    stored = StoredFile.objects.get(kind="835")
    specialist = Visitor(people.specialist)
    assert "/replay/" not in text_of(specialist.get(f"/files/{stored.pk}/"))
    assert specialist.post(f"/files/{stored.pk}/replay/").status_code == 403

    people.specialist.role = "lead"  # may replay, but sees one client only
    people.specialist.save()
    lead = Visitor(people.specialist)
    assert lead.post(f"/files/{report.file.pk}/replay/").status_code == 404
    assert lead.get(f"/files/{stored.pk}/replay/").status_code == 405
    assert replay_jobs() == []
    assert lead.post(f"/files/{stored.pk}/replay/").status_code == 302
    assert replay_jobs() == [{"file_id": stored.pk}]


def test_pages_use_one_word_for_one_thing(inbox: Inbox, people: People) -> None:
    stored = StoredFile.objects.get(kind="835")
    file_page = text_of(Visitor(people.admin).get(f"/files/{stored.pk}/"))
    suspense_page = text_of(Visitor(people.admin).get("/suspense/"))
    claim_page = text_of(Visitor(people.admin).get("/claims/MINE/A2/"))
    assert '<h1 class="page-title">Suspense</h1>' in suspense_page
    assert "Replay</button>" in file_page
    for page in (file_page, suspense_page, claim_page):
        assert ">Segment" in page
        assert ">Place<" not in page
    assert "provisional" in text_of(Visitor(people.admin).get("/payers/"))


def test_an_empty_list_of_clients_says_what_the_user_can_do(inbox: Inbox) -> None:
    people = make_people(make_client("MINE", "Mine Clinic", NPI, TIN))
    stranger = text_of(Visitor(people.stranger).get("/clients/"))
    assert "Ask an administrator" in stranger
    assert "clients import" not in stranger
    ClientAssignment.objects.all().delete()
    ClientIdentifier.objects.all().delete()
    Client.objects.all().delete()
    admin = text_of(Visitor(people.admin).get("/clients/"))
    assert "clients import" in admin
    assert "Ask an administrator" not in admin
