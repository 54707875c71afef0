"""Measures pages over a large book by the processor time of the program and of its database session.

`python -m bench.pages --home FOLDER [--only WORD]`.

FOLDER is a home that `bench.worklist` filled. Pages are asked for by Django's test client under the
web's role with row-level security, by a person who sees all 200 clients and by one who sees some,
each five times after one to warm up; the least of five counts. Processor time says the same on a
busy machine, wall time does not. Statements run without parallel workers, whose time would be
missed. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

TIMES = 5
PAGES = {
    "worklist": "/work/?view=due",
    "worklist, denied": "/work/?view=denied",
    "worklist, two filters": "/work/?view=due&owner=none&within=10",
    "worklist, by age and dollars": "/work/?view=all&age=4&min=5000",
    "grouped by payer": "/work/?view=due&group=payer",
    "grouped by issue": "/work/?view=due&group=issue",
    "grouped by provider": "/work/?view=due&group=provider",
    "grouped by patient": "/work/?view=due&group=patient",
    "workload": "/workload/",
    "queue": "/workload/queue/",
    "queue by client": "/workload/queue/?by=client",
    "queue by payer": "/workload/queue/?by=payer",
    "at a glance": "/glance/",
    "denials at a glance": "/glance/denials/",
    "key accounts": "/key-accounts/",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--only", default="", help="pages whose name has this word")
    options = parser.parse_args()
    os.environ["SANDERLING_HOME"] = str(options.home)
    from sanderling.cli.runtime import needs_database

    found = needs_database(measured)(options.only)
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


def measured(only: str) -> dict[str, Any]:
    """Return milliseconds of processor time by who asks and page: program, database."""
    from django.conf import settings
    from django.core.management import call_command

    from sanderling.accounts.models import User

    settings.ALLOWED_HOSTS = ["*"]
    call_command("collectstatic", verbosity=0, interactive=False)  # pages name hashed files
    people = User.objects.filter(email__contains="@bench.example").order_by("pk")
    askers = {
        "sees all clients": people.filter(sees_all_clients=True)[0],
        "sees some": people.filter(sees_all_clients=False)[0],
    }
    pages = {name: address for name, address in PAGES.items() if only in name}
    return {
        "load": os.getloadavg()[0],
        **{who: pages_of(user, pages) for who, user in askers.items()},
    }


def pages_of(user: Any, pages: dict[str, str]) -> dict[str, Any]:  # noqa: ANN401 - a user
    """Return the least times of each page; what the person may not see is left out."""
    from django.db import connection
    from django.test import Client as Browser

    browser = Browser()
    browser.force_login(user)
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    found: dict[str, Any] = {}
    for name, address in pages.items():
        times: list[tuple[float, float]] = []
        for _ in range(TIMES + 1):
            with connection.cursor() as cursor:
                cursor.execute("SET ROLE sanderling_app")
            program, database = time.process_time(), processor_seconds(backend)
            answer = browser.get(address)
            program = time.process_time() - program
            database = processor_seconds(backend) - database
            times.append((program, database))
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")
        if answer.status_code == HTTPStatus.OK:
            program, database = min(times[1:], key=sum)
            found[name] = {"program": round(1000 * program), "database": round(1000 * database)}
    return found


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used, by /proc (in hundredths)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
