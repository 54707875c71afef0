"""Variances are brought in step with remittances and contracts here, and nowhere else.

`refresh` prices the claims about which something new is known, by what was learned last; `rebuild`
prices everything together and learns anew. Both replace by difference: doing it again changes
nothing, and a row keeps its id while its line departs.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

import polars as pl
from django.conf import settings
from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.core.ledger.accounts import Account
from sanderling.core.refusal import Refusal
from sanderling.ledger.actions import take_posting_lock
from sanderling.postgres.frames import copy_frame, keep_frame
from sanderling.postgres.locks import Lock, hold_lock
from sanderling.pricing.models import Decision, LineVariance, PricingState
from sanderling.pricing.queries import is_set_aside, known_patterns, learned_history
from sanderling.pricing.signals import variances_changed
from sanderling.pricing.working import (
    PRACTITIONERS,
    RESULT,
    Progress,
    Worked,
    _silent,
    price_all,
    price_some,
)

_ENDS: Final = """
SELECT coalesce((SELECT max(id) FROM remits_claim_payment), 0),
       coalesce((SELECT max(id) FROM claims_submission), 0)
"""
_STATE: Final = """
SELECT through_payment_id, through_submission_id, full_payment_id, full_submission_id
  FROM pricing_state
"""
_NEW_CLAIMS: Final = """
SELECT claim_id FROM remits_claim_payment WHERE id > %(payment)s AND claim_id IS NOT NULL
UNION
SELECT s.claim_id FROM claims_submission s WHERE s.id > %(submission)s AND EXISTS (
    SELECT FROM remits_claim_payment p WHERE p.claim_id = s.claim_id)
UNION
SELECT p.claim_id
  FROM pricing_stale x
  JOIN remits_remittance r ON r.payer_id = x.payer_id
  JOIN remits_claim_payment p ON p.remittance_id = r.id AND p.client_id = x.client_id
 WHERE p.claim_id IS NOT NULL
ORDER BY 1
"""
_NAMES: Final = ", ".join(RESULT)
_GONE: Final = """
DELETE FROM pricing_line_variance v
 WHERE (%(all)s OR v.claim_id = ANY (%(claims)s)) AND NOT EXISTS (
       SELECT FROM priced_lines n
        WHERE n.payment_id = v.payment_id AND n.line_index = v.line_index)
"""
_CHANGES: Final = [name for name in RESULT if name not in ("payment_id", "line_index")]
_KEEP: Final = f"""
INSERT INTO pricing_line_variance AS v ({_NAMES}, is_set_aside)
SELECT {_NAMES}, false FROM priced_lines
    ON CONFLICT (payment_id, line_index) DO UPDATE SET
       {", ".join(f"{name} = excluded.{name}" for name in _CHANGES)}
 WHERE ({", ".join(f"v.{name}" for name in _CHANGES)})
       IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _CHANGES)})
"""  # noqa: S608 - names of ours
_DECIDED: Final = """
UPDATE pricing_line_variance v SET is_set_aside = d.is_set_aside
  FROM (SELECT DISTINCT ON (payment_id, line_index) payment_id, line_index, is_set_aside
          FROM pricing_decision ORDER BY payment_id, line_index, id DESC) d
 WHERE d.payment_id = v.payment_id AND d.line_index = v.line_index
   AND v.is_set_aside <> d.is_set_aside AND (%(all)s OR v.claim_id = ANY (%(claims)s))
"""
_SHORT: Final = f"""
CREATE TEMPORARY TABLE short_claims ON COMMIT DROP AS
SELECT claim_id, {int(Account.PRIMARY)} AS party, min(client_id) AS client_id,
       min(payer_id) AS payer_id, sum(variance_cents)::bigint AS variance_cents,
       count(*)::int AS lines, min(received_date) AS since_date, min(service_date) AS service_date,
       (array_agg(finding ORDER BY variance_cents, id))[1] AS finding
  FROM pricing_line_variance
 WHERE is_queued AND NOT is_set_aside AND variance_cents < 0 AND confidence IN ('high', 'medium')
   AND (%(all)s OR claim_id = ANY (%(claims)s))
 GROUP BY claim_id HAVING sum(variance_cents) <= -%(least)s
