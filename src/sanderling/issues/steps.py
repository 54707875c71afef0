"""Steps of an issue from one state to the next."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.issues.models import STEPS, Issue, IssueState, State


@transaction.atomic
def take_step(
    issue: Issue, to_state: str, *, from_state: str, user: User, note: str, at: datetime
) -> None:
    """Move an issue from the state that the person saw to the next; append to its history.

    The same step a second time is refused, as is one from a state that it has left.

    Raises:
        Refusal: it is in another state by now; the step does not follow; a dismissal has no reason.
    """
    if to_state not in STEPS.get(from_state, ()):
        raise Refusal(f"from {from_state} an issue does not become {to_state}")
    if to_state == State.DISMISSED and not note.strip():
        raise Refusal("say why the issue is dismissed, so that others can judge it later")
    try:
        with transaction.atomic():
            IssueState.objects.create(
                issue=issue, from_state=from_state, to_state=to_state, user=user,
                actor=f"user:{user.pk}", at=at, note=note.strip(),
            )  # fmt: skip
    except IntegrityError as error:
        issue.refresh_from_db()
        if issue.state == from_state:
            raise
        now = State(issue.state).label
        raise Refusal(
            f"the issue is {now} by now, because somebody else moved it; look at it again"
        ) from error
    record_event(action="issue.step", at=at, subject=("issue", issue.pk), detail={"to": to_state})
    issue.refresh_from_db()
