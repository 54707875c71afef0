"""The web page that brings files in, and the job that takes them in."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as Browser
from procrastinate.contrib.django.models import ProcrastinateJob

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.files.models import StoredFile
from sanderling.intake import uploads
from sanderling.intake.models import Upload, UploadedFile
from sanderling.intake.tasks import resume_interrupted, take_uploaded
from sanderling.intake.turns import one_at_a_time
from sanderling.intake.uploads import shown_name, start_upload, take_upload, waiting_uploads
from sanderling.postgres.locks import Lock, session_keys

AT = datetime(2026, 4, 1, 12, tzinfo=UTC)
PASSWORD = "correct-horse-battery"
TA1 = (
    f"ISA*00*{'':10}*00*{'':10}*ZZ*{'PAYER':15}*ZZ*{'PROVIDER':15}"
    "*260401*1200*^*00501*000000001*0*P*:~"
    "TA1*000000777*260331*1200*A*000~IEA*0*000000001~"
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    settings.SANDERLING_HOME = tmp_path / "home"  # type: ignore[attr-defined]
    return tmp_path / "home"


@pytest.fixture
def person() -> Callable[[str], User]:
    client = Client.objects.create(code="MINE", name="Mine Clinic", created_at=AT)

    def make(role: str, name: str = "") -> User:
        return create_user(
            email=f"{name or role}@x.test",
            name=role,
            role=role,
            password=PASSWORD,
            client_ids=[client.pk],
        )

    return make


def as_web(role: str = "sanderling_app") -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")


def as_owner() -> None:
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def sent(*files: tuple[str, bytes]) -> dict[str, list[SimpleUploadedFile]]:
    return {"files": [SimpleUploadedFile(name, content) for name, content in files]}


def test_files_go_from_the_page_through_the_job_to_their_fate(
    home: Path, person: Callable[[str], User], client: Browser
) -> None:
    client.force_login(person("specialist"))
    form = sent(
        ("<b>ack.ta1", TA1.encode()), ("junk.txt", b"Dear Sir"), ("again.ta1", TA1.encode())
    )
    as_web()  # what the web server may do, with row-level security on
    answer = client.post("/bring-in/", form)
    assert answer.status_code == 302
    address = answer.headers["Location"]
    page = client.get(address).content.decode()
    as_owner()
    assert page.count("waiting") >= 3
    assert 'hx-trigger="every 1s"' in page
    assert "&lt;b&gt;ack.ta1" in page
    assert "<b>" not in page

    upload = Upload.objects.get()
    spool = home / "uploads" / upload.token
    assert stat.S_IMODE(spool.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in spool.iterdir()} == {0o600}
    job = ProcrastinateJob.objects.get(task_name="intake.upload")
    assert job.args == {"token": upload.token}  # nothing of the files or their names

    assert take_uploaded(**job.args) == 3
    statuses = list(upload.files.order_by("index").values_list("status", flat=True))
    assert statuses == ["posted", "quarantined", "duplicate"]
    assert not spool.exists()
    assert StoredFile.objects.get(status="posted").name == "<b>ack.ta1"
    assert set(StoredFile.objects.values_list("source", flat=True)) == {"upload"}
    as_web()
    fates = client.get(address, headers={"HX-Request": "true"}).content.decode()
    as_owner()
    assert "hx-get" not in fates
    assert "<html" not in fates
    assert all(word in fates for word in ("posted", "quarantined", "known already"))


def test_only_who_may_upload_sees_the_page_and_only_the_own_uploads(
    home: Path, person: Callable[..., User], client: Browser
) -> None:
    stranger = client.get("/bring-in/")
    assert stranger.status_code == 302
    client.force_login(person("client_user"))
    assert client.get("/bring-in/").status_code == 403
    assert client.post("/bring-in/", sent(("a", b"a"))).status_code == 403
    maker = person("specialist")
    client.force_login(maker)
    address = client.post("/bring-in/", sent(("a", b"a"))).headers["Location"]
    client.force_login(person("lead"))
    assert client.get(address).status_code == 404
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('sanderling.actor', 'user:0', true)")
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute("SELECT count(*) FROM intake_upload")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM intake_uploaded_file")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT set_config('sanderling.actor', %s, true)", [f"user:{maker.pk}"])
        cursor.execute("SELECT count(*) FROM intake_uploaded_file")
        assert cursor.fetchone() == (1,)
        cursor.execute("RESET ROLE")


def test_a_form_without_its_token_is_refused(home: Path, person: Callable[[str], User]) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(person("specialist"))
    assert browser.post("/bring-in/", sent(("a", b"a"))).status_code == 403
    assert Upload.objects.count() == 0


def test_nothing_and_too_much_are_refused_with_a_sentence(
    home: Path, person: Callable[[str], User], client: Browser, settings: pytest.FixtureRequest
) -> None:
    client.force_login(person("specialist"))
    empty = client.post("/bring-in/", {})
    assert (empty.status_code, b"Choose one or more" in empty.content) == (422, True)
    settings.UPLOAD_BYTES_MAX = 10  # type: ignore[attr-defined]
    small = client.post("/bring-in/", sent(("a", b"12345"), ("b", b"123456")))
    assert (small.status_code, b"larger than" in small.content) == (422, True)
    # Over the limit by more than a form adds: refused before the body is read.
    big = client.post("/bring-in/", sent(("a", b"x" * (2 << 20))))
    assert (big.status_code, b"larger than" in big.content) == (413, True)
    assert Upload.objects.count() == 0
    assert not any((home / "uploads").glob("*")) if (home / "uploads").exists() else True


def test_a_killed_job_goes_on_where_it_stopped(
    home: Path, person: Callable[[str], User], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [SimpleUploadedFile("1.ta1", TA1.encode()), SimpleUploadedFile("2.txt", b"junk")]
    upload = start_upload(sent=files, user_id=person("lead").pk, at=AT)  # type: ignore[arg-type]
    whole = uploads._take

    def killed(one: UploadedFile, *, at: datetime) -> None:
        if one.index == 2:
            raise KeyboardInterrupt
        whole(one, at=at)

    monkeypatch.setattr(uploads, "_take", killed)
    with pytest.raises(KeyboardInterrupt):
        take_upload(upload.token, at=AT)
    monkeypatch.setattr(uploads, "_take", whole)
    assert list(waiting_uploads()) == [upload.token]
    resume_interrupted()
    statuses = list(upload.files.order_by("index").values_list("status", flat=True))
    assert statuses == ["posted", "quarantined"]
    assert list(waiting_uploads()) == []


def test_a_spool_copy_that_is_gone_says_failed(home: Path, person: Callable[[str], User]) -> None:
    files = [SimpleUploadedFile("1.ta1", TA1.encode())]
    upload = start_upload(sent=files, user_id=person("lead").pk, at=AT)  # type: ignore[arg-type]
    (home / "uploads" / upload.token / "1").unlink()
    take_upload(upload.token, at=AT)
    assert upload.files.get().status == "failed"


def test_one_file_that_breaks_us_does_not_hold_up_the_others(
    home: Path, person: Callable[[str], User], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [SimpleUploadedFile("1.txt", b"x"), SimpleUploadedFile("2.ta1", TA1.encode())]
    upload = start_upload(sent=files, user_id=person("lead").pk, at=AT)  # type: ignore[arg-type]
    whole = uploads._take

    def breaks(one: UploadedFile, *, at: datetime) -> None:
        if one.index == 1:
            raise ZeroDivisionError
        whole(one, at=at)

    monkeypatch.setattr(uploads, "_take", breaks)
    take_upload(upload.token, at=AT)
    statuses = list(upload.files.order_by("index").values_list("status", flat=True))
    assert statuses == ["failed", "posted"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\files\\a.835", "a.835"),
        ("a\nb\x00.835", "ab.835"),
        ("", "unnamed"),
        ("..", "unnamed"),
        ("x" * 300, "x" * 200),
    ],
)
def test_names_lead_nowhere(name: str, shown: str) -> None:
    assert shown_name(name) == shown


def test_a_refusal_is_one_sentence(home: Path) -> None:
    with pytest.raises(Refusal, match="Choose"):
        start_upload(sent=[], user_id=1, at=AT)


def test_two_sessions_do_not_take_files_in_at_once() -> None:
    parameters = connection.settings_dict
    with psycopg.connect(
        host=parameters["HOST"],
        port=parameters["PORT"],
        user=parameters["USER"],
        password=parameters["PASSWORD"],
        dbname=parameters["NAME"],
        autocommit=True,
    ) as other:

        def may_enter() -> bool:
            keys = session_keys(Lock.INTAKE)
            row = other.execute("SELECT pg_try_advisory_lock(%s, %s)", keys).fetchone()
            assert row is not None
            return bool(row[0])

        with one_at_a_time():
            with one_at_a_time():
                pass
            assert not may_enter()
        assert may_enter()
