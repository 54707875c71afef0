"""Keeps work items in step with barriers and with the work done: one set of SQL for any number.

Runs in the transaction that makes the barriers anew. What people set (owner, date, tags, level)
stays; a date that a person set gives way when the payer says something new. An item whose balance
is gone becomes a departure; its owner is told.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection
from django.urls import reverse

from sanderling.core.barriers.words import barrier_title
from sanderling.news.actions import NewEvent, notify, record_events, wanted_kinds
from sanderling.worklists.valuing import revalue

# More changes than these at once are told as one notice for each person, and raise no events: a
# rebuild or a first load is no news about single claims.
NEWS_MAX: Final = 2_000
NEWS_OF_ONE_MAX: Final = 20
# Causes that are the payer's word, not ours: a date that a person set gives way to them.
PAYER_SAID: Final = (
    *("remittance", "reversal", "rejection", "acceptance", "status", "claim_sent", "snapshot"),
)

_SCOPE: Final = "(%(all)s OR w.claim_id = ANY (%(claims)s))"
# In the order of `targets`: who locks the same items waits, and never deadlocks.
_LOCK: Final = """
SELECT FROM worklists_work_item WHERE claim_id = ANY (%s) ORDER BY claim_id, party FOR UPDATE
"""
_CHANGED: Final = f"""
SELECT w.claim_id, w.party, w.client_id, w.payer_id, w.claim_number, w.client_code, w.assignee_id,
       w.barrier, coalesce(b.barrier, ''), coalesce(b.cause, ''), w.balance_cents,
       coalesce(b.balance_cents, 0)
  FROM worklists_work_item w LEFT JOIN barriers_barrier b USING (claim_id, party)
 WHERE {_SCOPE}
   AND (b.claim_id IS NULL OR (b.barrier, b.category) <> (w.barrier, w.category)
        OR b.balance_cents <> w.balance_cents)
 ORDER BY w.claim_id, w.party
 LIMIT %(limit)s
"""  # noqa: S608 - text of ours
_LEAVE: Final = f"""
WITH gone AS (
    DELETE FROM worklists_work_item w
     WHERE {_SCOPE} AND NOT EXISTS (
           SELECT FROM barriers_barrier b WHERE b.claim_id = w.claim_id AND b.party = w.party)
    RETURNING w.*
)
INSERT INTO worklists_departure
    (claim_id, party, client_id, payer_id, balance_cents, barrier, category, next_action, cause,
     paid_cents, assignee_id, touches, last_touch_date, last_touch_user_id, arrived_at, left_at)
SELECT g.claim_id, g.party, g.client_id, g.payer_id, g.balance_cents, g.barrier, g.category,
       g.next_action,
       CASE WHEN g.write_off_state <> '' AND e.paid_cents = 0 THEN 'write_off'
            WHEN e.paid_cents > 0 THEN 'remittance' ELSE 'balance' END,
       e.paid_cents, g.assignee_id, g.touches, g.last_touch_date, g.last_touch_user_id,
       g.arrived_at, %(at)s
  FROM gone g
 CROSS JOIN LATERAL (
    SELECT coalesce(sum(l.amount_cents), 0) AS paid_cents FROM ledger_entry l
     WHERE l.claim_id = g.claim_id AND l.credit = g.party AND l.debit = 30
       AND l.posted_date >= g.arrived_at::date) e
"""  # noqa: S608 - text of ours; 30: Account.CASH
_ARRIVE: Final = """
INSERT INTO worklists_work_item AS w
    (claim_id, party, client_id, payer_id, client_code, claim_number, patient_name, payer_name,
     plan, rendering_npi, rendering_name, location, service_date, first_billed_date, charge_cents,
     search_text, balance_cents, barrier, category, subcategory, detail, group_code, reason_code,
     remark_code, status_code, next_action, team, since_date, next_date, due_date, deadline_date,
     deadline_kind, deadline_level, is_deadline_met, cause, is_high_dollar, is_key_client,
     assignee_id, assigned_at, is_pended, escalation_level, is_flagged, tags, touches,
     last_outcome, promise_state, open_tasks, write_off_state, value_cents, effort_minutes, score,
     reasons, arrived_at, changed_at)
