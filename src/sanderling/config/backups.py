"""A backup of the whole system in one folder, and the way back, verified.

    DIR/manifest.json    what the backup is: program, migrations, counts and sums of the database
    DIR/files.sha256     every other file of the backup with its hash, as `sha256sum -c` reads it
    DIR/database.dump    pg_dump, custom format
    DIR/home/...         originals, keys, documents: what lies beside the database

Counts and sums are taken in the same snapshot as the dump, so that a restored database can be held
against them to the row and to the cent. Files are copied after it: what the dump names is there.
A backup appears whole or not at all. It holds patient data and keys: folders are 0700.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from psycopg.sql import SQL, Identifier

from sanderling.audit.chain import verify_chain
from sanderling.config.service import ServiceFailed
from sanderling.core.refusal import Refusal
from sanderling.files.storage import hash_file
from sanderling.postgres import launcher
from sanderling.postgres.binaries import PostgresMissing, find_binaries
from sanderling.postgres.home import private_folder

MANIFEST = "manifest.json"
LIST = "files.sha256"
DUMP = "database.dump"
HOME = "home"
FORM = 1  # of the folder; another number is another program's
# Of the data directory these are the database itself, what follows from it, or of one machine only.
LEFT_OUT = frozenset({"postgres", "postgres.lock", "mirror", "logs", "static", "audit"})
CHUNK_BYTES = 2**20


class FolderTaken(Refusal):
    """There is something where the backup should go."""


class BackupDamaged(Refusal):
    """The folder is no whole backup, or not as it was written."""


class HomeInUse(Refusal):
    """The installation that should take the backup has data, or is being worked with."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What was backed up or brought back."""

    made_at: datetime
    tables: int
    rows: int  # of all tables
    entries: int  # of the ledger
    receivables_cents: int  # sum of the open balances
    events: int  # of the audit trail
    files: int  # beside the database
    bytes: int  # of the whole folder, without its manifest and list


