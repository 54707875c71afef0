"""Shapes the lists of balances and denials: words, days left, the columns' sorting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sanderling.barriers.listing import Moved, Row, Wanted
from sanderling.barriers.telling import sentence_of
from sanderling.barriers.where_money import PASSED
from sanderling.core.ages import DEFAULT_BUCKETS, bucket_labels
from sanderling.core.barriers.words import (
    PARTIES,
    action_title,
    barrier_title,
    category_title,
    cause_text,
    deadline_title,
    team_title,
)
from sanderling.core.codes.carc import title_of

SOON_DAYS: Final = 14
_COLUMNS: Final = (  # name to sort by ("" for none), title, style
    ("claim", "Claim", ""),
    ("client", "Client", ""),
    ("", "Patient", ""),
    ("payer", "Owed by", ""),
    ("service", "Age", "number"),
    ("balance", "Balance", "money"),
    ("barrier", "Why it is open", ""),
    ("deadline", "Deadline", ""),
    ("next", "Next", ""),
)
_DENIAL_COLUMNS: Final = (
    ("", "Claim", ""),
    ("", "Client", ""),
    ("", "Patient", ""),
    ("", "Payer", ""),
    ("received", "Received", ""),
    ("", "Procedure", ""),
    ("", "Provider", ""),
    ("", "Reason", ""),
    ("", "Category", ""),
    ("denied", "Denied", "money"),
    ("", "State", ""),
)
DESCENDING_FIRST: Final = ("balance", "denied", "received", "since")


def days_left(row: Mapping[str, Any], as_of: date) -> int | None:
    """Return the days until the deadline, negative when it has passed, None when there is none."""
    deadline = row["deadline_date"]
    return (deadline - as_of).days if isinstance(deadline, date) else None


def deadline_mark(row: Mapping[str, Any], as_of: date) -> dict[str, str] | None:
    """Return a deadline as a short text and a color; None without one."""
    left = days_left(row, as_of)
    if left is None:
        return None
    if row["is_deadline_met"]:
        return {"text": "met", "color": "green"}
    if left < 0:
        return {"text": f"{-left} day{'' if left == -1 else 's'} over", "color": "red"}
    text = "today" if left == 0 else f"{left} day{'' if left == 1 else 's'} left"
    return {"text": text, "color": "orange" if left <= SOON_DAYS else "secondary"}


def shown(row: Row, as_of: date) -> Row:
    """Return a row of the list as the page shows it."""
    names = (row["patient_last_name"], row["patient_first_name"])
    payer = row["payer_name"] or "Unknown payer"
    return {
        **row,
        "patient": ", ".join(name for name in names if name),
        "payer_text": payer,
        "party_text": PARTIES.get(row["party"], ""),
        "barrier_text": barrier_title(row["barrier"]),
        "category_text": category_title(row["category"]),
        "sentence": sentence_of(row, payer_name=payer, as_of=as_of),
        "action_text": action_title(row["next_action"]) if row["next_action"] else "",
        "team_text": team_title(row["team"]) if row["team"] else "",
        "deadline_text": deadline_title(row["deadline_kind"], row["deadline_level"]),
        "mark": deadline_mark(row, as_of),
        "days_left": days_left(row, as_of),
    }


def exported(row: Row, as_of: date) -> Row:
    """Return a row of the list with the names of an export (listing.COLUMNS)."""
    found = shown(row, as_of)
    return {
        **found,
        "responsibility": found["party_text"],
        "payer_name": row["payer_name"] or "",
        "payer_id": row["payer_id"] or "",
        "deadline": row["deadline_date"],
        "since": row["since_date"],
    }


def denial_shown(row: Row) -> Row:
    """Return a denial as the page shows it."""
    return {
        **row,
        "category_text": category_title(row["category"]),
        "reason_text": title_of(row["reason_code"]),
        "state": "standing" if row["is_standing"] else "overturned or replaced",
    }


def described(wanted: Wanted) -> list[tuple[str, str]]:
    """Return in words which balances were chosen, beside client and payer."""
    question = wanted.question
    found = []
    if wanted.moved:
        found += _moved(wanted.moved)
    elif question.barrier:
        found.append(("Barrier", barrier_title(question.barrier)))
    if not wanted.moved and question.category:
        found.append(("Category", category_title(question.category.strip("()"))))
    if not wanted.moved and question.team:
        found.append(("Team", team_title(question.team.strip("()"))))
    if wanted.bucket is not None:
        found.append(("Age", f"{bucket_labels(DEFAULT_BUCKETS)[wanted.bucket].lower()} days"))
    if wanted.window:
        text = "passed" if wanted.window == PASSED else f"within {wanted.window} days"
        found.append((deadline_title(wanted.kind) if wanted.kind else "Deadline", text))
    if wanted.is_credit is not None:
        found.append(("Balances", "credits" if wanted.is_credit else "owed"))
    return found


def _moved(moved: Moved) -> list[tuple[str, str]]:
    since = moved.since.isoformat()
    if not moved.now:
        return [("Closed since", since), ("Was", barrier_title(moved.was))]
    found = [("Now", barrier_title(moved.now))]
    if not moved.was:
        found.insert(0, ("New since", since))
    elif moved.was == moved.now:
        found.insert(0, ("Unchanged since", since))
    else:
        found.insert(0, (f"On {since}", barrier_title(moved.was)))
    if moved.cause:
        found.append(("Because of", cause_text(moved.cause)))
    return found


def sortable(sort: str, *, is_denials: bool = False) -> Sequence[Mapping[str, str]]:
    """Return the columns, each with what to sort by when it is chosen next."""
    found = []
    for name, title, style in _DENIAL_COLUMNS if is_denials else _COLUMNS:
        first = f"-{name}" if name in DESCENDING_FIRST else name
        is_current = bool(name) and sort.removeprefix("-") == name
        toggled = name if sort.startswith("-") else f"-{name}"
        state = ("descending" if sort.startswith("-") else "ascending") if is_current else "none"
        # An older service is a greater age.
        if name == "service" and is_current:
            state = "ascending" if state == "descending" else "descending"
        chosen = (toggled if is_current else first) if name else ""
        found.append({"title": title, "style": style, "sort": chosen, "state": state})
    return found
