"""Shapes items for the grid and for exports.

The cells of a row are written here rather than in a template: a page of fifty rows is a thousand
cells, and the template engine takes ten times as long for them. Every value goes through `_text`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any, Final

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from sanderling.core.barriers.words import (
    PARTIES,
    action_title,
    barrier_title,
    category_title,
    deadline_title,
    team_title,
)
from sanderling.core.codes.carc import title_of
from sanderling.core.priority.value import FLAGGED_SCORE
from sanderling.worklists.columns import COLUMNS
from sanderling.worklists.listing import Row
from sanderling.worklists.reasons import reason_chip
from sanderling.worklists.templatetags.work_acts import words_of

SOON_DAYS: Final = 14
_NOTHING: Final = '<span class="nothing">\N{EN DASH}</span>'


@dataclass(frozen=True, slots=True)
class Shown:
    """What the cells of all rows need: the day, people and projects by id."""

    today: date
    people: Mapping[int, str]
    projects: Mapping[int, str]


def rows_html(rows: Sequence[Row], columns: Sequence[str], shown: Shown) -> SafeString:
    """Return the rows of the grid's body."""
    cells = [(COLUMNS[name], _CELLS[name]) for name in columns]
    address = reverse("work-item", args=[0]).rpartition("0/")[0]
    found = []
    for row in rows:
        key = row["id"]
        found.append(
            f'<tr id="item-{key}" data-item="{key}" data-item-url="{address}{key}/"'
            f' data-claim-url="{_text(_claim_url(row))}" data-is="{words_of(row)}"'
            f"{_row_class(row, shown.today)}>"
            f'<td class="select"><input class="form-check-input" type="checkbox" name="item"'
            f' value="{key}" aria-label="Select {_text(row["claim_number"])}"></td>'
        )
        for column, cell in cells:
            style = f' class="{column.style}"' if column.style else ""
            found.append(f'<td{style} data-title="{column.title}">{cell(row, shown)}</td>')
        found.append("</tr>")
    return mark_safe("".join(found))  # noqa: S308 - built above from escaped values


def exported_row(row: Row, shown: Shown) -> dict[str, object]:
    """Return an item with the names of an export."""
    deadline = row["deadline_date"]
    return {
        **row,
        "client": row["client_code"],
        "claim": row["claim_number"],
        "patient": row["patient_name"],
        "responsibility": PARTIES.get(row["party"], ""),
        "age_days": age_days(row, shown.today),
        "why_now": reason_chip(row["reasons"]),
        "deadline": deadline,
        "days_left": None if deadline is None else (deadline - shown.today).days,
        "next_follow_up_date": row["work_date"],
        "owner": shown.people.get(row["assignee_id"], ""),
        "project": shown.projects.get(row["project_id"], ""),
    }


def age_days(row: Mapping[str, Any], today: date) -> int | None:
    """Return the days since the service, None when its day is not known."""
    service = row["service_date"]
    return max((today - service).days, 0) if service else None


def deadline_mark(row: Mapping[str, Any], today: date) -> tuple[str, str]:
    """Return a deadline as a short text and a color; two empty texts without one."""
    deadline = row["deadline_date"]
    if deadline is None:
        return "", ""
    if row["is_deadline_met"]:
        return "met", "green"
    left = (deadline - today).days
    if left < 0:
        return f"{-left} d over", "red"
    text = "today" if left == 0 else f"{left} d left"
    return text, "red" if left < SOON_DAYS else "orange" if left <= 2 * SOON_DAYS else "secondary"


def money(cents: int) -> str:
    """Return cents as dollars, as the filter of the same name does."""
    sign = "-" if cents < 0 else ""
    dollars, rest = divmod(abs(cents), 100)
    return f"{sign}${dollars:,}.{rest:02d}"


def short_money(cents: int) -> str:
    """Return cents as whole dollars, thousands and millions: $950, $12.4k, $3.1M."""
    sign, dollars = "-" if cents < 0 else "", abs(cents) / 100
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if dollars >= size * 0.9995:
            return f"{sign}${dollars / size:,.1f}{letter}"
    return f"{sign}${dollars:,.0f}"


