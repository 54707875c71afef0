"""What the worker does every night, in the order in which one thing rests on the other.

The worker runs each as a job of its own, at its hour. Here they run one after another: for a
demonstration that is to be full at once, and by `sanderling nightly` after much was brought in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

Step = tuple[str, Callable[[datetime], int]]  # what it does in words, what does it: how many


def _mirror(at: datetime) -> int:
    from sanderling.mirror.actions import refresh

    return refresh(at.date(), at).claim_count


def _prices(at: datetime) -> int:
    from sanderling.pricing.actions import rebuild

    return rebuild(at.date(), at=at).lines


def _volumes(at: datetime) -> int:
    from sanderling.contracts.volumes import count_volumes

    return count_volumes(today=at.date(), at=at)


def _key_figures(at: datetime) -> int:
    from sanderling.kpis.nightly import refresh_sums

    return refresh_sums(today=at.date(), at=at).cells


def _forecast(at: datetime) -> int:
    from sanderling.forecast.making import keep_forecast

    return keep_forecast(at.date(), at=at)


def _issues(at: datetime) -> int:
    from sanderling.issues.actions import search

    return search(at.date(), at).new


def _prevention(at: datetime) -> int:
    from sanderling.prevention.nightly import run_nightly

    return run_nightly(at=at)


def _disputes(at: datetime) -> int:
    from sanderling.underpayments.proving import prove

    return prove(at=at)


def _adverse(at: datetime) -> int:  # noqa: ARG001 - as the others
    from sanderling.underpayments.adverse import keep_adverse

    return keep_adverse()


def _key_accounts(at: datetime) -> int:
    from sanderling.keyaccounts.nightly import keep_all

    return keep_all(at=at)


STEPS: Final[tuple[Step, ...]] = (
    ("Mirroring facts and ledger", _mirror),
    ("Comparing payments with prices", _prices),
    ("Counting what is billed by code", _volumes),
    ("Working out key figures", _key_figures),
    ("Forecasting cash", _forecast),
    ("Searching for systemic issues", _issues),
    ("Measuring preventive actions", _prevention),
    ("Reading off what disputes recovered", _disputes),
    ("Listing adverse payments", _adverse),
    ("Keeping the clocks of key accounts", _key_accounts),
)


def run_all(at: datetime, tell: Callable[[str], None]) -> list[tuple[str, int]]:
    """Run every step; return each with its count. `tell` is told what begins."""
    done = []
    for words, step in STEPS:
        tell(words)
        done.append((words, step(at)))
    return done
