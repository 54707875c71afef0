"""Which contracts a list shows, and their rows in a file."""

from __future__ import annotations

from typing import Any, Final

from sanderling.contracts.models import Contract
from sanderling.contracts.overview import ContractRow

TABS: Final = {
    "": "All",
    "in_force": "In force",
    "ends": "Ends within 90 days",
    "expired": "Expired",
    "begins": "Begins later",
}
CONTRACT_COLUMNS: Final = (
    *("client", "payer_id", "payer", "plan", "name", "reference", "state", "days_left"),
    *("from_date", "to_date", "version", "rates", "lines", "rated_lines", "coverage"),
    *("charge_cents", "unrated_cents"),
)


def contracts_of(client_code: str) -> list[Contract]:
    """Return the contracts that the session may see, of one client (its code) or of all."""
    found = Contract.objects.select_related("client", "payer").order_by(
        "client__code", "payer__name", "plan"
    )
    return list(found.filter(client__code=client_code) if client_code else found)


def fits(row: ContractRow, tab: str) -> bool:
    """Tell whether a contract belongs under a tab."""
    if tab == "in_force":
        return row.state in ("in_force", "ends")
    if tab == "expired":
        return row.state in ("expired", "none")
    return tab not in TABS or tab in ("", row.state)


def export_row(row: ContractRow) -> dict[str, Any]:
    """Return a contract as a row of CONTRACT_COLUMNS."""
    now = row.now
    return {
        "client": row.contract.client.code,
        "payer_id": row.contract.payer.payer_id,
        "payer": row.contract.payer.name,
        "plan": row.contract.plan,
        "name": row.contract.name,
        "reference": row.contract.reference,
        "state": row.state,
        "days_left": row.days_left,
        "from_date": now.from_date if now else None,
        "to_date": now.to_date if now else None,
        "version": now.version_id if now else None,
        "rates": now.rate_count if now else None,
        "lines": row.coverage.lines,
        "rated_lines": row.coverage.rated_lines,
        "coverage": row.coverage.rate,
        "charge_cents": row.coverage.charge_cents,
        "unrated_cents": row.coverage.unrated_cents,
    }
