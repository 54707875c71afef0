"""Keeps work items in step with barriers and with the work done: one set of SQL for any number.

Runs in the transaction that makes the barriers anew. What people set (owner, date, tags, level)
stays; a date that a person set gives way when the payer says something new. An item whose balance
is gone becomes a departure; whoever has it is told.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from sanderling.core.barriers.rows import PATIENT, SILENT_DETAIL
from sanderling.core.ledger.accounts import Account, Kind
from sanderling.worklists.item_news import NEWS_MAX, PAYER_SAID, Change, raise_events, tell_people
from sanderling.worklists.valuing import revalue

_SCOPE: Final = "(%(all)s OR w.claim_id = ANY (%(claims)s))"
_STAYS: Final[tuple[Any, ...]] = ("", 0)
# In the order of `targets`: who locks the same items waits, and never deadlocks.
_LOCK: Final = """
SELECT FROM worklists_work_item WHERE claim_id = ANY (%s) ORDER BY claim_id, party FOR UPDATE
"""
_CHANGED: Final = f"""
SELECT w.claim_id, w.party, w.client_id, w.payer_id, w.claim_number, w.client_code, w.assignee_id,
       l.user_id, w.barrier, coalesce(b.barrier, v.barrier, ''), coalesce(b.cause, v.cause, ''),
       w.balance_cents, coalesce(b.balance_cents, 0)
  FROM worklists_work_item w LEFT JOIN barriers_barrier b USING (claim_id, party)
  LEFT JOIN LATERAL (
       SELECT 'underpaid' AS barrier, 'contractual' AS category, 'remittance' AS cause
         FROM pricing_claim_variance s WHERE s.claim_id = w.claim_id AND s.party = w.party) v
       ON b.claim_id IS NULL
  LEFT JOIN worklists_item_lock l ON l.item_id = w.id AND l.until_at > %(at)s
 WHERE {_SCOPE}
   AND (coalesce(b.barrier, v.barrier) IS NULL
        OR (coalesce(b.barrier, v.barrier), coalesce(b.category, v.category))
           <> (w.barrier, w.category)
        OR coalesce(b.balance_cents, 0) <> w.balance_cents)
 ORDER BY w.claim_id, w.party
 LIMIT %(limit)s
"""  # noqa: S608 - text of ours
_UNLOCK: Final = f"""
DELETE FROM worklists_item_lock l USING worklists_work_item w
 WHERE l.item_id = w.id AND {_SCOPE} AND NOT EXISTS (
       SELECT FROM barriers_barrier b WHERE b.claim_id = w.claim_id AND b.party = w.party)
   AND NOT EXISTS (SELECT FROM pricing_claim_variance v
                    WHERE v.claim_id = w.claim_id AND v.party = w.party)
"""  # noqa: S608 - text of ours
_LEAVE: Final = f"""
WITH gone AS (
    DELETE FROM worklists_work_item w
     WHERE {_SCOPE} AND NOT EXISTS (
           SELECT FROM barriers_barrier b WHERE b.claim_id = w.claim_id AND b.party = w.party)
       AND NOT EXISTS (SELECT FROM pricing_claim_variance v
                        WHERE v.claim_id = w.claim_id AND v.party = w.party)
    RETURNING w.*
)
INSERT INTO worklists_departure
    (claim_id, party, client_id, payer_id, balance_cents, barrier, category, next_action, cause,
     paid_cents, assignee_id, touches, last_touch_date, last_touch_user_id, arrived_at, left_at)
SELECT g.claim_id, g.party, g.client_id, g.payer_id, g.balance_cents, g.barrier, g.category,
       g.next_action,
       CASE WHEN e.written_off_cents > 0 AND e.paid_cents = 0 THEN 'write_off'
            WHEN e.paid_cents > 0 THEN 'remittance'
            WHEN e.handed_over_cents > 0 THEN 'transfer' ELSE 'balance' END,
       e.paid_cents, g.assignee_id, g.touches, g.last_touch_date, g.last_touch_user_id,
       g.arrived_at, %(at)s
  FROM gone g
 CROSS JOIN LATERAL (
    SELECT coalesce(sum(l.amount_cents) FILTER (
               WHERE l.debit = {Account.CASH.value} AND p.recorded_at >= g.arrived_at), 0)
               AS paid_cents,
           coalesce(sum(l.amount_cents) FILTER (WHERE l.debit = {Account.WRITE_OFF.value}), 0)
               AS written_off_cents,
           coalesce(sum(l.amount_cents) FILTER (WHERE l.kind = {Kind.TO_PATIENT.value}), 0)
               AS handed_over_cents
      FROM ledger_entry l JOIN ledger_posting p ON p.id = l.posting_id
     WHERE l.claim_id = g.claim_id AND l.credit = g.party) e
