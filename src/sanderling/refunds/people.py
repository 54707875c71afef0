"""Who may approve a refund of a client."""

from __future__ import annotations

from typing import Final

from sanderling.accounts.models import User
from sanderling.accounts.people import who_may

PERMISSION: Final = "refunds.approve"


def approvers(client_id: int) -> list[User]:
    """Return the active people who may approve refunds and see the client."""
    return who_may(PERMISSION, client_id)
