"""Where each fact of a condition is found: over a work item `w`, its payer, its owner, an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sanderling.core.barriers.words import PARTIES

# For conditions over items; %(today)s is the day on which they are asked.
SOURCE: Final = """worklists_work_item w
  LEFT JOIN payers_payer p ON p.id = w.payer_id
  LEFT JOIN accounts_user u ON u.id = w.assignee_id"""
_PARTY: Final = " ".join(f"WHEN {number} THEN '{word}'" for number, word in PARTIES.items())
_ITEM: Final[Mapping[str, str]] = {
    "balance": "w.balance_cents",
    "charge": "w.charge_cents",
    "value": "w.value_cents",
    "age_days": "%(today)s::date - w.service_date",
    "days_to_deadline": (
        "CASE WHEN NOT w.is_deadline_met THEN w.deadline_date - %(today)s::date END"
    ),
    "days_since_touch": "%(today)s::date - coalesce(w.last_touch_date, w.since_date)",
    "days_in_barrier": "%(today)s::date - w.since_date",
    "days_overdue": "%(today)s::date - w.work_date",
    "touches": "w.touches",
    "open_tasks": "w.open_tasks",
    "escalation_level": "w.escalation_level",
    "barrier": "w.barrier",
    "category": "w.category",
    "reason_code": "w.reason_code",
    "remark_code": "w.remark_code",
    "group_code": "w.group_code",
    "detail": "w.detail",
    "next_action": "w.next_action",
    "team": "w.team",
    "payer": "w.payer_name",
    "payer_id": "coalesce(p.payer_id, '')",
    "payer_type": "coalesce(p.type, '')",
    "party": f"CASE w.party {_PARTY} ELSE '' END",
    "client": "w.client_code",
    "client_tier": "CASE WHEN w.is_key_client THEN 'key' ELSE 'standard' END",
    "provider": "w.rendering_name",
    "assignee": "coalesce(u.email, '')",
    "tags": "w.tags",
    "promise_state": "w.promise_state",
    "last_outcome": "w.last_outcome",
    "deadline_kind": "w.deadline_kind",
    "write_off_state": "w.write_off_state",
    "unassigned": "w.assignee_id IS NULL",
    "high_dollar": "w.is_high_dollar",
    "flagged": "w.is_flagged",
    "pended": "w.is_pended",
    "in_project": "w.project_id IS NOT NULL",
}
_EVENT_FACTS: Final = ("event", "event_was", "event_is", "event_cause")
ON_SCHEDULE: Final[Mapping[str, str]] = {**_ITEM, **dict.fromkeys(_EVENT_FACTS, "''::text")}
ON_EVENT: Final[Mapping[str, str]] = {
    **_ITEM,
    **{name: f"e.{name}" for name in _EVENT_FACTS},
}
