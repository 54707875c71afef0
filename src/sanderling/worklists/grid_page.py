"""Shapes the worklist page around the grid: rail, cards, chips, column heads, addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from django.http import QueryDict

from sanderling.core.ages import DEFAULT_BUCKETS, bucket_labels
from sanderling.core.barriers.words import (
    action_title,
    barrier_title,
    category_title,
    team_title,
)
from sanderling.worklists.asking import GROUPS, NAMES, NONE, SCOPES, Question
from sanderling.worklists.built_in import DEFAULT_VIEW, DENIED, VIEWS, View
from sanderling.worklists.columns import COLUMNS
from sanderling.worklists.list_page import short_money
from sanderling.worklists.listing import Group
from sanderling.worklists.sorting import SORTS_MAX, WAYS
from sanderling.worklists.tallying import Counts

# What an address of the page may say, in this order; anything else is dropped.
PARAMETERS: Final = ("view", "scope", "order", "sort", "group", "cols", *NAMES)
_TITLES: Final[Mapping[str, str]] = {
    "client": "Client",
    "payer": "Payer",
    "barrier": "Barrier",
    "category": "Category",
    "reason": "Reason",
    "action": "Next action",
    "team": "Team",
    "owner": "Owner",
    "age": "Age in days",
    "min": "At least $",
    "max": "At most $",
    "within": "Deadline within days",
    "provider": "Provider",
    "location": "Location",
    "plan": "Plan",
    "tag": "Tag",
    "project": "Project",
    "level": "Escalation level at least",
    "touched": "Not touched for days",
    "touches_min": "Touches at least",
    "touches_max": "Touches at most",
    "late_min": "Days late at least",
    "late_max": "Days late at most",
    "insurers": "Insurers' balances only",
    "high": "High dollar",
    "key": "Key client",
    "flagged": "Flagged by the client",
    "pended": "Pended",
    "due": "Due today",
    "issue": "Issue",
    "same": "One patient",
    "search": "Search",
}
_WORDS: Final = {
    "barrier": barrier_title,
    "category": category_title,
    "action": action_title,
    "team": team_title,
}


def address(asked: QueryDict, **changes: str | Sequence[str] | None) -> str:
    """Return the page's query with some parameters changed (None: left out), always from page 1."""
    pairs: list[tuple[str, str]] = []
    for name in PARAMETERS:
        if name in changes:
            value = changes[name]
            values = [value] if isinstance(value, str) else list(value or [])
        else:
            values = asked.getlist(name)
        pairs += [(name, one) for one in values if one]
    pairs += [
        (name, value)
        for name, value in changes.items()
        if name not in PARAMETERS and isinstance(value, str)
    ]
    # Something must follow, or the view that the user opens with takes its place.
    return f"?{urlencode(pairs or [('view', DEFAULT_VIEW)])}"


def rail(question: Question, counts: Counts) -> list[dict[str, Any]]:
    """Return the built-in views with counts and dollars, denials with their categories."""
    scope = question.scope if question.scope != "all" else None

    def entry(name: str, title: str, hint: str, *, is_part: bool = False) -> dict[str, Any]:
        count = counts.of(name)
        return {
            "url": address(QueryDict(), view=name, scope=scope),
            "title": title,
            "hint": hint,
            "items": f"{count.items:,}",
            "dollars": short_money(count.balance_cents),
            "is_empty": not count.items,
            "is_part": is_part,
            "is_current": name == _name(question),
        }

    found = []
    for view in VIEWS:
        found.append(entry(view.name, view.title, view.hint))
        if view.name == DENIED:
            found += [
                entry(name, _category(name.partition(":")[2]), "", is_part=True)
                for name in counts.categories()
            ]
    return found


def scopes(asked: QueryDict, question: Question) -> list[dict[str, Any]]:
    """Return the chips of whose items are shown."""
    return [
        {
            "url": address(asked, scope=None if name == "all" else name),
            "title": title,
            "is_current": name == question.scope,
        }
        for name, title in SCOPES.items()
    ]


def groups(asked: QueryDict, question: Question) -> list[dict[str, Any]]:
    """Return the chips of what rows are brought together by."""
    return [
        {
            "url": address(asked, group=name or None),
            "title": title,
            "is_current": name == question.group,
        }
        for name, title in (("", "None"), *GROUPS.items())
    ]


