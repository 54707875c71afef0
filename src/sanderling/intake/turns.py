"""One intake at a time in a database: command line, uploads, watched folders and what is resumed.

Two that read the same file at once would each think the other's half was posted before. The lock is
the session's: it goes with a process that is killed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sanderling.postgres.locks import Lock, session_lock


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other session takes files in; may be nested."""
    with session_lock(Lock.INTAKE, waits=True):
        yield
