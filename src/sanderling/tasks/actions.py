"""What can be done with tasks. Each change is one transaction, with its event and its notices.

Asking and answering are acts about the claim: they are recorded as activities, so that its barrier
waits for the team and goes on when the team has answered. A task that is answered or withdrawn
stays so; answering it again alike changes nothing, otherwise it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.claims.models import Claim
from sanderling.core.barriers.words import action_title, team_title
from sanderling.core.codes.names import NextAction
from sanderling.followup.actions import record
from sanderling.followup.models import Channel, Outcome
from sanderling.news.actions import record_events
from sanderling.tasks.checking import (
    TaskRefused,
    check_answer,
    check_assignee,
    check_question,
    text_of,
)
from sanderling.tasks.kinds import KINDS, kind_title, result_title
from sanderling.tasks.models import State, Task, TaskEvent
from sanderling.tasks.people import due_date_of
from sanderling.tasks.signals import tasks_asked, tasks_ended
from sanderling.tasks.telling import event_of, name_of, tell, tell_answer, tell_items, tell_team


def create_task(  # noqa: PLR0913 - what a task says
    *,
    claim: Claim,
    party: int,
    team: str,
    kind: str,
    question: str,
    due_date: date | None,
    asked_by: User | None,
    at: datetime,
    assignee: User | None = None,
    hold: tuple[str, int, int] | None = None,
) -> Task:
    """Ask a team about one claim; `due_date` None: as many days as the team has.

    `hold`: HeldBy, transaction set and segment of the held payment that it is about.

    Raises:
        TaskRefused: unknown team or kind, no question, a day that is past.
    """
    return create_tasks(
        claims=[(claim, party)],
        team=team,
        kind=kind,
        question=question,
        due_date=due_date,
        asked_by=asked_by,
        at=at,
        assignee=assignee,
        hold=hold,
    )[0]


@transaction.atomic
def create_tasks(  # noqa: PLR0913 - what a task says
    *,
    claims: Sequence[tuple[Claim, int]],
    team: str,
    kind: str,
    question: str,
    due_date: date | None,
    asked_by: User | None,
    at: datetime,
    assignee: User | None = None,
    hold: tuple[str, int, int] | None = None,
    details: Mapping[str, Any] | None = None,
) -> list[Task]:
    """Ask a team one question about several (claim, party): one answer can answer all.

    `details`: what else was said, for the room that knows this kind (`signals.tasks_asked`).

    Raises:
        TaskRefused: as `create_task`, or too many claims at once.
    """
    question = question.strip()
    check_question(claims, team=team, kind=kind, question=question, due_date=due_date, at=at)
    due_date = due_date or due_date_of(team, at.date())
    if assignee is not None:
        for claim, _ in claims:
            check_assignee(assignee, claim.client_id)
    batch = uuid4() if len(claims) > 1 else None
    tasks = [
        Task.objects.create(
            claim_id=claim.pk,
            party=party,
            client_id=claim.client_id,
            payer_id=claim.payer_id_of(party),
            team=team,
            kind=kind,
            question=question,
            asked_by=asked_by,
            asked_at=at,
            assignee=assignee,
            due_date=due_date,
            batch=batch,
            held_by=hold[0] if hold else "",
            held_transaction_id=hold[1] if hold else None,
            held_position=hold[2] if hold else None,
        )
        for claim, party in claims
    ]
    for task, (claim, _) in zip(tasks, claims, strict=True):
        _note(task, "created", user=asked_by, at=at, text=question)
        _record_act(task, claim, Outcome.SENT, user=asked_by, at=at, next_date=due_date)
        _audit(task, "create", at=at, team=team, kind=kind)
    record_events(
        [event_of("task.created", task, {"team": team, "kind": kind}) for task in tasks], at=at
    )
    tell_team(tasks, asked_by=asked_by, at=at)
    tell_items(tasks)
    tasks_asked.send(sender=Task, tasks=tasks, details=details or {}, user=asked_by, at=at)
    return tasks


@transaction.atomic
def take_task(task_id: int, *, user: User, at: datetime) -> Task:
    """Make the task the user's own; taking it twice changes nothing.

    Raises:
        TaskRefused: it is not open, or somebody else has it.
    """
    task = _locked(task_id, State.OPEN)
    if task.assignee_id == user.pk:
        return task
    if task.assignee is not None:
        raise TaskRefused(
            f"{task.assignee.name} has task {task.pk}; ask for it, or let a lead assign it"
        )
    task.assignee = user
    task.save(update_fields=["assignee"])
    _note(task, "taken", user=user, at=at)
    _audit(task, "take", at=at)
    return task


@transaction.atomic
def assign_task(task_id: int, *, assignee: User | None, user: User, at: datetime) -> Task:
    """Give the task to somebody else, or (None) back to the team.

    Raises:
        TaskRefused: it is not open, or the person may not work on it.
    """
    task = _locked(task_id, State.OPEN)
    if (assignee.pk if assignee else None) == task.assignee_id:
        return task
    if assignee is not None:
        check_assignee(assignee, task.client_id)
    task.assignee = assignee
    task.save(update_fields=["assignee"])
    _note(task, "assigned", user=user, at=at, text=assignee.name if assignee else "the team")
    _audit(task, "assign", at=at, assignee=assignee.pk if assignee else None)
    if assignee is not None and assignee.pk != user.pk:
        tell(
            task,
            [assignee.pk],
            f"{name_of(task)}: {kind_title(task.kind)} is yours now",
            "assigned",
            at=at,
        )
    return task


@transaction.atomic
def answer_task(
    task_id: int,
    *,
    result: str,
    value: str = "",
    text: str = "",
    user: User | None,
    at: datetime,
    answers_all: bool = False,
) -> list[Task]:
    """Answer the task, with `answers_all` also the open ones of the same question.

    `user` None: a file that came in answers. The claims are ready to be worked again. The same
    answer again changes nothing.

    Raises:
        TaskRefused: it is not open, or the answer lacks something.
    """
    value, text = value.strip(), text.strip()
    task = _locked(task_id)
    if task.state == State.ANSWERED and (task.result, task.result_value, task.answer) == (
        result,
        value,
        text,
    ):
        return []
    _check_open(task)
    check_answer(task.kind, result=result, value=value, text=text)
    tasks = [task]
    if answers_all and task.batch is not None:
        others = Task.objects.select_for_update().filter(batch=task.batch, state=State.OPEN)
        tasks += list(others.exclude(pk=task.pk).order_by("pk"))
    for one in tasks:
        _close(one, State.ANSWERED, result=result, value=value, text=text, user=user, at=at)
    tell_answer(tasks, user=user, at=at)
    tell_items(tasks)
    tasks_ended.send(sender=Task, tasks=tasks, at=at)
    return tasks


@transaction.atomic
def return_task(task_id: int, *, question: str, user: User, at: datetime) -> Task:
    """Give the task back to who asked, with a question; the claim is ready for him meanwhile.

    Raises:
        TaskRefused: it is not open, nobody asked it, or there is no question.
    """
    question = text_of(question, "Ask what you need to know, so that it can be answered")
    task = _locked(task_id, State.OPEN)
    if task.asked_by_id is None:
        raise TaskRefused(f"task {task.pk} was asked by no person; answer it instead")
    task.state = State.RETURNED
    task.save(update_fields=["state"])
    _note(task, "returned", user=user, at=at, text=question)
    _record_act(
        task, task.claim, Outcome.DONE, user=user, at=at, next_date=at.date(), said="returned"
    )
    _audit(task, "return", at=at)
    tell(
        task,
        [task.asked_by_id],
        f"{name_of(task)}: {team_title(task.team)} has a question back",
        f"returned:{at.isoformat()}",
        at=at,
    )
    tell_items([task])
    return task


@transaction.atomic
def reply_task(task_id: int, *, text: str, user: User, at: datetime) -> Task:
    """Answer the team's question: the task is the team's again, due as many days from now.

    Raises:
        TaskRefused: it was not returned, or nothing is said.
    """
    text = text_of(text, "Say what the team asked for")
    task = _locked(task_id, State.RETURNED)
    task.state = State.OPEN
    task.due_date = max(task.due_date, due_date_of(task.team, at.date()))
    task.save(update_fields=["state", "due_date"])
    _note(task, "replied", user=user, at=at, text=text)
    _record_act(task, task.claim, Outcome.SENT, user=user, at=at, next_date=task.due_date)
    _audit(task, "reply", at=at)
    tell_team([task], asked_by=user, at=at)
    tell_items([task])
    return task


@transaction.atomic
def withdraw_task(task_id: int, *, user: User | None, at: datetime, reason: str = "") -> Task:
    """Take the question back; withdrawing twice changes nothing.

    Raises:
        TaskRefused: it is answered.
    """
    task = _locked(task_id)
    if task.state == State.WITHDRAWN:
        return task
    if task.state == State.ANSWERED:
        raise TaskRefused(f"task {task.pk} is answered and stays so; ask a new question")
    task.state = State.WITHDRAWN
    task.save(update_fields=["state"])
    _note(task, "withdrawn", user=user, at=at, text=reason.strip())
    _record_act(
        task, task.claim, Outcome.DONE, user=user, at=at, next_date=at.date(), said="withdrawn"
    )
    _audit(task, "withdraw", at=at)
    if task.assignee_id and (user is None or task.assignee_id != user.pk):
        tell(
            task,
            [task.assignee_id],
            f"{name_of(task)}: the question was withdrawn",
            "withdrawn",
            at=at,
        )
    tell_items([task])
    tasks_ended.send(sender=Task, tasks=[task], at=at)
    return task


def close_resolved(task: Task, *, at: datetime) -> None:
    """Close a task about a held payment that a later fact has resolved; no person did it."""
    _close(
        task,
        State.ANSWERED,
        result="resolved",
        value="",
        text="Closed by itself: the payment is held no more.",
        user=None,
        at=at,
    )
    tell_answer([task], user=None, at=at)
    tell_items([task])


def _close(
    task: Task, state: State, *, result: str, value: str, text: str, user: User | None, at: datetime
) -> None:
    task.state = state
    task.result, task.result_value, task.answer = result, value, text
    task.answered_by, task.answered_at = user, at
    task.save(
        update_fields=["state", "result", "result_value", "answer", "answered_by", "answered_at"]
    )
    said = result_title(task.kind, result, value)
    _note(task, "answered", user=user, at=at, text=f"{said}\n{text}".strip())
    known = KINDS[task.kind].results.get(result)
    outcome = Outcome.RECEIVED if task.kind == "documents" else Outcome.DONE
    _record_act(
        task,
        task.claim,
        outcome,
        user=user,
        at=at,
        next_date=at.date(),
        said=said,
        then=known.next_action if known else None,
    )
    _audit(task, "answer", at=at, result=result)
    record_events(
        [event_of("task.answered", task, {"team": task.team, "kind": task.kind, "result": result})],
        at=at,
    )


def _record_act(
    task: Task,
    claim: Claim,
    outcome: Outcome,
    *,
    user: User | None,
    at: datetime,
    next_date: date,
    said: str = "asked",
    then: NextAction | None = None,
) -> None:
    """Record what happened as an activity: `sent` makes the claim wait, `done` lets it go on."""
    lines = [f"{kind_title(task.kind)}, {team_title(task.team)}: {said}."]
    if then is not None:
        lines.append(f"Next: {action_title(then).lower()}.")
    record(
        claim=claim,
        activity_date=at.date(),
        channel=Channel.INTERNAL,
        action=KINDS[task.kind].action,
        outcome=outcome,
        at=at,
        user=user,
        # Two tasks alike are two acts: an activity is known by its content.
        reference=f"task {task.pk}.{task.events.count()}",
        next_date=next_date,
        note="\n".join(lines),
    )


def _locked(task_id: int, *states: State) -> Task:
    task = (
        Task.objects.select_for_update(of=("self",))
        .select_related("claim", "claim__client", "assignee")
        .filter(pk=task_id)
        .first()
    )
    if task is None:
        raise TaskRefused(f"there is no task {task_id} that you may see")
    if states and task.state not in states:
        _refuse_state(task)
    return task


def _check_open(task: Task) -> None:
    if task.state != State.OPEN:
        _refuse_state(task)


def _refuse_state(task: Task) -> None:
    words = {
        State.OPEN: "is with the team; wait for its answer, or withdraw it",
        State.RETURNED: "is back with who asked it; it must be replied to first",
        State.ANSWERED: "is answered already; reload to see the answer",
        State.WITHDRAWN: "was withdrawn; nobody waits for it",
    }
    raise TaskRefused(f"task {task.pk} {words[State(task.state)]}")


def _note(task: Task, kind: str, *, user: User | None, at: datetime, text: str = "") -> None:
    TaskEvent.objects.create(
        task=task, client_id=task.client_id, at=at, user=user, kind=kind, text=text
    )


def _audit(task: Task, verb: str, *, at: datetime, **detail: object) -> None:
    record_event(
        action=f"task.{verb}",
        at=at,
        client_id=task.client_id,
        claim_id=task.claim_id,
        subject=("task", task.pk),
        detail=detail,
    )
