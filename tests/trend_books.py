"""Made-up decisions for tests of the search: weekly remittances, payers and clients that differ,
weeks that vary more than coins; and what a test plants in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from sanderling.core.trends.outcomes import code_family, complete
from sanderling.core.trends.search import Outcomes, Searched, search
from sanderling.core.trends.settings import DEFAULTS, Settings

TODAY = date(2026, 11, 20)
REASONS = (
    ("eligibility", "CO-27", 0.015),
    ("coding", "CO-4", 0.01),
    ("authorization", "CO-197", 0.02),
    ("missing_information", "CO-16", 0.03),
    ("bundling", "CO-97", 0.015),
)
Arrays = dict[str, Any]
Plant = Callable[[Arrays, np.random.Generator], Any]


def day(number: int, days: int = 400) -> date:
    """Return the date of a day's number; day `days` is two weeks before TODAY."""
    return TODAY - timedelta(days=days + 14 - number)


def decisions(
    *,
    seed: int = 0,
    clients: int = 4,
    payers: int = 5,
    claims: int = 12_000,
    days: int = 400,
    rho: float = 0.01,
    plant: Plant | None = None,
    reason: tuple[str, str] = ("coding", "CO-4"),
) -> pl.DataFrame:
    """Return OUTCOMES of lines, one a claim.

    `plant`: which claims are denied for `reason` beside the usual, by arrays of payer, client,
    provider, procedure, modifier, and the numbers of the days served, sent, decided.
    """
    dice = np.random.default_rng(seed)
    payer = dice.choice(payers, claims, p=dice.dirichlet(np.full(payers, 20.0)))
    client = dice.choice(clients, claims, p=dice.dirichlet(np.full(clients, 20.0)))
    served = dice.integers(0, days, claims)
    sent = served + dice.integers(3, 10, claims)
    decided = sent + 10 + dice.integers(0, 15, claims)
    decided += (payer * 2 - decided) % 7  # every payer pays on its day of the week
    arrays: Arrays = {
        "payer": payer, "client": client, "served": served, "sent": sent, "decided": decided,
        "provider": client * 4 + dice.integers(0, 4, claims),
        "procedure": dice.choice(40, claims, p=dice.dirichlet(np.full(40, 0.7))),
        "modifier": dice.choice(["", "25", "59"], claims, p=[0.7, 0.2, 0.1]),
    }  # fmt: skip
    category, carc = np.full(claims, "", object), np.full(claims, "", object)
    for name, code, rate in REASONS:
        own = rate * dice.lognormal(0, 0.3, (payers, clients))[payer, client]
        weeks = _weeks(dice, rate, rho, (payers, decided.max() // 7 + 1))
        hit = (dice.random(claims) < own * weeks[payer, decided // 7]) & (carc == "")
        category[hit], carc[hit] = name, code
    if plant is not None:
        hit = plant(arrays, dice) & (carc == "")
        category[hit], carc[hit] = reason
    return _frame(arrays, category, carc, dice, days)


def _weeks(dice: np.random.Generator, rate: float, rho: float, shape: tuple[int, int]) -> Any:
    """Return factors of a rate by week, so that outcomes of one week hang together by `rho`."""
    if rho == 0:
        return np.ones(shape)
    many = (1 - rho) / rho
    return dice.beta(rate * many, (1 - rate) * many, shape) / rate


def _frame(
    arrays: Arrays, category: Any, carc: Any, dice: np.random.Generator, days: int
) -> pl.DataFrame:
    hit = carc != ""
    zero = np.datetime64(day(0, days))
    frame = pl.DataFrame(
        {
            "claim_id": np.arange(len(hit)),
            "client_id": arrays["client"] + 1,
            "payer_id": arrays["payer"] + 1,
            "form": ["P"] * len(hit),
            "provider": [f"N{number}" for number in arrays["provider"]],
            "procedure": [f"99{200 + number}" for number in arrays["procedure"]],
            "modifier": list(arrays["modifier"]),
            "day": zero + arrays["decided"],
            "service_date": zero + arrays["served"],
            "sent_date": zero + arrays["sent"],
            "is_event": hit,
            "cents": np.where(hit, dice.lognormal(9.6, 0.6, len(hit)).astype(int), 0),
            "is_open": hit,
            "category": list(category),
            "carc": list(carc),
        }
    )
    found = frame.with_columns(code_family=code_family(pl.col("procedure")))
    return complete(found.filter(pl.col("day") <= TODAY))


def searched(
    lines: pl.DataFrame,
    *,
    today: date = TODAY,
    settings: Settings = DEFAULTS,
    kind: str = "denial",
    clients: int = 4,
) -> Searched:
    """Return what the search finds in decisions of lines."""
    claims = lines.with_columns(procedure=pl.lit(""), code_family=pl.lit(""), modifier=pl.lit(""))
    return search(
        {kind: lambda: Outcomes(claims, lines)}, today=today, clients=clients, settings=settings
    )