def make_backup(folder: Path, *, at: datetime) -> Backup:
    """Write the whole system to `folder`, which must not exist or be empty.

    May run while people work. Leaves nothing behind when it fails.

    Raises:
        FolderTaken: there is something in it, or it lies in the data directory.
        ServiceFailed: pg_dump failed; the text says how.
        PostgresMissing: there is no pg_dump for this server.
        OSError: the folder cannot be written.
    """
    folder = folder.absolute()
    home = Path(settings.SANDERLING_HOME)
    if folder.is_relative_to(home.absolute()):
        raise FolderTaken(f"{folder} lies in the data directory itself; take another place")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderTaken(f"{folder} is not empty; a backup goes to a folder of its own")
    unfinished = folder.with_name(f".{folder.name}.unfinished-{os.getpid()}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished.mkdir(mode=0o700)
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute("SELECT pg_export_snapshot()")
                (snapshot,) = cursor.fetchone()
            known = _figures()
            _run(
                "pg_dump",
                *("--format=custom", "--no-owner", f"--snapshot={snapshot}"),
                f"--file={unfinished / DUMP}",
            )
        (unfinished / DUMP).chmod(0o600)
        _copy_home(home, unfinished / HOME)
        listed = dict(_hashes(unfinished))
        (unfinished / LIST).write_text(
            "".join(f"{digest}  {name}\n" for name, (digest, _) in listed.items()), "utf-8"
        )
        manifest = {
            "form": FORM,
            "made_at": at.isoformat(),
            "program": version("sanderling"),
            "list_sha256": hash_file(unfinished / LIST)[0],
            "bytes": sum(size for _, size in listed.values()),
            **known,
        }
        text = json.dumps(manifest, indent=1, sort_keys=True)
        sealed = {"sha256": hashlib.sha256(text.encode()).hexdigest()} | manifest
        (unfinished / MANIFEST).write_text(json.dumps(sealed, indent=1, sort_keys=True), "utf-8")
        os.sync()  # durable before it gets its name
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return _summary(manifest, files=len(listed) - 1)


def restore_backup(folder: Path) -> Backup:
    """Bring the whole system back from `folder` into this installation, which must have no data.

    The folder is checked against its hashes before anything is touched; the database against the
    manifest's counts, ledger totals and audit chain before the files follow. What fails leaves the
    installation empty. The schema is that of the backup: migrate afterwards.

    Raises:
        BackupDamaged: the folder, or what came out of it, is not what was backed up.
        HomeInUse: there is data here, or another program is connected.
        ServiceFailed: pg_restore failed; the text says how.
    """
    folder = folder.absolute()
    manifest, listed = _checked(folder)
    _refuse_use()
    _clear()
    try:
        _bring_in(folder / DUMP)
        _compare(manifest, _figures())
    except BaseException:
        _clear()
        raise
    home = Path(settings.SANDERLING_HOME)
    for name, digest in listed.items():
        if name != DUMP:
            parts = Path(name).parts[1:]
            target = private_folder(home, parts[0]).joinpath(*parts[1:])
            if _copy(folder / name, target) != digest:
                raise BackupDamaged(f"{name} changed while it was copied")
    return _summary(manifest, files=len(listed) - 1)


# What a backup knows of the database.


def _figures() -> dict[str, Any]:
    """Return counts and sums of the database as this transaction sees it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace ORDER BY relname"
        )
        tables = [name for (name,) in cursor.fetchall()]
        rows = {}
        for name in tables:
            counted = SQL("SELECT count(*) FROM {}").format(Identifier("public", name))
            cursor.execute(counted.as_string())
            (rows[name],) = cursor.fetchone()
        cursor.execute(
            "SELECT debit, credit, count(*), sum(amount_cents)::bigint FROM ledger_entry"
            " GROUP BY 1, 2 ORDER BY 1, 2"
        )
        moved = [list(row) for row in cursor.fetchall()]
        cursor.execute("SELECT coalesce(sum(balance_cents), 0)::bigint FROM ledger_open_balance")
        (receivables,) = cursor.fetchone()
        cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY id")
        migrations = [name for (name,) in cursor.fetchall()]
    chain = verify_chain()
    return {
        "rows": rows,
        "ledger": moved,  # of each pair of accounts: debit, credit, entries, cents
        "receivables_cents": receivables,
        "migrations": migrations,
        "audit": {
            "sealed": chain.sealed,
            "last_hash": chain.head.hash if chain.head else "",
            "findings": [[one.event_id, one.kind] for one in chain.findings],
        },
    }


def _compare(manifest: dict[str, Any], found: dict[str, Any]) -> None:
    for name in sorted({*manifest["rows"], *found["rows"]}):
        had, has = manifest["rows"].get(name), found["rows"].get(name)
        if had != has:
            raise BackupDamaged(f"table {name} came back with {has} rows instead of {had}")
    for key, words in (
        ("ledger", "the ledger's totals"),
        ("receivables_cents", "the open balances"),
        ("audit", "the chain of the audit trail"),
    ):
        if manifest[key] != found[key]:
            raise BackupDamaged(f"{words} did not come back as backed up")


def _summary(manifest: dict[str, Any], *, files: int) -> Backup:
    rows: dict[str, int] = manifest["rows"]
    return Backup(
        made_at=datetime.fromisoformat(manifest["made_at"]).astimezone(UTC),
        tables=len(rows),
        rows=sum(rows.values()),
        entries=sum(count for _, _, count, _ in manifest["ledger"]),
        receivables_cents=manifest["receivables_cents"],
        events=rows.get("audit_event", 0),
        files=files,
        bytes=manifest["bytes"],
    )


# The folder.


def _checked(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the manifest and the hash of each file, all of which were found as they should be."""
    try:
        kept = json.loads((folder / MANIFEST).read_text("utf-8"))
        said = kept.pop("sha256")
        text = json.dumps(kept, indent=1, sort_keys=True)
    except FileNotFoundError:
        raise BackupDamaged(f"{folder} is no backup: it has no {MANIFEST}") from None
    except (ValueError, AttributeError, KeyError):
        raise BackupDamaged(f"{folder}: {MANIFEST} is damaged") from None
    if hashlib.sha256(text.encode()).hexdigest() != said:
        raise BackupDamaged(f"{folder}: {MANIFEST} is not as it was written")
    if kept["form"] != FORM:
        raise BackupDamaged(f"{folder} was made by another version of the program")
    unknown = set(kept["migrations"]) - _known_migrations()
    if unknown:
        raise BackupDamaged(
            f"{folder} was made by a newer program ({kept['program']}): install that one first"
        )
    if not (folder / LIST).is_file() or hash_file(folder / LIST)[0] != kept["list_sha256"]:
        raise BackupDamaged(f"{folder}: {LIST} is not as it was written")
    listed = {}
    for line in (folder / LIST).read_text("utf-8").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
        if not (folder / name).is_file():
            raise BackupDamaged(f"{folder}: {name} is missing")
        if hash_file(folder / name)[0] != digest:
            raise BackupDamaged(f"{folder}: {name} is not as it was written")
    return kept, listed


def _known_migrations() -> set[str]:
    loader = MigrationLoader(None)
    return {f"{app}.{name}" for app, name in loader.disk_migrations or {}} | {
        f"{app}.{name}"
        for migration in (loader.disk_migrations or {}).values()
        for app, name in migration.replaces
    }


def _copy_home(home: Path, target: Path) -> None:
    target.mkdir(mode=0o700)
    for place in sorted(home.iterdir()):
        if place.name in LEFT_OUT or place.name.startswith(".") or not place.is_dir():
            continue
        for path in sorted(place.rglob("*")):
            if path.is_file() and not path.is_symlink():
                try:
                    _copy(path, target / path.relative_to(home))
                except FileNotFoundError:
                    continue  # an upload that was taken in meanwhile


def _copy(source: Path, target: Path) -> str:
    """Copy a file whole, readable by the owner only; return the SHA-256 of what was written."""
    digest = hashlib.sha256()
    with source.open("rb") as stream:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = target.with_name(f"{target.name}.unfinished")
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as sink:
            while data := stream.read(CHUNK_BYTES):
                digest.update(data)
                sink.write(data)
    unfinished.replace(target)
    return digest.hexdigest()


def _hashes(folder: Path) -> Iterator[tuple[str, tuple[str, int]]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), hash_file(path)


# The database.

# Everything of ours in the schema; what extensions brought stays, since not every owner may make
# them again. Each kind is named before any of it is dropped: what goes with another has no name.
_CLEAR = r"""
DO $body$
DECLARE
    statements text;
BEGIN
    SELECT string_agg(format(
        'DROP %s IF EXISTS %s CASCADE;',
        CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                       WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass), ' '
        ORDER BY array_position('{v,m,p,r,S}'::text[], c.relkind::text))
    INTO statements FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e');
    EXECUTE coalesce(statements, '');

    SELECT string_agg(format('DROP ROUTINE IF EXISTS %s CASCADE;', p.oid::regprocedure), ' ')
    INTO statements FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e');
    EXECUTE coalesce(statements, '');

    SELECT string_agg(format('DROP TYPE IF EXISTS %s CASCADE;', t.oid::regtype), ' ')
    INTO statements FROM pg_type t
    WHERE t.typnamespace = 'public'::regnamespace
      AND (t.typtype IN ('e', 'd') OR t.typtype = 'c'
           AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e');
    EXECUTE coalesce(statements, '');
END
$body$
"""


def _refuse_use() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM files_stored_file) OR EXISTS (SELECT FROM clients_client)"
            " OR EXISTS (SELECT FROM claims_claim) OR EXISTS (SELECT FROM accounts_user)"
        )
        if cursor.fetchone()[0]:
            raise HomeInUse(
                "this installation has data already; restore into an empty data directory"
                " (SANDERLING_HOME) or an empty database"
            )
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        if cursor.fetchone()[0]:
            raise HomeInUse("another program is connected to the database; stop `sanderling up`")


