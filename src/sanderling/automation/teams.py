"""Acts of rules that stand as facts of their own: questions to teams, steps of the ladder.

They are in the claim's timeline as what they are, asked or taken by a rule, and can be taken back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sanderling.accounts.models import User
from sanderling.automation.matching import Match
from sanderling.claims.models import Claim
from sanderling.core.codes.names import Team
from sanderling.core.refusal import Refusal
from sanderling.followup.escalations import de_escalate, escalate
from sanderling.followup.queries import escalation_level
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
    Team.CLIENT: "documents",
    Team.MANAGEMENT: "other",
}
ASKING: Final = frozenset({"request_documents", "hand_to_team", "escalate"})
# How each thing added is known: ["task", id] or ["escalation", claim, party, level before, level].
Added = list[Any]


def do_asking(
    said: Mapping[str, Any], matches: Sequence[Match], *, at: datetime
) -> list[tuple[Match, Added]]:
    """Ask a team about the items, or escalate them; return what was added, item by item.

    Items that are at the level already, or above, are left.

    Raises:
        Refusal: the team is not known, or the question cannot be asked.
    """
    claims = Claim.objects.in_bulk([one.claim_id for one in matches])
    if said["kind"] == "escalate":
        return _escalated(said, matches, claims, at=at)
    team = Team.CLIENT.value if said["kind"] == "request_documents" else said["team"]
    found: list[tuple[Match, Added]] = []
    for start in range(0, len(matches), CLAIMS_MAX):
        part = matches[start : start + CLAIMS_MAX]
        tasks = create_tasks(
            claims=[(claims[one.claim_id], one.party) for one in part],
            team=team,
            kind=KIND_OF_TEAM[team],
            question=said["question"],
            due_date=None,
            asked_by=None,
            at=at,
        )
        found += [(one, ["task", task.pk]) for one, task in zip(part, tasks, strict=True)]
    return found


def _escalated(
    said: Mapping[str, Any],
    matches: Sequence[Match],
    claims: Mapping[int, Claim],
    *,
    at: datetime,
) -> list[tuple[Match, Added]]:
    found: list[tuple[Match, Added]] = []
    for one in matches:
        before = escalation_level(one.claim_id, one.party)
        if before >= said["level"]:
            continue
        escalate(
            claim=claims[one.claim_id],
            party=one.party,
            level=said["level"],
            reason=said["reason"],
            user=None,
            at=at,
        )
        found.append((one, ["escalation", one.claim_id, one.party, before, said["level"]]))
    return found


def take_back(added: Sequence[Added], *, user: User, at: datetime) -> tuple[int, int]:
    """Take back what was added, the latest first; return how many were, and how many stay.

    A task that is answered and a claim that is at another level now stay as they are.
    """
    taken = kept = 0
    for one in reversed(added):
        try:
            if one[0] == "task":
                withdraw_task(one[1], user=user, at=at, reason="The rule's run was undone.")
            elif not _level_down(one, user=user, at=at):
                kept += 1
                continue
        except Refusal:
            kept += 1
        else:
            taken += 1
    return taken, kept


def _level_down(one: Added, *, user: User, at: datetime) -> bool:
    _, claim_id, party, before, level = one
    if escalation_level(claim_id, party) != level:
        return False
    de_escalate(
        claim=Claim.objects.get(pk=claim_id),
        party=party,
        level=before,
        reason="The rule's run was undone.",
        user=user,
        at=at,
    )
    return True
