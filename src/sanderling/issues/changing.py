"""What people change on an issue beside its state: owner and team, questions to a team."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.claims.models import Claim
from sanderling.core.codes.names import Team
from sanderling.core.refusal import Refusal
from sanderling.issues.models import Issue, IssueClaim
from sanderling.tasks.actions import create_tasks
from sanderling.tasks.checking import CLAIMS_MAX
from sanderling.tasks.kinds import KINDS
from sanderling.tasks.models import UNDONE, Task
from sanderling.worklists.models import WorkItem

# What a team is asked, usually.
KIND_OF_TEAM = {kind.team.value: key for key, kind in KINDS.items()}


@transaction.atomic
def hand_over(issue: Issue, *, owner: User | None, team: str, at: datetime) -> bool:
    """Give the issue an owner and a team; the same again changes nothing. Return whether it did.

    Raises:
        Refusal: no such team, or the owner may not see issues.
    """
    if team not in {one.value for one in Team}:
        raise Refusal("choose a team")
    if owner is not None and not owner.may("issues.view"):
        raise Refusal(f"{owner.name} does not see issues; choose somebody else")
    if (issue.owner_id, issue.team) == (owner.pk if owner else None, team):
        return False
    issue.owner, issue.team = owner, team
    issue.save(update_fields=["owner", "team"])
    record_event(
        action="issue.hand_over",
        at=at,
        subject=("issue", issue.pk),
        detail={"owner": owner.pk if owner else None, "team": team},
    )
    return True


@transaction.atomic
def ask_team(
    issue: Issue, item_ids: Sequence[int], *, team: str, question: str, user: User, at: datetime
) -> int:
    """Ask a team one question about open claims of the issue; return how many tasks were made.

    Claims that the team has been asked about by an open task of these words are left out, so that
    the same question twice asks once.

    Raises:
        Refusal: none of the claims is left to ask about, or no question, or too many.
    """
    claims_of = IssueClaim.objects.filter(issue=issue).values("claim_id")
    items = list(
        WorkItem.objects.filter(pk__in=item_ids, claim_id__in=claims_of).order_by(
            "claim_id", "party"
        )
    )
    claims = Claim.objects.select_related("client").in_bulk([item.claim_id for item in items])
    kind = KIND_OF_TEAM.get(team, "other")
    asked = _asked_about(items, team=team, question=question.strip())
    left = [item for item in items if (item.claim_id, item.party) not in asked]
    if items and not left:
        raise Refusal("the team has this question about each of these claims already")
    if len(left) > CLAIMS_MAX:
        raise Refusal(
            f"one question can be about {CLAIMS_MAX} claims at most, and these are {len(left)};"
            " make a project of them"
        )
    tasks = create_tasks(
        claims=[(claims[item.claim_id], item.party) for item in left],
        team=team,
        kind=kind,
        question=question,
        due_date=None,
        asked_by=user,
        at=at,
    )
    record_event(
        action="issue.ask_team",
        at=at,
        subject=("issue", issue.pk),
        detail={"team": team, "tasks": len(tasks)},
    )
    return len(tasks)


def _asked_about(items: Sequence[WorkItem], *, team: str, question: str) -> set[tuple[int, int]]:
    found = Task.objects.filter(
        claim_id__in=[item.claim_id for item in items],
        team=team,
        question=question,
        state__in=UNDONE,
    )
    return set(found.values_list("claim_id", "party"))
