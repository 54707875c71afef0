"""Alerts about what payers do: more denials than usual, a remittance that does not come.

Who sees all clients hears of a payer over all of them; others hear of it client by client.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Final

from sanderling.automation.raising import NewAlert, People
from sanderling.automation.sums import (
    Limits,
    claims_text,
    names_of,
    rows_of,
    sums,
    worklist_address,
)
from sanderling.core.barriers.words import category_title
from sanderling.core.rules.surges import Surge, find_surge
from sanderling.web.templatetags.sanderling import money

WEEK: Final = timedelta(days=7)
WEEKS_BEFORE: Final = 8

_DENIED: Final = """
SELECT d.payer_id, d.category, d.client_id,
       count(DISTINCT d.claim_id) FILTER (WHERE d.received_date > %(week)s),
       count(DISTINCT (d.claim_id, d.received_date)) FILTER (WHERE d.received_date <= %(week)s),
       sum(d.denied_cents) FILTER (WHERE d.received_date > %(week)s)
  FROM barriers_denial d
 WHERE d.received_date > %(from)s AND d.received_date <= %(today)s AND d.payer_id IS NOT NULL
   AND d.is_initial AND NOT d.is_duplicate
 GROUP BY 1, 2, 3
"""
_DECIDED: Final = """
SELECT r.payer_id, p.client_id,
       count(*) FILTER (WHERE p.received_date > %(week)s),
       count(*) FILTER (WHERE p.received_date <= %(week)s)
  FROM remits_claim_payment p JOIN remits_remittance r ON r.id = p.remittance_id
 WHERE p.received_date > %(from)s AND p.received_date <= %(today)s
   AND r.payer_id IS NOT NULL AND p.client_id IS NOT NULL
 GROUP BY 1, 2
"""


def denial_spike(people: People, limits: Limits, today: date) -> list[NewAlert]:
    """Return payers and categories whose denials of seven days are out of line with eight weeks."""
    days = {"today": today, "week": today - WEEK, "from": today - WEEK * (WEEKS_BEFORE + 1)}
    decided: Counter[tuple[int, int | None, str]] = Counter()
    for payer_id, client_id, now, before in rows_of(_DECIDED, days):
        for scope in (None, client_id):
            decided[payer_id, scope, "now"] += now
            decided[payer_id, scope, "before"] += before
    counts: Counter[tuple[int, str, int | None, str]] = Counter()
    for payer_id, category, client_id, now, before, cents in rows_of(_DENIED, days):
        for scope in (None, client_id):
            counts[payer_id, category, scope, "now"] += now
            counts[payer_id, category, scope, "before"] += before
            counts[payer_id, category, scope, "cents"] += int(cents or 0)
    found = []
    places = {key[:3] for key in counts}
    for place in sorted(places, key=lambda one: (one[0], one[1], one[2] or 0)):
        payer_id, category, client_id = place
        surge = find_surge(
            now=counts[*place, "now"],
            exposure_now=decided[payer_id, client_id, "now"],
            before=counts[*place, "before"],
            exposure_before=decided[payer_id, client_id, "before"],
            events_min=limits["claims_min"],
        )
        if surge is not None:
            size = (counts[*place, "now"], counts[*place, "cents"])
            found.append(_spike(people, place, size, surge))
    return [one for one in found if one.user_ids]


def _spike(
    people: People, place: tuple[int, str, int | None], size: tuple[int, int], surge: Surge
) -> NewAlert:
    (payer_id, category, client_id), (count, cents) = place, size
    payer = names_of("payers_payer", "name").get(payer_id, "A payer")
    where = f"{names_of('clients_client', 'code')[client_id]}: " if client_id else ""
    kind = category_title(category).lower() or "other reasons"
    filters = {"client": client_id} if client_id else {}
    return NewAlert(
        "denial_spike",
        f"denial_spike:{payer_id}:{category}:{client_id or 'all'}",
        f"{where}{payer} denied {claims_text(count)} for {kind} in 7 days, {money(cents)};"
        f" usual are {surge.expected:.1f}",
        people.leads_of_some(client_id) if client_id else people.leads_of_all(),
        client_id=client_id,
        payer_id=payer_id,
        items=count,
        amount_cents=cents,
        url=worklist_address(payer=payer_id, barrier="denied", category=category, **filters),
    )


_REMITTED: Final = """
SELECT c.client_id, r.payer_id, max(r.received_date),
       count(DISTINCT (r.received_date - %(from)s::date) / 7)
           FILTER (WHERE r.received_date >= %(from)s AND r.received_date < %(until)s)
  FROM remits_remittance r CROSS JOIN LATERAL unnest(r.client_ids) AS c (client_id)
 WHERE r.payer_id IS NOT NULL AND r.received_date <= %(today)s
 GROUP BY 1, 2
"""
_OPEN: Final = """
SELECT w.client_id, w.payer_id, count(*), sum(w.balance_cents) FROM worklists_work_item w
 WHERE w.barrier IN ('awaiting_payer', 'no_response', 'paid_unposted') AND w.balance_cents > 0
   AND w.payer_id IS NOT NULL
 GROUP BY 1, 2
"""


def missing_remittance(people: People, limits: Limits, today: date) -> list[NewAlert]:
    """Return payers that fell silent towards a client, and payments said to be made but not here.

    A payer is regular when remittances of it came in most of the eight weeks before its silence.
    """
    quiet = limits["quiet_days"]
    silent_since = today - timedelta(days=quiet)
    waiting = {(row[0], row[1]): (row[2], int(row[3])) for row in rows_of(_OPEN)}
    payers, codes = names_of("payers_payer", "name"), names_of("clients_client", "code")
    found = []
    days = {
        "today": today,
        "until": silent_since,
        "from": silent_since - WEEK * WEEKS_BEFORE,
    }
    regular = rows_of(_REMITTED, days)
    for client_id, payer_id, latest_date, weeks in regular:
        count, cents = waiting.get((client_id, payer_id), (0, 0))
        if latest_date >= silent_since or weeks < limits["weeks_min"] or not count:
            continue
        found.append(
            NewAlert(
                "missing_remittance",
                f"missing_remittance:{client_id}:{payer_id}",
                f"{codes[client_id]}: no remittance of {payers[payer_id]} since {latest_date};"
                f" {weeks} of the 8 weeks before had one. Waiting: {claims_text(count)},"
                f" {money(cents)}",
                people.leads_of({client_id}),
                client_id=client_id,
                payer_id=payer_id,
                items=count,
                amount_cents=cents,
                url=worklist_address(client=client_id, payer=payer_id),
            )
        )
    unposted = limits["unposted_days"]
    found += sums(
        people,
        "missing_remittance",
        "w.barrier = 'paid_unposted' AND w.since_date < %(before)s",
        f"{{claims}}, {{amount}}: said to be paid over {unposted} days ago, not posted",
        filters={"barrier": "paid_unposted"},
        days={"before": today - timedelta(days=unposted)},
    )
    return [one for one in found if one.user_ids]
