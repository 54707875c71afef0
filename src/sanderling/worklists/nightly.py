"""What is done once a day: parameters learned anew, then every item valued by them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.db import transaction

from sanderling.ledger.actions import take_posting_lock
from sanderling.worklists.learning import keep_learned
from sanderling.worklists.valuing import pieces, revalue_between

ITEMS_AT_ONCE: Final = 20_000


def learn_and_value(today: date, *, at: datetime) -> bool:
    """Learn for today and value all items; say whether there was anything new to learn.

    A second call on the same day only values again. Items are valued piece by piece, each in a
    transaction of its own: nobody who works on one waits long.
    """
    with transaction.atomic():
        is_new = keep_learned(today, at=at)
    for first, last in pieces(ITEMS_AT_ONCE):
        with transaction.atomic():
            take_posting_lock()
            revalue_between(first, last, today=today)
    return is_new
