"""Gives what was done to another system, in the columns that `importing` reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from django.db import connection, transaction

from sanderling.clients.queries import client_ids_by_code
from sanderling.core.ledger.accounts import PARTY_NAMES
from sanderling.core.refusal import Refusal
from sanderling.followup.importing import OF_NOTE, OPTIONAL, REQUIRED

COLUMNS: Final = (*REQUIRED, *OPTIONAL, *OF_NOTE)
_ROWS_AT_ONCE: Final = 5_000
_PARTIES: Final = {int(party): name for party, name in PARTY_NAMES.items()}
# What was taken back is not given away: the other system cannot take it back.
_SELECT: Final = """
SELECT k.code, c.number, a.activity_date, a.channel, a.action, a.outcome, a.user_name, a.reference,
       a.next_date, a.note, coalesce(n.scenario, ''), coalesce(n.disposition, ''),
       coalesce(n.next_action, ''), coalesce(n.representative, ''), coalesce(n.contact, ''),
       n.minutes, n.is_avoidable, n.party
  FROM followup_standing_activity a
  JOIN claims_claim c ON c.id = a.claim_id
  JOIN clients_client k ON k.id = a.client_id
  LEFT JOIN followup_note n ON n.activity_id = a.id
 WHERE (%(since)s::date IS NULL OR a.activity_date >= %(since)s)
   AND (%(client)s::int IS NULL OR a.client_id = %(client)s)
 ORDER BY a.id
"""


class NoSuchClient(Refusal):
    """There is no client of this code."""


def exported_activities(
    *, since: date | None = None, client: str = ""
) -> Iterator[dict[str, object]]:
    """Yield what was done since a day, of one client or of all, as it was recorded.

    In pieces from a cursor of the server's: any number of rows takes the same memory.

    Raises:
        NoSuchClient: see there, before the first row.
    """
    client_id = None
    if client:
        client_id = client_ids_by_code().get(client)
        if client_id is None:
            raise NoSuchClient(f"there is no client {client}; see `sanderling clients`")
    return _rows(since, client_id)


def _rows(since: date | None, client_id: int | None) -> Iterator[dict[str, object]]:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_SELECT, {"since": since, "client": client_id})
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            for row in rows:
                found: dict[str, object] = dict(zip(COLUMNS, row, strict=True))
                party = row[-1]
                yield found | {"party": _PARTIES.get(party, "") if party else ""}
