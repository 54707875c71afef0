"""From the codes and cursors of a request to rows; what is not there gives an empty list."""

from __future__ import annotations

from typing import Final

from ninja.errors import HttpError

from sanderling.clients.models import Client
from sanderling.payers.models import Payer

NOBODY: Final = -9  # no such row: an unknown name and a foreign one are told apart by nobody


def client_id_of(code: str) -> int:
    """Return the client of a code, NOBODY for none that the session may see."""
    found = Client.objects.filter(code=code.replace("\0", "")).values_list("pk", flat=True).first()
    return NOBODY if found is None else found


def payer_row_of(payer_id: str) -> int:
    """Return the row of a payer id, NOBODY for none."""
    text = payer_id.replace("\0", "")
    found = Payer.objects.filter(payer_id=text).values_list("pk", flat=True).first()
    return NOBODY if found is None else found


def row_after(cursor: str) -> int:
    """Return the row after which a page begins, 0 for the first page.

    Raises:
        HttpError: the cursor is none of ours.
    """
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and int(cursor) < 2**63):
        raise HttpError(422, "cursor: take next_cursor of the answer before as it is.")
    return int(cursor)
