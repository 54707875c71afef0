"""Promises of payers: made by a note, checked when their day has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from sanderling.claims.models import Claim
from sanderling.core.followup.grace import grace_days
from sanderling.followup.models import Activity, Promise, PromiseOutcome, PromiseState
from sanderling.followup.signals import promises_decided, work_recorded
from sanderling.news.actions import NewEvent, record_events
from sanderling.postgres.locks import Lock, try_lock

_PAYER_PARTIES: Final = (11, 12, 13)
# Open promises with the payer's type, what insurance paid since (credit: the party, debit 30: cash;
# a reversal is negative), and whether the payer promised again. One taken back is none.
_OPEN: Final = """
SELECT p.id, p.claim_id, p.client_id, p.party, p.payer_id, p.promised_date, p.amount_cents,
       coalesce(y.type, ''), a.user_id, paid.cents,
       EXISTS (SELECT FROM followup_promise l
                WHERE l.claim_id = p.claim_id AND l.party = p.party AND l.id > p.id
                  AND l.made_date <= p.promised_date
                  AND EXISTS (SELECT FROM followup_standing_activity s
                               WHERE s.id = l.activity_id))
  FROM followup_promise p
  JOIN followup_standing_activity a ON a.id = p.activity_id
  LEFT JOIN payers_payer y ON y.id = p.payer_id
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(e.amount_cents), 0)::bigint AS cents
         FROM ledger_entry e
        WHERE e.claim_id = p.claim_id AND e.credit = p.party AND e.debit = 30
          AND e.posted_date >= p.made_date AND e.posted_date <= %(today)s) paid
 WHERE NOT EXISTS (SELECT FROM followup_promise_outcome o WHERE o.promise_id = p.id)
 ORDER BY p.id
"""


@dataclass(frozen=True, slots=True)
class _Open:
    """A row of _OPEN."""

    promise_id: int
    claim_id: int
    client_id: int
    party: int
    payer_id: int | None
    promised_date: date
    amount_cents: int | None
    payer_type: str
    made_by_id: int | None
    paid_cents: int
    is_replaced: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """A promise that was kept or broken, for who wants to know."""

    claim_id: int
    client_id: int
    party: int
    payer_id: int | None
    promised_date: date
    amount_cents: int | None
    paid_cents: int
    made_by_id: int | None
    is_kept: bool


def make_promise(
    *,
    claim: Claim,
    party: int | None,
    activity: Activity,
    promised_date: date,
    amount_cents: int | None,
    at: datetime,
) -> Promise | None:
    """Keep what a payer promised; None when it is the patient who owes. Twice is once."""
    if party not in _PAYER_PARTIES:
        return None
    payer_id = claim.payer_id_of(party)
    promise, is_new = Promise.objects.get_or_create(
        activity=activity,
        defaults={
            "claim": claim,
            "client_id": claim.client_id,
            "party": party,
            "payer_id": payer_id,
            "made_date": activity.activity_date,
            "promised_date": promised_date,
            "amount_cents": amount_cents,
            "recorded_at": at,
        },
    )
    if is_new:
        detail = {"promised_date": promised_date.isoformat(), "amount_cents": amount_cents}
        record_events(
            [NewEvent("promise.made", claim.client_id, claim.pk, party, payer_id, detail)], at=at
        )
        work_recorded.send(sender=Promise, claim_ids=[claim.pk])
    return promise


@transaction.atomic
def check_promises(*, today: date, at: datetime) -> list[Decided]:
    """Decide every open promise that was kept, or whose day and days of grace have gone by.

    Kept: insurance paid at least the amount since it was made (without an amount: anything).
    Replaced: the payer promised again before the day. Checking again decides nothing anew; while
    another check runs, this one does nothing.
    """
    if not try_lock(Lock.PROMISES):
        return []
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"today": today})
        found = [_Open(*row) for row in cursor.fetchall()]
    ends = [(one, state) for one in found if (state := _state(one, today))]
    PromiseOutcome.objects.bulk_create(
        PromiseOutcome(
            promise_id=one.promise_id,
            claim_id=one.claim_id,
            client_id=one.client_id,
            state=state,
            paid_cents=one.paid_cents,
            decided_date=today,
            recorded_at=at,
        )
        for one, state in ends
    )
    decided = [
        Decided(
            one.claim_id,
            one.client_id,
            one.party,
            one.payer_id,
            one.promised_date,
            one.amount_cents,
            one.paid_cents,
            one.made_by_id,
            is_kept=state is PromiseState.KEPT,
        )
        for one, state in ends
        if state is not PromiseState.REPLACED
    ]
    if ends:
        _tell(decided, sorted({one.claim_id for one, _ in ends}), at=at)
    return decided


def _state(one: _Open, today: date) -> PromiseState | None:
    """Return how the promise ends today, None while it is open."""
    paid = one.paid_cents
    if paid > 0 and (one.amount_cents is None or paid >= one.amount_cents):
        return PromiseState.KEPT
    if one.is_replaced:
        return PromiseState.REPLACED
    grace = grace_days(one.payer_type, settings.PROMISE_GRACE_DAYS)
    return PromiseState.BROKEN if today > one.promised_date + timedelta(days=grace) else None


def _tell(decided: list[Decided], claim_ids: list[int], *, at: datetime) -> None:
    record_events(
        [
            NewEvent(
                "promise.kept" if one.is_kept else "promise.broken",
                one.client_id,
                one.claim_id,
                one.party,
                one.payer_id,
                {
                    "promised_date": one.promised_date.isoformat(),
                    "amount_cents": one.amount_cents,
                    "paid_cents": one.paid_cents,
                },
            )
            for one in decided
        ],
        at=at,
    )
    work_recorded.send(sender=Promise, claim_ids=claim_ids)
    if decided:
        promises_decided.send(sender=Promise, decided=decided, at=at)
