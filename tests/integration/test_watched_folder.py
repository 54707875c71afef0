"""Folders that the worker watches."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from sanderling.files.models import Arrival, StoredFile
from sanderling.intake import watching
from sanderling.intake.actions import ingest
from sanderling.intake.models import WatchedFile
from sanderling.intake.tasks import defer_resume, watch_folders
from sanderling.intake.watching import REST, take_watched

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
LATER = NOW + REST
ISA = (
    f"ISA*00*{'':10}*00*{'':10}*ZZ*{'PAYER':15}*ZZ*{'PROVIDER':15}"
    "*260401*1200*^*00501*000000001*0*P*:~"
)


def ta1(number: int) -> str:
    return f"{ISA}TA1*{number:09}*260331*1200*A*000~IEA*0*000000001~"


pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    settings.SANDERLING_HOME = tmp_path / "home"  # type: ignore[attr-defined]
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def test_a_file_is_taken_when_it_has_come_to_rest_and_stays_where_it_is(inbox: Path) -> None:
    path = inbox / "a.ta1"
    path.write_text(ta1(1))
    assert take_watched([inbox], now=NOW).resting == 1
    assert take_watched([inbox], now=NOW + timedelta(seconds=9)).resting == 1
    assert StoredFile.objects.count() == 0
    assert take_watched([inbox], now=LATER).taken == 1
    stored = StoredFile.objects.get()
    assert (stored.status, stored.source, stored.name) == ("posted", "watched", "a.ta1")
    assert path.exists()


def test_a_file_that_still_grows_is_left_alone(inbox: Path) -> None:
    path = inbox / "a.ta1"
    path.write_text(ISA)
    take_watched([inbox], now=NOW)
    path.write_text(ta1(1))
    assert take_watched([inbox], now=LATER).taken == 0
    assert take_watched([inbox], now=LATER + REST).taken == 1
    assert StoredFile.objects.get().status == "posted"


def test_what_was_taken_is_not_read_again_until_it_changes(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = inbox / "a.ta1"
    path.write_text(ta1(1))
    take_watched([inbox], now=NOW)
    take_watched([inbox], now=LATER)
    calls: list[object] = []

    def noted(paths: list[Path], **_rest: object) -> Iterator[object]:
        calls.append(paths)
        return iter(())

    monkeypatch.setattr(watching, "ingest", noted)
    take_watched([inbox], now=LATER + timedelta(minutes=1))
    assert calls == []
    monkeypatch.undo()
    path.write_text(ta1(2))
    take_watched([inbox], now=LATER + timedelta(minutes=2))
    assert take_watched([inbox], now=LATER + timedelta(minutes=3)).taken == 1
    assert StoredFile.objects.count() == 2


def test_the_same_content_under_another_name_is_recognised(inbox: Path) -> None:
    (inbox / "a.ta1").write_text(ta1(1))
    (inbox / "deep").mkdir()
    (inbox / "deep" / "b.ta1").write_text(ta1(1))
    take_watched([inbox], now=NOW)
    assert take_watched([inbox], now=LATER).taken == 2
    assert (StoredFile.objects.count(), Arrival.objects.count()) == (1, 2)


def test_hidden_and_unfinished_files_and_links_are_not_taken(inbox: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text(ta1(1))
    (inbox / "link").symlink_to(outside)
    for name in (".hidden", "a.835.part", "b.TMP", "~lock"):
        (inbox / name).write_text(ta1(1))
    (inbox / ".git").mkdir()
    (inbox / ".git" / "a").write_text(ta1(1))
    os.mkfifo(inbox / "pipe")
    report = take_watched([inbox], now=NOW)
    assert (report.resting, WatchedFile.objects.count()) == (0, 0)


def test_one_file_that_cannot_be_read_and_a_missing_folder_stop_nothing(
    inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(("a", "b", "c")):
        (inbox / name).write_text(ta1(number + 1))
    take_watched([inbox], now=NOW)
    whole = ingest

    def refuses(paths: list[Path], **rest: object) -> object:
        if paths[0].name == "b":
            raise PermissionError(13, "no", str(paths[0]))
        return whole(paths, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(watching, "ingest", refuses)
    report = take_watched([tmp_path / "nowhere", inbox], now=LATER)
    assert (report.taken, report.unreadable, report.missing_folders) == (2, 1, 1)
    monkeypatch.undo()
    assert take_watched([inbox], now=LATER).taken == 1


def test_the_job_looks_again_soon_for_files_that_still_rest(
    inbox: Path, settings: pytest.FixtureRequest
) -> None:
    settings.WATCH_FOLDERS = [str(inbox)]  # type: ignore[attr-defined]
    (inbox / "a.ta1").write_text(ta1(1))
    assert watch_folders(0) == 0
    watch_folders(0)  # a second look is planned once
    jobs = ProcrastinateJob.objects.filter(task_name="intake.watch_again")
    assert [job.args for job in jobs] == [{}]
    WatchedFile.objects.update(seen_at=NOW - timedelta(days=365))
    assert watch_folders(0) == 1


def test_without_a_watched_folder_the_job_does_nothing(settings: pytest.FixtureRequest) -> None:
    settings.WATCH_FOLDERS = []  # type: ignore[attr-defined]
    assert watch_folders(0) == 0
    assert ProcrastinateJob.objects.filter(task_name="intake.watch_again").count() == 0


def test_resuming_is_asked_for_once() -> None:
    defer_resume()
    defer_resume()
    assert ProcrastinateJob.objects.filter(task_name="intake.resume").count() == 1
