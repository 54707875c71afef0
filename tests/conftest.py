"""One embedded database of our own for all tests, started by the same launcher as the product's.

Set DATABASE_URL to run the suite on another server (the role needs CREATEDB and CREATEROLE).
"""

from __future__ import annotations

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

import django  # noqa: E402 - the environment comes first

django.setup()

from django.conf import settings  # noqa: E402 - as above
from django.db import connection  # noqa: E402 - as above
from django.test import TransactionTestCase  # noqa: E402 - as above

from sanderling.postgres import launcher  # noqa: E402 - as above

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
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Start the database before pytest-django makes its test database."""
    if settings.DATABASE_IS_EMBEDDED:
        launcher.ensure_running(settings.SANDERLING_HOME)
        drop_orphans()


def drop_orphans() -> None:
    """Drop the test databases of processes that are gone (killed runs leave theirs behind)."""
    parameters = connection.settings_dict
    with psycopg.connect(
        host=parameters["HOST"],
        port=parameters["PORT"],
        user=parameters["USER"],
        dbname="postgres",
        autocommit=True,
    ) as server:
        for (name,) in server.execute("SELECT datname FROM pg_database").fetchall():
            match = re.fullmatch(r"test_(\d+)(_gw\d+)?", name)
            if match and not Path(f"/proc/{match[1]}").exists():
                server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
