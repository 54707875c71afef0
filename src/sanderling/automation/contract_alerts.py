"""Alerts about contracts: one ends, one ended and is still billed, an escalator's day comes."""

from __future__ import annotations

from datetime import date

from django.urls import reverse

from sanderling.automation.raising import NewAlert, People
from sanderling.automation.sums import Limits
from sanderling.contracts.alarms import contract_alarms
from sanderling.contracts.listing import contracts_of


def contract_alerts(people: People, limits: Limits, today: date) -> list[NewAlert]:
    """Return what is to be seen to about contracts, for the leads of each client."""
    alarms = contract_alarms(
        contracts_of(""),
        today=today,
        days_ahead=limits["days"],
        escalator_days=limits["escalator_days"],
        urgent_days=limits["urgent_days"],
    )
    found = [
        NewAlert(
            "contract",
            one.key,
            one.text,
            people.leads_of({one.contract.client_id}),
            client_id=one.contract.client_id,
            payer_id=one.contract.payer_id,
            items=one.claims,
            amount_cents=one.charge_cents or None,
            url=reverse("contract", args=[one.contract.pk]),
            is_urgent=one.is_urgent,
        )
        for one in alarms
    ]
    return [one for one in found if one.user_ids]
