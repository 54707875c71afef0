"""Claims as a pack lists them: what is open, why, who has it, what was last said, what is next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection
from django.db.models import Q, QuerySet

from sanderling.accounts.models import User
from sanderling.core.barriers.words import action_title, barrier_title, deadline_title
from sanderling.reviews.frame import Block
from sanderling.worklists.models import WorkItem

NOTE_LENGTH: Final = 400
_LAST: Final = """
SELECT DISTINCT ON (a.claim_id) a.claim_id, a.activity_date, a.user_name, a.note
  FROM followup_standing_activity a
 WHERE a.claim_id = ANY (%s)
 ORDER BY a.claim_id, a.activity_date DESC, a.id DESC
"""
# What insurers owe.
OPEN: Final = Q(party__range=(11, 13), balance_cents__gt=0)


def items() -> QuerySet[WorkItem]:
    """Return the open balances of insurers that the session may see."""
    return WorkItem.objects.filter(OPEN)


def claim_rows(found: Sequence[WorkItem]) -> list[Block]:
    """Return the items as rows, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [[one.claim_id for one in found]])
        last = {claim_id: said for claim_id, *said in cursor.fetchall()}
    names = dict(
        User.objects.filter(pk__in={one.assignee_id for one in found}).values_list("pk", "name")
    )
    return [_row(one, last.get(one.claim_id), names) for one in found]


def _row(one: WorkItem, last: list[Any] | None, names: dict[int, str]) -> Block:
    said_date, said_by, said = last or (None, "", "")
    return {
        "item_id": one.pk,
        "claim_id": one.claim_id,
        "party": one.party,
        "client": one.client_code,
        "claim": one.claim_number,
        "payer": one.payer_name,
        "balance_cents": one.balance_cents,
        "barrier": one.barrier,
        "barrier_text": barrier_title(one.barrier),
        "since": one.since_date,
        "next_text": action_title(one.next_action),
        "next_date": one.work_date,
        "owner": names.get(one.assignee_id or 0, ""),
        "touches": one.touches,
        "deadline": one.deadline_date,
        "deadline_text": deadline_title(one.deadline_kind, one.deadline_level)
        if one.deadline_date
        else "",
        "promised": one.promise_date if one.promise_state else None,
        "said_date": said_date,
        "said_by": said_by,
        "said": said if len(said) <= NOTE_LENGTH else f"{said[:NOTE_LENGTH]}…",
    }
