"""Measures giving out work and keeping items in step over one million open items.

`python -m bench.claiming --home FOLDER [--seconds 20] [--users 50]`, with the home that
`python -m bench.worklist --home FOLDER` has filled. Threads of this process are people: each claims
the next item again and again, without thought, on a connection of its own under the role of the web
application with row-level security; every claim is kept in memory, and none may be held by two at
once. Then the items of one claim and of 50,000 claims are brought in step with their barriers, in
transactions that are rolled back. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

MANY = 50_000


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--users", type=int, default=50)
    options = parser.parse_args()
    os.environ["SANDERLING_HOME"] = str(options.home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sanderling.config.settings")
    from sanderling.cli.runtime import start_database

    start_database()
    found = {
        "items": _count("worklists_work_item"),
        "claiming": claiming(options.users, options.seconds),
        "keeping": {"1": keeping(1), str(MANY): keeping(MANY)},
    }
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


def _count(table: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def claiming(people: int, seconds: float) -> dict[str, Any]:
    """Let people claim at once, each again and again."""
    from django.db import connection
    from django.utils import timezone

    from sanderling.accounts.models import User
    from sanderling.worklists.claiming import claim_next
    from sanderling.worklists.models import ItemLock

    users = list(User.objects.filter(is_active=True).order_by("pk")[:people])
    ItemLock.objects.all().delete()
    times: list[float] = []
    given: list[tuple[int, int]] = []
    nothing = Counter[int]()
    end = time.monotonic() + seconds

    def work(user: User) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE sanderling_app")
            cursor.execute(
                "SELECT set_config('sanderling.client_ids', sanderling_clients_of(%s)::text, false),"
                " set_config('sanderling.actor', %s, false)",
                [user.pk, f"user:{user.pk}"],
            )
        try:
            while time.monotonic() < end:
                started = time.perf_counter()
                item_id = claim_next(user=user, at=timezone.now())
                times.append(time.perf_counter() - started)
                if item_id is None:
                    nothing[user.pk] += 1
                    break
                given.append((item_id, user.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = list(ItemLock.objects.values_list("item_id", "user_id"))
    ItemLock.objects.all().delete()
    assert len({item for item, _ in held}) == len(held), "an item that two hold"
    cuts = statistics.quantiles(times, n=100)
    return {
        "people": len(users),
        "claims": len(given),
        "claims_per_second": round(len(given) / seconds, 1),
        "p50_ms": round(cuts[49] * 1000, 1),
        "p95_ms": round(cuts[94] * 1000, 1),
        "without_work": len(nothing),
    }


def keeping(claims: int) -> dict[str, Any]:
    """Bring the items of so many claims in step, with nothing changed and with all changed."""
    from django.db import connection, transaction
    from django.utils import timezone

    from sanderling.worklists.keeping import follow_barriers, refresh_work

    now = timezone.now()
    found: dict[str, Any] = {}
    for name in ("unchanged", "changed"):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT array_agg(claim_id) FROM ("
                    " SELECT DISTINCT claim_id FROM barriers_barrier LIMIT %s) s",
                    [claims],
                )
                claim_ids = cursor.fetchone()[0]
                follow_barriers(claim_ids, today=now.date(), at=now)
                if name == "changed":
                    cursor.execute(
                        "UPDATE barriers_barrier SET balance_cents = balance_cents + 1"
                        " WHERE claim_id = ANY (%s)",
                        [claim_ids],
                    )
            started = time.perf_counter()
            follow_barriers(claim_ids, today=now.date(), at=now + timedelta(seconds=1))
            found[name] = round(time.perf_counter() - started, 3)
            started = time.perf_counter()
            refresh_work(claim_ids)
            found["refresh_work"] = round(time.perf_counter() - started, 3)
            found["claims"] = len(claim_ids)
            transaction.set_rollback(True)
    return found


if __name__ == "__main__":
    main()
