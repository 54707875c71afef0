"""What a meeting does: begins, goes through its agenda, writes down, and ends.

Everything may be pressed twice, and by two people at once: a form has a key and is written once,
and a step says from where it goes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final

from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.claims.models import Claim
from sanderling.core.reviews.agenda import AGENDA, BY_KEY
from sanderling.news.actions import notify
from sanderling.reviews.making import ReviewRefused, who_sees
from sanderling.reviews.models import (
    Action,
    ActionState,
    Entry,
    EntryKind,
    Review,
    State,
    Strike,
)
from sanderling.tasks.actions import create_tasks
from sanderling.tasks.one import claims_asked
from sanderling.worklists.acting import act
from sanderling.worklists.models import WorkItem

TEXT_MAX: Final = 2_000
CLAIMS_MAX: Final = 100
_OPEN: Final = """
SELECT coalesce(sum(owed) FILTER (WHERE owed > 0), 0)::bigint
  FROM (SELECT sum(side.cents) AS owed
          FROM ledger_entry e
         CROSS JOIN LATERAL (VALUES (e.debit, e.amount_cents), (e.credit, -e.amount_cents))
               AS side (party, cents)
         WHERE e.claim_id = ANY (%(claims)s) AND e.posted_date <= %(day)s
           AND side.party BETWEEN 11 AND 13
         GROUP BY e.claim_id, side.party) AS owing
