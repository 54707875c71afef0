"""One embedded database of our own for all tests, started by the same launcher as the product's.

Set DATABASE_URL to run the suite on another server (the role needs CREATEDB and CREATEROLE).
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import psycopg
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
# Before Django reads its settings, and for every process that a test starts.
os.environ["SANDERLING_HOME"] = os.environ.get(
    "SANDERLING_TEST_HOME", str(REPOSITORY / ".cache" / "test-home")
)
os.environ["DJANGO_SETTINGS_MODULE"] = "sanderling.config.settings"
os.environ.setdefault("SANDERLING_DEBUG", "1")  # static files are served from their sources
os.environ.pop("SANDERLING_DATABASE_ROLE", None)
# As the product does (cli/main.py): frames here are small, and threads of their own cost more.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import django  # noqa: E402 - the environment comes first

django.setup()

from django.conf import settings  # noqa: E402 - as above
from django.db import connection  # noqa: E402 - as above
from django.test import TransactionTestCase  # noqa: E402 - as above
from hypothesis import is_hypothesis_test  # noqa: E402 - as above
from hypothesis import settings as laws  # noqa: E402 - as above
from pytest_django.plugin import DjangoDbBlocker  # noqa: E402 - as above

from sanderling.postgres import launcher, migrating  # noqa: E402 - as above
from sanderling.postgres.making import SUPERUSER  # noqa: E402 - as above

CI_EXAMPLES = 25  # of a law; at a desk 100, or the number that it says

# Argon2 is slow on purpose, and hundreds of tests make users.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # whitenoise warns when it is missing

flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # stubs lack it


def flush_append_only_tables_too(case: TransactionTestCase) -> None:
    """Let Django empty all tables after a transactional test, the append-only ones among them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgtype & 32 <> 0"  # 32: on TRUNCATE
        )
        guards = cursor.fetchall()
        for table, trigger in guards:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    try:
        flush(case)
    finally:
        with connection.cursor() as cursor:
            for table, trigger in guards:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


TransactionTestCase._fixture_teardown = flush_append_only_tables_too  # type: ignore[attr-defined]  # as above

# Named after the process: several runs at once on one machine keep out of each other's way.
connection.settings_dict["TEST"]["NAME"] = f"test_{os.getpid()}"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Start the database before pytest-django makes its test database, a copy of a migrated one."""
    if settings.DATABASE_IS_EMBEDDED:
        launcher.ensure_running(settings.SANDERLING_HOME)
        with server() as connected, django_db_blocker.unblock():
            # One process at a time: the others copy what the first has made.
            connected.execute("SELECT pg_advisory_lock(1)")
            hurry()
            drop_orphans(connected)
            connection.settings_dict["TEST"]["TEMPLATE"] = migrated(connected)


def server(user: str = "") -> psycopg.Connection:
    """Connect to no database of ours, as its owner or another role of the server."""
    parameters = connection.settings_dict
    return psycopg.connect(
        host=parameters["HOST"],
        port=parameters["PORT"],
        user=user or parameters["USER"],
        dbname="postgres",
        autocommit=True,
    )


def hurry() -> None:
    """Let the server of the tests not wait for the disk: nothing in it is worth a power failure."""
    with server(user=SUPERUSER) as connected:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connected.execute(f"ALTER SYSTEM SET {name} = off")
        connected.execute("SELECT pg_reload_conf()")
        # For worlds that are copied, not made (tests/remembered.py).
        owner = connection.settings_dict["USER"]
        connected.execute(f"GRANT SET ON PARAMETER session_replication_role TO {owner}")


def drop_orphans(connected: psycopg.Connection) -> None:
    """Drop the test databases of processes that are gone (killed runs leave theirs behind)."""
    for (name,) in connected.execute("SELECT datname FROM pg_database").fetchall():
        match = re.fullmatch(r"test_(\d+)(_gw\d+)?", name)
        if match and not Path(f"/proc/{match[1]}").exists():
            connected.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def migrated(connected: psycopg.Connection) -> str:
    """Return the name of a database that these migrations have made; make it when it is missing."""
    made_by = hashlib.sha256((REPOSITORY / "requirements.lock").read_bytes())
    for path in sorted((REPOSITORY / "src").glob("sanderling/**/migrations/*.py")):
        made_by.update(path.read_bytes())
    name = f"migrated_{made_by.hexdigest()[:16]}"
    known = {name for (name,) in connected.execute("SELECT datname FROM pg_database").fetchall()}
    if name not in known:
        for old in known:
            if old.startswith("migrated_"):
                connected.execute(f'DROP DATABASE "{old}"')
        parameters, making = connection.settings_dict, f"{name}_unfinished"
        connected.execute(f'DROP DATABASE IF EXISTS "{making}"')
        connected.execute(f'CREATE DATABASE "{making}"')
        before, parameters["NAME"] = parameters["NAME"], making
        migrating.migrate()
        connection.close()
        parameters["NAME"] = before
        connected.execute(f'ALTER DATABASE "{making}" RENAME TO "{name}"')
    return name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long: no worker ends up alone with one of them."""
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)
    if os.environ.get("CI"):
        # A quarter of an hour on two cores does not hold them: `make test` at a desk does.
        leave = pytest.mark.skip(reason="slow: left to `make test` outside of CI")
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(leave)
            law = getattr(item, "obj", None)
            if law is not None and is_hypothesis_test(law):
                # A number of its own would win over the profile; there is no public way to ask.
                wanted = law._hypothesis_internal_use_settings
                most = min(wanted.max_examples, CI_EXAMPLES)
                law._hypothesis_internal_use_settings = laws(wanted, max_examples=most)
