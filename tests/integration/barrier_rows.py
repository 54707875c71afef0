"""Rows of the barriers' tables, made by hand: what the pages show is under test, not the engine."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.builders import Inbox
from tests.integration.pages import People, fill
from tests.remembered import remembered

from sanderling.barriers.models import Barrier, Denial, FrozenBarrier, WeekEnd
from sanderling.claims.models import Claim
from sanderling.ledger.models import OpenBalance


def claim_named(number: str) -> Claim:
    """Return the claim of a number."""
    return Claim.objects.get(number=number)


def put_barrier(number: str, party: int = 11, **more: Any) -> Barrier:
    """Add the barrier of what a party of a claim owes today in the ledger."""
    claim = claim_named(number)
    today: date = more.pop("today")
    values = {
        "client_id": claim.client_id,
        "payer_id": claim.payer_id if party == 11 else None,
        "balance_cents": OpenBalance.objects.get(claim=claim, party=party).balance_cents,
        "barrier": "awaiting_payer",
        "next_action": "wait",
        "team": "ar",
        "since_date": today - timedelta(days=20),
        "next_date": today + timedelta(days=3),
        "cause": "claim_sent",
        "service_date": claim.service_from_date,
    }
    return Barrier.objects.create(claim_id=claim.pk, party=party, **values | more)


def keep(number: str, as_of: date, barrier: str, cents: int, party: int = 11) -> FrozenBarrier:
    """Add what a party of a claim owed at a week end."""
    WeekEnd.objects.get_or_create(as_of_date=as_of)
    claim = claim_named(number)
    return FrozenBarrier.objects.create(
        as_of_date=as_of,
        claim_id=claim.pk,
        client_id=claim.client_id,
        party=party,
        payer_id=claim.payer_id if party == 11 else None,
        balance_cents=cents,
        barrier=barrier,
        service_date=claim.service_from_date,
    )


def put_denial(number: str, **more: Any) -> Denial:
    """Add a refused line of a claim."""
    claim = claim_named(number)
    values = {
        "payment_id": Denial.objects.count() + 1,
        "line_index": 1,
        "client_id": claim.client_id,
        "payer_id": claim.payer_id,
        "party": 11,
        "procedure": "99213",
        "rendering_npi": "1234567893",
        "group_code": "CO",
        "reason_code": "197",
        "category": "authorization",
        "subcategory": "AUTHORIZATION",
        "team": "authorization",
        "denied_cents": 10000,
        "is_initial": True,
        "is_duplicate": False,
        "is_standing": True,
    }
    return Denial.objects.create(claim_id=claim.pk, **values | more)


def week_end_before(today: date) -> date:
    """Return the newest Sunday at least a week before `today`."""
    day = today - timedelta(days=7)
    return day - timedelta(days=(day.weekday() + 1) % 7)


@remembered
def fill_barriers(inbox: Inbox, today: date) -> People:
    """Ingest the world of `pages.fill` and say why its four balances are open.

    MINE: A/1 1 patient owes 20.00; A2 175.00 denied, appeal due in 5 days; A3 90.00 no response,
    filing limit passed 3 days ago. THEIRS: B1 310.00 waits, filed in time with proof.
    """
    people = fill(inbox)
    Barrier.objects.all().delete()
    FrozenBarrier.objects.all().delete()
    WeekEnd.objects.all().delete()
    Denial.objects.all().delete()
    put_barrier(
        "A/1 1",
        14,
        today=today,
        barrier="patient_responsibility",
        next_action="transfer_to_patient",
        team="patient",
        cause="remittance",
    )
    put_barrier(
        "A2",
        today=today,
        barrier="denied",
        category="authorization",
        subcategory="AUTHORIZATION",
        group_code="CO",
        reason_code="197",
        next_action="appeal",
        team="authorization",
        deadline_date=today + timedelta(days=5),
        deadline_kind="appeal",
        deadline_level=1,
        cause="remittance",
    )
    put_barrier(
        "A3",
        today=today,
        barrier="no_response",
        next_action="check_status",
        deadline_date=today - timedelta(days=3),
        deadline_kind="timely_filing",
        cause="time",
    )
    put_barrier(
        "B1",
        today=today,
        deadline_date=today + timedelta(days=2),
        deadline_kind="timely_filing",
        is_deadline_met=True,
    )
    return people
