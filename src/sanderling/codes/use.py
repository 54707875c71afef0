"""How often the installation's own files carry each code, and which of them our tables lack.

Reads facts of rooms above by SQL alone: what row-level security lets the session see. One pass
over the table each.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection

from sanderling.codes.models import GROUPS
from sanderling.core.codes.carc import carcs, retired
from sanderling.core.codes.meaning import rarcs
from sanderling.core.codes.statuses import status_categories, status_codes

UNKNOWN_KINDS: Final = {
    "reason": "adjustment reason",
    "group": "adjustment group",
    "remark": "remark",
    "status": "claim status",
    "stage": "claim status category",
}

# By pairs of codes, added up here: unlike GROUPING SETS, such a count runs in parallel.
_USES: Final = """
SELECT 'reason', reason_code, 'group', group_code, count(*), sum(amount_cents)::bigint
  FROM remits_adjustment GROUP BY reason_code, group_code
UNION ALL
SELECT 'remark', code, 'remark', '', count(*), NULL FROM remits_remark GROUP BY code
UNION ALL
SELECT 'status', code, 'stage', category, count(*), sum(charge_cents)::bigint
  FROM claims_answer WHERE kind IN ('277', '277CA') GROUP BY code, category
"""

# One query a kind; %(codes)s: those to look for.
_UNKNOWN: Final = {
    "reason": """
        SELECT a.reason_code, count(*), sum(a.amount_cents)::bigint, min(p.received_date),
               max(p.received_date), array_agg(DISTINCT coalesce(y.name, r.payer_name))
          FROM remits_adjustment a
          JOIN remits_claim_payment p ON p.id = a.payment_id
          JOIN remits_remittance r ON r.id = p.remittance_id
          LEFT JOIN payers_payer y ON y.id = r.payer_id
         WHERE a.reason_code = ANY (%(codes)s)
         GROUP BY a.reason_code
    """,
    "group": """
        SELECT a.group_code, count(*), sum(a.amount_cents)::bigint, min(p.received_date),
               max(p.received_date), array_agg(DISTINCT coalesce(y.name, r.payer_name))
          FROM remits_adjustment a
          JOIN remits_claim_payment p ON p.id = a.payment_id
          JOIN remits_remittance r ON r.id = p.remittance_id
          LEFT JOIN payers_payer y ON y.id = r.payer_id
         WHERE a.group_code = ANY (%(codes)s)
         GROUP BY a.group_code
    """,
    "remark": """
        SELECT a.code, count(*), NULL::bigint, min(p.received_date),
               max(p.received_date), array_agg(DISTINCT coalesce(y.name, r.payer_name))
          FROM remits_remark a
          JOIN remits_claim_payment p ON p.id = a.payment_id
          JOIN remits_remittance r ON r.id = p.remittance_id
          LEFT JOIN payers_payer y ON y.id = r.payer_id
         WHERE a.code = ANY (%(codes)s)
         GROUP BY a.code
    """,
    "status": """
        SELECT a.code, count(*), sum(a.charge_cents)::bigint, min(a.received_date),
               max(a.received_date), array_agg(DISTINCT a.source_name)
          FROM claims_answer a
         WHERE a.kind IN ('277', '277CA') AND a.code = ANY (%(codes)s)
         GROUP BY a.code
    """,
    "stage": """
        SELECT a.category, count(*), sum(a.charge_cents)::bigint, min(a.received_date),
               max(a.received_date), array_agg(DISTINCT a.source_name)
          FROM claims_answer a
         WHERE a.kind IN ('277', '277CA') AND a.category = ANY (%(codes)s)
         GROUP BY a.category
    """,
}

# Use of one code by group and payer (statuses: by stage and sender).
_PARTS: Final = {
    "reason": """
        SELECT a.group_code, coalesce(y.name, r.payer_name), count(*),
               sum(a.amount_cents)::bigint, min(p.received_date), max(p.received_date)
          FROM remits_adjustment a
          JOIN remits_claim_payment p ON p.id = a.payment_id
          JOIN remits_remittance r ON r.id = p.remittance_id
          LEFT JOIN payers_payer y ON y.id = r.payer_id
         WHERE a.reason_code = %(code)s
         GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
    """,
    "remark": """
        SELECT '', coalesce(y.name, r.payer_name), count(*), NULL::bigint,
               min(p.received_date), max(p.received_date)
          FROM remits_remark a
          JOIN remits_claim_payment p ON p.id = a.payment_id
          JOIN remits_remittance r ON r.id = p.remittance_id
          LEFT JOIN payers_payer y ON y.id = r.payer_id
         WHERE a.code = %(code)s
         GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
    """,
    "status": """
        SELECT a.category, a.source_name, count(*), sum(a.charge_cents)::bigint,
               min(a.received_date), max(a.received_date)
          FROM claims_answer a
         WHERE a.kind IN ('277', '277CA') AND a.code = %(code)s
         GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
    """,
}


@dataclass(frozen=True, slots=True)
class Use:
    """How often a code occurs in our files; `amount_cents` None: the code carries no amount."""

    count: int = 0
    amount_cents: int | None = None

    def and_more(self, count: int, amount_cents: int | None) -> Use:
        """Return this use and as much again."""
        if amount_cents is None:
            return Use(self.count + count, self.amount_cents)
        return Use(self.count + count, (self.amount_cents or 0) + amount_cents)


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A code in our files that our tables lack."""

    kind: str  # reason, group, remark, status, stage
    code: str
    count: int
    amount_cents: int | None
    first_date: date
    latest_date: date
    payers: tuple[str, ...]

    @property
    def kind_title(self) -> str:
        """Return what kind of code it is, in words."""
        return UNKNOWN_KINDS[self.kind]

    @property
    def is_told_by_rule(self) -> bool:
        """Say whether an override can tell what it means."""
        return self.kind in _PARTS


