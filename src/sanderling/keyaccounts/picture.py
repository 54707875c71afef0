"""The four answers about a client: cash in, what should be in, the gap and why, what we did.

Of the last four weeks: cash in is what insurers paid on its claims by posted day, as everywhere.
What should be in is that plus what is expected of the claims that are past their time: insurers'
balances that no payer is working on in its usual time. The gap is the latter, by why it is open.
What is expected of a balance is its usual paid share (core.priority.expected): an estimate.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from sanderling.agreements.models import Agreement
from sanderling.core.barriers.rows import PATIENT
from sanderling.core.ledger.accounts import Account
from sanderling.forecast.asking import latest_run, weeks_of
from sanderling.keyaccounts.models import Picture
from sanderling.worklists.frames import items_frame
from sanderling.worklists.learning import learned_on
from sanderling.workload.narrowing import Narrow
from sanderling.workload.productivity import cash_of_nobody, work_of_people

DAYS: Final = 28
WEEKS: Final = 13
WAITING: Final = "awaiting_payer"
_WEEKS: Final = f"""
SELECT (%(to)s - l.posted_date) / 7, sum(l.amount_cents)::bigint
  FROM ledger_entry l
 WHERE l.posted_date > %(from)s AND l.posted_date <= %(to)s AND l.client_id = %(client)s
   AND l.debit = {int(Account.CASH)} AND l.credit BETWEEN 11 AND 13 AND l.claim_id IS NOT NULL
 GROUP BY 1
"""  # noqa: S608 - text of ours
_DONE: Final = """
SELECT count(*) FILTER (WHERE a.action = 'appeal' AND a.outcome = 'sent'),
       count(*) FILTER (WHERE a.action IN ('resubmit', 'correct_and_rebill', 'bill_secondary')
                          AND a.outcome = 'sent'),
       count(DISTINCT a.claim_id) FILTER (WHERE a.channel <> 'internal' AND a.user_id IS NOT NULL)
  FROM followup_standing_activity a
 WHERE a.client_id = %(client)s AND a.activity_date > %(from)s AND a.activity_date <= %(to)s
"""


def make_pictures(*, at: datetime) -> int:
    """Work out the picture of each client with an agreement; return how many there are."""
    client_ids = list(
        Agreement.objects.order_by("client_id").distinct("client_id").values_list(
            "client_id", flat=True
        )
    )  # fmt: skip
    for client_id in client_ids:
        make_picture(client_id, at=at)
    return len(client_ids)


@transaction.atomic
def make_picture(client_id: int, *, at: datetime) -> Picture:
    """Work out and keep the picture of a client; of the same facts it is the same."""
    today = at.date()
    since = today - timedelta(days=DAYS)
    numbers = {
        "from_date": (since + timedelta(days=1)).isoformat(),
        "to_date": today.isoformat(),
        **_cash(client_id, today),
        "reasons": (reasons := _reasons(client_id, today)),
        "gap_cents": sum(one["expected_cents"] for one in reasons),
        **_done(client_id, since, today),
        "coming": _coming(client_id, today),
    }
    numbers["should_cents"] = numbers["cash_cents"] + numbers["gap_cents"]
    made, _ = Picture.objects.update_or_create(
        client_id=client_id, defaults={"as_of_date": today, "made_at": at, "numbers": numbers}
    )
    return made


def _cash(client_id: int, today: date) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            _WEEKS,
            {"client": client_id, "from": today - timedelta(days=7 * WEEKS), "to": today},
        )
        by_week = dict(cursor.fetchall())
    cents = [int(by_week.get(back, 0)) for back in range(WEEKS)]
    return {
        "cash_cents": sum(cents[:4]),
        "cash_before_cents": sum(cents[4:8]),
        "weeks": [
            [(today - timedelta(days=7 * back + 6)).isoformat(), cents[back]]
            for back in reversed(range(WEEKS))
        ],
    }


def _reasons(client_id: int, today: date) -> list[dict[str, Any]]:
    """Return what is past its time by why it is open, the largest expected amount first."""
    items = items_frame(
        learned_on(today).parameters,
        f"w.client_id = %s AND w.party < {PATIENT} AND w.balance_cents > 0"
        f" AND w.barrier <> '{WAITING}'",
        [client_id],
    )
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for barrier, balance, expected in items.select(
        "barrier", "balance_cents", "expected_cents"
    ).iter_rows():
        for place, cents in enumerate((1, balance, expected)):
            sums[barrier][place] += cents
    return [
        {"barrier": barrier, "items": count, "balance_cents": balance, "expected_cents": expected}
        for barrier, (count, balance, expected) in sorted(
            sums.items(), key=lambda pair: (-pair[1][2], pair[0])
        )
    ]


def _done(client_id: int, since: date, today: date) -> dict[str, Any]:
    narrow, first = Narrow(client_id=client_id), since + timedelta(days=1)
    work = work_of_people(narrow, from_date=first, to_date=today)
    whole, by_itself = cash_of_nobody(narrow, from_date=first, to_date=today)
    with connection.cursor() as cursor:
        cursor.execute(_DONE, {"client": client_id, "from": since, "to": today})
        appeals, resent, claims = cursor.fetchone()
    return {
        "touches": sum(one.touches for one in work),
        "people": sum(1 for one in work if one.touches),
        "touched_claims": claims,
        "appeals": appeals,
        "resent": resent,
        "after_touch_cents": whole - by_itself,
        "resolved": sum(one.resolved for one in work),
        "resolved_cents": sum(one.resolved_cents for one in work),
    }


def _coming(client_id: int, today: date) -> dict[str, Any] | None:
    """Return what is expected to come in the next four weeks, with its band."""
    run = latest_run(today)
    if run is None:
        return None
    weeks = weeks_of(run, [client_id])
    if weeks.is_empty():
        return None
    rows = weeks.head(4).select("expected_cents", "low_cents", "high_cents").rows()
    return {
        "as_of": run.as_of.isoformat(),
        "weeks": [[round(expected), round(low), round(high)] for expected, low, high in rows],
    }
