"""`sanderling backup` and `restore`: another home answers as the first; damage is refused.

Real processes with homes and databases of their own.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests import builders

from sanderling.postgres import launcher
from sanderling.postgres.cluster import cluster_of
from sanderling.postgres.making import DATABASE, OWNER, PORT

AS_OF = "2026-03-05"
QUESTIONS = (
    ("aging", "--by", "client,payer", "--party", "all"),
    ("barriers",),
    ("worklist",),
    ("kpis",),
    ("claims", "show", "MINE", "C2"),
)

pytestmark = pytest.mark.slow


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SANDERLING_")}
    kept.pop("DATABASE_URL", None)
    return subprocess.run(
        [sys.executable, "-m", "sanderling", *arguments],
        env={**kept, "SANDERLING_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def done(home: Path, *arguments: str) -> str:
    result = run(home, *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def answers(home: Path) -> list[str]:
    return [done(home, *question, "--as-of", AS_OF, "--format", "json") for question in QUESTIONS]


def counted(home: Path, table: str) -> int:
    cluster = cluster_of(home)
    with psycopg.connect(
        host=str(cluster.sockets), port=PORT, dbname=DATABASE, user=OWNER
    ) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="sanderling-backup-"))
    made.chmod(0o711)
    yield made
    for home in made.glob("home-*"):
        launcher.stop(home)
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def home(base: Path, ready_home: Callable[[Path], None]) -> Path:
    """A home with a client's claims, of which one was paid and one denied."""
    made = base / "home-first"
    ready_home(made)
    (base / "clients.csv").write_text(
        f"code,name,npis,tins\nMINE,Mine,{builders.NPI},{builders.TIN}\n"
    )
    inbox = base / "in"
    inbox.mkdir()
    (inbox / "a.837p").write_text(
        builders.claims_file(*(builders.sent(number) for number in ("C1", "C2", "C3")))
    )
    (inbox / "b.835").write_text(
        builders.remittance_file(
            builders.paid("C1", 150, 90, "CO*45*60"), builders.paid("C2", 150, 0, "CO*197*150")
        )
    )
    done(made, "clients", "import", str(base / "clients.csv"))
    done(made, "ingest", str(inbox))
    done(made, "audit", "verify")  # seals what happened
    return made


@pytest.fixture(scope="module")
def kept(base: Path, home: Path) -> Path:
    """A backup of it."""
    folder = base / "kept"
    (row,) = json.loads(done(home, "backup", str(folder), "--format", "json"))["rows"]
    assert (row["status"], row["receivables_cents"]) == ("written", 30_000)
    return folder


def test_another_home_answers_as_the_first(
    base: Path, home: Path, kept: Path, ready_home: Callable[[Path], None]
) -> None:
    second = base / "home-second"
    ready_home(second)

    (row,) = json.loads(done(second, "restore", str(kept), "--format", "json"))["rows"]

    assert (row["status"], row["receivables_cents"]) == ("restored", 30_000)
    assert row["events"] > 0
    assert answers(second) == answers(home)
    assert counted(second, "ledger_entry") == row["entries"] == counted(home, "ledger_entry")
    assert done(second, "audit", "verify") == ""
    originals = sorted(path.name for path in (home / "originals").rglob("*") if path.is_file())
    assert originals == sorted(
        path.name for path in (second / "originals").rglob("*") if path.is_file()
    )
    assert "FAIL  ledger" not in run(second, "doctor").stdout
    # It goes on as an installation: what is known is known, and what is new comes in.
    again = json.loads(done(second, "ingest", str(base / "in"), "--format", "json"))
    assert [row["status"] for row in again["rows"]] == ["duplicate", "duplicate"]
    # A second restore would mix two installations.
    refused = run(second, "restore", str(kept))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "has data already" in refused.stderr


@pytest.mark.parametrize("name", ["database.dump", "manifest.json", "files.sha256", "original"])
def test_a_damaged_backup_is_refused_and_nothing_comes_in(
    base: Path, kept: Path, name: str, ready_home: Callable[[Path], None]
) -> None:
    damaged = base / f"damaged-{name}"
    shutil.copytree(kept, damaged)
    file = damaged / name
    if name == "original":
        file = next(path for path in (damaged / "home" / "originals").rglob("*") if path.is_file())
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    target = base / "home-refusing"
    if not target.exists():
        ready_home(target)

    refused = run(target, "restore", str(damaged))

    assert (refused.returncode, refused.stdout) == (1, "")
    assert len(refused.stderr.strip().splitlines()) == 1
    assert counted(target, "claims_claim") == 0
    assert not (target / "originals").exists() or not any((target / "originals").iterdir())


def test_a_database_that_is_not_the_counted_one_is_refused(
    base: Path, kept: Path, ready_home: Callable[[Path], None]
) -> None:
    """Every hash fits, but the ledger's totals are others: the backup is not what it says."""
    other = base / "other-totals"
    shutil.copytree(kept, other)
    manifest = json.loads((other / "manifest.json").read_text())
    del manifest["sha256"]
    manifest["receivables_cents"] += 1
    digest = hashlib.sha256(json.dumps(manifest, indent=1, sort_keys=True).encode()).hexdigest()
    (other / "manifest.json").write_text(json.dumps({"sha256": digest, **manifest}))
    target = base / "home-comparing"
    ready_home(target)

    refused = run(target, "restore", str(other))

    assert refused.returncode == 1
    assert "open balances" in refused.stderr
    # It is empty and whole: the true backup goes in.
    done(target, "restore", str(kept))
    assert counted(target, "claims_claim") == 3


def test_what_is_there_is_never_overwritten(base: Path, home: Path, kept: Path) -> None:
    before = (kept / "manifest.json").read_bytes()
    for folder in (kept, home / "inside"):
        refused = run(home, "backup", str(folder))
        assert (refused.returncode, refused.stdout) == (1, "")
    assert (kept / "manifest.json").read_bytes() == before
    assert not (home / "inside").exists()
    assert [path.name for path in base.iterdir() if "unfinished" in path.name] == []
