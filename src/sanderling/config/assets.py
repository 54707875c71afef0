"""Puts the static files where the web server serves them from, when they have changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from sanderling.core.refusal import Refusal


class AssetsMissing(Refusal):
    """The third-party front-end files are not in place."""


def collect_assets(*, report: Callable[[str], None]) -> None:
    """Collect, compress and name static files by their content, if any has changed.

    Raises:
        AssetsMissing: `make setup` was not run.
    """
    vendor = Path(__file__).resolve().parent.parent / "web" / "static" / "vendor"
    if not (vendor / "htmx.min.js").is_file():
        raise AssetsMissing("the front-end files are missing: run `make setup`")
    stamp = Path(settings.STATIC_ROOT) / ".fingerprint"
    current = _fingerprint()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == current:
        return
    report("Collecting static files ...")
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(current, encoding="ascii")


def _fingerprint() -> str:
    """Return a digest of names, sizes and times of all static files."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
