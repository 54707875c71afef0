"""What became of actions: what insurers paid on their claims since, and what is still open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection

from sanderling.reviews.models import Action

# Cash of insurers posted on the action's claims from the day it was decided; takebacks count
# against it. An action's claims are distinct, so no payment counts twice for one action.
_RESULTS: Final = """
SELECT a.id,
       coalesce((SELECT sum(e.amount_cents) FROM ledger_entry e
                  WHERE e.claim_id = ANY (a.claim_ids) AND e.debit = 30
                    AND e.credit BETWEEN 11 AND 13
                    AND e.posted_date >= (a.made_at AT TIME ZONE 'UTC')::date
                    AND e.posted_date <= coalesce(%(until)s, 'infinity'::date)), 0)::bigint,
       coalesce((SELECT sum(b.balance_cents) FROM ledger_open_balance b
                  WHERE b.claim_id = ANY (a.claim_ids) AND b.party BETWEEN 11 AND 13
                    AND b.balance_cents > 0), 0)::bigint
  FROM reviews_action a WHERE a.id = ANY (%(ids)s)
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What insurers paid on an action's claims since it was decided, and still owe, in cents."""

    paid_cents: int = 0
    open_cents: int = 0


def results_of(actions: Sequence[Action], *, until: date | None = None) -> dict[int, Result]:
    """Return the result of each action by its id. `until`: payments posted up to that day."""
    with connection.cursor() as cursor:
        cursor.execute(_RESULTS, {"ids": [one.pk for one in actions], "until": until})
        return {pk: Result(int(paid), int(owed)) for pk, paid, owed in cursor.fetchall()}
