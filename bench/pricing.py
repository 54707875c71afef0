"""How long a million lines of a mixed book take to price, beside the bare join that nobody avoids.

`python -m bench.pricing [--lines 1000000] [--seed 1]` runs itself once with one thread of Polars
and once with two; each prints a row. The book: 40 contracts of professional, outpatient and
inpatient claims, 600 codes, rates with modifiers, places and two dates, surgery, assistants, nurse
practitioners, percentages, per diems; claims of 1 to 8 lines over two years.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import time
from datetime import date

import numpy as np
import polars as pl

from sanderling.core.contracts.frames import LINES, RATES
from sanderling.core.contracts.price import price
from sanderling.core.contracts.terms import Terms
from sanderling.core.contracts.terms_toml import parse_terms

CONTRACTS = 40
CODES = [f"{number:05d}" for number in range(10_000, 10_000 + 89_000, 149)][:600]
MODIFIERS = np.array(["", "", "", "", "", "", "25", "59", "50", "26", "80", "AS", "25:59"])
FIRST_DAY = date(2024, 12, 1)
DAYS = 730
WITH_RATE, IN_OFFICE, MID_LEVEL, INPATIENT = 0.9, 0.7, 0.15, 2

TERMS = """
lesser_of_charge = {limit}
percent_of_charge = 0.55
np_pa = 0.85
assistant = 0.16
bilateral = 1.5
professional = 0.4
{order}
[multiple_procedure]
steps = [1.0, 0.5, 0.25]
codes = ["10000-69999"]
[inpatient]
per_diem_cents = 240000
[inpatient.stop_loss]
threshold_cents = 8000000
percent_of_charge = 0.6
[outpatient]
percent_of_charge = 0.5
[capitation]
codes = ["{capitated}"]
[[carve_outs]]
codes = ["98*"]
percent_of_charge = 0.7
[[escalators]]
date = 2025-07-01
rate = 0.03
"""
ORDER = 'order = ["rate", "bilateral", "np_pa", "lesser_of_charge", "multiple_procedure"]'


def make_terms() -> dict[int, Terms]:
    """Return the terms of the contracts: every third has an order of its own."""
    return {
        contract: parse_terms(
            TERMS.format(
                limit=str(contract % 4 != 0).lower(),
                order=ORDER if contract % 3 == 0 else "",
                capitated=CODES[contract],
            )
        )
        for contract in range(1, CONTRACTS + 1)
    }


def make_rates(dice: np.random.Generator) -> pl.DataFrame:
    """Return rates for nine in ten codes of each contract, in two versions, some for a modifier."""
    frames = []
    for contract in range(1, CONTRACTS + 1):
        chosen = [code for code in CODES if dice.random() < WITH_RATE]
        for begins, ends in ((None, date(2025, 12, 31)), (date(2026, 1, 1), None)):
            for modifier, place, share in (("", "", 1.0), ("26", "", 0.1), ("", "22", 0.1)):
                codes = [code for code in chosen if dice.random() <= share]
                frames.append(
                    pl.DataFrame(
                        {
                            "contract_id": contract,
                            "code": codes,
                            "modifier": modifier,
                            "place_of_service": place,
                            "allowed_cents": dice.integers(2_000, 300_000, len(codes)),
                            "from_date": begins,
                            "to_date": ends,
                        },
                        schema=dict(RATES),
                    )
                )
    return pl.concat(frames)


def make_lines(count: int, dice: np.random.Generator) -> pl.DataFrame:
    """Return lines of claims of 1 to 8 lines: 80 % professional, the rest of hospitals."""
    sizes = dice.integers(1, 9, count)
    claim = np.repeat(np.arange(count), sizes)[:count]
    claims = claim[-1] + 1
    kind = dice.choice(3, claims, p=[0.8, 0.15, 0.05])[claim]
    day = dice.integers(0, DAYS, claims)[claim]
    contract = dice.integers(1, CONTRACTS + 1, claims)[claim]
    popular = np.minimum(dice.geometric(0.012, count) - 1, len(CODES) - 1)
    place = np.where(dice.random(claims)[claim] < IN_OFFICE, "11", "22")
    columns = {
        "line_id": np.arange(count),
        "claim_id": claim,
        "contract_id": contract,
        "kind": np.array(["P", "I", "I"])[kind],
        "procedure": np.array(CODES)[popular],
        "modifiers": np.where(kind == 0, MODIFIERS[dice.integers(0, len(MODIFIERS), count)], ""),
        "revenue_code": np.where(kind == 0, "", "0120"),
        "place_of_service": np.where(kind == 0, place, np.array(["", "13", "11"])[kind]),
        "is_facility": None,
        "units": dice.choice([1.0, 1.0, 1.0, 2.0, 4.0], count),
        "charge_cents": dice.integers(5_000, 500_000, count),
        "service_date": np.datetime64(FIRST_DAY) + day,
        "provider_class": np.where(dice.random(claims)[claim] < MID_LEVEL, "np", ""),
        "diagnosis": "",
        "drg": "",
        "days": np.where(kind == INPATIENT, 4, 0),
        "discharge_status": "",
        "claim_charge_cents": None,
    }
    return pl.DataFrame(columns, schema_overrides=dict(LINES)).cast(dict(LINES))


def bare_join(lines: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """Return lines with the rates of their code: no modifier, no term, no rounding."""
    return lines.join(
        rates.filter((pl.col("modifier") == "") & (pl.col("place_of_service") == "")),
        left_on=["contract_id", "procedure"],
        right_on=["contract_id", "code"],
        how="left",
    ).filter(
        pl.col("from_date").is_null() | (pl.col("from_date") <= pl.col("service_date")),
        pl.col("to_date").is_null() | (pl.col("service_date") <= pl.col("to_date")),
    )


def measure(count: int, seed: int, rounds: int) -> str:
    """Return a row of the table: best of the rounds."""
    dice = np.random.default_rng(seed)
    lines, rates, terms = make_lines(count, dice), make_rates(dice), make_terms()
    best, best_join, best_work, priced = float("inf"), float("inf"), float("inf"), None
    for _ in range(rounds):
        start = time.perf_counter()
        bare_join(lines, rates)
        best_join = min(best_join, time.perf_counter() - start)
        start, work = time.perf_counter(), time.process_time()
        priced = price(lines, rates, terms)
        best = min(best, time.perf_counter() - start)
        best_work = min(best_work, time.process_time() - work)
    assert priced is not None
    unpriced = priced["expected_cents"].null_count()
    total = priced["expected_cents"].sum()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return (
        f"| {pl.thread_pool_size()} | {count:,} | {len(rates):,} | {best:.2f} | {best_work:.2f} | {best_join:.2f} | "
        f"{best / best_join:.1f} | {count / best:,.0f} | {peak:,} | {unpriced:,} | {total:,} |"
    )


def main() -> None:
    """Measure with one thread and with two; print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside:
        sys.stdout.write(measure(asked.lines, asked.seed, asked.rounds) + "\n")
        return
    sys.stdout.write(
        f"{date.today()}, {os.cpu_count()} processors ({platform.machine()}), Python "
        f"{platform.python_version()}, polars {pl.__version__}, load {os.getloadavg()[0]:.1f}; "
        f"best of {asked.rounds}\n\n"
        "| threads | lines | rates | seconds | processor seconds | bare join | times the join | lines/s | peak MB "
        "| unpriced | total cents |\n|---|---|---|---|---|---|---|---|---|---|---|\n"
    )
    for threads in ("1", "2"):
        command = [sys.executable, "-m", "bench.pricing", "--inside", "--lines", str(asked.lines),
                   "--seed", str(asked.seed), "--rounds", str(asked.rounds)]  # fmt: skip
        subprocess.run(command, check=True, env=os.environ | {"POLARS_MAX_THREADS": threads})


if __name__ == "__main__":
    main()
