"""What must be done about contracts: some end, some ended and are billed on, some escalate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db import connection

from sanderling.contracts.models import Contract
from sanderling.contracts.overview import ContractRow, contract_rows
from sanderling.contracts.queries import parsed
from sanderling.contracts.terms_words import percent_text

STEPS: Final = (30, 60, 90)  # days before the end at which people are told
_BILLED_SINCE: Final = """
SELECT c.client_id, c.payer_id, count(*), sum(c.charge_cents) FROM claims_claim c
 WHERE c.client_id = %s AND c.payer_id = %s AND (%s = '' OR upper(c.plan) = %s)
   AND c.service_from_date > %s AND c.service_from_date <= %s AND c.has_facts
 GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing to see to. `key` changes when people should hear of it again."""

    kind: str  # ends, expired, escalator
    key: str
    text: str
    contract: Contract
    on_date: date
    days_left: int
    claims: int = 0  # of an expired one: billed since
    charge_cents: int = 0
    is_urgent: bool = False


def contract_alarms(
    contracts: list[Contract],
    *,
    today: date,
    days_ahead: int = STEPS[-1],
    escalator_days: int = 30,
    urgent_days: int = STEPS[0],
) -> list[Alarm]:
    """Return what is to be seen to, the most pressing first."""
    found: list[Alarm] = []
    for row in contract_rows(contracts, today=today, with_coverage=False):
        ends = _ends(row, today, days_ahead, urgent_days)
        found += [one for one in (ends, _expired(row, today)) if one is not None]
        found += _escalators(row, today, escalator_days)
    return sorted(found, key=lambda one: (not one.is_urgent, one.on_date, one.key))


def _name(contract: Contract) -> str:
    plan = f", {contract.plan}" if contract.plan else ""
    return f"{contract.client.code}: contract with {contract.payer.name}{plan}"


def _ends(row: ContractRow, today: date, days_ahead: int, urgent_days: int) -> Alarm | None:
    left = row.days_left
    if left is None or left > days_ahead or row.now is None:
        return None
    on_date = today + timedelta(days=left)
    step = next((days for days in STEPS if left <= days), days_ahead)
    return Alarm(
        "ends",
        f"contract:ends:{row.contract.pk}:{on_date}:{step}",
        f"{_name(row.contract)} ends on {on_date}, within {step} days, and none follows",
        row.contract,
        on_date,
        left,
        is_urgent=left <= urgent_days,
    )


def _expired(row: ContractRow, today: date) -> Alarm | None:
    contract = row.contract
    if row.state != "expired" or row.spans[-1].to_date is None:
        return None
    ended = row.spans[-1].to_date
    with connection.cursor() as cursor:
        cursor.execute(
            _BILLED_SINCE,
            [
                *(contract.client_id, contract.payer_id, contract.plan, contract.plan),
                *(ended, today),
            ],
        )
        billed = cursor.fetchone()
    if billed is None:
        return None
    claims, cents = int(billed[2]), int(billed[3] or 0)
    return Alarm(
        "expired",
        f"contract:expired:{contract.pk}:{ended}",
        f"{_name(contract)} ended on {ended}; claims of later days have no price",
        contract,
        ended,
        (ended - today).days,
        claims=claims,
        charge_cents=cents,
        is_urgent=True,
    )


def _escalators(row: ContractRow, today: date, days: int) -> list[Alarm]:
    """Return escalators of standing versions whose day is near, or was a short while ago."""
    found = []
    for span in row.spans:
        for one in parsed(span.terms).escalators:
            is_in_force = span.from_date <= one.date and (
                span.to_date is None or span.to_date >= one.date
            )
            if not is_in_force or abs((one.date - today).days) > days:
                continue
            word = "rise" if one.rate >= 0 else "fall"
            found.append(
                Alarm(
                    "escalator",
                    f"contract:escalator:{row.contract.pk}:{one.date}",
                    f"{_name(row.contract)}: rates {word} by {percent_text(abs(one.rate))} on"
                    f" {one.date}; see that the payer pays them",
                    row.contract,
                    one.date,
                    (one.date - today).days,
                )
            )
    return found
