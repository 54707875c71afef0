"""A made-up book as a mirror: Parquet tables straight from random numbers, without a database.

For benches and for trying searches at a size that nobody wants to post: two years of a billing
company with 200 clients and 40 payers, at the rates of DOMAIN 12. Seeded: the same call writes the
same rows. `plants` changes what happens to some claims from a day on; what was changed is told in
truth.json, which nothing of the product reads.

    SANDERLING_HOME=/tmp/book .venv/bin/python -m bench.analytic_book --claims 2000000 --plants 12

It keeps what searches and figures count on: remit_lines sum to their payment, charge less paid is
the sum of the reductions, ledger entries follow from them. It does not keep a party's balance
through corrected claims, and the patient pays nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sanderling.config.settings")

# class: share of claims, allowed as a part of Medicare's fee, rejected, denied at first, secondary
# on file, mean days to the remittance. Source: DOMAIN 12.2, 12.4.
CLASSES: Final = {
    "medicare": (0.18, 1.00, 0.020, 0.07, 0.85, 14),
    "medicare_advantage": (0.17, 0.97, 0.025, 0.13, 0.10, 17),
    "medicaid": (0.05, 0.72, 0.040, 0.18, 0.05, 20),
    "medicaid_mco": (0.12, 0.72, 0.035, 0.17, 0.03, 20),
    "commercial": (0.24, 1.30, 0.025, 0.09, 0.08, 12),
    "bcbs": (0.15, 1.35, 0.025, 0.08, 0.08, 12),
    "exchange": (0.04, 1.15, 0.030, 0.17, 0.01, 24),
    "tricare": (0.03, 1.00, 0.035, 0.11, 0.10, 28),
    "workers_comp": (0.02, 1.45, 0.080, 0.16, 0.00, 40),
}
PAYERS_OF_CLASS: Final = (2, 7, 3, 6, 9, 6, 3, 2, 2)  # 40
# category, subcategory, group, reason, remark, preventable, weight. Source: DOMAIN 12.3.
REASONS: Final = (
    ("eligibility", "REGISTRATION", "CO", "27", "N30", "Y", 8),
    ("eligibility", "REGISTRATION", "CO", "31", "N382", "Y", 8),
    ("eligibility", "REGISTRATION", "OA", "109", "N418", "Y", 7),
    ("missing_information", "MISSING_INFO", "CO", "16", "N382", "Y", 5),
    ("missing_information", "MISSING_INFO", "CO", "16", "MA130", "Y", 5),
    ("missing_information", "MISSING_INFO", "CO", "16", "M51", "Y", 5),
    ("coordination_of_benefits", "COB", "CO", "22", "N598", "Y", 9),
    ("authorization", "AUTHORIZATION", "CO", "197", "", "Y", 9),
    ("authorization", "AUTHORIZATION", "CO", "198", "", "Y", 3),
    ("documentation", "DOCUMENTATION", "CO", "252", "M127", "P", 6),
    ("documentation", "DOCUMENTATION", "CO", "226", "N29", "P", 4),
    ("coding", "CODING", "CO", "4", "N519", "Y", 4),
    ("coding", "CODING", "CO", "11", "M76", "Y", 4),
    ("bundling", "BUNDLING", "CO", "97", "M15", "P", 6),
    ("bundling", "BUNDLING", "CO", "236", "", "P", 2),
    ("medical_necessity", "MEDICAL_NECESSITY", "CO", "50", "N115", "P", 5),
    ("non_covered", "NON_COVERED", "CO", "96", "N130", "P", 4),
    ("non_covered", "NON_COVERED", "CO", "204", "", "P", 2),
    ("provider", "PROVIDER_ENROLLMENT", "CO", "B7", "N570", "Y", 2),
    ("timely_filing", "TIMELY_FILING", "CO", "29", "", "Y", 1),
)
DUPLICATE_REASON: Final = ("duplicate", "DUPLICATE", "OA", "18", "N522", "Y")
VISITS: Final = ("99202", "99203", "99204", "99205", "99211", "99212", "99213", "99214", "99215")
SPECIALTIES: Final = 12
CODES_OF_SPECIALTY: Final = 40
DAYS: Final = 730
PLANT_KINDS: Final = (
    "denial",
    "rejection",
    "underpayment",
    "slow_payment",
    "missing_remittance",
    "unbilled_secondary",
    "documentation_hold",
)


@dataclass(frozen=True, slots=True)
class Plant:
    """A problem that begins on a day, for the claims that all its named dimensions fit.

    `size`: what is added to the rate of claims hit; of an underpayment the part of the allowed
    amount that is missing, of a slow payment the days added.
    """

    kind: str
    payer_id: int
    from_date: date
    size: float
    to_date: date | None = None
    client_id: int | None = None  # None: hits all clients
    procedure: str | None = None
    plan: str | None = None
    reason: int = 0  # of REASONS, for denials


@dataclass(frozen=True, slots=True)
class Book:
    """What the claims are drawn from."""

    seed: int
    claims: int
    clients: int
    first_date: date
    last_date: date
    payer_class: np.ndarray[Any, Any]
    payer_factor: np.ndarray[Any, Any]
    payer_denies: np.ndarray[Any, Any]
    client_weight: np.ndarray[Any, Any]
    client_payers: np.ndarray[Any, Any]  # cumulative, by client
    client_denies: np.ndarray[Any, Any]
    client_charges: np.ndarray[Any, Any]
    specialty: np.ndarray[Any, Any]
    codes: np.ndarray[Any, Any]  # specialty x code: into code_names
    code_names: np.ndarray[Any, Any]
    fees: np.ndarray[Any, Any]  # Medicare's, cents
    providers: np.ndarray[Any, Any]  # how many, by client
    plants: tuple[Plant, ...] = ()


def make_book(
    *, claims: int, seed: int = 1, clients: int = 200, last_date: date = date(2026, 10, 31)
) -> Book:
    """Return the clients, payers, codes and fees of a book."""
    rng = np.random.default_rng(seed)
    payer_class = np.repeat(np.arange(len(CLASSES)), PAYERS_OF_CLASS)
    shares = np.array([share for share, *_ in CLASSES.values()])
    within = rng.pareto(2.0, len(payer_class)) + 0.3
    weight = np.zeros(len(payer_class))
    for number, share in enumerate(shares):
        of_class = payer_class == number
        weight[of_class] = share * within[of_class] / within[of_class].sum()
    mixes = rng.gamma(np.maximum(weight * 60, 0.05), 1.0, (clients, len(weight)))
    names = [*VISITS, *(str(number) for number in range(70010, 70010 + 37 * 360, 37))]
    specific = len(names) - len(VISITS)
    codes = np.array(
        [
            [
                *range(len(VISITS)),
                *list(rng.choice(specific, CODES_OF_SPECIALTY - len(VISITS), replace=False) + 9),
            ]
            for _ in range(SPECIALTIES)
        ]
    )
    factor = np.array([about[1] for about in CLASSES.values()])
    return Book(
        seed=seed,
        claims=claims,
        clients=clients,
        first_date=last_date - timedelta(days=DAYS - 1),
        last_date=last_date,
        payer_class=payer_class,
        payer_factor=factor[payer_class] * rng.uniform(0.92, 1.08, len(payer_class)).round(3),
        payer_denies=rng.lognormal(0, 0.2, len(payer_class)),
        client_weight=_shares(rng.lognormal(0, 1.0, clients)),
        client_payers=np.cumsum(mixes / mixes.sum(1, keepdims=True), axis=1),
        client_denies=rng.lognormal(0, 0.25, clients),
        client_charges=rng.uniform(1.8, 3.6, clients).round(2),
        specialty=rng.integers(0, SPECIALTIES, clients),
        codes=codes,
        code_names=np.array(names),
        fees=(rng.lognormal(np.log(9_000), 0.7, len(names))).round(-1).astype(np.int64),
        providers=rng.integers(2, 16, clients),
    )


def random_plants(book: Book, count: int, *, seed: int = 7) -> tuple[Plant, ...]:
    """Return problems of all kinds, some of one client's, some of a payer's, begun in year two."""
    rng = np.random.default_rng(seed)
    big = np.argsort(-book.client_weight)
    found = []
    for number in range(count):
        kind = PLANT_KINDS[number % len(PLANT_KINDS)]
        onset = book.first_date + timedelta(days=int(rng.integers(400, DAYS - 60)))
        payer = int(rng.integers(0, len(book.payer_class)))
        if kind == "unbilled_secondary":
            payer = int(rng.integers(0, PAYERS_OF_CLASS[0]))  # Medicare has secondaries
        one_client = bool(rng.random() < 0.4)
        client = int(big[rng.integers(0, 30)])
        by_code = kind in ("denial", "underpayment") and rng.random() < 0.6
        size = {"underpayment": 0.08, "slow_payment": 21.0}.get(kind, 0.35)
        found.append(
            Plant(
                kind=kind,
                payer_id=payer + 1,
                from_date=onset,
                size=size,
                client_id=client + 1 if one_client else None,
                procedure=str(rng.choice(VISITS[5:])) if by_code else None,
                reason=9 if kind == "documentation_hold" else int(rng.integers(0, len(REASONS))),
            )
        )
    return tuple(found)


def write_book(book: Book) -> float:
    """Write the mirror of the book under SANDERLING_HOME; return the seconds it took."""
    import django

    django.setup()
    from bench.analytic_rows import month_rows
    from sanderling.mirror.files import Manifest, mirror_folder, sweep, write_manifest
    from sanderling.mirror.rows import shaped
    from sanderling.mirror.writing import Gathering, written_anew

    start = time.perf_counter()
    sweep(None)
    months = _months(book)
    generation = f"book{book.seed}"
    first_id = 1
    with Gathering(generation) as gathered:
        for number, (first, days) in enumerate(months):
            count = round(book.claims * days / DAYS)
            found = month_rows(book, number, first, days, count, first_id)
            gathered.add({name: shaped(name, frame) for name, frame in found.items()})
            first_id += count
        tables = written_anew(gathered)
    write_manifest(
        Manifest(
            generation=generation,
            previous="",
            today=book.last_date,
            refreshed_at=datetime.combine(book.last_date, datetime.min.time(), UTC),
            entry_id=0,
            payment_id=0,
            book="",
            payers={n + 1: list(CLASSES)[k] for n, k in enumerate(book.payer_class)},
            tables=tables,
        )
    )
    truth = [
        {**asdict(one), "from_date": str(one.from_date), "to_date": str(one.to_date or "")}
        for one in book.plants
    ]
    (mirror_folder().parent / "truth.json").write_text(json.dumps(truth, indent=1))
    return time.perf_counter() - start


def _shares(weights: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    shares: np.ndarray[Any, Any] = weights / weights.sum()
    return shares


def _months(book: Book) -> list[tuple[date, int]]:
    found = []
    day = book.first_date
    while day <= book.last_date:
        following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        end = min(following, book.last_date + timedelta(days=1))
        found.append((day, (end - day).days))
        day = end
    return found


def main() -> None:
    """Write a book where SANDERLING_HOME says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=2_000_000)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--plants", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    book = make_book(claims=options.claims, seed=options.seed, clients=options.clients)
    book = replace(book, plants=random_plants(book, options.plants))
    seconds = write_book(book)
    files = Path(os.environ["SANDERLING_HOME"]).rglob("*.parquet")
    size = sum(path.stat().st_size for path in files)
    sys.stdout.write(f"{options.claims} claims in {seconds:.0f} s, {size / 1e6:.0f} MB\n")


if __name__ == "__main__":
    main()
