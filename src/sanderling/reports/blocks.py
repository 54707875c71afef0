"""The blocks that a report can have, by name: what each is, and for whom it can be made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sanderling.core.refusal import Refusal
from sanderling.reports import blocks_ahead, blocks_money, blocks_why
from sanderling.reports.book import Part
from sanderling.reports.kpi_sums import KEYS
from sanderling.reports.shapes import Block, Json

ROWS_MAX: Final = 50
AGING_BY: Final = ("payer", "provider")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of block. `not_of_one`: why it cannot be told for one provider; empty: it can."""

    name: str
    title: str
    hint: str
    make: Callable[[Part, Json], Block]
    not_of_one: str = ""
    options: tuple[str, ...] = ()  # of by, rows, keys


_LISTED: Final = (
    Kind("headline", "At a glance", "Cash in, billed, owed, over 90 days, follow-up.",
         blocks_money.headline),
    Kind("movement", "How receivables moved", "Opening balance, what happened, closing balance.",
         blocks_money.movement),
    Kind("cash", "Cash, and what brought it",
         "By payer; after a touch, on denials overturned, from disputes.", blocks_money.cash),
    Kind("aging", "Receivables by age", "By payer or provider, in buckets of 30 days.",
         blocks_money.aging, options=("by",)),
    Kind("trend", "Receivables over time", "Month ends of a year.", blocks_money.trend),
    Kind("barriers", "Why it is open", "Every open dollar by its reason.", blocks_why.barriers),
    Kind("denials", "Denials", "Rates, overturned, by kind.", blocks_why.denials),
    Kind("kpis", "Key figures", "Each beside the period before.", blocks_why.kpis,
         options=("keys",)),
    Kind("underpayments", "Paid short", "By payer, the dearest lines, what was recovered.",
         blocks_why.underpayments),
    Kind("issues", "Systemic issues", "What goes wrong again and again, with what is at stake.",
         blocks_why.issues, not_of_one="issues are found over all of a client's claims"),
    Kind("top_claims", "The largest open claims", "With reason and next step.",
         blocks_why.top_claims, options=("rows",)),
    Kind("work", "What we did", "Calls, portals, appeals, claims sent again.", blocks_ahead.work),
    Kind("service_levels", "Service levels", "What was agreed, and kept in time.",
         blocks_ahead.service_levels),
    Kind("prevention", "What we prevent", "Preventive actions and what they proved.",
         blocks_ahead.prevention),
    Kind("forecast", "Cash to come", "Thirteen weeks, with bounds.", blocks_ahead.forecast,
         options=("rows",)),
)  # fmt: skip
KINDS: Final[Mapping[str, Kind]] = {one.name: one for one in _LISTED}


class BadBlocks(Refusal):
    """A composition that cannot be made."""


def checked(blocks: object) -> list[Json]:
    """Return a composition as it is stored.

    Raises:
        BadBlocks: it is no list of known blocks with known options, or it is empty.
    """
    if not isinstance(blocks, list) or not blocks:
        raise BadBlocks("choose at least one block")
    return [_checked(one) for one in blocks]


def _checked(block: object) -> Json:
    if not isinstance(block, dict) or block.get("kind") not in KINDS:
        raise BadBlocks(f"there is no such block; there are {', '.join(KINDS)}")
    kind = KINDS[block["kind"]]
    unknown = set(block) - {"kind", *kind.options}
    if unknown:
        raise BadBlocks(f"block {kind.name} has no option {min(unknown)}")
    if "by" in block and block["by"] not in AGING_BY:
        raise BadBlocks(f"{kind.title} is by {' or '.join(AGING_BY)}")
    rows = block.get("rows", 1)
    if not isinstance(rows, int) or isinstance(rows, bool) or not 1 <= rows <= ROWS_MAX:
        raise BadBlocks(f"rows are 1 to {ROWS_MAX}")
    keys = block.get("keys", list(KEYS[:1]))
    if not isinstance(keys, list) or not keys or not set(keys) <= set(KEYS):
        raise BadBlocks(f"key figures are some of {', '.join(KEYS)}")
    return dict(block)


def made(part: Part, blocks: Sequence[Json]) -> list[Block]:
    """Return the blocks of a report with their numbers.

    Raises:
        BadBlocks: a block cannot be narrowed to a provider.
    """
    found = []
    for one in blocks:
        kind = KINDS[one["kind"]]
        if part.provider:
            refuse_block(kind)
        found.append(kind.make(part, one))
    return found


def refuse_block(kind: Kind) -> None:
    """Refuse a block that cannot be told for one provider.

    Raises:
        BadBlocks: it cannot; says why.
    """
    if kind.not_of_one:
        raise BadBlocks(
            f"{kind.title} cannot be told for one provider: {kind.not_of_one}; leave it out"
        )
