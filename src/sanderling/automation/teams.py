"""Questions of rules to teams: tasks that stand in the claim's timeline, and can be withdrawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sanderling.accounts.models import User
from sanderling.automation.matching import Match
from sanderling.claims.models import Claim
from sanderling.core.codes.names import Team
from sanderling.core.refusal import Refusal
from sanderling.tasks.actions import create_tasks, withdraw_task
from sanderling.tasks.checking import CLAIMS_MAX

# What a team is asked for, where a rule names the team alone.
KIND_OF_TEAM: Final[Mapping[str, str]] = {
    Team.CODING: "coding_review",
    Team.BILLING: "corrected_data",
    Team.POSTING: "posting",
    Team.CREDENTIALING: "credentialing",
    Team.AUTHORIZATION: "authorization",
    Team.INTAKE: "eligibility",
    Team.MANAGEMENT: "other",
}


def ask_team(said: Mapping[str, Any], matches: Sequence[Match], *, at: datetime) -> list[int]:
    """Ask a team about each item; return the tasks.

    Raises:
        Refusal: the team is not known, or the question cannot be asked.
    """
    claims = Claim.objects.select_related("client").in_bulk([one.claim_id for one in matches])
    found: list[int] = []
    for start in range(0, len(matches), CLAIMS_MAX):
        tasks = create_tasks(
            claims=[
                (claims[one.claim_id], one.party) for one in matches[start : start + CLAIMS_MAX]
            ],
            team=said["team"],
            kind=KIND_OF_TEAM[said["team"]],
            question=said["question"],
            due_date=None,
            asked_by=None,
            at=at,
        )
        found += [task.pk for task in tasks]
    return found


def withdraw(task_ids: Sequence[int], *, user: User, at: datetime) -> tuple[int, int]:
    """Take the questions back; return how many were, and how many stay, for they are answered."""
    taken = 0
    for task_id in reversed(task_ids):
        try:
            withdraw_task(task_id, user=user, at=at, reason="The rule's run was undone.")
        except Refusal:
            continue
        taken += 1
    return taken, len(task_ids) - taken