"""
NOTHING, ASSIGN, TASK = "nothing", "assign", "task"
WITH_CLAIMS: Final = {
    ASSIGN: "the owner gets them on the worklist",
    TASK: "the owner is asked by a task; they wait for the answer",
    NOTHING: "nothing, they are only followed",
}


@transaction.atomic
def begin(review_id: int, *, user: User, at: datetime) -> Review:
    """Begin the meeting at the first point; a second time changes nothing.

    Raises:
        ReviewRefused: its pack is not made yet, or it is closed.
    """
    review = _locked(review_id)
    if review.state == State.MEETING:
        return review
    if review.state != State.READY:
        raise ReviewRefused(
            "its pack is being made; wait a moment"
            if review.state == State.WAITING
            else "this review is closed; its minutes stand"
        )
    review.state, review.begun_at = State.MEETING, at
    review.item, review.item_at = AGENDA[0].key, at
    review.present = sorted({user.pk, *who_sees(review.client_ids, review.series.people)})
    review.save(update_fields=["state", "begun_at", "item", "item_at", "present"])
    _audit("begin", review, at=at)
    return review


@transaction.atomic
def move_to(review_id: int, item: str, *, from_item: str, at: datetime) -> Review:
    """Go to another point of the agenda, from the one that was seen.

    Where somebody else went on meanwhile nothing changes: two who press "next" at once go on once.

    Raises:
        ReviewRefused: there is no such point, or no meeting is on.
    """
    if item not in BY_KEY:
        raise ReviewRefused("choose a point of the agenda")
    review = _in_meeting(review_id)
    if review.item == from_item != item:
        review.item, review.item_at = item, at
        review.save(update_fields=["item", "item_at"])
    return review


@transaction.atomic
def write_down(
    review_id: int, *, item: str, kind: str, text: str, key: str, user: User, at: datetime
) -> Entry:
    """Write down a decision or a note; the same form (`key`) again is the same entry.

    Raises:
        ReviewRefused: no words, too many, or no meeting is on.
    """
    review = _in_meeting(review_id)
    text = _checked(text, item)
    if kind not in EntryKind.values:
        raise ReviewRefused("write down a decision or a note")
    entry, is_new = Entry.objects.get_or_create(
        review=review,
        key=key,
        defaults={"item": item, "kind": kind, "text": text, "user": user, "at": at},
    )
    if is_new:
        _audit(kind, review, at=at, entry=entry.pk, item=item)
    return entry


@transaction.atomic
def strike_out(review_id: int, entry_id: int, *, user: User, at: datetime) -> None:
    """Strike an entry out; twice changes nothing.

    Raises:
        ReviewRefused: there is none, or no meeting is on.
    """
    review = _in_meeting(review_id)
    entry = Entry.objects.filter(pk=entry_id, review=review).first()
    if entry is None:
        raise ReviewRefused("there is no such entry in this review")
    _, is_new = Strike.objects.get_or_create(
        entry=entry, defaults={"review": review, "user": user, "at": at}
    )
    if is_new:
        _audit("strike", review, at=at, entry=entry.pk)


@transaction.atomic
def decide_action(  # noqa: PLR0913 - what an action says
    review_id: int,
    *,
    item: str,
    text: str,
    owner: User,
    due_date: date,
    key: str,
    user: User,
    at: datetime,
    claim_ids: Collection[int] = (),
    with_claims: str = ASSIGN,
) -> Action:
    """Decide who does what by when; the same form (`key`) again is the same action.

    `with_claims`: what happens with the claims that it is about, a key of WITH_CLAIMS.

    Raises:
        ReviewRefused: no words, a day that is past, an owner who would never see it, claims
            that are not its clients'.
        Refusal: as of the worklist or of tasks.
    """
    review = _in_meeting(review_id)
    text = _checked(text, item)
    there = Action.objects.filter(review=review, key=key).first()
    if there is not None:
        return there
    if due_date < at.date():
        raise ReviewRefused("an action is due today or later; choose another day")
    if with_claims not in WITH_CLAIMS:
        raise ReviewRefused("choose what happens with the claims")
    claims = _claims(review, claim_ids)
    sees_it = bool(who_sees(review.client_ids, [owner.pk]))
    if not sees_it:
        _check_owner(owner, claims, how=with_claims)
    tasks = _hand_over(
        claims, text, owner=owner, due_date=due_date, user=user, at=at, key=key, how=with_claims
    )
    action = Action.objects.create(
        review=review,
        series=review.series,
        item=item,
        text=text,
        owner=owner,
        due_date=due_date,
        claim_ids=sorted(claim.pk for claim in claims),
        open_cents=_open_cents(claims, at.date()),
        task_ids=tasks,
        made_by=user,
        made_at=at,
        key=key,
    )
    _audit("action", review, at=at, claim_action=action.pk, claims=len(claims), owner=owner.pk)
    if owner.pk != user.pk and sees_it:
        notify(
            user_ids=[owner.pk],
            kind="review.action",
            key=f"review-action:{action.pk}",
            text=f"You have an action of {review.series.name}, due {due_date.isoformat()}",
            at=at,
            url=f"/reviews/{review.pk}/",
        )
    return action


def _check_owner(owner: User, claims: Sequence[Claim], *, how: str) -> None:
    """Refuse who would never see the action: it reaches such a person by its claims only."""
    if not claims or how == NOTHING:
        raise ReviewRefused(
            f"{owner.name} does not see all clients of this review; choose another, or tick claims"
            " that the owner gets"
        )
    if not who_sees({claim.client_id for claim in claims}, [owner.pk]):
        raise ReviewRefused(
            f"{owner.name} does not see the clients of these claims; choose another"
        )


def _claims(review: Review, claim_ids: Collection[int]) -> list[Claim]:
    wanted = sorted(set(claim_ids))
    if len(wanted) > CLAIMS_MAX:
        raise ReviewRefused(f"an action is about {CLAIMS_MAX} claims at most; make a project")
    claims = list(Claim.objects.filter(pk__in=wanted, client_id__in=review.client_ids))
    if len(claims) != len(wanted):
        raise ReviewRefused("some of these claims are not of this review; choose them again")
    return claims


def _open_cents(claims: Sequence[Claim], day: date) -> int:
    """Return what insurers owed on the claims at the end of a day, as it was posted until then."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"claims": [claim.pk for claim in claims], "day": day})
        return int(cursor.fetchone()[0])


