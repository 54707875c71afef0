"""Reading one piece of claims on a connection of its own while another is judged."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest
from django.db import connection

from sanderling.barriers.working import _ahead


@pytest.mark.django_db
def test_pieces_come_in_order_from_a_connection_that_its_thread_closes() -> None:
    seen: list[tuple[int, int]] = []

    def load(number: int) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            seen.append((threading.get_ident(), cursor.fetchone()[0]))
        return number

    calls = [cast("Any", lambda number=number: load(number)) for number in range(3)]
    found: list[Any] = list(_ahead(calls))
    assert found == [0, 1, 2]

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (mine,) = cursor.fetchone()
    assert {thread for thread, _ in seen} != {threading.get_ident()}
    assert mine not in {backend for _, backend in seen}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [seen[0][1]])
        assert cursor.fetchone() == (0,)
