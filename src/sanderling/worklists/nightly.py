"""What is done once a day: parameters learned anew, then every item valued by them."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from sanderling.ledger.actions import take_posting_lock
from sanderling.worklists.learning import keep_learned
from sanderling.worklists.valuing import revalue


def learn_and_value(today: date, *, at: datetime) -> bool:
    """Learn for today and value all items; say whether there was anything new to learn.

    A second call on the same day only values again. Under the posting lock: items stand still.
    """
    with transaction.atomic():
        take_posting_lock()
        is_new = keep_learned(today, at=at)
        revalue(None, today=today)
    return is_new
