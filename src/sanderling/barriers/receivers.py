"""What other rooms tell that changes barriers: people's acts, and rules decided anew.

The receivers run in the transaction that brings the change in, perhaps with the rights of a web
session: they only note which claims are stale, and ask the worker to see to them.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection
from django.dispatch import receiver
from django.utils import timezone

from sanderling.agreements.signals import agreement_changed
from sanderling.barriers.stale import mark_open_claims, mark_stale
from sanderling.barriers.tasks import defer_refresh, defer_rules_changed
from sanderling.codes.signals import code_rules_changed
from sanderling.contracts.queries import names_capitation
from sanderling.contracts.signals import contract_changed
from sanderling.followup.signals import activities_recorded
from sanderling.payers.signals import payer_rules_changed


@receiver(activities_recorded)
def on_activities(claim_ids: list[int], known_date: date, **_: object) -> None:
    """People have done something about these claims."""
    mark_stale(claim_ids, known_date)
    defer_refresh()


@receiver(code_rules_changed)
@receiver(payer_rules_changed)
def on_rules(
    payer_id: int | None, payer_type: str | None, client_id: int | None, **_: object
) -> None:
    """A code or a deadline means something else from now on."""
    if _sees_some_clients_only():
        # The rule may hold for clients whom the person who made it does not see.
        defer_rules_changed(payer_id=payer_id, payer_type=payer_type, client_id=client_id)
        return
    mark_open_claims(
        payer_id=payer_id,
        payer_type=payer_type,
        client_id=client_id,
        known_date=timezone.now().date(),
    )
    defer_refresh()


@receiver(contract_changed)
def on_contract(client_id: int, payer_id: int, **_: object) -> None:
    """What a contract pays by the month may be other services from now on."""
    if not names_capitation(client_id, payer_id):
        return
    known_date = timezone.now().date()
    mark_open_claims(payer_id=payer_id, payer_type=None, client_id=client_id, known_date=known_date)
    defer_refresh()


@receiver(agreement_changed)
def on_agreement(client_id: int, at: datetime, **_: object) -> None:
    """A client's schedules, limits or tier are others from now on."""
    mark_open_claims(payer_id=None, payer_type=None, client_id=client_id, known_date=at.date())
    defer_refresh()


def _sees_some_clients_only() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = 'sanderling_app'")
        return bool(cursor.fetchone()[0])
