"""The work of a demonstration's people: owners, notes, tasks, write-offs, as if they had worked.

Everything goes through the actions that pages use, as the demo's users, in one transaction: killed
in the middle nothing of it is there, and the next filling does it. The same book gives the same
work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.barriers.actions import refresh_stale
from sanderling.claims.models import Claim
from sanderling.core.barriers.rows import PATIENT
from sanderling.core.codes.names import Team
from sanderling.followup.escalations import escalate
from sanderling.followup.models import Note
from sanderling.followup.notes import record_note
from sanderling.followup.promises import check_promises
from sanderling.intake.demo_touches import PROMISE, REMARKS, REPRESENTATIVES, TOUCHES, Touch
from sanderling.tasks.actions import answer_task, create_task, take_task
from sanderling.web.actor import current_actor, set_actor
from sanderling.worklists.acting import act
from sanderling.worklists.models import SavedView, WorkItem
from sanderling.worklists.preferring import save_view
from sanderling.writeoffs.actions import decide, request_write_off
from sanderling.writeoffs.posting import post_decided

VIEW: Final = "Denials over $500"  # made last: it shows that the work is done
NOTE_DAYS: Final = 14
NOTES: Final = {Role.SPECIALIST: 30, Role.CODER: 6, Role.LEAD: 5}
DUE_NOTES: Final = 6  # at most so many of a person are about what is due: the rest is his day
BROKEN_DAYS_AGO: Final = 20
LARGE_CENTS: Final = 20_000
LEFT_OVER: Final = 7  # every so many-th due item has no owner
_PAYER_BARRIERS: Final = frozenset(TOUCHES)
_FIRST_HOUR: Final = 13  # UTC: the morning of an American office


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
        _write_notes(people, at)
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


@contextmanager
def _as(user: User) -> Iterator[None]:
    """Let the audit trail name the user."""
    actor, role = current_actor()
    set_actor(f"user:{user.pk}", role=user.role)
    try:
        yield
    finally:
        set_actor(actor, role=role)


def _items(user: User) -> list[WorkItem]:
    """Return what insurers owe to the user's clients, in an order that is always the same."""
    items = WorkItem.objects.exclude(party=PATIENT).filter(balance_cents__gt=0)
    if not user.sees_all_clients:
        items = items.filter(client_id__in=user.assignments.values("client_id"))
    return sorted(items, key=lambda one: (one.claim_number[::-1], one.client_code, one.party))


def _is_due(item: WorkItem, today: date) -> bool:
    not_yet = item.not_before_date is not None and item.not_before_date > today
    return not not_yet and item.work_date <= today and not item.is_pended


# Notes.


def _write_notes(people: _People, at: datetime) -> None:
    days = _working_days(at.date())
    used: set[int] = set()  # claims
    _write_broken_promise(people.sam, at, used)
    for user in (people.cody, people.sam, people.lena):
        turns = dict.fromkeys(TOUCHES, 0)
        left, due_left = NOTES[Role(user.role)], DUE_NOTES
        for item in _items(user):
            if left == 0:
                break
            is_due = _is_due(item, at.date())
            is_coding = item.team == Team.CODING
            if (
                item.claim_id in used
                or item.barrier not in _PAYER_BARRIERS
                or (is_due and due_left == 0)
                or (user == people.cody) != is_coding
            ):
                continue
            of_kind = TOUCHES[item.barrier]
            day = days[left % len(days)]
            if not _was_open(item, day):
                continue
            touch = of_kind[turns[item.barrier] % len(of_kind)]
            turns[item.barrier] += 1
            _note(item, touch, user, _moment(day, left), number=left)
            used.add(item.claim_id)
            left -= 1
            due_left -= is_due


def _write_broken_promise(user: User, at: datetime, used: set[int]) -> None:
    """Note a promise that the payer has not kept since."""
    day = at.date() - timedelta(days=BROKEN_DAYS_AGO)
    for item in _items(user):
        if item.barrier in ("awaiting_payer", "no_response") and _was_open(item, day):
            _note(item, PROMISE, user, _moment(day, 3), number=99)
            used.add(item.claim_id)
            return


def _was_open(item: WorkItem, day: date) -> bool:
    """Say whether the claim stood on this day as it stands now."""
    billed = item.first_billed_date
    return billed is not None and billed + timedelta(days=3) < day and item.since_date <= day


