"""The lines in dispute as a spreadsheet: what was billed, allowed and paid of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sanderling.appeals.gathering import gather
from sanderling.appeals.models import Appeal
from sanderling.appeals.packet_data import allowed_of
from sanderling.appeals.packets import wanted_of
from sanderling.remits.models import Adjustment

COLUMNS: Final = (
    "client",
    "claim",
    "payer_claim",
    "line",
    "service_date",
    "code",
    "modifiers",
    "charge_cents",
    "allowed_cents",
    "paid_cents",
    "adjustments",
)


def line_rows(appeals: Sequence[Appeal]) -> list[dict[str, Any]]:
    """Return the lines of the decisions that the appeals dispute, claim by claim."""
    found = gather([wanted_of(one) for one in appeals], with_documents=False)
    rows: list[dict[str, Any]] = []
    for appeal in appeals:
        known = found.get((appeal.claim_id, appeal.party))
        if known is None or known.decision is None:
            continue
        decision = known.decision
        by_line: dict[int, list[Adjustment]] = defaultdict(list)
        for one in decision.adjustments:
            by_line[one.line_index].append(one)
        rows += [
            {
                "client": appeal.claim.client.code,
                "claim": appeal.claim.number,
                "payer_claim": decision.payment.payer_claim_number,
                "line": number,
                "service_date": service.service_from_date,
                "code": service.procedure or service.revenue_code,
                "modifiers": service.modifiers,
                "charge_cents": service.charge_cents,
                "allowed_cents": allowed_of(service, by_line[service.line_index]),
                "paid_cents": service.paid_cents,
                "adjustments": " ".join(
                    f"{one.group_code}-{one.reason_code}" for one in by_line[service.line_index]
                ),
            }
            for number, service in enumerate(decision.services, start=1)
        ]
    return rows