def _clear() -> None:
    connection.close()  # whatever state it was in
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLEAR)


def _bring_in(dump: Path) -> None:
    entries = _run("pg_restore", "--list", str(dump)).splitlines()
    wanted = [line for line in entries if " EXTENSION " not in line]
    listing = Path(settings.SANDERLING_HOME) / f"restore-{os.getpid()}.list"
    listing.write_text("\n".join(wanted) + "\n", "utf-8")
    connection.close()
    try:
        _run(
            "pg_restore",
            *("--no-owner", "--single-transaction", "--exit-on-error"),
            *(f"--use-list={listing}", f"--dbname={_parameters()['PGDATABASE']}", str(dump)),
        )
    finally:
        listing.unlink()


def _run(program: str, *arguments: str) -> str:
    """Run one of PostgreSQL's programs against our database; return what it prints.

    Raises:
        ServiceFailed: it failed. Of what it says only the first line, without what it quotes: that
            may be a patient's.
    """
    done = subprocess.run(
        [str(_programs() / program), *arguments],
        env={**os.environ, **_parameters()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        first = next((line for line in done.stderr.splitlines() if "error" in line), "")
        words = re.sub(r'"[^"]*"', '"..."', first.removeprefix(f"{program}: ")) or "no reason given"
        raise ServiceFailed(f"{program} failed: {words[:300]}")
    return done.stdout


def _programs() -> Path:
    if settings.DATABASE_IS_EMBEDDED:
        return launcher.programs(Path(settings.SANDERLING_HOME)).folder
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        (major,) = cursor.fetchone()
    try:
        return find_binaries(major=major).folder
    except PostgresMissing:
        newest = find_binaries(major=None)
        if newest.major < major:
            raise
        return newest.folder


def _parameters() -> dict[str, str]:
    """Return how to reach the database, as PostgreSQL's programs read it from their environment."""
    given = connection.get_connection_params()
    names = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "dbname": "PGDATABASE",
        "options": "PGOPTIONS",
        "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT",
        "sslcert": "PGSSLCERT",
        "sslkey": "PGSSLKEY",
        "passfile": "PGPASSFILE",
        "service": "PGSERVICE",
    }
    return {names[key]: str(value) for key, value in given.items() if key in names and value}
