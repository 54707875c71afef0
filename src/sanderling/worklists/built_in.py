"""The built-in views of the worklist: which items each holds, in SQL over `w`.

Counts (`tallying`) and lists (`listing`) read the same conditions, so that a number and the list
behind it cannot differ. `%(today)s` is the day that is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sanderling.core.ledger.accounts import Account
from sanderling.worklists.sorting import known_day

RISK_DAYS: Final = 14
# Patients' shares are worked by other people: they show only where they are asked for.
OF_INSURERS: Final = f"w.party <> {int(Account.PATIENT)}"
# Owed to us and still to be filed for: a refund's day is in the view of credit balances.
_WITH_DEADLINE: Final = (
    f"{OF_INSURERS} AND w.balance_cents > 0 AND NOT w.is_deadline_met"
    " AND w.deadline_date IS NOT NULL"
)
DUE: Final = (
    f"{OF_INSURERS} AND w.work_date <= %(today)s"
    " AND (w.not_before_date IS NULL OR w.not_before_date <= %(today)s)"
    " AND NOT (w.is_pended AND coalesce(w.follow_up_date, '-infinity') > %(today)s)"
)
# What a group says of its items: so many have a deadline soon.
SOON: Final = (
    f"NOT w.is_deadline_met AND w.deadline_date BETWEEN %(today)s AND %(today)s::date + {RISK_DAYS}"
)


@dataclass(frozen=True, slots=True)
class View:
    """A built-in view: its name in addresses, what it is called, what it holds, what it is for."""

    name: str
    title: str
    condition: str
    hint: str
    sort: tuple[str, ...] = ("-score",)


VIEWS: Final = (
    View("due", "Due today", DUE, "What should be worked now, the most valuable first."),
    View(
        "risk",
        "Deadline risk",
        # In the words of the index that the list is read from.
        f"{_WITH_DEADLINE} AND {known_day('w.deadline_date')}"
        f" BETWEEN %(today)s AND %(today)s::date + {RISK_DAYS}",
        f"A deadline within {RISK_DAYS} days that is not met yet.",
        ("deadline", "-balance"),
    ),
    View(
        "passed",
        "Deadline passed",
        f"{_WITH_DEADLINE} AND w.deadline_date < %(today)s",
        "The deadline has gone by and nothing shows that it was met.",
        ("-balance",),
    ),
    View(
        "no_response",
        "No response",
        f"{OF_INSURERS} AND w.barrier = 'no_response'",
        "Sent, and no answer within the usual time.",
    ),
    View("denied", "Denials", f"{OF_INSURERS} AND w.barrier = 'denied'", "Refused by the payer."),
    View(
        "rejected",
        "Rejected",
        f"{OF_INSURERS} AND w.barrier = 'rejected'",
        "Turned back before the payer looked at them.",
    ),
    View(
        "secondary",
        "Secondary unbilled",
        f"{OF_INSURERS} AND w.barrier = 'secondary_unbilled'",
        "The first payer has decided; the next one has no claim yet.",
    ),
    View(
        "underpaid",
        "Underpaid",
        f"{OF_INSURERS} AND w.barrier = 'underpaid'",
        "Paid, but less than it should be.",
    ),
    View(
        "client",
        "Waiting on client",
        f"{OF_INSURERS} AND w.barrier = 'awaiting_client'",
        "The client has been asked for something.",
    ),
    View(
        "broken",
        "Promises broken",
        f"{OF_INSURERS} AND w.promise_state = 'broken'",
        "The payer promised a payment and the day has passed.",
    ),
    View(
        "escalated",
        "Escalated",
        f"{OF_INSURERS} AND w.escalation_level > 0",
        "On the ladder of escalation.",
    ),
    View(
        "flagged",
        "Flagged",
        "w.is_flagged",
        "A client flagged it and waits for an answer of ours.",
    ),
    View(
        "credit",
        "Credit balances",
        f"{OF_INSURERS} AND w.balance_cents < 0",
        "Paid more than was owed: refund, or correct what was posted.",
        ("balance",),
    ),
    View(
        "unassigned",
        "Unassigned",
        f"{OF_INSURERS} AND w.assignee_id IS NULL",
        "Nobody owns them yet.",
    ),
    View(
        "not_yet",
        "Not yet",
        f"{OF_INSURERS} AND w.not_before_date IS NOT NULL"
        f" AND {known_day('w.not_before_date')} > %(today)s",
        "No touch is worth it before the day shown.",
        ("not_before", "-score"),
    ),
    View(
        "patient",
        "Patient owes",
        f"w.party = {int(Account.PATIENT)}",
        "Shares of patients.",
        ("-balance",),
    ),
    View("all", "Everything", "true", "Every open balance, patients' shares too.", ("-balance",)),
)
BY_NAME: Final[Mapping[str, View]] = {view.name: view for view in VIEWS}
DEFAULT_VIEW: Final = "due"
DENIED: Final = "denied"  # the view that has a sub-view for each category
