"""Two versions side by side: which rates rise and fall, and what that is at today's volume."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from sanderling.contracts.models import ContractVersion

COLUMNS: Final = (
    *("code", "modifier", "place_of_service", "before_cents", "after_cents", "change_cents"),
    *("change_rate", "units", "effect_cents"),
)
# Each volume goes by the most specific rate of either version, as pricing does.
_COMPARED: Final = """
WITH effect AS (
    SELECT n.code, n.modifier, n.place_of_service, sum(v.units) AS units,
           sum(round((n.allowed_cents - o.allowed_cents) * v.units))::bigint AS cents
      FROM (SELECT b.code, b.modifier, b.place_of_service, sum(b.units) AS units
              FROM contracts_billed_code b
             WHERE b.client_id = %(client)s AND b.payer_id = %(payer)s AND b.plan = %(plan)s
             GROUP BY 1, 2, 3) v
     CROSS JOIN LATERAL (
           SELECT r.* FROM contracts_rate r WHERE r.schedule_id = %(after)s AND r.code = v.code
              AND r.modifier IN ('', v.modifier) AND r.place_of_service IN ('', v.place_of_service)
            ORDER BY r.modifier DESC, r.place_of_service DESC LIMIT 1) n
      LEFT JOIN LATERAL (
           SELECT r.* FROM contracts_rate r WHERE r.schedule_id = %(before)s AND r.code = v.code
              AND r.modifier IN ('', v.modifier) AND r.place_of_service IN ('', v.place_of_service)
            ORDER BY r.modifier DESC, r.place_of_service DESC LIMIT 1) o ON true
     GROUP BY 1, 2, 3)
SELECT code, modifier, place_of_service, o.allowed_cents, n.allowed_cents, e.units, e.cents
  FROM (SELECT * FROM contracts_rate WHERE schedule_id = %(before)s) o
  FULL JOIN (SELECT * FROM contracts_rate WHERE schedule_id = %(after)s) n
       USING (code, modifier, place_of_service)
  LEFT JOIN effect e USING (code, modifier, place_of_service)
 ORDER BY 1, 2, 3
"""


@dataclass(frozen=True)
class Comparison:
    """The rates that differ, the greatest effect first, and how many do."""

    rows: list[dict[str, Any]]
    up: int
    down: int
    new: int
    gone: int
    same: int
    effect_cents: int  # of the volumes that both versions have a rate for


def compare(before: ContractVersion, after: ContractVersion) -> Comparison:
    """Compare the rates of two versions; volumes are those of the later one's client and payer.

    The effect is the change times the units billed in twelve months: before any limit to the
    charge and any other term.
    """
    contract = after.contract
    with connection.cursor() as cursor:
        cursor.execute(
            _COMPARED,
            {
                "client": contract.client_id,
                "payer": contract.payer_id,
                "plan": contract.plan,
                "before": before.schedule_id,
                "after": after.schedule_id,
            },
        )
        found = cursor.fetchall()
    rows = [_row(*one) for one in found]
    changed = [
        row for row in rows if row["before_cents"] != row["after_cents"] or row["effect_cents"]
    ]
    changed.sort(key=lambda row: (-abs(row["effect_cents"] or 0), row["code"], row["modifier"]))
    return Comparison(
        rows=changed,
        up=sum(1 for row in changed if (row["change_cents"] or 0) > 0),
        down=sum(1 for row in changed if (row["change_cents"] or 0) < 0),
        new=sum(1 for row in changed if row["before_cents"] is None),
        gone=sum(1 for row in changed if row["after_cents"] is None),
        same=len(rows) - len(changed),
        effect_cents=sum(row["effect_cents"] or 0 for row in changed),
    )


def _row(
    code: str,
    modifier: str,
    place: str,
    before: int | None,
    after: int | None,
    units: Decimal | None,
    effect: int | None,
) -> dict[str, Any]:
    change = after - before if before is not None and after is not None else None
    return {
        "code": code,
        "modifier": modifier,
        "place_of_service": place,
        "before_cents": before,
        "after_cents": after,
        "change_cents": change,
        "change_rate": change / before if change is not None and before else None,
        "units": float(units) if units is not None else None,
        "effect_cents": effect,
    }
