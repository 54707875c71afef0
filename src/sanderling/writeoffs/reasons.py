"""Why a balance is given up: a closed list. Source: DOMAIN 9.3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

REASONS: Final[Mapping[str, str]] = {
    "contractual": "Contractual, not taken at posting",
    "timely_payer": "Timely filing, the payer's fault",
    "timely_biller": "Timely filing, our fault",
    "timely_client": "Timely filing, the client's fault",
    "no_authorization": "No authorization",
    "non_covered": "Not covered",
    "not_medically_necessary": "Not medically necessary",
    "bundled": "Bundled",
    "duplicate": "Duplicate",
    "small_balance": "Small balance",
    "credentialing": "Credentialing",
    "client_directed": "Directed by the client",
    "uncollectible": "Uncollectible after appeals",
    "charity": "Charity",
    "bankruptcy": "Bankruptcy",
    "deceased": "Deceased",
    "administrative": "Administrative error",
}
SMALL_BALANCE: Final = "small_balance"


def reason_title(reason: str) -> str:
    """Return what a reason is called on pages."""
    return REASONS.get(reason, reason.replace("_", " "))