RETURNING claim_id, party, cause, paid_cents
"""  # noqa: S608 - text of ours
# Nobody is asked about what is settled, or owed by us.
_WITHDRAW_INQUIRIES: Final = f"""
UPDATE worklists_status_inquiry q SET state = 'withdrawn', closed_at = %(at)s
 WHERE q.state = 'queued' AND {_SCOPE.replace("w.", "q.")} AND NOT EXISTS (
       SELECT FROM worklists_work_item w WHERE w.claim_id = q.claim_id AND w.party = q.party
          AND w.balance_cents > 0)
"""  # noqa: S608 - text of ours
# What an item has of its barrier, claim, client and payer.
_COPIED: Final = (
    *("client_id", "payer_id", "client_code", "claim_number", "patient_name"),
    *("payer_name", "plan", "rendering_npi", "rendering_name", "location"),
    *("service_date", "first_billed_date", "charge_cents", "search_text", "balance_cents"),
    "variance_cents",
    *("barrier", "category", "subcategory", "detail", "group_code"),
    *("reason_code", "remark_code", "status_code", "next_action", "team"),
    *("since_date", "next_date", "due_date", "deadline_date", "deadline_kind"),
    *("deadline_level", "is_deadline_met", "cause", "is_high_dollar", "is_key_client"),
    "schedule_id",
)
_ARRIVE: Final = """
INSERT INTO worklists_work_item AS w
    (claim_id, party, client_id, payer_id, client_code, claim_number, patient_name, payer_name,
     plan, rendering_npi, rendering_name, location, service_date, first_billed_date, charge_cents,
     search_text, balance_cents, variance_cents, barrier, category, subcategory, detail,
     group_code, reason_code,
     remark_code, status_code, next_action, team, since_date, next_date, due_date, deadline_date,
     deadline_kind, deadline_level, is_deadline_met, cause, is_high_dollar, is_key_client,
     schedule_id, assignee_id, assigned_at, is_pended, escalation_level, is_flagged, tags, touches,
     last_outcome, promise_state, open_tasks, write_off_state, value_cents, effort_minutes, score,
     reasons, arrived_at, changed_at)
SELECT b.claim_id, b.party, b.client_id, b.payer_id, k.code, c.number,
       concat_ws(', ', nullif(c.patient_last_name, ''), nullif(c.patient_first_name, '')),
       coalesce(p.name, ''), c.plan, c.rendering_npi, c.rendering_name, c.location,
       coalesce(b.service_date, c.service_from_date, c.first_billed_date), c.first_billed_date,
       c.charge_cents,
       lower(concat_ws(' ', c.number, c.patient_last_name, c.patient_first_name, c.member_id,
                       p.name, k.code, c.rendering_name, numbers.keys)),
       b.balance_cents, coalesce(short.variance_cents, 0), b.barrier, b.category, b.subcategory,
       b.detail, b.group_code, b.reason_code, b.remark_code, b.status_code,
       b.next_action, b.team, b.since_date,
       b.next_date, b.due_date, b.deadline_date, b.deadline_kind, b.deadline_level,
       b.is_deadline_met, b.cause,
       coalesce(abs(b.balance_cents) >= coalesce(high.min_cents, k.high_dollar_cents), false),
       k.tier = 'key', b.schedule_id,
       coalesce(former.assignee_id, owner.id),
       CASE WHEN coalesce(former.assignee_id, owner.id) IS NULL THEN NULL ELSE %(at)s END,
       false, 0, EXISTS (SELECT FROM flags_flag f WHERE f.claim_id = b.claim_id
                          AND f.state IN ('received', 'working')),
       '{}', 0, '', '', 0, '', 0, 0, 0, '[]', %(at)s, %(at)s
  FROM {source} b
  JOIN claims_claim c ON c.id = b.claim_id
  JOIN clients_client k ON k.id = b.client_id
  LEFT JOIN payers_payer p ON p.id = b.payer_id
  LEFT JOIN pricing_claim_variance short
         ON short.claim_id = b.claim_id AND short.party = b.party
  LEFT JOIN LATERAL (
       SELECT string_agg(DISTINCT n.key, ' ') AS keys FROM claims_claim_number n
        WHERE n.claim_id = b.claim_id AND n.kind = 'payer') numbers ON true
  LEFT JOIN LATERAL (
       SELECT d.assignee_id FROM worklists_departure d
        WHERE d.claim_id = b.claim_id AND d.party = b.party
          AND b.client_id = ANY (sanderling_clients_of(d.assignee_id))  -- none, when not active
        ORDER BY d.id DESC LIMIT 1
       ) former ON true
  LEFT JOIN LATERAL (
       SELECT r.min_cents, r.owner_id FROM agreements_high_dollar_rule r
        WHERE r.agreement_id = (SELECT a.id FROM agreements_agreement a
                                 WHERE a.client_id = b.client_id ORDER BY a.number DESC LIMIT 1)
          AND (r.payer_id = b.payer_id OR r.payer_id IS NULL)
        ORDER BY r.payer_id NULLS LAST LIMIT 1) high ON true
  LEFT JOIN LATERAL (
       SELECT high.owner_id AS id WHERE b.balance_cents >= high.min_cents
          AND b.party < {patient}
          AND b.client_id = ANY (sanderling_clients_of(high.owner_id))) owner ON true
 WHERE %(all)s OR b.claim_id = ANY (%(claims)s)
    ON CONFLICT (claim_id, party) DO UPDATE SET
       {copies},
       follow_up_date = CASE WHEN {said} THEN NULL ELSE w.follow_up_date END,
       is_pended = CASE WHEN {said} THEN false ELSE w.is_pended END,
       changed_at = CASE WHEN (w.barrier, w.category) <> (excluded.barrier, excluded.category)
                         THEN excluded.changed_at ELSE w.changed_at END
    WHERE ({of_item}) IS DISTINCT FROM ({of_barrier})