@dataclass(frozen=True, slots=True)
class UsePart:
    """The use of one code by one payer, in one group (of a status: at one stage)."""

    part: str
    payer: str
    count: int
    amount_cents: int | None
    first_date: date
    latest_date: date


def uses() -> dict[tuple[str, str], Use]:
    """Return the use of every code that occurs, by kind (those of UNKNOWN_KINDS) and code."""
    found: dict[tuple[str, str], Use] = {}
    with connection.cursor() as cursor:
        cursor.execute(_USES)
        for kind, code, other_kind, other, count, cents in cursor.fetchall():
            for key in ((kind, code), (other_kind, other)):
                if key[1]:
                    found[key] = found.get(key, Use()).and_more(count, cents)
    return found


def known_codes(kind: str) -> set[str]:
    """Return the codes of a kind that our tables have, those no longer in force among them."""
    return {
        "reason": {*carcs(), *retired()},
        "group": set(GROUPS),
        "remark": set(rarcs()),
        "status": set(status_codes()),
        "stage": set(status_categories()),
    }[kind]


def unknown_codes(seen: Collection[tuple[str, str]]) -> list[UnknownCode]:
    """Return those of the codes `seen` (kind, code) that our tables lack, most used first."""
    found: list[UnknownCode] = []
    with connection.cursor() as cursor:
        for kind, query in _UNKNOWN.items():
            codes = {code for its_kind, code in seen if its_kind == kind} - known_codes(kind)
            if not codes:
                continue
            cursor.execute(query, {"codes": sorted(codes)})
            found += [
                UnknownCode(kind, code, count, cents, first, latest, tuple(filter(None, names)))
                for code, count, cents, first, latest, names in cursor.fetchall()
            ]
    return sorted(found, key=lambda one: (-one.count, one.kind, one.code))


def use_parts(*, kind: str, code: str) -> list[UsePart]:
    """Return who sends a code and how; kind: reason, remark or status."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTS[kind], {"code": code})
        return [UsePart(*row) for row in cursor.fetchall()]
