"""Makes the database reachable and its schema current."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Callable
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection

from sanderling.core.refusal import Refusal
from sanderling.postgres import launcher, migrating
from sanderling.postgres.locks import Lock

# Packages that bring migrations of their own.
PACKAGES = ("django", "django-allauth", "procrastinate")


class SchemaBehind(Refusal):
    """The database given by DATABASE_URL has an older schema."""


def ensure_database() -> bool:
    """Start the embedded database if it is used and not running; return whether we did.

    Raises:
        DatabaseUnavailable, PostgresMissing: it could not be started.
    """
    if not settings.DATABASE_IS_EMBEDDED:
        return False
    return launcher.ensure_running(settings.SANDERLING_HOME)


def ensure_schema(*, report: Callable[[str], None]) -> None:
    """Bring the schema up to date when it is not; one query when it is.

    An embedded database, and an empty one, is migrated at once. One given by DATABASE_URL that has
    data is only migrated by `init` and `up`: that is a decision of its owner.

    Raises:
        SchemaBehind: that case.
    """
    current = _recorded_fingerprint()
    if current == schema_fingerprint():
        return
    if not settings.DATABASE_IS_EMBEDDED and current is not None:
        raise SchemaBehind(
            "the database's schema is older than this program: run `sanderling init`"
        )
    migrate(report=report)


def migrate(*, report: Callable[[str], None]) -> None:
    """Run all migrations, one process at a time, and record the fingerprint."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [int(Lock.MIGRATIONS)])
        try:
            if _recorded_fingerprint() == schema_fingerprint():
                return
            report("Preparing the database ...")
            migrating.migrate()
            # The fingerprint is hexadecimal: it cannot end the literal.
            cursor.execute(f"COMMENT ON TABLE django_migrations IS '{schema_fingerprint()}'")
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [int(Lock.MIGRATIONS)])


def schema_fingerprint() -> str:
    """Return a digest of all migrations' names and of the packages that bring some."""
    names = sorted(
        f"{config.label}/{path.stem}"
        for config in apps.get_app_configs()
        if config.name.startswith("sanderling.")
        for path in (Path(config.path) / "migrations").glob("[0-9]*.py")
    )
    names += [f"{package}=={importlib.metadata.version(package)}" for package in PACKAGES]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _recorded_fingerprint() -> str | None:
    """Return the recorded digest; None for an empty database, "" for one without a record."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass('django_migrations') IS NOT NULL,"
            " coalesce(obj_description(to_regclass('django_migrations'), 'pg_class'), '')"
        )
        exists, fingerprint = cursor.fetchone()
    return fingerprint if exists else None
