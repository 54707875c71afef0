"""Documents of clients: asked once, sent by a link, kept encrypted; then the claim goes on."""

from __future__ import annotations

import io
import os
import socket
import struct
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker
from tests.integration.pages import web_role
from tests.integration.work_items import Workers, ids, item, shared_world, workers_of

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.agreements.models import Clock
from sanderling.audit.models import AuditEvent
from sanderling.barriers.actions import refresh_stale
from sanderling.barriers.models import Barrier
from sanderling.claims.models import Claim
from sanderling.config import checks
from sanderling.document_requests import answering, cleaning, keeping
from sanderling.document_requests.answering import Faulty, NothingSent, Reply, take_reply
from sanderling.document_requests.asking import RequestRefused, adopt_tasks, withdraw_request
from sanderling.document_requests.cycle import (
    SettingRefused,
    add_contact,
    addresses_of,
    days_of,
    set_days,
)
from sanderling.document_requests.demo import ensure_demo_requests
from sanderling.document_requests.keeping import FileRefused, bytes_of, keep
from sanderling.document_requests.listing import fill_of, rows_of
from sanderling.document_requests.mailing import new_link, send_due, send_now
from sanderling.document_requests.models import Answer, Item, Request, Upload
from sanderling.document_requests.reminding import remind
from sanderling.document_requests.scanning import ScannerAway, version
from sanderling.document_requests.settling import settle
from sanderling.files.sealing import OriginalDamaged
from sanderling.followup.actions import record
from sanderling.links.models import Link
from sanderling.mail.models import Mail
from sanderling.news.models import Notice
from sanderling.tasks.actions import answer_task, create_task
from sanderling.tasks.models import Task
from sanderling.worklists.acting import NothingToDo, act, undo
from sanderling.worklists.models import BulkAct, WorkItem

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
TODAY = AT.date()
PDF = b"%PDF-1.7\nan operative note\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture(scope="module")
def folder(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    with django_db_blocker.unblock(), shared_world(tmp_path_factory) as base:
        add_contact(workers_of().mine.pk, name="Records", email="records@mine.test", at=AT)
        yield base


@pytest.fixture
def workers(folder: Path, db: None) -> Iterator[Workers]:
    with override_settings(CLAMD="off"):
        yield workers_of()


def ask(
    workers: Workers,
    *numbers: str,
    documents: tuple[str, ...] = ("operative_note",),
    user: User | None = None,
    at: datetime = AT,
    **more: object,
) -> BulkAct:
    return act(
        "request_documents",
        ids(*numbers),
        {"question": "The payer wants records.", "documents": list(documents), **more},
        user=user or workers.lead,
        actor="user:1",
        at=at,
    )


def request_of(workers: Workers) -> Request:
    return Request.objects.get(client_id=workers.mine.pk)


def items(request: Request, *numbers: str) -> list[int]:
    found = request.items.filter(claim__number__in=numbers) if numbers else request.items.all()
    return list(found.order_by("claim__number", "pk").values_list("pk", flat=True))


def sent_file(name: str = "note.pdf", data: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def answer(request: Request, *item_ids: int, data: bytes = PDF, at: datetime = AT) -> int:
    reply = Reply(files=[(sent_file(data=data), frozenset(item_ids))])  # type: ignore[list-item]
    return take_reply(request.pk, reply, user=None, link_id=None, at=at).left


def barrier(number: str) -> str:
    refresh_stale(TODAY)
    return Barrier.objects.get(claim_id=item(number).claim_id, party=11).barrier


def link_path(request: Request) -> str:
    now = datetime.now(UTC)
    return new_link(request, at=now, by=None).removeprefix(settings.PUBLIC_URL)


# Asking.


def test_one_act_makes_one_request_a_client_with_a_document_of_each_claim(workers: Workers) -> None:
    ask(workers, "A1", "A2", "B1", documents=("operative_note", "authorization"))
    mine = request_of(workers)
    assert [
        (one.claim.number, one.kind, one.state)
        for one in mine.items.order_by("claim__number", "kind")
    ] == [
        ("A1", "authorization", "wanted"),
        ("A1", "operative_note", "wanted"),
        ("A2", "authorization", "wanted"),
        ("A2", "operative_note", "wanted"),
    ]
    assert Request.objects.get(client_id=workers.theirs.pk).items.count() == 2
    assert (mine.question, mine.asked_by, mine.state) == (
        "The payer wants records.", workers.lead, "open",
    )  # fmt: skip
    assert Task.objects.count() == 3
    assert barrier("A1") == "awaiting_client"
    row = rows_of("open", client="MINE", today=TODAY)[0]
    assert (row["claims"], row["documents"], row["wanted"], row["open_cents"]) == (2, 4, 4, 30_000)


def test_undo_withdraws_the_request_before_the_client_hears_of_it(workers: Workers) -> None:
    done = ask(workers, "A1", "A2")
    undo(done, user=workers.lead, at=AT + timedelta(minutes=5))
    assert (request_of(workers).state, barrier("A1")) == ("withdrawn", "no_response")
    assert send_due(at=AT + timedelta(hours=1)) == 0
    assert not Mail.objects.exists()


def test_a_rule_asks_once_while_the_client_has_the_question(workers: Workers) -> None:
    def by_rule(*numbers: str) -> BulkAct:
        parameters = {"question": "Records, please."}
        return act("request_documents", ids(*numbers), parameters, user=None, actor="rule:1", at=AT)

    by_rule("A1")
    again = by_rule("A1", "A2")
    assert again.refused == [[item("A1").pk, "waits for documents of the client already"]]
    with pytest.raises(NothingToDo, match="waits for documents"):
        by_rule("A1")
    assert Request.objects.count() == 2
    assert {one.kind for one in Item.objects.all()} == {"other"}


def test_a_task_for_the_client_s_documents_is_a_request_too(workers: Workers) -> None:
    claim_item = item("A1")
    task = create_task(
        claim=Claim.objects.select_related("client").get(pk=claim_item.claim_id),
        party=11, team="client", kind="documents", question="The card, please.", due_date=None,
        asked_by=workers.sam, at=AT,
    )  # fmt: skip
    assert list(request_of(workers).items.values_list("task_id", "kind")) == [(task.pk, "other")]
    assert adopt_tasks(at=AT) == 0


def test_a_task_of_before_is_adopted_and_not_mailed(workers: Workers) -> None:
    ask(workers, "A1", "A2")
    Item.objects.all().delete()
    Request.objects.all().delete()
    assert adopt_tasks(at=AT) == 2
    assert (request_of(workers).is_mailed, request_of(workers).items.count()) == (False, 2)
    assert adopt_tasks(at=AT) == 0
    assert send_due(at=AT + timedelta(days=1)) == 0


# What comes.


def test_a_file_lets_the_claim_go_on(workers: Workers) -> None:
    ask(workers, "A1", "A2")
    mine = request_of(workers)
    assert answer(mine, *items(mine, "A1")) == 1
    assert settle(at=AT) == 1
    task = Task.objects.get(claim_id=item("A1").claim_id)
    assert (task.state, task.result, task.result_value) == (
        "answered",
        "received",
        "Operative note",
    )
    assert (barrier("A1"), barrier("A2")) == ("no_response", "awaiting_client")
    assert (item("A1").open_tasks, item("A2").open_tasks) == (0, 1)
    assert item("A1").follow_up_date == TODAY  # due again
    assert settle(at=AT) == 0
    assert Notice.objects.filter(user=workers.lead, text__contains="Received").count() == 1
    clock = Clock.objects.get(kind="document_turnaround")
    assert (clock.claim_id, clock.ended_at) == (task.claim_id, None)
    record(
        claim=task.claim, activity_date=TODAY, channel="mail", action="send_records",
        outcome="sent", at=AT, user=workers.sam,
    )  # fmt: skip
    clock.refresh_from_db()
    assert clock.ended_at is not None
    assert mine.state == "open"


def test_a_claim_waits_for_all_its_documents(workers: Workers) -> None:
    ask(workers, "A1", documents=("operative_note", "progress_notes"))
    mine = request_of(workers)
    first, second = items(mine)
    answer(mine, first)
    assert settle(at=AT) == 0
    reply = Reply(none={second: "  never  written "})
    taken = take_reply(mine.pk, reply, user=None, link_id=None, at=AT)
    assert (taken.left, taken.answered, taken.files) == (0, 1, 0)
    assert settle(at=AT) == 1
    task = Task.objects.get()
    assert task.result == "received"
    assert task.answer.endswith("None: Progress notes (never written)")
    assert request_of(workers).state == "answered"


def test_a_client_that_has_none_says_so(workers: Workers) -> None:
    ask(workers, "A1")
    mine = request_of(workers)
    take_reply(mine.pk, Reply(none={items(mine)[0]: ""}), user=None, link_id=None, at=AT)
    settle(at=AT)
    assert Task.objects.get().result == "none"
    assert not Clock.objects.filter(kind="document_turnaround").exists()


def test_one_file_answers_several_and_the_same_again_changes_nothing(workers: Workers) -> None:
    ask(workers, "A1", "A2", "A3")
    mine = request_of(workers)
    answer(mine, *items(mine, "A1", "A2"))
    answer(mine, *items(mine, "A1", "A2"))
    assert (Upload.objects.count(), Answer.objects.count()) == (1, 2)
    assert answer(mine, *items(mine, "A3"), data=PDF + b"2") == 0
    assert request_of(workers).state == "answered"
    with pytest.raises(Request.DoesNotExist):
        answer(mine, *items(mine, "A3"))


def test_what_a_colleague_answered_in_the_inbox_is_not_wanted_any_more(workers: Workers) -> None:
    ask(workers, "A1", "A2")
    task = Task.objects.get(claim_id=item("A1").claim_id)
    answer_task(task.pk, result="received", value="by fax", user=workers.sam, at=AT)
    mine = request_of(workers)
    assert list(mine.items.order_by("claim__number").values_list("state", flat=True)) == [
        "received", "wanted",
    ]  # fmt: skip
    withdraw_request(mine.pk, user=workers.lead, at=AT)
    assert request_of(workers).state == "answered"
    with pytest.raises(RequestRefused, match="answered already"):
        withdraw_request(mine.pk, user=workers.lead, at=AT)


def test_files_are_kept_encrypted_and_open_with_the_key_only(workers: Workers) -> None:
    ask(workers, "A1")
    mine = request_of(workers)
    answer(mine, *items(mine), data=PDF + b"secret")
    kept = Upload.objects.get()
    (stored,) = [path for path in kept_files() if path.name.startswith(kept.sha256)]
    assert b"operative" not in stored.read_bytes()
    data = PDF + b"secret"
    assert stored.stat().st_mode & 0o077 == 0
    assert bytes_of(kept) == data
    with override_settings(
        DOCUMENT_KEYS=["another key of 32 characters ....", *settings.DOCUMENT_KEYS]
    ):
        assert bytes_of(kept) == data
    with (
        override_settings(DOCUMENT_KEYS=["another key of 32 characters ...."]),
        pytest.raises(OriginalDamaged),
    ):
        bytes_of(kept)
    stored.write_bytes(stored.read_bytes()[:-1] + b"x")
    with pytest.raises(OriginalDamaged):
        bytes_of(kept)


def aged(path: Path, age: timedelta) -> Path:
    then = time.time() - age.total_seconds() - 60
    os.utime(path, (then, then))
    return path


def test_files_that_nobody_names_are_removed_counted_and_in_the_trail(workers: Workers) -> None:
    ask(workers, "A1")
    mine = request_of(workers)
    answer(mine, *items(mine), data=PDF + b"named")
    named = Upload.objects.get()
    lone = keep(io.BytesIO(PDF + b"nobody's"))
    fresh = keep(io.BytesIO(PDF + b"just now"))
    places = {sha256: path for path, sha256, _ in keeping.kept_files()}
    for sha256 in (named.sha256, lone.sha256):
        aged(places[sha256], cleaning.UNNAMED_AFTER)
    with web_role(), pytest.raises(RuntimeError, match="who sees all uploads"):
        cleaning.remove_unnamed(at=AT)
    removed = cleaning.remove_unnamed(at=AT)
    assert removed.files >= 1  # other tests share the folder
    assert not places[lone.sha256].exists()
    assert places[named.sha256].exists()
    assert places[fresh.sha256].exists()
    assert bytes_of(named) == PDF + b"named"
    event = AuditEvent.objects.get(action="document.clean_up")
    assert event.detail == {"files": removed.files, "size_bytes": removed.size_bytes}
    assert cleaning.remove_unnamed(at=AT).files == 0
    assert AuditEvent.objects.filter(action="document.clean_up").count() == 1


def test_the_same_bytes_sent_again_are_not_removed_under_the_sender(workers: Workers) -> None:
    kept = keep(io.BytesIO(PDF + b"twice"))
    (path,) = [one for one, sha256, _ in keeping.kept_files() if sha256 == kept.sha256]
    aged(path, cleaning.UNNAMED_AFTER)
    assert keep(io.BytesIO(PDF + b"twice")) == kept  # sent again, not named yet
    cleaning.remove_unnamed(at=AT)
    assert path.exists()


def test_what_a_killed_web_server_left_is_told_by_doctor_and_removed(
    workers: Workers, tmp_path: Path
) -> None:
    left, fresh = tmp_path / "a.upload", tmp_path / "b.upload"
    waiting = tmp_path / "spool"
    waiting.mkdir()
    (waiting / "1").write_bytes(b"the worker's")
    for path in (left, fresh):
        path.write_bytes(b"half a scan")
    aged(left, cleaning.LEFT_AFTER)
    aged(waiting, cleaning.LEFT_AFTER)
    with override_settings(FILE_UPLOAD_TEMP_DIR=tmp_path):
        with pytest.raises(checks.Fault, match="1 half received files lie unencrypted"):
            checks._uploads()
        assert cleaning.remove_left_uploads(at=AT).files == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == ["b.upload", "spool"]
        assert checks._uploads() == "nothing is left half received"
        assert cleaning.remove_left_uploads(at=AT).files == 0
    event = AuditEvent.objects.get(action="upload.clean_up")
    assert event.detail == {"files": 1, "size_bytes": len(b"half a scan")}


def word_file(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name in ("[Content_Types].xml", "word/document.xml", *names):
            file.writestr(name, "x")
    return packed.getvalue()


def test_the_content_says_what_a_file_is_whatever_it_is_called(workers: Workers) -> None:
    ask(workers, "A1")
    mine = request_of(workers)
    target = frozenset(items(mine))
    files = [
        (sent_file('C:\\scans\\no"te.exe', PNG), target),
        (sent_file("letter.pdf", word_file()), target),
        (sent_file(" .exe", PDF), target),
    ]
    take_reply(mine.pk, Reply(files=files), user=None, link_id=None, at=AT)  # type: ignore[arg-type]
    assert [one.name for one in Upload.objects.order_by("pk")] == [
        "no_te.png", "letter.docx", "exe.pdf",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"MZ\x90\x00" + bytes(100), "send it as PDF"),
        (b"<html><script>1</script>", "send it as PDF"),
        (word_file("word/vbaProject.bin"), "macros"),
        (b"PK\x03\x04" + bytes(100), "send it as PDF"),
        (PDF + bytes(25 * 2**20), "larger than 25 MB"),
    ],
    ids=["empty", "program", "page", "macros", "archive", "large"],
)
def test_what_is_not_taken_leaves_nothing_behind(workers: Workers, data: bytes, why: str) -> None:
    ask(workers, "A1")
    mine = request_of(workers)
    target = frozenset(items(mine))
    before = kept_files()
    files = [(sent_file(), target), (sent_file("bad.pdf", data), target)]
    with pytest.raises(Faulty) as refusal:
        take_reply(mine.pk, Reply(files=files), user=None, link_id=None, at=AT)  # type: ignore[arg-type]
    assert [name for name, _ in refusal.value.faults] == ["bad.pdf"]
    assert why in refusal.value.faults[0][1]
    assert (Upload.objects.count(), kept_files()) == (0, before)
    assert mine.items.get().state == "wanted"


def kept_files() -> set[Path]:
    place = Path(settings.SANDERLING_HOME) / "documents"
    return {path for path in place.rglob("*") if path.is_file()}


def test_an_empty_form_foreign_documents_and_too_much_are_refused(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(workers, "A1", "B1")
    mine = request_of(workers)
    (foreign,) = Request.objects.get(client_id=workers.theirs.pk).items.values_list("pk", flat=True)
    with pytest.raises(NothingSent):
        take_reply(mine.pk, Reply(), user=None, link_id=None, at=AT)
    before = kept_files()
    with pytest.raises(FileRefused, match="say which document"):
        answer(mine, foreign, data=PDF + b"foreign")
    monkeypatch.setattr(answering, "REQUEST_BYTES_MAX", 10)
    with pytest.raises(FileRefused, match="too many files already"):
        answer(mine, *items(mine), data=PDF + b"much")
    assert kept_files() == before
    take_reply(mine.pk, Reply(none={foreign: "x"}), user=None, link_id=None, at=AT)
    assert set(Item.objects.values_list("state", flat=True)) == {"wanted"}
    assert not Upload.objects.exists()


# Viruses.


class FakeScanner:
    """Speaks clamd's INSTREAM on a socket; says FOUND of what holds the word VIRUS."""

    def __init__(self, place: Path, *, answer: bytes | None = None) -> None:
        self.read: list[bytes] = []
        self.answer = answer
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listening.bind(str(place))
        self.listening.listen()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connected, _ = self.listening.accept()
            except OSError:
                return
            with connected:
                stream = connected.makefile("rb")
                command = b""
                while not command.endswith(b"\0"):
                    command += stream.read(1)
                if command == b"zVERSION\0":
                    connected.sendall(b"ClamAV 1.4.1/27480\0")
                    continue
                data = b""
                while size := struct.unpack("!I", stream.read(4))[0]:
                    data += stream.read(size)
                self.read.append(data)
                found = b"Eicar-Test FOUND" if b"VIRUS" in data else b"OK"
                connected.sendall(self.answer or b"stream: " + found + b"\0")

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join(5)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "clamd.sock"


def test_the_scanner_reads_every_byte_and_is_named(workers: Workers, place: Path) -> None:
    ask(workers, "A1")
    mine = request_of(workers)
    scanner = FakeScanner(place)
    data = PDF + bytes(200_000)
    with override_settings(CLAMD=f"unix:{place}"):
        assert version() == "ClamAV 1.4.1/27480"
        answer(mine, *items(mine), data=data)
    scanner.close()
    assert scanner.read == [data]
    assert Upload.objects.get().scanned_by == "ClamAV"


def test_what_the_scanner_finds_is_not_kept(workers: Workers, place: Path) -> None:
    ask(workers, "A1")
    mine = request_of(workers)
    before = kept_files()
    scanner = FakeScanner(place)
    with override_settings(CLAMD=f"unix:{place}"), pytest.raises(Faulty) as refusal:
        answer(mine, *items(mine), data=PDF + b"VIRUS")
    scanner.close()
    assert "something harmful" in refusal.value.faults[0][1]
    assert (Upload.objects.count(), kept_files()) == (0, before)


@pytest.mark.parametrize(
    "answer_bytes", [b"INSTREAM size limit exceeded. ERROR\0", b"nonsense\0", b""]
)
def test_a_scanner_that_fails_lets_nothing_in(
    workers: Workers, place: Path, answer_bytes: bytes
) -> None:
    ask(workers, "A1")
    mine = request_of(workers)
    scanner = FakeScanner(place, answer=answer_bytes) if answer_bytes else None
    with override_settings(CLAMD=f"unix:{place}"), pytest.raises(ScannerAway):
        answer(mine, *items(mine))
    if scanner:
        scanner.close()
    assert not Upload.objects.exists()


def test_without_a_scanner_a_file_is_kept_and_said_to_be_unscanned(workers: Workers) -> None:
    ask(workers, "A1")
    mine = request_of(workers)
    answer(mine, *items(mine))
    assert Upload.objects.get().scanned_by == ""


# Mails and reminders.


def test_the_first_mail_goes_out_after_a_while_once_without_a_patient(workers: Workers) -> None:
    ask(workers, "A1", "A2", date="2026-03-20")
    assert send_due(at=AT + timedelta(minutes=9)) == 0
    later = AT + timedelta(minutes=10)
    assert (send_due(at=later), send_due(at=later)) == (1, 0)
    mail = Mail.objects.get()
    assert (mail.to_address, mail.kind) == ("records@mine.test", "document_request")
    text = mail.content.text
    assert "2 documents for 2 claims ($300.00 open)" in text
    assert "needed by March 20, 2026" in text
    for secret in ("DOE", "JANE", "A1", "ABC123", "Operative"):
        assert secret not in text + mail.subject
    link = Link.objects.get()
    assert (link.subject_id, link.expires_at) == (
        request_of(workers).pk,
        later + timedelta(days=30),
    )
    assert "/l/documents/" in text


def test_reminders_climb_and_each_step_is_taken_once(workers: Workers) -> None:
    WorkItem.objects.update(deadline_date=None)
    manager = create_user(
        email="mia@x.test", name="Mia", role="account_manager", password="correct-horse-battery",
        client_ids=[workers.mine.pk],
    )  # fmt: skip
    ask(workers, "A1", user=workers.sam)
    sent_at = AT + timedelta(minutes=10)
    send_due(at=sent_at)
    taken = {}
    for day in range(23):
        at = sent_at + timedelta(days=day)
        taken[day] = remind(at.date(), at=at)
        assert remind(at.date(), at=at) == 0
    assert {day: count for day, count in taken.items() if count} == {3: 1, 5: 1, 7: 1, 14: 1, 21: 1}
    assert Mail.objects.count() == 4  # the first, the reminder, two weekly ones
    heard = {
        user.name: Notice.objects.filter(user=user, kind="document_request.waits").count()
        for user in (workers.sam, workers.lead, manager, workers.far)
    }
    assert heard == {"Sam": 2, "Lena": 1, "Mia": 1, "Far": 0}
    steps = request_of(workers).steps.order_by("at", "pk").values_list("step", flat=True)
    assert [step for step in steps if not step.startswith("mail of")] == [
        "sent", "reminder", "lead", "manager", "week:1", "week:2",
    ]  # fmt: skip


def test_near_a_time_limit_all_hear_that_money_is_at_risk(workers: Workers) -> None:
    WorkItem.objects.update(deadline_date=TODAY + timedelta(days=11), is_deadline_met=False)
    ask(workers, "A1", user=workers.sam)
    send_due(at=AT + timedelta(minutes=10))
    assert remind(TODAY, at=AT) == 0
    tomorrow = AT + timedelta(days=1)
    assert remind(tomorrow.date(), at=tomorrow) == 1
    assert Mail.objects.order_by("-pk")[0].content.text.count("may have to be written off") == 1
    notice = Notice.objects.get(user=workers.lead, kind="document_request.waits")
    assert notice.is_urgent
    assert notice.text == (
        "MINE: $150.00 is at risk, a time limit ends on 2026-03-16 and the client's documents are"
        " not here"
    )


def test_days_are_the_client_s_own_and_must_make_sense(workers: Workers) -> None:
    WorkItem.objects.update(deadline_date=None)
    set_days(None, {"reminder": 2, "lead": 4, "manager": 6, "risk": 10, "link": 14}, at=AT)
    set_days(workers.mine.pk, {"reminder": 1, "lead": 1, "manager": 1, "risk": 5, "link": 7}, at=AT)
    assert (days_of(workers.mine.pk).lead, days_of(workers.theirs.pk).lead) == (1, 4)
    with pytest.raises(SettingRefused, match="reminder comes first"):
        set_days(None, {"reminder": 5, "lead": 4, "manager": 6, "risk": 10, "link": 14}, at=AT)
    with pytest.raises(SettingRefused, match="from 1 to 60"):
        set_days(None, {"reminder": 0, "lead": 4, "manager": 6, "risk": 10, "link": 14}, at=AT)
    ask(workers, "A1")
    assert remind(TODAY + timedelta(days=1), at=AT + timedelta(days=1)) == 3


def test_a_client_without_contacts_is_reached_by_its_users_or_by_nobody(workers: Workers) -> None:
    ask(workers, "B1")
    theirs = Request.objects.get()
    with pytest.raises(RequestRefused, match="add a contact"):
        send_now(theirs.pk, user=workers.lead, at=AT)
    create_user(
        email="ann@theirs.test", name="Ann", role="client_user", password="correct-horse-battery",
        client_ids=[workers.theirs.pk],
    )  # fmt: skip
    assert addresses_of(workers.theirs.pk) == ["ann@theirs.test"]
    assert send_now(theirs.pk, user=workers.lead, at=AT) == 1
    assert send_now(theirs.pk, user=workers.lead, at=AT) == 1  # again, by a link of its own
    assert send_now(theirs.pk, user=workers.lead, at=AT) == 0  # but not twice a minute
    assert (Mail.objects.count(), Link.objects.count()) == (2, 2)


def test_how_clients_answer_is_counted(workers: Workers) -> None:
    ask(
        workers,
        "A1",
        "A2",
        documents=tuple(
            ["operative_note"] * 1
            + ["progress_notes", "authorization", "insurance_card", "accident"]
        ),
    )
    mine = request_of(workers)
    refresh_stale(TODAY)
    answer(mine, *items(mine)[:4], at=AT + timedelta(days=2))
    take_reply(
        mine.pk, Reply(none={items(mine)[4]: ""}), user=None, link_id=None,
        at=AT + timedelta(days=4),
    )  # fmt: skip
    found = {one.client: one for one in fill_of(at=AT + timedelta(days=5))}
    one = found["MINE"]
    assert (one.documents, one.received, one.none, one.wanted) == (10, 4, 1, 5)
    assert (one.fill_rate, one.answer_days) == (0.4, 2.0)
    assert (one.waiting_claims, one.waiting_cents, one.receivable_cents) == (2, 30_000, 60_000)
    assert one.waiting_share == 0.5
    assert "THEIRS" not in found


def test_few_documents_give_no_rate(workers: Workers) -> None:
    ask(workers, "A1")
    assert fill_of(at=AT)[0].fill_rate is None


def test_a_demonstration_has_requests_in_each_state_once(workers: Workers) -> None:
    create_user(
        email="ann@mine.test", name="Ann", role="client_user", password="correct-horse-battery",
        client_ids=[workers.mine.pk],
    )  # fmt: skip
    WorkItem.objects.update(deadline_date=None)
    assert ensure_demo_requests(at=AT) == 2  # as far as there are claims
    assert ensure_demo_requests(at=AT) == 0
    assert list(Request.objects.order_by("pk").values_list("state", flat=True)) == [
        "answered", "open",
    ]  # fmt: skip


# Pages.


@pytest.fixture
def browser(workers: Workers) -> Browser:
    found = Browser()
    found.force_login(workers.sam)
    return found


def test_the_page_behind_a_link_takes_files_and_the_claim_goes_on(workers: Workers) -> None:
    ask(workers, "A1", "A2")
    mine = request_of(workers)
    path = link_path(mine)
    stranger = Browser(enforce_csrf_checks=True)
    with web_role():
        page = stranger.get(path)
    assert page.status_code == 200
    text = page.content.decode()
    assert "Operative note" in text
    assert "not checked for viruses" in text
    assert "J. D." in text
    for secret in ("DOE", "Doe", "JANE", "ABC123"):
        assert secret not in text
    first, second = items(mine)
    with web_role():
        done = stranger.post(path, {f"file-{first}": sent_file()})
    assert (done.status_code, done.headers["Location"]) == (302, f"{path}?kept=1")
    with web_role():
        done = stranger.post(path, {f"file-{second}": sent_file("b.pdf", PDF + b"b")})
    assert done.status_code == 200
    assert b"Nothing more is wanted" in done.content
    assert stranger.get(path).status_code == 404
    assert settle(at=AT) == 2
    assert request_of(workers).state == "answered"
    assert {one.link_id for one in Upload.objects.all()} == {Link.objects.get().pk}
    event = AuditEvent.objects.filter(action="document.upload").order_by("pk")[0]
    assert event.actor == f"link:{Link.objects.get().pk}"


def test_bad_files_bring_the_form_back_and_too_much_is_not_read(workers: Workers) -> None:
    ask(workers, "A1")
    mine = request_of(workers)
    path = link_path(mine)
    (first,) = items(mine)
    stranger = Browser()
    answer = stranger.post(path, {f"file-{first}": sent_file("x.pdf", b"MZ")})
    assert answer.status_code == 422
    assert b"x.pdf: send it as PDF" in answer.content
    answer = stranger.post(path, {})
    assert answer.status_code == 422
    answer = stranger.post(
        path, b"x", content_type="multipart/form-data; boundary=b",
        headers={"Content-Length": str(201 * 2**20)},
    )  # fmt: skip
    assert answer.status_code == 413
    assert not Upload.objects.exists()


def test_staff_see_the_request_and_load_its_files_down(workers: Workers, browser: Browser) -> None:
    ask(workers, "A1", "B1")
    mine = request_of(workers)
    theirs = Request.objects.get(client_id=workers.theirs.pk)
    answer(mine, *items(mine))
    upload = Upload.objects.get()
    with web_role():
        page = browser.get("/document-requests/?tab=answered").content.decode()
        one = browser.get(f"/document-requests/{mine.pk}/").content.decode()
        loaded = browser.get(f"/document-requests/files/{upload.pk}/")
        assert b"".join(loaded.streaming_content) == PDF  # type: ignore[attr-defined]
        foreign = browser.get(f"/document-requests/{theirs.pk}/")
    assert f"Request {mine.pk}" in page
    assert "THEIRS" not in page
    assert "note.pdf" in one
    assert loaded.headers["Content-Disposition"] == "attachment; filename*=UTF-8''note.pdf"
    assert foreign.status_code == 404
    looked = AuditEvent.objects.get(action="document.download")
    assert (looked.claim_id, looked.actor) == (item("A1").claim_id, f"user:{workers.sam.pk}")


def test_staff_send_make_a_link_and_withdraw(workers: Workers, browser: Browser) -> None:
    ask(workers, "A1")
    mine = request_of(workers)
    with web_role():
        assert browser.post(f"/document-requests/{mine.pk}/send/").status_code == 302
        page = browser.post(f"/document-requests/{mine.pk}/link/").content.decode()
    assert "/l/documents/" in page
    path = page.split("/l/documents/")[1].split("/")[0]
    assert Mail.objects.count() == 1
    assert Browser().get(f"/l/documents/{path}/").status_code == 200
    with web_role():
        assert browser.post(f"/document-requests/{mine.pk}/withdraw/").status_code == 302
        assert browser.post(f"/document-requests/{mine.pk}/send/").status_code == 409
    assert Browser().get(f"/l/documents/{path}/").status_code == 404
    assert request_of(workers).state == "withdrawn"


def test_a_client_user_answers_in_the_portal(workers: Workers) -> None:
    ask(workers, "A1", "B1")
    mine = request_of(workers)
    ann = create_user(
        email="ann@mine.test", name="Ann", role="client_user", password="correct-horse-battery",
        client_ids=[workers.mine.pk],
    )  # fmt: skip
    portal = Browser()
    portal.force_login(ann)
    theirs = Request.objects.get(client_id=workers.theirs.pk)
    (first,) = items(mine)
    with web_role():
        assert f"Request {mine.pk}" in portal.get("/portal/requests/").content.decode()
        assert portal.get(f"/portal/requests/{theirs.pk}/").status_code == 404
        assert portal.get(f"/document-requests/{mine.pk}/").status_code == 403
        page = portal.get(f"/portal/requests/{mine.pk}/").content.decode()
        assert "DOE, JANE" in page
        done = portal.post(f"/portal/requests/{mine.pk}/", {f"file-{first}": sent_file()})
        assert (done.status_code, done.headers["Location"]) == (302, "/portal/requests/")
    assert settle(at=AT) == 1
    assert (Upload.objects.get().user, Task.objects.get(client_id=workers.mine.pk).answered_by) == (
        ann, ann,
    )  # fmt: skip


def test_contacts_and_days_are_set_by_who_edits_clients(workers: Workers) -> None:
    manager = create_user(
        email="mia@x.test", name="Mia", role="account_manager", password="correct-horse-battery",
        client_ids=[workers.mine.pk],
    )  # fmt: skip
    page = Browser()
    page.force_login(manager)
    path = "/document-requests/settings/?client=MINE"
    with web_role():
        assert page.get("/document-requests/settings/?client=THEIRS").status_code == 404
        added = page.post(path, {"name": "Front desk", "email": "Desk@Mine.test"})
        assert added.status_code == 302
        assert page.post(path, {"name": "", "email": "no address"}).status_code == 422
        days = {"reminder": "9", "lead": "5", "manager": "7", "risk": "10", "link": "30"}
        refused = page.post(path, days)
        assert refused.status_code == 422
        assert page.post(path, days | {"reminder": "4"}).status_code == 302
        assert b"desk@mine.test" in page.get(path).content
    assert addresses_of(workers.mine.pk) == ["desk@mine.test", "records@mine.test"]
    assert days_of(workers.mine.pk).reminder == 4


def test_a_rule_may_ask_in_the_portal_where_the_client_has_people_there(workers: Workers) -> None:
    def asked(number: str) -> Request:
        ask(workers, number, by_portal=True)
        return Request.objects.order_by("-pk")[0]

    lone = asked("A1")  # nobody is there: by mail, as usual
    assert (lone.is_mailed, lone.steps.count()) == (True, 0)
    ann = create_user(
        email="ann@mine.test", name="Ann", role="client_user", password="correct-horse-battery",
        client_ids=[workers.mine.pk],
    )  # fmt: skip
    mine = asked("A2")
    assert mine.is_mailed is False
    told = Notice.objects.get(user=ann)
    assert told.url == f"/portal/requests/{mine.pk}/"
    assert "Documents are needed by" in told.text
    send_due(at=AT + timedelta(hours=1))
    assert not Mail.objects.filter(key__contains=f":{mine.pk}:").exists()
    for _ in range(2):
        remind(TODAY + timedelta(days=3), at=AT + timedelta(days=3))
    assert list(mine.steps.order_by("at", "pk").values_list("step", flat=True)) == [
        "portal", "reminder",
    ]  # fmt: skip
    assert Notice.objects.filter(user=ann, url=told.url).count() == 2