SELECT b.claim_id, b.party, b.client_id, b.payer_id, k.code, c.number,
       concat_ws(', ', nullif(c.patient_last_name, ''), nullif(c.patient_first_name, '')),
       coalesce(p.name, ''), c.plan, c.rendering_npi, c.rendering_name, c.location,
       coalesce(b.service_date, c.service_from_date, c.first_billed_date), c.first_billed_date,
       c.charge_cents,
       lower(concat_ws(' ', c.number, c.patient_last_name, c.patient_first_name, c.member_id,
                       p.name, k.code, c.rendering_name, numbers.keys)),
       b.balance_cents, b.barrier, b.category, b.subcategory, b.detail, b.group_code,
       b.reason_code, b.remark_code, b.status_code, b.next_action, b.team, b.since_date,
       b.next_date, b.due_date, b.deadline_date, b.deadline_kind, b.deadline_level,
       b.is_deadline_met, b.cause,
       coalesce(abs(b.balance_cents) >= k.high_dollar_cents, false), k.tier = 'key',
       former.assignee_id, CASE WHEN former.assignee_id IS NULL THEN NULL ELSE %(at)s END,
       false, 0, false, '{}', 0, '', '', 0, '', 0, 0, 0, '[]', %(at)s, %(at)s
  FROM barriers_barrier b
  JOIN claims_claim c ON c.id = b.claim_id
  JOIN clients_client k ON k.id = b.client_id
  LEFT JOIN payers_payer p ON p.id = b.payer_id
  LEFT JOIN LATERAL (
       SELECT string_agg(DISTINCT n.key, ' ') AS keys FROM claims_claim_number n
        WHERE n.claim_id = b.claim_id AND n.kind = 'payer') numbers ON true
  LEFT JOIN LATERAL (
       SELECT d.assignee_id FROM worklists_departure d
         JOIN accounts_user u ON u.id = d.assignee_id AND u.is_active
        WHERE d.claim_id = b.claim_id AND d.party = b.party ORDER BY d.id DESC LIMIT 1
       ) former ON true
 WHERE %(all)s OR b.claim_id = ANY (%(claims)s)
    ON CONFLICT (claim_id, party) DO UPDATE SET
       client_id = excluded.client_id, payer_id = excluded.payer_id,
       client_code = excluded.client_code, claim_number = excluded.claim_number,
       patient_name = excluded.patient_name, payer_name = excluded.payer_name,
       plan = excluded.plan, rendering_npi = excluded.rendering_npi,
       rendering_name = excluded.rendering_name, location = excluded.location,
       service_date = excluded.service_date, first_billed_date = excluded.first_billed_date,
       charge_cents = excluded.charge_cents, search_text = excluded.search_text,
       balance_cents = excluded.balance_cents, barrier = excluded.barrier,
       category = excluded.category, subcategory = excluded.subcategory,
       detail = excluded.detail, group_code = excluded.group_code,
       reason_code = excluded.reason_code, remark_code = excluded.remark_code,
       status_code = excluded.status_code, next_action = excluded.next_action,
       team = excluded.team, since_date = excluded.since_date, next_date = excluded.next_date,
       due_date = excluded.due_date, deadline_date = excluded.deadline_date,
       deadline_kind = excluded.deadline_kind, deadline_level = excluded.deadline_level,
       is_deadline_met = excluded.is_deadline_met, cause = excluded.cause,
       is_high_dollar = excluded.is_high_dollar, is_key_client = excluded.is_key_client,
       follow_up_date = CASE WHEN {said} THEN NULL ELSE w.follow_up_date END,
       is_pended = CASE WHEN {said} THEN false ELSE w.is_pended END,
       changed_at = CASE WHEN (w.barrier, w.category) <> (excluded.barrier, excluded.category)
                         THEN excluded.changed_at ELSE w.changed_at END
