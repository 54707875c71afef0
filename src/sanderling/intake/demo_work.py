"""The work of a demonstration's people: owners, notes, tasks, write-offs, as if they had worked.

Everything goes through the actions that pages use, as the demo's users, in one transaction: killed
in the middle nothing of it is there, and the next filling does it. The same book gives the same
work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.barriers.actions import refresh_stale
from sanderling.core.codes.names import Team
from sanderling.followup.escalations import escalate
from sanderling.followup.models import Note
from sanderling.followup.promises import check_promises
from sanderling.intake.demo_notes import acting_as, claim_of, is_due, items_of, write_notes
from sanderling.tasks.actions import answer_task, create_task, take_task
from sanderling.worklists.acting import act
from sanderling.worklists.models import SavedView, WorkItem
from sanderling.worklists.preferring import save_view
from sanderling.writeoffs.actions import decide, request_write_off
from sanderling.writeoffs.posting import post_decided

VIEW: Final = "Denials over $500"  # made last: it shows that the work is done
LARGE_CENTS: Final = 20_000
LEFT_OVER: Final = 7  # every so many-th due item has no owner


@dataclass(frozen=True, slots=True)
class _People:
    """Those of the demonstration who work."""

    sam: User
    lena: User
    cody: User
    mia: User


def ensure_demo_work(*, at: datetime) -> bool:
    """Do the work that is missing; say whether there was any to do.

    The demo's users, the book and its work items must be there already.
    """
    people = _people()
    if people is None or SavedView.objects.filter(owner=people.lena, name=VIEW).exists():
        return False
    with transaction.atomic():
        write_notes(specialist=people.sam, coder=people.cody, lead=people.lena, at=at)
        _ask_teams(people, at)
        _write_off(people, at)
        check_promises(today=at.date(), at=at)
        refresh_stale(at.date())
        _escalate(people, at)
        _share_out(people, at)
        _mark(people, at)
        refresh_stale(at.date())
    return True


def _people() -> _People | None:
    found = {
        role: User.objects.filter(role=role, is_active=True).order_by("pk").first()
        for role in (Role.SPECIALIST, Role.LEAD, Role.CODER, Role.ACCOUNT_MANAGER)
    }
    sam, lena, cody, mia = found.values()
    if sam is None or lena is None or cody is None or mia is None:
        return None
    return _People(sam, lena, cody, mia)


# Questions to teams.

# team, kind, question, asked so many days ago, days for the answer (None: as many as the team has)
_QUESTIONS: Final = (
    ("coding", "coding_review", "Denied as bundled: does modifier 25 fit the note?", 6, 2),
    ("coding", "coding_review", "Does the record support the level of the visit?", 1, None),
    ("billing", "corrected_data", "The payer has another date of birth; please check.", 1, None),
    ("posting", "posting", "The payer says that it has paid; can you find the deposit?", 1, None),
    ("client", "documents", "The payer wants the signed record of the visit.", 2, None),
)
_ANSWERED: Final = ("coding", "coding_review", "Which diagnosis goes with the procedure?", 4, 2)


def _ask_teams(people: _People, at: datetime) -> None:
    items = iter(_for_questions(people))
    for (team, kind, question, ago, days), item in zip(
        (_ANSWERED, *_QUESTIONS), items, strict=False
    ):
        asked_at = at - timedelta(days=ago)
        with acting_as(people.sam):
            task = create_task(
                claim=claim_of(item),
                party=item.party,
                team=team,
                kind=kind,
                question=question,
                due_date=asked_at.date() + timedelta(days=days) if days else None,
                asked_by=people.sam,
                at=asked_at,
            )
        if question == _ANSWERED[2]:
            with acting_as(people.cody):
                take_task(task.pk, user=people.cody, at=asked_at + timedelta(hours=5))
                answer_task(
                    task.pk,
                    result="corrected",
                    value="M54.50",
                    text="The note says low back pain; the unspecified code is not accepted.",
                    user=people.cody,
                    at=asked_at + timedelta(hours=6),
                )


def _for_questions(people: _People) -> list[WorkItem]:
    """Return denied balances first that both Sam and the coder see and nobody has written on."""
    coders = set(people.cody.assignments.values_list("client_id", flat=True))
    items = [one for one in items_of(people.sam) if one.client_id in coders and not one.open_tasks]
    noted = set(_noted([one.claim_id for one in items]))
    kinds = ("denied", "rejected", "awaiting_payer")
    fresh = [one for one in items if one.barrier in kinds and one.claim_id not in noted]
    return sorted(fresh, key=lambda one: kinds.index(one.barrier))


def _noted(claim_ids: Sequence[int]) -> list[int]:
    return list(Note.objects.filter(claim_id__in=claim_ids).values_list("claim_id", flat=True))


# Write-offs.


def _write_off(people: _People, at: datetime) -> None:
    """Request three: one is approved and posted, one rejected, one waits for the lead."""
    reasons = ("bundled", "non_covered", "timely_client")
    asked = []
    for item, reason in zip(_for_write_off(people.sam), reasons, strict=False):
        with acting_as(people.sam):
            asked.append(
                request_write_off(
                    claim=claim_of(item),
                    party=item.party,
                    amount_cents=item.balance_cents,
                    reason=reason,
                    note="Appealed before for the same reason, without success.",
                    user=people.sam,
                    at=at - timedelta(days=2),
                    despite_warnings=True,
                )
            )
    with acting_as(people.lena):
        for one, approves in zip(asked, (True, False), strict=False):
            decide(
                one.pk,
                approves=approves,
                user=people.lena,
                at=at,
                note="" if approves else "There is still time to appeal: try that first.",
                despite_warnings=approves,
            )
    post_decided(at=at)


def _for_write_off(user: User) -> list[WorkItem]:
    """Return balances that one lead may decide, of clients without a second approver."""
    low, high = 1_000, 25_000
    items = [
        one
        for one in items_of(user)
        if low <= one.balance_cents < high and not one.is_key_client and not one.open_tasks
    ]
    noted = set(_noted([one.claim_id for one in items]))
    fresh = [one for one in items if one.claim_id not in noted]
    return sorted(fresh, key=lambda one: (one.barrier != "denied", one.barrier != "no_response"))


# The work itself.

_ESCALATIONS: Final = (
    (1, "Two calls without an answer to the question.", ""),
    (2, "The plan denies again what it has paid before.", "Supervisor, claims resolution unit"),
    (1, "Denied for records that were sent with the claim.", ""),
)


def _escalate(people: _People, at: datetime) -> None:
    large = sorted(items_of(people.sam), key=lambda one: (-one.balance_cents, one.claim_number))
    denied = [one for one in large if one.barrier in ("denied", "no_response", "not_on_file")]
    for turn, (item, (level, reason, contact)) in enumerate(
        zip(denied, _ESCALATIONS, strict=False)
    ):
        by = people.lena if level > 1 else people.sam
        with acting_as(by):
            escalate(
                claim=claim_of(item),
                party=item.party,
                level=level,
                reason=reason,
                contact=contact,
                due_date=at.date() + timedelta(days=5 + turn),
                user=by,
                at=at - timedelta(hours=20 - turn),
            )


def _share_out(people: _People, at: datetime) -> None:
    """Give most of what is due to those who see it; some is left for whoever asks for work."""
    mine = [one for one in items_of(people.sam) if is_due(one, at.date())]
    coders = [one for one in items_of(people.cody) if one.team == Team.CODING]
    of_sam = [one for turn, one in enumerate(mine) if one.team != Team.CODING and turn % LEFT_OVER]
    seen = {one.client_id for one in items_of(people.sam)}
    rest = [one for one in items_of(people.lena) if one.client_id not in seen]
    of_lena = [one for one in rest if is_due(one, at.date()) and one.balance_cents >= LARGE_CENTS]
    with acting_as(people.lena):
        for user, items in ((people.sam, of_sam), (people.cody, coders), (people.lena, of_lena)):
            if items:
                _act("assign", items, {"assignee": user.pk}, people.lena, at)


def _mark(people: _People, at: datetime) -> None:
    """Tag some, make a project of one payer's, and share a view."""
    denied = [one for one in items_of(people.lena) if one.barrier == "denied"]
    with acting_as(people.sam):
        of_sam = [one for one in items_of(people.sam) if one.barrier == "denied"][:4]
        if of_sam:
            _act("tag", of_sam, {"tags": "second look"}, people.sam, at)
    with acting_as(people.lena):
        payers = [one.payer_id for one in denied]
        if payers:
            most = max(payers, key=lambda one: (payers.count(one), -(one or 0)))
            same = [one for one in denied if one.payer_id == most]
            name = f"Denials of {same[0].payer_name.title()}"
            _act("project", same, {"name": name}, people.lena, at)
        save_view(
            user_id=people.lena.pk,
            name=VIEW,
            query="view=denied&min=500",
            is_shared=True,
            at=at,
        )


def _act(
    kind: str,
    items: Sequence[WorkItem],
    parameters: dict[str, object],
    user: User,
    at: datetime,
) -> None:
    ids = [one.pk for one in items]
    act(kind, ids, parameters, user=user, actor=f"user:{user.pk}", at=at)
