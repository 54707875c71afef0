"""Files of ours that were sent and are not confirmed in time."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.urls import reverse

from sanderling.automation.raising import NewAlert, People
from sanderling.automation.sums import Limits, names_of, rows_of
from sanderling.outbox.late import LATE

_BY_CLIENT: Final = (
    "SELECT client_id, count(*), sum(claim_count)::int FROM ("  # noqa: S608 - a constant of ours
    + LATE
    + ") late GROUP BY client_id ORDER BY 1"
)


def late_acknowledgment(people: People, limits: Limits, today: date) -> list[NewAlert]:  # noqa: ARG001
    """Return an alert for each client with files that nobody has confirmed in time."""
    codes = names_of("clients_client", "code")
    found = []
    for client_id, files, claims in rows_of(_BY_CLIENT, {"today": today}):
        what = "1 file is" if files == 1 else f"{files} files are"
        found.append(
            NewAlert(
                "late_acknowledgment",
                f"late_acknowledgment:{client_id}",
                f"{codes.get(client_id, '?')}: {what} sent and not confirmed in time"
                f" ({claims} claims)",
                people.leads_of([client_id]),
                client_id=client_id,
                items=claims,
                url=f"{reverse('exchange')}?tab=late",
            )
        )
    return [one for one in found if one.user_ids]
