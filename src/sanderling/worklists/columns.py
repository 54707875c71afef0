"""Columns of the worklist: what they are called, sorted by, and exported as."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `sort` is a key of sorting.ORDERS, `exported` the names of its typed values."""

    title: str
    sort: str
    exported: tuple[str, ...]
    style: str = ""
    is_descending_first: bool = False


COLUMNS: Final[Mapping[str, Column]] = {
    "priority": Column(
        "Priority", "score", ("value_cents", "effort_minutes", "why_now"), "why", True
    ),
    "claim": Column("Claim, client, patient", "claim", ("claim", "patient")),
    "payer": Column("Payer", "payer", ("payer_name", "responsibility"), "payer"),
    "balance": Column("Balance, age", "balance", ("balance_cents",), "money", True),
    "barrier": Column(
        "Why it is open", "barrier", ("barrier", "category", "group_code", "reason_code")
    ),
    "deadline": Column("Deadline", "deadline", ("deadline", "deadline_kind", "days_left")),
    "next": Column("Next, owner", "next", ("next_follow_up_date", "next_action")),
    # Not shown unless chosen:
    "client": Column("Client", "client", ("client",)),
    "service": Column("Service, age", "service", ("service_date", "age_days")),
    "touched": Column("Last touch", "touched", ("last_touch_date", "touches"), "", True),
    "owner": Column("Owner", "owner", ("owner",)),
    "tags": Column("Tags", "", ("tags",)),
    "patient": Column("Patient", "patient", ("patient",)),
    "reason": Column("Reason code", "reason", ("group_code", "reason_code", "remark_code")),
    "category": Column("Category", "category", ("category", "subcategory")),
    "action": Column("Next action", "action", ("next_action",)),
    "team": Column("Team", "team", ("team",)),
    "touches": Column("Touches", "touches", ("touches",), "number", True),
    "value": Column("Value of a touch", "value", ("value_cents",), "money", True),
    "minutes": Column("Minutes", "minutes", ("effort_minutes",), "number", True),
    "charge": Column("Billed", "charge", ("charge_cents",), "money", True),
    "plan": Column("Plan", "", ("plan",)),
    "provider": Column("Provider", "", ("rendering_npi", "rendering_name")),
    "location": Column("Location", "", ("location",)),
    "level": Column("Escalation", "level", ("escalation_level",), "number", True),
    "promise": Column("Promise", "", ("promise_date", "promise_state")),
    "project": Column("Project", "", ("project",)),
    "not_yet": Column("Not before", "not_before", ("not_before_date",)),
    "since": Column("Open since", "since", ("since_date",)),
}
# As many as stand beside each other at 1440 pixels; the cells of claim, balance and next tell the
# client, the age and the owner, too.
USUAL: Final = ("priority", "claim", "payer", "balance", "barrier", "deadline", "next")
# Always exported: what names a row.
_NAMED: Final = ("client", "claim", "responsibility")


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of these names in their order, the usual ones when none is known."""
    found = tuple(dict.fromkeys(name for name in names if name in COLUMNS))
    return found or USUAL


def exported(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of an export's columns: claim and client first, then the chosen ones."""
    found = [*_NAMED]
    for name in names:
        found += COLUMNS[name].exported
    return tuple(dict.fromkeys(found))
