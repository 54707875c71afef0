"""The inbox: whose tasks wait, sums by team, a page of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.db import connection

from sanderling.core.barriers.words import PARTIES, team_title
from sanderling.tasks.kinds import kind_title, result_title
from sanderling.tasks.models import State

PAGE_ROWS: Final = 50
COLUMNS: Final = (
    "task",
    "team",
    "kind",
    "client",
    "claim",
    "responsibility",
    "payer_name",
    "question",
    "asked_by",
    "asked_at",
    "age_days",
    "due_date",
    "is_overdue",
    "assignee",
    "state",
    "balance_cents",
    "result",
    "answer",
    "answered_by",
    "answered_at",
)
WHOSE: Final = {
    "team": "My teams",
    "mine": "Mine",
    "asked": "Asked by me",
    "all": "All teams",
}
STATES: Final = {
    "undone": "Waiting",
    "answered": "Answered",
    "withdrawn": "Withdrawn",
    "any": "All",
}
ORDERS: Final = {
    "due": "t.due_date, balance DESC, t.id",
    "age": "t.asked_at, t.id",
    "balance": "balance DESC, t.id",
    "client": "k.code, t.due_date, t.id",
}
_FROM: Final = """
  FROM tasks_task t
  JOIN claims_claim c ON c.id = t.claim_id
  JOIN clients_client k ON k.id = t.client_id
  LEFT JOIN payers_payer p ON p.id = t.payer_id
  LEFT JOIN ledger_open_balance b ON b.claim_id = t.claim_id AND b.party = t.party
  LEFT JOIN accounts_user who ON who.id = t.assignee_id
  LEFT JOIN accounts_user asker ON asker.id = t.asked_by_id
  LEFT JOIN accounts_user teller ON teller.id = t.answered_by_id
"""
_ROWS: Final = """
SELECT t.id AS task, t.team, t.kind, k.code AS client, c.number AS claim, t.party,
       coalesce(p.name, '') AS payer_name, t.question, coalesce(asker.name, '') AS asked_by,
       t.asked_at, greatest(%(today)s - t.asked_at::date, 0) AS age_days, t.due_date,
       (t.state IN ('open', 'returned') AND t.due_date < %(today)s) AS is_overdue,
       coalesce(who.name, '') AS assignee, t.assignee_id, t.state,
       coalesce(b.balance_cents, 0) AS balance, t.result, t.result_value, t.answer,
       coalesce(teller.name, '') AS answered_by, t.answered_at, t.batch IS NOT NULL AS is_shared
"""
_SUMS: Final = """
SELECT t.team, count(*), coalesce(sum(b.balance_cents), 0)::bigint,
       count(*) FILTER (WHERE t.due_date < %(today)s)
  FROM tasks_task t
  LEFT JOIN ledger_open_balance b ON b.claim_id = t.claim_id AND b.party = t.party
 WHERE {where} AND t.state IN ('open', 'returned')
 GROUP BY t.team
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which tasks to show to whom."""

    user_id: int
    today: date
    teams: tuple[str, ...] = ()  # the user's own
    whose: str = "team"
    team: str = ""  # of these, one team
    state: str = "undone"
    order: str = "due"

    def where(self) -> str:
        """Return the condition on t; values are parameters."""
        whose = {
            "team": "t.team = ANY (%(teams)s)",
            "mine": "(t.assignee_id = %(user)s OR (t.asked_by_id = %(user)s"
            " AND t.state = 'returned'))",
            "asked": "t.asked_by_id = %(user)s",
            "all": "true",
        }
        return whose[self.whose]

    def params(self) -> dict[str, Any]:
        """Return the parameters of `where`."""
        return {
            "user": self.user_id,
            "teams": list(self.teams),
            "team": self.team,
            "today": self.today,
        }


@dataclass(frozen=True, slots=True)
class Tab:
    """A team with what waits for it."""

    team: str
    title: str
    count: int = 0
    balance_cents: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class Inbox:
    """Tabs with sums of what waits, and the rows of one page."""

    tabs: list[Tab]
    rows: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0
    page: int = 1

    @property
    def pages(self) -> int:
        """Return how many pages there are."""
        return max(1, -(-self.count // PAGE_ROWS))


def inbox(asked: Asked, *, page: int = 1, limit: int | None = PAGE_ROWS) -> Inbox:
    """Return the tabs and a page of tasks that the session may see; `limit` None: all of them."""
    where = [asked.where()]
    if asked.team:
        where.append("t.team = %(team)s")
    if asked.state == "undone":
        where.append("t.state IN ('open', 'returned')")
    elif asked.state != "any":
        where.append(f"t.state = '{State(asked.state).value}'")
    condition = " AND ".join(where)
    cut = "" if limit is None else f" LIMIT {int(limit)} OFFSET {(max(page, 1) - 1) * int(limit)}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {_FROM} WHERE {condition}", asked.params())
        (count,) = cursor.fetchone()
        cursor.execute(
            f"{_ROWS} {_FROM} WHERE {condition} ORDER BY {ORDERS[asked.order]}{cut}",
            asked.params(),
        )
        names = [column.name for column in cursor.description or ()]
        rows = [_worded(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
    return Inbox(tabs=_tabs(asked), rows=rows, count=int(count), page=page)


def _worded(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "balance_cents": int(row["balance"]),
        "responsibility": PARTIES.get(row["party"], ""),
        "team_text": team_title(row["team"]),
        "kind_text": kind_title(row["kind"]),
        "state_text": State(row["state"]).label,
        "result_text": result_title(row["kind"], row["result"], row["result_value"])
        if row["result"]
        else "",
    }


def _tabs(asked: Asked) -> list[Tab]:
    """Return each team's sums; teams of the user's own also where nothing waits."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS.format(where=asked.where()), asked.params())
        found = {
            team: Tab(team, team_title(team), int(count), int(cents), int(overdue))
            for team, count, cents, overdue in cursor.fetchall()
        }
    shown: Sequence[str] = asked.teams if asked.whose == "team" else ()
    missing = [team for team in shown if team not in found]
    tabs = [*found.values(), *(Tab(team, team_title(team)) for team in missing)]
    return sorted(tabs, key=lambda tab: (-tab.count, tab.title))
