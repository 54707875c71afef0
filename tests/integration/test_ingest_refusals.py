"""Files that cannot be read or posted: refused in sight, beside good ones, without a crash."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import builders
from tests.builders import (
    Inbox,
    cash_by_set,
    check_identities,
    claims_file,
    envelope,
    paid,
    remittance_file,
    rows,
    sent,
    set_body,
)

from sanderling.core.x12.batches import Batch
from sanderling.intake import actions, units
from sanderling.intake.actions import resume
from sanderling.ledger.actions import Posted
from sanderling.postgres import launcher

GOOD = remittance_file(paid("G1", 150, 90, "CO*45*60"), trace="GOOD")
OTHER = remittance_file(paid("G2", 150, 90, "CO*45*60"), trace="OTHER", control=7)
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"

# What is refused, and the problem that says why.
REFUSED = {
    "empty.edi": (b"", "empty_file"),
    "blank.edi": (b"  \r\n\r\n", "empty_file"),
    "scan.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n", "no_interchange"),
    "letter.txt": (b"Dear billing office, please find attached", "no_interchange"),
    "noise.bin": (random.Random(1).randbytes(5000), "no_interchange"),
    "old.835": (
        remittance_file(paid("V1", 150, 90, "CO*45*60"), version="004010X091A1").encode(),
        "guide_not_supported",
    ),
    "truncated.835": (OTHER[: OTHER.index("CAS*")].encode(), "set_truncated"),
    "isa only.835": (OTHER[:60].encode(), "isa_unreadable"),
}
# What is read all the same, with a warning.
READ = {
    "good.835": GOOD.encode(),
    "utf16.835": remittance_file(paid("G3", 150, 90, "CO*45*60"), trace="U16").encode("utf-16"),
    "wrong counts.835": remittance_file(paid("G4", 150, 90, "CO*45*60"), trace="COUNTS")
    .replace("SE*", "SE*9")
    .replace("GE*1*", "GE*4*")
    .encode(),
}


def environment(home: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SANDERLING_")}
    kept.pop("DATABASE_URL", None)
    return {**kept, "SANDERLING_HOME": str(home)}


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="sanderling-test-"))
    folder.chmod(0o711)
    yield folder / "home"
    launcher.stop(folder / "home")
    shutil.rmtree(folder)


@pytest.mark.slow
def test_the_command_refuses_in_rows_and_exit_status_never_by_a_traceback(home: Path) -> None:
    folder = home.with_name("in")
    folder.mkdir()
    for name, data in {**READ, **{name: data for name, (data, _) in REFUSED.items()}}.items():
        (folder / name).write_bytes(data)

    done = subprocess.run(
        [sys.executable, "-m", "sanderling", "ingest", str(folder), "--format", "json"],
        env=environment(home), capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    found = {Path(row["file"]).name: row for row in json.loads(done.stdout)["rows"]}
    assert {name: found[name]["status"] for name in READ} == dict.fromkeys(READ, "posted")
    for name, (_, code) in REFUSED.items():
        assert found[name]["status"] == "quarantined", name
        assert code in {problem["code"] for problem in found[name]["problems"]}, name
    for place in ("no such file", ""):
        wrong = subprocess.run(
            [sys.executable, "-m", "sanderling", "ingest", *([place] if place else [])],
            env=environment(home), capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert wrong.returncode == 2
        assert "Traceback" not in wrong.stderr


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_refused_file_is_kept_and_the_same_again_is_told_so(name: str, inbox: Inbox) -> None:
    data, code = REFUSED[name]
    good, refused = inbox.take(GOOD, data)

    assert (good.status, refused.status) == ("posted", "quarantined")
    stored = rows("SELECT code FROM files_problem WHERE severity = 'refused'")
    assert (code,) in stored
    (again,) = inbox.take(data)
    assert again.status == "duplicate"
    assert code in {problem.code for problem in again.problems}  # still not posted, and why
    assert sum(cash_by_set().values()) == 9000
    check_identities()


@pytest.mark.django_db
def test_what_the_ledger_cannot_take_is_quarantined_alone(inbox: Inbox) -> None:
    """A number too long for an index must not stop its neighbors, now or ever after."""
    dice = random.Random(3)
    endless = "".join(dice.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") for _ in range(9000))
    bad = remittance_file(paid(endless, 150, 90, "CO*45*60", control=""), trace="LONG", control=8)
    claims = claims_file(sent("G1"))
    reports = inbox.take(claims, bad, GOOD, OTHER, received_date=builders.AT.date())

    by_name = {report.status for report in reports}
    assert by_name == {"posted", "quarantined"}
    assert [report.status for report in reports].count("posted") == 3
    assert "posting_failed" in {p.code for report in reports for p in report.problems}
    assert sum(cash_by_set().values()) == 18000
    assert list(resume(recorded_at=inbox.at)) == []
    check_identities()


@pytest.mark.django_db
def test_amounts_beyond_all_bounds_do_not_stop_the_rest(inbox: Inbox) -> None:
    huge = "9" * 17
    bad = remittance_file(paid("H1", huge, huge), trace="HUGE", control=8)
    larger = remittance_file(paid("H2", "9" * 30, "9" * 30), trace="HUGER", control=9)
    reports = inbox.take(bad, larger, GOOD)

    assert reports[-1].status == "posted"
    assert {report.status for report in reports} <= {"posted", "partly", "quarantined"}
    check_identities()


@pytest.mark.django_db
def test_a_bug_in_the_sums_posts_nothing_and_leaves_the_set_in_quarantine(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong_sum(**_: object) -> Posted:
        return Posted(entry_count=0, claim_count=0, cash_cents=1)

    with monkeypatch.context() as patched:
        patched.setattr(units, "post_entries", wrong_sum)
        (report,) = inbox.take(GOOD)
    assert report.status == "quarantined"
    assert rows("SELECT count(*) FROM remits_claim_payment") == [(0,)]
    assert report.file is not None
    again = actions.replay(report.file, recorded_at=inbox.at)
    assert again.status == "posted"
    assert sum(cash_by_set().values()) == 9000
    check_identities()


@pytest.mark.django_db
def test_a_file_continued_after_a_crash_tells_the_same_as_one_taken_at_once(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sets are of two clients and two days; the crash comes between them."""
    bodies = [
        set_body(claims_file(sent("A1"))),
        set_body(claims_file(sent("A2"), npi="1245319599", tin="749999999", batch="B2")),
    ]
    first = envelope(bodies[0], kind="837", guide="005010X222A1", code="HC", made="20260105")
    other = envelope(
        bodies[1], kind="837", guide="005010X222A1", code="HC", made="20260107", control=9
    )
    real = units.PostingUnit.post
    calls = 0

    class Crash(BaseException):
        pass

    def crash_at_the_second(self: units.PostingUnit) -> int:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise Crash
        return real(self)

    with monkeypatch.context() as patched:
        patched.setattr(units.PostingUnit, "post", crash_at_the_second)
        with pytest.raises(Crash):
            inbox.take(first + other)
    assert rows("SELECT status FROM files_stored_file") == [("received",)]
    (report,) = resume(recorded_at=inbox.at)

    assert (report.status, report.transaction_count, report.claim_count) == ("posted", 2, 2)
    assert rows("SELECT cardinality(client_ids), claim_count FROM files_stored_file") == [(2, 2)]
    assert rows("SELECT received_date::text FROM files_transaction_set ORDER BY 1") == [
        ("2026-01-05",),
        ("2026-01-07",),
    ]
    check_identities()


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of strangers' files is not here")
def test_the_corpus_of_strangers_files_ends_settled_and_in_balance(inbox: Inbox) -> None:
    paths = sorted(path for path in CORPUS.rglob("*") if path.is_file())
    reports = inbox.take_paths(paths)

    assert len(reports) == len(paths)
    silent = [report.path.name for report in reports
              if report.status in ("partly", "quarantined") and not report.problems]  # fmt: skip
    assert silent == []
    assert {report.status for report in reports} <= {"posted", "partly", "quarantined", "duplicate"}
    check_identities()


def test_batches_of_a_set_can_be_posted_again() -> None:
    """What is tried again after its unit failed begins with nothing of the first try."""
    pending = units.PendingSet(file=None, received_date=builders.AT.date(), batches=list[Batch]())  # type: ignore[arg-type]
    pending.claim_count = 5
    assert pending.begun_again().claim_count == 0
