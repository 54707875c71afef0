"""From a request to its question: who asks, what the address says, what was searched for."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from sanderling.accounts.permissions import person_of
from sanderling.core.refusal import Refusal
from sanderling.worklists.asking import Question, asker_of, question_of
from sanderling.worklists.listing import ids_of
from sanderling.worklists.searching import kept_search
from sanderling.worklists.teams import teams_of

WHOLE_VIEW_MAX = 5_000  # items that one bulk act takes


def asked_question(request: HttpRequest, asked: QueryDict | None = None) -> tuple[Question, str]:
    """Return the question of an address (the request's own), and the words it searches for."""
    user = person_of(request)
    asked = request.GET if asked is None else asked
    search = kept_search(request.session, asked.get("search", ""))
    asker = asker_of(user, teams=teams_of(user))
    return question_of(asked, today=timezone.localdate(), asker=asker, search=search), search


def whole_view(request: HttpRequest) -> list[int]:
    """Return the ids of all items of the view that a form of the worklist names in `query`.

    Raises:
        Refusal: there are more than one act takes.
    """
    question, _ = asked_question(request, QueryDict(request.POST.get("query", "")))
    found = ids_of(question, limit=WHOLE_VIEW_MAX + 1)
    if len(found) > WHOLE_VIEW_MAX:
        raise Refusal(
            f"this view has more than {WHOLE_VIEW_MAX:,} claims; narrow it by a filter first"
        )
    return found