RETURNING w.claim_id, w.party, w.client_id, w.payer_id, w.balance_cents, w.barrier,
          (xmax = 0) AS is_new
""".replace(
    "{said}",
    "excluded.cause = ANY (%(said)s) AND (w.barrier, w.category, w.since_date, w.balance_cents)"
    " IS DISTINCT FROM (excluded.barrier, excluded.category, excluded.since_date,"
    " excluded.balance_cents)",
)


@dataclass(frozen=True, slots=True)
class _Change:
    """What was and what becomes of one item; `barrier` empty: it leaves."""

    claim_id: int
    party: int
    client_id: int
    payer_id: int | None
    claim_number: str
    client_code: str
    assignee_id: int | None
    barrier_before: str
    barrier: str
    cause: str
    balance_before_cents: int
    balance_cents: int


def follow_barriers(claim_ids: list[int] | None, *, today: date, at: datetime) -> None:
    """Bring the items of these claims (None: of all) in step with their barriers.

    Doing it again changes nothing. Within the transaction that made the barriers.
    """
    scope: dict[str, Any] = {
        "all": claim_ids is None,
        "claims": claim_ids or [],
        "limit": NEWS_MAX + 1,
        "at": at,
        "said": list(PAYER_SAID),
    }
    _lock_items(claim_ids)
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, scope)
        changes = [_Change(*row) for row in cursor.fetchall()]
        cursor.execute(_LEAVE, scope)
        cursor.execute(_ARRIVE, scope)
        arrived = [row[:6] for row in cursor.fetchall() if row[6]] if claim_ids else []
    refresh_work(claim_ids)
    revalue(claim_ids, today=today)
    if len(changes) <= NEWS_MAX:
        _tell_owners(changes, at=at)
        if claim_ids is not None and len(arrived) <= NEWS_MAX:
            _raise_events(changes, arrived, at=at)


def _lock_items(claim_ids: list[int] | None) -> None:
    with connection.cursor() as cursor:
        if claim_ids is None:
            cursor.execute("LOCK TABLE worklists_work_item IN SHARE ROW EXCLUSIVE MODE")
        else:
            cursor.execute(_LOCK, [claim_ids])


def _raise_events(changes: list[_Change], arrived: list[Any], *, at: datetime) -> None:
    wanted = wanted_kinds()
    if not wanted & {"item.arrived", "item.changed", "item.left"}:
        return
    events = [
        NewEvent(
            "item.changed" if one.barrier else "item.left",
            one.client_id,
            one.claim_id,
            one.party,
            one.payer_id,
            {
                "was": one.barrier_before,
                "is": one.barrier,
                "cause": one.cause,
                "balance_before_cents": one.balance_before_cents,
                "balance_cents": one.balance_cents,
            },
        )
        for one in changes
        if not one.barrier or one.barrier != one.barrier_before
    ]
    events += [
        NewEvent(
            "item.arrived",
            client_id,
            claim_id,
            party,
            payer_id,
            {"is": barrier, "balance_cents": balance_cents},
        )
        for claim_id, party, client_id, payer_id, balance_cents, barrier in arrived
    ]
    record_events(events, at=at)


def _tell_owners(changes: list[_Change], *, at: datetime) -> None:
    """Tell each owner what left the list or changed by the payer's word, singly or as a sum."""
    of_user: dict[int, list[_Change]] = defaultdict(list)
    for one in changes:
        is_news = not one.barrier or (one.barrier != one.barrier_before and one.cause in PAYER_SAID)
        if one.assignee_id is not None and is_news:
            of_user[one.assignee_id].append(one)
    for user_id, mine in of_user.items():
        if len(mine) > NEWS_OF_ONE_MAX:
            settled = sum(one.balance_before_cents for one in mine if not one.barrier)
            notify(
                user_ids=[user_id],
                kind="item.left",
                key=f"items:{at.isoformat()}",
                text=f"{len(mine)} of your claims changed; ${settled / 100:,.2f} settled",
                at=at,
                url=reverse("worklist"),
                amount_cents=settled,
            )
            continue
        for one in mine:
            _tell_of_one(user_id, one, at=at)


