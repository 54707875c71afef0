"""Held payments as tasks: asked of posting with one click, closed when they are held no more."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import IntegrityError, connection, transaction

from sanderling.accounts.models import User
from sanderling.claims.models import Claim
from sanderling.core.codes.names import Team
from sanderling.core.ledger.accounts import Account
from sanderling.remits.models import ClaimPayment
from sanderling.tasks.actions import close_resolved, create_task
from sanderling.tasks.checking import TaskRefused
from sanderling.tasks.models import UNDONE, HeldBy, Task

QUESTION: Final = (
    "This claim payment is held: it does not balance or does not fit the claim. Find out from the"
    " payer what is right, and get a corrected remittance or say to which claim it belongs."
)
_PARTY: Final = """
SELECT party FROM ledger_open_balance WHERE claim_id = %s ORDER BY party LIMIT 1
"""
_IS_BARRIER: Final = (
    "SELECT EXISTS (SELECT FROM barriers_barrier WHERE claim_id = %s AND detail = 'held')"
)
# A hold seen as a barrier is over when the barrier says another thing or is gone; one seen in
# suspense when its money has left the suspense account (20: Kind.SUSPENSE).
_RESOLVED: Final = """
SELECT t.id FROM tasks_task t
 WHERE t.held_by <> '' AND t.state IN ('open', 'returned')
   AND (%(all)s OR t.claim_id = ANY (%(claims)s))
   AND CASE t.held_by
       WHEN 'barrier' THEN NOT EXISTS (
            SELECT FROM barriers_barrier b WHERE b.claim_id = t.claim_id AND b.detail = 'held')
       ELSE coalesce((
            SELECT sum(e.amount_cents) FROM ledger_entry e
             WHERE e.kind = 20 AND e.claim_id = t.claim_id
               AND e.transaction_id = t.held_transaction_id
               AND e.position = t.held_position), 0) = 0 END
 ORDER BY t.id
"""


def ask_posting(payment_id: int, *, asked_by: User, at: datetime) -> Task:
    """Make the held claim payment a task of the posting team; asking again returns the same task.

    Raises:
        TaskRefused: the payment is unknown, belongs to no claim, or is not held.
    """
    payment = ClaimPayment.objects.filter(pk=payment_id).first()
    if payment is None:
        raise TaskRefused(f"there is no claim payment {payment_id} that you may see")
    claim = (
        Claim.objects.select_related("client").filter(pk=payment.claim_id).first()
        if payment.claim_id
        else None
    )
    if claim is None:
        raise TaskRefused(
            "this payment fits no claim yet; bring in the claim, or ask the payer which one it is"
        )
    found = _of_payment(payment)
    if found is not None:
        return found
    held_by = _held_by(payment)
    if held_by is None:
        raise TaskRefused("this payment is held no more; reload the page")
    try:
        with transaction.atomic():
            return create_task(
                claim=claim,
                party=_party(claim.pk),
                team=Team.POSTING,
                kind="posting",
                question=QUESTION,
                due_date=None,
                asked_by=asked_by,
                at=at,
                hold=(held_by, payment.transaction_id, payment.position),
            )
    except IntegrityError:
        # Somebody else pressed the button at the same time.
        found = _of_payment(payment)
        if found is None:
            raise
        return found


@transaction.atomic
def close_resolved_holds(claim_ids: list[int] | None, *, at: datetime) -> int:
    """Close the tasks of these claims (None: all) whose payment is held no more; count them."""
    with connection.cursor() as cursor:
        cursor.execute(_RESOLVED, {"all": claim_ids is None, "claims": claim_ids or []})
        ids = [task_id for (task_id,) in cursor.fetchall()]
    tasks = Task.objects.select_for_update(of=("self",)).select_related("claim", "claim__client")
    closed = list(tasks.filter(pk__in=ids, state__in=UNDONE).order_by("pk"))
    for task in closed:
        close_resolved(task, at=at)
    return len(closed)


def _of_payment(payment: ClaimPayment) -> Task | None:
    return Task.objects.filter(
        held_transaction_id=payment.transaction_id,
        held_position=payment.position,
        state__in=UNDONE,
    ).first()


def _held_by(payment: ClaimPayment) -> HeldBy | None:
    with connection.cursor() as cursor:
        cursor.execute(_IS_BARRIER, [payment.claim_id])
        if cursor.fetchone()[0]:
            return HeldBy.BARRIER
        cursor.execute(
            "SELECT coalesce(sum(amount_cents), 0) FROM ledger_entry"
            " WHERE kind = 20 AND claim_id = %s AND transaction_id = %s AND position = %s",
            [payment.claim_id, payment.transaction_id, payment.position],
        )
        return HeldBy.SUSPENSE if cursor.fetchone()[0] else None


def _party(claim_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_PARTY, [claim_id])
        row = cursor.fetchone()
    return int(row[0]) if row else int(Account.PRIMARY)