RETURNING w.claim_id, w.party, w.client_id, w.payer_id, w.balance_cents, w.barrier,
          (xmax = 0) AS is_new
"""
# The payer has said something new: what decides is a fact of theirs, and another than before.
_SAID: Final = """excluded.cause = ANY (%(said)s) AND
       (w.barrier, w.category, w.since_date, w.balance_cents) IS DISTINCT FROM
       (excluded.barrier, excluded.category, excluded.since_date, excluded.balance_cents)"""
# What a payer paid short and wrote down itself, as a barrier would say it: since nothing is owed
# on the books, none does. Worked like any other underpayment.
_SILENT: Final = f"""(
SELECT v.claim_id, v.party, v.client_id, v.payer_id, 0::bigint AS balance_cents,
       'underpaid' AS barrier, 'contractual' AS category, '' AS subcategory,
       '{SILENT_DETAIL}' AS detail, '' AS group_code, '' AS reason_code, '' AS remark_code,
       '' AS status_code, 'dispute_underpayment' AS next_action, 'contracts' AS team,
       v.since_date, v.since_date AS next_date, NULL::date AS due_date,
       NULL::bigint AS schedule_id,
       NULL::date AS deadline_date, '' AS deadline_kind, 0 AS deadline_level,
       false AS is_deadline_met, 'remittance' AS cause, v.service_date
  FROM pricing_claim_variance v
 WHERE NOT EXISTS (SELECT FROM barriers_barrier o
                    WHERE o.claim_id = v.claim_id AND o.party = v.party))"""  # noqa: S608 - text of ours
_FOLLOW: Final = (
    _ARRIVE.replace("{copies}", ", ".join(f"{name} = excluded.{name}" for name in _COPIED))
    .replace("{of_item}", ", ".join(f"w.{name}" for name in _COPIED))
    .replace("{of_barrier}", ", ".join(f"excluded.{name}" for name in _COPIED))
    .replace("{said}", _SAID)
    .replace("{patient}", str(PATIENT))
)
_FOLLOW_OPEN: Final = _FOLLOW.replace("{source}", "barriers_barrier")
_FOLLOW_SILENT: Final = _FOLLOW.replace("{source}", _SILENT)


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
        rows = cursor.fetchall()
        cursor.execute(_UNLOCK, scope)
        cursor.execute(_LEAVE, scope)
        left = {row[:2]: row[2:] for row in cursor.fetchall()}
        arrived = []
        for statement in (_FOLLOW_OPEN, _FOLLOW_SILENT):
            cursor.execute(statement, scope)
            arrived += [row[:6] for row in cursor.fetchall() if row[6]] if claim_ids else []
        cursor.execute(_WITHDRAW_INQUIRIES, scope)
    refresh_work(claim_ids)
    revalue(claim_ids, today=today)
    if len(rows) <= NEWS_MAX:
        changes = [Change(*row, *left.get(row[:2], _STAYS)) for row in rows]
        tell_people(changes, at=at)
        if claim_ids is not None and len(arrived) <= NEWS_MAX:
            raise_events(changes, arrived, at=at)


def _lock_items(claim_ids: list[int] | None) -> None:
    with connection.cursor() as cursor:
        if claim_ids is None:
            cursor.execute("LOCK TABLE worklists_work_item IN SHARE ROW EXCLUSIVE MODE")
        else:
            cursor.execute(_LOCK, [claim_ids])


def refresh_work(claim_ids: list[int] | None) -> None:
    """Count anew what was done about these claims (None: all) onto their items.

    The next day of a new activity is the day of the item, unless the payer said something later; an
    activity without one has done what was to be done by then.
    """
    _lock_items(claim_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            _WORK,
            {"all": claim_ids is None, "claims": claim_ids or [], "said": list(PAYER_SAID)},
        )


# is_news: an activity that was not followed yet; gone: the one followed last was taken back. A
# patient's item follows what was done about the claim only where no payer owes a part of it.
_WORK: Final = f"""
UPDATE worklists_work_item w
   SET touches = done.touches, last_touch_date = done.last_touch_date,
       last_touch_user_id = done.last_touch_user_id, last_outcome = done.last_outcome,
       promise_date = done.promise_date, promise_state = done.promise_state,
       escalation_level = done.escalation_level, open_tasks = done.open_tasks,
       write_off_state = done.write_off_state,
       latest_activity_id = done.latest_activity_id,
       follow_up_date = CASE
           WHEN done.is_gone AND w.follow_up_date = done.gone_next_date THEN done.next_date
           WHEN NOT done.is_news THEN w.follow_up_date
           WHEN done.next_date IS NOT NULL THEN done.next_date
           WHEN w.follow_up_date <= done.last_touch_date THEN NULL
           ELSE w.follow_up_date END,
       is_pended = w.is_pended AND NOT (done.is_news AND (
           done.next_date IS NOT NULL OR w.follow_up_date <= done.last_touch_date))
  FROM (
    SELECT i.id, touch.touches, touch.last_touch_date, touch.last_touch_user_id,
           touch.last_outcome, touch.latest_activity_id, touch.next_date,
           gone.id IS NOT NULL AS is_gone, gone.next_date AS gone_next_date,
           gone.id IS NULL AND touch.latest_activity_id IS NOT NULL
           AND touch.latest_activity_id IS DISTINCT FROM i.latest_activity_id
           AND NOT (i.cause = ANY (%(said)s) AND i.since_date > touch.last_touch_date)
           AND (i.party < {PATIENT} OR NOT EXISTS (
                SELECT FROM worklists_work_item o
                 WHERE o.claim_id = i.claim_id AND o.party < {PATIENT})) AS is_news,
           promise.promise_date, coalesce(promise.promise_state, '') AS promise_state,
           coalesce(escalation.level, 0) AS escalation_level,
           (SELECT count(*) FROM tasks_task t WHERE t.claim_id = i.claim_id AND t.party = i.party
               AND t.state IN ('open', 'returned')) AS open_tasks,
           coalesce((SELECT o.state FROM writeoffs_write_off o
                      WHERE o.claim_id = i.claim_id AND o.party = i.party
                        AND o.state IN ('requested', 'approved')), '') AS write_off_state
      FROM worklists_work_item i
     CROSS JOIN LATERAL (
           SELECT count(a.id) AS touches, max(a.activity_date) AS last_touch_date,
                  (array_agg(a.user_id ORDER BY a.activity_date DESC, a.id DESC))[1]
                      AS last_touch_user_id,
                  coalesce((array_agg(a.outcome ORDER BY a.activity_date DESC, a.id DESC))[1], '')
                      AS last_outcome,
                  (array_agg(a.id ORDER BY a.activity_date DESC, a.id DESC))[1]
                      AS latest_activity_id,
                  (array_agg(a.next_date ORDER BY a.activity_date DESC, a.id DESC))[1] AS next_date
             FROM followup_standing_activity a
            WHERE a.claim_id = i.claim_id
           ) touch
      LEFT JOIN LATERAL (
           SELECT a.id, a.next_date
             FROM followup_withdrawal d JOIN followup_activity a ON a.id = d.activity_id
            WHERE d.activity_id = i.latest_activity_id
           ) gone ON true
      LEFT JOIN LATERAL (
           SELECT p.promised_date AS promise_date, coalesce(o.state, 'open') AS promise_state
             FROM followup_promise p LEFT JOIN followup_promise_outcome o ON o.promise_id = p.id
            WHERE p.claim_id = i.claim_id AND p.party = i.party
              AND EXISTS (
                  SELECT FROM followup_standing_activity s WHERE s.id = p.activity_id)
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
        w.promise_state, w.escalation_level, w.open_tasks, w.write_off_state, w.latest_activity_id)
       IS DISTINCT FROM
       (done.touches, done.last_touch_date, done.last_touch_user_id, done.last_outcome,
        done.promise_date, done.promise_state, done.escalation_level, done.open_tasks,
        done.write_off_state, done.latest_activity_id)
"""  # noqa: S608 - text of ours