def _text(value: object) -> str:
    return escape(str(value))


def _claim_url(row: Row) -> str:
    return reverse("claim", args=[row["client_code"], row["claim_number"]])


def _row_class(row: Row, today: date) -> str:
    return ' class="is-pended"' if row["is_pended"] and row["work_date"] > today else ""


def _badge(text: str, color: str, hint: str = "") -> str:
    title = f' title="{_text(hint)}"' if hint else ""
    return f'<span class="badge bg-{color}-lt"{title}>{_text(text)}</span>'


def _small(text: str) -> str:
    return f'<div class="small text-secondary">{text}</div>'


def _priority(row: Row, _shown: Shown) -> str:
    chip = reason_chip(row["reasons"])
    flags = "".join(
        _badge(text, color)
        for holds, text, color in (
            (row["is_key_client"], "key", "purple"),
            (row["is_high_dollar"], "high $", "blue"),
            (row["is_flagged"], "flagged", "red"),
            (row["escalation_level"], f"level {row['escalation_level']}", "orange"),
            (row["promise_state"] == "broken", "promise broken", "red"),
        )
        if holds
    )
    hint = f"{money(row['value_cents'])} in {row['effort_minutes']:.0f} min"
    score = f'<span class="figure" title="{_text(hint)}">{_text(_per_minute(row))}</span>'
    return score + (f" {_badge(chip, 'secondary')}" if chip else "") + flags


def _per_minute(row: Row) -> str:
    # What a flag lifts it above all else is no money.
    lifted = FLAGGED_SCORE if row["score"] >= FLAGGED_SCORE else 0.0
    dollars = (row["score"] - lifted) / 100
    return f"${dollars:,.0f}/min" if dollars >= 1 else f"${dollars:.2f}/min"


def _claim(row: Row, shown: Shown) -> str:
    address = reverse("work-item", args=[row["id"]])
    names = " · ".join(part for part in (row["client_code"], row["patient_name"]) if part)
    marks = _marks(row, shown)
    return (
        f'<a class="text-nowrap" href="{address}" data-drawer>{_text(row["claim_number"])}</a>'
        + _small(_text(names))
        + " ".join(marks)
    )


def _payer(row: Row, _shown: Shown) -> str:
    if PARTIES.get(row["party"]) == "patient":
        return "Patient"
    name = _text(row["payer_name"] or "Unknown payer")
    place = PARTIES.get(row["party"], "")
    return name + (_small(place) if place != "primary" else "")


def _service(row: Row, shown: Shown) -> str:
    days = age_days(row, shown.today)
    if days is None:
        return _NOTHING
    return f'<span class="text-nowrap">{row["service_date"]}</span>' + _small(f"{days} d")


def _balance(row: Row, shown: Shown) -> str:
    style = ' class="credit"' if row["balance_cents"] < 0 else ""
    days = age_days(row, shown.today)
    age = "" if days is None else _small(f"{days} day{'' if days == 1 else 's'}")
    short = _small(f"{money(-row['variance_cents'])} short") if row["variance_cents"] else ""
    return f"<strong{style}>{money(row['balance_cents'])}</strong>{short}{age}"


def _barrier(row: Row, shown: Shown) -> str:
    found = _text(barrier_title(row["barrier"]))
    if row["category"]:
        found += f" {_badge(category_title(row['category']), 'secondary')}"
    if row["reason_code"]:
        found += f" {_reason(row, shown)}"
    return found


def _reason(row: Row, _shown: Shown) -> str:
    if not row["reason_code"]:
        return _NOTHING
    code = "-".join(part for part in (row["group_code"], row["reason_code"]) if part)
    code += f" {row['remark_code']}" if row["remark_code"] else ""
    title = title_of(row["reason_code"])
    return f'<abbr class="code" title="{_text(title)}">{_text(code)}</abbr>'


def _deadline(row: Row, shown: Shown) -> str:
    text, color = deadline_mark(row, shown.today)
    if not text:
        return _NOTHING
    kind = deadline_title(row["deadline_kind"], row["deadline_level"])
    return _badge(text, color, f"{kind}, {row['deadline_date']}") + _small(_text(kind))


