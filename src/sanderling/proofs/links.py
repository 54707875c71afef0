"""What files say of a claim: one link for each thing said, and where it stands.

The files are found by a function of the database that lets through the session's claims only, but
of these also what stands in files with other clients' claims, and the 999s that belong to nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection

from sanderling.core.codes.names import CLAIM_PAYMENT_STATUSES
from sanderling.core.codes.remarks import status_category_title, status_title
from sanderling.core.ledger.payments import SEQUENCE_BY_STATUS

KINDS: Final = ("837", "TA1", "999", "277CA", "277", "835")  # in the order of their way
_VERDICTS: Final = {
    "A": "accepted",
    "E": "accepted with errors",
    "P": "partly accepted",
    "R": "rejected",
    "M": "rejected, authentication failed",
    "W": "rejected, assurance failed",
    "X": "rejected, cannot be decrypted",
}
_FREQUENCIES: Final = {"1": "original", "7": "replacement", "8": "void"}
_LINKS: Final = {
    "sanderling_app": "SELECT * FROM proofs_visible_links(%s)",
    "": "SELECT * FROM proofs_links_of(%s)",
}


@dataclass(frozen=True, slots=True)
class Link:
    """One thing that a file says of a claim as sent, and where it stands."""

    claim_id: int
    kind: str  # of KINDS
    fact_id: int
    submission_id: int | None
    transaction_id: int
    position: int
    level: str
    source_entity: str
    source_name: str
    category: str
    code: str
    entity: str
    action: str
    status_date: date | None
    received_date: date
    batch_reference: str
    claim_number: str
    payer_claim_number: str
    clearinghouse_trace: str
    message: str
    charge_cents: int | None
    paid_cents: int | None
    sequence: int | None
    payer_id: int | None
    interchange_number: str
    group_number: str
    set_number: str
    file_id: int
    file_sha256: str
    file_name: str
    is_encrypted: bool

    @property
    def order(self) -> tuple[object, ...]:
        """Sort by the day we had it, then by the way, then by place; the same on every machine."""
        return (self.received_date, KINDS.index(self.kind), self.file_sha256, self.position)

    @property
    def place(self) -> int | None:
        """Of which payer of the claim it speaks: 1 is the primary; None when it does not say."""
        return self.sequence or SEQUENCE_BY_STATUS.get(self.category if self.kind == "835" else "")

    @property
    def day(self) -> date:
        """The sender's own day, else the day we had it."""
        return self.status_date or self.received_date

    @property
    def source(self) -> str:
        """Who says it, in words."""
        if self.kind == "837":
            return "we"
        if self.kind in ("TA1", "999"):
            return "the receiver of the file"
        return self.source_name or ("the payer" if self.source_entity == "PR" else "not named")

    @property
    def says(self) -> str:
        """What it says, in the words of the code lists."""
        if self.kind == "837":
            return f"claim sent ({_FREQUENCIES.get(self.category, 'frequency ' + self.category)})"
        if self.kind in ("TA1", "999"):
            what = "interchange" if self.kind == "TA1" else "claim file"
            return f"{what} {_VERDICTS.get(self.category, self.category)}"
        if self.kind == "835":
            return f"claim {CLAIM_PAYMENT_STATUSES.get(self.category, 'status ' + self.category)}"
        titles = (status_category_title(self.category), status_title(self.code))
        return ". ".join(one for one in titles if one) or self.category

    @property
    def codes(self) -> str:
        """The codes as they stand: A2:20:PR WQ."""
        if self.kind == "837":
            return ""
        parts = ":".join(one for one in (self.category, self.code, self.entity) if one)
        return f"{parts} {self.action}".strip()


def links_of(claim_ids: Sequence[int]) -> list[Link]:
    """Return all links of some claims, in their order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (role,) = cursor.fetchone()
        cursor.execute(_LINKS.get(role, _LINKS[""]), [list(claim_ids)])
        return sorted((Link(*row) for row in cursor.fetchall()), key=lambda one: one.order)
