"""Which deadlines can still be met with the minutes there are, and which should be.

Jobs with a last day, minutes and a loss. Taken by loss for each minute as long as, up to each day,
the minutes of what is due by then fit into the minutes of the days until then (earliest deadline
first meets every deadline of a set exactly if that holds). Optimal where jobs are alike in length,
else near it; never more is promised than fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done by a day, counted from today (0)."""

    item_id: int
    last_day: int
    minutes: float
    loss_cents: int  # if it is not done by then


@dataclass(frozen=True, slots=True)
class Choice:
    """What is done, in order, and what is given up."""

    kept: tuple[Job, ...]  # earliest deadline first
    given_up: tuple[Job, ...]  # largest loss first


def feasible(jobs: Sequence[Job], minutes_by_day: Sequence[float]) -> Choice:
    """Return the jobs to do with so many minutes on each day from today, and those to give up.

    Jobs due after the last day given are due by it.
    """
    days = len(minutes_by_day)
    left = [sum(minutes_by_day[: day + 1]) for day in range(days)]
    kept, given_up = [], []
    ranked = sorted(
        jobs, key=lambda job: (-job.loss_cents / max(job.minutes, 0.1), job.last_day, job.item_id)
    )
    for job in ranked:
        first = min(job.last_day, days - 1)
        fits = first >= 0 and all(left[day] + _SLACK >= job.minutes for day in range(first, days))
        if fits:
            kept.append(job)
            for day in range(first, days):
                left[day] -= job.minutes
        else:
            given_up.append(job)
    return Choice(
        kept=tuple(sorted(kept, key=lambda job: (job.last_day, -job.loss_cents, job.item_id))),
        given_up=tuple(sorted(given_up, key=lambda job: (-job.loss_cents, job.item_id))),
    )
