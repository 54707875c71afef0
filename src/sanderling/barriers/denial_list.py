"""The denials behind a number of the page "At a glance", newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sanderling.barriers.asking import run, where
from sanderling.barriers.glance import DENIAL_PARTS, Scope, denial_conditions
from sanderling.barriers.listing import Row, Size, read_token

# name -> SQL that is never null, its type
DENIAL_ORDERS: Final[Mapping[str, tuple[str, str]]] = {
    "received": ("d.received_date", "date"),
    "denied": ("d.denied_cents", "bigint"),
}
DENIAL_COLUMNS: Final = (
    "client",
    "claim",
    "patient",
    "payer_id",
    "payer_name",
    "responsibility",
    "received_date",
    "procedure",
    "provider",
    "group_code",
    "reason_code",
    "remark_code",
    "category",
    "subcategory",
    "team",
    "preventable",
    "denied_cents",
    "is_initial",
    "is_standing",
)


class WrongDenials(Exception):
    """The list asks for an order or part that does not exist."""


@dataclass(frozen=True, slots=True)
class WantedDenials:
    """Which denials: the scope, values of DENIAL_PARTS, and how to sort them."""

    scope: Scope
    parts: dict[str, str] = field(default_factory=dict)
    is_duplicate: bool = False
    order: str = "denied"
    is_descending: bool = True

    def __post_init__(self) -> None:
        if self.order not in DENIAL_ORDERS:
            raise WrongDenials(f"no order {self.order!r}; there are {', '.join(DENIAL_ORDERS)}")
        if set(self.parts) - set(DENIAL_PARTS):
            raise WrongDenials(f"parts are {', '.join(DENIAL_PARTS)}")


def denials_size(wanted: WantedDenials) -> Size:
    """Return how many denials there are in all, and what was denied."""
    statement = f"""
        SELECT count(*), coalesce(sum(d.denied_cents), 0)::bigint
          FROM barriers_denial AS d {where(_conditions(wanted))}
    """  # noqa: S608  (parts are ours; what comes from outside are parameters)
    return Size(*run(statement, _params(wanted))[0])


def denials_page(
    wanted: WantedDenials, *, limit: int | None, after: str = ""
) -> tuple[list[Row], str]:
    """Return the denials after the token `after`, and the token of the next page, "" for none."""
    order, kind = DENIAL_ORDERS[wanted.order]
    conditions = _conditions(wanted)
    params = _params(wanted) | {"limit": None if limit is None else limit + 1}
    place = read_token(after, kind)
    if place is not None:
        sign = "<" if wanted.is_descending else ">"
        conditions.append(
            f"({order}, d.payment_id, d.line_index) {sign}"
            f" (%(after)s::{kind}, %(after_payment)s, %(after_line)s)"
        )
        params |= dict(zip(("after", "after_payment", "after_line"), place, strict=True))
    direction = "DESC" if wanted.is_descending else "ASC"
    names = (*DENIAL_COLUMNS, "payment_id", "line_index", "place")
    statement = f"""
        SELECT k.code, c.number,
               concat_ws(', ', nullif(c.patient_last_name, ''), nullif(c.patient_first_name, '')),
               p.payer_id, p.name,
               CASE d.party WHEN 11 THEN 'primary' WHEN 12 THEN 'secondary' ELSE 'tertiary' END,
               d.received_date, d.procedure, d.rendering_npi, d.group_code, d.reason_code,
               d.remark_code, d.category, d.subcategory, d.team, d.preventable, d.denied_cents,
               d.is_initial, d.is_standing, d.payment_id, d.line_index, ({order})::text
          FROM (SELECT d.* FROM barriers_denial AS d {where(conditions)}
                 ORDER BY {order} {direction}, d.payment_id {direction}, d.line_index {direction}
                 LIMIT %(limit)s) AS d
          JOIN claims_claim c ON c.id = d.claim_id
          JOIN clients_client k ON k.id = d.client_id
          LEFT JOIN payers_payer p ON p.id = d.payer_id
         ORDER BY {order} {direction}, d.payment_id {direction}, d.line_index {direction}
    """  # noqa: S608  (as above)
    rows: list[Row] = [dict(zip(names, row, strict=True)) for row in run(statement, params)]
    if limit is None or len(rows) <= limit:
        return rows, ""
    last = rows[limit - 1]
    return rows[:limit], f"{last['place']}~{last['payment_id']}~{last['line_index']}"


def _conditions(wanted: WantedDenials) -> list[str]:
    return [
        *denial_conditions(wanted.scope),
        "d.is_duplicate" if wanted.is_duplicate else "NOT d.is_duplicate",
        *(f"({DENIAL_PARTS[name]})::text = %(part_{name})s" for name in sorted(wanted.parts)),
    ]


def _params(wanted: WantedDenials) -> dict[str, Any]:
    return wanted.scope.params() | {f"part_{name}": text for name, text in wanted.parts.items()}