def ways(asked: QueryDict, question: Question) -> list[dict[str, Any]]:
    """Return the orders that a lead may switch to."""
    return [
        {
            "name": name,
            "url": address(asked, order=name, sort=None),
            "title": title,
            "is_current": question.sort == sort,
        }
        for name, (title, sort) in WAYS.items()
    ]


def heads(asked: QueryDict, question: Question, columns: Iterable[str]) -> list[dict[str, str]]:
    """Return the column heads, each with the sort that a click on it asks for.

    A click sorts by that column; with Shift (`also`) it is added to what is sorted by already.
    """
    found = []
    current = {key.removeprefix("-"): key for key in question.sort}
    for name in columns:
        column = COLUMNS[name]
        if not column.sort:
            found.append({"title": column.title, "style": column.style})
            continue
        key = current.get(column.sort, "")
        first = f"-{column.sort}" if column.is_descending_first else column.sort
        toggled = column.sort if key.startswith("-") else f"-{column.sort}"
        wanted = toggled if key else first
        rest = [one for one in question.sort if one.removeprefix("-") != column.sort]
        added = [wanted if one == key else one for one in question.sort] if key else [*rest, wanted]
        state = "" if not key else "descending" if key.startswith("-") else "ascending"
        place = question.sort.index(key) + 1 if key and len(question.sort) > 1 else ""
        found.append(
            {
                "title": column.title,
                "style": column.style,
                "url": address(asked, sort=wanted, order=None),
                "also": address(asked, sort=",".join(added[:SORTS_MAX]), order=None),
                "state": state,
                "place": str(place),
            }
        )
    return found


def chips(
    asked: QueryDict, *, search: str, labels: Mapping[str, Mapping[str, str]]
) -> list[dict[str, str]]:
    """Return the filters that are set, each with the address without it."""
    found = []
    for name in NAMES:
        values = [one for one in asked.getlist(name) if one]
        if not values or (name == "search" and not search):
            continue
        known = labels.get(name, {})
        words = _WORDS.get(name)
        shown = [
            "none" if one == NONE else known.get(one) or (words(one) if words else one)
            for one in values
        ]
        if name in ("high", "key", "flagged", "pended", "due", "same"):
            text = ""
        elif name == "age":
            names = bucket_labels(DEFAULT_BUCKETS)
            text = ", ".join(names[int(one)] for one in values if one in "01234")
        elif name == "issue":
            barrier, _, rest = values[0].partition("~")
            parts = [barrier_title(barrier), *rest.replace("~", " ").split()]
            text = " ".join(parts)
        else:
            text = search if name == "search" else ", ".join(shown)
        found.append({"title": _TITLES[name], "text": text, "url": address(asked, **{name: None})})
    return found


def group_row(
    asked: QueryDict, question: Question, group: Group, codes: Mapping[int, str]
) -> dict[str, Any]:
    """Return a group: what it is called, what it holds, and the address of its items."""
    first = group.first
    payer = codes.get(first["payer_id"] or 0, NONE)
    changes: dict[str, str | None] = {"group": None}
    note = ""
    if question.group == "payer":
        title = first["payer_name"] or "Unknown payer"
        changes["payer"] = payer
    elif question.group == "issue":
        title = " · ".join(
            part
            for part in (
                barrier_title(first["barrier"]),
                category_title(first["category"]),
                first["reason_code"],
            )
            if part
        )
        note = first["payer_name"] or "Unknown payer"
        changes |= {
            "payer": payer,
            "issue": "~".join((first["barrier"], first["category"], first["reason_code"])),
        }
    elif question.group == "patient":
        title, note = first["patient_name"] or "No name", first["client_code"]
        changes["same"] = str(first["id"])
    else:
        title = first["rendering_name"] or first["rendering_npi"] or "No provider"
        note = first["rendering_npi"]
        changes["provider"] = first["rendering_npi"] or NONE
    return {
        "title": title,
        "note": note,
        "count": group.count,
        "balance_cents": group.balance_cents,
        "minutes": round(group.minutes),
        "deadline_count": group.deadline_count,
        "payer_id": first["payer_id"],
        "url": address(asked, **changes),
    }


def heading(question: Question) -> str:
    """Return what the list is called."""
    view: View = question.view
    if question.category:
        return f"{view.title}: {_category(question.category)}"
    return view.title


def _name(question: Question) -> str:
    return f"{DENIED}:{question.category}" if question.category else question.view.name


def _category(name: str) -> str:
    return "No category" if name == NONE else category_title(name)
