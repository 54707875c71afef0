"""Ends of the chain, kept in a file beside the database: one a day, and the latest.

Whoever cuts the end of the chain off leaves a chain that is right in itself. The file is outside
the database, so that the one is not changed with the other. A backup does not hold it: a restored
installation begins its own.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from sanderling.audit.chain import Head
from sanderling.audit.models import AuditSeal
from sanderling.postgres.home import private_folder


def heads_path() -> Path:
    """Return the file for this database (system and database by their own numbers)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT system_identifier FROM pg_control_system()), oid"
            " FROM pg_database WHERE datname = current_database()"
        )
        system, database = cursor.fetchone()
    return private_folder(Path(settings.SANDERLING_HOME), "audit") / f"{system}-{database}.heads"


def known_heads() -> tuple[Head, ...]:
    """Return the ends that were kept, oldest first; none where no worker has sealed here."""
    return _read(heads_path())


def keep_head() -> bool:
    """Keep the chain's present end, in place of an earlier one of the same day."""
    seal = AuditSeal.objects.order_by("-pk").first()
    if seal is None:
        return False
    path = heads_path()
    kept = [head for head in _read(path) if head.hash != seal.hash]
    # An end that is no longer in the chain stays: it proves that something was cut off.
    if kept and kept[-1].at.date() == seal.sealed_at.date() and _stands(kept[-1]):
        kept.pop()
    kept.append(Head(seal.pk, seal.event_id, seal.hash, seal.sealed_at))
    unfinished = path.with_suffix(".unfinished")
    lines = (f"{one.seal_id} {one.event_id} {one.hash} {one.at.isoformat()}\n" for one in kept)
    with unfinished.open("w", encoding="ascii") as stream:
        stream.writelines(lines)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)
    return True


def _stands(head: Head) -> bool:
    return AuditSeal.objects.filter(pk=head.seal_id, hash=head.hash).exists()


def _read(path: Path) -> tuple[Head, ...]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return ()
    parts = (line.split(" ") for line in lines)
    return tuple(Head(int(a), int(b), c, datetime.fromisoformat(d)) for a, b, c, d in parts)