def _hand_over(
    claims: Sequence[Claim],
    text: str,
    *,
    owner: User,
    due_date: date,
    user: User,
    at: datetime,
    key: str,
    how: str,
) -> list[int]:
    """Give the claims to the owner: on the worklist, or by a task; return the tasks."""
    if not claims or how == NOTHING:
        return []
    ids = [claim.pk for claim in claims]
    if how == TASK:
        tasks = create_tasks(
            claims=claims_asked([str(one) for one in ids], ""),
            team=(*owner.works_for(), "ar")[0],
            kind="other",
            question=text,
            due_date=due_date,
            asked_by=user,
            at=at,
            assignee=owner,
        )
        return sorted(task.pk for task in tasks)
    items = WorkItem.objects.filter(claim_id__in=ids, party__range=(11, 13))
    item_ids = list(items.order_by("pk").values_list("pk", flat=True))
    if item_ids:
        act(
            "assign",
            item_ids,
            {"assignee": owner.pk},
            user=user,
            actor=f"user:{user.pk}",
            at=at,
            key=f"review:{key}",
        )
    return []


@transaction.atomic
def end_action(
    action_id: int, *, state: str, result: str, user: User, at: datetime
) -> Action:  # fmt: skip
    """Say what came of an action: done, dropped, or (open) that it goes on after all.

    Raises:
        ReviewRefused: no such state, or dropped without a reason.
    """
    action = Action.objects.select_for_update().select_related("review").get(pk=action_id)
    if state not in ActionState.values:
        raise ReviewRefused("an action is open, done or dropped")
    result = result.strip()
    if len(result) > TEXT_MAX:
        raise ReviewRefused(f"a text has at most {TEXT_MAX} characters; shorten it")
    if state == ActionState.DROPPED and not result:
        raise ReviewRefused("say why it is dropped")
    if action.state == state and action.result == result:
        return action
    is_open = state == ActionState.OPEN
    action.state, action.result = state, result
    action.ended_at, action.ended_by = (None, None) if is_open else (at, user)
    action.save(update_fields=["state", "result", "ended_at", "ended_by"])
    _audit(f"action_{state}", action.review, at=at, claim_action=action.pk)
    return action


@transaction.atomic
def close(
    review_id: int, *, present: Collection[int], user: User, at: datetime
) -> Review:  # fmt: skip
    """End the meeting: its record stands from now on; a second time changes nothing.

    Raises:
        ReviewRefused: no meeting is on.
    """
    review = _locked(review_id)
    if review.state == State.CLOSED:
        return review
    review = _in_meeting(review_id)
    review.present = who_sees(review.client_ids, {user.pk, *present})
    review.state, review.closed_at, review.closed_by = State.CLOSED, at, user
    review.save(update_fields=["present", "state", "closed_at", "closed_by"])
    _audit("close", review, at=at)
    return review


def _checked(text: str, item: str) -> str:
    text = text.strip()
    if not text:
        raise ReviewRefused("write what was decided")
    if len(text) > TEXT_MAX:
        raise ReviewRefused(f"a text has at most {TEXT_MAX} characters; shorten it")
    if item not in BY_KEY:
        raise ReviewRefused("choose a point of the agenda")
    return text


def _locked(review_id: int) -> Review:
    return Review.objects.select_for_update(of=("self",)).select_related("series").get(pk=review_id)


def _in_meeting(review_id: int) -> Review:
    review = _locked(review_id)
    if review.state != State.MEETING:
        raise ReviewRefused(
            "this review is closed; its minutes stand"
            if review.state == State.CLOSED
            else "begin the meeting first"
        )
    return review


def _audit(what: str, review: Review, *, at: datetime, **detail: object) -> None:
    record_event(
        action=f"review.{what}",
        at=at,
        client_id=review.client_ids[0] if len(review.client_ids) == 1 else None,
        subject=("review", review.pk),
        detail=detail,
    )
