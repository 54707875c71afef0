"""One embedded database of our own for all tests, started by the same launcher as the product's.

Set DATABASE_URL to run the suite on another server (the role needs CREATEDB and CREATEROLE).
"""

from __future__ import annotations

import os
from pathlib import Path

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


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Start the database before pytest-django makes its test database."""
    from django.conf import settings

    from sanderling.postgres import launcher

    if not settings.DATABASE_IS_EMBEDDED:
        return
    launcher.ensure_running(settings.SANDERLING_HOME)
