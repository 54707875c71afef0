"""Barriers worked out for many claims: piece by piece, reading one piece while judging another."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import Final

import polars as pl
from django.conf import settings
from django.db import connection, transaction

from sanderling.agreements.schedules import schedules_on
from sanderling.barriers.loading import load_barrier_facts, open_balances, open_balances_today
from sanderling.barriers.response import response_days
from sanderling.codes.queries import code_book
from sanderling.core.barriers.classify import PATIENT_FORBIDDEN, Classified, classify
from sanderling.core.barriers.facts import BarrierFacts
from sanderling.core.barriers.rows import PATIENT
from sanderling.payers.queries import deadline_rules_frame
from sanderling.postgres.frames import read_frame

CLAIMS_AT_ONCE: Final = 50_000  # bounds memory
READERS: Final = 2
# A reader takes rows one by one and waits each time for the interpreter; with Python's usual 5 ms
# it mostly waits (a million claims: 27 s, with this 21 s).
_SWITCH_SECONDS: Final = 0.00005
_NOT_FOR_PATIENTS: Final = """
SELECT DISTINCT p.claim_id
  FROM remits_remark m JOIN remits_claim_payment p ON p.id = m.payment_id
 WHERE m.code = ANY (%s) AND p.claim_id IS NOT NULL
"""


def classified(
    claim_ids: list[int], as_of: date, balances: pl.DataFrame | None = None
) -> Classified:
    """Return barriers and denials of some claims; within a transaction.

    `balances`: what was open on the day; none: what is open today.
    """
    facts = load_barrier_facts(claim_ids, balances, response_days(as_of))
    return classify(
        facts,
        as_of,
        book=code_book(),
        rules=deadline_rules_frame(),
        small_balance_cents=settings.SMALL_BALANCE_CENTS,
        schedules=schedules_on(as_of),
    )


def barriers_on(
    as_of: date, client_ids: list[int] | None = None, *, two_connections: bool = False
) -> Iterator[pl.DataFrame]:
    """Yield the barriers (core.barriers.rows.ROWS) at the end of any day, some claims at a time.

    `two_connections`: read the next claims on a connection of its own while judging these. It has
    the rights of the installation, not those of a web session: never for pages.
    """
    yield from _pieces(open_balances(as_of, client_ids), as_of, two_connections=two_connections)


def barriers_today(today: date, *, two_connections: bool = False) -> Iterator[pl.DataFrame]:
    """Yield today's barriers of all open claims, worked out anew, some claims at a time."""
    yield from _pieces(open_balances_today(), today, two_connections=two_connections)


def _pieces(
    balances: pl.DataFrame, as_of: date, *, two_connections: bool
) -> Iterator[pl.DataFrame]:
    book, rules, payers = code_book(), deadline_rules_frame(), response_days(as_of)
    schedules = schedules_on(as_of)
    claim_ids = balances["claim_id"].unique().sort()
    forbidden = read_frame(_NOT_FOR_PATIENTS, {"claim_id": pl.Int64}, [list(PATIENT_FORBIDDEN)])
    loads = []
    for start in range(0, len(claim_ids), CLAIMS_AT_ONCE):
        part = claim_ids[start : start + CLAIMS_AT_ONCE]
        of_part = balances.filter(pl.col("claim_id").is_between(part[0], part[-1]))
        # What a patient owes needs no reading of what payers said, but that he may not be billed.
        insured = of_part.filter(
            (pl.col("party") < PATIENT)
            | (pl.col("balance_cents") < 0)
            | pl.col("claim_id").is_in(forbidden["claim_id"].implode())
        )["claim_id"].unique()
        loads.append(partial(_load, insured.to_list(), of_part, payers))
    loaded = _ahead(loads) if two_connections and len(loads) > 1 else (load() for load in loads)
    for facts in loaded:
        yield classify(
            facts,
            as_of,
            book=book,
            rules=rules,
            small_balance_cents=settings.SMALL_BALANCE_CENTS,
            schedules=schedules,
        ).barriers


def _load(claim_ids: list[int], balances: pl.DataFrame, payers: pl.DataFrame) -> BarrierFacts:
    # The temporary tables of the loading live as long as a transaction.
    with transaction.atomic():
        return load_barrier_facts(claim_ids, balances, payers)


def _ahead(loads: Sequence[Callable[[], BarrierFacts]]) -> Iterator[BarrierFacts]:
    """Yield what the calls return, the next ones already begun while one is being used."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        with ThreadPoolExecutor(max_workers=READERS) as readers:
            waiting = deque(readers.submit(_once, load) for load in loads[:READERS])
            for following in [*loads[READERS:], *[None] * READERS]:
                if not waiting:
                    return
                facts = waiting.popleft().result()
                if following is not None:
                    waiting.append(readers.submit(_once, following))
                yield facts
    finally:
        sys.setswitchinterval(before)


def _once(load: Callable[[], BarrierFacts]) -> BarrierFacts:
    """Load on a connection of this thread's own, and close it: nobody else can."""
    try:
        return load()
    finally:
        connection.close()
