"""What the pages of the workload are narrowed to: a client, a payer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Narrow:
    """None narrows nothing. `sql` goes behind other conditions on `w`."""

    client_id: int | None = None
    payer_id: int | None = None

    def sql(self) -> str:
        """Return further conditions on the rows of `w`."""
        parts = []
        if self.client_id is not None:
            parts.append("AND w.client_id = %(narrow_client)s")
        if self.payer_id is not None:
            parts.append("AND w.payer_id = %(narrow_payer)s")
        return " ".join(parts)

    def params(self) -> dict[str, Any]:
        """Return the values behind the names in `sql`."""
        return {"narrow_client": self.client_id, "narrow_payer": self.payer_id}
