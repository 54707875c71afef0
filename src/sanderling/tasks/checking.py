"""What a question and an answer must have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from sanderling.accounts.models import User
from sanderling.claims.models import Claim
from sanderling.core.codes.names import Team
from sanderling.core.refusal import Refusal
from sanderling.tasks.kinds import KINDS
from sanderling.tasks.people import may_have

TEXT_MAX: Final = 4_000
CLAIMS_MAX: Final = 200  # one question about more claims than these is a project


class TaskRefused(Refusal):
    """The task cannot be made or changed so."""


def check_question(
    claims: Sequence[tuple[Claim, int]],
    *,
    team: str,
    kind: str,
    question: str,
    due_date: date | None,
    at: datetime,
) -> None:
    """Refuse a question to nobody, about nothing, without words or due in the past."""
    if team not in {one.value for one in Team}:
        raise TaskRefused(f"the team must be one of {', '.join(one.value for one in Team)}")
    if kind not in KINDS:
        raise TaskRefused(f"the kind must be one of {', '.join(KINDS)}")
    text_of(question, "Say what the team should find out or do")
    if due_date is not None and due_date < at.date():
        raise TaskRefused("the answer cannot be due in the past; choose today or a later day")
    if not claims:
        raise TaskRefused("choose at least one claim to ask about")
    if len(claims) > CLAIMS_MAX:
        raise TaskRefused(f"one question can be about {CLAIMS_MAX} claims at most; make a project")


def check_answer(kind: str, *, result: str, value: str, text: str) -> None:
    """Refuse an answer that says nothing, or lacks what it must name."""
    found = KINDS[kind].results.get(result)
    if found is None:
        raise TaskRefused("choose what came of it")
    if found.value_label and not value:
        raise TaskRefused(
            f"write the {found.value_label.lower()}; the claim cannot go on without it"
        )
    if len(value) > TEXT_MAX or len(text) > TEXT_MAX:
        raise TaskRefused(f"an answer has at most {TEXT_MAX} characters; shorten it")


def check_assignee(user: User, client_id: int) -> None:
    """Refuse a person who may not work on the client."""
    if not may_have(user, client_id):
        raise TaskRefused(f"{user.name} may not work on this client; choose somebody who may")


def text_of(text: str, otherwise: str) -> str:
    """Return the text without blanks around it; refuse none, and one too long."""
    text = text.strip()
    if not text:
        raise TaskRefused(otherwise)
    if len(text) > TEXT_MAX:
        raise TaskRefused(f"a text has at most {TEXT_MAX} characters; shorten it")
    return text
