"""What the barriers' tables hold, and the same worked out anew: equal, or something is wrong."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import polars as pl
from tests.builders import rows

from sanderling.barriers.models import WeekEnd
from sanderling.barriers.working import barriers_on
from sanderling.core.barriers.rows import ROWS

# The day a balance ages from is the claim's own: it is filled in where rows are kept.
_NAMES = [name for name in ROWS if name not in ("evidence", "service_date")]
_FROZEN = ["claim_id", "party", "client_id", "payer_id", "balance_cents", "barrier", "category"]
_WRONGLY_AGED = """
SELECT b.claim_id FROM {} b JOIN claims_claim c ON c.id = b.claim_id
 WHERE b.service_date IS DISTINCT FROM coalesce(c.service_from_date, c.first_billed_date)
"""


def stored() -> list[tuple[Any, ...]]:
    """Return today's kept barriers by claim and party, their evidence last."""
    assert rows(_WRONGLY_AGED.format("barriers_barrier")) == []
    found = rows(
        f"SELECT {', '.join(_NAMES)}, evidence::text FROM barriers_barrier ORDER BY claim_id, party"
    )
    return [(*row[:-1], json.loads(row[-1])) for row in found]


def computed(as_of: date) -> list[tuple[Any, ...]]:
    """Return the barriers worked out for a day, of all claims, in the same form."""
    found = [row for part in _parts(as_of) for row in part.select(*_NAMES, "evidence").rows()]
    return [(*row[:-1], json.loads(row[-1])) for row in found]


def denials() -> list[tuple[Any, ...]]:
    """Return the kept denials."""
    return rows("SELECT to_jsonb(d) - 'id' FROM barriers_denial d ORDER BY payment_id, line_index")


def frozen() -> list[tuple[Any, ...]]:
    """Return the barriers of the kept week ends by day, claim and party."""
    assert rows(_WRONGLY_AGED.format("barriers_frozen_barrier")) == []
    return rows(
        f"SELECT as_of_date, {', '.join(_FROZEN)} FROM barriers_frozen_barrier ORDER BY 1, 2, 3"
    )


def frozen_anew() -> list[tuple[Any, ...]]:
    """Return what the kept week ends must hold, worked out for each of their days."""
    days = WeekEnd.objects.order_by("as_of_date").values_list("as_of_date", flat=True)
    return [
        (day, *row) for day in days for part in _parts(day) for row in part.select(_FROZEN).rows()
    ]


def _parts(day: date) -> list[pl.DataFrame]:
    parts = [*barriers_on(day)]
    return [pl.concat(parts).sort("claim_id", "party")] if parts else []