"""  # noqa: S608 - numbers of ours
_SHORT_NAMES: Final = (
    "claim_id, party, client_id, payer_id, variance_cents, lines, since_date, service_date, finding"
)
_SETTLED: Final = """
DELETE FROM pricing_claim_variance v
 WHERE (%(all)s OR v.claim_id = ANY (%(claims)s)) AND NOT EXISTS (
       SELECT FROM short_claims s WHERE s.claim_id = v.claim_id AND s.party = v.party)
RETURNING v.claim_id
"""
_OWED: Final = f"""
INSERT INTO pricing_claim_variance AS v ({_SHORT_NAMES}) SELECT {_SHORT_NAMES} FROM short_claims
    ON CONFLICT (claim_id, party) DO UPDATE SET
       payer_id = excluded.payer_id, variance_cents = excluded.variance_cents,
       lines = excluded.lines, since_date = excluded.since_date,
       service_date = excluded.service_date, finding = excluded.finding
 WHERE (v.payer_id, v.variance_cents, v.lines, v.since_date, v.service_date, v.finding)
       IS DISTINCT FROM (excluded.payer_id, excluded.variance_cents, excluded.lines,
                         excluded.since_date, excluded.service_date, excluded.finding)
RETURNING v.claim_id
"""  # noqa: S608 - names of ours


_UNDECIDED: Final = """
SELECT DISTINCT v.claim_id
  FROM pricing_line_variance v
  JOIN LATERAL (SELECT d.is_set_aside FROM pricing_decision d
                 WHERE d.payment_id = v.payment_id AND d.line_index = v.line_index
                 ORDER BY d.id DESC LIMIT 1) d ON d.is_set_aside <> v.is_set_aside
 ORDER BY 1
"""


class NotDecided(Refusal):
    """What was asked about a variance cannot be done."""


def refresh(today: date, *, at: datetime) -> int:
    """Price the claims with new remittances or a changed contract; return how many there were.

    The first time, everything.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        state = cursor.fetchone()
    if state is None:
        return rebuild(today, at=at).lines
    with transaction.atomic():
        hold_lock(Lock.PRICING)
        ends = _ends()
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE pricing_stale IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute(_NEW_CLAIMS, {"payment": state[0], "submission": state[1]})
            claim_ids = [claim_id for (claim_id,) in cursor.fetchall()]
            cursor.execute("DELETE FROM pricing_stale")
        if claim_ids:
            _keep(
                price_some(claim_ids, today, learned_history(), known_patterns()),
                claim_ids,
                today=today,
                at=at,
            )
        _note(ends, is_full=False, at=at)
    return len(claim_ids)


def rebuild(today: date, *, at: datetime, progress: Progress = _silent) -> Worked:
    """Price everything together, learn anew and find the patterns."""
    with transaction.atomic():
        hold_lock(Lock.PRICING)
        ends = _ends()
        worked = price_all(today, progress=progress)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM pricing_stale")
        _keep_learned(worked)
        _keep_patterns(worked.patterns)
        _keep(worked.variances, None, today=today, at=at)
        _note(ends, is_full=True, at=at)
    return worked


