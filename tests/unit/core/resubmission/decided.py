"""Decisions of payers for the tests: DOMAIN appendix A6/A7 and shorter ones."""

from __future__ import annotations

from datetime import date
from typing import Any

from sanderling.core.resubmission.cob import Decision, Reduction, SentLine, ServiceDecision

DECIDED = date(2026, 1, 19)
SERVED = date(2026, 1, 4)


def reduction(text: str) -> Reduction:
    """Read "CO-45 80.00" or "CO-96 80.00 x2"."""
    code, amount, *rest = text.split()
    group, reason = code.split("-", 1)
    quantity = rest[0].removeprefix("x") if rest else ""
    return Reduction(group, reason, cents(amount), quantity)


def cents(text: str) -> int:
    """Read dollars."""
    sign = -1 if text.startswith("-") else 1
    whole, _, part = text.lstrip("-").partition(".")
    return sign * (int(whole) * 100 + int(part.ljust(2, "0") or "0"))


def service(
    procedure: str, charge: str, paid: str, *reductions: str, **more: Any
) -> ServiceDecision:
    """Make one service payment."""
    return ServiceDecision(
        charge_cents=cents(charge),
        paid_cents=cents(paid),
        procedure=procedure,
        reductions=tuple(map(reduction, reductions)),
        **more,
    )


def decision(*services: ServiceDecision, claim: tuple[str, ...] = (), **more: Any) -> Decision:
    """Make the claim payment of these services, adding them up."""
    return Decision(
        charge_cents=more.pop("charge_cents", sum(one.charge_cents for one in services)),
        paid_cents=more.pop("paid_cents", sum(one.paid_cents for one in services)),
        decided_date=more.pop("decided_date", DECIDED),
        payer_claim_number=more.pop("payer_claim_number", "ACMEICN557"),
        reductions=tuple(map(reduction, claim)),
        services=services,
        **more,
    )


def sent(number: int, procedure: str, charge: str, **more: Any) -> SentLine:
    """Make one line as sent, its control number L1, L2, ..."""
    return SentLine(
        number=number,
        charge_cents=cents(charge),
        procedure=procedure,
        service_date=more.pop("service_date", SERVED),
        control_number=more.pop("control_number", f"L{number}"),
        **more,
    )
