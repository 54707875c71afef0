"""Front ends that reject more than usual: after a change at clearinghouse, payer or client.

Its own module: the desks of payers and the clearinghouse both ask it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from sanderling.simulator.episodes import Submission
from sanderling.simulator.planted import PlantedProblem
from sanderling.simulator.reasons import REJECTIONS, FrontEndReason

REASONS = {f"{reason.status_category}:{reason.status}": reason for reason, _ in REJECTIONS}


def planted_rejection(
    problems: Iterable[PlantedProblem],
    submission: Submission,
    payer: str,
    client: str,
    day: date,
) -> FrontEndReason | None:
    """Answer the reason by which a planted problem rejects a claim, None when none does.

    `carc` of such a problem is category and code of the status (A7:164). Dice are thrown anew for
    each attempt.
    """
    for problem in problems:
        if problem.kind != "rejection_spike":
            continue
        is_touched = bool(problem.lines_of(submission.claim, payer, client, day))
        number = submission.claim.control_number
        if is_touched and problem.strikes(client, number, submission.attempt):
            return replace(REASONS[problem.carc], planted=problem.label)
    return None
