"""The search itself: reads, writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl
from django.conf import settings as django_settings
from django.db import connection

from sanderling.core.trends.findings import Finding
from sanderling.core.trends.search import Known, Searched, count_again, search
from sanderling.core.trends.settings import Settings
from sanderling.issues.loading import load_open_balances, outcomes_until

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a search saw."""

    searched: Searched
    open_balances: pl.DataFrame  # claim_id, balance_cents
    settings: Settings
    claims: int


def settings_in_force() -> Settings:
    """Return the floors and error rates of this installation."""
    return Settings(
        claims_min=django_settings.ISSUE_CLAIMS_MIN,
        at_stake_min_cents=django_settings.ISSUE_DOLLARS_MIN * 100,
        false_per_client_week=django_settings.ISSUE_FALSE_PER_MILLE / 1000,
    )


def look(today: date, *, known: Sequence[Known] = (), tell: Tell = lambda _: None) -> Seen:
    """Return what is wrong as of `today`, by what the mirror knows; writes nothing.

    Raises:
        MirrorMissing: there is no mirror.
    """
    settings = settings_in_force()
    balances = load_open_balances()
    clients, claims = _sizes(today)
    searched = search(
        outcomes_until(today, balances, settings),
        today=today,
        clients=clients,
        known=known,
        settings=settings,
        tell=tell,
    )
    return Seen(searched, balances, settings, claims)


def count_one(known: Known, today: date) -> tuple[Finding, pl.DataFrame]:
    """Return the counts of one description as of `today`, and (claim_id, balance_cents).

    Raises:
        MirrorMissing: there is no mirror.
    """
    balances = load_open_balances()
    load = outcomes_until(today, balances, settings_in_force())[known.description.kind]
    return count_again(known, load(), today), balances


def _sizes(today: date) -> tuple[int, int]:
    """Return how many clients have claims, and how many claims there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT client_id), count(*) FROM claims_claim"
            " WHERE coalesce(first_billed_date, service_from_date, '-infinity') <= %s",
            [today],
        )
        clients, claims = cursor.fetchone()
    return int(clients), int(claims)