def _working_days(today: date) -> list[date]:
    """Return the working days of the last two weeks, the latest first."""
    days = (today - timedelta(days=back) for back in range(1, NOTE_DAYS + 1))
    return [day for day in days if day.weekday() < 5]  # noqa: PLR2004 - Monday to Friday


def _moment(day: date, turn: int) -> datetime:
    hour, minute = divmod(turn * 47 % 480, 60)
    return datetime.combine(day, time(_FIRST_HOUR + hour, minute), UTC)


def _note(item: WorkItem, touch: Touch, user: User, at: datetime, *, number: int) -> None:
    billed = item.first_billed_date or at.date()
    values = {
        "received": (billed + timedelta(days=2)).isoformat(),
        "balance": f"{item.balance_cents / 100:.2f}",
    }
    answers = {name: text.format(**values) for name, text in touch.answers.items()}
    answers["remarks"] = REMARKS[number % len(REMARKS)]
    if touch.scenario not in ("claim_sent", "records_sent", "no_answer"):
        answers["representative"] = REPRESENTATIVES[number % len(REPRESENTATIVES)]
        answers["reference"] = f"REF-{4100 + 37 * number}"
    with _as(user):
        record_note(
            claim=_claim(item),
            party=item.party,
            scenario=touch.scenario,
            answers=answers,
            channel=touch.channel,
            minutes=touch.minutes,
            user=user,
            at=at,
        )


def _claim(item: WorkItem) -> Claim:
    return Claim.objects.select_related("client").get(pk=item.claim_id)


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
        with _as(people.sam):
            task = create_task(
                claim=_claim(item),
                party=item.party,
                team=team,
                kind=kind,
                question=question,
                due_date=asked_at.date() + timedelta(days=days) if days else None,
                asked_by=people.sam,
                at=asked_at,
            )
        if question == _ANSWERED[2]:
            with _as(people.cody):
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
    items = [one for one in _items(people.sam) if one.client_id in coders and not one.open_tasks]
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
        with _as(people.sam):
            asked.append(
                request_write_off(
                    claim=_claim(item),
                    party=item.party,
                    amount_cents=item.balance_cents,
                    reason=reason,
                    note="Appealed before for the same reason, without success.",
                    user=people.sam,
                    at=at - timedelta(days=2),
                    despite_warnings=True,
                )
            )
    with _as(people.lena):
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
        for one in _items(user)
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
    large = sorted(_items(people.sam), key=lambda one: (-one.balance_cents, one.claim_number))
    denied = [one for one in large if one.barrier in ("denied", "no_response", "not_on_file")]
    for turn, (item, (level, reason, contact)) in enumerate(
        zip(denied, _ESCALATIONS, strict=False)
    ):
        by = people.lena if level > 1 else people.sam
        with _as(by):
            escalate(
                claim=_claim(item),
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
    mine = [one for one in _items(people.sam) if _is_due(one, at.date())]
    coders = [one for one in _items(people.cody) if one.team == Team.CODING]
    of_sam = [one for turn, one in enumerate(mine) if one.team != Team.CODING and turn % LEFT_OVER]
    seen = {one.client_id for one in _items(people.sam)}
    rest = [one for one in _items(people.lena) if one.client_id not in seen]
    of_lena = [one for one in rest if _is_due(one, at.date()) and one.balance_cents >= LARGE_CENTS]
    with _as(people.lena):
        for user, items in ((people.sam, of_sam), (people.cody, coders), (people.lena, of_lena)):
            if items:
                _act("assign", items, {"assignee": user.pk}, people.lena, at)


def _mark(people: _People, at: datetime) -> None:
    """Tag some, make a project of one payer's, and share a view."""
    denied = [one for one in _items(people.lena) if one.barrier == "denied"]
    with _as(people.sam):
        of_sam = [one for one in _items(people.sam) if one.barrier == "denied"][:4]
        if of_sam:
            _act("tag", of_sam, {"tags": "second look"}, people.sam, at)
    with _as(people.mia):
        of_mia = sorted(_items(people.mia), key=lambda one: (-one.balance_cents, one.pk))[:2]
        if of_mia:
            _act("flag", of_mia, {}, people.mia, at)
    with _as(people.lena):
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
