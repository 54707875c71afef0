"""What other rooms ask of flags."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from sanderling.flags.models import Flag
from sanderling.flags.words import DONE


def open_flags(client_ids: Collection[int] | None = None) -> QuerySet[Flag]:
    """Return the flags that are neither closed nor withdrawn, what is due first.

    `client_ids` None: of all clients that the session may see.
    """
    found = Flag.objects.exclude(state__in=DONE).select_related("claim", "claim__client", "owner")
    if client_ids is not None:
        found = found.filter(client_id__in=client_ids)
    return found.order_by("due_at", "pk")  # nulls last: what waits for the client


def flag_of_claim(claim_id: int) -> Flag | None:
    """Return the claim's open flag."""
    return open_flags().filter(claim_id=claim_id).first()
