"""What a page of one task shows of its claim, and which claims a question is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from django.db import connection

from sanderling.barriers.listing import rows_of_claim
from sanderling.barriers.telling import sentence_of
from sanderling.claims.models import Claim
from sanderling.core.barriers.words import PARTIES, barrier_title, team_title
from sanderling.core.codes.names import Team
from sanderling.core.ledger.accounts import RECEIVABLES, Account
from sanderling.files.models import TransactionSet
from sanderling.ledger.models import OpenBalance
from sanderling.payers.models import Payer
from sanderling.tasks.kinds import kind_title, result_title
from sanderling.tasks.models import UNDONE, Task, TaskEvent

EVENTS: Final = {
    "created": "asked",
    "taken": "took it",
    "assigned": "gave it to",
    "answered": "answered",
    "returned": "asked back",
    "replied": "replied",
    "withdrawn": "withdrew it",
}
# The kind of question that a barrier's team is mostly asked.
_KIND_OF_TEAM: Final = {
    Team.CODING: "coding_review",
    Team.BILLING: "corrected_data",
    Team.POSTING: "posting",
    Team.CREDENTIALING: "credentialing",
    Team.AUTHORIZATION: "authorization",
    Team.INTAKE: "eligibility",
    Team.CLIENT: "documents",
}


def task_facts(task: Task, *, today: date) -> dict[str, Any]:
    """Return what the page of a task shows beside the task itself."""
    balance = OpenBalance.objects.filter(claim_id=task.claim_id, party=task.party).first()
    payer = Payer.objects.filter(pk=task.payer_id).first() if task.payer_id else None
    payer_name = payer.name if payer else ""
    barrier = next(
        (row for row in rows_of_claim(task.claim_id) if row["party"] == task.party), None
    )
    siblings = Task.objects.filter(batch=task.batch) if task.batch else Task.objects.none()
    return {
        "balance_cents": balance.balance_cents if balance else 0,
        "payer": payer,
        "party_text": PARTIES.get(task.party, ""),
        "team_text": team_title(task.team),
        "kind_text": kind_title(task.kind),
        "result_text": result_title(task.kind, task.result, task.result_value)
        if task.result
        else "",
        "barrier_text": barrier_title(barrier["barrier"]) if barrier else "",
        "sentence": sentence_of(barrier, payer_name=payer_name, as_of=today) if barrier else "",
        "is_overdue": task.state in UNDONE and task.due_date < today,
        "late_days": (today - task.due_date).days,
        "open_siblings": siblings.filter(state="open").exclude(pk=task.pk).count(),
        "siblings": siblings.exclude(pk=task.pk).count(),
        "held_file_id": _held_file(task),
        "events": [
            {"event": event, "text": EVENTS.get(event.kind, event.kind)}
            for event in TaskEvent.objects.filter(task=task)
            .select_related("user")
            .order_by("at", "pk")
        ],
    }


def _held_file(task: Task) -> int | None:
    """Return the file of the held payment, where the session may see it."""
    if task.held_transaction_id is None:
        return None
    found = TransactionSet.objects.filter(pk=task.held_transaction_id).first()
    return found.file_id if found else None


def claims_asked(ids: Sequence[str], party: str) -> list[tuple[Claim, int]]:
    """Return the visible claims among `ids`, each with the party that is asked about.

    That is `party` where it is one, else the insurer that owes most, else the primary.
    """
    wanted = [int(one) for one in ids if one.isdecimal()]
    claims = Claim.objects.select_related("client").filter(pk__in=wanted, has_facts=True)
    if party.isdecimal() and int(party) in [int(one) for one in RECEIVABLES]:
        return [(claim, int(party)) for claim in claims.order_by("pk")]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (claim_id) claim_id, party FROM ledger_open_balance"
            " WHERE claim_id = ANY (%s) ORDER BY claim_id, party = 14, balance_cents DESC",
            [wanted],
        )
        owing = dict(cursor.fetchall())
    return [(claim, owing.get(claim.pk, int(Account.PRIMARY))) for claim in claims.order_by("pk")]


def kind_for(claims: Sequence[tuple[Claim, int]]) -> str:
    """Return the kind of question that the first claim's barrier suggests."""
    claim, party = claims[0]
    row = next((one for one in rows_of_claim(claim.pk) if one["party"] == party), None)
    team = row["team"] if row else ""
    return _KIND_OF_TEAM.get(Team(team), "other") if team in set(Team) else "other"