def _tell_of_one(user_id: int, one: _Change, *, at: datetime) -> None:
    name = f"{one.client_code} {one.claim_number}"
    if one.barrier:
        text = f"{name} is now: {barrier_title(one.barrier)}"
    else:
        text = f"{name} is settled: ${one.balance_before_cents / 100:,.2f} closed"
    notify(
        user_ids=[user_id],
        kind="item.changed" if one.barrier else "item.left",
        key=f"item:{one.claim_id}:{one.party}:{at.isoformat()}",
        text=text,
        at=at,
        url=reverse("claim", args=[one.client_code, one.claim_number]),
        client_id=one.client_id,
        claim_id=one.claim_id,
        amount_cents=one.balance_before_cents - one.balance_cents,
    )


def refresh_work(claim_ids: list[int] | None) -> None:
    """Count anew what was done about these claims (None: all) onto their items."""
    with connection.cursor() as cursor:
        cursor.execute(_WORK, {"all": claim_ids is None, "claims": claim_ids or []})


_WORK: Final = f"""
UPDATE worklists_work_item w
   SET touches = done.touches, last_touch_date = done.last_touch_date,
       last_touch_user_id = done.last_touch_user_id, last_outcome = done.last_outcome,
       promise_date = done.promise_date, promise_state = done.promise_state,
       escalation_level = done.escalation_level, open_tasks = done.open_tasks
  FROM (
    SELECT i.id, touch.touches, touch.last_touch_date, touch.last_touch_user_id,
           touch.last_outcome, promise.promise_date,
           coalesce(promise.promise_state, '') AS promise_state,
           coalesce(escalation.level, 0) AS escalation_level,
           (SELECT count(*) FROM tasks_task t WHERE t.claim_id = i.claim_id AND t.party = i.party
               AND t.state IN ('open', 'returned')) AS open_tasks
      FROM worklists_work_item i
     CROSS JOIN LATERAL (
           SELECT count(a.id) AS touches, max(a.activity_date) AS last_touch_date,
                  (array_agg(a.user_id ORDER BY a.activity_date DESC, a.id DESC))[1]
                      AS last_touch_user_id,
                  coalesce((array_agg(a.outcome ORDER BY a.activity_date DESC, a.id DESC))[1], '')
                      AS last_outcome
             FROM followup_activity a
            WHERE a.claim_id = i.claim_id
              AND NOT EXISTS (SELECT FROM followup_withdrawal d WHERE d.activity_id = a.id)
           ) touch
      LEFT JOIN LATERAL (
           SELECT p.promised_date AS promise_date, coalesce(o.state, 'open') AS promise_state
             FROM followup_promise p LEFT JOIN followup_promise_outcome o ON o.promise_id = p.id
            WHERE p.claim_id = i.claim_id AND p.party = i.party
              AND NOT EXISTS (
                  SELECT FROM followup_withdrawal d WHERE d.activity_id = p.activity_id)
            ORDER BY p.id DESC LIMIT 1
           ) promise ON promise.promise_state IN ('open', 'broken')
      LEFT JOIN LATERAL (
           SELECT s.level FROM followup_escalation s
            WHERE s.claim_id = i.claim_id AND s.party = i.party ORDER BY s.id DESC LIMIT 1
           ) escalation ON true
     WHERE {_SCOPE.replace("w.", "i.")}
  ) done
 WHERE done.id = w.id
   AND (w.touches, w.last_touch_date, w.last_touch_user_id, w.last_outcome, w.promise_date,
        w.promise_state, w.escalation_level, w.open_tasks) IS DISTINCT FROM
       (done.touches, done.last_touch_date, done.last_touch_user_id, done.last_outcome,
        done.promise_date, done.promise_state, done.escalation_level, done.open_tasks)
"""  # noqa: S608 - text of ours
