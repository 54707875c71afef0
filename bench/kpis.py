"""Measures key figures over a made-up book: the nightly sums, pages, scorecards, the command.

`python -m bench.kpis --home FOLDER [--as-of DATE]`.

FOLDER has a mirror written by `python -m bench.analytic_book --claims N` (SANDERLING_HOME=FOLDER);
its clients and payers are put into a database of its own there. The nightly sums are made;
then pages are asked for by Django's test client under the web's role with row-level security, each
ten times after one to warm up, by a person who sees all 200 clients and by one who sees twelve.
Prints JSON and writes .cache/bench/kpis.json.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import secrets
import statistics
import sys
import time
from datetime import UTC, date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

CACHE = Path(__file__).resolve().parents[1] / ".cache"
TIMES = 10
CLIENTS_SEEN = 12
PAGES = {
    "tiles of a month": "/kpis/",
    "tiles, one client": "/kpis/?client={client}",
    "tiles, one payer": "/kpis/?payer={payer}",
    "one figure, 25 months, by client": "/kpis/denial_rate/",
    "one figure by payer": "/kpis/days_in_ar/?by=payer",
    "one figure by provider, one client": "/kpis/denial_rate/?by=provider&client={client}",
    "payer scorecards": "/scorecards/",
    "client scorecards": "/scorecards/?who=client",
    "provider scorecards": "/scorecards/?who=provider",
    "one payer's card": "/scorecards/payers/{payer_pk}/",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--keep", action="store_true", help="the sums of an earlier run")
    parser.add_argument("--as-of", type=date.fromisoformat, default=None)
    options = parser.parse_args()
    os.environ["SANDERLING_HOME"] = str(options.home)
    from sanderling.cli.runtime import needs_database

    found = needs_database(measured)(options.as_of, keep=options.keep)
    CACHE.joinpath("bench").mkdir(parents=True, exist_ok=True)
    CACHE.joinpath("bench", "kpis.json").write_text(json.dumps(found, indent=2))
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


def measured(as_of: date | None, *, keep: bool) -> dict[str, Any]:
    """Return what was measured."""
    import polars as pl
    from django.conf import settings

    from sanderling.kpis.models import Cell, PayDays, Refusals
    from sanderling.kpis.nightly import make_sums
    from sanderling.mirror.reading import scan

    settings.ALLOWED_HOSTS = ["*"]
    claims = scan("claims", None)
    day = as_of or scan("ledger", None).select(pl.col("posted_date").max()).collect().item()
    parties(claims)
    at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    start = time.perf_counter()
    made = None if keep else make_sums(today=day, at=at)
    night = round(time.perf_counter() - start, 1)
    return {
        "claims": claims.select(pl.len()).collect().item(),
        "ledger entries": scan("ledger", None).select(pl.len()).collect().item(),
        "as of": day.isoformat(),
        "nightly sums, s": None if keep else night,
        "months": None if made is None else made.months,
        "cells": Cell.objects.count(),
        "cells, MB": size_of("kpis_cell"),
        "days to pay, rows": PayDays.objects.count(),
        "reasons, rows": Refusals.objects.count(),
        "peak memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "pages, all clients, ms": pages(sees_all=True),
        "pages, twelve clients, ms": pages(sees_all=False),
        "command, closed month by client and payer, ms": asked(day),
    }


def parties(claims: Any) -> None:  # noqa: ANN401 - a lazy frame
    """Put the book's clients and payers into the database, once."""
    from sanderling.clients.models import Client
    from sanderling.payers.models import Payer

    ids = claims.select("client_id", "payer_id").unique().collect()
    at = datetime(2024, 1, 1, tzinfo=UTC)
    if not Payer.objects.exists():
        Client.objects.all().delete()
        Client.objects.bulk_create(
            Client(pk=one, code=f"C{one:03}", name=f"Client {one}", created_at=at)
            for one in sorted(set(ids["client_id"].to_list()))
        )
        Payer.objects.bulk_create(
            Payer(
                pk=one, payer_id=f"P{one:03}", name=f"Payer {one}", type="commercial", created_at=at
            )
            for one in sorted(set(ids["payer_id"].drop_nulls().to_list()))
        )


def size_of(table: str) -> int:
    """Return the size of a table with its indexes in MB."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s) / 1048576", [table])
        return int(cursor.fetchone()[0])


def pages(*, sees_all: bool) -> dict[str, dict[str, float]]:
    """Return median and worst time of each page."""
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client as Browser

    from sanderling.accounts.actions import create_user
    from sanderling.accounts.models import User
    from sanderling.clients.models import Client
    from sanderling.payers.models import Payer

    seen = list(Client.objects.order_by("pk").values_list("pk", flat=True)[:CLIENTS_SEEN])
    email = f"{'all' if sees_all else 'some'}@bench.example"
    user = User.objects.filter(email=email).first() or create_user(
        email=email, name="Bench", role="lead", password=secrets.token_urlsafe(24),
        client_ids=[] if sees_all else seen, sees_all_clients=sees_all,
    )  # fmt: skip
    call_command("collectstatic", verbosity=0, interactive=False)  # pages name hashed files
    browser = Browser()
    browser.force_login(user)
    words = {
        "client": Client.objects.order_by("pk")[0].code,
        "payer": Payer.objects.order_by("pk")[0].payer_id,
        "payer_pk": Payer.objects.order_by("pk")[0].pk,
    }
    found = {}
    for name, address in PAGES.items():
        times = []
        for _ in range(TIMES + 1):
            with connection.cursor() as cursor:
                cursor.execute("SET ROLE sanderling_app")
            start = time.perf_counter()
            answer = browser.get(address.format(**words))
            times.append(1000 * (time.perf_counter() - start))
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")
            assert answer.status_code == HTTPStatus.OK, (name, answer.status_code)
        kept = times[1:]
        found[name] = {"median": round(statistics.median(kept)), "worst": round(max(kept))}
    return found


def asked(day: date) -> int:
    """Return how long the sums behind `sanderling kpis` of a closed month take."""
    from sanderling.core.kpis.frames import add_months, month_start
    from sanderling.kpis.asking import Question, can_be_kept, kept, kept_months, whole_month

    start = time.perf_counter()
    period = whole_month(add_months(month_start(day), -1), as_of=day)
    question = Question((period,), ("client", "payer"))
    assert can_be_kept(question, kept_months())
    kept(question)
    return round(1000 * (time.perf_counter() - start))


if __name__ == "__main__":
    main()