def bring_up_to_date(today: date, *, at: datetime) -> None:
    """Price everything anew when anything came in since that was done last."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        state = cursor.fetchone()
        cursor.execute("SELECT EXISTS (SELECT FROM pricing_stale)")
        (is_stale,) = cursor.fetchone()
    if state is None or is_stale or tuple(state[2:]) != _ends():
        rebuild(today, at=at)


def set_aside(variance_ids: list[int], *, reason: str, user: User, at: datetime) -> int:
    """Take variances out of the work because they are none; return how many that were.

    The worker brings lists in step (`follow_decisions`). Doing it again changes nothing.
    """
    return _decide(variance_ids, is_aside=True, reason=reason, user=user, at=at)


def take_up(variance_ids: list[int], *, reason: str, user: User, at: datetime) -> int:
    """Take variances back into the work that were set aside; return how many that were."""
    return _decide(variance_ids, is_aside=False, reason=reason, user=user, at=at)


def _decide(
    variance_ids: list[int], *, is_aside: bool, reason: str, user: User, at: datetime
) -> int:
    if not reason.strip():
        raise NotDecided("say why: the payer or a colleague will ask")
    with transaction.atomic():
        rows = [
            row
            for row in LineVariance.objects.filter(pk__in=variance_ids).order_by("pk")
            if is_set_aside(row) != is_aside
        ]
        Decision.objects.bulk_create(
            Decision(
                claim_id=row.claim_id,
                client_id=row.client_id,
                payment_id=row.payment_id,
                line_index=row.line_index,
                is_set_aside=is_aside,
                reason=reason.strip(),
                user=user,
                at=at,
            )
            for row in rows
        )
        for row in rows:
            record_event(
                action="variance.set_aside" if is_aside else "variance.take_up",
                at=at,
                client_id=row.client_id,
                claim_id=row.claim_id,
                subject=("variance", row.pk),
            )
    return len(rows)


def follow_decisions(today: date, *, at: datetime) -> int:
    """Bring variances and claims in step with what people decided; return how many claims."""
    with transaction.atomic():
        hold_lock(Lock.PRICING)
        with connection.cursor() as cursor:
            cursor.execute(_UNDECIDED)
            claim_ids = [claim_id for (claim_id,) in cursor.fetchall()]
        if claim_ids:
            take_posting_lock()
            _follow(claim_ids, today=today, at=at)
    return len(claim_ids)


def _ends() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_ENDS)
        payment_id, submission_id = cursor.fetchone()
    return payment_id, submission_id


def _note(ends: tuple[int, int], *, is_full: bool, at: datetime) -> None:
    state = PricingState.objects.first() or PricingState()
    state.through_payment_id, state.through_submission_id = ends
    if is_full:
        state.full_payment_id, state.full_submission_id = ends
        state.full_at = at
    state.save()


def _keep(rows: pl.DataFrame, claim_ids: list[int] | None, *, today: date, at: datetime) -> None:
    """Bring the kept variances of some claims (None: of all) in step with `rows`."""
    take_posting_lock()
    scope = _scope(claim_ids)
    keep_frame("priced_lines", RESULT, rows)
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX ON priced_lines (payment_id, line_index)")
        cursor.execute("ANALYZE priced_lines")
        cursor.execute(_GONE, scope)
        cursor.execute(_KEEP)
    _follow(claim_ids, today=today, at=at)


def _scope(claim_ids: list[int] | None) -> dict[str, Any]:
    return {"all": claim_ids is None, "claims": claim_ids or []}


def _follow(claim_ids: list[int] | None, *, today: date, at: datetime) -> None:
    """Bring what claims were paid short in step with their lines, and tell."""
    scope = _scope(claim_ids) | {"least": max(settings.UNDERPAID_CLAIM_CENTS, 1)}
    with connection.cursor() as cursor:
        cursor.execute(_DECIDED, scope)
        cursor.execute("DROP TABLE IF EXISTS pg_temp.short_claims")
        cursor.execute(_SHORT, scope)
        changed: set[int] = set()
        for statement in (_SETTLED, _OWED):
            cursor.execute(statement, scope)
            changed |= {claim_id for (claim_id,) in cursor.fetchall()}
    if changed:
        variances_changed.send(sender=None, claim_ids=sorted(changed), today=today, at=at)


def _keep_learned(worked: Worked) -> None:
    tables = {
        "pricing_learned_rate": worked.history.learned,
        "pricing_learned_factor": worked.history.factors,
        "pricing_practitioner": worked.history.practitioners.select(list(PRACTITIONERS)),
    }
    for table, frame in tables.items():
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
        copy_frame(table, frame)


def _keep_patterns(patterns: pl.DataFrame) -> None:
    rows = patterns.drop("provider_class").rename({"contract_id": "contract_version_id"})
    kept = rows.with_columns(
        codes=pl.concat_str(pl.lit("{"), pl.col("codes").list.join(","), pl.lit("}"))
    )
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pricing_pattern")
    copy_frame("pricing_pattern", kept)