def _touched(row: Row, shown: Shown) -> str:
    day = row["last_touch_date"]
    if day is None:
        return _small("never")
    who = shown.people.get(row["last_touch_user_id"], "")
    count = f"{row['touches']} touch{'' if row['touches'] == 1 else 'es'}"
    return f'<span class="text-nowrap">{day}</span>' + _small(
        _text(f"{count}, {who}" if who else count)
    )


def _next(row: Row, shown: Shown) -> str:
    day = row["work_date"]
    late = " text-danger" if day < shown.today else ""
    found = f'<span class="text-nowrap{late}">{day}</span>'
    if row["not_before_date"] and row["not_before_date"] > shown.today:
        found += _badge(f"not before {row['not_before_date']}", "secondary")
    owner = shown.people.get(row["assignee_id"], "nobody's") if row["assignee_id"] else "nobody's"
    return found + _small(_text(f"{action_title(row['next_action'])}, {owner}"))


def _owner(row: Row, shown: Shown) -> str:
    if row["assignee_id"] is None:
        return _NOTHING
    return _text(shown.people.get(row["assignee_id"], f"user {row['assignee_id']}"))


def _marks(row: Row, shown: Shown) -> list[str]:
    """Return tags, project, tasks and a write-off that is asked for, as badges."""
    found = [_badge(tag, "cyan") for tag in row["tags"]]
    if row["project_id"]:
        found.append(_badge(shown.projects.get(row["project_id"], "project"), "green"))
    if row["open_tasks"]:
        found.append(
            _badge(f"{row['open_tasks']} task{'' if row['open_tasks'] == 1 else 's'}", "blue")
        )
    if row["write_off_state"]:
        found.append(_badge("write-off requested", "yellow"))
    return found


def _tags(row: Row, shown: Shown) -> str:
    return " ".join(_marks(row, shown)) or _NOTHING


def _promise(row: Row, _shown: Shown) -> str:
    if row["promise_date"] is None:
        return _NOTHING
    color = "red" if row["promise_state"] == "broken" else "secondary"
    return f"{row['promise_date']} {_badge(row['promise_state'] or 'kept', color)}"


def _plain(name: str, words: Callable[[str], str] | None = None) -> Callable[[Row, Shown], str]:
    """Return a cell that shows one value as it is, or in words."""

    def cell(row: Row, _shown: Shown) -> str:
        value = row[name]
        if value is None or value == "":
            return _NOTHING
        return _text(words(value) if words else value)

    return cell


_CELLS: Final[Mapping[str, Callable[[Row, Shown], str]]] = {
    "priority": _priority,
    "client": _plain("client_code"),
    "claim": _claim,
    "payer": _payer,
    "service": _service,
    "balance": _balance,
    "barrier": _barrier,
    "deadline": _deadline,
    "touched": _touched,
    "next": _next,
    "owner": _owner,
    "tags": _tags,
    "patient": _plain("patient_name"),
    "reason": _reason,
    "category": _plain("category", category_title),
    "action": _plain("next_action", action_title),
    "team": _plain("team", team_title),
    "touches": _plain("touches"),
    "value": lambda row, _shown: money(row["value_cents"]),
    "minutes": lambda row, _shown: f"{row['effort_minutes']:.0f}",
    "charge": lambda row, _shown: money(row["charge_cents"]),
    "plan": _plain("plan"),
    "provider": lambda row, _shown: (
        _text(row["rendering_name"]) + _small(_text(row["rendering_npi"]))
    ),
    "location": _plain("location"),
    "level": lambda row, _shown: str(row["escalation_level"] or _NOTHING),
    "promise": _promise,
    "project": lambda row, shown: _text(shown.projects.get(row["project_id"], "")) or _NOTHING,
    "not_yet": _plain("not_before_date"),
    "since": _plain("since_date"),
}
assert set(_CELLS) == set(COLUMNS)  # noqa: S101 - every column can be shown
