"""Measures a hundred rules over one million items: in SQL, as the engine asks, and in Polars.

`python -m bench.rules [--items 1000000] [--rules 100]`, in the database of SANDERLING_HOME (which must
be running: `sanderling up`). The items are made in a temporary table that takes the place of the
worklist's within one transaction, which is rolled back: nothing is left behind. Both engines must
find the same number of items for every rule. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from datetime import date
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sanderling.config.settings")

import django

django.setup()

import polars as pl  # noqa: E402 - Django comes first
from django.db import connection, transaction  # noqa: E402 - as above

from sanderling.automation.facts import ON_SCHEDULE, SOURCE  # noqa: E402 - as above
from sanderling.automation.matching import find_matches  # noqa: E402 - as above
from sanderling.automation.models import Rule, RuleVersion  # noqa: E402 - as above
from sanderling.core.rules.columns import dtype_of, expression  # noqa: E402 - as above
from sanderling.core.rules.fields import FIELD_OF  # noqa: E402 - as above
from sanderling.core.rules.reading import read_condition  # noqa: E402 - as above
from sanderling.postgres.frames import read_frame  # noqa: E402 - as above

TODAY = date(2026, 3, 5)
CLIENTS = 200
BARRIERS = ("denied", "no_response", "rejected", "awaiting_payer", "underpaid", "pended")
MAKE = """
CREATE TEMPORARY TABLE worklists_work_item ON COMMIT DROP AS
SELECT * FROM public.worklists_work_item LIMIT 0;
INSERT INTO worklists_work_item
    (id, claim_id, party, client_id, payer_id, client_code, claim_number, payer_name, service_date,
     charge_cents, balance_cents, barrier, category, reason_code, next_action, team, since_date,
     next_date, deadline_date, tags, touches, last_touch_date, is_high_dollar, score, arrived_at,
     changed_at, is_deadline_met, work_date)
SELECT n, n, 11, 1 + n %% {clients}, NULL, 'C' || n %% {clients}, 'N' || n, 'PAYER ' || n %% 40,
       %(today)s::date - (n * 7919 %% 400)::int, 20000 + n %% 100000, (n * 6151 %% 500000)::bigint,
       (%(barriers)s::text[])[1 + n * 31 %% 6], (ARRAY['coding', 'eligibility', ''])[1 + n %% 3],
       (n * 17 %% 250)::text, 'check_status', 'ar', %(today)s::date - (n * 13 %% 90)::int,
       %(today)s::date, %(today)s::date + (n * 11 %% 200)::int - 20,
       CASE WHEN n %% 50 = 0 THEN '{{vip}}'::text[] ELSE '{{}}'::text[] END, (n %% 6)::int,
       CASE WHEN n %% 3 = 0 THEN %(today)s::date - (n %% 60)::int END, n %% 20 = 0,
       n * 104729 %% 100000, now(), now(), false, %(today)s::date
  FROM generate_series(1::bigint, %(items)s) AS n;
CREATE INDEX ON worklists_work_item (client_id);
ANALYZE worklists_work_item;
"""


def conditions(count: int) -> list[str]:
    """Return conditions of the kinds that people write, all different."""
    shapes = (
        'balance > {a} && payer == "PAYER {p}" && days_since_touch >= {d}',
        'barrier == "denied" && category == "coding" && balance > {a}',
        "days_to_deadline <= {d} && days_to_deadline >= 0 && touches < 3",
        'high_dollar && days_since_touch > {d} && !("vip" in tags)',
        'barrier in ["no_response", "rejected"] && age_days > {d} && balance < charge * 2',
    )
    return [
        shapes[at % len(shapes)].format(a=100 + 37 * at, p=at % 40, d=5 + at % 60)
        for at in range(count)
    ]


def by_sql(texts: list[str]) -> tuple[list[int], float]:
    """Return how many items each rule finds as the engine asks, and the seconds for all."""
    clients = list(range(1, CLIENTS + 1))
    started, found = time.monotonic(), []
    for at, text in enumerate(texts, start=1):
        version = RuleVersion(condition=text, rest_days=7)
        matches = find_matches(
            Rule(pk=-at, place=at), version, client_ids=clients, today=TODAY, limit=200
        )
        found.append(matches.total)
    return found, time.monotonic() - started


def by_polars(texts: list[str]) -> tuple[list[int], float, float]:
    """Return the same from one frame, the seconds to read it, and those to ask all rules."""
    names = sorted(
        {"balance", "charge", "payer", "barrier", "category", "days_to_deadline", "touches"}
        | {"high_dollar", "days_since_touch", "age_days"}
    )
    started = time.monotonic()
    columns = ", ".join(ON_SCHEDULE[name] for name in names)
    columns = f"{columns}, array_to_string(w.tags, ',')".replace("%(today)s", f"'{TODAY}'")
    schema: dict[str, Any] = {name: dtype_of(FIELD_OF[name]) for name in names}
    frame = read_frame(f"SELECT {columns} FROM {SOURCE}", {**schema, "tags": pl.String})
    frame = frame.with_columns(pl.col("tags").str.split(","))
    read = time.monotonic() - started
    started = time.monotonic()
    asked = frame.lazy().select(
        [expression(read_condition(text)).sum().alias(str(at)) for at, text in enumerate(texts)]
    )
    found = [int(count) for count in asked.collect().row(0)]
    return found, read, time.monotonic() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--rules", type=int, default=100)
    asked = parser.parse_args()
    texts = conditions(asked.rules)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            MAKE.format(clients=CLIENTS),
            {"today": TODAY, "barriers": list(BARRIERS), "items": asked.items},
        )
        in_sql, sql_seconds = by_sql(texts)
        in_polars, read_seconds, polars_seconds = by_polars(texts)
        transaction.set_rollback(True)
    assert in_sql == in_polars, "the engines disagree"
    print(  # noqa: T201 - the answer
        json.dumps(
            {
                "items": asked.items,
                "rules": asked.rules,
                "matches": sum(in_sql),
                "sql_seconds": round(sql_seconds, 2),
                "polars_read_seconds": round(read_seconds, 2),
                "polars_seconds": round(polars_seconds, 2),
                "load": os.getloadavg()[0],
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
