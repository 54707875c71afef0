"""What a report of an issue begins with: what chosen work items have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sanderling.core.trends.findings import ANY_OF
from sanderling.issues.models import Kind
from sanderling.worklists.models import WorkItem

CODES_MAX: Final = 4
_COMMON: Final = 0.5  # of the items: what fewer have is not what they have in common
_KINDS: Final = {
    "denied": Kind.DENIAL,
    "rejected": Kind.REJECTION,
    "not_on_file": Kind.REJECTION,
    "underpaid": Kind.UNDERPAYMENT,
    "no_response": Kind.SLOW_PAYMENT,
    "pended": Kind.SLOW_PAYMENT,
    "paid_unposted": Kind.MISSING_REMITTANCE,
    "secondary_unbilled": Kind.UNBILLED_SECONDARY,
}


def suggested(items: Sequence[WorkItem]) -> dict[str, Any]:
    """Return initial values of the form for work items (none: of no item)."""
    if not items:
        return {}
    kind = Counter(_kind_of(one) for one in items).most_common(1)[0][0]
    payers = Counter(one.payer_id for one in items if one.payer_id is not None)
    found: dict[str, Any] = {
        "kind": kind,
        "clients": sorted({one.client_id for one in items}),
        "since_date": min(one.since_date for one in items),
    }
    if payers:
        payer_id, count = payers.most_common(1)[0]
        if count >= _COMMON * len(items):
            found["payer"] = payer_id
    codes = Counter(code for one in items if (code := _code_of(one, kind)))
    if sum(codes.values()) >= _COMMON * len(items):
        found["carc"] = ANY_OF.join(sorted(code for code, _ in codes.most_common(CODES_MAX)))
    return found


def items_of_claim(claim_id: int) -> list[WorkItem]:
    """Return the open items of a claim."""
    return list(WorkItem.objects.filter(claim_id=claim_id).order_by("party"))


def _kind_of(item: WorkItem) -> Kind:
    if item.category == "documentation":
        return Kind.DOCUMENTATION_HOLD
    return _KINDS.get(item.barrier, Kind.DENIAL)


def _code_of(item: WorkItem, kind: Kind) -> str:
    """Return the code as an issue names it: CO-197, or A7:21 of a rejection."""
    if kind == Kind.REJECTION:
        return ":".join(item.status_code.split(":")[:2]) if ":" in item.status_code else ""
    if kind in (Kind.DENIAL, Kind.DOCUMENTATION_HOLD) and item.reason_code:
        return f"{item.group_code}-{item.reason_code}"
    return ""
